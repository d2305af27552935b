"""Durable work: one row a job. What the states mean is told in `jobs/queue.py`."""

from collections.abc import Iterable
from dataclasses import dataclass

from crossdock.store.database.engine import Database, Row, Transaction
from crossdock.store.database.ids import CLOCKS_APART_MS
from crossdock.store.states import (
    JOB_IS_OPEN,
    JOB_IS_QUEUED,
    JOB_IS_RUNNING,
    NOTICE_KINDS,
    JobCause,
    JobCauses,
    JobKind,
    JobKinds,
    JobState,
    JobStates,
    WindowStatuses,
    quoted,
)

_COLUMNS = (
    "id, kind, connection_id, function, cause, state, due_ms, lease_ms, worker, attempts, created_ms, "
    "ended_ms, error"
)

_READS = quoted((JobKinds.SYNC, JobKinds.ON_DEMAND, *NOTICE_KINDS))

CHANNEL = "crossdock_work"
"""Where workers listen for new work."""


@dataclass(frozen=True)
class JobRow:
    id: str
    kind: JobKind
    connection_id: int
    function: str
    cause: JobCause
    state: JobState
    due_ms: int
    lease_ms: int | None
    worker: str | None
    attempts: int
    created_ms: int
    ended_ms: int | None
    error: str | None


_ADD = (
    "INSERT INTO jobs (id, kind, connection_id, function, cause, state, due_ms, attempts, created_ms, "
    f"since_ms) VALUES (?, ?, ?, ?, ?, '{JobStates.QUEUED}', ?, 0, ?, ?) ON CONFLICT DO NOTHING"
)


def _added(job: JobRow) -> tuple[str | int, ...]:
    return (
        job.id, job.kind, job.connection_id, job.function, job.cause, job.due_ms, job.created_ms,
        job.created_ms,
    )  # fmt: skip


async def add(transaction: Transaction, job: JobRow) -> bool:
    """Store a job. False when the same work is already open: one run per connection and function."""
    added = await transaction.execute(_ADD, *_added(job))
    await transaction.notify(CHANNEL)
    return added == 1


async def add_all(transaction: Transaction, jobs: Iterable[JobRow]) -> None:
    """Store those of these jobs whose work is not already open."""
    await transaction.executemany(_ADD, [_added(job) for job in jobs])
    await transaction.notify(CHANNEL)


@dataclass(frozen=True)
class JobClaim:
    """A request for work of these kinds. connection_id: only this connection's; most_at_once: runs of one."""

    worker: str
    now_ms: int
    lease_ms: int
    most_at_once: int
    kinds: tuple[str, ...]
    connection_id: int | None = None


# A job may start when its connection has room and no open window of the connection goes first: any window
# before its scheduled syncs, the older before the younger among windows (the ids of jobs sort by time).
# What a vendor sent notices of is not read while the same function is pulled, nor the other way round: each
# reads and stores a record alone, so that nothing that was read earlier is stored later.
_MAY_START = (
    f"(j.kind = '{JobKinds.PURGE}' OR ((SELECT count(*) FROM jobs r WHERE r.connection_id = j.connection_id "
    f"AND r.{JOB_IS_RUNNING} AND r.kind <> '{JobKinds.PURGE}' AND r.id <> j.id "
    "AND r.lease_ms BETWEEN ? AND ?) < ? "
    "AND NOT EXISTS (SELECT 1 FROM jobs r WHERE r.connection_id = j.connection_id "
    f"AND r.function = j.function AND r.{JOB_IS_RUNNING} AND r.id <> j.id AND r.lease_ms BETWEEN ? AND ? "
    f"AND (r.kind = '{JobKinds.READ_AGAIN}') <> (j.kind = '{JobKinds.READ_AGAIN}')) "
    f"AND (j.kind IN ({quoted(NOTICE_KINDS)}) "
    "OR NOT EXISTS (SELECT 1 FROM on_demand d WHERE d.connection_id = j.connection_id "
    f"AND d.status = '{WindowStatuses.OPEN}' AND ((j.kind = '{JobKinds.SYNC}' AND (d.function = j.function "
    "OR NOT EXISTS (SELECT 1 FROM connections c JOIN organizations o ON o.id = c.organization_id "
    "WHERE c.id = j.connection_id AND o.on_demand_holds = 'function'))) "
    f"OR (j.kind <> '{JobKinds.SYNC}' AND d.job_id < j.id))))))"
)

# Nobody has it: its time ran out, or was given by a clock that ran ahead and was put right.
_EXPIRED = f"{JOB_IS_RUNNING} AND (lease_ms < ? OR lease_ms > ?)"


