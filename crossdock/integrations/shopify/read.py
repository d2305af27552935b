"""Shopify records → ours. Pure: values in, values out. Amounts are in the currency of the shop.

Members that an answer lacks are left out: an app may be refused single ones, such as addresses.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import added, link, money, text, timestamp, whole

ORDER_STATUS = {
    "UNFULFILLED": "open",
    "OPEN": "open",
    "RESTOCKED": "open",  # replaced by UNFULFILLED
    "SCHEDULED": "confirmed",
    "IN_PROGRESS": "processing",
    "PENDING_FULFILLMENT": "processing",
    "ON_HOLD": "exception",
    "REQUEST_DECLINED": "exception",
    "PARTIALLY_FULFILLED": "partially_fulfilled",
    "FULFILLED": "fulfilled",
}
"""By `displayFulfillmentStatus`; an order with a date of cancellation is cancelled, whatever this says."""
DECIDED = {"CANCELLED": "cancelled", "ERROR": "exception", "FAILURE": "exception"}
"""Values of a fulfilment's `status` that decide alone."""
SHIPMENT_STATUS = {
    "CONFIRMED": "open",
    "LABEL_PRINTED": "open",
    "LABEL_PURCHASED": "open",
    "LABEL_VOIDED": "open",
    "READY_FOR_PICKUP": "open",
    "SUBMITTED": "open",
    "ATTEMPTED_DELIVERY": "shipped",
    "CARRIER_PICKED_UP": "shipped",
    "DELAYED": "shipped",
    "FULFILLED": "shipped",
    "IN_TRANSIT": "shipped",
    "MARKED_AS_FULFILLED": "shipped",
    "OUT_FOR_DELIVERY": "shipped",
    "DELIVERED": "delivered",
    "PICKED_UP": "delivered",
    "FAILURE": "exception",
    "NOT_DELIVERED": "exception",
    "CANCELED": "cancelled",
}
"""By `displayStatus` of a fulfilment."""
UNDECIDED = {"SUCCESS": "shipped", "OPEN": "open", "PENDING": "open"}
"""By `status` of a fulfilment that has no `displayStatus`."""
PRODUCT_STATUS = {"ACTIVE": True, "UNLISTED": True, "DRAFT": False, "ARCHIVED": False}
WEIGHTS = {
    "KILOGRAMS": (Decimal(1), "kg"),
    "GRAMS": (Decimal("0.001"), "kg"),
    "POUNDS": (Decimal(1), "lb"),
    "OUNCES": (Decimal(1), "oz"),
}
"""By Shopify's unit: what to multiply by, and our unit."""
NO_TITLE = "Default Title"
"""What Shopify calls the variant of a product that has no options."""
PARENT = "product-"


def order(raw: Raw) -> Fields:
    state = text(raw["displayFulfillmentStatus"]) or ""
    is_cancelled = bool(raw.get("cancelledAt"))
    fields: Fields = {
        "id": text(raw["legacyResourceId"]),
        "order_number": text(raw["name"]),
        "created_date": timestamp(raw["createdAt"]),
        "updated_date": timestamp(raw["updatedAt"]),
        "status": "cancelled" if is_cancelled else ORDER_STATUS.get(state, "other"),
        "raw_status": f"CANCELLED/{state}" if is_cancelled else state,
        "invoice_currency_code": text(raw["currencyCode"]),
        "line_items": [_order_line(line) for line in raw["lineItems"]],
        "additional_fields": _additional(raw),
    }
    return fields | {name: make(raw[member]) for name, (member, make) in _order_parts(raw) if member in raw}


def _order_parts(raw: Raw) -> Iterable[tuple[str, tuple[str, Callable[[Any], Any]]]]:
    """The fields that are left out with their member: (field, (member, how it is read))."""
    yield "total_price", ("totalPriceSet", _shop_money)
    yield "total_tax", ("totalTaxSet", _shop_money)
    yield "total_discount", ("totalDiscountsSet", _shop_money)
    yield "total_shipping", ("totalShippingPriceSet", _shop_money)
    yield "ship_to_address", ("shippingAddress", lambda address: _ship_to(address, raw.get("email")))
    yield "bill_to_address", ("billingAddress", lambda address: _address(address, "full_name"))
    yield "shipments", ("fulfillments", lambda entries: [_shipment(entry) for entry in entries])
    for name in ("requested_shipping_method", "shipping_method_name"):
        yield name, ("shippingLine", lambda line: text((line or {}).get("title")))
    yield "shipping_method_id", ("shippingLine", lambda line: text((line or {}).get("code")))
    yield "carrier_id", ("shippingLine", lambda line: text((line or {}).get("carrierIdentifier")))


