"""Whatever a file raises ends that file, and not its connection; files are read again, and taken away."""

import csv
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from openpyxl.utils.exceptions import InvalidFileException

from crossdock.cli import doctor
from crossdock.errors import Unavailable
from crossdock.invoices import client as clients
from crossdock.invoices import reading
from crossdock.invoices.client import MOST_BEGUN
from crossdock.services.application import application
from crossdock.store.carriers import files
from crossdock.store.connections import schedules
from crossdock.store.jobs import queue
from crossdock.store.records import quarantine
from crossdock.store.records.quarantine import QuarantineRow
from tests.damaged_files import damaged
from tests.fakes.invoices import FREIGHT, FUEL, invoice, put
from tests.journeys.carriers import Carrier, connected
from tests.journeys.conftest import World

LINE_ITEMS = "get_invoice_line_items"
DEARER = ("1Z001", "FRT", "Transportation Charges", "2.00", "12.00")
BOTH = {"Transportation Charges": 10.0, "Fuel Surcharges": 1.25}
ALL = {"start_time": "2020-01-01T00:00:00Z"}


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=application(world.services.dependencies()))
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as opened:
        yield opened


@pytest.fixture
async def ups(world: World, http: httpx.AsyncClient) -> Carrier:
    return await connected(world, http, world.organization)


async def bring(carrier: Carrier, name: str, content: bytes) -> str:
    """A file comes in, and is not read yet; its id."""
    path = put(Path(carrier.world.services.settings.data_dir), "incoming-file", content)
    file, _ = await carrier.world.services.intake.take(carrier.connection, name, path, source="upload")
    carrier.world.clock.pass_seconds(1)
    return file.id


async def read(carrier: Carrier) -> dict[str, str]:
    """Reads what came in; the state of each file by its name."""
    await carrier.sync()
    listed = (await carrier.get("/carrier/files", **ALL))["data"]
    return {item["file_name"]: (await carrier.file(item["id"]))["state"] for item in listed}


async def is_fine(carrier: Carrier) -> bool:
    """Whether the last sync went to its end."""
    plan = await schedules.get(carrier.world.services.database, carrier.connection.id, LINE_ITEMS)
    return plan is not None and plan.last_outcome == "done"


async def set_aside(carrier: Carrier) -> list[QuarantineRow]:
    return await quarantine.of_connection(carrier.world.services.database, carrier.connection.id)


def broken(monkeypatch: pytest.MonkeyPatch, name: str, raised: Callable[[], BaseException]) -> None:
    """Files of this name raise when they are read."""
    opened = reading.open_invoices

    def open_or_raise(path: Path, **fields: Any) -> Any:
        if fields["name"] == name:
            raise raised()
        return opened(path, **fields)

    monkeypatch.setattr(clients, "open_invoices", open_or_raise)


# Files are no pages of a vendor's list


async def test_files_with_equal_rows_are_all_read_and_so_is_what_comes_after_them(ups: Carrier):
    content = invoice(FREIGHT, FUEL)
    for number, ending in enumerate((b"", b"\n", b"\r\n", b"\n\n")):
        await bring(ups, f"{number}.csv", content + ending)
    await bring(ups, "later.csv", invoice(FREIGHT, invoice="INV2", total="10.00"))
    assert set((await read(ups)).values()) == {"read"}
    assert await is_fine(ups)
    assert len((await ups.get("/carrier/invoice-line-items"))["data"]) == 3


async def test_a_window_over_files_with_equal_rows_goes_to_its_end(ups: Carrier):
    await ups.upload(invoice(FREIGHT, FUEL), "a.csv")
    await ups.upload(invoice(FREIGHT, FUEL) + b"\n", "b.csv")
    await ups.upload(invoice(FREIGHT, FUEL) + b"\n\n", "c.csv")
    body = {"function_name": LINE_ITEMS, "start_time": "2026-01-15T00:00:00Z"}
    response = await ups.ask(
        "POST", "/connections/on-demand-syncs", json=body | {"end_time": "2026-01-25T00:00:00Z"}
    )
    await ups.world.work()
    window = await ups.get(f"/connections/on-demand-syncs/{response.json()['id']}")
    assert window["status"] == "completed"


