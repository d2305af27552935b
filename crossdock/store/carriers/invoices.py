"""Invoices of carriers, and what each of their files says of them.

invoice_files: one row for each file that an invoice is in ─▶ carrier_invoices: the invoice over all of them
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from crossdock.store.database.engine import Database, Transaction


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


@dataclass(frozen=True)
class StatedInvoice:
    """An invoice as one file states it. statement: JSON; None: an earlier version noted it."""

    invoice: StoredInvoice
    statement: str | None = None
    is_corrected: bool = False
    """A later file of the same name came: only its line items count, as far as they are still there."""


_NAMES = [field.name for field in fields(StoredInvoice)]
COLUMNS = ", ".join(_NAMES)


async def put(transaction: Transaction, connection_id: int, invoices: Iterable[StoredInvoice]) -> None:
    """Store invoices in place of what was stored of them."""
    names = ["connection_id", *_NAMES]
    sets = ", ".join(f"{name} = excluded.{name}" for name in _NAMES[1:])
    await transaction.executemany(
        f"INSERT INTO carrier_invoices ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) "
        f"ON CONFLICT (connection_id, id) DO UPDATE SET {sets}",
        [(connection_id, *vars(invoice).values()) for invoice in invoices],
    )


async def remove(transaction: Transaction, connection_id: int, ids: Iterable[str]) -> None:
    """Remove invoices that no file holds any more."""
    await transaction.executemany(
        "DELETE FROM carrier_invoices WHERE connection_id = ? AND id = ?",
        [(connection_id, invoice_id) for invoice_id in ids],
    )


# What each file says


async def put_stated(transaction: Transaction, connection_id: int, stated: Iterable[StatedInvoice]) -> None:
    """Note what a file says of invoices."""
    names = ["connection_id", *_NAMES, "statement", "is_corrected"]
    sets = ", ".join(f"{name} = excluded.{name}" for name in names[3:])
    await transaction.executemany(
        f"INSERT INTO invoice_files ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) "
        f"ON CONFLICT (connection_id, id, file_id) DO UPDATE SET {sets}",
        [
            (
                connection_id,
                *vars(stated_invoice.invoice).values(),
                stated_invoice.statement,
                stated_invoice.is_corrected,
            )
            for stated_invoice in stated
        ],
    )


async def forget_file(transaction: Transaction, connection_id: int, file_id: str) -> None:
    """Forget what a file says."""
    await transaction.execute(
        "DELETE FROM invoice_files WHERE connection_id = ? AND file_id = ?", connection_id, file_id
    )


async def forget_stated(
    transaction: Transaction, connection_id: int, stated: Iterable[tuple[str, str]]
) -> None:
    """Forget what files say of invoices: (id of the invoice, id of the file)."""
    await transaction.executemany(
        "DELETE FROM invoice_files WHERE connection_id = ? AND id = ? AND file_id = ?",
        [(connection_id, *pair) for pair in stated],
    )


async def note_corrected(
    transaction: Transaction, connection_id: int, ids: Iterable[str], file_ids: Collection[str]
) -> None:
    """Note that a later file corrected what these files say of these invoices."""
    await transaction.executemany(
        "UPDATE invoice_files SET is_corrected = ? WHERE connection_id = ? AND id = ? AND file_id = ?",
        [(True, connection_id, invoice_id, file_id) for invoice_id in ids for file_id in file_ids],
    )


async def ids_of_file(database: Database | Transaction, connection_id: int, file_id: str) -> set[str]:
    """The invoices that a file says something of."""
    rows = await database.fetch(
        "SELECT id FROM invoice_files WHERE connection_id = ? AND file_id = ?", connection_id, file_id
    )
    return {row[0] for row in rows}


async def namesakes(
    transaction: Transaction, connection_id: int, file_id: str
) -> list[tuple[str, str | None, str]]:
    """(id, account, number) of invoices that have the number of one in this file, whatever their account."""
    rows = await transaction.fetch(
        "SELECT DISTINCT id, account_id, invoice_id FROM invoice_files "
        "WHERE connection_id = ? AND invoice_id IN "
        "(SELECT invoice_id FROM invoice_files WHERE connection_id = ? AND file_id = ?)",
        connection_id,
        connection_id,
        file_id,
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def move_stated(
    transaction: Transaction, connection_id: int, moves: Mapping[str, tuple[str, str]]
) -> None:
    """Move what was said of some invoices to others: old id → new id and account."""
    await transaction.executemany(
        "UPDATE invoice_files SET id = ?, account_id = ? WHERE connection_id = ? AND id = ?",
        [(*move, connection_id, old) for old, move in moves.items()],
    )


async def stated(
    database: Database, connection_id: int, ids: Iterable[str]
) -> dict[str, list[StatedInvoice]]:
    """The statements of files about these invoices, the file that came first first."""
    condition, bound = database.one_of("i.id", ids)
    columns = ", ".join(f"i.{name}" for name in _NAMES)
    rows = await database.fetch(
        f"SELECT {columns}, i.statement, i.is_corrected FROM invoice_files i "
        f"JOIN received_files f ON f.id = i.file_id WHERE i.connection_id = ? AND {condition} ORDER BY f.seq",
        connection_id,
        bound,
    )
    result: dict[str, list[StatedInvoice]] = {}
    for row in rows:
        stated_invoice = StatedInvoice(stored_invoice(row), row[len(_NAMES)], bool(row[len(_NAMES) + 1]))
        result.setdefault(stated_invoice.invoice.id, []).append(stated_invoice)
    return result


async def by_ids(database: Database, connection_id: int, ids: Iterable[str]) -> dict[str, StoredInvoice]:
    condition, bound = database.one_of("id", ids)
    rows = await database.fetch(
        f"SELECT {COLUMNS} FROM carrier_invoices WHERE connection_id = ? AND {condition}",
        connection_id,
        bound,
    )
    return {row[0]: stored_invoice(row) for row in rows}


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
        *values,
        limit,
    )
    return [(stored_invoice(row), row[len(_NAMES)]) for row in rows]


def stored_invoice(row: Any) -> StoredInvoice:
    """The invoice in a row that begins with COLUMNS."""
    values = dict(zip(_NAMES, row, strict=False))
    if values["reconciled"] is not None:
        values["reconciled"] = bool(values["reconciled"])
    return StoredInvoice(**values)
