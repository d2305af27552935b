"""Changing keys while everything runs: the operator's, and the data keys below them.

    a new operator's key in front ─▶ data keys wrapped with it, one by one
    new data keys ─▶ every sealed value sealed anew, some at a time ─▶ the old data keys go a day later

Nothing is kept of how far it came: whoever begins again skips what is done, as each value says itself
which key it is sealed with. Readers open with all keys of an organization, so they never wait.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass

import structlog

from crossdock.errors import SettingsError
from crossdock.store.database.engine import Database, Row, Transaction
from crossdock.store.database.ids import new_id
from crossdock.store.database.sealed_columns import SEALED_COLUMNS, SealedColumn
from crossdock.store.database.secrets import FRESH_SECONDS, Vault
from crossdock.store.people.audit_log import COMMAND_LINE, AuditEntry, note

AT_ONCE = 200
SETTLE_MS = int(2 * FRESH_SECONDS * 1000)
"""So long after a data key is made no process seals with the one before."""
KEPT_MS = 86_400_000
"""How long an old data key is kept after nothing was sealed with it: for a copy that is being restored."""

TABLES = ("data_keys", "old_data_keys")

log = structlog.get_logger()


@dataclass(frozen=True)
class KeyUse:
    """The keys in use.

    by_master: the number of data keys by the id of the operator's key that wraps them; old: of data keys that
    seal nothing new; in_progress: of those that something may still be sealed with.
    """

    by_master: dict[str, int]
    old: int
    in_progress: int

    @property
    def count(self) -> int:
        """The number of data keys."""
        return sum(self.by_master.values())


@dataclass(frozen=True)
class ResealProgress:
    """The progress in a column: values that were looked at, were sealed anew, and that no key opens."""

    table: str
    column: str
    seen: int
    changed: int
    unreadable: int = 0


async def key_use(database: Database) -> KeyUse:
    """The keys in use. Changes nothing."""
    by_master: dict[str, int] = {}
    for table in TABLES:
        for row in await database.fetch(f"SELECT master_id, count(*) FROM {table} GROUP BY master_id"):
            by_master[row[0]] = by_master.get(row[0], 0) + int(row[1])
    old = await database.fetch_one("SELECT count(*), count(*) - count(emptied_ms) FROM old_data_keys")
    return KeyUse(by_master, int(old[0]) if old else 0, int(old[1]) if old else 0)


# The operator's key


async def rewrap(database: Database, vault: Vault, now_ms: int) -> AsyncIterator[int]:
    """Wrap every data key with the first of the operator's keys; how many so far. Raises SettingsError."""
    done = 0
    for table in TABLES:
        while rows := await database.fetch(
            f"SELECT id, organization_id, master_id, wrapped FROM {table} WHERE master_id <> ? "
            f"ORDER BY id LIMIT {AT_ONCE}",
            vault.key_id,
        ):
            values = [
                (vault.key_id, vault.rewrapped(row[1], row[2], bytes(row[3])), row[0], row[2]) for row in rows
            ]
            async with database.transaction() as transaction:
                await transaction.executemany(
                    f"UPDATE {table} SET master_id = ?, wrapped = ? WHERE id = ? AND master_id = ?", values
                )
                for organization in sorted({row[1] for row in rows}):
                    detail = {"operator_key": vault.key_id}
                    entry = AuditEntry(organization, COMMAND_LINE, "data_key.rewrapped", detail=detail)
                    await note(transaction, entry, now_ms)
            done += len(rows)
            yield done


# Data keys


async def add_data_keys(database: Database, vault: Vault, now_ms: int) -> int:
    """Make a new data key for each organization, unless a rotation is under way; return how many."""

    async def work(transaction: Transaction) -> int:
        await transaction.in_turn("rotation of data keys")
        if await transaction.fetch_one("SELECT 1 FROM old_data_keys WHERE emptied_ms IS NULL"):
            return 0
        rows = await transaction.fetch("SELECT organization_id FROM data_keys ORDER BY organization_id")
        await transaction.execute(
            "INSERT INTO old_data_keys (id, organization_id, master_id, wrapped, created_ms, superseded_ms) "
            "SELECT id, organization_id, master_id, wrapped, created_ms, ? FROM data_keys",
            now_ms,
        )
        await transaction.executemany(
            "UPDATE data_keys SET id = ?, master_id = ?, wrapped = ?, created_ms = ? "
            "WHERE organization_id = ?",
            [(new_id("dk", now_ms), vault.key_id, vault.new_wrapped(row[0]), now_ms, row[0]) for row in rows],
        )
        for row in rows:
            await note(transaction, AuditEntry(row[0], COMMAND_LINE, "data_key.rotated"), now_ms)
        return len(rows)

    return await database.transact(work)


