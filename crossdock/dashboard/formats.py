"""Pure: values → the words and figures that pages show. Moments are shown by the browser, in its own zone."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from crossdock.invoices.amounts import minor_digits
from crossdock.wire import encode

_STEPS = ((1_000_000_000, "G"), (1_000_000, "M"), (10_000, "k"))
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def number(value: int | Decimal | None) -> str:
    """1234567 → 1,234,567; None → –."""
    if value is None:
        return "–"
    return f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"


def money(value: int | Decimal | None, currency: str | None) -> str:
    """1234.5 USD → 1,234.50; no digit is rounded away; None → –."""
    if value is None:
        return "–"
    exact = Decimal(value)
    missing = minor_digits(currency) + min(0, int(exact.as_tuple().exponent))
    return number(exact.quantize(Decimal(1).scaleb(-minor_digits(currency))) if missing > 0 else exact)


def short_number(value: int) -> str:
    """123456 → 123k; below ten thousand as it is."""
    for size, letter in _STEPS:
        if value >= size:
            digits = value / (1000 if letter == "k" else size)
            return f"{digits:.1f}{letter}" if digits < 100 else f"{digits:.0f}{letter}"
    return f"{value:,}"


def percent(part: int, whole: int) -> str:
    """The share in percent; – of nothing. Only all is shown as 100 %, and only none as 0 %."""
    if whole == 0:
        return "–"
    share = 100 * part / whole
    if part not in (0, whole):
        share = min(max(share, 0.1), 99.9)
    return f"{share:.1f} %".replace(".0 %", " %")


def span(seconds: float) -> str:
    """3600 → 1 hour; 5400 → 90 minutes; whole units only, the largest that fits."""
    whole = int(seconds)
    for size, unit in _UNITS:
        if whole >= size and whole % size == 0:
            count = whole // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "0 seconds" if whole == 0 else f"{whole} seconds"


def milliseconds(value: Decimal | float | int) -> str:
    """0.42 → 0.4 ms; 1234 → 1.2 s."""
    size = float(value)
    return f"{size:.1f} ms" if size < 10 else f"{size:.0f} ms" if size < 1000 else f"{size / 1000:.1f} s"


def size(value: int) -> str:
    """1234567 → 1.2 MB; below a thousand in bytes."""
    number, units = Decimal(value), ["bytes", "kB", "MB", "GB", "TB"]
    while number >= 1000 and len(units) > 1:
        number /= 1000
        del units[0]
    return f"{number:.1f} {units[0]}".replace(".0 ", " ")


def words(name: str) -> str:
    """get_inbound_shipments → inbound shipments; first_sync_in_progress → first sync in progress."""
    return name.removeprefix("get_").replace("_", " ")


MOST_COLUMNS = 8
"""Of a table inside a record; what has more is shown as a list."""


def exact(value: Any) -> str:
    """A value as JSON has it, numbers to their last digit; a text as it is."""
    return value if isinstance(value, str) else encode(value).decode()


def json_line(value: Any) -> str:
    """A value as JSON in one line."""
    return encode(value).decode()


def pretty(value: Any) -> str:
    """A value as indented JSON, its numbers exact; those of `msgspec.Raw` as they were written."""
    return msgspec.json.format(encode(value), indent=2).decode(errors="replace")


def is_blank(value: Any) -> bool:
    """Check whether a value says nothing: null, an empty text, or an object or list of such."""
    if isinstance(value, Mapping):
        return all(is_blank(member) for member in value.values())
    if isinstance(value, list):
        return all(is_blank(item) for item in value)
    return value is None or value == ""


def table_columns(value: Any) -> list[str]:
    """The columns of a list of objects that a table can show, without blank ones; none: it can't."""
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        return []
    names = dict.fromkeys(name for item in value for name in item if not is_blank(item[name]))
    is_flat = all(
        not isinstance(member, Mapping | list) or is_blank(member)
        for item in value
        for member in item.values()
    )
    return list(names) if is_flat and len(names) <= MOST_COLUMNS else []
