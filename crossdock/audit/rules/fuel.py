"""Fuel surcharges against the percentage of their week. Pure.

The percentage is what parcels with nothing but freight and fuel show, or all parcels where they agree: no
list of the carrier's is needed. Fuel is on all that a parcel costs at most, so that no finding is too much.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from heapq import heappush, heappushpop

from crossdock.audit.findings import CENT, ZERO, Finding, finding_of
from crossdock.audit.parcels import Parcel
from crossdock.audit.rules.refunds import Refunds
from crossdock.store.carriers.charges import ChargeRow

ENOUGH_PARCELS = 5
AGREED_SHARE, NEAR = Decimal("0.8"), Decimal("0.01")
"""Where so many of all parcels have the same share, give or take so much of it, that is the percentage."""
MOST_HELD = 200
"""Parcels of a week that are held until its percentage is known: those with the most fuel."""
LEAST, LEAST_SHARE = Decimal("0.05"), Decimal("0.02")
_STEP = Decimal("0.0001")

WeekKey = tuple[str, str, str, str]
"""Account, service, currency, week."""


@dataclass
class _Week:
    pure: Counter[Decimal] = field(default_factory=Counter)
    """Shares of parcels with freight and fuel alone."""
    every: Counter[Decimal] = field(default_factory=Counter)
    held: list[tuple[Decimal, str, Decimal, Decimal, Sequence[ChargeRow]]] = field(default_factory=list)
    """Share, parcel, fuel, cost of all else, fuel lines; a heap, the smallest share first."""


class FuelShares:
    """The shares of fuel by account, service and week."""

    def __init__(self) -> None:
        self._weeks: dict[WeekKey, _Week] = {}

    def see(self, parcel: Parcel, refunds: Refunds, claimed: Iterable[str]) -> None:
        """Take a parcel in. claimed: item ids that other findings ask for already."""
        taken = set(claimed)
        if all(charge.category != "fuel" for charge in parcel.charges):
            return
        invoices: dict[str, list[ChargeRow]] = {}
        for charge in parcel.outbound:
            if not charge.reason and charge.item_id not in taken:
                invoices.setdefault(charge.invoice_id, []).append(charge)
        for charges in invoices.values():
            self._see_invoice(parcel, charges, refunds)

    def _see_invoice(self, parcel: Parcel, charges: Sequence[ChargeRow], refunds: Refunds) -> None:
        lines = [charge for charge in charges if charge.category == "fuel" and charge.amount > 0]
        fuel = sum(map(refunds.left, lines), ZERO)
        others = [charge for charge in charges if charge.category not in ("fuel", "duties_and_taxes")]
        cost = sum(
            (charge.amount if charge.category == "discount" else refunds.left(charge) for charge in others),
            ZERO,
        )
        if fuel <= 0 or cost <= 0:
            return
        share = (fuel / cost).quantize(_STEP)
        service = next((charge.service for charge in others if charge.service), "") or ""
        week = self._weeks.setdefault(
            (lines[0].account_id, service, parcel.currency, _week(lines[0])), _Week()
        )
        week.every[share] += 1
        if all(charge.category in ("base", "discount") for charge in others):
            week.pure[share] += 1
        held = (share, parcel.number + lines[0].item_id, fuel, cost, lines)
        if len(week.held) < MOST_HELD:
            heappush(week.held, held)
        else:
            heappushpop(week.held, held)

    def end(self) -> Iterator[Finding]:
        """Everything above the percentage of its week."""
        for (_, _, _, name), week in self._weeks.items():
            usual = _median(week.pure) or _agreed(week.every)
            if usual is None:
                continue
            for share, _, fuel, cost, lines in sorted(week.held, key=lambda held: held[1]):
                over = (fuel - usual * cost).quantize(CENT, ROUND_HALF_UP)
                if over > max(LEAST, LEAST_SHARE * fuel):
                    yield finding_of(
                        "fuel_percentage", (lines[0].item_id,), over, lines,
                        f"fuel is {share * 100:.1f} % of {lines[0].tracking_number}, "
                        f"{usual * 100:.1f} % of others in {name}",
                        certainty="likely", claims=lines, fuel_share=share, usual_share=usual,
                        cost_without_fuel=cost, week=name,
                    )  # fmt: skip


def _median(shares: Counter[Decimal]) -> Decimal | None:
    number = shares.total()
    if number < ENOUGH_PARCELS:
        return None
    seen = 0
    for share in sorted(shares):
        seen += shares[share]
        if seen * 2 > number:
            return share
    return None


def _agreed(shares: Counter[Decimal]) -> Decimal | None:
    """The share that most parcels have within what rounding makes; None where they have several."""
    median = _median(shares)
    if median is None:
        return None
    near = sum(count for share, count in shares.items() if abs(share - median) <= NEAR * median)
    return median if near >= AGREED_SHARE * shares.total() else None


def _week(charge: ChargeRow) -> str:
    return _week_of(charge.invoiced_on or charge.charged_on)


@lru_cache(8192)
def _week_of(seconds: int) -> str:
    if not seconds:
        return ""
    year, week, _ = datetime.fromtimestamp(seconds, UTC).isocalendar()
    return f"{year}-W{week:02}"
