"""How a sync ends, whoever ends it: the run itself, or its worker when it broke or got stuck.

In the transaction that ends the job goes all that depends on it: what the schedule shows, the caller's
window, and the events that tell.
"""

from crossdock.changes.events import connection_event, force_sync_event
from crossdock.connections.on_demand import describe
from crossdock.resources.catalogue import by_function
from crossdock.resources.event_types import SYNC_COMPLETED
from crossdock.store.connections import access, inbound, on_demand, runs, schedules
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.on_demand import OnDemandRow
from crossdock.store.connections.runs import Run
from crossdock.store.database.engine import Transaction
from crossdock.store.jobs.queue import JobRow
from crossdock.store.records import events, records
from crossdock.store.states import JobCauses, WindowStatus
from crossdock.store.webhooks import endpoints
from crossdock.wire import stamp, stamp_seconds


async def failed(transaction: Transaction, connection: ConnectionRow, job: JobRow, now_ms: int) -> None:
    """Do what follows when a sync's job was marked as failed."""
    await records.clear_snapshot(transaction, job.id)
    if job.kind == "read_again":
        await leave_to_sync(transaction, connection.id, job.function, now_ms)
        return
    window = await on_demand.of_job(transaction, job.id)
    if window is not None:
        await end_window(transaction, connection, window, "stuck", now_ms)
    else:
        await schedules.failed(transaction, connection.id, job.function, now_ms)
        await tell_forced(transaction, connection, job, now_ms)


async def leave_to_sync(transaction: Transaction, connection_id: int, function: str, now_ms: int) -> None:
    """Leave what the vendor sent notices of to the function's next sync, which is due now."""
    await inbound.forget(transaction, connection_id, function)
    await schedules.due_by(transaction, connection_id, function, now_ms)


async def tell_forced(transaction: Transaction, connection: ConnectionRow, job: JobRow, now_ms: int) -> None:
    """Tell that a force sync is over for the function of this job, if one asked for it, however it ended."""
    if job.cause == "force":
        await events.add(transaction, [force_sync_event(connection, job.function, now_ms)])


async def tell_completed(
    transaction: Transaction, connection: ConnectionRow, job: JobRow, now_ms: int
) -> None:
    """Tell that a sync has gone to its end, where anybody asks for that; as the last of its transaction."""
    run = await runs.get(transaction, job.id)
    if run is None or not await _is_told_of_syncs(transaction, connection.organization_id):
        return
    resource = by_function(connection.type).get(job.function)
    data = {
        "sync_run_id": job.id,
        "function_name": job.function,
        "resource": job.function if resource is None else resource.name,
        "cause": _cause(job, run),
        "historical": run.first,
        "started_at": stamp(run.started_ms),
        "completed_at": stamp(now_ms),
        "from": None if run.oldest_data is None else stamp_seconds(run.oldest_data),
        "to": None if run.newest_data is None else stamp_seconds(run.newest_data),
        "counts": {
            "added": run.created, "changed": run.updated, "deleted": run.gone,
            "unchanged": run.unchanged, "set_aside": run.quarantined,
        },
        "event_id": run.last_event,
    }  # fmt: skip
    event = connection_event(connection, SYNC_COMPLETED, data, now_ms, vertical=connection.type)
    await events.add(transaction, [event])


async def _is_told_of_syncs(transaction: Transaction, organization_id: str) -> bool:
    """Check whether the organization has set that, or has an endpoint that names the event."""
    if await access.tells_of_syncs(transaction, organization_id):
        return True
    return await endpoints.is_asked_for(transaction, organization_id, SYNC_COMPLETED)


_CAUSES = {"on_demand": "on_demand", "read_again": "inbound"}
"""Causes that kinds of jobs have by themselves."""


def _cause(job: JobRow, run: Run) -> str:
    if job.kind in _CAUSES:
        return _CAUSES[job.kind]
    if run.first:
        return "first"
    return job.cause if job.cause in (JobCauses.FORCE, JobCauses.FILE) else JobCauses.SCHEDULE


async def end_window(
    transaction: Transaction,
    connection: ConnectionRow,
    window: OnDemandRow,
    status: WindowStatus,
    now_ms: int,
) -> None:
    """End a window as completed or stuck, and tell; one that had ended stays as it is."""
    if await on_demand.end(transaction, window.id, status, now_ms):
        data = {**describe(connection, window), "status": status}
        event = connection_event(connection, f"connection.sync-job-{status}", data, now_ms)
        await events.add(transaction, [event])
