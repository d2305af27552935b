"""Putting jobs into the queue, having them done, and waiting for it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from crossdock.jobs.queue import enqueue
from crossdock.jobs.worker import Worker
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.postgres import Postgres
from crossdock.store.states import JobKind


async def eventually(true: Callable[[], Any], seconds: float = 30) -> None:
    """Waits for what another task brings about."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is waited for knows nothing of us
            await asyncio.sleep(0.002)


@asynccontextmanager
async def at_work(worker: Worker) -> AsyncIterator[None]:
    running = asyncio.create_task(worker.run())
    yield
    worker.stop()
    await asyncio.wait_for(running, 30)


async def put_in(
    database: Database, connections: int, functions: int, now: int, *, kind: JobKind = "sync"
) -> None:
    async with database.transaction() as transaction:
        for connection in range(1, connections + 1):
            for number in range(functions):
                await enqueue(
                    transaction, kind=kind, connection_id=connection, cause="schedule", now_ms=now,
                    function=f"f{number}",
                )  # fmt: skip


class Counting:
    """A database that counts what its transactions touch: rows of a table, or a thousand steps on SQLite."""

    def __init__(self, inner: Any, table: str) -> None:
        self.inner = inner
        self.table = table
        self.touched = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        if not isinstance(self.inner, Postgres):
            self.inner._writer.set_progress_handler(self._step, 1000)
        async with self.inner.transaction() as transaction:
            yield transaction
            if isinstance(self.inner, Postgres):
                row = await transaction.fetch_one(
                    "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = ?",
                    self.table,
                )
                assert row is not None
                self.touched += row[0]

    def _step(self) -> int:
        self.touched += 1
        return 0
