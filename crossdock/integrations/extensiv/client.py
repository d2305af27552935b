"""Speaks the REST API of Extensiv 3PL Warehouse Manager: https://3w.extensiv.com/Rels/.

Its lists are paged through by id, changes are found by their date, and whoever changes something has to
name the version that is changed (ETag).
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from crossdock.errors import (
    InvalidCredentials,
    MissingPermission,
    NotFound,
    VendorError,
    VendorNonsense,
    VendorRefused,
)
from crossdock.integrations.extensiv import hal
from crossdock.integrations.extensiv.hal import HalList
from crossdock.integrations.extensiv.read.parts import TIME_ZONE
from crossdock.kit import paging
from crossdock.kit.auth.fixed import basic
from crossdock.kit.auth.login import session
from crossdock.kit.contract import RECORD_ID, Account, Call, Context, Json, Page, Raw, Walk, WireRequest
from crossdock.kit.http import Response
from crossdock.kit.responses import member
from crossdock.kit.rest import RestClient

HAL = "application/hal+json"
TOKEN_LIFE = timedelta(minutes=30)
"""How long a token is used. They last 30 to 60 minutes. Source: notes.md, "Set up"."""
A_DAY = timedelta(days=1)
FORBIDDEN, STALE = 403, 412


class Client(RestClient):
    """Raw pages out of one 3PL's account."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._versions: dict[str, str] = {}
        """ETags of what was asked for, by path."""
        auth = session(self._token, form="Bearer {}", keep=context.session, expires=TOKEN_LIFE)
        super().__init__(context.http.signed(auth), context.host("api"), {"Accept": HAL})

    async def _token(self) -> str:
        fields = self._context.credentials
        who = {"user_login": fields["user_login"]} if fields.get("user_login") else {
            "tpl": "{" + fields["tpl"].strip("{}") + "}", "user_login_id": fields["user_login_id"],
        }  # fmt: skip
        http = self._context.http.signed(basic(fields["client_id"], fields["client_secret"]))
        try:
            answer = await http.send(
                "POST",
                self.url("/AuthServer/api/Token"),
                headers={"Accept": "application/json"},
                json={"grant_type": "client_credentials", **who},
                repeatable=True,
            )
        except (VendorRefused, MissingPermission) as refusal:
            raise InvalidCredentials(str(refusal), url=refusal.url, status=refusal.status) from None
        return member(answer.json(), "access_token", str)

    def refusal(self, answer: Response) -> VendorError | None:
        """Tell what can't be done from what the credentials may not do: 403 is said of both."""
        if answer.status == STALE:
            words = "it was changed meanwhile: look at it, and try again"
            return VendorRefused(words, url=answer.url, status=STALE)
        if answer.status not in (400, FORBIDDEN):
            return None
        try:
            fault = answer.json()
        except VendorNonsense:
            return None
        if not isinstance(fault, dict) or not isinstance(fault.get("ErrorCode"), str):
            return None
        if answer.status == FORBIDDEN and "OperationException" not in str(fault.get("$type")):
            return None
        words = f"{answer.status}: {_words(fault)}"
        return VendorRefused(answer.redaction(words)[:500], url=answer.url, status=answer.status)

    async def check(self) -> Account:
        """The customer that the credentials are limited to, or how many they see."""
        self._zone()
        customers, following = await self._page(hal.CUSTOMERS, None)
        if len(customers) != 1 or following is not None:
            many = f"{len(customers)} customers" if following is None else f"over {len(customers)} customers"
            return Account(f"3PL with {many}", {"customer_id": None})
        number = hal.at(customers[0], hal.CUSTOMERS.key)
        name = hal.at(customers[0], "CompanyInfo.CompanyName") or f"Customer {number}"
        return Account(str(name), {"customer_id": str(number)})

    # Walks

    def orders(self, walk: Walk) -> AsyncIterator[Page]:
        """The orders that were made or changed, and those that are open with us."""
        return self._changed(walk, [hal.ORDERS], self.order)

    def inbound_shipments(self, walk: Walk) -> AsyncIterator[Page]:
        """The receivers that are no returns. An advice may become a normal one, so these come last."""
        kinds = [hal.receivers(hal.ADVICE), hal.receivers(hal.NORMAL)]
        return self._changed(walk, kinds, self.inbound_shipment)

    def returns(self, walk: Walk) -> AsyncIterator[Page]:
        return self._changed(walk, [hal.receivers(hal.RETURN)], self.return_order)

    async def products(self, walk: Walk) -> AsyncIterator[Page]:
        """All items, customer by customer."""
        customers = await self._ids(hal.CUSTOMERS)
        async for page in self._walked(walk, [hal.items(customer) for customer in customers]):
            yield page

    async def inventory(self, walk: Walk) -> AsyncIterator[Page]:
        """All items with what there is of them, receipt by receipt."""
        customers = await self._all(hal.CUSTOMERS)
        places = {
            number: _facilities(each)
            for each in customers
            if hal.is_id(number := hal.at(each, hal.CUSTOMERS.key))
        }
        listings = [hal.items(customer) for customer in places]
        async for page in self._walked(walk, listings):
            yield replace(page, records=await self._with_stock(page.records, places))

    def warehouses(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walked(walk, [hal.FACILITIES])

    async def warehouse_locations(self, walk: Walk) -> AsyncIterator[Page]:
        facilities = await self._ids(hal.FACILITIES)
        async for page in self._walked(walk, [hal.locations(facility) for facility in facilities]):
            yield page

    def warehouse_customers(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walked(walk, [hal.CUSTOMERS])

    async def shipping_methods(self, walk: Walk) -> AsyncIterator[Page]:  # noqa: ARG002  there is one page
        """All services of all carriers; a carrier without any is a method by itself."""
        answer = await self.get("/properties/carriers")
        parts = member(answer, "_embedded", dict)
        carriers = hal.rows({"totalResults": 1, "_embedded": parts}, "properties/carrier")
        services = [
            carrier | {"service": service, RECORD_ID: hal.method_id(carrier, service)}
            for carrier in carriers
            if member(carrier, "name", str)
            for service in member({"shipmentServices": [], **carrier}, "shipmentServices", list) or [{}]
            if isinstance(service, dict)
        ]
        yield Page(services, key=RECORD_ID)

    # Single records, exactly as walks show them

    async def order(self, record_id: str) -> Raw:
        raw = await self.read_one(hal.ORDERS.path, record_id, **hal.ORDERS.params)
        return self._stamped(raw, hal.ORDERS.key)

    async def inbound_shipment(self, record_id: str) -> Raw:
        raw = await self._receiver(record_id)
        if hal.at(raw, "ReadOnly.ReceiverType") == hal.RETURN:
            raise NotFound(f"the receiver {record_id} is a return", record_id=record_id)
        return raw

    async def return_order(self, record_id: str) -> Raw:
        raw = await self._receiver(record_id)
        if hal.at(raw, "ReadOnly.ReceiverType") != hal.RETURN:
            raise NotFound(f"the receiver {record_id} is no return", record_id=record_id)
        return raw

    async def product(self, record_id: str) -> Raw:
        customer, _, item = record_id.partition("-")
        if not (customer.isdecimal() and item.isdecimal()):
            raise NotFound(f"there is no item {record_id}", record_id=record_id)
        return self._stamped(await self.read_one(f"/customers/{customer}/items", item), "ReadOnly.ItemId")

    async def inventory_item(self, record_id: str) -> Raw:
        raw = await self.product(record_id)
        customer, _, _ = record_id.partition("-")
        places = _facilities(await self.read_one(hal.CUSTOMERS.path, customer))
        [item] = await self._with_stock([raw], {int(customer): places})
        return item

    # What writes need

    async def call(self, call: Call) -> Json:
        """Carry out a step. What is asked for is remembered with its version, which a change of it names."""
        tags = [tag for path, tag in self._versions.items() if _is_of(call.path, path)]
        headers = {"If-Match": tags[-1]} if tags and not call.asks else {}
        answer = await self.send(
            call.method,
            call.path,
            headers=headers,
            params=call.params,
            json=self._dated(call.body),
            repeatable=call.asks,
        )
        if call.asks and (tag := answer.headers.get("ETag")):
            self._versions[call.path] = tag
        return answer.json() if answer.body.strip() else None

    def shown(self, call: Call) -> WireRequest:
        """The call as it is sent, but for the version that it names."""
        return super().shown(replace(call, body=self._dated(call.body)))

    def _dated(self, body: Json) -> Json:
        """A body whose date is in the zone of the account, where a write says it in UTC."""
        date = body.get("expectedDate") if isinstance(body, dict) else None
        if not isinstance(date, str) or not date.endswith("Z"):
            return body
        return body | {"expectedDate": self._local(datetime.fromisoformat(date))}

    async def options(self, name: str) -> list[str]:
        """The values that an account has for a member of a write."""
        listings = {"warehouses": hal.FACILITIES, "warehouse_customers": hal.CUSTOMERS}
        if name not in listings:
            raise LookupError(name)
        return [str(number) for number in await self._ids(listings[name])]

    # Parts of these

    async def _changed(
        self, walk: Walk, listings: Sequence[HalList], read: Callable[[str], Awaitable[Raw]]
    ) -> AsyncIterator[Page]:
        """Lists by their dates of change. The mark is the latest of these when the walk began."""
        first = None
        if walk.cursor is None:  # one that goes on has its mark in the cursor
            dates = [date for each in listings if (date := await self._latest(each))]
            first = max([*dates, *([walk.mark] if walk.mark else [])], default=None)
        conditions = self._window(walk)
        async for page in self._walked(walk, [listing.that(*conditions) for listing in listings], first):
            yield await paging.with_open(page, walk, read)

    async def _latest(self, listing: HalList) -> str | None:
        """The date of the latest change, as Extensiv writes it; None where there is none."""
        answer = await self.get(listing.path, **_plain(listing.latest(self.http.clock() + A_DAY)))
        for record in hal.rows(answer, listing.rel):
            for key in (hal.MODIFIED, hal.CREATED):
                if _is_moment(text := hal.at(record, key)):
                    return str(text)
        return None

    def _window(self, walk: Walk) -> list[str]:
        if walk.mark and not walk.end:
            begin = hal.earlier(walk.mark)
        else:
            begin = self._local(walk.start) if walk.start else ""
        conditions = [hal.since(begin)] if begin else []
        return conditions + ([f"{hal.CREATED}=le={self._local(walk.end)}"] if walk.end else [])

    def _local(self, moment: datetime) -> str:
        return moment.astimezone(self._zone()).replace(tzinfo=None).isoformat(timespec="seconds")

    def _zone(self) -> ZoneInfo:
        name = self._context.credentials.get("time_zone") or "UTC"
        try:
            return ZoneInfo(name)
        except (LookupError, ValueError, OSError):
            raise InvalidCredentials(
                f"there is no time zone {name!r}; wanted one like Europe/Berlin"
            ) from None

    async def _walked(
        self, walk: Walk, listings: Sequence[HalList], mark: str | None = None
    ) -> AsyncIterator[Page]:
        """Lists, one after the other, each by ids. The cursor says in which, and after which id."""
        paths = [f"{listing.path}?{listing.params.get('receivertype', '')}" for listing in listings]

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            records: list[Raw] = []
            place, last = _place(paths, cursor)
            while place < len(listings):
                records, last = await self._page(listings[place], last)
                if last is None:
                    place += 1
                if records or last is not None:
                    break
            at_end = place >= len(listings)
            return records, None if at_end else [paths[place], last]

        if not listings:
            yield Page([], mark=walk.mark)
            return
        pages = paging.by_cursor(walk, fetch, mark=lambda _, so_far: so_far or mark, key=RECORD_ID)
        async for page in pages:
            yield page

    async def _page(self, listing: HalList, last: int | None) -> tuple[list[Raw], int | None]:
        records, following = listing.split(await self.get(listing.path, **_plain(listing.after(last))))
        return [self._stamped(record, listing.key) for record in records], following

    async def _all(self, listing: HalList) -> list[Raw]:
        """A list, whole."""
        everything: list[Raw] = []
        last = None
        while True:
            records, following = await self._page(listing, last)
            everything += records
            if following is None:
                return everything
            if last is not None and following <= last:
                raise VendorNonsense(f"{listing.path} goes back after {last}")
            last = following

    async def _ids(self, listing: HalList) -> list[int]:
        ids = (hal.at(record, listing.key) for record in await self._all(listing))
        return [number for number in ids if hal.is_id(number)]

    async def _receiver(self, record_id: str) -> Raw:
        raw = await self.read_one(hal.RECEIVERS.path, record_id, **hal.RECEIVERS.params)
        return self._stamped(raw, hal.RECEIVERS.key)

    async def _with_stock(self, records: list[Raw], places: dict[int, list[int]]) -> list[Raw]:
        """Items with the rows of their stock, by facility. All of a page are of one customer."""
        numbers = [_number(raw, "ReadOnly.ItemId") for raw in records]
        held: dict[int, dict[str, list[Raw]]] = {number: {} for number in numbers if number is not None}
        customers = {_number(raw, "ReadOnly.CustomerIdentifier.Id") or 0 for raw in records}
        for customer in customers if held else ():
            await self._hold(held, customer, places.get(customer, []))
        return [
            raw if number is None else raw | {"stock": held[number]}
            for raw, number in zip(records, numbers, strict=True)
        ]

    async def _hold(
        self, held: dict[int, dict[str, list[Raw]]], customer: int, facilities: Sequence[int]
    ) -> None:
        """Put the rows of a customer's stock to their items."""
        for facility in facilities:
            for row in await self._rows(customer, facility, list(held)):
                item = _number(row, "ItemIdentifier.Id")
                if item is None or item not in held:
                    raise VendorNonsense(f"stock of the item {item!r} was not asked for")
                held[item].setdefault(str(facility), []).append(row)

    async def _rows(self, customer: int, facility: int, numbers: Sequence[int]) -> list[Raw]:
        named = f"ItemIdentifier.Id=in=({','.join(map(str, numbers))})"
        listing = replace(hal.STOCK, params={"customerid": customer, "facilityid": facility})
        return await self._all(listing.that(named))

    def _stamped(self, record: Raw, key: str) -> Raw:
        """A record with its id and the zone of its dates. What is no object is for whoever reads it."""
        if not isinstance(record, dict):
            return record
        number = hal.at(record, key)
        customer = hal.at(record, "ReadOnly.CustomerIdentifier.Id")
        name = f"{customer}-{number}" if key == "ReadOnly.ItemId" else str(number)
        return record | {RECORD_ID: name, TIME_ZONE: self._context.credentials.get("time_zone") or "UTC"}


def _place(paths: Sequence[str], cursor: Json) -> tuple[int, int | None]:
    """The list that a walk goes on in, and after which id. Where it is gone meanwhile all begins anew."""
    path, last = cursor or (paths[0], None)
    return (paths.index(path), last) if path in paths else (0, None)


def _plain(params: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value) for name, value in params.items()}


def _number(record: Any, key: str) -> int | None:
    """The number at a property; None where none is."""
    value = hal.at(record, key)
    return value if hal.is_id(value) else None


def _facilities(customer: Raw) -> list[int]:
    """The facilities that may hold a customer's goods."""
    return [each["id"] for each in member(customer, "facilities", list) if hal.is_id(hal.at(each, "Id"))]


def _is_of(path: str, resource: str) -> bool:
    """Check whether a change at a path is one of a resource: of itself, or by an operator below it."""
    return path == resource or path.startswith(f"{resource}/")


def _is_moment(text: Any) -> bool:
    try:
        datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return False
    return True


def _words(fault: dict[str, Any]) -> str:
    """The words in which Extensiv refuses: "Duplicate: ReferenceNum 'SO-1'. Already on order 7"."""
    properties = fault.get("Properties")
    said = [each for each in properties if isinstance(each, dict)] if isinstance(properties, list) else []
    named = ", ".join(f"{each.get('Name')} {each.get('Value')!r}" for each in said)
    hint = fault.get("Hint") or fault.get("Message")
    text = ": ".join(filter(None, (str(fault["ErrorCode"]), named)))
    return ". ".join(filter(None, (text, str(hint) if hint else "")))
