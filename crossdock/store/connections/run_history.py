"""The runs of a connection as its people look at them: those that go on, and those that ended, by page."""

from dataclasses import dataclass

from crossdock.store.database.engine import Database, Row
from crossdock.store.states import JOB_IS_OPEN, JobCause, JobKind, JobKinds, JobState, JobStates, quoted

_READS = quoted((JobKinds.SYNC, JobKinds.ON_DEMAND, JobKinds.READ_AGAIN))
_SELECT = (
    "SELECT j.id, j.kind, j.cause, j.function, j.state, j.error, j.created_ms, r.started_ms, j.ended_ms, "
    "COALESCE(r.pages, 0), COALESCE(r.received, 0), COALESCE(r.created, 0), COALESCE(r.updated, 0), "
    "COALESCE(r.unchanged, 0), COALESCE(r.gone, 0), COALESCE(r.quarantined, 0) "
    "FROM jobs j LEFT JOIN runs r ON r.job_id = j.id "
)


@dataclass(frozen=True)
class ReadRun:
    """A job that reads records, with what it has read so far. started_ms: None before it has begun."""

    job_id: str
    kind: JobKind
    cause: JobCause
    function: str
    state: JobState
    error: str | None
    created_ms: int
    started_ms: int | None
    ended_ms: int | None
    pages: int
    received: int
    created: int
    updated: int
    unchanged: int
    gone: int
    quarantined: int

    def seconds(self, now_ms: int) -> float:
        """The time since it began, until its end or now."""
        begin_ms = self.created_ms if self.started_ms is None else self.started_ms
        return max(0, (now_ms if self.ended_ms is None else self.ended_ms) - begin_ms) / 1000


@dataclass(frozen=True)
class RunSearch:
    """The runs that are wanted. function "", state "": any."""

    connection_id: int
    function: str = ""
    state: str = ""


async def open_runs(database: Database, connection_id: int) -> list[ReadRun]:
    """The runs of a connection that wait or go on, the oldest first."""
    rows = await database.fetch(
        f"{_SELECT}WHERE j.connection_id = ? AND j.{JOB_IS_OPEN} AND j.kind IN ({_READS}) ORDER BY j.id",
        connection_id,
    )
    return [_run(row) for row in rows]


async def page(
    database: Database, search: RunSearch, before: tuple[int, str] | None, limit: int
) -> list[ReadRun]:
    """The runs that fit, the newest first. before: when the last one before was queued, its id."""
    clauses = [f"j.connection_id = ? AND j.kind IN ({_READS})"]
    values: list[object] = [search.connection_id]
    # Nearly all runs are done: they are walked in their order. The few of another state are gathered from the
    # index of states, then sorted: in their order they would be searched for among all.
    is_common = search.state in ("", JobStates.DONE)
    state, moment = ("j.state || ''", "j.created_ms") if is_common else ("j.state", "j.created_ms + 0")
    for column, wanted in (("j.function", search.function), (state, search.state)):
        if wanted:
            clauses.append(f"{column} = ?")
            values.append(wanted)
    if before is not None:
        clauses.append(f"({moment}, j.id) < (?, ?)")
        values += before
    rows = await database.fetch(
        f"{_SELECT}WHERE {' AND '.join(clauses)} ORDER BY {moment} DESC, j.id DESC LIMIT ?",
        *values, limit,
    )  # fmt: skip
    return [_run(row) for row in rows]


def _run(row: Row) -> ReadRun:
    return ReadRun(*row)
