"""The sandbox over HTTP: making one, starting over, and what happens in it arriving like from any vendor."""

from typing import Any

import pytest

from crossdock.kit.registry import get_integration
from tests.journeys.server import Json, Organization, Server

NOT_SHIPPED = "open,confirmed,processing,picked,packed,backordered"


@pytest.fixture(scope="module")
def organization(server: Server) -> Organization:
    """An organization with a sandbox warehouse for this module: each test takes an order of its own."""
    return server.organization("wms")


@pytest.fixture(scope="module")
def shop(server: Server) -> Organization:
    """The same with a shop."""
    return server.organization("cart")


def an_order(own_organization: Organization) -> Json:
    """An order of several units that can be shipped from stock, in part or whole."""
    for order in own_organization.list("/wms/orders", **{"status[in]": "open,confirmed"}):
        if sum(line["quantity"] for line in order["line_items"]) > 2 and not order["shipments"]:
            return order
    raise AssertionError("the sandbox has no such order")


def simulate(own_organization: Organization, method: str, path: str, **extra_fields: Any) -> Json:
    answer = own_organization.ask(method, f"/sandbox/simulate/{path}", None, **extra_fields)
    assert answer.status_code == 200, answer.text
    assert list(answer.json()) == ["data"]
    data: Json = answer.json()["data"]
    return data


def refused(own_organization: Organization, method: str, path: str, **extra_fields: Any) -> tuple[int, Json]:
    answer = own_organization.ask(method, f"/sandbox/simulate/{path}", None, **extra_fields)
    return answer.status_code, answer.json()


# Making and resetting


def test_a_sandbox_is_made_once_and_answers_like_an_exchange(server: Server):
    newcomer = server.organization()
    first, again = (newcomer.ask("POST", "/sandbox/generate-sandbox/cart", None).json() for _ in range(2))
    assert first == again
    assert list(first) == [
        "access_token",
        "connection_id",
        "integration_name",
        "customer_id",
        "available_actions",
        "available_endpoints",
    ]
    assert (first["integration_name"], first["customer_id"]) == ("sandbox", None)
    assert first["available_actions"] == get_integration("cart", "sandbox").functions
    assert len(newcomer.get("/connections").json()["data"]) == 1


def test_a_new_sandbox_is_a_connection_like_any_other(server: Server):
    own_organization = server.organization("wms")
    event_types = [event["event_type"] for event in server.events(own_organization, "wms")]
    done = event_types.count("connection.historical-sync-completed")
    assert event_types[0] == "connection.created"
    assert (done, len(event_types)) == (len(get_integration("wms", "sandbox").resources), done + 1)


def state(own_organization: Organization) -> dict[str, list[Any]]:
    return {
        "orders": [
            (character["id"], character["status"], len(character["shipments"]))
            for character in own_organization.list("/wms/orders")
        ],
        "returns": [
            (character["id"], character["status"]) for character in own_organization.list("/wms/returns")
        ],
        "stock": [
            (character["id"], character["onhand"], character["committed"])
            for character in own_organization.list("/wms/inventory")
        ],
    }


def test_a_reset_keeps_the_connection_and_takes_the_data_back_to_the_start(server: Server):
    own_organization = server.organization("wms")
    start, tokens, uids = state(own_organization), dict(own_organization.tokens), dict(own_organization.uids)
    simulate(own_organization, "PUT", f"orders/{an_order(own_organization)['id']}/fulfill")
    server.synced(own_organization, "wms", "get_inventory")
    assert state(own_organization) != start
    event_count = len(server.events(own_organization, "wms"))
    own_organization.add_sandbox("wms")
    assert state(own_organization) == start
    assert (own_organization.tokens, own_organization.uids) == (tokens, uids)
    later = {event["event_type"] for event in server.events(own_organization, "wms")[event_count:]}
    assert later == {"connection.historical-sync-completed"}
    simulate(own_organization, "PUT", f"orders/{an_order(own_organization)['id']}/fulfill")
    assert server.events(own_organization, "wms")[-1]["event_type"] == "order.shipment.created"


@pytest.mark.parametrize("kind", ["freight", "erp"])
def test_there_is_no_sandbox_of_other_types(organization: Organization, kind: str):
    answer = organization.ask("POST", f"/sandbox/generate-sandbox/{kind}", None)
    assert (answer.status_code, list(answer.json()["detail"]["path"])) == (422, ["integration_type"])


# Shipping


def test_a_fulfilled_order_is_readable_at_once_and_told_with_what_it_was(
    server: Server, organization: Organization
):
    order, event_count = an_order(organization), len(server.events(organization, "wms"))
    shipped = simulate(organization, "PUT", f"orders/{order['id']}/fulfill")
    assert (shipped["id"], shipped["status"]) == (order["id"], "fulfilled")
    assert organization.one(f"/wms/orders/{order['id']}") == shipped
    assert organization.list("/wms/orders", ids=order["id"]) == [shipped]
    updated, sent = server.events(organization, "wms")[event_count:]
    assert [updated["event_type"], sent["event_type"]] == ["order.updated", "order.shipment.created"]
    assert updated["data"] == sent["data"] == shipped
    assert updated["previous_attributes"]["status"] == order["status"]
    assert updated["previous_attributes"]["shipments"] == []
    assert sent["previous_attributes"] == {"shipments": []}
    for entry in (updated, sent):
        assert (entry["integration_name"], entry["integration_type"]) == ("sandbox", "wms")
        assert entry["connection_id"] == organization.uids["wms"]