async def sealed_counts(database: Database) -> dict[str, int]:
    """The number of sealed values by table and column."""
    counts = {}
    for column in SEALED_COLUMNS:
        row = await database.fetch_one(f"SELECT count(*) {column.source}")
        counts[f"{column.table}.{column.column}"] = int(row[0]) if row else 0
    return counts


async def seals_settle_ms(database: Database) -> int:
    """The moment from which no process seals with an old data key; 0: no rotation is under way."""
    row = await database.fetch_one("SELECT max(superseded_ms) FROM old_data_keys WHERE emptied_ms IS NULL")
    return 0 if row is None or row[0] is None else int(row[0]) + SETTLE_MS


async def reseal(
    database: Database, vault: Vault, columns: Sequence[SealedColumn] = SEALED_COLUMNS
) -> AsyncGenerator[ResealProgress, None]:
    """Seal every value anew that is sealed with an old data key; tells how far it is.

    A value that no key opens is left as it is, and counted.
    """
    for column in columns:
        seen = changed = unreadable = 0
        after: tuple[object, ...] | None = None
        while True:
            async with database.transaction() as transaction:
                rows = await sealed_rows(transaction, column, after)
                fresh, bad = await _reseal_rows(transaction, vault, column, rows)
            seen, changed, unreadable = seen + len(rows), changed + fresh, unreadable + bad
            yield ResealProgress(column.table, column.column, seen, changed, unreadable)
            if len(rows) < AT_ONCE:
                break
            after = tuple(rows[-1])[: len(column.key)]


async def sealed_rows(
    transaction: Transaction, column: SealedColumn, after: tuple[object, ...] | None
) -> Sequence[Row]:
    """The next sealed values: key, organization, value, names of the context."""
    key = ", ".join(f"t.{name}" for name in column.key)
    names = "".join(f", {'c.uid' if name == 'uid' else f't.{name}'}" for name in column.names)
    marks = ", ".join("?" * len(column.key))
    behind = f" AND ({key}) > ({marks})" if after else ""
    return await transaction.fetch(
        f"SELECT {key}, {column.organization}, t.{column.column}{names} {column.source}{behind} "
        f"ORDER BY {key} LIMIT {AT_ONCE}",
        *(after or ()),
    )


async def _reseal_rows(
    transaction: Transaction, vault: Vault, column: SealedColumn, rows: Sequence[Row]
) -> tuple[int, int]:
    """Seal anew what an old key sealed; return how many, and how many do not open."""
    size, unreadable, fresh = len(column.key), 0, list[tuple[object, ...]]()
    for row in rows:
        organization, sealed = row[size], bytes(row[size + 1])
        if organization is None:
            continue  # its endpoint or connection is gone, and it goes too
        context = column.bound_to(dict(zip(column.names, tuple(row)[size + 2 :], strict=True)))
        try:
            secret, key_id = await vault.open_with(organization, context, sealed)
        except SettingsError as problem:
            unreadable += 1
            log.error("a sealed value does not open", table=column.table, error=str(problem))
            continue
        if not await vault.seals_with(organization, key_id):
            value = await vault.seal(organization, context, secret)
            fresh.append((value, *tuple(row)[:size], sealed))
    condition = " AND ".join(f"{name} = ?" for name in column.key)
    # Only where nobody stored another value meanwhile.
    await transaction.executemany(
        f"UPDATE {column.table} SET {column.column} = ? WHERE {condition} AND {column.column} = ?", fresh
    )
    return len(fresh), unreadable


async def finish(database: Database, now_ms: int) -> int:
    """Note that nothing is sealed with the old data keys, and remove those that were empty for long.

    To be called after a whole `reseal` that began when seals had settled. Returns how many were removed.
    """

    async def work(transaction: Transaction) -> int:
        removed = await transaction.execute(
            "DELETE FROM old_data_keys WHERE emptied_ms < ?", now_ms - KEPT_MS
        )
        await transaction.execute(
            "UPDATE old_data_keys SET emptied_ms = ? WHERE emptied_ms IS NULL AND superseded_ms <= ?",
            now_ms,
            now_ms - SETTLE_MS,
        )
        return removed

    return await database.transact(work)
