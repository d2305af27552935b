"""Speaks the GraphQL Admin API of Shopify: https://shopify.dev/docs/api/admin-graphql/2026-07."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crossdock.errors import NotFound, RecordHidden, VendorRefused, VendorUnavailable
from crossdock.integrations.shopify.api import ShopApi
from crossdock.integrations.shopify.bulk import PRODUCT, BulkExport, named
from crossdock.kit import paging
from crossdock.kit.auth.base import Auth
from crossdock.kit.auth.declared import declared_auth
from crossdock.kit.auth.fixed import api_key
from crossdock.kit.auth.oauth import OAuthApp, client_credentials
from crossdock.kit.auth.renewed import RenewedAuth, in_header
from crossdock.kit.contract import (
    RECORD_ID,
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

QUERIES = load_queries(Path(__file__).parent / "queries")
VERSION = "2026-07"
HEADER = "X-Shopify-Access-Token"
ORDERS_A_PAGE = 25
TOO_DEAR = "max cost"
"""How Shopify refuses a query that costs more than any may; it costs less with fewer orders."""
MOST_PAGED = 20_000
"""After so many orders a list is begun anew: Shopify's pages reach 25,000 (shopify.dev, "API limits")."""
LISTED = 20
"""How many refunds, transactions and fulfilments of an order come with it; of more, all are asked for."""
FULFILLMENTS_AT_ONCE = 20
OVERLAP = timedelta(minutes=2)
"""How far a walk begins before its mark: searches of Shopify may be behind its records."""
GID = "gid://shopify"
NUMBER = "legacyResourceId"
ITEM = "item-"
"""How notices of stock name a variant: by its inventory item."""

READS = {
    "get_orders": ("read_orders",),
    "get_products": ("read_products", "read_inventory", "read_locations"),
    "get_warehouses": ("read_locations",),
    "create_order_shipment": ("write_merchant_managed_fulfillment_orders",),
    "refund_order": ("write_orders",),
    "adjust_inventory": ("write_inventory",),
    "batch_adjust_inventory": ("write_inventory",),
}
"""The scopes that functions need; one to write holds that to read."""


