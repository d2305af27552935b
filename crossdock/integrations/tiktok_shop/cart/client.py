"""Raw pages out of a shop on TikTok: orders with their returns, products, warehouses."""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import replace
from typing import Any

from crossdock.errors import NotFound
from crossdock.integrations.tiktok_shop.api import ShopClient
from crossdock.kit import paging
from crossdock.kit.contract import RECORD_ID, Json, Page, Raw, Walk
from crossdock.kit.paging import with_details
from crossdock.kit.responses import member

ORDERS, ORDER = "/order/202309/orders/search", "/order/202309/orders"
RETURNS = "/return_refund/202309/returns/search"
PRODUCTS, PRODUCT = "/product/202502/products/search", "/product/202309/products"
WAREHOUSES = "/logistics/202309/warehouses"
PAGE_SIZE, RETURNS_SIZE = 100, 50
"""The most that there are on a page of each (their descriptions)."""
OVERLAP = 120
"""How many seconds a walk begins before the one before: a change may be late in the list."""
OLDEST_FIRST: Mapping[str, Any] = {"sort_field": "update_time", "sort_order": "ASC"}
AS_MADE: Mapping[str, Any] = {"sort_field": "create_time", "sort_order": "ASC"}
"""An order that no change moves anything in."""
UNSENT = {"UNPAID", "ON_HOLD", "AWAITING_SHIPMENT"}
"""Statuses of orders of which nothing can have come back yet."""
SALES = "SALES_WAREHOUSE"
DELETED = "DELETED"
UNSHOWN = {"FREEZE", DELETED}
"""Statuses of products that have no details (description of Get Product)."""
PARENT = "product-"
"""How our ids of products begin; those of SKUs are plain numbers."""


