"""Orders of a made-up Medusa that change without a date, come late, or are sent and given back in parts."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from crossdock.errors import NotFound
from crossdock.kit.registry import get_integration
from crossdock.resources.cart.orders import CART_ORDERS
from crossdock.resources.cart.products import CART_PRODUCTS
from crossdock.resources.cart.warehouses import CART_WAREHOUSES
from crossdock.store.connections.connections import ConnectionRow
from tests.integrations.medusa.mock import Mock
from tests.journeys.conftest import RESOURCES, World, migrated_sqlite, vendor, world
from tests.journeys.writing import writing
from tests.mock_vendors.faults import done_then, dropped
from tests.mock_vendors.orders import SampleOrder

__all__ = ["migrated_sqlite", "vendor", "world"]

AGAIN = {"Idempotency-Key": "again"}


@pytest.fixture
def database_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """A copy on SQLite: the shop is what is tested."""
    return f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'crossdock.db')}"


@pytest.fixture(autouse=True)
def resources(monkeypatch: pytest.MonkeyPatch) -> None:
    for resource in (CART_ORDERS, CART_PRODUCTS, CART_WAREHOUSES):
        monkeypatch.setitem(RESOURCES, resource.function, resource)


@pytest.fixture
async def shop(world: World) -> AsyncIterator[Mock]:
    async with Mock() as mock:
        mock.clock = lambda: world.clock() / 1000
        yield mock


@pytest.fixture
async def connection(world: World, shop: Mock) -> ConnectionRow:
    integration = get_integration("cart", "medusa")
    connection, _ = await world.services.connector.connect(
        world.organization, integration, shop.credentials()
    )
    await world.work()
    return connection


async def placed(world: World, connection: ConnectionRow, shop: Mock, lines: int = 2) -> str:
    """The id of a new order that was seen, a while ago."""
    order_id = shop.add_order(SampleOrder(1, lines=lines))
    await world.force(connection, "get_orders")
    world.clock.pass_seconds(300)
    return order_id


async def send(world: World, connection: ConnectionRow, path: str, body: dict[str, object]) -> None:
    async with writing(world, connection) as hand:
        answer = await hand.send("POST", path, body)
    assert answer.status_code == 200, answer.text


async def test_a_change_that_was_committed_late_is_seen(world: World, shop: Mock, connection: ConnectionRow):
    await placed(world, connection, shop)
    newest = shop.add_order(SampleOrder(2))
    await world.force(connection, "get_orders")
    world.clock.pass_seconds(-2)
    late = shop.add_order(SampleOrder(3))
    world.clock.pass_seconds(60)
    await world.force(connection, "get_orders")
    assert {newest, late} <= (await world.documents(connection)).keys()


async def test_a_payment_or_refund_that_moves_no_date_is_seen(
    world: World, shop: Mock, connection: ConnectionRow
):
    order_id = await placed(world, connection, shop)
    await placed(world, connection, shop)
    shop.orders[order_id]["payment_status"] = "partially_refunded"
    for _ in range(4):
        await world.next_sync(3600)
    stored = (await world.documents(connection))[order_id]
    assert stored["additional_fields"]["payment_status"] == "partially_refunded"


async def test_goods_that_came_back_do_not_change_what_was_sold(
    world: World, shop: Mock, connection: ConnectionRow
):
    order_id = await placed(world, connection, shop)
    shop.give_back(order_id, 0, 1)
    await world.force(connection, "get_orders")
    assert (await world.documents(connection))[order_id]["total_price"] == 24.5


async def test_a_line_that_came_back_is_refunded_with_what_was_paid_for_it(
    world: World, shop: Mock, connection: ConnectionRow
):
    order_id = await placed(world, connection, shop)
    shop.give_back(order_id, 0, 1)
    line = shop.orders[order_id]["items"][0]["id"]
    body: dict[str, object] = {"line_items": [{"line_item_id": line, "quantity": 1}], "reason": "returned"}
    await send(world, connection, f"/cart/orders/{order_id}/refund", body)
    assert [refund["amount"] for refund in shop.refunds] == [9.5]


async def test_what_is_left_is_sent_though_two_lines_are_of_one_variant(
    world: World, shop: Mock, connection: ConnectionRow
):
    order_id = await placed(world, connection, shop)
    first, second = (item["id"] for item in shop.orders[order_id]["items"])
    path = f"/cart/orders/{order_id}/shipments"
    await send(
        world, connection, path,
        {"tracking_number": "T-1", "line_items": [{"line_item_id": first, "quantity": 1}]},
    )  # fmt: skip
    await send(world, connection, path, {"tracking_number": "T-2"})
    sent = [entry["items"][0]["line_item_id"] for entry in shop.orders[order_id]["fulfillments"]]
    assert sent == [first, second]


async def test_what_was_packed_since_the_last_sync_is_sent_as_it_is(
    world: World, shop: Mock, connection: ConnectionRow
):
    order_id = await placed(world, connection, shop)
    order = shop.orders[order_id]
    shop._fulfil(
        order, ["fulfillments"], {"items": [{"id": item["id"], "quantity": 1} for item in order["items"]]}
    )
    await send(world, connection, f"/cart/orders/{order_id}/shipments", {"tracking_number": "T-1"})
    [fulfillment] = order["fulfillments"]
    assert fulfillment["labels"][0]["tracking_number"] == "T-1"


async def test_a_tracking_number_of_an_earlier_parcel_is_not_taken_for_a_shipment_whose_answer_was_lost(
    world: World, shop: Mock, connection: ConnectionRow
):
    order_id = await placed(world, connection, shop)
    lines = [item["id"] for item in shop.orders[order_id]["items"]]
    path = f"/cart/orders/{order_id}/shipments"
    parts: list[dict[str, object]] = [
        {"line_items": [{"line_item_id": line, "quantity": 1}], "tracking_number": "T"} for line in lines
    ]
    await send(world, connection, path, parts[0])
    world.clock.pass_seconds(300)
    shop.script("/fulfillments", [dropped()])
    async with writing(world, connection) as hand:
        answer = await hand.send("POST", path, parts[1], headers=AGAIN)
        assert answer.status_code >= 400, "nobody knows yet"
        world.clock.pass_seconds(600)
        answer = await hand.send("POST", path, parts[1], headers=AGAIN)
    assert answer.status_code == 200, answer.text
    assert len(shop.orders[order_id]["fulfillments"]) == 2


async def test_a_shipment_whose_answer_was_lost_is_not_sent_twice(
    world: World, shop: Mock, connection: ConnectionRow
):
    order_id = await placed(world, connection, shop)
    shop.script("/shipments", [done_then(dropped())])
    await send(world, connection, f"/cart/orders/{order_id}/shipments", {"tracking_number": "T-1"})
    [fulfillment] = shop.orders[order_id]["fulfillments"]
    assert len(fulfillment["labels"]) == 1


async def test_a_draft_is_no_order_until_it_is_converted(world: World, shop: Mock, connection: ConnectionRow):
    order_id = await placed(world, connection, shop)
    shop.orders[order_id]["is_draft_order"] = True
    integration = get_integration("cart", "medusa")
    async with world.services.writer.sign_in(connection, integration) as client:
        with pytest.raises(NotFound):
            await client.order(order_id)
