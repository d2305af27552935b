"""A file is taken away for good, as if it had never come: its line items, its sums and its bytes.

    removed ─▶ line items that no other file holds: tombstones, told ─▶ files about the same: read again
                                                                        └ the row ─▶ the bytes

It is done where the files of the connection are read, so never while one of them is. Begun again it goes on.
"""

import structlog

from crossdock.changes.commit import Changes, store_changes
from crossdock.changes.plan import Target
from crossdock.files.intake import FileIntake
from crossdock.files.invoicing import restate
from crossdock.resources.carrier.invoice_line_items import INVOICE_LINE_ITEMS
from crossdock.store.carriers import files, invoices, orders
from crossdock.store.carriers.files import FileRow
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.records import quarantine

AT_ONCE = 500

FUNCTION = INVOICE_LINE_ITEMS.function

log = structlog.get_logger()


async def take_away(arrivals: FileIntake, connection: ConnectionRow) -> int:
    """Take away all files of a connection that were removed; how many."""
    count = 0
    while waiting := await files.removed(arrivals.database, connection.id, AT_ONCE):
        for file in waiting:
            await _take_away(arrivals, connection, file)
        count += len(waiting)
    return count


async def _take_away(arrivals: FileIntake, connection: ConnectionRow, file: FileRow) -> None:
    database, after = arrivals.database, ""
    target = Target(connection, INVOICE_LINE_ITEMS, cause="file", job_id=file.id)
    while items := await files.items_of(database, file, after, AT_ONCE):
        after = items[-1][0]
        only_here = [item_id for item_id, is_elsewhere in items if not is_elsewhere]
        async with database.transaction() as transaction:
            changes = Changes(deleted=only_here)
            await store_changes(transaction, target, changes, arrivals.clock())
            await files.forget_items(transaction, connection.id, file.id, only_here)
    stated = await invoices.ids_of_file(database, connection.id, file.id)
    async with database.transaction() as transaction:
        await orders.have_charged_again(transaction, connection.id, file.id, arrivals.clock())
        await orders.forget(transaction, connection.id, file.id)
        again = await files.read_again_without(transaction, file, arrivals.clock())
        await invoices.forget_file(transaction, connection.id, file.id)
        await quarantine.release_of(transaction, connection.id, FUNCTION, [file.id])
        await files.delete(transaction, file)
    await restate(database, connection.id, stated, arrivals.clock())
    # Should this be the last that is done, hourly cleaning finds the bytes without a row.
    await arrivals.storage.delete([file.object])
    log.info("a file was removed", connection=connection.uid, file=file.id, read_again=again)
