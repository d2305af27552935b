"""ShipBob's returns → ours. Pure."""

from collections.abc import Iterable
from typing import Any

from crossdock.integrations.shipbob.read.parts import latest
from crossdock.kit.additional import additional
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import added, text, timestamp, whole

RETURN_STATUS = {
    "awaitingarrival": "open",
    "arrived": "receiving",
    "processing": "receiving",
    "completed": "received",
    "cancelled": "cancelled",
}
"""By ShipBob's word in small letters without spaces: its description has it in both spellings."""
DATES = (
    "insert_date", "awaiting_arrival_date", "arrived_date", "processing_date", "completed_date",
    "cancelled_date",
)  # fmt: skip
RESTOCKED = "restock"


def return_order(raw: Raw) -> Fields:
    word, items = text(raw.get("status")), raw.get("inventory") or []
    return {
        "id": text(raw["id"]),
        "created_date": timestamp(raw["insert_date"]),
        "updated_date": latest(_moments(raw)),
        "status": RETURN_STATUS.get((word or "").replace(" ", "").casefold(), "other"),
        "raw_status": word,
        "line_items": [_line(item, raw) for item in items],
        "shipments": _shipments(raw, items),
        "additional_fields": additional(
            raw, "reference_id", "original_shipment_id", "store_order_id", "return_type"
        ),
    }


def _moments(raw: Raw) -> Iterable[Any]:
    yield from (raw.get(name) for name in DATES)
    yield from (change.get("timestamp") for change in raw.get("status_history") or [])


def _line(item: Raw, raw: Raw) -> Fields:
    actions = item.get("action_taken") or []
    received = added(_processed(action) for action in actions)
    restocked = [action for action in actions if (text(action.get("action")) or "").casefold() == RESTOCKED]
    return {
        "inventory_item_id": text(item["id"]),
        "sku": text(item.get("sku")),
        "expected_quantity": whole(item["quantity"]),
        "received_quantity": received,
        "restocked_quantity": added(_processed(action) for action in restocked),
        "quantity": received,
        "warehouse_id": text((raw.get("fulfillment_center") or {}).get("id")),
        "returned_date": timestamp(raw.get("arrived_date")),
    }


def _processed(action: Raw) -> Any:
    """How many an action was taken with; none where ShipBob does not say."""
    quantity = whole(action.get("quantity_processed"))
    return 0 if quantity is None else quantity


def _shipments(raw: Raw, items: list[Raw]) -> list[Fields]:
    """The parcel of a return: there is one, known by its number or because it has come."""
    number, arrived = text(raw.get("tracking_number")), timestamp(raw.get("arrived_date"))
    if not number and not arrived:
        return []
    warehouse = text((raw.get("fulfillment_center") or {}).get("id"))
    lines = [_shipment_line(item) for item in items]
    return [
        {"tracking_number": number, "arrived_date": arrived, "warehouse_id": warehouse, "line_items": lines}
    ]


def _shipment_line(item: Raw) -> Fields:
    return {
        "inventory_item_id": text(item["id"]),
        "sku": text(item.get("sku")),
        "quantity": whole(item["quantity"]),
        "receiving_details": [
            {
                "quantity": whole(action.get("quantity_processed")) or 0,
                "condition": text(action.get("action_reason")),
                "disposition": text(action.get("action")),
            }
            for action in item.get("action_taken") or []
        ],
    }
