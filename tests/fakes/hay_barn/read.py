"""Hay Barn records → ours. Pure: values in, values out."""

from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import money, text, timestamp, whole

ORDER_STATUS = {"new": "open", "packing": "processing", "sent": "fulfilled", "void": "cancelled"}
RETURN_STATUS = {"announced": "open", "arrived": "received", "void": "cancelled"}


def order(raw: Raw) -> Fields:
    return _common(raw, ORDER_STATUS) | {
        "order_number": text(raw["number"]),
        "total_price": money(raw["total"]),
        "line_items": [_order_line(line) for line in raw["lines"]],
    }


def _order_line(raw: Raw) -> Fields:
    product, quantity = text(raw["item"]), whole(raw["quantity"])
    return {"product_id": product, "quantity": quantity, "is_picked": raw["picked"]}


def inventory_item(raw: Raw) -> Fields:
    counts = ("awaiting", "onhand", "committed", "unfulfillable", "fulfillable", "sellable")
    named = {"name": text(raw["name"]), "sku": text(raw["sku"]), "active": raw["active"]}
    return _stamped(raw) | named | {count: whole(raw[count]) for count in counts}


def return_order(raw: Raw) -> Fields:
    return _common(raw, RETURN_STATUS) | {"order_id": text(raw["order"])}


def _common(raw: Raw, statuses: dict[str, str]) -> Fields:
    status = statuses.get(raw["state"], "other")
    return _stamped(raw) | {"status": status, "raw_status": text(raw["state"])}


def _stamped(raw: Raw) -> Fields:
    stamps = {"created_date": timestamp(raw["created"]), "updated_date": timestamp(raw["changed"])}
    return {"id": text(raw["id"])} | stamps
