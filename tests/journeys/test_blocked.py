"""Credentials that are refused stop the connection, a permission that is missing stops its function; both are
told once, seen on the connection, and forgotten when it works again."""

import asyncio
from typing import Any

from crossdock.connections.problems import clear_problem, note_problem
from crossdock.connections.reset import reset_connection
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.problems import ConnectionProblem
from tests.fakes.vendor import TOKEN, answer
from tests.journeys.conftest import RESOURCES, World, order

FORBIDDEN = answer(403, {"message": "this user may not read orders"})
PATHS = {
    "get_orders": "GET /wms/orders",
    "get_warehouses": "GET /wms/warehouses",
    "get_order_packs": "GET /wms/orders/{order_id}/packs",
}


async def test_refused_credentials_are_noted_and_told_once(world: World):
    connection = await world.connect()
    world.vendor.tokens.clear()
    await world.next_sync()

    [problem] = await world.problems(connection)
    assert (problem.function, problem.kind) == ("", "invalid_credentials")
    assert problem.message == "Invalid Fake WMS credentials"
    [event] = await world.events(connection, "connection-error.created")
    assert event["integration_type"] == "general"
    assert event["data"]["error_message"] == "Invalid Fake WMS credentials"
    assert event["data"]["failed_url"].startswith(world.vendor.url)
    assert event["data"]["affected_endpoints"] == [
        {"endpoint": path, "preventing_sync": True} for path in PATHS.values()
    ]
    assert {(await world.last_job(connection, name)).state for name in ("get_orders", "get_order_packs")} == {
        "failed"
    }


async def test_what_keeps_failing_moves_when_it_was_last_seen_and_is_not_told_again(world: World):
    connection = await world.connect()
    world.vendor.tokens.clear()
    await world.next_sync()
    [before] = await world.problems(connection)
    await world.next_sync()

    [after] = await world.problems(connection)
    assert after.first_ms == before.first_ms
    assert after.last_ms == before.last_ms + 3_600_000
    assert len(await world.events(connection, "connection-error.created")) == 1
    assert await world.events(connection, "connection-error.updated") == []


async def test_credentials_that_work_again_clear_the_problem_and_tell(world: World):
    connection = await world.connect()
    world.vendor.tokens.clear()
    await world.next_sync()
    [created] = await world.events(connection, "connection-error.created")
    world.vendor.tokens.add(TOKEN)
    world.vendor.collections["orders"] = [order(1)]
    await world.next_sync()

    assert await world.problems(connection) == []
    [deleted] = await world.events(connection, "connection-error.deleted")
    assert deleted["data"] == created["data"] | {"failed_url": deleted["data"]["failed_url"]}
    assert await world.count(connection) == 1
    assert len(await world.events(connection, "order.created")) == 1


async def test_while_the_credentials_are_refused_the_vendor_is_asked_only_who_we_are(world: World):
    await world.connect()
    world.vendor.tokens.clear()
    await world.next_sync()
    world.vendor.requests.clear()
    await world.next_sync()

    assert {request.path for request in world.vendor.requests} == {"/account"}


async def test_a_missing_permission_stops_only_its_function(world: World):
    world.vendor.collections["packs"] = [{"id": "o-1", "packs": ["a"]}]
    world.vendor.script("/orders", [FORBIDDEN])
    connection = await world.connect()

    [problem] = await world.problems(connection)
    assert (problem.function, problem.kind) == ("get_orders", "missing_permission")
    assert problem.message == "403: this user may not read orders"
    [event] = await world.events(connection, "connection-error.created")
    assert event["data"]["affected_endpoints"] == [{"endpoint": "GET /wms/orders", "preventing_sync": True}]
    assert await world.count(connection, "get_order_packs") == 1
    first = {name: (await world.schedule(connection, name)).first_done_ms for name in RESOURCES}
    assert first["get_orders"] is None
    assert first["get_order_packs"] is not None


