"""Opening the derived ledger of a connection: entries that bring every item's balance to its stock.

Done when an organization switches derived ledgers on, some items at a time. Doing it again adds only what
changed while it was off.
"""

from crossdock.changes import ledger
from crossdock.changes.commit import Target, enter, take_turn
from crossdock.changes.document import encoder
from crossdock.changes.ledger import Item
from crossdock.resources.wms.inventory import INVENTORY
from crossdock.store import ledger as balances
from crossdock.store import records
from crossdock.store.connections import Connection
from crossdock.store.engine import Database, Transaction
from crossdock.store.ids import Clock

AT_ONCE = 500


async def open_ledger(database: Database, connection: Connection, clock: Clock) -> int:
    """Opens it, telling nobody of the entries; how many there are. The switch must be stored before."""
    count, after = 0, ""
    while True:
        async with database.transaction() as transaction:
            await take_turn(transaction, INVENTORY, connection.id)
            if not await ledger.is_wanted(transaction, connection):
                return count
            ids = await balances.after(transaction, connection.id, after, AT_ONCE)
            if not ids:
                return count
            items = await _items(database, transaction, connection.id, ids)
            now_ms = clock()
            entries = await ledger.derived(database, transaction, connection, items, now_ms)
            target = Target(connection, INVENTORY, cause=ledger.MARK, quiet=True)
            await enter(transaction, target, entries, now_ms)
        count, after = count + len(entries), ids[-1]


async def _items(
    database: Database, transaction: Transaction, connection_id: int, ids: list[str]
) -> dict[str, Item]:
    """These items as they are, and those that are gone as they were last."""
    there = await records.locked(database, transaction, INVENTORY, connection_id, ids)
    buried = await records.buried(database, transaction, INVENTORY, connection_id, ids)
    forgotten = {one: encoder.encode({"id": one, "sku": None, "warehouse_customer_id": None}) for one in ids}
    gone = ledger.of_rows((forgotten | buried).items(), gone=True)
    return gone | ledger.of_rows((one, stored.document) for one, stored in there.items())
