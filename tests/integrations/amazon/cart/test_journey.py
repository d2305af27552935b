"""What is Amazon's own of a seller: usage plans, tokens that end, merged stock, many listings."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from crossdock.resources.cart.orders import CART_ORDERS
from crossdock.resources.cart.products import CART_PRODUCTS
from tests.integrations.amazon.cart import records
from tests.integrations.amazon.cart.mock import LISTINGS, ORDERS, Mock
from tests.integrations.amazon.common import TOKEN_PATH
from tests.journeys.conftest import World, migrated_sqlite, vendor, world
from tests.journeys.test_every_vendor import database_url
from tests.journeys.writing import writing
from tests.mock_vendors.connected import MockedVendor, connected
from tests.mock_vendors.faults import done_then, dropped
from tests.mock_vendors.orders import SampleOrder

__all__ = ["database_url", "migrated_sqlite", "vendor", "world"]


@dataclass
class ConnectedSeller(MockedVendor):
    mock: Mock

    async def products(self) -> dict[str, dict[str, object]]:
        return await self.world.documents(self.connection, "get_products")


@pytest.fixture
async def seller(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ConnectedSeller]:
    """A connection to a seller with an order, synced."""
    async with Mock() as mock:
        yield await connected(ConnectedSeller, world, mock, monkeypatch, (CART_ORDERS, CART_PRODUCTS))


async def test_stock_is_merged_so_that_handling_times_stay(seller: ConnectedSeller):
    async with writing(seller.world, seller.connection) as hand:
        body = {"quantity": 3, "adjustment_type": "increase"}
        answer = await hand.send("PUT", "/cart/products/CRATE-1/adjust-inventory", body)
        assert answer.status_code == 200, answer.text
        refused = await hand.send("PUT", "/cart/products/ROPE/adjust-inventory", body)
    assert "not the seller's own to set" in refused.text
    [kept] = seller.mock.listings["CRATE-1"]["attributes"]["fulfillment_availability"]
    assert kept == {"fulfillment_channel_code": "DEFAULT", "lead_time_to_ship_max_days": 3, "quantity": 13}
    assert (await seller.products())["CRATE-1"]["inventory"] == 13


async def test_stock_that_is_added_stays_uncertain_where_the_answer_is_lost(seller: ConnectedSeller):
    seller.mock.script(f"PATCH {LISTINGS}/CRATE-1", [done_then(dropped())])
    async with writing(seller.world, seller.connection) as hand:
        body = {"quantity": 5, "adjustment_type": "increase"}
        answer = await hand.send("PUT", "/cart/products/CRATE-1/adjust-inventory", body)
    assert "uncertain" in answer.text
    assert seller.mock.made == 1, "once"


async def test_a_token_that_ends_is_bought_anew(seller: ConnectedSeller):
    before = len(seller.mock.asked(TOKEN_PATH))
    seller.mock.token += 1  # Amazon takes the one before no longer
    assert await seller.sync() == "done"
    assert len(seller.mock.asked(TOKEN_PATH)) == before + 1


async def test_a_plan_that_is_used_up_is_waited_for(seller: ConnectedSeller):
    bucket = seller.mock.buckets[f"GET {ORDERS}"]
    bucket.level, bucket._at = 0.0, seller.mock.clock()
    order_id = seller.mock.add_order(SampleOrder(2))
    await seller.sync()
    for _ in range(10):
        await seller.world.next_sync(60)
    assert order_id in await seller.orders()


async def test_more_than_a_thousand_listings_are_all_read(seller: ConnectedSeller):
    for number in range(1_050):
        sku, day = f"S-{number:04d}", f"2026-03-{1 + number // 40:02d}T09:00:00Z"
        channel = {"fulfillmentChannelCode": "DEFAULT", "quantity": 1}
        seller.mock.listings[sku] = records.listing(sku, "Small part", day, **channel)
    seller.mock.buckets[f"GET {LISTINGS}"].capacity = 1_000
    seller.mock.buckets[f"GET {LISTINGS}"].level = None
    await seller.world.force(seller.connection, "get_products")
    for _ in range(5):
        await seller.world.next_sync(60)
    assert len(await seller.products()) == 1_053


async def test_what_the_application_may_not_see_is_left_out_and_what_was_seen_stays(seller: ConnectedSeller):
    [order_id] = await seller.orders()
    order = seller.mock.orders[order_id]
    del order["recipient"]
    del order["buyer"]
    seller.world.clock.pass_seconds(5)
    order["lastUpdatedTime"] = seller.mock.now()
    assert await seller.sync() == "done"
    assert (await seller.orders())[order_id]["status"] == "confirmed"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/cart/orders/{id}/shipments", {"tracking_number": "T-1", "carrier_code": "UPS"}),
        ("/cart/products/CRATE-1/adjust-inventory", {"quantity": 3, "adjustment_type": "exact"}),
    ],
)
async def test_a_dry_run_shows_what_it_can_and_changes_nothing(
    seller: ConnectedSeller, path: str, body: dict[str, object]
):
    [order_id] = await seller.orders()
    method = "PUT" if "products" in path else "POST"
    async with writing(seller.world, seller.connection) as hand:
        answer = await hand.send(method, f"{path.replace('{id}', order_id)}?dry_run=true", body)
    assert answer.status_code == 200, answer.text
    assert "{seller_id}" not in answer.text
    assert seller.mock.made == 0
