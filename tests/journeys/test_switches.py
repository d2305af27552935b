"""Functions are switched off by type and by connection, never what others need, and what is off stays off."""

from typing import Any

import httpx
import pytest

from crossdock.connections.function_switches import parse_lists
from crossdock.errors import Invalid
from crossdock.resources import switches
from crossdock.resources.catalogue import TYPES
from crossdock.store.connections import access
from crossdock.store.connections.access import OrganizationChoices
from crossdock.store.connections.connections import ConnectionRow, by_id
from crossdock.store.database import gauges
from tests.journeys.conftest import World, with_settings
from tests.journeys.windows import Caller, caller, http

__all__ = ["caller", "http"]

SWITCHES = "/schedules/disabled-functions"


async def switch(caller: Caller, names: list[str] | None) -> httpx.Response:
    return await caller.call("PATCH", SWITCHES, json={"disabled_functions": names})


async def policy(world: World, **lists: frozenset[str]) -> None:
    """Gives the organization lists of its own, by type."""
    chosen = OrganizationChoices(disabled_functions=lists)
    await access.change_organization(world.services.database, world.organization, chosen, 1)


async def actions(caller: Caller) -> list[str]:
    shown = await caller.call("GET", f"/connections/{caller.connection.uid}")
    available_actions: list[str] = shown.json()["data"]["available_actions"]
    return available_actions


async def test_a_list_of_the_connection_takes_the_place_of_the_organizations(caller: Caller, world: World):
    await policy(world, wms=frozenset({"get_order_packs"}))
    assert "get_order_packs" not in await actions(caller)

    answer = await switch(caller, ["get_warehouses", "create_order"])
    assert (answer.status_code, answer.json()) == (
        200, {"id": caller.connection.uid, "object": "connection", "updated": True},
    )  # fmt: skip
    texts = await actions(caller)
    assert "get_order_packs" in texts
    assert {"get_warehouses", "create_order"}.isdisjoint(texts)
    assert (await caller.call("GET", "/wms/warehouses")).status_code == 403

    await switch(caller, [])
    assert {"get_order_packs", "get_warehouses", "create_order"} <= set(await actions(caller))
    await switch(caller, None)
    assert "get_order_packs" not in await actions(caller)


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["get_orders"], "get_orders can't be switched off: get_order_packs needs it; switch that off too"),
        (["get_order"], "there is no function 'get_order'; there are: "),
        ([7], "must be a text, not 7"),
    ],
)
async def test_what_can_not_be_switched_off_is_refused_and_changes_nothing(
    caller: Caller, names: list[Any], says: str
):
    before = await actions(caller)
    refused = await switch(caller, names)
    assert refused.status_code == 422
    assert says in str(refused.json()["detail"]["json"])
    assert await actions(caller) == before
    assert (await switch(caller, ["get_orders", "get_order_packs"])).status_code == 200


@pytest.mark.parametrize("body", [b"", b"null", b"{}", b'{"disabled_functions": "get_orders"}', b"[]"])
async def test_a_body_without_a_list_is_refused(caller: Caller, body: bytes):
    answer = await caller.call("PATCH", SWITCHES, content=body)
    assert answer.status_code in (400, 422)


async def test_a_list_of_one_type_leaves_the_others_alone(caller: Caller, world: World):
    await policy(world, cart=frozenset({"get_orders"}), carrier=frozenset())
    assert "get_orders" in await actions(caller)
    await policy(world, wms=frozenset({"get_orders"}))
    assert "get_orders" not in await actions(caller)


async def test_settings_hold_where_a_type_has_no_list_and_may_name_one_type(caller: Caller, world: World):
    connection = await stored(world, caller.connection)
    assert connection.is_off("get_orders", frozenset({"wms:get_orders"}))
    assert not connection.is_off("get_orders", frozenset({"cart:get_orders"}))
    await policy(world, cart=frozenset({"get_orders"}))
    assert (await stored(world, connection)).is_off("get_orders", frozenset({"get_orders"}))
    await policy(world, wms=frozenset())
    assert not (await stored(world, connection)).is_off("get_orders", frozenset({"get_orders"}))


async def stored(world: World, connection: ConnectionRow) -> ConnectionRow:
    found_connection = await by_id(world.services.database, connection.id)
    assert found_connection is not None
    return found_connection


async def test_what_the_database_counts_as_on_is_what_a_connection_says(caller: Caller, world: World):
    database = world.services.database
    await database.execute("UPDATE schedules SET fresh_ms = ?", world.clock() - 60_000)
    for lists in (
        {},
        {"wms": frozenset({"get_orders"})},
        {"wms": frozenset[str]()},
        {"cart": frozenset[str]()},
    ):
        await policy(world, **lists)
        for names in (["get_orders", "get_order_packs"], [], None):
            await switch(caller, names)
            for off in ("", "get_orders", "wms:get_orders", "cart:get_orders,get_warehouses"):
                counted = {function for function, _ in await gauges.ages(database, world.clock(), off)}
                connection = await stored(world, caller.connection)
                settings = frozenset(filter(None, off.split(",")))
                on = {f for f in ("get_orders", "get_warehouses", "get_order_packs")
                      if not connection.is_off(f, settings)}  # fmt: skip
                assert counted == on, (lists, names, off)


@pytest.mark.parametrize(
    ("text", "lists"),
    [
        ("get_bills", {kind: {"get_bills"} & switches.switchable(kind) for kind in TYPES}),
        ("", {kind: set() for kind in TYPES}),
        ("cart:get_products", {"cart": {"get_products"}}),
        ("cart:", {"cart": set()}),
        ("cart:get_products, wms:create_return", {"cart": {"get_products"}, "wms": {"create_return"}}),
    ],
)
def test_the_command_line_names_functions_of_all_types_or_of_one(text: str, lists: dict[str, set[str]]):
    assert parse_lists(text) == lists


@pytest.mark.parametrize("text", ["get_inventory", "wms:get_orders", "get_bill", "cart:get_bills", "erp:"])
def test_the_command_line_refuses_what_others_need_and_what_there_is_not(text: str):
    with pytest.raises(Invalid, match=r"switched off|there is no function"):
        parse_lists(text)


@pytest.mark.parametrize(
    "lists", [{}, {"wms": frozenset()}, {"cart": frozenset({"a", "b"}), "wms": frozenset()}]
)
def test_lists_are_stored_and_read_back_as_they_are(lists: dict[str, frozenset[str]]):
    assert switches.lists_of(switches.to_store(lists)) == lists


async def test_a_window_holds_only_its_function_where_the_organization_says_so(caller: Caller, world: World):
    chosen = OrganizationChoices(on_demand_holds="function")
    await access.change_organization(world.services.database, world.organization, chosen, 1)
    world = with_settings(world, connection_concurrency=1)
    await caller.ask()
    world.clock.pass_seconds(13 * 3600)
    await world.services.database.execute("UPDATE jobs SET due_ms = ? WHERE kind = 'on_demand'", 2**50)
    await world.services.worker(connection_id=caller.connection.id).drain()
    assert (await world.last_job(caller.connection, "get_warehouses")).state == "done"
    held = await world.services.database.fetch(
        "SELECT state FROM jobs WHERE kind = 'sync' AND function = 'get_orders' AND state <> 'done'"
    )
    assert [row[0] for row in held] == ["queued"]
