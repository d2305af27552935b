"""What a charge is, in words that all carriers share; and what its row says of the parcel. Pure.

A carrier's folder has a `charges.py` with `CHARGES`: its own vocabulary, and the columns of its files. The
native label is kept beside the category, and what nobody has a word for is `other`, never guessed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal, get_args

from crossdock.invoices.charge_cells import Cells, day_of, sides_of, weight_of
from crossdock.invoices.read import OURS
from crossdock.store.carriers.measures import Measures

Category = Literal[
    "base",
    "fuel",
    "residential",
    "delivery_area",
    "handling",
    "oversize",
    "peak",
    "address_correction",
    "correction",
    "return",
    "account_fee",
    "adjustment",
    "duties_and_taxes",
    "discount",
    "other",
]
CATEGORIES: tuple[str, ...] = get_args(Category)

Reason = Literal[
    "",
    "charge_correction",
    "residential_adjustment",
    "address_correction",
    "zone_adjustment",
    "late_billing",
    "return_to_sender",
    "delivery_intercept",
    "void",
    "billing_adjustment",
]
"""Why a charge was made, where the row states more than that a parcel was sent."""

Words = tuple[tuple[str, Category], ...]


@dataclass(frozen=True)
class ChargeFacts:
    """A charge and its parcel, as far as the row says. Weights as delivered, in `weight_unit`."""

    category: Category
    reason: Reason = ""
    currency: str | None = None
    service: str | None = None
    zone: str | None = None
    billed_weight: Decimal | None = None
    actual_weight: Decimal | None = None
    """What the carrier weighed, where the row says so; else what the shipper said."""
    weight_unit: str | None = None
    shipped_on: int = 0
    """Seconds; 0: the row does not say. Never the date of the invoice."""
    invoiced_on: int = 0
    measures: Measures = field(default_factory=Measures)


@dataclass(frozen=True)
class SizeColumns:
    """The columns of a parcel's size: one with all three sides, or one for each."""

    sides: tuple[str, ...] = ()
    unit_column: str | None = None
    unit: str | None = None
    """Where no column says it."""


