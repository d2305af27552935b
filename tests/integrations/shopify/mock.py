"""A Shopify that is made up, on Shopify's own schema: pages, points, bulk operations, idempotency keys."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

import graphql

from crossdock.integrations.shopify import inbound
from tests.conftest import needs_shared
from tests.integrations.shopify.state import Record, ShopState, bag, cut, gid, listed
from tests.mock_vendors.consent import CLIENT_SECRET, ConsentPages
from tests.mock_vendors.graphql_vendor import GraphQlMock, MockError, Resolver, connection, load_schema
from tests.mock_vendors.orders import OrderMock, SampleOrder, SampleWrite
from tests.mock_vendors.throttles import TokenBucket
from tests.mock_vendors.vendor import MockAnswer, MockCall

TOKEN = "shpat_mock"
SCOPES = ("read_orders", "write_orders", "read_products", "write_inventory", "read_locations",
          "write_merchant_managed_fulfillment_orders")  # fmt: skip
ALL_SCOPES = (
    "read_orders", "write_orders", "read_products", "read_inventory", "write_inventory", "read_locations",
    *(f"{right}_{kind}_fulfillment_orders" for right in ("read", "write")
      for kind in ("merchant_managed", "assigned", "third_party")),
)  # fmt: skip
"""Those of Shopify's that an app may ask for here. Source: shopify.dev, "Shopify API access scopes"."""
CONDITION = re.compile(r"updated_at:(>=|<=)'([^']+)'")
MOST_COST = 1000
"""Of a query. Source: shopify.dev, "GraphQL Admin API rate limits"."""


