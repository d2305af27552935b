"""An invoice file → line items and faults, in the order of the file, in memory that does not grow with it.

open_table ─▶ detect ─▶ for each record: its layout ─▶ book ─▶ LineItem | Fault
                                                         └──▶ summary, invoices: at the end
"""

from collections.abc import Iterator
from decimal import Context, localcontext
from pathlib import Path
from typing import Any

from crossdock.integrations.invoices.amounts import Style, shows_decimal_comma
from crossdock.integrations.invoices.book import Book
from crossdock.integrations.invoices.columns import Columns
from crossdock.integrations.invoices.contract import Envelope, Fault, Invoice, LineItem, Summary
from crossdock.integrations.invoices.detection import Found, detect, recognized
from crossdock.integrations.sheets import Row
from crossdock.integrations.tables import Broken, Last, Table, open_table

_BATCH = 200
"""Records read at a time."""
_EXACT = Context(prec=80)
"""Sums of 10⁹ amounts of the longest kind still have all of their digits."""


def open_invoices(
    path: Path, *, name: str | None = None, carrier: str | None = None, envelope: Envelope | None = None
) -> "Reading":
    """The reading of an invoice file, recognized by its content.

    name: what to call it in messages; carrier: whose it must be, by slug or name; envelope: what came along
    with it. Raises FileRefused for any other file, with what was seen in it.
    """
    table = open_table(path)
    return Reading(table, name or path.name, detect(table, carrier), envelope or Envelope())


class Reading:
    """One pass over a file. Iterate once; then there are `summary` and `invoices`."""

    def __init__(self, table: Table, name: str, found: Found, envelope: Envelope) -> None:
        self.name = name
        self.carrier = found.carrier
        self.variant = found.layout.variant
        self.delimiter = found.delimiter
        self.size = table.size
        self.summary: Summary | None = None
        self._table = table
        self._found = found
        self._records = table.records(found.delimiter or ",")
        self._book = Book(found.carrier, found.layout.currency, envelope, self._find_style)
        self._bind(found.header)
        self._harmless = {self._columns.width}
        self._full = self._columns.width
        self._is_foreign = False

    def __enter__(self) -> "Reading":
        return self

    def __exit__(self, *_: object) -> None:
        self._book.close()

    @property
    def position(self) -> int:
        """Bytes read so far; of a workbook none."""
        return self._records.position

    def __iter__(self) -> Iterator[LineItem | Fault]:
        for batch in self.batches():
            yield from batch

    def batches(self) -> Iterator[list[LineItem | Fault]]:
        """The same, by whole records, some hundred at a time."""
        records = enumerate(self._records, 1)
        is_more = True
        while is_more:
            with localcontext(_EXACT):
                is_more = self._read_some(records)
                if not is_more:
                    self._conclude()
            batch, self._book.out = self._book.out, []
            if batch:
                yield batch

    def invoices(self) -> Iterator[Invoice]:
        """Each invoice of the file, in its order."""
        return self._book.invoices()

    def _bind(self, header: list[str]) -> None:
        """Reads on with the columns as this header has them."""
        self._columns = self._book.columns = Columns(self._found.layout.columns or header)
        self._read = self._found.layout.reads(self._columns, self._book)

    def _read_some(self, records: Iterator[tuple[int, Any]]) -> bool:
        """Reads the next records into the book; tells whether there may be more."""
        first = self._found.first_row
        for count, (row, cells) in enumerate(records, 1):
            if row >= first:
                if type(cells) is list and len(cells) == self._columns.width and cells[0]:
                    self._record(row, cells)
                else:
                    self._irregular(row, cells)
            if count >= _BATCH:
                return True
        return False

    def _record(self, row: int, cells: list[str]) -> None:
        book = self._book
        book.rows += 1
        cells.append("")
        book.begin(row, cells)
        if self._is_foreign:
            book.is_odd = True
        else:
            self._read(cells)
        if book.has_bad_amount or book.is_odd:
            self._look_for_header(cells[:-1])
        book.end()

    def _irregular(self, row: int, cells: Any) -> None:
        """A record that is broken, blank, cut off, or of another length than the header."""
        if isinstance(cells, Broken):
            self._broken(row, cells)
            return
        if not "".join(cells).strip():
            return
        if isinstance(cells, Last) and len(cells) < self._full:
            self._broken(row, Broken("the file ends in the middle of this row", cells, is_cut=True))
            return
        width = self._columns.width
        if len(cells) not in self._harmless:
            self._book.begin(row, cells)
            if self._is_header(cells):
                return
            self._harmless.add(len(cells))
        self._full = min(self._full, len(cells))
        self._record(row, [*cells[:width], *[""] * (width - len(cells))])
        if isinstance(cells, Row):
            for place in cells.rounded:
                self._book.fault(place, "Excel has rounded this number: what follows its 15th digit is lost")
            self._book.end()

    def _broken(self, row: int, broken: Broken) -> None:
        book = self._book
        book.rows += 1
        book.begin(row, broken.cells)
        place = min(len(broken.cells), self._columns.width) - 1
        book.fault(place if place >= 0 else None, broken.message)
        book.end()

    def _look_for_header(self, cells: list[str]) -> None:
        """Takes back a record that turns out to be a header: files are put together from others."""
        errors = self._book.row_errors
        if self._is_header(cells):
            self._book.take_back(errors)
            self._book.rows -= 1

    def _is_header(self, cells: list[str]) -> bool:
        """Whether a header stands here. After one of ours reading goes on as it says; after another's not."""
        found = recognized(cells, self.delimiter)
        if found is None:
            return False
        is_ours = found.layout is self._found.layout
        if is_ours:
            if [one.strip() for one in cells if one.strip()] != [one for one in self._columns.header if one]:
                self._bind(cells)
                self._harmless.add(self._columns.width)
            self._is_foreign = False
        elif not self._is_foreign:
            self._is_foreign = True
            self._other_header(found)
        return True

    def _other_header(self, found: Found) -> None:
        own = self._found.label
        self._book.fault(
            0,
            f"here begins a file of {found.label}, in one of {own}: what follows is not read; split the file",
        )

    def _conclude(self) -> None:
        book = self._book
        if not book.rows:
            book.begin(self._found.first_row - 1, [])
            book.fault(None, "the file has a header and nothing below it")
        book.conclude()
        self.summary = book.summary()

    def _find_style(self, places: set[int]) -> Style:
        """Whether any amount of the file shows a decimal comma: a pass of its own, made when it matters."""
        for cells in self._table.records(self.delimiter or ","):
            if isinstance(cells, list) and any(
                shows_decimal_comma(cells[place]) for place in places if place < len(cells)
            ):
                return Style.COMMA
        return Style.POINT
