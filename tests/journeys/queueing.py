"""Putting jobs into the queue, having them done, and waiting for it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from crossdock.jobs.queue import enqueue
from crossdock.jobs.worker import Worker
from crossdock.store.engine import Database


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
    database: Database, connections: int, functions: int, now: int, *, kind: str = "sync"
) -> None:
    async with database.transaction() as transaction:
        for connection in range(1, connections + 1):
            for number in range(functions):
                await enqueue(
                    transaction, kind=kind, connection_id=connection, cause="schedule", now_ms=now,
                    function=f"f{number}",
                )  # fmt: skip
