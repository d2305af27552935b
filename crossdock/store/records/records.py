"""Records as they are stored: reading one, and what a commit of changes needs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from crossdock.resources.schema import Resource
from crossdock.store.database.engine import Database, Row, Transaction
from crossdock.store.records.packing import packed, unpacked, unpacked_one
from crossdock.store.schema.records import record_columns
from crossdock.store.states import JobKinds


@dataclass(frozen=True)
class StoredRecord:
    """A record that is there. `hidden`: its columns that the document does not show."""

    document: bytes
    said_hash: bytes | None
    hidden: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class RecordRow:
    """A record to store. `columns` are in the order of `record_columns`."""

    id: str
    columns: Sequence[str | int | None]
    raw_hash: bytes | None
    said_hash: bytes | None
    document: bytes


async def get_document(
    database: Database, resource: Resource, connection_id: int, record_id: str, parent: str | None = None
) -> bytes | None:
    """A record's document, ready to send."""
    below = f" AND {resource.parent} = ?" if resource.parent else ""
    values = (parent,) if resource.parent else ()
    row = await database.fetch_one(
        f"SELECT document FROM {resource.key} WHERE connection_id = ? AND id = ?{below}",
        connection_id,
        record_id,
        *values,
    )
    return None if row is None else await _whole(database, resource, row[0])


async def within(
    transaction: Transaction, resource: Resource, connection_id: int, record_id: str
) -> bytes | None:
    """A record's document as this transaction sees it."""
    row = await transaction.fetch_one(
        f"SELECT document FROM {resource.key} WHERE connection_id = ? AND id = ?", connection_id, record_id
    )
    return None if row is None else await _whole(transaction, resource, row[0])


async def with_value(
    database: Database, resource: Resource, connection_id: int, column: str, value: str, limit: int = 100
) -> list[bytes]:
    """The documents of some records that have this value in a filter's column."""
    if column not in record_columns(resource):
        raise ValueError(f"{resource.key} has no column {column}")
    rows = await database.fetch(
        f"SELECT document FROM {resource.key} WHERE connection_id = ? AND {column} = ? ORDER BY id LIMIT ?",
        connection_id,
        value,
        limit,
    )
    return list(await _all_whole(database, resource, [row[0] for row in rows]))


async def documents(
    database: Database, resource: Resource, connection_id: int, ids: Iterable[str]
) -> dict[str, bytes]:
    """The documents of those of these records that are there."""
    condition, bound = database.one_of("id", ids)
    rows = await database.fetch(
        f"SELECT id, document FROM {resource.key} WHERE connection_id = ? AND {condition}",
        connection_id,
        bound,
    )
    return await _whole_by_id(database, resource, rows)


async def get_tombstone(
    database: Database, resource: Resource, connection_id: int, record_id: str
) -> bytes | None:
    """The document of a record that the vendor no longer has."""
    row = await database.fetch_one(
        "SELECT document FROM gone WHERE connection_id = ? AND resource = ? AND id = ?",
        connection_id,
        resource.key,
        record_id,
    )
    return None if row is None else await _whole(database, resource, row[0])


async def _whole(source: Database | Transaction, resource: Resource, stored: bytes) -> bytes:
    return await unpacked_one(source, stored) if resource.bulky else stored


async def _all_whole(
    source: Database | Transaction, resource: Resource, stored: Sequence[bytes]
) -> Sequence[bytes]:
    return await unpacked(source, stored) if resource.bulky else stored


async def _whole_by_id(
    source: Database | Transaction, resource: Resource, rows: Sequence[Row]
) -> dict[str, bytes]:
    """The documents of rows of an id and a document."""
    whole = await _all_whole(source, resource, [row[1] for row in rows])
    return {row[0]: document for row, document in zip(rows, whole, strict=True)}


async def raw_hashes(
    database: Database, resource: Resource, connection_id: int, ids: Iterable[str]
) -> dict[str, bytes | None]:
    """The raw hash of each of these records that is there."""
    condition, bound = database.one_of("id", ids)
    rows = await database.fetch(
        f"SELECT id, raw_hash FROM {resource.key} WHERE connection_id = ? AND {condition}",
        connection_id,
        bound,
    )
    return {row[0]: row[1] for row in rows}


async def changed_since(
    transaction: Transaction, resource: Resource, connection_id: int, ids: Iterable[str], since_ms: int
) -> set[str]:
    """Those of these records that were stored otherwise since a moment, by the second."""
    if not resource.stamped:
        return set()
    condition, bound = transaction.one_of("id", ids)
    rows = await transaction.fetch(
        f"SELECT id FROM {resource.key} WHERE connection_id = ? AND {condition} "
        "AND trackstar_updated_date >= ?",
        connection_id, bound, since_ms // 1000,
    )  # fmt: skip
    return {row[0] for row in rows}


