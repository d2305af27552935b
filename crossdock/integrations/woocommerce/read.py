"""WooCommerce records → ours. Pure: values in, values out. Amounts are texts, dates in GMT have no zone."""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from crossdock.integrations.woocommerce.shipments import NotedShipment, noted
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.quantities import held, in_whole_numbers
from crossdock.kit.values import added, decimal, link, money, text, timestamp, whole

ORDER_STATUS = {
    "pending": "open",  # Pending payment: nothing was paid
    "on-hold": "open",  # On hold: the payment is to be confirmed; stock is taken already
    "processing": "confirmed",  # Paid, and waits to be fulfilled
    "completed": "fulfilled",  # Fulfilled and complete: nothing is left to do
    "cancelled": "cancelled",
    "failed": "exception",  # The payment was declined; the customer may pay again
}
"""By `status`; what these mean: https://woocommerce.com/document/managing-orders/order-statuses/."""
LEFT_TO_SEND = {"pending", "on-hold", "processing"}
REFUNDED = "refunded"
"""All was paid back, which says nothing of the goods: it was sent if it had been completed."""
SIX_PLACES = Decimal("0.000001")
"""WooCommerce keeps sums of lines with six (`wc_get_rounding_precision`)."""
WEIGHTS = {
    "kg": ("kg", Decimal(1)),
    "g": ("kg", Decimal("0.001")),
    "lbs": ("lb", Decimal(1)),
    "oz": ("oz", Decimal(1)),
}
LENGTHS = {
    "m": ("cm", Decimal(100)),
    "cm": ("cm", Decimal(1)),
    "mm": ("cm", Decimal("0.1")),
    "in": ("in", Decimal(1)),
    "yd": ("in", Decimal(36)),
}


# Orders


def order(raw: Raw) -> Fields:
    lines, sent = raw["line_items"], noted(raw.get("meta_data"))
    shipping: Raw = next(iter(raw.get("shipping_lines") or []), {})
    return {
        "id": text(raw["id"]),
        "order_number": text(raw["number"]),
        "created_date": timestamp(raw["date_created_gmt"]),
        "updated_date": timestamp(raw["date_modified_gmt"]),
        "status": _status(raw, is_begun=bool(sent)),
        "raw_status": text(raw["status"]),
        "requested_shipping_method": text(shipping.get("method_title")),
        "shipping_method_id": text(shipping.get("method_id")),
        "shipping_method_name": text(shipping.get("method_title")),
        "invoice_currency_code": text(raw["currency"]),
        "total_price": money(raw["total"]),
        "total_tax": money(raw["total_tax"]),
        "total_discount": money(raw["discount_total"]),
        "total_shipping": money(raw["shipping_total"]),
        "ship_to_address": _ship_to(raw.get("shipping") or {}, raw.get("billing") or {}),
        "bill_to_address": _address(raw.get("billing") or {}),
        "line_items": [_order_line(line) for line in lines],
        "shipments": [_shipment(shipment, lines) for shipment in sent],
        "additional_fields": {
            "payment_method": text(raw.get("payment_method")),
            "payment_method_title": text(raw.get("payment_method_title")),
            "transaction_id": text(raw.get("transaction_id")),
            "paid_date": timestamp(raw.get("date_paid_gmt")),
            "completed_date": timestamp(raw.get("date_completed_gmt")),
            "created_via": text(raw.get("created_via")),
            "prices_include_tax": raw.get("prices_include_tax"),
            "fees": [_fee(fee) for fee in raw.get("fee_lines") or []],
            "refunds": [_refund(refund) for refund in raw["refunds"]],
        },
    }


def _status(raw: Raw, *, is_begun: bool) -> str:
    """Ours. is_begun: whether a part of it is noted as sent."""
    status = raw["status"]
    if status == REFUNDED:
        return "fulfilled" if raw.get("date_completed_gmt") else "other"
    if is_begun and status in LEFT_TO_SEND:
        return "partially_fulfilled"
    return ORDER_STATUS.get(status, "other")


