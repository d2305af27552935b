"""A running Crossdock to test over HTTP: one server and worker per database for a whole test run.

Tests share it and stay out of each other's way by being organizations of their own:

    house = server.organization("wms")           an organization, its key, and a synced sandbox warehouse
    house.get("/wms/orders", limit="2")          the answer to a request with its key and that sandbox's token
"""

import asyncio
import threading
import time
import uuid
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec
import pytest

from crossdock.config import Settings
from crossdock.services.application import application
from crossdock.services.open import open_services
from crossdock.services.server import serve
from crossdock.services.wiring import Services
from crossdock.store.connections import access
from crossdock.store.database.migrate import migrate
from crossdock.store.database.secrets import new_secret_key
from crossdock.store.records.packing import unpacked_bodies
from crossdock.web.dependencies import Dependencies
from tests.conftest import apart, copied, on_server, run_sql, unsynced
from tests.ports import free_port

Made = TypeVar("Made")
Json = dict[str, Any]

METRICS_TOKEN = "for-prometheus"
LONGEST_SECONDS = 60.0
"""What one thing that a test waits for may take, on a busy machine."""


@dataclass
class Organization:
    """A customer of ours: a key, and a connection of each type that it uses."""

    url: str
    http: httpx.Client
    id: str
    key: str
    tokens: dict[str, str] = field(default_factory=dict)
    uids: dict[str, str] = field(default_factory=dict)

    def headers(self, kind: str | None = None) -> dict[str, str]:
        """The key, and the token of the connection of a type."""
        fields = {"x-trackstar-api-key": self.key}
        return fields | ({"x-trackstar-access-token": self.tokens[kind]} if kind else {})

    def ask(self, method: str, path: str, /, kind: str | None = "", **extra_fields: Any) -> httpx.Response:
        """The answer. kind: whose token is sent; by default that of the path's first part, None: none."""
        if kind == "":
            kind = path.split("/")[1] if path.split("/")[1] in self.tokens else None
        return self.http.request(method, f"{self.url}{path}", headers=self.headers(kind), **extra_fields)

    def get(self, path: str, /, kind: str | None = "", **query: str) -> httpx.Response:
        return self.ask("GET", path, kind, params=query)

    def list(self, path: str, /, **query: str) -> list[Json]:
        """The records of a page."""
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        data: list[Json] = answer.json()["data"]
        return data

    def one(self, path: str, /, **query: str) -> Json:
        """One record."""
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        data: Json = answer.json()["data"]
        return data

    def connection(self, kind: str) -> Json:
        """What GET /connections shows of the connection of a type."""
        data: Json = self.get(f"/connections/{self.uids[kind]}").json()["data"]
        return data

    def add_sandbox(self, kind: str) -> None:
        """Makes a sandbox, or fills it anew; returns when it has synced."""
        response = self.ask("POST", f"/sandbox/generate-sandbox/{kind}", None)
        assert response.status_code == 200, response.text
        self.tokens[kind], self.uids[kind] = response.json()["access_token"], response.json()["connection_id"]
        self.wait_for_sync(kind)

    def wait_for_sync(self, kind: str) -> None:
        """Returns when every function has synced at least once, and nothing is under way."""
        until(lambda: _is_quiet(self.connection(kind)))


def _is_quiet(connection: Json) -> bool:
    failed = [
        sync_schedule["function_name"]
        for sync_schedule in connection["sync_schedules"]
        if sync_schedule["sync_status"] == "error"
    ]
    assert not failed, f"syncing failed: {failed}"
    running = any(sync_schedule["in_progress"] for sync_schedule in connection["sync_schedules"])
    return all(connection["historical_sync_completed"].values()) and not running