async def locked(
    transaction: Transaction, resource: Resource, connection_id: int, ids: Iterable[str]
) -> dict[str, StoredRecord]:
    """The records of these ids, held by this transaction until it ends."""
    condition, bound = transaction.one_of("id", ids)
    columns = ", ".join(["id", "document", "said_hash", *resource.hidden])
    rows = await transaction.fetch(
        f"SELECT {columns} FROM {resource.key} WHERE connection_id = ? AND {condition} "
        f"ORDER BY id{transaction.locking}",
        connection_id,
        bound,
    )
    whole = await _all_whole(transaction, resource, [row[1] for row in rows])
    return {
        row[0]: StoredRecord(document, row[2], dict(zip(resource.hidden, tuple(row)[3:], strict=True)))
        for row, document in zip(rows, whole, strict=True)
    }


@cache
def put_sql(resource: Resource) -> str:
    """SQL that inserts a record or replaces it."""
    columns = list(record_columns(resource))
    names = ["connection_id", "id", *columns, "raw_hash", "said_hash", "document"]
    sets = [f"{name} = excluded.{name}" for name in names[2:]]
    return (
        f"INSERT INTO {resource.key} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) "
        f"ON CONFLICT (connection_id, id) DO UPDATE SET {', '.join(sets)}"
    )


async def put(
    transaction: Transaction, resource: Resource, connection_id: int, rows: Iterable[RecordRow]
) -> None:
    given = list(rows)
    stored = await _as_stored(transaction, resource, connection_id, [row.document for row in given])
    await transaction.executemany(
        put_sql(resource),
        [
            (connection_id, r.id, *r.columns, r.raw_hash, r.said_hash, document)
            for r, document in zip(given, stored, strict=True)
        ],
    )


async def _as_stored(
    transaction: Transaction, resource: Resource, connection_id: int, whole: Sequence[bytes]
) -> Sequence[bytes]:
    return await packed(transaction, connection_id, whole) if resource.bulky else whole


async def keep_hashes(
    transaction: Transaction,
    resource: Resource,
    connection_id: int,
    rows: Iterable[tuple[str, bytes | None, bytes | None]],
) -> None:
    """Remember what the vendor sent for records that came out the same: (id, raw hash, said hash)."""
    await transaction.executemany(
        f"UPDATE {resource.key} SET raw_hash = ?, said_hash = ? WHERE connection_id = ? AND id = ?",
        [(raw, content, connection_id, record_id) for record_id, raw, content in rows],
    )


async def tombstones(
    transaction: Transaction, resource: Resource, connection_id: int, ids: Iterable[str]
) -> dict[str, bytes]:
    """The documents of those of these records that have a tombstone."""
    condition, bound = transaction.one_of("id", ids)
    rows = await transaction.fetch(
        f"SELECT id, document FROM gone WHERE connection_id = ? AND resource = ? AND {condition}",
        connection_id,
        resource.key,
        bound,
    )
    return await _whole_by_id(transaction, resource, rows)


async def restore(
    transaction: Transaction, resource: Resource, connection_id: int, ids: Iterable[str]
) -> None:
    """Take tombstones away: the records are back."""
    await transaction.executemany(
        "DELETE FROM gone WHERE connection_id = ? AND resource = ? AND id = ?",
        [(connection_id, resource.key, record_id) for record_id in ids],
    )


async def delete(
    transaction: Transaction, resource: Resource, connection_id: int, rows: dict[str, bytes], now_ms: int
) -> None:
    """Turn records into tombstones, with the documents given."""
    stored = await _as_stored(transaction, resource, connection_id, list(rows.values()))
    await transaction.executemany(
        "INSERT INTO gone (connection_id, resource, id, document, gone_ms) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (connection_id, resource, id) DO UPDATE "
        "SET document = excluded.document, gone_ms = excluded.gone_ms",
        [
            (connection_id, resource.key, one_id, document, now_ms)
            for one_id, document in zip(rows, stored, strict=True)
        ],
    )
    await transaction.executemany(
        f"DELETE FROM {resource.key} WHERE connection_id = ? AND id = ?",
        [(connection_id, record_id) for record_id in rows],
    )


async def set_tags(
    transaction: Transaction, resource: Resource, connection_id: int, tags: Mapping[str, Iterable[str]]
) -> None:
    """Replace the tags that these records are found by."""
    await transaction.executemany(
        "DELETE FROM record_tags WHERE connection_id = ? AND resource = ? AND id = ?",
        [(connection_id, resource.key, record_id) for record_id in tags],
    )
    await transaction.executemany(
        "INSERT INTO record_tags (connection_id, resource, tag, id) VALUES (?, ?, ?, ?)",
        [(connection_id, resource.key, tag, one_id) for one_id, tags in tags.items() for tag in tags],
    )


# What a complete snapshot has met


async def add_to_snapshot(transaction: Transaction, job_id: str, ids: Iterable[str]) -> None:
    await transaction.executemany(
        "INSERT INTO seen (job_id, id) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(job_id, record_id) for record_id in ids],
    )


