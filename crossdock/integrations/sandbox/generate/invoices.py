"""The invoices of the sandbox's carriers as files: CSV, in the columns of UPS's billing data.

Each account gets one when it is billed. Most are right; the audit has something to find in the others.
"""

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from itertools import groupby

from crossdock.integrations.sandbox.generate.carrier import CarrierCharge, Line, billed_until, lines
from crossdock.integrations.sandbox.world.catalogue import CARRIERS
from crossdock.integrations.sandbox.world.records import World
from crossdock.kit.contract import Raw

PAGE = 500
CODES = {"FRT": "FRT", "FSC": "FSC"}
"""All other codes are accessorials."""
PAID_AFTER_DAYS = 14
MEASURED_POUNDS = 14
"""What the volume of parcels that are measured again comes to."""

WRONG_TOTAL, OFF_BY = "204817735-03", Decimal("1.00")
"""The invoice that states a total which is too high by so much."""

COLUMNS = (
    "Account Number", "Invoice Date", "Invoice Number", "Invoice Currency Code", "Invoice Amount",
    "Transaction Date", "Lead Shipment Number", "Shipment Reference Number 1", "Tracking Number",
    "Entered Weight", "Entered Weight Unit of Measure", "Billed Weight", "Billed Weight Unit of Measure",
    "Charge Classification Code", "Charge Description Code", "Charge Description",
    "Transaction Currency Code", "Incentive Amount", "Net Amount", "Invoice Due Date",
    "Original Service Description", "Zone", "Charge Category Code", "Charge Category Detail Code",
    "Billed Weight Type", "Package Dimensions", "Package Dimension Unit Of Measure",
    "Receiver Address Line 1", "Receiver City",
)  # fmt: skip


class InvoiceShelf:
    """The records of a world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def all(self, resource: str) -> list[Raw]:
        raws: list[Raw] = []
        last = ""
        while page := self._world.after(resource, last, PAGE):
            raws += [raw for _, raw in page]
            last = page[-1][0]
        return raws


def files(world: World, epoch: datetime, now: datetime) -> Iterator[tuple[str, datetime, bytes]]:
    """Every invoice up to now: its name, when it was billed, and the file."""
    found_lines = lines(InvoiceShelf(world), billed_until(epoch, now))
    for invoice, group in groupby(found_lines, key=lambda line: line.invoice):
        of = list(group)
        carrier = CARRIERS[of[0].charge.carrier].name.lower().replace(" ", "-")
        yield f"{carrier}-{invoice}.csv", of[0].billed, _file(invoice, of)


def _file(invoice: str, of: list[Line]) -> bytes:
    total = sum((line.charge.net for line in of), Decimal(0))
    if invoice == WRONG_TOTAL:
        total += OFF_BY
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows(_row(line, total) for line in of)
    return out.getvalue().encode()


def _row(line: Line, total: Decimal) -> dict[str, str]:
    charge, parcel = line.charge, line.charge.parcel
    carrier = CARRIERS[charge.carrier]
    row = {
        "Account Number": carrier.account,
        "Invoice Date": f"{line.billed:%Y-%m-%d}",
        "Invoice Number": line.invoice,
        "Invoice Currency Code": "USD",
        "Invoice Amount": str(total),
        "Transaction Date": f"{charge.on:%Y-%m-%d}",
        "Charge Classification Code": CODES.get(charge.code, "ACC"),
        "Charge Description Code": charge.code,
        "Charge Description": charge.text,
        "Transaction Currency Code": "USD",
        "Incentive Amount": str(charge.gross - charge.net),
        "Net Amount": str(charge.net),
    }
    if parcel is not None:
        row |= {
            "Lead Shipment Number": parcel.track,
            "Shipment Reference Number 1": parcel.reference,
            "Tracking Number": parcel.track,
            "Entered Weight": parcel.pounds,
            "Entered Weight Unit of Measure": "LB",
            "Billed Weight": str(MEASURED_POUNDS) if charge.size else _billed(parcel.pounds, parcel.track),
            "Billed Weight Unit of Measure": "LB",
            "Original Service Description": parcel.service,
            "Zone": f"{2 + ord(parcel.track[-2]) % 7:03}",
        }
    return row | _stated(charge)


def _stated(charge: CarrierCharge) -> dict[str, str]:
    """The cells of an adjustment: why, the measured size, the corrected address."""
    category, _, detail = charge.why.partition("/")
    stated = {"Charge Category Code": category, "Charge Category Detail Code": detail} if detail else {}
    if charge.size:
        stated |= {
            "Billed Weight Type": "2",
            "Package Dimensions": charge.size,
            "Package Dimension Unit Of Measure": "IN",
        }
    if charge.address:
        stated |= {"Receiver Address Line 1": charge.address, "Receiver City": "Anytown"}
    return stated


def _billed(pounds: str, track: str) -> str:
    """Its weight, rounded up to whole pounds as carriers do; of some parcels two pounds more."""
    weight = Decimal(pounds).to_integral_value(ROUND_CEILING)
    return str(weight + 2 if track.endswith("7") else weight)
