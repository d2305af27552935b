"""Tables in files, streamed: CSV in any encoding, delimiter and quoting, and XLSX of the same.

    file ─▶ examine: binary? empty? encoding? ─▶ lines, bounded ─▶ csv.reader ─▶ Record(s)

Memory does not depend on the file: a line, a cell, an unpacked part that is too long ends the reading.
What is wrong with one record is told in its place, and reading goes on after it.
"""

import codecs
import csv
import io
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from crossdock.errors import FileRefused
from crossdock.invoices import sheets

LONGEST_LINE = 1 << 20
"""In bytes. The longest real lines, 250 columns of addresses, have a few thousand."""
LONGEST_CELL = 131_072
_CHUNK = 1 << 18
_ZIP = b"PK\x03\x04"

Record = list[str]


@dataclass(frozen=True)
class BrokenRecord:
    """A record that is not one: what is wrong with it, and the beginning of it where known."""

    message: str
    cells: Record = field(default_factory=list)


@dataclass(frozen=True)
class Table:
    """A file that can be read as a table, any number of times."""

    path: Path
    encoding: str
    """"xlsx", or the name of a codec."""
    size: int

    def records(self, delimiter: str) -> "TableRecords":
        """The records, blank ones included. For XLSX the delimiter has no meaning."""
        return TableRecords(self, delimiter)


class TableRecords:
    """Iterates over the records of a table: `Record`, or `BrokenRecord` in place of one."""

    def __init__(self, table: Table, delimiter: str) -> None:
        self._table = table
        self._delimiter = delimiter
        self.position = 0
        """Bytes read so far: how far it got."""

    def __iter__(self) -> Iterator[Record | BrokenRecord]:
        if self._table.encoding == "xlsx":
            yield from sheets.rows(self._table.path)
            return
        with self._table.path.open("rb") as file:
            yield from self._parsed(file)

    def _parsed(self, file: BinaryIO) -> Iterator[Record | BrokenRecord]:
        bounded = _Bounded(file, self)
        # Sized for all parsers of the process: the standard library has no other place for it.
        csv.field_size_limit(LONGEST_CELL)
        reader = csv.reader(self._lines(bounded), delimiter=self._delimiter)
        before: Record | None = None
        while True:
            try:
                for cells in reader:
                    if not bounded.is_done:
                        yield cells
                        continue
                    # Near the end each record waits for the next one, as the last one is another matter.
                    if before is not None:
                        yield _complete(before, cells, bounded)
                    before = cells
            except csv.Error as problem:
                if before is not None:
                    yield before
                    before = None
                yield BrokenRecord(_explained(problem))
            else:
                break
        if before is not None and before != [bounded.end]:
            yield BrokenRecord("the file ends within a quoted cell of this row", [*before[:-1], ""])

    def _lines(self, bounded: "_Bounded") -> io.TextIOWrapper:
        # What is half a character at the very end is shown as one that is not known.
        errors = "latin-1 holes" if self._table.encoding == "cp1252" else "replace"
        return io.TextIOWrapper(
            io.BufferedReader(bounded, _CHUNK), encoding=self._table.encoding, errors=errors
        )


def _complete(record: Record, following: Record, bounded: "_Bounded") -> Record:
    """A record near the end; the last one, where what follows is the end of a file without a last newline."""
    is_last = following == [bounded.end] and not bounded.ends_with_newline
    return LastRecord(record) if is_last else record


class LastRecord(list[str]):
    """The last record of a file whose last line has no end: it may have been cut off."""


def _explained(problem: csv.Error) -> str:
    if "field larger" in str(problem):
        return f"a cell is longer than {LONGEST_CELL:,} characters: a quote that is never closed?"
    return f"the row can't be taken apart: {problem}"


class _Bounded(io.RawIOBase):
    """The bytes of a file, and a last line of our own: a record that swallows it was never ended.

    A line without end is refused before it is in memory.
    """

    def __init__(self, file: BinaryIO, table_records: TableRecords) -> None:
        self._file = file
        self._told = table_records
        self._line = 0
        """Bytes of the line that is not at its end yet."""
        self._lines = 0
        self.end = f"\x1e{secrets.token_hex(8)}"
        self._end: bytes | None = self.end.encode()
        self.ends_with_newline = True

    @property
    def is_done(self) -> bool:
        """Check whether all of the file was read: what is parsed from now on is near its end."""
        return self._end is None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = self._file.read(len(buffer) - len(self.end) - 1)
        if chunk:
            self._told.position += len(chunk)
            self._measure(chunk)
        elif self._end is not None:
            chunk = self._end if self.ends_with_newline else b"\n" + self._end
            self._end = None
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def _measure(self, chunk: bytes) -> None:
        last = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
        self._lines += chunk.count(b"\n")
        self._line = self._line + len(chunk) if last < 0 else len(chunk) - last - 1
        self.ends_with_newline = last == len(chunk) - 1
        if self._line > LONGEST_LINE:
            raise FileRefused(f"line {self._lines + 1} is longer than {LONGEST_LINE:,} bytes: it is no table")


def _hole(problem: UnicodeError) -> tuple[str, int]:
    """The five bytes that Windows-1252 leaves free, as Latin-1 has them."""
    if not isinstance(problem, UnicodeDecodeError):
        raise problem
    return problem.object[problem.start : problem.end].decode("latin-1"), problem.end


codecs.register_error("latin-1 holes", _hole)


def open_table(path: Path) -> Table:
    """The table in a file, once its bytes were looked at. Raises FileRefused for what is none.

    Text is UTF-8, with or without a byte order mark, else Windows-1252.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        begin = file.read(4096)
        if size <= len(begin) and not begin.strip(b"\xef\xbb\xbf \t\r\n"):
            raise FileRefused("the file is empty")
        if begin.startswith(_ZIP):
            sheets.check(path)
            return Table(path, "xlsx", size)
        if binary := _known_binary(begin):
            raise FileRefused(f"the file is {binary}, not a table")
        file.seek(0)
        return Table(path, _encoding(file), size)


_MAGIC = {
    b"%PDF": "a PDF document",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls); save it as .xlsx or CSV",
    b"\x1f\x8b": "packed with gzip; unpack it first",
    b"BZh": "packed with bzip2; unpack it first",
    b"\xfd7zXZ": "packed with xz; unpack it first",
    b"7z\xbc\xaf": "packed with 7-Zip; unpack it first",
    b"Rar!": "packed with RAR; unpack it first",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\xff\xfe": "UTF-16 text; save it as UTF-8",
    b"\xfe\xff": "UTF-16 text; save it as UTF-8",
}


def _known_binary(begin: bytes) -> str | None:
    return next((name for magic, name in _MAGIC.items() if begin.startswith(magic)), None)


def _encoding(file: BinaryIO) -> str:
    """The encoding of all of the text. Raises FileRefused when it is none."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    is_utf8, is_ascii, position = True, True, 0
    while chunk := file.read(_CHUNK):
        if (at := chunk.find(b"\x00")) >= 0:
            raise FileRefused(f"byte {position + at + 1} of the file is zero: it is not text, and no table")
        position += len(chunk)
        if is_utf8:
            try:
                is_ascii &= decoder.decode(chunk).isascii()
            except UnicodeDecodeError:
                is_utf8 = False
    if not is_utf8:
        return "cp1252"
    # Half a character at the end: cut off UTF-8 if there are whole ones, else one accent of Windows-1252.
    return "cp1252" if is_ascii and decoder.getstate()[0] else "utf-8-sig"
