"""NuORDER's records → ours. Pure: values in, values out. Its times are UTC, its sizes are our variants."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from crossdock.integrations.nuorder.sizes import size_id
from crossdock.kit.additional import additional
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import link, money, text, timestamp, whole

ORDER_STATUS = {
    "draft": "other",  # unofficial: it is not submitted, and may be deleted
    "review": "open",  # submitted by the buyer, for the brand to look at
    "pending": "open",  # placed by the brand, for the brand to approve
    "approved": "confirmed",
    "processed": "processing",  # the brand has it in its own system
    "shipped": "fulfilled",
    "cancelled": "cancelled",
    "edited": "other",  # what it means NuORDER's help does not say
}
"""By NuORDER's help, "Orders page overview", read 2026-12-01."""
KEPT = (
    "external_id", "customer_po_number", "order_type", "payment_status", "notes", "discount",
    "discounted_total", "additional_percentage", "rep_name", "rep_code", "rep_email", "order_tags", "edited",
)  # fmt: skip
PRODUCT_KEPT = (
    "style_number", "season", "color", "color_code", "department", "division", "brand_id", "external_id",
    "description", "available_from", "available_until", "order_closing",
)  # fmt: skip
BARCODE_LENGTHS = {8, 12, 13, 14}


# Orders


def order(raw: Raw) -> Fields:
    retailer = raw.get("retailer") or {}
    lines = list(_lines(raw.get("line_items")))
    status = text(raw["status"])
    return {
        "id": text(raw["_id"]),
        "order_number": text(raw["order_number"]),
        "created_date": timestamp(raw["created_on"]),
        "updated_date": timestamp(raw["modified_on"]),
        "status": ORDER_STATUS.get(str(status or "").lower(), "other"),
        "raw_status": status,
        "invoice_currency_code": text(raw["currency_code"]),
        "total_price": money(raw.get("total")),
        "ship_to_address": _ship_to(raw.get("shipping_address") or {}, retailer),
        "bill_to_address": _address(raw.get("billing_address") or {}, retailer),
        "earliest_ship_date": timestamp(raw.get("start_ship")),
        "latest_ship_date": timestamp(raw.get("end_ship")),
        "line_items": [fields for fields, _, _ in lines],
        "shipments": list(_shipments(raw)),
        "additional_fields": {
            **additional(raw, *KEPT),
            "retailer_id": text(retailer.get("_id")),
            "retailer_code": text(retailer.get("retailer_code")),
            "shipping_address_code": text((raw.get("shipping_address") or {}).get("code")),
            "shipping_address_name": text((raw.get("shipping_address") or {}).get("display_name")),
            "lines": [_line_details(fields, line, size) for fields, line, size in lines],
        },
    }


def _lines(lines: Any) -> Iterator[tuple[Fields, Raw, Raw]]:
    """A line for each size that was ordered, with NuORDER's line and size. One of NuORDER's has all sizes."""
    names = _line_names(lines or [])
    for line in lines or []:
        product = line["product"]
        for size in line["sizes"]:
            name, quantity = next(names), whole(size["quantity"])
            if quantity == 0:
                continue
            yield (
                {
                    "line_item_id": name,
                    "product_id": _size_id(product["_id"], size["size"]),
                    "product_sku": text(size.get("upc")),
                    "parent_product_id": text(product["_id"]),
                    "parent_product_sku": text(product.get("style_number")),
                    "quantity": quantity,
                    "unit_price": money(size.get("price")),
                },
                line,
                size,
            )


def _line_names(lines: Iterable[Raw]) -> Iterator[str | None]:
    """The ids of the sizes of lines, in their order, also of sizes of which none was ordered.

    The same size may stand in several lines, for different dates or warehouses: it is counted, past those
    whose own name is the same, such as size "32-2" beside a second "32".
    """
    named = [
        _size_id(line.get("id") or line["product"]["_id"], size["size"])
        for line in lines
        for size in line["sizes"]
    ]
    taken, met, counts = set(named), set[str | None](), Counter[str | None]()
    for name in named:
        if name not in met:
            met.add(name)
            yield name
            continue
        counts[name] = max(counts[name], 1) + 1
        while f"{name}-{counts[name]}" in taken:
            counts[name] += 1
        yield f"{name}-{counts[name]}"


