"""Connections over HTTP: what they show, changing and deleting them, syncing and pausing."""

import re
from typing import Any

import pytest

from crossdock.connections.problems import clear_problem, note_problem
from crossdock.jobs.queue import enqueue
from crossdock.kit.registry import get_integration
from crossdock.resources.catalogue import all_resources
from crossdock.store.connections import connections, schedules
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.problems import ConnectionProblem
from crossdock.store.records import records
from tests.journeys.server import Json, Organization, Server, until

LATER_MS = 10_000_000_000_000
"""So far ahead that no worker takes the job: what is queued until then counts as under way."""


@pytest.fixture
def own_organization(server: Server) -> Organization:
    """An organization with a sandbox shop that this test alone changes."""
    return server.organization("cart")


@pytest.fixture(scope="module")
def shop(server: Server) -> Organization:
    """One for tests that change nothing, or leave it as it was."""
    return server.organization("cart")


def stored(server: Server, organization: Organization, kind: str = "cart") -> ConnectionRow:
    connection = server.do(connections.by_uid(server.services.database, organization.uids[kind]))
    assert connection is not None
    return connection


def schedule(organization: Organization, function: str) -> Json:
    [found_schedule] = [
        sync_schedule
        for sync_schedule in organization.connection("cart")["sync_schedules"]
        if sync_schedule["function_name"] == function
    ]
    return found_schedule


# What a connection shows


def test_a_connection_tells_what_it_is_and_can_do(house: Organization):
    shown = house.connection("cart")
    assert shown["connection_id"] == house.uids["cart"]
    assert (shown["integration_name"], shown["integration_display_name"]) == ("sandbox", "Sandbox")
    assert (shown["integration_type"], shown["customer_id"]) == ("cart", None)
    reads = ["get_orders", "get_products", "get_warehouses"]
    assert shown["available_actions"] == get_integration("cart", "sandbox").functions
    assert shown["available_actions"][:4] == [*reads, "create_order_shipment"]
    assert shown["available_endpoints"][:3] == ["GET /orders", "GET /products", "GET /warehouses"]
    assert shown["historical_sync_completed"] == dict.fromkeys(reads, True)
    assert (shown["errors"], shown["webhooks_disabled"]) == ([], False)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", shown["created_at"])


def test_each_schedule_tells_its_pace_in_seconds_and_when_it_ran(house: Organization):
    sync_schedules = {
        sync_schedule["function_name"]: sync_schedule
        for sync_schedule in house.connection("cart")["sync_schedules"]
    }
    assert {name: sync_schedule["sync_frequency"] for name, sync_schedule in sync_schedules.items()} == {
        "get_orders": 3600,
        "get_products": 3600,
        "get_warehouses": 43200,
    }
    for sync_schedule in sync_schedules.values():
        assert (sync_schedule["sync_status"], sync_schedule["in_progress"]) == ("enabled", False)
        assert (
            sync_schedule["latest_data"]
            <= sync_schedule["last_crawl_start"]
            <= sync_schedule["last_crawl_end"]
            == sync_schedule["latest_sync"]
        )


def test_a_single_read_shows_the_connection_as_an_object(house: Organization):
    listed = house.get("/connections").json()["data"]
    answer = house.get(f"/connections/{house.uids['wms']}").json()
    assert list(answer) == ["data"]
    assert answer["data"]["errors"] == []
    assert [connection["connection_id"] for connection in listed] == list(house.uids.values())
    assert listed[0].keys() == answer["data"].keys()


def test_an_id_that_is_none_is_not_found(house: Organization):
    answer = house.get("/connections/nobody")
    assert (answer.status_code, answer.json()["id"]) == (404, "nobody")


def test_the_list_can_be_narrowed_to_a_token(house: Organization):
    data = house.get("/connections", access_token=house.tokens["carrier"]).json()["data"]
    assert [record["connection_id"] for record in data] == [house.uids["carrier"]]
    assert house.get("/connections", access_token="ct_guess").json()["data"] == []


