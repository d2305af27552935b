"""What is wrong with a connection: noted, told as events, and cleared when it works again."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from crossdock.changes.diff import previous_attributes
from crossdock.changes.events import connection_event
from crossdock.errors import (
    AddressRefused,
    MissingPermission,
    VendorError,
    VendorNonsense,
    VendorThrottled,
    VendorUnavailable,
)
from crossdock.kit.registry import find_integration, get_integration
from crossdock.store.connections import connections, problems
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.problems import ConnectionProblem, ProblemExample
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.records import events, quarantine
from crossdock.wire import stamp

LONGEST_WORDS = 300
"""Of a vendor's, within a message."""

KINDS: tuple[tuple[type[VendorError], str], ...] = (
    (MissingPermission, "missing_permission"),
    (VendorThrottled, "system_throttled"),
    (VendorUnavailable, "system_unavailable"),
    (AddressRefused, "address_refused"),
    (VendorNonsense, "unexpected_answer"),
    (VendorError, "request_refused"),
)
"""What a failure of one function is called; the first that fits."""

WORDS: Mapping[str, str] = {
    "missing_permission": "{why}",
    "system_throttled": "{system} has been refusing {function} for being called too often: {why}. The sync "
    "goes on by itself; if this stays, ask what else uses this account, or have its limit raised.",
    "system_unavailable": "{system} can't be reached for {function}: {why}. The sync goes on by itself when "
    "it answers; check whether the system is up and its address right.",
    "address_refused": "The address of {system} can't be called for {function}: {why}. Correct the address "
    "of the connection, or have the operator allow it (CROSSDOCK_ALLOWED_ADDRESSES).",
    "unexpected_answer": "{system} answered {function} with something that can't be read: {why}. Check the "
    "address and what stands in front of the system (a proxy, a log-in page, maintenance); it is tried again "
    "at every sync.",
    "request_refused": "{system} refuses the request of {function}: {why}. It is tried again at every sync.",
    "no_progress": "{function} got nowhere for too long and was ended; it is tried again at its next sync. "
    "Check whether {system} answers slowly.",
    "internal_error": "Crossdock failed in {function} of {system} ({why}): a fault of Crossdock's, not of "
    "your settings. It is tried again at every sync; please report it with the log of job {job}.",
}
"""Messages by kind: what happened, where, and what to do."""


def function_problem(
    connection: ConnectionRow, function: str, kind: str, now_ms: int, *, why: str = "", url: str = "",
    job: str = "",
) -> ConnectionProblem:  # fmt: skip
    """A problem of one function, in words that somebody can act on. why: shown; never a secret or a trace."""
    system = get_integration(connection.type, connection.integration).manifest.name
    short = " ".join(why.split()).rstrip(".")[:LONGEST_WORDS]
    message = WORDS[kind].format(system=system, function=function, why=short, job=job)
    return ConnectionProblem(connection.id, function, kind, message, url, now_ms, now_ms)


def write_problem(
    connection: ConnectionRow, action: str, failure: MissingPermission, now_ms: int
) -> ConnectionProblem:
    """A write that the credentials may not do. It keeps nothing from syncing."""
    return replace(problem_of(connection, action, failure, now_ms), is_write=True)


def problem_of(
    connection: ConnectionRow, function: str, failure: VendorError, now_ms: int
) -> ConnectionProblem:
    """A failed call of the vendor as a problem of its function."""
    kind = next(name for error, name in KINDS if isinstance(failure, error))
    return function_problem(connection, function, kind, now_ms, why=str(failure), url=failure.url)


async def note_problem(database: Database, connection: ConnectionRow, problem: ConnectionProblem) -> None:
    """Keep a problem, and tell of it when it is new or says something else now."""
    async with database.transaction() as transaction:
        if await connections.lock(transaction, connection.id):
            await note(transaction, connection, problem)


async def note(transaction: Transaction, connection: ConnectionRow, problem: ConnectionProblem) -> None:
    """The same within a transaction that holds the connection, or a lease of its work."""
    # Several functions find out at the same time: only one of them is the first.
    await transaction.in_turn(f"problems of {connection.id}")
    before = await problems.note(transaction, problem)
    if before is not None and (before.message, before.kind) == (problem.message, problem.kind):
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


async def clear_problem(
    database: Database, connection: ConnectionRow, function: str, now_ms: int, aspect: str = "sync"
) -> None:
    """Forget the problem, since it works again, and tell."""
    if await problems.get(database, connection.id, function, aspect) is None:
        return
    async with database.transaction() as transaction:
        await clear(transaction, connection, function, now_ms, aspect)


