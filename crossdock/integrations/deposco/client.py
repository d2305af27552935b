"""Speaks the API of Deposco: lists with the newest id first, and records that hold the beginning of lists."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

from crossdock.errors import NotFound, VendorError, VendorNonsense, VendorRefused
from crossdock.integrations.deposco.lists import (
    BILLS,
    COMPANIES,
    FACILITIES,
    ITEMS,
    LOCATIONS,
    ORDERS,
    OVERLAP,
    PARTNERS,
    PURCHASES,
    RECEIPTS,
    RETURNS,
    SHIPMENTS,
    SearchList,
    company_of,
    stamped,
)
from crossdock.kit import paging
from crossdock.kit.auth.oauth import OAuthApp, buy
from crossdock.kit.auth.renewed import AccessToken, RenewedAuth, in_header
from crossdock.kit.contract import RECORD_ID, Account, Context, Json, Page, Raw, Walk
from crossdock.kit.http import Response
from crossdock.kit.responses import kind_of_refusal, member
from crossdock.kit.rest import RestClient

ORDER_LIST, PURCHASE_LIST = SearchList(ORDERS, size=25), SearchList(PURCHASES, size=25)
RETURN_LIST, ITEM_LIST = SearchList(RETURNS, size=25), SearchList(ITEMS)
FACILITY_LIST, LOCATION_LIST = SearchList(FACILITIES, key="number"), SearchList(LOCATIONS, size=0)
COMPANY_LIST, BILL_LIST = SearchList(COMPANIES, key="code", by_company=False), SearchList(BILLS)
SUPPLIER_LIST = SearchList(PARTNERS, only=frozenset({"Vendor", "Drop Ship Vendor"}))
NOTHING_CAME = frozenset({"Draft", "New", "Hold", "In-Transit"})
"""Statuses of a purchase order of which nothing was received yet."""


class Client(RestClient):
    """Raw pages out of one installation of an application."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._company = (context.credentials.get("business_unit") or "").strip()
        auth = RenewedAuth(
            obtain=self._token, session=context.session, insert=in_header("Authorization", "Bearer {}")
        )
        super().__init__(context.http.signed(auth), context.host("api"))

    async def _token(self, _: AccessToken | None) -> AccessToken:
        """An access token. The refresh token stays the same: it is none of what a consent leaves with us."""
        fields = self._context.credentials
        url = f"{self._context.host('auth')}/oauth2/token"
        app = OAuthApp(url, fields["client_id"], fields["client_secret"], named_in="body")
        form = {"grant_type": "refresh_token", "refresh_token": fields["refresh_token"]}
        return await buy(self._context.http, app, form, repeatable=True)

    def refusal(self, answer: Response) -> VendorError | None:
        """The refusal in Deposco's words, all of them: {"errors": [{"errorMessage": …}]}."""
        if not 400 <= answer.status < 500 or answer.status == 429:
            return None
        try:
            faults = answer.json()["errors"]
            words = "; ".join(str(fault["errorMessage"]) for fault in faults)
        except (VendorNonsense, TypeError, LookupError):
            return None
        said = answer.redaction(f"{answer.status}: {words}")[:500]
        return kind_of_refusal(answer.status)(said, url=answer.url, status=answer.status)

    async def check(self) -> Account:
        """The company that the application is installed for, or how many it sees."""
        params = {"code": self._company} if self._company else {}
        answer = await self.get(COMPANIES, **params)
        companies = member(answer, "data", list)
        if self._company and not companies:
            raise VendorRefused(f"the application sees no company with the code {self._company!r}")
        if len(companies) == 1 and next_search(answer) is None:
            code = str(member(companies[0], "code", str))
            return Account(str(companies[0].get("name") or code), {"company_code": code})
        return Account(f"Application that sees {len(companies)} companies or more", {"company_code": None})

    # Walks

    def orders(self, walk: Walk) -> AsyncIterator[Page]:
        return self._changed(walk, ORDER_LIST, self._whole_order, self.order)

    def inbound_shipments(self, walk: Walk) -> AsyncIterator[Page]:
        return self._changed(walk, PURCHASE_LIST, self._whole_purchase, self.inbound_shipment)

    def returns(self, walk: Walk) -> AsyncIterator[Page]:
        return self._changed(walk, RETURN_LIST, partial(self._with_lines, RETURNS), self.return_order)

    def products(self, walk: Walk) -> AsyncIterator[Page]:
        return self._pages(walk, ITEM_LIST, self._since(walk))

    def bills(self, walk: Walk) -> AsyncIterator[Page]:
        return self._pages(walk, BILL_LIST, self._since(walk))

    def warehouses(self, walk: Walk) -> AsyncIterator[Page]:
        return self._pages(walk, FACILITY_LIST)

    def warehouse_locations(self, walk: Walk) -> AsyncIterator[Page]:
        return self._pages(walk, LOCATION_LIST)

    def warehouse_customers(self, walk: Walk) -> AsyncIterator[Page]:
        return self._pages(walk, COMPANY_LIST)

    def inbound_shipment_suppliers(self, walk: Walk) -> AsyncIterator[Page]:
        return self._pages(walk, SUPPLIER_LIST)

    # Single records, as the walks have them

    async def order(self, record_id: str) -> Raw:
        return await self._whole_order(stamped(await self.read_one(ORDERS, record_id)))

    async def inbound_shipment(self, record_id: str) -> Raw:
        return await self._whole_purchase(stamped(await self.read_one(PURCHASES, record_id)))

    async def return_order(self, record_id: str) -> Raw:
        return await self._with_lines(RETURNS, stamped(await self.read_one(RETURNS, record_id)))

    async def product(self, record_id: str) -> Raw:
        return stamped(await self.read_one(ITEMS, record_id))

    async def options(self, name: str) -> list[str]:
        """The values that an account has for a member of a write, as our records have them."""
        listings = {"warehouses": FACILITY_LIST, "warehouse_customers": COMPANY_LIST}
        if name not in listings:
            raise LookupError(name)
        listing = listings[name]
        answer = await self.get(listing.path, **listing.params(self._company, None))
        return [str(record[listing.key]) for record in await self._all(listing.path, answer)]

    # Parts of these

    def _since(self, walk: Walk) -> datetime | None:
        begin = datetime.fromisoformat(walk.mark) if walk.mark else walk.start
        try:
            return begin - OVERLAP if begin else None
        except OverflowError:
            return begin

    async def _changed(
        self,
        walk: Walk,
        listing: SearchList,
        whole: Callable[[Raw], Awaitable[Raw]],
        read: Callable[[str], Awaitable[Raw]],
    ) -> AsyncIterator[Page]:
        """Changed records, each whole, and those that are open with us."""

        async def fetched(raw: Any) -> Raw:
            made: Raw = await whole(raw) if isinstance(raw, dict) else raw
            return made

        async for page in self._pages(walk, listing, self._since(walk)):
            yield await paging.with_open(await paging.with_details(page, fetched), walk, read)

    def _pages(self, walk: Walk, listing: SearchList, since: datetime | None = None) -> AsyncIterator[Page]:
        """A list. Its search goes from id to id: what changes meanwhile moves nothing from page to page."""
        began: dict[str, str] = {}

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            params = {"searchId": cursor} if cursor else listing.params(self._company, since, walk.at_most)
            answer = await self.send("GET", listing.path, params=params)
            began.setdefault("at", answer.moment(self.http.clock()).isoformat(timespec="seconds"))
            body = answer.json()
            listed = member(body, "data", list)
            records = [stamped(record, listing.key) for record in listed if listing.wants(record)]
            return records, next_search(body)

        return paging.by_cursor(
            walk, fetch, mark=lambda _, so_far: so_far or began["at"], key=RECORD_ID
        )  # fmt: skip

    async def _all(self, path: str, collection: Any) -> list[Any]:
        """All of a collection, of which a page is here."""
        records = list(member(collection, "data", list))
        guard = paging.PageGuard()
        while (search := next_search(collection)) is not None:
            guard.see(Page(records[-1:], search))
            collection = await self.get(path, searchId=search)
            records += member(collection, "data", list)
        return records

    async def _with_lines(self, path: str, raw: Raw) -> Raw:
        """An order of any kind with all of its lines: it holds the first of them."""
        lines = raw.get("orderLines")
        if not isinstance(lines, dict):
            return raw
        place = f"{path}/{raw[RECORD_ID]}/orderLines"
        return raw | {"orderLines": {"data": await self._all(place, lines), "complete": True}}

    async def _whole_order(self, raw: Raw) -> Raw:
        """A sales order with its lines and shipments: it names the shipments."""
        raw = await self._with_lines(ORDERS, raw)
        named = raw.get("shipments")
        if not isinstance(named, dict):
            return raw
        shipments = [await self._shipment(entry) for entry in await self._all(SHIPMENTS, named)]
        there = [shipment for shipment in shipments if shipment is not None]
        return raw | {"shipments": {"data": there, "complete": True}}

    async def _shipment(self, named: Any) -> Raw | None:
        """A shipment that is named, with all of its lines; None where it is gone: its order may be there."""
        reference = named.get("self", named) if isinstance(named, dict) else named
        number = str(member(reference, "id", int))
        try:
            raw = await self.read_one(SHIPMENTS, number)
        except NotFound:
            return None
        lines = raw.get("shipmentLines")
        if not isinstance(lines, dict):
            return raw
        whole = await self._all(f"{SHIPMENTS}/{number}/shipmentLines", lines)
        return raw | {"shipmentLines": {"data": whole, "complete": True}}

    async def _whole_purchase(self, raw: Raw) -> Raw:
        """A purchase order with its lines and what was received of it."""
        raw = await self._with_lines(PURCHASES, raw)
        if raw.get("orderStatus") in NOTHING_CAME:
            return raw | {"receipts": []}
        params = {"orderId": raw[RECORD_ID]}
        if code := company_of(raw):
            # An application that sees several companies has to say whose receipts are wanted.
            params["businessUnit"] = code
        answer = await self.get(RECEIPTS, **params)
        return raw | {"receipts": await self._all(RECEIPTS, answer)}


def next_search(collection: Any) -> str | None:
    """The search id that a collection goes on with; None: it is complete."""
    if member(collection, "complete", bool):
        return None
    for link in collection.get("links") or []:
        href = link.get("href") if isinstance(link, dict) else None
        search = parse_qs(urlsplit(href).query).get("searchId") if isinstance(href, str) else None
        if search:
            return search[0]
    raise VendorNonsense("there is more to come, and no searchId to go on with")
