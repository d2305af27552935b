"""Weights that a parcel may be billed for: rounded up, by its volume, by the minimum of a surcharge. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from itertools import accumulate
from math import ceil
from typing import Any

import msgspec

from crossdock.audit.findings import WIDE
from crossdock.invoices.charges import ChargeVocabulary
from crossdock.store.carriers.charges import ChargeRow

ONE = Decimal(1)
POUND_KG = Decimal("0.45359237")
_GRAMS = {
    "g": ONE, "kg": Decimal(1000), "lb": POUND_KG * 1000, "lbs": POUND_KG * 1000,
    "oz": POUND_KG * 1000 / 16,
}  # fmt: skip
_CENTIMETRES = {
    "mm": Decimal("0.1"), "cm": ONE, "m": Decimal(100), "in": Decimal("2.54"), "ft": Decimal("30.48"),
}  # fmt: skip

WHOLE_ABOVE = {"kg": Decimal(20)}
"""Tariffs of express carriers have half kilograms up to here or 20.5, and whole ones above."""

ENOUGH_ROWS, FITTING_SHARE = 10, Decimal("0.9")
"""A divisor is taken for the account's when so many rows, and such a share of them, are as it says."""
_MOST_DIVISOR = 10_000


class PackageMeasures(msgspec.Struct, frozen=True, omit_defaults=True):
    """The measures of a package in a warehouse; None where it took none."""

    weight: Decimal | None = None
    weight_unit: str | None = None
    size: tuple[Decimal, ...] | None = None
    size_unit: str | None = None

    @property
    def evidence(self) -> dict[str, Any]:
        """The members, as findings show them."""
        return {
            "weight": self.weight, "weight_unit": self.weight_unit,
            "size": None if self.size is None else list(self.size), "size_unit": self.size_unit,
        }  # fmt: skip


_package = msgspec.json.Decoder(PackageMeasures)


def package_of(text: str | None) -> PackageMeasures | None:
    """The measures in a stored text."""
    return None if text is None else _package.decode(text)


def weight_in(unit: str, weight: Decimal, of_unit: str | None) -> Decimal | None:
    """A weight in another unit; None where one of the units is unknown."""
    if of_unit is None or of_unit.lower() not in _GRAMS or unit not in _GRAMS:
        return None
    return weight if unit == of_unit.lower() else weight * _GRAMS[of_unit.lower()] / _GRAMS[unit]


def size_in(unit: str, size: Iterable[Decimal], of_unit: str | None) -> tuple[Decimal, ...] | None:
    """A size in another unit; None where one of the units is unknown."""
    if of_unit is None or of_unit.lower() not in _CENTIMETRES or unit not in _CENTIMETRES:
        return None
    share = _CENTIMETRES[of_unit.lower()] / _CENTIMETRES[unit]
    return tuple(size) if share == 1 else tuple(side * share for side in size)


def rounded_up(weight: Decimal, step: Decimal) -> Decimal:
    """A weight as it is billed: the next multiple of a step."""
    return (weight / step).to_integral_value(ROUND_CEILING) * step


def volume_of(size: Iterable[Decimal]) -> Decimal:
    """The volume of a box whose sides are rounded up to whole units, as carriers do."""
    volume = ONE
    for side in size:
        volume *= side.to_integral_value(ROUND_CEILING)
    return volume


@dataclass(frozen=True)
class Divisor:
    """A number that volumes are divided by. source: row, settings or inferred of the account's own rows."""

    value: Decimal
    source: str


@dataclass(frozen=True)
class Divisors:
    """The divisors of accounts: as set, else as their rows show. Keys: account; account and unit."""

    of_settings: Mapping[str, Decimal] = field(default_factory=dict)
    inferred: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)

    def of(self, charge: ChargeRow, divisor: Decimal | None) -> Divisor | None:
        """The divisor that a charge is to be judged by. divisor: what its row says."""
        if divisor is not None:
            return Divisor(divisor, "row")
        setting = self.of_settings.get(charge.account_id) or self.of_settings.get("")
        if setting is not None:
            return Divisor(setting, "settings")
        known = self.inferred.get((charge.account_id, charge.weight_unit or ""))
        return None if known is None else Divisor(known, "inferred")


class DivisorSearch:
    """Finds the whole divisor that most rows of an account agree on, row by row."""

    def __init__(self, vocabulary: ChargeVocabulary) -> None:
        self._published = vocabulary.divisors
        self._minimums = {minimum for by_unit in vocabulary.minimums.values() for minimum in by_unit.values()}
        self._changes: dict[tuple[str, str], list[int]] = {}
        self._rows: dict[tuple[str, str], int] = {}

    def see(self, account_id: str, unit: str, billed: Decimal, size: tuple[Decimal, ...]) -> None:
        """Take a row in: billed by volume for that much, of that size."""
        volume = volume_of(size)
        if billed <= 1 or billed in self._minimums or volume / (billed - 1) >= _MOST_DIVISOR:
            return
        key = (account_id, unit)
        changes = self._changes.setdefault(key, [0] * (_MOST_DIVISOR + 1))
        # ceil(volume / d) is what was billed for these d: volume / billed <= d < volume / (billed - 1).
        changes[ceil(volume / billed)] += 1
        changes[ceil(volume / (billed - 1))] -= 1
        self._rows[key] = self._rows.get(key, 0) + 1

    def inferred(self) -> dict[tuple[str, str], Decimal]:
        """The divisors that enough rows agree on; of equal ones a published one, else the smallest."""
        divisors: dict[tuple[str, str], Decimal] = {}
        for key, changes in self._changes.items():
            counts = list(accumulate(changes))
            most = max(counts)
            if self._rows[key] < ENOUGH_ROWS or most < FITTING_SHARE * self._rows[key]:
                continue
            fitting = [Decimal(divisor) for divisor, count in enumerate(counts) if count == most]
            published = [divisor for divisor in fitting if divisor in self._published.get(key[1], ())]
            divisors[key] = (published or fitting)[0]
        return divisors


@dataclass(frozen=True)
class BillableWeight:
    """The weight that a parcel may be billed for, and what it follows from, as evidence shows it."""

    weight: Decimal
    evidence: dict[str, Any]


def billable(
    vocabulary: ChargeVocabulary,
    unit: str,
    weight: Decimal,
    volume_weight: Decimal | None,
    minimum: Decimal | None,
    pieces: int = 1,
) -> BillableWeight:
    """The largest of what weight, volume and a surcharge's minimum come to, each rounded up.

    Each piece of several may be rounded up by itself, so as much is allowed on top.
    """
    step = vocabulary.step.get(unit, ONE)
    allowed = rounded_up(max(weight, volume_weight or weight), step)
    if allowed > WHOLE_ABOVE.get(unit, allowed):
        allowed = rounded_up(allowed, ONE)
    if minimum is not None:
        allowed = max(allowed, minimum)
    evidence: dict[str, Any] = {"weight": weight, "weight_unit": unit, "billable_weight": allowed}
    if volume_weight is not None:
        evidence["volume_weight"] = volume_weight.quantize(Decimal("0.001"), context=WIDE).normalize()
    if minimum is not None:
        evidence["minimum_weight"] = minimum
    return BillableWeight(allowed + step * (pieces - 1), evidence)