def test_calls_with_its_token_are_counted(server: Server, own_organization: Organization):
    server.do(server.door.uses.write())
    before = own_organization.connection("cart")
    for _ in range(3):
        own_organization.get("/cart/orders", limit="1")
    own_organization.get("/cart/orders/no-such")
    server.do(server.door.uses.write())
    after = own_organization.connection("cart")
    assert after["times_used"] - before["times_used"] == 4
    assert after["last_used"] >= after["created_at"]


# What state it is in


def test_a_schedule_that_runs_says_so(server: Server, own_organization: Organization):
    connection = stored(server, own_organization)
    server.do(_queued(server, connection, "get_orders"))
    assert (
        schedule(own_organization, "get_orders")["sync_status"],
        schedule(own_organization, "get_orders")["in_progress"],
    ) == (
        "sync_in_progress",
        True,
    )
    assert schedule(own_organization, "get_products")["sync_status"] == "enabled"


def test_a_schedule_that_runs_for_the_first_time_says_so(server: Server, own_organization: Organization):
    connection = stored(server, own_organization)
    server.do(_begun_anew(server, connection))
    server.do(_queued(server, connection, "get_orders"))
    assert schedule(own_organization, "get_orders")["sync_status"] == "first_sync_in_progress"
    assert own_organization.connection("cart")["historical_sync_completed"]["get_orders"] is False


async def _queued(server: Server, connection: ConnectionRow, function: str) -> None:
    async with server.services.database.transaction() as transaction:
        await enqueue(
            transaction, kind="sync", connection_id=connection.id, function=function, cause="schedule",
            now_ms=LATER_MS,
        )  # fmt: skip


async def _begun_anew(server: Server, connection: ConnectionRow) -> None:
    async with server.services.database.transaction() as transaction:
        await schedules.start_over(transaction, connection.id, LATER_MS)


def test_refused_credentials_stop_every_function_until_they_work_again(
    server: Server, own_organization: Organization
):
    connection = stored(server, own_organization)
    problem = trouble(server, connection, "", "Invalid Sandbox credentials")
    server.do(note_problem(server.services.database, connection, problem))
    [error] = own_organization.connection("cart")["errors"]
    assert (error["error_type"], error["resource"]) == ("invalid_credentials", None)
    assert error["error_message"] == error["message"] == "Invalid Sandbox credentials"
    assert error["first_seen"] == error["last_seen"]
    assert error["affected_endpoints"] == [
        {"endpoint": f"GET /cart/{name}", "preventing_sync": True}
        for name in ("orders", "products", "warehouses")
    ]
    assert {
        sync_schedule["sync_status"]
        for sync_schedule in own_organization.connection("cart")["sync_schedules"]
    } == {"error"}
    server.do(clear_problem(server.services.database, connection, "", server.services.clock()))
    assert own_organization.connection("cart")["errors"] == []
    assert {
        sync_schedule["sync_status"]
        for sync_schedule in own_organization.connection("cart")["sync_schedules"]
    } == {"enabled"}
    event_types = [event["event_type"] for event in server.events(own_organization, "cart")]
    assert event_types[-2:] == ["connection-error.created", "connection-error.deleted"]


def test_a_missing_permission_stops_only_its_resource(server: Server, own_organization: Organization):
    connection = stored(server, own_organization)
    problem = trouble(server, connection, "get_products", "products may not be read")
    server.do(note_problem(server.services.database, connection, problem))
    [error] = own_organization.connection("cart")["errors"]
    assert (error["error_type"], error["resource"]) == ("missing_permission", "products")
    assert [affected_endpoint["endpoint"] for affected_endpoint in error["affected_endpoints"]] == [
        "GET /cart/products"
    ]
    assert schedule(own_organization, "get_products")["sync_status"] == "error"
    assert schedule(own_organization, "get_orders")["sync_status"] == "enabled"


