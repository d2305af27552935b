"""Queueing the reading of files: what came in by itself, what lies in a watched folder, what is asked for."""

from collections.abc import Awaitable, Callable, Iterable

import structlog

from crossdock.connections.schedules import enqueue_now
from crossdock.errors import Conflict, VendorError
from crossdock.files.lookup import get_file
from crossdock.kit.registry import Integration, get_integration
from crossdock.resources.carrier.invoice_line_items import INVOICE_LINE_ITEMS
from crossdock.store.carriers import files
from crossdock.store.carriers.files import FileRow
from crossdock.store.connections import connections, schedules
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.people import audit_log

FUNCTION = INVOICE_LINE_ITEMS.function

HasNews = Callable[[ConnectionRow, Integration], Awaitable[bool]]
"""Whether the folder of a connection holds what did not come in yet."""

log = structlog.get_logger()


async def enqueue_waiting(database: Database, now_ms: int, off: frozenset[str]) -> int:
    """Queue connections with files that came after their last sync began, and return how many."""
    numbers = await files.waiting(database, FUNCTION)
    return await _enqueue(database, (await connections.by_ids(database, numbers)).values(), now_ms, off)


async def enqueue_watched(database: Database, has_news: HasNews, now_ms: int, off: frozenset[str]) -> int:
    """Queue connections whose watched folder holds something new, and return how many."""
    found_connections = []
    for connection in await connections.of_type(database, "carrier"):
        try:
            if await has_news(connection, get_integration(connection.type, connection.integration)):
                found_connections.append(connection)
        except VendorError as problem:
            # The sync that reads the folder tells it on the connection.
            log.debug("a watched folder can't be read", connection=connection.uid, error=str(problem))
    return await _enqueue(database, found_connections, now_ms, off)


async def _enqueue(
    database: Database, found_connections: Iterable[ConnectionRow], now_ms: int, off: frozenset[str]
) -> int:
    queued = 0
    for connection in found_connections:
        plan = await schedules.get(database, connection.id, FUNCTION)
        if plan is None or plan.paused or connection.is_off(FUNCTION, off):
            continue
        async with database.transaction() as transaction:
            queued += len(await enqueue_now(transaction, connection.id, [FUNCTION], "file", now_ms))
    return queued


async def read_again(database: Database, file_id: str, connection_id: int, now_ms: int) -> FileRow:
    """Have the next sync, which is queued, read a file again, and return the file.

    Raises NotFound, and Conflict for one that is not read at all, or no longer says what holds.
    """

    async def work(transaction: Transaction) -> FileRow:
        await _enqueue_first(transaction, connection_id, now_ms)
        file = await get_file(transaction, file_id, connection_id)
        if file.state == "kept":
            raise Conflict(f"{file.name!r} is kept as it is: a PDF is not read")
        if name := await files.overtaken_by(transaction, file):
            raise Conflict(
                f"{name!r} came later and says what holds now; remove that one, or bring this file in again"
            )
        if file.state != "received":
            await files.mark(transaction, file.id, "again", now_ms)
        await _note(transaction, connection_id, "file.read_again", file, now_ms)
        return await get_file(transaction, file_id, connection_id)

    return await database.transact(work)


async def remove(database: Database, file_id: str, connection_id: int, now_ms: int) -> FileRow:
    """Take a file off all lists, and return it; the next sync, which is queued, takes away what came of it.

    Raises NotFound.
    """

    async def work(transaction: Transaction) -> FileRow:
        await _enqueue_first(transaction, connection_id, now_ms)
        file = await get_file(transaction, file_id, connection_id)
        await files.mark(transaction, file.id, "removed", now_ms)
        await _note(transaction, connection_id, "file.removed", file, now_ms)
        return file

    return await database.transact(work)


async def _note(
    transaction: Transaction, connection_id: int, action: str, file: FileRow, now_ms: int
) -> None:
    """Tell the audit log what is done to a file."""
    organization_id, uid = await connections.names_of(transaction, connection_id)
    await audit_log.note_act(
        transaction, organization_id, action, file.id, now_ms, connection_id=uid, name=file.name
    )


async def _enqueue_first(transaction: Transaction, connection_id: int, now_ms: int) -> None:
    """Queue the reading before anything is changed that reading changes.

    A page that is stored locks its job, then its file. Whoever locked the file first and waited for the job
    would be waited for.
    """
    await enqueue_now(transaction, connection_id, [FUNCTION], "file", now_ms)
