"""Syncs that their worker ends: what broke, and what gets nowhere. The next schedule tries anew."""

import structlog

from crossdock.changes.document import stamp
from crossdock.changes.events import connection_event
from crossdock.jobs.queue import Lease
from crossdock.store import connections, events, runs
from crossdock.store.engine import Database
from crossdock.sync.endings import failed

PURGE_AGAIN_SECONDS = 900.0
NO_PROGRESS = "no progress for too long"

log = structlog.get_logger()


async def end_broken(database: Database, lease: Lease, error: str) -> None:
    """Ends a job whose handler broke. What a customer wanted deleted is deleted yet: that is tried again."""
    job = lease.job
    connection = await connections.by_id(database, job.connection_id)
    async with database.transaction() as transaction:
        if job.kind == "purge":
            await lease.put_back(transaction, PURGE_AGAIN_SECONDS, error)
            return
        await lease.fail(transaction, error)
        if connection is not None:
            await failed(transaction, connection, job, lease.clock())


async def end_stuck(database: Database, lease: Lease) -> None:
    """Ends a sync that stored nothing for too long, and tells."""
    job, now = lease.job, lease.clock()
    connection = await connections.by_id(database, job.connection_id)
    if connection is None or job.kind == "purge":
        await end_broken(database, lease, NO_PROGRESS)
        return
    run = await runs.get(database, job.id)
    async with database.transaction() as transaction:
        await lease.fail(transaction, NO_PROGRESS)
        await failed(transaction, connection, job, now)
        if job.kind == "sync":
            begun = run.started_ms if run else job.created_ms
            data = {"function_name": job.function, "last_crawl_start": stamp(begun)}
            event = connection_event(connection, "connection.schedule-stuck", data, now)
            await events.add(transaction, [event])
    log.warning("sync stuck", connection=connection.uid, function=job.function, job=job.id)