async def missing_from_snapshot(
    transaction: Transaction,
    resource: Resource,
    connection_id: int,
    *,
    job_id: str,
    before_ms: int,
    limit: int,
) -> list[tuple[str, bytes]]:
    """Records that this snapshot did not meet, held by this transaction: (id, document).

    Not those that changed since it began: a write may have made them behind its back. None at all when
    it met a record that it could not identify, as that might be any of them.
    """
    unchanged = "AND r.trackstar_updated_date < ? " if resource.stamped else ""
    before = (before_ms // 1000,) if resource.stamped else ()
    rows = await transaction.fetch(
        f"SELECT r.id, r.document FROM {resource.key} r WHERE r.connection_id = ? {unchanged}"
        "AND NOT EXISTS (SELECT 1 FROM seen s WHERE s.job_id = ? AND s.id IN (r.id, '')) "
        f"ORDER BY r.id LIMIT ?{transaction.locking}",
        connection_id, *before, job_id, limit,
    )  # fmt: skip
    return list((await _whole_by_id(transaction, resource, rows)).items())


async def clear_snapshot(transaction: Transaction, job_id: str) -> None:
    await transaction.execute("DELETE FROM seen WHERE job_id = ?", job_id)


async def count(database: Database, resource: Resource, connection_id: int) -> int:
    row = await database.fetch_one(
        f"SELECT count(*) FROM {resource.key} WHERE connection_id = ?", connection_id
    )
    return int(row[0]) if row else 0


async def counts(
    database: Database, resources: Sequence[Resource], connection_id: int, most: int
) -> dict[str, int]:
    """How many records there are of each resource, by key: up to `most`, so that no more are looked at."""
    if not resources:
        return {}
    one_each = " UNION ALL ".join(
        f"SELECT '{resource.key}', count(*) FROM "
        f"(SELECT id FROM {resource.key} WHERE connection_id = ? LIMIT ?) AS {resource.key}_first"
        for resource in resources
    )
    rows = await database.fetch(one_each, *(value for _ in resources for value in (connection_id, most)))
    return {row[0]: int(row[1]) for row in rows}


async def ids_where(
    database: Database,
    resource: Resource,
    connection_id: int,
    where: Mapping[str, Sequence[str]],
    after: str,
    limit: int,
) -> list[str]:
    """The ids after this one, in their order, of records whose columns have one of these values each."""
    conditions, values = "", list[Any]()
    for name, choices in where.items():
        condition, bound = database.one_of(resource.columns[name].name, choices)
        conditions += f" AND {condition}"
        values.append(bound)
    rows = await database.fetch(
        f"SELECT id FROM {resource.key} WHERE connection_id = ? AND id > ?{conditions} ORDER BY id LIMIT ?",
        connection_id, after, *values, limit,
    )  # fmt: skip
    return [row[0] for row in rows]


# Everything of a connection

_KEYS = {
    "sign_ins": "connection_id",
    "sessions": "connection_id",
    "notices": "(function, id)",
    "raw_records": "(resource, id)",
    "gone": "(resource, id)",
    "history": "id",
    "ledger_balances": "item_id",
    "numbered_ledgers": "connection_id",  # first: whoever numbers a ledger holds this row
    "numbered_events": "entry_id",
    "record_tags": "(resource, tag, id)",
    "quarantine": "(function, key)",
    "runs": "job_id",
    "seen": "(job_id, id)",
    "writes": "id",
    "received_files": "seq",
    "seen_files": "place",
    "file_items": "(item_id, file_id)",
    "carrier_invoices": "id",
    "invoice_files": "(id, file_id)",
    "order_rows": "(order_number, tracking_number, file_id)",
    "charges": "item_id",
    "trackings": "(resource, record_id, tracking_number)",
    "followed": "resource",
    "findings": "id",
    "audits": "connection_id",
    "finding_sums": "(rule, direction, account_id, month, currency)",
    "audit_settings": "account_id",
    "rate_cards": "account_id",
    "finding_claims": "finding_id",
    "spend": "(month, currency, account_id, category, service)",
}

BELONGINGS = tuple(_KEYS)
"""What else is kept of a connection's records."""

_KEYS |= {
    "schedules": "function",
    "connection_errors": "(function, aspect)",
    "inbound_subscriptions": "connection_id",
    "retired_tokens": "digest",
    "numbered_items": "item_id",  # they outlive the records: a number is an item's for ever
    "on_demand": "id",
    "shapes": "number",  # when nothing is left that is packed: records and what events said are gone
    "jobs": "id",
}

REMAINDER = tuple(name for name in _KEYS if name not in BELONGINGS)
"""What else is kept of a connection; the jobs last, as they tell whose snapshots are."""

_OF_CONNECTION = {
    "seen": "job_id IN (SELECT id FROM jobs WHERE connection_id = ?)",
    "jobs": f"connection_id = ? AND kind <> '{JobKinds.PURGE}'",
}


async def purge(transaction: Transaction, table: str, connection_id: int, limit: int) -> int:
    """Remove up to so many rows of a connection from a table; return how many.

    table: one of records, of BELONGINGS or of REMAINDER.
    """
    columns = _KEYS.get(table, "id")
    of_connection = _OF_CONNECTION.get(table, "connection_id = ?")
    return await transaction.execute(
        f"DELETE FROM {table} WHERE {of_connection} AND {columns} IN "
        f"(SELECT {columns.strip('()')} FROM {table} WHERE {of_connection} LIMIT ?)",
        connection_id,
        connection_id,
        limit,
    )
