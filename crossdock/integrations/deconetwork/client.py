"""Speaks the JSON management APIs of DecoNetwork: https://developer.deconetwork.com.

Searches are web forms with the user name and the password in them, so neither stands in an address. Their
order is documented nowhere, so walks go by windows of time and do not depend on it.
"""

import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from crossdock.errors import NotFound, VendorError, VendorNonsense, VendorUnavailable
from crossdock.integrations.deconetwork import codes
from crossdock.kit import paging
from crossdock.kit.auth.base import VendorRequest
from crossdock.kit.auth.signature import signature
from crossdock.kit.contract import Account, Call, Context, Json, Page, Permission, Raw, Walk, WireRequest
from crossdock.kit.http import Response
from crossdock.kit.responses import member
from crossdock.kit.rest import RestClient
from crossdock.wire import decoder, encode

PAGE_SIZE = 100
MOST_ROWS = 1_000
"""In one window: all of it is held in memory, and read again when it changes meanwhile."""
TRIES = 3
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
OVERLAP_SECONDS = 600
"""How far before the last change a walk begins: what was being stored then may have been seen by nobody."""
AHEAD_SECONDS = 86_400
"""How far ahead of ours the vendor's clock may be."""
LAST_NUMBER = 2**31
"""From here on all numbers are in one window."""
FORM = "application/x-www-form-urlencoded"
EVENT_PARTS = ("inventory_id", "dn_sku_id", "created_at", "change_type", "po_number", "po_line_id")


@dataclass(frozen=True)
class _Searched:
    """A search of the API."""

    path: str
    name: str
    """The member of the answer that holds the rows."""
    field: int
    """The code of the date that says when a row came or changed."""
    key: str
    date: str | None = None
    """The member with that date; None: rows do not show it."""
    params: Mapping[str, Any] | None = None
    prepared: Callable[[list[Raw]], list[Raw]] = list
    """The records that rows are."""
    name_of_row: str | None = None
    """The member that tells rows apart; None: nothing does."""
    is_by_number: bool = False
    """Whether `field` is a number and no date."""

    def within(self, begin: int, end: int) -> dict[str, Any]:
        """The rows of a window, the end not included; the last window of numbers has none."""
        if self.is_by_number:
            return codes.numbered(self.field, begin, end if end < LAST_NUMBER else None)
        return codes.within(self.field, begin, end)


def _flat(products: Iterable[Raw]) -> list[Raw]:
    """The SKUs of products, each with its product; of one without SKUs the product alone."""
    records = []
    for product in products:
        shared = {name: value for name, value in product.items() if name != "skus"}
        for sku in product.get("skus") or [None]:
            key = (sku or {}).get("dn_sku_id") or product["product_id"]
            records.append({"id": str(key), "product": shared, "sku": sku})
    return records


def _numbered(events: list[Raw]) -> list[Raw]:
    """Events with ids. They have none, so an id says what happened, and which of several alike it is.

    Levels are no part of it, only their difference: an event that was stored late moves the levels of all
    that come after it.
    """
    seen: Counter[str] = Counter()
    records = []
    for event in sorted(events, key=encode):
        moved = _moved(event)
        parts = encode([moved, *(event.get(name) for name in EVENT_PARTS)])
        digest = hashlib.sha256(parts).hexdigest()[:24]
        seen[digest] += 1
        number = "" if seen[digest] == 1 else f"-{seen[digest]}"
        records.append(event | {"id": f"{event.get('inventory_id')}-{digest}{number}"})
    return records


def _moved(event: Raw) -> Json:
    """The difference that an event makes; its levels where these are no numbers."""
    before, after = event.get("old_qty"), event.get("new_qty")
    return after - before if isinstance(before, int) and isinstance(after, int) else [before, after]


EVENTS = _Searched(
    "/api/json/manage_inventory_events/find", "inventory_events", 1, "id", "created_at", prepared=_numbered
)
INVENTORY = _Searched(
    "/api/json/manage_inventory/find", "inventories", 5, "dn_sku_id", "inv_last_modified",
    name_of_row="dn_sku_id",
)  # fmt: skip
STOCK_ROWS = replace(INVENTORY, field=6, is_by_number=True)
"""The same rows by their numbers: those that were never changed have no date."""
ORDERS = _Searched(
    "/api/json/manage_orders/find", "orders", 8, "order_id", "date_modified", {"include_shipments": 1},
    name_of_row="order_id",
)  # fmt: skip
PRODUCTS = _Searched(
    "/api/json/manage_products/find", "products", 5, "id", prepared=_flat, name_of_row="product_id"
)
PURCHASE_ORDERS = _Searched(
    "/api/json/manage_purchase_orders/find", "purchase_orders", 3, "po_number", "date_modified",
    name_of_row="po_number",
)  # fmt: skip
SEARCHES = {
    "get_inventory_ledger": EVENTS,
    "get_inventory": INVENTORY,
    "get_orders": ORDERS,
    "get_products": PRODUCTS,
    "get_inbound_shipments": PURCHASE_ORDERS,
}
INVOICE_NUMBER, PRODUCT_ID, PO_NUMBER = 3, 4, 4
"""Codes of fields: each list has its own."""


