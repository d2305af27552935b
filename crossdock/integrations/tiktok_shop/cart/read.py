"""TikTok Shop's records → ours. Pure: values in, values out. Amounts are texts, times Unix seconds."""

from collections.abc import Iterable, Mapping
from typing import Any

from crossdock.integrations.tiktok_shop.cart.units import Unit, lines_of
from crossdock.integrations.tiktok_shop.values import moment
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import added, decimal, link, money, text, whole

ORDER_STATUS = {
    "UNPAID": "open",
    "ON_HOLD": "open",  # accepted; buyers may still cancel without being asked
    "AWAITING_SHIPMENT": "confirmed",
    "AWAITING_COLLECTION": "processing",  # packed, and waits for the carrier
    "PARTIALLY_SHIPPING": "partially_fulfilled",
    "IN_TRANSIT": "fulfilled",
    "DELIVERED": "fulfilled",
    "COMPLETED": "fulfilled",
    "CANCELLED": "cancelled",
}
PACKAGE_STATUS = {
    "PROCESSING": "open",  # waits for the carrier
    "FULFILLING": "shipped",
    "COMPLETED": "delivered",
    "CANCELLED": "cancelled",
}
"""Of packages that are arranged; those TO_FULFILL are not, and are no shipments yet."""
TO_FULFILL = "TO_FULFILL"
WEIGHTS = {"KILOGRAM": "kg", "POUND": "lb"}
LENGTHS = {"CENTIMETER": "cm", "INCH": "in"}
CITIES, STATES = ("city",), ("state", "province")
"""Names of the levels of an address, as TikTok has them by country."""
PARENT = "product-"


# Orders


def order(raw: Raw) -> Fields:
    payment, units = raw.get("payment") or {}, raw["line_items"]
    lines = lines_of(units)
    return {
        "id": text(raw["id"]),
        "order_number": text(raw["id"]),
        "created_date": moment(raw["create_time"]),
        "updated_date": moment(raw["update_time"]),
        "status": ORDER_STATUS.get(raw["status"], "other"),
        "raw_status": text(raw["status"]),
        "requested_shipping_method": text(raw.get("delivery_option_name")),
        "shipping_method_id": text(raw.get("delivery_option_id")),
        "shipping_method_name": text(raw.get("delivery_option_name")),
        "carrier_id": text(raw.get("shipping_provider_id")),
        "carrier_name": text(raw.get("shipping_provider")),
        **_totals(payment),
        "ship_to_address": _address(raw),
        "latest_ship_date": moment(raw.get("rts_sla_time")),
        "line_items": [_line(line_id, group) for line_id, group in lines.items()],
        "shipments": _shipments(units),
        "additional_fields": _additional(raw, lines),
    }


def _additional(raw: Raw, lines: Mapping[str, list[Unit]]) -> Fields:
    return {
        **{name: text(raw.get(name)) for name in NAMED},
        "units": {line_id: [text(unit["id"]) for unit in group] for line_id, group in lines.items()},
        "cancelled_units": [text(unit["id"]) for unit in raw["line_items"] if _is_cancelled(unit)],
        "packages": [text(package["id"]) for package in raw.get("packages") or []],
        "returns": [_return(change) for change in raw["returns"]],
    }


NAMED = (
    "fulfillment_type", "shipping_type", "order_type", "warehouse_id", "buyer_message", "seller_note",
    "cancel_reason", "cancellation_initiator",
)  # fmt: skip


def _totals(payment: Raw) -> Fields:
    if not payment.get("currency"):
        return {}
    discounts = [money(payment.get(name)) for name in ("seller_discount", "platform_discount")]
    return {
        "invoice_currency_code": text(payment["currency"]),
        "total_price": money(payment.get("total_amount")),
        "total_tax": money(payment.get("tax")),
        "total_discount": money(added(discounts)),
        "total_shipping": money(payment.get("shipping_fee")),
    }


def _line(line_id: str, units: list[Unit]) -> Fields:
    first = units[0]
    return {
        "line_item_id": line_id,
        "product_id": text(first.get("sku_id")),
        "product_sku": text(first.get("seller_sku")),
        "parent_product_id": _parent_id(first.get("product_id")),
        "quantity": len(units),
        "unit_price": money(first.get("original_price")),
        "discount": money(added(_discount(unit) for unit in units)),
        "tax": money(added(_tax(unit) for unit in units)),
    }


