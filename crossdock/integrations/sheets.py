"""The first sheet of an XLSX workbook as rows of texts, streamed.

A workbook is a ZIP of XML, so before anything is parsed its parts are measured as they unpack: what grows
without end, declares entities or holds a row without end is refused in constant memory.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

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

# What zipfile and openpyxl raise on a workbook that is damaged, or made to be.
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, SyntaxError, LookupError, ValueError, TypeError, AttributeError,
    ArithmeticError, EOFError, NotImplementedError, RuntimeError,
)  # fmt: skip


class Row(list[str]):
    """A row that holds numbers of which Excel has kept only 15 digits."""

    rounded: list[int]


def check(path: Path) -> None:
    """Raises FileRefused for a ZIP that is no workbook, or one that must not be unpacked."""
    try:
        with zipfile.ZipFile(path) as packed:
            parts = packed.infolist()
            if "xl/workbook.xml" not in {one.filename for one in parts}:
                raise FileRefused("the file is a ZIP archive, not a table; unpack it first")
            shared = 0
            for one in parts:
                is_sheet = one.filename.startswith("xl/worksheets/")
                shared += 0 if is_sheet else one.file_size
                _check_sizes(one, shared)
                if one.filename.endswith((".xml", ".rels")):
                    with packed.open(one) as part:
                        _check_part(part, one.filename, is_sheet)
    except _DAMAGE as problem:
        raise _damaged(problem) from None


def _check_sizes(part: zipfile.ZipInfo, shared: int) -> None:
    """What the archive says of itself; zipfile gives out no more than that."""
    size = part.file_size
    if size > MOST_UNPACKED or shared > MOST_SHARED or size > max(1 << 20, part.compress_size * MOST_TIMES):
        raise FileRefused(
            f"the workbook unpacks to far more than it should: {part.filename} from {part.compress_size:,} "
            f"to {size:,} bytes"
        )


def _check_part(part: IO[bytes], name: str, is_sheet: bool) -> None:
    """Raises FileRefused for entities, and for a row that has no end."""
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
    # It takes 0.2 s to import, which only those with workbooks should pay.
    from openpyxl import load_workbook

    try:
        book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
        sheet, *others = book.worksheets
        for one in others:
            _refuse_content(one)
        # What a sheet says of its own size is not to be trusted.
        sheet.reset_dimensions()
        for number, values in enumerate(sheet.iter_rows(values_only=True), 1):
            if number > MOST_ROWS or len(values) > MOST_COLUMNS:
                raise FileRefused(f"row {number:,} of the workbook is beyond what a sheet can have")
            yield _row(values)
        book.close()
    except _DAMAGE as problem:
        raise _damaged(problem) from None


def _refuse_content(sheet: Any) -> None:
    """Only the first sheet is read: nothing may stand on another one, and be missed."""
    sheet.reset_dimensions()
    for number, values in enumerate(sheet.iter_rows(values_only=True), 1):
        if number > MOST_ROWS or any(value is not None for value in values):
            raise FileRefused(f"the workbook has a second sheet with content, {sheet.title!r}: save it apart")


def _row(values: tuple[Any, ...]) -> list[str]:
    cells = [value if type(value) is str else _text(value) for value in values]
    rounded = [place for place, value in enumerate(values) if isinstance(value, float) and abs(value) >= 1e15]
    if not rounded:
        return cells
    row = Row(cells)
    row.rounded = rounded
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


def _damaged(problem: Exception) -> FileRefused:
    return FileRefused(f"the workbook is damaged: {problem!s:.200}")
