"""A made-up shop on TikTok, by its own descriptions: orders, packages, returns, products, stock, webhooks."""

import itertools
from collections.abc import Callable
from datetime import UTC
from email.utils import format_datetime
from typing import Any, ClassVar

from tests.integrations.tiktok_shop.cart import records
from tests.integrations.tiktok_shop.cart.records import Record
from tests.integrations.tiktok_shop.door import (
    GIVEN_REFRESH,
    KEY,
    SECRET,
    SHOP,
    TokenPages,
    done,
    refusal_of,
    refused,
)
from tests.mock_vendors.orders import OrderMock, SampleOrder, SampleWrite
from tests.mock_vendors.vendor import MockAnswer, MockCall

AREAS = {"get_orders": "/order/", "get_products": "/product/"}
NOT_SENT = (None, "", "TO_FULFILL")
CRATE, LID = "1729592969712203232", "1729592969712203233"


class Mock(OrderMock):
    """One shop, and the app that its seller authorized."""

    integration: ClassVar[tuple[str, str]] = ("cart", "tiktok-shop")
    orders_path: ClassVar[str] = "/orders/search"
    more_than_a_page: ClassVar[int] = 130
    write: ClassVar[SampleWrite | None] = SampleWrite(
        "POST",
        "/cart/orders/{id}/shipments",
        {"tracking_number": "T-1", "shipping_provider_id": records.CARRIER["id"]},
        vendor_path="/ship",
        count="made",
    )

    def __init__(self) -> None:
        super().__init__()
        self.door = TokenPages()
        self.pages = self.door
        self.serial = itertools.count(576460000000000101)
        self.orders: dict[str, Record] = {}
        self.cancellations: list[Record] = []
        self.returns: list[Record] = []
        skus = [str(records.FIRST_SKU + position) for position in range(3)]
        self.products: dict[str, Record] = {
            CRATE: records.product(CRATE, "Crate", {skus[0]: "S", skus[1]: "L"}, 1764000000),
            LID: records.product(LID, "Lid", {skus[2]: "One"}, 1764000000),
        }
        self.hooks: dict[str, str] = {}
        self.made = 0
        self._forbidden: set[str] = set()

    def credentials(self) -> dict[str, str]:
        return {"sign_in": "app", "app_key": KEY, "app_secret": SECRET, "refresh_token": GIVEN_REFRESH}

    def hosts(self) -> dict[str, dict[str, str]]:
        return {"": {"api": self.url, "auth": self.url}}

    def is_signed_in(self, call: MockCall) -> bool:
        return refusal_of(call, self.door) is None

    def unauthorized(self, call: MockCall) -> MockAnswer:
        return refusal_of(call, self.door) or MockAnswer(500)

    async def handle(self, call: MockCall) -> MockAnswer:
        if any(call.path.startswith(area) for area in self._forbidden):
            return refused(105005, "The app has no permission for this API", 403)
        area, version, *path = call.path.strip("/").split("/")
        handlers: dict[str, Callable[[MockCall, list[str]], MockAnswer]] = {
            "authorization": lambda _call, _path: done({"shops": [SHOP]}),
            "order": self._order,
            "fulfillment": self._fulfil,
            "return_refund": self._after_sales,
            "product": self._product,
            "logistics": self._logistics,
            "event": self._hook,
        }
        assert version.startswith("20")
        answer = handlers[area](call, path)
        moment = format_datetime(self.moment().astimezone(UTC), usegmt=True)
        return MockAnswer(answer.status, answer.body, {"Date": moment, **answer.headers})

    # Orders and packages

    def _order(self, call: MockCall, path: list[str]) -> MockAnswer:
        if path == ["orders", "search"]:
            orders = _within(call.json(), list(self.orders.values()))
            return _page(call, _sorted(call, orders), "orders", 100)
        orders = [self.orders[name] for name in call.query["ids"].split(",") if name in self.orders]
        return done({"orders": orders})

    def _fulfil(self, call: MockCall, path: list[str]) -> MockAnswer:
        kind, name, _action = path
        body = call.json()
        if kind == "packages":
            orders = [order for order in self.orders.values() if {"id": name} in order["packages"]]
            units = [each for order in orders for each in order["line_items"] if each["package_id"] == name]
            if not units or any(each["package_status"] != "TO_FULFILL" for each in units):
                return refused(21008025, "Package status is not valid")
            if orders[0]["shipping_type"] == "SELLER" and not body.get("self_shipment", {}).get(
                "tracking_number"
            ):
                return refused(21008001, "tracking_number is required")
            self._send(orders[0], units, name, body.get("self_shipment", {"tracking_number": f"TT-{name}"}))
            return done({})
        order = self.orders[name]
        units = [each for each in order["line_items"] if each["id"] in body["order_line_item_ids"]]
        if len(units) != len(body["order_line_item_ids"]) or any(_is_sent(each) for each in units):
            return refused(21008025, "Order line items can't be shipped")
        package = f"12{next(self.serial)}"
        order["packages"].append({"id": package})
        self._send(order, units, package, body)
        return done(
            {"order_id": name, "package_id": package, "order_line_item_ids": body["order_line_item_ids"]}
        )

    def _send(self, order: Record, units: list[Record], package: str, shipment: Record) -> None:
        self.made += 1
        for each in units:
            each |= {
                "package_id": package, "package_status": "PROCESSING", "rts_time": self._now(),
                "display_status": "AWAITING_COLLECTION", "tracking_number": shipment["tracking_number"],
                "shipping_provider_id": shipment.get("shipping_provider_id", records.CARRIER["id"]),
                "shipping_provider_name": records.CARRIER["name"],
            }  # fmt: skip
        is_all = all(_is_sent(each) or _is_cancelled(each) for each in order["line_items"])
        order |= {
            "status": "AWAITING_COLLECTION" if is_all else "PARTIALLY_SHIPPING",
            "update_time": self._now(),
        }

    def collect(self, record_id: str) -> None:
        """The carrier fetches what is packed."""
        order = self.orders[record_id]
        for each in order["line_items"]:
            if each["package_status"] == "PROCESSING":
                each |= {"package_status": "FULFILLING", "display_status": "IN_TRANSIT"}
        order |= {"status": "IN_TRANSIT", "update_time": self._now()}

    # Cancellations and returns

    def _after_sales(self, call: MockCall, path: list[str]) -> MockAnswer:
        if path[0] == "orders":
            gone = {line["order_line_item_id"] for each in self.returns for line in each["return_line_items"]}
            units = [each for each in self.orders[path[1]]["line_items"] if each["id"] not in gone]
            return done({"sku_eligibility": list(map(_eligibility, units))})
        body = call.json()
        if path[1:] == ["search"]:
            name = {"cancellations": "cancellations", "returns": "return_orders"}[path[0]]
            changes = self.cancellations if path[0] == "cancellations" else self.returns
            wanted = body.get("order_ids")
            chosen = [each for each in changes if wanted is None or each["order_id"] in wanted]
            return _page(call, _sorted(call, _within(body, chosen)), name, 50)
        if path[0] == "returns" and path[2:] == ["approve"]:
            [change] = [each for each in self.returns if each["return_id"] == path[1]]
            change |= {"return_status": "RETURN_OR_REFUND_REQUEST_SUCCESS", "update_time": self._now()}
            return done({})
        order = self.orders[body["order_id"]]
        units = [each for each in order["line_items"] if each["id"] in body["order_line_item_ids"]]
        if path == ["refunds", "calculate"]:
            total = f"{sum(float(each['sale_price']) for each in units):.2f}"
            return done({"order_refund_amount": {"currency": "USD", "refund_total": total}})
        self.made += 1
        return (
            self._cancel(order, units, body)
            if path == ["cancellations"]
            else self._return(order, units, body)
        )

    def _cancel(self, order: Record, units: list[Record], body: Record) -> MockAnswer:
        if any(_is_sent(each) or _is_cancelled(each) for each in units):
            return refused(25018001, "The order can't be cancelled")
        number = str(next(self.serial))
        status = "CANCELLATION_REQUEST_SUCCESS"
        change = records.change(number, order["id"], units, "cancel", body, self._now())
        self.cancellations.append(change | {"cancel_status": status})
        for each in units:
            each |= {
                "display_status": "CANCELLED",
                "cancel_reason": body["cancel_reason"],
                "cancel_user": "SELLER",
            }
        if all(map(_is_cancelled, order["line_items"])):
            order |= {"status": "CANCELLED", "cancel_reason": body["cancel_reason"]}
        order["update_time"] = self._now()
        return done({"cancel_id": number, "cancel_status": status})

    def _return(self, order: Record, units: list[Record], body: Record) -> MockAnswer:
        number, status = str(next(self.serial)), "RETURN_OR_REFUND_REQUEST_PENDING"
        change = records.change(number, order["id"], units, "return", body, self._now())
        self.returns.append(change | {"return_status": status})
        return done({"return_id": number, "return_status": status})

    # Products, stock, warehouses

    def _product(self, call: MockCall, path: list[str]) -> MockAnswer:
        if path == ["inventory", "search"]:
            return done(
                {"inventory": [_stock(each, call.json()["sku_ids"]) for each in self.products.values()]}
            )
        if path == ["products", "search"]:
            wanted = set(call.json().get("sku_ids", []))
            chosen = [
                records.listed_product(each)
                for each in self.products.values()
                if not wanted or wanted & {sku["id"] for sku in each["skus"]}
            ]
            return _page(call, chosen, "products", 100)
        product = self.products.get(path[1])
        if product is None or product["status"] in ("FREEZE", "DELETED"):
            return refused(12052901, "The product does not exist", 404)
        return self._update(product, call.json()["skus"]) if path[2:] else done(product)

    def _update(self, product: Record, changes: list[Record]) -> MockAnswer:
        skus = {sku["id"]: sku for sku in product["skus"]}
        for change in changes:
            places = {level["warehouse_id"] for level in skus[change["id"]]["inventory"]}
            if {level["warehouse_id"] for level in change["inventory"]} != places:
                errors = [
                    {"code": 12052251, "message": "name all warehouses", "detail": {"sku_id": change["id"]}}
                ]
                return done({"errors": errors})
        self.made += 1
        for change in changes:
            skus[change["id"]]["inventory"] = change["inventory"]
        return done({"errors": []})

    def _logistics(self, _call: MockCall, path: list[str]) -> MockAnswer:
        if path[0] == "delivery_options":
            return done({"shipping_providers": [records.CARRIER] if path[1] == records.OPTION["id"] else []})
        return done({"warehouses": records.WAREHOUSES})

    # Webhooks

    def _hook(self, call: MockCall, _path: list[str]) -> MockAnswer:
        if call.method == "GET":
            hooks = [{"event_type": event, "address": address} for event, address in self.hooks.items()]
            return done({"webhooks": hooks, "total_count": len(hooks)})
        event = call.json()["event_type"]
        if call.method == "DELETE":
            self.hooks.pop(event, None)
        else:
            self.hooks[event] = call.json()["address"]
        return done({})

    # What the shared suite does with it

    def add_order(self, order: SampleOrder) -> str:
        number = str(next(self.serial))
        self.orders[number] = records.order(number, order, self._now())
        return number

    def change_order(self, record_id: str) -> None:
        self.orders[record_id] |= {"status": "IN_TRANSIT", "update_time": self._now()}

    def remove_order(self, record_id: str) -> None:
        del self.orders[record_id]

    def spoil_order(self, record_id: str) -> None:
        del self.orders[record_id]["create_time"]

    def expire(self) -> None:
        self.door.is_closed = True

    def renew(self) -> None:
        self.door.is_closed = False

    def revoke(self, function: str) -> None:
        self._forbidden.add(AREAS[function])

    def _now(self) -> int:
        return int(self.clock())


