"""A carrier's client pages through the files of its connection, and goes on where it was cut off."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crossdock.errors import NotFound
from crossdock.invoices import client as clients
from crossdock.kit.contract import Context, Page, Walk
from crossdock.kit.files import FileOutcome, FileRef
from crossdock.kit.http import Http
from crossdock.kit.registry import get_integration

HEADER = (
    "Account Number,Invoice Number,Invoice Date,Lead Shipment Number,Tracking Number,"
    "Charge Classification Code,Net Amount,Transaction Date"
)


class Folder:
    """Files in a folder, in the order of their names: `contract.Files`."""

    orders: Any = None

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.outcomes: dict[str, FileOutcome] = {}

    def put(self, name: str, *rows: str, header: str = HEADER) -> None:
        (self.folder / name).write_text("\n".join([header, *rows]) + "\n")

    def _ref(self, name: str) -> FileRef:
        return FileRef(name, f"{name}.csv", datetime(2026, 3, int(name), tzinfo=UTC))

    async def after(self, last: str | None, *, start: datetime | None = None) -> list[FileRef]:
        refs = [self._ref(file.name) for file in sorted(self.folder.iterdir()) if file.name > (last or "")]
        return [ref for ref in refs if start is None or ref.received >= start][:2]

    async def again(self) -> list[FileRef]:
        return []

    async def begin(self, id: str) -> int:
        return 1

    async def give_up(self, id: str) -> None:
        pass

    async def one(self, id: str) -> FileRef | None:
        return self._ref(id) if (self.folder / id).exists() else None

    @asynccontextmanager
    async def open(self, id: str) -> AsyncIterator[Path]:
        if not (self.folder / id).exists():
            raise NotFound(f"there is no file {id}")
        yield self.folder / id

    async def note_read(self, id: str, outcome: FileOutcome) -> None:
        self.outcomes[id] = outcome


@pytest.fixture
def files(tmp_path):
    return Folder(tmp_path)


def row(track: int, net: str = "1.00", day: str = "2026-02-03") -> str:
    return f"A1,I1,2026-02-07,1Z{track:03},1Z{track:03},FRT,{net},{day}"


def made(files: Folder | None) -> Any:
    context = Context({}, Http.__new__(Http), Path(), files, "ups")
    return get_integration("carrier", "ups").client(context)


async def pages(files: Folder | None, walk: Walk) -> list[Page]:
    return [page async for page in made(files).invoice_line_items(walk)]


def tracks(found_pages: list[Page]) -> list[str]:
    return [raw["tracking_number"] for page in found_pages for raw in page.records]


async def test_all_files_are_read_the_oldest_first_and_each_but_once(files):
    for day in ("01", "02", "03"):
        files.put(day, row(int(day)))
    first = await pages(files, Walk())
    files.put("04", row(4))
    again = await pages(files, Walk(mark=first[-1].mark))
    assert (tracks(first), tracks(again)) == (["1Z001", "1Z002", "1Z003"], ["1Z004"])
    assert (first[-1].cursor, first[-1].mark) == (None, "03")


async def test_a_walk_that_is_cut_off_goes_on_in_the_middle_of_its_file(files, monkeypatch):
    monkeypatch.setattr(clients, "PAGE_SIZE", 150)
    files.put("01", *(row(number) for number in range(500)))
    files.put("02", row(900))
    whole_pages = await pages(files, Walk())
    assert [len(page.records) for page in whole_pages] == [199, 200, 101, 1, 0]
    for position in range(len(whole_pages) - 1):
        remaining_pages = await pages(files, Walk(cursor=whole_pages[position].cursor))
        assert tracks(whole_pages[: position + 1]) + tracks(remaining_pages) == tracks(whole_pages)
    cursors = [str(page.cursor) for page in whole_pages]
    assert len(set(cursors)) == len(cursors)


async def test_the_ids_of_a_walk_that_goes_on_are_those_of_one_that_was_not_cut_off(files, monkeypatch):
    monkeypatch.setattr(clients, "PAGE_SIZE", 1)
    files.put("01", *(row(7) for _ in range(450)))
    whole_pages = await pages(files, Walk())
    remaining_pages = await pages(files, Walk(cursor=whole_pages[0].cursor))
    assert [raw["id"] for page in whole_pages[1:] for raw in page.records] == [
        raw["id"] for page in remaining_pages for raw in page.records
    ]
    assert len({raw["id"] for page in whole_pages for raw in page.records}) == 450


async def test_what_came_out_of_a_file_is_noted_once_it_was_read_to_its_end(files):
    files.put("01", row(1, "5.00"), row(2, "N/A"))
    files.put("02", "1,2", header="a,b")
    files.put("03", row(3))
    found_pages = await pages(files, Walk())
    assert tracks(found_pages) == ["1Z001", "1Z003"]
    read, refused, _ = files.outcomes.values()
    assert (read.summary.line_items, read.summary.reconciled, read.carrier) == (1, False, "ups")
    assert [fault.column for fault in read.faults] == ["Net Amount"]
    assert [invoice.invoice_id for invoice in read.invoices] == ["I1"]
    assert "no invoice file that we know" in refused.refused


async def test_a_file_that_is_gone_meanwhile_is_passed_over(files):
    files.put("01", row(1))
    files.put("02", row(2))
    walk = made(files).invoice_line_items(Walk())
    first = await anext(walk)
    (files.folder / "02").unlink()
    assert tracks([first] + [page async for page in walk]) == ["1Z001"]


async def test_a_first_walk_begins_where_it_is_told_to(files):
    files.put("01", row(1))
    files.put("05", row(5))
    assert tracks(await pages(files, Walk(start=datetime(2026, 3, 3, tzinfo=UTC)))) == ["1Z005"]


async def test_a_window_takes_what_came_or_was_incurred_in_it(files):
    files.put("01", row(1, day="2026-01-10"), row(2, day="2026-02-10"))
    files.put("20", row(3, day="2025-12-10"))
    window = Walk(start=datetime(2026, 2, 1, tzinfo=UTC), end=datetime(2026, 3, 1, tzinfo=UTC))
    assert tracks(await pages(files, window)) == ["1Z002"]
    window = Walk(start=datetime(2026, 3, 15, tzinfo=UTC), end=datetime(2026, 4, 1, tzinfo=UTC))
    assert tracks(await pages(files, window)) == ["1Z003"]


async def test_without_files_there_is_nothing_to_read(files):
    assert [page.records for page in await pages(None, Walk(mark="01"))] == [[]]
    assert [page.mark for page in await pages(files, Walk(mark="01"))] == ["01"]
    assert (await made(None).check()).name == "ups"


async def test_a_charge_without_any_date_is_as_old_as_its_file(files):
    files.put("09", "A1,I1,,1Z1,1Z1,FRT,1.00,")
    [raw] = (await pages(files, Walk()))[0].records
    assert raw["received"] == "2026-03-09T00:00:00Z"