async def claim(database: Database, job_claim: JobClaim) -> JobRow | None:
    """The job that has waited longest and may start, now leased; one whose lease ran out goes first."""
    now, farthest = job_claim.now_ms, job_claim.now_ms + CLOCKS_APART_MS
    if not await _is_any_due(database, now, farthest):
        return None
    async with database.transaction() as transaction:
        # One claim at a time: what a connection has running is counted, and must not change meanwhile.
        await transaction.in_turn("claims")
        await transaction.seek_first()
        expired = await _claim_one(transaction, job_claim, _EXPIRED, now, farthest)
        return expired or await _claim_one(transaction, job_claim, f"{JOB_IS_QUEUED} AND due_ms <= ?", now)


async def _claim_one(
    transaction: Transaction, job_claim: JobClaim, waiting: str, *bounds: int
) -> JobRow | None:
    mine, kinds = transaction.one_of("j.kind", job_claim.kinds)
    values = [kinds]
    if job_claim.connection_id is not None:
        mine += " AND j.connection_id = ?"
        values.append(job_claim.connection_id)
    row = await transaction.fetch_one(
        f"UPDATE jobs SET state = '{JobStates.RUNNING}', worker = ?, lease_ms = ?, "
        "attempts = attempts + 1, since_ms = ? "
        f"WHERE id = (SELECT j.id FROM jobs j WHERE {waiting} AND {mine} AND {_MAY_START} "
        f"ORDER BY j.due_ms, j.id LIMIT 1{transaction.skip_locked}) RETURNING {_COLUMNS}",
        job_claim.worker, job_claim.now_ms + job_claim.lease_ms, job_claim.now_ms, *bounds, *values,
        job_claim.now_ms, job_claim.now_ms + CLOCKS_APART_MS, job_claim.most_at_once,
        job_claim.now_ms, job_claim.now_ms + CLOCKS_APART_MS,
    )  # fmt: skip
    return None if row is None else _job(row)


async def _is_any_due(database: Database, now_ms: int, farthest_ms: int) -> bool:
    """A look that costs nothing, before a transaction that may cost others something."""
    queued = f"SELECT 1 FROM jobs WHERE {JOB_IS_QUEUED} AND due_ms <= ? LIMIT 1"
    if await database.fetch_one(queued, now_ms):
        return True
    expired = f"SELECT 1 FROM jobs WHERE {_EXPIRED} LIMIT 1"
    return await database.fetch_one(expired, now_ms, farthest_ms) is not None


async def next_ms(database: Database) -> int | None:
    """The time when the next job is due, or the next lease runs out; None when there is none."""
    numbers = []
    for column, state in (("due_ms", JobStates.QUEUED), ("lease_ms", JobStates.RUNNING)):
        row = await database.fetch_one(f"SELECT min({column}) FROM jobs WHERE state = '{state}'")
        if row is not None and row[0] is not None:
            numbers.append(int(row[0]))
    return min(numbers, default=None)


async def is_due_elsewhere(database: Database, connection_id: int, now_ms: int) -> bool:
    """Check whether another connection has work that is due."""
    row = await database.fetch_one(
        f"SELECT 1 FROM jobs WHERE {JOB_IS_QUEUED} AND due_ms <= ? AND connection_id <> ? LIMIT 1",
        now_ms,
        connection_id,
    )
    return row is not None


async def extend(transaction: Transaction, job_id: str, worker: str, until_ms: int) -> bool:
    """Keep the lease. False when this worker no longer has it: whatever it does must not be stored."""
    kept_rows = await transaction.execute(
        f"UPDATE jobs SET lease_ms = ? WHERE id = ? AND worker = ? AND {JOB_IS_RUNNING}",
        until_ms,
        job_id,
        worker,
    )
    return kept_rows == 1


async def record_progress(transaction: Transaction, job_id: str, worker: str, until_ms: int) -> bool:
    """Keep the lease of a job that got on: what comes next is tried as often as its beginning was."""
    kept_rows = await transaction.execute(
        f"UPDATE jobs SET lease_ms = ?, attempts = 0 WHERE id = ? AND worker = ? AND {JOB_IS_RUNNING}",
        until_ms,
        job_id,
        worker,
    )
    return kept_rows == 1


async def end(
    transaction: Transaction, job_id: str, worker: str, state: JobState, now_ms: int, error: str | None = None
) -> bool:
    """Mark a job done or failed. False when this worker no longer has it."""
    ended = await transaction.execute(
        "UPDATE jobs SET state = ?, ended_ms = ?, error = ?, lease_ms = NULL "
        f"WHERE id = ? AND worker = ? AND {JOB_IS_RUNNING}",
        state, now_ms, error, job_id, worker,
    )  # fmt: skip
    return ended == 1


