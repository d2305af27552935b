"""A made-up ShipHero on its own schema: orders, stock, purchase orders, returns, credits, webhooks."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from crossdock.kit.inbound import hmac_text
from tests.conftest import needs_shared
from tests.integrations.shiphero.state import ACCOUNT, LOCATION, WAREHOUSE, Record, ShipHeroState, uuid
from tests.mock_vendors.graphql_vendor import MockError, Resolver
from tests.mock_vendors.orders import OrderMock, SampleOrder, SampleWrite
from tests.mock_vendors.throttles import TokenBucket
from tests.mock_vendors.vendor import MockAnswer, MockCall

__all__ = ["ACCOUNT", "LOCATION", "WAREHOUSE", "Mock", "uuid"]

REFRESH_TOKEN = "refresh-1"
CAPACITY, RESTORED = 4004, 60
OLD = "2026-01-01T00:00:00"


class Mock(ShipHeroState, OrderMock):
    """One account, as its API shows it."""

    integration: ClassVar[tuple[str, str]] = ("wms", "shiphero")
    orders_path: ClassVar[str] = "/graphql"
    tells_deleted: ClassVar[bool] = True
    write: ClassVar[SampleWrite | None] = SampleWrite(
        "POST",
        "/wms/orders",
        {
            "order_number": "SO-1",
            "ship_to_address": {
                "full_name": "Ada Buyer", "address1": "1 Quay", "city": "Kiel", "postal_code": "24103",
                "country": "DE",
            },
            "line_items": [{"sku": "CRATE-1", "quantity": 2}],
        },
        vendor_path="order_create",
        count="made",
    )  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.bucket = TokenBucket(CAPACITY, RESTORED)
        self.tokens = 0
        self._is_expired = False
        self._forbidden: set[str] = set()
        self.locations: list[Record] = [
            {"id": LOCATION, "warehouse_id": WAREHOUSE, "name": "A-1", "zone": "A", "created_at": OLD}
        ]
        self.vendors: list[Record] = [
            {"id": uuid("Vendor", 1), "name": "Crates & Co", "account_id": ACCOUNT, "created_at": OLD}
        ]

    def schema_file(self) -> Path:
        return needs_shared("vendor-specs", "shiphero", "public-api.graphql")

    def credentials(self) -> dict[str, str]:
        return {"refresh_token": REFRESH_TOKEN}

    # Signing in, credits, errors

    def is_open(self, call: MockCall) -> bool:
        return call.path == "/auth/refresh"

    def is_signed_in(self, call: MockCall) -> bool:
        return not self._is_expired and call.headers.get("authorization") == f"Bearer access-{self.tokens}"

    async def handle(self, call: MockCall) -> MockAnswer:
        if call.path == "/auth/refresh":
            if self._is_expired or call.json() != {"refresh_token": REFRESH_TOKEN}:
                return MockAnswer(403, {"message": "Unknown or invalid refresh token."})
            self.tokens += 1
            token = {"access_token": f"access-{self.tokens}", "expires_in": 2419200, "token_type": "Bearer"}
            return MockAnswer(body=token)
        level, self.cost_of_call = self.bucket.available(self.clock()), 1
        answer = await super().handle(call)
        if seconds := self.bucket.take(self.clock(), self.cost_of_call):
            left = f"which requires {self.cost_of_call} credits, but there are only {level:.0f} left"
            message = f"There are not enough credits to perform the requested operation, {left}."
            message += f" In {seconds:.0f} seconds you will have enough credits to perform the operation"
            return MockAnswer(body={"errors": [{"code": 30, "message": message}], "data": None})
        for error in answer.body.get("errors", ()):
            error["code"] = error.pop("extensions", {}).get("code")
        return answer

    def extensions(self, _call: MockCall) -> dict[str, Any] | None:
        quota = {"max_available": CAPACITY, "increment_rate": RESTORED}
        remaining = int(self.bucket.available(self.clock()) - self.cost_of_call)
        quota["credits_remaining"] = max(0, remaining)
        return {"throttling": {"cost": self.cost_of_call, "user_quota": quota}}

    def root(self) -> Mapping[str, Resolver]:
        queries = {
            "account": self._account, "orders": self._orders, "products": self._products,
            "warehouse_products": self._levels, "returns": self._returns, "locations": self._locations,
            "purchase_orders": self._purchase_orders,
            "purchase_order": self._getter("purchase_orders", self._shown_purchase_order),
            "inventory_changes": self._changes, "vendors": self._vendors, "bills": self._bills,
            "webhooks": self._webhooks,
            "order": self._getter("orders", self._shown_order),
            "return": self._getter("returns"),
        }  # fmt: skip
        names = [name for name in dir(self) if name.startswith("do_")]
        mutations = {name.removeprefix("do_"): getattr(self, name) for name in names}
        resolvers = queries | mutations
        return {name: self._guarded(name, resolver) for name, resolver in resolvers.items()}

    def _guarded(self, name: str, resolver: Resolver) -> Resolver:
        def guarded(**arguments: Any) -> Record:
            if name in self._forbidden:
                raise MockError(f"Missing required scope(s): view:{name}", code=7)  # type: ignore[arg-type]
            return {"request_id": "r-1", "complexity": 1, **resolver(**arguments)}

        return guarded

    def _getter(self, name: str, shown: Callable[[Record], Record] = dict) -> Resolver:
        def get(id: str) -> Record:
            record = getattr(self, name).get(id)
            if record is None:
                raise MockError(f"{name} {id} not found", code=5)  # type: ignore[arg-type]
            return {"data": shown(record)}

        return get

    # Lists

    def _listed(
        self, records: Any, stamp: str, begin: str | None, end: str | None = None,
        customer: str | None = None,
    ) -> Record:  # fmt: skip
        """A list by date: of all accounts, or of one."""
        chosen = [
            raw
            for raw in records
            if (begin or "") <= str(raw[stamp]) <= (end or "9")
            and customer in (None, raw.get("account_id"), (raw.get("product") or {}).get("account_id"))
        ]
        return {"data": self._connection(chosen)}

    def _account(self) -> Record:
        address = {"name": "Primary", "address1": "1 Dock Road", "city": "Kiel", "country": "DE"}
        warehouse = {"id": WAREHOUSE, "legacy_id": 1, "account_id": ACCOUNT, "identifier": "Primary"}
        account = {"id": ACCOUNT, "legacy_id": 4285, "username": "harbour", "email": "ops@example.com"}
        warehouses = [warehouse | {"address": address}]
        return {"data": account | {"warehouses": warehouses, "customers": self._connection(self.customers)}}

    def _orders(
        self, order_number: str | None = None, partner_order_id: str | None = None,
        updated_from: str | None = None, updated_to: str | None = None,
        customer_account_id: str | None = None,
    ) -> Record:  # fmt: skip
        orders = [
            self._shown_order(order)
            for order in self.orders.values()
            if order_number in (None, order["order_number"])
            and partner_order_id in (None, order["partner_order_id"])
        ]
        return self._listed(orders, "updated_at", updated_from, updated_to, customer_account_id)

    def _products(
        self, sku: str | None = None, updated_from: str | None = None, updated_to: str | None = None,
        customer_account_id: str | None = None,
    ) -> Record:  # fmt: skip
        products = [self._shown_product(raw) for raw in self.products.values() if sku in (None, raw["sku"])]
        return self._listed(products, "updated_at", updated_from, updated_to, customer_account_id)

    def _levels(
        self, updated_from: str | None = None, updated_to: str | None = None,
        customer_account_id: str | None = None,
    ) -> Record:  # fmt: skip
        levels = [
            level | {"product": self._shown_product(raw)}
            for raw in self.products.values()
            for level in raw["warehouse_products"]
        ]
        return self._listed(levels, "updated_at", updated_from, updated_to, customer_account_id)

    def _purchase_orders(
        self, created_from: str | None = None, customer_account_id: str | None = None
    ) -> Record:
        orders = [self._shown_purchase_order(raw) for raw in self.purchase_orders.values()]
        return self._listed(orders, "created_at", created_from, customer=customer_account_id)

    def _returns(
        self, order_id: str | None = None, date_from: str | None = None,
        customer_account_id: str | None = None,
    ) -> Record:  # fmt: skip
        returns = [raw for raw in self.returns.values() if order_id in (None, raw["order_id"])]
        return self._listed(returns, "created_at", date_from, customer=customer_account_id)

    def _changes(
        self, sku: str | None = None, warehouse_id: str | None = None, date_from: str | None = None,
        date_to: str | None = None,
    ) -> Record:  # fmt: skip
        changes = [
            raw
            for raw in self.inventory_changes
            if sku in (None, raw["sku"]) and warehouse_id in (None, raw["warehouse_id"])
        ]
        return self._listed(changes, "created_at", date_from, date_to)

    def _locations(self) -> Record:
        return {"data": self._connection(self.locations)}

    def _vendors(self) -> Record:
        return {"data": self._connection(self.vendors)}

    def _bills(self) -> Record:
        return {"data": self._connection([])}

    def _webhooks(self, customer_account_id: str | None = None) -> Record:
        return {"data": self._connection(self.hooks)}

    # What tests do with it

    def receive(self, return_id: str, quantity: int) -> None:
        """Have the warehouse receive all lines of a return."""
        raw = self.returns[return_id]
        for line in raw["line_items"]:
            line |= {"quantity_received": quantity, "restock": quantity, "updated_at": self._now()}
        raw["status"] = "warehouse_complete"

    def notice(self, kind: str, body: Record) -> tuple[str, bytes, dict[str, str]]:
        """The address, body and headers of a notice of this kind."""
        hook = next(hook for hook in self.hooks if hook["name"] == kind)
        content = json.dumps({"webhook_type": kind, "account_uuid": ACCOUNT, **body}).encode()
        return (
            hook["url"],
            content,
            {"x-shiphero-hmac-sha256": hmac_text(hook["shared_signature_secret"], content)},
        )

    def add_order(self, order: SampleOrder) -> str:
        text = order.text
        lines = [
            {"sku": text or f"CRATE-{number % 2 + 1}", "partner_line_item_id": f"{order.number}-{number}",
             "quantity": 1, "price": "9.50"}
            for number in range(order.lines)
        ]  # fmt: skip
        address = {
            "first_name": "Ada", "last_name": text or "Buyer", "company": text, "address1": text or "1 Quay",
            "city": text or "Kiel", "zip": "24103", "country": "DE", "email": "buyer@example.com",
        }  # fmt: skip
        data = {
            "order_number": f"SO-{order.number}", "partner_order_id": f"P-{order.number}",
            "shop_name": text or "harbour-shop", "fulfillment_status": order.status or "pending",
            "order_date": self._now(), "total_price": "24.50", "shipping_address": address,
            "shipping_lines": {"title": text or "UPS Ground", "price": "5.50"}, "line_items": lines,
        }  # fmt: skip
        order_id = self._hold(data)
        self.orders[order_id] |= dict(order.members)
        return order_id

    def change_order(self, record_id: str) -> None:
        for line in self.orders[record_id]["line_items"]:
            line["quantity_allocated"] = line["quantity"]
        self._touched(self.orders[record_id])

    def remove_order(self, record_id: str) -> None:
        del self.orders[record_id]

    def spoil_order(self, record_id: str) -> None:
        self.orders[record_id]["order_date"] = "soon"
        self.orders[record_id]["line_items"][0]["quantity"] = None

    def expire(self) -> None:
        self._is_expired = True

    def renew(self) -> None:
        self._is_expired = False

    def revoke(self, function: str) -> None:
        self._forbidden.add({"get_orders": "orders", "get_products": "products"}[function])
