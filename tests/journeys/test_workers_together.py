"""Worker processes as operators run them: they share the work, stop gently, survive pauses and upgrades."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from crossdock.config import Settings, variable
from crossdock.errors import SettingsError
from crossdock.jobs.queue import LEASE_MS
from crossdock.services.clock import now_ms
from crossdock.services.open import open_services
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Database
from crossdock.store.database.factory import connect
from crossdock.store.database.migrate import head, migrate
from tests.emptied import empty
from tests.fakes.vendor import meanwhile, usual
from tests.journeys.conftest import World, order

ROOT = Path(__file__).parents[2]
NO_LONGER_OURS = "this job is no longer ours; nothing of its last step was stored"

Line = dict[str, Any]


@dataclass
class Process:
    """A running `crossdock work`."""

    inner: subprocess.Popen[bytes]
    log: Path

    def lines(self, event: str) -> list[Line]:
        """What it logged of this kind."""
        documents = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [document for document in documents if document["event"] == event]

    async def is_up(self) -> bool:
        return bool(self.lines("worker started"))

    async def stopped(self) -> int:
        """Its exit code, after SIGTERM."""
        self.inner.send_signal(signal.SIGTERM)
        return await self.ended(30)

    async def ended(self, seconds: float) -> int:
        """Its exit code, when it has ended within this time."""
        return await asyncio.to_thread(self.inner.wait, seconds)


def environment(settings: Settings) -> dict[str, str]:
    """These settings as a process reads them."""
    fields = {variable(name): str(value) for name, value in vars(settings).items() if value != ""}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CROSSDOCK_")}
    return {**inherited, **fields, "CROSSDOCK_LOG_FORMAT": "json"}


@asynccontextmanager
async def working(world: World, name: str, *arguments: str) -> AsyncIterator[Process]:
    """A worker process on the world's database, with the fake integration."""
    log = Path(world.services.settings.data_dir) / f"{name}.log"
    with log.open("wb") as file:
        inner = subprocess.Popen(  # noqa: ASYNC220 - it returns at once
            [sys.executable, "-m", "tests.fakes.command", "work", *arguments],
            cwd=ROOT, env=environment(world.services.settings), stdout=file, stderr=file,
        )  # fmt: skip
    try:
        yield Process(inner, log)
    finally:
        inner.kill()
        inner.wait()
        print(log.read_text()[-3000:])  # shown when the test fails


async def eventually(true: Callable[[], Awaitable[Any]], seconds: float = 40) -> None:
    """Waits for what another process brings about."""
    async with asyncio.timeout(seconds):
        while not await true():  # noqa: ASYNC110 - what is waited for knows nothing of us
            await asyncio.sleep(0.05)


async def states(database: Database) -> Counter[str]:
    return Counter(row[0] for row in await database.fetch("SELECT state FROM jobs"))


# Sharing

CONNECTIONS, PROCESSES = 20, 3


async def test_processes_share_the_work_and_no_job_is_done_twice(world: World):
    database, jobs = world.services.database, CONNECTIONS * 3

    async def is_done() -> bool:
        counts = await states(database)
        assert not counts["failed"]
        return counts == {"done": jobs}

    async with (
        working(world, "one", "--concurrency", "4") as current_process,
        working(world, "two", "--concurrency", "4") as two,
        working(world, "three", "--concurrency", "4") as three,
    ):
        processes = (current_process, two, three)
        for process in processes:
            await eventually(process.is_up)
        for _ in range(CONNECTIONS):
            await world.connect(sync=False)
        await eventually(is_done)
        codes = [await process.stopped() for process in processes]
    assert codes == [0] * PROCESSES
    done = Counter(line["job"] for process in processes for line in process.lines("sync completed"))
    assert (len(done), set(done.values())) == (jobs, {1})
    runs = await database.fetch("SELECT count(*), count(DISTINCT job_id), sum(quarantined) FROM runs")
    assert tuple(runs[0]) == (jobs, jobs, 0)
    rows = await database.fetch("SELECT type FROM events WHERE type LIKE '%historical-sync-completed'")
    assert len(rows) == jobs
    for process in processes:
        # On SQLite whoever looks first may find it all.
        assert process.lines("sync completed") or database.dialect == "sqlite", "each had its share"
        assert process.lines(NO_LONGER_OURS) == []


# Stopping and pausing


class Held:
    """Pages of orders: the vendor keeps the second one back until it is told to send it."""

    def __init__(self, world: World) -> None:
        self.is_asked, self.go_on = asyncio.Event(), asyncio.Event()
        world.vendor.script("/orders", [usual(), meanwhile(self._hold)])
        today = datetime.now(UTC).strftime("%Y-%m-%d")
        world.vendor.collections["orders"] = [
            order(n, updated_at=f"{today}T00:00:0{n}Z") for n in range(1, 8)
        ]

    async def _hold(self) -> None:
        self.is_asked.set()
        await self.go_on.wait()


async def orders_only(world: World) -> ConnectionRow:
    connection = await world.connect(sync=False, page_size="2")
    await world.services.database.execute("DELETE FROM schedules WHERE function <> 'get_orders'")
    return connection


def each_page_was_asked_for_once(world: World) -> bool:
    cursors = [entry.get("cursor", "") for entry in world.asked()]
    return len(cursors) == len(set(cursors)) == 4


