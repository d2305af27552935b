"""A made-up seller at Walmart Fulfillment Services: what is Walmart's own."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from crossdock.integrations.walmart.wms import client
from crossdock.resources.wms.inbound_shipments import INBOUND_SHIPMENTS
from crossdock.resources.wms.inventory import INVENTORY
from crossdock.resources.wms.orders import ORDERS
from crossdock.resources.wms.returns import RETURNS
from tests.integrations.walmart.wms.mock import Mock
from tests.integrations.walmart.wms.records import NEW_ORDER, NEW_SHIPMENT
from tests.journeys.conftest import World, migrated_sqlite, vendor, world
from tests.journeys.test_every_vendor import database_url
from tests.journeys.writing import writing
from tests.mock_vendors.connected import MockedVendor, connected
from tests.mock_vendors.faults import done_then, dropped
from tests.mock_vendors.orders import SampleOrder

__all__ = ["database_url", "migrated_sqlite", "vendor", "world"]
READ = (ORDERS, INVENTORY, INBOUND_SHIPMENTS, RETURNS)


@dataclass
class Seller(MockedVendor):
    mock: Mock


@pytest.fixture
async def seller(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Seller]:
    """A connection to a seller with an order, synced."""
    async with Mock() as mock:
        yield await connected(Seller, world, mock, monkeypatch, READ)


async def test_an_order_is_made_cancelled_and_read_back(seller: Seller):
    async with writing(seller.world, seller.connection) as hand:
        answer = await hand.send("POST", "/wms/orders", dict(NEW_ORDER))
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"]["id"] == "SO1001"
        again = await hand.send("POST", "/wms/orders", dict(NEW_ORDER))
        assert "used before" in again.text
        answer = await hand.send("PUT", "/wms/orders/SO1001/cancel")
        assert answer.status_code == 200, answer.text
    order = (await seller.orders())["SO1001"]
    assert (order["status"], order["raw_status"]) == ("other", "CANCELLED"), "a word that is not described"
    assert order["line_items"][0]["quantity"] == 2
    before = await seller.orders()
    assert await seller.sync() == "done"
    assert await seller.orders() == before, "what was written is what a sync reads"


async def test_an_order_whose_answer_is_lost_is_made_once(seller: Seller):
    seller.mock.script("/orders-fulfillments", [done_then(dropped())])
    async with writing(seller.world, seller.connection) as hand:
        headers = {"Idempotency-Key": "k-1"}
        await hand.send("POST", "/wms/orders", dict(NEW_ORDER), headers=headers)
        await hand.send("POST", "/wms/orders", dict(NEW_ORDER), headers=headers)
        seller.world.clock.pass_seconds(600)
        last = await hand.send("POST", "/wms/orders", dict(NEW_ORDER), headers=headers)
    assert seller.mock.made == 1, last.text


async def test_what_becomes_of_an_order_of_weeks_ago_is_seen(seller: Seller):
    [order_id] = await seller.orders()
    seller.world.clock.pass_seconds(20 * 86_400)
    await seller.sync()
    seller.mock.ship(order_id)
    seller.world.clock.pass_seconds(4 * 3600)
    await seller.sync()
    order = (await seller.orders())[order_id]
    assert (order["status"], order["shipments"][0]["packages"][0]["tracking_number"]) == (
        "fulfilled",
        f"T-s-{order_id}",
    )


async def test_more_orders_than_walmart_shows_at_once_are_read_from_a_later_day_on(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(client, "LAST_OFFSET", 60)
    async with Mock() as mock:
        for number in range(1, 162):
            order_id = mock.add_order(SampleOrder(number))
            placed = datetime.fromtimestamp(world.clock() / 1000 - (162 - number) * 14_400, UTC)
            mock.orders[order_id]["orderDate"] = f"{placed:%Y-%m-%dT%H:%M:%S.000Z}"
        seller = await connected(Seller, world, mock, monkeypatch, READ, orders=0)
        assert set(await seller.orders()) == set(mock.orders)
        asked = [call.query for call in mock.asked("/status") if "offset" in call.query]
        assert max(int(query["offset"]) for query in asked) <= 60


async def test_returns_of_several_pages_are_read_and_read_again_where_they_changed(seller: Seller):
    numbers = [seller.mock.add_return("1800000000001") for _ in range(205)]
    await seller.world.force(seller.connection, "get_returns")
    returns = await seller.world.documents(seller.connection, "get_returns")
    assert set(returns) == set(numbers)
    seller.world.clock.pass_seconds(3600)
    seller.mock.complete_return(numbers[7])
    await seller.world.force(seller.connection, "get_returns")
    returns = await seller.world.documents(seller.connection, "get_returns")
    assert [number for number in numbers if returns[number]["status"] == "received"] == [numbers[7]]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/wms/orders", NEW_ORDER),
        ("PUT", "/wms/orders/{id}/cancel", {}),
        ("POST", "/wms/inbound-shipments", NEW_SHIPMENT),
    ],
)
async def test_a_dry_run_shows_what_it_can_and_changes_nothing(
    seller: Seller, method: str, path: str, body: dict[str, object]
):
    [order_id] = await seller.orders()
    async with writing(seller.world, seller.connection) as hand:
        answer = await hand.send(method, f"{path.replace('{id}', order_id)}?dry_run=true", body)
    assert answer.status_code == 200, answer.text
    assert seller.mock.made == 0
