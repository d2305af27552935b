"""Medusa records → ours. Pure: values in, values out. Amounts are in major units: 12.5 is 12.50 dollars."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import added, link, money, text, timestamp, whole

ORDER_STATUS = {
    "not_fulfilled": "open",
    "canceled": "open",  # the fulfilment was cancelled, not the order
    "partially_fulfilled": "processing",
    "fulfilled": "processing",  # packed, and not yet sent
    "partially_shipped": "partially_fulfilled",
    "partially_delivered": "partially_fulfilled",
    "shipped": "fulfilled",
    "delivered": "fulfilled",
}
"""By `fulfillment_status`; `status` stays "pending" until somebody closes the order."""
DECIDED = {"canceled": "cancelled", "requires_action": "exception"}
"""Values of `status` that decide alone."""
UNDECIDED = {"pending", "completed", "archived", "draft"}
ACTIVE = {"published": True, "draft": False, "proposed": False, "rejected": False}
RETURNED = ("return_received_total", "return_dismissed_total")
"""What the goods of a line that came back were sold for, with tax."""
SHIPMENT_DATES = (
    ("canceled_at", "cancelled"),
    ("delivered_at", "delivered"),
    ("shipped_at", "shipped"),
)


def order(raw: Raw) -> Fields:
    items = {item["id"]: item for item in raw["items"]}
    methods = raw.get("shipping_methods") or [{}]
    return {
        "id": text(raw["id"]),
        "order_number": text(raw.get("custom_display_id")) or text(raw["display_id"]),
        "created_date": timestamp(raw["created_at"]),
        "updated_date": timestamp(raw["updated_at"]),
        "status": order_status(raw["status"], raw["fulfillment_status"]),
        "raw_status": f"{raw['status']}/{raw['fulfillment_status']}",
        "requested_shipping_method": text(methods[0].get("name")),
        "shipping_method_id": text(methods[0].get("shipping_option_id")),
        "shipping_method_name": text(methods[0].get("name")),
        "invoice_currency_code": _currency(raw["currency_code"]),
        "total_price": _total(raw),
        "total_tax": money(raw["tax_total"]),
        "total_discount": money(raw["discount_total"]),
        "total_shipping": money(raw["shipping_total"]),
        "ship_to_address": _ship_to(raw.get("shipping_address"), raw.get("email")),
        "bill_to_address": _address(raw.get("billing_address"), "full_name"),
        "line_items": [_order_line(item) for item in raw["items"]],
        "shipments": [_shipment(fulfillment, items) for fulfillment in raw.get("fulfillments") or []],
        "additional_fields": {
            "payment_status": raw.get("payment_status"),
            "sales_channel_id": raw.get("sales_channel_id"),
            "payments": [_payment(payment) for payment in _payments(raw)],
        },
    }


def _total(raw: Raw) -> Decimal | None:
    """The price of all that was sold. Medusa takes off what came back, and credit lines, as of refunds."""
    total = money(raw["total"])
    if total is None:
        return None
    returned = (money(item.get(name)) for item in raw["items"] for name in RETURNED)
    return money(total + (money(raw.get("credit_line_total")) or 0) + sum(filter(None, returned)))


def order_status(status: str, fulfillment_status: str) -> str:
    """Ours, by both of Medusa's."""
    if status in DECIDED:
        return DECIDED[status]
    return ORDER_STATUS.get(fulfillment_status, "other") if status in UNDECIDED else "other"


def _order_line(item: Raw) -> Fields:
    return {
        "line_item_id": text(item["id"]),
        "product_id": text(item.get("variant_id")),
        "product_sku": text(item.get("variant_sku")),
        "parent_product_id": text(item.get("product_id")),
        "quantity": whole(_exact(item, "quantity")),
        "unit_price": money(_exact(item, "unit_price")),
        "discount": money(item.get("discount_total")),
        "tax": money(item.get("tax_total")),
    }


