"""Our writes → calls of TikTok Shop, and the bodies it accepts. Pure: one function per action."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from crossdock.errors import VendorRefused
from crossdock.integrations.tiktok_shop.cart.units import Unit, lines_of
from crossdock.integrations.tiktok_shop.values import moment
from crossdock.kit.cart_writes import ADJUSTMENT, ADJUSTMENTS, SENT_LINES
from crossdock.kit.contract import Accepts, Call, Command, Json, Operation, Search, Steps
from crossdock.kit.values import money

ORDER = "/order/202309/orders"
AFTER_SALES = "/return_refund/202309"
PRODUCT, LEVELS = "/product/202309/products", "/product/202309/inventory/search"
RETURNS_SIZE = 50
SKUS_AT_ONCE = 600
"""The most that a search of stock takes (its description)."""
TO_FULFILL, PENDING = "TO_FULFILL", "RETURN_OR_REFUND_REQUEST_PENDING"
REFUNDS = ("REFUND", "RETURN")
"""A refund without goods coming back: what it is asked for by, and how TikTok's list of answers has it."""
REFUSED = {
    "REFUND_OR_RETURN_REQUEST_REJECT",
    "RETURN_OR_REFUND_REQUEST_CANCEL",
    "CANCELLATION_REQUEST_CANCEL",
}
WORDS = {
    "shipping_provider_id": ("Shipping provider", "TikTok's id of the carrier, in place of carrier_name."),
    "handover_method": ("Handover", "The way of a package to TikTok's own carrier: PICKUP or DROP_OFF."),
}
"""Members of TikTok's own: title and description."""


# Shipments


def create_order_shipment(command: Command) -> Steps:
    """Send what is left of an order: whole packages, or units that TikTok makes a package of."""
    order = yield from _order(command)
    units = _unsent(command, order)
    if not units:
        if command.found is not None:
            return command.found
        raise VendorRefused("nothing of this order is left to be sent")
    if order["shipping_type"] == "TIKTOK":
        handover = _handover(command)
    else:
        provider = yield from _provider(command, order)
        tracking = {"tracking_number": command.body["tracking_number"], "shipping_provider_id": provider}
        handover = {"self_shipment": tracking}
    packages, loose_ids = _packages(order, units)
    if loose_ids and "self_shipment" not in handover:
        raise VendorRefused("TikTok's own carrier takes whole packages only")
    for package in packages:
        yield Call("POST", f"/fulfillment/202309/packages/{package}/ship", handover)
    if loose_ids:
        body = {"order_line_item_ids": loose_ids, **handover["self_shipment"]}
        yield Call("POST", f"/fulfillment/202309/orders/{command.record_id}/packages", body)
    return str(command.record_id)


def find_shipment(command: Command) -> Search:
    """The order, if units were sent since the caller first asked, with the tracking number if any."""
    order = yield from _order(command)
    return command.record_id if any(_is_sent_now(command, unit) for unit in order["line_items"]) else None


def _is_sent_now(command: Command, unit: Unit) -> bool:
    """Check whether a unit was sent by this write, as far as TikTok shows it."""
    tracking = command.body.get("tracking_number")
    is_same = not tracking or unit.get("tracking_number") == tracking
    return bool(is_same and unit.get("rts_time") and command.is_since(moment(unit["rts_time"])))


def _handover(command: Command) -> Mapping[str, Any]:
    """How a package gets to TikTok's own carrier, which has a tracking number of its own for it."""
    if "tracking_number" in command.body:
        raise VendorRefused("this order goes with TikTok's own carrier, which has its own tracking number")
    if "handover_method" not in command.body:
        raise VendorRefused("this order goes with TikTok's own carrier: say by which handover_method")
    return {"handover_method": command.body["handover_method"]}


def _provider(command: Command, order: Mapping[str, Any]) -> Generator[Call, Json, str]:
    """The id of the carrier that the caller names."""
    body = command.body
    if "tracking_number" not in body:
        raise VendorRefused("this order is sent by the seller: say its tracking_number")
    if "shipping_provider_id" in body:
        return str(body["shipping_provider_id"])
    option = order["delivery_option_id"]
    path = f"/logistics/202309/delivery_options/{option}/shipping_providers"
    answer = yield Call("GET", path, asks=True)
    providers = _listed(answer, "shipping_providers")
    name = str(body.get("carrier_name", "")).casefold()
    for provider in providers:
        if name and str(provider["name"]).casefold() == name:
            return str(provider["id"])
    names = ", ".join(str(provider["name"]) for provider in providers)
    raise VendorRefused(f"say by which carrier_name: TikTok has {names or 'none'} for this order")


