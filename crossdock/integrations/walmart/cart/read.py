"""Walmart Marketplace records → ours. Pure: values in, values out."""

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from crossdock.integrations.walmart.moments import moment
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import added, decimal, link, money, text, whole

SENT = {"Shipped", "Delivered", "Refund"}
"""Only what was shipped can be refunded (description of Refund Order Lines)."""
WAITING = {"Created": "open", "Acknowledged": "confirmed"}
CANCELLED = "Cancelled"
SHIPMENT_STATUS = {"Shipped": "shipped", "Delivered": "delivered", "Refund": "shipped"}
DISCOUNT = "SubscriptionDiscount"
"""A charge that takes something off the price of a line."""


# Orders


def order(raw: Raw) -> Fields:
    lines = raw["orderLines"]["orderLine"]
    shipping = raw["shippingInfo"]
    method = text(shipping.get("methodCode"))
    return {
        "id": text(raw["purchaseOrderId"]),
        "order_number": text(raw["customerOrderId"]),
        "created_date": moment(raw["orderDate"]),
        "updated_date": _latest([raw["orderDate"], *(line.get("statusDate") for line in lines)]),
        "status": order_status(lines),
        "raw_status": ", ".join(dict.fromkeys(text(part["status"]) or "" for part in _parts(lines))) or None,
        "requested_shipping_method": method,
        "shipping_method_name": method,
        **_totals([charge for line in lines for charge in _charges(line)]),
        "ship_to_address": _ship_to(raw),
        "latest_ship_date": moment(shipping.get("estimatedShipDate")),
        "line_items": [_line(line) for line in lines],
        "shipments": _shipments(lines, raw.get("shipNode") or {}),
        "additional_fields": _additional(raw, lines),
    }


def _additional(raw: Raw, lines: Iterable[Raw]) -> Fields:
    node = raw.get("shipNode") or {}
    return {
        "ship_node_type": text(node.get("type")),
        "ship_node_name": text(node.get("name")),
        "estimated_delivery_date": moment(raw["shippingInfo"].get("estimatedDeliveryDate")),
        "order_type": text(raw.get("orderType")),
        "original_customer_order_id": text(raw.get("originalCustomerOrderID")),
        "payment_types": [text(kind) for kind in raw.get("paymentTypes") or []],
        "cancellations": [cancelled for line in lines for cancelled in _cancellations(line)],
        "asked_to_cancel": [
            text(line["lineNumber"]) for line in lines if _is_true(line.get("intentToCancel"))
        ],
        "refunds": [_refund(line) for line in lines if line.get("refund")],
    }


def _cancellations(line: Raw) -> list[Fields]:
    return [
        {"line_item_id": text(line["lineNumber"]), "reason": text(part.get("cancellationReason"))}
        for part in _parts([line])
        if part["status"] == CANCELLED
    ]


def _totals(charges: Sequence[Raw]) -> Fields:
    """Sums over all lines. An order without any says nothing of its price."""
    taxes = [_tax(charge) for charge in charges]
    shipping = (_amount(charge) for charge in charges if charge["chargeType"] == "SHIPPING")
    totals = {
        "total_tax": added([Decimal(0), *taxes]),
        "total_discount": _discount(charges),
        "total_shipping": added([Decimal(0), *shipping]),
    }
    if not charges:
        return {**totals, "total_price": None}
    currency = text(charges[0]["chargeAmount"]["currency"])
    return {
        **totals,
        "total_price": added([*map(_amount, charges), *taxes]),
        "invoice_currency_code": currency,
    }


def order_status(lines: Iterable[Raw]) -> str:
    """Ours, by what is said of each part of each line; what is cancelled counts only where all is."""
    words = {text(part["status"]) for part in _parts(lines)}
    if not words or words - SENT - {*WAITING, CANCELLED}:
        return "other"
    words -= {CANCELLED}
    if not words:
        return "cancelled"
    if words & SENT:
        return "partially_fulfilled" if words - SENT else "fulfilled"
    return "open" if "Created" in words else "confirmed"


def _parts(lines: Iterable[Raw]) -> list[Raw]:
    """The parts of lines that have a status each."""
    return [part for line in lines for part in line["orderLineStatuses"].get("orderLineStatus") or []]


def _latest(moments: Iterable[Any]) -> str | None:
    return max(filter(None, map(moment, moments)), default=None)


def _charges(line: Raw) -> list[Raw]:
    return line["charges"].get("charge") or []


def _amount(charge: Raw) -> Any:
    """The addition of a charge to the price. Walmart does not say which sign a discount has: it takes off."""
    amount = money(charge["chargeAmount"]["amount"])
    return -abs(amount) if isinstance(amount, Decimal) and _is_discount(charge) else amount


def _is_discount(charge: Raw) -> bool:
    return bool(charge["chargeName"] == DISCOUNT)


def _discount(charges: Iterable[Raw]) -> Any:
    return added([Decimal(0)], less=[_amount(charge) for charge in charges if _is_discount(charge)])


def _tax(charge: Raw) -> Any:
    tax = charge.get("tax")
    return money(tax["taxAmount"]["amount"]) if tax else Decimal(0)


def _line(line: Raw) -> Fields:
    quantity = whole(line["orderLineQuantity"]["amount"])
    charges = _charges(line)
    goods = [charge for charge in charges if charge["chargeType"] == "PRODUCT" and not _is_discount(charge)]
    sku = text(line["item"]["sku"])
    return {
        "line_item_id": text(line["lineNumber"]),
        "product_id": sku,
        "product_sku": sku,
        "quantity": quantity,
        "unit_price": _each(added(map(_amount, goods)), quantity) if goods else None,
        "discount": _discount(charges),
        "tax": added([Decimal(0), *map(_tax, charges)]),
    }


