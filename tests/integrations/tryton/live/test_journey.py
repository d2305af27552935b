"""A real warehouse from end to end: connected at the command line, synced, read, changed, read again."""

import json
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from crossdock.kit.registry import get_integration
from crossdock.resources.catalogue import all_resources
from tests.contracts.test_reads import READS, faults, schema_of
from tests.integrations.tryton.live.server import Tryton
from tests.journeys.commands import Done, Shell
from tests.journeys.server import Json, Organization, Server, until

pytestmark = pytest.mark.live

READABLE = get_integration("wms", "tryton").functions
LISTS = [resource for resource in all_resources() if resource.listed and resource.type == "wms"]
OPERATIONS = [
    api_operation
    for api_operation in READS
    if api_operation.is_list and api_operation.path.startswith("/wms")
]
LACKING = [resource for resource in LISTS if resource.function not in READABLE]


def shell(server: Server, folder: Path) -> Shell:
    """A command line beside the server."""
    used = server.services.settings
    return Shell(
        folder,
        {
            "CROSSDOCK_DATA_DIR": used.data_dir,
            "CROSSDOCK_DATABASE_URL": used.database_url,
            "CROSSDOCK_SECRET_KEY": used.secret_key,
            "CROSSDOCK_ALLOWED_ADDRESSES": used.allowed_addresses,
            "CROSSDOCK_DISABLED_FUNCTIONS": used.disabled_functions,
        },
    )


def connect(console: Shell, organization: Organization, tryton: Tryton, user: str, password: str) -> Done:
    mapping = {"url": tryton.url, "user": user, "password": password}
    fields = [word for key, value in mapping.items() for word in ("--set", f"{key}={value}")]
    return console.call("connect", "tryton", *fields, "--organization", organization.id, "--json")


@pytest.fixture(scope="module")
def connected(server: Server, tryton: Tryton, tmp_path_factory: pytest.TempPathFactory) -> Organization:
    """An organization with the live Tryton as its warehouse, synced."""
    organization, console = server.organization(), shell(server, tmp_path_factory.mktemp("console"))
    body = connect(console, organization, tryton, tryton.user, tryton.password).json
    assert body["integration_name"] == "tryton"
    assert set(body["available_actions"]) == set(READABLE)
    organization.uids["wms"], organization.tokens["wms"] = body["connection_id"], body["access_token"]
    organization.wait_for_sync("wms")
    return organization


def path_of(connected: Organization, resource: Any) -> str:
    if resource.parent is None:
        return str(resource.path)
    return str(resource.path.format(warehouse_id=connected.list("/wms/warehouses")[0]["id"]))


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda value: value.path)
def test_every_list_answers_as_the_contract_promises_or_says_that_tryton_has_none(
    connected: Organization, operation: Any
):
    resource = operation.resource
    answer = connected.get(path_of(connected, resource))
    if resource in LACKING:
        assert answer.status_code == 501
        assert answer.json()["error"] == f"Endpoint {resource.function} is not implemented for Tryton"
        return
    assert answer.status_code == 200
    assert answer.json()["data"], "the seeded Tryton has none: nothing was compared"
    assert faults(answer.json(), schema_of(operation)) == []


def test_every_record_can_be_read_by_its_id(connected: Organization):
    for resource in LISTS:
        if resource not in LACKING and resource.one_path:
            path = path_of(connected, resource)
            for record in connected.list(path, limit="5"):
                assert connected.one(f"{path}/{record['id']}") == record


def test_nothing_was_set_aside(server: Server, connected: Organization, tmp_path: Path):
    done = shell(server, tmp_path).call("quarantine", connected.uids["wms"], "--json")
    assert done.json == []


