"""What comes in: purchase orders, their suppliers, and returns."""

from crossdock.integrations.shiphero.read.parts import dated, word
from crossdock.integrations.shiphero.records import item_id
from crossdock.kit.additional import additional
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import money, text, timestamp, whole

INBOUND_STATUS = {"closed": "received", "canceled": "cancelled", "cancelled": "cancelled"}
"""The default statuses but "pending": there what was received says how far it is. Accounts add their own."""
RETURN_STATUS = {
    "warehouse_complete": "received",
    "complete": "received",
    "completed": "received",
    "canceled": "cancelled",
    "cancelled": "cancelled",
}
PENDING = "pending"


def inbound_shipment(raw: Raw) -> Fields:
    number, vendor = text(raw.get("tracking_number")), raw.get("vendor") or {}
    notes = (text(raw.get("po_note")), text(raw.get("packing_note")))
    stamps = [timestamp(line.get("updated_at")) for line in raw["line_items"]]
    stamps += [timestamp(raw.get("date_closed")), timestamp(raw.get("arrived_at"))]
    return {
        "id": text(raw["id"]),
        "warehouse_customer_id": text(raw.get("customer_account_id")),
        **dated(raw["created_at"], max(filter(None, stamps), default=None)),
        "purchase_order_number": text(raw.get("po_number")),
        "status": inbound_status(raw),
        "raw_status": text(raw.get("fulfillment_status")),
        "supplier": text(vendor.get("name")),
        "supplier_object": _supplier(vendor),
        "expected_arrival_date": timestamp(raw.get("po_date")),
        "warehouse_id": text(raw.get("warehouse_id")),
        "line_items": [_expected(line, raw) for line in raw["line_items"]],
        "receipts": _receipts(raw),
        "tracking_numbers": [number] if number else [],
        "notes": [note for note in notes if note],
        "additional_fields": additional(raw, "legacy_id"),
    }


def inbound_status(raw: Raw) -> str:
    status = word(raw.get("fulfillment_status"))
    if status != PENDING:
        return INBOUND_STATUS.get(status, "other")
    return "receiving" if any(whole(line.get("quantity_received")) for line in raw["line_items"]) else "open"


def _supplier(vendor: Raw) -> Fields:
    name = text(vendor.get("id"))
    return {"supplier_id": name, "supplier_name": text(vendor.get("name"))} if name else {}


def _expected(line: Raw, raw: Raw) -> Fields:
    return {
        "inventory_item_id": item_id(raw.get("account_id"), line.get("sku")) or text(line["id"]),
        "sku": text(line.get("sku")),
        "expected_quantity": whole(line["quantity"]),
        "received_quantity": whole(line.get("quantity_received")) or 0,
        "unit_cost": money(line.get("price")),
        "external_id": text(line.get("partner_line_item_id")) or text(line["id"]),
    }


def _receipts(raw: Raw) -> list[Fields]:
    """All that was received as one receipt, which is all that ShipHero tells; none without its date."""
    arrived = timestamp(raw.get("arrived_at"))
    lines = [line for line in raw["line_items"] if whole(line.get("quantity_received"))]
    if arrived is None or not lines:
        return []
    received = [
        {
            "inventory_item_id": item_id(raw.get("account_id"), line.get("sku")) or text(line["id"]),
            "sku": text(line.get("sku")),
            "quantity": whole(line["quantity_received"]),
        }
        for line in lines
    ]
    return [{"id": text(raw["id"]), "arrived_date": arrived, "line_items": received}]


def supplier(raw: Raw) -> Fields:
    return {
        "id": text(raw["id"]),
        "name": text(raw.get("name")),
        **dated(raw.get("created_at")),
        "additional_fields": additional(raw, "legacy_id", "email", "account_number"),
    }


def return_order(raw: Raw) -> Fields:
    stamps = [timestamp(line.get("updated_at")) for line in raw["line_items"]]
    reason = text(raw.get("reason"))
    return {
        "id": text(raw["id"]),
        "warehouse_customer_id": text(raw.get("customer_account_id")),
        **dated(raw["created_at"], max(filter(None, stamps), default=None)),
        "status": return_status(raw),
        "raw_status": text(raw["status"]),
        "order_id": text(raw.get("order_id")),
        "notes": [reason] if reason else [],
        "line_items": [_returned(line, raw) for line in raw["line_items"]],
        "shipments": [_sent_back(label, raw) for label in raw.get("labels") or []],
        "additional_fields": additional(raw, "legacy_id", "partner_id", "label_type"),
    }


def return_status(raw: Raw) -> str:
    status = word(raw["status"])
    if status != PENDING:
        return RETURN_STATUS.get(status, "other")
    return "receiving" if any(whole(line.get("quantity_received")) for line in raw["line_items"]) else "open"


def _returned(line: Raw, raw: Raw) -> Fields:
    item = line.get("line_item") or {}
    received = whole(line.get("quantity_received")) or 0
    return {
        "inventory_item_id": item_id(raw.get("account_id"), item.get("sku")) or text(line["id"]),
        "sku": text(item.get("sku")),
        "expected_quantity": whole(line["quantity"]),
        "received_quantity": received,
        "restocked_quantity": whole(line.get("restock")),
        "return_reason": text(line.get("reason")),
        "quantity": received,
        "warehouse_id": text(line.get("warehouse_id")),
    }


def _sent_back(label: Raw, raw: Raw) -> Fields:
    """A label that the buyer sends with. Which lines it is for is not said."""
    carrier = text(label.get("carrier")) or text(raw.get("shipping_carrier"))
    return {
        "tracking_number": text(label.get("tracking_number")),
        "warehouse_id": next((text(line.get("warehouse_id")) for line in raw["line_items"]), None),
        "carrier": carrier,
        "carrier_name": carrier,
        "shipping_cost": money(label.get("cost")),
    }
