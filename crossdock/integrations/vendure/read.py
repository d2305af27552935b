"""Vendure records → ours. Pure: values in, values out.

Amounts are whole numbers of the smallest part that the shop counts in: 1299 is 12.99 where `moneyPrecision`
is 2, whatever the currency.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import added, link, text, timestamp, whole

ORDER_STATUS = {
    "Created": "open",
    "Draft": "open",
    "AddingItems": "open",
    "ArrangingPayment": "open",
    "PaymentAuthorized": "open",
    "PaymentSettled": "open",
    "PartiallyShipped": "partially_fulfilled",
    "Shipped": "fulfilled",
    "PartiallyDelivered": "partially_fulfilled",
    "Delivered": "fulfilled",
    "Modifying": "processing",  # somebody is changing it
    "ArrangingAdditionalPayment": "exception",  # it costs more than was paid
    "Cancelled": "cancelled",
}
SHIPMENT_STATUS = {
    "Created": "open",
    "Pending": "open",
    "Shipped": "shipped",
    "Delivered": "delivered",
    "Cancelled": "cancelled",
}
PARENT = "product-{}"


def order(raw: Raw) -> Fields:
    amount = Amounts(raw["moneyPrecision"])
    lines = raw["lines"]
    variants = {line["id"]: line["productVariant"] for line in lines}
    method = _method(raw)
    return {
        "id": text(raw["id"]),
        "order_number": text(raw["code"]),
        "created_date": timestamp(raw["orderPlacedAt"]) or timestamp(raw["createdAt"]),
        "updated_date": max(filter(None, map(timestamp, _dates(raw)))),
        "status": ORDER_STATUS.get(raw["state"], "other"),
        "raw_status": text(raw["state"]),
        "requested_shipping_method": text(method.get("name")),
        "shipping_method_id": text(method.get("id")),
        "shipping_method_name": text(method.get("name")),
        "invoice_currency_code": text(raw["currencyCode"]),
        "total_price": amount.of(raw["totalWithTax"]),
        "total_tax": amount.of(_difference(raw["totalWithTax"], raw["total"])),
        "total_discount": amount.of(added(map(_discount, lines))),
        "total_shipping": amount.of(raw["shipping"]),
        "ship_to_address": _ship_to(raw.get("shippingAddress"), raw.get("customer")),
        "bill_to_address": _address(raw.get("billingAddress"), "full_name"),
        "line_items": [_order_line(line, amount) for line in lines],
        "shipments": [_shipment(fulfilment, variants) for fulfilment in _parts(raw, "fulfillments")],
        "additional_fields": _additional(raw, amount),
    }


def _additional(raw: Raw, amount: "Amounts") -> Fields:
    return {
        "type": raw.get("type"),
        "customer_id": (raw.get("customer") or {}).get("id"),
        "coupon_codes": raw.get("couponCodes") or [],
        "surcharges": [_surcharge(part, amount) for part in _parts(raw, "surcharges")],
        "payments": [_payment(payment, amount) for payment in _parts(raw, "payments")],
        "placed_quantities": {line["id"]: line.get("orderPlacedQuantity") for line in raw["lines"]},
    }


def _parts(raw: Raw, name: str) -> list[Raw]:
    """A list of the record, which Vendure may leave null."""
    return raw.get(name) or []


def _method(raw: Raw) -> Raw:
    """The shipping method, the first where there are several."""
    methods: list[Raw] = [line["shippingMethod"] for line in _parts(raw, "shippingLines")]
    return methods[0] if methods else {}


class Amounts:
    """Amounts of a shop that counts in the smallest part of a currency."""

    def __init__(self, precision: int) -> None:
        self._places = whole(precision)

    def of(self, count: Any) -> Decimal | None:
        """12.99 for 1299; None where nobody says how many places that has."""
        parts = whole(count)
        if not isinstance(parts, int):
            return parts
        if not isinstance(self._places, int):
            return self._places
        amount = Decimal(parts).scaleb(-self._places)
        return Decimal(0) if amount == 0 else Decimal(f"{amount.normalize():f}")


def _dates(raw: Raw) -> Iterable[Any]:
    """All dates of an order: its own stands still when it is paid, sent or refunded."""
    yield from (raw["createdAt"], raw["updatedAt"], raw["orderPlacedAt"])
    yield from (fulfilment["updatedAt"] for fulfilment in _parts(raw, "fulfillments"))
    for payment in _parts(raw, "payments"):
        yield payment["updatedAt"]
        yield from (refund["updatedAt"] for refund in payment["refunds"])


def _difference(gross: Any, net: Any) -> Any:
    return added([whole(gross)], less=[whole(net)])


def _discount(line: Raw) -> Any:
    """The discount of a line with its share of the order's, before tax."""
    return _difference(line["linePrice"], line["proratedLinePrice"])


def _order_line(line: Raw, amount: Amounts) -> Fields:
    variant = line["productVariant"]
    return {
        "line_item_id": text(line["id"]),
        "product_id": text(variant["id"]),
        "product_sku": text(variant["sku"]),
        "parent_product_id": PARENT.format(variant["productId"]),
        "quantity": whole(line["quantity"]),
        "unit_price": amount.of(line["unitPrice"]),
        "discount": amount.of(_discount(line)),
        "tax": amount.of(line["lineTax"]),
    }