@dataclass(frozen=True)
class ChargeVocabulary:
    """A carrier's vocabulary, and where its files say what. Of several columns the first that is filled."""

    codes: Mapping[str, Category] = field(default_factory=dict)
    """What the carrier's own code says, where that is enough."""
    beats_code: Words = ()
    """Labels that say more than the carrier's code does. Regular expressions, as `words`."""
    words: Words = ()
    """Regular expressions that are searched in the label, whatever the case; the first that is found."""
    otherwise: Category = "other"
    reasons: Mapping[str, Reason] = field(default_factory=dict)
    """By the codes in `reason_codes`, joined by "/": of several the longest; by one of them alone else."""
    reason_codes: tuple[str, ...] = ()
    reason_words: tuple[tuple[str, Reason], ...] = ()
    """Regular expressions that are searched in the label, where no code says it."""
    service: tuple[str, ...] = ()
    is_service_label: bool = False
    """The label of a base charge is the service, where no column says it."""
    zone: tuple[str, ...] = ()
    shipped_on: tuple[str, ...] = ()
    invoiced_on: tuple[str, ...] = ()
    is_american: bool = False
    """Dates may be month/day/year."""
    delivered_on: tuple[str, ...] = ()
    billed_weight: tuple[str, ...] = ()
    weight_unit: tuple[str, ...] = ()
    """Of the billed weight."""
    unit: str | None = None
    """Where no column says it."""
    actual_weight: tuple[tuple[str, str | None], ...] = ()
    """Columns of the weight and of its unit; None: it is that of the billed weight."""
    volume_weight: tuple[str, ...] = ()
    """Columns of a weight that the carrier computed of the size, in the unit of the billed one."""
    basis_columns: tuple[str, ...] = ()
    basis: Mapping[str, str] = field(default_factory=dict)
    """What a cell of them says that the billed weight is: dimensional, actual or minimum."""
    size: SizeColumns = field(default_factory=SizeColumns)
    stated_size: SizeColumns = field(default_factory=SizeColumns)
    """As the shipper stated it."""
    divisor: tuple[str, ...] = ()
    pieces: tuple[str, ...] = ()
    payer_columns: tuple[str, ...] = ()
    payers: Mapping[str, str] = field(default_factory=dict)
    """What a cell of them says of who pays: collect or third_party."""
    address: tuple[str, ...] = ()
    """Columns of the receiver's address, by which repeated corrections are known."""
    minimums: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    """The least billed weight that a category of surcharge brings, by category and unit."""
    step: Mapping[str, Decimal] = field(default_factory=dict)
    """What billed weights are rounded up to, by unit; where a unit has none, nothing is rounded."""
    divisors: Mapping[str, tuple[Decimal, ...]] = field(default_factory=dict)
    """The carrier's published divisors for volume, by unit of weight: what one may turn out to be."""

    promised_days: tuple[tuple[str, int], ...] = ()
    """Regular expressions of services, and in how many business days they deliver."""

    def facts(self, label: str | None, raw: Mapping[str, Any]) -> ChargeFacts:
        """raw: of a line item: the cells of its row, with our own `crossdock` beside them."""
        ours = raw.get(OURS) or {}
        cells = Cells(raw)
        unit = unit_of(cells.first(self.weight_unit) or self.unit)
        category = self.category(label, ours.get("charge_code"))
        reason = self.reason(label, cells)
        return ChargeFacts(
            category=category,
            reason=reason,
            currency=ours.get("currency"),
            service=self._service(label, cells, category, reason),
            zone=cells.first(self.zone),
            billed_weight=weight_of(cells.first(self.billed_weight)),
            actual_weight=self._actual(cells, unit),
            weight_unit=unit or None,
            shipped_on=day_of(cells.first(self.shipped_on), is_american=self.is_american),
            invoiced_on=day_of(cells.first(self.invoiced_on), is_american=self.is_american),
            measures=self._measures(cells, unit),
        )

    def category(self, label: str | None, code: str | None) -> Category:
        """The category of a label and the carrier's code."""
        if code is not None and code in self.codes:
            return _of_words(self.beats_code, label) or self.codes[code]
        return _of_words(self.words, label) or self.otherwise

    def reason(self, label: str | None, cells: Cells) -> Reason:
        """The reason that the codes of a row state, else its label."""
        codes = [cells.first((column,)) or "" for column in self.reason_codes]
        for key in ("/".join(codes), *reversed(codes)):
            if key in self.reasons:
                return self.reasons[key]
        if label:
            for words, reason in self.reason_words:
                if re.search(words, label, re.IGNORECASE):
                    return reason
        return ""

    def _service(self, label: str | None, cells: Cells, category: str, reason: str) -> str | None:
        service = cells.first(self.service)
        if service is None and self.is_service_label and category == "base" and not reason:
            return label
        return service

    def _actual(self, cells: Cells, unit: str) -> Decimal | None:
        """The first actual weight in the unit of the billed one: others can't be compared with it."""
        for column, of_unit in self.actual_weight:
            weight = weight_of(cells.first((column,)))
            if weight and (of_unit is None or unit_of(cells.first((of_unit,))) == unit):
                return weight
        return None

    def _measures(self, cells: Cells, unit: str) -> Measures:
        size, size_unit = self._sides(cells, self.size, unit)
        stated, _ = self._sides(cells, self.stated_size, unit)
        delivered = day_of(cells.first(self.delivered_on), is_american=self.is_american)
        return Measures(
            basis=self.basis.get((cells.first(self.basis_columns) or "").upper()),
            size=size,
            stated_size=stated,
            size_unit=size_unit,
            divisor=weight_of(cells.first(self.divisor)) or None,
            volume_weight=weight_of(cells.first(self.volume_weight)) or None,
            pieces=cells.count(self.pieces),
            payer=self.payers.get((cells.first(self.payer_columns) or "").upper()),
            address=cells.digest(self.address),
            delivered_on=delivered,
        )

    def _sides(
        self, cells: Cells, columns: SizeColumns, weight_unit: str
    ) -> tuple[tuple[Decimal, ...] | None, str | None]:
        sides = sides_of([cells.first((column,)) or "" for column in columns.sides])
        if sides is None:
            return None, None
        unit = cells.first((columns.unit_column,)) if columns.unit_column else None
        return sides, unit_of(unit or columns.unit or LENGTH_OF.get(weight_unit)) or None


LENGTH_OF = {"lb": "in", "kg": "cm", "g": "cm", "oz": "in"}
"""The unit of sizes that goes with a unit of weight."""


_UNITS = {
    "l": "lb", "lbs": "lb", "pounds": "lb", "k": "kg", "kgs": "kg", "grams": "g", "i": "in", "inches": "in",
    "c": "cm",
}  # fmt: skip
"""Units as carriers write them, in the words of everybody else."""


def unit_of(cell: str | None) -> str:
    """A unit in small letters; "" where there is none."""
    unit = (cell or "").lower()
    return _UNITS.get(unit, unit)


@lru_cache(65536)
def _of_words(words: Words, label: str | None) -> Category | None:
    if label:
        for pattern, category in words:
            if re.search(pattern, label, re.IGNORECASE):
                return category
    return None
