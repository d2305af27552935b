"""BigCommerce records → ours. Pure: values in, values out. v2 writes amounts as texts, v3 as numbers."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from crossdock.integrations.bigcommerce.dates import moment
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import decimal, money, text, timestamp, unfit, whole
from crossdock.resources.links import is_link

ORDER_STATUS = {
    0: "other",  # Incomplete: the customer left while paying; nobody ordered anything yet
    1: "open",  # Pending
    2: "fulfilled",  # Shipped
    3: "partially_fulfilled",  # Partially Shipped
    5: "cancelled",  # Cancelled
    6: "cancelled",  # Declined
    7: "open",  # Awaiting Payment
    8: "processing",  # Awaiting Pickup: pulled, and waits for the customer
    9: "processing",  # Awaiting Shipment: packed, and waits for the carrier
    10: "fulfilled",  # Completed
    11: "confirmed",  # Awaiting Fulfillment: paid
    12: "exception",  # Manual Verification Required
    13: "exception",  # Disputed
}
"""By `status_id`; what the statuses mean is in the vendor's "Order Status Descriptions"."""
REFUNDED = {4, 14}
"""Refunded and Partially Refunded: of what was sent they say nothing."""
WEIGHTS = {
    "ounces": ("oz", Decimal(1)),
    "lbs": ("lb", Decimal(1)),
    "pounds": ("lb", Decimal(1)),
    "kgs": ("kg", Decimal(1)),
    "kilograms": ("kg", Decimal(1)),
    "grams": ("kg", Decimal("0.001")),
    "tonnes": ("kg", Decimal(1000)),
}
LENGTHS = {"inches": "in", "centimeters": "cm", "centimetres": "cm"}


# Orders


def order(raw: Raw) -> Fields:
    lines, consignments = raw["products"], raw.get("consignments") or {}
    by_id = {line["id"]: line for line in lines}
    shipping = (consignments.get("shipping") or [{}])[0]
    tax = _tax_mode(raw)
    return {
        "id": text(raw["id"]),
        "order_number": text(raw["id"]),
        "created_date": _date(raw["date_created"]),
        "updated_date": _date(raw["date_modified"]),
        "status": order_status(raw),
        "raw_status": text(raw["status"]),
        "requested_shipping_method": text(shipping.get("shipping_method")),
        "shipping_method_name": text(shipping.get("shipping_method")),
        # What the customer pays in; `currency_code` is what prices were shown in.
        "invoice_currency_code": text(raw["default_currency_code"]),
        "total_price": money(raw["total_inc_tax"]),
        "total_tax": money(raw["total_tax"]),
        "total_discount": _sum(_discount(line) for line in lines),
        "total_shipping": money(raw[f"shipping_cost_{tax}"]),
        "ship_to_address": _ship_to(shipping),
        "bill_to_address": _address(raw.get("billing_address") or {}),
        "line_items": [_order_line(line, tax) for line in lines],
        "shipments": [_shipment(shipment, by_id) for shipment in raw["shipments"]],
        "additional_fields": {
            "payment_status": text(raw.get("payment_status")),
            "payment_method": text(raw.get("payment_method")),
            "custom_status": text(raw.get("custom_status")),
            "channel_id": raw.get("channel_id"),
            "external_order_id": text(raw.get("external_order_id")),
            "shipping_address_count": raw.get("shipping_address_count"),
            "refunds": [_refund(refund) for refund in raw["refunds"]],
        },
    }


def order_status(raw: Raw) -> str:
    """Ours, by the status; that of a refunded order by how much of it was sent."""
    status = raw["status_id"]
    if status not in REFUNDED:
        return ORDER_STATUS.get(status, "other")
    sent, ordered = whole(raw.get("items_shipped")) or 0, whole(raw.get("items_total")) or 0
    if not sent:
        return "other"
    return "fulfilled" if sent >= ordered else "partially_fulfilled"


def _tax_mode(raw: Raw) -> str:
    """The end of the names of exact amounts: BigCommerce calls the other ones estimated."""
    return "inc_tax" if raw.get("is_tax_inclusive_pricing") else "ex_tax"


def _order_line(line: Raw, tax: str) -> Fields:
    return {
        "line_item_id": text(line["id"]),
        "product_id": _number(line.get("variant_id")),
        "product_sku": text(line.get("sku")),
        "parent_product_id": _parent_id(line.get("product_id")),
        "quantity": whole(line["quantity"]),
        "unit_price": money(line[f"price_{tax}"]),
        "discount": _discount(line),
        "tax": money(line["total_tax"]),
    }


