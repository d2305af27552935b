"""What a server needs before it does anything: memory, and time to its first answers."""

import time
from collections.abc import Callable, Iterator
from statistics import median

from bench import servers
from bench.load import body_of
from bench.orders import rows
from bench.results import Result, at_most
from bench.run import Bench
from bench.stores import Prepared, add

MOST_MB, MOST_SECONDS = 200, 3


def run(bench: Bench) -> Iterator[Result]:
    for stores in bench.kinds:
        with stores.fresh() as prepared:
            add(prepared, rows(bench.scale.page))
            _start(prepared, 0)  # the first start compiles
            starts = [_start(prepared, bench.scale.idle_seconds) for _ in range(bench.scale.rounds)]
            healthy, listed, idle = (median(values) for values in zip(*starts, strict=True))
            yield _within(MOST_SECONDS, f"process start to /healthz, {stores.label}", healthy, "s")
            yield _within(MOST_SECONDS, f"process start to a first list, {stores.label}", listed, "s")
            yield _within(MOST_MB, f"memory of an idle server, {stores.label}", idle, "MB")


def _start(prepared: Prepared, idle_seconds: float) -> tuple[float, float, float]:
    """Seconds to the first two answers, and MB held a while after them."""
    with servers.crossdock(prepared) as server:

        def since(ask: Callable[[], object]) -> float:
            ask()
            return time.perf_counter() - server.began

        healthy = since(lambda: body_of(server.port, "/healthz", {}))
        listed = since(lambda: body_of(server.port, "/wms/orders", prepared.headers))
        time.sleep(idle_seconds)
        return healthy, listed, server.resident_mb()


def _within(largest_seconds: float, name: str, value: float, unit: str) -> Result:
    return at_most(
        1, name=name, against=f"{largest_seconds} {unit}", ours=value, theirs=largest_seconds, unit=unit
    )