def _additional(raw: Raw) -> Fields:
    """The members that our orders have no fields for."""
    named = {
        "financial_status": "displayFinancialStatus", "cancel_reason": "cancelReason", "tags": "tags",
        "source_name": "sourceName", "po_number": "poNumber", "is_test": "test",
        "presentment_currency_code": "presentmentCurrencyCode", "taxes_included": "taxesIncluded",
    }  # fmt: skip
    shown = {name: raw[member] for name, member in named.items() if member in raw}
    if "totalRefundedSet" in raw:
        shown["total_refunded"] = _shop_money(raw["totalRefundedSet"])
    if "currentTotalPriceSet" in raw:
        shown["current_total_price"] = _shop_money(raw["currentTotalPriceSet"])
    if current := [line for line in raw["lineItems"] if "currentQuantity" in line]:
        shown["current_quantities"] = {
            _number(line["id"]): whole(line["currentQuantity"]) for line in current
        }
    if "refunds" in raw:
        shown["refunds"] = [_refund(refund) for refund in raw["refunds"]]
    if "transactions" in raw:
        shown["transactions"] = [_transaction(entry) for entry in raw["transactions"]]
    return shown


def _refund(refund: Raw) -> Fields:
    return {
        "id": text(refund["legacyResourceId"]),
        "created_at": timestamp(refund.get("createdAt")),
        "note": text(refund.get("note")),
        "amount": _shop_money(refund.get("totalRefundedSet")),
    }


def _transaction(entry: Raw) -> Fields:
    return {
        "id": text(_number(entry["id"])),
        "kind": entry["kind"],
        "status": entry["status"],
        "gateway": entry.get("gateway"),
        "created_at": timestamp(entry.get("createdAt")),
        "amount": _shop_money(entry.get("amountSet")),
    }


def _order_line(line: Raw) -> Fields:
    return {
        "line_item_id": _number(line["id"]),
        **_product_of(line),
        "quantity": whole(line["quantity"]),
        "unit_price": _shop_money(line.get("originalUnitPriceSet")),
        "discount": _sum(line.get("discountAllocations"), "allocatedAmountSet"),
        "tax": _sum(line.get("taxLines"), "priceSet"),
    }


def _product_of(line: Raw) -> Fields:
    """The product of a line; one that was typed in, or is gone since, has none."""
    variant, product = line.get("variant") or {}, line.get("product") or {}
    parent = text(product.get("legacyResourceId"))
    return {
        "product_id": text(variant.get("legacyResourceId")),
        "product_sku": text(line.get("sku")),
        "parent_product_id": parent and f"{PARENT}{parent}",
    }


def _shipment(fulfillment: Raw) -> Fields:
    """One fulfilment. It may have several numbers: the first is the shipment's, all are kept beside."""
    tracking = (fulfillment.get("trackingInfo") or [{}])[0]
    status, shown = fulfillment["status"], fulfillment.get("displayStatus")
    return {
        "shipment_id": text(fulfillment["legacyResourceId"]),
        "status": shipment_status(status, shown),
        "raw_status": f"{status}/{shown}" if shown else status,
        "warehouse_id": text((fulfillment.get("location") or {}).get("legacyResourceId")),
        "carrier_name": text(tracking.get("company")),
        "tracking_number": text(tracking.get("number")),
        "tracking_url": link(tracking.get("url")),
        "created_date": timestamp(fulfillment["createdAt"]),
        "updated_date": timestamp(fulfillment["updatedAt"]),
        "line_items": [_shipment_line(line) for line in fulfillment["fulfillmentLineItems"]],
    }


def shipment_status(status: str, shown: str | None) -> str:
    """Ours, by both of Shopify's."""
    if status in DECIDED:
        return DECIDED[status]
    if status not in UNDECIDED:
        return "other"
    return UNDECIDED[status] if shown is None else SHIPMENT_STATUS.get(shown, "other")


def _shipment_line(line: Raw) -> Fields:
    ordered = line["lineItem"]
    fields = _product_of(ordered)
    # A line that was typed in has no variant: then it is named by itself.
    fields["product_id"] = fields["product_id"] or _number(ordered["id"])
    return {"shipment_line_item_id": _number(line["id"]), **fields, "quantity": whole(line["quantity"]) or 0}


def product(raw: Raw) -> Fields:
    """A product, or a variant: that has its product within."""
    return _variant(raw) if "product" in raw else _parent(raw)