def test_what_was_shipped_is_what_was_ordered(organization: Organization):
    order = an_order(organization)
    shipped = simulate(organization, "PUT", f"orders/{order['id']}/fulfill")
    assert organization.one(f"/wms/orders/{order['id']}")["line_items"] == [
        {**line, "is_picked": True} for line in order["line_items"]
    ]
    assert sum(line["quantity"] for shipment in shipped["shipments"] for line in shipment["line_items"]) > 0
    assert all(
        package["tracking_number"] for shipment in shipped["shipments"] for package in shipment["packages"]
    )


def test_the_next_sync_finds_nothing_new_in_what_was_simulated(server: Server, organization: Organization):
    order = an_order(organization)
    shipped = simulate(organization, "PUT", f"orders/{order['id']}/fulfill")
    events = server.events(organization, "wms")
    counts = server.synced(organization, "wms", "get_orders")
    assert (counts["created"], counts["updated"], counts["gone"]) == (0, 0, 0)
    assert counts["unchanged"] >= 1
    assert organization.one(f"/wms/orders/{order['id']}") == shipped
    [event] = server.events(organization, "wms")[len(events) :]
    assert event["event_type"] == "connection.force-sync-completed"


def test_an_order_can_be_shipped_in_part_and_then_whole(server: Server, organization: Organization):
    order, event_count = an_order(organization), len(server.events(organization, "wms"))
    part = simulate(organization, "PUT", f"orders/{order['id']}/fulfill?partial=true")
    assert (part["status"], len(part["shipments"])) == ("partially_fulfilled", 1)
    whole_simulate = simulate(organization, "PUT", f"orders/{order['id']}/fulfill?partial=false")
    assert (whole_simulate["status"], len(whole_simulate["shipments"])) == ("fulfilled", 2)
    assert whole_simulate["shipments"][0] == part["shipments"][0]
    events = [
        event
        for event in server.events(organization, "wms")[event_count:]
        if event["event_type"] == "order.shipment.created"
    ]
    assert [event["previous_attributes"]["shipments"] for event in events] == [[], part["shipments"]]


def test_stock_follows_with_the_next_sync_of_inventory(server: Server, organization: Organization):
    server.synced(organization, "wms", "get_inventory")
    before = {character["id"]: character["onhand"] for character in organization.list("/wms/inventory")}
    shipped = simulate(organization, "PUT", f"orders/{an_order(organization)['id']}/fulfill")
    assert {
        character["id"]: character["onhand"] for character in organization.list("/wms/inventory")
    } == before
    assert server.synced(organization, "wms", "get_inventory")["updated"] > 0
    after = {character["id"]: character["onhand"] for character in organization.list("/wms/inventory")}
    sent = [line for shipment in shipped["shipments"] for line in shipment["line_items"]]
    moved = {item: before[item] - after[item] for item in before if before[item] != after[item]}
    assert moved == {
        item: sum(line["quantity"] for line in sent if line["inventory_item_id"] == item) for item in moved
    }
    assert moved.keys() == {line["inventory_item_id"] for line in sent}


def test_an_order_that_is_shipped_already_is_refused_by_the_warehouse(
    server: Server, organization: Organization
):
    order = an_order(organization)
    simulate(organization, "PUT", f"orders/{order['id']}/fulfill")
    event_count = len(server.events(organization, "wms"))
    status, body = refused(organization, "PUT", f"orders/{order['id']}/fulfill")
    assert (status, body["origin"]) == (422, "integration")
    assert body["error"] == f"order {order['id']} is fulfilled already"
    assert server.events(organization, "wms")[event_count:] == []


def test_a_cancelled_order_is_refused_by_the_warehouse(organization: Organization):
    [order, *_] = organization.list("/wms/orders", status="cancelled")
    status, body = refused(organization, "PUT", f"orders/{order['id']}/fulfill")
    assert (status, body["origin"]) == (422, "integration")


@pytest.mark.parametrize("path", ["orders/nope/fulfill", "returns/nope/receive"])
def test_what_the_sandbox_does_not_have_is_not_found(organization: Organization, path: str):
    status, body = refused(organization, "PUT", path)
    assert (status, body["origin"], body["id"]) == (404, "trackstar", "nope")


@pytest.mark.parametrize("query", ["partial=maybe", "partial=", "partial=true&partial=true", "all=true"])
def test_how_much_to_ship_is_true_or_false(organization: Organization, query: str):
    order = an_order(organization)
    status, body = refused(organization, "PUT", f"orders/{order['id']}/fulfill?{query}")
    assert (status, list(body["detail"]["query"])) == (422, [query.partition("=")[0]])
    assert organization.one(f"/wms/orders/{order['id']}") == order


