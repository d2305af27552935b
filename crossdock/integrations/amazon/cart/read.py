"""Amazon's orders and listings → ours. Pure: values in, values out."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from crossdock.integrations.amazon.parts import ship_to
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import decimal, link, money, text, timestamp, whole

ORDER_STATUS = {
    "PENDING_AVAILABILITY": "open",  # a pre-order: neither paid nor released
    "PENDING": "open",  # not ready for shipment
    "UNSHIPPED": "confirmed",  # ready for shipment
    "PARTIALLY_SHIPPED": "partially_fulfilled",
    "SHIPPED": "fulfilled",
    "CANCELLED": "cancelled",
    "UNFULFILLABLE": "exception",  # Amazon can't send an order from elsewhere
}
PACKAGE_STATUS = {
    "PENDING": "open",
    "SHIPPED": "shipped",
    "IN_TRANSIT": "shipped",
    "DELIVERED": "delivered",
    "CANCELLED": "cancelled",
    "UNDELIVERABLE": "exception",
}
WEIGHTS = {
    "pounds": ("lb", Decimal(1)),
    "ounces": ("oz", Decimal(1)),
    "kilograms": ("kg", Decimal(1)),
    "grams": ("kg", Decimal("0.001")),
    "milligrams": ("kg", Decimal("0.000001")),
}
LENGTHS = {
    "inches": ("in", Decimal(1)),
    "feet": ("in", Decimal(12)),
    "centimeters": ("cm", Decimal(1)),
    "millimeters": ("cm", Decimal("0.1")),
    "meters": ("cm", Decimal(100)),
}
SIDES = ("length", "width", "height")


# Orders


def order(raw: Raw) -> Fields:
    items, fulfillment = raw["orderItems"], raw.get("fulfillment") or {}
    proceeds, window = raw.get("proceeds") or {}, fulfillment.get("shipByWindow") or {}
    lines = {item["orderItemId"]: item for item in items}
    status, level = text(fulfillment.get("fulfillmentStatus")), fulfillment.get("fulfillmentServiceLevel")
    fields: Fields = {
        "id": text(raw["orderId"]),
        "order_number": text(raw["orderId"]),
        "created_date": timestamp(raw["createdTime"]),
        "updated_date": timestamp(raw["lastUpdatedTime"]),
        "status": ORDER_STATUS.get(status or "", "other"),
        "raw_status": status,
        "requested_shipping_method": text(level),
        "shipping_method_name": text(level),
        "total_price": money((proceeds.get("grandTotal") or {}).get("amount")),
        "total_tax": _part(proceeds, "TAX"),
        "total_discount": _positive(_part(proceeds, "DISCOUNT")),
        "total_shipping": _part(proceeds, "SHIPPING"),
        "ship_to_address": _recipient(raw),
        "earliest_ship_date": timestamp(window.get("earliestDateTime")),
        "latest_ship_date": timestamp(window.get("latestDateTime")),
        "line_items": [_line(item) for item in items],
        "shipments": [_shipment(package, lines) for package in raw.get("packages") or []],
        "additional_fields": _additional(raw, fulfillment),
    }
    currency = _currency(proceeds, items)
    return fields | ({"invoice_currency_code": currency} if currency else {})


def _additional(raw: Raw, fulfillment: Raw) -> Fields:
    channel, buyer = raw["salesChannel"], raw.get("buyer") or {}
    aliases, deliver = raw.get("orderAliases") or [], fulfillment.get("deliverByWindow") or {}
    own = (alias["aliasId"] for alias in aliases if alias["aliasType"] == "SELLER_ORDER_ID")
    return {
        "fulfilled_by": text(fulfillment.get("fulfilledBy")),
        "sales_channel": text(channel["channelName"]),
        "marketplace_id": text(channel.get("marketplaceId")),
        "marketplace_name": text(channel.get("marketplaceName")),
        "seller_order_id": text(next(own, None)),
        "programs": [text(program) for program in raw.get("programs") or []],
        "purchase_order_number": text(buyer.get("buyerPurchaseOrderNumber")),
        "earliest_delivery_date": timestamp(deliver.get("earliestDateTime")),
        "latest_delivery_date": timestamp(deliver.get("latestDateTime")),
        "cancellation_requested": any(
            (item.get("cancellation") or {}).get("cancellationRequest") for item in raw["orderItems"]
        ),
    }


def _currency(proceeds: Raw, items: Iterable[Raw]) -> str | None:
    """The currency of an order; of one that is not paid yet that of its prices."""
    prices = ((item["product"].get("price") or {}).get("unitPrice") for item in items)
    amounts = [proceeds.get("grandTotal"), *prices]
    return next((text(amount.get("currencyCode")) for amount in amounts if amount), None)


def _part(proceeds: Raw, kind: str) -> Decimal | None:
    """The amount of one kind of proceeds; None where Amazon names none of this kind."""
    parts = proceeds.get("breakdowns") or []
    return next((money(part["subtotal"]["amount"]) for part in parts if part["type"] == kind), None)


def _positive(amount: Decimal | None) -> Decimal | None:
    """A discount as an amount, whichever sign it is written with."""
    return abs(amount) if amount else amount


def _recipient(raw: Raw) -> Fields:
    """The address, as far as the application may see it. Without any right to it nothing is said."""
    address, buyer = (raw.get("recipient") or {}).get("deliveryAddress"), raw.get("buyer") or {}
    if not address:
        return {}
    return ship_to(address) | {"email_address": text(buyer.get("buyerEmail"))}


def _line(item: Raw) -> Fields:
    product, proceeds = item["product"], item.get("proceeds") or {}
    price = (product.get("price") or {}).get("unitPrice") or {}
    sku = text(product.get("sellerSku"))
    return {
        "line_item_id": text(item["orderItemId"]),
        "product_id": sku,
        "product_sku": sku,
        "quantity": whole(item["quantityOrdered"]),
        "unit_price": money(price.get("amount")),
        "discount": _positive(_part(proceeds, "DISCOUNT")),
        "tax": _part(proceeds, "TAX"),
    }


def _shipment(package: Raw, lines: Mapping[str, Raw]) -> Fields:
    state = package.get("packageStatus") or {}
    status = text(state.get("status"))
    return {
        "shipment_id": text(package["packageReferenceId"]),
        "status": PACKAGE_STATUS.get(status or "", "other"),
        "raw_status": status,
        "shipping_method_name": text(package.get("shippingService")),
        "carrier_name": text(package.get("carrier")),
        "tracking_number": text(package.get("trackingNumber")),
        "line_items": [_shipment_line(item, lines) for item in package.get("packageItems") or []],
        "created_date": timestamp(package.get("createdTime")),
    }


def _shipment_line(item: Raw, lines: Mapping[str, Raw]) -> Fields:
    line = lines.get(item["orderItemId"]) or {"product": {}}
    sku = text(line["product"].get("sellerSku"))
    return {
        "shipment_line_item_id": text(item["orderItemId"]),
        # What has no SKU is named by its line.
        "product_id": sku or text(item["orderItemId"]),
        "product_sku": sku,
        "quantity": whole(item["quantity"]),
    }


# Listings


def product(raw: Raw) -> Fields:
    """A listing, in the marketplace of the connection: it is the only one that was asked for."""
    summary = (raw.get("summaries") or [{}])[0]
    sku, status = text(raw["sku"]), summary.get("status") or []
    channels, price = raw.get("fulfillmentAvailability") or [], _price(raw.get("offers") or [])
    return {
        "id": sku,
        "sku": sku,
        "name": text(summary.get("itemName")) or "",
        "created_date": timestamp(summary.get("createdDate")),
        "updated_date": timestamp(summary.get("lastUpdatedDate")),
        "parent_product_id": _parent(raw) or sku,
        "is_kit": False,
        "active": "BUYABLE" in status,
        "image_url": link((summary.get("mainImage") or {}).get("link")),
        "price": money(price.get("amount")),
        "inventory": _stock(channels),
        "inventory_by_warehouse_id": {},
        "measurements": _measurements(raw.get("attributes") or {}),
        "additional_fields": {
            "asin": text(summary.get("asin")),
            "fnsku": text(summary.get("fnSku")),
            "product_type": text(summary.get("productType")),
            "currency": text(price.get("currencyCode")),
            "condition": text(summary.get("conditionType")),
            "listing_status": [text(word) for word in status],
            "fulfillment_channels": [text(channel["fulfillmentChannelCode"]) for channel in channels],
        },
    }


def _parent(raw: Raw) -> str | None:
    groups = raw.get("relationships") or []
    related = (relation for group in groups for relation in group["relationships"])
    parents = (relation.get("parentSkus") for relation in related if relation["type"] == "VARIATION")
    return next((text(skus[0]) for skus in parents if skus), None)


def _price(offers: Iterable[Raw]) -> Raw:
    """The price for everybody; that for other businesses is another offer."""
    return next((offer["price"] for offer in offers if offer["offerType"] == "B2C"), {})


def _stock(channels: Iterable[Raw]) -> int | None:
    """The quantity that the seller offers; None where Amazon keeps it and counts it elsewhere."""
    quantities = [whole(channel.get("quantity")) for channel in channels]
    known = [quantity for quantity in quantities if quantity is not None]
    return sum(known) if known else None


def _measurements(attributes: Raw) -> Fields:
    sizes = _first(attributes, "item_dimensions")
    units = {str((sizes.get(side) or {}).get("unit")).casefold() for side in SIDES if sizes.get(side)}
    unit = LENGTHS.get(units.pop()) if len(units) == 1 else None
    shown: Fields = {}
    if unit:
        shown = {side: _measure((sizes.get(side) or {}).get("value"), unit[1]) for side in SIDES}
        shown["unit"] = unit[0]
    weight = _first(attributes, "item_weight")
    scale = WEIGHTS.get(str(weight.get("unit")).casefold())
    if scale:
        shown |= {"weight": _measure(weight.get("value"), scale[1]), "weight_unit": scale[0]}
    return shown


def _first(attributes: Raw, name: str) -> Raw:
    """The value of an attribute: a list, with one for each marketplace that was asked for."""
    values: Any = attributes.get(name)
    return values[0] if isinstance(values, list) and values and isinstance(values[0], dict) else {}


def _measure(value: Any, factor: Decimal) -> Decimal | None:
    number = decimal(value)
    return decimal(number * factor) if number else None