def _discount(line: Raw) -> Decimal | None:
    """All that was taken off a line: BigCommerce also spreads discounts of the whole order over the lines."""
    discounts = line.get("applied_discounts")
    return None if discounts is None else _sum(money(discount["amount"]) for discount in discounts)


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of amounts; None where one is not known."""
    known = list(amounts)
    return money(sum((amount for amount in known if amount), Decimal(0))) if None not in known else None


def _number(value: Any) -> str | None:
    """The id of something that there is: 0 is none."""
    number = text(value)
    return None if number == "0" else number


def _parent_id(product_id: Any) -> str | None:
    number = _number(product_id)
    return f"product-{number}" if number else None


def _shipment(shipment: Raw, lines: Mapping[int, Raw]) -> Fields:
    return {
        "shipment_id": text(shipment["id"]),
        "status": "shipped",
        "shipping_method_name": text(shipment.get("shipping_method")),
        "carrier_id": text(shipment.get("shipping_provider")) or text(shipment.get("tracking_carrier")),
        "carrier_name": text(shipment.get("shipping_provider_display_name")),
        "tracking_number": text(shipment.get("tracking_number")),
        "tracking_url": _link(shipment.get("tracking_link"))
        or _link(shipment.get("generated_tracking_link")),
        "line_items": [_shipment_line(item, lines) for item in shipment["items"]],
        "created_date": _date(shipment["date_created"]),
    }


def _shipment_line(item: Raw, lines: Mapping[int, Raw]) -> Fields:
    line = lines.get(item["order_product_id"], {})
    parent = _parent_id(line.get("product_id"))
    return {
        "shipment_line_item_id": text(item["order_product_id"]),
        # A product that is not of the catalogue has no id: then it is named by its line.
        "product_id": _number(line.get("variant_id")) or parent or text(item["order_product_id"]),
        "product_sku": text(line.get("sku")),
        "parent_product_id": parent,
        "quantity": whole(item["quantity"]),
    }


def _refund(refund: Raw) -> Fields:
    payments = refund.get("payments") or []
    return {
        "id": text(refund["id"]),
        "amount": money(refund.get("total_amount")),
        "created_date": timestamp(refund.get("created")),
        "reason": _reason(refund),
        "is_declined": any(payment.get("is_declined") for payment in payments),
        "line_items": [
            {"line_item_id": text(item["item_id"]), "quantity": whole(item.get("quantity"))}
            for item in refund.get("items") or []
            if item.get("item_type") == "PRODUCT"
        ],
    }


def _reason(refund: Raw) -> str | None:
    """The reason of a refund; where it has none, those of what is refunded, each once."""
    reasons = [text(part.get("reason")) for part in (refund, *(refund.get("items") or []))]
    return reasons[0] or "; ".join(dict.fromkeys(filter(None, reasons))) or None


def _ship_to(address: Raw) -> Fields:
    if not address:
        return {}
    return _address(address) | {
        "company": text(address.get("company")),
        "phone_number": text(address.get("phone")),
        "email_address": text(address.get("email")),
    }


def _address(address: Raw) -> Fields:
    if not address:
        return {}
    names = filter(None, (text(address.get("first_name")), text(address.get("last_name"))))
    return {
        "full_name": " ".join(names) or None,
        "address1": text(address.get("street_1")),
        "address2": text(address.get("street_2")),
        "city": text(address.get("city")),
        "state": text(address.get("state")),
        "postal_code": text(address.get("zip")),
        "country": text(address.get("country_iso2")),
    }


def _date(value: Any) -> str | None:
    written = text(value)
    if not written:
        return None
    try:
        return timestamp(moment(written))
    except ValueError:
        return unfit(value, "a time")


def _link(address: Any) -> str | None:
    link = text(address)
    return link if link and is_link(link) else None


# Products


def product(raw: Raw) -> Fields:
    """A product, or a variant: that has its product within."""
    return _variant(raw) if "product" in raw else _parent(raw)


def _parent(raw: Raw) -> Fields:
    # Where a product has several variants and the stock of all is one, no variant has it.
    is_stocked = raw["inventory_tracking"] == "product" and raw["has_variants"]
    return {
        **_common(raw, raw, raw),
        "id": _parent_id(raw["id"]),
        "name": text(raw["name"]) or "",
        "sku": text(raw.get("sku")),
        "inventory": whole(raw["inventory_level"]) if is_stocked else None,
        "inventory_by_warehouse_id": {},
    }


def _variant(raw: Raw) -> Fields:
    parent = raw["product"]
    labels = [text(option["label"]) for option in raw.get("option_values") or []]
    fields = _common(raw, parent, parent if not parent["has_variants"] else {})
    return {
        **fields,
        "id": text(raw["id"]),
        "name": " - ".join(filter(None, (text(parent["name"]), " / ".join(filter(None, labels))))),
        "sku": text(raw.get("sku")),
        "active": fields["active"] and not raw.get("purchasing_disabled"),
        **_stock(raw, parent),
    }


def _common(raw: Raw, parent: Raw, own: Raw) -> Fields:
    """The fields that products and variants have alike. own: the product, if its codes are the record's."""
    image = raw.get("image_url") or (parent.get("primary_image") or {}).get("url_standard")
    codes = (raw.get("gtin"), raw.get("upc"), own.get("gtin"), own.get("upc"))
    price = raw.get("price")
    return {
        "parent_product_id": _parent_id(parent["id"]),
        "created_date": timestamp(parent["date_created"]),
        "updated_date": timestamp(parent["date_modified"]),
        "gtin": next(filter(None, map(text, codes)), None),
        "is_kit": False,
        "active": bool(parent["is_visible"]) and parent["availability"] != "disabled",
        "image_url": _link(image),
        "price": money(parent["price"] if price is None else price),
        # A cost of zero is none: the control panel leaves it empty.
        "unit_cost": money(raw.get("cost_price")) or None,
        "measurements": _measurements(raw, parent),
        "additional_fields": {
            "inventory_tracking": text(parent["inventory_tracking"]),
            "category_ids": [text(category) for category in parent.get("categories") or []],
            "brand_id": _number(parent.get("brand_id")),
            "sale_price": money(raw.get("sale_price")) or None,
            "mpn": text(raw.get("mpn")) or text(own.get("mpn")),
        },
    }


