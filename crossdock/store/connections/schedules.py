"""When each function of each connection syncs next, and where its changes begin."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from crossdock.store.database.engine import Database, Row, Transaction
from crossdock.store.database.ids import CLOCKS_APART_MS
from crossdock.store.jobs.queue import CHANNEL
from crossdock.store.states import RunOutcome, RunOutcomes

_COLUMNS = (
    "connection_id, function, every_seconds, paused, due_ms, mark, first_done_ms, last_start_ms, "
    "last_end_ms, last_outcome, latest_data, fresh_ms, reread"
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
    last_outcome: RunOutcome | None
    latest_data: int | None
    fresh_ms: int | None
    """When the last run that went to its end began: what was so before then, we have."""
    reread: str | None = None
    """How far reading again what is open has come, as JSON."""


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
    schedules: dict[int, list[Schedule]] = {}
    for connection_id in connection_ids:
        rows = await database.fetch(
            f"SELECT {_COLUMNS} FROM schedules WHERE connection_id = ? ORDER BY function", connection_id
        )
        schedules[connection_id] = [_schedule(row) for row in rows]
    return schedules


async def get(database: Database | Transaction, connection_id: int, function: str) -> Schedule | None:
    row = await database.fetch_one(
        f"SELECT {_COLUMNS} FROM schedules WHERE connection_id = ? AND function = ?", connection_id, function
    )
    return None if row is None else _schedule(row)


async def is_on(database: Database | Transaction, connection_id: int, function: str) -> bool:
    """Check whether a function syncs by the clock: it has a schedule, which is not paused."""
    row = await database.fetch_one(
        "SELECT paused FROM schedules WHERE connection_id = ? AND function = ?", connection_id, function
    )
    return row is not None and not row[0]


async def next_ms(database: Database) -> int | None:
    """The time when the next schedule is due; None when there is none."""
    row = await database.fetch_one("SELECT min(due_ms) FROM schedules WHERE NOT paused")
    return None if row is None or row[0] is None else int(row[0])


async def is_any_due(database: Database, now_ms: int) -> bool:
    """A look that costs nothing, before a transaction that may cost others something."""
    sql = "SELECT 1 FROM schedules WHERE due_ms <= ? AND NOT paused LIMIT 1"
    return await database.fetch_one(sql, now_ms) is not None


async def due(transaction: Transaction, now_ms: int, limit: int) -> list[Schedule]:
    """The schedules whose time has come, held by this transaction; not those that another one holds."""
    rows = await transaction.fetch(
        f"SELECT {_COLUMNS} FROM schedules WHERE due_ms <= ? AND NOT paused ORDER BY due_ms LIMIT ?"
        f"{transaction.skip_locked}",
        now_ms,
        limit,
    )
    return [_schedule(row) for row in rows]


async def set_due(transaction: Transaction, dues: Iterable[tuple[int, str, int]]) -> None:
    """(connection, function, when) for each."""
    await transaction.executemany(
        "UPDATE schedules SET due_ms = ? WHERE connection_id = ? AND function = ?",
        [(when, connection_id, function) for connection_id, function, when in dues],
    )


async def set_every(
    transaction: Transaction, connection_id: int, every_seconds: Mapping[str, int], now_ms: int
) -> None:
    """Set how often functions sync; one that is due later than its new pace allows is due within that."""
    await transaction.executemany(
        "UPDATE schedules SET every_seconds = ?, due_ms = CASE WHEN due_ms > ? THEN ? ELSE due_ms END "
        "WHERE connection_id = ? AND function = ?",
        [
            (every, now_ms + every * 1000, now_ms + every * 1000, connection_id, function)
            for function, every in sorted(every_seconds.items())
        ],
    )
    await transaction.notify(CHANNEL)


async def due_now(
    transaction: Transaction, connection_id: int, functions: Iterable[str], now_ms: int
) -> None:
    """Make these functions due now, unless they are paused."""
    await transaction.executemany(
        "UPDATE schedules SET due_ms = ? WHERE connection_id = ? AND function = ? AND due_ms > ? "
        "AND NOT paused",
        [(now_ms, connection_id, function, now_ms) for function in sorted(functions)],
    )
    await transaction.notify(CHANNEL)


async def count_own_paces(database: Database, defaults: Mapping[str, Mapping[str, int]]) -> tuple[int, int]:
    """Count the schedules that have a pace of their own, and their connections.

    defaults: seconds by function, by type and slug of the integration ("wms/acme").
    """
    rows = await database.fetch(
        "SELECT c.type, c.integration, s.function, s.every_seconds, s.connection_id FROM schedules s "
        "JOIN connections c ON c.id = s.connection_id WHERE c.deleted_ms IS NULL "
        "GROUP BY c.type, c.integration, s.function, s.every_seconds, s.connection_id"
    )
    own = [row[4] for row in rows if defaults.get(f"{row[0]}/{row[1]}", {}).get(row[2], row[3]) != row[3]]
    return len(own), len(set(own))


async def repair_future_times(transaction: Transaction, now_ms: int) -> int:
    """Repair schedules due much later than their pace allows, as a clock ran ahead; return how many.

    They are due within their pace again, each at the place of its own that it had in it.
    """
    return await transaction.execute(
        "UPDATE schedules SET due_ms = ? + (due_ms - ?) % (every_seconds * 1000) "
        "WHERE due_ms - every_seconds * 1000 > ?",
        now_ms,
        now_ms,
        now_ms + CLOCKS_APART_MS,
    )


async def pause(
    transaction: Transaction, connection_id: int, *, paused: bool, function: str | None = None
) -> int:
    """Pause or resume one function, or all; return how many there were."""
    await transaction.notify(CHANNEL)
    text = "" if function is None else " AND function = ?"
    values = () if function is None else (function,)
    return await transaction.execute(
        f"UPDATE schedules SET paused = ? WHERE connection_id = ?{text}", paused, connection_id, *values
    )


async def started(transaction: Transaction, connection_id: int, function: str, now_ms: int) -> None:
    await transaction.execute(
        "UPDATE schedules SET last_start_ms = ? WHERE connection_id = ? AND function = ?",
        now_ms,
        connection_id,
        function,
    )


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
        f"UPDATE schedules SET last_end_ms = ?, last_outcome = '{RunOutcomes.DONE}', "
        "fresh_ms = last_start_ms, mark = COALESCE(?, mark), "
        "first_done_ms = COALESCE(first_done_ms, ?), latest_data = CASE WHEN latest_data IS NULL OR "
        "latest_data < ? THEN ? ELSE latest_data END WHERE connection_id = ? AND function = ?",
        now_ms, mark, now_ms, latest_data or 0, latest_data, connection_id, function,
    )  # fmt: skip


async def failed(transaction: Transaction, connection_id: int, function: str, now_ms: int) -> None:
    await transaction.execute(
        f"UPDATE schedules SET last_end_ms = ?, last_outcome = '{RunOutcomes.FAILED}' "
        "WHERE connection_id = ? AND function = ?",
        now_ms,
        connection_id,
        function,
    )


async def start_over(transaction: Transaction, connection_id: int, now_ms: int) -> None:
    """All functions sync as if for the first time, now."""
    await transaction.execute(
        "UPDATE schedules SET mark = NULL, first_done_ms = NULL, last_outcome = NULL, latest_data = NULL, "
        "fresh_ms = NULL, due_ms = ? WHERE connection_id = ?",
        now_ms,
        connection_id,
    )
    await transaction.notify(CHANNEL)


async def due_by(transaction: Transaction, connection_id: int, function: str, when_ms: int) -> None:
    """A function is due by then at the latest. function "": the one that is due first anyway."""
    chosen = "?"
    if not function:
        chosen = (
            "(SELECT function FROM schedules WHERE connection_id = ? AND NOT paused "
            "ORDER BY due_ms, function LIMIT 1)"
        )
    await transaction.execute(
        "UPDATE schedules SET due_ms = ? WHERE connection_id = ? AND due_ms > ? AND NOT paused "
        f"AND function = {chosen}",
        when_ms, connection_id, when_ms, function or connection_id,
    )  # fmt: skip
    await transaction.notify(CHANNEL)


async def due_again(transaction: Transaction, connection_id: int, now_ms: int) -> None:
    """Make due now what failed last, or never ended."""
    await transaction.execute(
        "UPDATE schedules SET due_ms = ? WHERE connection_id = ? AND due_ms > ? AND NOT paused "
        f"AND (last_outcome IS NULL OR last_outcome = '{RunOutcomes.FAILED}')",
        now_ms,
        connection_id,
        now_ms,
    )
    await transaction.notify(CHANNEL)


async def read_again(transaction: Transaction, connection_id: int, now_ms: int) -> None:
    """All functions read anew from where a first sync would begin; what is unchanged is told to nobody."""
    await transaction.execute(
        "UPDATE schedules SET mark = NULL, due_ms = ? WHERE connection_id = ?", now_ms, connection_id
    )
    await transaction.notify(CHANNEL)


async def set_reread(transaction: Transaction, connection_id: int, function: str, reread: str) -> None:
    """Store how far reading again what is open has come, as JSON."""
    await transaction.execute(
        "UPDATE schedules SET reread = ? WHERE connection_id = ? AND function = ?",
        reread,
        connection_id,
        function,
    )
