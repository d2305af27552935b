"""What the entries of a derived ledger add up to, item by item; and who wants one."""

from collections.abc import Iterable
from dataclasses import dataclass

from crossdock.store.database.engine import Transaction


@dataclass(frozen=True)
class LedgerBalance:
    """An item's. stock: JSON, pairs of a warehouse or null, and units; changes: how often it has changed."""

    item_id: str
    stock: str
    changes: int


async def is_on(transaction: Transaction, organization_id: str) -> bool:
    """Check whether the organization has switched derived ledgers on."""
    row = await transaction.fetch_one(
        "SELECT derived_ledger FROM organizations WHERE id = ?", organization_id
    )
    return row is not None and bool(row[0])


async def of_items(
    transaction: Transaction, connection_id: int, item_ids: Iterable[str]
) -> dict[str, LedgerBalance]:
    """The balances of those of these items that have one."""
    condition, bound = transaction.one_of("item_id", item_ids)
    rows = await transaction.fetch(
        f"SELECT item_id, stock, changes FROM ledger_balances WHERE connection_id = ? AND {condition}",
        connection_id,
        bound,
    )
    return {row[0]: LedgerBalance(*row) for row in rows}


async def put(transaction: Transaction, connection_id: int, balances: Iterable[LedgerBalance]) -> None:
    await transaction.executemany(
        "INSERT INTO ledger_balances (connection_id, item_id, stock, changes) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (connection_id, item_id) DO UPDATE "
        "SET stock = excluded.stock, changes = excluded.changes",
        [(connection_id, balance.item_id, balance.stock, balance.changes) for balance in balances],
    )


async def after(transaction: Transaction, connection_id: int, item_id: str, limit: int) -> list[str]:
    """The next items behind this one that are there or have a balance, in the order of their ids."""
    rows = await transaction.fetch(
        "SELECT id FROM (SELECT id FROM (SELECT id FROM wms_inventory WHERE connection_id = ? AND id > ? "
        "ORDER BY id LIMIT ?) AS there UNION SELECT id FROM (SELECT item_id AS id FROM ledger_balances "
        "WHERE connection_id = ? AND item_id > ? ORDER BY item_id LIMIT ?) AS balanced) AS either "
        "ORDER BY id LIMIT ?",
        connection_id, item_id, limit, connection_id, item_id, limit, limit,
    )  # fmt: skip
    return [row[0] for row in rows]


async def close(transaction: Transaction, connection_id: int) -> int:
    """Forget the balances of a connection; return how many there were."""
    return await transaction.execute("DELETE FROM ledger_balances WHERE connection_id = ?", connection_id)


async def some_entries(
    transaction: Transaction, connection_id: int, prefix: str, limit: int
) -> dict[str, bytes]:
    """Entries whose ids begin so, with their documents."""
    rows = await transaction.fetch(
        "SELECT id, document FROM wms_inventory_ledger WHERE connection_id = ? AND id >= ? AND id < ? "
        "ORDER BY id LIMIT ?",
        connection_id, prefix, prefix[:-1] + chr(ord(prefix[-1]) + 1), limit,
    )  # fmt: skip
    return {row[0]: row[1] for row in rows}
