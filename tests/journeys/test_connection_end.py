"""A deleted connection leaves nothing: in no table, and in no byte of an embedded database's file."""

import asyncio
import sqlite3
from contextlib import suppress
from typing import Any

import pytest

from crossdock.connections import purge as purging
from crossdock.connections.disconnect import disconnect
from crossdock.connections.lookup import get_connection
from crossdock.connections.schedules import pause
from crossdock.connections.tokens import rotate_token
from crossdock.jobs.queue import claim
from crossdock.store.connections import connections
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.sqlite import sqlite_path
from crossdock.store.people.audit_log import SYSTEM
from crossdock.store.records import feed
from crossdock.store.schema.tables import metadata
from crossdock.store.webhooks.messages import EXPIRED
from tests.fakes.hook_receiver import status
from tests.journeys.conftest import World, order, packs, warehouse
from tests.journeys.hooks import Hooks, hooks
from tests.journeys.writing import writing

__all__ = ["hooks"]

NIGHT = 12 * 3600
FIELDS = '{"orders":{"note":{"path":"$.note","type":"string"}}}'


async def lived_in(world: World, hooks: Hooks, mark: str) -> ConnectionRow:
    """A connection with something of everything, all of it marked; what it had before as well."""
    vendor = world.vendor
    hooks.receiver.answer("/hook", status(200, f"{mark} thanks".encode()))
    long_text = f"{mark}-note " * 900
    vendor.collections["orders"] = [
        order(n, note=long_text, extra={"note": long_text}) | {"number": f"{mark}-{n}"} for n in range(1, 40)
    ]
    vendor.collections["packs"] = [packs(1, f"{mark}-pack")]
    vendor.collections["warehouses"] = [
        warehouse(1, name=f"{mark} hall"), warehouse(2, name=f"{mark} barn"), warehouse(3, name=[mark]),
    ]  # fmt: skip
    connection = await world.connect(page_size="10", sync=False)
    columns = {"keep_raw": True, "custom_fields": FIELDS, "customer_id": f"{mark}-customer"}
    async with world.services.database.transaction() as transaction:
        await connections.change(transaction, connection.id, columns)
    await world.work()
    for n in range(1, 30):
        world.change(
            "orders", f"o-{n:03}", number=f"{mark}-again-{n}", extra={"note": f"{mark}{n} " * n * 40}
        )
    del vendor.collections["warehouses"][1]
    await world.next_sync(NIGHT)
    async with writing(world, connection) as hand:
        assert (await hand.order(key=f"{mark}-key", order_number=f"{mark}-written")).status_code == 200
        tags = {"trackstar_tags": [f"{mark}-tag"]}
        assert (await hand.send("PUT", "/wms/orders/o-001/trackstar-tags", tags)).status_code == 200
    services = world.services
    await rotate_token(services.database, services.vault, connection, 600, world.clock(), actor=SYSTEM)
    # The vendor will say something else to others.
    await pause(services.database, connection, None, world.clock(), paused=True)
    await hooks.deliver()
    return await get_connection(services.database, connection.uid)


async def sealed(world: World, connection: ConnectionRow) -> list[bytes]:
    """All that is kept of a connection and encrypted, as it lies there."""
    queries = (
        "SELECT credentials FROM connections WHERE id = ?", "SELECT token FROM connections WHERE id = ?",
        "SELECT token_digest FROM connections WHERE id = ?",
        "SELECT digest FROM retired_tokens WHERE connection_id = ?",
        "SELECT content FROM sessions WHERE connection_id = ?",
        "SELECT raw FROM raw_records WHERE connection_id = ?",
        "SELECT body FROM events WHERE sealed AND connection_id = ?",
        "SELECT a.exchange FROM webhook_attempts a JOIN events e ON e.id = a.message_id "
        "WHERE e.connection_id = ?",
    )  # fmt: skip
    found = [await world.services.database.fetch(sql, connection.id) for sql in queries]
    assert all(found), "there is something of each"
    return [bytes(row[0]) for rows in found for row in rows]


def stored_bytes(world: World) -> bytes:
    """Every byte of an embedded database: its file, and the log beside it."""
    file = sqlite_path(world.services.settings.database)
    return b"".join(
        path.read_bytes() for path in file.parent.glob(f"{file.name}*") if path.suffix != ".db-shm"
    )


async def rows_with(world: World, mark: str) -> dict[str, int]:
    """How many rows of each table hold a mark in any column."""
    counts = {}
    for name, table in metadata.tables.items():
        columns = ", ".join(column.name for column in table.columns)
        rows = await world.services.database.fetch(f"SELECT {columns} FROM {name}")
        texts = ("".join(map(_text, row)) for row in rows)
        if count := sum(mark in text for text in texts):
            counts[name] = count
    return counts


def _text(value: Any) -> str:
    return bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)