def _unsent(command: Command, order: Mapping[str, Any]) -> list[Unit]:
    """The units that are to be sent: of a line those first that are lowest by their ids."""
    lines = lines_of(order["line_items"])
    open_units = {line_id: list(filter(_is_unsent, units)) for line_id, units in lines.items()}
    wanted_lines = command.body.get("line_items")
    if command.found is not None and wanted_lines is not None:
        wanted_lines = list(_left(command, wanted_lines, lines, open_units))
    return _chosen(wanted_lines, open_units)


def _left(
    command: Command,
    wanted_lines: Sequence[Mapping[str, Any]],
    lines: Mapping[str, list[Unit]],
    open_units: Mapping[str, list[Unit]],
) -> Iterator[Mapping[str, Any]]:
    """The lines without the units that an earlier attempt sent: it may not have got to its last package."""
    for line in wanted_lines:
        line_id = _line_id(line, lines)
        wanted = line.get("quantity", len(lines[line_id]))
        sent = sum(_is_sent_now(command, unit) for unit in lines[line_id])
        if left := min(wanted - min(sent, wanted), len(open_units[line_id])):
            yield {"line_item_id": line_id, "quantity": left}


def _is_unsent(unit: Unit) -> bool:
    is_open = unit.get("display_status") not in ("UNPAID", "CANCELLED")
    return is_open and unit.get("package_status") in (None, "", TO_FULFILL)


def _chosen(
    wanted_lines: Sequence[Mapping[str, Any]] | None, open_units: Mapping[str, list[Unit]]
) -> list[Unit]:
    """The units of these lines; without any, all that are left. A line without a quantity is whole."""
    if wanted_lines is None:
        return [unit for units in open_units.values() for unit in units]
    chosen: list[Unit] = []
    for line in wanted_lines:
        line_id = _line_id(line, open_units)
        quantity = line.get("quantity", len(open_units[line_id]))
        if quantity > len(open_units[line_id]) or not quantity:
            raise VendorRefused(f"of the line {line_id!r} only {len(open_units[line_id])} are left")
        chosen += open_units[line_id][:quantity]
    return list({str(unit["id"]): unit for unit in chosen}.values())


def _line_id(line: Mapping[str, Any], lines: Mapping[str, Any]) -> str:
    line_id = str(line["line_item_id"])
    if line_id not in lines:
        raise VendorRefused(f"the order has no line {line_id!r}")
    return line_id


def _packages(order: Mapping[str, Any], units: Sequence[Unit]) -> tuple[list[str], list[str]]:
    """The packages that are sent whole, and the ids of units that are sent without being all of one."""
    ids = {str(unit["id"]) for unit in units}
    contents: dict[str, set[str]] = {}
    for unit in order["line_items"]:
        if unit.get("package_id") and unit.get("package_status") == TO_FULFILL:
            contents.setdefault(str(unit["package_id"]), set()).add(str(unit["id"]))
    packages = [package for package, content in contents.items() if content <= ids]
    packed = set().union(*(contents[package] for package in packages))
    return packages, [str(unit["id"]) for unit in units if str(unit["id"]) not in packed]


# Refunds: what was not sent is cancelled, what was is refunded without coming back


def refund_order(command: Command) -> Steps:
    """Give back units or an amount, as TikTok says that it can be."""
    if command.found is not None:
        yield from _approve_what_waits(command)
        return command.found
    amount = _amount(command)
    order = yield from _order(command)
    lines = lines_of(order["line_items"])
    eligible = yield from _eligible(command)
    for kind in REFUNDS if amount is not None else ("CANCEL", *REFUNDS):
        units, reasons = eligible.get(kind, (set(), []))
        ids = _refundable(command, lines, units)
        if ids and kind == "CANCEL":
            body = {"order_id": command.record_id, "order_line_item_ids": ids}
            body["cancel_reason"] = _reason(command, reasons)
            yield Call("POST", f"{AFTER_SALES}/cancellations", body)
            return str(command.record_id)
        if ids:
            yield from _refund(command, ids, _reason(command, reasons), amount)
            return str(command.record_id)
    raise VendorRefused(
        f"TikTok does not let this be refunded together; it allows: {', '.join(eligible) or 'nothing'}"
    )


def _refund(
    command: Command, ids: list[str], reason: str, amount: Decimal | None
) -> Generator[Call, Json, None]:
    body = {"order_id": command.record_id, "order_line_item_ids": ids}
    asked = body | {"request_type": "REFUND", "reason_name": reason}
    answer = yield Call("POST", f"{AFTER_SALES}/refunds/calculate", asked, asks=True)
    refundable = answer["data"]["order_refund_amount"]
    if amount is not None and amount > Decimal(str(refundable["refund_total"])):
        raise VendorRefused(f"{money(amount):f} can't be refunded, but {refundable['refund_total']} at most")
    body |= {"return_type": "REFUND", "return_reason": reason, "currency": refundable["currency"]}
    body["refund_total"] = refundable["refund_total"] if amount is None else f"{money(amount):f}"
    answer = yield Call("POST", f"{AFTER_SALES}/returns", body)
    refund = answer["data"]
    if refund["return_status"] == PENDING:
        # It was made on behalf of the buyer, and waits for the seller.
        yield _approval(refund["return_id"])


