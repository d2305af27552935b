"""Damaged invoice files are read, as far as they can be, or refused: nothing else comes of one."""

import csv
import io
import os
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from crossdock.errors import FileRefused
from crossdock.invoices.contract import LineItem
from crossdock.invoices.reading import open_invoices
from crossdock.kit.files import Fault
from tests.conftest import IN_CI, SHARED
from tests.damaged_files import damaged, damaged_workbooks, zipped
from tests.invoice_files import CARRIERS, cases, table, text

COUNT = int(os.environ.get("CROSSDOCK_TEST_DAMAGED", "5000" if IN_CI else "1000"))
"""Variants of each layout: all of them where everything must run."""
LONGEST_SAMPLE = 4000  # characters: what is wrong shows in few rows


def layouts() -> dict[str, list[str]]:
    """Samples of each layout, by carrier and variant: our own, and the specification's where it is."""
    fields: dict[str, list[str]] = {}
    for slug, case in cases():
        written = text(table(CARRIERS[slug], case), case.get("delimiter", ","))
        if len(written) <= LONGEST_SAMPLE:
            fields.setdefault(f"{slug} {case.get('variant') or ''}".strip(), []).append(written)
    for slug, sample in _shared_samples():
        for name, samples in fields.items():
            if name.split(" ")[0] == slug:
                samples.append(sample)
    return fields


def _shared_samples() -> Iterator[tuple[str, str]]:
    for path in sorted((SHARED / "carrier-samples").glob("*.csv")):
        slug = next((name for name in CARRIERS if path.stem.startswith(name)), None)
        if slug is not None:
            yield slug, "".join(path.read_text("utf-8-sig").splitlines(keepends=True)[:4])


LAYOUTS = layouts()


class InMemory:
    """A file as far as reading one asks for it: tens of thousands on a disk take minutes."""

    name = "file.csv"

    def __init__(self, content: bytes) -> None:
        self.content = content

    def open(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self.content)

    def stat(self) -> Any:
        return SimpleNamespace(st_size=len(self.content))


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_damaged_file_of_a_layout_is_read_or_refused(name: str):
    outcomes = Counter({"read": 0, "refused": 0})
    for number, content in enumerate(damaged(LAYOUTS[name], COUNT, seed=sum(map(ord, name)))):
        try:
            outcomes["items"] += _read(InMemory(content))
            outcomes["read"] += 1
        except FileRefused:
            outcomes["refused"] += 1
        except Exception as problem:
            raise AssertionError(f"variant {number} of {name}: {content!r}") from problem
    # Else nothing was put to the test.
    assert min(outcomes.values()) > COUNT // 50, outcomes


def test_every_damaged_workbook_is_read_or_refused(tmp_path: Path):
    whole_workbook, outcomes = _workbook(LAYOUTS["ups"][0]), Counter({"read": 0, "refused": 0})
    for number, content in enumerate(damaged_workbooks(whole_workbook, COUNT // 5, seed=1)):
        path = tmp_path / f"{number}"
        path.write_bytes(content)
        try:
            _read(path)
            outcomes["read"] += 1
        except FileRefused:
            outcomes["refused"] += 1
        except Exception as problem:
            raise AssertionError(f"variant {number}") from problem
        path.unlink()
    assert min(outcomes.values()) > COUNT // 100, outcomes


def _workbook(sample: str) -> bytes:
    """A workbook of a sample, the same bytes each time: a variant that failed can be had again."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for cells in csv.reader(io.StringIO(sample)):
        sheet.append([float(cell) if cell.replace(".", "", 1).isdigit() else cell for cell in cells])
    saved = io.BytesIO()
    book.save(saved)
    with zipfile.ZipFile(saved) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    core = "docProps/core.xml"
    parts[core] = re.sub(rb"\d{4}-\d\d-\d\dT[\d:]+Z", b"2026-01-01T00:00:00Z", parts[core])
    return zipped(parts, zipfile.ZIP_DEFLATED)


def _read(path: Any) -> int:
    """How many line items come of a file."""
    items = 0
    with open_invoices(path) as reading:
        for entry in reading:
            items += isinstance(entry, LineItem)
            if isinstance(entry, LineItem):
                assert entry.record
            elif isinstance(entry, Fault):
                assert entry.message
        assert reading.summary.line_items == items
        assert sum(invoice.line_items for invoice in reading.invoices()) == items
    return items
