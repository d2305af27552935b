"""Goods in TikTok's warehouses: read, counted over warehouses, and what a missing scope does."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from crossdock.resources.wms.inventory import INVENTORY
from crossdock.resources.wms.products import PRODUCTS
from crossdock.resources.wms.warehouses import WAREHOUSES
from tests.integrations.tiktok_shop.wms.server import DALLAS, EASTVALE, Mock, goods, level
from tests.journeys.conftest import World, migrated_sqlite, vendor, world
from tests.journeys.test_every_vendor import database_url
from tests.journeys.writing import writing
from tests.mock_vendors.connected import MockedVendor, connected
from tests.mock_vendors.faults import failing, html, throttled

__all__ = ["database_url", "migrated_sqlite", "vendor", "world"]
READ = (INVENTORY, PRODUCTS, WAREHOUSES)


@dataclass
class Stored(MockedVendor):
    mock: Mock

    async def stock(self) -> dict[str, dict[str, object]]:
        return await self.world.documents(self.connection, "get_inventory")


@pytest.fixture
async def stored(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stored]:
    async with Mock() as mock:
        yield await connected(Stored, world, mock, monkeypatch, READ, orders=0)


async def test_goods_are_counted_over_warehouses_and_those_without_stock_have_none(stored: Stored):
    stock = await stored.stock()
    assert {*stock["7320001"]["inventory_by_warehouse_id"]} == {EASTVALE, DALLAS}  # type: ignore[misc]
    names = ("onhand", "committed", "unfulfillable", "fulfillable", "awaiting")
    assert [stock["7320001"][name] for name in names] == [21, 4, 2, 15, 8]
    assert [stock["7320002"][name] for name in names] == [0, 0, 0, 0, 0]
    assert len(await stored.world.documents(stored.connection, "get_warehouses")) == 2


async def test_many_goods_are_read_page_by_page_with_all_their_stock(stored: Stored):
    numbers = [f"733{number:04}" for number in range(150)]
    stored.mock.goods += [goods(number, f"Peg {number}") for number in numbers]
    stored.mock.stock += [level(number, place, 1) for number in numbers for place in (EASTVALE, DALLAS)]
    await stored.world.force(stored.connection, "get_inventory", "get_products")
    stock = await stored.stock()
    assert len(stock) == 152
    assert {stock[number]["fulfillable"] for number in numbers} == {2}
    assert len(await stored.world.documents(stored.connection, "get_products")) == 152


async def test_a_scope_that_is_missing_and_bad_days_change_nothing(stored: Stored):
    before = await stored.stock()
    stored.mock.script("/goods/search", [throttled(1), failing(503)])
    await stored.world.force(stored.connection, "get_inventory")
    stored.mock.script("/inventory/search", [html()])
    await stored.world.force(stored.connection, "get_inventory")
    assert await stored.stock() == before
    stored.mock.is_forbidden = True
    await stored.world.force(stored.connection, "get_inventory")
    assert "missing_permission" in await stored.kinds()
    assert await stored.stock() == before


async def test_credentials_that_were_taken_back_are_told(stored: Stored):
    stored.mock.door.revoke()
    await stored.world.force(stored.connection, "get_products")
    assert "invalid_credentials" in await stored.kinds()


@pytest.mark.parametrize(
    ("path", "words"),
    [("/wms/orders", "Orders of the shop"), ("/wms/inbound-shipments", "there is no list")],
)
async def test_what_tiktok_does_not_list_is_refused_and_the_notes_say_so(
    stored: Stored, path: str, words: str
):
    notes = (stored.mock.known_integration().folder / "notes.md").read_text(encoding="utf-8")
    assert words in notes
    async with writing(stored.world, stored.connection) as hand:
        assert (await hand.send("GET", path)).status_code == 501
