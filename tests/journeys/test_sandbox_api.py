"""The sandbox over HTTP: making one, starting over, and what happens in it arriving like from any vendor."""

from typing import Any

import pytest

from crossdock.integrations.registry import integration
from tests.journeys.server import Json, Organization, Server

NOT_SHIPPED = "open,confirmed,processing,picked,packed,backordered"


@pytest.fixture(scope="module")
def own(server: Server) -> Organization:
    """An organization with a sandbox warehouse for this module: each test takes an order of its own."""
    return server.organization("wms")


@pytest.fixture(scope="module")
def shop(server: Server) -> Organization:
    """The same with a shop."""
    return server.organization("cart")


def an_order(own: Organization) -> Json:
    """An order of several units that can be shipped from stock, in part or whole."""
    for order in own.list("/wms/orders", **{"status[in]": "open,confirmed"}):
        if sum(line["quantity"] for line in order["line_items"]) > 2 and not order["shipments"]:
            return order
    raise AssertionError("the sandbox has no such order")


def simulate(own: Organization, method: str, path: str, **more: Any) -> Json:
    answer = own.ask(method, f"/sandbox/simulate/{path}", None, **more)
    assert answer.status_code == 200, answer.text
    assert list(answer.json()) == ["data"]
    found: Json = answer.json()["data"]
    return found


def refused(own: Organization, method: str, path: str, **more: Any) -> tuple[int, Json]:
    answer = own.ask(method, f"/sandbox/simulate/{path}", None, **more)
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
    assert first["available_actions"] == integration("cart", "sandbox").functions
    assert len(newcomer.get("/connections").json()["data"]) == 1


def test_a_new_sandbox_is_a_connection_like_any_other(server: Server):
    own = server.organization("wms")
    told = [one["event_type"] for one in server.events(own, "wms")]
    done = told.count("connection.historical-sync-completed")
    assert told[0] == "connection.created"
    assert (done, len(told)) == (len(integration("wms", "sandbox").resources), done + 1)


def state(own: Organization) -> dict[str, list[Any]]:
    return {
        "orders": [(one["id"], one["status"], len(one["shipments"])) for one in own.list("/wms/orders")],
        "returns": [(one["id"], one["status"]) for one in own.list("/wms/returns")],
        "stock": [(one["id"], one["onhand"], one["committed"]) for one in own.list("/wms/inventory")],
    }


def test_a_reset_keeps_the_connection_and_takes_the_data_back_to_the_start(server: Server):
    own = server.organization("wms")
    start, tokens, uids = state(own), dict(own.tokens), dict(own.uids)
    simulate(own, "PUT", f"orders/{an_order(own)['id']}/fulfill")
    server.synced(own, "wms", "get_inventory")
    assert state(own) != start
    told = len(server.events(own, "wms"))
    own.add_sandbox("wms")
    assert state(own) == start
    assert (own.tokens, own.uids) == (tokens, uids)
    later = {one["event_type"] for one in server.events(own, "wms")[told:]}
    assert later == {"connection.historical-sync-completed"}
    simulate(own, "PUT", f"orders/{an_order(own)['id']}/fulfill")
    assert server.events(own, "wms")[-1]["event_type"] == "order.shipment.created"


@pytest.mark.parametrize("kind", ["freight", "erp"])
def test_there_is_no_sandbox_of_other_types(own: Organization, kind: str):
    answer = own.ask("POST", f"/sandbox/generate-sandbox/{kind}", None)
    assert (answer.status_code, list(answer.json()["detail"]["path"])) == (422, ["integration_type"])


# Shipping


def test_a_fulfilled_order_is_readable_at_once_and_told_with_what_it_was(server: Server, own: Organization):
    order, told = an_order(own), len(server.events(own, "wms"))
    shipped = simulate(own, "PUT", f"orders/{order['id']}/fulfill")
    assert (shipped["id"], shipped["status"]) == (order["id"], "fulfilled")
    assert own.one(f"/wms/orders/{order['id']}") == shipped
    assert own.list("/wms/orders", ids=order["id"]) == [shipped]
    updated, sent = server.events(own, "wms")[told:]
    assert [updated["event_type"], sent["event_type"]] == ["order.updated", "order.shipment.created"]
    assert updated["data"] == sent["data"] == shipped
    assert updated["previous_attributes"]["status"] == order["status"]
    assert updated["previous_attributes"]["shipments"] == []
    assert sent["previous_attributes"] == {"shipments": []}
    for one in (updated, sent):
        assert (one["integration_name"], one["integration_type"]) == ("sandbox", "wms")
        assert one["connection_id"] == own.uids["wms"]


def test_what_was_shipped_is_what_was_ordered(own: Organization):
    order = an_order(own)
    shipped = simulate(own, "PUT", f"orders/{order['id']}/fulfill")
    assert own.one(f"/wms/orders/{order['id']}")["line_items"] == [
        {**line, "is_picked": True} for line in order["line_items"]
    ]
    assert sum(line["quantity"] for one in shipped["shipments"] for line in one["line_items"]) > 0
    assert all(package["tracking_number"] for one in shipped["shipments"] for package in one["packages"])


