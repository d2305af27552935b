"""Workers die at any moment while files come in: each file is there once, told once, and read to its end."""

import asyncio
import os
import random
import signal
from collections import Counter
from contextlib import suppress
from pathlib import Path

from crossdock.files.storage import StoredFileMissing
from crossdock.kit import registry
from crossdock.store.records import events
from tests.fakes.invoices import invoice, put
from tests.journeys.conftest import World
from tests.journeys.test_crash import Nursery, gone_by, is_over, nursery

__all__ = ["nursery"]

KILLS = 6
FILES, CHARGES = 3, 700


async def test_p01_p02_p14_a_file_comes_in_once_whoever_is_killed_meanwhile(world: World, nursery: Nursery):
    folder = Path(world.services.settings.watched_root) / world.organization / "in"
    folder.mkdir(parents=True)
    integration = registry.get_integration("carrier", "ups")
    fields = {"source": "folder", "folder": "in"}
    connection, _ = await world.services.connector.connect(world.organization, integration, fields)
    await world.work()
    for number in range(FILES):
        charges = [
            (f"1Z{number}{n:03}", "FRT", "Transportation Charges", "0.00", "1.00") for n in range(CHARGES)
        ]
        put(folder, f"{number}.csv", invoice(*charges, invoice=f"I{number}", total=f"{CHARGES}.00"))

    chance, reached = random.Random(7), list[int]()
    for _ in range(KILLS):
        await world.services.database.execute("UPDATE schedules SET due_ms = 0")
        worker = await nursery.worker()
        await _gets_on(world, worker, chance.randrange(1, 600))
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)
        assert await gone_by(worker, 10)
        reached.append(await _progress(world))
    for _ in range(2):
        await world.services.database.execute("UPDATE schedules SET due_ms = 0")
        assert await gone_by(await nursery.worker(), 40), "the last worker does not end"

    assert len(set(reached)) > 2, "nothing was put to the test"
    rows = await world.services.database.fetch("SELECT name, state, reconciled, object FROM received_files")
    assert sorted(row[0] for row in rows) == [f"{n}.csv" for n in range(FILES)]
    assert {(row[1], bool(row[2])) for row in rows} == {("read", True)}
    for row in rows:
        try:
            assert b"".join([piece async for piece in world.services.storage.pieces(row[3])])
        except StoredFileMissing:
            raise AssertionError(f"the row of {row[0]} points to nothing") from None
    reported_events = [row for _, row in await events.of_connection(world.services.database, connection.id)]
    assert sum(row.type == "carrier-file.created" for row in reported_events) == FILES
    items = Counter(
        row.record_id for row in reported_events if row.type == "carrier-invoice-line-item.created"
    )
    assert len(items) == FILES * CHARGES
    assert set(items.values()) == {1}
    assert await _count(world, "carrier_invoice_line_items") == FILES * CHARGES
    assert await _count(world, "carrier_invoices") == FILES


async def _gets_on(world: World, worker: int, steps: int) -> None:
    """Returns when a worker has stored so much. The first one has looked once then, and waits.

    By what was stored, not by time: on a busy machine they would die before they did anything.
    """
    is_first = await _count(world, "seen_files") == 0
    enough = await _progress(world) + steps
    while not is_over(worker):
        if await _count(world, "seen_files") if is_first else await _progress(world) >= enough:
            return
        await asyncio.sleep(0.002)


async def _progress(world: World) -> int:
    return await _count(world, "received_files") + await _count(world, "file_items")


async def _count(world: World, table: str) -> int:
    row = await world.services.database.fetch_one(f"SELECT count(*) FROM {table}")
    assert row is not None
    return int(row[0])
