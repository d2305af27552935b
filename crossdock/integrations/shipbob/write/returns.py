"""Returns → calls of ShipBob, and the bodies it accepts. Pure."""

from collections.abc import Mapping
from typing import Any

from crossdock.errors import VendorRefused
from crossdock.integrations.shipbob.write.lookups import Lookup, inventory_ids, made, number, searched_for
from crossdock.kit.contract import Accepts, Call, Command, Operation, Search, Steps

CANCELLED = "Cancelled"
DEFAULT = "Default"
TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
EXTRA: Mapping[str, Mapping[str, Any]] = {
    "reference_id": TEXT
    | {
        "title": "Reference",
        "description": "Your number of the return, written on its box if that has no tracking number.",
    },
    "tracking_number": TEXT
    | {"title": "Tracking number", "description": "Of the parcel that comes back: ShipBob knows it by that."},
    "original_shipment_id": TEXT
    | {"title": "Shipment", "description": "What was sent. Needed for an order of several shipments."},
    "requested_action": {
        "type": "string",
        "enum": ["Default", "Restock", "Quarantine", "Dispose"],
        "title": "What to do with it",
        "description": "Default: as it is set for each item in ShipBob.",
    },
}


def create_return(command: Command) -> Steps:
    if command.found is not None:
        return command.found
    shipment = yield from _shipment(command)
    body = {
        "fulfillment_center": {"id": number(command.body["warehouse_id"], "warehouse_id")},
        "reference_id": _reference(command),
        "inventory": (yield from _inventory(command)),
        "original_shipment_id": shipment,
        "tracking_number": command.body.get("tracking_number"),
    }
    answer = yield Call("POST", "/return", {name: value for name, value in body.items() if value is not None})
    return str(answer["id"])


def _reference(command: Command) -> str:
    """The caller's reference; or one that is the same at each try."""
    begun = int(command.begun.timestamp()) if command.begun else 0
    return str(command.body.get("reference_id") or f"R{command.body.get('order_id', '')}-{begun}")


def _shipment(command: Command) -> Lookup[int | None]:
    """The shipment that comes back: that of the order, if there is only one that was sent."""
    if "original_shipment_id" in command.body:
        return number(command.body["original_shipment_id"], "original_shipment_id")
    if "order_id" not in command.body:
        return None
    answer = yield Call("GET", f"/order/{command.body['order_id']}", asks=True)
    shipments = answer["shipments"]
    if not isinstance(shipments, list):
        stand_in: int = shipments[0]["id"]
        return stand_in  # a dry run: it stands for what the answer will say
    sent = [shipment["id"] for shipment in shipments if shipment["status"] == "Completed"]
    if len(sent) != 1:
        raise VendorRefused(f"say original_shipment_id: of this order {len(sent)} shipments were sent")
    shipment_id: int = sent[0]
    return shipment_id


def _inventory(command: Command) -> Lookup[list[dict[str, Any]]]:
    """The items; ShipBob wants each once."""
    counts: dict[str, int] = {}
    for line in command.body["line_items"]:
        counts[line["sku"]] = counts.get(line["sku"], 0) + line["quantity"]
    ids = yield from inventory_ids(counts)
    action = command.body.get("requested_action", DEFAULT)
    return [
        {"id": ids[sku], "quantity": quantity, "requested_action": action} for sku, quantity in counts.items()
    ]


def find_return(command: Command) -> Search | None:
    """By its reference; one that was made up is known by when the write was first asked for."""
    return None if command.begun is None and "reference_id" not in command.body else _find(command)


def _find(command: Command) -> Search:
    reference = _reference(command)
    filters = searched_for(command, reference, "ReferenceIds", "StartDate")
    answer = yield Call("GET", "/return", params=filters, asks=True)
    return_order = made(command, answer["items"], "reference_id", reference, "insert_date")
    return None if return_order is None else str(return_order["id"])


def update_return(command: Command) -> Steps:
    """Put the whole of it anew, as ShipBob wants: what is not said stays. Only until it arrives."""
    path = f"/return/{command.record_id}"
    current = yield Call("GET", path, asks=True)
    lines = (yield from _inventory(command)) if "line_items" in command.body else _kept(current, command)
    place = command.body.get("warehouse_id")
    body = {
        "fulfillment_center": {
            "id": number(place, "warehouse_id") if place else current["fulfillment_center"]["id"]
        },
        "reference_id": current["reference_id"],
        "inventory": lines,
        "original_shipment_id": current["original_shipment_id"],
        "tracking_number": command.body.get("tracking_number") or current["tracking_number"],
    }
    yield Call("PUT", path, body)
    return str(command.record_id)


def _kept(current: Any, command: Command) -> list[dict[str, Any]]:
    """The items as they are, with the action that is asked for."""
    items = current["inventory"]
    if not isinstance(items, list):
        items = [items[0]]
    action = command.body.get("requested_action")
    return [
        {
            "id": item["id"],
            "quantity": item["quantity"],
            "requested_action": action or item["action_requested"]["action"],
        }
        for item in items
    ]


def cancel_return(command: Command) -> Steps:
    if command.found is not None:
        return command.found
    yield Call("POST", f"/return/{command.record_id}:cancel")
    return str(command.record_id)


def find_cancelled(command: Command) -> Search:
    answer = yield Call("GET", f"/return/{command.record_id}", asks=True)
    return command.record_id if answer["status"] == CANCELLED else None


LINES = ("line_items", "line_items.sku", "line_items.quantity")
CHANGED = {name: EXTRA[name] for name in ("tracking_number", "requested_action")}
OPTIONS = {"warehouse_id": "warehouses"}
CREATE_RETURN = Operation(
    Accepts(required=("warehouse_id", *LINES), optional=("order_id",), extra=EXTRA, options=OPTIONS),
    create_return,
    find=find_return,
)
UPDATE_RETURN = Operation(
    Accepts(optional=("warehouse_id", *LINES), extra=CHANGED, options=OPTIONS), update_return
)
CANCEL_RETURN = Operation(Accepts(), cancel_return, find=find_cancelled)
