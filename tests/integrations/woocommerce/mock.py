"""A made-up WooCommerce shop, by its description: orders, notes, refunds, products, stock, webhooks."""

import base64
import itertools
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, ClassVar

from tests.integrations.woocommerce import records
from tests.integrations.woocommerce.records import Record
from tests.mock_vendors.orders import OrderMock, SampleOrder, SampleWrite
from tests.mock_vendors.vendor import MockAnswer, MockCall

KEY, SECRET = "ck_mock", "cs_mock"
BASE = "/wp-json/wc/v3/"
AREAS = {"get_orders": "orders", "get_products": "products"}
UNITS = {"woocommerce_weight_unit": "kg", "woocommerce_dimension_unit": "cm"}


class Mock(OrderMock):
    """One shop."""

    integration: ClassVar[tuple[str, str]] = ("cart", "woocommerce")
    orders_path: ClassVar[str] = "/orders"
    more_than_a_page: ClassVar[int] = 105
    tells_deleted: ClassVar[bool] = True
    write: ClassVar[SampleWrite | None] = SampleWrite(
        "POST",
        "/cart/orders/{id}/shipments",
        {"tracking_number": "T-1", "tracking_url": "https://track.example/T-1", "carrier_name": "DHL"},
        vendor_path="/notes",
        count="made",
    )

    def __init__(self) -> None:
        super().__init__()
        self.serial = itertools.count(1001)
        self.orders: dict[int, Record] = {}
        self.notes: dict[int, list[Record]] = {}
        self.refunds: dict[int, list[Record]] = {}
        self.products: dict[int, Record] = {
            301: records.product(301, "Crate", "variable", variations=[501, 502, 504]),
            302: records.product(302, "Lid", "simple", manage_stock=True, stock_quantity=7, sku="LID"),
        }
        self.variations: dict[int, Record] = {
            501: records.variation(501, 301, "S"),
            502: records.variation(502, 301, "L", stock_quantity=4),
            504: records.variation(504, 301, "XL", manage_stock="parent", stock_quantity=None),
        }
        self.hooks: dict[int, Record] = {}
        self.made = 0
        self._is_expired = False
        self._forbidden: set[str] = set()

    def credentials(self) -> dict[str, str]:
        return {"url": self.url, "consumer_key": KEY, "consumer_secret": SECRET}

    def is_signed_in(self, call: MockCall) -> bool:
        pair = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
        return not self._is_expired and call.headers.get("authorization") == f"Basic {pair}"

    def unauthorized(self, _call: MockCall) -> MockAnswer:
        return _refused(401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")

    async def handle(self, call: MockCall) -> MockAnswer:
        area, *path = call.path.removeprefix(BASE).split("/")
        if area in self._forbidden:
            return _refused(403, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
        handlers: dict[str, Callable[[MockCall, list[str]], MockAnswer]] = {
            "data": lambda _call, _path: MockAnswer(body={"code": "EUR", "name": "Euro", "symbol": "&euro;"}),
            "settings": lambda _call, path: MockAnswer(body={"id": path[1], "value": UNITS[path[1]]}),
            "orders": self._order,
            "products": self._product,
            "webhooks": self._hook,
        }
        answer = handlers[area](call, path)
        date = format_datetime(datetime.fromtimestamp(self.clock(), UTC), usegmt=True)
        return MockAnswer(answer.status, answer.body, {"Date": date, **answer.headers})

    # Orders

    def _order(self, call: MockCall, path: list[str]) -> MockAnswer:
        if not path:
            since, until = (call.query.get(f"modified_{name}") for name in ("after", "before"))
            return _page(call, [
                order
                for order in self.orders.values()
                if order["status"] != "trash"
                and (since is None or order["date_modified_gmt"] > since)
                and (until is None or order["date_modified_gmt"] < until)
            ])  # fmt: skip
        order = self.orders.get(int(path[0]))
        if order is None:
            return _refused(404, "woocommerce_rest_shop_order_invalid_id", "Invalid ID.")
        if path[1:] == ["notes"]:
            return self._noted(call, order["id"])
        if path[1:] == ["refunds"]:
            if call.method == "GET":
                return _page(call, self.refunds[order["id"]])
            return self._refund(order, call.json())
        if call.method == "PUT":
            self._change(order, call.json())
        return MockAnswer(body=order)

    def _change(self, order: Record, body: Record) -> None:
        for entry in body.get("meta_data", []):
            others = [known for known in order["meta_data"] if known["key"] != entry["key"]]
            order["meta_data"] = [*others, {"id": next(self.serial), **entry}]
        now = self.moment()
        if body.get("status") == "completed":
            order |= {"status": "completed", **records.dates(now, "date_completed")}
        order |= records.dates(now, "date_modified")

    def _noted(self, call: MockCall, order_id: int) -> MockAnswer:
        if call.method == "GET":
            return MockAnswer(body=self.notes[order_id])
        note = {"id": next(self.serial), "author": "crossdock", "added_by_user": False, **call.json()}
        note |= records.dates(self.moment(), "date_created")
        self.notes[order_id].append(note)
        self.made += 1
        return MockAnswer(201, note)

    def _refund(self, order: Record, body: Record) -> MockAnswer:
        left = float(order["total"]) - sum(float(refund["amount"]) for refund in self.refunds[order["id"]])
        if order["payment_method"] == "cod" and body["api_refund"]:
            fault = "The payment gateway for this order does not support automatic refunds."
            return _refused(500, "woocommerce_rest_cannot_create_order_refund", fault)
        if float(body["amount"]) > left + 0.001:
            return _refused(500, "woocommerce_rest_cannot_create_order_refund", "Invalid refund amount.")
        refund = records.refund(next(self.serial), body, order["line_items"], self.moment())
        self.refunds[order["id"]].append(refund)
        self.made += 1
        brief = {"id": refund["id"], "reason": refund["reason"], "total": f"-{refund['amount']}"}
        order |= {"refunds": [*order["refunds"], brief], **records.dates(self.moment(), "date_modified")}
        if abs(float(body["amount"]) - left) < 0.001:
            order["status"] = "refunded"
        return MockAnswer(201, refund)

    # Products

    def _product(self, call: MockCall, path: list[str]) -> MockAnswer:
        if not path:
            return _page(call, [each for each in self.products.values() if each["status"] != "trash"])
        number = int(path[-1]) if path[-1] != "variations" else int(path[0])
        if path[1:] == ["variations"]:
            ids = self.products[number]["variations"]
            return _page(call, [self.variations[each] for each in ids])
        is_variation = number in self.variations
        record = self.variations[number] if is_variation else self.products.get(number)
        if record is None or (is_variation and record["parent_id"] not in self.products):
            return _refused(404, "woocommerce_rest_product_invalid_id", "Invalid ID.")
        if is_variation and len(path) == 1:
            if call.method == "PUT":
                return _refused(404, "woocommerce_rest_invalid_product_id", "That is a variation.")
            return MockAnswer(body=records.product(number, "Crate", "variation") | record)
        if call.method == "PUT":
            self._stock(record, call.json())
        return MockAnswer(body=record)

    def _stock(self, record: Record, body: Record) -> None:
        self.made += 1
        if record["manage_stock"] is True:
            level = record["stock_quantity"] + body.get("inventory_delta", 0)
            record["stock_quantity"] = body.get("stock_quantity", level)
        record |= records.dates(self.moment(), "date_modified")

    # Webhooks

    def _hook(self, call: MockCall, path: list[str]) -> MockAnswer:
        if call.method == "POST":
            number = next(self.serial)
            self.hooks[number] = {"id": number, "hooks": [], **call.json()}
            return MockAnswer(201, _shown(self.hooks[number]))
        if call.method == "DELETE":
            hook = self.hooks.pop(int(path[0]), None)
            return MockAnswer(body=_shown(hook)) if hook else _refused(404, "invalid_id", "Invalid ID.")
        return _page(call, [_shown(hook) for hook in self.hooks.values()])

    # What the shared suite does with it

    def add_order(self, order: SampleOrder) -> str:
        number = next(self.serial)
        self.orders[number] = records.order(number, order, self.moment())
        self.notes[number], self.refunds[number] = [], []
        return str(number)

    def change_order(self, record_id: str) -> None:
        order = self.orders[int(record_id)]
        order |= {"status": "on-hold", **records.dates(self.moment(), "date_modified")}

    def remove_order(self, record_id: str) -> None:
        self.orders[int(record_id)]["status"] = "trash"

    def spoil_order(self, record_id: str) -> None:
        del self.orders[int(record_id)]["date_created_gmt"]

    def expire(self) -> None:
        self._is_expired = True

    def renew(self) -> None:
        self._is_expired = False

    def revoke(self, function: str) -> None:
        self._forbidden.add(AREAS[function])


def _refused(status: int, code: str, message: str) -> MockAnswer:
    return MockAnswer(status, {"code": code, "message": message, "data": {"status": status}})


def _shown(hook: Record) -> Record:
    """A webhook without its secret, which is only written."""
    return {name: value for name, value in hook.items() if name != "secret"}


def _page(call: MockCall, listed: Iterable[Any]) -> MockAnswer:
    """A part of a list, oldest id first or last, with the total in a header."""
    rows = sorted(listed, key=lambda row: int(row["id"]), reverse=call.query.get("order", "desc") == "desc")
    offset, size = int(call.query.get("offset", 0)), int(call.query.get("per_page", 10))
    headers = {"X-WP-Total": str(len(rows)), "X-WP-TotalPages": str(-(-len(rows) // size))}
    return MockAnswer(body=rows[offset : offset + size], headers=headers)
