"""Our writes → calls of Medusa's Admin API, and the bodies it accepts. Pure: one function per action."""

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from crossdock.errors import VendorRefused
from crossdock.kit.cart_writes import ADJUSTMENT, ADJUSTMENTS, REFUND, SENT_LINES
from crossdock.kit.contract import Accepts, Call, Command, Json, Operation, Search, Steps

WHAT_IS_SENT = "What was sent. Without any: what is packed, or else all that is left of the order."
WAREHOUSE: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "title": "Stock location",
    "description": "Where it was sent from. Without it Medusa takes that of the reservation.",
}
FULFILLMENTS = "id,*items,*fulfillments,*fulfillments.items,*fulfillments.labels"
PAYMENTS = "id,total,item_total,*items,*payment_collections.payments,*payment_collections.payments.refunds"
LINE_TOTALS = ("total", "return_received_total", "return_dismissed_total")
"""What was paid for a line: Medusa takes what came back off its `total`."""
FEWEST_PLACES = 2
IDS_AT_ONCE = 100
"""How many an address has room for."""
NO_LINK = "#"
"""What Medusa's own admin stores where a label has no link."""


# Shipments


def create_order_shipment(command: Command) -> Steps:
    """Send what is packed already, or else a new fulfilment of the lines."""
    path = f"/admin/orders/{command.record_id}/fulfillments"
    answer = yield Call("GET", _order(command), params={"fields": FULFILLMENTS}, asks=True)
    if command.found is None:
        packed = _packed(answer["order"], command)
    else:
        packed = _begun(answer, command)
        if packed is None or packed["shipped_at"] is not None:
            return command.found
    if packed is not None:
        fulfillment, lines = packed["id"], _lines_of(packed)
    else:
        lines = _left(answer["order"], command)
        # The number is noted at once: so it is found again if the answer is lost.
        noted = {"metadata": {"tracking_number": command.body["tracking_number"]}}
        location = {"location_id": command.body["warehouse_id"]} if "warehouse_id" in command.body else {}
        answer = yield Call("POST", path, {"items": lines, **location, **noted}, {"fields": FULFILLMENTS})
        fulfillment = _newest(answer, command)
    yield Call("POST", f"{path}/{fulfillment}/shipments", {"items": lines, "labels": [_label(command)]})
    return str(command.record_id)


def find_shipment(command: Command) -> Search:
    """The order, if a fulfilment was begun for it, or got the tracking number, since the caller asked."""
    answer = yield Call("GET", _order(command), params={"fields": FULFILLMENTS}, asks=True)
    return None if _begun(answer, command) is None else command.record_id


def _begun(answer: Json, command: Command) -> Mapping[str, Any] | None:
    """The fulfilment with the number of the command, on a label or as a note, since the caller first asked.

    A number may stand on several parcels.
    """
    number = command.body["tracking_number"]
    for fulfillment in _fulfillments(answer["order"]):
        marks = [(label["tracking_number"], label["created_at"]) for label in fulfillment["labels"] or []]
        marks.append((_noted(fulfillment), fulfillment["created_at"]))
        if any(mark == number and command.is_since(moment) for mark, moment in marks):
            return fulfillment
    return None


def _fulfillments(order: Json) -> list[Mapping[str, Any]]:
    """The fulfilments that were not cancelled."""
    return [dict(entry) for entry in order["fulfillments"] if entry["canceled_at"] is None]


def _newest(answer: Json, command: Command) -> Any:
    """The fulfilment that was just made: Medusa answers with the whole order."""
    fulfillments = answer["order"]["fulfillments"]
    if not isinstance(fulfillments, list):
        return fulfillments[-1]["id"]  # a dry run: it stands for what the answer will say
    number = command.body["tracking_number"]
    made = (entry for entry in fulfillments if _noted(entry) == number)
    return max(made, key=lambda entry: entry["created_at"])["id"]


def _noted(fulfillment: Mapping[str, Any]) -> str | None:
    number: str | None = (fulfillment.get("metadata") or {}).get("tracking_number")
    return number


def _packed(order: Json, command: Command) -> Mapping[str, Any] | None:
    """The fulfilment that is packed and not sent: the first, or that of the lines that are wanted."""
    if not isinstance(order["items"], list):
        return None  # a dry run
    wanted = _by_line(_wanted(command)) if "line_items" in command.body else None
    unsent = (entry for entry in _fulfillments(order) if entry["shipped_at"] is None)
    return next((entry for entry in unsent if wanted in (None, _by_line(_lines_of(entry)))), None)


def _wanted(command: Command) -> list[dict[str, Any]]:
    lines = command.body["line_items"]
    return [{"id": line["line_item_id"], "quantity": line["quantity"]} for line in lines]


