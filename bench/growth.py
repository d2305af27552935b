"""What a record costs in a connection of 10,000 records, and in one a thousand times as large.

Each size holds the orders of `million`, of about 3 kB each. Measured on it: a sync that brings new orders,
a sync that finds the same ones unchanged, and a page in the middle.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from statistics import median

from bench import servers
from bench.engine import synced
from bench.load import Timed
from bench.million import million
from bench.orders import raw_pages
from bench.results import Result, at_most
from bench.run import Bench
from bench.stores import Prepared, Stores

BROUGHT = 2_000
"""Orders that a sync brings, and that it then finds unchanged."""
TARGET = 1.5


def run(bench: Bench) -> Iterator[Result]:
    sizes = [size for size in (10_000, 100_000, 1_000_000, 10_000_000) if size <= bench.scale.grown]
    sizes = sizes or [bench.scale.grown, bench.scale.grown * 2]
    pages = raw_pages(min(BROUGHT, sizes[0]))
    for stores in bench.kinds:
        smallest = None
        for size in sizes:
            with bench.console.status(f"growing to {size:,} orders on {stores.label}"):
                costs = _costs(bench, stores, size, pages)
            smallest = smallest or costs
            for name, cost in costs.items():
                yield at_most(
                    TARGET, name=f"{name}, {size:,} orders, {stores.label}",
                    against=f"the same at {sizes[0]:,}", ours=cost, theirs=smallest[name], unit="µs/record",
                )  # fmt: skip


def _costs(bench: Bench, stores: Stores, size: int, pages: Sequence[bytes]) -> dict[str, float]:
    """Microseconds a record of each thing that is done."""
    with stores.fresh() as prepared:
        million(prepared, size)
        with servers.crossdock(prepared) as server:
            path = f"/wms/orders?limit={bench.scale.page}&created_date[gte]=2024-06-01T00:00:00Z"
            read = Timed(server.port, path, prepared.headers)
            read()
            page = median(read() for _ in range(bench.scale.rounds * 5))
        brought = _synced(prepared, pages)
        unchanged = median(_synced(prepared, pages) for _ in range(bench.scale.rounds))
    count = sum(1 for page in pages) * 250
    return {
        "a page from the middle": page / bench.scale.page * 1e6,
        "a sync of new orders": brought / count * 1e6,
        "a sync of unchanged orders": unchanged / count * 1e6,
    }


def _synced(prepared: Prepared, pages: Sequence[bytes]) -> float:
    """Seconds."""
    began = time.perf_counter()
    asyncio.run(synced(prepared, pages))
    return time.perf_counter() - began
