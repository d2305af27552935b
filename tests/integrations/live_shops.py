"""Real shops to test against: installed and seeded once per machine, started on a copy of their data.

    ../shared/peers/<shop>/setup.sh ── cache folder, database as a template ── copy ── server on a free port

The cache is outside the checkout (CROSSDOCK_PEERS_DIR). A template that is gone, as on a new PostgreSQL
server, is made anew. Whoever comes while it is made waits.
"""

import asyncio
import fcntl
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests.conftest import apart, on_server, run_sql
from tests.ports import free_port

INSTALL_SECONDS = 1200
START_SECONDS = 120


class ShopDidNotStart(Exception):
    """The set-up script or the server failed; the message ends with its last words."""


@dataclass(frozen=True)
class ShopKind:
    """How a shop is installed and started: a folder below `peers`, and what its server wants."""

    name: str
    start: tuple[str, ...]
    """The command of its server; `{port}` is filled in."""
    database_variable: str
    port_variable: str
    markers: tuple[str, ...]
    """Files of the installation that say that the database is filled: gone with it."""
    environment: tuple[tuple[str, str], ...] = ()


VENDURE = ShopKind(
    "vendure", ("node", "server.js"), "VENDURE_DB_URI", "VENDURE_PORT", ("populated", "api-key")
)
MEDUSA = ShopKind(
    "medusa",
    ("node", "node_modules/.bin/medusa", "start", "--host", "127.0.0.1", "--port", "{port}"),
    "MEDUSA_DB_URI",
    "MEDUSA_PORT",
    ("migrated", "api-key"),
    (("NODE_ENV", "production"), ("MEDUSA_DISABLE_TELEMETRY", "1")),
)


@dataclass(frozen=True)
class LiveShop:
    """A running shop. ready: what its set-up printed, by name: user, password, keys."""

    url: str
    ready: dict[str, str]
    folder: Path
    log: Path


def cache_folder() -> Path:
    """The folder that outlives test runs."""
    elsewhere = os.environ.get("CROSSDOCK_PEERS_DIR")
    return Path(elsewhere) if elsewhere else Path.home() / ".cache" / "crossdock" / "peers"


def begin_to_install(peer: Path) -> None:
    """Have another process fetch the packages while other tests run; `installed_shop` does the rest.

    What takes long is npm. The database comes later: its server may not have been started yet.
    """
    folder = cache_folder() / peer.name
    if not (folder / "ready.txt").exists():
        subprocess.Popen(
            [sys.executable, "-m", __name__, str(peer)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )


def fetch_packages(peer: Path) -> None:
    """Fill the cache of npm with the packages of a shop, in a folder of its own."""
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f".{peer.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = cache / peer.name
        if (folder / "node_modules" / ".peer-package.json").exists():
            return
        folder.mkdir(exist_ok=True)
        (folder / "package.json").write_bytes((peer / "package.json").read_bytes())
        command = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=INSTALL_SECONDS, check=False)
        if not done.returncode:
            marker = folder / "node_modules" / ".peer-package.json"
            marker.write_bytes((peer / "package.json").read_bytes())


def template_of(kind: ShopKind) -> str:
    """The name of the database that copies are made of."""
    return f"crossdock_peer_{kind.name}"


def installed_shop(kind: ShopKind, peer: Path, postgres_server: str) -> dict[str, str]:
    """Install the shop where it is not, and fill its template. What its set-up printed.

    Raises ShopDidNotStart.
    """
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f".{kind.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ready = cache / kind.name / "ready.txt"
        if ready.exists() and apart(_has_database(postgres_server, template_of(kind))):
            return _values(ready.read_text())
        text = _install(kind, peer, cache, postgres_server)
        ready.write_text(text)
        return _values(text)


def _install(kind: ShopKind, peer: Path, cache: Path, postgres_server: str) -> str:
    """Run the set-up on an empty database. The line that it ends with."""
    for marker in kind.markers:
        (cache / kind.name / marker).unlink(missing_ok=True)
    name = template_of(kind)
    apart(run_sql(postgres_server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    apart(run_sql(postgres_server, f"CREATE DATABASE {name}"))
    environment = _environment(kind, on_server(postgres_server, name), free_port())
    try:
        done = subprocess.run(
            [str(peer / "setup.sh"), str(cache)],
            env=environment, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise ShopDidNotStart(f"{kind.name}: the set-up took more than {INSTALL_SECONDS} s") from None
    subprocess.run([str(peer / "stop.sh"), str(cache)], check=False, capture_output=True)
    line = next((line for line in done.stdout.splitlines() if line.startswith("READY ")), "")
    if done.returncode or not line:
        apart(run_sql(postgres_server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        raise ShopDidNotStart(f"{kind.name}: the set-up failed: {(done.stderr or done.stdout)[-1500:]}")
    return line


@contextmanager
def running_shop(
    kind: ShopKind, peer: Path, postgres_server: str, at: Path, project: Path | None = None
) -> Iterator[LiveShop]:
    """A server of its own on a copy of the seeded data. It ends with the block. at: the folder of its log.

    project: the folder that it is started in; None: where it was installed. Raises ShopDidNotStart.
    """
    ready = installed_shop(kind, peer, postgres_server)
    database = f"{template_of(kind)}_{uuid.uuid4().hex[:8]}"
    apart(_copied(postgres_server, template_of(kind), database))
    port, folder, log = free_port(), project or cache_folder() / kind.name, at / f"{kind.name}.log"
    environment = _environment(kind, on_server(postgres_server, database), port)
    command = [part.format(port=port) for part in kind.start]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _wait_until_up(process, port, log)
        yield LiveShop(f"http://127.0.0.1:{port}", ready, folder, log)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        apart(run_sql(postgres_server, f"DROP DATABASE IF EXISTS {database} WITH (FORCE)"))


def _environment(kind: ShopKind, database_url: str, port: int) -> dict[str, str]:
    variables = {
        kind.database_variable: database_url,
        kind.port_variable: str(port),
        **dict(kind.environment),
    }
    root = {"VENDURE_ROOT": str(cache_folder() / kind.name)} if kind is VENDURE else {}
    return os.environ | variables | root


def _wait_until_up(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                return
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
    raise ShopDidNotStart(f"the server did not start: {log.read_text(errors='replace')[-2000:]}")


async def _has_database(server: str, name: str) -> bool:
    connection = await asyncpg.connect(server)
    try:
        return bool(await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name))
    finally:
        await connection.close()


async def _copied(server: str, template: str, name: str) -> None:
    """A copy; somebody else may copy at this moment, which PostgreSQL takes for a use of the template."""
    for attempt in range(100):
        try:
            await run_sql(server, f"CREATE DATABASE {name} TEMPLATE {template}")
        except asyncpg.ObjectInUseError:
            if attempt == 99:
                raise
            await asyncio.sleep(0.1)
        else:
            return


def _values(line: str) -> dict[str, str]:
    return dict(re.findall(r"(\S+?)=(\S+)", line))


if __name__ == "__main__":
    fetch_packages(Path(sys.argv[1]))
