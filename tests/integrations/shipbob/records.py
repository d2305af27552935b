"""Records as ShipBob's description has them, with the examples that its first description gives."""

from collections.abc import Callable, Iterator
from typing import Any

from tests.mock_vendors.orders import SampleOrder

Record = dict[str, Any]
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
"""The example of developer.shipbob.com/webhooks."""
CICERO, REDLANDS = 8, 42
CENTER = {
    "id": CICERO, "name": "Cicero (IL)", "address1": "5900 W Ogden Ave", "address2": "Suite 100",
    "city": "Cicero", "state": "IL", "zip_code": "60804", "country": "USA", "email": "example@example.com",
    "phone_number": "555-555-5555", "timezone": "Central Standard Time",
}  # fmt: skip
CENTERS = [CENTER, CENTER | {"id": REDLANDS, "name": "Redlands (CA)"}]
LOCATIONS: list[Record] = [
    {
        "id": center["id"], "name": center["name"], "abbreviation": f"ORD{center['id']}", "is_active": True,
        "access_granted": True, "is_receiving_enabled": True, "is_shipping_enabled": True, "attributes": [],
        "timezone": center["timezone"],
        "services": [
            {
                "service_type": "Receiving", "enabled": True,
                "address": {
                    "address1": center["address1"], "address2": center["address2"], "city": center["city"],
                    "state": center["state"], "zip_code": center["zip_code"], "country": center["country"],
                },
            }
        ],
    }
    for center in CENTERS
]  # fmt: skip
METHODS: list[Record] = [
    {"id": 5, "name": "Free 2-day Shipping", "active": True, "default": False,
     "service_level": {"id": 2, "name": "2-Day"}},
    {"id": 6, "name": "Standard", "active": True, "default": True,
     "service_level": {"id": 1, "name": "Standard"}},
]  # fmt: skip
NEW_ORDER: Record = {
    "order_number": "SO-1",
    "reference_id": "shop-1",
    "shipping_method_id": "5",
    "line_items": [{"sku": "TShirtBlueM", "quantity": 2, "unit_price": 20.32}],
    "ship_to_address": {
        "full_name": "John Doe", "address1": "100 Nowhere Blvd", "city": "Gotham City", "state": "NJ",
        "postal_code": "07093", "country": "US", "email_address": "john@example.com",
    },
}  # fmt: skip


def order(number: int, body: Record, now: str, known: Callable[[str], Record | None]) -> Record:
    """An order as it is made of a body."""
    products, parts = [], []
    for position, line in enumerate(body["products"]):
        variant = known(line["reference_id"])
        name = {"id": 9000 + position, "reference_id": line["reference_id"], "sku": line["reference_id"]}
        products.append({**name, "quantity": line["quantity"], "unit_price": line.get("unit_price")})
        if variant is not None:
            held = {"id": variant["inventory"]["inventory_id"], "name": variant["name"], "lot": None}
            held |= {"quantity": line["quantity"], "expiration_date": None, "is_dangerous_goods": False}
            parts.append({**name, "name": variant["name"], "inventory_items": [held]})
    recipient = {"email": None, "phone_number": None, **body["recipient"]}
    return {
        "id": number, "created_date": now, "order_number": body.get("order_number"), "type": body["type"],
        "purchase_date": None, "reference_id": body["reference_id"], "status": "Processing",
        "channel": {"id": 101, "name": "Mock Shop"}, "shipping_method": body["shipping_method"],
        "recipient": recipient, "products": products, "tags": [], "gift_message": body.get("gift_message"),
        "financials": body.get("financials", {"total_price": None}),
        "shipments": [shipment(number * 10 + 1, number, now, recipient, parts)],
    }  # fmt: skip


def shipment(number: int, order_id: int, now: str, recipient: Record, parts: list[Record]) -> Record:
    return {
        "id": number, "order_id": order_id, "created_date": now, "last_update_at": now,
        "status": "Processing",
        "last_tracking_update_at": None, "actual_fulfillment_date": None, "delivery_date": None,
        "location": {"id": CICERO, "name": "Cicero (IL)"}, "products": parts, "parent_cartons": [],
        "measurements": {"length_in": 10, "width_in": 8, "depth_in": 4, "total_weight_oz": 20},
        "ship_option": "Standard", "require_signature": False, "invoice_amount": None, "status_details": [],
        "invoice_currency_code": None, "is_tracking_uploaded": False,
        "recipient": {"name": recipient["name"], "email": None, "phone_number": None,
                      "address": dict(recipient["address"])},
        "tracking": {"tracking_number": None, "carrier": None, "carrier_service": None, "tracking_url": None},
    }  # fmt: skip


def tracking(number: int) -> Record:
    text = f"860C8CDC8F0B4FC7AB69AC86{number:08}"
    url = f"https://www.example.com/tracking?id={text}"
    return {"tracking_number": text, "carrier": "USPS", "carrier_service": "Priority", "tracking_url": url}


