"""Speaks ShipHero's public GraphQL API: https://developer.shiphero.com."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from crossdock.errors import InvalidCredentials, MissingPermission, NotFound, VendorNonsense, VendorRefused
from crossdock.integrations.shiphero.credits import TOO_LARGE, charged, seconds_to_wait, status_of
from crossdock.integrations.shiphero.records import (
    change_with_id,
    connected,
    item_id,
    nodes_of,
    split_item_id,
)
from crossdock.kit import paging
from crossdock.kit.auth.login import session
from crossdock.kit.contract import Account, Call, Context, Json, Page, Raw, Walk, WireRequest
from crossdock.kit.graphql import GraphQL, load_queries
from crossdock.kit.responses import member
from crossdock.kit.rest import RestClient

QUERIES = load_queries(Path(__file__).parent / "queries")
TOKEN_LIFE = timedelta(days=28)
"""How long an access token works. Source: notes.md, "Set up"."""
OVERLAP = timedelta(minutes=5)
"""How much earlier than the last change that was seen a walk begins."""
OPEN_FOR = timedelta(days=180)
"""How long before the window of a first walk returns and purchase orders may have been created."""
MUTATION_COST = 10.0
MOST_PARTS = 1_000
"""How many pages the lines of one record have at most."""
NOT_OF_CUSTOMERS = {"shipment_create", "kit_build"}
"""Mutations that are made for the account that signs in: one must, the other's input has no customer."""


@dataclass(frozen=True)
class _Changes:
    """A list of the API, in the order of a date: its query, which is named as its field, and that date."""

    query: str
    stamp: str
    size: int
    most_of_each: float
    """What one record takes at most, with all that is nested in it."""

    def cost_of(self, size: int) -> float:
        """What a page of this size takes at most."""
        return 1 + size * self.most_of_each


# One credit for each record of a list, nested ones multiplied: notes.md, "Limits".
ORDERS = _Changes("orders", "updated_at", 20, 105)
PRODUCTS = _Changes("products", "updated_at", 100, 4)
STOCK = _Changes("warehouse_products", "updated_at", 20, 125)
PURCHASE_ORDERS = _Changes("purchase_orders", "created_at", 50, 52)
RETURNS = _Changes("returns", "created_at", 50, 4)
INVENTORY_CHANGES = _Changes("inventory_changes", "created_at", 100, 1)


