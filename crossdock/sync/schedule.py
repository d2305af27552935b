"""Which connection and function is due, and putting that into the queue."""

import hashlib
from collections.abc import Iterable

from crossdock.jobs.queue import enqueue, enqueue_due_syncs
from crossdock.store import connections, jobs, schedules
from crossdock.store.engine import Database, Transaction
from crossdock.store.schedules import Schedule

AT_ONCE = 200


async def enqueue_due(database: Database, now_ms: int, disabled: frozenset[str] = frozenset()) -> int:
    """Queues what is due, and sets when it is due next; how many schedules were due.

    disabled: functions that the operator's settings switch off. What is off is due, but not queued.
    """
    if not await schedules.is_any_due(database, now_ms):
        return 0
    async with database.transaction() as transaction:
        due = await schedules.due(database, transaction, now_ms, AT_ONCE)
        if not due:
            return 0  # another worker was quicker
        of = await connections.by_ids(database, {one.connection_id for one in due})
        on = {
            (one.connection_id, one.function)
            for one in due
            if one.connection_id in of and not of[one.connection_id].is_off(one.function, disabled)
        }
        # Not left to the insert to find out: it would wait for a run that ends, which waits for its schedule.
        already = await jobs.open_syncs(database, {one.connection_id for one in due})
        await enqueue_due_syncs(transaction, sorted(on - already), now_ms)
        nexts = [(one.connection_id, one.function, _next(one, now_ms)) for one in due]
        await schedules.set_due(transaction, nexts)
    return len(due)


def _next(one: Schedule, now_ms: int) -> int:
    """When it is due after this time; after the first time, at a beat of its own."""
    if one.last_start_ms is None and one.last_end_ms is None:
        return now_ms + int(one.every_seconds * 1000 * share(one.connection_id, one.function))
    return next_due(one.due_ms, one.every_seconds, now_ms)


def share(connection_id: int, function: str) -> float:
    """Between 0.1 and 1, always the same for a function of a connection, evenly spread over all of them.

    Connections that were made together would else be due together for ever.
    """
    digest = hashlib.blake2b(f"{connection_id}/{function}".encode(), digest_size=4).digest()
    return 0.1 + 0.9 * int.from_bytes(digest, "big") / 2**32


def next_due(due_ms: int, every_seconds: int, now_ms: int) -> int:
    """The next time on the schedule's own beat that lies ahead; missed beats are not made up for."""
    every_ms = every_seconds * 1000
    missed = max(0, now_ms - due_ms) // every_ms
    return due_ms + (missed + 1) * every_ms


async def bring_back(database: Database, now_ms: int) -> int:
    """After a clock that ran ahead was put right: nothing waits for the time that it showed; how much did."""
    async with database.transaction() as transaction:
        return await schedules.bring_back(transaction, now_ms) + await jobs.bring_back(transaction, now_ms)


async def enqueue_now(
    transaction: Transaction, connection_id: int, functions: Iterable[str], cause: str, now_ms: int
) -> list[str]:
    """Queues these functions at once; the names of those that were not queued or running already."""
    return [
        function
        # In one order for all, so that two who queue the same never wait for each other.
        for function in sorted(functions)
        if await enqueue(
            transaction,
            kind="sync",
            connection_id=connection_id,
            function=function,
            cause=cause,
            now_ms=now_ms,
        )
    ]