async def test_a_worker_that_is_told_to_stop_finishes_its_page_and_hands_back_the_rest(world: World):
    held = Held(world)
    connection = await orders_only(world)
    async with working(world, "stops", "--concurrency", "2") as process:
        await asyncio.wait_for(held.is_asked.wait(), 40)
        process.inner.send_signal(signal.SIGTERM)
        held.go_on.set()
        assert await process.stopped() == 0
    job, run = await world.last_job(connection), await world.last_run(connection)
    assert (job.state, job.worker, job.lease_ms, job.attempts) == ("queued", None, None, 0)
    assert (run.pages, run.cursor is None) == (2, False)
    world.clock.now_ms = now_ms()
    await world.work()
    assert (await world.last_job(connection)).state == "done"
    assert await world.count(connection) == 7
    assert each_page_was_asked_for_once(world)


async def test_a_worker_that_wakes_after_its_lease_is_gone_stores_nothing_and_says_so_once(world: World):
    held = Held(world)
    connection = await orders_only(world)
    async with working(world, "sleeps") as process:
        await asyncio.wait_for(held.is_asked.wait(), 40)
        process.inner.send_signal(signal.SIGSTOP)
        world.clock.now_ms = now_ms() + LEASE_MS + 1
        await world.work()
        before = await everything(world, connection)
        held.go_on.set()
        process.inner.send_signal(signal.SIGCONT)

        async def has_noticed() -> bool:
            return bool(process.lines(NO_LONGER_OURS))

        await eventually(has_noticed)
        assert await process.stopped() == 0
    assert len(process.lines(NO_LONGER_OURS)) == 1
    assert process.lines("job failed") == []
    assert await everything(world, connection) == before
    run = await world.last_run(connection)
    assert (run.pages, run.received, run.created) == (4, 7, 7)
    assert (await world.last_job(connection)).state == "done"


async def everything(world: World, connection: ConnectionRow) -> list[Any]:
    """All that is stored of a connection's orders, and all that was told."""
    return [
        await world.rows(connection), await world.history(connection), await world.told(connection),
        await world.last_run(connection), await world.schedule(connection),
    ]  # fmt: skip


# Idling

SETTLE_SECONDS, MEASURED_SECONDS = 2, 5


async def test_an_idle_worker_costs_less_than_a_hundredth_of_a_processor(
    emptied_postgres: str, tmp_path: Path, secret_key: str
):
    """Both databases at once: it takes its time."""
    sqlite = f"sqlite:///{tmp_path / 'idle.db'}"
    await migrate(sqlite)
    await empty(emptied_postgres)
    used = await asyncio.gather(
        *(idled(Settings(database_url=url, secret_key=secret_key)) for url in (sqlite, emptied_postgres))
    )
    assert max(used) < MEASURED_SECONDS / 100, used


async def idled(settings: Settings) -> float:
    """The processor time, in seconds, that a worker with nothing to do uses in the measured time."""
    database = await connect(settings.database)
    await plans(database)
    await database.close()
    command = [sys.executable, "-m", "tests.fakes.idle", str(SETTLE_SECONDS), str(MEASURED_SECONDS)]
    run = partial(subprocess.run, check=True, cwd=ROOT, stdout=subprocess.PIPE, timeout=60)
    return float((await asyncio.to_thread(run, command, env=environment(settings))).stdout.splitlines()[-1])


async def plans(database: Database) -> None:
    """Many schedules, none of them due soon."""
    async with database.transaction() as transaction:
        await transaction.executemany(
            "INSERT INTO schedules (connection_id, function, every_seconds, due_ms) VALUES (?, 'f', 3600, ?)",
            [(number, now_ms() + 3_600_000 + number) for number in range(1, 2001)],
        )


# Upgrading


@pytest.fixture
async def upgrade(world: World) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Brings the world's database to the schema of a version to come; it is taken back afterwards."""
    database, ours = world.services.database, head()

    async def bring() -> None:
        await database.execute("ALTER TABLE jobs ADD COLUMN priority INTEGER NOT NULL DEFAULT 0")
        await database.execute("ALTER TABLE wms_orders ADD COLUMN newly TEXT")
        await database.execute("UPDATE alembic_version SET version_num = '9999'")

    yield bring
    await database.execute("ALTER TABLE jobs DROP COLUMN priority")
    await database.execute("ALTER TABLE wms_orders DROP COLUMN newly")
    await database.execute("UPDATE alembic_version SET version_num = ?", ours)


async def test_while_a_newer_version_migrates_the_older_processes_go_on_and_new_ones_refuse(
    world: World, upgrade: Callable[[], Awaitable[None]]
):
    world.vendor.collections["orders"] = [order(1)]
    connection = await world.connect()
    await upgrade()
    world.vendor.collections["orders"].append(order(2))
    world.change("orders", "o-001", state="PICKED")
    await world.next_sync()
    assert await world.count(connection) == 2
    texts = [text for text in await world.told(connection) if text.startswith("order.")]
    assert sorted(texts) == ["order.created", "order.updated"]

    with pytest.raises(SettingsError) as refused:
        async with open_services(world.services.settings):
            pass
    text = f"the database is at schema 9999, this version needs {head()}; that is a newer Crossdock's"
    assert str(refused.value).startswith(text)
    with pytest.raises(SettingsError, match="the database is at schema 9999"):
        await migrate(world.services.settings.database)


async def test_a_process_tells_what_is_wrong_in_a_line_and_fails(
    world: World, upgrade: Callable[[], Awaitable[None]]
):
    await upgrade()
    async with working(world, "older") as process:
        assert await process.ended(40) == 1
    assert "install it" in process.log.read_text().replace("\n", " ")
    assert "Traceback" not in process.log.read_text()
