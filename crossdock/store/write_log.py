"""Writes that are under way, done, or in doubt: so that none is done twice.

running ──▶ done          the answer is kept, for whoever sends the same key again
   │   └──▶ (removed)     it was not done: the key is free
   └──────▶ uncertain     nobody knows; also what is running past its time: its process died
"""

from dataclasses import dataclass
from typing import Literal

from crossdock.errors import LeaseLost
from crossdock.store.engine import Database, Row, Transaction

State = Literal["running", "done", "uncertain"]

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
    state: State
    holder: str
    """Changes with each attempt: only the latest may say how it ended."""
    begun_ms: int
    until_ms: int
    """When this attempt has ended for certain, whatever became of it."""
    record_id: str | None = None
    answer: bytes | None = None

    def is_left(self, now_ms: int) -> bool:
        """Whether nobody works on it, and nobody knows what became of it."""
        return self.state == "uncertain" or (self.state == "running" and self.until_ms <= now_ms)


_COLUMNS = (
    "connection_id, id, idempotency_key, fingerprint, action, state, holder, begun_ms, until_ms, record_id, "
    "answer"
)


def _row(found: Row) -> WriteRow:
    return WriteRow(*found)


async def reserve(database: Database, row: WriteRow) -> WriteRow | None:
    """Notes a write that begins; None. The one that has its key already, if there is one."""
    oldest = row.begun_ms - KEPT_MS
    async with database.transaction() as transaction:
        await transaction.execute(
            "DELETE FROM writes WHERE connection_id = ? AND idempotency_key = ? AND begun_ms < ?",
            row.connection_id, row.key, oldest,
        )  # fmt: skip
        made = await transaction.fetch_one(
            f"INSERT INTO writes ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING RETURNING id",
            *vars(row).values(),
        )  # fmt: skip
        if made is not None:
            return None
        found = await transaction.fetch_one(
            f"SELECT {_COLUMNS} FROM writes WHERE connection_id = ? AND idempotency_key = ?",
            row.connection_id, row.key,
        )  # fmt: skip
    return _row(found) if found is not None else await reserve(database, row)


async def in_doubt(database: Database, row: WriteRow) -> WriteRow | None:
    """An earlier write without a key, the same as this one, of which nobody knows whether it was done."""
    found = await database.fetch_one(
        f"SELECT {_COLUMNS} FROM writes WHERE connection_id = ? AND fingerprint = ? AND begun_ms >= ? "
        "AND idempotency_key IS NULL AND (state = 'uncertain' OR (state = 'running' AND until_ms <= ?)) "
        "ORDER BY begun_ms LIMIT 1",
        row.connection_id, row.fingerprint, row.begun_ms - KEPT_MS, row.begun_ms,
    )  # fmt: skip
    return None if found is None else _row(found)


async def take_over(database: Database, row: WriteRow, holder: str, until_ms: int) -> bool:
    """Goes on with a write that was left; False when somebody else does already."""
    changed = await database.execute(
        "UPDATE writes SET state = 'running', holder = ?, until_ms = ? "
        "WHERE connection_id = ? AND id = ? AND holder = ? AND state = ?",
        holder, until_ms, row.connection_id, row.id, row.holder, row.state,
    )  # fmt: skip
    return changed == 1


async def finish(transaction: Transaction, row: WriteRow, record_id: str | None, answer: bytes) -> None:
    """It was done. Raises LeaseLost when somebody else has taken it over meanwhile."""
    if row.key is None:
        changed = await transaction.execute(
            "DELETE FROM writes WHERE connection_id = ? AND id = ? AND holder = ?",
            row.connection_id, row.id, row.holder,
        )  # fmt: skip
    else:
        changed = await transaction.execute(
            "UPDATE writes SET state = 'done', record_id = ?, answer = ? "
            "WHERE connection_id = ? AND id = ? AND holder = ?",
            record_id, answer, row.connection_id, row.id, row.holder,
        )  # fmt: skip
    if changed != 1:
        raise LeaseLost("another request goes on with this write")


async def release(database: Database, row: WriteRow) -> None:
    """It was not done: its key is free."""
    await database.execute(
        "DELETE FROM writes WHERE connection_id = ? AND id = ? AND holder = ?",
        row.connection_id, row.id, row.holder,
    )  # fmt: skip


async def leave(database: Database, row: WriteRow, now_ms: int, record_id: str | None) -> None:
    """Nobody knows, or not all of it was done. record_id: what it made, if that is known."""
    await database.execute(
        "UPDATE writes SET state = 'uncertain', until_ms = ?, record_id = ? "
        "WHERE connection_id = ? AND id = ? AND holder = ?",
        now_ms, record_id, row.connection_id, row.id, row.holder,
    )  # fmt: skip


async def forget(database: Database, before_ms: int, at_most: int) -> int:
    """Removes what is older than keys are remembered, some at a time; how many."""
    async with database.transaction() as transaction:
        rows = await transaction.fetch(
            "SELECT connection_id, id FROM writes WHERE begun_ms < ? ORDER BY begun_ms LIMIT ?",
            before_ms, at_most,
        )  # fmt: skip
        await transaction.executemany("DELETE FROM writes WHERE connection_id = ? AND id = ?", rows)
    return len(rows)
