"""When each function of each connection syncs next, and where its changes begin."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from crossdock.store.engine import Database, Row, Transaction
from crossdock.store.ids import CLOCKS_APART_MS
from crossdock.store.jobs import CHANNEL

_COLUMNS = (
    "connection_id, function, every_seconds, paused, due_ms, mark, first_done_ms, last_start_ms, "
    "last_end_ms, last_outcome, latest_data, fresh_ms"
)


@dataclass(frozen=True)
class Schedule:
    connection_id: int
    function: str
    every_seconds: int
    paused: bool
    due_ms: int
    mark: str | None
    first_done_ms: int | None
    last_start_ms: int | None
    last_end_ms: int | None
    last_outcome: str | None
    latest_data: int | None
    fresh_ms: int | None
    """When the last run that went to its end began: what was so before then, we have."""


def _schedule(row: Row) -> Schedule:
    values = list(row)
    values[3] = bool(values[3])
    return Schedule(*values)


async def create(
    transaction: Transaction, connection_id: int, every_seconds: Mapping[str, int], due_ms: int
) -> None:
    await transaction.executemany(
        "INSERT INTO schedules (connection_id, function, every_seconds, due_ms) VALUES (?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        [(connection_id, function, every, due_ms) for function, every in every_seconds.items()],
    )
    await transaction.notify(CHANNEL)


async def of_connections(database: Database, connection_ids: Iterable[int]) -> dict[int, list[Schedule]]:
    """The schedules of each of these connections, by function."""
    found: dict[int, list[Schedule]] = {}
    for connection_id in connection_ids:
        rows = await database.fetch(
            f"SELECT {_COLUMNS} FROM schedules WHERE connection_id = ? ORDER BY function", connection_id
        )
        found[connection_id] = [_schedule(row) for row in rows]
    return found


async def get(database: Database, connection_id: int, function: str) -> Schedule | None:
    row = await database.fetch_one(
        f"SELECT {_COLUMNS} FROM schedules WHERE connection_id = ? AND function = ?", connection_id, function
    )
    return None if row is None else _schedule(row)


async def next_ms(database: Database) -> int | None:
    """When the next schedule is due; None when there is none."""
    row = await database.fetch_one("SELECT min(due_ms) FROM schedules WHERE NOT paused")
    return None if row is None or row[0] is None else int(row[0])


async def is_any_due(database: Database, now_ms: int) -> bool:
    """A look that costs nothing, before a transaction that may cost others something."""
    sql = "SELECT 1 FROM schedules WHERE due_ms <= ? AND NOT paused LIMIT 1"
    return await database.fetch_one(sql, now_ms) is not None


async def due(database: Database, transaction: Transaction, now_ms: int, limit: int) -> list[Schedule]:
    """Schedules whose time has come, held by this transaction; those that another one holds are left out."""
    rows = await transaction.fetch(
        f"SELECT {_COLUMNS} FROM schedules WHERE due_ms <= ? AND NOT paused ORDER BY due_ms LIMIT ?"
        f"{database.skip_locked}",
        now_ms, limit,
    )  # fmt: skip
    return [_schedule(row) for row in rows]


async def set_due(transaction: Transaction, dues: Iterable[tuple[int, str, int]]) -> None:
    """(connection, function, when) for each."""
    await transaction.executemany(
        "UPDATE schedules SET due_ms = ? WHERE connection_id = ? AND function = ?",
        [(when, connection_id, function) for connection_id, function, when in dues],
    )


async def bring_back(transaction: Transaction, now_ms: int) -> int:
    """Schedules that are due much later than their pace allows, which a clock that ran ahead did; how many.

    They are due within their pace again, each at the place of its own that it had in it.
    """
    return await transaction.execute(
        "UPDATE schedules SET due_ms = ? + (due_ms - ?) % (every_seconds * 1000) "
        "WHERE due_ms - every_seconds * 1000 > ?",
        now_ms, now_ms, now_ms + CLOCKS_APART_MS,
    )  # fmt: skip


async def pause(
    transaction: Transaction, connection_id: int, *, paused: bool, function: str | None = None
) -> int:
    """Pauses or resumes one function, or all; how many there were."""
    await transaction.notify(CHANNEL)
    one = "" if function is None else " AND function = ?"
    values = () if function is None else (function,)
    return await transaction.execute(
        f"UPDATE schedules SET paused = ? WHERE connection_id = ?{one}", paused, connection_id, *values
    )


async def started(transaction: Transaction, connection_id: int, function: str, now_ms: int) -> None:
    await transaction.execute(
        "UPDATE schedules SET last_start_ms = ? WHERE connection_id = ? AND function = ?",
        now_ms, connection_id, function,
    )  # fmt: skip


async def completed(
    transaction: Transaction,
    connection_id: int,
    function: str,
    now_ms: int,
    *,
    mark: str | None,
    latest_data: int | None,
) -> None:
    """A walk went to its end: changes begin at its mark from now on. Without a mark the old one stays."""
    await transaction.execute(
        "UPDATE schedules SET last_end_ms = ?, last_outcome = 'done', fresh_ms = last_start_ms, "
        "mark = COALESCE(?, mark), "
        "first_done_ms = COALESCE(first_done_ms, ?), latest_data = CASE WHEN latest_data IS NULL OR "
        "latest_data < ? THEN ? ELSE latest_data END WHERE connection_id = ? AND function = ?",
        now_ms, mark, now_ms, latest_data or 0, latest_data, connection_id, function,
    )  # fmt: skip


async def failed(transaction: Transaction, connection_id: int, function: str, now_ms: int) -> None:
    await transaction.execute(
        "UPDATE schedules SET last_end_ms = ?, last_outcome = 'failed' "
        "WHERE connection_id = ? AND function = ?",
        now_ms, connection_id, function,
    )  # fmt: skip


async def start_over(transaction: Transaction, connection_id: int, now_ms: int) -> None:
    """All functions sync as if for the first time, now."""
    await transaction.execute(
        "UPDATE schedules SET mark = NULL, first_done_ms = NULL, last_outcome = NULL, latest_data = NULL, "
        "fresh_ms = NULL, due_ms = ? WHERE connection_id = ?",
        now_ms, connection_id,
    )  # fmt: skip
    await transaction.notify(CHANNEL)