def _shipment(fulfillment: Raw, items: Mapping[str, Raw]) -> Fields:
    """One fulfilment. It may have several labels: the first is the shipment's, all are kept beside."""
    labels = fulfillment.get("labels") or [{}]
    status = next((ours for date, ours in SHIPMENT_DATES if fulfillment.get(date)), "open")
    return {
        "shipment_id": text(fulfillment["id"]),
        "status": status,
        "raw_status": {"open": "packed", "cancelled": "canceled"}.get(status, status),
        "warehouse_id": text(fulfillment.get("location_id")),
        "shipping_method_id": text(fulfillment.get("shipping_option_id")),
        "carrier_id": text(fulfillment.get("provider_id")),
        "tracking_number": text(labels[0].get("tracking_number")),
        "tracking_url": link(labels[0].get("tracking_url")),
        "created_date": timestamp(fulfillment["created_at"]),
        "updated_date": timestamp(fulfillment["updated_at"]),
        "line_items": [_shipment_line(line, items) for line in fulfillment.get("items") or []],
    }


def _shipment_line(line: Raw, items: Mapping[str, Raw]) -> Fields:
    item = items.get(line.get("line_item_id") or "", {})
    return {
        "shipment_line_item_id": text(line["id"]),
        # A line that was typed in has no variant: then it is named by itself.
        "product_id": text(item.get("variant_id")) or text(line.get("line_item_id")) or text(line["id"]),
        "product_sku": text(item.get("variant_sku")) or text(line.get("sku")),
        "parent_product_id": text(item.get("product_id")),
        "quantity": whole(_exact(line, "quantity")),
    }


def _payments(raw: Raw) -> Iterable[Raw]:
    for collection in raw.get("payment_collections") or []:
        yield from collection.get("payments") or []


def _payment(payment: Raw) -> Fields:
    refunds = payment.get("refunds") or []
    return {
        "id": payment["id"],
        "amount": money(_exact(payment, "amount")),
        "captured_at": timestamp(payment.get("captured_at")),
        "refunds": [
            {"id": refund["id"], "amount": money(_exact(refund, "amount")), "note": refund.get("note")}
            for refund in refunds
        ],
    }


def product(raw: Raw) -> Fields:
    """A product, or a variant: that has its product within."""
    return _variant(raw) if "product" in raw else _parent(raw)


def _parent(raw: Raw) -> Fields:
    return {
        "id": text(raw["id"]),
        "parent_product_id": text(raw["id"]),
        "created_date": timestamp(raw["created_at"]),
        "updated_date": timestamp(raw["updated_at"]),
        "name": text(raw["title"]) or "",
        "is_kit": False,
        "active": ACTIVE.get(raw["status"], False),
        "image_url": link(raw.get("thumbnail")),
        **_labels(raw),
    }


def _variant(raw: Raw) -> Fields:
    parent, parts = raw["product"], raw.get("inventory_items") or []
    return {
        "id": text(raw["id"]),
        "parent_product_id": text(parent["id"]),
        "created_date": timestamp(raw["created_at"]),
        "updated_date": max(str(timestamp(raw["updated_at"])), str(timestamp(parent["updated_at"]))),
        "name": " ".join(filter(None, (text(parent["title"]), text(raw.get("title"))))),
        "sku": text(raw.get("sku")),
        "gtin": text(raw.get("ean")) or text(raw.get("upc")) or text(raw.get("barcode")),
        "is_kit": len(parts) > 1 or any(whole(part["required_quantity"]) != 1 for part in parts),
        "active": ACTIVE.get(parent["status"], False),
        "image_url": link(raw.get("thumbnail") or parent.get("thumbnail")),
        "price": _price(raw.get("prices") or [], raw.get("default_currency")),
        **_stock(raw, parts),
        **_labels(parent),
        "additional_fields": {
            "manage_inventory": raw.get("manage_inventory"),
            "allow_backorder": raw.get("allow_backorder"),
            "inventory_item_ids": [part["inventory_item_id"] for part in parts],
            "prices": {
                _currency(price["currency_code"]): money(price["amount"])
                for price in raw.get("prices") or []
                if _is_plain(price)
            },
        },
    }


