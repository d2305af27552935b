"""DecoNetwork records → ours. Pure: values in, values out. Dates without a zone are UTC."""

from collections.abc import Iterator, Mapping
from typing import Any

from crossdock.kit.additional import additional
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import added, decimal, money, text, timestamp, unfit, whole

NO_DATE = "1970-01-01T00:00:00Z"
"""For what shows no date although ours must have one."""

ORDER_STATUS = {
    1: "open",  # placed
    2: "processing",  # produced
    3: "fulfilled",  # shipped
    4: "cancelled",
    7: "exception",  # on hold
    9: "backordered",  # awaiting stock
    10: "confirmed",  # awaiting artwork
    11: "confirmed",  # awaiting review
    12: "processing",  # in production
    13: "packed",  # ready for shipping
}
"""By `order_status`. No list is published: these are known from public clients, see notes.md."""
PRODUCED_OR_SHIPPED = {2, 3}
"""Values of a line's `production_status` by which its goods were taken from stock."""

PURCHASE_ORDER_STATUS = {4: "receiving"}
"""By `status`: the one that is published, "Partially Received". All others are `other`."""

RECEIVED = 4
EVENT_TYPES = {
    RECEIVED: "inbound_receipt",
    # Those that Crossdock itself has where it serves this API over another warehouse's ledger.
    100: "other",
    101: "adjustment",
    102: "return_receipt",
    103: "order_shipment",
    104: "supplier_return",
    105: "movement",
}
"""By `change_type`. 4 is the only one that is published, beside a line of a purchase order."""


# Stock


def inventory_ledger_entry(raw: Raw) -> Fields:
    created, code = timestamp(raw["created_at"]), raw["change_type"]
    po_number = text(raw.get("po_number"))
    return {
        "id": text(raw["id"]),
        "created_date": created,
        "updated_date": created,
        "entry_date": created,
        "inventory_item_id": text(raw["dn_sku_id"]),
        "sku": text(raw["dn_sku_id"]),
        "quantity": _difference(raw),
        "raw_event_type": text(code),
        "event_type": EVENT_TYPES.get(code, "other"),
        "object_id": po_number,
        "object_type": None if po_number is None else "inbound_shipment",
        "additional_fields": additional(
            raw, "inventory_id", "product_id", "old_qty", "new_qty", "po_line_id"
        ) | {"user_id": (raw.get("user") or {}).get("user_id")},
    }  # fmt: skip


def _difference(raw: Raw) -> int | None:
    before, after = whole(raw["old_qty"]), whole(raw["new_qty"])
    if not isinstance(before, int) or not isinstance(after, int):
        return None
    return after - before


def inventory_item(raw: Raw) -> Fields:
    """A row of stock. DecoNetwork keeps one level and knows nothing of what is promised out of it."""
    level = whole(raw.get("inv_lvl")) or 0
    modified = timestamp(raw.get("inv_last_modified")) or NO_DATE
    return {
        "id": text(raw["dn_sku_id"]),
        "created_date": modified,
        "updated_date": modified,
        "name": _named(raw),
        "sku": text(raw.get("sku")) or text(raw["dn_sku_id"]),
        "active": True,
        "awaiting": whole(raw.get("inv_on_order_total")) or 0,
        "onhand": level,
        "committed": 0,
        "unfulfillable": 0,
        "fulfillable": level,
        "sellable": level,
        "additional_fields": additional(
            raw, "product_id", "product_code", "supplier", "vendor_sku", "dn_vsku_id", "inv_on", "inv_warn",
            "inv_reorder_to", "inv_on_order_po", "inv_on_order_stk",
        ),
    }  # fmt: skip


def _named(raw: Raw) -> str:
    parts = (raw.get("product_name"), _name(raw.get("product_color")), _name(raw.get("product_size")))
    return " / ".join(filter(None, map(text, parts))) or str(raw["dn_sku_id"])


