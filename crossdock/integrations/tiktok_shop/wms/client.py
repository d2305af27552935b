"""Raw pages out of Fulfilled by TikTok (FBT): goods, their stock, and warehouses."""

from collections.abc import AsyncIterator
from dataclasses import replace

from crossdock.integrations.tiktok_shop.api import ShopClient
from crossdock.kit.contract import Page, Raw, Walk
from crossdock.kit.responses import member

GOODS, STOCK = "/fbt/202409/goods/search", "/fbt/202408/inventory/search"
WAREHOUSES = "/fbt/202408/warehouses"
PAGE_SIZE = 100
"""The most that there are on a page (descriptions of both searches)."""


class Client(ShopClient):
    """Raw pages out of what TikTok stores for one shop."""

    def products(self, walk: Walk) -> AsyncIterator[Page]:
        """All goods: neither they nor their stock have a date."""
        return self._searched(walk, GOODS, "goods", {}, PAGE_SIZE)

    async def inventory(self, walk: Walk) -> AsyncIterator[Page]:
        """All goods with their stock: that is listed by itself only where there is any."""
        async for page in self.products(walk):
            yield replace(page, records=await self._with_stock(page.records))

    async def warehouses(self, walk: Walk) -> AsyncIterator[Page]:  # noqa: ARG002  the list is one answer
        """All warehouses of TikTok's, those that the seller does not use, too."""
        data = await self._data("GET", WAREHOUSES)
        yield Page(member(data, "warehouses", list), key="fbt_warehouse_id")

    async def _with_stock(self, goods: list[Raw]) -> list[Raw]:
        by_goods: dict[str, list[Raw]] = {}
        ids = [str(entry["id"]) for entry in goods if entry.get("id")]
        if ids:
            for level in await self._listed(STOCK, "inventory", {"goods_ids": ids}, PAGE_SIZE):
                by_goods.setdefault(str(member(level, "goods", dict).get("id")), []).append(level)
        return [entry | {"stock": by_goods.get(str(entry.get("id")), [])} for entry in goods]
