"""Rows of the sandbox carriers' invoices → our line items. Pure."""

from crossdock.integrations.contract import Fields, Raw
from crossdock.integrations.values import money, text, timestamp

# What the sandbox adds to the row of the file.
NOT_OF_THE_FILE = ("Line ID", "Entered", "Posted")


def invoice_line_item(raw: Raw) -> Fields:
    """One charge: published before the discount, net after it."""
    return {
        "id": raw["Line ID"],
        "created_date": timestamp(raw["Entered"]),
        "updated_date": timestamp(raw["Posted"]),
        "transaction_date": timestamp(raw["Transaction Date"]),
        "account_id": text(raw["Account Number"]),
        "invoice_id": text(raw["Invoice Number"]),
        "tracking_number": text(raw["Tracking Number"]),
        "gross_cost": money(raw["Published Charge"]),
        "net_cost": money(raw["Net Charge"]),
        "charge_description": text(raw["Charge Description"]),
        "raw": {name: cell for name, cell in raw.items() if name not in NOT_OF_THE_FILE},
    }