def test_the_next_sync_finds_nothing_new_in_what_was_simulated(server: Server, own: Organization):
    order = an_order(own)
    shipped = simulate(own, "PUT", f"orders/{order['id']}/fulfill")
    told = server.events(own, "wms")
    counts = server.synced(own, "wms", "get_orders")
    assert (counts["created"], counts["updated"], counts["gone"]) == (0, 0, 0)
    assert counts["unchanged"] >= 1
    assert own.one(f"/wms/orders/{order['id']}") == shipped
    [event] = server.events(own, "wms")[len(told) :]
    assert event["event_type"] == "connection.force-sync-completed"


def test_an_order_can_be_shipped_in_part_and_then_whole(server: Server, own: Organization):
    order, told = an_order(own), len(server.events(own, "wms"))
    part = simulate(own, "PUT", f"orders/{order['id']}/fulfill?partial=true")
    assert (part["status"], len(part["shipments"])) == ("partially_fulfilled", 1)
    whole = simulate(own, "PUT", f"orders/{order['id']}/fulfill?partial=false")
    assert (whole["status"], len(whole["shipments"])) == ("fulfilled", 2)
    assert whole["shipments"][0] == part["shipments"][0]
    events = [
        one for one in server.events(own, "wms")[told:] if one["event_type"] == "order.shipment.created"
    ]
    assert [one["previous_attributes"]["shipments"] for one in events] == [[], part["shipments"]]


def test_stock_follows_with_the_next_sync_of_inventory(server: Server, own: Organization):
    server.synced(own, "wms", "get_inventory")
    before = {one["id"]: one["onhand"] for one in own.list("/wms/inventory")}
    shipped = simulate(own, "PUT", f"orders/{an_order(own)['id']}/fulfill")
    assert {one["id"]: one["onhand"] for one in own.list("/wms/inventory")} == before
    assert server.synced(own, "wms", "get_inventory")["updated"] > 0
    after = {one["id"]: one["onhand"] for one in own.list("/wms/inventory")}
    sent = [line for one in shipped["shipments"] for line in one["line_items"]]
    moved = {one: before[one] - after[one] for one in before if before[one] != after[one]}
    assert moved == {
        one: sum(line["quantity"] for line in sent if line["inventory_item_id"] == one) for one in moved
    }
    assert moved.keys() == {line["inventory_item_id"] for line in sent}


def test_an_order_that_is_shipped_already_is_refused_by_the_warehouse(server: Server, own: Organization):
    order = an_order(own)
    simulate(own, "PUT", f"orders/{order['id']}/fulfill")
    told = len(server.events(own, "wms"))
    status, body = refused(own, "PUT", f"orders/{order['id']}/fulfill")
    assert (status, body["origin"]) == (422, "integration")
    assert body["error"] == f"order {order['id']} is fulfilled already"
    assert server.events(own, "wms")[told:] == []


def test_a_cancelled_order_is_refused_by_the_warehouse(own: Organization):
    [order, *_] = own.list("/wms/orders", status="cancelled")
    status, body = refused(own, "PUT", f"orders/{order['id']}/fulfill")
    assert (status, body["origin"]) == (422, "integration")


@pytest.mark.parametrize("path", ["orders/nope/fulfill", "returns/nope/receive"])
def test_what_the_sandbox_does_not_have_is_not_found(own: Organization, path: str):
    status, body = refused(own, "PUT", path)
    assert (status, body["origin"], body["id"]) == (404, "trackstar", "nope")


@pytest.mark.parametrize("query", ["partial=maybe", "partial=", "partial=true&partial=true", "all=true"])
def test_how_much_to_ship_is_true_or_false(own: Organization, query: str):
    order = an_order(own)
    status, body = refused(own, "PUT", f"orders/{order['id']}/fulfill?{query}")
    assert (status, list(body["detail"]["query"])) == (422, [query.partition("=")[0]])
    assert own.one(f"/wms/orders/{order['id']}") == order


# Returns


def test_a_received_return_is_readable_at_once_and_told(server: Server, own: Organization):
    [returned, *_] = own.list("/wms/returns", **{"status[nin]": "received,cancelled"})
    told = len(server.events(own, "wms"))
    received = simulate(own, "PUT", f"returns/{returned['id']}/receive")
    assert (received["id"], received["status"]) == (returned["id"], "received")
    assert [line["received_quantity"] for line in received["line_items"]] == [
        line["expected_quantity"] for line in received["line_items"]
    ]
    assert own.one(f"/wms/returns/{returned['id']}") == received
    [event] = server.events(own, "wms")[told:]
    assert event["event_type"] == "return.updated"
    assert event["previous_attributes"]["status"] == returned["status"]
    assert refused(own, "PUT", f"returns/{returned['id']}/receive")[0] == 422


# The shop


def test_an_order_in_the_shop_is_readable_at_once_and_told(server: Server, shop: Organization):
    told = len(server.events(shop, "cart"))
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
    [event] = server.events(shop, "cart")[told:]
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
        ("cart/orders", {"order_number": "a\u0000b"}, ""),
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


@pytest.mark.parametrize("body", [b"{", b'{"name": "\xff"}', b'{"a":' * 5000, b"{}{}"])
def test_what_is_not_json_is_refused(shop: Organization, body: bytes):
    answer = shop.ask("POST", "/sandbox/simulate/cart/products", None, content=body)
    assert (answer.status_code, answer.json()["origin"]) == (400, "trackstar")


def test_without_a_sandbox_nothing_can_be_simulated(server: Server):
    newcomer = server.organization()
    status, body = refused(newcomer, "POST", "cart/orders")
    assert status == 404
    assert body["error"] == "there is no cart sandbox yet; POST /sandbox/generate-sandbox/cart makes one"
