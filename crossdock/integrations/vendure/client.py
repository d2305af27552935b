"""Speaks the Admin API of Vendure 3: https://docs.vendure.io/current/core/reference/graphql-api/admin."""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from crossdock.errors import InvalidCredentials, MissingPermission, NotFound, VendorRefused
from crossdock.kit import paging
from crossdock.kit.auth.base import header_safe
from crossdock.kit.auth.fixed import FixedAuth
from crossdock.kit.contract import (
    Account,
    Call,
    Context,
    Json,
    Page,
    PassthroughCall,
    Permission,
    Raw,
    Walk,
    WireRequest,
)
from crossdock.kit.graphql import GraphQL, load_queries
from crossdock.kit.http import Response
from crossdock.kit.responses import member
from crossdock.wire import encode

PAGE_SIZE = 50
PLAIN_PATH = "/admin-api"
PRODUCT_PREFIX = "product-"
"""Before the ids of products: those of variants are counted from 1, too."""
DEFAULT_CHANNEL = "__default_channel__"
OVERLAP = timedelta(seconds=60)
"""Read again before the mark: a date is taken when a change begins, and it is seen when it has ended."""
RECENT = timedelta(days=14)
"""Orders placed since are read again whenever the open ones are, as no date tells of what became of them."""
TICK = timedelta(milliseconds=1)
FIRST = "products"
ANSWERED = 200
"""The status of errors that are about the data, not the query."""

_FILES = load_queries(Path(__file__).parent / "queries")
_PARTS = {
    "OrderParts": ("order_parts",),
    "ProductParts": ("product_parts",),
    "VariantParts": ("variant_parts", "product_parts"),
}


def _document(text: str) -> str:
    """The query with the fragments that it spreads."""
    parts = (part for spread, names in _PARTS.items() if f"...{spread}" in text for part in names)
    return "\n".join([text, *(_FILES[part] for part in parts)])


DOCUMENTS = {name: _document(text) for name, text in _FILES.items() if not name.endswith("_parts")}
"""By the names of their files."""

NEEDED = {
    "create_order_shipment": {"UpdateOrder"},
    "refund_order": {"UpdateOrder"},
    "adjust_inventory": {"UpdateCatalog", "UpdateProduct"},
    "batch_adjust_inventory": {"UpdateCatalog", "UpdateProduct"},
}
"""The permissions of which each write needs any, as the resolvers of Vendure name them."""
PROBES = {"get_orders": "order_ids", "get_products": "products", "get_warehouses": "stock_locations"}


