"""Erasing in files that came in: a copy without the person takes the place of the original.

A text (CSV, EDI, JSON) is gone through line by line, a workbook part by part. What is neither, such as a PDF,
can't be searched: it is counted, so that somebody looks.
"""

import codecs
import html
import re
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from crossdock.changes.masking.mask import Search

Outcome = Literal["same", "masked", "unsearched"]

SNIFFED_BYTES = 8192
LARGEST_PART = 256 * 2**20
"""Of a workbook, unpacked."""
ERASED_FILE = b"erased\n"

_XML_TEXT = re.compile(r">([^<>]+)<")
_XML_PARTS = ("xl/sharedStrings.xml", "xl/worksheets/", "xl/comments", "docProps/")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip


@dataclass(frozen=True)
class FileMask:
    """The masking of whole files."""

    search: Search

    def write(self, source: Path, target: Path) -> Outcome:
        """Write a copy without the person; "same": there was nothing, and the copy is not to be kept."""
        if self.search.everyone:
            target.write_bytes(ERASED_FILE)
            return "same" if source.read_bytes() == ERASED_FILE else "masked"
        if zipfile.is_zipfile(source):
            return self._write_workbook(source, target)
        with source.open("rb") as file:
            head = file.read(SNIFFED_BYTES)
        encoding = next((name for bom, name in _BOMS if head.startswith(bom)), None)
        if encoding is None and (b"\0" in head or head.startswith(b"%PDF-")):
            return "unsearched"
        return self._write_text(source, target, encoding)

    def _write_text(self, source: Path, target: Path, encoding: str | None) -> Outcome:
        changed = False
        with source.open("rb") as file, target.open("wb") as copy:
            if encoding == "utf-16":
                text = file.read().decode("utf-16", "surrogatepass")
                fresh = "".join(map(self._line, text.splitlines(keepends=True)))
                copy.write(fresh.encode("utf-16", "surrogatepass"))
                return "masked" if fresh != text else "same"
            for line in _lines(file):
                fresh_line = self._bytes(line)
                changed = changed or fresh_line != line
                copy.write(fresh_line)
        return "masked" if changed else "same"

    def _bytes(self, line: bytes) -> bytes:
        """A line without the person. What is not UTF-8 is read as Windows has it."""
        try:
            return self._line(line.decode()).encode()
        except UnicodeDecodeError:
            text = line.decode("cp1252", "surrogateescape")
            fresh = self._line(text)
            return line if fresh == text else fresh.encode("cp1252", "surrogateescape")

    def _line(self, line: str) -> str:
        return self.search.replaced(line)

    def _write_workbook(self, source: Path, target: Path) -> Outcome:
        changed = False
        with zipfile.ZipFile(source) as packed, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
            for part in packed.infolist():
                with packed.open(part) as content:
                    if not part.filename.startswith(_XML_PARTS) or part.file_size > LARGEST_PART:
                        with copy.open(part, "w") as out:
                            shutil.copyfileobj(content, out)
                        continue
                    text = content.read().decode("utf-8", "surrogateescape")
                fresh = self._xml(text)
                changed = changed or fresh != text
                copy.writestr(part, fresh.encode("utf-8", "surrogateescape"))
        return "masked" if changed else "same"

    def _xml(self, text: str) -> str:
        """A part of a workbook. Of a name and a street, which stand in cells apart, both must be in it."""
        whole = html.unescape(re.sub(r"<[^<>]*>", " ", text))
        patterns = [
            term
            for clause in self.search.clauses if all(term.pattern.search(whole) for term in clause)
            for term in clause
        ]  # fmt: skip

        def masked(match: re.Match[str]) -> str:
            cell = html.unescape(match[1])
            fresh = cell
            for term in patterns:
                fresh = term.pattern.sub(term.erased, fresh)
            return match[0] if fresh == cell else f">{html.escape(fresh, quote=False)}<"

        return _XML_TEXT.sub(masked, text) if patterns else text


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Lines, long ones in pieces that overlap nothing: a million bytes without an end is no table."""
    while line := file.readline(1 << 20):
        yield line
