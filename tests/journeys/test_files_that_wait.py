"""A file that comes in while a sync begins is read next, and not an hour later."""

from pathlib import Path

import pytest

from crossdock.store.carriers import files
from tests.fakes.invoices import FREIGHT, FUEL, invoice
from tests.journeys.carriers import Carrier
from tests.journeys.test_files import http, ups

__all__ = ["http", "ups"]


FUNCTION = "get_invoice_line_items"


async def test_a_file_whose_bytes_are_stored_slowly_does_not_wait_for_the_next_hour(
    ups: Carrier, monkeypatch: pytest.MonkeyPatch
):
    """A sync begins while the bytes go to the storage: it has not seen the file."""
    services, clock = ups.world.services, ups.world.clock
    await ups.upload(invoice(FREIGHT))
    real = services.intake.storage.put

    async def slow(name: str, file: Path) -> None:
        clock.pass_seconds(30)
        await services.database.execute("UPDATE schedules SET last_start_ms = ?", clock())
        clock.pass_seconds(30)
        await real(name, file)

    monkeypatch.setattr(services.intake.storage, "put", slow)
    content = invoice(FUEL, invoice="INV2")
    answer = await ups.ask("POST", "/carrier/files", params={"file_name": "next.csv"}, content=content)
    assert await files.waiting(services.database, FUNCTION) == [ups.connection.id]
    await ups.world.work()
    assert (await ups.file(answer.json()["data"]["id"]))["state"] == "read"


async def test_a_file_that_is_committed_as_a_sync_begins_is_read_next(ups: Carrier):
    await ups.upload(invoice(FREIGHT))
    database, clock = ups.world.services.database, ups.world.clock
    answer = await ups.ask(
        "POST", "/carrier/files", params={"file_name": "next.csv"}, content=invoice(FUEL, invoice="INV2")
    )
    await database.execute("UPDATE schedules SET last_start_ms = ?", clock() + 1000)
    assert await files.waiting(database, FUNCTION) == [ups.connection.id]
    clock.pass_seconds(2)
    await ups.world.work()
    assert (await ups.file(answer.json()["data"]["id"]))["state"] == "read"
    assert await files.waiting(database, FUNCTION) == []