def _discount(unit: Unit) -> Any:
    return added(money(unit.get(name)) for name in ("seller_discount", "platform_discount"))


def _tax(unit: Unit) -> Any:
    """The tax of a unit; None where TikTok tells none, as in most countries."""
    taxes = unit.get("item_tax")
    return added(money(tax.get("tax_amount")) for tax in taxes) if taxes else None


def _is_cancelled(unit: Unit) -> bool:
    return unit.get("display_status") == "CANCELLED"


def _shipments(units: Iterable[Unit]) -> list[Fields]:
    """The packages that are arranged, each with its units."""
    packages: dict[str, list[Unit]] = {}
    for unit in units:
        package = text(unit.get("package_id"))
        if package and unit.get("package_status") not in (None, "", TO_FULFILL):
            packages.setdefault(package, []).append(unit)
    return [_shipment(package, group) for package, group in packages.items()]


def _shipment(package_id: str, units: list[Unit]) -> Fields:
    first = units[0]
    status = text(first["package_status"])
    return {
        "shipment_id": package_id,
        "raw_status": status,
        "status": PACKAGE_STATUS.get(status or "", "other"),
        "carrier_id": text(first.get("shipping_provider_id")),
        "carrier_name": text(first.get("shipping_provider_name")),
        "tracking_number": text(first.get("tracking_number")),
        "line_items": [
            {
                "shipment_line_item_id": line_id,
                "product_id": text(group[0]["sku_id"]),
                "product_sku": text(group[0].get("seller_sku")),
                "parent_product_id": _parent_id(group[0].get("product_id")),
                "quantity": len(group),
            }
            for line_id, group in lines_of(units).items()
        ],
        "created_date": moment(first.get("rts_time")),
    }


def _return(change: Raw) -> Fields:
    """A return or a refund: it has no place of its own in the record of a shop's order."""
    refund = change.get("refund_amount") or {}
    return {
        "id": text(change["return_id"]),
        "type": text(change.get("return_type")),
        "raw_status": text(change.get("return_status")),
        "reason": text(change.get("return_reason")),
        "amount": money(refund.get("refund_total")),
        "currency": text(refund.get("currency")),
        "tracking_number": text(change.get("return_tracking_number")),
        "created_date": moment(change.get("create_time")),
        "units": [text(line.get("order_line_item_id")) for line in change.get("return_line_items") or []],
    }


def _address(raw: Raw) -> Fields:
    """The address of an order: said once it is to be sent, and masked where TikTok's own carrier comes."""
    address = raw.get("recipient_address") or {}
    if not address:
        return {}
    further = [text(address.get(name)) for name in ("address_line3", "address_line4")]
    return {
        "full_name": text(address.get("name")),
        "address1": text(address.get("address_line1")) or text(address.get("address_detail")),
        "address2": text(address.get("address_line2")),
        "address3": ", ".join(filter(None, further)) or None,
        "city": _level(address, CITIES) or text(address.get("post_town")),
        "state": _level(address, STATES),
        "postal_code": text(address.get("postal_code")),
        "country": text(address.get("region_code")),
        "phone_number": text(address.get("phone_number")),
        "email_address": text(raw.get("buyer_email")),
    }


def _level(address: Raw, names: Iterable[str]) -> str | None:
    """The part of an address at a level that is called so."""
    for district in address.get("district_info") or []:
        if str(district.get("address_level_name")).casefold() in names:
            return text(district.get("address_name"))
    return None


def _parent_id(product_id: Any) -> str | None:
    number = text(product_id)
    return f"{PARENT}{number}" if number else None


# Products


def product(raw: Raw) -> Fields:
    """A product, or a SKU: that has its product within."""
    return _sku(raw) if "product" in raw else _parent(raw)


def _parent(raw: Raw) -> Fields:
    return {
        **_common(raw),
        "id": _parent_id(raw["id"]),
        "name": text(raw["title"]) or "",
        "sku": None,
        "is_kit": "COMBINED_PRODUCT" in (raw.get("product_types") or []),
        "inventory": None,
        "inventory_by_warehouse_id": {},
    }


