"""ShipBob orders → ours, with their shipments. Pure."""

from collections.abc import Iterable
from typing import Any

from crossdock.integrations.shipbob.read.parts import latest, link, parcel_measurements, place
from crossdock.kit.additional import additional
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import money, text, timestamp, whole

ORDER_STATUS = {
    "Processing": "processing",
    "Exception": "exception",
    "PartiallyFulfilled": "partially_fulfilled",
    "Fulfilled": "fulfilled",
    "Cancelled": "cancelled",
    "ImportReview": "exception",
}
SHIPMENT_STATUS = {
    "None": "open",
    "Processing": "open",
    "Completed": "shipped",  # has left ShipBob; whether it was delivered is in its details
    "Exception": "open",
    "OnHold": "open",
    "Cancelled": "cancelled",
    "CleanSweeped": "cancelled",
    "LabeledCreated": "open",
    "ImportReview": "open",
}
STAGES = {"Picked": "picked", "Packed": "packed", "Labeled": "packed"}
"""How far a shipment that is `Processing` has got, by the name of its detail."""
PICKED = frozenset({"picked", "packed", "fulfilled"})
ORDER_TYPE = {"DTC": "d2c", "B2B": "b2b", "DropShip": "dropship"}


def order(raw: Raw) -> Fields:
    status, channel = order_status(raw), _part(raw, "channel")
    return {
        "id": text(raw["id"]),
        "created_date": timestamp(raw["created_date"]),
        "updated_date": latest(_moments(raw)),
        "reference_id": text(raw.get("reference_id")) or "",
        "order_number": text(raw.get("order_number")) or "",
        "status": status,
        "raw_status": text(raw["status"]),
        "channel": text(channel.get("name")),
        "channel_object": _channel(channel),
        "type": ORDER_TYPE.get(str(raw.get("type"))),
        "shipping_method": text(raw.get("shipping_method")),
        "shipping_method_name": text(raw.get("shipping_method")),
        "total_price": money(_part(raw, "financials").get("total_price")),
        "ship_to_address": _ship_to(_part(raw, "recipient")),
        "line_items": [_order_line(line, status) for line in raw["products"]],
        "tags": [f"{tag['name']}: {tag['value']}" for tag in raw.get("tags") or []],
        **_retail(_part(raw, "retailer_program_data")),
        **_sending(_shipments(raw)),
        "additional_fields": additional(raw, "purchase_date", "gift_message", "shipping_terms"),
    }


def _retail(programme: Raw) -> Fields:
    """The wishes of a retailer for its orders."""
    return {
        "trading_partner": text(programme.get("retailer_program_type")),
        "required_ship_date": timestamp(programme.get("shipByDate")),
    }


def _sending(shipments: list[Raw]) -> Fields:
    """The shipments, and what they all have in common, less those that were cancelled."""
    sent = [each for each in shipments if SHIPMENT_STATUS.get(str(each.get("status"))) != "cancelled"]
    going = sent or shipments
    return {
        "warehouse_id": _agreed(_part(shipment, "location").get("id") for shipment in going),
        "carrier_name": _agreed(_part(shipment, "tracking").get("carrier") for shipment in going),
        "scac": _agreed(_part(shipment, "tracking").get("scac") for shipment in going),
        "signature_required": any(shipment.get("require_signature") for shipment in going),
        "shipments": [_shipment(shipment) for shipment in shipments],
    }


def _part(raw: Raw, name: str) -> Raw:
    """An object within a record; an empty one where there is none."""
    part: Raw = raw.get(name) or {}
    return part


def _shipments(raw: Raw) -> list[Raw]:
    return raw.get("shipments") or []


def order_status(raw: Raw) -> str:
    """Ours: ShipBob's, or how far the shipments have got when all that are processed have got there."""
    status = ORDER_STATUS.get(raw["status"], "other")
    if status != "processing":
        return status
    stages = {_stage(each) for each in _shipments(raw) if each.get("status") == "Processing"}
    return stages.pop() if len(stages) == 1 else status


def _stage(shipment: Raw) -> str:
    names = (detail.get("name") for detail in shipment.get("status_details") or [])
    return next((STAGES[name] for name in names if name in STAGES), "processing")


def _moments(raw: Raw) -> Iterable[Any]:
    yield raw["created_date"]
    for shipment in _shipments(raw):
        names = ("created_date", "last_update_at", "last_tracking_update_at", "delivery_date")
        yield from (shipment.get(name) for name in names)


