"""Callers sync a window of their own: what it brings, what is told, what is refused."""

from typing import Any

import httpx
import pytest
import yaml

from crossdock.connections.on_demand import SyncWindow, open_window
from crossdock.kit.registry import all_integrations
from crossdock.store.connections import access
from crossdock.wire import stamp
from tests.conftest import needs_shared
from tests.journeys.conftest import World, order
from tests.journeys.server import Organization, Server, until
from tests.journeys.windows import END, PATH, START, Caller, caller, http, new_caller, old, valid

__all__ = ["caller", "http"]


# From asking to the end


async def test_a_window_brings_what_changed_in_it_and_nothing_else(caller: Caller, world: World):
    world.vendor.collections["orders"] += [
        old(10, "2025-05-31"), old(11, "2025-06-01"), old(12, "2025-06-30"), old(13, "2025-07-02"),
    ]  # fmt: skip
    post = await caller.post()
    assert post.status_code == 200
    assert post.json() == {
        "id": post.json()["id"],
        "sync_job_id": post.json()["id"],
        "connection_id": caller.connection.uid,
        "function_name": "get_orders",
        "requested_start_time": START,
        "requested_end_time": END,
        "status": "open",
        "created_at": stamp(world.clock()),
    }
    await world.work()
    assert set(await world.documents(caller.connection)) == {"o-001", "o-002", "o-003", "o-011", "o-012"}
    assert await caller.shown(post.json()["id"]) == post.json() | {"status": "completed"}


async def test_a_completed_window_is_told_as_the_contract_says(caller: Caller, world: World):
    window = await caller.ask()
    await world.work()
    shown = await caller.shown(window)
    assert valid(shown, "platform", "SyncJob")
    [event] = await caller.told(window)
    assert event["event_type"] == "connection.sync-job-completed"
    assert event["data"] == shown
    assert valid(event, "webhooks", "Event_connection_sync_job_completed")


async def test_records_of_a_window_are_told_like_those_of_any_other_sync(caller: Caller, world: World):
    world.vendor.collections["orders"].append(old(11))
    await caller.ask()
    await world.work()
    created = await world.events(caller.connection, "order.created")
    assert [entry["data"]["id"] for entry in created] == ["o-011"]


async def test_a_window_before_the_first_sync_is_as_quiet_as_the_first_sync(
    world: World, http: httpx.AsyncClient
):
    world.vendor.collections["orders"] = [order(1), old(11)]
    caller = await new_caller(world, http, sync=False)
    window = await caller.ask()
    await world.work()
    assert await caller.status(window) == "completed"
    assert set(await world.documents(caller.connection)) == {"o-001", "o-011"}
    assert await world.events(caller.connection, "order.created") == []
    first = await world.events(caller.connection, "connection.historical-sync-completed")
    assert len(first) == 3


async def test_a_window_leaves_the_schedule_where_it_was(caller: Caller, world: World):
    world.vendor.collections["orders"].append(old(11))
    before = await world.schedule(caller.connection)
    await caller.ask()
    await world.work()
    assert await world.schedule(caller.connection) == before
    world.vendor.requests.clear()
    await world.next_sync()
    assert [entry["since"] for entry in world.asked()] == ["2026-02-01T00:00:03Z"]
    assert "until" not in world.asked()[0]


async def test_an_empty_window_completes(caller: Caller, world: World):
    window = await caller.ask("2024-01-01T00:00:00Z", "2024-01-01T00:00:01Z")
    await world.work()
    assert await caller.status(window) == "completed"


async def test_a_window_deletes_nothing(caller: Caller, world: World):
    world.vendor.collections["orders"].clear()
    await caller.ask("2026-01-01T00:00:00Z", "2026-02-01T12:00:00Z")
    await world.work()
    assert await world.count(caller.connection) == 3
    assert await world.gone(caller.connection) == {}


# What is refused


