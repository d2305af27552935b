"""The real sync engine on a vendor that answers from memory."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from bench.stores import Prepared
from crossdock.jobs.queue import claim, enqueue
from crossdock.kit.contract import Account, Client, Page, Walk
from crossdock.kit.registry import Integration
from crossdock.kit.responses import Response
from crossdock.resources.wms.orders import ORDERS
from crossdock.services.clock import now_ms
from crossdock.store.connections import runs
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.runs import Run
from crossdock.store.database.engine import Database
from crossdock.sync.gate import ConnectionGate, SignInGates
from crossdock.sync.pull import SyncEngine
from crossdock.sync.run import sync


class Vendor:
    """A client whose pages have arrived: what is left is all that is ours to do."""

    def __init__(self, pages: Sequence[bytes]) -> None:
        self._pages = pages

    async def check(self) -> Account:
        return Account("memory")

    async def orders(self, walk: Walk) -> AsyncIterator[Page]:
        last = len(self._pages) - 1
        for number, body in enumerate(self._pages):
            records = Response(200, {}, body, "memory").json()["orders"]
            yield Page(records, None if number == last else number + 1, None, "uid")


async def synced(prepared: Prepared, pages: Sequence[bytes]) -> tuple[float, Run]:
    """Syncs the orders once: the seconds it took, and what it did."""
    async with prepared.opened() as database:
        return await _synced(database, prepared.connection, pages)


async def _synced(database: Database, connection: ConnectionRow, pages: Sequence[bytes]) -> tuple[float, Run]:
    @asynccontextmanager
    async def sign_in(
        _connection: ConnectionRow, _integration: Integration, _gate: ConnectionGate
    ) -> AsyncIterator[Client]:
        yield Vendor(pages)

    engine = SyncEngine(
        database=database, sign_in=sign_in, clock=now_ms, lookback=timedelta(days=30),
        most_record_bytes=1_048_576, gates=SignInGates(database, now_ms),
    )  # fmt: skip
    async with database.transaction() as transaction:
        await enqueue(
            transaction, kind="sync", connection_id=connection.id, function=ORDERS.function,
            cause="schedule", now_ms=now_ms(),
        )  # fmt: skip
    lease = await claim(database, "bench", now_ms)
    if lease is None:
        raise RuntimeError("the job that was just queued is not there")
    began = time.perf_counter()
    await sync(engine, lease, asyncio.Event())
    seconds = time.perf_counter() - began
    run = await runs.get(database, lease.job.id)
    if run is None or run.cursor is not None:
        raise RuntimeError(f"the sync did not complete: {run}")
    return seconds, run