def _channel(channel: Raw) -> Fields:
    if channel.get("id") is None:
        return {}
    return {"channel_id": text(channel["id"]), "channel_name": text(channel.get("name"))}


def _agreed(values: Iterable[Any]) -> str | None:
    """The value of all shipments that say one; None where they differ."""
    texts = {value for value in map(text, values) if value}
    return texts.pop() if len(texts) == 1 else None


def _order_line(line: Raw, status: str) -> Fields:
    # A product that ShipBob does not know yet has no id: then it is named as the caller did.
    names = (text(line.get(name)) for name in ("id", "reference_id", "sku"))
    return {
        "product_id": next(filter(None, names), None),
        "sku": text(line.get("sku")) or text(line.get("reference_id")),
        "quantity": whole(line["quantity"]),
        "unit_price": money(line.get("unit_price")),
        "is_picked": status in PICKED,
    }


def _ship_to(raw: Raw) -> Fields:
    address = _part(raw, "address")
    return {
        "full_name": text(raw.get("name")) or text(raw.get("full_name")),
        "company": text(address.get("company_name")),
        **place(address),
        "phone_number": text(raw.get("phone_number")),
        "email_address": text(raw.get("email")),
    }


def _shipment(raw: Raw) -> Fields:
    status = SHIPMENT_STATUS.get(raw["status"], "other")
    sent = _part(raw, "tracking").get("shipping_date") or raw.get("actual_fulfillment_date")
    return {
        "shipment_id": text(raw["id"]),
        "warehouse_id": text(_part(raw, "location").get("id")) or "",
        "raw_status": text(raw["status"]),
        "status": status,
        "shipped_date": timestamp(sent) if status == "shipped" else None,
        "shipping_method": text(raw.get("ship_option")),
        "line_items": [_item(*pair) for pair in _items(raw.get("products"))],
        "ship_to_address": _ship_to(_part(raw, "recipient")),
        "packages": _packages(raw),
    }


def _items(products: list[Raw] | None) -> Iterable[tuple[Raw, Raw]]:
    """The inventory items of products, each with its product."""
    for product in products or []:
        for item in product.get("inventory_items") or []:
            yield product, item


def _item(product: Raw, item: Raw) -> Fields:
    """An item that was sent. Of a bundle, the product's SKU is not the item's; of several lots it is."""
    is_part = len({part.get("id") for part in product.get("inventory_items") or []}) > 1
    return {
        "inventory_item_id": text(item["id"]),
        "sku": None if is_part else text(product.get("sku")),
        "quantity": whole(item["quantity"]),
        "parent_product_id": text(product.get("id")) if is_part else None,
    }


def _packages(raw: Raw) -> list[Fields]:
    """The cartons, where ShipBob says them; else the shipment is one parcel, once it has a label."""
    parents = raw.get("parent_cartons") or []
    cartons = [carton for parent in parents for carton in parent.get("cartons") or []]
    if cartons:
        return [_carton(raw, carton) for carton in cartons]
    if not _part(raw, "tracking").get("tracking_number") and SHIPMENT_STATUS.get(raw["status"]) != "shipped":
        return []
    items = list(_items(raw.get("products")))
    price = {"shipping_cost": money(raw.get("invoice_amount"))}
    return [_package(raw, text(raw["id"]), raw.get("measurements"), items) | price]


def _carton(raw: Raw, carton: Raw) -> Fields:
    details = carton.get("carton_details") or []
    products = [product for detail in details for product in detail.get("products") or []]
    return _package(raw, text(carton["id"]), carton.get("measurements"), list(_items(products)))


def _package(raw: Raw, name: str | None, sizes: Raw | None, items: list[tuple[Raw, Raw]]) -> Fields:
    tracking = _part(raw, "tracking")
    return {
        "package_id": name,
        "tracking_number": text(tracking.get("tracking_number")) or text(tracking.get("pro_number")),
        "tracking_url": link(tracking.get("tracking_url")),
        "shipping_method": text(tracking.get("carrier_service")),
        "shipping_method_name": text(tracking.get("carrier_service")),
        "carrier": text(tracking.get("carrier")),
        "carrier_name": text(tracking.get("carrier")),
        "scac": text(tracking.get("scac")),
        "measurements": parcel_measurements(sizes),
        "line_items": [_packed(*pair) for pair in items],
    }


def _packed(product: Raw, item: Raw) -> Fields:
    lot = {"lot_id": text(item.get("lot")), "expiration_date": timestamp(item.get("expiration_date"))}
    return _item(product, item) | lot