@pytest.mark.parametrize("is_done", [False, True], ids=["in the middle", "at its end"])
async def test_a_run_that_is_put_back_within_a_file_goes_on_there(
    ups: Carrier, monkeypatch: pytest.MonkeyPatch, is_done: bool
):
    # Every page is followed by other work, so each run does one.
    monkeypatch.setattr(clients, "PAGE_SIZE", 1_000 if is_done else 150)
    monkeypatch.setattr(type(ups.world.services.engine), "slice_ms", -1)
    monkeypatch.setattr(queue, "is_due_elsewhere", _always)
    charges = [(f"1Z{n:03}", "FRT", "Transportation Charges", "0.00", "1.00") for n in range(450)]
    await bring(ups, "large.csv", invoice(*charges, total="450.00"))
    await bring(ups, "later.csv", invoice(FREIGHT, invoice="INV2", total="10.00"))
    assert await read(ups) == {"large.csv": "read", "later.csv": "read"}
    assert await is_fine(ups)
    assert len((await ups.get("/carrier/invoice-line-items"))["data"]) == 451


async def _always(*_: Any) -> bool:
    return True


# Whatever a file raises


@pytest.mark.parametrize(
    "problem",
    [
        IndexError("list index out of range"),
        csv.Error("new-line character seen in unquoted field"),
        InvalidFileException("openpyxl does not support file format"),
        KeyError("Net Amount"),
        ZeroDivisionError(),
        RecursionError("maximum recursion depth exceeded"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
        OSError("File contains no valid workbook part"),
        StopIteration(),
    ],
    ids=lambda problem: type(problem).__name__,
)
async def test_a_fault_in_the_code_refuses_the_file_and_the_next_is_read(
    ups: Carrier, monkeypatch: pytest.MonkeyPatch, problem: Exception
):
    broken(monkeypatch, "bad.csv", lambda: problem)
    bad = await bring(ups, "bad.csv", invoice(FREIGHT, invoice="BAD", total="10.00"))
    await bring(ups, "good.csv", invoice(FREIGHT, FUEL))
    with structlog.testing.capture_logs() as capture_logs:
        assert await read(ups) == {"bad.csv": "refused", "good.csv": "read"}
    assert await is_fine(ups)
    assert await ups.items() == BOTH
    error = (await ups.file(bad))["error"]
    assert "a fault of Crossdock" in error
    assert "Traceback" not in error
    assert (
        len([line for line in capture_logs if line["log_level"] == "error" and line.get("file") == bad]) == 1
    )
    [quarantined] = await set_aside(ups)
    assert (quarantined.key, quarantined.reason.startswith("bad.csv: ")) == (bad, True)


async def test_an_upload_that_a_fault_in_the_code_stops_is_kept_and_refused_with_the_reason(
    ups: Carrier, monkeypatch: pytest.MonkeyPatch
):
    def has_a_fault(*_: Any) -> Any:
        raise IndexError("list index out of range")

    monkeypatch.setattr(reading, "detect", has_a_fault)
    sent = await ups.upload(invoice(FREIGHT, FUEL))
    assert (await ups.file(sent["id"]))["state"] == "refused"


async def test_what_was_read_and_can_not_be_stored_refuses_the_file(
    ups: Carrier, monkeypatch: pytest.MonkeyPatch
):
    noted = files.note_read

    async def refuses_sums(transaction: Any, file_id: str, state: Any, **columns: Any) -> bool:
        if state == "read":
            raise ValueError("a sum that no column holds")
        return await noted(transaction, file_id, state, **columns)

    monkeypatch.setattr(files, "note_read", refuses_sums)
    await bring(ups, "bad.csv", invoice(FREIGHT))
    assert await read(ups) == {"bad.csv": "refused"}
    assert await is_fine(ups)
    assert (await ups.get("/carrier/invoices"))["data"] == []


async def test_what_is_no_fault_of_a_file_refuses_none(ups: Carrier, monkeypatch: pytest.MonkeyPatch):
    away = [Unavailable("the storage of files does not answer now"), OSError(28, "No space left on device")]
    broken(monkeypatch, "a.csv", lambda: away.pop(0) if away else MemoryError())
    await bring(ups, "a.csv", invoice(FREIGHT, FUEL))
    for _ in range(MOST_BEGUN + 2):
        assert await read(ups) == {"a.csv": "received"}
        ups.world.clock.pass_seconds(3600)
    monkeypatch.undo()
    assert await read(ups) == {"a.csv": "read"}
    assert await ups.items() == BOTH


async def test_a_file_that_its_readers_die_of_is_refused_in_the_end(ups: Carrier):
    bad = await bring(ups, "bad.csv", invoice(FREIGHT, invoice="BAD", total="10.00"))
    await bring(ups, "good.csv", invoice(FREIGHT, FUEL))
    async with ups.world.services.database.transaction() as transaction:
        for _ in range(MOST_BEGUN):  # each time the machine took the process away
            await files.begin(transaction, bad)
    assert await read(ups) == {"bad.csv": "refused", "good.csv": "read"}
    assert "begun 5 times" in (await ups.file(bad))["error"]


async def test_a_file_of_many_pages_may_be_begun_as_often_as_it_gets_on(ups: Carrier):
    file_id = await bring(ups, "large.csv", invoice(FREIGHT))
    for _ in range(3 * MOST_BEGUN):
        async with ups.world.services.database.transaction() as transaction:
            await files.begin(transaction, file_id)
            await files.note_items(transaction, ups.connection.id, file_id, [])
    assert await read(ups) == {"large.csv": "read"}


async def test_a_file_whose_bytes_are_gone_is_refused_and_the_next_is_read(ups: Carrier):
    bad = await bring(ups, "bad.csv", invoice(FREIGHT, invoice="BAD", total="10.00"))
    await bring(ups, "good.csv", invoice(FREIGHT, FUEL))
    file = await files.get(ups.world.services.database, bad)
    assert file is not None
    await ups.world.services.storage.delete([file.object])
    assert await read(ups) == {"bad.csv": "refused", "good.csv": "read"}
    assert "gone from the storage" in (await ups.file(bad))["error"]


async def test_a_connection_that_such_a_file_has_stopped_goes_on(ups: Carrier):
    """As a version before left it: the run failed, and was begun again, at the second of two equal files."""
    content = invoice(FREIGHT, FUEL)
    await bring(ups, "a.csv", content)
    await bring(ups, "b.csv", content + b"\n")
    await bring(ups, "later.csv", invoice(FREIGHT, invoice="INV2", total="10.00"))
    async with ups.world.services.database.transaction() as transaction:
        await transaction.execute("UPDATE received_files SET state = 'read' WHERE name = 'a.csv'")
        await schedules.failed(transaction, ups.connection.id, LINE_ITEMS, ups.world.clock())
    assert await read(ups) == {"a.csv": "read", "b.csv": "read", "later.csv": "read"}
    assert await is_fine(ups)


async def test_a_corrected_file_of_the_name_clears_what_was_refused(ups: Carrier):
    await bring(ups, "january.csv", b"this,is\nno,invoice\n")
    assert await read(ups) == {"january.csv": "refused"}
    assert len(await set_aside(ups)) == 1
    await ups.upload(invoice(FREIGHT, FUEL))
    assert await set_aside(ups) == []


async def test_whatever_damage_files_have_each_is_read_or_refused_and_the_run_goes_on(ups: Carrier):
    sample = invoice(FREIGHT, FUEL).decode()
    for number, content in enumerate(damaged([sample], 60, seed=3)):
        if content:
            await bring(ups, f"{number}.csv", content)
    await bring(ups, "whole.csv", invoice(FREIGHT, invoice="LAST", total="10.00"))
    await ups.sync()
    rows = await ups.world.services.database.fetch("SELECT name, state, error FROM received_files")
    states = {name: state for name, state, _ in rows}
    assert set(states.values()) == {"read", "refused"}
    assert all(error for _, state, error in rows if state == "refused")
    assert states["whole.csv"] == "read"
    assert await is_fine(ups)


async def test_doctor_tells_of_files_that_could_not_be_read_until_they_are_corrected(ups: Carrier):
    database = ups.world.services.database
    assert await doctor._refused(database) is None
    await bring(ups, "notes.csv", b"this,is\nno,invoice\n")
    await read(ups)
    check = await doctor._refused(database)
    assert check is not None
    assert (check.status, check.found) == ("warn", "1 of 1 connection could not be read")
    await ups.upload(invoice(FREIGHT, FUEL), "notes.csv")
    assert await doctor._refused(database) is None


# Reading again


async def test_a_refused_file_is_read_again_when_that_is_asked_for(
    ups: Carrier, monkeypatch: pytest.MonkeyPatch
):
    broken(monkeypatch, "a.csv", lambda: IndexError("list index out of range"))
    file_id = await bring(ups, "a.csv", invoice(FREIGHT, FUEL))
    await bring(ups, "b.csv", invoice(FREIGHT, invoice="INV2", total="10.00"))
    assert await read(ups) == {"a.csv": "refused", "b.csv": "read"}
    monkeypatch.undo()
    answer = await ups.ask("POST", f"/carrier/files/{file_id}/read")
    assert (answer.status_code, answer.json()["data"]["state"]) == (200, "received")
    assert answer.json()["data"]["error"] is None
    await bring(ups, "c.csv", invoice(FREIGHT, invoice="INV3", total="10.00"))
    await ups.world.work()
    assert await read(ups) == {"a.csv": "read", "b.csv": "read", "c.csv": "read"}
    assert len((await ups.get("/carrier/invoice-line-items"))["data"]) == 4
    assert await set_aside(ups) == []


async def test_reading_a_file_again_tells_nothing_that_was_told(ups: Carrier):
    sent = await ups.upload(invoice(FREIGHT, FUEL))
    event_count = len(await ups.events(*ITEM_EVENTS))
    assert (await ups.ask("POST", f"/carrier/files/{sent['id']}/read")).status_code == 200
    await ups.world.work()
    assert (await ups.file(sent["id"]))["state"] == "read"
    assert len(await ups.events(*ITEM_EVENTS)) == event_count


async def test_a_window_takes_no_file_away_from_being_read_again(ups: Carrier):
    sent = await ups.upload(invoice(FREIGHT, FUEL))
    await ups.upload(invoice(FREIGHT, invoice="INV2", total="10.00"), "b.csv")
    async with ups.world.services.database.transaction() as transaction:
        await transaction.execute(
            "DELETE FROM carrier_invoice_line_items WHERE connection_id = ?", ups.connection.id
        )
        await files.mark(transaction, sent["id"], "again", ups.world.clock())
    body = {"function_name": LINE_ITEMS, "start_time": "2026-03-01T00:00:00Z"}  # nothing of it is in there
    ups.world.clock.now_ms = int(datetime(2026, 4, 1, tzinfo=UTC).timestamp() * 1000)
    response = await ups.ask(
        "POST", "/connections/on-demand-syncs", json=body | {"end_time": "2026-03-02T00:00:00Z"}
    )
    assert response.status_code == 200, response.text
    await ups.world.work()
    assert await ups.items() == BOTH


async def test_a_file_that_a_later_one_corrects_is_not_read_again(ups: Carrier):
    first = await ups.upload(invoice(FREIGHT, FUEL))
    await ups.upload(invoice(DEARER, total="12.00"))
    answer = await ups.ask("POST", f"/carrier/files/{first['id']}/read")
    assert answer.status_code == 409
    assert "'january.csv' came later" in answer.json()["error"]
    assert await ups.items() == {"Transportation Charges": 12.0}


async def test_a_pdf_is_not_read_again(ups: Carrier):
    sent = await ups.upload(b"%PDF-1.7 an invoice for people", "january.pdf")
    answer = await ups.ask("POST", f"/carrier/files/{sent['id']}/read")
    assert answer.status_code == 409
    assert "a PDF is not read" in answer.json()["error"]


async def test_a_file_that_is_asked_for_while_a_sync_is_under_way_is_read_soon(ups: Carrier):
    sent = await ups.upload(invoice(FREIGHT, FUEL))
    ups.world.clock.pass_seconds(1)
    async with ups.world.services.database.transaction() as transaction:
        await files.mark(transaction, sent["id"], "again", ups.world.clock())  # no place in the queue
    assert await ups.world.services.jobs.watch_folders() == 1
    await ups.world.work()
    assert (await ups.file(sent["id"]))["state"] == "read"
    assert await ups.world.services.jobs.watch_folders() == 0


# Taking away

ITEM_EVENTS = tuple(f"carrier-invoice-line-item.{name}" for name in ("created", "updated", "deleted"))


async def remove(carrier: Carrier, file_id: str) -> None:
    answer = await carrier.ask("DELETE", f"/carrier/files/{file_id}")
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"id": file_id, "object": "carrier-file", "deleted": True}