async def test_nothing_of_a_deleted_connection_is_left_and_all_of_another_is(world: World, hooks: Hooks):
    await hooks.endpoint()
    leaving = await lived_in(world, hooks, "LEAVING")
    secrets = await sealed(world, leaving)
    staying = await lived_in(world, hooks, "STAYING")
    before = await rows_with(world, "STAYING")
    assert {"wms_orders", "history", "gone", "quarantine", "events", "record_tags", "writes"} <= before.keys()
    assert before.keys() <= (await rows_with(world, "LEAVING")).keys() | {"connections"}

    hooks.receiver.calm()
    assert await disconnect(world.services.database, leaving, world.clock()) is True
    assert await connections.by_uid(world.services.database, leaving.uid) is None
    await world.work()

    # What tells that it was deleted says whose it was; that is all.
    assert await rows_with(world, "LEAVING") == {"events": 1}
    assert await rows_with(world, "STAYING") == before
    assert await connections.by_uid(world.services.database, staying.uid) is not None
    [told] = await world.services.database.fetch(
        "SELECT type, body FROM events WHERE connection_id = ? AND body <> ?", leaving.id, EXPIRED
    )
    assert told[0] == "connection.deleted"
    if world.services.database.dialect == "sqlite":
        content = stored_bytes(world)
        assert content.count(b"STAYING") > 100
        assert content.count(b"LEAVING") == bytes(told[1]).count(b"LEAVING") == 1
        assert [secret for secret in secrets if secret in content] == []


async def test_a_reader_of_the_feed_keeps_its_place_and_reads_that_it_was_deleted(world: World):
    world.vendor.collections["orders"] = [order(1)]
    connection = await world.connect()
    world.change("orders", "o-001", state="PICKED")
    await world.next_sync()
    database, feed_filter = world.services.database, feed.FeedFilter(world.organization)
    _, last = await feed.page(database, feed_filter, 0)
    assert last is not None
    await disconnect(database, connection, world.clock())
    await world.work()

    place = await feed.position(database, world.organization, last)
    assert place is not None
    [deleted], _ = await feed.page(database, feed_filter, place)
    assert (deleted.type, deleted.connection) == ("connection.deleted", connection.uid)
    everything, _ = await feed.page(database, feed_filter, 0)
    assert {entry.body for entry in everything[:-1]} == {EXPIRED}


async def test_what_waits_to_be_sent_of_a_deleted_connection_is_not_sent_but_for_its_end(
    world: World, hooks: Hooks
):
    await hooks.endpoint()
    hooks.receiver.answer("/hook", status(500))
    world.vendor.collections["orders"] = [order(1)]
    connection = await world.connect()
    world.change("orders", "o-001", state="PICKED")
    await world.next_sync()
    tried = len(hooks.receiver.got())
    assert tried > 3
    hooks.receiver.calm()
    await disconnect(world.services.database, connection, world.clock())
    lease = await claim(world.services.database, "w", world.clock, kinds=["purge"])
    assert lease is not None
    await purging.purge(world.services.database, lease, asyncio.Event())
    await hooks.deliver(NIGHT)
    arrived = hooks.receiver.got()[tried:]
    assert [got.json["event_type"] for got in arrived] == ["connection.deleted"]


async def test_a_purge_that_is_killed_between_any_two_steps_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(purging, "AT_ONCE", 3)
    monkeypatch.setattr(purging, "EVENTS_AT_ONCE", 3)
    world.vendor.collections["orders"] = [order(n) | {"number": f"GOING-{n}"} for n in range(1, 8)]
    connection = await world.connect()
    world.change("orders", "o-001", number="GOING-again")
    await world.next_sync()
    database = world.services.database
    await disconnect(database, connection, world.clock())
    steps, survived = 0, 1
    while (lease := await claim(database, "w", world.clock, kinds=["purge"])) is not None:
        # Each attempt gets one step farther than the one before, and dies without a word.
        walk = purging._steps(database, lease)
        with suppress(StopAsyncIteration):
            for _ in range(survived):
                await anext(walk)
            await walk.aclose()
            steps, survived = steps + survived, survived + 7
            world.clock.pass_seconds(61)
            continue
        await purging.purge(database, lease, asyncio.Event())
    assert steps > 30
    assert await rows_with(world, "GOING") == {}
    assert [row[0] for row in await database.fetch("SELECT state FROM jobs")] == ["done"]


async def test_a_write_that_ends_after_its_connection_was_deleted_stores_nothing(world: World):
    connection = await world.connect()

    async def deleted() -> None:
        await disconnect(world.services.database, connection, world.clock())
        await world.work()

    async with writing(world, connection) as hand:
        world.vendor.script("/orders/new-1", [meanwhile_then_order(deleted)])
        answer = await hand.order(order_number="TOO-LATE")
    assert answer.status_code == 502
    assert (answer.json()["outcome"], "was deleted" in answer.json()["error"]) == ("done", True)
    assert await rows_with(world, "TOO-LATE") == {}


def meanwhile_then_order(act: Any) -> Any:
    """The record is read back as it is, but first this happens elsewhere."""

    async def behave(vendor: Any, request: Any) -> Any:
        await act()
        return vendor.write("GET", "orders", "new-1", b"")

    return behave


async def test_the_log_is_emptied_once_nobody_reads_old_pages(world: World):
    database = world.services.database
    if database.dialect != "sqlite":
        assert await database.scrub() is True
        return
    reader = sqlite3.connect(sqlite_path(world.services.settings.database), isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM organizations").fetchone()
    connection = await world.connect()
    await disconnect(database, connection, world.clock())
    await world.work()
    [job] = await database.fetch("SELECT state FROM jobs WHERE kind = 'purge'")
    assert job[0] == "queued", "it is tried again in a minute"
    reader.execute("COMMIT")
    reader.close()
    await world.next_sync(61)
    [job] = await database.fetch("SELECT state FROM jobs WHERE kind = 'purge'")
    assert job[0] == "done"
