"""What was not delivered as promised, or not sent at all. Pure."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from crossdock.audit.findings import Finding, finding_of, total
from crossdock.audit.parcels import Knowledge, ParcelCharges
from crossdock.store.carriers.measures import measures_of

_HOLIDAY_MONDAYS = {1: range(15, 22), 2: range(15, 22), 5: range(25, 32), 9: range(1, 8)}
"""Days of the month in which a Monday is a federal holiday, by month: the third, the last, the first."""
_FIXED_HOLIDAYS = {(1, 1), (6, 19), (7, 4), (11, 11), (12, 25), (12, 24), (12, 31)}
"""Days, as month and day, on which carriers rest, or promise less."""


def charged_not_shipped(parcel: ParcelCharges) -> Iterator[Finding]:
    """A parcel that none of the customer's warehouses knows."""
    amount = total(parcel.charges)
    if parcel.was_shipped is False and amount > 0:
        yield finding_of(
            "charged_not_shipped", parcel.key, amount, parcel.charges,
            f"no connected warehouse of this customer knows the tracking number {parcel.number}",
            certainty="likely",
        )  # fmt: skip


def late_delivery(parcel: ParcelCharges, knowledge: Knowledge) -> Iterator[Finding]:
    """A parcel that came days late. Hours are not compared: they depend on the place."""
    for charge in parcel.outbound:
        if charge.category != "base" or not charge.measures or not charge.shipped_on:
            continue
        delivered = measures_of(charge.measures).delivered_on
        promised = _promised(knowledge, charge.service or "")
        if not delivered or not promised:
            continue
        due = _business_days_after(charge.shipped_on, promised)
        if delivered > due:
            yield from _late(parcel, charge.service or "", promised, due, delivered)
            return


def _late(parcel: ParcelCharges, service: str, promised: int, due: int, delivered: int) -> Iterator[Finding]:
    amount = total(charge for charge in parcel.outbound if charge.category in ("base", "fuel", "discount"))
    late = (delivered - due) // 86_400
    if amount > 0:
        yield finding_of(
            "late_delivery", parcel.key, amount, parcel.outbound,
            f"{service} delivered {parcel.number} {late} {'day' if late == 1 else 'days'} late",
            certainty="possible", promised_business_days=promised, due_on=_day(due),
            delivered_on=_day(delivered),
        )  # fmt: skip


def _promised(knowledge: Knowledge, service: str) -> int | None:
    for pattern, days in knowledge.vocabulary.promised_days:
        if re.search(pattern, service, re.IGNORECASE):
            return days
    return None


@lru_cache(4096)
def _business_days_after(shipped_on: int, days: int) -> int:
    """The end of the promise, in seconds. Days on which one can't be sure of a delivery do not count."""
    day = datetime.fromtimestamp(shipped_on, UTC).date()
    while days > 0 and day < date.max:
        day += timedelta(days=1)
        days -= _is_business_day(day)
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _is_business_day(day: date) -> bool:
    if day.weekday() > 4 or (day.month, day.day) in _FIXED_HOLIDAYS:
        return False
    if day.month == 11 and day.weekday() in (3, 4) and 22 <= day.day <= 29:
        return False  # Thanksgiving and the day after
    return day.weekday() != 0 or day.day not in _HOLIDAY_MONDAYS.get(day.month, ())


def _day(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"
