"""Speaks ShipBob's Developer API, version 2026-01: https://developer.shipbob.com/2026-01.

Its lists are cut into pages in three ways: by numbers, with how many there are in a header (orders, receiving
orders, shipping methods), by a link to the next page (all others), and by the id of the last event (the
history of stock).
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from crossdock.errors import NotFound, VendorError, VendorRefused, VendorThrottled
from crossdock.integrations.shipbob.lists import (
    OVERLAP,
    PAGE_SIZE,
    Linked,
    Listing,
    Numbered,
    all_of,
    date_of,
    since_of,
    staged,
)
from crossdock.integrations.shipbob.scopes import chosen_channel, permission
from crossdock.kit import paging
from crossdock.kit.auth.declared import declared_auth
from crossdock.kit.contract import Account, Call, Context, Json, Page, Permission, Raw, Walk
from crossdock.kit.http import Response
from crossdock.kit.paging import with_details
from crossdock.kit.responses import member
from crossdock.kit.rest import RestClient

VERSION = "2026-01"
CHANNEL_HEADER = "shipbob_channel_id"
CHANNELLED = ("/order", "/return")
"""What is created in a channel: ShipBob refuses these without the header."""
SEARCHED = ("/order", "/receiving", "/return")
"""What is searched for that a write may have made."""
IDS_AT_ONCE = 100
AT_ONCE = 4
HISTORY = timedelta(days=90)
"""How far back the history of stock can be asked for."""
HISTORY_PATH = "/inventory/history:query"
EVENT_ID = "inventory_audit_event_id"
FIRST_BILLS = timedelta(days=365)
LATE_BILLS = timedelta(days=35)
"""How long a charge may change after it was made: it is put on an invoice."""


class Client(RestClient):
    """Raw pages out of one merchant's account."""

    def __init__(self, context: Context) -> None:
        super().__init__(context.http.signed(declared_auth(context)), f"{context.host('api')}/{VERSION}")
        self._context = context
        self._components: dict[int, int | None] = {}
        self._seen_channels: list[Raw] = []

    def refusal(self, answer: Response) -> VendorError | None:
        """Find the seconds to wait, which ShipBob says in a header of its own."""
        seconds = answer.headers.get("x-retry-after", "")
        if answer.status != 429 or not seconds.strip().isdigit():
            return None
        return VendorThrottled(float(seconds), url=answer.url, status=answer.status)

    async def check(self) -> Account:
        """The channel that the credentials write to; it is kept, as most accounts have one."""
        channels = await self._channels()
        channel = chosen_channel(channels, self._context.credentials.get("channel_id", ""))
        shown = channel or next(iter(channels), {})
        channel_id = None if channel is None else str(channel["id"])
        name = shown.get("name") or shown.get("application_name") or "ShipBob"
        return Account(str(name), {"channel_id": channel_id}, {"channel_id": channel_id})

    async def probe(self, function: str) -> Permission:
        """Check whether the token's channels have the scope that a function needs."""
        return permission(await self._channels(), function)

    # Walks

    def orders(self, walk: Walk) -> AsyncIterator[Page]:
        """The orders that changed, and those whose tracking did, which may be others."""
        # Orders leave a list that ends with a date of change while it is paged through; by the date of their
        # creation they do not. So an old window also brings what has changed since.
        window = {"SortOrder": "Oldest", "EndDate": walk.end and walk.end.isoformat()}
        since, listing = since_of(walk), Numbered("/order")
        names = ("LastUpdateStartDate", "LastTrackingUpdateStartDate") if since else ()
        lists: list[Listing] = [listing.asked({**window, name: since}) for name in names]
        return staged(self, walk, [*_by_ids(listing, "IDs", walk), *(lists or [listing.asked(window)])])

    def products(self, walk: Walk) -> AsyncIterator[Page]:
        """The variants of products that changed: they are what is stocked and sold."""
        params = {"PageSize": PAGE_SIZE, "SortBy": "Id", "LastUpdatedTimestamp": since_of(walk)}
        return self._variants(staged(self, walk, [Linked("/product", params)]))

    async def inventory(self, walk: Walk) -> AsyncIterator[Page]:
        """All items, with their levels: in all, by place and by lot.

        The list is read twice, the second time for what the first did not have: an item is passed over when
        one before it goes while pages are read, and would be told as gone.
        """
        listing = Linked("/inventory", {"PageSize": IDS_AT_ONCE})
        async for page in staged(self, walk, [listing, listing], is_marked=False, key="inventory_id"):
            yield replace(page, records=await self._with_levels(page.records))

    def inbound_shipments(self, walk: Walk) -> AsyncIterator[Page]:
        """The receiving orders that are new, and those that are open with us."""
        listing = Numbered("/receiving")
        created = listing.asked({"InsertStartDate": since_of(walk)})
        return self._each(staged(self, walk, [*_by_ids(listing, "IDs", walk), created]))

    def returns(self, walk: Walk) -> AsyncIterator[Page]:
        """The returns that are new, and those that are open with us."""
        params = {"Limit": PAGE_SIZE, "SortOrder": "Asc"}
        by_ids = _by_ids(Linked("/return", params), "Ids", walk)
        return staged(self, walk, [*by_ids, Linked("/return", {**params, "StartDate": since_of(walk)})])

    def shipping_methods(self, walk: Walk) -> AsyncIterator[Page]:
        return staged(self, walk, [Numbered("/shipping-method")], is_marked=False)

    async def warehouses(self, walk: Walk) -> AsyncIterator[Page]:  # noqa: ARG002  there is one page
        """All places of the network, those that are closed too: old shipments name them."""
        yield Page(await self._listed("/location", IncludeInactive=True))

    async def bills(self, walk: Walk) -> AsyncIterator[Page]:
        """The charges by their dates. Those of the last weeks come again: later they are on an invoice."""
        end = walk.end or (await self.send("GET", "/channel")).moment(self.http.clock())
        start = walk.start or end - FIRST_BILLS
        if walk.mark and not walk.end:
            start = datetime.fromisoformat(walk.mark) - LATE_BILLS

        async def fetch(begin: datetime, until: datetime, cursor: Json) -> tuple[list[Raw], Json]:
            # Both ends are included: a charge on one comes twice, and none in the second before is missed.
            dates = {"from_date": begin.isoformat(), "to_date": until.isoformat()}
            body = {**dates, "page_size": 1000, "sort_order": "Ascending"}
            answer = await self.send(
                "POST", "/transactions:query", params=cursor or {}, json=body, repeatable=True
            )
            return Linked.split(answer.json())

        midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
        pages = paging.by_time(
            walk, fetch, start=midnight, end=end, step=timedelta(days=31), key="transaction_id"
        )
        async for page in pages:
            yield page

    async def inventory_ledger(self, walk: Walk) -> AsyncIterator[Page]:
        """The movements of stock, place by place, from the last event that was read of each.

        Ids are given out in order, and may be seen in another: what is only minutes old is read again.
        """
        centers = await self._listed("/fulfillment-center")
        places = sorted(int(center["id"]) for center in centers)
        known: dict[str, int] = walk.mark or {}
        earliest, latest = self.http.clock() - HISTORY, self.http.clock() - OVERLAP
        start = walk.start.isoformat() if walk.start and walk.start > earliest else None
        here: list[int] = []

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            place, after = cursor or (places[0], known.get(str(places[0])))
            here[:] = [place]
            events, last = await self._history(place, after, start)
            if last is not None:
                return events, [place, last]
            following = next((each for each in places if each > place), None)
            return events, None if following is None else [following, known.get(str(following))]

        def mark(events: list[Raw], so_far: Json) -> Json:
            settled = [event[EVENT_ID] for event in events if _is_before(event, latest)]
            return {**(so_far or known), **({str(here[0]): max(settled)} if settled else {})}

        if not places:
            yield Page([], mark=walk.mark)
            return
        async for page in paging.by_cursor(walk, fetch, mark=mark, key=EVENT_ID):
            yield page

    async def _history(
        self, place: int, after: int | None, start: str | None
    ) -> tuple[list[Raw], int | None]:
        """Events of a place after one; and the last of them, if there are more."""
        body = {"facility_id": place, "cursor": after, "start_date": start}
        stated = {name: value for name, value in body.items() if value is not None}
        answer = (await self.send("POST", HISTORY_PATH, json=stated, repeatable=True)).json()
        events = member(answer, "data", list)
        last = max((event[EVENT_ID] for event in events), default=None)
        return events, last if answer.get("next") and last != after else None

    # Single records, exactly as walks show them

    async def order(self, record_id: str) -> Raw:
        return await self.read_one("/order", record_id)

    async def product(self, record_id: str) -> Raw:
        """One variant, of whichever product it is."""
        for variant in await self._variants_with(record_id):
            if str(variant["id"]) == record_id:
                return await self._with_components(variant)
        raise NotFound(f"there is no variant {record_id}", record_id=record_id)

    async def inventory_item(self, record_id: str) -> Raw:
        [item] = await self._with_levels([await self.read_one("/inventory", record_id)])
        return item

    async def inbound_shipment(self, record_id: str) -> Raw:
        return await self._with_boxes(await self.read_one("/receiving", record_id))

    async def return_order(self, record_id: str) -> Raw:
        return await self.read_one("/return", record_id)

    # What writes need

    async def call(self, call: Call) -> Json:
        """Carry out a step; what is created belongs to a channel."""
        if call.asks and call.path in SEARCHED:
            return await self._searched(call)
        headers: dict[str, str] = {}
        if call.method == "POST" and call.path in CHANNELLED:
            headers[CHANNEL_HEADER] = await self._channel()
        answer = await self.send(
            call.method,
            call.path,
            headers=headers,
            params=call.params,
            json=call.body,
            repeatable=call.asks,
        )
        return answer.json() if answer.body.strip() else None

    async def _searched(self, call: Call) -> Json:
        """A list on all of its pages; of orders only those of the channel that is written to."""
        is_linked, params = call.path == "/return", call.params or {}
        listing = Linked(call.path, params) if is_linked else Numbered(call.path, params)
        pages = staged(self, Walk(), [listing], is_marked=False)
        records = [record async for page in pages for record in page.records]
        if call.path == "/order":
            channel = await self._channel()
            records = [order for order in records if _channel_of(order) in (None, channel)]
        return {"items": records} if is_linked else records

    async def options(self, name: str) -> list[str]:
        """The values that an account has for a member of a write."""
        if name == "warehouses":
            return [str(place["id"]) for place in await self._listed("/fulfillment-center")]
        if name == "shipping_methods":
            walk = self.shipping_methods(Walk())
            return [str(method["id"]) async for page in walk for method in page.records if method["active"]]
        raise LookupError(name)

    # Parts of these

    async def _channels(self) -> list[Raw]:
        """The channels of the token: a check of permissions wants them for every function."""
        self._seen_channels = self._seen_channels or await all_of(self, Linked("/channel"))
        return self._seen_channels

    async def _channel(self) -> str:
        values = await self._context.session.get()
        channel = self._context.credentials.get("channel_id") or values.get("channel_id")
        if not channel:
            raise VendorRefused("say which channel to write to: fill in channel_id, the token has several")
        return str(channel)

    async def _listed(self, path: str, **params: Any) -> list[Raw]:
        """A list that comes in one piece."""
        return member({"list": await self.get(path, **params)}, "list", list)

    async def _each(self, pages: AsyncIterator[Page]) -> AsyncIterator[Page]:
        async for page in pages:
            yield await with_details(page, self._with_boxes, at_once=AT_ONCE)

    async def _with_boxes(self, raw: Raw) -> Raw:
        return raw | {"boxes": await self._listed(f"/receiving/{raw['id']}/boxes")}

    async def _with_levels(self, items: list[Raw]) -> list[Raw]:
        """Items with their levels, in as few calls as there can be: one for each kind of level."""
        ids = ",".join(str(item["inventory_id"]) for item in items)
        if not ids:
            return items
        paths = {"level": "", "locations": "/locations"}
        if any(item.get("is_lot") for item in items):
            paths["lots"] = "/lots"
        params = {"InventoryIds": ids, "PageSize": IDS_AT_ONCE}
        lists = [all_of(self, Linked(f"/inventory-level{path}", params)) for path in paths.values()]
        answers = dict(zip(paths, await asyncio.gather(*lists), strict=True))
        by_id = {name: {part["inventory_id"]: part for part in parts} for name, parts in answers.items()}
        return [_with_level(item, by_id) for item in items]

    async def _variants(self, pages: AsyncIterator[Page]) -> AsyncIterator[Page]:
        async for page in pages:
            variants = [variant for product in page.records for variant in _flat(product)]
            flat_page = replace(page, records=variants)
            yield await with_details(flat_page, self._with_components, at_once=AT_ONCE)

    async def _with_components(self, variant: Raw) -> Raw:
        """A bundle with the inventory items of its variants: its definition names variants only."""
        parts = variant.get("bundle_definition") or []
        items = [await self._component(int(part["variant_id"])) for part in parts]
        return variant | {
            "bundle_definition": [
                part | {"inventory_id": item} for part, item in zip(parts, items, strict=True)
            ]
        }

    async def _component(self, variant_id: int) -> int | None:
        """The inventory item of a variant; None where there is none any more."""
        if variant_id not in self._components:
            for variant in await self._variants_with(str(variant_id)):
                item = (variant.get("inventory") or {}).get("inventory_id")
                self._components[int(variant["id"])] = item
        return self._components.get(variant_id)

    async def _variants_with(self, variant_id: str) -> list[Raw]:
        """The variants of the product that has this one; none where there is no such product."""
        try:
            answer = await self.get("/product", VariantId=variant_id, PageSize=PAGE_SIZE)
        except VendorRefused as refused:
            if refused.status != 404:
                raise
            return []
        return [variant for product in member(answer, "items", list) for variant in _flat(product)]