def _lines_of(fulfillment: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"id": line["line_item_id"], "quantity": line["quantity"]} for line in fulfillment["items"]]


def _by_line(lines: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """Quantity of each line."""
    counts: Counter[str] = Counter()
    for line in lines:
        counts[line["id"]] += line["quantity"]
    return counts


def _left(order: Json, command: Command) -> Any:
    """Lines to be sent: those that are named, or what no fulfilment has yet."""
    if "line_items" in command.body:
        return _wanted(command)
    if not isinstance(order["items"], list):
        return order["items"]  # a dry run: it stands for what the answer will say
    left = _by_line(order["items"])
    left.subtract(_by_line(line for entry in _fulfillments(order) for line in _lines_of(entry)))
    lines = [{"id": name, "quantity": quantity} for name, quantity in left.items() if quantity > 0]
    if not lines:
        raise VendorRefused("all of this order was sent already")
    return lines


def _label(command: Command) -> dict[str, str]:
    link = command.body.get("tracking_url", NO_LINK)
    return {
        "tracking_number": command.body["tracking_number"],
        "tracking_url": link,
        "label_url": NO_LINK,
    }


# Refunds


def refund_order(command: Command) -> Steps:
    """Give money back, from the payments that have most left of what was taken, one after the other."""
    if command.found is not None:
        return command.found
    answer = yield Call("GET", _order(command), params={"fields": PAYMENTS}, asks=True)
    amount, payments = _amount(command, answer["order"]["items"]), _refundable(answer["order"])
    payment = next((name for name, left in payments if left >= amount), None)
    if payment is None:
        left = max((left for _, left in payments), default=Decimal(0))
        raise VendorRefused(f"no payment of this order has {amount} left to refund; the most is {left}")
    body = {"amount": amount, "note": command.body.get("reason", "")}
    yield Call("POST", f"/admin/payments/{payment}/refund", body)
    return str(command.record_id)


def find_refund(command: Command) -> Search:
    """The order, if it has a refund of that amount and note since the caller first asked."""
    answer = yield Call("GET", _order(command), params={"fields": PAYMENTS}, asks=True)
    amount, note = _amount(command, answer["order"]["items"]), command.body.get("reason", "")
    for refund in (refund for payment in _payments(answer["order"]) for refund in payment["refunds"]):
        is_same = (_exact(refund, "amount"), refund["note"] or "") == (amount, note)
        if is_same and command.is_since(refund["created_at"]):
            return command.record_id
    return None


def _amount(command: Command, items: Iterable[Mapping[str, Any]]) -> Decimal:
    """Money to give back: the amount, or that of the lines; of a mere quantity, what is refundable of it."""
    if "amount" in command.body:
        return Decimal(command.body["amount"])
    by_id = {item["id"]: item for item in items}
    total = Decimal(0)
    for line in command.body["line_items"]:
        item = by_id.get(line["line_item_id"])
        if item is None:
            raise VendorRefused(f"the order has no line {line['line_item_id']!r}")
        total += Decimal(line["amount"]) if "amount" in line else _paid_for(item, line.get("quantity"))
    return total


def _paid_for(item: Mapping[str, Any], quantity: int | None) -> Decimal:
    """The price paid for so many of a line, or all of it; also for those that have come back meanwhile."""
    total = sum((_exact(item, name) for name in LINE_TOTALS), Decimal(0))
    if quantity is None or not item["quantity"]:
        return total
    places = max(FEWEST_PLACES, -int(total.as_tuple().exponent))
    return round(total * quantity / Decimal(str(item["quantity"])), places)


def _payments(order: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    collections = order.get("payment_collections") or []
    return [payment for collection in collections for payment in collection.get("payments") or []]


def _refundable(order: Mapping[str, Any]) -> list[tuple[str, Decimal]]:
    """The captured payments, and what is left of each, the most first."""
    left = []
    for payment in _payments(order):
        if payment["captured_at"] is not None and payment["canceled_at"] is None:
            refunded = sum((_exact(refund, "amount") for refund in payment["refunds"]), Decimal(0))
            left.append((str(payment["id"]), _exact(payment, "amount") - refunded))
    return sorted(left, key=lambda entry: entry[1], reverse=True)


# Stock


def adjust_inventory(command: Command) -> Steps:
    """Set a level. Medusa keeps what is there, callers mean what can be sold: reservations are between."""
    item = _inventory_item(command.stored, str(command.record_id))
    path = f"/admin/inventory-items/{item}/location-levels"
    answer = yield Call("GET", path, asks=True)
    location = command.body.get("warehouse_id") or _only_location(answer["inventory_levels"])
    level = _level(answer["inventory_levels"], location)
    quantity = command.body["quantity"]
    stocked = {
        "increase": level["stocked_quantity"] + quantity,
        "decrease": level["stocked_quantity"] - quantity,
        "exact": level["reserved_quantity"] + quantity,
    }[command.body["adjustment_type"]]
    yield Call("POST", f"{path}/{location}", {"stocked_quantity": stocked})
    return str(command.record_id)


def find_level(command: Command) -> Search | None:
    """Whether an exact quantity is there now; what was added or taken away can't be told from the level."""
    return _find_exact(command) if command.body["adjustment_type"] == "exact" else None


def _find_exact(command: Command) -> Search:
    item = _inventory_item(command.stored, str(command.record_id))
    answer = yield Call("GET", f"/admin/inventory-items/{item}/location-levels", asks=True)
    location = command.body.get("warehouse_id") or _only_location(answer["inventory_levels"])
    level = _level(answer["inventory_levels"], location)
    is_there = level["stocked_quantity"] - level["reserved_quantity"] == command.body["quantity"]
    return str(command.record_id) if is_there else None


def batch_adjust_inventory(command: Command) -> Steps:
    """Set many levels in one call, after those that read them."""
    lines = command.body["line_items"]
    names = list(dict.fromkeys(line["product_id"] for line in lines))
    fields = "id,manage_inventory,*inventory_items,*inventory_items.inventory.location_levels"
    variants: dict[str, Any] = {}
    for begin in range(0, len(names), IDS_AT_ONCE):
        ids = names[begin : begin + IDS_AT_ONCE]
        params = {"id[]": ids, "fields": fields, "limit": len(ids)}
        answer = yield Call("GET", "/admin/product-variants", params=params, asks=True)
        variants |= {variant["id"]: variant for variant in answer["variants"]}
    updates = [_update(line, variants) for line in lines]
    yield Call("POST", "/admin/inventory-items/location-levels/batch", {"update": updates})
    return names


def _update(line: Mapping[str, Any], variants: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    name = line["product_id"]
    parts = variants[name].get("inventory_items") or [] if name in variants else None
    if parts is None:
        raise VendorRefused(f"the shop has no variant {name!r}")
    if len(parts) != 1:
        raise VendorRefused(f"the stock of {name!r} is not that of a single inventory item")
    levels = parts[0]["inventory"]["location_levels"]
    location = line.get("warehouse_id") or _only_location(levels)
    stocked = _level(levels, location)["reserved_quantity"] + line["quantity"]
    return {
        "inventory_item_id": parts[0]["inventory_item_id"],
        "location_id": location,
        "stocked_quantity": stocked,
    }


def _inventory_item(stored: Mapping[str, Any], record_id: str) -> str:
    items: list[str] = (stored.get("additional_fields") or {}).get("inventory_item_ids") or []
    if len(items) != 1:
        why = "it is a product, and its variants have the stock" if not items else "it is a kit"
        raise VendorRefused(f"the stock of {record_id!r} is not that of a single inventory item: {why}")
    return items[0]


def _only_location(levels: list[Mapping[str, Any]]) -> str:
    locations = [str(level["location_id"]) for level in levels]
    if len(locations) != 1:
        known_text = ", ".join(locations) or "none"
        raise VendorRefused(f"say at which warehouse_id: the locations of this item are {known_text}")
    return locations[0]


def _level(levels: list[Mapping[str, Any]], location: str) -> Mapping[str, Any]:
    level = next((level for level in levels if level["location_id"] == location), None)
    if level is None:
        raise VendorRefused(f"the item is not stocked at {location!r}")
    return level


def _order(command: Command) -> str:
    return f"/admin/orders/{command.record_id}"


def _exact(raw: Mapping[str, Any], name: str) -> Decimal:
    """An amount as it was entered, which `raw_` members hold as a text."""
    exact = raw.get(f"raw_{name}")
    return Decimal(str(exact["value"] if exact else raw[name]))


CREATE_ORDER_SHIPMENT = Operation(
    Accepts(
        required=("tracking_number",),
        optional=("tracking_url",),
        extra={"line_items": {**SENT_LINES, "description": WHAT_IS_SENT}, "warehouse_id": WAREHOUSE},
        options={"warehouse_id": "warehouses"},
    ),
    create_order_shipment,
    find=find_shipment,
)
REFUND_ORDER = Operation(REFUND, refund_order, find=find_refund)
ADJUST_INVENTORY = Operation(ADJUSTMENT, adjust_inventory, find=find_level)
BATCH_ADJUST_INVENTORY = Operation(ADJUSTMENTS, batch_adjust_inventory)
