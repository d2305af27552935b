"""The database is down, read-only, full, or breaks off in the middle of a commit. Nothing is half done."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx
import pytest
from aiohttp import web
from structlog.testing import capture_logs
from typer.testing import CliRunner

from crossdock.cli.doctor import examine
from crossdock.cli.main import app as command_line
from crossdock.errors import Unavailable
from crossdock.services.application import application
from crossdock.services.clock import now_ms
from crossdock.store.connections import access, connections
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.migrate import migrate
from crossdock.store.database.sqlite import SQLite
from tests.conftest import run_sql
from tests.emptied import empty
from tests.fakes.lossy import LossyLine
from tests.fakes.vendor import Behaviour, FakeVendor
from tests.journeys.conftest import World, order

Answer = httpx.Response


@pytest.fixture
async def line(postgres_server: str) -> AsyncIterator[LossyLine]:
    """What lies between Crossdock and PostgreSQL."""
    parts = urlsplit(postgres_server)
    async with LossyLine(parts.hostname or "", parts.port or 5432) as open_line:
        yield open_line


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path, line: LossyLine) -> str:
    """An empty database of each kind; PostgreSQL's lies at the end of the lossy line."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'crossdock.db'}"
        await migrate(url)
        return url
    straight: str = request.getfixturevalue("emptied_postgres")
    await empty(straight)
    parts = urlsplit(straight)
    if parts.hostname is None:
        pytest.skip("this PostgreSQL listens at no port")
    user = f"{parts.username}@" if parts.username else ""
    return urlunsplit(parts._replace(netloc=f"{user}127.0.0.1:{line.port}"))


postgres = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Client:
    """Calls the API of a world."""

    def __init__(self, http: httpx.AsyncClient, key: str, token: str) -> None:
        self._http = http
        self._headers = {"x-trackstar-api-key": key, "x-trackstar-access-token": token}

    async def ask(self, method: str, path: str, **extra_fields: Any) -> Answer:
        return await self._http.request(method, path, headers=self._headers, **extra_fields)


@asynccontextmanager
async def client(world: World, connection: ConnectionRow) -> AsyncIterator[Client]:
    database, vault = world.services.database, world.services.vault
    _, key = await access.create_key(
        database, world.organization, name="k", read_only=False, now_ms=world.clock()
    )
    token = await connections.token(database, vault, connection)
    transport = httpx.ASGITransport(application(world.services.dependencies()))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        yield Client(http, key, token)


def is_unavailable(answer: Answer, text: str) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.json() == {"error": text, "origin": "trackstar"}
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["x-request-id"]


async def the_store_is_the_vendor(world: World, connection: ConnectionRow) -> None:
    """What is stored is what the vendor holds; its changes were told one after the other, each once."""
    held = {fields["id"]: fields["total"] for fields in world.vendor.collections["orders"]}
    documents = await world.documents(connection)
    assert {key: f"{document['total_price']:.2f}" for key, document in documents.items()} == held
    updates = await world.events(connection, "order.updated")
    last: dict[str, Decimal] = {}
    for update in updates:
        record, before = update["data"], update["previous_attributes"]["total_price"]
        assert last.setdefault(record["id"], before) == before != record["total_price"]
        last[record["id"]] = record["total_price"]
    assert last == {key: documents[key]["total_price"] for key in last}
    changed = [entry for entry in await world.history(connection) if entry[0] == "wms_orders"]
    assert len(changed) == len(updates)


def change_all(world: World, total: str) -> None:
    for fields in world.vendor.collections["orders"]:
        world.change("orders", fields["id"], total=total)


# Down


@postgres
async def test_while_the_database_is_down_the_api_says_so_and_afterwards_it_works_again(
    world: World, line: LossyLine
):
    connection = await world.connect()
    async with client(world, connection) as api:
        await line.cut()
        with capture_logs() as logs:
            for _ in range(3):
                is_unavailable(await api.ask("GET", "/wms/orders"), "the database does not answer")
            is_unavailable(await api.ask("PATCH", "/connections"), "the database does not answer")
            response = await api.ask("GET", "/readyz")
            assert (response.status_code, (await api.ask("GET", "/healthz")).status_code) == (503, 200)
            await line.mend()
            assert (await api.ask("GET", "/wms/orders")).status_code == 200
    events = [log["event"] for log in logs if log["event"].startswith("database")]
    assert events == ["database unavailable", "database available again"]


async def nothing() -> None:
    """Lets a request pass."""