def _parent(raw: Raw) -> Fields:
    record_id = f"{PARENT}{raw['legacyResourceId']}"
    return {
        "id": record_id,
        "parent_product_id": record_id,
        "created_date": timestamp(raw["createdAt"]),
        "updated_date": timestamp(raw["updatedAt"]),
        "name": text(raw["title"]) or "",
        "is_kit": False,
        **_of_product(raw),
        "additional_fields": {"vendor": text(raw.get("vendor")), "raw_status": raw["status"]},
    }


def _variant(raw: Raw) -> Fields:
    parent, item = raw["product"], raw["inventoryItem"]
    title = text(raw.get("title"))
    names = (text(parent["title"]), None if title == NO_TITLE else title)
    return {
        "id": text(raw["legacyResourceId"]),
        "parent_product_id": f"{PARENT}{parent['legacyResourceId']}",
        "created_date": timestamp(raw["createdAt"]),
        "updated_date": max(str(timestamp(raw["updatedAt"])), str(timestamp(parent["updatedAt"]))),
        "name": " ".join(filter(None, names)),
        "sku": text(raw.get("sku")),
        "gtin": text(raw.get("barcode")),
        "is_kit": bool(raw.get("requiresComponents")),
        "price": money(raw.get("price")),
        "unit_cost": money((item.get("unitCost") or {}).get("amount")),
        "measurements": _measurements(item),
        **_stock(item),
        **_of_product(parent),
        "additional_fields": {
            "vendor": text(parent.get("vendor")),
            "compare_at_price": money(raw.get("compareAtPrice")),
            "inventory_item_id": text(item["legacyResourceId"]),
            "tracked": item.get("tracked"),
            "inventory_policy": raw.get("inventoryPolicy"),
            "harmonized_system_code": text(item.get("harmonizedSystemCode")),
            "country_of_origin": text(item.get("countryCodeOfOrigin")),
        },
    }


def _of_product(raw: Raw) -> Fields:
    """The fields that variants have from their product, too."""
    media = ((raw.get("featuredMedia") or {}).get("preview") or {}).get("image") or {}
    kind = text(raw.get("productType"))
    return {
        "active": PRODUCT_STATUS.get(raw["status"], False),
        "image_url": link(media.get("url")),
        "external_system_url": link(raw.get("onlineStoreUrl")),
        "tags": list(raw.get("tags") or []),
        "categories": [kind] if kind else [],
    }


def _stock(item: Raw) -> Fields:
    """The stock that can be sold, by location; Shopify keeps none of a variant that is not tracked."""
    if not item.get("tracked"):
        return {"inventory": None, "inventory_by_warehouse_id": {}}
    levels = {
        str(level["location"]["legacyResourceId"]): added(
            whole(entry["quantity"]) for entry in level["quantities"] if entry["name"] == "available"
        )
        for level in item["inventoryLevels"]
    }
    return {"inventory": added(levels.values()), "inventory_by_warehouse_id": levels}


def _measurements(item: Raw) -> Fields:
    weight = (item.get("measurement") or {}).get("weight")
    if not weight or weight["unit"] not in WEIGHTS:
        return {}
    factor, unit = WEIGHTS[weight["unit"]]
    value = money(weight["value"])
    # 0 is what Shopify says of a weight that nobody entered.
    return {"weight": money(value * factor), "weight_unit": unit} if value else {}


def warehouse(raw: Raw) -> Fields:
    return {
        "id": text(raw["legacyResourceId"]),
        "created_date": timestamp(raw["createdAt"]),
        "updated_date": timestamp(raw["updatedAt"]),
        "name": text(raw["name"]) or "",
        "address": _address(raw.get("address"), None),
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
    shown = {
        "address1": text(address.get("address1")),
        "address2": text(address.get("address2")),
        "city": text(address.get("city")),
        "state": text(address.get("provinceCode")),
        "postal_code": text(address.get("zip")),
        "country": text(address.get("countryCodeV2") or address.get("countryCode")),
    }
    return shown if name is None else {name: text(address.get("name"))} | shown


def _shop_money(bag: Mapping[str, Any] | None) -> Decimal | None:
    return money(bag["shopMoney"]["amount"]) if bag else None


def _sum(entries: Iterable[Raw] | None, member: str) -> Decimal | None:
    """The amounts of parts together; None: there is no word of them."""
    if entries is None:
        return None
    return money(added(_shop_money(entry[member]) for entry in entries))


def _number(gid: str) -> str:
    """The number at the end of Shopify's id."""
    return str(gid).rpartition("/")[2]
