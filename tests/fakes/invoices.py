"""Made-up UPS invoices, as small as they can be."""

import csv
import io
from pathlib import Path

COLUMNS = (
    "Invoice Date", "Account Number", "Invoice Number", "Invoice Due Date", "Invoice Amount",
    "Transaction Date", "Lead Shipment Number", "Tracking Number", "Charge Classification Code",
    "Charge Description", "Incentive Amount", "Net Amount", "Transaction Currency Code", "Billed Weight",
    "Entered Weight", "Billed Weight Unit of Measure", "Entered Weight Unit of Measure", "Zone",
    "Original Service Description",
)  # fmt: skip

FREIGHT = ("1Z001", "FRT", "Transportation Charges", "2.00", "10.00")
FUEL = ("1Z001", "FSC", "Fuel Surcharges", "0.00", "1.25")

Charge = tuple[str, str, str, str, str]
"""Tracking number, code, label, incentive, net."""


def row(charge: Charge, invoice: str = "INV1", total: str = "11.25", **cells: str) -> dict[str, str]:
    tracking, code, label, incentive, net = charge
    return {
        "Invoice Date": "2026-01-31", "Account Number": "00A1", "Invoice Number": invoice,
        "Invoice Due Date": "2026-02-28", "Invoice Amount": total, "Transaction Date": "2026-01-20",
        "Lead Shipment Number": tracking, "Tracking Number": tracking, "Charge Classification Code": code,
        "Charge Description": label, "Incentive Amount": incentive, "Net Amount": net,
        "Transaction Currency Code": "USD",
    } | cells  # fmt: skip


def text(*rows: dict[str, str]) -> bytes:
    """A file with these rows. What they have besides the usual columns gets columns at the end."""
    more_columns = [
        name for name in dict.fromkeys(name for row in rows for name in row) if name not in COLUMNS
    ]
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, [*COLUMNS, *more_columns], restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def invoice(*charges: Charge, invoice: str = "INV1", total: str = "11.25") -> bytes:
    """A file with these charges on one invoice."""
    return text(*(row(charge, invoice, total) for charge in charges))


def put(folder: Path, name: str, content: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    return path
