"""The first sheet of an XLSX workbook as rows of texts, streamed.

A workbook is a ZIP of XML, so before anything is parsed its parts are measured as they unpack: what grows
without end, declares entities or holds a row without end is refused in constant memory.
"""

import errno
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import IO, Any
from xml.etree import ElementTree

from crossdock.errors import FileRefused

MOST_UNPACKED = 2 << 30
"""Bytes of one sheet. 100,000 rows of 250 cells have about half of that."""
MOST_SHARED = 48 << 20
"""Bytes of everything that is not a sheet: texts of cells are kept in memory while it is read."""
MOST_TIMES = 400
"""How many times as large as packed a part may be. Sheets of blanks reach about 100."""
LONGEST_ROW = 4 << 20
MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
_CHUNK = 1 << 20

# What zipfile, openpyxl and the parsers of XML raise on a workbook that is damaged, or made to be.
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, SyntaxError, LookupError, ValueError, TypeError,
    AttributeError, ArithmeticError, EOFError, NotImplementedError, RuntimeError, AssertionError,
)  # fmt: skip
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


ROUNDED = "Excel has rounded this number: what follows its 15th digit is lost"
NOT_CALCULATED = "is a formula that was never calculated: open the workbook, and save it again"


class SheetRow(list[str]):
    """A row with cells that do not say all: the place of each, and what is wrong with it."""

    flaws: list[tuple[int, str]]


def check(path: Path) -> None:
    """Raise FileRefused for a ZIP that is no workbook, or one that must not be unpacked."""
    with _damage_refused(), path.open("rb") as file, zipfile.ZipFile(file) as packed:
        parts = packed.infolist()
        if "xl/workbook.xml" not in {part.filename for part in parts}:
            raise FileRefused("the file is a ZIP archive, not a table; unpack it first")
        shared = 0
        for part in parts:
            is_sheet = part.filename.startswith("xl/worksheets/")
            shared += 0 if is_sheet else part.file_size
            _check_sizes(part, shared)
            if part.filename.endswith((".xml", ".rels")):
                with packed.open(part) as content:
                    _check_part(content, part.filename, is_sheet)


@contextmanager
def _damage_refused() -> Iterator[None]:
    """Turn what a damaged workbook makes its readers raise into FileRefused; trouble of the disk stays."""
    try:
        yield
    except (*_DAMAGE, OSError) as problem:
        trouble = _disk_trouble(problem)
        if trouble is None:
            raise FileRefused(f"the workbook is damaged: {problem!s:.200}") from None
        raise trouble from None


def _disk_trouble(problem: Exception) -> OSError | None:
    """The operating system's error, where it was not about the workbook's content."""
    # zipfile calls a file whose end can't be read no ZIP file.
    cause = problem.__context__ if isinstance(problem, zipfile.BadZipFile) else problem
    if not isinstance(cause, OSError) or isinstance(cause, ValueError):
        return None
    # openpyxl raises one without a number; EINVAL is said of an offset in the archive that no file can have.
    return None if cause.errno in (None, errno.EINVAL) else cause


def _check_sizes(part: zipfile.ZipInfo, shared: int) -> None:
    """Check the sizes that the archive states; zipfile gives out no more than that."""
    # Others than these zipfile unpacks without a bound, and no program writes them.
    if part.compress_type not in _PACKINGS:
        raise FileRefused(f"the workbook has {part.filename} packed in a way that workbooks are not")
    size = part.file_size
    if size > MOST_UNPACKED or shared > MOST_SHARED or size > max(1 << 20, part.compress_size * MOST_TIMES):
        raise FileRefused(
            f"the workbook unpacks to far more than it should: {part.filename} from {part.compress_size:,} "
            f"to {size:,} bytes"
        )


def _check_part(part: IO[bytes], name: str, is_sheet: bool) -> None:
    """Raise FileRefused for entities, and for a row that has no end."""
    tail, since = b"", 0
    while chunk := part.read(_CHUNK):
        text = tail + chunk
        if b"<!" in text and re.search(rb"<!(DOCTYPE|ENTITY)", text, re.I):
            raise FileRefused(f"the workbook declares XML entities in {name}")
        last = text.rfind(b"</row>")
        since = since + len(chunk) if last < 0 else len(text) - last
        if is_sheet and since > LONGEST_ROW:
            raise FileRefused(f"a row in {name} is longer than {LONGEST_ROW:,} bytes")
        tail = text[-16:]


