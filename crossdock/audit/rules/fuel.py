"""Fuel surcharges against the percentage of their week. Pure.

The percentage is what parcels with nothing but freight and fuel show, or all parcels where they agree: no
list of the carrier's is needed. Fuel is on all that a parcel costs at most, so that no finding is too much.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from heapq import heappush, heappushpop

from crossdock.audit.findings import WIDE, ZERO, Finding, finding_of, to_cent, total
from crossdock.audit.parcels import ParcelCharges
from crossdock.audit.rules.refunds import Refunds
from crossdock.store.carriers.charges import ChargeRow

ENOUGH_PARCELS = 5
AGREED_SHARE, NEAR = Decimal("0.8"), Decimal("0.01")
"""Where so many of all parcels have the same share, give or take so much of it, that is the percentage."""
PUBLISHED_STEP, ROUNDING = Decimal("0.0005"), Decimal("0.00025")
"""Percentages are published in steps; what is that near to one is one, and the rest is rounding."""
MOST_HELD = 200
"""Parcels of a week that are held until its percentage is known: those with the most fuel."""
LEAST, LEAST_SHARE = Decimal("0.05"), Decimal("0.02")
_STEP = Decimal("0.0001")

WeekKey = tuple[str, str, str, str]
"""Account, service, currency, week."""


class _Shares:
    """Shares of fuel, each with how many parcels have it, their fuel and their cost."""

    def __init__(self) -> None:
        self._sums: dict[Decimal, tuple[int, Decimal, Decimal]] = {}

    def add(self, share: Decimal, fuel: Decimal, cost: Decimal) -> None:
        count, fuels, costs = self._sums.get(share, (0, ZERO, ZERO))
        self._sums[share] = count + 1, fuels + fuel, costs + cost

    def usual(self, agreed: Decimal) -> Decimal | None:
        """The share of those around the median, where so much of all are around it."""
        number = sum(count for count, _, _ in self._sums.values())
        median = self._median(number)
        if number < ENOUGH_PARCELS or median is None:
            return None
        near = [self._sums[share] for share in self._sums if abs(share - median) <= NEAR * median]
        if sum(count for count, _, _ in near) < agreed * number:
            return None
        step = (median / PUBLISHED_STEP).to_integral_value() * PUBLISHED_STEP
        if abs(step - median) < ROUNDING:
            return step
        return sum((fuel for _, fuel, _ in near), ZERO) / sum((cost for _, _, cost in near), ZERO)

    def _median(self, number: int) -> Decimal | None:
        seen = 0
        for share in sorted(self._sums):
            seen += self._sums[share][0]
            if seen * 2 > number:
                return share
        return None


_Held = tuple[Decimal, str, Decimal, Decimal, Decimal, Sequence[ChargeRow]]
"""Share, parcel, fuel, cost of all else, what the parcel still costs, fuel lines."""


@dataclass
class _Week:
    pure: _Shares = field(default_factory=_Shares)
    """Of parcels with freight and fuel alone."""
    every: _Shares = field(default_factory=_Shares)
    held: list[_Held] = field(default_factory=list)
    """A heap, the smallest share first."""

    def hold(self, held: _Held) -> None:
        """Hold a parcel, in place of the one with the smallest share where there are many."""
        if len(self.held) < MOST_HELD:
            heappush(self.held, held)
        else:
            heappushpop(self.held, held)


class FuelShares:
    """The shares of fuel by account, service and week."""

    def __init__(self) -> None:
        self._weeks: dict[WeekKey, _Week] = {}

    def see(self, parcel: ParcelCharges, refunds: Refunds, others: Sequence[Finding]) -> None:
        """Take a parcel in. others: findings that ask for a part of its cost already.

        Of these only fuel is left out: freight that is claimed for its weight has had fuel on all of it.
        """
        if all(charge.category != "fuel" for charge in parcel.charges):
            return
        taken = {item for finding in others for item in finding.claims}
        most = total(parcel.charges) - sum((finding.amount for finding in others), ZERO)
        invoices: dict[str, list[ChargeRow]] = {}
        for charge in parcel.outbound:
            if not charge.reason and not (charge.category == "fuel" and charge.item_id in taken):
                invoices.setdefault(charge.invoice_id, []).append(charge)
        for charges in invoices.values():
            self._see_invoice(parcel, charges, refunds, most)

    def _see_invoice(
        self, parcel: ParcelCharges, charges: Sequence[ChargeRow], refunds: Refunds, most: Decimal
    ) -> None:
        lines = [charge for charge in charges if charge.category == "fuel" and charge.amount > 0]
        fuel = sum(map(refunds.left, lines), ZERO)
        others = [charge for charge in charges if charge.category not in ("fuel", "duties_and_taxes")]
        cost = _cost(others, refunds)
        if fuel <= 0 or cost <= 0:
            return
        service = _service_of(others)
        key = lines[0].account_id, service, parcel.currency, _week(lines[0])
        week, share = self._weeks.setdefault(key, _Week()), (fuel / cost).quantize(_STEP, context=WIDE)
        week.every.add(share, fuel, cost)
        if all(charge.category in ("base", "discount") for charge in others):
            week.pure.add(share, fuel, cost)
        week.hold((share, parcel.number + lines[0].item_id, fuel, cost, most, lines))

    def end(self) -> Iterator[Finding]:
        """Findings about all above the percentage of its week."""
        for (_, _, _, name), week in self._weeks.items():
            usual = week.pure.usual(ZERO) or week.every.usual(AGREED_SHARE)
            if usual is None:
                continue
            for share, _, fuel, cost, most, lines in sorted(week.held, key=lambda held: held[1]):
                over = min(to_cent(fuel - usual * cost), most)
                if over > max(LEAST, LEAST_SHARE * fuel):
                    yield finding_of(
                        "fuel_percentage", (lines[0].item_id,), over, lines,
                        f"fuel is {share * 100:.1f} % of {lines[0].tracking_number}, "
                        f"{usual * 100:.2f} % of others in {name}",
                        certainty="likely", claims=lines, fuel_share=share,
                        usual_share=usual.quantize(_STEP, context=WIDE), cost_without_fuel=cost, week=name,
                    )  # fmt: skip


def _service_of(charges: Iterable[ChargeRow]) -> str:
    return next((charge.service for charge in charges if charge.service), None) or ""


def _cost(charges: Iterable[ChargeRow], refunds: Refunds) -> Decimal:
    """The cost of charges after discounts and refunds."""
    costs = (charge.amount if charge.category == "discount" else refunds.left(charge) for charge in charges)
    return sum(costs, ZERO)


def _week(charge: ChargeRow) -> str:
    return _week_of(charge.invoiced_on or charge.charged_on)


@lru_cache(8192)
def _week_of(seconds: int) -> str:
    if not seconds:
        return ""
    year, week, _ = datetime.fromtimestamp(seconds, UTC).isocalendar()
    return f"{year}-W{week:02}"
