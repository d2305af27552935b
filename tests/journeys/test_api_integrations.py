"""What integrations can do, and what a connection answers for the rest: 501 and 403."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from crossdock.integrations.registry import integration, integrations_of
from crossdock.store import connections
from crossdock.store.connections import Connection
from tests.journeys.server import Json, Organization, Server

READABLE = integration("wms", "sandbox").functions
TRYTON = integration("wms", "tryton")


@pytest.fixture
def without_bills(server: Server, house: Organization) -> Iterator[Organization]:
    """The house, at a server where the operator has switched bills off."""
    with server.beside(disabled_functions="get_bills, get_inventory_ledger") as url:
        yield replace(house, url=url)


@pytest.fixture(scope="session")
def tryton(server: Server) -> Organization:
    """An organization with a connection of Tryton that was never synced."""
    made = server.organization()
    uid, token = server.do(_connected(server, made))
    made.uids["wms"], made.tokens["wms"] = uid, token
    return made


async def _connected(server: Server, organization: Organization) -> tuple[str, str]:
    services, uid = server.services, str(uuid.uuid4())
    connection = Connection(
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
    found: list[Json] = answer.json()["data"]
    return found


def test_an_integration_tells_its_name_how_to_sign_in_and_what_it_reads_and_writes(house: Organization):
    [one] = shown(house, "/integrations/wms/tryton")
    assert (one["integration_name"], one["display_name"], one["install_method"]) == (
        "tryton",
        "Tryton",
        "input",
    )
    assert one["description"]
    writes = {operation["action"]: operation for operation in one["write_operations"]}
    assert list(writes) == list(TRYTON.writes)
    assert writes["cancel_order"]["url"] == "PUT /wms/orders/{order_id}/cancel"
    assert "reference_id" in writes["create_order"]["required_base_schema_fields"]
    read = [operation["action"] for operation in one["list_operations"]]
    assert one["available_actions"] == [*read, *writes, "passthrough"]
    assert {operation["url"] for operation in one["list_operations"]} >= {
        "GET /wms/orders",
        "GET /wms/warehouses/{warehouse_id}/locations",
    }


def test_the_fields_that_an_integration_fills_are_a_tree_shaped_like_the_record(house: Organization):
    [one] = shown(house, "/integrations/wms/tryton")
    fields = {operation["action"]: operation["implemented_fields"] for operation in one["list_operations"]}
    order = house.list("/wms/orders", limit="1")[0]
    ours = ("trackstar_created_date", "trackstar_updated_date")
    assert list(fields["get_orders"]) == [name for name in order if name not in ours]
    assert fields["get_orders"]["status"] is True
    assert fields["get_orders"]["channel"] is False
    assert fields["get_orders"]["ship_to_address"]["city"] is True
    assert fields["get_orders"]["line_items"][0]["quantity"] is True
    assert all(is_tree(one) for one in fields.values())


def is_tree(node: Any) -> bool:
    """Whether all leaves are true or false, and lists hold one item."""
    if isinstance(node, list):
        return len(node) == 1 and is_tree(node[0])
    return all(map(is_tree, node.values())) if isinstance(node, dict) else isinstance(node, bool)


@pytest.mark.parametrize("kind", ["wms", "cart", "carrier", "freight"])
def test_all_integrations_of_a_type_are_listed(house: Organization, kind: str):
    found = shown(house, f"/integrations/{kind}")
    assert [one["integration_name"] for one in found] == [one.slug for one in integrations_of(kind)]
    assert found == [shown(house, f"/integrations/{kind}/{one['integration_name']}")[0] for one in found]


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
    [one] = shown(house, "/integrations/wms/sandbox", "wms")
    assert one["available_actions"] == house.connection("wms")["available_actions"] == READABLE
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
    assert hidden.isdisjoint(one["function_name"] for one in connection["sync_schedules"])
    for kind in (None, "wms"):
        [info] = shown(without_bills, "/integrations/wms/sandbox", kind)
        assert hidden.isdisjoint(info["available_actions"])
        assert hidden.isdisjoint(one["action"] for one in info["list_operations"])


def test_what_is_switched_off_cannot_be_synced(without_bills: Organization):
    answer = without_bills.ask("POST", "/connections/sync", "wms", json={"functions_to_sync": ["get_bills"]})
    assert (answer.status_code, list(answer.json()["detail"]["json"])) == (422, ["functions_to_sync"])


def test_what_is_off_for_one_connection_is_forbidden_for_that_one_only(server: Server, house: Organization):
    own = server.organization("cart")
    server.do(_switched_off(server, own.uids["cart"], "get_products"))
    answer = own.get("/cart/products")
    assert (answer.status_code, answer.json()["error"]) == (
        403,
        "get_products is disabled for this connection",
    )
    assert "get_products" not in own.connection("cart")["available_actions"]
    assert own.get("/cart/orders").status_code == house.get("/cart/products").status_code == 200


async def _switched_off(server: Server, uid: str, functions: str) -> None:
    database = server.services.database
    connection = await connections.by_uid(database, uid)
    assert connection is not None
    async with database.transaction() as transaction:
        await connections.change(transaction, connection.id, {"disabled_functions": functions})