def sample(number: int, given: SampleOrder, now: str) -> Record:
    """An order for the shared suite."""
    text = given.text
    address = {"address1": text or "100 Nowhere Blvd", "city": text or "Gotham City", "country": "US"}
    body = {
        "order_number": text or f"SB-{given.number}", "reference_id": f"ref-{number}", "type": "DTC",
        "shipping_method": text or "Standard", "recipient": {"name": text or "John Doe", "address": address},
        "products": [{"reference_id": text or f"sku-{line}", "quantity": 1} for line in range(given.lines)],
        "gift_message": text,
    }  # fmt: skip
    made = order(number, body, now, lambda _: None)
    return made | {"status": given.status or "Processing"} | dict(given.members)


def product(number: int, sku: str) -> Record:
    """A product with one variant."""
    now = "2026-01-01T00:00:00+00:00"
    variant = variant_of(
        number * 10 + 1, {"sku": sku, "name": sku, "gtin": "012345678905"}, number * 100, now
    )
    return {"id": number, "name": sku, "type": "Regular", "user_id": 7, "created_on": now, "updated_on": now,
            "variants": [variant]}  # fmt: skip


def variant_of(number: int, body: Record, inventory_id: int | None, now: str) -> Record:
    sizes = {"length": 0, "width": 0, "height": 0, **body.get("dimension", {})}
    return {
        "id": number, "sku": body["sku"], "name": body["name"], "gtin": body.get("gtin"), "upc": None,
        "created_on": now, "updated_on": now, "status": "Active", "is_digital": False,
        "bundle_definition": [], "channel_metadata": [], "barcodes": [],
        "inventory": {"inventory_id": inventory_id, "on_hand_qty": 0},
        "weight": {"weight": body.get("weight", 0), "unit": "oz"},
        "dimension": {**sizes, "unit": "in", "is_locked": False, "source": "User"},
        "customs": {"country_code_of_origin": "US", "hs_tariff_code": None, "is321_eligible": False},
    }  # fmt: skip


def new_product(number: int, body: Record, serial: Iterator[int], now: str) -> Record:
    variants = []
    for raw in body["variants"]:
        is_bundle = body["type_id"] == "2"
        made = variant_of(
            next(serial), {"name": body["name"], **raw}, None if is_bundle else next(serial), now
        )
        made["bundle_definition"] = [
            {"product_id": 1, "variant_name": "Part", "variant_sku": "Part", **part}
            for part in raw.get("bundle_definition", [])
        ]
        variants.append(made)
    kind = "Bundle" if body["type_id"] == "2" else "Regular"
    return {"id": number, "name": body["name"], "type": kind, "user_id": 7, "created_on": now,
            "updated_on": now, "variants": variants}  # fmt: skip


def changed_product(stored: Record, body: Record, now: str) -> Record:
    """The product with what a PATCH says of its variants."""
    for change in body["variants"]:
        variant = next(each for each in stored["variants"] if each["id"] == change["id"])
        sizes = change.pop("dimension", {})
        weight = change.pop("weight", variant["weight"]["weight"])
        parts = change.pop("bundle_definition", variant["bundle_definition"])
        variant |= {**change, "updated_on": now, "bundle_definition": parts}
        variant["dimension"] |= sizes
        variant["weight"]["weight"] = weight
    return stored | {"updated_on": now}


def item(variant: Record) -> Record:
    """The inventory item of a variant."""
    return {
        "inventory_id": variant["inventory"]["inventory_id"], "sku": variant["sku"], "name": variant["name"],
        "user_id": 7, "barcode": None, "is_case": False, "is_lot": variant["sku"] == "MugRed",
        "dimensions": {"length": 10, "width": 8, "height": 1, "unit": "inches", "is_locked": False,
                       "validated": True},
        "weight": {"value": 6, "unit": "ounces"},
        "variant": {"is_active": True, "is_bundle": False, "is_digital": False,
                    "hazmat": {"is_hazmat": False, "validated": True}},
    }  # fmt: skip


def level(raw: Record, kind: str) -> Record:
    """What there is of an item: in all, by place or by lot."""
    named = {"inventory_id": raw["inventory_id"], "sku": raw["sku"], "name": raw["name"]}
    here = {"awaiting_quantity": 4, "on_hand_quantity": 10, "committed_quantity": 3,
            "fulfillable_quantity": 6, "internal_transfer_quantity": 0}  # fmt: skip
    place = {**here, "location_id": CICERO, "name": "Cicero (IL)"}
    if kind == "locations":
        return {**named, "locations": [place]}
    if kind == "lots":
        lot = {"lot_number": "22222", "lot_date": "2027-05-01T00:00:00Z", "locations": [place]}
        return {**named, "lots": [{**here, **lot}] if raw["is_lot"] else []}
    totals = {f"total_{name}": value for name, value in here.items()}
    more = {"total_backordered_quantity": 0, "total_exception_quantity": 0, "total_sellable_quantity": 10}
    return {**named, **totals, **more}


