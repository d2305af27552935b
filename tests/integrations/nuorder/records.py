"""Records of the made-up NuORDER portal, in the shapes of those that clients of it were answered with."""

from typing import Any

from tests.mock_vendors.orders import SampleOrder

Record = dict[str, Any]
COAT, HAT = "5f00000000000000000000c1", "5f00000000000000000000d1"
"""A product in two sizes, and one in a single one."""
RETAILER = {
    "_id": "5f00000000000000000000a1", "retailer_name": "Harbour Shop", "retailer_code": "HARBOUR",
    "buyer_name": "Ada Buyer", "buyer_email": "ada@example.com",
}  # fmt: skip
ADDRESS = {
    "code": "H-1", "display_name": "Harbour Shop", "line_1": "1 Quay Road", "line_2": "", "city": "Kiel",
    "state": "SH", "zip": "24103", "country": "Germany", "ref": "5f00000000000000000000b1",
}  # fmt: skip


def size(word: str, quantity: int, price: float = 12.5) -> Record:
    return {
        "size": word,
        "quantity": quantity,
        "price": price,
        "original_price": price,
        "upc": f"{word}-0001",
    }


def line(product_id: str, sizes: list[Record], **members: Any) -> Record:
    product = {
        "_id": product_id, "style_number": "COAT-1", "color": "red", "color_code": "R", "season": "F26",
    }  # fmt: skip
    return {
        "product": product, "sizes": sizes, "ship_start": "2026-02-01T00:00:00.000Z",
        "ship_end": "2026-03-01T00:00:00.000Z", "warehouse": "default", "prebook": False, **members,
    }  # fmt: skip


def order(record_id: str, sample: SampleOrder, now: str) -> Record:
    lines = [line(COAT, [size(f"M{number}" if number else "M", 1)]) for number in range(sample.lines)]
    made: Record = {
        "_id": record_id, "order_number": sample.text or f"1005{sample.number:02d}",
        "status": sample.status or "approved", "currency_code": "USD", "created_on": now, "modified_on": now,
        "edited": False, "discount": 0, "total": 12.5 * sample.lines, "customer_po_number": "PO-7",
        "notes": "", "rep_name": "Sam Seller", "rep_code": "", "rep_email": "", "submitted_by": "web",
        "split": False, "order_tags": [], "start_ship": "2026-02-01T00:00:00.000Z",
        "end_ship": "2026-03-01T00:00:00.000Z", "retailer": dict(RETAILER), "line_items": lines,
        "billing_address": dict(ADDRESS), "shipping_address": dict(ADDRESS), "shipments": [],
    }  # fmt: skip
    if text := sample.text:
        made["notes"] = made["customer_po_number"] = text
        made["retailer"] |= {"retailer_name": text, "buyer_name": text}
        made["shipping_address"] |= {"line_1": text, "line_2": text, "city": text}
        made["billing_address"] |= {"line_1": text, "city": text}
    return made | dict(sample.members)


def product(record_id: str, name: str, sizes: list[str]) -> Record:
    return {
        "_id": record_id, "brand_id": f"{name}-1", "name": name, "style_number": f"{name.upper()}-1",
        "season": "F26", "color": "red", "category": "coats", "department": "women", "description": "",
        "available_from": "2026-01-01T00:00:00.000Z", "available_until": "", "order_closing": "",
        "active": True, "cancelled": False, "available_now": True, "warehouses": [], "seasons": ["F26"],
        "images": [], "pricing": {"USD": {"wholesale": 12.5, "retail": 30, "disabled": False}},
        "sizes": [{"size": word, "upc": f"{word}-0001"} for word in sizes],
        "created_on": "2026-01-01T00:00:00.000Z", "modified_on": "2026-01-01T00:00:00.000Z",
    }  # fmt: skip
