"""Which connection and function is due, and putting that into the queue."""

import hashlib

from crossdock.jobs.queue import enqueue_due_syncs
from crossdock.store.connections import connections, schedules
from crossdock.store.connections.schedules import Schedule
from crossdock.store.database.engine import Database
from crossdock.store.jobs import queue

AT_ONCE = 200


async def enqueue_due(database: Database, now_ms: int, disabled: frozenset[str] = frozenset()) -> int:
    """Queue what is due, and set when it is due next; return how many schedules were due.

    disabled: functions that the operator's settings switch off. What is off is due, but not queued.
    """
    if not await schedules.is_any_due(database, now_ms):
        return 0
    async with database.transaction() as transaction:
        due = await schedules.due(transaction, now_ms, AT_ONCE)
        if not due:
            return 0  # another worker was quicker
        of = await connections.by_ids(database, {schedule.connection_id for schedule in due})
        on = {
            (schedule.connection_id, schedule.function)
            for schedule in due
            if schedule.connection_id in of
            and not of[schedule.connection_id].is_off(schedule.function, disabled)
        }
        # Not left to the insert to find out: it would wait for a run that ends, which waits for its schedule.
        already = await queue.open_syncs(database, {schedule.connection_id for schedule in due})
        await enqueue_due_syncs(transaction, sorted(on - already), now_ms)
        nexts = [(schedule.connection_id, schedule.function, _next(schedule, now_ms)) for schedule in due]
        await schedules.set_due(transaction, nexts)
    return len(due)


def _next(schedule: Schedule, now_ms: int) -> int:
    """The time when it is due next; after the first time, at a beat of its own."""
    if schedule.last_start_ms is None and schedule.last_end_ms is None:
        return now_ms + int(schedule.every_seconds * 1000 * share(schedule.connection_id, schedule.function))
    return next_due(schedule.due_ms, schedule.every_seconds, now_ms)


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


async def repair_future_times(database: Database, now_ms: int) -> int:
    """After a clock that ran ahead was put right: nothing waits for the time that it showed; how much did."""
    async with database.transaction() as transaction:
        return await schedules.repair_future_times(transaction, now_ms) + await queue.repair_future_times(
            transaction, now_ms
        )
