"""Vendor values → ours, exactly or not at all. What does not fit raises BadVendorValue."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from crossdock.errors import BadVendorValue

MOST_DIGITS = 40
"""Before or behind the point. "1E+999999999" is a number too, of a gigabyte when written out."""


def text(value: Any) -> str | None:
    """A text, trimmed; None when there is none. Numbers become their text: ids are often numbers."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadVendorValue(f"wanted a text, got {value!r}")
    found = str(value).strip()
    try:
        found.encode()
    except UnicodeEncodeError:
        raise BadVendorValue(f"the text is not UTF-8: {found[:50]!r}") from None
    return found or None


def money(value: Any) -> Decimal | None:
    """An exact amount, 10.50 as 10.5; None when there is none. A float is taken by its shortest text."""
    return decimal(value)


def decimal(value: Any) -> Decimal | None:
    """An exact, finite number; None when there is none."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise BadVendorValue(f"wanted a number, got {value!r}")
    try:
        # Python would take "1_000"; no vendor means that.
        number = Decimal(str(value).strip().replace("_", "?"))
    except InvalidOperation:
        raise BadVendorValue(f"wanted a number, got {value!r}") from None
    if not number.is_finite() or abs(number.adjusted()) > MOST_DIGITS:
        raise BadVendorValue(f"wanted a finite number of usual size, got {str(value)[:50]!r}")
    if number == 0:
        return Decimal(0)
    plain = f"{number:f}"
    return Decimal(plain.rstrip("0").rstrip(".") if "." in plain else plain)


def whole(value: Any) -> int | None:
    """A whole number; None when there is none. 3.0 is 3; 3.5 does not fit."""
    number = decimal(value)
    if number is None:
        return None
    if number != number.to_integral_value():
        raise BadVendorValue(f"wanted a whole number, got {value!r}")
    return int(number)


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
            raise BadVendorValue(f"wanted a time, got {value!r}") from None
    if not isinstance(value, datetime):
        raise BadVendorValue(f"wanted a time, got {value!r}")
    moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
    except OverflowError:
        raise BadVendorValue(f"the time is out of range: {value!r}") from None
