"""The cells of a row by column, and what is in them: weights, sizes, dates. Pure.

What does not read as one is None: it is only compared, and a comparison that can't be made is not made.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from crossdock.invoices.columns import normalized
from crossdock.invoices.dates import date

_NUMBER = re.compile(r"[0-9]{1,9}([.,][0-9]{1,6})?", re.ASCII)
_SIDES = re.compile(r"[0-9]{1,9}(?:[.,][0-9]{1,6})?", re.ASCII)
MOST_PIECES = 100_000


class Cells:
    """The cells of a row, by their columns' names."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._cells = {normalized(name): cell for name, cell in raw.items() if cell}

    def first(self, columns: Iterable[str]) -> str | None:
        """The text of the first of these columns that is filled."""
        for column in columns:
            cell = self._cells.get(normalized(column))
            if isinstance(cell, str) and (text := cell.strip()):
                return text
        return None

    def count(self, columns: Iterable[str]) -> int:
        """A number of pieces; 1 where there is none."""
        weight = weight_of(self.first(columns))
        return 1 if not weight or weight > MOST_PIECES else max(1, int(weight))

    def digest(self, columns: Iterable[str]) -> str | None:
        """A digest of what these columns hold together, whatever the case and spaces."""
        text = "|".join("".join((self.first((column,)) or "").split()).casefold() for column in columns)
        return blake2b(text.encode(), digest_size=8).hexdigest() if text.strip("|") else None


def weight_of(text: str | None) -> Decimal | None:
    """A number above or equal to zero."""
    if text is None or not _NUMBER.fullmatch(text):
        return None
    return Decimal(text.replace(",", "."))


def sides_of(texts: Sequence[str]) -> tuple[Decimal, ...] | None:
    """Three sides above zero: of one text such as "20.0x 15.0x 9.2", or of three."""
    parts = [part for text in texts for part in _SIDES.findall(text)]
    sides = tuple(Decimal(part.replace(",", ".")) for part in parts)
    return sides if len(sides) == 3 and all(sides) else None


@lru_cache(8192)
def day_of(text: str | None, *, is_american: bool = False) -> int:
    """A day in seconds; 0 where there is none, or none that can be read."""
    if text is None:
        return 0
    try:
        moment = date(text, is_american=is_american)
    except ValueError:
        return 0
    if moment is None:
        return 0
    return int(datetime.fromisoformat(moment.rstrip("Z")[:10]).replace(tzinfo=UTC).timestamp())
