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
"""The time of orders that are asked for at once, when there is no mark yet."""
MOST_ORDERS = 20_000
"""How many are answered at once, on all pages; a time that has more is asked for in halves."""
Span = tuple[str, str | None]
"""The time of creation that is asked for; without an end, up to now."""
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
            number, now, following, *halves = cursor or [0, (await self._now()).isoformat(), None]
            moment = datetime.fromisoformat(now)
            began.append(_at(moment - OVERLAP))
            parts = list(product(NODES, _created(moment, is_whole=walk.mark is None)))
            node, span = parts[number]
            pending = halves[0] if halves else [span]
            created = dict(zip(("createdStartDate", "createdEndDate"), pending[0], strict=True))
            params = {**changed, **created, **WHOLE_ORDER, "shipNodeType": node, "limit": limit}
            # What follows is a query as it stands: it names the rest of the list, and takes no more.
            path = f"{ORDERS}?{following.removeprefix('?')}" if following else ORDERS
            answer = await self._listed(path, params={} if following else params)
            records, after, total = _page_of_orders(answer.json()) if answer else ([], None, 0)
            if total > MOST_ORDERS and not following and (split := _halved(pending[0], moment)):
                return [], [number, now, None, [*split, *pending[1:]]]
            if after:
                return records, [number, now, after, *halves]
            if pending[1:]:
                return records, [number, now, None, pending[1:]]
            return records, [number + 1, now, None] if number + 1 < len(parts) else None

        def mark(_: list[Raw], so_far: Json) -> Json:
            return so_far or began[0]

        return paging.by_cursor(walk, fetch, mark=mark, key="purchaseOrderId")

    async def products(self, walk: Walk) -> AsyncIterator[Page]:
        """All items, with what is in stock of them.

        Walmart keeps the place in the list itself: where an answer is lost, the page after it comes next. A
        list that ends before all were seen is begun again.
        """

        known: set[str] = set()

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            following, seen, tries, total = cursor or ["*", 0, 1, None]
            params = {"nextCursor": following, "limit": str(ITEMS_A_PAGE)}
            answer = await self._listed(ITEMS, params=params)
            # A list that is over ends with a 404, also where some of it was missed.
            listed = answer.json() if answer is not None else {"ItemResponse": []}
            records = member(listed, "ItemResponse", list)
            seen += len(records)
            total = listed.get("totalItems", total)
            # Of a list that is begun again those that came before are left out: they make no circle.
            fresh = [item for item in records if _sku(item) not in known]
            known.update(filter(None, map(_sku, records)))
            has_more = bool(records and listed.get("nextCursor"))
            if not has_more if total is None else seen >= total:
                return fresh, None
            if has_more:
                return fresh, [listed["nextCursor"], seen, tries, total]
            if tries == ROUNDS:
                raise VendorNonsense(f"the list of items ends after {seen} of {total}")
            return fresh, ["*", 0, tries + 1, None]

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


def _sku(item: Any) -> str | None:
    return str(item["sku"]) if isinstance(item, dict) and item.get("sku") else None


def _with_stock(item: Any, levels: Mapping[str, Any]) -> Any:
    """The item with its nodes; what is no object is for whoever reads it to set aside."""
    return {**item, "nodes": levels.get(str(item.get("sku")))} if isinstance(item, dict) else item


def _page_of_orders(answer: Any) -> tuple[list[Raw], str | None, int]:
    """The orders of a page, the query of the next one, and how many there are on all pages."""
    listed = member(answer, "list", dict)
    orders = member(member(listed, "elements", dict), "order", list)
    meta, total = member(listed, "meta", dict), member(listed, "meta", dict).get("totalCount")
    return orders, meta.get("nextCursor") if orders else None, total if isinstance(total, int) else 0


def _created(now: datetime, *, is_whole: bool) -> Sequence[Span]:
    """The times of creation to ask for: without any, Walmart shows a week. All orders are read in parts.

    Limits do not count as within, as Walmart says, so that parts overlap.
    """
    first = now - HISTORY
    if not is_whole:
        return [(_at(first), None)]
    parts: list[Span] = []
    while first < now:
        end = first + PART
        parts.append((_at(first - SECOND), _at(end) if end < now else None))
        first = end
    return parts


def _halved(span: Span, now: datetime) -> Sequence[Span]:
    """Both halves of a time that has more orders than Walmart shows at once; none where it is a moment."""
    start, end = datetime.fromisoformat(span[0]), datetime.fromisoformat(span[1]) if span[1] else now
    if end - start <= 4 * SECOND:
        return ()
    middle = _at(start + (end - start) / 2)
    return (span[0], _at(datetime.fromisoformat(middle) + SECOND)), (middle, span[1])


def _at(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _written(moment: datetime | None) -> str | None:
    return _at(moment) if moment else None
