"""What comes in: purchase orders and their receipt, and returns."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crossdock.integrations.shiphero.lists import spelt
from crossdock.integrations.shiphero.write.calls import (
    UNNAMED,
    Asking,
    address_of,
    all_nodes,
    ask,
    change,
    customer,
    existing,
    invalid,
    listed,
    reason,
    since,
    summed,
    was_changed,
)
from crossdock.kit.contract import Accepts, Command, Json, Operation, Search, Steps

NOTHING = "0.00"
"""Amounts that ShipHero wants of a purchase order, and that no caller gives."""
SUPPLIED = ("supplier_object", "supplier_object.supplier_id")


def create_inbound_shipment(command: Command) -> Steps:
    if command.found is not None:
        return command.found
    body = command.body
    lines = [
        {
            "sku": line["sku"],
            "quantity": line["expected_quantity"],
            "expected_weight_in_lbs": NOTHING,
            "price": NOTHING,
        }
        for line in body["line_items"]
    ]
    data = {
        **customer(command),
        "po_number": body["purchase_order_number"],
        "subtotal": NOTHING,
        "shipping_price": NOTHING,
        "total_price": NOTHING,
        "warehouse_id": body["warehouse_id"],
        "fulfillment_status": "pending",
        "line_items": lines,
        **_header(body),
    }
    if "supplier_object" in body:
        data["vendor_id"] = body["supplier_object"]["supplier_id"]
    answer = yield change("purchase_order_create", data)
    return str(answer["purchase_order_create"]["purchase_order"]["id"])


def find_inbound_shipment(command: Command) -> Search | None:
    return _find_inbound_shipment(command) if command.begun else None


def _find_inbound_shipment(command: Command) -> Search:
    """The purchase order with this number, if it is as new as the write."""
    number, name = command.body["purchase_order_number"], customer(command).get("customer_account_id")
    variables = {"since": since(command), **({"customer": name} if name else {})}
    orders = yield from listed("purchase_orders_made", "purchase_orders", **variables)
    return next((str(raw["id"]) for raw in orders if raw["po_number"] == number), None)


def update_inbound_shipment(command: Command) -> Steps:
    data = {"po_id": command.record_id, **customer(command), **_header(command.body)}
    if "line_items" in command.body:
        data["line_items"] = [
            {"sku": line["sku"], "quantity": line["expected_quantity"]} for line in command.body["line_items"]
        ]
    yield change("purchase_order_update", data)
    return str(command.record_id)


def _header(body: Mapping[str, Any]) -> dict[str, Any]:
    data = {"tracking_number": body["tracking_number"]} if "tracking_number" in body else {}
    if "expected_arrival_date" in body:
        data["po_date"] = spelt(datetime.fromisoformat(body["expected_arrival_date"]))
    return data


# Receipt


def receive_inbound_shipment(command: Command) -> Steps:
    """Note what has arrived, add it to stock, and close what has arrived whole.

    The purchase order comes first, by numbers counted from what we hold: done twice they stay the same.
    """
    answer = yield ask("purchase_order", id=command.record_id)
    raw = existing(answer, "purchase_order", command.record_id)
    lines = yield from all_nodes(
        raw["line_items"], "purchase_order_lines", "purchase_order", command.record_id
    )
    received = {line["sku"]: line["quantity_received"] or 0 for line in lines}
    totals = _totals(command, received)
    changed = {sku: total for sku, total in totals.items() if total != received[sku]}
    updates = [{"sku": sku, "quantity_received": total} for sku, total in changed.items()]
    if updates:
        data = {"po_id": command.record_id, **customer(command), "line_items": updates}
        yield change("purchase_order_update", data)
    for sku, quantity in _arrived(command).items():
        yield from _add(command, raw, sku, quantity)
    if all((received | totals)[line["sku"]] >= line["quantity"] for line in lines):
        yield change("purchase_order_close", {"po_id": command.record_id, **customer(command)})
    return str(command.record_id)


def find_receipt(command: Command) -> Search | None:
    return _find_receipt(command) if command.begun else None


def _find_receipt(command: Command) -> Search:
    """The purchase order, if what arrived was added to stock, or some of it."""
    warehouse = command.body.get("warehouse_id") or command.stored.get("warehouse_id")
    sku = command.body["line_items"][0]["sku"]
    return command.record_id if (yield from was_changed(command, sku, warehouse)) else None


def _arrived(command: Command) -> dict[str, int]:
    """Quantities that have arrived, by SKU."""
    return summed((line["sku"], line["quantity"]) for line in command.body["line_items"])


def _totals(command: Command, received: Mapping[str, int]) -> dict[str, int]:
    """What is received in all then, by SKU. Raises Invalid for what the purchase order has not."""
    for number, line in enumerate(command.body["line_items"]):
        if line["sku"] not in received:
            raise invalid(f"line_items[{number}].sku", f"the purchase order has no {line['sku']!r}")
    known = {line["sku"]: line["received_quantity"] for line in command.stored.get("line_items") or []}
    totals: dict[str, int] = {}
    for sku, quantity in _arrived(command).items():
        total = known.get(sku, received[sku]) + quantity
        # An earlier attempt may have come so far; else somebody else has received some, which is kept.
        is_as_known = received[sku] in (known.get(sku, received[sku]), total)
        totals[sku] = total if is_as_known else received[sku] + quantity
    return totals


def _add(command: Command, raw: Json, sku: str, quantity: int) -> Asking:
    """Add what has arrived to stock, once."""
    body = command.body
    warehouse = body.get("warehouse_id") or raw["warehouse_id"]
    if command.found is not None and (yield from was_changed(command, sku, warehouse)):
        return
    location = {"location_id": body["warehouse_location_id"]} if "warehouse_location_id" in body else {}
    data = {"sku": sku, "warehouse_id": warehouse, "quantity": quantity, "reason": reason(command)}
    yield change("inventory_add", {**customer(command), **data, **location})


# Returns

RETURN_REASON: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "title": "Reason",
    "description": "Why it comes back; of each line, too.",
}
CARRIER: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "title": "Carrier",
    "description": "Who brings it back, as ShipHero spells it.",
}
METHOD: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "title": "Shipping method",
    "description": "The carrier's service.",
}


def create_return(command: Command) -> Steps:
    """A return without a label of ShipHero's: the buyer sends it."""
    if command.found is not None:
        return command.found
    body = command.body
    order = existing((yield ask("order", id=body["order_id"])), "order", body["order_id"])
    why = body.get("return_reason", UNNAMED)
    data = {
        "order_id": body["order_id"],
        "warehouse_id": body["warehouse_id"],
        "return_reason": why,
        "label_type": "SELF_RETURN",
        "label_cost": NOTHING,
        "create_label": False,
        "address": address_of(order),
        "dimensions": {},
        "shipping_carrier": body.get("carrier", UNNAMED),
        "shipping_method": body.get("shipping_method", UNNAMED),
        "partner_id": reason(command),
        "line_items": [
            {"sku": line["sku"], "quantity": line["quantity"], "return_reason": why}
            for line in body["line_items"]
        ],
    }
    answer = yield change("return_create", data)
    return str(answer["return_create"]["return"]["id"])


