"""Our writes → calls of BigCommerce, and the bodies it accepts. Pure: one function per action."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from crossdock.errors import VendorRefused
from crossdock.integrations.bigcommerce.dates import moment
from crossdock.kit.contract import Accepts, Call, Command, Json, Operation, Search, Steps

PART_SIZE = 50
ITEMS_A_PAGE = 1000
ITEMS, PRODUCTS = "/v3/inventory/items", "/v3/catalog/products"
ADJUSTMENTS = "/v3/inventory/adjustments"
ANY_ORDER = {"storecredit", "custom"}
"""Providers that are offered whatever was paid with."""
AT_ONCE = 50
"""How many records are looked up in one call."""
PRODUCT = "product-"
LINES: Mapping[str, Any] = {
    "type": "array",
    "minItems": 1,
    "title": "Lines",
    "description": "What was sent. Without any: all that is left of the order.",
    "items": {
        "type": "object",
        "properties": {
            "line_item_id": {"type": "string", "pattern": "^[0-9]+$"},
            "quantity": {"type": "integer", "minimum": 1},
        },
        "required": ["line_item_id", "quantity"],
        "additionalProperties": False,
    },
}
WORDS = {
    "shipping_provider": ("Shipping provider", "BigCommerce's word for who carries it: it links the number."),
    "tracking_carrier": ("Tracking carrier", "AfterShip's word for who carries it, if it is no provider."),
    "refund_provider": ("Refund by", "BigCommerce's word for who pays it back. Without: what was paid with."),
}
"""Members of BigCommerce's own: title and description."""


# Shipments


def create_order_shipment(command: Command) -> Steps:
    """Send what is left of an order, or some lines of it, to one address."""
    if command.found is not None:
        return command.found
    lines = yield from _parts(f"{_order(command)}/products")
    wanted = _wanted(command, lines)
    if not wanted:
        raise VendorRefused("nothing of this order is left to be sent")
    addresses = {line["order_address_id"] for line in lines if line["id"] in wanted}
    if len(addresses) != 1:
        raise VendorRefused(
            "these lines go to several addresses: send those of each for themselves, by line_items"
        )
    items = [{"order_product_id": name, "quantity": quantity} for name, quantity in wanted.items()]
    body = {"order_address_id": addresses.pop(), "items": items}
    names = {
        "tracking_number": "tracking_number", "tracking_url": "tracking_link",
        "shipping_method_name": "shipping_method", "shipping_provider": "shipping_provider",
        "tracking_carrier": "tracking_carrier",
    }  # fmt: skip
    body |= {theirs: command.body[ours] for ours, theirs in names.items() if ours in command.body}
    yield Call("POST", f"{_order(command)}/shipments", body)
    return str(command.record_id)


def find_shipment(command: Command) -> Search:
    """The order, if it has a shipment with the tracking number since the caller first asked."""
    for shipment in (yield from _parts(f"{_order(command)}/shipments")):
        is_same = shipment["tracking_number"] == command.body["tracking_number"]
        if is_same and _is_since(shipment["date_created"], command.begun):
            return command.record_id
    return None


