"""Connecting a system and taking leave of it."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from aiohttp import web

from crossdock.connections.credentials import fill
from crossdock.connections.disconnect import disconnect
from crossdock.connections.problems import note_problem
from crossdock.errors import Invalid, InvalidCredentials, VendorUnavailable
from crossdock.kit import registry
from crossdock.store.connections import access, connections
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.problems import ConnectionProblem
from crossdock.store.records import feed, records
from crossdock.store.schema.records import RECORDS
from crossdock.sync.schedule import enqueue_due
from tests.event_contract import faults
from tests.fakes.fake_wms import SLUG, fake_integration
from tests.fakes.vendor import TOKEN, FakeVendor, answer
from tests.journeys.conftest import World, order, packs, warehouse
from tests.journeys.hooks import Hooks, hooks

__all__ = ["hooks"]

NIGHT = 12 * 3600


async def test_a_connection_knows_whom_it_belongs_to_and_opens_with_its_token_alone(world: World):
    integration = registry.get_integration("wms", SLUG)
    fields = {"url": world.vendor.url, "token": TOKEN}
    connection, token = await world.services.connector.connect(
        world.organization, integration, fields, "customer-7"
    )

    database = world.services.database
    _, key = await access.create_key(database, world.organization, name="", read_only=False, now_ms=1)
    caller, found_connection = await connections.by_token(database, key, token, 2)
    assert caller is not None
    assert (found_connection, caller.organization_id) == (connection, world.organization)
    assert connection.customer_id == "customer-7"
    assert connection.me == '{"name":"Ann\'s Warehouse","account_id":"acct-1"}'
    assert await connections.token(database, world.services.vault, connection) == token
    assert await connections.credentials(database, world.services.vault, connection) == {
        "url": world.vendor.url, "token": TOKEN, "page_size": "50"
    }  # fmt: skip


async def test_a_token_is_of_no_use_with_the_key_of_another_organization(world: World):
    integration = registry.get_integration("wms", SLUG)
    fields = {"url": world.vendor.url, "token": TOKEN}
    _, token = await world.services.connector.connect(world.organization, integration, fields)
    database = world.services.database
    other_organization = await access.create_organization(database, "Other", 1)
    _, key = await access.create_key(database, other_organization, name="", read_only=False, now_ms=1)

    caller, connection = await connections.by_token(database, key, token, 2)
    assert caller is not None
    assert (caller.organization_id, connection) == (other_organization, None)


async def test_all_functions_are_due_at_once(world: World):
    connection = await world.connect(sync=False)
    for function, seconds in (("get_orders", 3600), ("get_warehouses", 43_200), ("get_order_packs", 3600)):
        schedule = await world.schedule(connection, function)
        assert (schedule.due_ms, schedule.every_seconds) == (world.clock(), seconds)


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [("token", "wrong", InvalidCredentials), ("url", "http://127.0.0.1:1", VendorUnavailable)],
)
async def test_nothing_is_stored_when_the_vendor_does_not_accept_the_credentials(
    field: str, value: str, problem: type[Exception], world: World
):
    integration = registry.get_integration("wms", SLUG)
    fields = {"url": world.vendor.url, "token": TOKEN} | {field: value}
    with pytest.raises(problem) as raised:
        await world.services.connector.connect(world.organization, integration, fields)
    assert "wrong" not in str(raised.value)
    for table in ("connections", "schedules", "jobs"):
        assert await world.services.database.fetch(f"SELECT 1 FROM {table}") == []


async def test_p03_an_install_that_failed_is_told(world: World, hooks: Hooks):
    await hooks.endpoint()
    integration = registry.get_integration("wms", SLUG)
    fields = {"url": world.vendor.url, "token": "wrong-and-secret"}
    with pytest.raises(InvalidCredentials) as raised:
        await world.services.connector.connect(world.organization, integration, fields, "customer-7")
    await hooks.deliver()
    [arrived] = hooks.receiver.got()
    assert faults(arrived.json) == []
    assert arrived.json["event_type"] == "install.failed"
    assert arrived.json["data"] == {"error_message": str(raised.value), "customer_id": "customer-7"}
    assert b"wrong-and-secret" not in arrived.body
    feed_filter = feed.FeedFilter(world.organization)
    [feed_entry], last = await feed.page(world.services.database, feed_filter, 0)
    assert (feed_entry.id, feed_entry.body, feed_entry.connection, last) == (
        arrived.id,
        arrived.body,
        None,
        arrived.id,
    )
    again = await feed.get(world.services.database, arrived.id)
    assert again == feed_entry


def test_every_field_that_is_missing_or_unknown_is_named():
    with pytest.raises(Invalid) as raised:
        fill(fake_integration(), {"url": "", "colour": "red"}, {})
    assert raised.value.detail == {
        "credentials": {
            "colour": ["fake has no field 'colour'; its fields are: url, token, page_size"],
            "url": ["fake needs url (URL)"],
            "token": ["fake needs token (Token)"],
        }
    }


def test_a_field_that_is_not_given_gets_its_default():
    fields = {"url": "u", "token": "t"}
    assert fill(fake_integration(), fields, {}) == fields | {"page_size": "50"}
    assert fill(fake_integration(), fields | {"page_size": "2"}, {})["page_size"] == "2"


# Leaving


async def left_behind(world: World, connection: ConnectionRow) -> dict[str, int]:
    """How many rows of a connection each table has, where there are any."""
    tables = [
        *RECORDS,
        "gone",
        "history",
        "quarantine",
        "runs",
        "record_tags",
        "schedules",
        "connection_errors",
    ]
    fields = {}
    for table in tables:
        rows = await world.services.database.fetch(
            f"SELECT count(*) FROM {table} WHERE connection_id = ?", connection.id
        )
        fields[table] = rows[0][0]
    rows = await world.services.database.fetch(
        "SELECT count(*) FROM seen s JOIN jobs j ON j.id = s.job_id WHERE j.connection_id = ?", connection.id
    )
    return {table: count for table, count in (fields | {"seen": rows[0][0]}).items() if count}


async def lived_in(world: World) -> ConnectionRow:
    """A connection with something of everything."""
    world.vendor.collections["orders"] = [order(n) for n in range(1, 6)]
    world.vendor.collections["packs"] = [packs(1, "a")]
    world.vendor.collections["warehouses"] = [warehouse(1), warehouse(2), warehouse(3, name=7.5)]
    connection = await world.connect(page_size="2")
    world.change("orders", "o-001", state="PICKED")
    del world.vendor.collections["warehouses"][1]
    await world.next_sync(NIGHT)
    await world.services.database.execute(
        "INSERT INTO record_tags (connection_id, resource, tag, id) VALUES (?, 'wms_orders', 'vip', 'o-001')",
        connection.id,
    )
    return connection


async def test_a_deleted_connection_leaves_nothing_and_takes_nothing_of_another_along(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("crossdock.connections.purge.AT_ONCE", 2)
    leaving, staying = await lived_in(world), await lived_in(world)
    for connection in (leaving, staying):
        job = await world.last_job(connection, "get_warehouses")
        await world.services.database.execute("INSERT INTO seen (job_id, id) VALUES (?, 'w-9')", job.id)
    before = await left_behind(world, staying)
    assert before.keys() == (await left_behind(world, leaving)).keys()
    assert {"wms_orders", "wms_order_packs", "gone", "history", "quarantine", "runs", "seen"} <= before.keys()

    assert await disconnect(world.services.database, leaving, world.clock()) is True
    assert (await world.told(leaving))[-1] == "connection.deleted"
    database = world.services.database
    assert await connections.by_uid(database, leaving.uid) is None
    [secrets] = await database.fetch(
        "SELECT credentials, token, token_digest FROM connections WHERE id = ?", leaving.id
    )
    assert tuple(secrets) == (None, None, None)
    await world.work()

    assert await left_behind(world, leaving) == {}
    assert await left_behind(world, staying) == before
    assert await disconnect(world.services.database, leaving, world.clock()) is False
    assert (await world.told(leaving)).count("connection.deleted") == 1


async def test_a_deleted_connection_is_not_asked_again(world: World):
    connection = await world.connect()
    await world.queue(connection, "get_orders")
    await disconnect(world.services.database, connection, world.clock())
    job = await world.last_job(connection)
    assert (job.state, job.error) == ("failed", "the connection was deleted")
    request_count = len(world.vendor.requests)
    await world.next_sync(NIGHT)

    assert len(world.vendor.requests) == request_count


async def test_a_run_that_is_under_way_when_its_connection_is_deleted_stores_nothing_more(world: World):
    connection = await world.connect(sync=False)

    async def deleted_meanwhile(_: FakeVendor, __: web.Request) -> web.Response:
        await disconnect(world.services.database, connection, world.clock())
        return web.json_response({"data": [order(3)], "next": None})

    first = answer(body={"data": [order(1), order(2)], "next": "P2"})
    world.vendor.script("/orders", [first, deleted_meanwhile])
    await world.work()

    assert "connection.deleted" in await world.told(connection)
    assert len(world.asked()) == 2
    assert await left_behind(world, connection) == {}


async def ending_its_run(
    world: World, connection: ConnectionRow, meanwhile: Coroutine[Any, Any, Any]
) -> None:
    """Something else happens while a run of this connection is about to end, having begun with its job."""
    database = world.services.database
    async with database.transaction() as transaction:
        await transaction.execute("UPDATE jobs SET lease_ms = 5 WHERE connection_id = ?", connection.id)
        other_task = asyncio.create_task(meanwhile)
        await asyncio.sleep(0.1)
        await transaction.execute(
            "UPDATE schedules SET last_end_ms = 5 WHERE connection_id = ?", connection.id
        )
    await asyncio.wait_for(other_task, 10)


async def test_deleting_a_connection_and_ending_its_run_do_not_wait_for_each_other(world: World):
    connection = await world.connect()
    await world.queue(connection, "get_orders")
    await ending_its_run(world, connection, disconnect(world.services.database, connection, world.clock()))
    assert (await world.told(connection))[-1] == "connection.deleted"


async def test_queueing_what_is_due_and_ending_a_run_of_it_do_not_wait_for_each_other(world: World):
    connection = await world.connect()
    await world.queue(connection)
    world.clock.pass_seconds(NIGHT)
    await ending_its_run(world, connection, enqueue_due(world.services.database, world.clock()))
    assert (await world.schedule(connection)).due_ms > world.clock()


async def test_a_worker_that_finds_all_that_is_due_in_other_hands_goes_on(world: World):
    connection = await world.connect()
    world.clock.pass_seconds(NIGHT)
    async with world.services.database.transaction() as transaction:
        await transaction.execute("UPDATE schedules SET paused = paused")
        looking = asyncio.create_task(enqueue_due(world.services.database, world.clock()))
        await asyncio.sleep(0.1)
    assert await looking in (0, 3)
    await world.work()
    assert (await world.last_run(connection)).first is False


async def test_a_deleted_connection_has_no_more_problems(world: World):
    connection = await world.connect()
    await disconnect(world.services.database, connection, world.clock())
    problem = ConnectionProblem(connection.id, "", "invalid_credentials", "Invalid", "", 5, 5)
    await note_problem(world.services.database, connection, problem)

    assert await world.problems(connection) == []
    assert (await world.told(connection))[-1] == "connection.deleted"


async def test_a_purge_that_was_stopped_goes_on_with_what_is_left(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("crossdock.connections.purge.AT_ONCE", 2)
    connection = await lived_in(world)
    await disconnect(world.services.database, connection, world.clock())
    worker = world.services.worker()
    purge, calls = records.purge, list[object]()

    async def stopping(*args: Any) -> int:
        calls.append(args)
        if len(calls) == 20:
            worker.stop()
        return await purge(*args)

    monkeypatch.setattr(records, "purge", stopping)
    await worker.drain()
    assert (await world.last_job(connection, "")).state == "queued"
    assert await left_behind(world, connection) != {}
    await world.work()
    assert await left_behind(world, connection) == {}