def _approve_what_waits(command: Command) -> Generator[Call, Json, None]:
    """Approve a refund that an earlier attempt made and did not get to approve."""
    for change in (yield from _changes(command, "returns", "return_orders")):
        if change["return_status"] == PENDING and change["return_type"] == "REFUND":
            yield _approval(change["return_id"])


def _approval(return_id: Any) -> Call:
    return Call("POST", f"{AFTER_SALES}/returns/{return_id}/approve", {"decision": "APPROVE_REFUND"})


def find_refund(command: Command) -> Search:
    """The order, if it was cancelled or refunded for this reason since the caller first asked."""
    cancellations = yield from _changes(command, "cancellations", "cancellations")
    refunds = yield from _changes(command, "returns", "return_orders")
    return command.record_id if cancellations or refunds else None


def _changes(command: Command, path: str, name: str) -> Generator[Call, Json, list[Any]]:
    """The cancellations or returns of the order that may be of this write, and were not refused."""
    answer = yield Call(
        "POST",
        f"{AFTER_SALES}/{path}/search",
        {"order_ids": [command.record_id]},
        params={"page_size": RETURNS_SIZE, "sort_field": "create_time", "sort_order": "DESC"},
        asks=True,
    )
    kind = "cancel" if path == "cancellations" else "return"
    return [
        change
        for change in _listed(answer, name)
        if change[f"{kind}_status"] not in REFUSED
        and change[f"{kind}_reason"] == command.body["reason"]
        and command.is_since(moment(change["create_time"]))
    ]


def _refundable(command: Command, lines: Mapping[str, list[Unit]], eligible: set[str]) -> list[str]:
    """The ids of the units that are given back, if all of them can be; a line without a quantity is whole."""
    open_units = {
        line_id: [unit for unit in units if str(unit["id"]) in eligible] for line_id, units in lines.items()
    }
    wanted_lines = command.body.get("line_items")
    for line in wanted_lines or []:
        units = open_units[_line_id(line, open_units)]
        if not units or line.get("quantity", 1) > len(units):
            return []
    return [str(unit["id"]) for unit in _chosen(wanted_lines, open_units)]


def _amount(command: Command) -> Decimal | None:
    """The amount that the caller wants given back; None: what TikTok says that the units come to."""
    lines = command.body.get("line_items") or []
    amounts = [line["amount"] for line in lines if "amount" in line]
    if "amount" in command.body and lines:
        raise VendorRefused("say line_items, each with an amount if you like, or an amount, not both")
    if amounts and len(amounts) != len(lines):
        raise VendorRefused("say an amount of each line, or of none")
    return sum(amounts, Decimal(0)) if amounts else command.body.get("amount")


def _eligible(command: Command) -> Generator[Call, Json, dict[str, tuple[set[str], list[str]]]]:
    """The acts that are possible with which units, and the reasons that TikTok takes for it."""
    path = f"/return_refund/202512/orders/{command.record_id}/aftersale_eligibility"
    answer = yield Call("GET", path, params={"initiate_aftersale_user": "SELLER"}, asks=True)
    eligible: dict[str, tuple[set[str], list[str]]] = {}
    for sku in _listed(answer, "sku_eligibility"):
        for part in sku.get("line_item_eligibility") or []:
            if part["eligible"]:
                units, reasons = eligible.setdefault(part["request_type"], (set(), []))
                units.update(map(str, part["order_line_items_ids"]))
                reasons += [name for name in part.get("available_reason_names") or [] if name not in reasons]
    return eligible


def _reason(command: Command, names: Sequence[str]) -> str:
    """TikTok takes its own reasons only."""
    reason = command.body.get("reason")
    if reason is None or (names and reason not in names):
        raise VendorRefused(f"say a reason of TikTok's: {', '.join(names) or 'it names none here'}")
    return str(reason)


# Stock: TikTok sets what can be sold, at all warehouses of a SKU together


def adjust_inventory(command: Command) -> Steps:
    """Set a level, or one that is so much higher or lower than the one that is there."""
    if command.found is not None:
        return command.found
    sku, body = str(command.record_id), command.body
    stock = yield from _stock([sku])
    place, level = _level(stock, sku, body.get("warehouse_id"))
    quantity = body["quantity"]
    if body["adjustment_type"] != "exact":
        quantity = level + quantity if body["adjustment_type"] == "increase" else level - quantity
    if quantity < 0:
        raise VendorRefused(f"only {level} of {sku!r} are there")
    yield from _set(stock, {sku: {place: quantity}})
    return sku


