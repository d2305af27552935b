"""What a charge is, in words that all carriers share; and what its row says of the parcel. Pure.

A carrier's folder has a `charges.py` with `CHARGES`: its own vocabulary, and the columns of its files. The
native label is kept beside the category, and what nobody has a word for is `other`, never guessed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, get_args

from crossdock.invoices.columns import normalized
from crossdock.invoices.read import OURS

Category = Literal[
    "base",
    "fuel",
    "residential",
    "delivery_area",
    "handling",
    "oversize",
    "peak",
    "address_correction",
    "return",
    "duties_and_taxes",
    "discount",
    "other",
]
CATEGORIES: tuple[str, ...] = get_args(Category)


@dataclass(frozen=True)
class ChargeFacts:
    """A charge and its parcel, as far as the row says. Weights as delivered, in `weight_unit`."""

    category: Category
    currency: str | None = None
    service: str | None = None
    zone: str | None = None
    billed_weight: Decimal | None = None
    actual_weight: Decimal | None = None
    weight_unit: str | None = None


@dataclass(frozen=True)
class ChargeVocabulary:
    """A carrier's vocabulary, and where its files say what. Of several columns the first that is filled."""

    codes: Mapping[str, Category] = field(default_factory=dict)
    """What the carrier's own code says, where that is enough."""
    words: tuple[tuple[str, Category], ...] = ()
    """Regular expressions that are searched in the label, whatever the case; the first that is found."""
    otherwise: Category = "other"
    service: tuple[str, ...] = ()
    zone: tuple[str, ...] = ()
    billed_weight: tuple[str, ...] = ()
    weight_unit: tuple[str, ...] = ()
    """Of the billed weight."""
    unit: str | None = None
    """Where no column says it."""
    actual_weight: tuple[tuple[str, str | None], ...] = ()
    """Columns of the weight and of its unit; None: it is that of the billed weight."""

    def facts(self, label: str | None, raw: Mapping[str, Any]) -> ChargeFacts:
        """raw: of a line item: the cells of its row, with our own `crossdock` beside them."""
        ours = raw.get(OURS) or {}
        cells = {normalized(name): cell for name, cell in raw.items()}
        unit = (_first(cells, self.weight_unit) or self.unit or "").lower()
        return ChargeFacts(
            category=self.category(label, ours.get("charge_code")),
            currency=ours.get("currency"),
            service=_first(cells, self.service),
            zone=_first(cells, self.zone),
            billed_weight=_weight(_first(cells, self.billed_weight)),
            actual_weight=self._actual(cells, unit),
            weight_unit=unit or None,
        )

    def _actual(self, cells: Mapping[str, Any], unit: str) -> Decimal | None:
        """The first actual weight in the unit of the billed one: others can't be compared with it."""
        for column, of_unit in self.actual_weight:
            weight = _weight(_first(cells, (column,)))
            if weight and (of_unit is None or (_first(cells, (of_unit,)) or "").lower() == unit):
                return weight
        return None

    def category(self, label: str | None, code: str | None) -> Category:
        if code is not None and code in self.codes:
            return self.codes[code]
        for words, category in self.words:
            if label and re.search(words, label, re.IGNORECASE):
                return category
        return self.otherwise


def _first(cells: Mapping[str, Any], columns: tuple[str, ...]) -> str | None:
    for column in columns:
        cell = cells.get(normalized(column))
        if isinstance(cell, str) and cell.strip():
            return cell.strip()
    return None


def _weight(text: str | None) -> Decimal | None:
    """A weight, or None: it is only compared, and a comparison that can't be made is not made."""
    if text is None or not re.fullmatch(r"[0-9]{1,9}([.,][0-9]{1,6})?", text):
        return None
    try:
        return Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None
