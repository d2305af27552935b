"""A sync that finds nothing new, against dlt merging the same records into the same kind of database."""

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bench.engine import synced
from bench.orders import raw_pages
from bench.results import Result, at_least
from bench.rounds import interleaved
from bench.run import Bench
from bench.stores import Prepared
from crossdock.kit.responses import Response


def run(bench: Bench) -> Iterator[Result]:
    count = bench.scale.resynced
    pages = raw_pages(count)
    # SQLite only: for PostgreSQL dlt wants a driver that is not among what the benchmarks install.
    for nesting, name in ((0, "dlt merge, nested parts as JSON"), (None, "dlt merge, as it comes")):
        folder = bench.folder / f"dlt-{nesting}"
        folder.mkdir()
        with bench.sqlite.fresh() as prepared:
            asyncio.run(synced(prepared, pages))
            _merged(folder, pages, nesting, count)
            mine, theirs = interleaved(
                bench.scale.rounds,
                partial(_unchanged, prepared, pages, count),
                partial(_merged, folder, pages, nesting, count),
            )
        yield at_least(
            10, name=f"unchanged re-sync of {count:,} orders, SQLite", against=name,
            ours=mine, theirs=theirs, unit="records/s",
        )  # fmt: skip


def _unchanged(prepared: Prepared, pages: Sequence[bytes], count: int) -> float:
    """Records a second."""
    seconds, run = asyncio.run(synced(prepared, pages))
    if run.unchanged != count:
        raise RuntimeError(f"wanted {count} unchanged records, got {run}")
    return count / seconds


def _merged(folder: Path, pages: Sequence[bytes], nesting: int | None, count: int) -> float:
    """Records a second of one dlt run over all pages."""
    # Nothing may leave this machine, and nothing may stay in the home folder.
    os.environ |= {
        "RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "CRITICAL", "DLT_DATA_DIR": str(folder),
    }  # fmt: skip
    import dlt

    pipeline = dlt.pipeline(
        "bench", pipelines_dir=str(folder), dataset_name="main",
        destination=dlt.destinations.sqlalchemy(f"sqlite:///{folder / 'merged.db'}"),
    )  # fmt: skip

    @dlt.resource(name="orders", write_disposition="merge", primary_key="uid", max_table_nesting=nesting)
    def orders() -> Iterator[list[dict[str, Any]]]:
        for body in pages:
            yield Response(200, {}, body, "memory").json()["orders"]

    began = time.perf_counter()
    pipeline.run(orders())
    return count / (time.perf_counter() - began)
