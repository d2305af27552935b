"""Audits of carrier connections: how far they follow records, their settings, which are due."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from crossdock.resources.schema import Resource
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.records.packing import unpacked
from crossdock.store.states import JOB_IS_OPEN, JobKinds

KIND: Final = JobKinds.AUDIT
"""Of its jobs."""


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


async def known_shares(
    database: Database, connection_id: int, others: Sequence[int], since: int
) -> dict[str, tuple[int, int]]:
    """By account: how many parcels were sent since then, and how many of them records have."""
    if not others:
        return {}
    marks = ", ".join("?" * len(others))
    rows = await database.fetch(
        "SELECT account_id, count(*), sum(CASE WHEN EXISTS (SELECT 1 FROM trackings t "
        f"WHERE t.connection_id IN ({marks}) AND t.tracking_number = p.parcel) THEN 1 ELSE 0 END) FROM ("
        "SELECT account_id, parcel FROM charges WHERE connection_id = ? AND parcel <> '' "
        "GROUP BY account_id, parcel HAVING min(CASE WHEN shipped_on = 0 THEN NULL ELSE shipped_on END) >= ?"
        ") p GROUP BY account_id",
        *others,
        connection_id,
        since,
    )
    return {row[0]: (int(row[1]), int(row[2])) for row in rows}


# Settings


@dataclass(frozen=True)
class AuditSettings:
    """The settings that an account's charges are judged by. account_id "": what counts for all accounts."""

    account_id: str = ""
    dim_divisor: Decimal | None = None
    spreads_costs: bool = False
    """Whether costs without a tracking number are spread over the parcels of their invoice."""


async def settings(database: Database, connection_id: int) -> dict[str, AuditSettings]:
    """All settings of a connection, by account."""
    rows = await database.fetch(
        "SELECT account_id, dim_divisor, spreads_costs FROM audit_settings WHERE connection_id = ? "
        "ORDER BY account_id",
        connection_id,
    )
    return {
        row[0]: AuditSettings(row[0], None if row[1] is None else Decimal(row[1]), bool(row[2]))
        for row in rows
    }


async def put_settings(transaction: Transaction, connection_id: int, every: Sequence[AuditSettings]) -> None:
    """Store settings in place of all that there were."""
    await transaction.execute("DELETE FROM audit_settings WHERE connection_id = ?", connection_id)
    await transaction.executemany(
        "INSERT INTO audit_settings (connection_id, account_id, dim_divisor, spreads_costs) "
        "VALUES (?, ?, ?, ?)",
        [
            (
                connection_id, row.account_id,
                None if row.dim_divisor is None else format(row.dim_divisor, "f"), row.spreads_costs,
            )
            for row in every
        ],
    )  # fmt: skip


@dataclass(frozen=True)
class StoredRateCard:
    """Agreed prices of an account, as uploaded. account_id "": those of all accounts; body: CSV."""

    account_id: str
    name: str
    body: str
    uploaded_ms: int


async def rate_cards(database: Database, connection_id: int) -> list[StoredRateCard]:
    """The rate cards of a connection, by account."""
    rows = await database.fetch(
        "SELECT account_id, name, body, uploaded_ms FROM rate_cards WHERE connection_id = ? "
        "ORDER BY account_id",
        connection_id,
    )
    return [StoredRateCard(*row) for row in rows]


async def put_rate_card(transaction: Transaction, connection_id: int, card: StoredRateCard) -> None:
    """Store a rate card in place of the account's."""
    await transaction.execute(
        "INSERT INTO rate_cards (connection_id, account_id, name, body, uploaded_ms) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (connection_id, account_id) DO UPDATE SET name = excluded.name, body = excluded.body, "
        "uploaded_ms = excluded.uploaded_ms",
        connection_id, card.account_id, card.name, card.body, card.uploaded_ms,
    )  # fmt: skip


async def remove_rate_card(transaction: Transaction, connection_id: int, account_id: str) -> int:
    """Remove an account's rate card; return how many there were."""
    return await transaction.execute(
        "DELETE FROM rate_cards WHERE connection_id = ? AND account_id = ?", connection_id, account_id
    )


async def ask_again(transaction: Transaction, connection_id: int) -> None:
    """Have the connection audited again soon, as what its charges are judged by has changed."""
    await transaction.execute("UPDATE audits SET started_ms = 0 WHERE connection_id = ?", connection_id)


# Audits


async def started(transaction: Transaction, connection_id: int, now_ms: int) -> None:
    """Note that an audit began."""
    await transaction.execute(
        "INSERT INTO audits (connection_id, started_ms) VALUES (?, ?) "
        "ON CONFLICT (connection_id) DO UPDATE SET started_ms = excluded.started_ms",
        connection_id,
        now_ms,
    )


async def ended(transaction: Transaction, connection_id: int, started_ms: int, now_ms: int) -> None:
    """Note that the audit that began then came to its end. One that is asked for meanwhile stays due."""
    await transaction.execute(
        "UPDATE audits SET last_began_ms = ?, ended_ms = ? WHERE connection_id = ?",
        started_ms,
        now_ms,
        connection_id,
    )


async def last(database: Database | Transaction, connection_id: int) -> int | None:
    """The time when the last audit that came to its end began."""
    row = await database.fetch_one(
        "SELECT last_began_ms FROM audits WHERE connection_id = ? AND last_began_ms IS NOT NULL",
        connection_id,
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
