"""Durable work: one row a job. What the states mean is told in `jobs/queue.py`."""

from collections.abc import Iterable
from dataclasses import dataclass

from crossdock.store.engine import Database, Row, Transaction
from crossdock.store.ids import CLOCKS_APART_MS

_COLUMNS = (
    "id, kind, connection_id, function, cause, state, due_ms, lease_ms, worker, attempts, created_ms, "
    "ended_ms, error"
)

CHANNEL = "crossdock_work"
"""Where workers listen for new work."""


@dataclass(frozen=True)
class Job:
    id: str
    kind: str
    connection_id: int
    function: str
    cause: str
    state: str
    due_ms: int
    lease_ms: int | None
    worker: str | None
    attempts: int
    created_ms: int
    ended_ms: int | None
    error: str | None


_ADD = (
    "INSERT INTO jobs (id, kind, connection_id, function, cause, state, due_ms, attempts, created_ms, "
    "since_ms) VALUES (?, ?, ?, ?, ?, 'queued', ?, 0, ?, ?) ON CONFLICT DO NOTHING"
)


def _added(job: Job) -> tuple[str | int, ...]:
    return (
        job.id, job.kind, job.connection_id, job.function, job.cause, job.due_ms, job.created_ms,
        job.created_ms,
    )  # fmt: skip


async def add(transaction: Transaction, job: Job) -> bool:
    """Stores a job. False when the same work is already open: one run per connection and function."""
    added = await transaction.execute(_ADD, *_added(job))
    await transaction.notify(CHANNEL)
    return added == 1


async def add_all(transaction: Transaction, jobs: Iterable[Job]) -> None:
    """Stores those of these jobs whose work is not already open."""
    await transaction.executemany(_ADD, [_added(one) for one in jobs])
    await transaction.notify(CHANNEL)


@dataclass(frozen=True)
class Claim:
    """Who asks for work of these kinds. connection_id: only this connection's; most_at_once: runs of one."""

    worker: str
    now_ms: int
    lease_ms: int
    most_at_once: int
    kinds: tuple[str, ...]
    connection_id: int | None = None


# A job may start when its connection has room and no open window of the connection goes first: any window
# before its scheduled syncs, the older before the younger among windows (the ids of jobs sort by time).
_MAY_START = (
    "(j.kind = 'purge' OR ((SELECT count(*) FROM jobs r WHERE r.connection_id = j.connection_id "
    "AND r.state = 'running' AND r.kind <> 'purge' AND r.id <> j.id AND r.lease_ms BETWEEN ? AND ?) < ? "
    "AND NOT EXISTS (SELECT 1 FROM on_demand d WHERE d.connection_id = j.connection_id "
    "AND d.status = 'open' AND (j.kind = 'sync' OR d.job_id < j.id))))"
)

# Nobody has it: its time ran out, or was given by a clock that ran ahead and was put right.
_EXPIRED = "state = 'running' AND (lease_ms < ? OR lease_ms > ?)"


async def claim(database: Database, asked: Claim) -> Job | None:
    """The job that has waited longest and may start, now leased; one whose lease ran out goes first."""
    now, farthest = asked.now_ms, asked.now_ms + CLOCKS_APART_MS
    if not await _is_any_due(database, now, farthest):
        return None
    async with database.transaction() as transaction:
        # One claim at a time: what a connection has running is counted, and must not change meanwhile.
        await transaction.in_turn("claims")
        await transaction.seek_first()
        expired = await _claim_one(database, transaction, asked, _EXPIRED, now, farthest)
        return expired or await _claim_one(
            database, transaction, asked, "state = 'queued' AND due_ms <= ?", now
        )


async def _claim_one(
    database: Database, transaction: Transaction, asked: Claim, waiting: str, *bounds: int
) -> Job | None:
    mine, kinds = database.one_of("j.kind", asked.kinds)
    values = [kinds]
    if asked.connection_id is not None:
        mine += " AND j.connection_id = ?"
        values.append(asked.connection_id)
    row = await transaction.fetch_one(
        "UPDATE jobs SET state = 'running', worker = ?, lease_ms = ?, attempts = attempts + 1, since_ms = ? "
        f"WHERE id = (SELECT j.id FROM jobs j WHERE {waiting} AND {mine} AND {_MAY_START} "
        f"ORDER BY j.due_ms, j.id LIMIT 1{database.skip_locked}) RETURNING {_COLUMNS}",
        asked.worker, asked.now_ms + asked.lease_ms, asked.now_ms, *bounds, *values,
        asked.now_ms, asked.now_ms + CLOCKS_APART_MS, asked.most_at_once,
    )  # fmt: skip
    return None if row is None else _job(row)


async def _is_any_due(database: Database, now_ms: int, farthest_ms: int) -> bool:
    """A look that costs nothing, before a transaction that may cost others something."""
    queued = "SELECT 1 FROM jobs WHERE state = 'queued' AND due_ms <= ? LIMIT 1"
    if await database.fetch_one(queued, now_ms):
        return True
    expired = f"SELECT 1 FROM jobs WHERE {_EXPIRED} LIMIT 1"
    return await database.fetch_one(expired, now_ms, farthest_ms) is not None


async def next_ms(database: Database) -> int | None:
    """When the next job is due, or the next lease runs out; None when there is none."""
    found = []
    for column, state in (("due_ms", "queued"), ("lease_ms", "running")):
        row = await database.fetch_one(f"SELECT min({column}) FROM jobs WHERE state = '{state}'")
        if row is not None and row[0] is not None:
            found.append(int(row[0]))
    return min(found, default=None)


