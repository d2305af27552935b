"""An order's whole way through a made-up WooCommerce: seen, shipped, refunded, read back; and its stock."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from crossdock.integrations.woocommerce import inbound
from crossdock.kit.inbound import hmac_text
from crossdock.resources.cart.orders import CART_ORDERS
from crossdock.resources.cart.products import CART_PRODUCTS
from crossdock.services.application import application
from tests.integrations.woocommerce.mock import Mock
from tests.journeys.conftest import World, migrated_sqlite, vendor, with_settings, world
from tests.journeys.test_every_vendor import database_url
from tests.journeys.writing import writing
from tests.mock_vendors.connected import MockedVendor, connected
from tests.mock_vendors.faults import done_then, dropped, failing, meanwhile, usual
from tests.mock_vendors.orders import SampleOrder

__all__ = ["database_url", "migrated_sqlite", "vendor", "world"]
READ = (CART_ORDERS, CART_PRODUCTS)


@dataclass
class ConnectedShop(MockedVendor):
    mock: Mock

    async def products(self) -> dict[str, dict[str, object]]:
        return await self.world.documents(self.connection, "get_products")

    async def tell(self, topic: str, number: int, secret: str | None = None) -> int:
        """Send a notice as WooCommerce does; the status of its answer."""
        hook = next(hook for hook in self.mock.hooks.values() if hook["topic"] == topic)
        content = json.dumps({"id": number}).encode()
        signature = hmac_text(secret or hook["secret"], content)
        headers = {"Content-Type": "application/json", inbound.TOPIC: topic, inbound.SIGNATURE: signature}
        transport = httpx.ASGITransport(app=application(self.world.services.dependencies()))
        async with httpx.AsyncClient(transport=transport, base_url="https://hub.example") as door:
            answer = await door.post(hook["delivery_url"], content=content, headers=headers)
        await self.world.work()
        return answer.status_code


@pytest.fixture
async def shop(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ConnectedShop]:
    """A connection to a shop with an order, synced."""
    async with Mock() as mock:
        yield await connected(ConnectedShop, world, mock, monkeypatch, READ)


@pytest.fixture
async def telling_shop(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ConnectedShop]:
    """The same, where WooCommerce can reach us."""
    async with Mock() as mock:
        public = with_settings(world, base_url="https://hub.example")
        yield await connected(ConnectedShop, public, mock, monkeypatch, READ)


async def changes(shop: ConnectedShop) -> list[str]:
    return [kind for kind in await shop.world.told(shop.connection) if kind.startswith("cart-")]


async def test_an_order_is_seen_shipped_and_refunded_and_stock_is_set(shop: ConnectedShop):
    world, connection, mock = shop.world, shop.connection, shop.mock
    order_id = mock.add_order(SampleOrder(2))
    assert await shop.sync() == "done"
    products = await shop.products()
    levels = {name: product["inventory"] for name, product in products.items()}
    assert levels == {"301": None, "501": 10, "502": 4, "504": None, "302": 7}
    world.clock.pass_seconds(60)
    async with writing(world, connection) as hand:
        # Shipped, in two parts
        line = (await shop.orders())[order_id]["line_items"][0]["line_item_id"]
        path = f"/cart/orders/{order_id}/shipments"
        part = {
            "tracking_number": "1Z01",
            "carrier_name": "UPS",
            "notify_customer": False,
            "line_items": [{"line_item_id": line, "quantity": 1}],
        }
        answer = await hand.send("POST", path, part)
        assert answer.status_code == 200, answer.text
        assert (await shop.orders())[order_id]["status"] == "partially_fulfilled"
        rest = {"tracking_number": "1Z02", "tracking_url": "https://track.example/1Z02"}
        answer = await hand.send("POST", path, rest)
        assert answer.status_code == 200, answer.text
        again = await hand.send("POST", path, {"tracking_number": "1Z03"})
        assert "all lines of this order were noted as sent before" in again.text
        # Refunded
        refund = {"line_items": [{"line_item_id": line, "quantity": 1}], "reason": "broken"}
        answer = await hand.send("POST", f"/cart/orders/{order_id}/refund", refund)
        assert answer.status_code == 200, answer.text
        # Adjusted
        for kind, quantity in (("increase", 5), ("decrease", 2), ("exact", 30)):
            body = {"quantity": quantity, "adjustment_type": kind}
            answer = await hand.send("PUT", "/cart/products/501/adjust-inventory", body)
            assert answer.status_code == 200, answer.text
        lines = [{"product_id": "502", "quantity": 0}, {"product_id": "302", "quantity": 9}]
        answer = await hand.send("PUT", "/cart/products/batch-adjust-inventory", {"line_items": lines})
        assert answer.status_code == 200, answer.text
    order = (await shop.orders())[order_id]
    assert (order["status"], order["raw_status"]) == ("fulfilled", "completed")
    assert [shipment["tracking_number"] for shipment in order["shipments"]] == ["1Z01", "1Z02"]
    assert [note["customer_note"] for note in mock.notes[int(order_id)]] == [False, True]
    [refunded] = order["additional_fields"]["refunds"]
    assert (refunded["amount"], refunded["line_items"]) == (9.5, [{"line_item_id": line, "quantity": 1}])
    products = await shop.products()
    assert [products[name]["inventory"] for name in ("501", "502", "302")] == [30, 0, 9]
    told = await changes(shop)
    assert told.count("cart-order.cart-shipment.created") == 2
    await world.force(connection, *(resource.function for resource in READ))
    assert await shop.products() == products, "what was written is what a sync reads"
    assert (await shop.orders())[order_id] == order
    assert await changes(shop) == told


@pytest.mark.parametrize("path", ["{id}", "/notes"])
async def test_a_shipment_whose_answer_is_lost_is_noted_and_told_once(shop: ConnectedShop, path: str):
    [order_id] = await shop.orders()
    # The order is asked for before it is changed.
    faults = [usual(), done_then(dropped())] if path == "{id}" else [done_then(dropped())]
    shop.mock.script(path.replace("{id}", order_id), faults)
    async with writing(shop.world, shop.connection) as hand:
        address, headers = f"/cart/orders/{order_id}/shipments", {"Idempotency-Key": "k-1"}
        first = await hand.send("POST", address, {"tracking_number": "T-1"}, headers=headers)
        again = await hand.send("POST", address, {"tracking_number": "T-1"}, headers=headers)
    assert 200 in (first.status_code, again.status_code), (first.text, again.text)
    assert [note["note"] for note in shop.mock.notes[int(order_id)]] == ["Shipped\nTracking number: T-1"]
    [shipment] = (await shop.orders())[order_id]["shipments"]
    assert (shipment["shipment_id"], len(shipment["line_items"])) == ("1", 2)


async def test_a_refund_whose_answer_is_lost_is_made_once(shop: ConnectedShop):
    [order_id] = await shop.orders()
    shop.mock.script("/refunds", [done_then(failing(502))])
    async with writing(shop.world, shop.connection) as hand:
        path, headers = f"/cart/orders/{order_id}/refund", {"Idempotency-Key": "k-1"}
        first = await hand.send("POST", path, {"amount": 3}, headers=headers)
        again = await hand.send("POST", path, {"amount": 3}, headers=headers)
    assert 200 in (first.status_code, again.status_code), (first.text, again.text)
    assert [refund["amount"] for refund in shop.mock.refunds[int(order_id)]] == ["3.00"]


async def test_a_gateway_that_can_not_pay_back_is_told_and_refunds_outside_it_are_noted(shop: ConnectedShop):
    order_id = shop.mock.add_order(SampleOrder(2, members={"payment_method": "cod"}))
    assert await shop.sync() == "done"
    async with writing(shop.world, shop.connection) as hand:
        path = f"/cart/orders/{order_id}/refund"
        refused = await hand.send("POST", path, {"amount": 3})
        assert "does not support automatic refunds" in refused.text
        assert "uncertain" not in refused.text
        answer = await hand.send("POST", path, {"amount": 3, "api_refund": False})
    assert answer.status_code == 200, answer.text
    [refund] = (await shop.orders())[order_id]["additional_fields"]["refunds"]
    assert refund["is_paid_back"] is False


async def test_stock_that_is_added_stays_uncertain_where_the_answer_is_lost(shop: ConnectedShop):
    shop.mock.script("/products/302", [usual(), done_then(dropped())])
    async with writing(shop.world, shop.connection) as hand:
        body = {"quantity": 5, "adjustment_type": "increase"}
        answer = await hand.send("PUT", "/cart/products/302/adjust-inventory", body)
    assert "uncertain" in answer.text
    assert shop.mock.products[302]["stock_quantity"] == 12, "once"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/cart/orders/{id}/shipments", {"tracking_number": "T-1"}),
        ("/cart/orders/{id}/refund", {"amount": 3}),
        ("/cart/products/501/adjust-inventory", {"quantity": 3, "adjustment_type": "exact"}),
    ],
)
async def test_a_dry_run_shows_what_it_can_and_changes_nothing(
    shop: ConnectedShop, path: str, body: dict[str, object]
):
    [order_id] = await shop.orders()
    method = "PUT" if "products" in path else "POST"
    async with writing(shop.world, shop.connection) as hand:
        answer = await hand.send(method, f"{path.replace('{id}', order_id)}?dry_run=true", body)
    assert answer.status_code == 200, answer.text
    assert shop.mock.made == 0


async def test_orders_that_leave_the_list_while_it_is_paged_through_take_none_along(shop: ConnectedShop):
    added = [shop.mock.add_order(SampleOrder(number, 1)) for number in range(230)]

    def tidy() -> None:
        for order_id in added[:120]:
            shop.mock.remove_order(order_id)

    shop.mock.script("/orders", [usual(), meanwhile(tidy)])
    await shop.sync()
    await shop.sync()
    assert set(added[120:]) <= set(await shop.orders())


async def test_what_woocommerce_tells_is_read_at_once(telling_shop: ConnectedShop):
    shop, mock = telling_shop, telling_shop.mock
    assert sorted(hook["topic"] for hook in mock.hooks.values()) == sorted(inbound.TOPICS)
    order_id = mock.add_order(SampleOrder(2))
    assert await shop.tell("order.created", int(order_id), secret="guess") == 401
    assert order_id not in await shop.orders()
    assert await shop.tell("order.created", int(order_id)) == 200
    assert order_id in await shop.orders()
    mock.variations[501]["stock_quantity"] = 1
    assert await shop.tell("product.updated", 501) == 200
    assert (await shop.products())["501"]["inventory"] == 1
    del mock.products[302]
    assert await shop.tell("product.deleted", 302) == 200
    assert "302" not in await shop.products()
    mock.remove_order(order_id)
    assert await shop.tell("order.deleted", int(order_id)) == 200
    assert sorted(await shop.world.gone(shop.connection)) == [order_id, "302"]
    mock.orders[int(order_id)]["status"] = "processing"
    assert await shop.tell("order.restored", int(order_id)) == 200
    assert order_id in await shop.orders()


async def test_webhooks_that_woocommerce_disabled_are_made_anew(telling_shop: ConnectedShop):
    before = {*telling_shop.mock.hooks}
    telling_shop.mock.hooks[min(before)]["status"] = "disabled"
    telling_shop.world.clock.pass_seconds(25 * 3600)
    await telling_shop.world.services.subscriptions.enqueue_due()
    await telling_shop.world.work()
    hooks = telling_shop.mock.hooks
    active = [hook["topic"] for hook in hooks.values() if hook["status"] == "active"]
    assert sorted(active) == sorted(inbound.TOPICS)
    assert not before & {*hooks}
