"""A made-up portal of a brand on NuORDER: lists by status, products, stock, signatures.

There is no description of this API that a machine reads. What is refused here is what no client of it is
known to send. Stock is replaced by what is sent, as NuORDER's help says of uploads.
"""

import hashlib
import hmac
import itertools
import re
from datetime import UTC
from typing import Any, ClassVar

from tests.integrations.nuorder import records
from tests.integrations.nuorder.records import COAT, HAT, Record
from tests.mock_vendors.orders import OrderMock, SampleOrder, SampleWrite
from tests.mock_vendors.vendor import MockAnswer, MockCall

STATUSES = {"draft", "review", "pending", "approved", "edited", "processed", "shipped", "cancelled"}
KEYS = {
    "consumer_key": "ck-mock", "consumer_secret": "cs-mock", "token": "tk-mock", "token_secret": "ts-mock",
}  # fmt: skip
AREAS = {"get_orders": "/api/orders", "get_products": "/api/product"}


class Mock(OrderMock):
    """One portal."""

    integration: ClassVar[tuple[str, str]] = ("cart", "nuorder")
    orders_path: ClassVar[str] = "/detail"
    write: ClassVar[SampleWrite | None] = None
    """No order is written, and stock has no free text."""
    tells_deleted: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self.serial = itertools.count(0x541C279E663E94C8129F4600)
        self.orders: dict[str, Record] = {}
        self.products: dict[str, Record] = {
            COAT: records.product(COAT, "Coat", ["M", "32/34"]),
            HAT: records.product(HAT, "Hat", ["one"]),
        }
        self.inventory: dict[str, Any] = {}
        """What was last sent, by product."""
        self.made = 0
        self.knows_edited = True
        """Whether there is a list of what was edited."""
        self._nonces: set[str] = set()
        self._is_expired = False
        self._forbidden: set[str] = set()

    def credentials(self) -> dict[str, str]:
        return {"environment": "production", **KEYS}

    def is_signed_in(self, call: MockCall) -> bool:
        """Check the signature as NuORDER's sample makes it; a nonce is good once."""
        header = call.headers.get("authorization", "")
        sent = dict(re.findall(r'(\w+)="([^"]*)"', header))
        nonce = sent.get("oauth_nonce", "")
        if self._is_expired or not header.startswith("OAuth ") or nonce in self._nonces:
            return False
        self._nonces.add(nonce)
        names = ("consumer_key", "token", "timestamp", "nonce", "version", "signature_method")
        signed = "&".join(f"oauth_{name}={sent.get(f'oauth_{name}')}" for name in names)
        key = f"{KEYS['consumer_secret']}&{KEYS['token_secret']}".encode()
        message = f"{call.method}{self.url}{call.path}?{signed}".encode()
        return sent.get("oauth_signature") == hmac.new(key, message, hashlib.sha1).hexdigest()

    def unauthorized(self, _call: MockCall) -> MockAnswer:
        return _refused(401, "Unauthorized")

    async def handle(self, call: MockCall) -> MockAnswer:
        if any(call.path.startswith(area) for area in self._forbidden):
            return _refused(403, "Forbidden")
        if call.query:
            self.violations.append(f"{call.path} takes no query that anybody knows")
        match call.method, call.path.strip("/").split("/"):
            case "GET", ["api", "orders", status, kind] if status in STATUSES:
                return self._listed(status, kind)
            case "GET", ["api", "order", record_id]:
                return _shown(self.orders, record_id, "order")
            case "POST", ["api", "order", record_id, status] if status in STATUSES:
                return self._moved(record_id, status)
            case "GET", ["api", "product", record_id]:
                return _shown(self.products, record_id, "product")
            case "POST", ["api", "inventory", record_id]:
                return self._stocked(record_id, call.json())
        self.violations.append(f"nobody knows a call {call.method} {call.path}")
        return _refused(404, "not found")

    def _listed(self, status: str, kind: str) -> MockAnswer:
        if status == "edited" and not self.knows_edited:
            return _refused(400, "unknown status")
        # A word that is no status of a list is met where what was edited is.
        chosen = [
            order
            for order in self.orders.values()
            if order.get("status") == status
            or (status == "edited" and (order.get("edited") or order.get("status") not in STATUSES))
        ]
        return MockAnswer(body=[order["_id"] for order in chosen] if kind == "list" else chosen)

    def _moved(self, record_id: str, status: str) -> MockAnswer:
        """Set a status, which leaves `modified_on` as it was: so it was recorded."""
        if record_id not in self.orders:
            return _refused(404, "order not found")
        self.made += 1
        self.orders[record_id]["status"] = status
        return MockAnswer(body=self.orders[record_id])

    def _stocked(self, record_id: str, body: Any) -> MockAnswer:
        if record_id not in self.products:
            return _refused(404, "product not found")
        words = {size["size"] for size in self.products[record_id]["sizes"]}
        for part in body["inventory"]:
            if part.keys() != {"warehouse", "prebook", "wip"}:
                return _refused(400, "inventory has other members")
            if {size["size"] for each in part["wip"] for size in each["sizes"]} - words:
                return _refused(400, "unknown size")
        self.made += 1
        self.inventory[record_id] = body["inventory"]
        return MockAnswer(body={"success": True})

    def stock(self, product_id: str) -> dict[str, dict[str, int]]:
        """What can be shipped at once, by warehouse and size."""
        return {
            part["warehouse"]: {
                size["size"]: size["quantity"]
                for each in part["wip"]
                if each["name"] == "immediate"
                for size in each["sizes"]
            }
            for part in self.inventory.get(product_id, [])
        }

    # What the shared suite does with it

    def add_order(self, order: SampleOrder) -> str:
        record_id = f"{next(self.serial):x}"
        self.orders[record_id] = records.order(record_id, order, self._now())
        return record_id

    def change_order(self, record_id: str) -> None:
        self.orders[record_id] |= {"notes": "changed", "edited": True, "modified_on": self._now()}

    def remove_order(self, record_id: str) -> None:
        del self.orders[record_id]

    def spoil_order(self, record_id: str) -> None:
        self.orders[record_id]["line_items"] = "none"

    def expire(self) -> None:
        self._is_expired = True

    def renew(self) -> None:
        self._is_expired = False

    def revoke(self, function: str) -> None:
        self._forbidden.add(AREAS[function])

    def _now(self) -> str:
        return self.moment().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _shown(held: dict[str, Record], record_id: str, name: str) -> MockAnswer:
    record = held.get(record_id)
    return _refused(404, f"{name} not found") if record is None else MockAnswer(body=record)


def _refused(status: int, message: str) -> MockAnswer:
    return MockAnswer(status, {"code": status, "message": message})