class Client(ShopClient):
    """Raw pages out of one shop."""

    # Walks

    async def orders(self, walk: Walk) -> AsyncIterator[Page]:
        """The orders that changed, oldest change first; then those whose returns did."""
        since = _since(walk)
        if not _is_in_returns(walk.cursor):
            async for page in self._changed_orders(walk, since):
                full_page = await self._with_returns(page)
                if page.cursor is None and since is not None and walk.end is None:
                    walk = replace(walk, cursor={"at": ["returns", since, None], "mark": page.mark})
                    full_page = replace(full_page, cursor=walk.cursor, mark=None)
                yield full_page
        if _is_in_returns(walk.cursor):
            async for page in self._returned_orders(walk):
                yield page

    async def products(self, walk: Walk) -> AsyncIterator[Page]:
        """All products, each followed by its SKUs: TikTok does not say that stock moves a product's date."""
        async for page in self._searched(walk, PRODUCTS, "products", {}, PAGE_SIZE):
            deleted_products = [product for product in page.records if product.get("status") == DELETED]
            listed_products = [product for product in page.records if product.get("status") != DELETED]
            detailed = await with_details(
                replace(page, records=listed_products), self._detailed, gone="left out"
            )
            records = [record for product in detailed.records for record in _flat(product)]
            ids = [record[RECORD_ID] for product in deleted_products for record in _flat(product)]
            yield replace(page, records=records, deleted=tuple(ids), key=RECORD_ID)

    async def warehouses(self, walk: Walk) -> AsyncIterator[Page]:  # noqa: ARG002  the list is one answer
        """All warehouses, those that are switched off, and those for returns."""
        yield Page(await self._warehouses())

    # Single records, exactly as walks show them

    async def order(self, record_id: str) -> Raw:
        data = await self._data("GET", ORDER, ids=record_id)
        for order in data.get("orders") or []:
            if str(order.get("id")) == record_id:
                page = await self._with_returns(Page([order]))
                return page.records[0]
        raise NotFound(f"there is no order {record_id}", record_id=record_id)

    async def product(self, record_id: str) -> Raw:
        """A product, or a SKU: their ids begin differently."""
        if record_id.startswith(PARENT):
            number = record_id.removeprefix(PARENT)
            product = await self.read_one(PRODUCT, number)
            product = member(product, "data", dict)
        else:
            product = await self._product_of(record_id)
        for record in _flat(product):
            if record[RECORD_ID] == record_id and product.get("status") != DELETED:
                return record
        raise NotFound(f"there is no product or SKU {record_id}", record_id=record_id)

    async def options(self, name: str) -> list[str]:
        """The ids of the warehouses that are sold from."""
        if name != "warehouses":
            raise LookupError(name)
        return [str(place["id"]) for place in await self._warehouses() if place.get("type") == SALES]

    # Orders and their returns

    def _changed_orders(self, walk: Walk, since: int | None) -> AsyncIterator[Page]:
        """The orders since a time. Each page begins anew at the last time of the one before.

        So none is passed over that moves to the end of the list meanwhile. TikTok's token is taken only
        where a whole page changed in one second.
        """
        until = None if walk.end is None else int(walk.end.timestamp())
        began: list[int] = []

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            first, token = cursor or [since, None]
            window = {"update_time_ge": first, "update_time_lt": until}
            answer = await self.send(
                "POST",
                ORDERS,
                json={name: value for name, value in window.items() if value is not None},
                params={"page_size": PAGE_SIZE, "page_token": token, **OLDEST_FIRST},
                repeatable=True,
            )
            began.append(int(answer.moment(self.http.clock()).timestamp()))
            data = member(answer.json(), "data", dict)
            records = member(data, "orders", list) if data.get("orders") is not None else []
            return records, _following(records, first, data.get("next_page_token"))

        return paging.by_cursor(walk, fetch, mark=lambda _, so_far: so_far or began[0])

    async def _returned_orders(self, walk: Walk) -> AsyncIterator[Page]:
        """The orders whose returns changed: a return does not move the date of its order.

        Pages begin anew like those of orders, since returns move to the end of their list, too.
        """
        seen: set[str] = set()

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            _, first, token = cursor
            body = {"update_time_ge": first}
            params = {"page_size": RETURNS_SIZE, "page_token": token, **OLDEST_FIRST}
            data = await self._data("POST", RETURNS, body, **params)
            changes = data.get("return_orders") or []
            ids = dict.fromkeys(str(change["order_id"]) for change in changes)
            orders = [{"id": order_id} for order_id in ids if order_id not in seen]
            seen.update(ids)
            following = _following(changes, first, data.get("next_page_token"))
            return orders, following and ["returns", *following]

        async for page in paging.by_cursor(walk, fetch, mark=lambda _, so_far: so_far):
            yield await with_details(page, lambda raw: self.order(raw["id"]), gone="left out")

    async def _with_returns(self, page: Page) -> Page:
        """The page, its orders with what was returned of them."""
        ids = [str(order.get("id")) for order in page.records if order.get("status") not in UNSENT]
        by_order: dict[str, list[Raw]] = {}
        for begin in range(0, len(ids), RETURNS_SIZE):
            body = {"order_ids": ids[begin : begin + RETURNS_SIZE]}
            for change in await self._listed(RETURNS, "return_orders", body, RETURNS_SIZE, **AS_MADE):
                by_order.setdefault(str(change.get("order_id")), []).append(change)
        records = [order | {"returns": by_order.get(str(order.get("id")), [])} for order in page.records]
        return replace(page, records=records)

    # Products and warehouses

    async def _detailed(self, product: Raw) -> Raw:
        """A product with what only its details say: weight, size, pictures, codes."""
        if product.get("status") in UNSHOWN:
            return product
        answer = await self.read_one(PRODUCT, str(product["id"]))
        return member(answer, "data", dict)

    async def _product_of(self, sku_id: str) -> Raw:
        products = await self._listed(PRODUCTS, "products", {"sku_ids": [sku_id]}, PAGE_SIZE)
        if not products:
            raise NotFound(f"there is no SKU {sku_id}", record_id=sku_id)
        return await self._detailed(products[0])

    async def _warehouses(self) -> list[Raw]:
        return member(await self._data("GET", WAREHOUSES), "warehouses", list)


def _since(walk: Walk) -> int | None:
    """The second that the changes of a walk begin at; None: it wants all."""
    if walk.mark is not None:
        return int(walk.mark) - OVERLAP
    return None if walk.start is None else int(walk.start.timestamp())


def _is_in_returns(cursor: Json) -> bool:
    return isinstance(cursor, dict) and cursor["at"][0] == "returns"


def _following(records: Iterable[Raw], first: int | None, token: str | None) -> Json:
    """The beginning of the next page, by TikTok's word on whether there is any."""
    if not token:
        return None
    times = {record.get("update_time") for record in records if isinstance(record, dict)}
    seconds = [time for time in times if isinstance(time, int)]
    is_spread = len(seconds) > 1
    return [max(seconds), None] if is_spread else [first, token]


def _flat(product: Raw) -> Iterable[Raw]:
    """A product without its SKUs, and each of these with the product."""
    skus = product.get("skus") or []
    alone = {name: value for name, value in product.items() if name != "skus"} | {"sku_count": len(skus)}
    yield alone | {RECORD_ID: f"{PARENT}{product['id']}"}
    for sku in skus:
        yield sku | {"product": alone, RECORD_ID: str(sku["id"])}
