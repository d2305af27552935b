"""A parcel's charges in one currency, sorted by what they are about; and what is known of it beside. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from itertools import groupby

from crossdock.audit.findings import in_order, total
from crossdock.audit.prices import PriceList
from crossdock.audit.rate_cards import RateCards
from crossdock.audit.volume import Divisors, PackageMeasures
from crossdock.invoices.charges import ChargeVocabulary
from crossdock.store.carriers.charges import ChargeRow

JOURNEYS = ("return_to_sender", "delivery_intercept")
"""Reasons that begin another journey of the same parcel, which has charges of its own."""


@dataclass(frozen=True)
class Knowledge:
    """The means to judge parcels, the same for all of a connection."""

    vocabulary: ChargeVocabulary = field(default_factory=ChargeVocabulary)
    prices: PriceList = field(default_factory=PriceList)
    divisors: Divisors = field(default_factory=Divisors)
    rate_cards: RateCards = field(default_factory=RateCards)


@dataclass(frozen=True)
class ParcelCharges:
    """The charges of a tracking number in one currency, the oldest first.

    was_shipped: None where nobody can know. package: what the warehouse measured.
    """

    charges: Sequence[ChargeRow]
    was_shipped: bool | None = None
    package: PackageMeasures | None = None

    @property
    def number(self) -> str:
        """The tracking number as it came."""
        return self.charges[0].tracking_number

    @property
    def key(self) -> tuple[str, str]:
        """What findings about it are known by, however its number is written: number, currency."""
        return self.charges[0].parcel, self.currency

    @property
    def currency(self) -> str:
        """The currency; "" where none is known."""
        return self.charges[0].currency or ""

    @cached_property
    def journeys(self) -> dict[str, list[ChargeRow]]:
        """The charges of each journey: "" is the way out."""
        if not any(charge.reason in JOURNEYS for charge in self.charges):
            return {"": list(self.charges)}
        by_journey: dict[str, list[ChargeRow]] = {}
        for charge in self.charges:
            by_journey.setdefault(journey_of(charge), []).append(charge)
        return by_journey

    @cached_property
    def outbound(self) -> list[ChargeRow]:
        """The charges of the way out."""
        return self.journeys.get("", [])

    def still_charged(self, category: str) -> Decimal:
        """The cost of a category after all that came back."""
        return total(charge for charge in self.outbound if charge.category == category)


def journey_of(charge: ChargeRow) -> str:
    """The journey that a charge is of."""
    return charge.reason if charge.reason in JOURNEYS else ""


def parcels_of(
    charges: Sequence[ChargeRow], *, was_shipped: bool | None, package: PackageMeasures | None
) -> Iterator[ParcelCharges]:
    """The parcels of one tracking number: one of each currency."""
    ordered = in_order(charges)
    if len({charge.currency for charge in ordered}) == 1:
        yield ParcelCharges(ordered, was_shipped=was_shipped, package=package)
        return
    for _, group in groupby(sorted(ordered, key=_currency), key=_currency):
        yield ParcelCharges(list(group), was_shipped=was_shipped, package=package)


def _currency(charge: ChargeRow) -> str:
    return charge.currency or ""
