"""Records of the made-up WooCommerce shop, in the shapes of its documentation."""

from datetime import datetime, timedelta
from typing import Any

from tests.mock_vendors.orders import SampleOrder

Record = dict[str, Any]
CREATED = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
NO_SIZE = {"length": "", "width": "", "height": ""}


def dates(moment: datetime, *names: str) -> Record:
    """Dates as WooCommerce writes them: in the shop's time, and in GMT; neither says its zone."""
    shown: Record = {}
    for name in names:
        shown[name] = moment.replace(tzinfo=None).isoformat(timespec="seconds")
        gmt = moment - (moment.utcoffset() or timedelta(0))
        shown[f"{name}_gmt"] = gmt.replace(tzinfo=None).isoformat(timespec="seconds")
    return shown


def order(number: int, sample: SampleOrder, now: datetime) -> Record:
    text = sample.text
    address = {
        "first_name": "Ada", "last_name": text or "Buyer", "company": text or "",
        "address_1": text or "1 Quay", "address_2": "", "city": text or "Kiel",
        "state": "", "postcode": "24103", "country": "DE",
        "phone": "555-0100",
    }  # fmt: skip
    total = f"{9.5 * sample.lines + 5:.2f}"
    return {
        "id": number, "parent_id": 0, "number": str(number), "order_key": f"wc_order_{number}",
        "created_via": "checkout", "status": sample.status or "processing", "currency": "EUR",
        **dates(now, "date_created", "date_modified", "date_paid"), "date_completed": None,
        "date_completed_gmt": None, "discount_total": "0.00", "discount_tax": "0.00",
        "shipping_total": "5.00", "shipping_tax": "0.00", "cart_tax": "0.00", "total": total,
        "total_tax": "0.00", "prices_include_tax": False, "customer_id": 0, "customer_note": text or "",
        "billing": {**address, "email": "buyer@example.com"}, "shipping": address,
        "payment_method": "stripe", "payment_method_title": text or "Card", "transaction_id": "ch_1",
        "meta_data": [], "line_items": [_line(number, each, text) for each in range(sample.lines)],
        "tax_lines": [], "fee_lines": [], "coupon_lines": [], "refunds": [],
        "shipping_lines": [{"id": 1, "method_title": text or "Standard", "method_id": "flat_rate",
                            "total": "5.00", "total_tax": "0.00", "taxes": []}],
    } | dict(sample.members)  # fmt: skip


def _line(order_id: int, position: int, text: str | None) -> Record:
    return {
        "id": order_id * 10_000 + position, "name": text or "Crate", "product_id": 301, "variation_id": 501,
        "quantity": 1, "tax_class": "", "subtotal": "9.50", "subtotal_tax": "0.00", "total": "9.50",
        "total_tax": "0.00", "taxes": [], "meta_data": [], "sku": text or "CRATE-S", "price": 9.5,
        "parent_name": text or "Crate",
    }  # fmt: skip


def refund(number: int, body: Record, lines: list[Record], now: datetime) -> Record:
    by_id = {line["id"]: line for line in lines}
    return {
        "id": number, **dates(now, "date_created"), "amount": f"{float(body['amount']):.2f}",
        "reason": body.get("reason", ""), "refunded_by": 1, "refunded_payment": body["api_refund"],
        "meta_data": [],
        "line_items": [
            {
                **by_id[item["id"]], "id": number * 1000 + position, "quantity": -item["quantity"],
                "total": f"{-item['refund_total']:.2f}", "taxes": [],
                "meta_data": [{"id": 1, "key": "_refunded_item_id", "value": str(item["id"])}],
            }
            for position, item in enumerate(body.get("line_items", []))
        ],
    }  # fmt: skip


def product(number: int, name: str, kind: str, **members: Any) -> Record:
    return {
        "id": number, "name": name, "slug": name.lower(), "type": kind, "status": "publish",
        "permalink": f"https://shop.example.com/product/{name.lower()}/",
        **dates(CREATED, "date_created", "date_modified"), "sku": "", "global_unique_id": "", "price": "9.50",
        "regular_price": "", "sale_price": "", "manage_stock": False, "stock_quantity": None,
        "stock_status": "instock", "backorders": "no", "weight": "1.5",
        "dimensions": {"length": "40", "width": "30", "height": "20"}, "parent_id": 0,
        "categories": [{"id": 9, "name": "Boxes", "slug": "boxes"}], "tags": [], "images": [],
        "variations": [],
    } | members  # fmt: skip


def variation(number: int, parent: int, size: str, **members: Any) -> Record:
    return {
        "id": number, **dates(CREATED, "date_created", "date_modified"), "description": "",
        "permalink": f"https://shop.example.com/product/crate/?size={size}", "sku": f"CRATE-{size}",
        "global_unique_id": "", "price": "9.50", "regular_price": "9.50", "sale_price": "",
        "status": "publish", "manage_stock": True, "stock_quantity": 10, "stock_status": "instock",
        "backorders": "no", "weight": "", "dimensions": NO_SIZE, "parent_id": parent,
        "attributes": [{"id": 1, "name": "Size", "option": size}],
    } | members  # fmt: skip
