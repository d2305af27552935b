"""A backup of a running system, restored, goes on as if nothing had happened since."""

import asyncio
import os
import shutil
import sqlite3
import stat
import subprocess
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from crossdock.cli.main import app as command_line
from crossdock.errors import SettingsError
from crossdock.services.open import open_services
from crossdock.store.connections import access, connections, schedules
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database import backup
from crossdock.store.database.factory import connect
from crossdock.store.database.sqlite import SQLite
from crossdock.store.records import feed
from crossdock.store.records.feed import FeedFilter
from crossdock.wire import decoder
from tests.conftest import on_server, run_sql, skip_or_fail
from tests.fakes.vendor import TOKEN
from tests.journeys.conftest import World, order

Restore = Callable[[], Awaitable[str]]
Told = list[tuple[str, Any]]
"""Events: (id, body), the body None where it is sealed."""


@dataclass
class Copy:
    """A backup that was made; `restored` is the URL of a fresh database with it."""

    file: Path
    restored: Restore


async def command(*words: str) -> None:
    """Runs a program; fails with what it said."""
    process = await asyncio.create_subprocess_exec(*words, stderr=subprocess.PIPE)
    _, content = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, content.decode()


@pytest.fixture
async def copied(
    world: World, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Callable[[], Awaitable[Copy]]]:
    """Makes a backup, the way that docs/self-hosting.md says."""
    texts: list[str] = []
    file = tmp_path / "backup"

    async def sqlite() -> Copy:
        await backup.copy(world.services.settings.database, file)

        async def restored() -> str:
            shutil.copy(file, tmp_path / "restored.db")
            return f"sqlite:///{tmp_path / 'restored.db'}"

        return Copy(file, restored)

    async def postgresql() -> Copy:
        if shutil.which("pg_dump") is None or shutil.which("pg_restore") is None:
            skip_or_fail("pg_dump and pg_restore are not installed")
        await command("pg_dump", "--format=custom", f"--file={file}", world.services.settings.database)
        server: str = request.getfixturevalue("postgres_server")

        async def restored() -> str:
            name = f"crossdock_restored_{uuid.uuid4().hex[:12]}"
            await run_sql(server, f"CREATE DATABASE {name}")
            texts.append(name)
            await command("pg_restore", "--no-owner", f"--dbname={on_server(server, name)}", str(file))
            return on_server(server, name)

        return Copy(file, restored)

    yield sqlite if isinstance(world.services.database, SQLite) else postgresql
    for name in texts:
        await run_sql(request.getfixturevalue("postgres_server"), f"DROP DATABASE {name} WITH (FORCE)")


@asynccontextmanager
async def living_on(world: World, url: str) -> AsyncIterator[World]:
    """The same world on another database."""
    settings = replace(world.services.settings, database_url=url)
    async with open_services(settings, clock=world.clock) as services:
        yield replace(world, services=services)


async def told(world: World) -> Told:
    """The events in the feed, in order."""
    feed_entries, _ = await feed.page(world.services.database, FeedFilter(world.organization), 0)
    return [
        (feed_entry.id, None if feed_entry.sealed else decoder.decode(feed_entry.body))
        for feed_entry in feed_entries
    ]


async def changes(world: World, connection: ConnectionRow) -> list[tuple[str, str, str]]:
    """(order, total before, total after) of each update that was told."""
    return [
        (
            event["data"]["id"],
            str(event["previous_attributes"]["total_price"]),
            str(event["data"]["total_price"]),
        )
        for event in await world.events(connection, "order.updated")
    ]


async def test_a_restored_copy_goes_on_without_losing_or_doubling_an_event(
    world: World, copied: Callable[[], Awaitable[Copy]]
):
    world.vendor.collections["orders"] = [order(n) for n in range(10)]
    connection = await world.connect(page_size="4")
    world.change("orders", "o-001", total="20.00")
    await world.next_sync()
    copy = await copied()
    before = await told(world)
    # Told by the original only: the copy does not know of it yet.
    world.change("orders", "o-002", total="30.00")
    world.change("orders", "o-001", total="21.00")
    await world.next_sync()
    original = await told(world)

    async with living_on(world, await copy.restored()) as again:
        assert await told(again) == before
        await again.next_sync()
        await again.next_sync()
        assert await changes(again, connection) == await changes(world, connection)
        assert len(await changes(again, connection)) == 3
        held = {fields["id"]: fields["total"] for fields in world.vendor.collections["orders"]}
        documents = await again.documents(connection)
        assert {key: f"{document['total_price']:.2f}" for key, document in documents.items()} == held
        await readers_go_on_or_are_told(again, before, original)
        await what_is_secret_still_works(again, connection)


async def readers_go_on_or_are_told(again: World, before: Told, original: Told) -> None:
    """A place from before the backup goes on; one from after it is not there, however far the copy is."""
    database = again.services.database
    position = await feed.position(database, again.organization, before[-1][0])
    assert position is not None
    news, _ = await feed.page(database, FeedFilter(again.organization), position)
    assert [feed_entry.type for feed_entry in news] == ["order.updated"] * 2
    assert len(await told(again)) == len(original)
    assert await feed.position(database, again.organization, original[-1][0]) is None