class Client(RestClient):
    """Raw pages out of one account, or out of one customer's of a 3PL."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._customer = context.credentials.get("customer_account_id") or None
        self.customer = {"customer_account_id": self._customer} if self._customer else {}
        auth = session(self._token, form="Bearer {}", keep=context.session, expires=TOKEN_LIFE)
        super().__init__(context.http.signed(auth), context.host("api"))
        self.graphql = GraphQL(
            self.http, self.url("/graphql"), limit="credits", wait=seconds_to_wait, cost=charged,
            status=status_of,
        )  # fmt: skip

    async def _token(self) -> str:
        """A new access token. The refresh token stays as it is."""
        body = {"refresh_token": self._context.credentials["refresh_token"]}
        try:
            answer = await self._context.http.send(
                "POST", self.url("/auth/refresh"), json=body, repeatable=True
            )
        except (VendorRefused, MissingPermission) as refusal:
            raise InvalidCredentials(str(refusal), url=refusal.url, status=refusal.status) from None
        return member(answer.json(), "access_token", str)

    async def check(self) -> Account:
        """The account of the developer user. Its id tells its own records from those of its customers."""
        account = member((await self._query("account"))["account"], "data", dict)
        identifiers = {"account_id": account["id"], "legacy_id": account.get("legacy_id")}
        if self._customer:
            identifiers["customer_account_id"] = self._customer
        name = account.get("username") or account.get("email") or account["id"]
        return Account(str(name), identifiers, {"account_id": account["id"]})

    # Walks

    async def orders(self, walk: Walk) -> AsyncIterator[Page]:
        """The orders that changed, with all of their lines; from time to time also those open with us."""
        async for listed in self._changes(ORDERS, walk, _since(walk)):
            page = await paging.with_details(listed, self._whole_order)
            yield await paging.with_open(page, walk, self.order)

    async def products(self, walk: Walk) -> AsyncIterator[Page]:
        """The products that changed, kits among them."""
        async for page in self._changes(PRODUCTS, walk, _all_since(walk)):
            yield replace(page, records=[await self._item(raw) for raw in page.records])

    async def inventory(self, walk: Walk) -> AsyncIterator[Page]:
        """The items whose stock changed in some warehouse, each with its stock in all of them."""
        async for page in self._changes(STOCK, walk, _all_since(walk)):
            products = [node["product"] for node in page.records if isinstance(node.get("product"), dict)]
            items = [await self._item(raw) for raw in products if _is_stocked(raw)]
            yield replace(page, records=list({raw["id"]: raw for raw in items}.values()))

    async def inventory_ledger(self, walk: Walk) -> AsyncIterator[Page]:
        """The changes of stock on hand. ShipHero names them by nothing, so we do by what they say."""
        async for page in self._changes(INVENTORY_CHANGES, walk, _since(walk)):
            owned = [change_with_id(await self._owned(raw)) for raw in page.records]
            yield replace(page, records=owned)

    async def inbound_shipments(self, walk: Walk) -> AsyncIterator[Page]:
        """The purchase orders that were created, and again those that are open with us."""
        async for listed in self._changes(PURCHASE_ORDERS, walk, _created_since(walk)):
            page = await paging.with_details(listed, self._whole_purchase_order)
            yield await paging.with_open(page, walk, self.inbound_shipment)

    async def returns(self, walk: Walk) -> AsyncIterator[Page]:
        """The returns that were created, and again those that are open with us."""
        async for listed in self._changes(RETURNS, walk, _created_since(walk)):
            page = replace(listed, records=[await self._owned(raw) for raw in listed.records])
            yield await paging.with_open(page, walk, self.return_order)

    def inbound_shipment_suppliers(self, walk: Walk) -> AsyncIterator[Page]:
        return self._all("vendors", walk)

    def warehouse_locations(self, walk: Walk) -> AsyncIterator[Page]:
        return self._all("locations", walk)

    async def bills(self, walk: Walk) -> AsyncIterator[Page]:
        """What a 3PL charges its customers: one record for each category of each bill."""
        async for page in self._all("bills", walk, size=20, most_of_each=51):
            records = [
                {**total, "bill": {name: bill[name] for name in bill if name != "totals"}}
                for bill in page.records
                for total in nodes_of(bill.get("totals"))
            ]
            yield replace(page, records=records)

    async def warehouses(self, walk: Walk) -> AsyncIterator[Page]:  # noqa: ARG002 - they are all asked for
        account = member((await self._query("warehouses"))["account"], "data", dict)
        yield Page(account.get("warehouses") or [])

    async def warehouse_customers(self, walk: Walk) -> AsyncIterator[Page]:
        """The accounts of a 3PL's customers; a brand has none."""

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            variables = {"first": walk.at_most or 100, "after": cursor}
            data = await self._query("warehouse_customers", variables, 1 + variables["first"])
            return connected(member(data["account"], "data", dict).get("customers"))

        async for page in paging.by_cursor(walk, fetch):
            yield page

    def _all(
        self, query: str, walk: Walk, *, size: int = 100, most_of_each: float = 1
    ) -> AsyncIterator[Page]:
        """A list that is read whole each time."""
        first = min(walk.at_most or size, size)

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            data = await self._query(query, {"first": first, "after": cursor}, 1 + first * most_of_each)
            return connected(member(data[query], "data", dict))

        return paging.by_cursor(walk, fetch)

    def _changes(self, changes: _Changes, walk: Walk, since: str | None) -> AsyncIterator[Page]:
        """Pages by date rather than by cursor, as long as the vendor keeps to the order.

        A cursor of ShipHero's is a number of records to skip: when a record that was read changes meanwhile,
        it moves to the end and another one would be skipped. A page that costs more than there ever is, by
        what records may have at most, is made smaller.
        """
        size = min(walk.at_most or changes.size, changes.size)
        until = {"until": _spelt(walk.end)} if walk.end else {}

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            nonlocal size
            here = cursor or {"since": since, "after": None}
            variables = _declared(changes.query, {"customer": self._customer, **until, **here})
            while True:
                try:
                    data = await self._query(
                        changes.query, {**variables, "first": size}, changes.cost_of(size)
                    )
                    break
                except VendorRefused as refusal:
                    if refusal.status != TOO_LARGE or size == 1:
                        raise
                    size = size // 2
            nodes, after = connected(member(data[changes.query], "data", dict))
            return nodes, None if after is None else _onward(here, nodes, changes.stamp, after)

        return paging.by_cursor(walk, fetch, mark=paging.newest(changes.stamp))

    # Single records, exactly as walks show them

    async def order(self, record_id: str) -> Raw:
        return await self._whole_order(await self._one("order", record_id, 102))

    async def inbound_shipment(self, record_id: str) -> Raw:
        return await self._whole_purchase_order(await self._one("purchase_order", record_id, 52))

    async def return_order(self, record_id: str) -> Raw:
        return await self._owned(await self._one("return", record_id, 2))

    async def product(self, record_id: str) -> Raw:
        return await self._by_sku("product", record_id, 12)

    async def inventory_item(self, record_id: str) -> Raw:
        raw = await self._by_sku("stock", record_id, 1_100)
        if not _is_stocked(raw):
            raise NotFound(f"{raw['sku']!r} is a kit without stock of its own", record_id=record_id)
        return raw

    async def _one(self, query: str, record_id: str, cost: float) -> Raw:
        """The record with this id. Raises NotFound."""
        try:
            answer = await self._query(query, {"id": record_id}, cost)
        except VendorRefused as refusal:
            if refusal.status != 404:
                raise
            raise NotFound(f"ShipHero has no {query} {record_id}", record_id=record_id) from refusal
        raw = member(answer, query, dict).get("data")
        if not isinstance(raw, dict):
            raise NotFound(f"ShipHero has no {query} {record_id}", record_id=record_id)
        return raw

    async def _by_sku(self, query: str, record_id: str, cost: float) -> Raw:
        """A product by our id of it. Raises NotFound."""
        account_id, sku = split_item_id(record_id)
        customer = None if account_id == await self._own_account() else account_id
        data = await self._query(query, {"sku": sku, "customer": customer}, cost)
        for raw in nodes_of(data["products"]["data"]):
            if item_id(raw.get("account_id"), raw.get("sku")) == record_id:
                return await self._item(raw)
        raise NotFound(f"ShipHero has no product {sku!r} in account {account_id}", record_id=record_id)

    async def _item(self, raw: Raw) -> Raw:
        """A product under our id: ShipHero names what is stocked, ordered and built by its SKU everywhere."""
        name = item_id(raw.get("account_id"), raw.get("sku"))
        return await self._owned(raw) | {"id": name, "product_id": raw.get("id")}

    async def _whole_order(self, raw: Raw) -> Raw:
        """An order with all of its lines, and of its shipments' lines, as plain lists."""
        lines = await self._parts(raw.get("line_items"), "order_lines", "order", raw.get("id"))
        shipments = raw.get("shipments")
        if isinstance(shipments, list):
            shipments = [await self._whole_shipment(shipment) for shipment in shipments]
        return await self._owned(raw) | {"line_items": lines, "shipments": shipments}

    async def _whole_shipment(self, raw: Raw) -> Raw:
        parts = await self._parts(raw.get("line_items"), "shipment_lines", "shipment", raw.get("id"))
        return raw | {"line_items": parts}

    async def _whole_purchase_order(self, raw: Raw) -> Raw:
        parts = (raw.get("line_items"), "purchase_order_lines", "purchase_order", raw.get("id"))
        return await self._owned(raw) | {"line_items": await self._parts(*parts)}

    async def _parts(self, connection: Json, query: str, root: str, record_id: Json) -> Json:
        """All nodes of a nested list. What is none is left as it is: only its record does not fit."""
        if not isinstance(connection, dict):
            return connection
        parts, after = connected(connection)
        for _ in range(MOST_PARTS):
            if after is None:
                return parts
            data = await self._query(query, {"id": record_id, "after": after}, 102)
            further, after = connected(member(data[root], "data", dict)["line_items"])
            parts = [*parts, *further]
        raise VendorNonsense(f"the lines of {root} {record_id} have no end")

    async def _owned(self, raw: Raw) -> Raw:
        """A record with the customer that it is of: none when it is of the account that signed in."""
        own, account_id = await self._own_account(), raw.get("account_id")
        return raw | {"customer_account_id": None if own in (None, account_id) else account_id}

    async def _own_account(self) -> str | None:
        values = await self._context.session.get()
        account_id: str | None = values.get("account_id")
        return account_id

    # Writes

    async def call(self, call: Call) -> Json:
        """Make a mutation, or ask a query; `path` is its name. What there is none of is null."""
        text, variables = self._filled(call)
        if not call.asks:
            return await self.graphql.mutate(text, variables, cost=MUTATION_COST)
        try:
            return await self.graphql.query(text, variables, cost=102)
        except VendorRefused as refusal:
            if refusal.status != 404:
                raise
            return {call.path: {"data": None}}

    def shown(self, call: Call) -> WireRequest:
        text, variables = self._filled(call)
        headers = {"Content-Type": "application/json"}
        return WireRequest("POST", self.url("/graphql"), headers, {"query": text, "variables": variables})

    def _filled(self, call: Call) -> tuple[str, Json]:
        """The document and the variables of a call, for the customer of this connection if it is of one."""
        variables = dict(call.body)
        if self._customer and call.path not in NOT_OF_CUSTOMERS and "data" in variables:
            variables["data"] = {"customer_account_id": self._customer, **variables["data"]}
        elif self._customer and "$customer" in QUERIES[call.path]:
            variables = {"customer": self._customer, **variables}
        return document(call.path), variables

    async def options(self, name: str) -> list[str]:
        """The ids of warehouses, which is all that writes ask for."""
        if name != "warehouses":
            raise LookupError(name)
        account = member((await self._query("warehouses"))["account"], "data", dict)
        return [str(warehouse["id"]) for warehouse in account.get("warehouses") or []]

    async def _query(self, name: str, variables: Mapping[str, Any] | None = None, cost: float = 2) -> Raw:
        return await self.graphql.query(document(name), variables, cost=cost)