def _line_details(fields: Fields, line: Raw, size: Raw) -> Fields:
    product = line["product"]
    return {
        "line_item_id": fields["line_item_id"],
        "size": text(size["size"]),
        **{name: text(product.get(name)) for name in ("color", "color_code", "season", "brand_id")},
        "warehouse": text(line.get("warehouse")),
        "prebook": line.get("prebook"),
        "ship_start": timestamp(line.get("ship_start")),
        "ship_end": timestamp(line.get("ship_end")),
        "original_price": money(size.get("original_price")),
    }


def _shipments(raw: Raw) -> Iterable[Fields]:
    """The parcels of an order. They have no ids: the first is the first, and stays it."""
    for number, shipment in enumerate(raw.get("shipments") or [], 1):
        tracking = [text(entry) for entry in shipment.get("tracking_numbers") or []]
        yield {
            "shipment_id": f"{text(raw['_id'])}-{number}",
            "status": "shipped",
            "shipping_method_name": text(shipment.get("type")),
            "tracking_number": ", ".join(filter(None, tracking)) or None,
            "line_items": [
                {
                    "shipment_line_item_id": fields["line_item_id"],
                    "product_id": fields["product_id"],
                    "product_sku": fields["product_sku"],
                    "parent_product_id": fields["parent_product_id"],
                    "parent_product_sku": fields["parent_product_sku"],
                    "quantity": fields["quantity"],
                }
                for fields, _, _ in _lines(shipment.get("line_items"))
            ],
        }


def _ship_to(address: Raw, retailer: Raw) -> Fields:
    return _address(address, retailer) | {
        "company": text(retailer.get("retailer_name")),
        "email_address": text(retailer.get("buyer_email")),
    }


def _address(address: Raw, retailer: Raw) -> Fields:
    return {
        "full_name": text(retailer.get("buyer_name")),
        "address1": text(address.get("line_1")),
        "address2": text(address.get("line_2")),
        "city": text(address.get("city")),
        "state": text(address.get("state")),
        "postal_code": text(address.get("zip")),
        "country": text(address.get("country")),
    }


def _size_id(product_id: Any, size: Any) -> str | None:
    owner, word = text(product_id), text(size)
    return size_id(owner, word) if owner and word else owner


# Products


def product(raw: Raw) -> Fields:
    """A product, or a size: that has its product within."""
    parent = raw.get("product")
    return _product(raw, None) if parent is None else _product(parent, raw)


def _product(parent: Raw, size: Raw | None) -> Fields:
    own = size or {}
    pricing = own.get("pricing") or parent.get("pricing") or {}
    names = (parent.get("name"), parent.get("color"), own.get("size"))
    return {
        "id": text(parent["_id"]) if size is None else _size_id(parent["_id"], size["size"]),
        "parent_product_id": text(parent["_id"]),
        "created_date": timestamp(parent["created_on"]),
        "updated_date": timestamp(parent["modified_on"]),
        "name": " - ".join(filter(None, map(text, names))),
        "sku": text(parent.get("style_number") if size is None else size.get("upc")),
        "gtin": _barcode(own.get("upc")),
        "is_kit": False,
        "active": _is_active(parent),
        "image_url": next(filter(None, map(link, parent.get("images") or [])), None),
        "price": _price(pricing),
        "categories": list(filter(None, [text(parent.get("category"))])),
        "additional_fields": {
            **{name: text(parent.get(name)) for name in PRODUCT_KEPT},
            "available_now": parent.get("available_now"),
            "pricing": pricing,
        },
    }


def _is_active(parent: Raw) -> bool:
    return parent.get("active") is not False and not parent.get("cancelled") and not parent.get("archived")


def _barcode(code: Any) -> str | None:
    """A code that is a GTIN: brands put other codes there, too."""
    upc = text(code) or ""
    return upc if upc.isascii() and upc.isdigit() and len(upc) in BARCODE_LENGTHS else None


def _price(pricing: Mapping[str, Any]) -> Any:
    """The wholesale price, where there is one currency only: what is in `pricing` says which."""
    offered = [part for part in pricing.values() if isinstance(part, dict) and not part.get("disabled")]
    return money(offered[0].get("wholesale")) if len(offered) == 1 else None
