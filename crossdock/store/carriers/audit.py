"""Charges, the orders they belong to, and what the audit of them finds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Final

from crossdock.resources.schema import Resource
from crossdock.store.carriers import claims
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.records.packing import unpacked
from crossdock.store.states import JOB_IS_OPEN, JobKinds

KIND: Final = JobKinds.AUDIT
"""Of its jobs."""


@dataclass(frozen=True)
class ChargeRow:
    """A line item. Amounts and weights are decimal texts; "" and 0 where there is none."""

    item_id: str
    account_id: str
    invoice_id: str
    tracking_number: str
    parcel: str
    """The tracking number as it is compared."""
    label: str
    category: str
    gross: str | None
    net: str | None
    currency: str | None
    charged_on: int
    service: str | None
    zone: str | None
    billed_weight: str | None
    actual_weight: str | None
    weight_unit: str | None


_CHARGE = [field.name for field in fields(ChargeRow)]
_CHARGES = ", ".join(_CHARGE)


# Following the tables of records


async def followed(
    database: Database, connection_id: int, resource: Resource, version: str
) -> tuple[int, bool]:
    """Up to when a table is followed, in seconds, and whether that was by this version of the code."""
    row = await database.fetch_one(
        "SELECT mark, version FROM followed WHERE connection_id = ? AND resource = ?",
        connection_id,
        resource.key,
    )
    return (0, True) if row is None else (int(row[0]), row[1] == version)


async def note_followed(
    transaction: Transaction, connection_id: int, resource: Resource, version: str, mark: int
) -> None:
    await transaction.execute(
        "INSERT INTO followed (connection_id, resource, version, mark) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (connection_id, resource) "
        "DO UPDATE SET version = excluded.version, mark = excluded.mark",
        connection_id, resource.key, version, mark,
    )  # fmt: skip


async def changed(
    database: Database, connection_id: int, resource: Resource, after: tuple[int, str], limit: int
) -> list[tuple[str, int, bytes]]:
    """Records that changed behind (seconds, id): id, when, document."""
    rows = await database.fetch(
        f"SELECT id, trackstar_updated_date, document FROM {resource.key} WHERE connection_id = ? "
        "AND (trackstar_updated_date, id) > (?, ?) ORDER BY trackstar_updated_date, id LIMIT ?",
        connection_id,
        *after,
        limit,
    )
    whole = await unpacked(database, [bytes(row[2]) for row in rows])
    return [(row[0], row[1], document) for row, document in zip(rows, whole, strict=True)]


async def gone_since(database: Database, connection_id: int, resource: Resource, since_ms: int) -> list[str]:
    """Records that went at or after this time and are not back."""
    rows = await database.fetch(
        "SELECT id FROM gone WHERE connection_id = ? AND resource = ? AND gone_ms >= ?",
        connection_id,
        resource.key,
        since_ms,
    )
    return [row[0] for row in rows]


async def put_charges(transaction: Transaction, connection_id: int, charges: Iterable[ChargeRow]) -> None:
    sets = ", ".join(f"{name} = excluded.{name}" for name in _CHARGE[1:])
    await transaction.executemany(
        f"INSERT INTO charges (connection_id, {_CHARGES}) VALUES (?{', ?' * len(_CHARGE)}) "
        f"ON CONFLICT (connection_id, item_id) DO UPDATE SET {sets}",
        [(connection_id, *vars(charge).values()) for charge in charges],
    )


async def forget_charges(transaction: Transaction, connection_id: int, ids: Iterable[str]) -> None:
    await transaction.executemany(
        "DELETE FROM charges WHERE connection_id = ? AND item_id = ?",
        [(connection_id, identifier) for identifier in ids],
    )


async def put_trackings(
    transaction: Transaction,
    connection_id: int,
    resource: Resource,
    records: Iterable[tuple[str, str | None, Sequence[str]]],
) -> None:
    """The tracking numbers of records, in place of those they had: (id, order number, numbers)."""
    records = list(records)
    await forget_trackings(transaction, connection_id, resource, [record[0] for record in records])
    await transaction.executemany(
        "INSERT INTO trackings (connection_id, resource, record_id, tracking_number, order_number) "
        "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [
            (connection_id, resource.key, record_id, number, order_number)
            for record_id, order_number, numbers in records
            for number in numbers
        ],
    )


async def forget_trackings(
    transaction: Transaction, connection_id: int, resource: Resource, ids: Iterable[str]
) -> None:
    await transaction.executemany(
        "DELETE FROM trackings WHERE connection_id = ? AND resource = ? AND record_id = ?",
        [(connection_id, resource.key, identifier) for identifier in ids],
    )


# Reading them


async def by_parcel(
    database: Database, connection_id: int, after: tuple[str, str], limit: int
) -> list[ChargeRow]:
    """Charges behind (parcel, id), in that order."""
    rows = await database.fetch(
        f"SELECT {_CHARGES} FROM charges WHERE connection_id = ? AND (parcel, item_id) > (?, ?) "
        "ORDER BY parcel, item_id LIMIT ?",
        connection_id,
        *after,
        limit,
    )
    return [ChargeRow(*row) for row in rows]


async def by_label(
    database: Database, connection_id: int, after: tuple[str, str, int, str], limit: int
) -> list[ChargeRow]:
    """Charges by label, account and date, behind (label, account, date, id)."""
    rows = await database.fetch(
        f"SELECT {_CHARGES} FROM charges WHERE connection_id = ? "
        "AND (label, account_id, charged_on, item_id) > (?, ?, ?, ?) "
        "ORDER BY label, account_id, charged_on, item_id LIMIT ?",
        connection_id,
        *after,
        limit,
    )
    return [ChargeRow(*row) for row in rows]


async def of_invoice(
    database: Database, connection_id: int, account_id: str, invoice_id: str, after: str, limit: int
) -> list[ChargeRow]:
    """Charges of the invoice with this number and account, by id, behind one."""
    rows = await database.fetch(
        f"SELECT {_CHARGES} FROM charges WHERE connection_id = ? AND invoice_id = ? AND item_id > ? "
        "AND account_id = ? ORDER BY item_id LIMIT ?",
        connection_id, invoice_id, after, account_id, limit,
    )  # fmt: skip
    return [ChargeRow(*row) for row in rows]


async def parcels(
    database: Database, connection_id: int, after: str, limit: int, only: Sequence[str] | None = None
) -> list[str]:
    """Parcels that were charged, in order; of only these, if some are given."""
    if only is None:
        condition, bound = "parcel > ?", after
    else:
        # Without a range, which would be walked in place of looking each of them up.
        condition, bound = database.one_of("parcel", [parcel for parcel in only if parcel > after])
    rows = await database.fetch(
        f"SELECT DISTINCT parcel FROM charges WHERE connection_id = ? AND {condition} "
        "ORDER BY parcel LIMIT ?",
        connection_id,
        bound,
        limit,
    )
    return [row[0] for row in rows]


async def of_parcels(database: Database, connection_id: int, parcels: Sequence[str]) -> list[ChargeRow]:
    """All charges of these parcels, by parcel and currency."""
    condition, bound = database.one_of("parcel", parcels)
    rows = await database.fetch(
        f"SELECT {_CHARGES} FROM charges WHERE connection_id = ? AND {condition} "
        "ORDER BY parcel, coalesce(currency, ''), item_id",
        connection_id,
        bound,
    )
    return [ChargeRow(*row) for row in rows]


@dataclass(frozen=True)
class ShippedRow:
    """A record of a customer's other connections that has a tracking number."""

    connection_id: int
    resource: str
    record_id: str
    tracking_number: str
    order_number: str | None