def _order_line(line: Raw) -> Fields:
    quantity, subtotal = whole(line["quantity"]), money(line["subtotal"])
    return {
        "line_item_id": text(line["id"]),
        "product_id": _number(line.get("variation_id")) or _number(line.get("product_id")),
        "product_sku": text(line.get("sku")),
        "parent_product_id": _number(line.get("product_id")),
        "quantity": quantity,
        "unit_price": _each(subtotal, quantity),
        "discount": money(added([subtotal], less=[money(line["total"])])),
        "tax": money(line["total_tax"]),
    }


def _each(subtotal: Decimal | None, quantity: int | None) -> Decimal | None:
    """The price of each, before discounts and without tax, in as many places as WooCommerce keeps itself."""
    if not subtotal or not quantity:
        return subtotal if quantity else None
    return money((subtotal / quantity).quantize(SIX_PLACES, ROUND_HALF_UP))


def _number(value: Any) -> str | None:
    """The id of something that there is: 0 is none."""
    number = text(value)
    return None if number == "0" else number


def _shipment(shipment: NotedShipment, lines: Iterable[Raw]) -> Fields:
    by_id, texts = {text(line["id"]): line for line in lines}, shipment.texts
    return {
        "shipment_id": str(shipment.number),
        "status": "shipped",
        "shipping_method_name": text(texts.get("shipping_method_name")),
        "carrier_name": text(texts.get("carrier_name")),
        "tracking_number": text(texts["tracking_number"]),
        "tracking_url": link(texts.get("tracking_url")),
        "line_items": [
            _shipment_line(by_id[name], quantity)
            for name, quantity in shipment.lines.items()
            if name in by_id
        ],
        "created_date": timestamp(texts.get("date")),
    }


def _shipment_line(line: Raw, quantity: int) -> Fields:
    name, parent = text(line["id"]), _number(line.get("product_id"))
    return {
        "shipment_line_item_id": name,
        # A product that is gone has no id any more: then it is named by its line.
        "product_id": _number(line.get("variation_id")) or parent or name,
        "product_sku": text(line.get("sku")),
        "parent_product_id": parent,
        "quantity": quantity,
    }


def _fee(fee: Raw) -> Fields:
    return {
        "name": text(fee.get("name")),
        "total": money(fee.get("total")),
        "tax": money(fee.get("total_tax")),
    }


def _refund(refund: Raw) -> Fields:
    return {
        "id": text(refund["id"]),
        "amount": money(refund.get("amount")),
        "created_date": timestamp(refund.get("date_created_gmt")),
        "reason": text(refund.get("reason")),
        "is_paid_back": refund.get("refunded_payment"),
        "line_items": [
            {"line_item_id": refunded_line(line), "quantity": _refunded(line)}
            for line in refund.get("line_items") or []
        ],
    }


def refunded_line(line: Mapping[str, Any]) -> str | None:
    """The id of the line of the order that a line of a refund is of: the refund's lines have their own."""
    for entry in line.get("meta_data") or []:
        if entry.get("key") == "_refunded_item_id":
            return text(entry.get("value"))
    return None


def _refunded(line: Raw) -> int | None:
    """The quantity that was refunded, which WooCommerce has below zero."""
    quantity = whole(line.get("quantity"))
    return -quantity if quantity else quantity


def _ship_to(shipping: Raw, billing: Raw) -> Fields:
    """An order of downloads has no address that it goes to, but texts without a letter."""
    address = _address(shipping)
    if not any(address.values()):
        return {}
    return address | {
        "company": text(shipping.get("company")),
        "phone_number": text(shipping.get("phone")) or text(billing.get("phone")),
        "email_address": text(billing.get("email")),
    }


def _address(address: Raw) -> Fields:
    names = filter(None, (text(address.get("first_name")), text(address.get("last_name"))))
    return {
        "full_name": " ".join(names) or None,
        "address1": text(address.get("address_1")),
        "address2": text(address.get("address_2")),
        "city": text(address.get("city")),
        "state": text(address.get("state")),
        "postal_code": text(address.get("postcode")),
        "country": text(address.get("country")),
    }