def after(act: Callable[[], Awaitable[None]]) -> Behaviour:
    """A page of orders, as ever, once something has happened."""

    async def behave(vendor: FakeVendor, request: web.Request) -> web.StreamResponse:
        await act()
        return vendor._page("orders", request.query)

    return behave


@postgres
async def test_a_run_that_loses_its_database_goes_on_when_it_is_back(world: World, line: LossyLine):
    world.vendor.collections["orders"] = [order(n) for n in range(12)]
    connection = await world.connect(page_size="5")
    change_all(world, "99.00")
    world.clock.pass_seconds(3600)
    world.vendor.script("/orders", [after(nothing), after(line.cut)])
    await asyncio.wait_for(world.services.worker().drain(), 30)
    assert len(world.asked()) == 3 + 2
    await line.mend()
    for _ in range(3):
        await world.next_sync()
    await the_store_is_the_vendor(world, connection)
    assert len(await world.events(connection, "order.updated")) == 12


# In the middle of a commit


@postgres
async def test_p01_p02_a_commit_whose_answer_is_lost_is_neither_lost_nor_done_twice(
    world: World, line: LossyLine
):
    world.vendor.collections["orders"] = [order(n) for n in range(12)]
    connection = await world.connect(page_size="5")
    for number in range(9):  # claims, beginnings, pages and ends: some of each
        change_all(world, f"{number}.00")
        world.clock.pass_seconds(3600)
        line.lose_answer_to(b"COMMIT", after=number)
        await asyncio.wait_for(world.services.worker().drain(), 30)
        assert line.lost == number + 1
    for _ in range(3):
        await world.next_sync()
    await the_store_is_the_vendor(world, connection)