def test_a_change_in_tryton_is_that_change_here_and_one_event(
    server: Server, connected: Organization, tryton: Tryton
):
    server.synced(connected, "wms", "get_orders")
    orders = {character["id"]: character for character in connected.list("/wms/orders")}
    before = next(
        fields for fields in orders.values() if fields["shipments"] and fields["shipments"][0]["packages"]
    )
    package, number = before["shipments"][0]["packages"][0], f"1Z{uuid.uuid4().hex[:16].upper()}"
    event_count = len(server.events(connected, "wms"))

    tryton.change("stock.package", int(package["package_id"]), shipping_reference=number)
    counts = server.synced(connected, "wms", "get_orders")

    assert (counts["created"], counts["updated"], counts["quarantined"]) == (0, 1, 0)
    after = connected.one(f"/wms/orders/{before['id']}")
    assert after["shipments"][0]["packages"][0]["tracking_number"] == number
    changed = {
        character["id"] for character in connected.list("/wms/orders") if character != orders[character["id"]]
    }
    assert changed == {before["id"]}
    events = [
        event
        for event in server.events(connected, "wms")[event_count:]
        if event["event_type"].startswith("order")
    ]
    assert [(event["event_type"], event["data"]) for event in events] == [("order.updated", after)]
    assert events[0]["previous_attributes"] == {
        "updated_date": before["updated_date"],
        "shipments.0.packages.0.tracking_number": package["tracking_number"],
    }


ADDRESS = {"full_name": "Customer Eve", "address1": "1 Main St", "city": "Springfield", "country": "US"}


def order(reference: str, **extra_fields: Any) -> Json:
    lines = [{"sku": "SKU-003", "quantity": 2, "unit_price": 10.99}]
    fields = {"reference_id": reference, "ship_to_address": ADDRESS, "line_items": lines, "channel": "Web"}
    return fields | {"warehouse_id": "5", "shipping_method_id": "1"} | extra_fields


def told_of(server: Server, connected: Organization, record_id: str) -> list[str]:
    events = server.events(connected, "wms")
    return [event["event_type"] for event in events if event.get("data", {}).get("id") == record_id]


