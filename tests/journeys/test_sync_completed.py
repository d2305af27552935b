"""`sync.completed`: told of each sync that went to its end, once, to who asks for exactly that."""

import asyncio
from itertools import count
from typing import Any

import httpx

from crossdock.connections.on_demand import SyncWindow, open_window
from crossdock.jobs.queue import LEASE_MS, claim
from crossdock.resources.event_types import SYNC_COMPLETED
from crossdock.services.application import application
from crossdock.store.connections import access
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.records import events
from crossdock.sync.run import sync
from tests.fakes.mortal import mortal
from tests.fakes.vendor import answer
from tests.journeys.conftest import World, order
from tests.journeys.hooks import Hooks, hooks

__all__ = ["hooks"]

Json = dict[str, Any]
NO_SYNCS = f"UPDATE schedules SET due_ms = {2**50}"


async def ask(world: World) -> None:
    """Has the organization set that it wants them."""
    await world.services.database.execute("UPDATE organizations SET sync_events = TRUE")


async def completed(
    world: World, connection: ConnectionRow, function: str | None = "get_orders"
) -> list[Json]:
    """What was told of the ends of a function's syncs."""
    bodies = await world.events(connection, SYNC_COMPLETED)
    return [body["data"] for body in bodies if function in (None, body["data"]["function_name"])]


async def test_nobody_gets_it_who_did_not_ask_and_it_is_not_even_stored(world: World, hooks: Hooks):
    await hooks.endpoint()
    connection = await world.connect()
    await world.next_sync()
    assert SYNC_COMPLETED not in await world.told(connection)


async def test_an_endpoint_that_names_it_gets_one_for_each_sync_also_where_nothing_changed(
    world: World, hooks: Hooks
):
    await hooks.endpoint("/syncs", types=(SYNC_COMPLETED,))
    await hooks.endpoint("/rest")
    connection = await world.connect()
    await world.force(connection, "get_orders")
    await hooks.deliver()
    told = [hook.json for hook in hooks.receiver.got("/syncs")]
    assert [body["data"]["cause"] for body in told if body["data"]["resource"] == "orders"] == [
        "first", "force",
    ]  # fmt: skip
    assert {body["event_type"] for body in told} == {SYNC_COMPLETED}
    assert SYNC_COMPLETED not in {hook.json["event_type"] for hook in hooks.receiver.got("/rest")}


async def test_it_says_what_became_of_the_records_and_between_which_of_their_times(world: World):
    await ask(world)
    world.vendor.collections["orders"] = [order(1), order(2), order(3)]
    connection = await world.connect()
    world.change("orders", "o-001", state="SHIPPED", updated_at="2026-02-02T01:00:00Z")
    world.vendor.collections["orders"] += [
        order(4, updated_at="2026-02-02T02:00:00Z"),
        order(5, updated_at="2026-02-02T03:00:00Z", lines="none"),
    ]  # fmt: skip
    await world.next_sync()
    first, later = await completed(world, connection)
    assert (first["cause"], first["historical"], first["counts"]["added"]) == ("first", True, 3)
    run = await world.last_run(connection)
    assert later == {
        "sync_run_id": run.job_id, "function_name": "get_orders", "resource": "orders", "cause": "schedule",
        "historical": False, "started_at": "2026-02-02T03:40:00Z", "completed_at": "2026-02-02T03:40:00Z",
        "from": "2026-02-02T01:00:00Z", "to": later["to"],
        "counts": {
            "added": run.created, "changed": 1, "deleted": 0, "unchanged": run.unchanged,
            "set_aside": run.quarantined,
        },
        "event_id": later["event_id"],
    }  # fmt: skip
    assert run.quarantined == 1


async def test_whoever_has_read_the_feed_up_to_its_event_id_has_read_all_that_the_sync_told(world: World):
    await ask(world)
    world.vendor.collections["orders"] = [order(number) for number in range(1, 8)]
    connection = await world.connect(page_size="2")
    [first] = await completed(world, connection)
    assert first["event_id"] is None, "a first sync tells of no record"
    for number in range(1, 8):
        world.change("orders", f"o-{number:03}", state="SHIPPED")
    await world.next_sync()
    rows = [row for _, row in await events.of_connection(world.services.database, connection.id)]
    [end] = [row for row in rows if row.type == SYNC_COMPLETED and b"get_orders" in row.body][1:]
    told_of_orders = [row for row in rows if row.type == "order.updated"]
    assert len(told_of_orders) == 7
    [_, later] = await completed(world, connection)
    assert later["event_id"] == told_of_orders[-1].id
    assert rows.index(end) > rows.index(told_of_orders[-1])
    await world.next_sync()
    assert (await completed(world, connection))[-1]["event_id"] is None, "it told of nothing"


async def test_a_window_says_that_it_was_one_and_a_sync_that_only_deleted_names_no_event(world: World):
    await ask(world)
    connection = await world.connect()
    await open_window(world.services.database, connection, "get_orders", SyncWindow(0, 1), world.clock())
    await world.work()
    assert [data["cause"] for data in await completed(world, connection)] == ["first", "on_demand"]
    del world.vendor.collections["warehouses"][0]
    await world.force(connection, "get_warehouses")
    [_, gone] = await completed(world, connection, "get_warehouses")
    assert (gone["counts"]["deleted"], gone["event_id"]) == (1, None)


async def test_a_sync_that_failed_is_not_told_as_complete(world: World):
    await ask(world)
    connection = await world.connect()
    world.vendor.script("/orders", [answer(403, {"message": "no orders for you"})])
    await world.next_sync()
    assert len(await completed(world, connection)) == 1


async def test_the_feed_shows_it_to_who_names_it_and_to_nobody_else(world: World):
    await ask(world)
    await world.connect()
    _, key = await access.create_key(
        world.services.database, world.organization, name="k", read_only=False, now_ms=world.clock()
    )
    transport = httpx.ASGITransport(app=application(world.services.dependencies()))
    headers = {"x-trackstar-api-key": key}
    async with httpx.AsyncClient(transport=transport, base_url="http://here", headers=headers) as http:
        usual = (await http.get("/events")).json()["data"]
        named = (await http.get("/events", params={"type": SYNC_COMPLETED})).json()["data"]
    assert SYNC_COMPLETED not in {event["type"] for event in usual}
    assert [event["type"] for event in named] == [SYNC_COMPLETED] * 3


async def test_p01_p02_whoever_dies_while_syncing_has_its_end_told_once_and_after_all_its_records(
    world: World,
):
    await ask(world)
    world.vendor.collections["orders"] = [order(number) for number in range(1, 6)]
    connection = await world.connect(page_size="2")
    await world.services.database.execute(NO_SYNCS)
    for steps in count():
        assert steps < 100
        before = len(await world.told(connection))
        for number in range(1, 6):
            world.change("orders", f"o-{number:03}", total=f"{steps}.{number}0")
        await world.queue(connection, "get_orders", cause="schedule")
        lease = await claim(world.services.database, "w1", world.clock)
        assert lease is not None
        with mortal(world, steps) as life:
            await sync(world.services.engine, lease, asyncio.Event())
        world.clock.pass_seconds(LEASE_MS / 1000 + 1)
        await world.work()
        told = (await world.told(connection))[before:]
        assert (steps, told) == (steps, ["order.updated"] * 5 + [SYNC_COMPLETED])
        data = (await completed(world, connection))[-1]
        assert data["sync_run_id"] == lease.job.id
        assert data["counts"]["changed"] == 5
        if not life.is_over:
            break
    assert steps > 10, "nothing was put to the test"