def _is_sent(unit: Record) -> bool:
    return unit["package_status"] not in NOT_SENT


def _is_cancelled(unit: Record) -> bool:
    return bool(unit["display_status"] == "CANCELLED")


def _eligibility(unit: Record) -> Record:
    """What the seller can do with a unit: cancel it until it is sent, refund it then."""
    parts = [
        {
            "request_type": kind, "eligible": is_it, "order_line_items_ids": [unit["id"]],
            "available_reason_names": records.REASONS[kind] if is_it else [],
        }
        for kind, is_it in (
            ("CANCEL", not _is_sent(unit) and not _is_cancelled(unit)), ("REFUND", _is_sent(unit))
        )
    ]  # fmt: skip
    return {"sku_id": unit["sku_id"], "line_item_eligibility": parts}


def _stock(product: Record, wanted: list[str]) -> Record:
    skus = []
    for sku in product["skus"]:
        levels = [
            {
                "warehouse_id": each["warehouse_id"],
                "available_quantity": each["quantity"],
                "committed_quantity": 0,
            }
            for each in sku["inventory"]
        ]
        total = sum(level["available_quantity"] for level in levels)
        if sku["id"] in wanted:
            skus.append({
                "id": sku["id"], "seller_sku": sku["seller_sku"], "total_available_quantity": total,
                "total_committed_quantity": 0, "warehouse_inventory": levels,
            })  # fmt: skip
    return {"product_id": product["id"], "skus": skus}


def _within(body: Record, changes: list[Record]) -> list[Record]:
    """What was changed in the window of time that a search names."""
    first, end = body.get("update_time_ge", 0), body.get("update_time_lt")
    return [
        each
        for each in changes
        if first <= each["update_time"] and (end is None or each["update_time"] < end)
    ]


def _sorted(call: MockCall, listed: list[Record]) -> list[Record]:
    name = call.query.get("sort_field", "create_time")
    is_last_first = call.query.get("sort_order") == "DESC"
    return sorted(listed, key=lambda each: (each.get(name, 0), str(each.get("id"))), reverse=is_last_first)


def _page(call: MockCall, listed: list[Any], name: str, most: int) -> MockAnswer:
    size = int(call.query["page_size"])
    if not 1 <= size <= most:
        return refused(36009004, "page_size is out of range")
    begin = int(call.query.get("page_token", "o0").removeprefix("o"))
    end = begin + size
    following = f"o{end}" if end < len(listed) else ""
    return done({name: listed[begin:end], "next_page_token": following, "total_count": len(listed)})
