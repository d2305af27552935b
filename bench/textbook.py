"""Lists against the same lists written as a textbook would: FastAPI, pydantic, SQLAlchemy's ORM."""

import json
from collections.abc import Iterator
from functools import partial

from bench import servers
from bench.load import Job, body_of, loaded
from bench.orders import rows
from bench.results import Result, at_least
from bench.rounds import interleaved
from bench.run import Bench
from bench.servers import Server
from bench.stores import Prepared, add
from crossdock.store.database.sqlite import sqlite_path

CONNECTIONS = 4
AGAINST = "FastAPI + pydantic + SQLAlchemy ORM"


def run(bench: Bench) -> Iterator[Result]:
    with bench.sqlite.fresh() as prepared:
        add(prepared, rows(bench.scale.page))
        file = str(sqlite_path(prepared.url))
        with servers.crossdock(prepared) as ours, servers.other("textbook_app", file) as textbook:
            for limit in (bench.scale.page, bench.scale.page // 10):
                path = f"/wms/orders?limit={limit}"
                _check_same(ours, textbook, path, prepared)
                jobs = [
                    Job(server.port, path, prepared.headers, CONNECTIONS, bench.scale.seconds)
                    for server in (ours, textbook)
                ]
                mine, theirs = interleaved(
                    bench.scale.rounds, partial(_rate, jobs[0]), partial(_rate, jobs[1])
                )  # fmt: skip
                yield at_least(
                    25, name=f"list of {limit:,} orders, SQLite", against=AGAINST, ours=mine, theirs=theirs,
                    unit="requests/s",
                )  # fmt: skip


def _check_same(ours: Server, textbook: Server, path: str, prepared: Prepared) -> None:
    """Raises RuntimeError unless both answer with the same orders."""
    value, other_value = (
        json.loads(body_of(server.port, path, prepared.headers)) for server in (ours, textbook)
    )
    if [_known(order) for order in value["data"]] != [_known(order) for order in other_value["data"]]:
        raise RuntimeError("the textbook answers something else")


def _known(value: object) -> object:
    """Without members that are null: the textbook model also sends those that were not set at all."""
    if isinstance(value, dict):
        return {key: _known(item) for key, item in value.items() if item is not None}
    return [_known(item) for item in value] if isinstance(value, list) else value


def _rate(job: Job) -> float:
    """Requests a second."""
    return loaded(job).per_second
