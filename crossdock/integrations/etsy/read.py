"""Receipts and listings of Etsy → our orders and products. Pure. Amounts are whole numbers with a divisor."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import decimal, link, money, text, timestamp, unfit, whole

ORDER_STATUS = {
    "open": "open",
    "payment processing": "open",
    "paid": "confirmed",
    "completed": "fulfilled",
    "canceled": "cancelled",
}
"""By `status` (description of ShopReceipt); Etsy also writes it with a capital."""
REFUNDED = frozenset({"fully refunded", "partially refunded"})
"""These say nothing of what was sent: `is_shipped` does."""
WEIGHTS = {
    "oz": ("oz", Decimal(1)), "lb": ("lb", Decimal(1)), "g": ("kg", Decimal("0.001")),
    "kg": ("kg", Decimal(1)),
}  # fmt: skip
LENGTHS = {
    "in": ("in", Decimal(1)), "inches": ("in", Decimal(1)), "ft": ("in", Decimal(12)),
    "yd": ("in", Decimal(36)), "mm": ("cm", Decimal("0.1")), "cm": ("cm", Decimal(1)),
    "m": ("cm", Decimal(100)),
}  # fmt: skip


# Orders


def order(raw: Raw) -> Fields:
    total, lines = raw.get("grandtotal") or {}, raw["transactions"]
    method = next(filter(None, (_method(line) for line in lines)), None)
    due = [_moment(line.get("expected_ship_date")) for line in lines]
    fields = {
        "id": text(raw["receipt_id"]),
        "order_number": text(raw["receipt_id"]),
        "created_date": _moment(raw["created_timestamp"]),
        "updated_date": _moment(raw["updated_timestamp"]),
        "status": order_status(raw),
        "raw_status": text(raw["status"]),
        "requested_shipping_method": method,
        "shipping_method_name": method,
        "total_price": _amount(total),
        "total_tax": _amount(raw.get("total_tax_cost")),
        "total_discount": _amount(raw.get("discount_amt")),
        "total_shipping": _amount(raw.get("total_shipping_cost")),
        "ship_to_address": _ship_to(raw),
        "latest_ship_date": max(filter(None, due), default=None),
        "line_items": [_line(line) for line in lines],
        "shipments": _shipments(raw),
        "additional_fields": _additional(raw),
    }
    if currency := text(total.get("currency_code")):
        fields["invoice_currency_code"] = currency
    return fields


def order_status(raw: Raw) -> str:
    word = (text(raw["status"]) or "").casefold()
    if raw.get("is_shipped") and word in REFUNDED | {"paid"}:
        return "fulfilled"
    return ORDER_STATUS.get(word, "other")


def _method(line: Raw) -> str | None:
    return text(line.get("shipping_upgrade")) or text(line.get("shipping_method"))


def _ship_to(raw: Raw) -> Fields:
    return {
        "full_name": text(raw.get("name")),
        "address1": text(raw.get("first_line")),
        "address2": text(raw.get("second_line")),
        "city": text(raw.get("city")),
        "state": text(raw.get("state")),
        "postal_code": text(raw.get("zip")),
        "country": text(raw.get("country_iso")),
        "email_address": text(raw.get("buyer_email")),
    }


def _line(line: Raw) -> Fields:
    listing, product = text(line.get("listing_id")), text(line.get("product_id"))
    return {
        "line_item_id": text(line["transaction_id"]),
        "product_id": f"{listing}-{product}" if listing and product else listing,
        "product_sku": text(line.get("sku")),
        "parent_product_id": listing,
        "quantity": whole(line["quantity"]),
        "unit_price": _amount(line.get("price")),
    }


def _shipments(raw: Raw) -> list[Fields]:
    """The shipments that the buyer was told of. Etsy does not say which lines are in them."""
    return [
        {
            "shipment_id": text(entry.get("receipt_shipping_id")) or f"{text(raw['receipt_id'])}-{number}",
            "status": "shipped",
            "carrier_name": text(entry.get("carrier_name")),
            "tracking_number": text(entry.get("tracking_code")),
            "created_date": _moment(entry.get("shipment_notification_timestamp")),
        }
        for number, entry in enumerate(raw.get("shipments") or [], start=1)
    ]


def _additional(raw: Raw) -> Fields:
    return {
        "is_paid": raw.get("is_paid"),
        "is_shipped": raw.get("is_shipped"),
        "is_gift": raw.get("is_gift"),
        "gift_message": text(raw.get("gift_message")),
        "message_from_buyer": text(raw.get("message_from_buyer")),
        "payment_method": text(raw.get("payment_method")),
        "total_vat": _amount(raw.get("total_vat_cost")),
        "gift_wrap_price": _amount(raw.get("gift_wrap_price")),
        "refunds": [
            {
                "amount": _amount(entry.get("amount")),
                "created_date": _moment(entry.get("created_timestamp")),
                "reason": text(entry.get("reason")),
                "status": text(entry.get("status")),
            }
            for entry in raw.get("refunds") or []
        ],
    }


# Products


def product(raw: Raw) -> Fields:
    """A listing, or a product of one: that has its listing within."""
    return _product(raw) if "listing" in raw else _listing(raw)


def _listing(raw: Raw) -> Fields:
    return {
        **_common(raw),
        "id": text(raw["listing_id"]),
        "name": text(raw["title"]) or "",
        "sku": None,
        "active": raw["state"] == "active",
        "price": _amount(raw.get("price")),
        "inventory": _stock_of_listing(raw),
    }


def _product(raw: Raw) -> Fields:
    listing = raw["listing"]
    values = [
        text(value) for entry in raw.get("property_values") or [] for value in entry.get("values") or []
    ]
    offerings = [entry for entry in raw.get("offerings") or [] if not entry.get("is_deleted")]
    name, variation = text(listing["title"]), " / ".join(filter(None, values))
    return {
        **_common(listing),
        "id": f"{text(listing['listing_id'])}-{text(raw['product_id'])}",
        "name": " - ".join(filter(None, (name, variation))),
        "sku": text(raw.get("sku")),
        "active": listing["state"] == "active" and any(entry.get("is_enabled") for entry in offerings),
        "price": next((_amount(entry.get("price")) for entry in offerings), None),
        "inventory": None if listing["is_stock_shared"] else _stock(raw),
    }


def _common(listing: Raw) -> Fields:
    return {
        "parent_product_id": text(listing["listing_id"]),
        "created_date": _moment(listing["created_timestamp"]),
        "updated_date": _moment(listing["updated_timestamp"]),
        "is_kit": False,
        "inventory_by_warehouse_id": {},
        "measurements": _measurements(listing),
        "tags": [tag for entry in listing.get("tags") or [] if (tag := text(entry))],
        "external_system_url": link(listing.get("url")),
        "additional_fields": {
            "state": text(listing["state"]),
            "listing_type": text(listing.get("listing_type")),
            "shop_section_id": listing.get("shop_section_id"),
            "currency": text((listing.get("price") or {}).get("currency_code")),
        },
    }


def _stock_of_listing(raw: Raw) -> int | None:
    """The stock that no product of a listing has: that of all together, or of one without an inventory."""
    if raw["is_stock_shared"]:
        return next((_stock(entry) for entry in raw["products"]), None)
    return None if raw["products"] else whole(raw.get("quantity"))


def _stock(product_raw: Raw) -> int | None:
    """The stock of a product that can be bought; None where a part of it is not known."""
    offerings = [entry for entry in product_raw.get("offerings") or [] if not entry.get("is_deleted")]
    counts = [whole(entry["quantity"]) for entry in offerings]
    known = [count for count in counts if isinstance(count, int)]
    return sum(known) if len(known) == len(counts) else None


def _measurements(listing: Raw) -> Fields:
    shown: Fields = {}
    weight, unit = listing.get("item_weight"), WEIGHTS.get(str(listing.get("item_weight_unit")))
    if weight and unit:
        shown |= {"weight": _scaled(weight, unit[1]), "weight_unit": unit[0]}
    length = LENGTHS.get(str(listing.get("item_dimensions_unit")))
    sizes = {name: listing.get(f"item_{name}") for name in ("length", "width", "height")}
    if length and any(sizes.values()):
        shown |= {name: _scaled(size, length[1]) for name, size in sizes.items() if size}
        shown["unit"] = length[0]
    return shown


def _scaled(size: Any, factor: Decimal) -> Decimal | None:
    number = decimal(size)
    return decimal(number * factor) if isinstance(number, Decimal) else number


def _amount(value: Any) -> Decimal | None:
    """An exact amount of money: `amount` in parts of which `divisor` make one."""
    if value is None:
        return None
    if not isinstance(value, dict):
        return unfit(value, "an amount of money")
    amount, divisor = whole(value.get("amount")), whole(value.get("divisor"))
    if not isinstance(amount, int) or not isinstance(divisor, int) or divisor == 0:
        return unfit(value, "an amount and a divisor")
    return money(Decimal(amount) / Decimal(divisor))


def _moment(value: Any) -> str | None:
    """A time, from the seconds since 1970."""
    seconds = whole(value)
    if not isinstance(seconds, int):
        return None
    try:
        return timestamp(datetime.fromtimestamp(seconds, UTC))
    except (OverflowError, ValueError, OSError):
        return unfit(value, "a time")
