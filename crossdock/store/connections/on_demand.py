"""Syncs of a window that callers asked for."""

from dataclasses import dataclass

from crossdock.store.database.engine import Database, Row, Transaction
from crossdock.store.states import WindowStatus, WindowStatuses

_COLUMNS = "id, connection_id, function, start_ms, end_ms, status, job_id, created_ms, ended_ms"


@dataclass(frozen=True)
class OnDemandRow:
    """One request."""

    id: str
    connection_id: int
    function: str
    start_ms: int
    end_ms: int
    status: WindowStatus
    job_id: str
    created_ms: int
    ended_ms: int | None


def _window(row: Row) -> OnDemandRow:
    return OnDemandRow(*row)


async def create(transaction: Transaction, window: OnDemandRow) -> None:
    await transaction.execute(
        f"INSERT INTO on_demand ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", *vars(window).values()
    )


async def get(database: Database, connection_id: int, window_id: str) -> OnDemandRow | None:
    """A connection's window by its id."""
    row = await database.fetch_one(
        f"SELECT {_COLUMNS} FROM on_demand WHERE connection_id = ? AND id = ?", connection_id, window_id
    )
    return None if row is None else _window(row)


async def of_job(database: Database | Transaction, job_id: str) -> OnDemandRow | None:
    row = await database.fetch_one(f"SELECT {_COLUMNS} FROM on_demand WHERE job_id = ?", job_id)
    return None if row is None else _window(row)


async def page(database: Database, connection_id: int, before: str | None, limit: int) -> list[OnDemandRow]:
    """A connection's windows, the newest first, older than the id `before`."""
    older = "" if before is None else " AND id < ?"
    values = () if before is None else (before,)
    rows = await database.fetch(
        f"SELECT {_COLUMNS} FROM on_demand WHERE connection_id = ?{older} ORDER BY id DESC LIMIT ?",
        connection_id,
        *values,
        limit,
    )
    return [_window(row) for row in rows]


async def holds(database: Database, connection_id: int, function: str) -> bool:
    """Check whether an open window holds the scheduled syncs of a function.

    Any window of the connection does, or only one of the same function where the organization says so.
    """
    row = await database.fetch_one(
        "SELECT 1 FROM on_demand d JOIN connections c ON c.id = d.connection_id "
        "JOIN organizations o ON o.id = c.organization_id WHERE d.connection_id = ? "
        f"AND d.status = '{WindowStatuses.OPEN}' "
        "AND (d.function = ? OR o.on_demand_holds <> 'function') LIMIT 1",
        connection_id,
        function,
    )
    return row is not None


async def end(transaction: Transaction, window_id: str, status: WindowStatus, now_ms: int) -> bool:
    """End an open window. False when it had ended before."""
    ended = await transaction.execute(
        f"UPDATE on_demand SET status = ?, ended_ms = ? WHERE id = ? AND status = '{WindowStatuses.OPEN}'",
        status,
        now_ms,
        window_id,
    )
    return ended == 1
