"""Acme records → ours. Pure: values in, values out."""

from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import money, text, timestamp


def invoice_line_item(raw: Raw) -> Fields:
    """Acme charge → invoice line item. `net` is missing until Acme has applied the discount."""
    fields: Fields = {
        "id": text(raw["id"]),
        "created_date": timestamp(raw["created_at"]),
        "updated_date": timestamp(raw["updated_at"]),
        "transaction_date": timestamp(raw["shipped_on"]),
        "account_id": text(raw["account"]),
        "invoice_id": text(raw["invoice"]),
        "tracking_number": text(raw["tracking"]),
        "gross_cost": money(raw["gross"]),
        "charge_description": text(raw["charge"]),
        "raw": raw,
    }
    if "net" in raw:
        fields["net_cost"] = money(raw["net"])
    return fields
