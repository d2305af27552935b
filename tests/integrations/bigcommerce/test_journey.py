"""An order's whole way through a made-up BigCommerce: seen, shipped, refunded, read back; and its stock."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from crossdock.integrations.bigcommerce import inbound
from crossdock.resources.cart.orders import CART_ORDERS
from crossdock.resources.cart.products import CART_PRODUCTS
from crossdock.resources.cart.warehouses import CART_WAREHOUSES
from crossdock.services.application import application
from tests.integrations.bigcommerce.mock import Mock
from tests.journeys.conftest import World, migrated_sqlite, vendor, with_settings, world
from tests.journeys.test_every_vendor import database_url
from tests.journeys.writing import writing
from tests.mock_vendors.connected import MockedVendor, connected
from tests.mock_vendors.faults import done_then, dropped
from tests.mock_vendors.orders import SampleOrder

__all__ = ["database_url", "migrated_sqlite", "vendor", "world"]
READ = (CART_ORDERS, CART_PRODUCTS, CART_WAREHOUSES)


@dataclass
class ConnectedStore(MockedVendor):
    mock: Mock

    async def products(self) -> dict[str, dict[str, object]]:
        return await self.world.documents(self.connection, "get_products")

    async def tell(self, scope: str, data: dict[str, object], secret: str | None = None) -> int:
        """Send a notice as BigCommerce does; the status of its answer."""
        hook = next(iter(self.mock.hooks.values()))
        content = json.dumps(
            {"producer": "stores/abc123", "scope": scope, "data": data, "hash": "4f"}
        ).encode()
        headers = {**hook["headers"], "Content-Type": "application/json"}
        headers |= {} if secret is None else {inbound.HEADER: secret}
        transport = httpx.ASGITransport(app=application(self.world.services.dependencies()))
        async with httpx.AsyncClient(transport=transport, base_url="https://hub.example") as door:
            answer = await door.post(hook["destination"], content=content, headers=headers)
        await self.world.work()
        return answer.status_code


@pytest.fixture
async def store(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ConnectedStore]:
    """A connection to a store with an order, synced."""
    async with Mock() as mock:
        yield await connected(ConnectedStore, world, mock, monkeypatch, READ)


@pytest.fixture
async def telling_store(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ConnectedStore]:
    """The same, where BigCommerce can reach us."""
    async with Mock() as mock:
        public = with_settings(world, base_url="https://hub.example")
        yield await connected(ConnectedStore, public, mock, monkeypatch, READ)


async def changes(store: ConnectedStore) -> list[str]:
    return [kind for kind in await store.world.told(store.connection) if kind.startswith("cart-")]


async def test_an_order_is_seen_shipped_and_refunded_and_stock_is_set(store: ConnectedStore):
    world, connection, mock = store.world, store.connection, store.mock
    order_id = mock.add_order(SampleOrder(2))
    assert await store.sync() == "done"
    products = await store.products()
    assert products.keys() == {"product-301", "501", "502", "product-302", "503"}
    assert products["501"]["inventory_by_warehouse_id"] == {"1": 8, "2": 5}, "two are safety stock"
    assert len(await world.events(connection, "cart-order.created")) == 1
    world.clock.pass_seconds(60)
    async with writing(world, connection) as hand:
        # Shipped, in two parts
        line = (await store.orders())[order_id]["line_items"][0]["line_item_id"]
        path = f"/cart/orders/{order_id}/shipments"
        part = {
            "tracking_number": "1Z01",
            "shipping_provider": "ups",
            "line_items": [{"line_item_id": line, "quantity": 1}],
        }
        answer = await hand.send("POST", path, part)
        assert answer.status_code == 200, answer.text
        assert (await store.orders())[order_id]["status"] == "partially_fulfilled"
        rest = {"tracking_number": "1Z02", "tracking_url": "https://track.example/1Z02"}
        answer = await hand.send("POST", path, rest)
        assert answer.status_code == 200, answer.text
        again = await hand.send("POST", path, {"tracking_number": "1Z03"})
        assert again.status_code >= 400
        assert "nothing of this order is left to be sent" in again.text
        # Refunded
        refund = {"line_items": [{"line_item_id": line, "quantity": 1}], "reason": "broken"}
        answer = await hand.send("POST", f"/cart/orders/{order_id}/refund", refund)
        assert answer.status_code == 200, answer.text
        # Adjusted
        for kind, quantity in (("increase", 5), ("decrease", 2), ("exact", 30)):
            body = {"quantity": quantity, "adjustment_type": kind, "warehouse_id": "1"}
            answer = await hand.send("PUT", "/cart/products/501/adjust-inventory", body)
            assert answer.status_code == 200, answer.text
        lines = [{"product_id": "502", "quantity": 0}, {"product_id": "503", "quantity": 9}]
        answer = await hand.send("PUT", "/cart/products/batch-adjust-inventory", {"line_items": lines})
        assert answer.status_code == 200, answer.text
    order = (await store.orders())[order_id]
    assert (order["status"], order["raw_status"]) == ("fulfilled", "Partially Refunded")
    assert [shipment["tracking_number"] for shipment in order["shipments"]] == ["1Z01", "1Z02"]
    assert order["shipments"][0]["carrier_id"] == "ups"
    [refunded] = order["additional_fields"]["refunds"]
    assert (refunded["amount"], refunded["line_items"][0]["line_item_id"]) == (9.5, line)
    assert mock.stock == {501: {1: 32, 2: 5}, 502: {1: 0}, 503: {1: 9}}
    products = await store.products()
    assert [products[name]["inventory"] for name in ("501", "502", "503")] == [35, 0, 9]
    told = await changes(store)
    assert told.count("cart-order.cart-shipment.created") == 2
    await world.force(connection, *(resource.function for resource in READ))
    assert await store.products() == products, "what was written is what a sync reads"
    assert (await store.orders())[order_id] == order
    assert await changes(store) == told


async def test_a_refund_whose_answer_is_lost_is_made_once(store: ConnectedStore):
    [order_id] = await store.orders()
    store.mock.script("/payment_actions/refunds", [done_then(dropped())])
    async with writing(store.world, store.connection) as hand:
        path, headers = f"/cart/orders/{order_id}/refund", {"Idempotency-Key": "k-1"}
        first = await hand.send("POST", path, {"amount": 3}, headers=headers)
        again = await hand.send("POST", path, {"amount": 3}, headers=headers)
    assert 200 in (first.status_code, again.status_code), (first.text, again.text)
    assert [refund["total_amount"] for refund in store.mock.refunds[int(order_id)]] == [3]


async def test_stock_that_is_added_stays_uncertain_where_the_answer_is_lost(store: ConnectedStore):
    store.mock.script("/adjustments/relative", [done_then(dropped())])
    async with writing(store.world, store.connection) as hand:
        body = {"quantity": 5, "adjustment_type": "increase"}
        answer = await hand.send("PUT", "/cart/products/503/adjust-inventory", body)
    assert "uncertain" in answer.text
    assert store.mock.stock[503] == {1: 12}, "once"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/cart/orders/{id}/shipments", {"tracking_number": "T-1"}),
        ("/cart/orders/{id}/refund", {"amount": 3}),
        ("/cart/products/503/adjust-inventory", {"quantity": 3, "adjustment_type": "exact"}),
    ],
)
async def test_a_dry_run_shows_what_it_can_and_changes_nothing(
    store: ConnectedStore, path: str, body: dict[str, object]
):
    [order_id] = await store.orders()
    method = "PUT" if "products" in path else "POST"
    async with writing(store.world, store.connection) as hand:
        answer = await hand.send(method, f"{path.replace('{id}', order_id)}?dry_run=true", body)
    assert answer.status_code == 200, answer.text
    assert store.mock.made == 0


async def test_a_window_that_is_used_up_is_waited_for(store: ConnectedStore):
    for number in range(2, 9):
        order_id = store.mock.add_order(SampleOrder(number))
        store.mock.orders[int(order_id)] |= {"items_shipped": 1}
    store.mock.throttles[0].take(store.mock.clock(), 150)
    await store.sync()
    await store.world.next_sync(60)
    assert len(await store.orders()) == 8


async def test_what_bigcommerce_tells_is_read_at_once(telling_store: ConnectedStore):
    store, mock = telling_store, telling_store.mock
    assert sorted(hook["scope"] for hook in mock.hooks.values()) == sorted(inbound.SCOPES)
    order_id = mock.add_order(SampleOrder(2))
    assert (
        await store.tell("store/order/created", {"type": "order", "id": int(order_id)}, secret="guess") == 401
    )
    assert order_id not in await store.orders()
    assert await store.tell("store/order/created", {"type": "order", "id": int(order_id)}) == 200
    assert order_id in await store.orders()
    mock.stock[501][2] = 1
    changed: dict[str, object] = {"variant_id": 501, "product_id": 301, "location_id": 2}
    assert await store.tell("store/channel/*/inventory/product/stock_changed", changed) == 200
    products = await store.products()
    assert products["501"]["inventory_by_warehouse_id"] == {"1": 8, "2": 1}
    del mock.products[302]
    assert await store.tell("store/product/deleted", {"type": "product", "id": 302}) == 200
    assert "product-302" not in await store.products()
    mock.orders[int(order_id)]["is_deleted"] = True
    assert await store.tell("store/order/archived", {"type": "order", "id": int(order_id)}) == 200
    assert sorted(await store.world.gone(store.connection)) == [order_id, "product-302"]


async def test_webhooks_that_bigcommerce_switched_off_are_made_anew(telling_store: ConnectedStore):
    before = {*telling_store.mock.hooks}
    telling_store.mock.hooks[min(before)]["is_active"] = False
    telling_store.world.clock.pass_seconds(25 * 3600)
    await telling_store.world.services.subscriptions.enqueue_due()
    await telling_store.world.work()
    hooks = telling_store.mock.hooks
    assert sorted(hook["scope"] for hook in hooks.values() if hook["is_active"]) == sorted(inbound.SCOPES)
    assert not before & {*hooks}