def trouble(server: Server, connection: ConnectionRow, function: str, message: str) -> ConnectionProblem:
    now, kind = server.services.clock(), "missing_permission" if function else "invalid_credentials"
    return ConnectionProblem(connection.id, function, kind, message, "https://vendor.example/login", now, now)


# Changing it


@pytest.mark.parametrize(
    ("body", "changed"),
    [
        ({"customer_id": "customer-42"}, {"customer_id": "customer-42"}),
        ({"customer_id": None}, {"customer_id": None}),
        ({"webhooks_disabled": True}, {"webhooks_disabled": True}),
        ({"customer_id": "é", "webhooks_disabled": True}, {"customer_id": "é", "webhooks_disabled": True}),
        ({}, {}),
        (None, {}),
    ],
)
def test_what_the_caller_keeps_of_a_connection_can_be_changed(
    own_organization: Organization, body: Any, changed: Json
):
    before = own_organization.connection("cart")
    answer = own_organization.ask("PATCH", "/connections", "cart", json=body)
    assert answer.json() == {"id": own_organization.uids["cart"], "object": "connection", "updated": True}
    after = own_organization.connection("cart")
    kept_texts = ("customer_id", "webhooks_disabled", "available_actions", "connection_id", "created_at")
    assert {name: after[name] for name in kept_texts} == {name: before[name] for name in kept_texts} | changed


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"customer_id": 42}, "customer_id"),
        ({"webhooks_disabled": "yes"}, "webhooks_disabled"),
        ({"webhooks_disabled": None}, "webhooks_disabled"),
        ({"colour": "red"}, "colour"),
        ([], ""),
    ],
)
def test_a_change_that_does_not_fit_changes_nothing(shop: Organization, body: Any, field: str):
    answer = shop.ask("PATCH", "/connections", "cart", json=body)
    assert (answer.status_code, list(answer.json()["detail"]["json"])) == (422, [field])
    assert shop.connection("cart")["customer_id"] is None


def test_a_deleted_connection_is_gone_with_its_token_and_records(
    server: Server, own_organization: Organization
):
    connection = stored(server, own_organization)
    answer = own_organization.ask("DELETE", "/connections", "cart")
    assert answer.json() == {"id": own_organization.uids["cart"], "object": "connection", "deleted": True}
    assert own_organization.get("/cart/orders").status_code == 401
    assert own_organization.ask("DELETE", "/connections", "cart").status_code == 401
    assert own_organization.get(f"/connections/{own_organization.uids['cart']}").status_code == 404
    assert own_organization.get("/connections").json()["data"] == []
    assert server.events(own_organization, "cart")[-1]["event_type"] == "connection.deleted"
    mine = [resource for resource in all_resources() if resource.type == "cart"]
    count = [(resource, connection.id) for resource in mine]
    until(lambda: not any(server.do(records.count(server.services.database, *pair)) for pair in count))


def test_deleting_a_connection_leaves_the_others_alone(server: Server):
    organization = server.organization("cart", "carrier")
    items = organization.list("/carrier/invoice-line-items")
    organization.ask("DELETE", "/connections", "cart")
    assert organization.list("/carrier/invoice-line-items") == items


# Syncing now, and pausing


def test_a_sync_that_is_asked_for_runs_at_once(server: Server, own_organization: Organization):
    counts = server.synced(own_organization, "cart", "get_products")
    assert (counts["created"], counts["updated"], counts["gone"], counts["quarantined"]) == (0, 0, 0, 0)
    assert counts["unchanged"] == len(own_organization.list("/cart/products"))