def rows(path: Path) -> Iterator[list[str]]:
    """The rows of the first sheet, blank ones included. Raises FileRefused for a damaged workbook."""
    # A stream: openpyxl refuses paths that do not end in .xlsx, and those of stored files have no ending.
    with _damage_refused(), path.open("rb") as file, closing(_workbook(file)) as book:
        sheet, *further = book.worksheets
        for unread in further:
            _refuse_content(unread)
        # What a sheet says of its own size is not to be trusted.
        sheet.reset_dimensions()
        uncalculated = _uncalculated(path, sheet._worksheet_path)
        row, counts = next(uncalculated, _NO_ROW)
        for number, values in enumerate(sheet.iter_rows(values_only=True), 1):
            if number > MOST_ROWS or len(values) > MOST_COLUMNS:
                raise FileRefused(f"row {number:,} of the workbook is beyond what a sheet can have")
            yield _row(values, counts if row == number else [])
            if row == number:
                row, counts = next(uncalculated, _NO_ROW)


def _workbook(file: IO[bytes]) -> Any:
    # It takes 0.2 s to import, which only those with workbooks should pay.
    from openpyxl import load_workbook

    return load_workbook(file, read_only=True, data_only=True, keep_links=False)


def _refuse_content(sheet: Any) -> None:
    """Only the first sheet is read: nothing may stand on another one, and be missed."""
    sheet.reset_dimensions()
    for number, values in enumerate(sheet.iter_rows(values_only=True), 1):
        if number > MOST_ROWS or any(value is not None for value in values):
            raise FileRefused(f"the workbook has a second sheet with content, {sheet.title!r}: save it apart")


_NO_ROW: tuple[int, list[int]] = (0, [])
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")


def _uncalculated(path: Path, sheet: str) -> Iterator[tuple[int, list[int]]]:
    """Rows with formulas that have no value, and where in the row: whoever wrote them did not calculate."""
    with path.open("rb") as file, zipfile.ZipFile(file) as packed:
        if not _has_formulas(packed, sheet):
            return
        with packed.open(sheet) as part:
            row = 0
            for element in _rows(part):
                row = int(element.get("r") or row + 1)
                if cells_without_values := _cells_without_value(element):
                    yield row, cells_without_values


def _rows(part: IO[bytes]) -> Iterator[ElementTree.Element]:
    """Each row of a sheet, which is forgotten when the next one is asked for."""
    all_rows: ElementTree.Element | None = None
    # `check` has refused entities, and rows without end.
    for event, element in ElementTree.iterparse(part, ("start", "end")):  # noqa: S314
        tag = element.tag.rpartition("}")[2]
        if event == "start" and tag == "sheetData":
            all_rows = element
        elif event == "end" and tag == "row":
            yield element
            if all_rows is not None:
                all_rows.clear()


def _cells_without_value(row: ElementTree.Element) -> list[int]:
    """The places in a row that have formulas without a value."""
    cells_without_values, column = list[int](), 0
    for cell in row:
        if cell.tag.rpartition("}")[2] == "c":
            column = _column(cell.get("r")) or column + 1
            if _lacks_value(cell):
                cells_without_values.append(column - 1)
    return cells_without_values


def _lacks_value(cell: ElementTree.Element) -> bool:
    """Check whether a cell has a formula and no value. An empty text (t="str") is one."""
    texts = {child.tag.rpartition("}")[2]: child.text for child in cell}
    return "f" in texts and not texts.get("v") and "is" not in texts and cell.get("t") != "str"


def _has_formulas(packed: zipfile.ZipFile, sheet: str) -> bool:
    with packed.open(sheet) as part:
        tail = b""
        while chunk := part.read(_CHUNK):
            if _FORMULA.search(tail + chunk):
                return True
            tail = chunk[-64:]
    return False


def _column(reference: str | None) -> int:
    """The number of the column, from 1, of a cell such as "AB12"; 0: it does not say."""
    number = 0
    for letter in (reference or "").rstrip("0123456789").upper():
        number = number * 26 + ord(letter) - 64
    return number


def _row(values: tuple[Any, ...], uncalculated: list[int]) -> list[str]:
    cells = [value if type(value) is str else _text(value) for value in values]
    flaws = [
        (position, ROUNDED)
        for position, value in enumerate(values)
        if isinstance(value, float) and abs(value) >= 1e15
    ]
    flaws += (
        (position, NOT_CALCULATED)
        for position in uncalculated
        if position < len(cells) and not cells[position]
    )
    if not flaws:
        return cells
    row = SheetRow(cells)
    row.flaws = flaws
    return row


def _text(value: Any) -> str:
    """A cell as a person would have typed it."""
    if value is None:
        return ""
    if isinstance(value, float):
        # Excel computes with 15 digits: 0.1 + 0.2 is 0.3 to whoever looks at it.
        text = f"{Decimal(format(value, '.15g')):f}"
        # A number has no thousands: nobody shall take the point of 1.234 for one.
        return f"{text}0" if text[-4:-3] == "." else text
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d" if value.time() == time() else "%Y-%m-%d %H:%M:%S")
    if isinstance(value, date | time | timedelta):
        return str(value)
    return str(value).upper() if isinstance(value, bool) else str(value)
