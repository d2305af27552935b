"""Reading a list and a record, against an app that only sends the same bytes."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench import servers
from bench.load import Job, body_of, loaded
from bench.orders import rows
from bench.results import Result, at_least
from bench.rounds import interleaved
from bench.run import Bench
from bench.servers import Server
from bench.stores import Prepared, Stores, add

AGAINST = "bare ASGI app, same bytes"
LIST, ONE = "/wms/orders?limit={}", "/wms/orders/order_00000000"


def run(bench: Bench) -> Iterator[Result]:
    for stores in bench.kinds:
        with stores.fresh() as prepared:
            add(prepared, rows(bench.scale.page))
            yield from _measured(bench, stores, prepared)


def _measured(bench: Bench, stores: Stores, prepared: Prepared) -> Iterator[Result]:
    page = bench.scale.page
    with servers.crossdock(prepared) as ours:
        paths = [LIST.format(page), ONE]
        files = [_kept(bench.folder, ours, path, prepared) for path in paths]
        with servers.other("bare", *map(str, files)) as bare:
            values = [(f"list of {page:,} orders", 0.6, 4), ("one order by id", 0.5, 16)]
            for number, (name, target, connections) in enumerate(values):
                jobs = [
                    Job(ours.port, paths[number], prepared.headers, connections, bench.scale.seconds),
                    Job(bare.port, f"/{number}", prepared.headers, connections, bench.scale.seconds),
                ]
                mine, theirs = interleaved(
                    bench.scale.rounds, partial(_rate, jobs[0]), partial(_rate, jobs[1])
                )  # fmt: skip
                yield at_least(
                    target, name=f"{name}, {stores.label}", against=AGAINST, ours=mine, theirs=theirs,
                    unit="requests/s",
                )  # fmt: skip


def _kept(folder: Path, server: Server, path: str, prepared: Prepared) -> Path:
    """The answer of a path, in a file."""
    file = folder / f"body-{server.port}-{abs(hash(path))}"
    file.write_bytes(body_of(server.port, path, prepared.headers))
    return file


def _rate(job: Job) -> float:
    """Requests a second."""
    return loaded(job).per_second
