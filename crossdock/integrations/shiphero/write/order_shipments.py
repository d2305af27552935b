"""Shipping an order outside ShipHero, in the three steps that its docs name (notes.md, "Writes").

The shipment with its label, then what was sent out of stock, then the order's status.
"""

from collections.abc import Mapping
from typing import Any

from crossdock.errors import VendorRefused
from crossdock.integrations.shiphero.records import is_cancelled, is_void
from crossdock.integrations.shiphero.write.calls import (
    UNNAMED,
    Asking,
    address_of,
    all_nodes,
    amount,
    ask,
    change,
    customer,
    existing,
    invalid,
    reason,
    summed,
    was_changed,
)
from crossdock.kit.contract import Accepts, Command, Json, Operation, Raw, Search, Steps

LOCATION: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "title": "Location",
    "description": "The bin that it was taken from. Accounts with dynamic slotting want it.",
}
NOTIFY: Mapping[str, Any] = {
    "type": "boolean",
    "title": "Tell the store",
    "description": "Whether ShipHero tells the store that the order came from.",
}


def create_order_shipment(command: Command) -> Steps:
    """Send the lines of the body, or all that is left."""
    order = existing((yield ask("order", id=command.record_id)), "order", command.record_id)
    lines = yield from all_nodes(order["line_items"], "order_lines", "order", command.record_id)
    shipments = []
    for shipment in order["shipments"] or []:
        parts = yield from all_nodes(shipment["line_items"], "shipment_lines", "shipment", shipment["id"])
        shipments.append(shipment | {"line_items": parts})
    left = _left(lines, shipments)
    if command.found is None:
        if any(_is_ours(command, shipment) for shipment in shipments):
            raise VendorRefused("a shipment of this order has this tracking number already")
        sent = _asked_for(command, lines, left)
        yield change("shipment_create", _shipment(command, order, sent))
        left = {name: quantity - sent.get(name, 0) for name, quantity in left.items()}
    else:
        sent = _sent_before(command, shipments)
    skus = {line["id"]: line["sku"] for line in lines}
    for sku, quantity in summed((skus[name], quantity) for name, quantity in sent.items()).items():
        yield from _take(command, sku, quantity)
    if not any(quantity > 0 for quantity in left.values()):
        status = {"order_id": command.record_id, **customer(command), "fulfillment_status": "fulfilled"}
        yield change("order_update_fulfillment_status", status)
    return str(command.record_id)


def find_shipment(command: Command) -> Search:
    """The order, if a shipment of it has the tracking number."""
    answer = yield ask("order", id=command.record_id)
    shipments = existing(answer, "order", command.record_id)["shipments"] or []
    return command.record_id if any(_is_ours(command, shipment) for shipment in shipments) else None


def _is_ours(command: Command, shipment: Raw) -> bool:
    """Check whether a shipment has our tracking number. None had it when the write began."""
    labels = shipment["shipping_labels"] or []
    numbers = {label["tracking_number"] for label in labels if not is_void(label)}
    return command.body["tracking_number"] in numbers


def _left(lines: list[Raw], shipments: list[Raw]) -> dict[str, int]:
    """Quantities that no shipment has yet, by line."""
    left = {line["id"]: line["quantity"] for line in lines}
    sent = [shipment for shipment in shipments if not is_cancelled(shipment)]
    for part in (part for shipment in sent for part in shipment["line_items"]):
        name = (part["line_item"] or {}).get("id")
        if name in left:
            left[name] -= part["quantity"]
    return left


def _asked_for(command: Command, lines: list[Raw], left: Mapping[str, int]) -> dict[str, int]:
    """What is to be sent, by line. Raises Invalid for more than is left."""
    if "line_items" not in command.body:
        sent = {name: quantity for name, quantity in left.items() if quantity > 0}
        if not sent:
            raise VendorRefused("all of this order was sent already")
        return sent
    chosen: dict[str, int] = {}
    for number, item in enumerate(command.body["line_items"]):
        missing = item["quantity"]
        for line in lines:
            if line["sku"] == item["sku"]:
                taken = min(missing, left[line["id"]] - chosen.get(line["id"], 0))
                if taken > 0:
                    chosen[line["id"]] = chosen.get(line["id"], 0) + taken
                    missing -= taken
        if missing:
            due = f"the order has {item['quantity'] - missing} of {item['sku']!r} left to send"
            raise invalid(f"line_items[{number}].quantity", due)
    return chosen


def _sent_before(command: Command, shipments: list[Raw]) -> dict[str, int]:
    """Shipments of an earlier attempt."""
    parts = [part for shipment in shipments if _is_ours(command, shipment) for part in shipment["line_items"]]
    return summed((part["line_item"]["id"], part["quantity"]) for part in parts if part["line_item"])


def _shipment(command: Command, order: Json, sent: Mapping[str, int]) -> dict[str, Any]:
    """A shipment with one label. It is made by the account that signs in, also for a 3PL's customer."""
    body, address = command.body, address_of(order)
    method = body.get("shipping_method") or command.stored.get("service_level") or UNNAMED
    label = {
        "carrier": body.get("carrier") or command.stored.get("carrier_name") or UNNAMED,
        "shipping_name": method,
        "shipping_method": method,
        "cost": amount(body.get("shipping_cost", 0)),
        "address": address,
        "dimensions": {},
        "label": {},
        "line_item_ids": list(sent),
        "tracking_number": body["tracking_number"],
    }
    store = {"notify_customer_via_store": body["notify_store"]} if "notify_store" in body else {}
    return {
        "order_id": command.record_id,
        "warehouse_id": body["warehouse_id"],
        "address": address,
        "line_items": [{"line_item_id": name, "quantity": quantity} for name, quantity in sent.items()],
        "labels": [label],
        "shipped_off_shiphero": True,
        **store,
    }


def _take(command: Command, sku: str, quantity: int) -> Asking:
    """Take what was sent out of stock, once."""
    warehouse = command.body["warehouse_id"]
    if command.found is not None and (yield from was_changed(command, sku, warehouse)):
        return
    location = {"location_id": command.body["location_id"]} if "location_id" in command.body else {}
    data = {"sku": sku, "warehouse_id": warehouse, "quantity": quantity, "reason": reason(command)}
    yield change("inventory_remove", {**customer(command), **data, **location})


CREATE_ORDER_SHIPMENT = Operation(
    Accepts(
        required=("tracking_number", "warehouse_id", "line_items.sku", "line_items.quantity"),
        optional=("line_items", "carrier", "shipping_method", "shipping_cost"),
        extra={"location_id": LOCATION, "notify_store": NOTIFY},
        options={"warehouse_id": "warehouses"},
    ),
    create_order_shipment,
    find=find_shipment,
)