def event(number: int, category: str, change: int, now: str, **members: Any) -> Record:
    """A movement of stock in Cicero."""
    side = "increment" if change > 0 else "decrement"
    detail = {"facility_id": CICERO, "location_id": 77, "quantity_change": change, "sku": "TShirtBlueM",
              "committed_quantity_change": 0, "lot_number": None}  # fmt: skip
    return {"inventory_audit_event_id": number, "inventory_id": 100, "event_category": category,
            "event_datetime": now, "shipbob_order_id": None, "additional_reference": [], side: detail,
            **members}  # fmt: skip


def place_of(raw: Record) -> int:
    place: int = (raw.get("increment") or raw.get("decrement") or {})["facility_id"]
    return place


def charge(number: str, moment: str, **members: Any) -> Record:
    return {
        "transaction_id": number, "charge_date": moment, "amount": 7.25, "currency_code": "USD",
        "reference_id": "10011", "reference_type": "Shipment", "transaction_fee": "Shipping",
        "transaction_type": "Charge", "invoice_id": None, "invoice_date": None, "invoice_type": "Shipping",
        "invoiced_status": False, "fulfillment_center": "Cicero (IL)", **members,
    }  # fmt: skip


def receiving(
    number: int, body: Record, now: str, sku: Callable[[int], str | None]
) -> tuple[Record, list[Record]]:
    """A receiving order, and its boxes."""
    boxes = [
        {
            "box_id": number * 10 + position, "box_number": position, "box_status": "Awaiting",
            "tracking_number": box["tracking_number"], "arrived_date": None, "received_date": None,
            "counting_started_date": None,
            "box_items": [
                {"lot_number": None, "lot_date": None, "received_quantity": 0, "stowed_quantity": 0, **entry}
                for entry in box["box_items"]
            ],
        }
        for position, box in enumerate(body["boxes"], 1)
    ]  # fmt: skip
    counts: dict[int, int] = {}
    for entry in (entry for box in body["boxes"] for entry in box["box_items"]):
        counts[entry["inventory_id"]] = counts.get(entry["inventory_id"], 0) + entry["quantity"]
    lines = [
        {"inventory_id": name, "sku": sku(name), "expected_quantity": count, "received_quantity": 0,
         "stowed_quantity": 0}
        for name, count in counts.items()
    ]  # fmt: skip
    order = {
        "id": number, "status": "Awaiting", "insert_date": now, "last_updated_date": now,
        "expected_arrival_date": body["expected_arrival_date"], "package_type": body["package_type"],
        "purchase_order_number": body["purchase_order_number"], "inventory_quantities": lines,
        "box_packaging_type": body["box_packaging_type"], "external_sync_timestamp": None,
        "box_labels_uri": f"https://api.shipbob.com/2026-01/receiving/{number}/labels",
        "fulfillment_center": CENTER | {"id": body["fulfillment_center"]["id"]},
        "status_history": [{"id": 1, "status": "Awaiting", "timestamp": now}],
    }  # fmt: skip
    return order, boxes


def return_members(body: Record, sku: Callable[[int], str | None]) -> Record:
    return {
        "reference_id": body["reference_id"], "tracking_number": body.get("tracking_number"),
        "original_shipment_id": body.get("original_shipment_id"),
        "fulfillment_center": {"id": body["fulfillment_center"]["id"], "name": "Cicero (IL)"},
        "inventory": [
            {
                "id": entry["id"], "sku": sku(entry["id"]), "name": "Item", "quantity": entry["quantity"],
                "action_taken": [], "barcodes": [],
                "action_requested": {"action": entry["requested_action"], "action_type": "Inventory Default",
                                     "instructions": None},
            }
            for entry in body["inventory"]
        ],
    }  # fmt: skip


def return_order(number: int, body: Record, now: str, sku: Callable[[int], str | None]) -> Record:
    return {
        "id": number, "status": "AwaitingArrival", "insert_date": now, "awaiting_arrival_date": now,
        "arrived_date": None, "processing_date": None, "completed_date": None, "cancelled_date": None,
        "return_type": "Regular", "store_order_id": None, "customer_name": "Mock Shop", "transactions": [],
        "channel": {"id": 101, "name": "Mock Shop"}, "status_history": [], "shipment_tracking_number": None,
        "invoice": {"amount": None, "currency_code": None}, **return_members(body, sku),
    }  # fmt: skip


def first_version(raw: Record) -> Record:
    """A return as writes answer with it: an older form, with less."""
    names = ("id", "status", "insert_date", "reference_id", "tracking_number", "original_shipment_id")
    return {name: raw[name] for name in names}
