"""Opening the derived ledger of a connection: entries that bring every item's balance to its stock.

Done when an organization switches derived ledgers on, some items at a time. Doing it again adds only what
changed while it was off.
"""

from crossdock.changes.commit import take_turn
from crossdock.changes.derived_ledger import ledger
from crossdock.changes.derived_ledger.derivation import enter
from crossdock.changes.derived_ledger.ledger import LedgerItem
from crossdock.changes.plan import Target
from crossdock.resources.wms.inventory import INVENTORY
from crossdock.resources.wms.inventory_ledger import INVENTORY_LEDGER
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.ids import Clock
from crossdock.store.records import ledger as balances
from crossdock.store.records import records
from crossdock.wire import encoder

AT_ONCE = 500


async def open_ledger(database: Database, connection: ConnectionRow, clock: Clock) -> int:
    """Open it, telling nobody of the entries, and return their number. The switch must be stored before."""
    count, after = 0, ""
    while True:
        async with database.transaction() as transaction:
            await take_turn(transaction, INVENTORY, connection.id)
            if not await ledger.is_wanted(transaction, connection):
                return count
            ids = await balances.after(transaction, connection.id, after, AT_ONCE)
            if not ids:
                return count
            items = await _items(transaction, connection.id, ids)
            now_ms = clock()
            entries = await ledger.derived(transaction, connection, items, now_ms)
            target = Target(connection, INVENTORY_LEDGER, cause=ledger.MARK, quiet=True)
            await enter(transaction, target, entries, now_ms)
        count, after = count + len(entries), ids[-1]


async def _items(transaction: Transaction, connection_id: int, ids: list[str]) -> dict[str, LedgerItem]:
    """The items as they are, and those that are gone as they were last."""
    there = await records.locked(transaction, INVENTORY, connection_id, ids)
    tombstones = await records.tombstones(transaction, INVENTORY, connection_id, ids)
    forgotten = {
        identifier: encoder.encode({"id": identifier, "sku": None, "warehouse_customer_id": None})
        for identifier in ids
    }
    ledger_items = ledger.of_rows((forgotten | tombstones).items(), is_deleted=True)
    return ledger_items | ledger.of_rows((key, stored.document) for key, stored in there.items())