def find_level(command: Command) -> Search | None:
    """Search for an exact quantity; that something was added or taken away can't be told from the level."""
    return _find_exact(command) if command.body["adjustment_type"] == "exact" else None


def _find_exact(command: Command) -> Search:
    sku = str(command.record_id)
    _, level = _level((yield from _stock([sku])), sku, command.body.get("warehouse_id"))
    return sku if level == command.body["quantity"] else None


def batch_adjust_inventory(command: Command) -> Steps:
    """Set many levels, in one call for each product."""
    lines = command.body["line_items"]
    skus = list(dict.fromkeys(line["product_id"] for line in lines))
    stock = yield from _stock(skus)
    changes: dict[str, dict[str, int]] = {}
    for line in lines:
        place, _ = _level(stock, line["product_id"], line.get("warehouse_id"))
        changes.setdefault(line["product_id"], {})[place] = line["quantity"]
    yield from _set(stock, changes)
    return skus


Stock = Mapping[str, tuple[str, Mapping[str, int]]]
"""By SKU: its product, and what can be sold of it by warehouse."""


def _stock(skus: Sequence[str]) -> Generator[Call, Json, Stock]:
    stock: dict[str, tuple[str, Mapping[str, int]]] = {}
    for begin in range(0, len(skus), SKUS_AT_ONCE):
        body = {"sku_ids": list(skus[begin : begin + SKUS_AT_ONCE])}
        answer = yield Call("POST", LEVELS, body, asks=True)
        for product in _listed(answer, "inventory"):
            for sku in product["skus"]:
                places = {
                    str(level["warehouse_id"]): level["available_quantity"]
                    for level in sku["warehouse_inventory"]
                }
                stock[str(sku["id"])] = str(product["product_id"]), places
    return stock


def _level(stock: Stock, sku: str, warehouse: str | None) -> tuple[str, int]:
    """The warehouse, and what can be sold there."""
    if sku not in stock:
        raise VendorRefused(f"the shop has no stock of {sku!r}: that of a product is that of its SKUs")
    _, levels = stock[sku]
    if warehouse is None and len(levels) != 1:
        raise VendorRefused(f"say at which warehouse_id: {sku!r} is at {', '.join(levels) or 'none'}")
    place = next(iter(levels)) if warehouse is None else warehouse
    if place not in levels:
        raise VendorRefused(f"{sku!r} is not stocked at {place!r}")
    return place, levels[place]


def _set(stock: Stock, changes: Mapping[str, Mapping[str, int]]) -> Generator[Call, Json, None]:
    """Set levels. TikTok wants to be told those of all warehouses of a SKU, also what stays."""
    products: dict[str, list[dict[str, Any]]] = {}
    for sku, levels in changes.items():
        product, before = stock[sku]
        inventory = [
            {"warehouse_id": place, "quantity": quantity} for place, quantity in {**before, **levels}.items()
        ]
        products.setdefault(product, []).append({"id": sku, "inventory": inventory})
    for product, skus in products.items():
        yield Call("POST", f"{PRODUCT}/{product}/inventory/update", {"skus": skus})


def _order(command: Command) -> Generator[Call, Json, Any]:
    answer = yield Call("GET", ORDER, params={"ids": command.record_id}, asks=True)
    for order in _listed(answer, "orders"):
        return order
    raise VendorRefused(f"there is no order {command.record_id!r}")


def _listed(answer: Json, name: str) -> list[Any]:
    """A list of an answer; where it is empty, TikTok may leave it out."""
    return answer["data"].get(name) or []


def _text(name: str, **schema: Any) -> Mapping[str, Any]:
    """A member that is a text, as JSON Schema."""
    return {
        "type": "string",
        "minLength": 1,
        "title": WORDS[name][0],
        "description": WORDS[name][1],
        **schema,
    }


CREATE_ORDER_SHIPMENT = Operation(
    Accepts(
        optional=("tracking_number", "carrier_name"),
        extra={
            "line_items": SENT_LINES,
            "shipping_provider_id": _text("shipping_provider_id"),
            "handover_method": _text("handover_method", enum=["PICKUP", "DROP_OFF"]),
        },
    ),
    create_order_shipment,
    find=find_shipment,
)
REFUND_ORDER = Operation(
    Accepts(
        required=("line_items.line_item_id", "reason"),
        optional=("line_items", "line_items.quantity", "line_items.amount", "amount"),
        any_of=(("line_items", "amount"),),
    ),
    refund_order,
    find=find_refund,
)
ADJUST_INVENTORY = Operation(ADJUSTMENT, adjust_inventory, find=find_level)
BATCH_ADJUST_INVENTORY = Operation(ADJUSTMENTS, batch_adjust_inventory)
