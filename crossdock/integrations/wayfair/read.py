"""Wayfair's records → ours. Pure: values in, values out. Weights are pounds."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from crossdock.integrations.wayfair.dates import moment
from crossdock.integrations.wayfair.lines import line_ids
from crossdock.kit.additional import additional
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import added, decimal, link, money, text, timestamp, unfit, whole

KEPT = (
    "storePrefix", "orderId", "supplierId", "deliveryMethodCode", "salesChannelName", "orderType",
    "scheduledDeliveryDate",
)  # fmt: skip
LINE_KEPT = (
    "name", "sku", "isCancelled", "pieceCount", "customComment", "estShipDate", "fillDate",
    "twoDayGuaranteeDeliveryDeadline",
)  # fmt: skip


# Orders


def order(raw: Raw) -> Fields:
    lines = list(_lines(raw["products"]))
    shipping, warehouse = raw.get("shippingInfo") or {}, raw.get("warehouse") or {}
    placed = _date(raw["poDate"])
    status, word = _status(raw)
    ship_to = raw.get("shipTo") or {}
    return {
        "id": text(raw["poNumber"]),
        "order_number": text(raw["poNumber"]),
        "created_date": placed,
        # Wayfair does not say when an order changed.
        "updated_date": placed,
        "status": status,
        "raw_status": word,
        "requested_shipping_method": text(shipping.get("shipSpeed")),
        "shipping_method_name": text(shipping.get("shipSpeed")),
        "carrier_id": text(shipping.get("carrierCode")),
        "total_price": _total(raw["products"]),
        "ship_to_address": {
            **_address(ship_to),
            "phone_number": text(ship_to.get("phoneNumber")),
        },
        "bill_to_address": _address(raw.get("billTo") or {}),
        "latest_ship_date": _date(raw.get("estimatedShipDate")),
        "line_items": [fields for fields, _ in lines],
        "additional_fields": {
            **additional(raw, *KEPT),
            "warehouse_id": text(warehouse.get("id")),
            "warehouse_name": text(warehouse.get("name")),
            "customer_name": text(raw.get("customerName")),
            "packing_slip_url": link(raw.get("packingSlipUrl")),
            "lines": [
                {
                    "line_item_id": fields["line_item_id"],
                    **additional(product, *LINE_KEPT),
                    "weight_pounds": decimal(product.get("weight")),
                }
                for fields, product in lines
            ],
        },
    }


def _status(raw: Raw) -> tuple[str, str]:
    """Ours, and a word for it: Wayfair has lists that an order is in, and lines that are cancelled."""
    flags = [product.get("isCancelled") for product in raw["products"]]
    for flag in flags:
        if flag not in (True, False, None):
            return "other", str(flag)
    if flags and all(flags):
        return "cancelled", "cancelled"
    return ("confirmed", "answered") if raw["_is_answered"] else ("open", "open")


def _lines(products: Any) -> Iterator[tuple[Fields, Raw]]:
    names = line_ids(str(text(product["partNumber"])) for product in products)
    for product in products:
        part, name = text(product["partNumber"]), next(names)
        yield (
            {
                "line_item_id": name if part else part,
                "product_id": part,
                "product_sku": part,
                "parent_product_id": part,
                "parent_product_sku": part,
                "quantity": whole(product["quantity"]),
                "unit_price": money(product.get("price")),
            },
            product,
        )


def _total(products: Any) -> Decimal | None:
    """The price that Wayfair pays for all lines; None where one does not say."""
    total = added(money(product.get("totalCost")) for product in products)
    return money(total)


def _address(address: Raw) -> Fields:
    return {
        "full_name": text(address.get("name")),
        "address1": text(address.get("address1")),
        "address2": text(address.get("address2")),
        "address3": text(address.get("address3")),
        "city": text(address.get("city")),
        "state": text(address.get("state")),
        "postal_code": text(address.get("postalCode")),
        "country": text(address.get("country")),
    }


def _date(value: Any) -> str | None:
    word = text(value)
    if not word:
        return None
    try:
        return timestamp(moment(word))
    except ValueError:
        return unfit(value, "a time")


# Products


def product(raw: Raw) -> Fields:
    part = text(raw["supplierPartNumber"])
    skus = raw.get("skus") or []
    first = skus[0] if skus else {}
    return {
        "id": part,
        "parent_product_id": part,
        "created_date": None,
        "updated_date": None,
        "name": text(first.get("productName")) or part,
        "sku": part,
        "gtin": text(raw.get("upc")),
        "is_kit": False,
        "active": any(sku.get("isLive") is True for sku in skus),
        "categories": list(filter(None, [text(first.get("className"))])),
        "additional_fields": {
            "product_id": raw.get("productId"),
            "status": text(raw.get("status")),
            "wayfair_skus": [
                additional(
                    sku, "sku", "displaySku", "status", "isLive", "collectionName", "minimumOrderQuantity"
                )
                for sku in skus
            ],
        },
    }