def product(raw: Raw) -> Fields:
    """A SKU of a product; a product without any is one itself."""
    shared, sku = raw["product"], raw["sku"] or {}
    modified = timestamp(shared.get("date_modified")) or NO_DATE
    key = text(sku.get("dn_sku_id"))
    code = text(sku.get("sku")) or text(shared.get("product_code"))
    parts = (
        shared.get("product_name"),
        _listed_name(shared.get("colors"), sku.get("color_id")),
        _listed_name(shared.get("sizes"), sku.get("size_id")),
    )
    items = [{"inventory_item_id": key, "sku": code, "unit_quantity": 1}] if key else []
    return {
        "id": text(raw["id"]),
        "created_date": modified,
        "updated_date": modified,
        "name": " / ".join(filter(None, map(text, parts))) or text(raw["id"]),
        "sku": code,
        "unit_price": money(sku.get("price")),
        "inventory_items": items,
        "is_kit": False,
        "active": True,
        "supplier": text(shared.get("supplier")),
        "additional_fields": additional(shared, "product_id", "product_code", "brand", "categories")
        | {"cost": _number_text(sku.get("cost"))},
    }


# Orders


def order(raw: Raw) -> Fields:
    return (
        _dates(raw, "date_ordered", "date_started")
        | _sender(raw)
        | {
            "id": text(raw["order_id"]),
            "order_number": text(raw["order_id"]),
            "reference_id": text(raw.get("customer_po_number")) or text(raw["order_id"]),
            "status": ORDER_STATUS.get(raw.get("order_status", 0), "other"),
            "raw_status": text(raw.get("order_status_name")) or text(raw.get("order_status")),
            "total_price": _total(raw),
            "total_tax": money(raw.get("tax_amount")),
            "total_discount": _sum(raw, "discount_amount", "coupon_discount_amount"),
            "total_shipping": money(raw.get("shipping_amount")),
            "ship_to_address": _ship_to(raw),
            "line_items": [line for entry in _listed(raw, "order_lines") for line in _order_lines(entry)],
            "required_ship_date": timestamp(raw.get("date_due")),
            "shipments": [_shipment(entry, raw) for entry in _listed(raw, "shipments")],
            "additional_fields": additional(
                raw, "job_name", "customer_id", "customer_po_number", "is_priority"
            )
            | {"billable_amount": _number_text(raw.get("billable_amount"))},
        }
    )


def _dates(raw: Raw, *names: str) -> Fields:
    """The dates of a record: it came when the first of these members says, and changed last."""
    created = next(filter(None, (timestamp(raw.get(name)) for name in names)), None)
    modified = timestamp(raw.get("date_modified"))
    return {
        "created_date": created or modified or NO_DATE,
        "updated_date": modified or created or NO_DATE,
    }


def _sender(raw: Raw) -> Fields:
    """The shop that an order came through, and how it is to be sent."""
    store, method = raw.get("store") or {}, raw.get("shipping_method") or {}
    channel = {"channel_id": text(store.get("id")), "channel_name": text(store.get("name"))}
    return {
        "channel": channel["channel_name"],
        "channel_object": channel if channel["channel_id"] else {},
        "shipping_method": text(method.get("name")),
        "shipping_method_id": text(method.get("id")),
        "shipping_method_name": text(method.get("name")),
    }


def _ship_to(raw: Raw) -> Fields:
    return _address(raw.get("shipping_details") or raw.get("billing_details") or {})


def _total(raw: Raw) -> Any:
    """The price of all. `billable_amount` is what is left to charge after gift certificates and credit."""
    if raw.get("item_amount") is None:
        return money(raw.get("billable_amount"))
    price = _sum(raw, "item_amount", "shipping_amount", "tax_amount", "rush_order_fee_amount")
    taken = _sum(raw, "discount_amount", "coupon_discount_amount")
    return decimal(added([price], less=[] if taken is None else [taken]))


def _sum(raw: Raw, *names: str) -> Any:
    """The sum of those amounts that there are; None where there is none."""
    amounts = [money(raw[name]) for name in names if raw.get(name) not in (None, "")]
    return decimal(added(amounts)) if amounts else None


