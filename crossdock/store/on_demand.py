"""Syncs of a window that callers asked for."""

from dataclasses import dataclass

from crossdock.store.engine import Database, Row, Transaction

_COLUMNS = "id, connection_id, function, start_ms, end_ms, status, job_id, created_ms, ended_ms"


@dataclass(frozen=True)
class Window:
    """One request. status: open (waiting or running), completed, cancelled or stuck."""

    id: str
    connection_id: int
    function: str
    start_ms: int
    end_ms: int
    status: str
    job_id: str
    created_ms: int
    ended_ms: int | None


def _window(row: Row) -> Window:
    return Window(*row)


async def create(transaction: Transaction, window: Window) -> None:
    await transaction.execute(
        f"INSERT INTO on_demand ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", *vars(window).values()
    )


async def get(database: Database, connection_id: int, window_id: str) -> Window | None:
    """A connection's window by its id."""
    row = await database.fetch_one(
        f"SELECT {_COLUMNS} FROM on_demand WHERE connection_id = ? AND id = ?", connection_id, window_id
    )
    return None if row is None else _window(row)


async def of_job(database: Database | Transaction, job_id: str) -> Window | None:
    row = await database.fetch_one(f"SELECT {_COLUMNS} FROM on_demand WHERE job_id = ?", job_id)
    return None if row is None else _window(row)


async def page(database: Database, connection_id: int, before: str | None, limit: int) -> list[Window]:
    """A connection's windows, the newest first, older than the id `before`."""
    older = "" if before is None else " AND id < ?"
    values = () if before is None else (before,)
    rows = await database.fetch(
        f"SELECT {_COLUMNS} FROM on_demand WHERE connection_id = ?{older} ORDER BY id DESC LIMIT ?",
        connection_id, *values, limit,
    )  # fmt: skip
    return [_window(row) for row in rows]


async def is_open(database: Database, connection_id: int) -> bool:
    """Whether any window of this connection is open: its scheduled syncs are held then."""
    row = await database.fetch_one(
        "SELECT 1 FROM on_demand WHERE connection_id = ? AND status = 'open' LIMIT 1", connection_id
    )
    return row is not None


async def end(transaction: Transaction, window_id: str, status: str, now_ms: int) -> bool:
    """Ends an open window. False when it had ended before."""
    ended = await transaction.execute(
        "UPDATE on_demand SET status = ?, ended_ms = ? WHERE id = ? AND status = 'open'",
        status, now_ms, window_id,
    )  # fmt: skip
    return ended == 1
