"""Orders that are many, large, old, or changed where no date tells of it."""

import pytest

from crossdock.integrations.shopify import client
from tests.integrations.shopify.state import bag, gid
from tests.integrations.shopify.test_journey import (
    ConnectedShop,
    database_url,
    migrated_sqlite,
    shop,
    tell,
    telling_shop,
    vendor,
    world,
)
from tests.mock_vendors.orders import SampleOrder

__all__ = ["database_url", "migrated_sqlite", "shop", "telling_shop", "vendor", "world"]


def ship_line_by_line(shop: ConnectedShop, order_id: str) -> None:
    """Send each line of an order by itself."""
    order = shop.mock.shop.orders[order_id]
    for line in order["items"]:
        part = {"id": line["id"].replace("LineItem", "FulfillmentOrderLineItem"), "quantity": 1}
        entry = {"fulfillmentOrderId": order["id"], "fulfillmentOrderLineItems": [part]}
        tracking = {"number": f"T-{line['id'].rpartition('/')[2]}"}
        shop.mock._fulfill({"lineItemsByFulfillmentOrder": [entry], "trackingInfo": tracking})


async def test_an_order_is_read_with_all_of_its_shipments_refunds_and_payments(shop: ConnectedShop):
    order_id = shop.mock.add_order(SampleOrder(2, lines=45))
    order = shop.mock.shop.orders[order_id]
    ship_line_by_line(shop, order_id)
    for number in range(30):
        refund = {
            "id": gid("Refund", number), "legacyResourceId": str(number), "note": None,
            "createdAt": order["createdAt"], "totalRefundedSet": bag("0.10"),
        }  # fmt: skip
        order["given_back"].append(refund)
        order["paid"].append(order["paid"][0] | {"id": gid("OrderTransaction", 100 + number)})
    assert await shop.sync() == "done"
    stored = (await shop.orders())[order_id]
    assert len({shipment["shipment_id"] for shipment in stored["shipments"]}) == 45
    assert all(len(shipment["line_items"]) == 1 for shipment in stored["shipments"])
    assert len(stored["additional_fields"]["refunds"]) == 30
    assert len(stored["additional_fields"]["transactions"]) == 31


async def test_more_orders_than_pages_reach_are_read(shop: ConnectedShop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(client, "MOST_PAGED", 50)
    shop.mock.most_paged = 80
    for number in range(2, 140):
        shop.world.clock.pass_seconds(number % 2)
        shop.mock.add_order(SampleOrder(number, lines=1))
    assert await shop.sync() == "done"
    assert len(await shop.orders()) == 139


async def test_pages_that_cost_more_than_a_query_may_become_smaller(shop: ConnectedShop):
    shop.mock.most_orders = 5
    for number in range(2, 20):
        shop.mock.add_order(SampleOrder(number))
    assert await shop.sync() == "done"
    assert len(await shop.orders()) == 19


async def test_an_order_that_is_too_old_for_the_app_is_not_taken_for_deleted(telling_shop: ConnectedShop):
    shop = telling_shop
    [old] = await shop.orders()
    recent, gone = shop.mock.add_order(SampleOrder(2)), shop.mock.add_order(SampleOrder(3))
    assert await shop.sync() == "done"
    shop.mock.hidden.add(old)
    shop.mock.remove_order(gone)
    for order_id in (old, gone):
        assert await tell(shop, "orders/updated", {"id": int(order_id)}) == 200
    assert {*await shop.orders()} == {old, recent}
    assert await shop.kinds() == set()


async def test_an_open_order_that_is_held_is_seen_though_its_date_stood_still(shop: ConnectedShop):
    [order_id] = await shop.orders()
    gone = shop.mock.add_order(SampleOrder(2))
    assert await shop.sync() == "done"
    shop.mock.shop.orders[order_id]["displayFulfillmentStatus"] = "ON_HOLD"
    shop.mock.remove_order(gone)
    for _ in range(4):
        await shop.world.next_sync(2 * 3600)
    orders = await shop.orders()
    assert orders.keys() == {order_id}
    assert orders[order_id]["status"] == "exception"


async def test_what_was_taken_off_an_order_after_it_was_paid_is_told(shop: ConnectedShop):
    [order_id] = await shop.orders()
    order = shop.mock.shop.orders[order_id]
    line = order["items"][0]
    line["currentQuantity"] = 0
    order |= {"currentTotalPriceSet": bag("15.00"), "updatedAt": shop.mock._now()}
    assert await shop.sync() == "done"
    fields = (await shop.orders())[order_id]["additional_fields"]
    assert list(fields["current_quantities"].values()) == [0, 1]
    assert (fields["current_total_price"], fields["taxes_included"]) == (15, False)