def until(true: Any) -> None:
    """Waits for what another process or thread brings about."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while not true():
        assert time.monotonic() < deadline, "what was waited for did not happen"
        time.sleep(0.02)


@dataclass
class Server:
    """A server and its worker, in a thread of their own."""

    url: str
    services: Services
    door: Dependencies
    loop: asyncio.AbstractEventLoop
    http: httpx.Client

    def do(self, work: Coroutine[Any, Any, Made]) -> Made:
        """Runs a coroutine where the server runs: for a look into its database."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(LONGEST_SECONDS)

    def key(self, organization: str, *, read_only: bool = False) -> tuple[str, str]:
        """Another key of an organization: its id, and the key."""
        key = access.create_key(
            self.services.database, organization, name="test", read_only=read_only,
            now_ms=self.services.clock(),
        )  # fmt: skip
        return self.do(key)

    def organization(self, *kinds: str) -> Organization:
        """A new organization with synced sandboxes of these types."""
        database, now = self.services.database, self.services.clock()
        text = self.do(access.create_organization(database, "Test", now))
        organization = Organization(self.url, self.http, text, self.key(text)[1])
        for kind in kinds:
            organization.add_sandbox(kind)
        return organization

    def events(self, organization: Organization, kind: str) -> list[Json]:
        """The bodies of the events of the connection of a type so far; an encrypted one is only named."""
        database = self.services.database
        rows = self.do(
            database.fetch(
                "SELECT e.type, e.sealed, e.body FROM events e JOIN connections c ON c.id = e.connection_id "
                "WHERE c.uid = ? ORDER BY e.seq",
                organization.uids[kind],
            )
        )
        bodies = self.do(unpacked_bodies(database, [(row[2], bool(row[1])) for row in rows]))
        return [
            {"event_type": row[0]} if row[1] else msgspec.json.decode(body)
            for row, body in zip(rows, bodies, strict=True)
        ]

    def last_run(self, organization: Organization, kind: str, function: str) -> Json:
        """The counts of the last sync of a function."""
        names = ("job_id", "created", "updated", "unchanged", "gone", "quarantined")
        look = self.services.database.fetch_one(
            f"SELECT r.{', r.'.join(names)} FROM runs r JOIN connections c ON c.id = r.connection_id "
            "WHERE c.uid = ? AND r.function = ? ORDER BY r.job_id DESC LIMIT 1",
            organization.uids[kind], function,
        )  # fmt: skip
        row = self.do(look)
        assert row is not None
        return dict(zip(names, row, strict=True))

    def synced(self, organization: Organization, kind: str, function: str) -> Json:
        """The counts of a sync that is asked for over HTTP and waited for."""
        before = self.last_run(organization, kind, function)["job_id"]
        response = organization.ask("POST", "/connections/sync", kind, json={"functions_to_sync": [function]})
        assert response.status_code == 200, response.text
        until(lambda: self.last_run(organization, kind, function)["job_id"] != before)
        organization.wait_for_sync(kind)
        return self.last_run(organization, kind, function)

    @contextmanager
    def beside(self, **settings: Any) -> Iterator[str]:
        """The URL of a second server on the same database, with other settings."""
        fields = {"port": free_port()} | settings
        services = replace(self.services, settings=replace(self.services.settings, **fields))
        started, ended = threading.Event(), threading.Event()
        serving = asyncio.run_coroutine_threadsafe(_serving(services, started, ended), self.loop)
        try:
            assert started.wait(LONGEST_SECONDS)
            yield services.settings.url
        finally:
            serving.cancel()
            assert ended.wait(LONGEST_SECONDS)


async def _serving(services: Services, started: threading.Event, ended: threading.Event) -> None:
    listening = asyncio.Event()
    task = asyncio.create_task(serve(services.settings, application(services.dependencies()), listening))
    try:
        await listening.wait()
        started.set()
        await task
    finally:
        task.cancel()
        await asyncio.wait({task})
        ended.set()


@contextmanager
def running(database_url: str, folder: Path, **settings: Any) -> Iterator[Server]:
    """A server and a worker on a migrated database, without rate limits unless the settings have some."""
    setting = Settings(
        data_dir=str(folder), database_url=database_url, port=free_port(), secret_key=new_secret_key(),
        allowed_addresses="127.0.0.0/8", disabled_functions="none", reads_per_second=0, writes_per_second=0,
        strangers_per_second=0, metrics_token=METRICS_TOKEN,
    )  # fmt: skip
    loop, stop, event = asyncio.new_event_loop(), asyncio.Event(), threading.Event()
    pairs: list[tuple[Services, Dependencies]] = []

    async def live() -> None:
        async with AsyncExitStack() as stack:
            services = await stack.enter_async_context(open_services(replace(setting, **settings)))
            worker, listening = services.worker(), asyncio.Event()
            working = asyncio.create_task(worker.run())
            door = services.dependencies(worker.wake)
            serving = asyncio.create_task(serve(services.settings, application(door), listening))
            await asyncio.wait(
                {serving, asyncio.create_task(listening.wait())}, return_when=asyncio.FIRST_COMPLETED
            )
            pairs.append((services, door))
            event.set()
            await stop.wait()
            worker.stop()
            serving.cancel()
            await asyncio.wait({working, serving})

    thread = threading.Thread(target=loop.run_until_complete, args=(live(),), name="crossdock")
    thread.start()
    try:
        assert event.wait(LONGEST_SECONDS)
        with httpx.Client(timeout=LONGEST_SECONDS) as http:
            services, door = pairs[0]
            yield Server(services.settings.url, services, door, loop, http)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(LONGEST_SECONDS)
        loop.close()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on each kind of database, for all tests of a run. Its data belong to organizations."""
    folder = tmp_path_factory.mktemp("crossdock")
    if request.param == "sqlite":
        url = f"sqlite:///{folder / 'crossdock.db'}"
        apart(migrate(url))
        with running(url, folder) as started:
            yield started
        return
    postgres: str = request.getfixturevalue("postgres_server")
    template: str = request.getfixturevalue("postgres_template")
    name = f"crossdock_test_{uuid.uuid4().hex[:12]}"
    apart(run_sql(postgres, copied(name, template)))
    apart(run_sql(postgres, unsynced(name)))
    with running(on_server(postgres, name), folder) as started:
        yield started
    apart(run_sql(postgres, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def house(server: Server) -> Organization:
    """An organization with all three sandboxes, for tests that only read."""
    return server.organization("wms", "cart", "carrier")


@pytest.fixture(scope="module")
def empty_postgres(postgres_server: str) -> Iterator[str]:
    """The URL of a database that was just made."""
    name = f"crossdock_test_{uuid.uuid4().hex[:12]}"
    apart(run_sql(postgres_server, f"CREATE DATABASE {name}"))
    apart(run_sql(postgres_server, unsynced(name)))
    yield on_server(postgres_server, name)
    apart(run_sql(postgres_server, f"DROP DATABASE {name} WITH (FORCE)"))
