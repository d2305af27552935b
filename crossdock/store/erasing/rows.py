"""Rows of any table that people may stand in: read some at a time, and rewritten."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crossdock.store.database.engine import Transaction
from crossdock.store.erasing.places import Place
from crossdock.store.records.packing import bulky_keys, packed, unpacked


@dataclass(frozen=True)
class PlaceRow:
    """A row of a place. uid: of its connection, where it has one; sealed values are among the values."""

    key: tuple[Any, ...]
    values: dict[str, Any]
    uid: str | None


@dataclass(frozen=True)
class PlaceScope:
    """A place of an organization, or of one of its connections."""

    place: Place
    organization_id: str
    connection_id: int | None = None

    @property
    def has_rows(self) -> bool:
        """Check whether any row of the place is in the scope."""
        return self.connection_id is None or self.place.of_connection or self.place.table == "events"

    @property
    def where(self) -> tuple[str, tuple[Any, ...]]:
        condition = self.place.condition
        values: tuple[Any, ...] = (self.organization_id,) * condition.count("?")
        if self.connection_id is not None:
            return f"{condition} AND t.connection_id = ?", (*values, self.connection_id)
        return condition, values


async def page(
    transaction: Transaction, scope: PlaceScope, after: Sequence[Any] | None, limit: int
) -> list[PlaceRow]:
    """The next rows behind a key, in its order, held by this transaction."""
    place = scope.place
    names = (*place.columns, *(sealed.column for sealed in place.sealed))
    key = ", ".join(f"t.{name}" for name in place.key)
    columns = "".join(f", t.{name}" for name in names)
    uid = "(SELECT c.uid FROM connections c WHERE c.id = t.connection_id)" if place.of_connection else "NULL"
    condition, values = scope.where
    behind = ""
    if after is not None:
        behind = f" AND ({key}) > ({', '.join('?' * len(place.key))})"
        values = (*values, *after)
    rows = await transaction.fetch(
        f"SELECT {uid}, {key}{columns} FROM {place.table} t WHERE {condition}{behind} "
        f"ORDER BY {key} LIMIT ?{transaction.locking}",
        *values, limit,
    )  # fmt: skip
    size = len(place.key)
    found = [
        PlaceRow(tuple(row)[1 : size + 1], dict(zip(names, tuple(row)[size + 1 :], strict=True)), row[0])
        for row in rows
    ]
    if place.table == "events":
        await _unpack(transaction, found)
    return found


async def _unpack(transaction: Transaction, events: Sequence[PlaceRow]) -> None:
    """Have the bodies as they are sent. Sealed ones are about no record."""
    bulky = [event for event in events if event.values["resource"] in bulky_keys()]
    bodies = await unpacked(transaction, [bytes(event.values["body"]) for event in bulky])
    for event, body in zip(bulky, bodies, strict=True):
        event.values["body"] = body


async def put(transaction: Transaction, place: Place, row: PlaceRow, changes: Mapping[str, Any]) -> None:
    """Change columns of a row."""
    if place.table == "events" and "body" in changes and row.values["resource"] in bulky_keys():
        changes = {**changes, "body": await _packed_body(transaction, row, changes["body"])}
    sets = ", ".join(f"{name} = ?" for name in changes)
    condition = " AND ".join(f"{name} = ?" for name in place.key)
    await transaction.execute(
        f"UPDATE {place.table} SET {sets} WHERE {condition}", *changes.values(), *row.key
    )


async def _packed_body(transaction: Transaction, event: PlaceRow, body: bytes) -> bytes:
    """A body as it is stored, by the shapes of the connection that it tells of."""
    [found] = await transaction.fetch("SELECT connection_id FROM events WHERE seq = ?", *event.key)
    return (await packed(transaction, int(found[0]), [body]))[0]


async def delete(transaction: Transaction, place: Place, row: PlaceRow) -> None:
    condition = " AND ".join(f"{name} = ?" for name in place.key)
    await transaction.execute(f"DELETE FROM {place.table} WHERE {condition}", *row.key)


async def forget_examples(transaction: Transaction, connection_id: int, function: str) -> None:
    """Forget which records a problem of a connection names: they are told anew at the next run."""
    await transaction.execute(
        "UPDATE connection_errors SET examples = '[]' WHERE connection_id = ? AND function = ?",
        connection_id,
        function,
    )


async def expunge_answers_about(
    transaction: Transaction, connection_id: int, after: str, limit: int
) -> list[str]:
    """Empty what receivers answered to events about a connection's records; the ids of those attempts."""
    rows = await transaction.fetch(
        "SELECT a.id FROM webhook_attempts a WHERE a.id > ? AND length(a.response) > 0 "
        "AND a.message_id IN (SELECT e.id FROM events e WHERE e.connection_id = ? "
        "AND e.resource IS NOT NULL) ORDER BY a.id LIMIT ?",
        after, connection_id, limit,
    )  # fmt: skip
    ids = [row[0] for row in rows]
    condition, bound = transaction.one_of("id", ids)
    await transaction.execute(f"UPDATE webhook_attempts SET response = ? WHERE {condition}", b"", bound)
    return ids
