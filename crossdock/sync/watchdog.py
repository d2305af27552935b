"""Syncs that their worker ends: what broke, and what gets nowhere. The next schedule tries anew."""

import structlog

from crossdock.changes.events import connection_event
from crossdock.connections.problems import function_problem, note
from crossdock.jobs.queue import Lease
from crossdock.store.connections import connections, runs, schedules
from crossdock.store.database.engine import Database
from crossdock.store.records import events
from crossdock.sync.completion import failed
from crossdock.wire import stamp

AGAIN_SECONDS = 900.0
NO_PROGRESS = "no progress for too long"

log = structlog.get_logger()


async def end_broken(database: Database, lease: Lease, error: str) -> None:
    """End a job whose handler broke. What somebody wanted deleted or erased is yet: that is tried again."""
    job = lease.job
    connection = await connections.by_id(database, job.connection_id)
    async with database.transaction() as transaction:
        if job.kind in ("purge", "erase"):
            await lease.requeue(transaction, AGAIN_SECONDS, error)
            return
        await lease.fail(transaction, error)
        if connection is not None and job.kind != "subscribe":
            await failed(transaction, connection, job, lease.clock())


async def end_stuck(database: Database, lease: Lease) -> None:
    """End a sync that stored nothing for too long, and tell."""
    job, now = lease.job, lease.clock()
    connection = await connections.by_id(database, job.connection_id)
    if connection is None or job.kind in ("purge", "read_again", "subscribe"):
        await end_broken(database, lease, NO_PROGRESS)
        return
    run = await runs.get(database, job.id)
    problem = function_problem(connection, job.function, "no_progress", now)
    plan = await schedules.get(database, connection.id, job.function)
    latest = None if plan is None else plan.latest_data
    async with database.transaction() as transaction:
        await lease.fail(transaction, NO_PROGRESS)
        await failed(transaction, connection, job, now)
        await note(transaction, connection, problem)
        if job.kind == "sync":
            begun = run.started_ms if run else job.created_ms
            data = {
                "function_name": job.function,
                "last_crawl_start": stamp(begun),
                "latest_data": None if latest is None else stamp(latest * 1000),
            }
            event = connection_event(connection, "connection.schedule-stuck", data, now)
            await events.add(transaction, [event])
    log.warning("sync stuck", connection=connection.uid, function=job.function, job=job.id)
