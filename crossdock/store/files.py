"""Files that came in, and what the last look at their source saw. The bytes lie in the storage of files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from crossdock.store.engine import Database, Row, Transaction

_COLUMNS = (
    "seq, id, connection_id, name, file_type, sha256, size, received_ms, source, object, state, carrier, "
    "variant, reconciled, error, summary, read_ms, invoice_id, invoice_date"
)

_OF_FILE = ", ".join(f"f.{name}" for name in _COLUMNS.split(", "))


@dataclass(frozen=True)
class Received:
    """An arrival of a file. `summary` is JSON; `seq` counts arrivals, 0: it is about to be stored."""

    seq: int
    id: str
    connection_id: int
    name: str
    file_type: str
    sha256: str
    size: int
    received_ms: int
    source: str
    object: str
    state: str = "received"
    carrier: str | None = None
    variant: str | None = None
    reconciled: bool | None = None
    error: str | None = None
    summary: str | None = None
    read_ms: int | None = None
    invoice_id: str | None = None
    """What came along with it; used where the file itself is silent."""
    invoice_date: str | None = None


def _received(row: Row) -> Received:
    values = list(row)
    values[13] = None if values[13] is None else bool(values[13])
    return Received(*values)


async def take_turn(transaction: Transaction, connection_id: int) -> None:
    """Until this transaction ends no other file of the connection comes in: they are numbered in order."""
    await transaction.in_turn(f"files of {connection_id}")


async def known(
    database: Database | Transaction, connection_id: int, name: str, sha256: str
) -> tuple[Received | None, Received | None]:
    """The last arrival with this content, and the last with this name."""
    found = []
    for column, value in (("sha256", sha256), ("name", name)):
        row = await database.fetch_one(
            f"SELECT {_COLUMNS} FROM received_files WHERE connection_id = ? AND {column} = ? "
            "ORDER BY seq DESC LIMIT 1",
            connection_id, value,
        )  # fmt: skip
        found.append(None if row is None else _received(row))
    return found[0], found[1]


async def add(transaction: Transaction, one: Received) -> None:
    await transaction.execute(
        "INSERT INTO received_files (id, connection_id, name, file_type, sha256, size, received_ms, source, "
        "object, state, invoice_id, invoice_date) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        one.id, one.connection_id, one.name, one.file_type, one.sha256, one.size, one.received_ms,
        one.source, one.object, one.state, one.invoice_id, one.invoice_date,
    )  # fmt: skip


async def get(database: Database | Transaction, file_id: str) -> Received | None:
    row = await database.fetch_one(f"SELECT {_COLUMNS} FROM received_files WHERE id = ?", file_id)
    return None if row is None else _received(row)


async def after(
    database: Database, connection_id: int, seq: int, since_ms: int, limit: int
) -> list[Received]:
    """The arrivals behind this number that came at or after this time.

    Not those that were read and whose invoices have all come again since: they say nothing that holds.
    """
    rows = await database.fetch(
        f"SELECT {_OF_FILE} FROM received_files f WHERE f.connection_id = ? AND f.seq > ? "
        "AND f.received_ms >= ? AND (f.state <> 'read' OR EXISTS (SELECT 1 FROM carrier_invoices i "
        "WHERE i.connection_id = f.connection_id AND i.file_id = f.id)) ORDER BY f.seq LIMIT ?",
        connection_id, seq, since_ms, limit,
    )  # fmt: skip
    return [_received(row) for row in rows]


async def last_before(database: Database, connection_id: int, before_ms: int) -> int:
    """The number of the last arrival up to a time; 0: there was none."""
    row = await database.fetch_one(
        "SELECT max(seq) FROM received_files WHERE connection_id = ? AND received_ms <= ?",
        connection_id, before_ms,
    )  # fmt: skip
    return 0 if row is None or row[0] is None else int(row[0])


async def older_of_name(database: Database, file: Received) -> list[Received]:
    """Earlier arrivals under the same name: this one corrects them."""
    rows = await database.fetch(
        f"SELECT {_COLUMNS} FROM received_files WHERE connection_id = ? AND name = ? AND seq < ? "
        "ORDER BY seq",
        file.connection_id, file.name, file.seq,
    )  # fmt: skip
    return [_received(row) for row in rows]


# Which line items a file holds


async def note_items(transaction: Transaction, connection_id: int, file_id: str, ids: Iterable[str]) -> None:
    await transaction.executemany(
        "INSERT INTO file_items (connection_id, file_id, item_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [(connection_id, file_id, one) for one in ids],
    )


async def shares_items(database: Database, old: Received, new: Received) -> bool:
    """Whether any line item is in both files."""
    row = await database.fetch_one(
        "SELECT 1 FROM file_items o JOIN file_items n ON n.connection_id = o.connection_id "
        "AND n.item_id = o.item_id AND n.file_id = ? WHERE o.connection_id = ? AND o.file_id = ? LIMIT 1",
        new.id, old.connection_id, old.id,
    )  # fmt: skip
    return row is not None


async def items_only_in(
    database: Database, old: Received, new: Received, after: str, limit: int
) -> list[str]:
    """Line items of a corrected file that neither its correction nor any file of another name holds."""
    rows = await database.fetch(
        "SELECT i.item_id FROM file_items i WHERE i.connection_id = ? AND i.file_id = ? AND NOT EXISTS ("
        "SELECT 1 FROM file_items o JOIN received_files f ON f.id = o.file_id "
        "WHERE o.connection_id = i.connection_id AND o.item_id = i.item_id "
        "AND (f.id = ? OR f.name <> ?)) AND i.item_id > ? ORDER BY i.item_id LIMIT ?",
        old.connection_id, old.id, new.id, old.name, after, limit,
    )  # fmt: skip
    return [row[0] for row in rows]


async def forget_items(
    transaction: Transaction, connection_id: int, file_id: str, ids: Iterable[str]
) -> None:
    await transaction.executemany(
        "DELETE FROM file_items WHERE connection_id = ? AND file_id = ? AND item_id = ?",
        [(connection_id, file_id, one) for one in ids],
    )


async def waiting(database: Database, function: str) -> list[int]:
    """Connections with a file that came after their last sync of this function began."""
    rows = await database.fetch(
        "SELECT DISTINCT f.connection_id FROM received_files f JOIN schedules s "
        "ON s.connection_id = f.connection_id AND s.function = ? WHERE f.state = 'received' "
        "AND NOT s.paused AND f.received_ms >= s.last_start_ms",
        function,
    )
    return [row[0] for row in rows]


async def note_read(transaction: Transaction, file_id: str, state: str, **found: Any) -> None:
    """What reading a file gave. found: columns."""
    names = ", ".join(f"{name} = ?" for name in found)
    await transaction.execute(
        f"UPDATE received_files SET state = ?, {names} WHERE id = ?", state, *found.values(), file_id
    )


@dataclass(frozen=True)
class Wanted:
    """Which files a list is to show. The last of the page before: (received_ms, id)."""

    connection_id: int
    start_ms: int
    end_ms: int
    file_type: str | None = None
    name_part: str | None = None
    after: tuple[int, str] | None = None


async def page(database: Database, wanted: Wanted, limit: int) -> list[Received]:
    """Files by when they came, the oldest first."""
    conditions, values = ["connection_id = ?", "received_ms >= ?", "received_ms <= ?"], list[Any]()
    values += [wanted.connection_id, wanted.start_ms, wanted.end_ms]
    if wanted.file_type is not None:
        conditions.append("file_type = ?")
        values.append(wanted.file_type)
    if wanted.name_part is not None:
        conditions.append(database.contains("name"))
        values.append(wanted.name_part)
    if wanted.after is not None:
        conditions.append("(received_ms, id) > (?, ?)")
        values += wanted.after
    rows = await database.fetch(
        f"SELECT {_COLUMNS} FROM received_files WHERE {' AND '.join(conditions)} "
        "ORDER BY received_ms, id LIMIT ?",
        *values, limit,
    )  # fmt: skip
    return [_received(row) for row in rows]


async def named_objects(database: Database, keys: Iterable[str]) -> set[str]:
    """Those of these objects that some file has."""
    condition, bound = database.one_of("object", keys)
    rows = await database.fetch(f"SELECT DISTINCT object FROM received_files WHERE {condition}", bound)
    return {row[0] for row in rows}


# What a look at a source saw


@dataclass(frozen=True)
class Seen:
    """A file as it lies at its source. changed_ms: by the source's clock."""

    size: int
    changed_ms: int
    since_ms: int
    is_taken: bool


async def seen(database: Database, connection_id: int) -> dict[str, Seen]:
    """What the last look saw, by place."""
    rows = await database.fetch(
        "SELECT place, size, changed_ms, since_ms, is_taken FROM seen_files WHERE connection_id = ?",
        connection_id,
    )
    return {row[0]: Seen(row[1], row[2], row[3], bool(row[4])) for row in rows}


async def note_seen(transaction: Transaction, connection_id: int, found: Mapping[str, Seen]) -> None:
    await transaction.executemany(
        "INSERT INTO seen_files (connection_id, place, size, changed_ms, since_ms, is_taken) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (connection_id, place) DO UPDATE SET size = excluded.size, "
        "changed_ms = excluded.changed_ms, since_ms = excluded.since_ms, is_taken = excluded.is_taken",
        [
            (connection_id, place, one.size, one.changed_ms, one.since_ms, one.is_taken)
            for place, one in found.items()
        ],
    )


async def forget_seen(transaction: Transaction, connection_id: int, places: Iterable[str]) -> None:
    """These do not lie there any more."""
    await transaction.executemany(
        "DELETE FROM seen_files WHERE connection_id = ? AND place = ?",
        [(connection_id, place) for place in places],
    )
