"""Tin Loft records → ours. Pure: values in, values out."""

from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import money, text, timestamp, whole

STATUS = {"OPEN": "open", "PACKING": "processing", "SENT": "fulfilled", "CANCELLED": "cancelled"}


def order(raw: Raw) -> Fields:
    return _stamped(raw) | {
        "order_number": text(raw["number"]),
        "status": STATUS.get(raw["state"], "other"),
        "raw_status": text(raw["state"]),
        "total_price": money(raw["total"]),
        "line_items": [_order_line(line) for line in raw["lines"]],
    }


def _order_line(raw: Raw) -> Fields:
    return {
        "product_id": text(raw["product"]),
        "quantity": whole(raw["quantity"]),
        "is_picked": raw["picked"],
    }


def product(raw: Raw) -> Fields:
    return _stamped(raw) | {
        "name": text(raw["title"]),
        "sku": text(raw["sku"]),
        "unit_price": money(raw["price"]),
        "is_kit": False,
        "active": raw["active"],
    }


def _stamped(raw: Raw) -> Fields:
    return {
        "id": text(raw["id"]),
        "created_date": timestamp(raw["createdAt"]),
        "updated_date": timestamp(raw["updatedAt"]),
    }