async def clear(
    transaction: Transaction, connection: ConnectionRow, function: str, now_ms: int, aspect: str = "sync"
) -> None:
    """The same within a transaction."""
    before = await problems.clear(transaction, connection.id, function, aspect)
    if before is None:
        return
    data = _data(connection, before, before.first_ms)
    await events.add(transaction, [connection_event(connection, "connection-error.deleted", data, now_ms)])


async def clear_at_reconnect(transaction: Transaction, connection: ConnectionRow, now_ms: int) -> None:
    """Forget what new credentials may have put right and no sync finds out, and tell.

    That is whether they work, which was just tried, and which writes they may do, which shows at the next.
    """
    await clear(transaction, connection, "", now_ms)
    gone = await problems.clear_all(transaction, connection.id, problems.WRITES)
    await _tell_cleared(transaction, connection, gone, now_ms)


async def clear_switched_off(
    transaction: Transaction, connection: ConnectionRow, functions: Collection[str], now_ms: int
) -> None:
    """Forget the problems of functions that are used no more, and tell."""
    gone = await problems.clear_of(transaction, connection.id, functions)
    await _tell_cleared(transaction, connection, gone, now_ms)


async def _tell_cleared(
    transaction: Transaction, connection: ConnectionRow, gone: Sequence[ConnectionProblem], now_ms: int
) -> None:
    texts = [_data(connection, problem, problem.first_ms) for problem in gone]
    name = "connection-error.deleted"
    await events.add(transaction, [connection_event(connection, name, data, now_ms) for data in texts])


async def note_set_aside(
    transaction: Transaction, connection: ConnectionRow, function: str, now_ms: int
) -> None:
    """Note what of a function is in quarantine now as a problem; clear that when nothing is."""
    summary = await quarantine.summary(transaction, connection.id, function)
    if summary.count == 0:
        await clear(transaction, connection, function, now_ms, "records")
        return
    system = get_integration(connection.type, connection.integration).manifest.name
    key, reason = summary.examples[0]
    name = "One record" if summary.count == 1 else f"{summary.count:,} records"
    message = (
        f"{name} of {function} could not be taken in, or not wholly: {system} sends what does not fit. "
        f"For example {key}: {reason[:LONGEST_WORDS]}. All else goes on. Correct it in {system}, or look at "
        f"each with `crossdock quarantine {connection.uid[:8]}`; it goes away when the record is read whole."
    )
    examples = tuple(ProblemExample(id=name, reason=why[:LONGEST_WORDS]) for name, why in summary.examples)
    problem = ConnectionProblem(connection.id, function, "records_set_aside", message, "", now_ms, now_ms)
    await note(transaction, connection, replace(problem, count=summary.count, examples=examples))


def _data(connection: ConnectionRow, problem: ConnectionProblem, first_ms: int) -> dict[str, Any]:
    return {
        "failed_url": problem.url,
        "affected_endpoints": affected_endpoints(connection, problem),
        "integration_name": connection.integration,
        "error_message": problem.message,
        "created_date": stamp(first_ms),
        "updated_date": stamp(problem.last_ms),
        "last_seen": stamp(problem.last_ms),
    }


def affected_endpoints(connection: ConnectionRow, problem: ConnectionProblem) -> list[dict[str, Any]]:
    """The endpoints that a problem is about: of one function, or all reads where credentials are refused."""
    integration = find_integration(connection.type, connection.integration)
    if integration is None:
        return []
    if problem.is_write:
        write = integration.writes.get(problem.function)
        endpoints = [
            f"POST /{connection.type}/passthrough" if write is None else f"{write.method} {write.path}"
        ]
    else:
        endpoints = [
            f"GET {resource.read_path}"
            for function, resource in integration.resources.items()
            if problem.function in ("", function)
        ]
    return [{"endpoint": endpoint, "preventing_sync": problem.is_blocking} for endpoint in endpoints]


def affected_resource(connection: ConnectionRow, problem: ConnectionProblem) -> str | None:
    """The resource that a problem is about; None: all of them, or none."""
    integration = find_integration(connection.type, connection.integration)
    if integration is None:
        return None
    if problem.is_write:
        write = integration.writes.get(problem.function)
        return None if write is None else write.resource.name
    resource = integration.resources.get(problem.function)
    return None if resource is None else resource.name
