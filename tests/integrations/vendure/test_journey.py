"""An order's whole way through the mock of a shop: what the live journey does, wherever the suite runs."""

import shutil
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from crossdock.kit.registry import get_integration
from crossdock.resources.cart.orders import CART_ORDERS
from crossdock.resources.cart.products import CART_PRODUCTS
from crossdock.resources.cart.warehouses import CART_WAREHOUSES
from crossdock.store.connections.connections import ConnectionRow
from tests.integrations.vendure.mock import Mock
from tests.journeys.conftest import RESOURCES, World, migrated_sqlite, vendor, world
from tests.journeys.writing import writing
from tests.mock_vendors.faults import done_then, dropped
from tests.mock_vendors.orders import SampleOrder

__all__ = ["migrated_sqlite", "vendor", "world"]


@pytest.fixture
def database_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'crossdock.db')}"


@pytest.fixture(autouse=True)
def resources(monkeypatch: pytest.MonkeyPatch) -> None:
    for resource in (CART_ORDERS, CART_PRODUCTS, CART_WAREHOUSES):
        monkeypatch.setitem(RESOURCES, resource.function, resource)


@pytest.fixture
async def shop(world: World) -> AsyncIterator[Mock]:
    async with Mock() as mock:
        mock.clock = lambda: world.clock() / 1000
        mock.add_order(SampleOrder(1))
        yield mock


@pytest.fixture
async def connection(world: World, shop: Mock) -> ConnectionRow:
    integration = get_integration("cart", "vendure")
    connection, _ = await world.services.connector.connect(
        world.organization, integration, shop.credentials()
    )
    await world.work()
    return connection


async def test_an_order_is_placed_shipped_and_refunded_and_stock_is_set(
    world: World, shop: Mock, connection: ConnectionRow
):
    world.clock.pass_seconds(300)
    order_id = shop.add_order(SampleOrder(2))
    await world.force(connection, "get_orders")
    [created] = await world.events(connection, "cart-order.created")
    assert (created["data"]["id"], created["data"]["status"]) == (order_id, "open")
    lines = [line["line_item_id"] for line in created["data"]["line_items"]]

    async with writing(world, connection) as hand:
        part = [{"line_item_id": lines[0], "quantity": 1}]
        for body in ({"tracking_number": "T-1", "line_items": part}, {"tracking_number": "T-2"}):
            shipped = await hand.send("POST", f"/cart/orders/{order_id}/shipments", body)
            assert shipped.status_code == 200, shipped.text
        refused = await hand.send("POST", f"/cart/orders/{order_id}/shipments", {"tracking_number": "T-3"})
        assert "in fulfilments already" in refused.text
        refund = {"line_items": part, "reason": "damaged"}
        refunded = await hand.send("POST", f"/cart/orders/{order_id}/refund", refund)
        assert refunded.status_code == 200, refunded.text
        refused = await hand.send("POST", f"/cart/orders/{order_id}/refund", {"amount": 99})
        assert "the most is 16.90" in refused.text
        level = {"quantity": 7, "adjustment_type": "exact", "warehouse_id": "2"}
        adjusted = await hand.send("PUT", "/cart/products/1/adjust-inventory", level)
        assert adjusted.status_code == 200, adjusted.text

    order = (await world.documents(connection))[order_id]
    assert [(entry["tracking_number"], entry["status"]) for entry in order["shipments"]] == [
        ("T-1", "shipped"), ("T-2", "shipped"),
    ]  # fmt: skip
    assert (order["status"], order["total_price"]) == ("fulfilled", Decimal("28.8"))
    [refund] = order["additional_fields"]["payments"][0]["refunds"]
    assert (refund["reason"], refund["state"], refund["amount"]) == ("damaged", "Settled", Decimal("11.4"))
    product = (await world.documents(connection, "get_products"))["1"]
    assert product["inventory_by_warehouse_id"] == {"1": 10, "2": 7}
    told = [kind for kind in await world.told(connection) if kind.startswith("cart-")]
    assert told.count("cart-order.cart-shipment.created") == 2
    await world.force(connection, "get_orders", "get_products")
    assert [kind for kind in await world.told(connection) if kind.startswith("cart-")] == told


