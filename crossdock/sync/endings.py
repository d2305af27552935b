"""How a sync ends, whoever ends it: the run itself, or its worker when it broke or got stuck.

In the transaction that ends the job goes all that depends on it: what the schedule shows, the caller's
window, and the events that tell.
"""

from typing import Any

from crossdock.changes.document import stamp
from crossdock.changes.events import connection_event
from crossdock.store import events, jobs, on_demand, records, schedules
from crossdock.store.connections import Connection
from crossdock.store.engine import Transaction
from crossdock.store.jobs import Job
from crossdock.store.on_demand import Window


async def failed(transaction: Transaction, connection: Connection, job: Job, now_ms: int) -> None:
    """What follows when a sync's job was marked as failed."""
    await records.forget_seen(transaction, job.id)
    window = await on_demand.of_job(transaction, job.id)
    if window is not None:
        await end_window(transaction, connection, window, "stuck", now_ms)
    else:
        await schedules.failed(transaction, connection.id, job.function, now_ms)
        await tell_forced(transaction, connection, job, now_ms)


async def tell_forced(transaction: Transaction, connection: Connection, job: Job, now_ms: int) -> None:
    """Tells that a force sync is complete, when this job was the last of it."""
    if job.cause != "force":
        return
    # Two functions that end at once must not each take the other for still open.
    await transaction.in_turn(f"force syncs of {connection.id}")
    together = await jobs.started_together(transaction, job)
    if any(one.state in ("queued", "running") for one in together):
        return
    data = {"functions_synced": sorted(one.function for one in together)}
    event = connection_event(connection, "connection.force-sync-completed", data, now_ms)
    await events.add(transaction, [event])


async def end_window(
    transaction: Transaction, connection: Connection, window: Window, status: str, now_ms: int
) -> None:
    """Ends a window as completed or stuck, and tells; one that had ended stays as it is."""
    if await on_demand.end(transaction, window.id, status, now_ms):
        data = {**described(connection, window), "status": status}
        event = connection_event(connection, f"connection.sync-job-{status}", data, now_ms)
        await events.add(transaction, [event])


def described(connection: Connection, window: Window) -> dict[str, Any]:
    """A window as the API and its events show it."""
    return {
        "id": window.id,
        "sync_job_id": window.id,
        "connection_id": connection.uid,
        "function_name": window.function,
        "requested_start_time": stamp(window.start_ms),
        "requested_end_time": stamp(window.end_ms),
        "status": window.status,
        "created_at": stamp(window.created_ms),
    }
