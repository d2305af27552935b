"""Windows that callers ask for: a backfill of one function, before its connection's scheduled syncs.

asked for ─▶ open ─┬─ the walk ends ───────────────▶ completed
                   ├─ the caller cancels ──────────▶ cancelled   at the next page, if it runs
                   └─ it fails, or gets nowhere ───▶ stuck
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from crossdock.changes.document import decoder
from crossdock.errors import BadRequest, NotFound
from crossdock.integrations.contract import Walk
from crossdock.integrations.registry import Integration, integration
from crossdock.jobs.queue import Lease, enqueue
from crossdock.store import connections, jobs, on_demand, runs, schedules
from crossdock.store.connections import Connection
from crossdock.store.engine import Database
from crossdock.store.ids import new_id
from crossdock.store.on_demand import Window
from crossdock.store.runs import Run
from crossdock.sync.endings import end_window, failed
from crossdock.sync.pull import Engine, Pull

log = structlog.get_logger()


def check_enabled(behind: Integration, function: str) -> None:
    """Raises BadRequest, in the contract's words, when this integration has no windows of the function."""
    if function not in behind.manifest.functions.on_demand:
        raise BadRequest(f"On-demand sync is not enabled for {behind.slug} {function}")


async def ask(
    database: Database, connection: Connection, function: str, *, start_ms: int, end_ms: int, now_ms: int
) -> Window:
    """Opens a window; the connection's scheduled syncs are held from now on."""
    async with database.transaction() as transaction:
        if not await connections.lock(database, transaction, connection.id):
            raise NotFound("the connection was deleted", record_id=connection.uid)
        job_id = await enqueue(
            transaction, kind="on_demand", connection_id=connection.id, function=function,
            cause="on_demand", now_ms=now_ms,
        )  # fmt: skip
        if job_id is None:
            raise RuntimeError("a window was taken for one that is open already")
        window = Window(
            id=new_id("osj", now_ms), connection_id=connection.id, function=function, start_ms=start_ms,
            end_ms=end_ms, status="open", job_id=job_id, created_ms=now_ms, ended_ms=None,
        )  # fmt: skip
        await on_demand.create(transaction, window)
    return window


async def cancel(database: Database, window: Window, now_ms: int) -> bool:
    """Cancels an open window; one that runs stops before it stores another page. False when it had ended."""
    async with database.transaction() as transaction:
        # The job first: whoever ends a window begins there, so that nobody waits for each other.
        await jobs.abandon_one(transaction, window.job_id, "cancelled", now_ms)
        is_cancelled = await on_demand.end(transaction, window.id, "cancelled", now_ms)
    if is_cancelled:
        log.info("window cancelled", function=window.function, job=window.job_id)
    return is_cancelled


async def pull_window(engine: Engine, lease: Lease, stopping: asyncio.Event) -> None:
    """Does one on-demand job to its end, or puts it back."""
    job = lease.job
    connection = await connections.by_id(engine.database, job.connection_id)
    window = await on_demand.of_job(engine.database, job.id)
    if connection is None or window is None or window.status != "open":
        async with engine.database.transaction() as transaction:
            await lease.fail(transaction, "the window is not open any more")
        return
    behind = integration(connection.type, connection.integration)
    resource = behind.resources[job.function]
    await OnDemand(engine, lease, connection, behind, resource, window).do(stopping)


@dataclass(frozen=True)
class OnDemand(Pull):
    """A run over a caller's window. It leaves the schedule's mark as it is."""

    window: Window

    @property
    def sweeps(self) -> bool:
        return False  # it sees a part of time, so it can't tell that anything is gone

    async def should_pause(self) -> bool:
        return False

    async def begin(self) -> Run:
        now = self.engine.clock()
        schedule = await schedules.get(self.database, self.connection.id, self.function)
        run = Run(
            job_id=self.lease.job.id, connection_id=self.connection.id, function=self.function,
            # While its first sync has not come to its end, a function's records send no events.
            first=schedule is None or schedule.first_done_ms is None,
            walk="{}", cursor=None, mark=None, pages=0, received=0, created=0, updated=0, unchanged=0,
            gone=0, quarantined=0, oldest_data=None, newest_data=None, started_ms=now, progress_ms=now,
        )  # fmt: skip
        async with self.database.transaction() as transaction:
            await self.lease.extend(transaction)
            await runs.create(transaction, run)
        return run

    def walk(self, run: Run) -> Walk:
        return Walk(
            start=datetime.fromtimestamp(self.window.start_ms / 1000, UTC),
            end=datetime.fromtimestamp(self.window.end_ms / 1000, UTC),
            cursor=None if run.cursor is None else decoder.decode(run.cursor),
        )

    async def complete(self, run: Run) -> None:
        async with self.database.transaction() as transaction:
            await self.lease.finish(transaction)
            await end_window(transaction, self.connection, self.window, "completed", self.engine.clock())
        log.info("window completed", connection=self.connection.uid, function=self.function, job=run.job_id)

    async def fail(self, error: str) -> None:
        async with self.database.transaction() as transaction:
            await self.lease.fail(transaction, error)
            await failed(transaction, self.connection, self.lease.job, self.engine.clock())
        log.warning(
            "window stuck", connection=self.connection.uid, function=self.function, error=error,
            job=self.lease.job.id,
        )  # fmt: skip
