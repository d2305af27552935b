"""Bulk operations on bad days: no product is lost, and none is what it was before."""

import pytest

from tests.integrations.shopify.test_journey import (
    ConnectedShop,
    database_url,
    exported,
    migrated_sqlite,
    shop,
    tell,
    telling_shop,
    vendor,
    world,
)
from tests.journeys.writing import writing
from tests.mock_vendors.faults import answering

__all__ = ["database_url", "migrated_sqlite", "shop", "telling_shop", "vendor", "world"]

ALL = {"product-301", "501", "502"}


async def wait_for_export(shop: ConnectedShop, times: int = 6) -> set[str]:
    """The ids of the products after as many waits."""
    for _ in range(times):
        await shop.world.next_sync(60)
    return {*await shop.world.documents(shop.connection, "get_products")}


async def test_an_export_whose_file_expired_takes_no_product_away(shop: ConnectedShop):
    assert (await exported(shop)).keys() == ALL
    await shop.world.force(shop.connection, "get_products")
    shop.mock.bulk[-1] |= {"status": "COMPLETED", "url": None, "objectCount": "4"}
    assert await wait_for_export(shop) == ALL
    assert not await shop.world.gone(shop.connection)
    assert len(shop.mock.bulk) == 3, "another one was run"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_a_file_whose_address_no_longer_works_is_prepared_anew(shop: ConnectedShop, status: int):
    assert (await exported(shop)).keys() == ALL
    shop.mock.script("/exports/1", [answering(status, {"error": "ExpiredToken"})])
    await shop.world.force(shop.connection, "get_products")
    assert await wait_for_export(shop) == ALL
    assert len(shop.mock.bulk) == 3
    assert await shop.kinds() == set(), "the token of the shop is as good as before"


async def test_what_a_notice_read_meanwhile_is_not_overwritten_by_an_older_export(
    telling_shop: ConnectedShop,
):
    shop = telling_shop
    await exported(shop)
    await shop.world.force(shop.connection, "get_products")
    shop.mock.finish_export()
    shop.world.clock.pass_seconds(5)
    shop.mock.shop.stock["501"] = 3
    body: dict[str, object] = {"inventory_item_id": 601, "location_id": 7001, "available": 3}
    assert await tell(shop, "inventory_levels/update", body) == 200
    assert await wait_for_export(shop) == ALL
    products = await shop.world.documents(shop.connection, "get_products")
    assert products["501"]["inventory"] == 3


async def test_what_was_written_meanwhile_is_not_overwritten_by_an_older_export(shop: ConnectedShop):
    await exported(shop)
    await shop.world.force(shop.connection, "get_products")
    shop.mock.finish_export()
    shop.world.clock.pass_seconds(2)
    async with writing(shop.world, shop.connection) as hand:
        body = {"quantity": 30, "adjustment_type": "exact"}
        answer = await hand.send("PUT", "/cart/products/501/adjust-inventory", body)
    assert answer.status_code == 200, answer.text
    await wait_for_export(shop)
    products = await shop.world.documents(shop.connection, "get_products")
    assert products["501"]["inventory"] == 30
    assert (await exported(shop))["501"]["inventory"] == 30


async def test_a_variant_that_went_meanwhile_does_not_come_back_with_an_older_export(
    telling_shop: ConnectedShop,
):
    shop = telling_shop
    await exported(shop)
    await shop.world.force(shop.connection, "get_products")
    shop.mock.finish_export()
    shop.world.clock.pass_seconds(5)
    del shop.mock.shop.stock["502"]
    assert await tell(shop, "products/update", {"id": 301, "variants": [{"id": 501}, {"id": 502}]}) == 200
    assert await wait_for_export(shop) == ALL - {"502"}
    told = await shop.world.told(shop.connection)
    assert told.count("cart-product.deleted") == 1
