"""An order's whole way through a made-up Shopify: seen, shipped, refunded, and read back there."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from crossdock.errors import VendorRefused
from crossdock.integrations.shopify import inbound
from crossdock.integrations.shopify.write import adjust_inventory
from crossdock.kit import registry
from crossdock.kit.contract import Call, Command
from crossdock.kit.inbound import hmac_text
from crossdock.resources.cart.orders import CART_ORDERS
from crossdock.resources.cart.products import CART_PRODUCTS
from crossdock.resources.cart.warehouses import CART_WAREHOUSES
from crossdock.services.application import application
from crossdock.store.connections.connections import ConnectionRow
from crossdock.writes.steps import execute
from tests.integrations.shopify.mock import Mock
from tests.journeys.conftest import World, migrated_sqlite, vendor, with_settings, world
from tests.journeys.test_every_vendor import database_url
from tests.journeys.writing import writing
from tests.mock_vendors.connected import MockedVendor, connected
from tests.mock_vendors.faults import done_then, dropped
from tests.mock_vendors.orders import SampleOrder

ALL_TOPICS = {*inbound.ALWAYS, *(topic for topics in inbound.TOPICS.values() for topic in topics)}

__all__ = ["database_url", "migrated_sqlite", "vendor", "world"]
READ = (CART_ORDERS, CART_PRODUCTS, CART_WAREHOUSES)


@dataclass
class ConnectedShop(MockedVendor):
    mock: Mock


@pytest.fixture
async def shop(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ConnectedShop]:
    """A connection to a shop with an order, synced."""
    async with Mock() as mock:
        yield await connected(ConnectedShop, world, mock, monkeypatch, READ)


@pytest.fixture
async def telling_shop(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ConnectedShop]:
    """The same, where Shopify can reach us."""
    async with Mock() as mock:
        public = with_settings(world, base_url="https://hub.example")
        yield await connected(ConnectedShop, public, mock, monkeypatch, READ)


async def tell(shop: ConnectedShop, topic: str, body: dict[str, object]) -> int:
    """Send a notice as Shopify does; the status of its answer."""
    [url] = {entry["uri"] for entry in shop.mock.subscriptions.values()}
    content = json.dumps(body).encode()
    headers = {
        "X-Shopify-Topic": topic, "X-Shopify-Shop-Domain": "harbour.myshopify.com",
        "X-Shopify-Hmac-SHA256": hmac_text("hush", content), "Content-Type": "application/json",
    }  # fmt: skip
    transport = httpx.ASGITransport(app=application(shop.world.services.dependencies()))
    async with httpx.AsyncClient(transport=transport, base_url="https://hub.example") as door:
        answer = await door.post(url, content=content, headers=headers)
    await shop.world.work()
    return answer.status_code


async def exported(shop: ConnectedShop) -> dict[str, dict[str, object]]:
    """The products after a sync, which waits for a bulk operation twice."""
    await shop.world.force(shop.connection, "get_products")
    for _ in range(3):
        await shop.world.next_sync(60)
    return await shop.world.documents(shop.connection, "get_products")


async def changes(world: World, connection: ConnectionRow) -> list[str]:
    return [kind for kind in await world.told(connection) if kind.startswith("cart-")]


async def test_an_order_is_seen_shipped_and_refunded_and_stock_is_set(shop: ConnectedShop):
    world, connection = shop.world, shop.connection
    order_id = shop.mock.add_order(SampleOrder(2))
    assert await shop.sync() == "done"
    products = await exported(shop)
    assert {"product-301", "501", "502"} == products.keys()
    assert products["501"]["inventory_by_warehouse_id"] == {"7001": 10}
    world.clock.pass_seconds(60)
    async with writing(world, connection) as hand:
        line = (await shop.orders())[order_id]["line_items"][0]["line_item_id"]
        body = {"tracking_number": "JD01", "carrier_name": "DHL"}
        part = body | {"line_items": [{"line_item_id": line, "quantity": 1}]}
        answer = await hand.send("POST", f"/cart/orders/{order_id}/shipments", part)
        assert answer.status_code == 200, answer.text
        assert (await shop.orders())[order_id]["status"] == "partially_fulfilled"
        rest = {"tracking_number": "JD02", "tracking_url": "https://track.example/JD02"}
        answer = await hand.send("POST", f"/cart/orders/{order_id}/shipments", rest)
        assert answer.status_code == 200, answer.text
        again = await hand.send("POST", f"/cart/orders/{order_id}/shipments", {"tracking_number": "JD03"})
        assert again.status_code >= 400
        refund = {"line_items": [{"line_item_id": line, "quantity": 1}], "reason": "broken"}
        answer = await hand.send("POST", f"/cart/orders/{order_id}/refund", refund)
        assert answer.status_code == 200, answer.text
        for kind, quantity in (("increase", 5), ("decrease", 2), ("exact", 30)):
            path = "/cart/products/501/adjust-inventory"
            answer = await hand.send("PUT", path, {"quantity": quantity, "adjustment_type": kind})
            assert answer.status_code == 200, answer.text
        lines = [{"product_id": "501", "quantity": 7}, {"product_id": "502", "quantity": 0}]
        answer = await hand.send("PUT", "/cart/products/batch-adjust-inventory", {"line_items": lines})
        assert answer.status_code == 200, answer.text
    order = (await shop.orders())[order_id]
    assert order["status"] == "fulfilled"
    assert [entry["tracking_number"] for entry in order["shipments"]] == ["JD01", "JD02"]
    assert order["additional_fields"]["refunds"][0]["note"] == "broken"
    assert shop.mock.shop.stock == {"501": 7, "502": 0}
    products = await world.documents(connection, "get_products")
    assert (products["501"]["inventory"], products["502"]["inventory"]) == (7, 0)
    told = await changes(world, connection)
    assert told.count("cart-order.cart-shipment.created") == 2
    assert {"cart-order.created", "cart-order.updated", "cart-product.updated"} <= set(told)
    before = await world.documents(connection, "get_products")
    assert await exported(shop) == before, "what was written is what a sync reads"


async def test_stock_that_is_added_is_added_once_though_the_answer_was_lost(shop: ConnectedShop):
    await exported(shop)
    shop.mock.script("inventoryAdjustQuantities", [done_then(dropped())])
    async with writing(shop.world, shop.connection) as hand:
        body = {"quantity": 5, "adjustment_type": "increase"}
        answer = await hand.send("PUT", "/cart/products/501/adjust-inventory", body)
    assert answer.status_code == 200, answer.text
    assert shop.mock.shop.stock["501"] == 15


async def test_stock_that_somebody_changed_meanwhile_is_not_overwritten(shop: ConnectedShop):
    await exported(shop)
    integration = registry.get_integration("cart", "shopify")
    async with shop.world.services.writer.sign_in(shop.connection, integration) as client:
        step = {"inventoryItemId": "gid://shopify/InventoryItem/601", "locationId": "gid://shopify/Location/7001",
                "quantity": 50, "changeFromQuantity": 9}  # fmt: skip
        body = {"input": {"name": "available", "reason": "correction", "quantities": [step]}, "key": "k"}
        with pytest.raises(VendorRefused, match=r"input\.quantities\.0: The quantity was changed meanwhile"):
            await client.call(Call("POST", "set", body))
    assert shop.mock.shop.stock["501"] == 10


async def test_points_that_are_used_up_are_waited_for(shop: ConnectedShop):
    shop.mock.add_order(SampleOrder(2))
    shop.mock.bucket.level = 0
    await shop.sync()
    await shop.world.next_sync()
    assert len(await shop.orders()) == 2


async def test_what_shopify_tells_is_read_at_once(telling_shop: ConnectedShop):
    shop = telling_shop
    assert {entry["topic"] for entry in shop.mock.subscriptions.values()} == ALL_TOPICS
    await exported(shop)
    order_id = shop.mock.add_order(SampleOrder(2))
    assert await tell(shop, "orders/create", {"id": int(order_id)}) == 200
    assert order_id in await shop.orders()
    shop.mock.shop.stock["501"] = 3
    body: dict[str, object] = {"inventory_item_id": 601, "location_id": 7001, "available": 3}
    assert await tell(shop, "inventory_levels/update", body) == 200
    products = await shop.world.documents(shop.connection, "get_products")
    assert products["501"]["inventory"] == 3
    assert products.keys() == {"product-301", "501", "502"}, "an item is no product of its own"
    shop.mock.remove_order(order_id)
    assert await tell(shop, "orders/delete", {"id": int(order_id)}) == 200
    assert list(await shop.world.gone(shop.connection)) == [order_id]


async def test_a_shop_that_removes_the_app_is_told_of_at_once(telling_shop: ConnectedShop):
    telling_shop.mock.expire()
    assert await tell(telling_shop, "app/uninstalled", {"id": 1}) == 200
    assert await telling_shop.kinds() == {"invalid_credentials"}


async def test_a_customer_whom_the_shop_wants_erased_is_erased(telling_shop: ConnectedShop):
    [order_id] = await telling_shop.orders()
    body: dict[str, object] = {
        "shop_domain": "harbour.myshopify.com", "orders_to_redact": [int(order_id)],
        "customer": {"id": 9, "email": "buyer@example.com"},
    }  # fmt: skip
    assert await tell(telling_shop, "customers/redact", body) == 200
    assert "buyer@example.com" not in str(await telling_shop.orders())
    body["shop_domain"] = "other.myshopify.com"
    assert await tell(telling_shop, "shop/redact", body) == 401


async def test_all_that_is_left_of_a_long_order_is_sent(shop: ConnectedShop):
    order_id = shop.mock.add_order(SampleOrder(2, lines=300))
    assert await shop.sync() == "done"
    async with writing(shop.world, shop.connection) as hand:
        answer = await hand.send("POST", f"/cart/orders/{order_id}/shipments", {"tracking_number": "T"})
    assert answer.status_code == 200, answer.text
    assert not any(line["left"] for line in shop.mock.shop.orders[order_id]["items"])


async def test_stock_is_set_at_any_of_many_locations(shop: ConnectedShop):
    shop.mock.shop.places = [*range(7001, 7071)]
    await exported(shop)
    integration = registry.get_integration("cart", "shopify")
    async with shop.world.services.writer.sign_in(shop.connection, integration) as client:
        body = {"quantity": 30, "adjustment_type": "exact", "warehouse_id": "7070"}
        command = Command("adjust_inventory", body, record_id="501")
        assert await execute(client, adjust_inventory(command)) == "501"
    assert shop.mock.shop.stock["501"] == 30


async def test_an_app_that_lacks_a_scope_is_told_of_all_else(world: World, monkeypatch: pytest.MonkeyPatch):
    public = with_settings(world, base_url="https://hub.example")
    async with Mock() as mock:
        mock._denied.add("read_products")
        shop = await connected(ConnectedShop, public, mock, monkeypatch, READ)
        topics = {entry["topic"] for entry in shop.mock.subscriptions.values()}
        assert topics == ALL_TOPICS - {*inbound.TOPICS["read_products"]}


@pytest.mark.parametrize("status", ["SUCCESS", "PENDING"])
async def test_a_refund_whose_answers_were_lost_is_found(shop: ConnectedShop, status: str):
    [order_id] = await shop.orders()
    shop.mock.refund_status = status
    shop.mock.script("refundCreate", [done_then(dropped())] * 9)
    async with writing(shop.world, shop.connection) as hand:
        body = {"amount": 5, "reason": "late "}
        answer = await hand.send("POST", f"/cart/orders/{order_id}/refund", body)
    assert answer.status_code == 200, answer.text
    assert len(shop.mock.shop.orders[order_id]["given_back"]) == 1
