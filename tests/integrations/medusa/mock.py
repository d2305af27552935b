"""A Medusa that is made up: orders, a product with two variants, their stock, payments. For bad days.

What it answers has the shape of what the real one answers, which the live tests hold against each other.
"""

import base64
import itertools
from datetime import UTC, datetime
from typing import Any, ClassVar

from tests.contracts.vendor_specs import Description, OpenApiDescription
from tests.integrations.medusa.description import OPENAPI
from tests.mock_vendors.orders import OrderMock, SampleOrder, SampleWrite
from tests.mock_vendors.vendor import MockAnswer, MockCall

KEY = "sk_mock"
LOCATION = "sloc_1"
Record = dict[str, Any]


def exact(name: str, number: Any) -> Record:
    """A number as Medusa sends it: through a float, and as it was entered."""
    return {name: float(number), f"raw_{name}": {"value": str(number), "precision": 20}}


class Mock(OrderMock):
    """One shop."""

    integration: ClassVar[tuple[str, str]] = ("cart", "medusa")
    orders_path: ClassVar[str] = "/admin/orders"
    write: ClassVar[SampleWrite | None] = SampleWrite(
        "POST",
        "/cart/orders/{id}/shipments",
        {"tracking_number": "T-1", "tracking_url": "https://track.example/T-1"},
        vendor_path="/fulfillments",
        count="made",
    )

    def __init__(self) -> None:
        super().__init__()
        self.orders: dict[str, Record] = {}
        self.refunds: list[Record] = []
        self.levels = {"iitem_1": 10, "iitem_2": 5}
        self.made = 0
        self.metadata: Record = {}
        self.serial = itertools.count(1)
        self._is_expired = False
        self._forbidden: set[str] = set()

    def description(self) -> Description:
        return OpenApiDescription(OPENAPI)

    def credentials(self) -> dict[str, str]:
        return {"url": self.url, "api_key": KEY}

    def is_signed_in(self, call: MockCall) -> bool:
        pair = base64.b64encode(f"{KEY}:".encode()).decode()
        return not self._is_expired and call.headers.get("authorization") == f"Basic {pair}"

    async def handle(self, call: MockCall) -> MockAnswer:
        _, name, *path = call.path.strip("/").split("/")
        if name in self._forbidden:
            return MockAnswer(403, {"type": "forbidden", "message": "Forbidden"})
        answer: MockAnswer = getattr(self, f"_{name.replace('-', '_')}")(call, path)
        return answer

    def _stores(self, call: MockCall, path: list[str]) -> MockAnswer:
        if path:
            self.metadata = call.json()["metadata"]
        currency = {"currency_code": "usd", "is_default": True}
        store: Record = {"id": "store_1", "name": "Mock Store", "supported_currencies": [currency]}
        store |= {"metadata": self.metadata}
        return MockAnswer(body={"store": store} if path else {"stores": [store]})

    def _orders(self, call: MockCall, path: list[str]) -> MockAnswer:
        if not path:
            return self._page(call, "orders", list(self.orders.values()), "updated_at")
        order = self.orders.get(path[0])
        if order is None:
            message = f"Order id not found: {path[0]}"
            return MockAnswer(404, {"type": "not_found", "message": message})
        if call.method == "POST":
            try:
                self._fulfil(order, path[1:], call.json())
            except _Refused as refusal:
                return MockAnswer(400, {"type": "invalid_data", "message": str(refusal)})
        return MockAnswer(body={"order": order})

    def _fulfil(self, order: Record, path: list[str], body: Record) -> None:
        """A new fulfilment, or the shipment of one."""
        order["updated_at"] = now = self._now()
        if path == ["fulfillments"]:
            self._check_left(order, body["items"])
            self.made += 1
            fulfillment = {
                "id": f"ful_{next(self.serial)}", "location_id": LOCATION, "created_at": now,
                "updated_at": now, "packed_at": now, "shipped_at": None, "delivered_at": None,
                "canceled_at": None, "labels": [], "metadata": body.get("metadata"),
                "items": [self._sent(item) for item in body["items"]],
            }  # fmt: skip
            order["fulfillments"].append(fulfillment)
            order["fulfillment_status"] = "fulfilled"
            return
        fulfillment = next(entry for entry in order["fulfillments"] if entry["id"] == path[1])
        made = {"created_at": now, "updated_at": now}
        labels = [{"id": f"fulla_{next(self.serial)}", **made, **label} for label in body.get("labels", [])]
        fulfillment |= {"shipped_at": now, "updated_at": now, "labels": labels}
        order["fulfillment_status"] = "shipped"

    @staticmethod
    def _check_left(order: Record, items: list[Record]) -> None:
        left = {item["id"]: item["quantity"] for item in order["items"]}
        for part in (part for entry in order["fulfillments"] for part in entry["items"]):
            left[part["line_item_id"]] -= part["quantity"]
        for item in items:
            left[item["id"]] -= item["quantity"]
        if min(left.values()) < 0:
            raise _Refused("Quantity to fulfill exceeds the remaining quantity")

    def _sent(self, item: Record) -> Record:
        number = exact("quantity", item["quantity"])
        return {"id": f"fulit_{next(self.serial)}", "line_item_id": item["id"], **number}

    def _payments(self, call: MockCall, path: list[str]) -> MockAnswer:
        refund = {"id": f"ref_{next(self.serial)}", "created_at": self._now(), "note": call.json()["note"]}
        refund |= exact("amount", call.json()["amount"])
        self.refunds.append(refund)
        for order in self.orders.values():
            for payment in order["payment_collections"][0]["payments"]:
                if payment["id"] == path[0]:
                    payment["refunds"].append(refund)
                    order["updated_at"] = self._now()
        return MockAnswer(body={"payment": {"id": path[0]}})

    def _products(self, call: MockCall, path: list[str]) -> MockAnswer:
        product = self._product() | {"variants": [self._variant(number) for number in (1, 2)]}
        if path:
            return MockAnswer(body={"product": product})
        return self._page(call, "products", [product], "created_at")

    def _product_variants(self, call: MockCall, _path: list[str]) -> MockAnswer:
        wanted = call.params["id[]"]
        variants = [self._variant(number) | {"product": self._product()} for number in (1, 2)]
        return MockAnswer(body={"variants": [variant for variant in variants if variant["id"] in wanted]})

    def _stock_locations(self, call: MockCall, _path: list[str]) -> MockAnswer:
        stamps = {"created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-01T00:00:00.000Z"}
        location = {"id": LOCATION, "name": "Dock", "address": {"address_1": "1 Dock Road"}, **stamps}
        return self._page(call, "stock_locations", [location], "created_at")

    def _inventory_items(self, call: MockCall, path: list[str]) -> MockAnswer:
        if path[-1] == "batch":
            for update in call.json()["update"]:
                self.levels[update["inventory_item_id"]] = update["stocked_quantity"]
            return MockAnswer(body={"updated": []})
        if call.method == "POST":
            self.levels[path[0]] = call.json()["stocked_quantity"]
        return MockAnswer(body={"inventory_levels": [self._level(path[0])]})

    def _level(self, item: str) -> Record:
        stocked = exact("stocked_quantity", self.levels[item])
        return {"id": f"ilev_{item}", "location_id": LOCATION, **stocked, **exact("reserved_quantity", 0)}

    def _product(self) -> Record:
        stamps = {"created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-01T00:00:00.000Z"}
        return {"id": "prod_1", "title": "Crate", "status": "published", "images": [], "tags": [],
                "thumbnail": None, "categories": [], **stamps}  # fmt: skip

    def _variant(self, number: int) -> Record:
        item = f"iitem_{number}"
        price = {"id": f"price_{number}", "amount": 9.5, "currency_code": "usd", "rules": {}}
        part = {"id": f"pvitem_{number}", "inventory_item_id": item, "required_quantity": 1}
        part |= {"inventory": {"id": item, "location_levels": [self._level(item)]}}
        stamps = {"created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-01T00:00:00.000Z"}
        return {"id": f"variant_{number}", "title": f"No. {number}", "sku": f"CRATE-{number}",
                "manage_inventory": True, "prices": [price], "inventory_items": [part], **stamps}  # fmt: skip

    def _page(self, call: MockCall, name: str, records: list[Record], date: str) -> MockAnswer:
        begin, end = call.query.get(f"{date}[$gte]", ""), call.query.get(f"{date}[$lte]", "9")
        listed = sorted((record[date], record["id"], record) for record in records)
        chosen = [record for moment, _, record in listed if _moment(begin) <= _moment(moment) <= _moment(end)]
        offset, limit = int(call.query.get("offset", 0)), int(call.query.get("limit", 20))
        return MockAnswer(body={name: chosen[offset : offset + limit], "count": len(chosen)})

    # What the shared suite does with it

    def add_order(self, order: SampleOrder) -> str:
        order_id = f"order_{next(self.serial):06}"
        now, text = self._now(), order.text
        address = {"first_name": "Ada", "last_name": text or "Buyer", "address_1": text or "1 Quay",
                   "city": text or "Kiel", "country_code": "de"}  # fmt: skip
        payment: Record = {"id": f"pay_{order_id}", "captured_at": now, "canceled_at": None, "refunds": []}
        payment |= exact("amount", 24.5)
        self.orders[order_id] = {
            "id": order_id, "display_id": order.number, "custom_display_id": None, "status": "pending",
            "fulfillment_status": order.status or "not_fulfilled", "payment_status": "captured",
            "email": "buyer@example.com", "currency_code": "usd", "created_at": now, "updated_at": now,
            "canceled_at": None, "total": 24.5, "tax_total": 0, "discount_total": 0, "shipping_total": 5.5,
            "sales_channel_id": "sc_1", "shipping_address": address, "billing_address": None,
            "shipping_methods": [{"id": "sm_1", "name": text or "Standard", "shipping_option_id": "so_1"}],
            "items": [self._item(order_id, number, text) for number in range(order.lines)],
            "fulfillments": [], "payment_collections": [{"id": "pc_1", "payments": [payment]}],
        } | dict(order.members)  # fmt: skip
        return order_id

    def _item(self, order_id: str, number: int, text: str | None) -> Record:
        item = {"id": f"ordli_{order_id}_{number:05}", "variant_id": "variant_1", "product_id": "prod_1",
                "variant_sku": text or "CRATE-1", "discount_total": 0, "tax_total": 0}  # fmt: skip
        item |= {"total": 9.5, "return_received_total": 0, "return_dismissed_total": 0}
        return item | exact("quantity", 1) | exact("unit_price", 9.5)

    def give_back(self, order_id: str, line: int, quantity: int) -> None:
        """Have goods of a line come back: totals are of what is left then, as in the real one."""
        order = self.orders[order_id]
        item = order["items"][line]
        back = item["unit_price"] * quantity
        item |= {"total": item["total"] - back, "return_received_total": back}
        order |= {"total": order["total"] - back, "updated_at": self._now()}

    def change_order(self, record_id: str) -> None:
        self.orders[record_id] |= {"fulfillment_status": "fulfilled", "updated_at": self._now()}

    def remove_order(self, record_id: str) -> None:
        del self.orders[record_id]

    def spoil_order(self, record_id: str) -> None:
        self.orders[record_id]["items"] = "none"

    def expire(self) -> None:
        self._is_expired = True

    def renew(self) -> None:
        self._is_expired = False

    def revoke(self, function: str) -> None:
        self._forbidden.add({"get_orders": "orders", "get_products": "products"}[function])

    def _now(self) -> str:
        return self.moment().isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Refused(Exception):
    """A call that the shop refuses."""


def _moment(text: str) -> str:
    """A moment as one that compares by its letters, whatever its zone."""
    if len(text) < 10:
        return text
    return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="milliseconds")