def find_return(command: Command) -> Search | None:
    return _find_return(command) if command.begun else None


def _find_return(command: Command) -> Search:
    made = yield from listed("order_returns", "returns", order=command.body["order_id"], since=since(command))
    return next((str(raw["id"]) for raw in made if raw["partner_id"] == reason(command)), None)


CREATE_INBOUND_SHIPMENT = Operation(
    Accepts(
        required=(
            "purchase_order_number",
            "warehouse_id",
            "line_items",
            "line_items.sku",
            "line_items.expected_quantity",
        ),
        optional=(*SUPPLIED, "expected_arrival_date", "tracking_number"),
        options={"warehouse_id": "warehouses"},
    ),
    create_inbound_shipment,
    find=find_inbound_shipment,
)
UPDATE_INBOUND_SHIPMENT = Operation(
    Accepts(
        required=("line_items.sku", "line_items.expected_quantity"),
        optional=("line_items", "expected_arrival_date", "tracking_number"),
    ),
    update_inbound_shipment,
)
RECEIVE_INBOUND_SHIPMENT = Operation(
    Accepts(
        required=("line_items", "line_items.sku", "line_items.quantity"),
        optional=("warehouse_location_id", "warehouse_id"),
        options={"warehouse_id": "warehouses"},
    ),
    receive_inbound_shipment,
    find=find_receipt,
)
CREATE_RETURN = Operation(
    Accepts(
        required=("order_id", "warehouse_id", "line_items", "line_items.sku", "line_items.quantity"),
        extra={"return_reason": RETURN_REASON, "carrier": CARRIER, "shipping_method": METHOD},
        options={"warehouse_id": "warehouses"},
    ),
    create_return,
    find=find_return,
)
