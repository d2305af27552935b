"""A made-up Etsy shop: tokens that are renewed, lists that move, stock that products share."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crossdock.integrations.etsy import client as etsy_client
from crossdock.kit.contract import Call, Context
from crossdock.kit.limits import budget_in_headers
from crossdock.resources.cart.orders import CART_ORDERS
from crossdock.resources.cart.products import CART_PRODUCTS
from tests.contracts.replay import replayed_http
from tests.integrations.etsy.mock import LEFT, LISTING, LISTINGS, TOKEN_PATH, Mock, listing
from tests.journeys.conftest import World, migrated_sqlite, vendor, world
from tests.journeys.test_every_vendor import database_url
from tests.journeys.writing import writing
from tests.mock_vendors.connected import MockedVendor, connected
from tests.mock_vendors.faults import done_then, dropped, meanwhile

__all__ = ["database_url", "migrated_sqlite", "vendor", "world"]
Body = dict[str, Any]


class ConnectedShop(MockedVendor):
    mock: Mock

    async def write(self, method: str, path: str, body: Body, status: int = 200) -> Any:
        """The record that a write answers with, or the text of its refusal."""
        self.world.clock.pass_seconds(60)
        async with writing(self.world, self.connection) as hand:
            answer = await hand.send(method, path, body)
        assert answer.status_code == status, answer.text
        return answer.json()["data"] if status == 200 else answer.text

    async def products(self) -> dict[str, Any]:
        self.world.clock.pass_seconds(60)
        await self.world.force(self.connection, "get_products")
        return await self.world.documents(self.connection, "get_products")


@pytest.fixture
async def shop(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ConnectedShop]:
    """A connection to a shop with an order, synced."""
    async with Mock() as mock:
        yield await connected(ConnectedShop, world, mock, monkeypatch, [CART_ORDERS, CART_PRODUCTS])


async def test_a_token_that_ended_is_renewed_and_its_successor_kept(shop: ConnectedShop):
    for _ in range(2):
        shop.mock.access = "7.another"
        assert await shop.sync() == "done"
    assert len(shop.mock.asked(TOKEN_PATH)) == 2
    assert shop.mock.asked(TOKEN_PATH)[1].form()["refresh_token"] != "7.refresh-1"
    assert await shop.kinds() == set()


async def test_stock_is_that_of_a_product_or_of_its_listing(shop: ConnectedShop):
    path = f"/cart/products/{LISTING}-5002/adjust-inventory"
    body = {"quantity": 3, "adjustment_type": "exact"}
    product = await shop.write("PUT", path, body)
    assert (product["sku"], product["inventory"]) == ("CRATE-M", 3)
    assert product["id"] != f"{LISTING}-5002", "Etsy numbers products anew"
    products = await shop.products()
    assert {key for key in products if key.startswith(f"{LISTING}-5")} == set()
    [small] = [each for each in products.values() if each["sku"] == "CRATE-S"]
    assert small["inventory"] == 10, "what was not named stays"
    shop.mock.listings[LISTING]["inventory"]["quantity_on_property"] = []
    await shop.products()
    refused = await shop.write("PUT", f"/cart/products/{small['id']}/adjust-inventory", body, 400)
    assert "name the listing" in refused
    whole = await shop.write("PUT", f"/cart/products/{LISTING}/adjust-inventory", body)
    assert whole["inventory"] == 3
    more = {"quantity": 1, "adjustment_type": "increase"}
    assert "say an exact one" in await shop.write(
        "PUT", f"/cart/products/{LISTING}/adjust-inventory", more, 400
    )


@pytest.mark.parametrize("leaving", [LISTING, 2033, 2037], ids=["first", "within a page", "last of a page"])
async def test_no_listing_is_passed_over_when_another_is_sold_out_meanwhile(
    shop: ConnectedShop, monkeypatch: pytest.MonkeyPatch, leaving: int
):
    monkeypatch.setattr(etsy_client, "PAGE_SIZE", 20)
    mock = shop.mock
    mock.listings |= {2000 + number: listing(2000 + number, ()) for number in range(50)}
    before = await shop.products()
    assert len(before) == 5 + 100

    def sell_out() -> None:
        mock.listings[leaving] |= {"state": "sold_out", "state_timestamp": int(mock.clock())}

    mock.script(LISTINGS, [_then_usual(), _then_usual(), meanwhile(sell_out)])
    after = await shop.products()
    assert after.keys() == before.keys()
    assert not after[str(leaving)]["active"]
    assert await shop.kinds() == set()


async def test_a_listing_that_becomes_active_meanwhile_is_read(shop: ConnectedShop):
    mock = shop.mock
    mock.listings[1002]["state"] = "draft"
    before = await shop.products()

    def publish() -> None:
        mock.listings[1002] |= {"state": "active", "state_timestamp": int(mock.clock())}

    mock.script(LISTINGS, [_then_usual(), meanwhile(publish)])
    after = await shop.products()
    assert after.keys() == before.keys()
    assert after["1002"]["active"]


async def test_a_quantity_whose_answer_was_lost_is_set_once(shop: ConnectedShop):
    shop.mock.script("/inventory", [_then_usual(), done_then(dropped())])
    body = {"quantity": 3, "adjustment_type": "exact"}
    async with writing(shop.world, shop.connection) as hand:
        path, headers = f"/cart/products/{LISTING}-5002/adjust-inventory", {"Idempotency-Key": "k-1"}
        first = await hand.send("PUT", path, body, headers=headers)
        again = await hand.send("PUT", path, body, headers=headers)
    assert 200 in (first.status_code, again.status_code), (first.text, again.text)
    levels = [
        each["offerings"][0]["quantity"] for each in shop.mock.listings[LISTING]["inventory"]["products"]
    ]
    assert levels == [10, 3]


def _then_usual() -> Any:
    """A request that is answered as usual."""
    return meanwhile(lambda: None)


def test_what_is_left_of_a_day_is_heeded_and_a_second_is_taken_for_no_minute():
    limits, now = Mock().known_integration().manifest.limits, datetime.now(UTC)
    budget = budget_in_headers(limits, LEFT, now)
    assert budget is None or budget.per_second is None
    assert limits.requests_per_minute == 600
    day = budget_in_headers(limits.named["day"], LEFT, now)
    assert day is not None
    assert (day.remaining, day.capacity) == (9000, 10_000)


def test_a_dry_run_shows_no_key(tmp_path: Path):
    integration = Mock().known_integration()
    http, _, _ = replayed_http(integration.manifest, [])
    client: Any = integration.client(
        Context(Mock().credentials(), http, tmp_path, manifest=integration.manifest)
    )
    shown = client.shown(
        Call("POST", "/v3/application/shops/1/receipts/2/tracking", {"tracking_code": "T-1"})
    )
    assert "shared" not in str(shown)
