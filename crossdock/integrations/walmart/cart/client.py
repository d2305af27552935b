"""Speaks the Marketplace APIs of Walmart: orders, items, inventory. https://developer.walmart.com/us-marketplace."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

from crossdock.errors import NotFound, VendorNonsense
from crossdock.integrations.walmart.access import WalmartClient, unwrapped
from crossdock.integrations.walmart.paths import segment
from crossdock.kit import paging
from crossdock.kit.contract import Json, Page, Raw, Walk
from crossdock.kit.responses import member

ORDERS, ITEMS, STOCK = "/v3/orders", "/v3/items", "/v3/inventories"
ORDERS_A_PAGE = 200
ITEMS_A_PAGE = 50
MOST_PAGES = 100_000
ROUNDS = 3
"""How often a list of items is begun again that ended early."""
OVERLAP = timedelta(minutes=5)
"""How far a walk begins before the one before: a change may be late in the list."""
HISTORY = timedelta(days=179)
"""Walmart shows the orders of 180 days."""
PART = timedelta(days=30)
"""The time of orders that are asked for at once, when all are: at most 20,000 are answered."""
SECOND = timedelta(seconds=1)
NODES = ("SellerFulfilled", "WFSFulfilled", "3PLFulfilled")
"""Who fulfils; lists are of one of them."""
WHOLE_ORDER = {"replacementInfo": "true"}


class Client(WalmartClient):
    """Raw pages out of a seller's account."""

    limited = (
        ("GET", ORDERS, "orders"),
        ("POST", f"{ORDERS}/[^/]+/acknowledge", "acknowledge"),
        ("POST", f"{ORDERS}/[^/]+/shipping", "shipping"),
        ("POST", f"{ORDERS}/[^/]+/refund", "refund"),
        ("GET", ITEMS, "items"),
        ("GET", f"{STOCK}(/[^/]+)?", "stock"),
        ("PUT", f"{STOCK}/[^/]+", "set_stock"),
    )
    needs = {  # noqa: RUF012 - a constant of the class
        "get_orders": ("orders",),
        "get_products": ("item", "inventory"),
        "create_order_shipment": ("orders",),
        "refund_order": ("orders",),
        "adjust_inventory": ("inventory",),
        "batch_adjust_inventory": ("inventory",),
    }

    # Walks

    def orders(self, walk: Walk) -> AsyncIterator[Page]:
        """The orders that changed, of each kind of fulfilment in turn."""
        since = walk.mark or _written(walk.start)
        limit = str(min(ORDERS_A_PAGE, walk.at_most or ORDERS_A_PAGE))
        changed = {"lastModifiedStartDate": since, "lastModifiedEndDate": _written(walk.end)}
        began: list[str] = []

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            number, now, following = cursor or [0, (await self._now()).isoformat(), None]
            began.append(_written(datetime.fromisoformat(now) - OVERLAP) or "")
            parts = list(product(NODES, _created(datetime.fromisoformat(now), is_whole=since is None)))
            node, created = parts[number]
            params = {**changed, **created, **WHOLE_ORDER, "shipNodeType": node, "limit": limit}
            # What follows is a query as it stands: it names the rest of the list, and takes no more.
            path = f"{ORDERS}?{following.removeprefix('?')}" if following else ORDERS
            answer = await self._listed(path, params={} if following else params)
            records: list[Raw] = []
            following = None
            if answer is not None:
                records, following = _page_of_orders(answer.json())
            if following:
                return records, [number, now, following]
            return records, [number + 1, now, None] if number + 1 < len(parts) else None

        def mark(_: list[Raw], so_far: Json) -> Json:
            return so_far or began[0]

        return paging.by_cursor(walk, fetch, mark=mark, key="purchaseOrderId")

    async def products(self, walk: Walk) -> AsyncIterator[Page]:
        """All items, with what is in stock of them.

        Walmart keeps the place in the list itself: where an answer is lost, the page after it comes next. A
        list that ends before all were seen is begun again.
        """

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            following, seen, tries = cursor or ["*", 0, 1]
            params = {"nextCursor": following, "limit": str(ITEMS_A_PAGE)}
            answer = await self._listed(ITEMS, params=params)
            listed = answer.json() if answer is not None else {"ItemResponse": []}
            records = member(listed, "ItemResponse", list)
            seen += len(records)
            total = listed.get("totalItems", seen)
            if records and listed.get("nextCursor") and seen < total:
                return records, [listed["nextCursor"], seen, tries]
            if answer is None or seen >= total:
                return records, None
            if tries == ROUNDS:
                raise VendorNonsense(f"the list of items ends after {seen} of {total}")
            return records, ["*", 0, tries + 1]

        levels = await self._levels()
        async for page in paging.by_cursor(walk, fetch, key="sku"):
            yield replace(page, records=[_with_stock(item, levels) for item in page.records])

    # Single records, exactly as walks show them

    async def order(self, record_id: str) -> Raw:
        return unwrapped(await self.read_one(ORDERS, record_id, **WHOLE_ORDER), "order")

    async def product(self, record_id: str) -> Raw:
        """An item, from the list: on its own Walmart shows less of it."""
        answer = await self._listed(ITEMS, params={"sku": record_id})
        listed = member(answer.json(), "ItemResponse", list) if answer else []
        for item in listed:
            if isinstance(item, dict) and item.get("sku") == record_id:
                stock = await self._listed(f"{STOCK}/{segment(record_id)}")
                nodes = member(stock.json(), "nodes", list) if stock else None
                return {**item, "nodes": nodes}
        raise NotFound(f"there is no item {record_id}", record_id=record_id)

    async def _levels(self) -> dict[str, Any]:
        """The nodes with what is in stock, of all items: far fewer calls than one for each."""
        levels: dict[str, Any] = {}
        following: str | None = None
        for _ in range(MOST_PAGES):
            params = {"limit": str(ITEMS_A_PAGE), "nextCursor": following}
            answer = await self._listed(STOCK, params=params)
            if answer is None:
                return levels
            listed = answer.json()
            entries = member(member(listed, "elements", dict), "inventories", list)
            levels |= {entry["sku"]: entry.get("nodes") for entry in entries if entry.get("sku")}
            before, following = following, member(listed, "meta", dict).get("nextCursor")
            if not following or not entries:
                return levels
            if following == before:
                raise VendorNonsense("the list of inventories goes in circles")
        raise VendorNonsense("the list of inventories does not end")


def _with_stock(item: Any, levels: Mapping[str, Any]) -> Any:
    """The item with its nodes; what is no object is for whoever reads it to set aside."""
    return {**item, "nodes": levels.get(str(item.get("sku")))} if isinstance(item, dict) else item


def _page_of_orders(answer: Any) -> tuple[list[Raw], str | None]:
    """The orders of a page, and the query of the next one."""
    listed = member(answer, "list", dict)
    orders = member(member(listed, "elements", dict), "order", list)
    return orders, member(listed, "meta", dict).get("nextCursor") if orders else None


def _created(now: datetime, *, is_whole: bool) -> Sequence[Mapping[str, str | None]]:
    """The times of creation to ask for: without any, Walmart shows a week. All orders are read in parts.

    Limits do not count as within, as Walmart says, so that parts overlap.
    """
    first = now - HISTORY
    if not is_whole:
        return [{"createdStartDate": _written(first), "createdEndDate": None}]
    parts = []
    while first < now:
        end = first + PART
        ends = _written(end) if end < now else None
        parts.append({"createdStartDate": _written(first - SECOND), "createdEndDate": ends})
        first = end
    return parts


def _written(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