async def test_what_only_a_removed_file_said_goes_with_it_and_that_is_told(ups: Carrier):
    sent = await ups.upload(invoice(FREIGHT, FUEL))
    await remove(ups, sent["id"])
    assert await ups.names() == []
    assert (await ups.ask("GET", f"/carrier/files/{sent['id']}")).status_code == 404
    assert (await ups.http.get(sent["download_url"])).status_code == 404
    await ups.world.work()
    assert await ups.items() == {}
    assert len(await ups.events("carrier-invoice-line-item.deleted")) == 2
    assert (await ups.get("/carrier/invoices"))["data"] == []
    services = ups.world.services
    assert [key async for stored_files in services.storage.all() for key in stored_files] == []
    for table in ("received_files", "file_items"):
        assert await services.database.fetch(f"SELECT 1 FROM {table}") == []


async def test_what_other_files_say_too_stays_as_they_say_it(ups: Carrier):
    await ups.upload(invoice(FREIGHT, FUEL), "week.csv")
    month = await ups.upload(invoice(DEARER, total="12.00"), "month.csv")
    assert await ups.items() == BOTH | {"Transportation Charges": 12.0}
    await remove(ups, month["id"])
    await ups.world.work()
    assert await ups.items() == BOTH


async def test_without_its_correction_a_file_holds_again(ups: Carrier):
    await ups.upload(invoice(FREIGHT, FUEL))
    correction = await ups.upload(invoice(DEARER, total="12.00"))
    assert await ups.items() == {"Transportation Charges": 12.0}
    await remove(ups, correction["id"])
    await ups.world.work()
    assert await ups.items() == BOTH
    [value] = (await ups.get("/carrier/invoices"))["data"]
    assert (value["net"], value["reconciled"]) == (11.25, True)


