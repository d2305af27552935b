"""Speaks the fulfilment and returns APIs of Walmart. https://developer.walmart.com/us-marketplace."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from crossdock.errors import NotFound, VendorNonsense
from crossdock.integrations.walmart.access import WalmartClient
from crossdock.kit import paging
from crossdock.kit.contract import Call, Json, Page, Raw, Walk
from crossdock.kit.paging import with_open
from crossdock.kit.responses import member

STOCK = "/v3/fulfillment/inventory"
ORDERS = "/v3/fulfillment/orders-fulfillments/status"
INBOUND, INBOUND_ITEMS = "/v3/fulfillment/inbound-shipments", "/v3/fulfillment/inbound-shipment-items"
RETURNS = "/v3/returns"
ITEMS_A_PAGE, ORDERS_A_PAGE, SHIPMENTS_A_PAGE, RETURNS_A_PAGE = 300, 50, 50, 200
MOST_PAGES = 10_000
LAST_OFFSET = 50_000
"""As far as orders are listed from one day on (description, `offset`)."""
OVERLAP = timedelta(minutes=5)
"""How far a walk begins before the one before: a change may be late in the list."""
DAYS = timedelta(days=2)
"""The same of orders, which are asked for by day: Walmart does not say in which zone a day is."""


class Client(WalmartClient):
    """Raw pages out of a seller's account."""

    limited = (("GET", "/v3/items", "items"), ("GET", RETURNS, "returns"))
    needs = {  # noqa: RUF012 - a constant of the class
        "get_inventory": ("inventory",),
        "get_returns": ("returns",),
    }

    # Walks

    async def orders(self, walk: Walk) -> AsyncIterator[Page]:
        """Multichannel orders by the day of the order, oldest first; those that are open besides."""
        since = walk.mark or (_day(walk.start) if walk.start else None)
        following: list[str] = []

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            place: list[Any] = cursor if isinstance(cursor, list) else [since, cursor or 0]
            day, offset = place
            if not following:
                following.append(_day(await self._now() - DAYS))
            params = {"fromOrderDate": day, "sortBy": "orderDate", "sortOrder": "asc", "offset": str(offset)}
            answer = await self._listed(ORDERS, params={**params, "limit": str(ORDERS_A_PAGE)})
            records = member(answer.json(), "payload", list) if answer else []
            offset += len(records)
            if not records:
                return records, None
            if offset > LAST_OFFSET:
                return records, [_later(day, records), 0]
            return records, offset if day == since else [day, offset]

        pages = paging.by_cursor(
            walk, fetch, mark=lambda _, so_far: so_far or following[0], key="sellerOrderId"
        )
        listed: set[str] = set()
        async for page in pages:
            listed |= {str(raw.get(page.key)) for raw in page.records if isinstance(raw, dict)}
            unseen = tuple(record_id for record_id in walk.open_ids if record_id not in listed)
            yield await with_open(page, replace(walk, open_ids=unseen), self.order)

    def inventory(self, walk: Walk) -> AsyncIterator[Page]:
        """All that is in stock: Walmart does not say how dates of changes are written in a question."""

        async def fetch(offset: int) -> tuple[list[Raw], bool]:
            params = {"limit": str(min(ITEMS_A_PAGE, walk.at_most or ITEMS_A_PAGE)), "offset": str(offset)}
            answer = await self._listed(STOCK, params=params)
            listed = answer.json() if answer else {"payload": {"inventory": []}}
            records = member(member(listed, "payload", dict), "inventory", list)
            return records, bool(records)

        return paging.by_offset(walk, fetch, key="sku")

    async def inbound_shipments(self, walk: Walk) -> AsyncIterator[Page]:
        """All shipments, newest first as Walmart lists them, with their items."""

        async def fetch(offset: int) -> tuple[list[Raw], bool]:
            params = {"limit": str(SHIPMENTS_A_PAGE), "offset": str(offset)}
            answer = await self._listed(INBOUND, params=params)
            records = member(answer.json(), "payload", list) if answer else []
            return records, bool(records)

        items = await self._items()
        async for page in paging.by_offset(walk, fetch, key="shipmentId"):
            yield replace(page, records=[_with_items(record, items) for record in page.records])

    def returns(self, walk: Walk) -> AsyncIterator[Page]:
        """The returns that changed. What Walmart calls the next cursor is a whole query."""
        since = walk.mark or _written(walk.start)
        began: list[str] = []

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            if not began:
                began.append(_written(await self._now() - OVERLAP) or "")
            params = {
                "returnLastModifiedStartDate": since,
                "returnLastModifiedEndDate": _written(walk.end),
                "replacementInfo": "true",
                "limit": str(RETURNS_A_PAGE),
            }
            path = f"{RETURNS}?{cursor.removeprefix('?')}" if cursor else RETURNS
            answer = await self._listed(path, params={} if cursor else params)
            if answer is None:
                return [], None
            listed = answer.json()
            records = member(listed, "returnOrders", list)
            return records, (member(listed, "meta", dict).get("nextCursor") or None) if records else None

        return paging.by_cursor(walk, fetch, mark=lambda _, so_far: so_far or began[0], key="returnOrderId")

    # Single records, exactly as walks show them

    async def order(self, record_id: str) -> Raw:
        answer = await self._listed(ORDERS, params={"orderNumber": record_id})
        listed = member(answer.json(), "payload", list) if answer else []
        return _only(listed, "sellerOrderId", record_id)

    async def inbound_shipment(self, record_id: str) -> Raw:
        answer = await self._listed(INBOUND, params={"shipmentId": record_id})
        listed = member(answer.json(), "payload", list) if answer else []
        shipment = _only(listed, "shipmentId", record_id)
        return {**shipment, "items": (await self._items(record_id)).get(record_id, [])}

    async def call(self, call: Call) -> Json:
        """Carry out a step of a write; where it asks for what there is not, the list is empty."""
        if call.asks and call.path in (ORDERS, INBOUND):
            answer = await self._listed(call.path, params=call.params)
            return answer.json() if answer else {"payload": []}
        return await super().call(call)

    async def _items(self, shipment_id: str | None = None) -> dict[str, list[Raw]]:
        """The items of all shipments, or of this one, by shipment: far fewer calls than one for each."""
        items: dict[str, list[Raw]] = {}
        offset = 0
        for _ in range(MOST_PAGES):
            params = {"shipmentId": shipment_id, "limit": str(SHIPMENTS_A_PAGE), "offset": str(offset)}
            answer = await self._listed(INBOUND_ITEMS, params=params)
            records = member(answer.json(), "payload", list) if answer else []
            if not records:
                return items
            for record in records:
                items.setdefault(str(record.get("shipmentId")), []).append(record)
            offset += len(records)
        raise VendorNonsense("the list of items of inbound shipments does not end")


def _with_items(shipment: Any, items: dict[str, list[Raw]]) -> Any:
    """The shipment with its items; what is no object is for whoever reads it to set aside."""
    if not isinstance(shipment, dict):
        return shipment
    return {**shipment, "items": items.get(str(shipment.get("shipmentId")), [])}


def _only(listed: list[Any], name: str, record_id: str) -> Raw:
    for record in listed:
        if isinstance(record, dict) and record.get(name) == record_id:
            return dict(record)
    raise NotFound(f"Walmart has no {record_id}", record_id=record_id)


def _later(day: str | None, records: list[Raw]) -> str:
    """The day from which the list goes on, where it was read as far as Walmart shows it."""
    dates = [datetime.fromisoformat(str(record["orderDate"])) for record in records]
    later = _day(max(dates) - DAYS) if dates else ""
    if later <= (day or ""):
        raise VendorNonsense(f"more than {LAST_OFFSET:,} orders are of the days from {day} on")
    return later


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).date().isoformat()


def _written(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