async def what_is_secret_still_works(again: World, connection: ConnectionRow) -> None:
    database, vault = again.services.database, again.services.vault
    _, key = await access.create_key(
        database, again.organization, name="k", read_only=False, now_ms=again.clock()
    )
    token = await connections.token(database, vault, connection)
    _, same_connection = await connections.by_token(database, key, token, 2)
    assert same_connection is not None
    assert same_connection.uid == connection.uid
    assert (await connections.credentials(database, vault, same_connection))["token"] == TOKEN


async def test_a_run_that_was_under_way_goes_on_at_its_page_in_a_restored_copy(
    world: World, copied: Callable[[], Awaitable[Copy]]
):
    world.vendor.collections["orders"] = [order(n) for n in range(10)]
    connection = await world.connect(sync=False, page_size="4")
    await world.services.database.execute(
        "UPDATE schedules SET paused = ? WHERE function <> 'get_orders'", True
    )
    worker = world.services.worker()

    async def backed_up(page: int) -> Copy:
        """A copy from the moment when the vendor is asked for a page."""
        arrived, go_on = asyncio.Event(), asyncio.Event()

        async def behave(vendor: Any, request: Any) -> Any:
            if "cursor" in request.query:
                arrived.set()
                await go_on.wait()
            return vendor._page("orders", request.query)

        world.vendor.script("/orders", [behave] * page)
        working = asyncio.create_task(worker.drain())
        await asyncio.wait_for(arrived.wait(), 30)
        copy = await copied()
        go_on.set()
        await asyncio.wait_for(working, 30)
        return copy

    copy = await backed_up(2)
    world.vendor.requests.clear()
    async with living_on(world, await copy.restored()) as again:
        assert await again.count(connection) == 4
        again.clock.pass_seconds(61)
        await again.work()
        assert await again.count(connection) == 10
        assert all(entry.get("cursor") for entry in world.asked())
        assert (await again.last_run(connection)).pages == 3
        plan = await schedules.get(again.services.database, connection.id, "get_orders")
        assert plan is not None
        assert plan.first_done_ms is not None


async def test_p20_a_backup_holds_no_credential_that_can_be_read(
    world: World, copied: Callable[[], Awaitable[Copy]]
):
    connection = await world.connect()
    token = await connections.token(world.services.database, world.services.vault, connection)
    copy = await copied()
    if copy.file.read_bytes()[:5] == b"PGDMP":
        await command("pg_restore", f"--file={copy.file}.sql", str(copy.file))
        copy.file = copy.file.with_suffix(".sql")
    content = copy.file.read_bytes()
    assert connection.uid.encode() in content
    for secret in (TOKEN, token, world.services.settings.secret_key):
        assert secret.encode() not in content
        assert secret.encode().hex().encode() not in content


# The command


async def test_a_copy_is_made_while_others_write_and_is_of_one_moment(tmp_path: Path, clock: Any):
    source, target = tmp_path / "source.db", tmp_path / "copy.db"
    with closing(sqlite3.connect(source)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE pairs (a INTEGER, b INTEGER)")
        connection.executemany("INSERT INTO pairs VALUES (?, ?)", [(n, n) for n in range(20_000)])
        connection.commit()
    database = await connect(f"sqlite:///{source}")
    copying = asyncio.create_task(backup.copy(f"sqlite:///{source}", target))
    written = 0
    while not copying.done():
        async with database.transaction() as transaction:
            await transaction.execute("UPDATE pairs SET a = a + 1")
            await transaction.execute("UPDATE pairs SET b = b + 1")
        written += 1
    await copying
    await database.close()
    assert written > 0
    with closing(sqlite3.connect(target)) as copy:
        assert copy.execute("SELECT count(*), sum(a <> b) FROM pairs").fetchone() == (20_000, 0)
        assert copy.execute("PRAGMA journal_mode").fetchone() == ("delete",)


async def test_a_copy_is_for_its_owner_only_and_replaces_nothing(tmp_path: Path):
    source, target = tmp_path / "source.db", tmp_path / "copy.db"
    with closing(sqlite3.connect(source)) as connection:
        connection.execute("CREATE TABLE t (a)")
    await backup.copy(f"sqlite:///{source}", target)
    assert stat.S_IMODE(os.stat(target).st_mode) == 0o600
    with pytest.raises(SettingsError, match="exists already"):
        await backup.copy(f"sqlite:///{source}", target)
    assert sorted(os.listdir(tmp_path)) == ["copy.db", "source.db"]


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("postgresql://127.0.0.1:1/crossdock", "pg_dump --format=custom"),
        ("sqlite:///{}/none.db", "there is no database at"),
        ("sqlite:///{}/garbage.db", "file is not a database"),
    ],
)
def test_what_can_not_be_copied_is_told_in_a_line_and_leaves_nothing(url: str, text: str, tmp_path: Path):
    (tmp_path / "garbage.db").write_bytes(b"once upon a time" * 1000)
    environment = {
        "CROSSDOCK_DATA_DIR": str(tmp_path / "data"), "CROSSDOCK_DATABASE_URL": url.format(tmp_path),
        "CROSSDOCK_SECRET_KEY": "",
    }  # fmt: skip
    result = CliRunner().invoke(command_line, ["backup", str(tmp_path / "copy.db")], env=environment)
    assert result.exit_code == 1
    [line] = result.output.strip().splitlines()
    assert text in line
    assert os.listdir(tmp_path) == ["garbage.db"]