async def test_a_permission_is_tried_at_every_schedule_and_cleared_when_it_is_given(world: World):
    world.vendor.collections["orders"] = [order(1)]
    world.vendor.script("/orders", [FORBIDDEN, FORBIDDEN])
    connection = await world.connect()
    await world.next_sync()
    assert len(world.asked()) == 2
    await world.next_sync()

    assert await world.problems(connection) == []
    texts = await world.told(connection)
    assert texts.count("connection-error.created") == 1
    assert texts.count("connection-error.deleted") == 1
    assert texts.index("connection-error.deleted") < len(texts) - 1, "then the first sync completes"
    assert texts[-1] == "connection.historical-sync-completed"


async def test_a_problem_that_says_something_else_now_is_told_as_a_change(world: World):
    world.vendor.script("/orders", [FORBIDDEN, answer(403, {"message": "the licence has run out"})])
    connection = await world.connect()
    await world.next_sync()

    [created] = await world.events(connection, "connection-error.created")
    [updated] = await world.events(connection, "connection-error.updated")
    assert updated["data"]["error_message"] == "403: the licence has run out"
    assert updated["data"]["created_date"] == created["data"]["created_date"]
    assert updated["previous_attributes"] == {
        "error_message": "403: this user may not read orders",
        "updated_date": created["data"]["updated_date"],
        "last_seen": created["data"]["last_seen"],
    }


async def test_a_problem_that_many_functions_meet_at_once_is_told_once(world: World):
    connection = await world.connect()
    problem = ConnectionProblem(
        connection.id, "", "invalid_credentials", "Invalid Fake WMS credentials", "", 5, 5
    )
    await asyncio.gather(*(note_problem(world.services.database, connection, problem) for _ in range(12)))

    assert len(await world.events(connection, "connection-error.created")) == 1
    await asyncio.gather(*(clear_problem(world.services.database, connection, "", 6) for _ in range(12)))
    assert len(await world.events(connection, "connection-error.deleted")) == 1


async def test_a_connection_that_is_refused_keeps_all_it_has(world: World):
    world.vendor.collections["orders"] = [order(1), order(2)]
    connection = await world.connect()
    before = await world.documents(connection), await world.documents(connection, "get_warehouses")
    world.vendor.tokens.clear()
    await world.next_sync(12 * 3600)

    assert (await world.documents(connection), await world.documents(connection, "get_warehouses")) == before
    assert await world.gone(connection) == {}


# Force syncs


async def forced(world: World, connection: ConnectionRow) -> list[dict[str, Any]]:
    return [event["data"] for event in await world.events(connection, "connection.force-sync-completed")]


async def test_a_force_sync_tells_once_for_each_of_its_functions(world: World):
    connection = await world.connect()
    await world.force(connection)

    assert sorted(entry["function_name"] for entry in await forced(world, connection)) == sorted(RESOURCES)
    await world.force(connection, "get_orders")
    assert (await forced(world, connection))[-1] == {
        "function_name": "get_orders", "resource": "orders", "functions_synced": ["get_orders"],
    }  # fmt: skip
    assert len(await forced(world, connection)) == len(RESOURCES) + 1


async def test_a_function_that_waits_keeps_no_other_from_telling_that_it_is_done(world: World):
    connection = await world.connect()
    world.vendor.script("/orders", [answer(500)] * 5)
    await world.force(connection)
    done = sorted(entry["function_name"] for entry in await forced(world, connection))
    assert done == sorted(RESOURCES.keys() - {"get_orders"})
    await world.next_sync(60)
    assert sorted(entry["function_name"] for entry in await forced(world, connection)) == sorted(RESOURCES)


async def test_a_force_sync_that_a_reset_gives_up_tells_too(world: World):
    connection = await world.connect()
    await world.queue(connection, "get_orders")
    services = world.services
    fields = {"url": world.vendor.url, "token": TOKEN, "page_size": "50"}
    await reset_connection(services.database, services.vault, connection, fields, world.clock())
    assert [entry["function_name"] for entry in await forced(world, connection)] == ["get_orders"]


async def test_a_force_sync_whose_functions_fail_tells_too(world: World):
    connection = await world.connect()
    world.vendor.tokens.clear()
    await world.force(connection)

    assert sorted(entry["function_name"] for entry in await forced(world, connection)) == sorted(RESOURCES)


async def test_a_schedule_is_no_force_sync(world: World):
    connection = await world.connect()
    await world.next_sync()

    assert await world.events(connection, "connection.force-sync-completed") == []
