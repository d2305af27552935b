"""Callers that hold connections and do not get on: idle ones, half-sent headers, bodies that stall."""

import resource
import socket
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

OPEN_FILES = 6000
"""What a crowd of some thousands needs in the process that makes it."""


def raise_open_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < OPEN_FILES <= hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, hard))


@dataclass
class Crowd:
    """Connections to a server of this machine, held until the end of the block."""

    port: int
    stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> "Crowd":
        raise_open_files()
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def connected(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        self.stack.callback(connection.close)
        return connection

    def idle(self, count: int) -> list[socket.socket]:
        """Kept alive after an answer."""
        idles = [self.connected() for _ in range(count)]
        for idle in idles:
            idle.sendall(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
            assert idle.recv(4096).startswith(b"HTTP/1.1 200 ")
        return idles

    def silent(self, count: int) -> list[socket.socket]:
        return [self.connected() for _ in range(count)]

    def half_sent(self, count: int) -> list[socket.socket]:
        """The headers of a request, but for their end."""
        sockets = [self.connected() for _ in range(count)]
        for current_socket in sockets:
            current_socket.sendall(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-slow: ")
        return sockets

    def stalled(self, count: int, path: str, headers: dict[str, str]) -> list[socket.socket]:
        """A body of which the first byte came."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 900\r\n{lines}\r\n{{"
        sockets = [self.connected() for _ in range(count)]
        for current_socket in sockets:
            current_socket.sendall(head.encode())
        return sockets


def seconds_until_ended(current_socket: socket.socket, longest: float = 30) -> tuple[float, bytes]:
    """How long until the server closes a connection, and what it says before."""
    began, content = time.monotonic(), b""
    current_socket.settimeout(longest)
    with suppress(ConnectionResetError):
        while part := current_socket.recv(65_536):
            content += part
    return time.monotonic() - began, content


def is_open(current_socket: socket.socket) -> bool:
    """Whether the server keeps this connection, and has said nothing on it."""
    current_socket.setblocking(False)
    try:
        current_socket.recv(1)
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False
    return False


def latencies(port: int, path: str, headers: dict[str, str], count: int) -> list[float]:
    """Seconds from opening a connection to the end of its answer, of callers one after the other; sorted."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    request = f"GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{lines}\r\n".encode()
    numbers = []
    for _ in range(count):
        began = time.perf_counter()
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            connection.sendall(request)
            content = b""
            while part := connection.recv(65_536):
                content += part
        numbers.append(time.perf_counter() - began)
        assert content.startswith(b"HTTP/1.1 200 "), content[:200]
    return sorted(numbers)