@pytest.mark.parametrize("function", ["get_inventory", "get_warehouses", "get_products", "get_nonsense", ""])
async def test_what_is_not_enabled_is_refused_in_the_contracts_words(caller: Caller, function: str):
    refused = await caller.post(function=function)
    assert refused.status_code == 400
    assert refused.json()["error"] == f"On-demand sync is not enabled for fake {function}"
    assert (await caller.call("GET")).json()["data"] == []


def test_integrations_offer_windows_only_of_what_the_contract_has_them_for():
    text = needs_shared("contract", "platform.openapi.yaml").read_text()
    enabled = yaml.safe_load(text)["components"]["schemas"]["OnDemandFunction"]["enum"]
    assert "get_inventory" not in enabled
    for integration in all_integrations().values():
        functions = integration.manifest.functions
        assert set(functions.on_demand) <= set(functions.read) & set(enabled), integration.slug


@pytest.mark.parametrize(
    ("start", "end", "fields"),
    [
        (END, START, {"end_time"}),
        (START, START, {"end_time"}),
        ("2026-02-02T02:45:01Z", "2026-02-02T02:45:02Z", {"start_time", "end_time"}),
        ("2026-02-02T02:41:00Z", "2026-02-02T02:42:00Z", {"start_time"}),
        (START, "2026-02-02T02:45:01Z", {"end_time"}),
        ("2023-02-01T00:00:00Z", "2026-02-02T00:00:00Z", {"start_time"}),
        ("2026-02-30T00:00:00Z", END, {"start_time"}),
        ("2026-02-29T00:00:00Z", "2026-02-31T00:00:00Z", {"start_time", "end_time"}),
        ("yesterday", END, {"start_time"}),
        (START, "2025-07", {"end_time"}),
        (START, "2025-07-01T00:00:00+2", {"end_time"}),
        (START, "", {"end_time"}),
    ],
)
async def test_a_window_that_cannot_be_is_refused_naming_each_time(
    caller: Caller, start: str, end: str, fields: set[str]
):
    refused = await caller.post(start, end)
    assert refused.status_code == 422
    assert refused.json()["detail"]["json"].keys() == fields


@pytest.mark.parametrize(
    "body",
    [
        {"start_time": START, "end_time": END},
        {"start_time": START, "function_name": "get_orders"},
        {"start_time": START, "end_time": END, "function_name": None},
        {"start_time": 1, "end_time": END, "function_name": "get_orders"},
        {"start_time": START, "end_time": END, "function_name": "get_orders", "more": 1},
        [],
    ],
)
async def test_a_body_that_does_not_fit_is_refused(caller: Caller, body: Any):
    assert (await caller.call("POST", json=body)).status_code == 422


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2023-02-01T00:00:00Z", "2026-02-01T00:00:00Z"),
        ("2026-02-02T02:39:59Z", "2026-02-02T02:40:00Z"),
    ],
)
async def test_three_years_and_up_to_this_second_are_fine(caller: Caller, start: str, end: str):
    assert stamp(caller.world.clock()) == "2026-02-02T02:40:00Z"
    assert (await caller.post(start, end)).status_code == 200


@pytest.mark.parametrize(
    ("end", "shown"),
    [
        ("2025-07-01T00:00:00.000Z", "2025-07-01T00:00:00Z"),  # what JavaScript's toISOString() says
        ("2025-07-01T02:00:00.123456+02:00", "2025-07-01T00:00:00Z"),  # what Python's isoformat() says
        ("2025-07-01t00:00:00z", "2025-07-01T00:00:00Z"),
        ("2025-07-01", "2025-07-01T00:00:00Z"),
        ("2026-02-02T02:40:02Z", "2026-02-02T02:40:00Z"),  # a clock that is ahead of ours
        ("2026-02-02T02:45:00Z", "2026-02-02T02:40:00Z"),
    ],
)
async def test_a_window_takes_every_form_of_a_date_and_ends_now_at_the_latest(
    caller: Caller, end: str, shown: str
):
    opened = await caller.post(START, end)
    assert (opened.status_code, opened.json()["requested_end_time"]) == (200, shown)