def _labels(product: Raw) -> Fields:
    return {
        "tags": [tag["value"] for tag in product.get("tags") or []],
        "categories": [category["name"] for category in product.get("categories") or []],
    }


def _stock(raw: Raw, parts: list[Raw]) -> Fields:
    if not raw.get("manage_inventory"):
        return {"inventory": None, "inventory_by_warehouse_id": {}}
    levels = _available(parts)
    return {"inventory": added(levels.values()), "inventory_by_warehouse_id": levels}


def _available(parts: list[Raw]) -> dict[str, Any]:
    """What can be sold at each location: of a kit, as many as its scarcest part allows."""
    by_part: list[dict[str, Any]] = []
    for part in parts:
        levels = (part.get("inventory") or {}).get("location_levels") or []
        required = whole(part["required_quantity"])
        by_part.append({level["location_id"]: _sellable(level, required) for level in levels})
    locations = dict.fromkeys(location for levels in by_part for location in levels)
    return {location: _least([levels.get(location, 0) for levels in by_part]) for location in locations}


def _sellable(level: Raw, required: Any) -> Any:
    """How often what is there and not reserved is enough."""
    stocked, reserved = whole(_exact(level, "stocked_quantity")), whole(_exact(level, "reserved_quantity"))
    count = added([stocked], less=[reserved])
    are_known = isinstance(count, int) and isinstance(required, int)
    return count // (required or 1) if are_known else added([count, required])


def _least(counts: list[Any]) -> Any:
    """The least of these; where one is not known, that."""
    total = added(counts)
    return min(counts) if isinstance(total, int) else total


def _price(prices: list[Raw], currency: str | None) -> Decimal | None:
    """The price in the store's default currency; or the only one that there is."""
    plain = [price for price in prices if _is_plain(price)]
    preferred = [price for price in plain if price["currency_code"] == currency] or plain
    return money(preferred[0]["amount"]) if len(preferred) == 1 else None


def _is_plain(price: Raw) -> bool:
    """Check whether a price counts for everybody: those with rules or quantities are for some."""
    return not (price.get("rules") or price.get("min_quantity") or price.get("max_quantity"))


def warehouse(raw: Raw) -> Fields:
    address = _address(raw.get("address"), None)
    return {
        "id": text(raw["id"]),
        "created_date": timestamp(raw["created_at"]),
        "updated_date": timestamp(raw["updated_at"]),
        "name": text(raw["name"]) or "",
        "address": address,
    }


def _ship_to(address: Raw | None, email: Any) -> Fields:
    shown = _address(address, "full_name")
    if address:
        shown |= {"company": text(address.get("company")), "phone_number": text(address.get("phone"))}
    return shown | {"email_address": text(email)}


def _address(address: Raw | None, name: str | None) -> Fields:
    """name: the member for who it is; None: it has none."""
    if not address:
        return {}
    full_name = " ".join(filter(None, (text(address.get("first_name")), text(address.get("last_name")))))
    shown = {
        "address1": text(address.get("address_1")),
        "address2": text(address.get("address_2")),
        "city": text(address.get("city")),
        "state": text(address.get("province")),
        "postal_code": text(address.get("postal_code")),
        "country": _currency(address.get("country_code")),
    }
    return shown if name is None else {name: full_name or None} | shown


def _exact(raw: Raw, name: str) -> Any:
    """A number as it was entered: `raw_` members hold it as a text, the plain ones went through a float."""
    exact = raw.get(f"raw_{name}")
    return exact["value"] if isinstance(exact, dict) and "value" in exact else raw[name]


def _currency(code: Any) -> str | None:
    """A code of a currency or a country, which Medusa keeps in small letters."""
    letters = text(code)
    return letters.upper() if letters else None
