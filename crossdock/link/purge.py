"""Removing what a connection leaves behind, some rows at a time so that nobody waits for it."""

import asyncio

from crossdock.jobs.queue import Lease
from crossdock.resources.catalogue import all_resources
from crossdock.store import records
from crossdock.store.engine import Database

AT_ONCE = 2000


async def purge(database: Database, lease: Lease, stopping: asyncio.Event) -> None:
    """Does a purge job; begun again, it goes on with what is left."""
    tables = [*(one.key for one in all_resources()), *records.BELONGINGS]
    for table in tables:
        removed = AT_ONCE
        while removed == AT_ONCE:
            if stopping.is_set():
                async with database.transaction() as transaction:
                    await lease.put_back(transaction, 0, None)
                return
            async with database.transaction() as transaction:
                await lease.extend(transaction)
                removed = await records.purge(transaction, table, lease.job.connection_id, AT_ONCE)
    async with database.transaction() as transaction:
        await lease.finish(transaction)