def _by_ids(listing: Numbered | Linked, name: str, walk: Walk) -> Iterable[Listing]:
    """The list of the records that are open with us, some at a time."""
    for start in range(0, len(walk.open_ids), IDS_AT_ONCE):
        yield listing.asked({name: ",".join(walk.open_ids[start : start + IDS_AT_ONCE])})


def _is_before(event: Raw, moment: datetime) -> bool:
    """Check whether an event happened before a moment. One without a date did."""
    date = date_of(event.get("event_datetime"))
    return date is None or date < moment


def _channel_of(order: Raw) -> str | None:
    """The channel that an order belongs to."""
    channel = (order.get("channel") or {}).get("id")
    return None if channel is None else str(channel)


PRODUCT_MEMBERS = ("id", "name", "type", "created_on", "updated_on")


def _flat(product: Raw) -> Iterable[Raw]:
    """The variants of a product, each with what is read of that."""
    for variant in product.get("variants") or []:
        yield variant | {"product": {name: product.get(name) for name in PRODUCT_MEMBERS}}


def _with_level(item: Raw, by_id: Mapping[str, Mapping[int, Raw]]) -> Raw:
    number = item["inventory_id"]
    parts = {name: levels[number] for name, levels in by_id.items() if number in levels}
    names = {"locations": "locations", "lots": "lots"}
    lists = {name: parts[name].get(inner) or [] for name, inner in names.items() if name in parts}
    return item | lists | ({"level": parts["level"]} if "level" in parts else {})
