"""Our writes → mutations of Shopify's Admin API, and the bodies it accepts. Pure: one function per action.

The path of a call names a file in `queries`, its body has the variables.
"""

import hashlib
import json
from collections.abc import Generator, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from crossdock.errors import VendorRefused
from crossdock.kit.cart_writes import ADJUSTMENT, ADJUSTMENTS, REFUND, SENT_LINES
from crossdock.kit.contract import Accepts, Call, Command, Json, Operation, Search, Steps

GID = "gid://shopify"
OPEN_STATES = ("OPEN", "IN_PROGRESS")
"""Fulfilment orders that can be sent."""
UNPAID = ("ERROR", "FAILURE")
"""States of transactions that came to nothing."""
UNSENT = ("CANCELLED", "ERROR", "FAILURE")
"""States of fulfilments that came to nothing."""
AT_ONCE = 50
"""How many variants are asked for and set in one call; Shopify takes 250 at most."""
REASON = "correction"
"""Shopify's word for a general adjustment."""
WAREHOUSE: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "title": "Location",
    "description": "Where it was sent from. It may be left out where all that is left is at one location.",
}
NOTIFY: Mapping[str, Any] = {
    "type": "boolean",
    "title": "Notify the customer",
    "description": "Whether Shopify tells the customer by e-mail that it was sent. Without it: no.",
}


def _change(command: Command, name: str, variables: Mapping[str, Any]) -> Call:
    """A mutation that Shopify does once, however often it comes: its key is that of this write and of these
    variables."""
    begun = command.begun.isoformat() if command.begun else ""
    change = [command.action, command.record_id, begun, name, variables]
    text = json.dumps(change, default=str, sort_keys=True)
    return Call("POST", name, {**variables, "key": hashlib.sha256(text.encode()).hexdigest()[:32]})


def _ask(name: str, **variables: Any) -> Call:
    return Call("POST", name, variables, asks=True)


def _order(command: Command) -> str:
    return f"{GID}/Order/{command.record_id}"


# Shipments


def create_order_shipment(command: Command) -> Steps:
    """Send what is left of an order, or some lines of it, from one location."""
    if command.found is not None:
        return command.found
    orders: list[Mapping[str, Any]] = []
    after = None
    while True:
        answer = yield _ask("fulfillment_orders", id=_order(command), after=after)
        listed = _existing(answer, command)["fulfillmentOrders"]
        orders += [entry for entry in listed["nodes"] if entry["status"] in OPEN_STATES]
        for entry in orders:
            yield from _read_to_end(entry["lineItems"], "fulfillment_order_lines", entry["id"])
        if not listed["pageInfo"]["hasNextPage"]:
            break
        after = listed["pageInfo"]["endCursor"]
    orders = _at_location(orders, command.body.get("warehouse_id"))
    lines = _lines_to_send(orders, command.body.get("line_items"))
    tracking = {"number": command.body["tracking_number"]}
    if "tracking_url" in command.body:
        tracking["url"] = command.body["tracking_url"]
    if "carrier_name" in command.body:
        tracking["company"] = command.body["carrier_name"]
    fulfillment = {
        "lineItemsByFulfillmentOrder": lines,
        "trackingInfo": tracking,
        "notifyCustomer": command.body.get("notify_customer", False),
    }
    yield Call("POST", "fulfill", {"fulfillment": fulfillment})
    return str(command.record_id)


def _read_to_end(listed: Json, query: str, holder_id: str) -> Generator[Call, Json, None]:
    """Add the further pages of a list within a record. query: asks for them, as `holder` of its answer."""
    while listed["pageInfo"]["hasNextPage"]:
        answer = yield _ask(query, id=holder_id, after=listed["pageInfo"]["endCursor"])
        following = answer["holder"]["page"]
        listed["nodes"] += following["nodes"]
        listed["pageInfo"] = following["pageInfo"]


def find_shipment(command: Command) -> Search:
    """The order, if it has a fulfilment with the tracking number since the caller first asked."""
    answer = yield _ask("sent", id=_order(command))
    for fulfillment in (answer["order"] or {}).get("fulfillments") or []:
        numbers = [entry["number"] for entry in fulfillment["trackingInfo"]]
        is_same = command.body["tracking_number"] in numbers and fulfillment["status"] not in UNSENT
        if is_same and command.is_since(fulfillment["createdAt"]):
            return command.record_id
    return None