class Client:
    """Raw pages out of a shop."""

    def __init__(self, context: Context) -> None:
        self._key = context.credentials["api_key"]
        headers = {"vendure-api-key": header_safe(self._key)}
        if channel := context.credentials.get("channel"):
            headers["vendure-token"] = header_safe(channel)
        address = context.credentials["url"].rstrip("/")
        self._url = address if urlsplit(address).path else f"{address}{PLAIN_PATH}"
        self._http = context.http.signed(FixedAuth((self._key,), headers))
        self._graphql = GraphQL(self._http, self._url)

    async def check(self) -> Account:
        """The channel that the key is used in."""
        channel = member(await self._ask("account"), "activeChannel", dict)
        code = str(channel["code"])
        name = urlsplit(self._url).netloc if code == DEFAULT_CHANNEL else code
        return Account(name, {"channel_id": channel["id"], "channel_code": code})

    async def probe(self, function: str) -> Permission:
        """Ask for a little of what a function reads; for writes, which permissions the key has."""
        if function in PROBES:
            await self._ask(PROBES[function], {"options": {"take": 1}})
            return Permission("allowed")
        try:
            answer = await self._ask("key_permissions", {"lookupId": self._key.partition(":")[0]})
        except MissingPermission:
            return Permission("unknown", "the key may not read what keys may do")
        roles = [role for key in answer["apiKeys"]["items"] for role in key["user"]["roles"]]
        permissions = {name for role in roles for name in role["permissions"]}
        needed = NEEDED.get(function)
        if not permissions or needed is None:
            return Permission("unknown", "it shows when it is used")
        if needed & permissions:
            return Permission("allowed")
        return Permission("denied", f"the key's roles lack {' or '.join(sorted(needed))}")

    # Orders

    async def orders(self, walk: Walk) -> AsyncIterator[Page]:
        """The orders that were placed or changed, those that are open with us, and recent ones with these.

        They come by their ids, and none leaves the list while it is walked. The mark is the newest date that
        the shop had when the walk began: what changes meanwhile is for the next one.
        """
        begun, deleted = None, await self._missing(walk) if walk.cursor is None else ()
        if walk.cursor is None and walk.end is None:
            begun = await self._newest_date()

        async def fetch(offset: int) -> tuple[list[Raw], bool]:
            options = {"take": PAGE_SIZE, "skip": offset, "sort": {"id": "ASC"}, "filter": order_filter(walk)}
            records, total = await self._listed_orders(options)
            return records, bool(records) and offset + len(records) < total

        mark = None if walk.end else (lambda _, so_far: so_far or begun)
        async for page in paging.by_offset(walk, fetch, mark=mark):
            yield replace(page, deleted=deleted)
            deleted = ()

    async def _listed_orders(self, options: Raw) -> tuple[list[Raw], int]:
        """A page of orders, and how many there are. One by one where Vendure can't answer for all of them.

        An order for which it can't is its id alone, which is set aside: it takes none along.
        """
        try:
            answer = await self._ask("orders", {"options": options})
        except VendorRefused as failure:
            if failure.status != ANSWERED:
                raise
            listed = (await self._ask("order_ids", {"options": options}))["orders"]
            records = [await self._order_or_id(str(order["id"])) for order in listed["items"]]
            return records, int(listed["totalItems"])
        listed = member(answer, "orders", dict)
        records = [_with_precision(order, answer) for order in member(listed, "items", list)]
        return records, int(listed["totalItems"])

    async def _order_or_id(self, record_id: str) -> Raw:
        try:
            return await self.order(record_id)
        except (VendorRefused, NotFound):
            return {"id": record_id}

    async def _newest_date(self) -> str | None:
        """The newest date of all orders and carts, by the shop's clocks; None: there are none."""
        answer = await self._ask("newest_dates")
        dates = [item["updatedAt"] for item in member(answer["changed"], "items", list)]
        dates += [item["orderPlacedAt"] for item in member(answer["placed"], "items", list)]
        return max(dates, key=datetime.fromisoformat, default=None)

    async def _missing(self, walk: Walk) -> tuple[str, ...]:
        """The open orders that the shop says there are not, each asked for by itself."""
        if not walk.open_ids:
            return ()
        ids = list(walk.open_ids)
        answer = await self._ask("order_ids", {"options": {"take": len(ids), "filter": {"id": {"in": ids}}}})
        present = {str(order["id"]) for order in member(answer["orders"], "items", list)}
        deleted = []
        for record_id in (record_id for record_id in ids if record_id not in present):
            try:
                await self.order(record_id)
            except NotFound:
                deleted.append(record_id)
        return tuple(deleted)

    async def order(self, record_id: str) -> Raw:
        answer = await self._ask("order", {"id": record_id})
        order = answer["order"]
        # A cart has no date yet, and is no order.
        if order is None or order["orderPlacedAt"] is None:
            raise NotFound(f"there is no order {record_id}", record_id=record_id)
        return _with_precision(order, answer)

    # Products and places

    def products(self, walk: Walk) -> AsyncIterator[Page]:
        """All products, then all their variants."""

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            cursor = cursor or {"list": FIRST}
            records, following = await self._created(cursor["list"], cursor)
            if cursor["list"] == FIRST:
                return [_parent(record) for record in records], following or {"list": "variants"}
            return records, following

        return paging.by_cursor(walk, fetch)

    def warehouses(self, walk: Walk) -> AsyncIterator[Page]:
        """All stock locations."""

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            return await self._created("stock_locations", cursor or {})

        return paging.by_cursor(walk, fetch)

    async def _created(self, name: str, cursor: Mapping[str, Any]) -> tuple[list[Raw], Json]:
        """A page by the date of creation, so that nothing is skipped when a record before it is deleted.

        Each page begins with the date that the one before ended with. Only when all of a page has one date,
        it goes on by an offset within that date.
        """
        since, offset = cursor.get("since"), cursor.get("offset", 0)
        options: dict[str, Any] = {"take": PAGE_SIZE, "skip": offset}
        options["sort"] = {"createdAt": "ASC", "id": "ASC"}
        if since is not None:
            options["filter"] = {"createdAt": {"after": _spelt(datetime.fromisoformat(since) - TICK)}}
        answer = await self._ask(name, {"options": options})
        records = member(
            next(value for key, value in answer.items() if key != "globalSettings"), "items", list
        )
        records = [_with_settings(record, answer) for record in records]
        if len(records) < PAGE_SIZE:
            return records, None
        first, last = records[0]["createdAt"], records[-1]["createdAt"]
        within = offset if last == since else 0
        following = {"since": last, "offset": within + PAGE_SIZE if first == last else 0}
        return records, following | ({"list": cursor["list"]} if "list" in cursor else {})

    async def product(self, record_id: str) -> Raw:
        """A product, or a variant."""
        is_parent = record_id.startswith(PRODUCT_PREFIX)
        name, member_name = ("product", "product") if is_parent else ("variant", "productVariant")
        answer = await self._ask(name, {"id": record_id.removeprefix(PRODUCT_PREFIX)})
        record = answer[member_name]
        if record is None:
            raise NotFound(f"there is no product {record_id}", record_id=record_id)
        return _parent(record) if is_parent else _with_settings(record, answer)

    async def options(self, name: str) -> list[str]:
        """The ids of stock locations, which is all that writes ask for."""
        if name != "warehouses":
            raise LookupError(name)
        return [str(raw["id"]) async for page in self.warehouses(Walk()) for raw in page.records]

    # Writes, dry runs and callers' own calls

    async def call(self, call: Call) -> Json:
        """The data of a query or mutation. Raises VendorRefused for the error that a result may be."""
        document = DOCUMENTS[call.path]
        if call.asks:
            return await self._ask(call.path, call.body)
        try:
            data = await self._graphql.mutate(document, call.body)
        except MissingPermission as failure:
            raise await self._known_failure(failure) from failure
        for result in data.values():
            if isinstance(result, dict) and "errorCode" in result:
                why = result.get("transitionError") or result["message"]
                raise VendorRefused(f"{result['errorCode']}: {why}", status=ANSWERED)
        return data

    def shown(self, call: Call) -> WireRequest:
        body = {"query": DOCUMENTS[call.path], "variables": dict(call.body or {})}
        return WireRequest("POST", self._url, {"Content-Type": "application/json"}, body)

    async def passthrough(self, call: PassthroughCall) -> Response:
        """The answer to a caller's own call: `/` is the Admin API."""
        return await self._http.pass_on(
            call.method, f"{self._url}{call.path}", params=call.params, headers=call.headers, body=call.body
        )

    async def _ask(self, name: str, variables: Mapping[str, Any] | None = None) -> Raw:
        try:
            return await self._graphql.query(DOCUMENTS[name], variables)
        except MissingPermission as failure:
            raise await self._known_failure(failure) from failure

    async def _known_failure(self, failure: MissingPermission) -> InvalidCredentials | MissingPermission:
        """The error that FORBIDDEN is: Vendure says it to a key that it does not know, too.

        What every key may ask for tells which.
        """
        try:
            await self._graphql.query(DOCUMENTS["account"])
        except MissingPermission:
            return InvalidCredentials(str(failure), status=failure.status)
        return failure