async def requeue(
    transaction: Transaction, job_id: str, worker: str, now_ms: int, *, wait_ms: int, error: str | None
) -> bool:
    """Queue a job again, to go on where it stopped. False when this worker no longer has it."""
    back = await transaction.execute(
        f"UPDATE jobs SET state = '{JobStates.QUEUED}', due_ms = ?, since_ms = ?, error = ?, "
        f"lease_ms = NULL, worker = NULL WHERE id = ? AND worker = ? AND {JOB_IS_RUNNING}",
        now_ms + wait_ms, now_ms, error, job_id, worker,
    )  # fmt: skip
    await transaction.notify(CHANNEL)
    return back == 1


async def fail_open_reads(transaction: Transaction, connection_id: int, error: str, now_ms: int) -> None:
    """Fail whatever reads a connection's records, whoever has it."""
    await _fail_open(transaction, connection_id, f"kind IN ({_READS})", error, now_ms)


async def fail_open_work(transaction: Transaction, connection_id: int, error: str, now_ms: int) -> None:
    """Fail all that is done about a connection but removing what is left of it, whoever has it."""
    await _fail_open(transaction, connection_id, f"kind <> '{JobKinds.PURGE}'", error, now_ms)


async def _fail_open(
    transaction: Transaction, connection_id: int, kinds: str, error: str, now_ms: int
) -> None:
    await transaction.execute(
        f"UPDATE jobs SET state = '{JobStates.FAILED}', ended_ms = ?, error = ?, lease_ms = NULL "
        f"WHERE connection_id = ? AND {kinds} AND {JOB_IS_OPEN}",
        now_ms, error, connection_id,
    )  # fmt: skip
    await transaction.execute(
        f"UPDATE on_demand SET status = '{WindowStatuses.CANCELLED}', ended_ms = ? "
        f"WHERE connection_id = ? AND status = '{WindowStatuses.OPEN}'",
        now_ms,
        connection_id,
    )


async def fail_open(transaction: Transaction, job_id: str, error: str, now_ms: int) -> bool:
    """Fail an open job, whoever has it. False when it had ended."""
    ended = await transaction.execute(
        f"UPDATE jobs SET state = '{JobStates.FAILED}', ended_ms = ?, error = ?, lease_ms = NULL "
        f"WHERE id = ? AND {JOB_IS_OPEN}",
        now_ms,
        error,
        job_id,
    )
    return ended == 1


async def repair_future_times(transaction: Transaction, now_ms: int) -> int:
    """Jobs that were put back by a clock that ran ahead are due now; how many."""
    return await transaction.execute(
        f"UPDATE jobs SET due_ms = ? WHERE {JOB_IS_QUEUED} AND due_ms > ? AND since_ms > ?",
        now_ms,
        now_ms + CLOCKS_APART_MS,
        now_ms + CLOCKS_APART_MS,
    )


async def open_forced(transaction: Transaction, connection_id: int) -> list[str]:
    """The functions of a connection that somebody asked to sync, and that have not ended."""
    rows = await transaction.fetch(
        f"SELECT function FROM jobs WHERE connection_id = ? AND cause = '{JobCauses.FORCE}' "
        f"AND {JOB_IS_OPEN} ORDER BY function",
        connection_id,
    )
    return [row[0] for row in rows]


async def open_syncs(database: Database, connection_ids: Iterable[int]) -> set[tuple[int, str]]:
    """(connection, function) of the syncs of these connections that are open."""
    ids = list(connection_ids)
    marks = ", ".join("?" * len(ids))
    rows = await database.fetch(
        f"SELECT connection_id, function FROM jobs WHERE kind = '{JobKinds.SYNC}' AND {JOB_IS_OPEN} "
        f"AND connection_id IN ({marks})",
        *ids,
    )
    return {(row[0], row[1]) for row in rows}


async def open_jobs(database: Database, connection_ids: Iterable[int]) -> dict[int, list[JobRow]]:
    """The open jobs of each of these connections."""
    jobs: dict[int, list[JobRow]] = {}
    for connection_id in connection_ids:
        rows = await database.fetch(
            f"SELECT {_COLUMNS} FROM jobs WHERE connection_id = ? AND {JOB_IS_OPEN}",
            connection_id,
        )
        jobs[connection_id] = [_job(row) for row in rows]
    return jobs


async def get(database: Database, job_id: str) -> JobRow | None:
    row = await database.fetch_one(f"SELECT {_COLUMNS} FROM jobs WHERE id = ?", job_id)
    return None if row is None else _job(row)


def _job(row: Row) -> JobRow:
    return JobRow(*row)
