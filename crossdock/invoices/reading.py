"""An invoice file → line items and faults, in the order of the file, in memory that does not grow with it.

open_table ─▶ detect ─▶ for each record: its layout ─▶ book ─▶ LineItem | Fault
                                                         └──▶ summary, invoices: at the end
"""

from collections.abc import Iterator
from decimal import Context, localcontext
from itertools import islice
from pathlib import Path
from typing import Any

from crossdock.errors import FileRefused
from crossdock.invoices.accumulator import InvoiceAccumulator
from crossdock.invoices.amounts import NumberStyle, shows_decimal_comma
from crossdock.invoices.columns import Columns
from crossdock.invoices.contract import Envelope
from crossdock.invoices.detection import Detection, detect, is_separator_line, recognized
from crossdock.invoices.record_reader import Entry
from crossdock.invoices.sheets import SheetRow
from crossdock.invoices.tables import BrokenRecord, LastRecord, Table, open_table
from crossdock.kit.files import Invoice, Summary

_BATCH = 200
"""Records read at a time."""
_EXACT = Context(prec=80)
"""Sums of 10⁹ amounts of the longest kind still have all of their digits."""


def open_invoices(
    path: Path, *, name: str | None = None, carrier: str | None = None, envelope: Envelope | None = None
) -> "InvoiceReading":
    """The reading of an invoice file, recognized by its content.

    name: what to call it in messages; carrier: whose it must be, by slug or name; envelope: what came along
    with it. Raises FileRefused for any other file, with what was seen in it.
    """
    table = open_table(path)
    return InvoiceReading(table, name or path.name, detect(table, carrier), envelope or Envelope())