def _wanted(command: Command, lines: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """The quantity of each line that is sent: files are not, nor is what customers fetch."""
    if "line_items" not in command.body:
        sendable = [line for line in lines if line["type"] == "physical" and line["order_address_id"]]
        left = {line["id"]: line["quantity"] - line["quantity_shipped"] for line in sendable}
        return {name: quantity for name, quantity in left.items() if quantity > 0}
    wanted: dict[int, int] = {}
    for line in command.body["line_items"]:
        name = _number(line["line_item_id"])
        if not any(name == ordered["id"] for ordered in lines):
            raise VendorRefused(f"the order has no line {line['line_item_id']!r}")
        wanted[name] = wanted.get(name, 0) + line["quantity"]
    return wanted


# Refunds


def refund_order(command: Command) -> Steps:
    """Give back what BigCommerce quotes for lines or an amount, by the provider that was paid with."""
    if command.found is not None:
        return command.found
    body = command.body
    if "amount" in body and "line_items" in body:
        raise VendorRefused(
            "BigCommerce says itself what lines come to: say line_items or an amount, not both"
        )
    whole = [line["line_item_id"] for line in body.get("line_items") or [] if "quantity" not in line]
    lines = (yield from _parts(f"{_order(command)}/products")) if whole else []
    left = {str(line["id"]): line["quantity"] - line["quantity_refunded"] for line in lines}
    items = _items(command, left)
    path = f"/v3/orders/{command.record_id}/payment_actions"
    answer = yield Call("POST", f"{path}/refund_quotes", {"items": items}, asks=True)
    quote = answer["data"]
    amount = quote["total_refund_amount"]
    if amount <= 0:
        raise VendorRefused("nothing of it can be refunded")
    if "amount" in body and amount != body["amount"]:
        raise VendorRefused(f"{body['amount']} can't be refunded, but {amount}")
    payments = [
        {"provider_id": part["provider_id"], "amount": part["amount"], "offline": part["offline"]}
        for part in _method(quote["refund_methods"], body.get("refund_provider"))
    ]
    yield Call("POST", f"{path}/refunds", {"items": items, "payments": payments})
    return str(command.record_id)


def find_refund(command: Command) -> Search:
    """The order, if the same was refunded since the caller first asked, and not declined."""
    answer = yield Call("GET", f"/v3/orders/{command.record_id}/payment_actions/refunds", asks=True)
    for refund in answer["data"]:
        is_declined = any(payment.get("is_declined") for payment in refund.get("payments") or [])
        is_same = _is_same(refund["items"], _items(command, {})) and not is_declined
        if is_same and _is_since(refund["created"], command.begun):
            return command.record_id
    return None


def _items(command: Command, left: Mapping[str, int]) -> list[dict[str, Any]]:
    """The items of a refund. left: the quantities of lines that are given back whole."""
    reason = {"reason": command.body["reason"]} if "reason" in command.body else {}
    if "amount" in command.body:
        order_id = _number(str(command.record_id))
        return [{"item_type": "ORDER", "item_id": order_id, "amount": command.body["amount"], **reason}]
    return [
        {
            "item_type": "PRODUCT",
            "item_id": _number(line["line_item_id"]),
            "quantity": line.get("quantity", left.get(line["line_item_id"])),
            **reason,
        }
        for line in command.body["line_items"]
    ]


def _is_same(refunded: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]]) -> bool:
    """Check whether a refund is of these items. Of a line that was given back whole any quantity will do."""

    def key(item: Mapping[str, Any]) -> tuple[str, int]:
        return item["item_type"], item["item_id"]

    pairs = zip(sorted(refunded, key=key), sorted(wanted, key=key), strict=False)
    return len(refunded) == len(wanted) and all(
        key(made) == key(item)
        and (made.get("reason") or "") == item.get("reason", "")
        and item.get("quantity") in (None, made.get("quantity"))
        and ("amount" not in item or Decimal(made["requested_amount"]) == Decimal(item["amount"]))
        for made, item in pairs
    )


def _method(
    methods: Sequence[Sequence[Mapping[str, Any]]], provider: str | None
) -> Sequence[Mapping[str, Any]]:
    """The payments that give the money back, by the provider that is named or those that were paid with.

    Store credit and "custom" are offered for every order: they count where they are named, or alone.
    """
    if provider is not None:
        named = [method for method in methods if {part["provider_id"] for part in method} == {provider}]
    else:
        usual = [method for method in methods if not {part["provider_id"] for part in method} & ANY_ORDER]
        named = usual or list(methods)
    if len(named) != 1:
        offered = "; ".join(" and ".join(part["provider_id"] for part in method) for method in methods)
        raise VendorRefused(f"say by which refund_provider: BigCommerce offers {offered or 'none'}")
    return named[0]


