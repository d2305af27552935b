"""The last page of a long walk against its first one, by id and by date."""

import re
from collections.abc import Iterator
from urllib.parse import urlencode

from bench import servers
from bench.load import Timed, body_of
from bench.million import BEGIN, as_date
from bench.results import Result, at_most
from bench.rounds import interleaved
from bench.run import Bench
from bench.servers import Server
from bench.stores import Prepared

TIMES = 5
"""How often a page is read in a round."""
NEXT = re.compile(rb'"next_token":"([^"]+)"')
ORDERS = {"by id": {}, "by date": {"created_date[gte]": as_date(BEGIN)}}


def run(bench: Bench) -> Iterator[Result]:
    for stores in bench.kinds:
        prepared = bench.million(stores)
        with servers.crossdock(prepared) as server:
            for order, filters in ORDERS.items():
                number, deep = _walked(server, prepared, filters, bench.scale.page)
                first = _path({**filters, "limit": str(bench.scale.page)})
                mine, theirs = interleaved(
                    bench.scale.rounds * TIMES,
                    *(Timed(server.port, path, prepared.headers) for path in (deep, first)),
                )
                yield at_most(
                    1.2, name=f"page {number:,} of a walk {order}, {stores.label}", against="page 1 of it",
                    ours=mine * 1000, theirs=theirs * 1000, unit="ms",
                )  # fmt: skip


def _path(parameters: dict[str, str]) -> str:
    return f"/wms/orders?{urlencode(parameters)}"


def _walked(server: Server, prepared: Prepared, filters: dict[str, str], page: int) -> tuple[int, str]:
    """Walks to the last page that is full: its number, and its path."""
    number, path = 1, _path({**filters, "limit": str(page)})
    while True:
        match = NEXT.search(body_of(server.port, path, prepared.headers)[-10_000:])
        if match is None:
            return number, path
        extra_fields = {"limit": str(page), "page_token": match[1].decode()}
        number, path = number + 1, _path({**filters, **extra_fields})