def _each(amount: Any, quantity: Any) -> Any:
    """The price of a single unit: charges are the whole line's. None where it does not divide."""
    if not isinstance(amount, Decimal) or not quantity:
        return amount or None
    part = amount / quantity
    return decimal(part) if part * quantity == amount else None


def _shipments(lines: Iterable[Raw], node: Raw) -> list[Fields]:
    """The parcels, by their tracking numbers: Walmart has no other name for them."""
    parcels: dict[str, list[tuple[Raw, Raw]]] = {}
    for line in lines:
        for part in _parts([line]):
            number = text((part.get("trackingInfo") or {}).get("trackingNumber"))
            if number:
                parcels.setdefault(number, []).append((line, part))
    return [_shipment(number, parts, node) for number, parts in parcels.items()]


def _shipment(number: str, parts: list[tuple[Raw, Raw]], node: Raw) -> Fields:
    words = list(dict.fromkeys(text(part["status"]) or "" for _, part in parts))
    tracking = parts[0][1]["trackingInfo"]
    carrier = tracking.get("carrierName") or {}
    # Of a parcel whose lines are said to be in several states, the least far counts.
    states = [SHIPMENT_STATUS.get(word, "other") for word in words]
    return {
        "shipment_id": number,
        "status": next((state for state in ("other", "shipped") if state in states), "delivered"),
        "raw_status": ", ".join(words),
        "warehouse_id": text(node.get("id")),
        "shipping_method_name": text(tracking.get("methodCode")),
        "carrier_name": text(carrier.get("carrier")) or text(carrier.get("otherCarrier")),
        "tracking_number": number,
        "tracking_url": link(tracking.get("trackingURL")),
        "created_date": moment(tracking.get("shipDateTime")),
        "line_items": [
            {
                "shipment_line_item_id": text(line["lineNumber"]),
                "product_id": text(line["item"]["sku"]) or text(line["lineNumber"]),
                "product_sku": text(line["item"]["sku"]),
                "quantity": whole(part["statusQuantity"]["amount"]),
            }
            for line, part in parts
        ],
    }


def _refund(line: Raw) -> Fields:
    """A refund as Walmart shows it, amounts below zero as they are there."""
    refund = line["refund"]
    charges = (refund.get("refundCharges") or {}).get("refundCharge") or []
    return {
        "id": text(refund.get("refundId")),
        "line_item_id": text(line["lineNumber"]),
        "return_order_id": text(line.get("returnOrderId")),
        "comments": text(refund.get("refundComments")),
        "charges": [
            {
                "reason": text(charge.get("refundReason")),
                "type": text(charge["charge"].get("chargeType")),
                "amount": money(charge["charge"]["chargeAmount"]["amount"]),
                "tax": _tax(charge["charge"]),
            }
            for charge in charges
        ],
    }


def _is_true(value: Any) -> bool:
    """Check a flag that Walmart writes as a text."""
    return str(text(value) or "").casefold() == "true" if isinstance(value, str) else value is True


def _ship_to(raw: Raw) -> Fields:
    shipping = raw["shippingInfo"]
    address: Mapping[str, Any] = shipping.get("postalAddress") or {}
    return {
        "full_name": text(address.get("name")),
        "address1": text(address.get("address1")),
        "address2": text(address.get("address2")),
        "city": text(address.get("city")),
        "state": text(address.get("state")),
        "postal_code": text(address.get("postalCode")),
        "country": text(address.get("country")),
        "phone_number": text(shipping.get("phone")),
        "email_address": text(raw.get("customerEmailId")),
    }


# Items


def product(raw: Raw) -> Fields:
    sku = text(raw["sku"])
    lifecycle, published = text(raw.get("lifecycleStatus")), text(raw.get("publishedStatus"))
    reasons = (raw.get("unpublishedReasons") or {}).get("reason") or []
    return {
        "id": sku,
        "created_date": None,
        "updated_date": None,
        "name": text(raw.get("productName")) or sku,
        "sku": sku,
        "gtin": text(raw.get("gtin")) or text(raw.get("upc")),
        "parent_product_id": sku,
        "is_kit": False,
        "active": lifecycle == "ACTIVE" and published == "PUBLISHED",
        "price": money((raw.get("price") or {}).get("amount")),
        "categories": _categories(raw.get("shelf")),
        **_stock(raw.get("nodes")),
        "additional_fields": {
            "lifecycle_status": lifecycle,
            "published_status": published,
            "unpublished_reasons": [text(reason) for reason in reasons],
            "product_type": text(raw.get("productType")),
            "condition": text(raw.get("condition")),
            "wpid": text(raw.get("wpid")),
            "upc": text(raw.get("upc")),
            "variant_group_id": text(raw.get("variantGroupId")),
            "currency": text((raw.get("price") or {}).get("currency")),
        },
    }


def _categories(shelf: Any) -> list[str]:
    """The path of shelves, which Walmart writes as the text of a JSON list."""
    written = text(shelf)
    if not written:
        return []
    try:
        names = json.loads(written)
    except ValueError:
        return [written]
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else [written]


def _stock(nodes: Any) -> Fields:
    """The stock that can be sold, by ship node. Null: Walmart holds no stock of the seller's for it."""
    if not nodes:
        return {"inventory": None, "inventory_by_warehouse_id": {}}
    levels = {
        str(node["shipNode"]): whole((node.get("availToSellQty") or {}).get("amount")) for node in nodes
    }
    known = {place: level for place, level in levels.items() if level is not None}
    return {"inventory": added(levels.values()), "inventory_by_warehouse_id": known}
