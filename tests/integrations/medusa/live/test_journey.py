"""An order's whole way through a real Medusa: placed, seen, shipped, refunded, and read back there."""

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from crossdock.errors import NotFound
from crossdock.integrations.medusa import inbound, read
from crossdock.integrations.medusa.client import Client
from crossdock.kit.contract import Walk
from crossdock.kit.inbound import BadSignature, InboundRequest
from crossdock.kit.registry import get_integration
from crossdock.resources.cart.orders import CART_ORDERS
from crossdock.resources.cart.products import CART_PRODUCTS
from crossdock.resources.cart.warehouses import CART_WAREHOUSES
from crossdock.store.connections.connections import ConnectionRow
from tests.fakes.receiver import Receiver
from tests.integrations.medusa.live.conftest import Medusa
from tests.journeys.conftest import RESOURCES, World, migrated_sqlite, vendor, world
from tests.journeys.writing import writing

__all__ = ["migrated_sqlite", "vendor", "world"]


@pytest.fixture
def database_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """A copy on SQLite: the shop is what is tested."""
    return f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'crossdock.db')}"


@pytest.fixture(autouse=True)
def resources(monkeypatch: pytest.MonkeyPatch) -> None:
    for resource in (CART_ORDERS, CART_PRODUCTS, CART_WAREHOUSES):
        monkeypatch.setitem(RESOURCES, resource.function, resource)


async def connected(world: World, medusa: Medusa) -> ConnectionRow:
    """A connection to the shop, synced."""
    fields = {"url": medusa.url, "api_key": medusa.api_key}
    connection, _ = await world.services.connector.connect(
        world.organization, get_integration("cart", "medusa"), fields
    )
    await world.work()
    return connection


async def changes(world: World, connection: ConnectionRow) -> list[str]:
    """The types of the events that tell of records, in order."""
    return [kind for kind in await world.told(connection) if kind.startswith("cart-")]


async def test_an_order_is_placed_shipped_and_refunded_and_stock_is_set(world: World, medusa: Medusa):
    connection = await connected(world, medusa)
    before = await world.documents(connection)
    order_id = medusa.placed_order("MED-5-S")
    medusa.pay(order_id)
    await world.force(connection, "get_orders", "get_products")

    [created] = await world.events(connection, "cart-order.created")
    order = created["data"]
    assert (order["id"], order["status"], order["raw_status"]) == (order_id, "open", "pending/not_fulfilled")
    assert (order["total_price"], order["total_shipping"], order["invoice_currency_code"]) == (35, 5, "USD")
    assert order["ship_to_address"]["full_name"] == "Ada Buyer"
    [line] = order["line_items"]
    assert (line["product_sku"], line["quantity"], line["unit_price"]) == ("MED-5-S", 2, 15)
    assert order_id not in before

    async with writing(world, connection) as hand:
        body = {"tracking_number": "TRACK-1", "tracking_url": "https://track.example/1"}
        shipped = await hand.send("POST", f"/cart/orders/{order_id}/shipments", body)
        assert shipped.status_code == 200, shipped.text
        refund = {"line_items": [{"line_item_id": line["line_item_id"], "quantity": 1}], "reason": "damaged"}
        refunded = await hand.send("POST", f"/cart/orders/{order_id}/refund", refund)
        assert refunded.status_code == 200, refunded.text
        adjusted = await hand.send(
            "PUT", f"/cart/products/{line['product_id']}/adjust-inventory",
            {"quantity": 7, "adjustment_type": "exact"},
        )  # fmt: skip
        assert adjusted.status_code == 200, adjusted.text

    there = medusa.order(
        order_id,
        "id,payment_status,*fulfillments,*fulfillments.labels,*payment_collections.payments.refunds",
    )
    [fulfillment] = there["fulfillments"]
    assert fulfillment["shipped_at"] is not None
    assert [label["tracking_number"] for label in fulfillment["labels"]] == ["TRACK-1"]
    assert (there["payment_status"], there["fulfillment_status"]) == ("partially_refunded", "shipped")
    [payment] = there["payment_collections"][0]["payments"]
    assert [(refund["amount"], refund["note"]) for refund in payment["refunds"]] == [(15, "damaged")]
    level = medusa.stock("MED-5-S")
    assert level["stocked_quantity"] - level["reserved_quantity"] == 7

    stored = (await world.documents(connection))[order_id]
    [shipment] = stored["shipments"]
    assert (stored["status"], shipment["status"], shipment["tracking_number"]) == (
        "fulfilled", "shipped", "TRACK-1",
    )  # fmt: skip
    assert stored["total_price"] == 35, "a refund does not change what was sold"
    product = (await world.documents(connection, "get_products"))[line["product_id"]]
    assert product["inventory"] == 7
    told = await changes(world, connection)
    assert told.count("cart-order.created") == 1
    assert "cart-order.cart-shipment.created" in told
    assert "cart-product.updated" in told
    await world.force(connection, "get_orders", "get_products")
    assert await changes(world, connection) == told, "a sync finds what the writes stored, and nothing new"


async def test_a_shop_with_our_subscriber_tells_of_changes_that_are_read_at_once(
    world: World, medusa: Medusa, client: Client
):
    connection = await connected(world, medusa)
    with Receiver() as receiver:
        subscription = await inbound.subscribe(client, f"{receiver.url}/abcdefghijkl", "whole secret")
        assert await inbound.is_subscribed(client, subscription.id)
        order_id = medusa.placed_order("MED-6-S")
        medusa.pay(order_id)
        for _ in range(400):
            if any(order_id in request.body.decode() for request in receiver.got):
                break
            await asyncio.sleep(0.05)
        notice = next(request for request in receiver.got if order_id in request.body.decode())
        inbound.verify(InboundRequest.of(notice.body, notice.headers), "whole secret")
        with pytest.raises(BadSignature):
            inbound.verify(InboundRequest.of(notice.body, notice.headers), "another secret")
        reads = inbound.changed(json.loads(notice.body), notice.headers)
        assert ("get_orders", order_id) in reads
        await inbound.unsubscribe(client, subscription.id)
        assert not await inbound.is_subscribed(client, subscription.id)
    assert order_id not in await world.documents(connection)
    raw = await client.order(order_id)
    walked = [raw async for page in client.orders(Walk()) for raw in page.records if raw["id"] == order_id]
    assert [read.order(order) for order in walked] == [read.order(raw)], "read alone it is what a walk shows"


async def test_walks_show_each_product_and_variant_as_it_is_read_alone(client: Client):
    records = [raw async for page in client.products(Walk()) for raw in page.records]
    assert len(records) == 30
    for raw in (records[0], records[1]):
        assert await client.product(raw["id"]) == raw
    with pytest.raises(NotFound):
        await client.product("variant_nope")
    with pytest.raises(NotFound):
        await client.order("order_nope")
