"""Tracking numbers: which record of a customer's WMS or cart a parcel belongs to, and its measures there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crossdock.resources.schema import Resource
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Database, Transaction


@dataclass(frozen=True)
class TrackingRow:
    """A tracking number of a record. measures: JSON, as `PackageMeasures`; None: none are known."""

    tracking_number: str
    measures: str | None = None


@dataclass(frozen=True)
class TrackedRecord:
    """A record and its tracking numbers. order_id: the order that a return is of."""

    record_id: str
    order_number: str | None
    trackings: Sequence[TrackingRow]
    order_id: str | None = None


async def put_trackings(
    transaction: Transaction, connection_id: int, resource: Resource, records: Iterable[TrackedRecord]
) -> None:
    """Store the tracking numbers of records, in place of those they had."""
    records = list(records)
    await forget_trackings(transaction, connection_id, resource, [record.record_id for record in records])
    await transaction.executemany(
        "INSERT INTO trackings (connection_id, resource, record_id, tracking_number, order_number, "
        "order_id, measures) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [
            (connection_id, resource.key, record.record_id, row.tracking_number, record.order_number,
             record.order_id, row.measures)
            for record in records
            for row in record.trackings
        ],
    )  # fmt: skip


async def forget_trackings(
    transaction: Transaction, connection_id: int, resource: Resource, ids: Iterable[str]
) -> None:
    await transaction.executemany(
        "DELETE FROM trackings WHERE connection_id = ? AND resource = ? AND record_id = ?",
        [(connection_id, resource.key, identifier) for identifier in ids],
    )


@dataclass(frozen=True)
class ShippedRow:
    """A record of a customer's other connections that has a tracking number."""

    connection_id: int
    resource: str
    record_id: str
    tracking_number: str
    order_number: str | None
    order_id: str | None
    measures: str | None


async def shipped(
    database: Database, connection_ids: Sequence[int], numbers: Iterable[str]
) -> list[ShippedRow]:
    """The records of these connections that have these tracking numbers."""
    return await _shipped(database, connection_ids, "tracking_number", numbers)


async def of_records(
    database: Database, connection_ids: Sequence[int], record_ids: Iterable[str]
) -> list[ShippedRow]:
    """The tracking numbers of records with these ids."""
    return await _shipped(database, connection_ids, "record_id", record_ids)


async def numbers_of(
    database: Database, connection_ids: Sequence[int], order_id: str, resources: Sequence[Resource]
) -> list[str]:
    """The tracking numbers that an order was sent, or came back, with. resources: those that are orders."""
    sent = await _shipped(database, connection_ids, "record_id", [order_id])
    returned = await _shipped(database, connection_ids, "order_id", [order_id])
    of_orders = {resource.key for resource in resources}
    return sorted({row.tracking_number for row in (*(r for r in sent if r.resource in of_orders), *returned)})


async def _shipped(
    database: Database, connection_ids: Sequence[int], column: str, values: Iterable[str]
) -> list[ShippedRow]:
    if not connection_ids:
        return []
    condition, bound = database.one_of(column, values)
    marks = ", ".join("?" * len(connection_ids))
    rows = await database.fetch(
        "SELECT connection_id, resource, record_id, tracking_number, order_number, order_id, "
        "measures FROM trackings "
        f"WHERE connection_id IN ({marks}) AND {condition} "
        "ORDER BY tracking_number, connection_id, resource, record_id",
        *connection_ids,
        bound,
    )
    return [ShippedRow(*row) for row in rows]


async def earliest(database: Database, connection_id: int, resource: Resource) -> int | None:
    """The time when the oldest record that is held was created, in seconds."""
    row = await database.fetch_one(
        f"SELECT min(created_date) FROM {resource.key} WHERE connection_id = ?", connection_id
    )
    return None if row is None or row[0] is None else int(row[0])


async def same_customer(database: Database, carrier: ConnectionRow) -> list[int]:
    """The WMS and cart connections of the carrier connection's customer; no customer is one customer too."""
    mine = "customer_id IS NULL" if carrier.customer_id is None else "customer_id = ?"
    values = () if carrier.customer_id is None else (carrier.customer_id,)
    rows = await database.fetch(
        "SELECT id FROM connections WHERE organization_id = ? AND type IN ('wms', 'cart') "
        f"AND deleted_ms IS NULL AND {mine} ORDER BY id",
        carrier.organization_id,
        *values,
    )
    return [row[0] for row in rows]
