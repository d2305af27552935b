"""Servers in processes of their own: Crossdock as an operator starts it, and what it is compared with."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from bench.stores import Prepared

PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """One that answers."""

    port: int
    process: int
    began: float
    """When it was started, by `time.perf_counter`."""

    def resident_mb(self) -> float:
        """Memory that it holds, in MB of a million bytes."""
        shown = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(self.process)], capture_output=True, text=True, check=True
        )
        return int(shown.stdout) * 1024 / 1e6


@contextmanager
def crossdock(prepared: Prepared) -> Iterator[Server]:
    """`crossdock serve`, without rate limits: a benchmark would be refused at once."""
    settings = {
        "CROSSDOCK_DATABASE_URL": prepared.url, "CROSSDOCK_SECRET_KEY": prepared.secret_key,
        "CROSSDOCK_READS_PER_SECOND": "0", "CROSSDOCK_WRITES_PER_SECOND": "0",
        "CROSSDOCK_LOG_LEVEL": "warning",
    }  # fmt: skip
    port = free_port()
    with _started(["crossdock", "serve"], port, {**settings, "CROSSDOCK_PORT": str(port)}) as server:
        yield server


@contextmanager
def other(module: str, *arguments: str) -> Iterator[Server]:
    """A server of this package: `python -m bench.<module> PORT …`."""
    port = free_port()
    with _started([f"bench.{module}", str(port), *arguments], port, {}) as server:
        yield server


@contextmanager
def _started(module: Sequence[str], port: int, settings: Mapping[str, str]) -> Iterator[Server]:
    kept_values = {name: value for name, value in os.environ.items() if not name.startswith("CROSSDOCK_")}
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", *module], env={**kept_values, **settings}, stdout=subprocess.DEVNULL
    )
    try:
        _wait(port, process)
        yield Server(port, process.pid, began)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Returns once the port answers. Raises RuntimeError when the process ends or takes too long."""
    end = time.perf_counter() + PATIENCE_SECONDS
    while time.perf_counter() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with status {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.005)
            continue
        return
    raise RuntimeError(f"{process.args!r} does not answer after {PATIENCE_SECONDS} s")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
