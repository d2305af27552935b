"""10,000 connections that are due within one hour: how many syncs a second 1, 2 and 4 workers do.

Each sync asks a vendor that answers from memory for one page of ten orders: what is measured is the queue,
the commits and the schedules. PostgreSQL, as SQLite has one writer whoever works.
"""

import asyncio
import logging
import multiprocessing
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from multiprocessing.synchronize import Barrier
from typing import Any

import msgspec
import structlog

from bench.engine import Vendor
from bench.orders import raw_orders
from bench.results import Result, at_least, at_most
from bench.run import Bench
from bench.stores import Prepared
from crossdock.jobs.execution import JobHandlers
from crossdock.jobs.worker import Work, Worker, WorkerLimits
from crossdock.kit.contract import Client
from crossdock.kit.registry import Integration
from crossdock.resources.wms.orders import ORDERS
from crossdock.services.clock import now_ms
from crossdock.store.connections import connections, schedules
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Database
from crossdock.store.database.factory import connect
from crossdock.store.database.secrets import Vault
from crossdock.store.jobs import queue
from crossdock.sync.gate import ConnectionGate, SignInGates
from crossdock.sync.pull import SyncEngine
from crossdock.sync.run import sync
from crossdock.sync.schedule import enqueue_due

WORKERS = (1, 2, 4)
ORDERS_EACH = 10
CONCURRENCY = 8


def run(bench: Bench) -> Iterator[Result]:
    if bench.postgres is None:
        return
    rates: dict[int, float] = {}
    for workers in WORKERS:
        with bench.postgres.fresh() as prepared:
            with bench.console.status(f"connecting {bench.scale.connections:,} systems"):
                asyncio.run(_connected(prepared, bench.scale.connections))
            rates[workers], spread = _measured(prepared, workers, bench.scale.connections)
        if workers == WORKERS[0]:
            yield at_most(
                1.0, name=f"{bench.scale.connections:,} connections due at once are all synced, 1 worker",
                against="the hour that they have", ours=spread, theirs=3600, unit="s",
            )  # fmt: skip
        else:
            yield at_least(
                0.9, name=f"{workers} workers, {bench.scale.connections:,} connections, PostgreSQL",
                against="1 worker", ours=rates[workers], theirs=rates[1], unit="syncs/s",
            )  # fmt: skip


async def _connected(prepared: Prepared, count: int) -> None:
    """So many connections, each with one schedule that is due."""
    async with prepared.opened() as database:
        vault = Vault(database, prepared.secret_key)
        sealed = await connections.seal(vault, prepared.connection, {})
        for begin in range(0, count, 1000):
            async with database.transaction() as transaction:
                for number in range(begin, min(begin + 1000, count)):
                    connection = replace(prepared.connection, uid=f"bench-{number}")
                    sealed_credentials = replace(sealed, token=f"ct_{number}")
                    stored = await connections.create(transaction, connection, sealed_credentials)
                    await schedules.create(transaction, stored.id, {ORDERS.function: 3600}, now_ms())


def _measured(prepared: Prepared, workers: int, count: int) -> tuple[float, float]:
    """Syncs a second, and the seconds until all were done."""
    context = multiprocessing.get_context("spawn")
    pages = [msgspec.json.encode({"orders": list(raw_orders(ORDERS_EACH))})]
    barrier = context.Barrier(workers + 1)
    processes = [
        context.Process(target=_worked, args=(prepared.url, pages, barrier), daemon=True)
        for _ in range(workers)
    ]
    for process in processes:
        process.start()
    barrier.wait(60)
    began = time.perf_counter()
    for process in processes:
        process.join()
    seconds = time.perf_counter() - began
    done = asyncio.run(_done(prepared))
    if done != count:
        raise RuntimeError(f"wanted {count} syncs, {done} were done")
    return count / seconds, seconds


async def _done(prepared: Prepared) -> int:
    async with prepared.opened() as database:
        row = await database.fetch_one("SELECT count(*) FROM schedules WHERE first_done_ms IS NOT NULL")
    return int(row[0]) if row else 0


def _worked(url: str, pages: Sequence[bytes], barrier: Barrier) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    asyncio.run(_work(url, pages, barrier))


async def _work(url: str, pages: Sequence[bytes], barrier: Barrier) -> None:
    database = await connect(url)
    await asyncio.to_thread(barrier.wait, 60)

    @asynccontextmanager
    async def sign_in(
        _connection: ConnectionRow, _integration: Integration, _gate: ConnectionGate
    ) -> AsyncIterator[Client]:
        yield Vendor(pages)

    engine = SyncEngine(
        database=database, sign_in=sign_in, clock=now_ms, lookback=timedelta(days=30),
        most_record_bytes=1_048_576, gates=SignInGates(database, now_ms),
    )  # fmt: skip
    work = Work(
        handling=JobHandlers(
            handlers={"sync": partial(sync, engine)}, broken=_ignored, stuck=_ignored, stuck_seconds=600
        ),
        tick=partial(_tick, database),
        next_due=partial(queue.next_ms, database),
        chores=[],
    )
    await Worker(database, work, WorkerLimits(CONCURRENCY), now_ms).drain()
    await database.close()


async def _tick(database: Database) -> int:
    return await enqueue_due(database, now_ms(), frozenset())


async def _ignored(*_: Any) -> None:
    raise RuntimeError("a sync broke")