async def others_wait(database: Database, connection_id: int, now_ms: int) -> bool:
    """Whether another connection has work that is due."""
    row = await database.fetch_one(
        "SELECT 1 FROM jobs WHERE state = 'queued' AND due_ms <= ? AND connection_id <> ? LIMIT 1",
        now_ms, connection_id,
    )  # fmt: skip
    return row is not None


async def extend(transaction: Transaction, job_id: str, worker: str, until_ms: int) -> bool:
    """Keeps the lease. False when this worker no longer has it: whatever it does must not be stored."""
    kept = await transaction.execute(
        "UPDATE jobs SET lease_ms = ? WHERE id = ? AND worker = ? AND state = 'running'",
        until_ms, job_id, worker,
    )  # fmt: skip
    return kept == 1


async def get_on(transaction: Transaction, job_id: str, worker: str, until_ms: int) -> bool:
    """Keeps the lease of a job that got on: what comes next is tried as often as its beginning was."""
    kept = await transaction.execute(
        "UPDATE jobs SET lease_ms = ?, attempts = 0 WHERE id = ? AND worker = ? AND state = 'running'",
        until_ms, job_id, worker,
    )  # fmt: skip
    return kept == 1


async def end(
    transaction: Transaction, job_id: str, worker: str, state: str, now_ms: int, error: str | None = None
) -> bool:
    """Marks a job done or failed. False when this worker no longer has it."""
    ended = await transaction.execute(
        "UPDATE jobs SET state = ?, ended_ms = ?, error = ?, lease_ms = NULL "
        "WHERE id = ? AND worker = ? AND state = 'running'",
        state, now_ms, error, job_id, worker,
    )  # fmt: skip
    return ended == 1


async def put_back(
    transaction: Transaction, job_id: str, worker: str, now_ms: int, *, wait_ms: int, error: str | None
) -> bool:
    """Queues a job again, to go on where it stopped. False when this worker no longer has it."""
    back = await transaction.execute(
        "UPDATE jobs SET state = 'queued', due_ms = ?, since_ms = ?, error = ?, lease_ms = NULL, "
        "worker = NULL WHERE id = ? AND worker = ? AND state = 'running'",
        now_ms + wait_ms, now_ms, error, job_id, worker,
    )  # fmt: skip
    await transaction.notify(CHANNEL)
    return back == 1


async def abandon(transaction: Transaction, connection_id: int, error: str, now_ms: int) -> None:
    """Fails a connection's open syncs, whoever has them."""
    await transaction.execute(
        "UPDATE jobs SET state = 'failed', ended_ms = ?, error = ?, lease_ms = NULL "
        "WHERE connection_id = ? AND kind IN ('sync', 'on_demand') AND state IN ('queued', 'running')",
        now_ms, error, connection_id,
    )  # fmt: skip
    await transaction.execute(
        "UPDATE on_demand SET status = 'cancelled', ended_ms = ? WHERE connection_id = ? AND status = 'open'",
        now_ms, connection_id,
    )  # fmt: skip


async def abandon_one(transaction: Transaction, job_id: str, error: str, now_ms: int) -> bool:
    """Fails an open job, whoever has it. False when it had ended."""
    ended = await transaction.execute(
        "UPDATE jobs SET state = 'failed', ended_ms = ?, error = ?, lease_ms = NULL "
        "WHERE id = ? AND state IN ('queued', 'running')",
        now_ms, error, job_id,
    )  # fmt: skip
    return ended == 1


async def bring_back(transaction: Transaction, now_ms: int) -> int:
    """Jobs that were put back by a clock that ran ahead are due now; how many."""
    return await transaction.execute(
        "UPDATE jobs SET due_ms = ? WHERE state = 'queued' AND due_ms > ? AND since_ms > ?",
        now_ms, now_ms + CLOCKS_APART_MS, now_ms + CLOCKS_APART_MS,
    )  # fmt: skip


async def started_together(transaction: Transaction, job: Job) -> list[Job]:
    """All jobs of the request that this job came from."""
    rows = await transaction.fetch(
        f"SELECT {_COLUMNS} FROM jobs WHERE connection_id = ? AND cause = ? AND created_ms = ?",
        job.connection_id, job.cause, job.created_ms,
    )  # fmt: skip
    return [_job(row) for row in rows]


async def open_syncs(database: Database, connection_ids: Iterable[int]) -> set[tuple[int, str]]:
    """(connection, function) of the syncs of these connections that are open."""
    ids = list(connection_ids)
    marks = ", ".join("?" * len(ids))
    rows = await database.fetch(
        "SELECT connection_id, function FROM jobs WHERE kind = 'sync' AND state IN ('queued', 'running') "
        f"AND connection_id IN ({marks})",
        *ids,
    )
    return {(row[0], row[1]) for row in rows}


async def open_jobs(database: Database, connection_ids: Iterable[int]) -> dict[int, list[Job]]:
    """The open jobs of each of these connections."""
    found: dict[int, list[Job]] = {}
    for connection_id in connection_ids:
        rows = await database.fetch(
            f"SELECT {_COLUMNS} FROM jobs WHERE connection_id = ? AND state IN ('queued', 'running')",
            connection_id,
        )
        found[connection_id] = [_job(row) for row in rows]
    return found


async def get(database: Database, job_id: str) -> Job | None:
    row = await database.fetch_one(f"SELECT {_COLUMNS} FROM jobs WHERE id = ?", job_id)
    return None if row is None else _job(row)


def _job(row: Row) -> Job:
    return Job(*row)
