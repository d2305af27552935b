"""ShipBob's receiving orders (WROs) → ours. Pure."""

from collections.abc import Iterable
from typing import Any

from crossdock.integrations.shipbob.read.parts import latest
from crossdock.kit.additional import additional
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import text, timestamp, whole

INBOUND_STATUS = {
    "Awaiting": "open",
    "InternalTransfer": "in-transit",
    "PartiallyArrivedAtHub": "receiving",
    "ArrivedAtHub": "receiving",
    "ProcessingAtHub": "receiving",
    "PartiallyArrived": "receiving",
    "Arrived": "receiving",
    "Processing": "receiving",
    "Completed": "received",
    "Cancelled": "cancelled",
    "Incomplete": "other",  # nothing public says whether anything more is to come
}


def inbound_shipment(raw: Raw) -> Fields:
    lines, boxes = raw.get("inventory_quantities") or [], raw.get("boxes") or []
    skus = {line["inventory_id"]: text(line.get("sku")) for line in lines}
    return {
        "id": text(raw["id"]),
        "created_date": timestamp(raw["insert_date"]),
        "updated_date": latest(_moments(raw)),
        "purchase_order_number": text(raw.get("purchase_order_number")),
        "status": INBOUND_STATUS.get(raw["status"], "other"),
        "raw_status": text(raw["status"]),
        "expected_arrival_date": timestamp(raw.get("expected_arrival_date")),
        "warehouse_id": text((raw.get("fulfillment_center") or {}).get("id")),
        "line_items": [_line(line) for line in lines],
        "receipts": [receipt for box in boxes if (receipt := _receipt(box, skus))],
        "tracking_numbers": _numbers(boxes),
        "additional_fields": additional(raw, "package_type", "box_packaging_type", "box_labels_uri"),
    }


def _moments(raw: Raw) -> Iterable[Any]:
    yield from (raw["insert_date"], raw.get("last_updated_date"))
    yield from (change.get("timestamp") for change in raw.get("status_history") or [])


def _numbers(boxes: list[Raw]) -> list[str]:
    """The tracking numbers of the boxes, each once."""
    numbers = (text(box.get("tracking_number")) for box in boxes)
    return list(dict.fromkeys(number for number in numbers if number))


def _line(raw: Raw) -> Fields:
    return {
        "inventory_item_id": text(raw["inventory_id"]),
        "sku": text(raw.get("sku")),
        "expected_quantity": whole(raw["expected_quantity"]),
        "received_quantity": whole(raw.get("received_quantity")) or 0,
    }


def _receipt(box: Raw, skus: dict[int, str | None]) -> Fields | None:
    """A box that has come, with what was counted in it."""
    arrived = timestamp(box.get("received_date") or box.get("arrived_date"))
    if not arrived:
        return None
    items = [
        {
            "inventory_item_id": text(item["inventory_id"]),
            "sku": skus.get(item["inventory_id"]),
            "quantity": count,
        }
        for item in box.get("box_items") or []
        if (count := whole(item.get("received_quantity")))
    ]
    return {"id": text(box["box_id"]), "arrived_date": arrived, "line_items": items}
