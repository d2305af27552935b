"""Our writes → calls of Vendure's Admin API, and the bodies it accepts. Pure: one function per action.

The path of a call is the name of a file in `queries/`, its body the variables.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from crossdock.errors import VendorRefused
from crossdock.kit.cart_writes import ADJUSTMENT, ADJUSTMENTS, REFUND, SENT_LINES
from crossdock.kit.contract import Accepts, Call, Command, Json, Operation, Search, Steps

IDS_AT_ONCE = 500
"""How many a list of Vendure may be asked for: 1,000, unless the shop says otherwise."""
HANDLER = "manual-fulfillment"
"""The handler that every Vendure has: it only notes a method and a tracking code."""
UNSENT = ("Created", "Pending")
SETTLED_BY_HAND = "manual"
"""The transaction id of a refund that no payment provider makes; Vendure wants one."""


def _ask(name: str, **variables: Any) -> Call:
    return Call("POST", name, variables, asks=True)


def _change(name: str, **variables: Any) -> Call:
    return Call("POST", name, variables)


def _existing(record: Any, what: str) -> Any:
    """The record of an answer. Raises VendorRefused where the shop has none."""
    if record is None:
        raise VendorRefused(f"the shop has no such {what}")
    return record


# Shipments


def create_order_shipment(command: Command) -> Steps:
    """Fulfil the lines, and say that they were sent."""
    answer = yield _ask("fulfilments", id=command.record_id)
    order = _existing(answer["order"], "order")
    begun = None if command.found is None else _begun(order, command)
    if begun is None:
        lines = _lines(order, command)
        arguments = [{"name": "method", "value": _method(command)}]
        arguments.append({"name": "trackingCode", "value": command.body["tracking_number"]})
        handler = {"code": HANDLER, "arguments": arguments}
        made = yield _change("add_fulfilment", input={"lines": lines, "handler": handler})
        begun = made["addFulfillmentToOrder"]
    elif begun["state"] not in UNSENT:
        return str(command.record_id)
    yield _change("move_fulfilment", id=begun["id"], state="Shipped")
    return str(command.record_id)


def find_shipment(command: Command) -> Search:
    """The order, if a fulfilment has the tracking number, and was made since the caller first asked."""
    answer = yield _ask("fulfilments", id=command.record_id)
    is_begun = answer["order"] is not None and _begun(answer["order"], command) is not None
    return command.record_id if is_begun else None


def _begun(order: Json, command: Command) -> Mapping[str, Any] | None:
    """The fulfilment with the number of the command, made since. A number may stand on several parcels."""
    for fulfilment in _fulfilments(order):
        is_same = fulfilment["trackingCode"] == command.body["tracking_number"]
        if is_same and command.is_since(fulfilment["createdAt"]):
            return dict(fulfilment)
    return None


def _fulfilments(order: Json) -> list[Mapping[str, Any]]:
    return [entry for entry in order["fulfillments"] or [] if entry["state"] != "Cancelled"]


def _lines(order: Json, command: Command) -> Any:
    """Lines to be sent: those that are named, or what no fulfilment has yet."""
    if "line_items" in command.body:
        lines = command.body["line_items"]
        return [{"orderLineId": line["line_item_id"], "quantity": line["quantity"]} for line in lines]
    if not isinstance(order["lines"], list):
        return order["lines"]  # a dry run: it stands for what the answer will say
    left = _left(order).items()
    lines = [{"orderLineId": name, "quantity": quantity} for name, quantity in left if quantity > 0]
    if not lines:
        raise VendorRefused(
            "all of this order is in fulfilments already, which take no other tracking number"
        )
    return lines


def _left(order: Json) -> dict[str, int]:
    """Quantity of each line that no fulfilment has."""
    left = {str(line["id"]): int(line["quantity"]) for line in order["lines"]}
    for line in (line for fulfilment in _fulfilments(order) for line in fulfilment["lines"]):
        left[str(line["orderLineId"])] -= line["quantity"]
    return left


def _method(command: Command) -> str:
    names = (command.body.get(name) for name in ("carrier_name", "shipping_method_name"))
    return " ".join(filter(None, names))


# Refunds


def refund_order(command: Command) -> Steps:
    """Give money back, from the payment that has most left of what was taken."""
    answer = yield _ask("payments", id=command.record_id)
    order = _existing(answer["order"], "order")
    if command.found is not None:
        refund = _made(answer, command)
        if refund is None or not _is_by_hand(refund):
            return command.found
    else:
        made = yield _change("refund", input=_refund(answer, order, command))
        refund = made["refundOrder"]
        if not _is_by_hand(refund):
            return str(command.record_id)
    yield _change("settle_refund", input={"id": refund["id"], "transactionId": SETTLED_BY_HAND})
    return str(command.record_id)


def find_refund(command: Command) -> Search:
    """The order, if it has a refund of that amount and reason since the caller first asked."""
    answer = yield _ask("payments", id=command.record_id)
    return None if answer["order"] is None or _made(answer, command) is None else command.record_id


def _is_by_hand(refund: Json) -> bool:
    """Check whether nobody gives the money back unless the shop does: a provider leaves an id of its own."""
    return bool(refund["state"] == "Pending" and refund["transactionId"] is None)


def _made(answer: Json, command: Command) -> Mapping[str, Any] | None:
    """The refund that the command made: of its reason, and of its amount as it was without this one."""
    for refund in _refunds(answer):
        is_since = command.is_since(refund["createdAt"])
        if not is_since or (refund["reason"] or "") != command.body.get("reason", ""):
            continue
        parts = _parts(answer, command, besides=refund["id"])
        if refund["total"] == _amount(answer, command, parts):
            return dict(refund)
    return None


def _refunds(answer: Json) -> list[Mapping[str, Any]]:
    """The refunds that did not fail."""
    refunds = (refund for payment in answer["order"]["payments"] or [] for refund in payment["refunds"])
    return [refund for refund in refunds if refund["state"] != "Failed"]


def _refund(answer: Json, order: Json, command: Command) -> dict[str, Any]:
    """The input of the mutation. All of its members are given: Vendure stores none of them as missing."""
    parts = _parts(answer, command)
    for part in (part for part in parts if "quantity" in part):
        left_of_line = _left_to_refund(answer, part)
        if not 0 < part["quantity"] <= left_of_line:
            raise VendorRefused(f"of line {part['line_item_id']!r} {left_of_line} can still be refunded")
    amount, left = _amount(answer, command, parts), _refundable(order)
    payment = next((name for name, rest in left if rest >= amount), None)
    if payment is None:
        most, digits = max((rest for _, rest in left), default=0), _precision(answer)
        raise VendorRefused(
            f"no payment of this order has {Decimal(amount).scaleb(-digits)} left to refund; "
            f"the most is {Decimal(most).scaleb(-digits)}"
        )
    return {
        "paymentId": payment,
        "lines": [
            {"orderLineId": part["line_item_id"], "quantity": part["quantity"]}
            for part in parts
            if "quantity" in part
        ],
        "shipping": 0,
        "adjustment": 0,
        "amount": amount,
        "reason": command.body.get("reason", ""),
    }


def _parts(answer: Json, command: Command, besides: str | None = None) -> list[dict[str, Any]]:
    """The lines of the body, of each how many are given back: what is left of it where nobody says.

    A line that has an amount alone stays without a quantity. besides: a refund that does not count.
    """
    return [
        dict(part) if "amount" in part else {"quantity": _left_to_refund(answer, part, besides), **part}
        for part in command.body.get("line_items", ())
    ]


def _left_to_refund(answer: Json, part: Mapping[str, Any], besides: str | None = None) -> int:
    """How many of a line no refund has given back. Vendure itself does not look."""
    name = part["line_item_id"]
    lines = (line for refund in _refunds(answer) if refund["id"] != besides for line in refund["lines"])
    refunded = sum(int(line["quantity"]) for line in lines if line["orderLineId"] == name)
    return int(_line(_lines_by_id(answer), part)["orderPlacedQuantity"]) - refunded


def _lines_by_id(answer: Json) -> Mapping[str, Mapping[str, Any]]:
    return {str(line["id"]): line for line in answer["order"]["lines"]}


def _line(by_id: Mapping[str, Mapping[str, Any]], part: Mapping[str, Any]) -> Mapping[str, Any]:
    """The line that a part of the body names. Raises VendorRefused where the order has none."""
    line = by_id.get(part["line_item_id"])
    if line is None:
        raise VendorRefused(f"the order has no line {part['line_item_id']!r}")
    return line


def _amount(answer: Json, command: Command, parts: Iterable[Mapping[str, Any]]) -> int:
    """The amount that is given back: the one named, or that of the lines, of a mere quantity at its price."""
    if "amount" in command.body:
        return _count(Decimal(command.body["amount"]), answer)
    by_id, total = _lines_by_id(answer), 0
    for part in parts:
        if "amount" in part:
            total += _count(Decimal(part["amount"]), answer)
        else:
            total += _line(by_id, part)["proratedUnitPriceWithTax"] * part["quantity"]
    return total


def _count(amount: Decimal, answer: Json) -> int:
    """The amount in the smallest part that the shop counts in. Raises VendorRefused for less than that."""
    digits = _precision(answer)
    count = amount.scaleb(digits)
    if count != int(count):
        raise VendorRefused(f"the shop counts in {digits} decimal places: it has no {amount}")
    return int(count)


def _precision(answer: Json) -> int:
    return int(answer["globalSettings"]["serverConfig"]["moneyStrategyPrecision"])


def _refundable(order: Json) -> list[tuple[str, int]]:
    """The settled payments, and what is left of each, the most first."""
    left = []
    for payment in order["payments"] or []:
        if payment["state"] == "Settled":
            refunded = sum(refund["total"] for refund in payment["refunds"] if refund["state"] != "Failed")
            left.append((str(payment["id"]), payment["amount"] - refunded))
    return sorted(left, key=lambda entry: entry[1], reverse=True)


# Stock


def adjust_inventory(command: Command) -> Steps:
    """Set a level. Vendure keeps what is on hand, callers mean what can be sold: allocations are between."""
    name = str(command.record_id)
    answer = yield _ask("stock", ids=[name], take=1)
    location, level = _level(answer, name, command.body.get("warehouse_id"))
    quantity = command.body["quantity"]
    on_hand = {
        "increase": level["stockOnHand"] + quantity,
        "decrease": level["stockOnHand"] - quantity,
        "exact": level["stockAllocated"] + quantity,
    }[command.body["adjustment_type"]]
    levels = [{"stockLocationId": location, "stockOnHand": on_hand}]
    yield _change("set_stock", input=[{"id": name, "stockLevels": levels}])
    return name


def find_level(command: Command) -> Search | None:
    """Whether an exact quantity is there now; what was added or taken away can't be told from the level."""
    return _find_exact(command) if command.body["adjustment_type"] == "exact" else None