# Products


def product(raw: Raw) -> Fields:
    """A product, or a variation: that has its product within."""
    parent = raw.get("product") or raw
    fields = {
        "id": text(raw["id"]),
        "parent_product_id": text(parent["id"]),
        **_dates(raw, parent),
        "name": _name(raw, parent),
        "sku": text(raw.get("sku")),
        "gtin": text(raw.get("global_unique_id")),
        "is_kit": False,
        "active": raw["status"] == parent["status"] == "publish",
        "image_url": _image(raw) or _image(parent),
        "price": money(raw["regular_price"]),
        "inventory": _level(raw),
        "inventory_by_warehouse_id": {},
        "measurements": _measurements(raw, parent),
        "tags": _names(parent.get("tags")),
        "categories": _names(parent.get("categories")),
        "external_system_url": link(raw.get("permalink")),
    }
    fields |= {
        "additional_fields": {
            "type": "variation" if parent is not raw else text(raw.get("type")),
            "status": text(raw["status"]),
            "manage_stock": raw["manage_stock"],
            "stock_status": text(raw.get("stock_status")),
            "backorders": text(raw.get("backorders")),
            "sale_price": money(raw.get("sale_price")),
            "current_price": money(raw.get("price")),
        }
    }
    return in_whole_numbers(fields)


def _level(raw: Raw) -> Any:
    """The level of a record that has its own; plug-ins sell by weight, too."""
    if raw["manage_stock"] is not True:
        return None
    amount = decimal(raw.get("stock_quantity"))
    return held([amount]) if isinstance(amount, Decimal) else amount


def _dates(raw: Raw, parent: Raw) -> Fields:
    """Dates in GMT; those of the product where a variation has only the shop's own time.

    A draft that was never published has no date of creation: then there is none at all.
    """
    own = raw if "date_created_gmt" in raw else parent
    created = timestamp(own["date_created_gmt"])
    return {
        "created_date": created,
        "updated_date": timestamp(own["date_modified_gmt"]) if created else None,
    }


def _name(raw: Raw, parent: Raw) -> str:
    if parent is raw:
        return text(raw["name"]) or ""
    options = [text(attribute.get("option")) for attribute in raw.get("attributes") or []]
    return " - ".join(filter(None, (text(parent["name"]), " / ".join(filter(None, options)))))


def _names(terms: Iterable[Raw] | None) -> list[str]:
    return [name for term in terms or [] if (name := text(term.get("name")))]


def _image(raw: Raw) -> str | None:
    image = raw.get("image") or next(iter(raw.get("images") or []), None)
    return link(image.get("src")) if image else None


def _measurements(raw: Raw, parent: Raw) -> Fields:
    """Weight and size, in the units of the shop: those of the product where a variation has none."""
    weight_unit = WEIGHTS.get(str(parent.get("weight_unit")))
    unit = LENGTHS.get(str(parent.get("dimension_unit")))
    own, common = raw.get("dimensions") or {}, parent.get("dimensions") or {}
    sizes = {name: _measure(own.get(name), common.get(name), unit) for name in ("length", "width", "height")}
    weight = _measure(raw.get("weight"), parent.get("weight"), weight_unit)
    return sizes | {
        "unit": unit[0] if unit and any(sizes.values()) else None,
        "weight": weight,
        "weight_unit": weight_unit[0] if weight_unit and weight else None,
    }


def _measure(own: Any, common: Any, unit: tuple[str, Decimal] | None) -> Decimal | None:
    """A measure in one of our units; zero is none, and so is one in a unit that nobody knows."""
    if unit is None:
        return None
    amount = decimal(own)
    if amount is None or amount == 0:
        amount = decimal(common)
    if not isinstance(amount, Decimal):
        return amount
    return decimal(amount * unit[1]) or None