async def shipped(
    database: Database, connection_ids: Sequence[int], numbers: Iterable[str]
) -> list[ShippedRow]:
    """The records of these connections that have these tracking numbers."""
    return await _shipped(database, connection_ids, "tracking_number", numbers)


async def numbers_of(
    database: Database, connection_ids: Sequence[int], record_ids: Iterable[str]
) -> list[str]:
    """The tracking numbers of records with these ids."""
    shipped_items = await _shipped(database, connection_ids, "record_id", record_ids)
    return sorted({shipped_item.tracking_number for shipped_item in shipped_items})


async def _shipped(
    database: Database, connection_ids: Sequence[int], column: str, values: Iterable[str]
) -> list[ShippedRow]:
    if not connection_ids:
        return []
    condition, bound = database.one_of(column, values)
    marks = ", ".join("?" * len(connection_ids))
    rows = await database.fetch(
        "SELECT connection_id, resource, record_id, tracking_number, order_number FROM trackings "
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


async def unreconciled(
    database: Database, connection_id: int, after: str, limit: int
) -> list[tuple[str, str, str, str | None, str | None, str | None]]:
    """Invoices that do not add up, by id: id, account, invoice, gap, currency, file."""
    rows = await database.fetch(
        "SELECT id, coalesce(account_id, ''), coalesce(invoice_id, ''), gap, currency, file_id "
        "FROM carrier_invoices WHERE connection_id = ? AND reconciled = ? AND id > ? ORDER BY id LIMIT ?",
        connection_id, False, after, limit,
    )  # fmt: skip
    return [tuple(row) for row in rows]


# Findings


@dataclass(frozen=True)
class StoredFinding:
    """An apparent error in what was charged. `amount` is a decimal text, `detail` JSON."""

    id: str
    rule: str
    amount: str
    currency: str | None
    tracking_number: str | None
    account_id: str | None
    invoice_id: str | None
    message: str
    detail: str
    first_ms: int


_FINDING = [field.name for field in fields(StoredFinding)]


async def put_findings(
    transaction: Transaction, connection_id: int, audit: str, findings: Iterable[StoredFinding]
) -> None:
    """Store findings; one that was found before keeps its first time."""
    names = ["connection_id", "audit", *_FINDING]
    sets = ", ".join(f"{name} = excluded.{name}" for name in names[1:] if name not in ("id", "first_ms"))
    await transaction.executemany(
        f"INSERT INTO findings ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) "
        f"ON CONFLICT (connection_id, id) DO UPDATE SET {sets}",
        [(connection_id, audit, *vars(finding).values()) for finding in findings],
    )


async def forget_findings(transaction: Transaction, connection_id: int, audit: str) -> None:
    """Remove what this audit did not find again."""
    await transaction.execute(
        "DELETE FROM findings WHERE connection_id = ? AND audit <> ?", connection_id, audit
    )


async def findings(
    database: Database, connection_id: int, filters: dict[str, str], after: str, limit: int
) -> list[StoredFinding]:
    """Findings by id. filters: values by column, and the `state` of their claim."""
    columns = {name: value for name, value in filters.items() if name != "state"}
    conditions = "".join(f" AND {name} = ?" for name in columns)
    in_state, state_values = claims.condition(filters["state"]) if "state" in filters else ("1 = 1", [])
    rows = await database.fetch(
        f"SELECT {', '.join(_FINDING)} FROM findings WHERE connection_id = ? AND id > ?{conditions} "
        f"AND {in_state} ORDER BY id LIMIT ?",
        connection_id, after, *columns.values(), *state_values, limit,
    )  # fmt: skip
    return [StoredFinding(*row) for row in rows]


async def has_finding(database: Database, connection_id: int, identifier: str) -> bool:
    """Check whether the last audit has a finding with this id."""
    sql = "SELECT 1 FROM findings WHERE connection_id = ? AND id = ?"
    return await database.fetch_one(sql, connection_id, identifier) is not None


# Audits


async def started(transaction: Transaction, connection_id: int, now_ms: int) -> None:
    await transaction.execute(
        "INSERT INTO audits (connection_id, started_ms) VALUES (?, ?) "
        "ON CONFLICT (connection_id) DO UPDATE SET started_ms = excluded.started_ms",
        connection_id,
        now_ms,
    )


async def ended(transaction: Transaction, connection_id: int, started_ms: int, now_ms: int) -> None:
    await transaction.execute(
        "UPDATE audits SET started_ms = ?, ended_ms = ? WHERE connection_id = ?",
        started_ms,
        now_ms,
        connection_id,
    )


async def last(database: Database, connection_id: int) -> int | None:
    """The time when the last audit that came to its end began."""
    row = await database.fetch_one(
        "SELECT started_ms FROM audits WHERE connection_id = ? AND ended_ms >= started_ms", connection_id
    )
    return None if row is None else int(row[0])


async def due(transaction: Transaction, others_before_ms: int) -> list[int]:
    """Carrier connections whose charges came since their last audit; or where other connections of the
    customer synced since, and that audit began before this time."""
    rows = await transaction.fetch(
        "SELECT c.id FROM connections c LEFT JOIN audits a ON a.connection_id = c.id "
        "WHERE c.type = 'carrier' AND c.deleted_ms IS NULL AND NOT EXISTS (SELECT 1 FROM jobs j "
        f"WHERE j.connection_id = c.id AND j.kind = ? AND j.{JOB_IS_OPEN}) "
        "AND EXISTS (SELECT 1 FROM connections o JOIN schedules s ON s.connection_id = o.id "
        "WHERE o.organization_id = c.organization_id AND s.last_end_ms >= coalesce(a.started_ms, 0) "
        "AND (o.id = c.id OR (o.type IN ('wms', 'cart') AND coalesce(a.started_ms, 0) < ? "
        "AND coalesce(o.customer_id, '') = coalesce(c.customer_id, '')))) ORDER BY c.id",
        KIND,
        others_before_ms,
    )
    return [row[0] for row in rows]
