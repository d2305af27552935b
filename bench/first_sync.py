"""A first sync through the real engine, against writing rows that are ready into the same table."""

import asyncio
import sqlite3
import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import asyncpg

from bench.engine import synced
from bench.orders import PAGE, raw_pages, rows
from bench.results import Result, at_least
from bench.rounds import interleaved
from bench.run import Bench
from bench.stores import COLUMNS, Stores
from crossdock.resources.wms.orders import ORDERS
from crossdock.store.database.postgres import numbered
from crossdock.store.database.sqlite import PRAGMAS, sqlite_path

INSERT = f"INSERT INTO {ORDERS.key} ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
Rows = list[tuple[Any, ...]]


def run(bench: Bench) -> Iterator[Result]:
    count = bench.scale.synced
    pages = raw_pages(count)
    ready_rows = [(row.id, *row.columns, row.raw_hash, row.said_hash, row.document) for row in rows(count)]
    chunks = [ready_rows[start : start + PAGE] for start in range(0, count, PAGE)]
    for stores in bench.kinds:
        mine, theirs = interleaved(
            bench.scale.rounds,
            partial(_ours, stores, pages, count),
            partial(_theirs, stores, chunks, count),
        )
        yield at_least(
            0.35, name=f"first sync of {count:,} orders, {stores.label}", against="executemany of ready rows",
            ours=mine, theirs=theirs, unit="records/s",
        )  # fmt: skip


def _ours(stores: Stores, pages: Sequence[bytes], count: int) -> float:
    """Records a second, from the vendor's bytes to the last commit."""
    with stores.fresh() as prepared:
        seconds, run = asyncio.run(synced(prepared, pages))
        if run.created != count:
            raise RuntimeError(f"wanted {count} new records, got {run}")
        return count / seconds


def _theirs(stores: Stores, chunks: Sequence[Rows], count: int) -> float:
    """Records a second; a transaction for as many rows as a page has, as above."""
    with stores.fresh() as prepared:
        full = [[(prepared.connection.id, *row) for row in chunk] for chunk in chunks]
        if prepared.url.startswith("sqlite:///"):
            return count / _into_sqlite(str(sqlite_path(prepared.url)), full)
        return count / asyncio.run(_into_postgres(prepared.url, full))


def _into_sqlite(file: str, chunks: Sequence[Rows]) -> float:
    database = sqlite3.connect(file, isolation_level=None)
    for pragma in PRAGMAS:
        database.execute(pragma)
    began = time.perf_counter()
    for chunk in chunks:
        database.execute("BEGIN IMMEDIATE")
        database.executemany(INSERT, chunk)
        database.execute("COMMIT")
    seconds = time.perf_counter() - began
    database.close()
    return seconds


async def _into_postgres(url: str, chunks: Sequence[Rows]) -> float:
    database = await asyncpg.connect(url)
    began = time.perf_counter()
    for chunk in chunks:
        async with database.transaction():
            await database.executemany(numbered(INSERT), chunk)
    seconds = time.perf_counter() - began
    await database.close()
    return seconds
