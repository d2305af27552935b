"""Queueing the reading of files: what came in by itself, and what lies in a watched folder."""

from collections.abc import Awaitable, Callable, Iterable

import structlog

from crossdock.errors import VendorError
from crossdock.integrations.registry import Integration, integration
from crossdock.resources.carrier.invoice_line_items import INVOICE_LINE_ITEMS
from crossdock.store import connections, files, schedules
from crossdock.store.connections import Connection
from crossdock.store.engine import Database
from crossdock.sync.schedule import enqueue_now

FUNCTION = INVOICE_LINE_ITEMS.function

HasNews = Callable[[Connection, Integration], Awaitable[bool]]
"""Whether the folder of a connection holds what did not come in yet."""

log = structlog.get_logger()


async def enqueue_waiting(database: Database, now_ms: int, off: frozenset[str]) -> int:
    """Queues connections with files that came after their last sync began; how many."""
    found = await files.waiting(database, FUNCTION)
    return await _enqueue(database, (await connections.by_ids(database, found)).values(), now_ms, off)


async def enqueue_watched(database: Database, has_news: HasNews, now_ms: int, off: frozenset[str]) -> int:
    """Queues connections whose watched folder holds something new; how many."""
    found = []
    for one in await connections.of_type(database, "carrier"):
        try:
            if await has_news(one, integration(one.type, one.integration)):
                found.append(one)
        except VendorError as problem:
            # The sync that reads the folder tells it on the connection.
            log.debug("a watched folder can't be read", connection=one.uid, error=str(problem))
    return await _enqueue(database, found, now_ms, off)


async def _enqueue(database: Database, found: Iterable[Connection], now_ms: int, off: frozenset[str]) -> int:
    queued = 0
    for one in found:
        plan = await schedules.get(database, one.id, FUNCTION)
        if plan is None or plan.paused or one.is_off(FUNCTION, off):
            continue
        async with database.transaction() as transaction:
            queued += len(await enqueue_now(transaction, one.id, [FUNCTION], "file", now_ms))
    return queued