def _sku(raw: Raw) -> Fields:
    parent, price = raw["product"], raw.get("price") or {}
    labels = [text(attribute.get("value_name")) for attribute in raw.get("sales_attributes") or []]
    status, common = raw.get("status_info") or {}, _common(parent)
    levels = _levels(raw.get("inventory") or [])
    return {
        **common,
        **(_details_of_sku(raw) if _is_detailed(parent) else {}),
        "id": text(raw["id"]),
        "name": " - ".join(filter(None, (text(parent["title"]), " / ".join(filter(None, labels))))),
        "sku": text(raw.get("seller_sku")),
        "is_kit": bool(raw.get("combined_skus")),
        "active": common["active"] and status.get("status") != "DEACTIVATED",
        # Local sellers have only the one price, global sellers both: what buyers see is the sale price.
        "price": money(price.get("sale_price")) or money(price.get("tax_exclusive_price")),
        "inventory": sum(levels.values()) if raw.get("inventory") else None,
        "inventory_by_warehouse_id": levels,
    }


def _details_of_sku(raw: Raw) -> Fields:
    code = raw.get("identifier_code") or {}
    pictures = [_picture(attribute.get("sku_img")) for attribute in raw.get("sales_attributes") or []]
    image = next(filter(None, pictures), None)
    return {"gtin": text(code.get("code")), **({"image_url": image} if image else {})}


def _common(product: Raw) -> Fields:
    """The fields that products and SKUs have alike. What has no details says nothing of size and pictures."""
    fields = {
        "parent_product_id": _parent_id(product["id"]),
        "created_date": moment(product["create_time"]),
        "updated_date": moment(product["update_time"]),
        "active": product["status"] == "ACTIVATE",
        "additional_fields": {"status": text(product["status"])},
    }
    if not _is_detailed(product):
        return fields
    categories = [text(category.get("local_name")) for category in product.get("category_chains") or []]
    brand = product.get("brand") or {}
    return fields | {
        "image_url": _picture((product.get("main_images") or [None])[0]),
        "measurements": _measurements(product),
        "categories": list(filter(None, categories)),
        "additional_fields": {"status": text(product["status"]), "brand": text(brand.get("name"))},
    }


def _is_detailed(product: Raw) -> bool:
    """Check whether a product is as its details show it: lists have no pictures."""
    return "main_images" in product


def _levels(inventory: Iterable[Raw]) -> dict[str, int]:
    """The stock that can be sold, by warehouse."""
    return {str(level["warehouse_id"]): whole(level["quantity"]) or 0 for level in inventory}


def _measurements(product: Raw) -> Fields:
    """Weight and size of the package, where their units are ours."""
    weight, size = product.get("package_weight") or {}, product.get("package_dimensions") or {}
    weights = _measures(weight, ("value",), WEIGHTS)
    return {
        **({"weight": weights["value"], "weight_unit": weights["unit"]} if weights else {}),
        **_measures(size, ("length", "width", "height"), LENGTHS),
    }


def _measures(raw: Raw, names: Iterable[str], units: Mapping[str, str]) -> Fields:
    """Measures with their unit, where it is ours; zero is none."""
    unit = units.get(str(raw.get("unit")))
    measures: Fields = {name: decimal(raw.get(name)) or None for name in names} if unit else {}
    return measures | {"unit": unit} if any(measures.values()) else {}


def _picture(image: Any) -> str | None:
    urls = image.get("urls") if isinstance(image, dict) else None
    return link(urls[0]) if urls else None


# Warehouses


def warehouse(raw: Raw) -> Fields:
    address = raw.get("address") or {}
    return {
        "id": text(raw["id"]),
        # TikTok has no dates of warehouses.
        "created_date": None,
        "updated_date": None,
        "name": text(raw["name"]) or "",
        "address": {
            "address1": text(address.get("address_line1")),
            "address2": text(address.get("address_line2")),
            "address3": text(address.get("address_line3")),
            "city": text(address.get("city")),
            "state": text(address.get("state")),
            "postal_code": text(address.get("postal_code")),
            "country": text(address.get("region_code")),
        },
    }
