"""Receiving orders (WROs) → calls of ShipBob, and the bodies it accepts. Pure.

What arrives is received by ShipBob itself: no caller can do that.
"""

from collections.abc import Mapping
from typing import Any

from crossdock.integrations.shipbob.write.lookups import EARLIER, entry, inventory_ids, number, searched_for
from crossdock.kit.contract import Accepts, Call, Command, Operation, Search, Steps

CANCELLED = "Cancelled"
TEXT: Mapping[str, Any] = {"type": "string", "minLength": 1}
BOXES: Mapping[str, Any] = {
    "type": "array",
    "minItems": 1,
    "title": "Boxes",
    "description": "What is in which box. Without any: all of it in one.",
    "items": {
        "type": "object",
        "properties": {
            "tracking_number": TEXT,
            "line_items": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "properties": {
                        "sku": TEXT,
                        "quantity": {"type": "integer", "minimum": 1},
                        "lot_number": TEXT,
                        "lot_date": {"type": "string", "format": "date-time"},
                    },
                    "required": ["sku", "quantity"],
                    "additionalProperties": False,
                },
            },
        },
        "required": ["line_items"],
        "additionalProperties": False,
    },
}
PACKAGE_TYPE: Mapping[str, Any] = {
    "type": "string",
    "enum": ["Package", "Pallet", "FloorLoadedContainer"],
    "title": "How it comes",
    "description": "Package, unless it says otherwise.",
}
STATUS: Mapping[str, Any] = {
    "type": "string",
    "enum": ["cancelled"],
    "title": "Status",
    "description": "Cancels it, as long as ShipBob awaits it. Nothing else of it can be changed.",
}


def create_inbound_shipment(command: Command) -> Steps:
    if command.found is not None:
        return command.found
    boxes = _boxes(command)
    skus = [line["sku"] for box in boxes for line in box["line_items"]]
    ids = yield from inventory_ids(skus)
    body = {
        "fulfillment_center": {"id": number(command.body["warehouse_id"], "warehouse_id")},
        "package_type": command.body.get("package_type", "Package"),
        "box_packaging_type": _packing(boxes),
        "expected_arrival_date": command.body["expected_arrival_date"],
        "purchase_order_number": command.body.get("purchase_order_number"),
        "boxes": [_box(box, ids) for box in boxes],
    }
    answer = yield Call("POST", "/receiving", body)
    return str(answer["id"])


def _boxes(command: Command) -> list[Mapping[str, Any]]:
    """The boxes as they were said, or one with all the lines."""
    said: list[Mapping[str, Any]] | None = command.body.get("boxes")
    if said:
        return said
    lines = [
        {"sku": line["sku"], "quantity": line["expected_quantity"]} for line in command.body["line_items"]
    ]
    return [{"tracking_number": command.body.get("tracking_number"), "line_items": lines}]


def _packing(boxes: list[Mapping[str, Any]]) -> str:
    if len(boxes) == 1:
        return "EverythingInOneBox"
    has_one_sku = all(len({line["sku"] for line in box["line_items"]}) == 1 for box in boxes)
    return "OneSkuPerBox" if has_one_sku else "MultipleSkuPerBox"


def _box(box: Mapping[str, Any], ids: Mapping[str, Any]) -> dict[str, Any]:
    items = []
    for line in box["line_items"]:
        lot = {name: line[name] for name in ("lot_number", "lot_date") if name in line}
        items.append({"inventory_id": ids[line["sku"]], "quantity": line["quantity"], **lot})
    return {"tracking_number": box.get("tracking_number"), "box_items": items}


def find_inbound_shipment(command: Command) -> Search | None:
    """By the number of the purchase order, among those made since; without one it can't be told."""
    if "purchase_order_number" not in command.body or command.begun is None:
        return None
    return _find_by_number(command)


def _find_by_number(command: Command) -> Search:
    purchase_order = command.body["purchase_order_number"]
    begun = command.begun and (command.begun - EARLIER).isoformat()
    filters = searched_for(command, purchase_order, "PurchaseOrderNumbers", "InsertStartDate")
    answer = yield Call("GET", "/receiving", params={**filters, "InsertStartDate": begun}, asks=True)
    receiving = entry(answer, "purchase_order_number", purchase_order)
    return None if receiving is None else str(receiving["id"])


def update_inbound_shipment(command: Command) -> Steps:
    """Cancel it."""
    if command.found is not None:
        return command.found
    yield Call("POST", f"/receiving/{command.record_id}:cancel")
    return str(command.record_id)


def find_cancelled(command: Command) -> Search:
    answer = yield Call("GET", f"/receiving/{command.record_id}", asks=True)
    return command.record_id if answer["status"] == CANCELLED else None


CREATE_INBOUND_SHIPMENT = Operation(
    Accepts(
        required=(
            "warehouse_id",
            "expected_arrival_date",
            "line_items",
            "line_items.sku",
            "line_items.expected_quantity",
        ),
        optional=("purchase_order_number", "tracking_number"),
        extra={"boxes": BOXES, "package_type": PACKAGE_TYPE},
        options={"warehouse_id": "warehouses"},
    ),
    create_inbound_shipment,
    find=find_inbound_shipment,
)
UPDATE_INBOUND_SHIPMENT = Operation(
    Accepts(extra={"status": STATUS}, required_extra=("status",)),
    update_inbound_shipment,
    find=find_cancelled,
)
