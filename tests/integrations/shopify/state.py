"""What a made-up shop holds, in the shape of Shopify's schema."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from tests.mock_vendors.graphql_vendor import connection

Record = dict[str, Any]
GID = "gid://shopify"
LOCATION = 7001
NOW = "2026-01-01T00:00:00Z"


def gid(kind: str, number: Any) -> str:
    return f"{GID}/{kind}/{number}"


def bag(amount: Any) -> Record:
    money = {"amount": str(amount), "currencyCode": "USD"}
    return {"shopMoney": money, "presentmentMoney": money}


def listed(nodes: Callable[[], Sequence[Record]]) -> Any:
    """A connection of what there is when it is asked for."""
    return lambda first=None, after=None, **_: connection(nodes(), first, after)


def cut(entries: Sequence[Record]) -> Any:
    """A list within a record, of which so many are asked for."""
    return lambda first=None, **_: entries[:first]


class ShopState:
    """Orders, a product with two variants, its stock and its location."""

    def __init__(self) -> None:
        self.serial = itertools.count(1001)
        self.orders: dict[str, Record] = {}
        self.stock = {"501": 10, "502": 5}
        self.made = 0
        self.places = [LOCATION]
        """The numbers of the locations that have stock of each variant."""
        self.location: Record = {
            "__typename": "Location", "id": gid("Location", LOCATION), "legacyResourceId": str(LOCATION),
            "name": "Dock", "isActive": True, "createdAt": NOW, "updatedAt": NOW,
            "address": {"address1": "1 Dock Road", "city": "Kiel", "countryCode": "DE", "zip": "24103"},
        }  # fmt: skip
        self.product: Record = {
            "__typename": "Product", "id": gid("Product", 301), "legacyResourceId": "301", "title": "Crate",
            "status": "ACTIVE", "createdAt": NOW, "updatedAt": NOW, "tags": ["wood"],
            "productType": "Boxes", "vendor": "Oak & Co", "onlineStoreUrl": None, "featuredMedia": None,
        }  # fmt: skip

    def variants(self) -> list[Record]:
        return [self.variant(number) for number in self.stock]

    def variant(self, number: str) -> Record:
        item = str(int(number) + 100)
        levels: list[Record] = [
            {"__typename": "InventoryLevel", "id": gid("InventoryLevel", f"{item}{place}"),
             "location": {**self.location, "legacyResourceId": str(place)},
             "quantities": lambda names: [{"name": name, "quantity": self.stock[number]} for name in names]}
            for place in self.places
        ]  # fmt: skip
        variant: Record = {
            "__typename": "ProductVariant", "id": gid("ProductVariant", number), "legacyResourceId": number,
            "title": f"No. {number}", "sku": f"CRATE-{number}", "barcode": None, "price": "9.50",
            "compareAtPrice": None, "createdAt": NOW, "updatedAt": NOW, "requiresComponents": False,
            "inventoryPolicy": "DENY", "product": self.product,
        }  # fmt: skip
        variant["inventoryItem"] = {
            "id": gid("InventoryItem", item), "legacyResourceId": item, "tracked": True,
            "unitCost": {"amount": "4.2"}, "harmonizedSystemCode": None, "countryCodeOfOrigin": "DE",
            "measurement": {"weight": {"unit": "GRAMS", "value": 250.0}},
            "inventoryLevels": listed(lambda: levels), "variants": listed(lambda: [variant]),
        }  # fmt: skip
        return variant

    def new_order(self, number: int, lines: int, text: str | None, now: str) -> str:
        order_id = str(next(self.serial))
        address = {
            "name": text or "Ada Buyer", "company": text, "address1": text or "1 Quay", "address2": None,
            "city": text or "Kiel", "provinceCode": "SH", "zip": "24103", "countryCodeV2": "DE",
            "phone": None,
        }  # fmt: skip
        items = [self._line(order_id, position, text) for position in range(lines)]
        sale: Record = {
            "id": gid("OrderTransaction", f"9{order_id}"), "kind": "SALE", "status": "SUCCESS",
            "gateway": "manual", "createdAt": now, "amountSet": bag("100.00"), "parentTransaction": None,
        }  # fmt: skip
        order: Record = {
            "__typename": "Order", "id": gid("Order", order_id), "legacyResourceId": order_id,
            "name": f"#{number}", "createdAt": now, "updatedAt": now, "cancelledAt": None,
            "cancelReason": None,
            "displayFulfillmentStatus": "UNFULFILLED", "displayFinancialStatus": "PAID",
            "currencyCode": "USD", "presentmentCurrencyCode": "USD", "email": "buyer@example.com",
            "tags": [text] if text else [], "sourceName": "web", "poNumber": None, "test": False,
            "totalPriceSet": bag("24.50"), "currentTotalPriceSet": bag("24.50"), "taxesIncluded": False,
            "totalTaxSet": bag(0), "totalDiscountsSet": bag(0),
            "totalShippingPriceSet": bag("5.50"), "totalRefundedSet": bag(0), "shippingAddress": address,
            "billingAddress": None,
            "shippingLine": {"title": text or "Standard", "code": "std", "carrierIdentifier": None},
            "items": items, "sent": [], "given_back": [], "paid": [sale],
        }  # fmt: skip
        order |= {
            "lineItems": listed(lambda: items), "transactions": cut(order["paid"]),
            "refunds": cut(order["given_back"]), "fulfillments": cut(order["sent"]),
            "fulfillmentOrders": listed(lambda: _open(order, self.location)),
            "suggestedRefund": lambda refundLineItems=(), **_: {"amountSet": _price_of(refundLineItems)},
        }  # fmt: skip
        self.orders[order_id] = order
        return order_id

    def _line(self, order_id: str, position: int, text: str | None) -> Record:
        variant = {"legacyResourceId": "501"}
        return {
            "__typename": "LineItem", "id": gid("LineItem", f"{order_id}{position:05}"),
            "sku": text or "CRATE-501",
            "quantity": 1, "currentQuantity": 1, "left": 1, "refundableQuantity": 1, "variant": variant,
            "product": {"legacyResourceId": "301"}, "originalUnitPriceSet": bag("9.50"),
            "discountAllocations": [], "taxLines": [],
        }  # fmt: skip


def _open(order: Record, location: Record) -> list[Record]:
    """The fulfilment order of an order."""
    lines = [
        {"id": line["id"].replace("LineItem", "FulfillmentOrderLineItem"), "remainingQuantity": line["left"],
         "lineItem": line}
        for line in order["items"]
    ]  # fmt: skip
    is_open = any(line["left"] for line in order["items"])
    return [{
        "id": order["id"].replace("/Order/", "/FulfillmentOrder/"), "status": "OPEN" if is_open else "CLOSED",
        "assignedLocation": {"location": location}, "lineItems": listed(lambda: lines),
    }]  # fmt: skip


def _price_of(lines: Sequence[Record] | None) -> Record:
    return bag(f"{9.5 * sum(line['quantity'] for line in lines or ()):.2f}")