def _shipment(fulfilment: Raw, variants: Mapping[str, Raw]) -> Fields:
    return {
        "shipment_id": text(fulfilment["id"]),
        "status": SHIPMENT_STATUS.get(fulfilment["state"], "other"),
        "raw_status": text(fulfilment["state"]),
        "shipping_method_name": text(fulfilment.get("method")),
        "tracking_number": text(fulfilment.get("trackingCode")),
        "created_date": timestamp(fulfilment["createdAt"]),
        "updated_date": timestamp(fulfilment["updatedAt"]),
        "line_items": [_shipment_line(line, variants) for line in fulfilment["lines"]],
    }


def _shipment_line(line: Raw, variants: Mapping[str, Raw]) -> Fields:
    """A line of a fulfilment, which has no id but that of the order's line."""
    variant = variants.get(line["orderLineId"], {})
    return {
        "shipment_line_item_id": text(line["orderLineId"]),
        "product_id": text(variant.get("id")) or text(line["orderLineId"]),
        "product_sku": text(variant.get("sku")),
        "parent_product_id": PARENT.format(variant["productId"]) if variant else None,
        "quantity": whole(line["quantity"]),
    }


def _surcharge(part: Raw, amount: Amounts) -> Fields:
    prices = {"price": amount.of(part["price"]), "price_with_tax": amount.of(part["priceWithTax"])}
    return {"id": part["id"], "description": part["description"], "sku": part.get("sku"), **prices}


def _payment(payment: Raw, amount: Amounts) -> Fields:
    return {
        "id": payment["id"],
        "method": payment["method"],
        "state": payment["state"],
        "amount": amount.of(payment["amount"]),
        "transaction_id": payment.get("transactionId"),
        "refunds": [
            {
                "id": refund["id"],
                "state": refund["state"],
                "amount": amount.of(refund["total"]),
                "reason": refund.get("reason"),
                "created_date": timestamp(refund["createdAt"]),
            }
            for refund in payment["refunds"]
        ],
    }


def product(raw: Raw) -> Fields:
    """A product, or a variant: that has its product within."""
    return _variant(raw) if "product" in raw else _parent(raw)


def _parent(raw: Raw) -> Fields:
    return {
        "id": text(raw["id"]),
        "parent_product_id": text(raw["id"]),
        "created_date": timestamp(raw["createdAt"]),
        "updated_date": timestamp(raw["updatedAt"]),
        "name": text(raw["name"]) or "",
        "is_kit": False,
        "active": raw["enabled"],
        "image_url": _image(raw),
        "tags": _names(raw.get("facetValues")),
        "categories": _names(raw.get("collections")),
    }


def _variant(raw: Raw) -> Fields:
    parent, amount = raw["product"], Amounts(raw["moneyPrecision"])
    prices = {price["currencyCode"]: amount.of(price["price"]) for price in _parts(raw, "prices")}
    return {
        "id": text(raw["id"]),
        "parent_product_id": PARENT.format(parent["id"]),
        "created_date": timestamp(raw["createdAt"]),
        "updated_date": max(str(timestamp(raw["updatedAt"])), str(timestamp(parent["updatedAt"]))),
        "name": text(raw["name"]) or "",
        "sku": text(raw.get("sku")),
        "is_kit": False,
        "active": raw["enabled"] and parent["enabled"],
        "image_url": _image(raw) or _image(parent),
        "price": prices.get(raw["currencyCode"], amount.of(raw["price"])),
        **_stock(raw),
        "tags": list(dict.fromkeys(_names(raw.get("facetValues")) + _names(parent.get("facetValues")))),
        "categories": _names(parent.get("collections")),
        "additional_fields": {
            "currency": raw["currencyCode"],
            "prices": prices,
            "price_with_tax": amount.of(raw["priceWithTax"]),
            "track_inventory": raw["trackInventory"],
            "out_of_stock_threshold": (
                None if raw["useGlobalOutOfStockThreshold"] else raw["outOfStockThreshold"]
            ),
            "options": _names(raw.get("options")),
        },
    }


def _stock(raw: Raw) -> Fields:
    """What is on hand and not allocated to an order, where Vendure tracks it."""
    is_tracked = {"TRUE": True, "FALSE": False}.get(raw["trackInventory"], raw["shopTracksInventory"])
    if not is_tracked:
        return {"inventory": None, "inventory_by_warehouse_id": {}}
    levels = {str(level["stockLocationId"]): _sellable(level) for level in raw["stockLevels"]}
    return {"inventory": added(levels.values()), "inventory_by_warehouse_id": levels}


def _sellable(level: Raw) -> Any:
    return _difference(level["stockOnHand"], level["stockAllocated"])


def warehouse(raw: Raw) -> Fields:
    return {
        "id": text(raw["id"]),
        "created_date": timestamp(raw["createdAt"]),
        "updated_date": timestamp(raw["updatedAt"]),
        "name": text(raw["name"]) or "",
    }


def _ship_to(address: Raw | None, customer: Raw | None) -> Fields:
    shown = _address(address, "full_name")
    if address:
        shown |= {"company": text(address.get("company")), "phone_number": text(address.get("phoneNumber"))}
    return shown | {"email_address": text((customer or {}).get("emailAddress"))}


def _address(address: Raw | None, name: str) -> Fields:
    if not address:
        return {}
    return {
        name: text(address.get("fullName")),
        "address1": text(address.get("streetLine1")),
        "address2": text(address.get("streetLine2")),
        "city": text(address.get("city")),
        "state": text(address.get("province")),
        "postal_code": text(address.get("postalCode")),
        "country": text(address.get("countryCode")),
    }


def _names(parts: Iterable[Raw] | None) -> list[str]:
    return [part["name"] for part in parts or []]


def _image(raw: Raw) -> str | None:
    """The picture, where its address is a link: shops may keep a path alone."""
    return link((raw.get("featuredAsset") or {}).get("preview"))