@pytest.mark.parametrize("with_token", [True, False])
def test_a_sync_is_asked_for_by_the_id_of_a_connection_too(own_organization: Organization, with_token: bool):
    path, body = f"/connections/{own_organization.uids['cart']}/sync", {"functions_to_sync": ["get_products"]}
    answer = own_organization.ask("POST", path, "cart" if with_token else None, json=body)
    assert (answer.status_code, answer.json()["functions_to_sync"]) == (200, ["get_products"])
    assert answer.json()["id"] == own_organization.uids["cart"]
    own_organization.wait_for_sync("cart")


def test_the_id_and_the_token_of_a_sync_must_be_of_one_connection(
    own_organization: Organization, house: Organization
):
    for organization, uid in (
        (house, house.uids["wms"]),
        (own_organization, house.uids["cart"]),
        (own_organization, "nobody"),
    ):
        answer = organization.ask("POST", f"/connections/{uid}/sync", "cart")
        assert (answer.status_code, answer.json()["id"]) == (404, uid)


@pytest.mark.parametrize("body", [b"", b"null", b"{}", b'{"functions_to_sync":[]}'])
def test_without_names_everything_syncs(shop: Organization, body: bytes):
    answer = shop.ask("POST", "/connections/sync", "cart", content=body)
    assert answer.json() == {"id": shop.uids["cart"], "syncing": True, "functions_to_sync": []}
    shop.wait_for_sync("cart")


@pytest.mark.parametrize("function", ["get_shipments", "get_everything", 7])
def test_a_function_that_the_connection_does_not_sync_is_refused_by_name(shop: Organization, function: Any):
    answer = shop.ask("POST", "/connections/sync", "cart", json={"functions_to_sync": [function]})
    assert answer.status_code == 422
    assert next(iter(answer.json()["detail"]["json"])).startswith("functions_to_sync")


def test_one_schedule_is_paused_and_resumed(shop: Organization):
    for paused, status in ((True, "disabled"), (True, "disabled"), (False, "enabled")):
        answer = shop.ask("PATCH", "/schedules/get_orders/toggle", "cart", json={"paused": paused})
        assert answer.json() == {"id": shop.uids["cart"], "object": "connection", "updated": True}
        assert schedule(shop, "get_orders")["sync_status"] == status
        assert schedule(shop, "get_products")["sync_status"] == "enabled"


def test_all_schedules_are_paused_and_resumed_at_once(shop: Organization):
    for paused, status in ((True, "disabled"), (False, "enabled")):
        shop.ask("PATCH", "/schedules/toggle-all", "cart", json={"paused": paused})
        assert {
            sync_schedule["sync_status"] for sync_schedule in shop.connection("cart")["sync_schedules"]
        } == {status}


def test_a_paused_function_is_still_read_and_synced_when_asked_for(
    server: Server, own_organization: Organization
):
    own_organization.ask("PATCH", "/schedules/get_products/toggle", "cart", json={"paused": True})
    assert server.synced(own_organization, "cart", "get_products")["unchanged"] == len(
        own_organization.list("/cart/products")
    )


def test_pausing_what_the_connection_does_not_have_is_not_found(shop: Organization):
    answer = shop.ask("PATCH", "/schedules/get_shipments/toggle", "cart", json={"paused": True})
    assert (answer.status_code, answer.json()["id"]) == (404, "get_shipments")


@pytest.mark.parametrize(
    ("body", "field"), [({}, "paused"), ({"paused": 1}, "paused"), ({"pause": True}, "pause")]
)
def test_pausing_takes_true_or_false(shop: Organization, body: Json, field: str):
    for path in ("/schedules/get_orders/toggle", "/schedules/toggle-all"):
        answer = shop.ask("PATCH", path, "cart", json=body)
        assert answer.status_code == 422
        assert field in answer.json()["detail"]["json"]


def test_what_is_not_json_is_told_with_its_place(shop: Organization):
    answer = shop.ask("PATCH", "/schedules/toggle-all", "cart", content=b'{"paused": tru}')
    assert answer.status_code == 400
    assert "(byte " in answer.json()["error"]