def _stock(raw: Raw, parent: Raw) -> Fields:
    tracking = parent["inventory_tracking"]
    if tracking == "none" or (tracking == "product" and parent["has_variants"]):
        return {"inventory": None, "inventory_by_warehouse_id": {}}
    levels = raw.get("locations")
    if levels is None:
        return {"inventory": whole(raw["inventory_level"]), "inventory_by_warehouse_id": {}}
    by_place = {str(level["location_id"]): whole(level["available_to_sell"]) or 0 for level in levels}
    return {"inventory": sum(by_place.values()), "inventory_by_warehouse_id": by_place}


def _measurements(raw: Raw, parent: Raw) -> Fields:
    """Weight and size, in the units of the store: those of the product where the variant has none."""
    weights = WEIGHTS.get(str(parent.get("weight_units")).casefold())
    unit = LENGTHS.get(str(parent.get("dimension_units")).casefold())
    weight = _own(raw, parent, "weight") if weights else None
    sizes = {
        ours: _own(raw, parent, name)
        for ours, name in (("length", "depth"), ("width", "width"), ("height", "height"))
        if unit
    }
    shown: Fields = {**sizes, "unit": unit if any(sizes.values()) else None}
    if weights and weight:
        shown |= {"weight": decimal(weight * weights[1]), "weight_unit": weights[0]}
    return shown


def _own(raw: Raw, parent: Raw, name: str) -> Decimal | None:
    """A measure; zero is none."""
    value = raw.get(name)
    return decimal(parent.get(name) if value is None else value) or None


# Locations


def warehouse(raw: Raw) -> Fields:
    address = raw.get("address") or {}
    return {
        "id": text(raw["id"]),
        "created_date": timestamp(raw["created_at"]),
        "updated_date": timestamp(raw["updated_at"]),
        "name": text(raw["label"]) or "",
        "code": text(raw.get("code")),
        "address": {
            "address1": text(address.get("address1")),
            "address2": text(address.get("address2")),
            "city": text(address.get("city")),
            "state": text(address.get("state")),
            "postal_code": text(address.get("zip")),
            "country": text(address.get("country_code")),
        },
    }
