"""The carriers' invoices for what the warehouse sent: each parcel's charges add up to its cost.

Beside them there is what makes invoices worth reading: corrections on a later invoice, fees of no parcel,
a credit; and worth auditing: a charge that comes twice, an address that is corrected again, parcels that
were measured as larger, one that nobody sent, a total that is off, weight that was not there. Accounts are
billed four times before the epoch, and every week after it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol

from crossdock.integrations.sandbox.world import despatch, intake
from crossdock.integrations.sandbox.world.catalogue import CARRIERS
from crossdock.kit.contract import Raw

CENT = Decimal("0.01")

# Days before the epoch on which the accounts are billed; what left after the last waits for the next week.
BILLED_AGO = (21, 14, 7, 1)

FREIGHT = "carrier_id_4"
DISCOUNT = Decimal("0.30")
FUEL = Decimal("0.12")
CORRECTION = Decimal("18.50")
MEASURED = "16.0x 12.0x 10.0"
"""Inches: 1,920 cubic inches, 14 lb by 139."""
WEEK = timedelta(days=7)
AT_THE_DOOR, AREA, HANDLING = Decimal("0.95"), Decimal("0.55"), Decimal("0.35")


@dataclass(frozen=True)
class CarrierParcel:
    """A parcel that a carrier moved."""

    carrier: str
    track: str
    sent: datetime
    cost: Decimal
    service: str
    pounds: str
    reference: str


@dataclass(frozen=True)
class CarrierCharge:
    """One line of an invoice, before it has a number."""

    carrier: str
    week: int
    code: str
    text: str
    gross: Decimal
    net: Decimal
    on: datetime
    parcel: CarrierParcel | None = None
    why: str = ""
    """Category and detail of an adjustment: "ADJ/SCC"."""
    size: str = ""
    """As the carrier measured it, in inches; its volume is what is billed."""
    address: str = ""
    """As it had to be corrected to."""


@dataclass(frozen=True)
class Line:
    """A charge on its invoice. number: its place there."""

    charge: CarrierCharge
    invoice: str
    number: int
    billed: datetime


class CarrierShelf(Protocol):
    """The records of a world, by resource."""

    def all(self, resource: str) -> list[Raw]: ...


def billed_until(epoch: datetime, now: datetime) -> list[datetime]:
    """The moments when the accounts were billed."""
    billed = [epoch - timedelta(days=days) for days in BILLED_AGO]
    while (following := billed[-1] + WEEK) <= now:
        billed.append(following)
    return billed


def lines(records: CarrierShelf, billed: list[datetime]) -> list[Line]:
    """The lines of all invoices, by account and week."""
    charges = [*_fees(billed)]
    for n, parcel in enumerate(sorted(_parcels(records), key=lambda parcel: (parcel.sent, parcel.track))):
        week = next((w for w, at in enumerate(billed) if parcel.sent <= at), None)
        if week is not None:
            charges += _charges(parcel, week)
            charges += [
                carrier_charge
                for carrier_charge in _afterthoughts(parcel, n, week)
                if carrier_charge.week < len(billed)
            ]
    charges.sort(key=lambda charge: (charge.carrier, charge.week))
    numbers: dict[str, int] = {}
    found_lines = []
    for charge in charges:
        invoice = f"{CARRIERS[charge.carrier].account}-{charge.week + 1:02d}"
        numbers[invoice] = numbers.get(invoice, 0) + 1
        found_lines.append(Line(charge, invoice, numbers[invoice], billed[charge.week]))
    return found_lines


def _parcels(records: CarrierShelf) -> Iterator[CarrierParcel]:
    for order in records.all(despatch.ORDERS):
        for shipment in order["despatches"]:
            for parcel in shipment["parcels"]:
                if parcel["cost"] is not None:
                    yield _parcel(parcel, shipment["left_at"], order["number"])
    for returned in records.all(intake.RETURNS):
        for parcel in returned["parcels"]:
            yield _parcel(parcel, parcel["sent"], returned["uid"])


def _parcel(parcel: Raw, sent: str, reference: str) -> CarrierParcel:
    return CarrierParcel(
        carrier=parcel["via"]["carrier"],
        track=parcel["track"],
        sent=datetime.fromisoformat(sent),
        cost=Decimal(parcel["cost"]),
        service=parcel["via"]["label"],
        pounds=parcel["mass"]["value"],
        reference=reference,
    )


def _charges(parcel: CarrierParcel, week: int) -> Iterator[CarrierCharge]:
    """Transport, fuel and surcharges, whose net sum is the parcel's cost."""
    fuel = (parcel.cost * FUEL).quantize(CENT, ROUND_HALF_UP)
    at_the_door = (
        ("LFT", "Liftgate Service") if parcel.carrier == FREIGHT else ("RES", "Residential Surcharge")
    )
    small = (
        (*at_the_door, AT_THE_DOOR),
        ("DAS", "Delivery Area Surcharge", AREA),
        ("AHC", "Handling", HANDLING),
    )
    transport = parcel.cost - fuel - sum(amount for _, _, amount in small)
    yield _discounted(parcel, week, "FRT", "Transportation Charge", transport)
    yield _discounted(parcel, week, "FSC", "Fuel Surcharge", fuel)
    for code, text, amount in small:
        yield _flat(parcel, week, code, text, amount)


def _discounted(parcel: CarrierParcel, week: int, code: str, text: str, net: Decimal) -> CarrierCharge:
    gross = (net / (1 - DISCOUNT)).quantize(CENT, ROUND_HALF_UP)
    return CarrierCharge(parcel.carrier, week, code, text, gross, net, parcel.sent, parcel)


def _flat(parcel: CarrierParcel, week: int, code: str, text: str, amount: Decimal) -> CarrierCharge:
    """A charge without discount."""
    return CarrierCharge(parcel.carrier, week, code, text, amount, amount, parcel.sent, parcel)


def _afterthoughts(parcel: CarrierParcel, n: int, week: int) -> Iterator[CarrierCharge]:
    """The charges, or refunds, that some parcels get on a later invoice; some of them are not right."""
    if n % 9 == 4:
        extra_quantize = (parcel.cost * Decimal("0.18")).quantize(CENT, ROUND_HALF_UP)
        correction = _flat(parcel, week + 1, "ADJ", "Shipping Charge Correction", extra_quantize)
        yield replace(correction, why="ADJ/SCC", size=MEASURED)
    if n % 13 == 6:
        yield _flat(parcel, week + 1, "GSR", "Service Refund", -parcel.cost)
    if n % 17 == 2:
        # Charged on the next invoice, and again on the one after it.
        yield from (_corrected_address(parcel, later, f"{n} Mill Road") for later in (week + 1, week + 2))
    if n % 21 in (5, 6):
        yield _corrected_address(parcel, week + 1, "12 Harbour Lane")
    if n % 40 == 11:
        stranger = replace(parcel, track=f"{parcel.track[:-4]}0000", reference="")
        yield _flat(stranger, week, "FRT", "Transportation Charge", parcel.cost)


def _corrected_address(parcel: CarrierParcel, week: int, address: str) -> CarrierCharge:
    charge = _flat(parcel, week, "ADC", "Address Correction", CORRECTION)
    return replace(charge, why="ADJ/ADC", address=address)


def _fees(billed: list[datetime]) -> Iterator[CarrierCharge]:
    """A fee of each account and week, for no parcel."""
    for carrier in CARRIERS:
        for week, at in enumerate(billed):
            fee = Decimal("12.50") if carrier == "carrier_id_0" else Decimal("4.00")
            yield CarrierCharge(carrier, week, "SVC", "Weekly Service Charge", fee, fee, at)