class Client:
    """Raw pages out of a shop."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._base_url = f"{context.host('shop_url')}/admin/api/{VERSION}"
        self._url = f"{self._base_url}/graphql.json"
        self._http = context.http.signed(_auth(context))
        self.api = ShopApi(GraphQL(self._http, self._url, limit="points"), QUERIES)
        self.credentials: Mapping[str, str] = context.credentials
        self._orders_a_page = ORDERS_A_PAGE

    async def check(self) -> Account:
        """The shop that the token is of."""
        shop = member(await self.api.ask("shop"), "shop", dict)
        return Account(str(shop["name"]), {"shop_id": shop["id"], "domain": shop["myshopifyDomain"]})

    async def probe(self, function: str) -> Permission:
        """Judge by the scopes that were granted now: no record is read."""
        data = await self.api.ask("shop")
        granted = scopes_of(data)
        missing = [scope for scope in READS.get(function, ()) if not is_granted(scope, granted)]
        if missing:
            return Permission("denied", f"the scope {missing[0]} was not granted")
        return Permission("allowed" if function in READS else "unknown")

    # Walks

    async def orders(self, walk: Walk) -> AsyncIterator[Page]:
        """The orders that changed, oldest change first; then those that are open with us, at times.

        A change of a fulfilment order, such as a hold, moves the date of its order not for certain.
        """

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            since, after, passed = cursor or (None, None, 0)
            listed = await self._listed_orders(walk, since, after)
            records = [await self._whole(order) for order in member(listed, "nodes", list)]
            if not listed["pageInfo"]["hasNextPage"]:
                return records, None
            passed, last = passed + len(records), records[-1]["updatedAt"]
            # Where all have one date, a list from that date on would begin with the same page.
            if passed >= MOST_PAGED and records[0]["updatedAt"] != last:
                return records, [last, None, 0]
            return records, [since, listed["pageInfo"]["endCursor"], passed]

        async for page in paging.by_cursor(walk, fetch, mark=paging.newest("updatedAt"), key=NUMBER):
            yield await paging.with_open(page, walk, self.order)

    async def _listed_orders(self, walk: Walk, since: str | None, after: str | None) -> Raw:
        """A page of orders, of fewer where so many cost too much. since: in place of the walk's beginning."""
        first = self._orders_a_page if walk.at_most is None else min(walk.at_most, self._orders_a_page)
        condition = _changed(walk, since)
        try:
            data = await self.api.ask("orders", partial=True, first=first, after=after, query=condition)
        except VendorRefused as refusal:
            if TOO_DEAR not in str(refusal) or first == 1:
                raise
            self._orders_a_page = first // 2
            return await self._listed_orders(walk, since, after)
        return member(data, "orders", dict)

    def products(self, walk: Walk) -> AsyncIterator[Page]:
        """All products and variants, in a file that Shopify prepares."""
        if walk.at_most is not None:
            return self._first_variant()
        return BulkExport(self.api, self._context.http, QUERIES["all_variants"]).pages(walk)

    async def _first_variant(self) -> AsyncIterator[Page]:
        nodes = (await self.api.ask("first_variant"))["productVariants"]["nodes"]
        yield Page([await self.product(_number(node["id"])) for node in nodes], key=RECORD_ID)

    def warehouses(self, walk: Walk) -> AsyncIterator[Page]:
        """All locations."""

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            listed = (await self.api.ask("locations", after=cursor))["locations"]
            info = listed["pageInfo"]
            return member(listed, "nodes", list), info["endCursor"] if info["hasNextPage"] else None

        return paging.by_cursor(walk, fetch, key=NUMBER)

    # Single records, exactly as walks show them

    async def order(self, record_id: str) -> Raw:
        data = await self.api.ask("order", partial=True, id=f"{GID}/Order/{record_id}")
        if data.get("order") is None:
            raise await self._missing_order(record_id)
        return await self._whole(member(data, "order", dict))

    async def _missing_order(self, record_id: str) -> NotFound:
        """The error that an order is which Shopify does not show.

        Of those that are older than the oldest that it shows nobody knows whether they are there: without
        `read_all_orders` apps see the last 60 days (shopify.dev, "Access scopes").
        """
        data = await self.api.ask("oldest_order")
        sees_all = "read_all_orders" in scopes_of(data)
        oldest = min((int(node[NUMBER]) for node in data["orders"]["nodes"]), default=None)
        if sees_all or (oldest is not None and int(record_id) >= oldest):
            return NotFound(f"there is no order {record_id}", record_id=record_id)
        return RecordHidden(f"the app may not see the order {record_id}", record_id=record_id)

    async def product(self, record_id: str) -> Raw:
        """A product, or a variant, which may be named by its inventory item."""
        if record_id.startswith(PRODUCT):
            data = await self.api.ask("product", id=f"{GID}/Product/{record_id.removeprefix(PRODUCT)}")
            return named(_there(data["product"], record_id))
        if record_id.startswith(ITEM):
            item_id = f"{GID}/InventoryItem/{record_id.removeprefix(ITEM)}"
            item = _there((await self.api.ask("item_variant", id=item_id))["inventoryItem"], record_id)
            nodes = (item["variants"] or {}).get("nodes") or [None]
            return await self.product(_number(_there(nodes[0], record_id)["id"]))
        data = await self.api.ask("variant", id=f"{GID}/ProductVariant/{record_id}")
        variant = _there(data["productVariant"], record_id)
        item = variant["inventoryItem"]
        item["inventoryLevels"] = await self._all(item["inventoryLevels"], "levels", item["id"])
        return named(variant)

    async def _whole(self, order: Raw) -> Raw:
        """An order with all of its parts, which come page by page where there are many."""
        order |= await self._all_listed(order)
        if isinstance(order.get("lineItems"), dict):
            order["lineItems"] = await self._all(order["lineItems"], "order_lines", order["id"])
        for fulfillment in order.get("fulfillments") or []:
            lines = fulfillment.get("fulfillmentLineItems")
            if isinstance(lines, dict):
                fulfillment["fulfillmentLineItems"] = await self._all(lines, "sent_lines", fulfillment["id"])
        return order

    async def _all_listed(self, order: Raw) -> Raw:
        """The lists of an order that may go on where they were cut: these have no pages."""
        names = ("fulfillments", "refunds", "transactions")
        if all(len(order.get(name) or ()) < LISTED for name in names):
            return {}
        data = await self.api.ask("order_lists", partial=True, id=order["id"])
        lists = member(data, "order", dict)
        ids = [entry["id"] for entry in lists.pop("fulfillments", ())]
        fulfillments: list[Raw] = []
        for begin in range(0, len(ids), FULFILLMENTS_AT_ONCE):
            at_once = ids[begin : begin + FULFILLMENTS_AT_ONCE]
            data = await self.api.ask("fulfillments", ids=at_once)
            fulfillments += filter(None, member(data, "nodes", list))
        return {**lists, "fulfillments": fulfillments} if ids else lists

    async def _all(self, listed: Raw, query: str, holder_id: str) -> list[Raw]:
        """All nodes of a list within a record. query: asks for its further pages."""
        nodes = list(member(listed, "nodes", list))
        while listed["pageInfo"]["hasNextPage"]:
            data = await self.api.ask(query, id=holder_id, after=listed["pageInfo"]["endCursor"])
            [holder] = data.values()
            if holder is None:
                raise VendorUnavailable(f"{holder_id} went while it was read")
            [listed] = holder.values()
            nodes += listed["nodes"]
        return nodes

    async def options(self, name: str) -> list[str]:
        """The ids of active locations, which is all that writes ask for."""
        if name != "warehouses":
            raise LookupError(name)
        listed = (await self.api.ask("location_ids", after=None))["locations"]
        nodes = await self._pages_of_locations(listed)
        return [str(node["legacyResourceId"]) for node in nodes]

    async def _pages_of_locations(self, listed: Raw) -> list[Raw]:
        nodes = list(listed["nodes"])
        while listed["pageInfo"]["hasNextPage"]:
            listed = (await self.api.ask("location_ids", after=listed["pageInfo"]["endCursor"]))["locations"]
            nodes += listed["nodes"]
        return nodes

    # What writes, dry runs and callers' own calls need

    async def call(self, call: Call) -> Json:
        """Carry out a step of a write: `path` names a query, `body` has its variables."""
        if call.asks:
            return await self.api.ask(call.path, **call.body)
        return await self.api.change(call.path, **call.body)

    def shown(self, call: Call) -> WireRequest:
        body = {"query": self.api.text(call.path), "variables": call.body}
        return WireRequest("POST", self._url, {"Content-Type": "application/json"}, body)

    async def passthrough(self, call: PassthroughCall) -> Response:
        """Shopify's answer to a caller's own call, "/graphql.json", whatever it is."""
        return await self._http.pass_on(
            call.method, f"{self._base_url}{call.path}", params=call.params, headers=call.headers,
            body=call.body,
        )  # fmt: skip