def _find_exact(command: Command) -> Search:
    name = str(command.record_id)
    answer = yield _ask("stock", ids=[name], take=1)
    _, level = _level(answer, name, command.body.get("warehouse_id"))
    return name if level["stockOnHand"] - level["stockAllocated"] == command.body["quantity"] else None


def batch_adjust_inventory(command: Command) -> Steps:
    """Set many levels in one call, after those that read them. Vendure sets all of them or none."""
    lines = command.body["line_items"]
    names = list(dict.fromkeys(line["product_id"] for line in lines))
    variants: list[Json] = []
    for begin in range(0, len(names), IDS_AT_ONCE):
        ids = names[begin : begin + IDS_AT_ONCE]
        answer = yield _ask("stock", ids=ids, take=len(ids))
        variants += answer["productVariants"]["items"]
    answer = {**answer, "productVariants": {"items": variants}}
    updates: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for line in lines:
        location, level = _level(answer, line["product_id"], line.get("warehouse_id"))
        on_hand = level["stockAllocated"] + line["quantity"]
        updates[line["product_id"]].append({"stockLocationId": location, "stockOnHand": on_hand})
    yield _change("set_stock", input=[{"id": name, "stockLevels": updates[name]} for name in names])
    return names


def _level(answer: Json, name: str, location: str | None) -> tuple[str, Mapping[str, Any]]:
    """The level of a variant at a location, the only one where none is named; nothing where it has none."""
    variants = {str(variant["id"]): variant for variant in _listed(answer, "productVariants")}
    if name not in variants:
        raise VendorRefused(f"the shop has no variant {name!r}; a product's stock is that of its variants")
    levels = {str(level["stockLocationId"]): level for level in variants[name]["stockLevels"]}
    places = [str(place["id"]) for place in _listed(answer, "stockLocations")]
    location = location or _only(list(levels) or places)
    if location not in places:
        raise VendorRefused(f"the shop has no stock location {location!r}; there are {', '.join(places)}")
    return location, levels.get(location, {"stockOnHand": 0, "stockAllocated": 0})


def _listed(answer: Json, name: str) -> Iterable[Mapping[str, Any]]:
    records: Iterable[Mapping[str, Any]] = answer[name]["items"]
    return records


def _only(locations: list[str]) -> str:
    if len(locations) != 1:
        raise VendorRefused(f"say at which warehouse_id: there are {', '.join(locations) or 'none'}")
    return locations[0]


CREATE_ORDER_SHIPMENT = Operation(
    Accepts(
        required=("tracking_number",),
        optional=("carrier_name", "shipping_method_name"),
        extra={"line_items": SENT_LINES},
    ),
    create_order_shipment,
    find=find_shipment,
)
REFUND_ORDER = Operation(REFUND, refund_order, find=find_refund)
ADJUST_INVENTORY = Operation(ADJUSTMENT, adjust_inventory, find=find_level)
BATCH_ADJUST_INVENTORY = Operation(ADJUSTMENTS, batch_adjust_inventory)
