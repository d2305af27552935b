"""Records of the made-up BigCommerce store, in the shapes of its descriptions."""

from collections.abc import Sequence
from typing import Any

from tests.mock_vendors.orders import SampleOrder

Record = dict[str, Any]
STATUSES = {
    2: "Shipped", 3: "Partially Shipped", 4: "Refunded", 9: "Awaiting Shipment", 11: "Awaiting Fulfillment",
    14: "Partially Refunded",
}  # fmt: skip
STORE = {
    "id": "abc123", "name": "Mock Store", "domain": "mock.example", "weight_units": "KGS",
    "dimension_units": "Centimeters", "currency": "EUR",
}  # fmt: skip
STAMPS = {"date_created": "2026-01-01T00:00:00+00:00", "date_modified": "2026-01-01T00:00:00+00:00"}
LOCATIONS = [
    {
        "id": number, "code": code, "label": code.title(), "enabled": number == 1,
        "address": {"address1": f"{number} Dock Road", "city": "Kiel", "zip": "24103", "country_code": "DE"},
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
    }
    for number, code in ((1, "DOCK"), (2, "SHOP"))
]  # fmt: skip


def status(number: int, word: str | None = None) -> Record:
    word = word or STATUSES[number]
    return {"status_id": number, "status": word, "custom_status": word}


def order(number: int, sample: SampleOrder, now: str) -> tuple[Record, list[Record]]:
    """An order, and its lines."""
    text = sample.text
    address = {
        "first_name": "Ada", "last_name": text or "Buyer", "company": "", "street_1": text or "1 Quay",
        "street_2": "", "city": text or "Kiel", "state": "", "zip": "24103", "country": "Germany",
        "country_iso2": "DE", "phone": "555-0100", "email": "buyer@example.com",
    }  # fmt: skip
    known = status(99, sample.status) if sample.status else status(11)
    total = f"{9.5 * sample.lines + 5:.4f}"
    path = f"/orders/{number}"
    made = {
        "id": number, **known, "date_created": now, "date_modified": now, "date_shipped": "",
        "items_total": sample.lines, "items_shipped": 0, "total_inc_tax": total, "total_ex_tax": total,
        "total_tax": "0.0000", "shipping_cost_ex_tax": "5.0000", "shipping_cost_inc_tax": "5.0000",
        "is_tax_inclusive_pricing": False, "discount_amount": "0.0000", "coupon_discount": "0.0000",
        "payment_method": "Credit Card", "payment_status": "captured", "currency_code": "EUR",
        "default_currency_code": "EUR", "is_deleted": False, "channel_id": 1, "external_order_id": "",
        "shipping_address_count": 1, "billing_address": address,
        "products": {"url": f"https://api.example{path}/products", "resource": f"{path}/products"},
    } | dict(sample.members)  # fmt: skip
    return made, [_line(number, each, text) for each in range(sample.lines)]


def _line(order_id: int, position: int, text: str | None) -> Record:
    return {
        "id": order_id * 10_000 + position, "order_id": order_id, "product_id": 301, "variant_id": 501,
        "order_address_id": order_id, "name": text or "Crate", "sku": text or "CRATE-S", "type": "physical",
        "quantity": 1, "quantity_shipped": 0, "quantity_refunded": 0, "price_ex_tax": "9.5000",
        "price_inc_tax": "9.5000", "total_tax": "0.0000", "applied_discounts": [],
    }  # fmt: skip


def consignments(order: Record, lines: Sequence[Record]) -> Record:
    address = {
        "id": order["id"],
        **order["billing_address"],
        "shipping_method": "Standard",
        "line_items": lines,
    }
    return {"shipping": [address], "pickups": [], "downloads": [], "email": {"gift_certificates": []}}


def shipment(number: int, order_id: int, body: Record, now: str) -> Record:
    provider = body.get("shipping_provider", "")
    return {
        "id": number, "order_id": order_id, "order_address_id": body["order_address_id"], "date_created": now,
        "tracking_number": body["tracking_number"], "tracking_link": body.get("tracking_link", ""),
        "shipping_method": body.get("shipping_method", ""), "shipping_provider": provider,
        "shipping_provider_display_name": provider.upper(),
        "tracking_carrier": body.get("tracking_carrier", ""), "generated_tracking_link": "", "comments": "",
        "items": [{**item, "product_id": 0} for item in body["items"]],
    }  # fmt: skip


def quote(order_id: int, amount: float) -> Record:
    """The sum of a refund, and how it may be paid: as is offered for every order, and by card."""
    methods = [
        [{"provider_id": provider, "provider_description": provider, "amount": amount, "offline": is_offline,
          "offline_provider": is_offline, "offline_reason": ""}]
        for provider, is_offline in (("storecredit", False), ("custom", True), ("braintree", False))
    ]  # fmt: skip
    return {"order_id": order_id, "total_refund_amount": amount, "total_refund_tax_amount": 0, "rounding": 0,
            "adjustment": 0, "tax_inclusive": True, "refund_methods": methods}  # fmt: skip


def refund(
    number: int, order_id: int, body: Record, amounts: Sequence[float], amount: float, now: str
) -> Record:
    items = [
        {"item_type": item["item_type"], "item_id": item["item_id"], "reason": item.get("reason", ""),
         "requested_amount": requested, **({"quantity": item["quantity"]} if "quantity" in item else {})}
        for item, requested in zip(body["items"], amounts, strict=True)
    ]  # fmt: skip
    payments = [
        {"id": 1, **payment, "is_declined": False, "declined_message": ""} for payment in body["payments"]
    ]
    return {"id": number, "order_id": order_id, "user_id": 0, "created": now, "reason": "",
            "total_amount": amount, "total_tax": 0, "items": items, "payments": payments}  # fmt: skip


def crate(number: int, variants: Sequence[int]) -> Record:
    """A product in sizes, each with a stock of its own."""
    sizes = [
        {"id": variant, "product_id": number, "sku": f"CRATE-{size}", "price": None, "weight": None,
         "inventory_level": 0, "purchasing_disabled": False, "upc": "",
         "option_values": [{"id": 1, "option_id": 1, "label": size, "option_display_name": "Size"}]}
        for variant, size in zip(variants, "SL", strict=True)
    ]  # fmt: skip
    return _product(number, "Crate", "variant") | {"variants": sizes, "sku": ""}


def lid(number: int, variant: int) -> Record:
    """A product without options, whose stock is its own."""
    base = {"id": variant, "product_id": number, "sku": "LID", "price": 2.5, "weight": 0.2,
            "inventory_level": 7, "purchasing_disabled": False, "upc": "", "option_values": []}  # fmt: skip
    return _product(number, "Lid", "product") | {"variants": [base], "sku": "LID"}


def _product(number: int, name: str, tracking: str) -> Record:
    return {
        "id": number, "name": name, "price": 9.5, "weight": 1.5, "width": 30, "height": 20, "depth": 40,
        "cost_price": 0, "sale_price": 0, "categories": [24], "inventory_level": 15, "is_visible": True,
        "inventory_tracking": tracking, "availability": "available", "upc": "", "gtin": "", "mpn": "",
        "brand_id": 0, **STAMPS,
    }  # fmt: skip


def level(place: int, count: int, safety: int) -> Record:
    settings = {"safety_stock": safety, "is_in_stock": True, "warning_level": 0, "bin_picking_number": ""}
    return {"location_id": place, "location_code": "DOCK", "location_name": "Dock",
            "location_enabled": True, "available_to_sell": count - safety, "total_inventory_onhand": count,
            "settings": settings}  # fmt: skip