async def test_what_becomes_of_an_open_order_is_seen_although_its_date_stands_still(
    world: World, shop: Mock, connection: ConnectionRow
):
    [order_id] = await world.documents(connection)
    shop.orders[order_id]["state"] = "Delivered"
    await world.next_sync(2 * 3600)
    assert (await world.documents(connection))[order_id]["status"] == "fulfilled"


@pytest.mark.parametrize("days", [1, 40])
async def test_a_refund_made_in_the_shop_is_seen_though_nothing_is_open(
    world: World, shop: Mock, connection: ConnectionRow, days: int
):
    [order_id] = await world.documents(connection)
    order = shop.orders[order_id]
    order["state"] = "Delivered"
    await world.next_sync(2 * 3600)
    world.clock.pass_seconds(days * 86_400)
    shop.add_order(SampleOrder(2, status="Cancelled"))
    await world.next_sync()
    now = order["createdAt"]
    refund = {
        "id": "77", "createdAt": now, "updatedAt": now, "state": "Settled", "total": 100, "reason": "late",
        "transactionId": "t", "lines": [],
    }  # fmt: skip
    order["payments"][0]["refunds"].append(refund)
    await world.next_sync(2 * 3600)
    [payment] = (await world.documents(connection))[order_id]["additional_fields"]["payments"]
    assert [entry["id"] for entry in payment["refunds"]] == ["77"]


async def test_a_tracking_number_of_an_earlier_parcel_is_not_taken_for_a_shipment_whose_answer_was_lost(
    world: World, shop: Mock, connection: ConnectionRow
):
    [order_id] = await world.documents(connection)
    path = f"/cart/orders/{order_id}/shipments"
    parts = [
        {"line_items": [{"line_item_id": line["id"], "quantity": 1}], "tracking_number": "T"}
        for line in shop.orders[order_id]["lines"]
    ]
    again = {"Idempotency-Key": "again"}
    async with writing(world, connection) as hand:
        assert (await hand.send("POST", path, parts[0])).status_code == 200
        world.clock.pass_seconds(300)
        shop.script("addFulfillmentToOrder", [dropped()])
        answer = await hand.send("POST", path, parts[1], headers=again)
        assert answer.status_code >= 400, "nobody knows yet"
        world.clock.pass_seconds(600)
        answer = await hand.send("POST", path, parts[1], headers=again)
    assert answer.status_code == 200, answer.text
    assert len(shop.orders[order_id]["fulfillments"]) == 2


async def test_a_line_of_which_a_part_was_refunded_is_refunded_for_the_rest_once(
    world: World, shop: Mock, connection: ConnectionRow
):
    [order_id] = await world.documents(connection)
    order = shop.orders[order_id]
    line = order["lines"][0]
    line |= {"quantity": 2, "orderPlacedQuantity": 2}
    name, path = line["id"], f"/cart/orders/{order_id}/refund"
    async with writing(world, connection) as hand:
        part = {"line_items": [{"line_item_id": name, "quantity": 1}]}
        assert (await hand.send("POST", path, part)).status_code == 200
        world.clock.pass_seconds(300)
        shop.script("refundOrder", [done_then(dropped())])
        rest = {"line_items": [{"line_item_id": name}]}
        answer = await hand.send("POST", path, rest)
        assert answer.status_code == 200, answer.text
        for more in (rest, part):
            answer = await hand.send("POST", path, more)
            assert answer.status_code == 400, answer.text
    refunds = order["payments"][0]["refunds"]
    assert [(refund["total"], refund["state"]) for refund in refunds] == [(1140, "Settled")] * 2