class Client(RestClient):
    """Raw pages out of a site."""

    def __init__(self, context: Context) -> None:
        credentials = context.credentials
        pair = {"username": credentials["username"], "password": credentials["password"]}
        http = context.http.signed(signature(lambda request: _signed(request, pair), pair["password"]))
        super().__init__(http, credentials["url"])
        self._username = pair["username"]

    def refusal(self, answer: Response) -> VendorError | None:
        """The error that the envelope tells of, or that a page for people is: a wrong path, or no login."""
        if not 200 <= answer.status < 300:
            return None
        if answer.body.lstrip()[:1] == b"<":
            message = "a web page came instead of JSON: the address is wrong, or the login failed"
            return VendorNonsense(message, url=answer.url, status=answer.status)
        return codes.outcome(answer.json(), answer.url, answer.status)

    async def check(self) -> Account:
        """The account of the credentials: a search for no rows shows whether they are taken."""
        now = int(self.http.clock().timestamp())
        await self._found(EVENTS, codes.conditions({"field": 1, "condition": 6, "date1": codes.date(now)}), 0)
        host = urlsplit(self.base_url).netloc
        return Account(f"{self._username} at {host}", {"username": self._username, "site": self.base_url})

    async def probe(self, function: str) -> Permission:
        """Ask for no rows of what a function reads. Whether writes may be made is not told."""
        searched = SEARCHES.get(function)
        if searched is None:
            return Permission("unknown", "DecoNetwork does not say what an account may write")
        now = int(self.http.clock().timestamp())
        await self._found(searched, codes.within(searched.field, now, now + 1), 0)
        return Permission("allowed")

    # Walks

    def inventory_ledger(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walked(EVENTS, walk, walk.start)

    def orders(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walked(ORDERS, walk, walk.start)

    def inbound_shipments(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walked(PURCHASE_ORDERS, walk, walk.start)

    def inventory(self, walk: Walk) -> AsyncIterator[Page]:
        """All rows of stock the first time, however long ago they changed, if ever."""
        is_first = walk.mark is None and walk.end is None
        return self._walked(INVENTORY, walk, None, undated=STOCK_ROWS if is_first else None)

    def products(self, walk: Walk) -> AsyncIterator[Page]:
        """All products the first time, however long ago they changed."""
        return self._walked(PRODUCTS, walk, None)

    def _walked(
        self, searched: _Searched, walk: Walk, start: datetime | None, undated: _Searched | None = None
    ) -> AsyncIterator[Page]:
        """Windows of time, each read whole, so that neither the order of rows nor their dates matter.

        undated: a search by number for the rows that have no date, and are in no window of time.
        """
        now = self.http.clock()
        begin, stop = _window_of(walk, start, now)

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            since, until, last, *numbers = cursor or [begin, stop, stop]
            here = undated if numbers and undated else searched
            rows = await self._window(here, since, until)
            while rows is None:
                until = since + (until - since) // 2
                rows = await self._window(here, since, until)
            if numbers:
                rows = [row for row in rows if row.get(str(here.date)) is None]
            following = None
            if until < last:
                # Four times as wide: a site that sold little for years is passed in few steps.
                following = [until, min(last, until + 4 * (until - since)), last, *numbers]
            elif undated and not numbers:
                following = [0, LAST_NUMBER, LAST_NUMBER, "numbers"]
            return searched.prepared(rows), following

        return paging.by_cursor(walk, fetch, mark=_mark(searched, now), key=searched.key)

    async def _window(self, searched: _Searched, since: int, until: int) -> list[Raw] | None:
        """All rows of a window; None: there are too many, or they change: a shorter one is to be asked for.

        A window of one second can't be any shorter, however many there are in it.
        """
        is_shortest, window = until - since <= 1, searched.within(since, until)
        for _ in range(TRIES):
            rows, is_whole = await self._rows(searched, window, takes_all=is_shortest)
            if is_whole:
                return rows
            if not is_shortest:
                return None
        raise VendorUnavailable(f"the rows of {searched.path} changed each time while they were read")

    async def _rows(
        self, searched: _Searched, params: Mapping[str, Any], *, takes_all: bool
    ) -> tuple[list[Raw], bool]:
        """The rows of a search, and whether that is all, as it was at one moment."""
        rows, total = await self._found(searched, params)
        if total > MOST_ROWS and not takes_all:
            return rows, False
        page = rows
        while len(rows) < total and page:
            before = page
            page, total_now = await self._found(searched, params, offset=len(rows))
            if page and page == before:
                raise VendorNonsense(f"{searched.path} answers with the same rows at each offset")
            if total_now != total:
                return rows, False
            rows = [*rows, *page]
        return rows, len(rows) == total and _are_told_apart(searched, rows)

    async def _found(
        self, searched: _Searched, params: Mapping[str, Any], limit: int = PAGE_SIZE, offset: int = 0
    ) -> tuple[list[Raw], int]:
        """One page of a search, and how many rows match overall."""
        form = {**(searched.params or {}), **params, "limit": limit, "offset": offset}
        answer = (await self.send("POST", searched.path, form=form, repeatable=True)).json()
        if answer["response_status"]["code"] == codes.UNKNOWN_PRODUCT:
            return [], 0
        rows = member(answer, searched.name, list) if limit or searched.name in answer else []
        is_short = limit > 0 and len(rows) < limit
        total = answer.get("total", len(rows)) if is_short or not limit else member(answer, "total", int)
        return rows, total if isinstance(total, int) else len(rows)

    # Single records, exactly as walks show them

    async def order(self, record_id: str) -> Raw:
        return await self._one(ORDERS, INVOICE_NUMBER, record_id, record_id)

    async def inbound_shipment(self, record_id: str) -> Raw:
        return await self._one(PURCHASE_ORDERS, PO_NUMBER, record_id, record_id)

    async def inventory_item(self, record_id: str) -> Raw:
        """A row of stock. It is searched for by its product, which is what its id begins with."""
        return await self._one(INVENTORY, PRODUCT_ID, record_id.partition("_")[0], record_id)

    async def product(self, record_id: str) -> Raw:
        return await self._one(PRODUCTS, PRODUCT_ID, record_id.partition("_")[0], record_id)

    async def _one(self, searched: _Searched, field: int, value: str, record_id: str) -> Raw:
        test = {"field": field, "condition": codes.EQUAL, "string": value}
        for _ in range(TRIES):
            rows, is_whole = await self._rows(searched, codes.conditions(test), takes_all=True)
            records = searched.prepared(rows)
            record = next((raw for raw in records if str(raw.get(searched.key)) == record_id), None)
            if record is not None:
                return record
            if is_whole:
                break
        raise NotFound(f"there is no {record_id!r} among {searched.name}", record_id=record_id)

    # What writes need

    async def call(self, call: Call) -> Json:
        """Carry out a step of a write: a web form, as all calls are."""
        return (await self.send(call.method, call.path, form=call.body, repeatable=call.asks)).json()

    def shown(self, call: Call) -> WireRequest:
        headers = {**self.headers, "Content-Type": FORM}
        return WireRequest(call.method, self.url(call.path), headers, call.body)


def _signed(request: VendorRequest, pair: Mapping[str, str]) -> VendorRequest:
    """The request with user name and password: in its body where that can hold them, else in its query."""
    body, kind = request.body, request.header("Content-Type")
    if body is not None and kind.startswith(FORM):
        text = urlencode(pair).encode()
        return _with_body(request, b"&".join(filter(None, (body, text))))
    if body is not None and "json" in kind:
        value = decoder.decode(body)
        return _with_body(request, encode({**value, **pair}) if isinstance(value, dict) else body)
    return request.with_params(pair)


def _with_body(request: VendorRequest, body: bytes) -> VendorRequest:
    return VendorRequest(request.method, request.url, request.headers, body, request.token)


def _window_of(walk: Walk, start: datetime | None, now: datetime) -> tuple[int, int]:
    """The seconds from which and to which a walk reads."""
    begin = int((start or EPOCH).timestamp())
    if walk.mark is not None:
        begin = _seconds(walk.mark) - OVERLAP_SECONDS
    ahead = int(now.timestamp()) + AHEAD_SECONDS
    return begin, max(begin, ahead if walk.end is None else int(walk.end.timestamp())) + 1


def _mark(searched: _Searched, now: datetime) -> paging.Mark:
    """The last change that was seen, but never one ahead of the walk: later ones would be passed over.

    Dates that a site shows in a zone of its own, without saying so, may be hours ahead of those it goes by.
    """
    if searched.date is None:
        return paging.began(now.isoformat())
    newest = paging.newest(searched.date, lambda: now)

    def mark(records: list[Raw], so_far: Json) -> Json:
        latest = newest(records, so_far)
        return now.isoformat() if latest is not None and _seconds(latest) > now.timestamp() else latest

    return mark


def _seconds(text: str) -> int:
    """A date of the API in seconds since 1970; without a zone it is UTC."""
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _are_told_apart(searched: _Searched, rows: list[Raw]) -> bool:
    """Check that no row came twice: then another is missing. Events are alike often enough."""
    if searched.name_of_row is None:
        return True
    keys = [str(row.get(searched.name_of_row)) if isinstance(row, dict) else "" for row in rows]
    return len(set(keys)) == len(keys)