def _existing(answer: Json, command: Command) -> Json:
    order = answer["order"]
    if order is None:
        raise VendorRefused(f"the shop has no order {command.record_id!r}")
    return order


def _at_location(orders: Sequence[Mapping[str, Any]], location: str | None) -> list[Mapping[str, Any]]:
    """The fulfilment orders of one location: Shopify takes no others together."""
    places = {
        entry["id"]: str((entry["assignedLocation"]["location"] or {}).get("legacyResourceId", ""))
        for entry in orders
    }
    names = sorted(set(places.values()))
    if location is None and len(names) > 1:
        raise VendorRefused(f"say from which warehouse_id: what is left is at {', '.join(names)}")
    return [entry for entry in orders if location in (None, places[entry["id"]])]


def _lines_to_send(
    orders: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]] | None
) -> list[dict[str, Any]]:
    """Lines by fulfilment order: those wanted, each from as many of them as it takes."""
    left = None if wanted is None else _wanted_by_line(wanted)
    chosen = []
    for entry in orders:
        if lines := _taken(entry, left):
            chosen.append({"fulfillmentOrderId": entry["id"], "fulfillmentOrderLineItems": lines})
    missing = [f"{name} ({count} more than are left)" for name, count in (left or {}).items() if count > 0]
    if missing:
        raise VendorRefused(f"there is not so much left to be sent of line {', '.join(missing)}")
    if not chosen:
        raise VendorRefused("nothing of this order is left to be sent there")
    return chosen