def document(name: str) -> str:
    """A query with the fragments that it spreads, and those that these spread."""
    names = [name]
    for part in names:
        spread = re.findall(r"\.\.\.(\w+)", QUERIES[part])
        names += [fragment for fragment in spread if fragment not in names]
    return "".join(QUERIES[part] for part in names)


def _is_stocked(raw: Raw) -> bool:
    """Check whether a product has stock of its own: all but kits that are put together when they ship."""
    return not raw.get("kit") or bool(raw.get("kit_build"))


def _declared(query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The variables that a query knows."""
    return {name: value for name, value in variables.items() if f"${name}:" in QUERIES[query]}


def _since(walk: Walk) -> str | None:
    """Where changes begin, with an overlap."""
    seen_until = _moment(walk.mark)
    if seen_until:
        return _spelt(seen_until - OVERLAP)
    return _spelt(walk.start) if walk.start else None


def _all_since(walk: Walk) -> str | None:
    """The same where a first walk reads everything, however long it is unchanged: products and stock."""
    return _since(walk) if walk.mark or walk.end else None


def _created_since(walk: Walk) -> str | None:
    """The same for lists by the date of creation: a first walk looks farther back, for what is still open."""
    return _since(walk) if walk.mark or not walk.start else _spelt(walk.start - OPEN_FOR)


def _onward(here: Mapping[str, Any], nodes: list[Raw], stamp: str, after: str) -> Json:
    """Where the next page begins: at the last date of this one, or where that does not lead on at its cursor.

    A second before the last date, since nobody says whether the date itself is included.
    """
    moments = [moment for node in nodes if (moment := _moment(node.get(stamp)))]
    is_in_order = len(moments) == len(nodes) and moments == sorted(moments)
    if is_in_order and moments and moments[-1] - moments[0] > timedelta(seconds=2):
        return {"since": _spelt(moments[-1] - timedelta(seconds=1)), "after": None}
    return {"since": here["since"], "after": after}


def _moment(text: Any) -> datetime | None:
    """The moment that a date of ShipHero's names; they have no zone. None where it is no date."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _spelt(moment: datetime) -> str:
    """A moment as ShipHero writes it."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
