"""Removing what a connection leaves behind, some rows at a time so that nobody waits for it.

    records ─▶ what is kept of them ─▶ what its events said ─▶ its runs and jobs ─▶ the log of the database

Whoever dies begins anew, and goes on with what is left. At the end nothing of it stands in an embedded
database's file; what PostgreSQL keeps of deleted rows goes with its next vacuum.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from crossdock.jobs.queue import Lease
from crossdock.resources.catalogue import all_resources
from crossdock.store.connections import slots
from crossdock.store.database.engine import Database
from crossdock.store.records import records
from crossdock.store.webhooks.erasing import erase_events

AT_ONCE = 2000
EVENTS_AT_ONCE = 500
SCRUB_AGAIN_SECONDS = 60.0
"""While somebody reads old pages of the file, such as a backup."""


async def purge(database: Database, lease: Lease, stopping: asyncio.Event) -> None:
    """Do a purge job; begun again, it goes on with what is left."""
    async for _ in _steps(database, lease):
        if stopping.is_set():
            await _put_back(database, lease, 0)
            return
    if not await database.scrub():
        await _put_back(database, lease, SCRUB_AGAIN_SECONDS)
        return
    async with database.transaction() as transaction:
        await lease.finish(transaction)
        await slots.forget_connection(transaction, lease.job.connection_id)


async def _steps(database: Database, lease: Lease) -> AsyncGenerator[None, None]:
    """Remove a part, each time in a transaction of its own, until nothing is left."""
    for table in (*(resource.key for resource in all_resources()), *records.BELONGINGS):
        async for _ in _emptied(database, lease, table):
            yield
    after: int | None = 0
    while after is not None:
        async with database.transaction() as transaction:
            await lease.extend(transaction)
            after = await erase_events(transaction, lease.job.connection_id, after, EVENTS_AT_ONCE)
        yield
    for table in records.REMAINDER:
        async for _ in _emptied(database, lease, table):
            yield


async def _emptied(database: Database, lease: Lease, table: str) -> AsyncIterator[None]:
    removed = AT_ONCE
    while removed == AT_ONCE:
        async with database.transaction() as transaction:
            await lease.extend(transaction)
            removed = await records.purge(transaction, table, lease.job.connection_id, AT_ONCE)
        yield


async def _put_back(database: Database, lease: Lease, seconds: float) -> None:
    async with database.transaction() as transaction:
        await lease.requeue(transaction, seconds, None)