def _wanted_by_line(wanted: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Quantity of each line that is to be sent."""
    left = dict.fromkeys((line["line_item_id"] for line in wanted), 0)
    for line in wanted:
        left[line["line_item_id"]] += line["quantity"]
    return left


def _taken(entry: Mapping[str, Any], left: dict[str, int] | None) -> list[dict[str, Any]]:
    """The lines of a fulfilment order that are sent. left: how many of each are wanted still; None: all."""
    lines = []
    for line in entry["lineItems"]["nodes"]:
        name, quantity = line["lineItem"]["id"].rpartition("/")[2], line["remainingQuantity"]
        if left is not None:
            quantity = min(quantity, left.get(name, 0))
            left[name] = left.get(name, 0) - quantity
        if quantity > 0:
            lines.append({"id": line["id"], "quantity": quantity})
    return lines


# Refunds


def refund_order(command: Command) -> Steps:
    """Give money back, from the payments that have most left of what was taken, one after the other."""
    if command.found is not None:
        return command.found
    lines = command.body.get("line_items") or []
    returned = _returned(lines, (yield from _refundable(lines)))
    priced = [line for line, wanted in zip(returned, lines, strict=True) if line and "amount" not in wanted]
    answer = yield _ask("refund_basis", id=_order(command), lines=priced)
    order = _existing(answer, command)
    payments = _from_payments(order, _amount(command, order), _order(command))
    variables = {
        "orderId": _order(command),
        "note": command.body.get("reason", ""),
        "notify": False,
        "currency": order["presentmentCurrencyCode"],
        "refundLineItems": [line for line in returned if line],
        "transactions": payments,
    }
    yield _change(command, "refund", {"input": variables})
    return str(command.record_id)


def _refundable(lines: Sequence[Mapping[str, Any]]) -> Generator[Call, Json, dict[str, int]]:
    """How many are left to refund of the lines that are given back whole, by Shopify's id."""
    names = [line["line_item_id"] for line in lines if "quantity" not in line and "amount" not in line]
    if not names:
        return {}
    answer = yield _ask("refundable_lines", ids=[f"{GID}/LineItem/{name}" for name in names])
    return {node["id"]: node["refundableQuantity"] for node in answer["nodes"] if node}


def _returned(
    lines: Iterable[Mapping[str, Any]], refundable: Mapping[str, int]
) -> list[dict[str, Any] | None]:
    """The lines as Shopify takes them; None for one of which only an amount is given back."""
    returned: list[dict[str, Any] | None] = []
    for line in lines:
        name = f"{GID}/LineItem/{line['line_item_id']}"
        if "quantity" not in line and "amount" in line:
            returned.append(None)
            continue
        quantity = line["quantity"] if "quantity" in line else refundable.get(name, 0)
        if not quantity:
            raise VendorRefused(f"nothing of the line {line['line_item_id']!r} is left to refund")
        returned.append({"lineItemId": name, "quantity": quantity, "restockType": "NO_RESTOCK"})
    return returned


def _amount(command: Command, order: Json) -> Decimal:
    """The amount that is given back, in the currency that the customer paid in."""
    lines = command.body.get("line_items") or []
    amounts = [Decimal(line["amount"]) for line in lines if "amount" in line]
    is_named = "amount" in command.body or amounts
    if is_named and order["presentmentCurrencyCode"] != order["currencyCode"]:
        raise VendorRefused(
            f"the customer paid in {order['presentmentCurrencyCode']} and the shop counts in "
            f"{order['currencyCode']}: refund lines with their quantity, without an amount"
        )
    if "amount" in command.body:
        return Decimal(command.body["amount"])
    total = sum(amounts, Decimal(0))
    if len(amounts) < len(lines):
        total += _presentment((order["suggestedRefund"] or {}).get("amountSet"))
    return total


def _from_payments(order: Json, amount: Decimal, order_id: str) -> list[dict[str, Any]]:
    """Refunds of payments that together make the amount."""
    left: dict[str, Decimal] = {}
    gateways: dict[str, str] = {}
    for entry in order["transactions"]:
        value = _presentment(entry["amountSet"])
        if entry["kind"] in ("SALE", "CAPTURE") and entry["status"] == "SUCCESS":
            left[entry["id"]] = left.get(entry["id"], Decimal(0)) + value
            gateways[entry["id"]] = entry["gateway"] or ""
        elif entry["kind"] == "REFUND" and entry["status"] in ("SUCCESS", "PENDING"):
            parent = (entry["parentTransaction"] or {}).get("id", "")
            left[parent] = left.get(parent, Decimal(0)) - value
    refunds, missing = [], amount
    for parent in sorted(gateways, key=lambda name: left[name], reverse=True):
        part = min(left[parent], missing)
        if part > 0:
            refunds.append({
                "orderId": order_id, "parentId": parent, "gateway": gateways[parent], "kind": "REFUND",
                "amount": f"{part:f}",
            })  # fmt: skip
            missing -= part
    if missing > 0:
        raise VendorRefused(f"{amount} can't be refunded: {amount - missing} is left of what was paid")
    return refunds


def find_refund(command: Command) -> Search | None:
    """Search where the amount or a note was said: without, a refund can't be told from another."""
    return None if "amount" not in command.body and not command.body.get("reason") else _find_refund(command)


def _find_refund(command: Command) -> Search:
    """The order, if it has a refund of that amount and note since the caller first asked."""
    answer = yield _ask("refunds", id=_order(command))
    note, amount = command.body.get("reason", "").strip(), command.body.get("amount")
    for refund in (answer["order"] or {}).get("refunds") or []:
        is_same = (refund["note"] or "").strip() == note and amount in (None, *_amounts_of(refund))
        if is_same and command.is_since(refund["createdAt"]):
            return command.record_id
    return None


def _amounts_of(refund: Json) -> tuple[Decimal, Decimal]:
    """The amount of a refund as far as it was paid out, and with what is still on its way."""
    parts = (entry for entry in refund["transactions"]["nodes"] if entry["status"] not in UNPAID)
    begun = sum((_presentment(entry["amountSet"]) for entry in parts), Decimal(0))
    return _presentment(refund["totalRefundedSet"]), begun


def _presentment(bag: Mapping[str, Any] | None) -> Decimal:
    return Decimal(str(bag["presentmentMoney"]["amount"])) if bag else Decimal(0)


# Stock: Shopify's "available" is what callers mean, what can be sold


def adjust_inventory(command: Command) -> Steps:
    """Add to a level, take from it, or set it if nobody changed it meanwhile."""
    if command.found is not None:
        return command.found
    record_id = str(command.record_id)
    variants = yield from _stocked([record_id])
    item, location, available = _level(variants, record_id, command.body.get("warehouse_id"))
    where = {"inventoryItemId": item, "locationId": f"{GID}/Location/{location}"}
    quantity = command.body["quantity"]
    if command.body["adjustment_type"] == "exact":
        entry = {**where, "quantity": quantity, "changeFromQuantity": available}
        yield _change(command, "set", {"input": _levels_to_set([entry])})
        return record_id
    delta = quantity if command.body["adjustment_type"] == "increase" else -quantity
    entry = {**where, "delta": delta, "changeFromQuantity": None}
    variables = {"name": "available", "reason": REASON, "changes": [entry]}
    yield _change(command, "adjust", {"input": variables})
    return record_id


def find_level(command: Command) -> Search | None:
    """Search for an exact quantity; that something was added or taken away can't be told from a level."""
    return _find_exact(command) if command.body["adjustment_type"] == "exact" else None


def _find_exact(command: Command) -> Search:
    record_id = str(command.record_id)
    variants = yield from _stocked([record_id])
    _, _, available = _level(variants, record_id, command.body.get("warehouse_id"))
    return record_id if available == command.body["quantity"] else None


def batch_adjust_inventory(command: Command) -> Steps:
    """Set many levels, some dozens in a call; all are looked up before the first is set."""
    lines = command.body["line_items"]
    names = list(dict.fromkeys(line["product_id"] for line in lines))
    variants = yield from _stocked(names)
    entries = []
    for line in lines:
        item, location, available = _level(variants, line["product_id"], line.get("warehouse_id"))
        entries.append({
            "inventoryItemId": item, "locationId": f"{GID}/Location/{location}",
            "quantity": line["quantity"], "changeFromQuantity": available,
        })  # fmt: skip
    for begin in range(0, len(entries), AT_ONCE):
        yield _change(command, "set", {"input": _levels_to_set(entries[begin : begin + AT_ONCE])})
    return names


def _levels_to_set(entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {"name": "available", "reason": REASON, "quantities": entries}


def _variant_id(record_id: str) -> str:
    if not record_id.isdecimal():
        raise VendorRefused(f"{record_id!r} is a product: its variants have the stock")
    return f"{GID}/ProductVariant/{record_id}"


def _stocked(names: Sequence[str]) -> Generator[Call, Json, dict[str, Json]]:
    """The variants with all their levels, by their numbers."""
    variants: dict[str, Json] = {}
    for begin in range(0, len(names), AT_ONCE):
        answer = yield _ask("stocked", ids=[_variant_id(name) for name in names[begin : begin + AT_ONCE]])
        variants |= {node["id"].rpartition("/")[2]: node for node in answer["nodes"] if node}
    for variant in variants.values():
        item = variant["inventoryItem"]
        yield from _read_to_end(item["inventoryLevels"], "levels", item["id"])
    return variants


def _level(variants: Mapping[str, Json], name: str, location: str | None) -> tuple[str, str, int]:
    """The inventory item of a variant, a location, and what is available there."""
    if name not in variants:
        raise VendorRefused(f"the shop has no variant {name!r}")
    item = variants[name]["inventoryItem"]
    if not item["tracked"]:
        raise VendorRefused(f"the shop does not track the stock of {name!r}")
    levels = {
        str(level["location"]["legacyResourceId"]): level["quantities"][0]["quantity"]
        for level in item["inventoryLevels"]["nodes"]
    }
    if location is None and len(levels) != 1:
        raise VendorRefused(f"say at which warehouse_id: {name!r} is kept at {', '.join(levels) or 'none'}")
    place = location or next(iter(levels))
    if place not in levels:
        raise VendorRefused(f"{name!r} is not kept at {place!r}, but at {', '.join(levels) or 'none'}")
    return item["id"], place, levels[place]


CREATE_ORDER_SHIPMENT = Operation(
    Accepts(
        required=("tracking_number",),
        optional=("tracking_url", "carrier_name"),
        extra={"line_items": SENT_LINES, "warehouse_id": WAREHOUSE, "notify_customer": NOTIFY},
        options={"warehouse_id": "warehouses"},
    ),
    create_order_shipment,
    find=find_shipment,
)
REFUND_ORDER = Operation(REFUND, refund_order, find=find_refund)
ADJUST_INVENTORY = Operation(ADJUSTMENT, adjust_inventory, find=find_level)
BATCH_ADJUST_INVENTORY = Operation(ADJUSTMENTS, batch_adjust_inventory)