def test_an_order_goes_to_tryton_and_out_of_it_and_no_sync_finds_anything_new(
    server: Server, connected: Organization, tryton: Tryton
):
    server.synced(connected, "wms", "get_orders")
    reference, shipments = uuid.uuid4().hex, tryton.count("stock.shipment.out")
    headers, url = connected.headers("wms") | {"Idempotency-Key": reference}, f"{connected.url}/wms/orders"
    answers = [connected.http.post(url, json=order(reference), headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
    assert [answer.headers.get("Idempotent-Replayed") for answer in answers] == [None, "true"]
    new_body = answers[0].json()
    assert new_body["unused_fields"] == ["channel"]
    assert (new_body["data"]["reference_id"], new_body["data"]["raw_status"]) == (reference, "waiting")
    assert connected.one(f"/wms/orders/{new_body['id']}") == new_body["data"]
    assert tryton.count("stock.shipment.out") == shipments + 1

    body = {"tracking_number": "1Z-JOURNEY", "tracking_url": "https://example.com/1Z"}
    sent = connected.ask("POST", f"/wms/orders/{new_body['id']}/shipments", json=body).json()
    assert sent["unused_fields"] == ["tracking_url"]
    assert sent["data"]["shipments"][0]["packages"][0]["tracking_number"] == "1Z-JOURNEY"
    [there] = tryton.find("stock.shipment.out", [["reference", "=", reference]], "state")
    assert there == {"id": int(new_body["id"]), "state": "done"}

    counts = server.synced(connected, "wms", "get_orders")
    assert (counts["created"], counts["updated"], counts["quarantined"]) == (0, 0, 0)
    assert connected.one(f"/wms/orders/{new_body['id']}") == sent["data"]
    texts = told_of(server, connected, new_body["id"])
    assert sorted(texts) == ["order.created", "order.shipment.created", "order.updated"]


def test_what_tryton_refuses_is_answered_in_its_words_and_nothing_is_stored(
    server: Server, connected: Organization, tryton: Tryton
):
    event_count, shipments = len(server.events(connected, "wms")), tryton.count("stock.shipment.out")
    lines = [{"sku": "SKU-003", "quantity": 1, "unit_price": 1.123456789}]
    answer = connected.ask("POST", "/wms/orders", json=order("refused", line_items=lines))
    assert (answer.status_code, answer.json()["origin"]) == (422, "integration")
    assert "digits" in answer.json()["error"]
    unknown = connected.ask("POST", "/wms/orders", json=order("refused", warehouse_id="77"))
    assert (unknown.status_code, unknown.json()["origin"]) == (422, "trackstar")
    assert list(unknown.json()["detail"]["json"]) == ["warehouse_id"]
    assert tryton.count("stock.shipment.out") == shipments
    assert len(server.events(connected, "wms")) == event_count


def test_a_dry_run_shows_trytons_calls_and_makes_none(connected: Organization, tryton: Tryton):
    shipments, parties = tryton.count("stock.shipment.out"), tryton.count("party.party")
    answer = connected.ask("POST", "/wms/orders", json=order("dry"), params={"dry_run": "true"})
    assert answer.status_code == 200, answer.text
    methods = [request["body"]["method"] for request in answer.json()["requests"]]
    assert methods[-2:] == ["model.stock.shipment.out.create", "model.stock.shipment.out.wait"]
    assert (shipments, parties) == (tryton.count("stock.shipment.out"), tryton.count("party.party"))


def test_a_call_of_ones_own_reaches_tryton(connected: Organization):
    call = {"id": 1, "method": "model.party.party.search_count", "params": [[["name", "=", "UPS"]], {}]}
    answer = connected.ask("POST", "/wms/passthrough", json={"method": "POST", "path": "/rpc/", "data": call})
    assert answer.json()["status_code"] == 200, answer.text
    assert answer.json()["body"] == {"id": 1, "result": 1}


def test_a_wrong_password_is_refused_in_the_vendors_name_and_nothing_is_stored(
    server: Server, tryton: Tryton, tmp_path: Path
):
    organization = server.organization()
    done = connect(shell(server, tmp_path), organization, tryton, "admin", "wrong-password")
    assert (done.code, done.out) == (1, "")
    assert json.loads(done.err) == {"error": "Invalid Tryton credentials", "origin": "integration"}
    assert organization.get("/connections").json()["data"] == []


def test_a_password_that_changes_later_stops_the_connection_until_it_is_right_again(
    server: Server, tryton: Tryton, tmp_path: Path
):
    user, password = new_user(tryton), "a-long-Secret-7"
    organization = server.organization()
    body = connect(shell(server, tmp_path), organization, tryton, user["login"], password).json
    organization.uids["wms"], organization.tokens["wms"] = body["connection_id"], body["access_token"]
    organization.wait_for_sync("wms")

    tryton.change("res.user", user["id"], password="another-Secret-8")
    tryton.end_sessions()
    ask_for_orders(organization)
    until(lambda: organization.connection("wms")["errors"])
    [error] = organization.connection("wms")["errors"]
    assert (error["error_type"], error["resource"]) == ("invalid_credentials", None)
    assert error["error_message"] == "Invalid Tryton credentials"
    assert len(error["affected_endpoints"]) == len(get_integration("wms", "tryton").resources)
    assert organization.list("/wms/orders"), "what was read before is still served"
    assert "connection-error.created" in [event["event_type"] for event in server.events(organization, "wms")]

    tryton.change("res.user", user["id"], password=password)
    ask_for_orders(organization)  # credentials that were refused just now are not tried for that
    assert organization.connection("wms")["errors"]
    done = shell(server, tmp_path).call("reconnect", organization.uids["wms"], "--json")
    assert done.code == 0, done.err
    until(lambda: not organization.connection("wms")["errors"])
    event_types = [event["event_type"] for event in server.events(organization, "wms")]
    assert "connection-error.deleted" in event_types[event_types.index("connection-error.created") :]


def new_user(tryton: Tryton) -> Json:
    """A user who may see stock and sales."""
    login = f"integrator-{tryton.count('res.user')}"
    groups = [row["id"] for row in tryton.find("res.group", [["name", "in", ["Stock", "Sales"]]])]
    number = tryton.make(
        "res.user", name=login, login=login, password="a-long-Secret-7", company=1,
        companies=[["add", [1]]], groups=[["add", groups]],
    )  # fmt: skip
    return {"id": number, "login": login}


def ask_for_orders(organization: Organization) -> httpx.Response:
    return organization.ask("POST", "/connections/sync", "wms", json={"functions_to_sync": ["get_orders"]})
