"""Invoices of carriers, as the file that each came in last says."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from crossdock.store.engine import Database, Transaction


@dataclass(frozen=True)
class StoredInvoice:
    """An invoice. Amounts are decimal texts, dates as the API shows them."""

    id: str
    file_id: str
    account_id: str | None
    invoice_id: str | None
    invoice_date: str | None
    due_date: str | None
    currency: str | None
    total: str | None
    net: str | None
    gross: str | None
    reconciled: bool | None
    gap: str | None
    line_items: int
    errors: int
    updated_ms: int


_NAMES = [one.name for one in fields(StoredInvoice)]


async def put(transaction: Transaction, connection_id: int, invoices: Iterable[StoredInvoice]) -> None:
    """Stores invoices in place of what an earlier file said of them."""
    names = ["connection_id", *_NAMES]
    sets = ", ".join(f"{name} = excluded.{name}" for name in _NAMES[1:])
    await transaction.executemany(
        f"INSERT INTO carrier_invoices ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) "
        f"ON CONFLICT (connection_id, id) DO UPDATE SET {sets}",
        [(connection_id, *vars(one).values()) for one in invoices],
    )


async def forget(transaction: Transaction, connection_id: int, file_ids: Iterable[str]) -> None:
    """Removes the invoices that were last seen in these files."""
    await transaction.executemany(
        "DELETE FROM carrier_invoices WHERE connection_id = ? AND file_id = ?",
        [(connection_id, one) for one in file_ids],
    )


async def page(
    database: Database,
    connection_id: int,
    *,
    invoice_id: str | None,
    reconciled: bool | None,
    after: str,
    limit: int,
) -> list[tuple[StoredInvoice, str]]:
    """Invoices by id, each with the name of its file."""
    conditions, values = ["i.connection_id = ?", "i.id > ?"], list[Any]()
    values += [connection_id, after]
    if invoice_id is not None:
        conditions.append("i.invoice_id = ?")
        values.append(invoice_id)
    if reconciled is not None:
        conditions.append("i.reconciled = ?")
        values.append(reconciled)
    columns = ", ".join(f"i.{name}" for name in _NAMES)
    rows = await database.fetch(
        f"SELECT {columns}, f.name FROM carrier_invoices i JOIN received_files f ON f.id = i.file_id "
        f"WHERE {' AND '.join(conditions)} ORDER BY i.id LIMIT ?",
        *values, limit,
    )  # fmt: skip
    return [(_invoice(row), row[len(_NAMES)]) for row in rows]


def _invoice(row: Any) -> StoredInvoice:
    values = dict(zip(_NAMES, row, strict=False))
    if values["reconciled"] is not None:
        values["reconciled"] = bool(values["reconciled"])
    return StoredInvoice(**values)
