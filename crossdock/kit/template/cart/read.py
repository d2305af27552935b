"""Acme records → ours. Pure: values in, values out."""

from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import money, text, timestamp, whole

# Acme's word: ours. What is not here is "other", and its word is kept in raw_status.
STATUS = {"PAID": "confirmed", "SHIPPED": "fulfilled", "CANCELLED": "cancelled"}


def order(raw: Raw) -> Fields:
    """Acme order → order. The list call leaves `lines` out of archived orders."""
    fields: Fields = {
        "id": text(raw["id"]),
        "order_number": text(raw["number"]),
        "created_date": timestamp(raw["created_at"]),
        "updated_date": timestamp(raw["updated_at"]),
        "status": STATUS.get(raw["state"], "other"),
        "raw_status": text(raw["state"]),
        "invoice_currency_code": text(raw["currency"]),
        "total_price": money(raw["total"]),
    }
    if "lines" in raw:
        fields["line_items"] = [_line(line) for line in raw["lines"]]
    return fields


def _line(raw: Raw) -> Fields:
    return {
        "line_item_id": text(raw["id"]),
        "product_id": text(raw["product_id"]),
        "product_sku": text(raw["sku"]),
        "quantity": whole(raw["quantity"]),
        "unit_price": money(raw["price"]),
    }