def _order_lines(line: Raw) -> list[Fields]:
    """A line of each size that was ordered. A fee, or any other line that is no product, is left out."""
    common = {
        "unit_price": money(line.get("unit_price")),
        "is_picked": line.get("production_status") in PRODUCED_OR_SHIPPED,
    }
    discount = {"discount_amount": money(line.get("discount"))}
    sizes = list(_sizes(line))
    if not sizes and line.get("product_id") is not None:
        sizes = [_size(line["product_id"], line.get("product_code"), line["qty"])]
    return [common | (discount if len(sizes) == 1 else {}) | size for size in sizes]


def _sizes(line: Raw) -> Iterator[Fields]:
    for field in line.get("fields") or []:
        for option in field.get("options") or []:
            if option.get("dn_sku_id") and whole(option.get("qty")):
                yield _size(option["dn_sku_id"], option.get("sku"), option["qty"])


def _size(product_id: Any, sku: Any, quantity: Any) -> Fields:
    return {"product_id": text(product_id), "sku": text(sku), "quantity": whole(quantity)}


def _shipment(raw: Raw, order: Raw) -> Fields:
    tracking = _tracking(raw)
    package = {"package_id": text(raw["id"]), "tracking_number": tracking}
    return {
        "shipment_id": text(raw["id"]),
        "warehouse_id": "",  # a site has one stock, and no name for where it lies
        "status": "shipped",
        "shipped_date": timestamp(raw.get("date")),
        "ship_to_address": _ship_to(order),
        "packages": [package] if tracking else [],
    }


def _tracking(raw: Raw) -> str | None:
    """The text that the shipment's sample shows under a name that begins with `tracking`."""
    names = sorted(name for name in raw if name.startswith("tracking") and not name.endswith("url"))
    return next((text(raw[name]) for name in names if isinstance(raw[name], str) and raw[name]), None)


def _address(raw: Raw) -> Fields:
    names = filter(None, (text(raw.get("firstname")), text(raw.get("lastname"))))
    return {
        "full_name": " ".join(names) or None,
        "company": text(raw.get("company")),
        "address1": text(raw.get("street")),
        "city": text(raw.get("city")),
        "state": text(raw.get("state")),
        "postal_code": text(raw.get("postcode")),
        "country": text(raw.get("country_code")),
        "phone_number": text(raw.get("ph_number")),
        "email_address": text(raw.get("email")),
    }


# Purchase orders


def inbound_shipment(raw: Raw) -> Fields:
    """A purchase order. What is in its lines is published nowhere, so it has none here."""
    vendor = raw.get("vendor_details") or {}
    supplier = text(raw.get("vendor")) or text(vendor.get("name"))
    named = {"supplier_id": text(vendor.get("id")), "supplier_name": supplier}
    tracking, note = text(raw.get("vendor_tracking_number")), text(raw.get("notes"))
    return _dates(raw, "date_raised") | {
        "id": text(raw["po_number"]),
        "purchase_order_number": text(raw["po_number"]),
        "status": PURCHASE_ORDER_STATUS.get(raw.get("status", 0), "other"),
        "raw_status": text(raw.get("status_description")) or text(raw.get("status")),
        "supplier": supplier,
        "supplier_object": named if named["supplier_id"] else {},
        "expected_arrival_date": timestamp(raw.get("date_delivery")),
        "tracking_numbers": [tracking] if tracking else [],
        "notes": [note] if note else [],
        "additional_fields": additional(raw, "reference", "qty_ordered", "qty_received", "vendor_invoice"),
    }


def _listed(raw: Raw, name: str) -> Any:
    """The entries of a list; none where it is left out or null."""
    return raw.get(name) or []


def _name(raw: Any) -> Any:
    return raw.get("name") if isinstance(raw, Mapping) else None


def _listed_name(entries: Any, key: Any) -> Any:
    """The name of the entry with this id."""
    if entries is not None and not isinstance(entries, list):
        return unfit(entries, "a list of names")
    return next((entry.get("name") for entry in entries or [] if entry.get("id") == key), None)


def _number_text(value: Any) -> str | None:
    number = decimal(value)
    return None if number is None else str(number)
