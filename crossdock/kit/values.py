"""Vendor values → ours, exactly or not at all. What does not fit raises BadVendorValue.

A record in which something does not fit is read once more, leniently: then these functions return an
`UnfitValue` in place of raising, so that all else of the record can be kept.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, NoReturn, TypeVar, cast

from crossdock.errors import BadVendorValue
from crossdock.resources.links import is_link

MOST_DIGITS = 40
"""Before or behind the point. "1E+999999999" is a number too, of a gigabyte when written out."""


class UnfitValue:
    """A stand-in in a record for a value that does not fit, until that is taken out and told.

    False like the None that it becomes. What computes with it raises TypeError.
    """

    def __init__(
        self, value: Any, name: str, stored: int | None = None, exact: Decimal | None = None
    ) -> None:
        self.value = value
        self.wanted = name
        self.stored = stored
        """What is put in its place."""
        self.exact = exact

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> NoReturn:
        raise TypeError("a value that does not fit is no text")

    __format__ = None  # type: ignore[assignment]


_collected: ContextVar[list[UnfitValue] | None] = ContextVar("unfit", default=None)


@contextmanager
def leniently() -> Iterator[list[UnfitValue]]:
    """Have what does not fit returned as an `UnfitValue`; all of these, in their order."""
    collected: list[UnfitValue] = []
    token = _collected.set(collected)
    try:
        yield collected
    finally:
        _collected.reset(token)


Value = TypeVar("Value")


def unfit(value: Any, due: str, problem: str = "", **stand_in: Any) -> Value:  # type: ignore[type-var]
    """Say that a value does not fit: raise BadVendorValue, or return an `UnfitValue` when read leniently.

    due: "a whole number". problem: the reason, where "wanted …, got …" does not say it. What is returned
    counts as whatever the caller returns: it is taken out before anybody looks at it.
    """
    collected = _collected.get()
    if collected is None:
        raise BadVendorValue(problem or f"wanted {due}, got {value!r}")
    if not isinstance(value, UnfitValue):
        value = UnfitValue(value, due, **stand_in)
        collected.append(value)
    return cast(Value, value)


def text(value: Any) -> str | None:
    """A text, trimmed; None when there is none. Numbers become their text: ids are often numbers."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        return unfit(value, "a text")
    name = str(value).strip()
    try:
        name.encode()
    except UnicodeEncodeError:
        return unfit(name, "a text in UTF-8", f"the text is not UTF-8: {name[:50]!r}")
    return name or None


def link(value: Any) -> str | None:
    """A link to a page or a picture, where it is one: vendors keep paths and placeholders, too."""
    address = text(value)
    return address if address and is_link(address) else None


def money(value: Any) -> Decimal | None:
    """An exact amount, 10.50 as 10.5; None when there is none. A float is taken by its shortest text."""
    return decimal(value)


def decimal(value: Any) -> Decimal | None:
    """An exact, finite number; None when there is none."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return unfit(value, "a number")
    try:
        # Python would take "1_000"; no vendor means that.
        number = Decimal(str(value).strip().replace("_", "?"))
    except InvalidOperation:
        return unfit(value, "a number")
    if not number.is_finite() or abs(number.adjusted()) > MOST_DIGITS:
        due = "a finite number of usual size"
        return unfit(value, due, f"wanted {due}, got {str(value)[:50]!r}")
    if number == 0:
        return Decimal(0)
    plain = f"{number:f}"
    return Decimal(plain.rstrip("0").rstrip(".") if "." in plain else plain)


def whole(value: Any) -> int | None:
    """A whole number; None when there is none. 3.0 is 3; 3.5 does not fit: leniently it is 4 (half up)."""
    number = decimal(value)
    if number is None:
        return None
    if not isinstance(number, Decimal):
        return unfit(number, "a whole number")
    if number != number.to_integral_value():
        rounded = int(number.to_integral_value(ROUND_HALF_UP))
        return unfit(value, "a whole number", stored=rounded, exact=number)
    return int(number)


def added(amounts: Iterable[Any], less: Iterable[Any] = ()) -> Any:
    """The sum of amounts, less others; or what is no number among them, None or what does not fit.

    So no part of a sum is ever taken for the whole of it.
    """
    plus, minus = list(amounts), list(less)
    for amount in (*plus, *minus):
        if amount is None or isinstance(amount, UnfitValue):
            return amount
    return sum(plus) - sum(minus)


def timestamp(value: Any) -> str | None:
    """UTC to the second, "2026-01-31T09:00:00Z"; None when there is none.

    value: ISO 8601 with or without zone (without: UTC), a date (midnight), or a datetime.
    A fraction of a second is cut off.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return unfit(value, "a time")
    if not isinstance(value, datetime):
        return unfit(value, "a time")
    moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
    except OverflowError:
        return unfit(value, "a time in range", f"the time is out of range: {value!r}")