async def terminate_in_commit(url: str, work: asyncio.Task[None], lock: asyncpg.Connection) -> None:
    """Ends the server process whose commit waits for our lock."""
    while True:
        pid = await lock.fetchval(
            "SELECT l.pid FROM pg_locks l WHERE l.locktype = 'advisory' AND NOT l.granted AND l.objid = 4711 "
            "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        if pid is not None:
            break
        assert not work.done(), "no commit came to the lock"
    await lock.execute("SELECT pg_terminate_backend($1)", pid)


WAIT_IN_COMMIT = """
CREATE FUNCTION wait_in_commit() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER wait_in_commit AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (NEW.type = 'order.updated') EXECUTE FUNCTION wait_in_commit();
"""


@postgres
async def test_p02_a_server_that_ends_in_the_middle_of_a_commit_has_stored_nothing_of_it(
    world: World, emptied_postgres: str
):
    world.vendor.collections["orders"] = [order(n) for n in range(12)]
    connection = await world.connect(page_size="5")
    before = await world.rows(connection)
    change_all(world, "7.00")
    world.clock.pass_seconds(3600)
    lock = await asyncpg.connect(emptied_postgres)
    await lock.execute(WAIT_IN_COMMIT)
    try:
        await lock.execute("SELECT pg_advisory_lock(4711)")
        work = asyncio.create_task(world.services.worker().drain())
        await asyncio.wait_for(terminate_in_commit(emptied_postgres, work, lock), 30)
        assert await world.rows(connection) == before
        assert await world.events(connection, "order.updated") == []
        await lock.execute("SELECT pg_advisory_unlock(4711)")
        await asyncio.wait_for(work, 30)
        for _ in range(2):
            await world.next_sync()
        await the_store_is_the_vendor(world, connection)
        assert len(await world.events(connection, "order.updated")) == 12
    finally:
        await lock.execute("DROP TRIGGER wait_in_commit ON events; DROP FUNCTION wait_in_commit()")
        await lock.close()


# Read-only and full


async def restrict(world: World, subject: str | None, server: str, straight: str) -> None:
    """Makes the database read-only or full, or normal again (None). server, straight: URLs of PostgreSQL."""
    database = world.services.database
    if isinstance(database, SQLite):
        [[pages]] = database._writer.execute("PRAGMA page_count").fetchall()
        database._writer.execute(f"PRAGMA query_only = {int(subject == 'read-only')}")
        database._writer.execute(f"PRAGMA max_page_count = {pages if subject == 'full' else 10**9}")
        return
    name = urlsplit(straight).path.strip("/")
    await run_sql(server, f"ALTER DATABASE {name} RESET default_transaction_read_only")
    await run_sql(straight, "DROP FUNCTION IF EXISTS no_space() CASCADE")
    if subject == "read-only":
        await run_sql(straight, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    if subject == "full":
        await run_sql(straight, NO_SPACE)
    ours = "datname = current_database() AND pid <> pg_backend_pid()"
    await run_sql(straight, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}")


NO_SPACE = """
CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER no_space BEFORE INSERT ON history EXECUTE FUNCTION no_space();
CREATE TRIGGER no_space BEFORE UPDATE ON connections EXECUTE FUNCTION no_space();
CREATE TRIGGER no_space BEFORE UPDATE ON alembic_version EXECUTE FUNCTION no_space();
"""


@asynccontextmanager
async def restricted(world: World, request: pytest.FixtureRequest, name: str) -> AsyncIterator[None]:
    is_file = isinstance(world.services.database, SQLite)
    urls = [
        "" if is_file else request.getfixturevalue(name) for name in ("postgres_server", "emptied_postgres")
    ]
    await restrict(world, name, *urls)
    try:
        yield
    finally:
        await restrict(world, None, *urls)


async def test_a_read_only_database_is_read_and_writes_are_refused(
    world: World, request: pytest.FixtureRequest
):
    world.vendor.collections["orders"] = [order(1)]
    connection = await world.connect()
    async with client(world, connection) as api:
        async with restricted(world, request, "read-only"):
            await settled(api)
            answer = await api.ask("PATCH", "/connections", json={"customer_id": "c1"})
            is_unavailable(answer, "the database is read-only")
            assert len((await api.ask("GET", "/wms/orders")).json()["data"]) == 1
            checks = [check async for check in examine(world.services.settings, {}, now_ms)]
            if not isinstance(world.services.database, SQLite):
                [check] = [check for check in checks if check.status == "fail"]
                assert check.found.startswith("the database is read-only")
        await settled(api)
        assert (await api.ask("PATCH", "/connections", json={"customer_id": "c1"})).status_code == 200


async def settled(api: Client) -> None:
    """Returns when connections that the server ended have been found out, by being used."""
    for _ in range(20):
        answers = await asyncio.gather(*(api.ask("GET", "/connections") for _ in range(16)))
        if all(answer.status_code == 200 for answer in answers):
            return
    pytest.fail("the database is there, but never answers")


async def test_a_full_database_stores_no_half_page_and_goes_on_when_there_is_room(
    world: World, request: pytest.FixtureRequest
):
    world.vendor.collections["orders"] = [order(n) for n in range(40)]
    connection = await world.connect(page_size="50")
    before = await world.rows(connection)
    many = [{"product": f"product {n}", "quantity": n} for n in range(200)]
    for fields in world.vendor.collections["orders"]:
        world.change("orders", fields["id"], total="8.00", lines=many)
    async with restricted(world, request, "full"):
        world.clock.pass_seconds(3600)
        while len(world.asked()) < 2:
            await asyncio.wait_for(world.services.worker().drain(), 30)
        assert await world.rows(connection) == before
        assert await world.events(connection, "order.updated") == []
        assert await world.history(connection) == []
        job = await world.last_job(connection)
        assert (job.state, job.error) == ("queued", "the database is full")
    await world.next_sync()
    await the_store_is_the_vendor(world, connection)
    assert len(await world.events(connection, "order.updated")) == 40


@sqlite
async def test_a_full_disk_is_told_to_callers_and_operators(world: World, request: pytest.FixtureRequest):
    connection = await world.connect()
    async with client(world, connection) as api, restricted(world, request, "full"):
        name = "x" * 60_000
        answer = await api.ask("PATCH", "/connections", json={"customer_id": name})
        is_unavailable(answer, "the database is full")
        with pytest.raises(Unavailable, match="the database is full"):
            await world.services.database.execute("UPDATE connections SET customer_id = ?", name)
        assert (await api.ask("GET", "/connections")).status_code == 200


# The command line


@pytest.mark.parametrize("command", [["connections"], ["migrate"], ["keys", "list"], ["sync", "abc"]])
@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("postgresql://127.0.0.1:1/crossdock", "does not answer"),
        ("sqlite:///{}/garbage.db", "the database is damaged: file is not a database"),
        ("sqlite:///{}/garbage.db/below.db", "folder"),
    ],
)
def test_a_command_without_its_database_ends_with_one_line(
    command: list[str], url: str, text: str, tmp_path: Path
):
    (tmp_path / "garbage.db").write_bytes(b"once upon a time" * 1000)
    environment = {
        "CROSSDOCK_DATA_DIR": str(tmp_path), "CROSSDOCK_DATABASE_URL": url.format(tmp_path),
        "CROSSDOCK_SECRET_KEY": "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=",
    }  # fmt: skip
    result = CliRunner().invoke(command_line, command, env=environment)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    [line] = result.output.strip().splitlines()
    assert line.startswith("error: ")
    assert text in line or "does not answer" in line
