"""Reading the windows that callers ask for, before the scheduled syncs of their connections."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from crossdock.connections.problems import note_set_aside
from crossdock.jobs.queue import Lease
from crossdock.kit.contract import Walk
from crossdock.kit.registry import get_integration
from crossdock.store.connections import connections, on_demand
from crossdock.store.connections.on_demand import OnDemandRow
from crossdock.store.connections.runs import Run
from crossdock.sync.completion import end_window, failed, tell_completed
from crossdock.sync.pull import SyncEngine
from crossdock.sync.unscheduled import UnscheduledPull
from crossdock.wire import decoder

log = structlog.get_logger()


async def pull_window(engine: SyncEngine, lease: Lease, stopping: asyncio.Event) -> None:
    """Do one on-demand job to its end, or put it back."""
    job = lease.job
    connection = await connections.by_id(engine.database, job.connection_id)
    window = await on_demand.of_job(engine.database, job.id)
    if connection is None or window is None or window.status != "open":
        async with engine.database.transaction() as transaction:
            await lease.fail(transaction, "the window is not open any more")
        return
    integration = get_integration(connection.type, connection.integration)
    resource = integration.resources[job.function]
    await OnDemand(engine, lease, connection, integration, resource, window).do(stopping)


@dataclass(frozen=True)
class OnDemand(UnscheduledPull):
    """A run over a caller's window. It leaves the schedule's mark as it is."""

    window: OnDemandRow

    def walk(self, run: Run) -> Walk:
        return Walk(
            start=datetime.fromtimestamp(self.window.start_ms / 1000, UTC),
            end=datetime.fromtimestamp(self.window.end_ms / 1000, UTC),
            cursor=None if run.cursor is None else decoder.decode(run.cursor),
        )

    async def complete(self, run: Run) -> None:
        async with self.database.transaction() as transaction:
            now = self.engine.clock()
            await self.lease.finish(transaction)
            await note_set_aside(transaction, self.connection, self.function, now)
            await end_window(transaction, self.connection, self.window, "completed", now)
            await tell_completed(transaction, self.connection, self.lease.job, now)
        log.info("window completed", connection=self.connection.uid, function=self.function, job=run.job_id)

    async def fail(self, error: str) -> None:
        async with self.database.transaction() as transaction:
            await self.lease.fail(transaction, error)
            await failed(transaction, self.connection, self.lease.job, self.engine.clock())
        log.warning(
            "window stuck", connection=self.connection.uid, function=self.function, error=error,
            job=self.lease.job.id,
        )  # fmt: skip
