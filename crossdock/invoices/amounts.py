"""Amounts as carriers write them → exact decimals. Pure.

    12.34   1,234.56   1.234,56   1'234.50   € 12,34   12.30-   (1.00)

Whether "1.234" is a thousand or one and a bit is not in the cell: its currency tells, where that has three
decimals or none, else the rest of the file (`NumberStyle`).
"""

import re
from decimal import Decimal
from enum import Enum

MOST_DIGITS = 40
"""In all. The longest real amounts, shares of a cost, have 17."""

_DECORATION = re.compile(r"[\s\u00a0\u202f'’€$£¥]")
_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]+)?|\.[0-9]+")
_GROUPS = {
    ",": re.compile(r"[1-9]\d{0,2}(?:,\d{2,3})*,\d{3}"),
    ".": re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+"),
}
_AMBIGUOUS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")


class NumberStyle(Enum):
    """The meaning of a single separator before exactly three digits in a file."""

    POINT = "decimal point: 1.234 is 1.234 and 1,234 is 1234"
    COMMA = "decimal comma: 1,234 is 1.234 and 1.234 is 1234"
    UNKNOWN = "nobody has looked yet"


class AmbiguousAmount(Exception):
    """The cell can be read in two ways, and the style is not known."""


THREE_DECIMALS = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))
"""Currencies with a thousandth as their minor unit (ISO 4217)."""
NO_DECIMALS = frozenset(
    (
        "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV",
        "XAF", "XOF", "XPF",
    )
)  # fmt: skip
"""Currencies without a minor unit (ISO 4217)."""


def has_decimals(currency: str | None) -> bool | None:
    """Check whether exactly three digits behind a single separator are decimals; None: it is not said."""
    if currency in THREE_DECIMALS:
        return True
    return False if currency in NO_DECIMALS else None


def minor_digits(currency: str | None) -> int:
    """The number of decimals that amounts in a currency have; 2 where none is known."""
    if currency in THREE_DECIMALS:
        return 3
    return 0 if currency in NO_DECIMALS else 2


def amount(cell: str, style: NumberStyle, *, decimals: bool | None = None) -> Decimal | None:
    """The amount in a cell; None when it is blank. Digits are kept as they come: 8.50 stays 8.50.

    decimals: whether exactly three digits behind a single separator are, where the currency says so.
    Raises ValueError for what is no amount, and Ambiguous when the style decides but is unknown.
    """
    text, is_negative = _unsigned(cell)
    if not text:
        if is_negative or cell.strip():
            raise ValueError(cell)
        return None
    if len(text) > MOST_DIGITS:
        raise ValueError(cell)
    number = Decimal(
        text if _PLAIN.fullmatch(text) and not _AMBIGUOUS.fullmatch(text) else _plain(text, style, decimals)
    )
    return -number if is_negative else number


def shows_decimal_comma(cell: str) -> bool:
    """Check whether a comma is the decimal mark of this cell, whatever the others say."""
    text, _ = _unsigned(cell)
    return "," in text and not _AMBIGUOUS.fullmatch(text) and text.rfind(",") > text.rfind(".") and (
        text.count(",") == 1 and re.fullmatch(r"[\d.]*,\d+", text) is not None
    )  # fmt: skip


def _unsigned(cell: str) -> tuple[str, bool]:
    """The digits and separators, and whether the amount is negative."""
    text = _DECORATION.sub("", cell).replace("−", "-")
    if text[:1] == "(" and text[-1:] == ")":
        return text[1:-1], True
    if text[:1] in ("-", "+"):
        return text[1:], text[0] == "-"
    if text[-1:] in ("-", "+"):
        return text[:-1], text[-1] == "-"
    return text, False


def _plain(text: str, style: NumberStyle, decimals: bool | None) -> str:
    """The number with a decimal point and without groups."""
    commas, dots = text.count(","), text.count(".")
    if commas and dots:
        # The last one is the decimal mark; the other groups thousands.
        mark, group = (",", ".") if text.rfind(",") > text.rfind(".") else (".", ",")
        whole_text, _, fraction = text.rpartition(mark)
        return f"{_ungrouped(whole_text, group)}.{_digits(fraction)}"
    mark = "," if commas else "."
    if commas + dots > 1:
        return _ungrouped(text, mark)
    if _AMBIGUOUS.fullmatch(text):
        if decimals is None:
            if style is NumberStyle.UNKNOWN:
                raise AmbiguousAmount
            decimals = (mark == ",") is (style is NumberStyle.COMMA)
        return text.replace(mark, "." if decimals else "")
    whole_text, _, fraction = text.partition(mark)
    return f"{_digits(whole_text or '0')}.{_digits(fraction)}"


def _ungrouped(text: str, group: str) -> str:
    if not _GROUPS[group].fullmatch(text):
        raise ValueError(text)
    return text.replace(group, "")


def _digits(text: str) -> str:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return text
