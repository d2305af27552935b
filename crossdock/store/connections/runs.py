"""Sync runs: how far each has come, and what it did."""

from dataclasses import dataclass

from crossdock.store.database.engine import Database, Row, Transaction

_COLUMNS = (
    "job_id, connection_id, function, first, walk, cursor, mark, pages, received, created, updated, "
    "unchanged, gone, quarantined, oldest_data, newest_data, started_ms, progress_ms, "
    "waited_seconds, last_event"
)


@dataclass(frozen=True)
class Run:
    """A run. `walk`, `cursor` and `mark` are JSON."""

    job_id: str
    connection_id: int
    function: str
    first: bool
    walk: str
    cursor: str | None
    mark: str | None
    pages: int
    received: int
    created: int
    updated: int
    unchanged: int
    gone: int
    quarantined: int
    oldest_data: int | None
    newest_data: int | None
    started_ms: int
    progress_ms: int
    waited_seconds: int = 0
    """How long it was to wait for what the vendor prepares, since the last record."""
    last_event: str | None = None
    """The last event that told of a record of it, under a name that nobody has to ask for."""


@dataclass(frozen=True)
class RunProgress:
    """The progress that one page adds to its run."""

    cursor: str | None
    mark: str | None
    received: int
    created: int
    updated: int
    unchanged: int
    quarantined: int
    oldest_data: int | None
    newest_data: int | None
    wait_seconds: int = 0
    """How long the vendor prepares what comes next."""
    last_event: str | None = None


def _run(row: Row) -> Run:
    values = list(row)
    values[3] = bool(values[3])
    return Run(*values)


async def create(transaction: Transaction, run: Run) -> None:
    await transaction.execute(
        "INSERT INTO runs (job_id, connection_id, function, first, walk, started_ms, progress_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        run.job_id, run.connection_id, run.function, run.first, run.walk, run.started_ms, run.progress_ms,
    )  # fmt: skip


async def get(database: Database | Transaction, job_id: str) -> Run | None:
    row = await database.fetch_one(f"SELECT {_COLUMNS} FROM runs WHERE job_id = ?", job_id)
    return None if row is None else _run(row)


async def advance(transaction: Transaction, job_id: str, progress: RunProgress, now_ms: int) -> None:
    """Add a page to its run."""
    await transaction.execute(
        "UPDATE runs SET cursor = ?, mark = ?, pages = pages + 1, received = received + ?, "
        "created = created + ?, updated = updated + ?, unchanged = unchanged + ?, "
        "quarantined = quarantined + ?, "
        "oldest_data = CASE WHEN oldest_data IS NULL OR oldest_data > ? THEN ? ELSE oldest_data END, "
        "newest_data = CASE WHEN newest_data IS NULL OR newest_data < ? THEN ? ELSE newest_data END, "
        "waited_seconds = CASE WHEN ? > 0 THEN 0 ELSE waited_seconds END + ?, "
        "last_event = COALESCE(?, last_event), "
        "progress_ms = ? WHERE job_id = ?",
        progress.cursor, progress.mark, progress.received, progress.created, progress.updated,
        progress.unchanged, progress.quarantined,
        # Nothing compares with null, so a page without dates changes neither.
        progress.oldest_data, progress.oldest_data, progress.newest_data, progress.newest_data,
        progress.received, progress.wait_seconds, progress.last_event, now_ms, job_id,
    )  # fmt: skip


async def add_deleted(transaction: Transaction, job_id: str, count: int, now_ms: int) -> None:
    await transaction.execute(
        "UPDATE runs SET gone = gone + ?, progress_ms = ? WHERE job_id = ?", count, now_ms, job_id
    )


async def latest(database: Database, connection_id: int, function: str) -> Run | None:
    row = await database.fetch_one(
        f"SELECT {_COLUMNS} FROM runs WHERE connection_id = ? AND function = ? ORDER BY started_ms DESC, "
        "job_id DESC LIMIT 1",
        connection_id,
        function,
    )
    return None if row is None else _run(row)


async def reopen(transaction: Transaction, job_id: str) -> None:
    """Have a run that came to its last page go on, with what it has counted."""
    await transaction.execute("UPDATE runs SET cursor = '0' WHERE job_id = ?", job_id)