async def test_a_window_that_lies_ahead_as_a_whole_is_refused_for_its_start(caller: Caller):
    refused = await caller.post("2026-02-02T02:41:00Z", "2026-02-02T02:42:00Z")
    assert (refused.status_code, refused.json()["detail"]) == (
        422, {"json": {"start_time": ["2026-02-02T02:41:00Z is not in the past"]}},
    )  # fmt: skip


async def test_a_function_that_is_off_has_no_windows(caller: Caller, world: World):
    await world.change_connection(caller.connection, disabled_functions="get_orders")
    refused = await caller.post()
    assert (refused.status_code, refused.json()["error"]) == (
        400, "get_orders is disabled for this connection",
    )  # fmt: skip


async def test_a_read_only_key_opens_and_cancels_no_window(caller: Caller, world: World):
    window = await caller.ask()
    _, caller.headers["x-trackstar-api-key"] = await access.create_key(
        world.services.database, world.organization, name="read", read_only=True, now_ms=world.clock()
    )
    assert (await caller.post()).status_code == 403
    assert (await caller.cancel(window)).status_code == 403
    assert await caller.status(window) == "open"


async def test_nobody_sees_or_cancels_the_window_of_another_connection(
    caller: Caller, world: World, http: httpx.AsyncClient
):
    window = await caller.ask()
    other_caller = await new_caller(world, http)
    for answered in (await other_caller.call("GET", f"{PATH}/{window}"), await other_caller.cancel(window)):
        assert (answered.status_code, answered.json()["id"]) == (404, window)
    assert (await other_caller.call("GET")).json()["data"] == []
    assert (await caller.call("GET", f"{PATH}/osj_nothing")).status_code == 404
    assert (await caller.cancel("osj_nothing")).status_code == 404


# Lists


async def test_windows_are_listed_newest_first_a_page_at_a_time(caller: Caller, world: World):
    services = world.services
    texts: list[str] = []
    for n in range(103):
        world.clock.pass_seconds(1)
        window = await open_window(
            services.database, caller.connection, "get_orders", SyncWindow(n, n + 1), world.clock()
        )
        texts.insert(0, window.id)
    first = (await caller.call("GET")).json()
    assert (first["total_count"], [record["id"] for record in first["data"]]) == (100, texts[:100])
    second = (await caller.call("GET", params={"page_token": first["next_token"]})).json()
    assert [record["id"] for record in second["data"]] == texts[100:]
    assert second["next_token"] is None
    for token in ("nonsense", first["next_token"][:-1]):
        assert (await caller.call("GET", params={"page_token": token})).status_code == 422


# The sandbox


@pytest.fixture(scope="module")
def own_house(server: Server) -> Organization:
    return server.organization("wms", "carrier")


@pytest.mark.parametrize(
    ("kind", "function", "event"),
    [
        ("wms", "get_orders", "order"),
        ("carrier", "get_invoice_line_items", "invoice-line-item"),
    ],
)
def test_the_sandbox_reads_windows(
    server: Server, own_house: Organization, kind: str, function: str, event: str
):
    now = server.services.clock()
    body = {
        "start_time": stamp(now - 3 * 365 * 86_400_000), "end_time": stamp(now - 1000),
        "function_name": function,
    }  # fmt: skip
    response = own_house.ask("POST", PATH, kind, json=body)
    assert response.status_code == 200, response.text
    window = response.json()["id"]
    until(lambda: own_house.ask("GET", f"{PATH}/{window}", kind).json()["status"] == "completed")
    run = server.last_run(own_house, kind, function)
    assert run["created"] + run["updated"] + run["unchanged"] > 0
    assert run["quarantined"] == 0
    event_types = [event["event_type"] for event in server.events(own_house, kind)]
    assert event_types.count("connection.sync-job-completed") == 1


def test_the_sandbox_has_no_windows_of_stock(own_house: Organization):
    body = {"start_time": START, "end_time": END, "function_name": "get_inventory"}
    refused = own_house.ask("POST", PATH, "wms", json=body)
    assert refused.status_code == 400
    assert refused.json()["error"] == "On-demand sync is not enabled for sandbox get_inventory"
    assert refused.json()["origin"] == "trackstar"