# Returns


def test_a_received_return_is_readable_at_once_and_told(server: Server, organization: Organization):
    [returned, *_] = organization.list("/wms/returns", **{"status[nin]": "received,cancelled"})
    event_count = len(server.events(organization, "wms"))
    received = simulate(organization, "PUT", f"returns/{returned['id']}/receive")
    assert (received["id"], received["status"]) == (returned["id"], "received")
    assert [line["received_quantity"] for line in received["line_items"]] == [
        line["expected_quantity"] for line in received["line_items"]
    ]
    assert organization.one(f"/wms/returns/{returned['id']}") == received
    [event] = server.events(organization, "wms")[event_count:]
    assert event["event_type"] == "return.updated"
    assert event["previous_attributes"]["status"] == returned["status"]
    assert refused(organization, "PUT", f"returns/{returned['id']}/receive")[0] == 422


# The shop


def test_an_order_in_the_shop_is_readable_at_once_and_told(server: Server, shop: Organization):
    event_count = len(server.events(shop, "cart"))
    product = shop.list("/cart/products", limit="3")[2]
    body = {
        "order_number": "#7001",
        "line_items": [{"product_id": product["id"], "quantity": 2}],
        "ship_to_address": {"full_name": "Ann Lee", "address1": "1 Main St", "city": "Reno", "country": "US"},
    }
    order = simulate(shop, "POST", "cart/orders", json=body)
    assert order["order_number"] == "#7001"
    assert [(line["product_id"], line["quantity"]) for line in order["line_items"]] == [(product["id"], 2)]
    assert (order["ship_to_address"]["full_name"], order["ship_to_address"]["state"]) == ("Ann Lee", None)
    assert shop.one(f"/cart/orders/{order['id']}") == order
    [event] = server.events(shop, "cart")[event_count:]
    assert (event["event_type"], event["data"]) == ("cart-order.created", order)
    assert "previous_attributes" not in event
    assert server.synced(shop, "cart", "get_orders")["created"] == 0


@pytest.mark.parametrize("body", [b"", b"null", b"{}"])
def test_an_order_in_the_shop_needs_no_body(shop: Organization, body: bytes):
    first, second = (simulate(shop, "POST", "cart/orders", content=body) for _ in range(2))
    assert first["id"] != second["id"]
    assert first["line_items"]


def test_a_product_of_the_shop_is_readable_at_once_and_keeps_its_price_to_the_cent(
    server: Server, shop: Organization
):
    body = b'{"name": "Lamp", "sku": "LAMP-1", "price": 1234.1, "unit_cost": 0.07, "inventory": 3}'
    answer = shop.ask("POST", "/sandbox/simulate/cart/products", None, content=body)
    product = answer.json()["data"]
    assert (product["name"], product["sku"]) == ("Lamp", "LAMP-1")
    assert '"price":1234.10,' in answer.text or '"price":1234.1,' in answer.text
    assert '"unit_cost":0.07,' in answer.text
    assert shop.one(f"/cart/products/{product['id']}") == product
    assert server.events(shop, "cart")[-1]["event_type"] == "cart-product.created"
    assert server.synced(shop, "cart", "get_products")["created"] == 0


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("cart/orders", {"line_items": [{"product_id": "nope", "quantity": 1}]}, "line_items"),
        ("cart/orders", {"line_items": []}, "line_items"),
        ("cart/orders", {"requested_shipping_method": "Camel"}, "requested_shipping_method"),
        ("cart/orders", {"colour": "red"}, "colour"),
        ("cart/orders", {"order_number": "a\u0000b"}, "order_number"),
        ("cart/products", {"price": "1.00"}, "price"),
        ("cart/products", {"price": 1.005}, "price"),
        ("cart/products", {"inventory": -1}, "inventory"),
        ("cart/products", {"parent_product_id": "nope"}, "parent_product_id"),
        ("cart/products", [], ""),
    ],
)
def test_what_does_not_fit_is_refused_by_field(shop: Organization, path: str, body: Any, field: str):
    status, answer = refused(shop, "POST", path, json=body)
    assert (status, answer["origin"], list(answer["detail"]["json"])) == (422, "trackstar", [field])


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b'{"name": "\xff"}', 400), (b'{"a":' * 5000, 422), (b"{}{}", 400)]
)
def test_what_is_not_json_is_refused(shop: Organization, body: bytes, status: int):
    answer = shop.ask("POST", "/sandbox/simulate/cart/products", None, content=body)
    assert (answer.status_code, answer.json()["origin"]) == (status, "trackstar")


def test_without_a_sandbox_nothing_can_be_simulated(server: Server):
    newcomer = server.organization()
    status, body = refused(newcomer, "POST", "cart/orders")
    assert status == 404
    assert body["error"] == "there is no cart sandbox yet; POST /sandbox/generate-sandbox/cart makes one"
