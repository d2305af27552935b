"""Around the handler of syncs: the run's id in every log line of its work, and its outcome counted."""

import asyncio
from contextlib import suppress

from structlog.contextvars import bound_contextvars

from crossdock import metrics
from crossdock.errors import LeaseLost, Unavailable
from crossdock.jobs.execution import Handler
from crossdock.jobs.queue import Lease
from crossdock.store.connections import connections, runs
from crossdock.store.database.engine import Database
from crossdock.store.jobs import queue
from crossdock.store.jobs.queue import JobRow


def counted(database: Database, handler: Handler) -> Handler:
    """The same handler; how each of its jobs went is seen in the metrics and, by its id, in the log."""

    async def handle(lease: Lease, stopping: asyncio.Event) -> None:
        with bound_contextvars(job=lease.job.id):
            try:
                await handler(lease, stopping)
            except LeaseLost:
                await _count(database, lease.job, "lost")
                raise
            except Exception:
                await _count(database, lease.job, "crashed")
                raise
            await _count(database, lease.job, None)

    return handle


async def _count(database: Database, job: JobRow, outcome: str | None) -> None:
    """outcome: None when the job says it itself."""
    with suppress(Unavailable):
        connection = await connections.by_id(database, job.connection_id)
        now = await queue.get(database, job.id)
        if connection is None or now is None:
            return
        name = f"{connection.type}/{connection.integration}"
        metrics.run_laid_down(name, job.function, outcome or now.state)
        if outcome is None and now.ended_ms is not None:
            await _count_end(database, name, now.id, now.ended_ms)


async def _count_end(database: Database, name: str, job_id: str, ended_ms: int) -> None:
    run = await runs.get(database, job_id)
    if run is None:
        return
    records = {
        "received": run.received, "created": run.created, "updated": run.updated,
        "unchanged": run.unchanged, "gone": run.gone, "set_aside": run.quarantined,
    }  # fmt: skip
    metrics.run_ended(name, run.function, max(0, ended_ms - run.started_ms) / 1000, records)