# Stock: BigCommerce sets what is on hand, callers mean what can be sold; safety stock is between


def adjust_inventory(command: Command) -> Steps:
    """Set a level, or have BigCommerce add to it or take from it."""
    if command.found is not None:
        return command.found
    name, body = str(command.record_id), command.body
    stocked = yield from _stocked([name])
    if body["adjustment_type"] == "exact":
        yield Call("PUT", f"{ADJUSTMENTS}/absolute", {"items": [_level(stocked, name, body)]})
        return name
    place, _ = _place(stocked, name, body.get("warehouse_id"))
    quantity = body["quantity"] if body["adjustment_type"] == "increase" else -body["quantity"]
    item = {"location_id": place, **stocked[name].identity, "quantity": quantity}
    yield Call("POST", f"{ADJUSTMENTS}/relative", {"items": [item]})
    return name


def find_level(command: Command) -> Search | None:
    """Search for an exact quantity; that something was added or taken away can't be told from the level."""
    return _find_exact(command) if command.body["adjustment_type"] == "exact" else None


def _find_exact(command: Command) -> Search:
    name = str(command.record_id)
    _, level = _place((yield from _stocked([name])), name, command.body.get("warehouse_id"))
    return name if level["available_to_sell"] == command.body["quantity"] else None


def batch_adjust_inventory(command: Command) -> Steps:
    """Set many levels in one call, after those that look them up."""
    lines = command.body["line_items"]
    names = list(dict.fromkeys(line["product_id"] for line in lines))
    stocked = yield from _stocked(names)
    items = [_level(stocked, line["product_id"], line) for line in lines]
    # Grouped by location, as BigCommerce asks for.
    items.sort(key=lambda item: item["location_id"])
    yield Call("PUT", f"{ADJUSTMENTS}/absolute", {"items": items})
    return names


@dataclass(frozen=True)
class StockedItem:
    """The stock of a record."""

    identity: Mapping[str, int]
    """How adjustments name it, by how its product tracks stock."""
    levels: Mapping[int, Mapping[str, Any]]
    """By location."""


def _stocked(names: Sequence[str]) -> Generator[Call, Json, dict[str, StockedItem]]:
    """The stock of products and variants. Raises VendorRefused where there is none to set."""
    items: list[Mapping[str, Any]] = []
    for kind, ids in (
        ("variant_id", [name for name in names if not name.startswith(PRODUCT)]),
        ("product_id", [name.removeprefix(PRODUCT) for name in names if name.startswith(PRODUCT)]),
    ):
        for part in _chunks([str(_number(name)) for name in ids]):
            items += yield from _pages(ITEMS, {f"{kind}:in": ",".join(part)}, ITEMS_A_PAGE)
    products = sorted({str(item["identity"]["product_id"]) for item in items}, key=int)
    tracking: dict[int, str] = {}
    for part in _chunks(products):
        wanted = {"id:in": ",".join(part), "include_fields": "inventory_tracking"}
        tracking |= {
            found["id"]: found["inventory_tracking"]
            for found in (yield from _pages(PRODUCTS, wanted, AT_ONCE))
        }
    return {name: _item(name, items, tracking) for name in names}


def _item(name: str, items: Sequence[Mapping[str, Any]], tracking: Mapping[int, str]) -> StockedItem:
    kind = "product_id" if name.startswith(PRODUCT) else "variant_id"
    number = _number(name.removeprefix(PRODUCT))
    item = next((item for item in items if item["identity"][kind] == number), None)
    if item is None:
        raise VendorRefused(f"the store has no stock of {name!r}")
    product = item["identity"]["product_id"]
    tracked = tracking.get(product, "none")
    if tracked == "none":
        raise VendorRefused(f"the store does not track the stock of {name!r}")
    if tracked == "variant" and kind == "product_id":
        raise VendorRefused(f"the stock of {name!r} is that of its variants")
    identity = {"product_id": product} if tracked == "product" else {"variant_id": number}
    return StockedItem(identity, {level["location_id"]: level for level in item["locations"]})


