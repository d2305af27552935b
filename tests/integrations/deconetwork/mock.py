"""A DecoNetwork site that is made up: orders, stock, events, products, purchase orders. For bad days.

Its lists come newest first or in no order, since the order of the real ones is documented nowhere; its events
share seconds; its limit on calls is one for tests, as none is documented.
"""

import itertools
import operator
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from tests.conftest import needs_shared
from tests.contracts import vendor_specs
from tests.contracts.vendor_specs import Description
from tests.mock_vendors.orders import OrderMock, SampleOrder, SampleWrite
from tests.mock_vendors.vendor import MockAnswer, MockCall

Record = dict[str, Any]
USERNAME, PASSWORD = "ada", "p&ss wörd"
MOST = 100
TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "1": operator.eq, "2": operator.ne, "3": operator.lt, "4": operator.gt, "5": operator.le,
    "6": operator.ge,
}  # fmt: skip
FIELDS = {
    "inventory_events": {"1": "created_at", "2": "inventory_id"},
    "inventories": {"1": "product_code", "4": "product_id", "5": "inv_last_modified", "6": "inventory_id"},
    "orders": {"1": "date_ordered", "3": "order_id", "4": "order_status", "8": "date_modified"},
    "products": {"1": "product_code", "4": "product_id", "5": "date_modified"},
    "purchase_orders": {"1": "date_raised", "3": "date_modified", "4": "po_number"},
}
LISTS = {
    "manage_inventory_events": "inventory_events",
    "manage_inventory": "inventories",
    "manage_orders": "orders",
    "manage_products": "products",
    "manage_purchase_orders": "purchase_orders",
}
_CONDITION = re.compile(r"conditions\[(\d+)\]\[(\w+)\]")


def envelope(code: int, description: str = "", severity: str = "ERROR") -> MockAnswer:
    """An answer with nothing but its outcome."""
    status = {"code": code, "severity": severity, "description": description}
    return MockAnswer(body={"response_status": status})


