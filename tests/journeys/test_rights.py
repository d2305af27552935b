"""Rights at the vendor, lost and given: of reads and writes, noticed by use or by connecting again."""

from typing import Any

import pytest

from crossdock.connections.overview import overviews
from crossdock.connections.permissions import check_permissions
from crossdock.kit import registry
from crossdock.store.connections.connections import ConnectionRow
from tests.event_contract import faults
from tests.fakes.fake_wms import SLUG
from tests.fakes.vendor import PASSWORD, TOKEN, answer
from tests.journeys.conftest import RESOURCES, World, order, packs, warehouse
from tests.journeys.writing import Hand, writing

HOUR = 3600
DENIED = answer(403, {"message": "this user may not do that"})
PATHS = {"get_orders": "/orders", "get_warehouses": "/warehouses", "get_order_packs": "/packs"}
ENDPOINTS = {
    "get_orders": "GET /wms/orders", "get_warehouses": "GET /wms/warehouses",
    "get_order_packs": "GET /wms/orders/{order_id}/packs",
}  # fmt: skip


def stocked(world: World) -> None:
    world.vendor.collections["orders"] = [order(1), order(2)]
    world.vendor.collections["warehouses"] = [warehouse(1), warehouse(2)]
    world.vendor.collections["packs"] = [packs(1, "a")]


async def documents(world: World, connection: ConnectionRow) -> dict[str, Any]:
    return {function: await world.rows(connection, function) for function in RESOURCES}


async def errors(world: World, connection: ConnectionRow) -> list[tuple[str, str, bool]]:
    """(function, kind, whether it blocks) of each problem, as a connection shows them."""
    [overview] = await overviews(world.services.database, [connection], frozenset())
    return [(problem.function, problem.kind, problem.is_blocking) for problem in overview.problems]


async def changes_told(world: World, connection: ConnectionRow) -> list[str]:
    return [
        name for name in await world.told(connection) if name.endswith((".created", ".updated", ".deleted"))
    ]


# Reads


@pytest.mark.parametrize("lost", list(PATHS))
async def test_p38_losing_a_single_right_changes_no_record_blocks_what_needs_it_and_says_which(
    world: World, lost: str
):
    stocked(world)
    connection = await world.connect()
    before = await documents(world, connection)
    world.vendor.script(PATHS[lost], [DENIED] * 9)
    await world.next_sync(12 * HOUR)
    await world.force(connection)

    assert await documents(world, connection) == before
    assert await world.gone(connection) == {}
    assert await errors(world, connection) == [(lost, "missing_permission", True)]
    [event] = await world.events(connection, "connection-error.created")
    assert faults(event) == []
    assert event["data"]["affected_endpoints"] == [{"endpoint": ENDPOINTS[lost], "preventing_sync": True}]
    states = {function: (await world.last_job(connection, function)).state for function in RESOURCES}
    assert states == dict.fromkeys(RESOURCES, "done") | {lost: "failed"}


@pytest.mark.parametrize(
    ("path", "method"), [("/orders", "POST"), ("/orders/o-001", "PUT"), ("/orders/o-001/shipments", "POST")]
)
async def test_p38_losing_the_right_to_write_changes_no_record_and_stops_no_sync(
    world: World, path: str, method: str
):
    stocked(world)
    connection = await world.connect()
    before = await documents(world, connection)
    async with writing(world, connection) as hand:
        world.vendor.script(path, [DENIED])
        refused, action, endpoint = await _written(hand, path)
        assert (refused.status_code, refused.json()["origin"]) == (403, "integration")
        assert await documents(world, connection) == before
        assert await errors(world, connection) == [(action, "missing_permission", False)]
        await world.next_sync()
        assert (await world.last_job(connection)).state == "done"
        assert await errors(world, connection) == [(action, "missing_permission", False)]
        [event] = await world.events(connection, "connection-error.created")
        assert faults(event) == []
        assert event["data"]["affected_endpoints"] == [{"endpoint": endpoint, "preventing_sync": False}]
        assert event["data"]["error_message"] == "403: this user may not do that"

        done, _, _ = await _written(hand, path)
        assert done.status_code == 200, done.text
    assert await errors(world, connection) == []
    assert len(await world.events(connection, "connection-error.deleted")) == 1


