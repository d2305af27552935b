"""Speaks the Open API v3 of Etsy: https://developers.etsy.com/documentation/reference."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from crossdock.errors import NotFound, VendorRefused
from crossdock.kit import paging
from crossdock.kit.auth.base import VendorRequest, header_safe
from crossdock.kit.auth.oauth import oauth_code
from crossdock.kit.auth.signature import signature
from crossdock.kit.contract import RECORD_ID, Account, Context, Json, Page, Raw, Walk
from crossdock.kit.http import Response
from crossdock.kit.responses import member
from crossdock.kit.rest import NOT_FOUND, RestClient

BASE = "/v3/application"
PAGE_SIZE = 100
"""The most that there is (description, `limit`)."""
OVERLAP = timedelta(minutes=2)
"""How far a walk begins before the one before: a change may be late in the list."""
STATES = ("active", "sold_out", "inactive", "expired", "draft", "active")
"""The lists of listings. What became active meanwhile, after that list was read, is in it once more."""
OVERLAPPING = 10
"""How many listings a page begins before the end of the one before: so many may leave the list meanwhile."""
EARLIEST = 946_684_800
"""The first second that can be asked for (description, `minimum`)."""


class Client(RestClient):
    """Raw pages out of one shop."""

    def __init__(self, context: Context) -> None:
        self._context = context
        fields = context.credentials
        key = f"{fields.get('client_id', '')}:{fields.get('client_secret', '')}"

        def signed(request: VendorRequest) -> VendorRequest:
            return request.with_headers({"x-api-key": header_safe(key)})

        auth = signature(signed, fields.get("client_secret", ""), token=oauth_code(context))
        super().__init__(context.http.signed(auth), context.host("api"))
        self._shop_id: int | None = None

    async def check(self) -> Account:
        """The shop of the user who consented."""
        number = await self._own_shop()
        shop = await self.get(f"{BASE}/shops/{number}")
        return Account(member(shop, "shop_name", str), {"shop_id": number}, {"shop_id": number})

    async def send(self, method: str, path: str, **options: Any) -> Response:
        """The answer to a call, which counts towards the day's."""
        return await super().send(method, path, **{"limit": "day", **options})

    # Walks

    async def orders(self, walk: Walk) -> AsyncIterator[Page]:
        """The receipts that changed, in the order of their ids: what changes meanwhile leaves no list."""
        path = f"{await self._shop()}/receipts"
        since = datetime.fromisoformat(walk.mark) if walk.mark and not walk.end else walk.start
        began: list[str] = []

        async def fetch(offset: int) -> tuple[list[Raw], bool]:
            params = {
                "min_last_modified": _epoch(since),
                "max_created": _epoch(walk.end),
                "sort_on": "receipt_id",
                "sort_order": "asc",
                "limit": min(PAGE_SIZE, walk.at_most or PAGE_SIZE),
                "offset": offset,
            }
            answer = await self.send("GET", path, params=params)
            began.append((answer.moment(self.http.clock()) - OVERLAP).isoformat())
            receipts = member(answer.json(), "results", list)
            return receipts, offset + len(receipts) < member(answer.json(), "count", int) and bool(receipts)

        pages = paging.by_offset(walk, fetch, mark=lambda _, so_far: so_far or began[0], key="receipt_id")
        async for page in pages:
            yield page

    async def products(self, walk: Walk) -> AsyncIterator[Page]:
        """All listings, each followed by its products."""
        path = f"{await self._shop()}/listings"

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            stage, offset, before, began = cursor or (0, 0, [], None)
            state = STATES[stage]
            offset, rows, total, now = await self._overlapping(path, state, offset, before)
            began = began or now
            end, ids = offset + len(rows), [row["listing_id"] for row in rows]
            again = min(OVERLAPPING, len(rows) // 2)
            following = [stage, end - again, ids, began] if rows and end < total else None
            if following is None and stage + 1 < len(STATES):
                following = [stage + 1, 0, [], began]
            is_again = stage > 0 and state == STATES[0]
            return [row for row in rows if not is_again or _is_since(row, began)], following

        async for page in paging.by_cursor(walk, fetch, key="listing_id"):
            yield replace(page, records=_flat(page.records), key=RECORD_ID)

    # Single records, exactly as walks show them

    async def order(self, record_id: str) -> Raw:
        _known_id(record_id)
        return await self.read_one(f"{await self._shop()}/receipts", record_id)

    async def product(self, record_id: str) -> Raw:
        """A listing, or a product of one: its id begins with the listing's."""
        number, _, _ = record_id.partition("-")
        _known_id(number)
        listing = await self.read_one(f"{BASE}/listings", number)
        for record in _flat([listing | {"inventory": await self._inventory(number)}]):
            if record[RECORD_ID] == record_id:
                return record
        raise NotFound(f"there is no product {record_id}", record_id=record_id)

    # Parts of these

    async def _inventory(self, number: str) -> Raw | None:
        """The inventory of a listing; one that was never edited with Etsy's tools for it has none."""
        try:
            inventory: Raw = await self.get(f"{BASE}/listings/{number}/inventory")
        except VendorRefused as refused:
            if refused.status != NOT_FOUND:
                raise
            return None
        return inventory

    async def _own_shop(self) -> int:
        return member(await self.get(f"{BASE}/users/me"), "shop_id", int)

    async def _shop(self) -> str:
        """The path of the shop. Its number was kept when the connection was made."""
        if self._shop_id is None:
            known = (await self._context.session.get()).get("shop_id")
            self._shop_id = known if isinstance(known, int) else await self._own_shop()
        return f"{BASE}/shops/{self._shop_id}"

    async def _overlapping(
        self, path: str, state: str, offset: int, before: list[int]
    ) -> tuple[int, list[Raw], int, str]:
        """A page from an offset on, or from further up, where a listing of the page before is.

        All above that one was read. Where none is left, the list is read from its beginning.
        """
        while True:
            params = {"state": state, "limit": PAGE_SIZE, "offset": offset, "includes": "Inventory"}
            answer = await self.send("GET", path, params=params)
            rows = member(answer.json(), "results", list)
            if not before or not offset or any(row.get("listing_id") in before for row in rows):
                now = answer.moment(self.http.clock()) - OVERLAP
                return offset, rows, member(answer.json(), "count", int), now.isoformat()
            offset = max(0, offset - PAGE_SIZE // 2)


def _epoch(moment: datetime | None) -> int | None:
    return None if moment is None else max(EARLIEST, int(moment.timestamp()))


def _is_since(listing: Raw, began: str) -> bool:
    changed = listing.get("state_timestamp")
    return isinstance(changed, int) and datetime.fromtimestamp(changed, UTC) >= datetime.fromisoformat(began)


def _flat(listings: Iterable[Raw]) -> list[Raw]:
    """Listings without their products, each followed by these with their listing."""
    records: list[Raw] = []
    for listing in listings:
        inventory = listing.get("inventory") or {}
        alone = {name: value for name, value in listing.items() if name != "inventory"}
        products = [entry for entry in inventory.get("products") or [] if not entry.get("is_deleted")]
        is_shared = not inventory.get("quantity_on_property") and len(products) > 1
        alone |= {"is_stock_shared": is_shared, "product_count": len(products)}
        number = member(listing, "listing_id", int)
        records.append(alone | {RECORD_ID: str(number), "products": products})
        for product in products:
            name = f"{number}-{member(product, 'product_id', int)}"
            records.append(product | {"listing": alone, RECORD_ID: name})
    return records


def _known_id(record_id: str) -> None:
    if not (record_id.isascii() and record_id.isdecimal()):
        raise NotFound(f"there is no {record_id}", record_id=record_id)
