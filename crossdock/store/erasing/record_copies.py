"""A record, its history and every copy of it, to be rewritten: the one exception to rows that only grow."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crossdock.resources.schema import Resource
from crossdock.store.database.engine import Transaction
from crossdock.store.records.history import HistoryChange, Trail
from crossdock.store.records.packing import packed, unpacked, unpacked_bodies
from crossdock.store.schema.records import record_columns


@dataclass(frozen=True)
class Scope:
    """Records of one kind of a connection: those that are there, or those that are gone."""

    connection_id: int
    resource: Resource
    is_gone: bool

    @property
    def source(self) -> str:
        """SQL from FROM on; to be followed by further conditions."""
        if self.is_gone:
            return "FROM gone WHERE connection_id = ? AND resource = ?"
        return f"FROM {self.resource.key} WHERE connection_id = ?"

    @property
    def values(self) -> tuple[int | str, ...]:
        return (self.connection_id, self.resource.key) if self.is_gone else (self.connection_id,)


async def trails(transaction: Transaction, scope: Scope, after: str, limit: int) -> list[Trail]:
    """The next records behind an id, held by this transaction, each with all its changes."""
    hidden = [] if scope.is_gone else list(scope.resource.hidden)
    columns = ", ".join(["id", "document", "gone_ms" if scope.is_gone else "NULL", *hidden])
    rows = await transaction.fetch(
        f"SELECT {columns} {scope.source} AND id > ? ORDER BY id LIMIT ?{transaction.locking}",
        *scope.values, after, limit,
    )  # fmt: skip
    stored = [bytes(row[1]) for row in rows]
    whole = await unpacked(transaction, stored) if scope.resource.bulky else stored
    found = {
        row[0]: Trail(row[0], document, gone_ms=row[2], hidden=dict(zip(hidden, tuple(row)[3:], strict=True)))
        for row, document in zip(rows, whole, strict=True)
    }
    condition, bound = transaction.one_of("record_id", found)
    changes = await transaction.fetch(
        "SELECT record_id, id, at_ms, kind, cause, job_id, event_id, previous, updated_before FROM history "
        f"WHERE connection_id = ? AND resource = ? AND {condition} ORDER BY id DESC",
        scope.connection_id, scope.resource.key, bound,
    )  # fmt: skip
    for row in changes:
        change = HistoryChange(row[1], row[2], row[3], row[4], row[5], row[6], bytes(row[7]), row[8])
        found[row[0]].changes.append(change)
    return list(found.values())


async def put_tombstone(transaction: Transaction, scope: Scope, record_id: str, document: bytes) -> None:
    await transaction.execute(
        "UPDATE gone SET document = ? WHERE connection_id = ? AND resource = ? AND id = ?",
        await _as_stored(transaction, scope, document), scope.connection_id, scope.resource.key, record_id,
    )  # fmt: skip


async def put_history(transaction: Transaction, rows: Iterable[tuple[int, bytes]]) -> None:
    """Replace what is kept of changes: (number, what is kept)."""
    await transaction.executemany(
        "UPDATE history SET previous = ? WHERE id = ?", [(previous, number) for number, previous in rows]
    )


async def event_bodies(
    transaction: Transaction, organization_id: str, scope: Scope, record_id: str
) -> list[tuple[str, bytes]]:
    """(id, body) of the events about a record."""
    rows = await transaction.fetch(
        "SELECT id, body FROM events WHERE organization_id = ? AND record_id = ? AND connection_id = ? "
        "AND resource = ? AND NOT sealed ORDER BY id",
        organization_id, record_id, scope.connection_id, scope.resource.key,
    )  # fmt: skip
    bodies = await unpacked_bodies(transaction, [(row[1], False) for row in rows])
    return [(row[0], body) for row, body in zip(rows, bodies, strict=True)]


async def put_event_bodies(
    transaction: Transaction, scope: Scope, bodies: Iterable[tuple[str, bytes]]
) -> None:
    await transaction.executemany(
        "UPDATE events SET body = ? WHERE id = ?",
        [(await _as_stored(transaction, scope, body), event_id) for event_id, body in bodies],
    )


async def _as_stored(transaction: Transaction, scope: Scope, whole: bytes) -> bytes:
    """A document of the scope, or a body about a record of it, as it is stored."""
    return (await packed(transaction, scope.connection_id, [whole]))[0] if scope.resource.bulky else whole


async def responses(transaction: Transaction, message_ids: Sequence[str]) -> list[tuple[str, bytes]]:
    """(id of the attempt, what the receiver answered) of attempts to send these."""
    condition, bound = transaction.one_of("message_id", message_ids)
    rows = await transaction.fetch(f"SELECT id, response FROM webhook_attempts WHERE {condition}", bound)
    return [(row[0], bytes(row[1])) for row in rows]


async def put_responses(transaction: Transaction, bodies: Iterable[tuple[str, bytes]]) -> None:
    await transaction.executemany(
        "UPDATE webhook_attempts SET response = ? WHERE id = ?", [(body, each) for each, body in bodies]
    )


async def answers(transaction: Transaction, scope: Scope, record_id: str) -> list[tuple[str, bytes]]:
    """(id, answer) of writes that changed a record."""
    rows = await transaction.fetch(
        "SELECT id, answer FROM writes WHERE connection_id = ? AND record_id = ? AND answer IS NOT NULL",
        scope.connection_id,
        record_id,
    )
    return [(row[0], bytes(row[1])) for row in rows]


async def put_answers(
    transaction: Transaction, connection_id: int, bodies: Iterable[tuple[str, bytes]]
) -> None:
    await transaction.executemany(
        "UPDATE writes SET answer = ? WHERE connection_id = ? AND id = ?",
        [(body, connection_id, write_id) for write_id, body in bodies],
    )


async def forget_raw(transaction: Transaction, scope: Scope, record_id: str) -> int:
    """Forget the record as the vendor sent it; how many copies there were."""
    return await transaction.execute(
        "DELETE FROM raw_records WHERE connection_id = ? AND resource = ? AND id = ?",
        scope.connection_id,
        scope.resource.key,
        record_id,
    )


async def has_raw(transaction: Transaction, scope: Scope, record_id: str) -> bool:
    row = await transaction.fetch_one(
        "SELECT 1 FROM raw_records WHERE connection_id = ? AND resource = ? AND id = ?",
        scope.connection_id, scope.resource.key, record_id,
    )  # fmt: skip
    return row is not None


async def put_document(
    transaction: Transaction,
    scope: Scope,
    record_id: str,
    columns: Sequence[str | int | None],
    document: bytes,
) -> None:
    """Replace a record that is there. columns: in the order of `record_columns`.

    What the vendor last sent stays known, so that the same is not read again; what was said is forgotten.
    """
    names = [*record_columns(scope.resource), "document"]
    await transaction.execute(
        f"UPDATE {scope.resource.key} SET {', '.join(f'{name} = ?' for name in names)}, said_hash = NULL "
        "WHERE connection_id = ? AND id = ?",
        *columns, await _as_stored(transaction, scope, document), scope.connection_id, record_id,
    )  # fmt: skip
