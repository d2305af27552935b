"""Generates what the warehouse charges its merchants: for sending, receiving, returns and storage."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from crossdock.integrations.sandbox.world import catalogue, despatch, intake
from crossdock.integrations.sandbox.world.records import WorldRecords, moment

PER_SHIPMENT, PER_UNIT = Decimal("2.45"), Decimal("0.35")
PER_DELIVERY, PER_UNIT_IN = Decimal("12.00"), Decimal("0.08")
PER_RETURN = Decimal("3.25")
STORAGE = (Decimal("184.50"), Decimal("231.20"), Decimal("96.75"))


@dataclass(frozen=True)
class BillCharge:
    at: datetime
    client: str
    what: str
    amount: Decimal
    kind: str | None = None
    uid: str | None = None


def generate_bills(records: WorldRecords, start: datetime) -> None:
    """Bills of everything that was done, in the order of time."""
    charges = [*_sent(records), *_received(records), *_returned(records), *_stored(start)]
    for n, charge in enumerate(sorted(charges, key=lambda charge: charge.at)):
        records.now = charge.at
        records.put(
            "wms_bills",
            {
                "uid": f"bill_id_{n}",
                "client": charge.client,
                "booked": moment(charge.at),
                "for": {"kind": charge.kind, "uid": charge.uid} if charge.uid else None,
                "what": charge.what,
                "amount": str(charge.amount),
                "currency": "USD",
                "cycle": (charge.at - start).days // 7 + 1,
            },
        )


def _sent(records: WorldRecords) -> Iterator[BillCharge]:
    for order in records.all(despatch.ORDERS):
        for shipment in order["despatches"]:
            rows = [row for parcel in shipment["parcels"] for row in parcel["contents"]]
            amount = PER_SHIPMENT + PER_UNIT * sum(row["units"] for row in rows)
            at = datetime.fromisoformat(shipment["left_at"])
            yield BillCharge(at, order["client"], "Pick and pack", amount, "order", order["uid"])


def _received(records: WorldRecords) -> Iterator[BillCharge]:
    for inbound in records.all(intake.INBOUND):
        for arrival in inbound["arrivals"]:
            amount = PER_DELIVERY + PER_UNIT_IN * sum(row["units"] for row in arrival["rows"])
            at = datetime.fromisoformat(arrival["at"])
            yield BillCharge(at, inbound["client"], "Receiving", amount, "inbound_shipment", inbound["uid"])


def _returned(records: WorldRecords) -> Iterator[BillCharge]:
    for returned in records.all(intake.RETURNS):
        if returned["state"] == "BOOKED":
            at = datetime.fromisoformat(returned["changed"])
            yield BillCharge(at, returned["client"], "Return handling", PER_RETURN, "return", returned["uid"])


def _stored(start: datetime) -> Iterator[BillCharge]:
    for week in range(1, 4):
        for n, amount in enumerate(STORAGE):
            yield BillCharge(start + timedelta(days=7 * week), catalogue.client_uid(n), "Storage", amount)
