"""Speaks ShipHero's public GraphQL API: https://developer.shiphero.com."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from crossdock.errors import InvalidCredentials, MissingPermission, NotFound, VendorNonsense, VendorRefused
from crossdock.integrations.shiphero.credits import TOO_LARGE, charged, seconds_to_wait, status_of
from crossdock.integrations.shiphero.lists import (
    INVENTORY_CHANGES,
    ORDERS,
    PRODUCTS,
    PURCHASE_ORDERS,
    RETURNS,
    STOCK,
    Ask,
    ChangeList,
    all_since,
    at_beginning,
    created_since,
    is_beginning,
    next_page,
    since,
    spelt,
)
from crossdock.integrations.shiphero.records import (
    change_with_id,
    connected,
    item_id,
    nodes_of,
    of_account,
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
MUTATION_COST = 10.0
MOST_PARTS = 1_000
"""How many pages the lines of one record have at most."""
NOT_OF_CUSTOMERS = {"shipment_create", "kit_build"}
"""Mutations that are made for the account that signs in: one must, the other's input has no customer."""


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
        async for listed in self._changes(ORDERS, walk, since(walk)):
            page = await paging.with_details(listed, self._whole_order)
            yield await paging.with_open(page, walk, self.order)

    async def products(self, walk: Walk) -> AsyncIterator[Page]:
        """The products that changed, kits among them."""
        async for page in self._changes(PRODUCTS, walk, all_since(walk)):
            yield replace(page, records=[await self._item(raw) for raw in page.records])

    async def inventory(self, walk: Walk) -> AsyncIterator[Page]:
        """The items whose stock changed in some warehouse, each with its stock in all of them.

        What has become a kit without stock of its own is an item no more.
        """
        async for page in self._changes(STOCK, walk, all_since(walk)):
            products = [node["product"] for node in page.records if isinstance(node.get("product"), dict)]
            items = {raw["id"]: raw for raw in [await self._item(raw) for raw in products]}
            gone = tuple(name for name, raw in items.items() if name and not _is_stocked(raw))
            records = [raw for raw in items.values() if _is_stocked(raw)]
            yield replace(page, records=records, deleted=(*page.deleted, *gone))

    async def inventory_ledger(self, walk: Walk) -> AsyncIterator[Page]:
        """The changes of stock on hand. ShipHero names them by nothing, so we do by what they say.

        Of several that say the same, the second ends with `-2`: they are counted from where the list is read
        by date, which is where a walk that was cut off goes on.
        """
        seen: Counter[str] = Counter()
        walk = replace(walk, cursor=at_beginning(walk.cursor))
        async for page in self._changes(INVENTORY_CHANGES, walk, since(walk)):
            owned = [change_with_id(await self._owned(raw), seen) for raw in page.records]
            if page.cursor is not None and is_beginning(page.cursor["at"]):
                seen.clear()
            yield replace(page, records=owned)

    async def inbound_shipments(self, walk: Walk) -> AsyncIterator[Page]:
        """The purchase orders that were created, and again those that are open with us."""
        async for listed in self._changes(PURCHASE_ORDERS, walk, created_since(walk)):
            page = await paging.with_details(listed, self._whole_purchase_order)
            yield await paging.with_open(page, walk, self.inbound_shipment)

    async def returns(self, walk: Walk) -> AsyncIterator[Page]:
        """The returns that were created, and again those that are open with us."""
        async for listed in self._changes(RETURNS, walk, created_since(walk)):
            page = replace(listed, records=[await self._owned(raw) for raw in listed.records])
            yield await paging.with_open(page, walk, self.return_order)

    async def inbound_shipment_suppliers(self, walk: Walk) -> AsyncIterator[Page]:
        async for page in self._all("vendors", walk):
            yield replace(page, records=[raw for raw in page.records if self._is_ours(raw.get("account_id"))])

    def warehouse_locations(self, walk: Walk) -> AsyncIterator[Page]:
        return self._all("locations", walk)

    async def bills(self, walk: Walk) -> AsyncIterator[Page]:
        """What a 3PL charges its customers: one record for each category of each bill."""
        if self._customer:
            raise MissingPermission("ShipHero does not say whose a bill is: connect the 3PL itself")
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

        async def ask(variables: Mapping[str, Any], first: int) -> Json:
            known = {"first": first, "after": variables["after"]}
            data = await self._query("warehouse_customers", known, 1 + first)
            return member(data["account"], "data", dict).get("customers")

        async for page in self._listed(ask, walk, walk.at_most or 100):
            yield replace(page, records=[raw for raw in page.records if self._is_ours(raw.get("id"))])

    def _all(
        self, query: str, walk: Walk, *, size: int = 100, most_of_each: float = 1
    ) -> AsyncIterator[Page]:
        """A list that is read whole each time."""

        async def ask(variables: Mapping[str, Any], first: int) -> Json:
            data = await self._query(
                query, {"first": first, "after": variables["after"]}, 1 + first * most_of_each
            )
            return member(data[query], "data", dict)

        return self._listed(ask, walk, min(walk.at_most or size, size))

    def _listed(self, ask: Ask, walk: Walk, size: int) -> AsyncIterator[Page]:
        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            return await next_page(ask, cursor, size)

        return paging.by_cursor(walk, fetch)

    async def _changes(self, changes: ChangeList, walk: Walk, begin: str | None) -> AsyncIterator[Page]:
        """Pages by date rather than by cursor, as long as the vendor keeps to the order.

        A page that costs more than there ever is, by what records may have at most, is made smaller.
        """
        size = min(walk.at_most or changes.size, changes.size)
        window = {"customer": self._customer, **({"until": spelt(walk.end)} if walk.end else {})}

        async def ask(variables: Mapping[str, Any], first: int) -> Json:
            known = _declared(changes.query, {**window, **variables, "first": first})
            data = await self._query(changes.query, known, changes.cost_of(first))
            return member(data[changes.query], "data", dict)

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            nonlocal size
            here = cursor or {"since": begin, "after": None}
            while True:
                try:
                    return await next_page(ask, here, size, changes.stamp)
                except VendorRefused as refusal:
                    if refusal.status != TOO_LARGE or size == 1:
                        raise
                    size = size // 2

        async for page in paging.by_cursor(walk, fetch, mark=paging.newest(changes.stamp)):
            shown = [raw for raw in page.records if self._is_ours(changes.owner_of(raw), changes.query)]
            yield replace(page, records=shown)

    def _is_ours(self, account_id: Any, query: str | None = None) -> bool:
        """Check whether a record may be shown: a connection of one customer has nothing of the others.

        query: what it was asked by; one that names the customer may leave out whose it is.
        """
        is_asked_for = query is not None and "$customer" in QUERIES[query]
        return self._customer in (None, account_id) or (is_asked_for and account_id is None)

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
        if not isinstance(raw, dict) or self._customer not in (None, raw.get("account_id", self._customer)):
            raise NotFound(f"ShipHero has no {query} {record_id}", record_id=record_id)
        return raw

    async def _by_sku(self, query: str, record_id: str, cost: float) -> Raw:
        """A product by our id of it, among those of this SKU: customers may all have it. Raises NotFound."""
        account_id, sku = split_item_id(record_id)
        customer = None if account_id == await self._own_account() else account_id
        after = None
        for _ in range(MOST_PARTS if self._is_ours(account_id) else 0):
            here: dict[str, Any] = {"after": after} if after else {}
            data = await self._query(query, {"sku": sku, "customer": customer, **here}, cost)
            nodes, after = connected(data["products"]["data"])
            for raw in nodes:
                if item_id(raw.get("account_id"), raw.get("sku")) == record_id:
                    return await self._item(raw)
            if after is None:
                break
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
            answer = await self.graphql.query(text, variables, cost=102)
        except VendorRefused as refusal:
            if refusal.status != 404:
                raise
            return {call.path: {"data": None}}
        wanted = self._customer or variables.get("customer")
        if wanted is None and "$customer" in text:
            wanted = await self._own_account()
        return {name: of_account(root, wanted) for name, root in answer.items()}

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
