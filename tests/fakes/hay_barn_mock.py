"""The mock of Hay Barn, a made-up vendor: the smallest that the shared suite of bad days takes.

`tests.fakes.hay_barn` is the integration. A real vendor's stands in `tests/integrations/<vendor>/mock.py`.
"""

import itertools
from datetime import datetime
from typing import Any, ClassVar

from crossdock.kit.registry import Integration
from tests.contracts.vendor_specs import Description, OpenApiDescription
from tests.fakes.invented import invented
from tests.mock_vendors.orders import OrderMock, SampleOrder, SampleWrite
from tests.mock_vendors.throttles import FixedWindow
from tests.mock_vendors.vendor import MockAnswer, MockCall

PAGE_SIZE = 2
OLD = "1970-01-01T00:00:00Z"
TEXT = {"schema": {"type": "string"}}
LINE = {
    "type": "object",
    "required": ["item", "quantity"],
    "properties": {
        "item": {"type": "string"},
        "quantity": {"type": "integer"},
    },
}
NEW_ORDER = {
    "type": "object",
    "required": ["number", "lines"],
    "additionalProperties": False,
    "properties": {"number": {"type": "string"}, "lines": {"type": "array", "items": LINE}},
}
LISTED = {
    "parameters": [{"in": "query", "name": name, **TEXT} for name in ("since", "cursor", "number")],
    "responses": {},
}
DESCRIPTION: dict[str, Any] = {
    "openapi": "3.0.3",
    "paths": {
        "/oauth/token": {"post": {"requestBody": {"content": {
            "application/x-www-form-urlencoded": {"schema": {"type": "object"}}}}, "responses": {}}},
        "/account": {"get": {"responses": {}}},
        "/orders": {"get": LISTED, "post": {"requestBody": {"required": True, "content": {
            "application/json": {"schema": NEW_ORDER}}}, "responses": {}}},
        "/orders/{id}": {"get": {"responses": {}}},
        "/stock": {"get": LISTED},
        "/returns": {"get": LISTED},
    },
}  # fmt: skip


class HayBarnMock(OrderMock):
    """One region of the vendor."""

    integration: ClassVar[tuple[str, str]] = ("wms", "hay-barn")
    orders_path: ClassVar[str] = "/orders"
    write: ClassVar[SampleWrite | None] = SampleWrite(
        "POST",
        "/wms/orders",
        {"order_number": "SO-1", "line_items": [{"product_id": "hay-1", "quantity": 2}]},
        vendor_path="/orders",
        count="made",
    )

    def __init__(self) -> None:
        super().__init__()
        self.throttles = [FixedWindow(600, 60)]
        self.orders: dict[str, dict[str, Any]] = {}
        self.made = 0
        self._is_expired = False
        self._forbidden: set[str] = set()
        self._numbers = itertools.count(1)

    def description(self) -> Description:
        return OpenApiDescription(DESCRIPTION)

    def known_integration(self) -> Integration:
        return invented("hay_barn")

    def credentials(self) -> dict[str, str]:
        return {"region": "eu", "client_id": "app", "client_secret": "app-secret"}

    def is_open(self, call: MockCall) -> bool:
        return call.path == "/oauth/token"

    def is_signed_in(self, call: MockCall) -> bool:
        return not self._is_expired and call.headers.get("authorization") == "Bearer barn-token"

    async def handle(self, call: MockCall) -> MockAnswer:
        if call.path == "/oauth/token":
            if self._is_expired:
                return MockAnswer(401, {"error": "invalid_client"})
            return MockAnswer(body={"access_token": "barn-token", "token_type": "Bearer", "expires_in": 600})
        if call.path == "/account":
            return MockAnswer(body={"id": "barn-1", "name": "Barn One"})
        name, _, record_id = call.path.strip("/").partition("/")
        if name in self._forbidden:
            return MockAnswer(403, {"message": f"the application lacks the scope {name}"})
        if call.method == "POST":
            self.made += 1
            body = call.json()
            return MockAnswer(201, {"id": int(self._hold(body["number"], body["lines"]))})
        records = list(self.orders.values()) if name == "orders" else []
        if record_id:
            order = self.orders.get(record_id)
            return MockAnswer(404, {"message": "no such order"}) if order is None else MockAnswer(body=order)
        return self._page(call, records)

    def _page(self, call: MockCall, records: list[dict[str, Any]]) -> MockAnswer:
        since, number = _moment(call.query.get("since", OLD)), call.query.get("number")
        records = [order for order in records if number in (None, order["number"])]
        changed = sorted(records, key=lambda order: (order["changed"], order["id"]))
        changed = [order for order in changed if _moment(order["changed"]) >= since]
        start = int(call.query.get("cursor", 0))
        page, end = changed[start : start + PAGE_SIZE], start + PAGE_SIZE
        return MockAnswer(body={"data": page, "next": str(end) if end < len(changed) else None})

    # What the shared suite does with it

    def add_order(self, order: SampleOrder) -> str:
        lines = [{"item": order.text or f"hay-{number}", "quantity": 1} for number in range(order.lines)]
        record_id = self._hold(order.text or f"HB-{order.number}", lines)
        self.orders[record_id] |= {"state": order.status or "new"} | dict(order.members)
        return record_id

    def _hold(self, number: str, lines: list[dict[str, Any]]) -> str:
        record_id = next(self._numbers)
        lines = [line | {"picked": False} for line in lines]
        stamps = {"created": self._now(), "changed": self._now()}
        order = {"id": record_id, "number": number, "state": "new", "total": "19.90", "lines": lines}
        self.orders[str(record_id)] = order | stamps
        return str(record_id)

    def change_order(self, record_id: str) -> None:
        self.orders[record_id] |= {"state": "packing", "changed": self._now()}

    def remove_order(self, record_id: str) -> None:
        del self.orders[record_id]

    def spoil_order(self, record_id: str) -> None:
        self.orders[record_id]["lines"] = "none"

    def expire(self) -> None:
        self._is_expired = True

    def renew(self) -> None:
        self._is_expired = False

    def revoke(self, function: str) -> None:
        self._forbidden.add(function.removeprefix("get_"))

    def _now(self) -> str:
        return self.moment().isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
