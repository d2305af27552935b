"""When the functions of a connection sync: schedules from its first day, pauses, and syncs right now."""

from collections.abc import Iterable, Sequence

from crossdock.connections.capabilities import synced_functions
from crossdock.errors import Invalid, NotFound
from crossdock.jobs.queue import enqueue
from crossdock.kit.registry import Integration
from crossdock.store.connections import schedules
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.jobs import queue
from crossdock.store.people import audit_log
from crossdock.store.people.audit_log import SYSTEM, Actor, AuditEntry
from crossdock.store.states import JobCause

ParameterPath = tuple[str, str]
"""Where a caller gave something, for the answer that says what is wrong with it: ("json", "name")."""


async def schedule_all(
    transaction: Transaction, connection: ConnectionRow, integration: Integration, now_ms: int
) -> None:
    """Every function of the integration syncs from now on, at its own pace."""
    every = {
        function: int(resource.every.total_seconds())
        for function, resource in integration.resources.items()
        if resource.every
    }
    await schedules.create(transaction, connection.id, every, now_ms)


async def force_sync(
    database: Database,
    connection: ConnectionRow,
    functions: Sequence[str],
    off: frozenset[str],
    now_ms: int,
    *,
    parameter: ParameterPath = ("json", "functions_to_sync"),
) -> dict[str, str]:
    """Queue these functions, or all that the connection syncs; the id of the open job of each.

    What is queued or runs already goes on as it is. parameter: where the functions were given.
    Raises Invalid for a function that the connection does not sync.
    """
    plans = (await schedules.of_connections(database, [connection.id]))[connection.id]
    synced = synced_functions(connection, (plan.function for plan in plans), off)
    _check_synced(functions, synced, parameter)
    # Asked before: a job that ends right after it is queued is told of, too.
    open_before = (await queue.open_jobs(database, [connection.id]))[connection.id]
    jobs = {job.function: job.id for job in open_before if job.kind == "sync"}
    jobs |= await database.transact(
        lambda transaction: enqueue_now(transaction, connection.id, functions or synced, "force", now_ms)
    )
    return {function: jobs[function] for function in functions or synced if function in jobs}


def _check_synced(functions: Sequence[str], synced: Sequence[str], parameter: ParameterPath) -> None:
    if unknown := [function for function in functions if function not in synced]:
        group, name = parameter
        message = f"this connection does not sync {unknown[0]!r}; it syncs: {', '.join(synced)}"
        raise Invalid({group: {name: [message]}})


async def enqueue_now(
    transaction: Transaction, connection_id: int, functions: Iterable[str], cause: JobCause, now_ms: int
) -> dict[str, str]:
    """Queue these functions at once; the jobs' ids, of those that were not queued or running already."""
    jobs: dict[str, str] = {}
    # In one order for all, so that two who queue the same never wait for each other.
    for function in sorted(functions):
        job_id = await enqueue(
            transaction,
            kind="sync",
            connection_id=connection_id,
            function=function,
            cause=cause,
            now_ms=now_ms,
        )
        if job_id is not None:
            jobs[function] = job_id
    return jobs


async def pause(
    database: Database,
    connection: ConnectionRow,
    function: str | None,
    now_ms: int,
    *,
    paused: bool,
    actor: Actor = SYSTEM,
) -> None:
    """Pause or resume a function, or all (None). Raises NotFound for one that has no schedule."""
    action = "schedule.paused" if paused else "schedule.resumed"
    entry = AuditEntry(
        connection.organization_id, actor, action, connection.uid, detail={"function": function}
    )
    async with database.transaction() as transaction:
        count = await schedules.pause(transaction, connection.id, paused=paused, function=function)
        if count:
            await audit_log.note(transaction, entry, now_ms)
    if function is not None and count == 0:
        raise NotFound(f"this connection has no schedule for {function!r}", record_id=function)
