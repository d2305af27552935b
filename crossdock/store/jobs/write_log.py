"""Writes that are under way, done, or in doubt: so that none is done twice.

running ──▶ sending ──▶ done        the answer is kept, for whoever sends the same key again
   │            │  └──▶ (removed)   it was not done: the key is free
   │            └─────▶ uncertain   nobody knows; also what is sending past its time: its process died
   └──▶ (removed)                   it did not fit; past its time: its process died, and nothing was done

Who goes on with what was left in doubt asks first what became of it. Until that is known the row says so, as
whoever asks may die, too: sending stays sending, uncertain ──▶ settling.
"""

from dataclasses import dataclass

from crossdock.errors import LeaseLost
from crossdock.store.database.engine import Database, Row, Transaction
from crossdock.store.states import WriteState, WriteStates, quoted

_UNDER_WAY = (WriteStates.RUNNING, WriteStates.SENDING, WriteStates.SETTLING)
_IN_DOUBT = (WriteStates.SENDING, WriteStates.SETTLING, WriteStates.UNCERTAIN)

KEPT_MS = 86_400_000
"""How long a key is remembered."""


@dataclass(frozen=True)
class WriteRow:
    """One write. Times in milliseconds since 1970."""

    connection_id: int
    id: str
    key: str | None
    """What the caller sent as Idempotency-Key."""
    fingerprint: str
    """Equal for equal endpoints and bodies."""
    action: str
    state: WriteState
    holder: str
    """Changes with each attempt: only the latest may say how it ended."""
    begun_ms: int
    until_ms: int
    """When this attempt has ended for certain, whatever became of it."""
    record_id: str | None = None
    answer: bytes | None = None

    def is_left(self, now_ms: int) -> bool:
        """Check whether nobody works on it, and nobody knows what became of it."""
        return self.state == WriteStates.UNCERTAIN or (self.state in _UNDER_WAY and self.until_ms <= now_ms)

    @property
    def is_in_doubt(self) -> bool:
        """Check whether an attempt may have done it, and nobody knows."""
        return self.state in _IN_DOUBT


_COLUMNS = (
    "connection_id, id, idempotency_key, fingerprint, action, state, holder, begun_ms, until_ms, record_id, "
    "answer"
)
_IS_UNDER_WAY = f"state IN ({quoted(_UNDER_WAY)})"


def _row(row: Row) -> WriteRow:
    return WriteRow(*row)


async def reserve(database: Database, row: WriteRow) -> WriteRow | None:
    """Note a write that begins, and return None; or return the one that has its key already."""
    oldest = row.begun_ms - KEPT_MS
    async with database.transaction() as transaction:
        await transaction.execute(
            "DELETE FROM writes WHERE connection_id = ? AND idempotency_key = ? AND begun_ms < ?",
            row.connection_id,
            row.key,
            oldest,
        )
        items = await transaction.fetch_one(
            f"INSERT INTO writes ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING RETURNING id",
            *vars(row).values(),
        )
        if items is not None:
            return None
        found_items = await transaction.fetch_one(
            f"SELECT {_COLUMNS} FROM writes WHERE connection_id = ? AND idempotency_key = ?",
            row.connection_id,
            row.key,
        )
    return _row(found_items) if found_items is not None else await reserve(database, row)


async def in_doubt(database: Database, row: WriteRow) -> WriteRow | None:
    """An earlier write without a key, the same as this one, of which nobody knows whether it was done."""
    items = await database.fetch_one(
        f"SELECT {_COLUMNS} FROM writes WHERE connection_id = ? AND fingerprint = ? AND begun_ms >= ? "
        "AND idempotency_key IS NULL "
        f"AND (state = '{WriteStates.UNCERTAIN}' OR ({_IS_UNDER_WAY} AND until_ms <= ?)) "
        "ORDER BY begun_ms LIMIT 1",
        row.connection_id, row.fingerprint, row.begun_ms - KEPT_MS, row.begun_ms,
    )  # fmt: skip
    return None if items is None else _row(items)


async def take_over(database: Database, row: WriteRow, holder: str, until_ms: int) -> bool:
    """Go on with a write that was left, its doubt included; False when somebody else does already."""
    state: WriteState = WriteStates.SETTLING if row.state == WriteStates.UNCERTAIN else row.state
    changed = await database.execute(
        "UPDATE writes SET state = ?, holder = ?, until_ms = ? "
        "WHERE connection_id = ? AND id = ? AND holder = ? AND state = ?",
        state, holder, until_ms, row.connection_id, row.id, row.holder, row.state,
    )  # fmt: skip
    return changed == 1


async def renew(database: Database, row: WriteRow, until_ms: int) -> None:
    """Note that a write is still under way. Raises LeaseLost when somebody has taken it over meanwhile."""
    changed = await database.execute(
        "UPDATE writes SET until_ms = ? WHERE connection_id = ? AND id = ? AND holder = ? "
        f"AND {_IS_UNDER_WAY}",
        until_ms, row.connection_id, row.id, row.holder,
    )  # fmt: skip
    _require_held(changed)


async def sending(database: Database, row: WriteRow, until_ms: int) -> None:
    """Note that a write is about to be sent. Raises LeaseLost when somebody has taken it over meanwhile."""
    changed = await database.execute(
        f"UPDATE writes SET state = '{WriteStates.SENDING}', until_ms = ? "
        "WHERE connection_id = ? AND id = ? AND holder = ?",
        until_ms, row.connection_id, row.id, row.holder,
    )  # fmt: skip
    _require_held(changed)


async def finish(transaction: Transaction, row: WriteRow, record_id: str | None, answer: bytes) -> None:
    """End a write that was done. Raises LeaseLost when somebody else has taken it over meanwhile."""
    if row.key is None:
        changed = await transaction.execute(
            "DELETE FROM writes WHERE connection_id = ? AND id = ? AND holder = ?",
            row.connection_id,
            row.id,
            row.holder,
        )
    else:
        changed = await transaction.execute(
            f"UPDATE writes SET state = '{WriteStates.DONE}', record_id = ?, answer = ? "
            "WHERE connection_id = ? AND id = ? AND holder = ?",
            record_id, answer, row.connection_id, row.id, row.holder,
        )  # fmt: skip
    _require_held(changed)


def _require_held(changed: int) -> None:
    if changed != 1:
        raise LeaseLost("another request goes on with this write")


async def release(database: Database, row: WriteRow) -> None:
    """Forget a write that was not done: its key is free."""
    await database.execute(
        "DELETE FROM writes WHERE connection_id = ? AND id = ? AND holder = ?",
        row.connection_id,
        row.id,
        row.holder,
    )


async def leave(
    database: Database, row: WriteRow, ended_ms: int, record_id: str | None, state: WriteState
) -> None:
    """Leave a write in doubt, or done in part. record_id: what it made, if that is known."""
    await database.execute(
        "UPDATE writes SET state = ?, until_ms = ?, record_id = ? "
        "WHERE connection_id = ? AND id = ? AND holder = ?",
        state, ended_ms, record_id, row.connection_id, row.id, row.holder,
    )  # fmt: skip


async def forget(database: Database, before_ms: int, at_most: int) -> int:
    """Remove what is older than keys are remembered, some at a time; return how many."""
    async with database.transaction() as transaction:
        rows = await transaction.fetch(
            "SELECT connection_id, id FROM writes WHERE begun_ms < ? ORDER BY begun_ms LIMIT ?",
            before_ms,
            at_most,
        )
        await transaction.executemany("DELETE FROM writes WHERE connection_id = ? AND id = ?", rows)
    return len(rows)