def order_filter(walk: Walk) -> Raw:
    """The orders that a walk wants, as Vendure's filter. Each condition only ever comes to be true."""
    if walk.end is not None:
        start = walk.start or datetime.fromisoformat("1970-01-01T00:00:00+00:00")
        window = {"between": {"start": _spelt(start), "end": _spelt(walk.end)}}
        return _placed([{"updatedAt": window}, {"orderPlacedAt": window}])
    if walk.mark is None:
        since = None if walk.start is None else {"after": _spelt(walk.start)}
        return _placed([] if since is None else [{"updatedAt": since}, {"orderPlacedAt": since}])
    at = datetime.fromisoformat(walk.mark)
    changed = {"updatedAt": {"after": _spelt(at - OVERLAP)}}
    if not walk.open_ids:
        return _placed([changed, {"orderPlacedAt": {"after": _spelt(at - OVERLAP)}}])
    recent = {"orderPlacedAt": {"after": _spelt(at - RECENT)}}
    return _placed([changed, recent, {"id": {"in": list(walk.open_ids)}}])


def _placed(conditions: Iterable[Raw]) -> Raw:
    """The filter for what was placed and meets one of these conditions; without any, for all of it."""
    placed: Raw = {"orderPlacedAt": {"isNull": False}}
    alternatives = list(conditions)
    return {"_and": [placed, {"_or": alternatives}]} if alternatives else placed


def _spelt(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _with_precision(record: Raw, answer: Raw) -> Raw:
    """The record with how many decimal places its amounts have, as the shop is set up."""
    precision = answer["globalSettings"]["serverConfig"]["moneyStrategyPrecision"]
    return _settled(record) | {"moneyPrecision": precision}


def _with_settings(record: Raw, answer: Raw) -> Raw:
    """The record with the settings of the shop that it goes by, where these were asked for."""
    settings = answer.get("globalSettings")
    if settings is None:
        return _settled(record)
    return _with_precision(record, answer) | {"shopTracksInventory": settings["trackInventory"]}


def _parent(product: Raw) -> Raw:
    return _settled(product) | {"id": f"{PRODUCT_PREFIX}{product['id']}"}


def _settled(record: Raw) -> Raw:
    """The same with the parts of each list in an order of their own: Vendure sends them in any."""
    return {name: _in_order(value) for name, value in record.items()}


def _in_order(value: Json) -> Json:
    if isinstance(value, dict):
        return _settled(value)
    return sorted(map(_in_order, value), key=_position) if isinstance(value, list) else value


def _position(part: Json) -> tuple[int, str, bytes]:
    name = str(part.get("id", "")) if isinstance(part, dict) else ""
    return len(name), name, encode(part)