async def _written(hand: Hand, path: str) -> tuple[Any, str, str]:
    """The answer to a write that calls this path of the vendor, its action, and its endpoint."""
    if path == "/orders":
        return await hand.order(), "create_order", "POST /wms/orders"
    if path.endswith("shipments"):
        answered = await hand.send("POST", "/wms/orders/o-001/shipments", {"warehouse_id": "w-1"})
        return answered, "create_order_shipment", "POST /wms/orders/{order_id}/shipments"
    answered = await hand.send("PUT", "/wms/orders/o-001", {"order_number": "N-9"})
    return answered, "update_order", "PUT /wms/orders/{order_id}"


async def test_a_right_that_was_lost_and_comes_back_is_noticed_at_the_next_sync(world: World):
    stocked(world)
    connection = await world.connect()
    world.vendor.script("/orders", [DENIED])
    world.change("orders", "o-001", state="PICKED")
    await world.next_sync()
    assert await errors(world, connection) == [("get_orders", "missing_permission", True)]
    await world.next_sync()
    assert await errors(world, connection) == []
    assert len(await world.events(connection, "connection-error.deleted")) == 1
    # Nothing that happened meanwhile is lost, and it is told.
    [event] = await world.events(connection, "order.updated")
    assert event["data"]["id"] == "o-001"


async def test_several_functions_that_lack_rights_are_told_and_cleared_one_by_one(world: World):
    stocked(world)
    connection = await world.connect()
    for path in ("/orders", "/packs"):
        world.vendor.script(path, [DENIED])
    await world.next_sync()
    assert sorted(await errors(world, connection)) == [
        ("get_order_packs", "missing_permission", True), ("get_orders", "missing_permission", True),
    ]  # fmt: skip
    await world.next_sync()
    assert await errors(world, connection) == []
    assert len(await world.events(connection, "connection-error.created")) == 2
    assert len(await world.events(connection, "connection-error.deleted")) == 2


async def test_refused_credentials_and_missing_rights_stand_beside_each_other(world: World):
    stocked(world)
    connection = await world.connect()
    world.vendor.script("/packs", [DENIED])
    await world.next_sync()
    world.vendor.tokens.clear()
    await world.next_sync()
    shown = await errors(world, connection)
    assert ("", "invalid_credentials", True) in shown
    assert ("get_order_packs", "missing_permission", True) in shown
    world.vendor.tokens.add(TOKEN)
    await world.next_sync()
    assert await errors(world, connection) == []


# Connecting again


async def test_connecting_again_first_syncs_only_what_could_not_be_read_before(world: World):
    stocked(world)
    world.vendor.script("/orders", [DENIED])
    connection = await world.connect()
    assert await errors(world, connection) == [("get_orders", "missing_permission", True)]
    marks = {name: (await world.schedule(connection, name)).first_done_ms for name in RESOURCES}
    assert [name for name, done in marks.items() if done is None] == ["get_orders"]
    token_before = await world.services.database.fetch("SELECT token_digest FROM connections")

    world.clock.pass_seconds(60)
    world.vendor.collections["warehouses"].append(warehouse(3))
    await world.services.connector.reconnect(connection, {"token": TOKEN})
    await world.work()

    assert await world.services.database.fetch("SELECT token_digest FROM connections") == token_before
    assert await world.count(connection) == 2
    firsts = await world.events(connection, "connection.historical-sync-completed")
    assert [event["data"]["resource"] for event in firsts].count("orders") == 1
    assert len(firsts) == len(RESOURCES)
    assert await changes_told(world, connection) == ["connection.created", "connection-error.created",
                                                     "connection-error.deleted"]  # fmt: skip
    # The others wait for their time, and go on from their mark, telling what is new.
    assert await world.count(connection, "get_warehouses") == 2
    await world.next_sync(12 * HOUR)
    assert [event["data"]["id"] for event in await world.events(connection, "warehouse.created")] == ["w-3"]
    assert len(await world.events(connection, "connection.historical-sync-completed")) == len(RESOURCES)


