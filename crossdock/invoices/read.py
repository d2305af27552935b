"""A charge of an invoice file → our line item: the same for all carriers, as layouts know the rest. Pure."""

from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import money, text, timestamp

OURS = "crossdock"
"""The member of `raw` with what the contract has no field for."""
PROMOTED = ("currency", "charge_code", "service")


def invoice_line_item(raw: Raw) -> Fields:
    """`raw` is the record of the file, with our own `crossdock` beside its columns.

    Files say when an invoice was made, not when a charge of it was: that is the charge's date too. Where
    nothing has a date it is when the file was `received`.
    """
    on = timestamp(raw["transaction_date"])
    new_timestamp = timestamp(raw["invoice_date"]) or on or timestamp(raw["received"])
    return {
        "id": raw["id"],
        "created_date": new_timestamp,
        "updated_date": new_timestamp,
        "transaction_date": on,
        "account_id": text(raw["account_id"]),
        "invoice_id": text(raw["invoice_id"]),
        "tracking_number": text(raw["tracking_number"]),
        "gross_cost": money(raw["gross_cost"]),
        "net_cost": money(raw["net_cost"]),
        "charge_description": text(raw["charge_description"]),
        "raw": {**raw["cells"], OURS: {name: raw[name] for name in PROMOTED}},
    }