class Mock(GraphQlMock, OrderMock):
    """One shop."""

    integration: ClassVar[tuple[str, str]] = ("cart", "shopify")
    orders_path: ClassVar[str] = "orders"
    write: ClassVar[SampleWrite | None] = SampleWrite(
        "POST",
        "/cart/orders/{id}/shipments",
        {"tracking_number": "T-1", "tracking_url": "https://track.example/T-1", "carrier_name": "DHL"},
        vendor_path="fulfillmentCreate",
        count="made",
    )

    def __init__(self) -> None:
        super().__init__()
        self.shop = ShopState()
        self.bucket = TokenBucket(2000, 100)
        self.throttles = [self.bucket]
        self.bulk: list[Record] = []
        self.polls_until_done = 1
        self.is_busy = False
        self.subscriptions: dict[str, Record] = {}
        self.by_key: dict[str, Record] = {}
        self.key: str | None = None
        self.pages: ConsentPages = ConsentPages(
            "/admin/oauth/authorize",
            "/admin/oauth/access_token",
            ALL_SCOPES,
            separator=",",
            has_pkce=False,
            token_wanted={"expiring": "1"},
            granted={"scope": ",".join(SCOPES), "refresh_token_expires_in": 7_776_000},
            sent_back=_signed_back,
            has_grace=True,
        )
        self._is_expired = False
        self._denied: set[str] = set()
        self._words: dict[str, str] = {}
        self._spoilt: set[str] = set()
        self.hidden: set[str] = set()
        """Orders that are older than an app may see without `read_all_orders`."""
        self.refund_status = "SUCCESS"
        """What becomes of the transactions of refunds."""
        self.most_paged = 25_000
        """Records of a list that pages reach. Source: shopify.dev, "Shopify API limits"."""
        self.most_orders = 250
        """Orders of a page that cost no more than a query may."""

    @property
    def made(self) -> int:
        return self.shop.made

    # How it speaks

    def schema_file(self) -> Path:
        return needs_shared("vendor-specs", "shopify", "admin-2026-07.nodesc.graphql")

    def hosts(self) -> dict[str, dict[str, str]]:
        return {"": {"shop_url": self.url}}

    def credentials(self) -> dict[str, str]:
        return {"shop": "harbour.myshopify.com", "access_token": TOKEN, "api_secret": "hush"}

    def is_signed_in(self, call: MockCall) -> bool:
        token = call.headers.get("x-shopify-access-token", "")
        return not self._is_expired and (token == TOKEN or self.pages.takes(token))

    def is_open(self, call: MockCall) -> bool:
        return call.path.startswith("/exports/")

    def unauthorized(self, _call: MockCall) -> MockAnswer:
        message = "[API] Invalid API key or access token (unrecognized login or wrong password)"
        return MockAnswer(401, {"errors": message})

    def cost(self, call: MockCall) -> float:
        """A mutation costs 10; of a query the pages that it asks for, as far as a test can tell."""
        return min(MOST_COST, 10 + 5 * call.body.count(b"first:"))

    def too_many(self, call: MockCall, seconds: float) -> MockAnswer:
        error = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
        return MockAnswer(body={"errors": [error], "extensions": self.extensions(call)})

    def extensions(self, _call: MockCall) -> dict[str, Any]:
        status = {
            "maximumAvailable": self.bucket.capacity, "restoreRate": self.bucket.per_second,
            "currentlyAvailable": int(self.bucket.available(self.clock())),
        }  # fmt: skip
        cost = self.cost(_call)
        return {"cost": {"requestedQueryCost": cost, "actualQueryCost": cost, "throttleStatus": status}}

    async def handle(self, call: MockCall) -> MockAnswer:
        if call.path.startswith("/exports/"):
            return self._export(call)
        if call.path != "/admin/api/2026-07/graphql.json":
            return MockAnswer(404, {"errors": "Not Found"})
        self.key = (call.json().get("variables") or {}).get("key")
        answer = await super().handle(call)
        self._spoil(answer.body)
        return answer

    def _spoil(self, value: Any) -> None:
        """Words and gaps that the schema does not allow."""
        if isinstance(value, list):
            for part in value:
                self._spoil(part)
        elif isinstance(value, dict):
            number = value.get("legacyResourceId")
            if number in self._words and "displayFulfillmentStatus" in value:
                value["displayFulfillmentStatus"] = self._words[number]
            if number in self._spoilt and "lineItems" in value:
                del value["lineItems"]
            for part in value.values():
                self._spoil(part)

    # What it resolves

    def root(self) -> Mapping[str, Resolver]:
        shop = {"id": gid("Shop", 1), "name": "Harbour Shop", "myshopifyDomain": "harbour.myshopify.com",
                "currencyCode": "USD"}  # fmt: skip
        scopes = [{"handle": scope} for scope in SCOPES if scope not in self._denied]
        return {
            "shop": lambda: shop,
            "currentAppInstallation": lambda: {"accessScopes": scopes},
            "orders": self._orders,
            "order": lambda id: self._visible().get(_number(id)),
            "fulfillment": self._fulfillment,
            "fulfillmentOrder": self._fulfillment_order,
            "productVariants": listed(self.shop.variants),
            "productVariant": self._variant,
            "product": lambda id: self.shop.product if _number(id) == "301" else None,
            "inventoryItem": self._item,
            "nodes": lambda ids: [self._node(name) for name in ids],
            "locations": listed(lambda: [self.shop.location]),
            "bulkOperationRunQuery": self._run_bulk,
            "bulkOperation": self._bulk_state,
            "fulfillmentCreate": self._fulfill,
            "refundCreate": self._refund,
            "inventorySetQuantities": self._set,
            "inventoryAdjustQuantities": self._adjust,
            "webhookSubscriptions": self._subscriptions,
            "webhookSubscriptionCreate": self._subscribe,
            "webhookSubscriptionDelete": self._unsubscribe,
        }

    def _orders(self, first: int, after: str | None = None, query: str | None = None, **_: Any) -> Record:
        if "read_orders" in self._denied:
            message = "Access denied for orders field. Required access: `read_orders` access scope."
            raise MockError(message, "ACCESS_DENIED")
        bounds = CONDITION.findall(query or "")
        if query and " AND ".join(f"updated_at:{sign}'{moment}'" for sign, moment in bounds) != query:
            self.violations.append(f"orders: {query} is no search that the mock knows")
        if first > self.most_orders:
            message = (
                f"Query cost is {20 * first}, which exceeds the single query max cost limit ({MOST_COST})."
            )
            raise MockError(message, "MAX_COST_EXCEEDED")
        orders = sorted(self._visible().values(), key=lambda order: (order["updatedAt"], order["id"]))
        listed = [order for order in orders if _is_within(order["updatedAt"], bounds)]
        page = connection(listed, first, after)
        if page["nodes"] and listed.index(page["nodes"][-1]) >= self.most_paged:
            raise MockError(f"pagination is limited to {self.most_paged} records", "BAD_REQUEST")
        return page

    def _visible(self) -> dict[str, Record]:
        return {number: order for number, order in self.shop.orders.items() if number not in self.hidden}

    def _variant(self, id: str) -> Record | None:
        number = _number(id)
        return self.shop.variant(number) if number in self.shop.stock else None

    def _item(self, id: str) -> Record | None:
        variant = self._variant(gid("ProductVariant", int(_number(id)) - 100))
        return variant and variant["inventoryItem"]

    def _node(self, name: str) -> Record | None:
        if "/ProductVariant/" in name:
            return self._variant(name)
        parts = (part for order in self.shop.orders.values() for part in (*order["items"], *order["sent"]))
        return next((part for part in parts if part["id"] == name), None)

    def _fulfillment(self, id: str) -> Record | None:
        sent = (entry for order in self.shop.orders.values() for entry in order["sent"])
        return next((entry for entry in sent if entry["id"] == id), None)

    def _fulfillment_order(self, id: str) -> Record:
        [entry] = self.shop.orders[_number(id)]["fulfillmentOrders"]()["nodes"]
        found: Record = entry
        return found

    # Writes

    def _fulfill(self, fulfillment: Record, **_: Any) -> Record:
        [part] = fulfillment["lineItemsByFulfillmentOrder"]
        order = self.shop.orders[_number(part["fulfillmentOrderId"])]
        lines = {_number(line["id"]): line for line in order["items"]}
        sent = []
        for wanted in part["fulfillmentOrderLineItems"]:
            line = lines[_number(wanted["id"])]
            if wanted["quantity"] > line["left"]:
                error = {
                    "field": ["fulfillment"],
                    "message": "Invalid quantity requested.",
                }
                return {"fulfillment": None, "userErrors": [error]}
            line["left"] -= wanted["quantity"]
            sent.append({"id": gid("FulfillmentLineItem", next(self.shop.serial)), "lineItem": line,
                         "quantity": wanted["quantity"]})  # fmt: skip
        number, now = str(next(self.shop.serial)), self._now()
        tracking = {name: fulfillment["trackingInfo"].get(name) for name in ("company", "number", "url")}
        made = {
            "__typename": "Fulfillment", "id": gid("Fulfillment", number), "legacyResourceId": number,
            "status": "SUCCESS", "displayStatus": "FULFILLED", "createdAt": now, "updatedAt": now,
            "location": self.shop.location,
            "trackingInfo": cut([tracking]), "fulfillmentLineItems": listed(lambda: sent),
        }  # fmt: skip
        order["sent"].append(made)
        is_all = not any(line["left"] for line in order["items"])
        status = "FULFILLED" if is_all else "PARTIALLY_FULFILLED"
        order |= {"displayFulfillmentStatus": status, "updatedAt": now}
        self.shop.made += 1
        return {"fulfillment": made, "userErrors": []}

    def _once(self) -> Record | None:
        """What the same key was answered with before."""
        if not self.key:
            raise MockError("The @idempotent directive is required for this mutation", "BAD_REQUEST")
        return self.by_key.get(self.key)

    def _refund(self, input: Record) -> Record:
        if earlier := self._once():
            return earlier
        order = self.shop.orders[_number(input["orderId"])]
        amount = sum(float(entry["amount"]) for entry in input.get("transactions") or ())
        number, now = str(next(self.shop.serial)), self._now()
        parts = [
            {"status": self.refund_status, "amountSet": bag(entry["amount"])}
            for entry in input.get("transactions") or ()
        ]
        done = amount if self.refund_status == "SUCCESS" else 0.0
        refund = {"id": gid("Refund", number), "legacyResourceId": number, "createdAt": now,
                  "note": (input.get("note") or "").strip(), "transactions": listed(lambda: parts),
                  "totalRefundedSet": bag(f"{done:.2f}")}  # fmt: skip
        order["given_back"].append(refund)
        for entry in input.get("transactions") or ():
            order["paid"].append({
                "id": gid("OrderTransaction", next(self.shop.serial)), "kind": "REFUND",
                "status": self.refund_status, "gateway": entry["gateway"], "createdAt": now,
                "amountSet": bag(entry["amount"]),
                "parentTransaction": {"id": entry["parentId"]},
            })  # fmt: skip
        for returned in input.get("refundLineItems") or ():
            line = self._node(returned["lineItemId"])
            assert line is not None
            line["refundableQuantity"] -= returned["quantity"]
        total = float(order["totalRefundedSet"]["shopMoney"]["amount"]) + amount
        order |= {"totalRefundedSet": bag(f"{total:.2f}"), "updatedAt": now}
        order["displayFinancialStatus"] = "PARTIALLY_REFUNDED"
        return self._kept({"refund": refund, "userErrors": []})

    def _set(self, input: Record) -> Record:
        if earlier := self._once():
            return earlier
        for entry in input["quantities"]:
            number = str(int(_number(entry["inventoryItemId"])) - 100)
            if entry["changeFromQuantity"] not in (None, self.shop.stock[number]):
                error = {"code": "CHANGE_FROM_QUANTITY_STALE", "field": ["input", "quantities", "0"],
                         "message": "The quantity was changed meanwhile"}  # fmt: skip
                return self._kept({"inventoryAdjustmentGroup": None, "userErrors": [error]})
        for entry in input["quantities"]:
            self.shop.stock[str(int(_number(entry["inventoryItemId"])) - 100)] = entry["quantity"]
        return self._kept({"inventoryAdjustmentGroup": None, "userErrors": []})

    def _adjust(self, input: Record) -> Record:
        if earlier := self._once():
            return earlier
        for entry in input["changes"]:
            if "changeFromQuantity" not in entry:
                raise MockError("changeFromQuantity is required, if only as null", "BAD_REQUEST")
            self.shop.stock[str(int(_number(entry["inventoryItemId"])) - 100)] += entry["delta"]
        return self._kept({"inventoryAdjustmentGroup": None, "userErrors": []})

    def _kept(self, answer: Record) -> Record:
        self.by_key[self.key or ""] = answer
        return answer

    # Bulk operations

    def _run_bulk(self, query: str, **_: Any) -> Record:
        document = graphql.parse(query)
        self.violations += [
            fault.message for fault in graphql.validate(load_schema(self.schema_file()), document)
        ]
        if self.is_busy:
            error = {
                "code": "OPERATION_IN_PROGRESS",
                "field": None,
                "message": "A bulk query operation is running",
            }
            return {"bulkOperation": None, "userErrors": [error]}
        operation = {
            "id": gid("BulkOperation", len(self.bulk)), "status": "CREATED", "errorCode": None,
            "objectCount": "0", "url": None, "polls": self.polls_until_done, "query": document,
        }  # fmt: skip
        self.bulk.append(operation)
        return {"bulkOperation": operation, "userErrors": []}

    def _bulk_state(self, id: str) -> Record | None:
        number = int(_number(id))
        if number >= len(self.bulk):
            return None
        operation = self.bulk[number]
        operation["polls"] -= 1
        if operation["polls"] < 0 and operation["status"] in ("CREATED", "RUNNING"):
            self.finish_export(number)
        elif operation["status"] == "CREATED":
            operation["status"] = "RUNNING"
        return operation

    def finish_export(self, number: int = -1) -> None:
        """Write the file of an operation, as everything is now."""
        content, operation = self.exported(number), self.bulk[number]
        url = f"{self.url}/exports/{_number(operation['id'])}?signature=s3cret"
        operation |= {"status": "COMPLETED", "url": url, "content": content}
        operation["objectCount"] = str(content.count(b"\n"))

    def _export(self, call: MockCall) -> MockAnswer:
        """A part of a file. No token may come along: it lies on a host of somebody else."""
        if "x-shopify-access-token" in call.headers or call.query.get("signature") != "s3cret":
            self.violations.append("a file was asked for with a token, or not as it was signed")
        content = self.bulk[int(_number(call.path))]["content"]
        begin, last = re.fullmatch(r"bytes=(\d+)-(\d+)", call.headers["range"]).groups()  # type: ignore[union-attr]
        part = content[int(begin) : int(last) + 1]
        headers = {"Content-Range": f"bytes {begin}-{int(begin) + len(part) - 1}/{len(content)}"}
        return MockAnswer(206, part, headers, kind="application/jsonl")

    def exported(self, number: int) -> bytes:
        root = {"productVariants": lambda _info, **_: connection(self.shop.variants(), most=10_000)}
        result = graphql.execute_sync(
            load_schema(self.schema_file()), self.bulk[number]["query"], root, field_resolver=_member
        )
        assert not result.errors, result.errors
        lines: list[Record] = []
        for edge in (result.data or {})["productVariants"]["edges"]:
            node = edge["node"]
            levels = node["inventoryItem"].pop("inventoryLevels")["edges"]
            lines += [node, *({**level["node"], "__parentId": node["id"]} for level in levels)]
        return b"".join(json.dumps(line).encode() + b"\n" for line in lines)

    # Webhooks

    def _subscriptions(self, uri: str, **_: Any) -> Record:
        nodes = [entry for entry in self.subscriptions.values() if entry["uri"] == uri]
        return connection(nodes)

    def _subscribe(self, topic: str, webhookSubscription: Record) -> Record:
        needed = next((scope for scope, topics in inbound.TOPICS.items() if topic in topics), None)
        if needed in self._denied:
            error = {"field": ["topic"], "message": f"The app lacks {needed}"}
            return {"webhookSubscription": None, "userErrors": [error]}
        name = gid("WebhookSubscription", next(self.shop.serial))
        self.subscriptions[name] = {"id": name, "topic": topic, "uri": webhookSubscription["uri"]}
        return {"webhookSubscription": self.subscriptions[name], "userErrors": []}

    def _unsubscribe(self, id: str) -> Record:
        self.subscriptions.pop(id, None)
        return {"deletedWebhookSubscriptionId": id, "userErrors": []}

    # What the shared suite does with it

    def add_order(self, order: SampleOrder) -> str:
        order_id = self.shop.new_order(order.number, order.lines, order.text, self._now())
        if order.status:
            self._words[order_id] = order.status
        self.shop.orders[order_id] |= order.members
        return order_id

    def change_order(self, record_id: str) -> None:
        self.shop.orders[record_id] |= {"displayFulfillmentStatus": "IN_PROGRESS", "updatedAt": self._now()}

    def remove_order(self, record_id: str) -> None:
        del self.shop.orders[record_id]

    def spoil_order(self, record_id: str) -> None:
        self._spoilt.add(record_id)

    def expire(self) -> None:
        self._is_expired = True

    def renew(self) -> None:
        self._is_expired = False

    def revoke(self, function: str) -> None:
        self._denied.add({"get_orders": "read_orders", "get_products": "read_products"}[function])

    def _now(self) -> str:
        return self.moment().isoformat(timespec="seconds").replace("+00:00", "Z")


def _signed_back(answer: dict[str, str]) -> dict[str, str]:
    """What a browser comes back with, signed over its sorted query. Source: shopify.dev, "Authenticate a
    standalone or API-only app"."""
    query = {**answer, "host": "YWRtaW4", "shop": "harbour.myshopify.com", "timestamp": "1800000000"}
    text = urlencode(sorted(query.items()))
    return {**query, "hmac": hmac.new(CLIENT_SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()}


def _number(name: str) -> str:
    return name.rpartition("/")[2]


def _is_within(moment: str, bounds: Sequence[tuple[str, str]]) -> bool:
    at = datetime.fromisoformat(moment)
    limits = [(sign, datetime.fromisoformat(bound)) for sign, bound in bounds]
    return all(at >= limit if sign == ">=" else at <= limit for sign, limit in limits)


def _member(source: Any, info: graphql.GraphQLResolveInfo, **arguments: Any) -> Any:
    value = source.get(info.field_name)
    if not callable(value):
        return value
    return value(info, **arguments) if info.field_name == "productVariants" else value(**arguments)
