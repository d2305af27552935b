"""Whose invoice a file is: told by its content alone. What nobody recognizes is refused, not guessed."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from crossdock.errors import FileRefused
from crossdock.invoices.carriers import InvoiceCarrier, carriers
from crossdock.invoices.columns import TableHead
from crossdock.invoices.layout import Layout
from crossdock.invoices.tables import BrokenRecord, Table

DELIMITERS = (",", ";", "\t")
_HEAD = 2
_SEPARATOR = re.compile(r"\s*\"?sep=[,;\t|]?\"?\s*", re.IGNORECASE)
_LOOKED_AT = 100
"""Records, blank ones included, among which the header must be."""


@dataclass(frozen=True)
class Detection:
    """The carrier and layout that a file was recognized by."""

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


def detect(table: Table, carrier: str | None = None) -> Detection:
    """The file's layout. Raises FileRefused for nothing known, or for another carrier than the wanted one."""
    expected = None if carrier is None else _named(carrier)
    texts: list[str] = []
    for delimiter in (None,) if table.encoding == "xlsx" else DELIMITERS:
        records, rows = _beginning(table, delimiter)
        if not records:
            raise FileRefused("the file is empty: it has only blank lines")
        texts = max(texts, records[0], key=len)
        matches = list(_matches(TableHead(records, delimiter), rows))
        if len(matches) > 1:
            names = " and ".join(detection.label for detection in matches)
            raise FileRefused(f"the file looks like several carriers' at once: {names}")
        if matches:
            return _expected(matches[0], expected)
    raise FileRefused(f"this is no invoice file that we know: {_described(texts)}")


def recognized(cells: list[str], delimiter: str | None) -> Detection | None:
    """The carrier whose header this record in the middle of a file is."""
    for separator in (delimiter,) if delimiter is None else DELIMITERS:
        again = cells if separator == delimiter else _taken_apart(cells, delimiter or "", separator or ",")
        # A header of two records is recognized by its second one.
        for detection in _matches(TableHead([again, again], separator), [0, 0]) if again else ():
            return detection
    return None


def _taken_apart(cells: list[str], delimiter: str, separator: str) -> list[str]:
    """The record as it is with another delimiter; [] where it can't be, or spans lines: no header does."""
    text = delimiter.join(cells)
    if "\n" in text or "\r" in text:
        return []
    try:
        return next(csv.reader([text], delimiter=separator), [])
    except csv.Error:
        return []


def is_separator_line(cells: list[str]) -> bool:
    """Check whether a record is Excel's own "sep=;", which only says what is between the cells."""
    return len(cells) <= 2 and _SEPARATOR.fullmatch("".join(cells)) is not None


def _named(carrier: str) -> InvoiceCarrier:
    """The carrier of that slug or name. Raises FileRefused with those there are."""
    for invoice_carrier in carriers():
        if _plain(carrier) in (_plain(invoice_carrier.slug), _plain(invoice_carrier.name)):
            return invoice_carrier
    raise FileRefused(
        f"there is no carrier {carrier!r}; there are: {', '.join(carrier.slug for carrier in carriers())}"
    )


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def _expected(detection: Detection, expected: InvoiceCarrier | None) -> Detection:
    if expected is not None and detection.carrier != expected.slug:
        raise FileRefused(
            f"this is a file of {detection.label}, not of {expected.name}: "
            f"its carrier is {detection.carrier!r}"
        )
    return detection


def _beginning(table: Table, delimiter: str | None) -> tuple[list[list[str]], list[int]]:
    """The first records that are not blank, and their numbers."""
    records: list[list[str]] = []
    rows: list[int] = []
    for row, cells in enumerate(islice(table.records(delimiter or ","), _LOOKED_AT), 1):
        if isinstance(cells, BrokenRecord):
            if delimiter is None or not records:
                records.append(cells.cells)
                rows.append(row)
        elif any(cell.strip() for cell in cells) and not is_separator_line(cells):
            records.append(list(cells))
            rows.append(row)
        if len(records) == _HEAD:
            break
    return records, rows


def _matches(head: TableHead, rows: list[int]) -> Iterator[Detection]:
    for carrier in carriers():
        for layout in carrier.layouts:
            if (head.delimiter is None or head.delimiter in layout.delimiters) and layout.recognises(head):
                last = layout.header_rows - 1
                first_row = rows[last] + 1 if 0 <= last < len(rows) else rows[0]
                header = head.records[last] if 0 <= last < len(head.records) else []
                yield Detection(carrier.slug, carrier.name, layout, head.delimiter, header, first_row)


def _described(cells: list[str]) -> str:
    """A description of what was seen in the first record."""
    shown = ", ".join(repr(cell.strip()[:40]) for cell in cells[:6])
    extra_text = ", …" if len(cells) > 6 else ""
    return f"its first record has {len(cells)} cell{'s' * (len(cells) != 1)}: {shown}{extra_text}"