def _place(
    stocked: Mapping[str, StockedItem], name: str, warehouse: str | None
) -> tuple[int, Mapping[str, Any]]:
    """The location, and the level there."""
    levels = stocked[name].levels
    if warehouse is None and len(levels) != 1:
        places = ", ".join(map(str, levels)) or "none"
        raise VendorRefused(f"say at which warehouse_id: {name!r} is at {places}")
    place = next(iter(levels)) if warehouse is None else _number(warehouse)
    if place not in levels:
        raise VendorRefused(f"{name!r} is not stocked at {warehouse!r}")
    return place, levels[place]


def _level(stocked: Mapping[str, StockedItem], name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    place, level = _place(stocked, name, body.get("warehouse_id"))
    safety = level["settings"]["safety_stock"]
    return {"location_id": place, **stocked[name].identity, "quantity": body["quantity"] + safety}


def _chunks(names: Sequence[str]) -> list[Sequence[str]]:
    return [names[begin : begin + AT_ONCE] for begin in range(0, len(names), AT_ONCE)]


def _pages(path: str, params: Mapping[str, Any], limit: int) -> Generator[Call, Json, list[Any]]:
    """A list of v3, whole."""
    records: list[Any] = []
    number, last = 0, 1
    while number < last:
        number += 1
        answer = yield Call("GET", path, params={**params, "page": number, "limit": limit}, asks=True)
        records += answer["data"]
        last = answer["meta"]["pagination"]["total_pages"]
    return records


def _parts(path: str) -> Generator[Call, Json, list[Any]]:
    """A list within an order, whole; where there is nothing the answer is empty."""
    parts: list[Any] = []
    number = 0
    while True:
        number += 1
        page = yield Call("GET", path, params={"page": number, "limit": PART_SIZE}, asks=True)
        parts += page or []
        if len(page or []) < PART_SIZE:
            return parts


def _order(command: Command) -> str:
    return f"/v2/orders/{command.record_id}"


def _number(name: str) -> int:
    if not (name.isascii() and name.isdecimal()):
        raise VendorRefused(f"{name!r} is no id of BigCommerce's")
    return int(name)


def _is_since(written: str, begun: datetime | None) -> bool:
    """Check whether a date of the vendor's is not before the write. Its clock may be a minute behind."""
    return begun is None or not written or moment(written).timestamp() >= begun.timestamp() - 60


def _words(*names: str) -> dict[str, Mapping[str, Any]]:
    """Members that are texts, as JSON Schema."""
    return {
        name: {"type": "string", "minLength": 1, "title": WORDS[name][0], "description": WORDS[name][1]}
        for name in names
    }


CREATE_ORDER_SHIPMENT = Operation(
    Accepts(
        required=("tracking_number",),
        optional=("tracking_url", "shipping_method_name"),
        extra={"line_items": LINES, **_words("shipping_provider", "tracking_carrier")},
    ),
    create_order_shipment,
    find=find_shipment,
)
REFUND_ORDER = Operation(
    Accepts(
        required=("line_items.line_item_id",),
        optional=("line_items", "line_items.quantity", "amount", "reason"),
        any_of=(("line_items", "amount"),),
        extra=_words("refund_provider"),
    ),
    refund_order,
    find=find_refund,
)
ADJUST_INVENTORY = Operation(
    Accepts(
        required=("quantity", "adjustment_type"),
        optional=("warehouse_id",),
        options={"warehouse_id": "warehouses"},
    ),
    adjust_inventory,
    find=find_level,
)
BATCH_ADJUST_INVENTORY = Operation(
    Accepts(
        required=("line_items", "line_items.product_id", "line_items.quantity"),
        optional=("line_items.warehouse_id",),
        options={"line_items.warehouse_id": "warehouses"},
    ),
    batch_adjust_inventory,
)
