"""Records of the made-up shop on TikTok, in the shapes of its descriptions."""

from collections.abc import Mapping
from typing import Any

from tests.mock_vendors.orders import SampleOrder

Record = dict[str, Any]
PRICE = "9.50"
CARRIER = {"id": "7117858858072016645", "name": "USPS"}
OPTION = {"id": "7129104576341411630", "name": "Standard Shipping"}
SALES, BACKS = "7000714532876273001", "7000714532876273002"
FIRST_SKU = 1729592969712207001
REASONS = {
    "CANCEL": ["seller_cancel_reason_out_of_stock", "seller_cancel_reason_wrong_price"],
    "REFUND": ["ecom_order_delivered_refund_reason_damaged"],
}
WAREHOUSES = [
    {
        "id": number, "entity_id": "1", "name": name, "type": kind, "sub_type": "DOMESTIC_WAREHOUSE",
        "effect_status": "ENABLED", "is_default": kind == "SALES_WAREHOUSE",
        "address": {
            "address_line1": f"{name} Road 1", "address_line2": "", "city": "Eastvale", "state": "California",
            "postal_code": "92880", "region_code": "US", "region": "United States", "distict": "",
        },
    }
    for number, name, kind in ((SALES, "Dock", "SALES_WAREHOUSE"), (BACKS, "Back door", "RETURN_WAREHOUSE"))
]  # fmt: skip


def order(number: str, sample: SampleOrder, now: int) -> Record:
    text = sample.text or "Sample"
    units = [unit(number, position, sample) for position in (0, *range(sample.lines))]
    for position, each in enumerate(units):
        each["id"] = f"{number}{position:05}"
    total = f"{9.5 * len(units) + 5:.2f}"
    return {
        "id": number, "status": sample.status or "AWAITING_SHIPMENT", "create_time": now, "update_time": now,
        "paid_time": now, "rts_sla_time": now + 86_400, "buyer_email": "abc@scs.tiktok.example",
        "buyer_message": text, "fulfillment_type": "FULFILLMENT_BY_SELLER", "shipping_type": "SELLER",
        "delivery_type": "HOME_DELIVERY", "delivery_option_id": OPTION["id"],
        "delivery_option_name": OPTION["name"], "order_type": "NORMAL", "warehouse_id": SALES,
        "is_cod": False, "is_sample_order": False, "user_id": "7494545630022207000",
        "packages": [{"id": f"11{number}"}],
        "payment": {
            "currency": "USD", "sub_total": total, "shipping_fee": "5.00", "seller_discount": "0",
            "platform_discount": "0", "tax": "0", "total_amount": total,
        },
        "recipient_address": {
            "name": f"Ada {text}", "first_name": "Ada", "last_name": text, "phone_number": "(+1)555-0100",
            "address_line1": text, "address_line2": "", "postal_code": "95112", "region_code": "US",
            "full_address": text, "district_info": [
                {"address_level": "L0", "address_level_name": "Country", "address_name": "United States"},
                {"address_level": "L1", "address_level_name": "State", "address_name": "California"},
                {"address_level": "L3", "address_level_name": "City", "address_name": text},
            ],
        },
        "line_items": units,
    } | dict(sample.members)  # fmt: skip


def unit(number: str, position: int, sample: SampleOrder) -> Record:
    """A unit. Position 0 comes twice, so that the first line has two."""
    return {
        "product_id": "1729592969712203232", "product_name": sample.text or "Crate",
        "sku_id": str(FIRST_SKU + position), "sku_name": "S", "sku_type": "NORMAL",
        "seller_sku": sample.text or f"CRATE-{position}", "original_price": PRICE, "sale_price": PRICE,
        "seller_discount": "0", "platform_discount": "0", "currency": "USD", "is_gift": False,
        "display_status": "AWAITING_SHIPMENT", "package_id": f"11{number}", "package_status": "TO_FULFILL",
        "tracking_number": "",
    }  # fmt: skip


def product(number: str, title: str, skus: Mapping[str, str], now: int) -> Record:
    """A product, as its details show it. skus: the labels, by id."""
    return {
        "id": number, "title": title, "status": "ACTIVATE", "create_time": now, "update_time": now,
        "main_images": [{"urls": ["https://p16.tiktok.example/crate.jpeg"], "width": 600, "height": 600}],
        "brand": {"id": "1", "name": "Harbour"}, "category_chains": [{"id": "2", "local_name": "Boxes"}],
        "package_weight": {"value": "1.5", "unit": "KILOGRAM"},
        "package_dimensions": {"length": "40", "width": "30", "height": "20", "unit": "CENTIMETER"},
        "skus": [
            {
                "id": sku, "seller_sku": f"{title.upper()}-{label}",
                "price": {"currency": "USD", "tax_exclusive_price": PRICE},
                "sales_attributes": [{"id": "100", "name": "Size", "value_id": label, "value_name": label}],
                "identifier_code": {"code": "0401234567890", "type": "EAN"},
                "status_info": {"status": "NORMAL"},
                "inventory": [{"warehouse_id": SALES, "quantity": 10}],
            }
            for sku, label in skus.items()
        ],
    }  # fmt: skip


SHOWN_OF_PRODUCT = ("id", "title", "status", "create_time", "update_time")
SHOWN_OF_SKU = ("id", "seller_sku", "price", "status_info", "inventory")


def listed_product(whole: Record) -> Record:
    """A product, as a search shows it."""
    skus = [{name: sku[name] for name in SHOWN_OF_SKU} for sku in whole["skus"]]
    return {name: whole[name] for name in SHOWN_OF_PRODUCT} | {"skus": skus}


def change(number: str, order_id: str, units: list[Record], kind: str, body: Record, now: int) -> Record:
    """A cancellation, or a return. kind: how its members begin."""
    total = body.get("refund_total", f"{sum(float(each['sale_price']) for each in units):.2f}")
    lines = [
        {"order_line_item_id": each["id"], "sku_id": each["sku_id"], "seller_sku": each["seller_sku"]}
        for each in units
    ]
    return {
        f"{kind}_id": number, f"{kind}_line_items": lines, "order_id": order_id, "create_time": now,
        "update_time": now, "refund_amount": {"currency": "USD", "refund_total": total}, "role": "SELLER",
        f"{kind}_reason": body[f"{kind}_reason"], f"{kind}_type": body.get("return_type", "CANCEL"),
    }  # fmt: skip
