"""Whose invoice a file is: told by its content alone. What nobody recognizes is refused, not guessed."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice

from crossdock.errors import FileRefused
from crossdock.integrations.invoices.columns import Head
from crossdock.integrations.invoices.contract import Layout
from crossdock.integrations.registry import integrations_of
from crossdock.integrations.tables import Broken, Table

DELIMITERS = (",", ";", "\t")
_HEAD = 2
_LOOKED_AT = 100
"""Records, blank ones included, among which the header must be."""


@dataclass(frozen=True)
class Carrier:
    """A carrier whose invoices can be read."""

    slug: str
    name: str
    layouts: tuple[Layout, ...]


@dataclass(frozen=True)
class Found:
    """What a file was recognized as."""

    carrier: str
    name: str
    layout: Layout
    delimiter: str | None
    header: list[str]
    first_row: int
    """The number of the first record below the header."""

    @property
    def label(self) -> str:
        return f"{self.name} ({self.layout.variant})" if self.layout.variant else self.name


@cache
def carriers() -> tuple[Carrier, ...]:
    """All carriers whose folder has a layout."""
    found = [one for one in integrations_of("carrier") if (one.folder / "layout.py").exists()]
    return tuple(Carrier(one.slug, one.manifest.name, one.layouts) for one in found)


def detect(table: Table, wanted: str | None = None) -> Found:
    """What the file is. Raises FileRefused for nothing known, or for another carrier than the wanted one."""
    expected = None if wanted is None else _named(wanted)
    seen: list[str] = []
    for delimiter in (None,) if table.encoding == "xlsx" else DELIMITERS:
        records, rows = _beginning(table, delimiter)
        if not records:
            raise FileRefused("the file is empty: it has only blank lines")
        seen = max(seen, records[0], key=len)
        matches = list(_matches(Head(records, delimiter), rows))
        if len(matches) > 1:
            names = " and ".join(one.label for one in matches)
            raise FileRefused(f"the file looks like several carriers' at once: {names}")
        if matches:
            return _expected(matches[0], expected)
    raise FileRefused(f"this is no invoice file that we know: {_described(seen)}")


def recognized(cells: list[str], delimiter: str | None) -> Found | None:
    """The carrier whose header this record in the middle of a file is."""
    for one in (delimiter,) if delimiter is None else DELIMITERS:
        again = (
            cells
            if one == delimiter
            else next(csv.reader([(delimiter or "").join(cells)], delimiter=one or ","))
        )
        # A header of two records is recognized by its second one.
        for found in _matches(Head([again, again], one), [0, 0]):
            return found
    return None


def _named(wanted: str) -> Carrier:
    """The carrier of that slug or name. Raises FileRefused with those there are."""
    for one in carriers():
        if _plain(wanted) in (_plain(one.slug), _plain(one.name)):
            return one
    raise FileRefused(
        f"there is no carrier {wanted!r}; there are: {', '.join(one.slug for one in carriers())}"
    )


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def _expected(found: Found, expected: Carrier | None) -> Found:
    if expected is not None and found.carrier != expected.slug:
        raise FileRefused(
            f"this is a file of {found.label}, not of {expected.name}: its carrier is {found.carrier!r}"
        )
    return found


def _beginning(table: Table, delimiter: str | None) -> tuple[list[list[str]], list[int]]:
    """The first records that are not blank, and their numbers."""
    records: list[list[str]] = []
    rows: list[int] = []
    for row, cells in enumerate(islice(table.records(delimiter or ","), _LOOKED_AT), 1):
        if isinstance(cells, Broken):
            if delimiter is None or not records:
                records.append(cells.cells)
                rows.append(row)
        elif any(cell.strip() for cell in cells):
            records.append(list(cells))
            rows.append(row)
        if len(records) == _HEAD:
            break
    return records, rows


def _matches(head: Head, rows: list[int]) -> Iterator[Found]:
    for carrier in carriers():
        for layout in carrier.layouts:
            if (head.delimiter is None or head.delimiter in layout.delimiters) and layout.recognises(head):
                last = layout.header_rows - 1
                first_row = rows[last] + 1 if 0 <= last < len(rows) else rows[0]
                header = head.records[last] if 0 <= last < len(head.records) else []
                yield Found(carrier.slug, carrier.name, layout, head.delimiter, header, first_row)


def _described(cells: list[str]) -> str:
    """What was seen in the first record."""
    shown = ", ".join(repr(cell.strip()[:40]) for cell in cells[:6])
    more = ", …" if len(cells) > 6 else ""
    return f"its first record has {len(cells)} cell{'s' * (len(cells) != 1)}: {shown}{more}"
