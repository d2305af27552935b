"""What Tin Loft, a made-up vendor, answers: `tests.fakes.tin_loft` is the integration.

async with TinLoftServer() as loft:
    loft.orders.append(loft_order(1))
    loft.polls = 2                     an export is still running when it is asked for the first two times
    loft.available = 3.0               points that are left
    loft.notice("1")                   the request that it would send to its subscriber

Queries are carried out by its schema, so one that does not fit is refused. Each costs a point, and one more
for each record.
"""

import hashlib
import hmac
import itertools
import json
from typing import Any

import graphql
from aiohttp import web

from tests.fakes.oauth_server import OAuthServer

CAPACITY, RESTORED_PER_SECOND = 200.0, 10.0
PAGE_SIZE = 2
SCHEMA = graphql.build_schema("""
    type Account { id: ID! name: String! }
    type Line { product: ID! quantity: Int! picked: Boolean! }
    type Order {
      id: ID! number: String! state: String! total: String
      createdAt: String! updatedAt: String! lines: [Line!]!
    }
    type OrderPage { nodes: [Order!]! next: String }
    type Export { id: ID! state: String! retrySeconds: Int url: String }
    type Subscribed { id: ID! secret: String! }
    enum ExportKind { PRODUCTS }
    enum Topic { ORDERS }
    type Query {
      account: Account!
      orders(changedSince: String, after: String, first: Int!): OrderPage!
      order(id: ID!): Order
      export(id: ID!): Export!
      subscription(id: ID!): Subscribed
    }
    type Mutation {
      startExport(kind: ExportKind!): Export!
      subscribe(url: String!, topic: Topic!): Subscribed!
      unsubscribe(id: ID!): Boolean!
    }
""")


def stamped(number: int) -> dict[str, Any]:
    return {
        "id": str(number),
        "createdAt": "2026-01-31T09:00:00Z",
        "updatedAt": f"2026-02-01T00:00:{number:02}Z",
    }


def loft_order(serial: int, **members: Any) -> dict[str, Any]:
    lines = [{"product": "p-1", "quantity": 2, "picked": False}]
    order = {"number": f"TL-{serial}", "state": "OPEN", "total": "12.50", "lines": lines}
    return stamped(serial) | order | members


def loft_product(number: int, **members: Any) -> dict[str, Any]:
    product = {"title": f"Tin {number}", "sku": f"TIN-{number}", "price": "3.20", "active": True}
    return stamped(number) | product | members


class TinLoftServer(OAuthServer):
    """The vendor's token endpoint, its GraphQL endpoint, and the files of its exports."""

    def __init__(self) -> None:
        super().__init__()
        self.orders: list[dict[str, Any]] = []
        self.products: list[dict[str, Any]] = []
        self.polls = 0
        self.available = CAPACITY
        self.charged = 0.0
        self.subscriptions: dict[str, dict[str, str]] = {}
        self.operations: list[str] = []
        self._exports: dict[str, int] = {}
        self._serial = itertools.count(1)

    async def _serve(self, request: web.Request) -> web.Response:
        self.calls[request.path] += 1
        if request.path == "/oauth/token":
            return await self._token(request)
        if request.path.startswith("/files/"):
            return web.json_response(self.products)
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.access:
            return web.json_response({"errors": [{"message": "token expired"}]}, status=401)
        return self._executed(json.loads(await request.text()))

    def _executed(self, body: dict[str, Any]) -> web.Response:
        self.charged = 1.0
        if self.available < 1:
            code = {"code": "THROTTLED"}
            errors = [{"message": "too many points", "extensions": code}]
            status, self.available = self._cost(), CAPACITY
            return web.json_response({"errors": errors, "extensions": {"cost": status}})
        root = {name: getattr(self, f"_{name}") for name in ROOT}
        result = graphql.graphql_sync(SCHEMA, body["query"], root, variable_values=body["variables"])
        self.available = max(0.0, self.available - self.charged)
        self.operations.append(body["query"].split()[1].partition("(")[0])
        return web.json_response(dict(result.formatted) | {"extensions": {"cost": self._cost()}})

    def _cost(self) -> dict[str, Any]:
        status = {
            "maximumAvailable": CAPACITY,
            "currentlyAvailable": self.available,
            "restoreRate": RESTORED_PER_SECOND,
        }
        return {"requestedQueryCost": self.charged, "actualQueryCost": self.charged, "throttleStatus": status}

    # What the schema's fields are resolved by

    def _account(self, _: Any) -> dict[str, Any]:
        return {"id": "loft-1", "name": "Loft One"}

    def _orders(
        self, _: Any, first: int, changedSince: str | None = None, after: str | None = None
    ) -> dict[str, Any]:
        records = sorted(self.orders, key=lambda order: order["updatedAt"])
        records = [order for order in records if order["updatedAt"] >= (changedSince or "")]
        start = int(after or 0)
        end = start + min(first, PAGE_SIZE)
        page = records[start:end]
        self.charged += len(page)
        return {"nodes": page, "next": str(end) if end < len(records) else None}

    def _order(self, _: Any, id: str) -> dict[str, Any] | None:
        return next((order for order in self.orders if order["id"] == id), None)

    def _export(self, _: Any, id: str) -> dict[str, Any]:
        if self._exports[id] > 0:
            self._exports[id] -= 1
            return {"id": id, "state": "RUNNING", "retrySeconds": 300}
        return {"id": id, "state": "DONE", "url": f"{self.url}/files/{id}?signature=s"}

    def _startExport(self, _: Any, kind: str) -> dict[str, Any]:
        assert kind == "PRODUCTS"
        export_id = f"x-{next(self._serial)}"
        self._exports[export_id] = self.polls
        return {"id": export_id, "state": "RUNNING"}

    def _subscription(self, _: Any, id: str) -> dict[str, str] | None:
        return self.subscriptions.get(id)

    def _subscribe(self, _: Any, url: str, topic: str) -> dict[str, str]:
        assert topic == "ORDERS"
        subscription_id = f"s-{next(self._serial)}"
        self.subscriptions[subscription_id] = {"id": subscription_id, "url": url, "secret": "loft-secret"}
        return self.subscriptions[subscription_id]

    def _unsubscribe(self, _: Any, id: str) -> bool:
        return self.subscriptions.pop(id, None) is not None

    def notice(self, *ids: str) -> tuple[str, bytes, dict[str, str]]:
        """The URL, body and headers of what the first subscriber is sent."""
        subscription = next(iter(self.subscriptions.values()))
        body = json.dumps({"orders": ids}).encode()
        signature = hmac.new(subscription["secret"].encode(), body, hashlib.sha256).hexdigest()
        return subscription["url"], body, {"X-Tin-Signature": f"sha256={signature}"}


ROOT = (
    "account", "orders", "order", "export", "startExport", "subscription", "subscribe", "unsubscribe",
)  # fmt: skip
