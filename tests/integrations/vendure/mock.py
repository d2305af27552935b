"""A Vendure that is made up: orders, a product with two variants, their stock, payments. For bad days.

Its schema is what our client uses of the real one, which the live tests hold against each other. As there,
an order's own date stands still whatever becomes of it once it was placed, and lists come in any order.
"""

import itertools
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from aiohttp import web

from tests.mock_vendors.graphql_vendor import GraphQlMock, MockError, Resolver
from tests.mock_vendors.orders import OrderMock, SampleOrder, SampleWrite
from tests.mock_vendors.vendor import MockAnswer, MockCall

KEY = "look:secret"
STAMP = "2026-01-01T00:00:00.000Z"
Record = dict[str, Any]
LOCATIONS: list[Record] = [
    {"id": number, "name": name, "description": "", "createdAt": STAMP, "updatedAt": STAMP}
    for number, name in (("1", "Dock"), ("2", "Yard"))
]


class Mock(GraphQlMock, OrderMock):
    """One shop."""

    integration: ClassVar[tuple[str, str]] = ("cart", "vendure")
    orders_path: ClassVar[str] = "/admin-api"
    tells_deleted: ClassVar[bool] = True
    write: ClassVar[SampleWrite | None] = SampleWrite(
        "POST",
        "/cart/orders/{id}/shipments",
        {"tracking_number": "T-1", "carrier_name": "Parcel Express"},
        vendor_path="addFulfillmentToOrder",
        count="made",
    )

    def __init__(self) -> None:
        super().__init__()
        self.orders: dict[str, Record] = {}
        self.levels: dict[str, dict[str, int]] = {"1": {"1": 10, "2": 3}, "2": {"1": 5}}
        self.products = {"1": self.product("1")}
        self.made = 0
        self.serial = itertools.count(1)
        self._is_expired = False
        self._forbidden: set[str] = set()

    def schema_file(self) -> Path:
        return Path(__file__).parent / "schema.graphql"

    def credentials(self) -> dict[str, str]:
        return {"url": self.url, "api_key": KEY, "channel": ""}

    def is_signed_in(self, call: MockCall) -> bool:
        return not self._is_expired and call.headers.get("vendure-api-key") == KEY

    def unauthorized(self, _call: MockCall) -> MockAnswer:
        message = "You are not currently authorized to perform this action"
        return MockAnswer(body={"errors": [{"message": message, "extensions": {"code": "FORBIDDEN"}}]})

    def root(self) -> Mapping[str, Resolver]:
        return {
            "activeChannel": lambda: {"id": "1", "code": "__default_channel__"},
            "globalSettings": self._settings,
            "order": self._order,
            "orders": self._orders,
            "product": self._product,
            "products": lambda options: _page(list(self.products.values()), options),
            "productVariant": lambda id: self._variant(id) if id in self.levels else None,
            "productVariants": lambda options: _page([*map(self._variant, self.levels)], options),
            "stockLocations": lambda options: _page(LOCATIONS, options),
            "addFulfillmentToOrder": self._fulfil,
            "transitionFulfillmentToState": self._move,
            "refundOrder": self._refund,
            "settleRefund": self._settle,
            "updateProductVariants": self._set_stock,
        }  # fmt: skip

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        """Deal with a request as a script says for one of its root fields: all have the same path."""
        body = (await request.read()).decode()
        for name, faults in self._scripts.items():
            if faults and not name.startswith("/") and name in body:
                return await faults.popleft()(self, request)
        return await super()._serve(request)

    # Queries

    def _settings(self) -> Record:
        config = {"moneyStrategyPrecision": 2}
        return {"id": "1", "trackInventory": True, "outOfStockThreshold": 0, "serverConfig": config}

    def _order(self, id: str) -> Record | None:
        self._allow("orders")
        return self.orders.get(id)

    def _orders(self, options: Record) -> Record:
        self._allow("orders")
        return _page(list(self.orders.values()), options)

    def _allow(self, name: str) -> None:
        if name in self._forbidden:
            raise MockError("You are not currently authorized to perform this action", "FORBIDDEN")

    def _product(self, id: str) -> Record | None:
        return self.products.get(id)

    def product(self, number: str, day: int = 1) -> Record:
        """A product that was made on a day of January."""
        made = f"2026-01-{day:02}T00:00:00.000Z"
        return {"id": number, "name": "Crate", "enabled": True, "createdAt": made, "updatedAt": made,
                "featuredAsset": None, "facetValues": [], "collections": []}  # fmt: skip

    def _variant(self, number: str) -> Record:
        levels = [
            {"stockLocationId": place, "stockOnHand": count, "stockAllocated": 0}
            for place, count in self.levels[number].items()
        ]
        return {"id": number, "productId": "1", "name": f"Crate {number}", "sku": f"CRATE-{number}",
                "enabled": True, "createdAt": STAMP, "updatedAt": STAMP, "trackInventory": "INHERIT",
                "outOfStockThreshold": 0, "useGlobalOutOfStockThreshold": True, "currencyCode": "USD",
                "price": 950, "priceWithTax": 1140, "prices": [{"currencyCode": "USD", "price": 950}],
                "stockLevels": levels, "featuredAsset": None, "facetValues": [], "options": [],
                "product": self.products["1"]}  # fmt: skip

    # Mutations

    def _fulfil(self, input: Record) -> Record:
        named = {line["orderLineId"]: line["quantity"] for line in input["lines"]}
        order = next(
            order for order in self.orders.values() if named.keys() <= {line["id"] for line in order["lines"]}
        )
        left = {line["id"]: line["quantity"] for line in order["lines"]}
        for line in (line for fulfilment in order["fulfillments"] for line in fulfilment["lines"]):
            left[line["orderLineId"]] -= line["quantity"]
        if any(left[name] < quantity for name, quantity in named.items()):
            return _error("ItemsAlreadyFulfilledError", "ITEMS_ALREADY_FULFILLED_ERROR")
        self.made += 1
        arguments = {argument["name"]: argument["value"] for argument in input["handler"]["arguments"]}
        fulfilment = {"__typename": "Fulfillment", "id": str(next(self.serial)), "createdAt": self._now(),
                      "updatedAt": self._now(), "state": "Pending", "method": arguments["method"],
                      "trackingCode": arguments["trackingCode"], "lines": input["lines"]}  # fmt: skip
        order["fulfillments"].append(fulfilment)
        return fulfilment

    def _move(self, id: str, state: str) -> Record:
        for order in self.orders.values():
            for fulfilment in order["fulfillments"]:
                if fulfilment["id"] == id:
                    fulfilment |= {"state": state, "updatedAt": self._now()}
                    sent = sum(len(entry["lines"]) for entry in order["fulfillments"])
                    order["state"] = state if sent == len(order["lines"]) else f"Partially{state}"
                    return dict(fulfilment)
        raise MockError(f'No Fulfillment with the id "{id}" could be found', "ENTITY_NOT_FOUND")

    def _refund(self, input: Record) -> Record:
        payments = (payment for order in self.orders.values() for payment in order["payments"])
        payment = next(payment for payment in payments if payment["id"] == input["paymentId"])
        left = payment["amount"] - sum(refund["total"] for refund in payment["refunds"])
        if input["amount"] > left:
            return _error("RefundAmountError", "REFUND_AMOUNT_ERROR")
        refund = {"__typename": "Refund", "id": str(next(self.serial)), "createdAt": self._now(),
                  "updatedAt": self._now(), "state": "Pending", "total": input["amount"],
                  "reason": input["reason"], "transactionId": None, "lines": input["lines"]}  # fmt: skip
        payment["refunds"].insert(0, refund)
        return refund

    def _settle(self, input: Record) -> Record:
        for order in self.orders.values():
            for refund in (refund for payment in order["payments"] for refund in payment["refunds"]):
                if refund["id"] == input["id"]:
                    refund |= {"state": "Settled", "transactionId": input["transactionId"]}
                    return dict(refund)
        raise MockError("No Refund could be found", "ENTITY_NOT_FOUND")

    def _set_stock(self, input: list[Record]) -> list[Record]:
        for update in input:
            levels = {level["stockLocationId"]: level["stockOnHand"] for level in update["stockLevels"]}
            self.levels[update["id"]] |= levels
        return [self._variant(update["id"]) for update in input]

    # What the shared suite does with it

    def add_order(self, order: SampleOrder) -> str:
        order_id, now, text = str(next(self.serial)), self._now(), order.text
        address = {"fullName": text or "Ada Buyer", "streetLine1": text or "1 Quay", "city": text or "Kiel",
                   "company": text, "countryCode": "DE"}  # fmt: skip
        payment: Record = {"id": f"9{order_id}", "updatedAt": now, "method": "standard-payment",
                           "state": "Settled", "amount": 2830, "transactionId": "t",
                           "refunds": []}  # fmt: skip
        self.orders[order_id] = {
            "id": order_id, "code": f"V{order.number}", "type": "Regular", "currencyCode": "USD",
            "state": order.status or "PaymentSettled", "createdAt": now, "updatedAt": now,
            "orderPlacedAt": now, "couponCodes": [], "total": 2400, "totalWithTax": 2880,
            "shipping": 500, "customer": {"id": "1", "emailAddress": "buyer@example.com"},
            "shippingAddress": address, "billingAddress": {}, "surcharges": [],
            "shippingLines": [{"shippingMethod": {"id": "1", "name": text or "Standard"}}],
            "lines": [self._line(order_id, number, text) for number in range(order.lines)],
            "fulfillments": [], "payments": [payment],
        } | dict(order.members)  # fmt: skip
        return order_id

    def _line(self, order_id: str, number: int, text: str | None) -> Record:
        variant = {"id": "1", "sku": text or "CRATE-1", "productId": "1"}
        return {"id": f"{order_id}{number:05}", "quantity": 1, "orderPlacedQuantity": 1, "unitPrice": 950,
                "linePrice": 950, "proratedLinePrice": 950, "proratedUnitPriceWithTax": 1140, "lineTax": 190,
                "productVariant": variant}  # fmt: skip

    def change_order(self, record_id: str) -> None:
        """Cancel it: of what can happen to an order that is placed, nothing else moves its date."""
        self.orders[record_id] |= {"state": "Cancelled", "updatedAt": self._now()}

    def remove_order(self, record_id: str) -> None:
        del self.orders[record_id]

    def spoil_order(self, record_id: str) -> None:
        self.orders[record_id]["currencyCode"] = None

    def expire(self) -> None:
        self._is_expired = True

    def renew(self) -> None:
        self._is_expired = False

    def revoke(self, function: str) -> None:
        self._forbidden.add(function.removeprefix("get_"))

    def _now(self) -> str:
        return self.moment().isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _error(kind: str, code: str) -> Record:
    return {"__typename": kind, "errorCode": code, "message": code.replace("_", " ").capitalize()}


