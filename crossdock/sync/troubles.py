"""What keeps a connection from syncing: noted, told as events, and cleared when it works again."""

from typing import Any

from crossdock.changes.diff import previous_attributes
from crossdock.changes.document import stamp
from crossdock.changes.events import connection_event
from crossdock.integrations.registry import integration
from crossdock.resources.schema import Resource
from crossdock.store import connections, events
from crossdock.store.connections import Connection, Problem
from crossdock.store.engine import Database
from crossdock.store.jobs import Job

TRY_AGAIN_MS = 15 * 60_000
"""Credentials that were refused are not tried more often by schedules: accounts get locked that way."""


async def should_wait(database: Database, connection: Connection, job: Job, now_ms: int) -> bool:
    """Whether a scheduled run is better left undone, as the credentials were refused just now."""
    if job.cause != "schedule":
        return False
    found = (await connections.problems(database, [connection.id]))[connection.id]
    # One from the future was noted by a clock that has been put right since.
    return any(one.function == "" and 0 <= now_ms - one.last_ms < TRY_AGAIN_MS for one in found)


async def note_problem(database: Database, connection: Connection, problem: Problem) -> None:
    """Keeps a problem, and tells of it when it is new or says something else now."""
    async with database.transaction() as transaction:
        # Several functions find out at the same time: only one of them is the first.
        if not await connections.lock(database, transaction, connection.id):
            return
        before = await connections.note_problem(transaction, problem)
        if before is not None and before.message == problem.message and before.kind == problem.kind:
            return
        first_ms = problem.first_ms if before is None else before.first_ms
        data = _data(connection, problem, first_ms)
        if before is None:
            event = connection_event(connection, "connection-error.created", data, problem.last_ms)
        else:
            previous = previous_attributes(_data(connection, before, first_ms), data)
            event = connection_event(
                connection, "connection-error.updated", data, problem.last_ms, previous=previous
            )
        await events.add(transaction, [event])


async def clear_problem(database: Database, connection: Connection, function: str, now_ms: int) -> None:
    """It works again: forgets the problem, and tells."""
    known = (await connections.problems(database, [connection.id]))[connection.id]
    if not any(one.function == function for one in known):
        return
    async with database.transaction() as transaction:
        before = await connections.clear_problem(transaction, connection.id, function)
        if before is None:
            return
        data = _data(connection, before, before.first_ms)
        await events.add(
            transaction, [connection_event(connection, "connection-error.deleted", data, now_ms)]
        )


def _data(connection: Connection, problem: Problem, first_ms: int) -> dict[str, Any]:
    return {
        "failed_url": problem.url,
        "affected_endpoints": affected_endpoints(connection, problem),
        "integration_name": connection.integration,
        "error_message": problem.message,
        "created_date": stamp(first_ms),
        "updated_date": stamp(problem.last_ms),
        "last_seen": stamp(problem.last_ms),
    }


def affected_endpoints(connection: Connection, problem: Problem) -> list[dict[str, Any]]:
    """Which reads stand still: those of one function, or all when the credentials are refused."""
    resources = integration(connection.type, connection.integration).resources
    affected = [one for name, one in resources.items() if problem.function in ("", name)]
    return [{"endpoint": _endpoint(one), "preventing_sync": True} for one in affected]


def _endpoint(resource: Resource) -> str:
    return f"GET {resource.path if resource.listed else resource.one_path}"
