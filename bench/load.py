"""Load on an HTTP server: a few connections that are kept open, each with one request under way.

`python -m bench.load` is a process of its own, so that the server has its core to itself. It reads a
job as JSON from standard input and prints what it saw as JSON. Nothing but sockets: what it spends is
not to be what is measured.
"""

import http.client
import json
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

BUFFER = 1 << 20


@dataclass(frozen=True)
class Job:
    """What to ask for, and how hard."""

    port: int
    path: str
    headers: Mapping[str, str]
    connections: int = 4
    seconds: float = 2.0


@dataclass(frozen=True)
class Seen:
    requests: int
    seconds: float
    busy: float
    """Which part of the time this process computed: near 1 it, not the server, was the limit."""

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


def loaded(job: Job) -> Seen:
    """Runs a job in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"], input=json.dumps(asdict(job)), text=True, check=True,
        capture_output=True,
    )  # fmt: skip
    return Seen(**json.loads(done.stdout))


def body_of(port: int, path: str, headers: Mapping[str, str]) -> bytes:
    """What a server answers. Raises RuntimeError unless it is 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", path, headers=dict(headers))
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"wanted 200 of {path}, got {answer.status}: {body[:300]!r}")
    return body


class Connection:
    """One connection; requests go one after the other."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=120)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray(BUFFER)
        self._view = memoryview(self._buffer)
        self._missing = 0
        """Bytes of the answer that have not come yet; 0: its head has not."""

    def send(self, request: bytes) -> None:
        self.socket.sendall(request)

    def receive(self) -> bool:
        """Takes what has arrived; whether the answer is complete. Raises RuntimeError unless it is 200."""
        count = self.socket.recv_into(self._buffer)
        if count == 0:
            raise RuntimeError("the server closed the connection")
        if self._missing == 0:
            count -= self._head(count)
        self._missing -= count
        return self._missing == 0

    def _head(self, count: int) -> int:
        """Reads the head, which is taken to arrive at once; how long it is."""
        end = self._buffer.find(b"\r\n\r\n", 0, count) + 4
        head = bytes(self._view[:end]).lower()
        if end < 4 or not head.startswith(b"http/1.1 200"):
            raise RuntimeError(f"wanted 200, got {bytes(self._view[:300])!r}")
        self._missing = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        return end

    def get(self, request: bytes) -> float:
        """One request and its whole answer; seconds."""
        began = time.perf_counter()
        self.send(request)
        while not self.receive():
            pass
        return time.perf_counter() - began

    def close(self) -> None:
        self.socket.close()


class Timed:
    """Asks for one thing again and again on one connection; each call gives the seconds it took."""

    def __init__(self, port: int, path: str, headers: Mapping[str, str]) -> None:
        self._connection, self._request = Connection(port), encoded(path, headers)
        self()

    def __call__(self) -> float:
        return self._connection.get(self._request)

    def close(self) -> None:
        self._connection.close()


def encoded(path: str, headers: Mapping[str, str]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{lines}\r\n".encode()


def _load(job: Job) -> Seen:
    request = encoded(job.path, job.headers)
    waiting = selectors.DefaultSelector()
    open_connections = [Connection(job.port) for _ in range(job.connections)]
    for open_connection in open_connections:
        open_connection.get(request)
        waiting.register(open_connection.socket, selectors.EVENT_READ, open_connection)
    requests, began, computed = 0, time.perf_counter(), time.process_time()
    for open_connection in open_connections:
        open_connection.send(request)
    end = began + job.seconds
    while (now := time.perf_counter()) < end:
        for key, _ in waiting.select(1):
            if key.data.receive():
                requests += 1
                key.data.send(request)
    elapsed = now - began
    busy = (time.process_time() - computed) / elapsed
    for open_connection in open_connections:
        open_connection.close()
    return Seen(requests, elapsed, round(busy, 3))


def main() -> None:
    fields: dict[str, Any] = json.load(sys.stdin)
    json.dump(asdict(_load(Job(**fields))), sys.stdout)


if __name__ == "__main__":
    main()