def _page(records: list[Record], options: Record) -> Record:
    """A page of a list as Vendure makes it: filtered, sorted, cut."""
    chosen = [record for record in records if _fits(record, options.get("filter") or {})]
    for name, direction in reversed((options.get("sort") or {}).items()):
        chosen.sort(key=lambda record: _rank(record[name]), reverse=direction == "DESC")
    skip = options.get("skip") or 0
    return {"items": chosen[skip : skip + (options.get("take") or 1000)], "totalItems": len(chosen)}


def _rank(value: str) -> tuple[int, str]:
    return (len(value), value) if value.isdigit() else (0, _moment(value).isoformat())


def _fits(record: Record, conditions: Record) -> bool:
    return all(_meets(record, name, condition) for name, condition in conditions.items())


def _meets(record: Record, name: str, condition: Any) -> bool:
    if name == "_and":
        return all(_fits(record, part) for part in condition)
    if name == "_or":
        return any(_fits(record, part) for part in condition)
    if "in" in condition:
        return record[name] in condition["in"]
    if "isNull" in condition:
        return (record[name] is None) == condition["isNull"]
    if "after" in condition:
        return _moment(record[name]) > _moment(condition["after"])
    return (
        _moment(condition["between"]["start"])
        <= _moment(record[name])
        <= _moment(condition["between"]["end"])
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