class Mock(OrderMock):
    """One site."""

    integration: ClassVar[tuple[str, str]] = ("wms", "deconetwork")
    orders_path: ClassVar[str] = "/manage_orders/find"
    more_than_a_page: ClassVar[int] = 110
    write: ClassVar[SampleWrite | None] = SampleWrite(
        "POST", "/wms/orders/{id}/shipments", {"tracking_number": "T-1"},
        vendor_path="/update_order_status", count="made",
    )  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, list[Record]] = {name: [] for name in FIELDS}
        self.made = 0
        self.serial = itertools.count(1)
        self._is_expired = False
        self._forbidden: set[str] = set()

    def description(self) -> Description:
        return vendor_specs.load([needs_shared("contract", "deconetwork.openapi.yaml")])

    def credentials(self) -> dict[str, str]:
        return {"url": self.url, "username": USERNAME, "password": PASSWORD}

    def is_signed_in(self, call: MockCall) -> bool:
        assert PASSWORD not in call.query.values(), "the password stands in an address"
        form = call.form()
        return not self._is_expired and (form.get("username"), form.get("password")) == (USERNAME, PASSWORD)

    def unauthorized(self, _call: MockCall) -> MockAnswer:
        return envelope(30001, "Authentication failed")

    def undescribed(self, _call: MockCall, faults: list[str]) -> MockAnswer:
        return envelope(50005, "; ".join(faults))

    async def handle(self, call: MockCall) -> MockAnswer:
        api, action = call.path.strip("/").split("/")[2:]
        if LISTS[api] in self._forbidden:
            return envelope(31000, "API not enabled on your site")
        if action == "find":
            return self._search(call.form(), LISTS[api])
        form = call.form()
        if action == "update_order_status":
            self.ship(form)
        else:
            self.set_level(form["dn_sku_id"], int(form["inv_lvl"]))
        return envelope(10001, severity="SUCCESS")

    def _search(self, form: Mapping[str, str], name: str) -> MockAnswer:
        tests = _conditions(form)
        if not tests:
            return envelope(50002, "No conditions specified")
        if not 0 <= (limit := int(form.get("limit", MOST))) <= MOST:
            return envelope(50004, "Invalid limit or offset")
        for number, test in enumerate(tests, 1):
            for part in ("field", "condition"):
                if part not in test:
                    return envelope(50003, f"Condition {number} '{part}' is missing")
        rows = [row for row in reversed(self.rows[name]) if all(_holds(row, name, test) for test in tests)]
        offset = int(form.get("offset", 0))
        shown = [
            {key: value for key, value in row.items() if name != "products" or key != "date_modified"}
            for row in rows[offset : offset + limit]
        ]
        status = {"code": 10001, "severity": "SUCCESS", "description": "."}
        return MockAnswer(body={"response_status": status, name: shown, "total": len(rows)})

    # What happens in the site

    def ship(self, form: Mapping[str, str]) -> None:
        """Mark an order as shipped."""
        self.made += 1
        order = self._order(form["order_id"])
        shipment = {"id": next(self.serial), "date": self._now(), "tracking": form.get("shipping_code")}
        order |= {
            "order_status": int(form["new_status"]), "date_shipped": self._now(), "order_status_name": None,
            "date_modified": self._now(), "shipments": [*order["shipments"], shipment],
        }  # fmt: skip

    def set_level(self, dn_sku_id: str, level: int, **event: Any) -> None:
        """Set the stock of a SKU, with the event that it is."""
        row = next((row for row in self.rows["inventories"] if row["dn_sku_id"] == dn_sku_id), None)
        if row is None:
            product_id, _, variant = dn_sku_id.partition("_")
            row = {
                "product_id": product_id, "product_code": f"P{product_id}", "product_name": "Tee",
                "supplier": "Vendor A", "sku": f"SKU-{variant}", "dn_sku_id": dn_sku_id, "inv_on": True,
                "inv_lvl": 0, "inv_on_order_total": 0, "inventory_id": int(dn_sku_id.replace("_", "")),
            }  # fmt: skip
            self.rows["inventories"].append(row)
        self.rows["inventory_events"].append({
            "product_id": int(row["product_id"]), "dn_sku_id": dn_sku_id, "created_at": self._now()[:19],
            "change_type": 1, "po_number": None, "po_line_id": None, "old_qty": row["inv_lvl"],
            "inventory_id": int(dn_sku_id.replace("_", "")), "new_qty": level, "user": None,
        } | event)  # fmt: skip
        row |= {"inv_lvl": level, "inv_last_modified": self._now()[:19]}

    def receive(self, po_number: str, dn_sku_id: str, quantity: int) -> None:
        """Receive goods of a purchase order."""
        purchase = next(row for row in self.rows["purchase_orders"] if row["po_number"] == po_number)
        purchase |= {"status": 4, "status_description": "Partially Received", "date_modified": self._now()}
        purchase["qty_received"] += quantity
        level = next((row["inv_lvl"] for row in self.rows["inventories"] if row["dn_sku_id"] == dn_sku_id), 0)
        self.set_level(dn_sku_id, level + quantity, change_type=4, po_number=po_number, po_line_id=1)

    def add_purchase_order(self, po_number: str, quantity: int) -> None:
        self.rows["purchase_orders"].append({
            "po_number": po_number, "vendor": "Vendor A", "vendor_details": {"id": 6753, "name": "Vendor A"},
            "status": 2, "status_description": "Sent", "date_raised": self._now(),
            "date_modified": self._now(), "date_delivery": None, "qty_ordered": quantity, "qty_received": 0,
        })  # fmt: skip

    def add_product(self, product_id: int, sizes: int = 2) -> None:
        skus = [
            {"size_id": size, "color_id": 7, "sku": f"SKU-{size}", "dn_sku_id": f"{product_id}_{size}",
             "price": 9.5}
            for size in range(1, sizes + 1)
        ]  # fmt: skip
        self.rows["products"].append({
            "product_id": product_id, "product_code": f"P{product_id}", "product_name": "Tee", "skus": skus,
            "colors": [{"id": 7, "name": "White"}], "date_modified": self._now()[:19],
            "sizes": [{"id": size, "name": f"S{size}", "code": f"S{size}"} for size in range(1, sizes + 1)],
        })  # fmt: skip

    def _order(self, order_id: str) -> Record:
        return next(row for row in self.rows["orders"] if row["order_id"] == order_id)

    # What the shared suite does with it

    def add_order(self, order: SampleOrder) -> str:
        order_id, text, now = f"INV{next(self.serial):05}", order.text, self._now()
        contact = {"firstname": "Ada", "lastname": text or "Buyer", "street": text or "1 Quay",
                   "city": text or "Kiel", "country_code": "DE", "email": "buyer@example.com"}  # fmt: skip
        record: Record = {
            "order_id": order_id, "item_amount": 19.0, "shipping_amount": 5.5, "tax_amount": 0,
            "billable_amount": 24.5, "job_name": text or "Shirts", "order_status": 1,
            "order_status_name": None, "date_ordered": now, "date_modified": now, "date_due": None,
            "shipping_method": {"id": 1, "name": text or "Overnight"}, "shipments": [],
            "billing_details": contact, "order_lines": [self._line(n, text) for n in range(order.lines)],
        }  # fmt: skip
        if order.status is not None:
            record |= {"order_status": 99, "order_status_name": order.status}
        self.rows["orders"].append(record | dict(order.members))
        return order_id

    def _line(self, number: int, text: str | None) -> Record:
        option = {"option_id": 2, "qty": 1, "name": "Medium", "sku": text or "SKU-1", "dn_sku_id": "100_1"}
        field = {"field_id": 1, "field_name": "Size", "field_type": 1, "options": [option]}
        return {"id": str(number), "qty": "1", "unit_price": 9.5, "product_id": 100, "item_type": 0,
                "product_code": "P100", "production_status": 1, "fields": [field]}  # fmt: skip

    def change_order(self, record_id: str) -> None:
        self._order(record_id).update({"order_status": 2, "date_modified": self._now()})

    def remove_order(self, record_id: str) -> None:
        self.rows["orders"].remove(self._order(record_id))

    def spoil_order(self, record_id: str) -> None:
        self._order(record_id)["order_lines"] = "none"

    def expire(self) -> None:
        self._is_expired = True

    def renew(self) -> None:
        self._is_expired = False

    def revoke(self, function: str) -> None:
        self._forbidden.add({"get_orders": "orders"}[function])

    def _now(self) -> str:
        """With milliseconds and an offset, as live data may have it."""
        return self.moment().isoformat(timespec="milliseconds")


def _conditions(form: Mapping[str, str]) -> list[dict[str, str]]:
    numbered: dict[int, dict[str, str]] = {}
    for name, value in form.items():
        if match := _CONDITION.fullmatch(name):
            numbered.setdefault(int(match[1]), {})[match[2]] = value
    single = {
        name: form[name] for name in ("field", "condition", "date1", "string", "number1") if name in form
    }
    return [*([single] if single else []), *(numbered[number] for number in sorted(numbered))]


def _holds(row: Record, name: str, test: Mapping[str, str]) -> bool:
    value, wanted = row[FIELDS[name][test["field"]]], test.get("date1") or test.get("string")
    if value is None:
        return False  # what has no date is in no window of time
    if "number1" in test:
        return TESTS[test["condition"]](int(value), float(test["number1"]))
    if "date1" in test:
        return TESTS[test["condition"]](_moment(str(value)), _moment(str(wanted)))
    return TESTS[test["condition"]](str(value), str(wanted))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