def webhook_secret(credentials: Mapping[str, str]) -> str:
    """The secret of the app, with which Shopify signs its webhooks; "" where nobody filled it in."""
    # The operator's app may stand among the credentials of every connection, so the way decides.
    names = {"token": "api_secret", "app": "app_client_secret", "oauth": "client_secret"}
    return credentials.get(names[credentials.get("sign_in", "token")], "")


def _auth(context: Context) -> Auth:
    """The sign-in of the way that was chosen."""
    credentials = context.credentials
    if context.auth.scheme == "api_key":
        return api_key(credentials["access_token"], HEADER)
    if context.auth.scheme == "oauth_code":
        return declared_auth(context)
    # An app of the shop's own organization has id and secret of its own, besides those of the operator's.
    url = context.address("{shop_url}/admin/oauth/access_token")
    app = OAuthApp(url, credentials["app_client_id"], credentials["app_client_secret"], "body")
    return RenewedAuth(
        obtain=client_credentials(context.http, app),
        session=context.session,
        insert=in_header(HEADER, "{}"),
    )


def scopes_of(data: Raw) -> set[str]:
    """The scopes that the app has in this shop."""
    return {scope["handle"] for scope in data["currentAppInstallation"]["accessScopes"]}


def _changed(walk: Walk, later: str | None) -> str | None:
    """The condition of a walk, in Shopify's language of searches. later: where it has come already."""
    since = datetime.fromisoformat(walk.mark) - OVERLAP if walk.mark else walk.start
    since = datetime.fromisoformat(later) if later else since
    parts = [f"updated_at:>='{_moment(since)}'"] if since else []
    if walk.end:
        parts.append(f"updated_at:<='{_moment(walk.end)}'")
    return " AND ".join(parts) or None


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def is_granted(scope: str, granted: set[str]) -> bool:
    """Check whether a scope was granted: who may write may read; orders may be sent for any of three."""
    if scope == "write_merchant_managed_fulfillment_orders":
        kinds = ("merchant_managed", "assigned", "third_party")
        return any(f"write_{kind}_fulfillment_orders" in granted for kind in kinds)
    return scope in granted or scope.replace("read_", "write_", 1) in granted


def _there(record: Raw | None, record_id: str) -> Raw:
    if record is None:
        raise NotFound(f"there is no product {record_id}", record_id=record_id)
    return record


def _number(gid: str) -> str:
    """The number at the end of Shopify's id."""
    return gid.rpartition("/")[2]
