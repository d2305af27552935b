"""What integrations can do, and what a connection answers for the rest: 501 and 403."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from crossdock.kit.registry import get_integration, integrations_of
from crossdock.store.connections import connections
from crossdock.store.connections.connections import ConnectionRow
from tests.journeys.server import Json, Organization, Server

READABLE = get_integration("wms", "sandbox").functions
TRYTON = get_integration("wms", "tryton")


@pytest.fixture
def without_bills(server: Server, house: Organization) -> Iterator[Organization]:
    """The house, at a server where the operator has switched bills off."""
    with server.beside(disabled_functions="get_bills, get_inventory_ledger") as url:
        yield replace(house, url=url)


@pytest.fixture(scope="session")
def tryton(server: Server) -> Organization:
    """An organization with a connection of Tryton that was never synced."""
    organization = server.organization()
    uid, token = server.do(_connected(server, organization))
    organization.uids["wms"], organization.tokens["wms"] = uid, token
    return organization


async def _connected(server: Server, organization: Organization) -> tuple[str, str]:
    services, uid = server.services, str(uuid.uuid4())
    connection = ConnectionRow(
        id=0, uid=uid, organization_id=organization.id, type="wms", integration="tryton", customer_id=None,
        me=None, disabled_functions=frozenset(), webhooks_disabled=False, times_used=0, last_used_ms=None,
        created_ms=services.clock(),
    )  # fmt: skip
    sealed = await connections.seal(services.vault, connection, {})
    async with services.database.transaction() as transaction:
        await connections.create(transaction, connection, sealed)
    return uid, sealed.token


def shown(house: Organization, path: str, /, kind: str | None = None) -> list[Json]:
    answer = house.get(path, kind)
    assert answer.status_code == 200, answer.text
    data: list[Json] = answer.json()["data"]
    return data


def test_an_integration_is_named_with_a_hyphen_or_as_its_folder_and_answers_with_its_id(house: Organization):
    shipper = shown(house, "/integrations/carrier/dhl_ecom")
    assert shipper == shown(house, "/integrations/carrier/dhl-ecom")
    assert shipper[0]["integration_name"] == "dhl-ecom"


def test_an_integration_tells_its_name_how_to_sign_in_and_what_it_reads_and_writes(house: Organization):
    [fields] = shown(house, "/integrations/wms/tryton")
    assert (fields["integration_name"], fields["display_name"], fields["install_method"]) == (
        "tryton",
        "Tryton",
        "input",
    )
    assert fields["description"]
    assert (fields["evidence"], fields["inbound_functions"]) == ("live", [])
    assert "trytond" in fields["evidence_note"]
    writes = {operation["action"]: operation for operation in fields["write_operations"]}
    assert list(writes) == list(TRYTON.writes)
    assert writes["cancel_order"]["url"] == "PUT /wms/orders/{order_id}/cancel"
    assert "reference_id" in writes["create_order"]["required_base_schema_fields"]
    read = [operation["action"] for operation in fields["list_operations"]]
    assert fields["available_actions"] == [*read, *writes, "passthrough"]
    assert {operation["url"] for operation in fields["list_operations"]} >= {
        "GET /wms/orders",
        "GET /wms/warehouses/{warehouse_id}/locations",
    }


def test_the_fields_that_an_integration_fills_are_a_tree_shaped_like_the_record(house: Organization):
    [mapping] = shown(house, "/integrations/wms/tryton")
    fields = {
        operation["action"]: operation["implemented_fields"] for operation in mapping["list_operations"]
    }
    order = house.list("/wms/orders", limit="1")[0]
    ours = ("trackstar_created_date", "trackstar_updated_date")
    assert list(fields["get_orders"]) == [name for name in order if name not in ours]
    assert fields["get_orders"]["status"] is True
    assert fields["get_orders"]["channel"] is False
    assert fields["get_orders"]["ship_to_address"]["city"] is True
    assert fields["get_orders"]["line_items"][0]["quantity"] is True
    assert all(is_tree(field) for field in fields.values())


def is_tree(node: Any) -> bool:
    """Whether all leaves are true or false, and lists hold one item."""
    if isinstance(node, list):
        return len(node) == 1 and is_tree(node[0])
    return all(map(is_tree, node.values())) if isinstance(node, dict) else isinstance(node, bool)


@pytest.mark.parametrize("kind", ["wms", "cart", "carrier", "freight"])
def test_all_integrations_of_a_type_are_listed(house: Organization, kind: str):
    records = shown(house, f"/integrations/{kind}")
    assert [record["integration_name"] for record in records] == [
        integration.slug for integration in integrations_of(kind)
    ]
    assert records == [
        shown(house, f"/integrations/{kind}/{record['integration_name']}")[0] for record in records
    ]


def test_the_older_spelling_answers_the_same(house: Organization):
    assert shown(house, "/wms/integrations") == shown(house, "/integrations/wms")
    assert shown(house, "/wms/integrations/tryton") == shown(house, "/integrations/wms/tryton")


@pytest.mark.parametrize(
    "path", ["/integrations/wms/nope", "/wms/integrations/nope", "/integrations/cart/tryton"]
)
def test_an_integration_that_is_not_there_is_not_found(house: Organization, path: str):
    answer = house.get(path, None)
    assert (answer.status_code, answer.json()["id"]) == (404, path.rpartition("/")[2])


@pytest.mark.parametrize("path", ["/integrations/erp", "/integrations/erp/sandbox", "/erp/integrations"])
def test_a_type_that_is_none_is_refused_by_name(house: Organization, path: str):
    answer = house.get(path, None)
    assert (answer.status_code, list(answer.json()["detail"]["path"])) == (422, ["integration_type"])


def test_with_a_token_the_answer_is_about_its_connection(house: Organization):
    [fields] = shown(house, "/integrations/wms/sandbox", "wms")
    assert fields["available_actions"] == house.connection("wms")["available_actions"] == READABLE
    assert house.get("/integrations/wms/tryton", "wms").status_code == 404
    assert house.get("/integrations/cart/sandbox", "wms").status_code == 404


# What a connection does not offer


def test_what_the_integration_lacks_is_not_implemented(tryton: Organization):
    answer = tryton.get("/wms/billing")
    assert answer.status_code == 501
    assert answer.json() == {
        "error": "Endpoint get_bills is not implemented for Tryton",
        "origin": "trackstar",
    }


@pytest.mark.parametrize(
    "path", ["/wms/billing/1", "/wms/orders/1/packs", "/wms/labor-activities", "/wms/orders/channels"]
)
def test_single_reads_of_what_the_integration_lacks_are_not_implemented(tryton: Organization, path: str):
    assert tryton.get(path).status_code == 501


def test_what_the_integration_has_is_empty_until_the_first_sync(tryton: Organization):
    assert tryton.list("/wms/orders") == []
    assert tryton.get("/wms/orders/1").status_code == 404


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("wms", "/cart/orders"),
        ("cart", "/wms/orders"),
        ("carrier", "/freight/shipments"),
        ("wms", "/freight/shipments/1"),
    ],
)
def test_another_types_reads_are_not_implemented(house: Organization, kind: str, path: str):
    answer = house.get(path, kind)
    assert answer.status_code == 501
    assert answer.json()["error"].endswith("is not implemented for Sandbox")


def test_what_the_operator_switched_off_is_forbidden_and_hidden(without_bills: Organization):
    for path in ("/wms/billing", "/wms/billing/1"):
        answer = without_bills.get(path)
        assert answer.status_code == 403
        assert answer.json() == {"error": "get_bills is disabled for this connection", "origin": "trackstar"}
    connection = without_bills.connection("wms")
    hidden = {"get_bills", "get_inventory_ledger"}
    assert hidden.isdisjoint(connection["available_actions"])
    assert {"GET /billing", "GET /inventory/ledger"}.isdisjoint(connection["available_endpoints"])
    assert hidden.isdisjoint(connection["historical_sync_completed"])
    assert hidden.isdisjoint(sync_schedule["function_name"] for sync_schedule in connection["sync_schedules"])
    for kind in (None, "wms"):
        [info] = shown(without_bills, "/integrations/wms/sandbox", kind)
        assert hidden.isdisjoint(info["available_actions"])
        assert hidden.isdisjoint(list_operation["action"] for list_operation in info["list_operations"])


def test_what_is_switched_off_cannot_be_synced(without_bills: Organization):
    answer = without_bills.ask("POST", "/connections/sync", "wms", json={"functions_to_sync": ["get_bills"]})
    assert (answer.status_code, list(answer.json()["detail"]["json"])) == (422, ["functions_to_sync"])


def test_what_is_off_for_one_connection_is_forbidden_for_that_one_only(server: Server, house: Organization):
    own_organization = server.organization("cart")
    server.do(_switched_off(server, own_organization.uids["cart"], "get_products"))
    answer = own_organization.get("/cart/products")
    assert (answer.status_code, answer.json()["error"]) == (
        403,
        "get_products is disabled for this connection",
    )
    assert "get_products" not in own_organization.connection("cart")["available_actions"]
    assert own_organization.get("/cart/orders").status_code == house.get("/cart/products").status_code == 200


async def _switched_off(server: Server, uid: str, functions: str) -> None:
    database = server.services.database
    connection = await connections.by_uid(database, uid)
    assert connection is not None
    async with database.transaction() as transaction:
        await connections.change(transaction, connection.id, {"disabled_functions": functions})
