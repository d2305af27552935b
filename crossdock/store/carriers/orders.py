"""Orders that carriers charge in one file, and whose parcels they list in another: which file has what."""

from collections.abc import Collection, Iterable
from typing import Any

from crossdock.store.database.engine import Database, Transaction
from crossdock.store.states import FileStates

CHARGE = ""
"""Stands in place of the tracking number where a file has a charge of the order."""


async def note(
    transaction: Transaction, connection_id: int, file_id: str, rows: Iterable[tuple[str, str, str | None]]
) -> None:
    """The file has these: order, tracking number or CHARGE, and the parcel as JSON."""
    await transaction.executemany(
        "INSERT INTO order_rows (connection_id, order_number, tracking_number, file_id, body) "
        "VALUES (?, ?, ?, ?, ?) ON CONFLICT (connection_id, order_number, tracking_number, file_id) "
        "DO UPDATE SET body = excluded.body",
        [(connection_id, order, tracking, file_id, body) for order, tracking, body in rows],
    )


async def parcels(
    database: Database, connection_id: int, orders: Collection[str]
) -> list[tuple[str, str, str]]:
    """(order, tracking number, parcel as JSON) of all files, the file that came first first."""
    condition, bound = database.one_of("o.order_number", orders)
    rows = await database.fetch(
        "SELECT o.order_number, o.tracking_number, o.body FROM order_rows o "
        f"JOIN received_files f ON f.id = o.file_id WHERE o.connection_id = ? AND {condition} "
        "AND o.tracking_number <> ? ORDER BY f.seq, o.tracking_number",
        connection_id,
        bound,
        CHARGE,
    )
    return [tuple(row) for row in rows]


_ORDERS_LISTED = (
    "SELECT p.order_number FROM order_rows p "
    "WHERE p.connection_id = ? AND p.file_id = ? AND p.tracking_number <> ?"
)


async def has_parcels(transaction: Transaction, connection_id: int, file_id: str) -> bool:
    row = await transaction.fetch_one(f"{_ORDERS_LISTED} LIMIT 1", connection_id, file_id, CHARGE)
    return row is not None


async def replace_parcels(
    transaction: Transaction, connection_id: int, file_id: str, older: Iterable[str]
) -> None:
    """Forget what older files say of the parcels of the orders that this file lists."""
    await transaction.executemany(
        "DELETE FROM order_rows WHERE connection_id = ? AND file_id = ? AND tracking_number <> ? "
        f"AND order_number IN ({_ORDERS_LISTED})",
        [(connection_id, old, CHARGE, connection_id, file_id, CHARGE) for old in older],
    )


async def have_charged_again(transaction: Transaction, connection_id: int, file_id: str, now_ms: int) -> int:
    """Have the files read again that charge the orders whose parcels this file lists; return how many.

    Files of the same name that came after them, too: they correct what the others say.
    """
    holds = (
        "EXISTS (SELECT 1 FROM invoice_files i WHERE i.connection_id = f.connection_id "
        "AND i.file_id = f.id AND NOT i.is_corrected)"
    )
    charging = (
        "SELECT c.file_id FROM order_rows c WHERE c.connection_id = ? AND c.tracking_number = ? "
        f"AND c.order_number IN ({_ORDERS_LISTED})"
    )
    bound: tuple[Any, ...] = (connection_id, CHARGE, connection_id, file_id, CHARGE)
    return await transaction.execute(
        f"UPDATE received_files SET state = '{FileStates.AGAIN}', read_ms = ? "
        f"WHERE connection_id = ? AND state = '{FileStates.READ}' AND id IN ("
        "SELECT f.id FROM received_files f JOIN received_files e ON e.connection_id = "
        f"f.connection_id AND e.name = f.name AND e.seq <= f.seq WHERE f.connection_id = ? AND {holds} "
        f"AND e.id IN ({charging}))",
        now_ms, connection_id, connection_id, *bound,
    )  # fmt: skip


async def forget(transaction: Transaction, connection_id: int, file_id: str) -> None:
    """The file is gone."""
    await transaction.execute(
        "DELETE FROM order_rows WHERE connection_id = ? AND file_id = ?", connection_id, file_id
    )


async def pieces(database: Database, connection_id: int, file_id: str) -> list[str]:
    """The line items of a file that are pieces of charges, but for the first of each: they have a dot."""
    rows = await database.fetch(
        "SELECT item_id FROM file_items WHERE connection_id = ? AND file_id = ? AND item_id LIKE '%.%'",
        connection_id,
        file_id,
    )
    return [row[0] for row in rows]