class InvoiceReading:
    """One pass over a file. Iterate once; then there are `summary` and `invoices`."""

    def __init__(self, table: Table, name: str, detection: Detection, envelope: Envelope) -> None:
        self.name = name
        self.carrier = detection.carrier
        self.variant = detection.layout.variant
        self.delimiter = detection.delimiter
        self.size = table.size
        self._summary: Summary | None = None
        self._table = table
        self._found = detection
        self._records = table.records(detection.delimiter or ",")
        self.divide = detection.layout.divide
        self._book = InvoiceAccumulator(
            detection.carrier,
            detection.layout.currency,
            envelope,
            self._find_style,
            is_split=detection.layout.is_split,
        )
        self._book.row = detection.first_row - 1
        self._row = 0
        self._unread: set[str] = set()
        """Columns of which was told that they are not read."""
        self._is_foreign = False
        self._bind(detection.header)
        self._shortest = self._width
        """Cells of the shortest record so far: one with fewer at the very end was cut off."""

    def __enter__(self) -> "InvoiceReading":
        return self

    def __exit__(self, *_: object) -> None:
        self._book.close()

    @property
    def summary(self) -> Summary:
        """All of it. Raises ValueError before it was read to its end."""
        if self._summary is None:
            raise ValueError(f"{self.name} was not read to its end")
        return self._summary

    @property
    def position(self) -> int:
        """Bytes read so far; of a workbook none."""
        return self._records.position

    def __iter__(self) -> Iterator[Entry]:
        for batch in self.batches():
            yield from batch

    def batches(self) -> Iterator[list[Entry]]:
        """The same, by whole records, some hundred at a time."""
        records = enumerate(self._records, 1)
        is_more = True
        while is_more:
            with localcontext(_EXACT):
                try:
                    is_more = self._read_some(records)
                except FileRefused as problem:
                    is_more = False
                    self._break_off(problem)
                if not is_more:
                    self._conclude()
            batch, self._book.out = self._book.out, []
            if batch:
                yield batch

    def invoices(self) -> Iterator[Invoice]:
        """Each invoice of the file, in its order."""
        return self._book.invoices()

    def _bind(self, header: list[str]) -> None:
        """Read on with the columns as this header has them."""
        layout, book = self._found.layout, self._book
        book.turn_to(Columns(layout.columns or header))
        self._width = book.columns.width
        self._read = layout.reads(book.columns, book)
        self._harmless = {self._width}
        if not layout.columns:
            self._tell_unread(book.columns)

    def _tell_unread(self, columns: Columns) -> None:
        """Warn of columns that look like some that the layout reads, but are not read."""
        for position, name in columns.lookalikes():
            header = columns.header[position]
            if header not in self._unread:
                self._unread.add(header)
                self._book.cells = columns.header
                self._book.warn(position, f"looks like {name!r}, which is missing: this column is not read")

    def _read_some(self, records: Iterator[tuple[int, Any]]) -> bool:
        """Read the next records into the book; tell whether there may be more."""
        book, first, row = self._book, self._found.first_row, self._row
        read, width = self._read, self._width
        for row, cells in islice(records, _BATCH):
            if type(cells) is list and len(cells) == width and cells[0] and row >= first:
                book.row, book.cells = row, cells
                book.rows += 1
                cells.append("")
                read(cells)
                if book.is_troubled:
                    self._settle()
            elif row >= first:
                self._irregular(row, cells)
            else:
                continue
            read, width = self._read, self._width
        is_more = row - self._row == _BATCH
        self._row = row
        return is_more

    def _settle(self) -> None:
        """Look at a record that did not fit: files are put together from others, so it may be a header."""
        book = self._book
        errors = book.row_errors
        if (book.has_bad_amount or book.is_odd) and not book.has_charged and self._is_header(book.cells[:-1]):
            book.take_back(errors)
            book.rows -= 1
        book.settle()

    def _irregular(self, row: int, cells: Any) -> None:
        """A record that is broken, blank, cut off, or of another length than the header."""
        book, width = self._book, self._width
        if isinstance(cells, LastRecord) and len(cells) < self._shortest:
            cells = BrokenRecord("the file ends in the middle of this row", cells)
        if isinstance(cells, BrokenRecord):
            book.row, book.cells = row, cells.cells
            book.rows += 1
            book.fault(min(len(cells.cells), width) - 1 if cells.cells else None, cells.message)
            book.settle()
            return
        if not "".join(cells).strip() or is_separator_line(cells):
            return
        book.row, book.cells = row, [*cells[:width], *[""] * (width - len(cells) + 1), ""][: width + 1]
        if len(cells) not in self._harmless:
            if self._is_header(cells):
                book.settle()
                return
            self._harmless.add(len(cells))
        self._shortest = min(self._shortest, len(cells))
        book.rows += 1
        self._read(book.cells)
        if isinstance(cells, SheetRow):
            for position, message in cells.flaws:
                book.fault(position, message)
        if book.is_troubled:
            self._settle()

    def _is_header(self, cells: list[str]) -> bool:
        """Check for a header. After one of ours reading goes on as it says; after another's not."""
        detection, own_detection = recognized(cells, self.delimiter), self._found
        if detection is None or (
            detection.layout is own_detection.layout and not own_detection.layout.header_rows
        ):
            return False
        if detection.layout is own_detection.layout:
            self._bind(cells)
            self._is_foreign = False
        elif not self._is_foreign:
            self._is_foreign = True
            self._read = lambda _: self._book.odd()
            self._book.fault(
                0, f"here begins a file of {detection.label}, in one of {own_detection.label}: it is not read"
            )
        return True

    def _break_off(self, problem: FileRefused) -> None:
        """Break off: what follows can't be read; what came before is kept."""
        book = self._book
        book.row, book.cells = book.row + 1, []
        book.fault(None, f"{problem}; the rest of the file is not read")
        book.settle()

    def _conclude(self) -> None:
        book = self._book
        if not book.rows and not book.errors:
            book.row, book.cells = self._found.first_row - 1, []
            book.fault(None, "the file has a header and nothing below it")
        book.conclude()
        self._summary = book.summary()

    def _find_style(self, counts: set[int]) -> NumberStyle:
        """Find whether any amount shows a decimal comma: a pass of its own, made when it matters."""
        for cells in self._table.records(self.delimiter or ","):
            if isinstance(cells, list) and any(
                shows_decimal_comma(cells[position]) for position in counts if position < len(cells)
            ):
                return NumberStyle.COMMA
        return NumberStyle.POINT
