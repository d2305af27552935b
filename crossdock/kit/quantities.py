"""Exact quantities where our records hold whole numbers: 1.98 kg → 2, and what was lost by it is told.

    stock               rounds down: what is promised must be there
    ordered, shipped    round half up: the nearest that is honest

`read` puts a `Quantity` wherever a whole number belongs, and ends with `in_whole_numbers(fields)`:

    {"line_items": [{"quantity": 2}],
     "additional_fields": {"quantity_exact": [
         {"field": "line_items[0].quantity", "quantity": "1.98", "unit": "kg"}]},
     "_misfits": [Misfit("line_items[0].quantity", "1.98 kg", "a whole number", 2, Decimal("1.98"))]}

A record whose quantities are all whole has neither of the two.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from typing import Any

from crossdock.kit import values
from crossdock.kit.contract import MISFITS, Fields, Misfit

NOISE = Decimal("1e-9")
"""What lies below is the noise of binary fractions: 13.999999999999998 is 14."""

WANTED = "a whole number"


@dataclass(frozen=True)
class Quantity:
    """An exact quantity on its way into a whole number. Falsy when it is zero."""

    exact: Decimal | None
    """None: the vendor does not say. It is 0 in the record then, and told."""
    unit: str | None = None
    """Its unit, as the vendor writes it: "kg"."""
    rounding: str = ROUND_HALF_UP
    more: int = 0
    """What is added to the rounded number, so that it adds up with others."""

    @property
    def whole(self) -> int:
        """The whole number in its place; away from zero when it lies in the middle, unless it rounds down."""
        return int((self.exact or Decimal(0)).to_integral_value(self.rounding)) + self.more

    @property
    def fits(self) -> bool:
        return self.exact is not None and self.exact == self.whole

    @property
    def text(self) -> str | None:
        """As people read it, "1.98 kg"."""
        return None if self.exact is None else " ".join(filter(None, (f"{self.exact:f}", self.unit)))

    def __bool__(self) -> bool:
        return self.exact != 0


def counted(amounts: Iterable[Any], unit: str | None = None) -> Quantity:
    """The sum of ordered, shipped or moved quantities, as the vendor has them."""
    return Quantity(_sum(amounts), unit)


def held(amounts: Iterable[Any], unit: str | None = None) -> Quantity:
    """The sum of quantities in stock: it rounds down."""
    return Quantity(_sum(amounts), unit, ROUND_FLOOR)


def exact(amount: Any) -> Decimal | None:
    """A vendor's number without the noise of binary fractions. Raises BadVendorValue when it is none."""
    number = values.decimal(amount)
    if not isinstance(number, Decimal):
        return None
    if number == number.to_integral_value():
        return number
    return values.decimal(number.quantize(NOISE, context=Context(prec=values.MOST_DIGITS * 3)))


def _sum(amounts: Iterable[Any]) -> Decimal | None:
    """The exact sum; None when a part of it is missing."""
    total = Decimal(0)
    for amount in amounts:
        number = values.decimal(amount)
        if not isinstance(number, Decimal):
            return None
        total += number
    return exact(total)


def in_whole_numbers(fields: Fields) -> Fields:
    """The record with whole numbers, and in `additional_fields.quantity_exact` what they were made of."""
    misfits: list[Misfit] = []
    exact_ones: list[Fields] = []

    def settled(value: Any, path: str) -> Any:
        if isinstance(value, Quantity):
            if not value.fits:
                misfits.append(Misfit(path, value.text, WANTED, value.whole, value.exact))
                number = None if value.exact is None else f"{value.exact:f}"
                exact_ones.append({"field": path, "quantity": number, "unit": value.unit})
            return value.whole
        if isinstance(value, dict):
            return {
                name: settled(member, f"{path}.{name}" if path else name) for name, member in value.items()
            }
        if isinstance(value, list):
            return [settled(member, f"{path}[{position}]") for position, member in enumerate(value)]
        return value

    record: Fields = settled(fields, "")
    if misfits:
        record["additional_fields"] = record.get("additional_fields", {}) | {"quantity_exact": exact_ones}
        record[MISFITS] = [*record.get(MISFITS, ()), *misfits]
    return record
