"""A new caller beside thousands of connections that do not get on, against the same caller alone."""

import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from bench import servers
from bench.load import encoded
from bench.orders import rows
from bench.results import Result, at_most
from bench.rounds import interleaved
from bench.run import Bench
from bench.stores import add

PATH = "/wms/orders/order_00000000"
TARGET = 1.2
OPEN_FILES = 8192


def run(bench: Bench) -> Iterator[Result]:
    """The 99th percentile from opening a connection to the end of the answer."""
    _raise_open_files()
    idle, half_sent, calls = bench.scale.idle, bench.scale.half_sent, bench.scale.new_callers
    for stores in bench.kinds:
        with stores.fresh() as prepared, servers.crossdock(prepared) as server:
            add(prepared, rows(bench.scale.page))
            request = encoded(PATH, {**prepared.headers, "connection": "close"})
            _p99(server.port, request, calls)

            def beside(port: int = server.port, request: bytes = request) -> float:
                with _crowd(port, idle, half_sent):
                    return _p99(port, request, calls)

            alone = partial(_p99, server.port, request, calls)
            mine, theirs = interleaved(bench.scale.rounds, beside, alone)
            yield at_most(
                TARGET, name=f"a new caller beside {idle:,} idle and {half_sent:,} half-sent, {stores.label}",
                against="alone, p99", ours=mine * 1000, theirs=theirs * 1000, unit="ms",
            )  # fmt: skip


def _raise_open_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < OPEN_FILES <= hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, hard))


@contextmanager
def _crowd(port: int, idle: int, half_sent: int) -> Iterator[None]:
    """Connections kept alive after an answer, and some that sent a part of their headers."""
    with ExitStack() as stack:
        for number in range(idle + half_sent):
            current_socket = stack.enter_context(_connected(port))
            if number < idle:
                current_socket.sendall(encoded("/healthz", {}))
                current_socket.recv(4096)
            else:
                current_socket.sendall(encoded("/healthz", {})[:-2])
        yield


def _p99(port: int, request: bytes, calls: int) -> float:
    """Seconds."""
    numbers = sorted(_call(port, request) for _ in range(calls))
    return numbers[int(calls * 0.99)]


def _call(port: int, request: bytes) -> float:
    began = time.perf_counter()
    with _connected(port) as current_socket:
        current_socket.sendall(request)
        head = current_socket.recv(65_536)
        while current_socket.recv(65_536):
            pass
    if not head.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(f"wanted 200, got {head[:200]!r}")
    return time.perf_counter() - began


def _connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=60)