async def test_what_an_integration_learnt_since_syncs_for_the_first_time_after_connecting_again(world: World):
    stocked(world)
    connection = await world.connect()
    database = world.services.database
    await database.execute("DELETE FROM schedules WHERE function = 'get_orders'")
    await database.execute("DELETE FROM wms_orders")
    await world.services.connector.reconnect(connection, {})
    await world.work()
    assert await world.count(connection) == 2
    assert await world.events(connection, "order.created") == []
    assert len(await world.events(connection, "connection.historical-sync-completed")) == len(RESOURCES) + 1


async def test_connecting_again_forgets_which_writes_lacked_rights(world: World):
    stocked(world)
    connection = await world.connect()
    async with writing(world, connection) as hand:
        world.vendor.script("/orders", [DENIED])
        await hand.order()
    assert await errors(world, connection) == [("create_order", "missing_permission", False)]
    await world.services.connector.reconnect(connection, {})
    assert await errors(world, connection) == []
    assert len(await world.events(connection, "connection-error.deleted")) == 1


async def test_what_is_switched_off_is_not_shown_to_be_wrong(world: World):
    stocked(world)
    connection = await world.connect()
    async with writing(world, connection) as hand:
        world.vendor.script("/orders", [DENIED])
        await hand.order()
        off = {"disabled_functions": ["create_order"]}
        assert (await hand.send("PATCH", "/schedules/disabled-functions", off)).status_code == 200
    assert await world.problems(connection) == []
    assert len(await world.events(connection, "connection-error.deleted")) == 1


# Writes whose credentials are refused


async def test_p37_a_write_that_finds_the_credentials_refused_stops_syncs_and_other_writes(world: World):
    connection = await world.connect(token=f"password:{PASSWORD}")
    world.vendor.expire_sessions()
    world.vendor.password = "another"
    async with writing(world, connection) as hand:
        refused = await hand.order()
        assert (refused.status_code, refused.json()["origin"]) == (401, "integration")
        assert await errors(world, connection) == [("", "invalid_credentials", True)]
        log_ins = [request for request in world.vendor.requests if request.path == "/login"]
        for _ in range(5):
            assert (await hand.order()).status_code == 401
        await world.force(connection)
        after = [request for request in world.vendor.requests if request.path == "/login"]
        assert len(after) == len(log_ins), "nobody tries them again yet"
    for _ in range(6):
        await world.next_sync(600)
    refused_log_ins = [
        request for request in world.vendor.requests if request.path == "/login" and request.status == 401
    ]
    assert len(refused_log_ins) <= 3


async def test_a_fixed_token_that_ends_in_the_middle_of_a_write_is_noted_at_once(world: World):
    stocked(world)
    connection = await world.connect()
    async with writing(world, connection) as hand:
        world.vendor.script("/orders/new-1", [answer(401, {"message": "expired"})])
        done = await hand.order()
    assert (done.status_code, done.json()["outcome"]) == (502, "done")
    assert await errors(world, connection) == [("", "invalid_credentials", True)]
    requests = len(world.vendor.requests)
    await world.queue(connection, "get_orders")
    await world.work()
    assert len(world.vendor.requests) == requests, "the sync waits for the next try"


# Asking


async def test_a_check_says_of_each_function_what_it_may_do(world: World):
    stocked(world)
    connection = await world.connect()
    world.vendor.script("/packs", [DENIED])
    world.vendor.script("/warehouses", [answer(500)] * 9)
    integration = registry.get_integration("wms", SLUG)
    async with world.services.clients.sign_in_to_write(connection, integration) as client:
        permissions = await check_permissions(client, integration, integration.functions)
    states = {function: permission.state for function, permission in permissions.items()}
    assert (states["get_orders"], states["get_order_packs"]) == ("allowed", "denied")
    assert (states["get_warehouses"], states["create_order"]) == ("unknown", "unknown")
    assert await errors(world, connection) == [], "asking notes nothing"
