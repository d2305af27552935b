"""An answer that did not need the body: the connection goes on, or the answer says that it ends."""

import http.client
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from crossdock.store.database.migrate import migrate
from tests.conftest import apart
from tests.journeys.server import Server, running

REFUSED = [
    ("POST", "/wms/orders", 401), ("POST", "/connections", 405), ("PUT", "/nowhere", 404),
    ("POST", "/api/v1/app", 401), ("POST", "/account/totp/enrol", 401), ("POST", "/link/token", 401),
]  # fmt: skip
"""Requests that are answered by their head alone, in each API."""
TIMES = 30
BODY = b'{"name": "of no use"}'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """On one kind of database: this is about what comes before it."""
    folder = tmp_path_factory.mktemp("kept")
    url = f"sqlite:///{folder / 'crossdock.db'}"
    apart(migrate(url))
    with running(url, folder) as started:
        yield started


@contextmanager
def connected(server: Server) -> Iterator[socket.socket]:
    port = int(server.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield connection


def begin(connection: socket.socket, method: str, path: str, more: str = "") -> None:
    """Send the head of a request with a body."""
    head = f"{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(BODY)}\r\n{more}"
    connection.sendall(f"{head}content-type: application/json\r\n\r\n".encode())


def answered(connection: socket.socket, method: str) -> http.client.HTTPResponse:
    answer = http.client.HTTPResponse(connection, method=method)
    answer.begin()
    answer.read()
    return answer


@pytest.mark.parametrize(("method", "path", "status"), REFUSED)
def test_a_body_that_comes_right_after_its_head_leaves_the_connection_as_it_was(
    server: Server, method: str, path: str, status: int
):
    with connected(server) as connection:
        for _ in range(TIMES):
            begin(connection, method, path)
            time.sleep(0.005)  # the answer was made by now, if it does not wait for the body
            connection.sendall(BODY)
            answer = answered(connection, method)
            assert (answer.status, answer.getheader("connection")) == (status, None)
        begin(connection, "POST", "/connections")
        connection.sendall(BODY)
        assert answered(connection, "POST").status == 405


@pytest.mark.parametrize("more", ["", "expect: 100-continue\r\n"])
def test_an_answer_without_the_body_says_that_the_connection_ends(server: Server, more: str):
    with connected(server) as connection:
        began = time.monotonic()
        begin(connection, "POST", "/wms/orders", more)
        answer = answered(connection, "POST")
        assert (answer.status, answer.getheader("connection")) == (401, "close")
        assert time.monotonic() - began < 8
        assert connection.recv(1) == b""