async def test_a_removed_file_may_come_again(ups: Carrier):
    first = await ups.upload(invoice(FREIGHT, FUEL))
    await remove(ups, first["id"])
    again = await ups.upload(invoice(FREIGHT, FUEL))
    assert again["id"] != first["id"]
    await ups.world.work()
    assert await ups.names() == ["january.csv"]
    assert await ups.items() == BOTH


async def test_a_refused_file_that_is_removed_is_no_trouble_any_more(ups: Carrier):
    bad = await bring(ups, "notes.csv", b"this,is\nno,invoice\n")
    await read(ups)
    assert len(await set_aside(ups)) == 1
    await remove(ups, bad)
    await ups.world.work()
    assert await set_aside(ups) == []


async def test_files_are_removed_though_their_source_does_not_answer(
    ups: Carrier, monkeypatch: pytest.MonkeyPatch
):
    sent = await ups.upload(invoice(FREIGHT, FUEL))

    async def away(*_: Any) -> int:
        raise Unavailable("the source does not answer")

    monkeypatch.setattr(type(ups.world.services.poller), "at", away)
    await remove(ups, sent["id"])
    await ups.world.work()
    assert await ups.items() == {}


@pytest.mark.parametrize("position", ["store_changes", "files.delete", "storage"])
async def test_p01_a_removal_that_is_cut_off_goes_on(
    ups: Carrier, monkeypatch: pytest.MonkeyPatch, position: str
):
    from crossdock.files import removing

    sent = await ups.upload(invoice(FREIGHT, FUEL))

    async def dies(*_: Any, **__: Any) -> None:
        raise Unavailable("as good as dead")

    with monkeypatch.context() as patch:
        if position == "store_changes":
            patch.setattr(removing, "store_changes", dies)
        elif position == "files.delete":
            patch.setattr(files, "delete", dies)
        else:
            patch.setattr(type(ups.world.services.storage), "delete", dies)
        await remove(ups, sent["id"])
        await ups.world.work()
    await ups.world.next_sync(3600)
    assert await ups.items() == {}
    assert len(await ups.events("carrier-invoice-line-item.deleted")) == 2
    assert await ups.world.services.database.fetch("SELECT 1 FROM received_files") == []


async def test_p19_a_file_of_another_connection_is_neither_removed_nor_read_again(
    world: World, http: httpx.AsyncClient, ups: Carrier
):
    other_carrier = await connected(world, http, world.organization, customer="customer-2")
    sent = await ups.upload(invoice(FREIGHT, FUEL))
    for method, path in (("DELETE", ""), ("POST", "/read")):
        answer = await other_carrier.ask(method, f"/carrier/files/{sent['id']}{path}")
        assert (answer.status_code, answer.json()["id"]) == (404, sent["id"])
    await world.work()
    assert await ups.items() == BOTH
