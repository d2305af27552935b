"""ShipBob's products and stock → ours. Pure."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from crossdock.integrations.shipbob.read.parts import UNDATED, latest, measurements
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import decimal, money, text, timestamp, whole

ACTIVE = "active"
EVENT_TYPE = {
    "OrderPicked": "order_shipment",
    "InventoryAdjusted": "adjustment",
    "InventoryFacilityUpdated": "movement",
    "AttributeUpdated": "other",
    "InventoryReceived": "inbound_receipt",
    "ReceivingStow": "inbound_receipt",
    "InventoryRestocked": "return_receipt",
    "KittingStow": "other",
}


def product(raw: Raw) -> Fields:
    """A variant: that is what has a SKU, stock and a weight."""
    parent, customs = raw["product"], raw.get("customs") or {}
    channels = raw.get("channel_metadata") or []
    return {
        "id": text(raw["id"]),
        "created_date": timestamp(raw["created_on"]),
        "updated_date": latest((raw["created_on"], raw.get("updated_on"), parent.get("updated_on"))),
        "name": text(raw.get("name")) or text(parent.get("name")) or "",
        "sku": text(raw.get("sku")),
        "gtin": text(raw.get("gtin")) or text(raw.get("upc")),
        "unit_price": _price(channels),
        "inventory_items": list(_parts(raw)),
        "is_kit": bool(raw.get("bundle_definition")),
        "active": str(raw.get("status")).casefold() == ACTIVE,
        "country_of_origin": text(customs.get("country_code_of_origin")),
        "harmonized_code": text(customs.get("hs_tariff_code")),
        "additional_fields": {
            "product_id": text(parent["id"]),
            "product_name": text(parent.get("name")),
            "barcodes": [text(barcode.get("value")) for barcode in raw.get("barcodes") or []],
            "channels": [_channel(channel) for channel in channels],
        },
    }


def _parts(raw: Raw) -> Iterable[Fields]:
    """The items that a variant is made of: of a bundle its parts, else its own."""
    bundle = raw.get("bundle_definition") or []
    for part in bundle:
        if part.get("inventory_id") is not None:
            sku, count = text(part.get("variant_sku")), whole(part["quantity"])
            yield {"inventory_item_id": text(part["inventory_id"]), "sku": sku, "unit_quantity": count}
    item = (raw.get("inventory") or {}).get("inventory_id")
    if item is not None and not bundle:
        yield {"inventory_item_id": text(item), "sku": text(raw.get("sku")), "unit_quantity": 1}


def _price(channels: list[Raw]) -> Decimal | None:
    """The price, where all channels that say one say the same."""
    prices = {price for channel in channels if (price := money(channel.get("price")))}
    return prices.pop() if len(prices) == 1 else None


def _channel(raw: Raw) -> Fields:
    return {
        "channel_id": text(raw.get("channel_id")),
        "seller_sku": text(raw.get("seller_sku")),
        "legacy_product_id": text(raw.get("legacy_product_id")),
        "price": decimal(raw.get("price")),
        "currency": text(raw.get("currency")),
    }


def inventory_item(raw: Raw) -> Fields:
    level, variant = _level(raw), raw.get("variant") or {}
    weight = raw.get("weight") or {}
    return {
        "id": text(raw["inventory_id"]),
        **UNDATED,
        "name": text(raw.get("name")) or "",
        "sku": text(raw.get("sku")),
        "active": bool(variant.get("is_active")),
        "awaiting": whole(level["total_awaiting_quantity"]),
        **_held(level, "total_"),
        "sellable": whole(level["total_sellable_quantity"]),
        "inventory_by_warehouse_id": {
            str(place["location_id"]): {"awaiting": whole(place.get("awaiting_quantity")), **_held(place, "")}
            for place in raw.get("locations") or []
        },
        "lots": [lot for entry in raw.get("lots") or [] for lot in _lots(entry)],
        "measurements": measurements(raw.get("dimensions"), weight.get("value"), weight.get("unit")),
        "additional_fields": {
            "barcode": text(raw.get("barcode")),
            "is_digital": variant.get("is_digital"),
            "backordered": whole(level.get("total_backordered_quantity")),
            "exception": whole(level.get("total_exception_quantity")),
            "internal_transfer": whole(level.get("total_internal_transfer_quantity")),
        },
    }


DIGITAL = dict.fromkeys(
    (
        "total_awaiting_quantity", "total_on_hand_quantity", "total_committed_quantity",
        "total_fulfillable_quantity", "total_sellable_quantity",
    ),
    0,
)  # fmt: skip
"""The levels of what has no stock, and may be left out of them."""


def _level(raw: Raw) -> Mapping[str, Any]:
    if "level" not in raw and (raw.get("variant") or {}).get("is_digital"):
        return DIGITAL
    level: Mapping[str, Any] = raw["level"]
    return level


def _held(level: Mapping[str, Any], prefix: str) -> Fields:
    """The counts of what is there. Stock that can't be shipped is what is neither free nor promised."""
    onhand, committed = whole(level[f"{prefix}on_hand_quantity"]), whole(level[f"{prefix}committed_quantity"])
    fulfillable = whole(level[f"{prefix}fulfillable_quantity"])
    left = max(0, (onhand or 0) - (committed or 0) - (fulfillable or 0))
    return {
        "onhand": onhand,
        "committed": committed,
        "unfulfillable": left,
        "fulfillable": fulfillable,
    }


def _lots(raw: Raw) -> Iterable[Fields]:
    """A lot at each of its places; without any, as a whole."""
    number, expires = text(raw.get("lot_number")), timestamp(raw.get("lot_date"))
    for place in raw.get("locations") or [raw]:
        onhand, position = whole(place["on_hand_quantity"]), text(place.get("location_id"))
        if number and onhand:
            yield {"lot_id": number, "onhand": onhand, "expiration_date": expires, "warehouse_id": position}


def inventory_ledger_entry(raw: Raw) -> Fields:
    added, taken = raw.get("increment") or {}, raw.get("decrement") or {}
    here, moment = added or taken, timestamp(raw["event_datetime"])
    return {
        "id": text(raw["inventory_audit_event_id"]),
        "created_date": moment,
        "updated_date": moment,
        "entry_date": moment,
        "inventory_item_id": text(raw["inventory_id"]),
        "sku": text(here.get("sku")) or "",
        "quantity": _change(added) + _change(taken),
        "raw_event_type": text(raw.get("event_category")),
        "event_type": EVENT_TYPE.get(str(raw.get("event_category")), "other"),
        **_moved_for(text(raw.get("shipbob_order_id"))),
        "warehouse_id": text(here.get("facility_id")),
        "location_id": text(here.get("location_id")),
        "additional_fields": {
            "lot_number": text(here.get("lot_number")),
            **_origin(taken if added else {}),
            "references": {
                str(reference.get("key")): text(reference.get("value"))
                for reference in raw.get("additional_reference") or []
            },
        },
    }


def _change(side: Raw) -> int:
    """The change of one side: ShipBob counts what is taken as less than nothing."""
    return whole(side.get("quantity_change")) or 0


def _moved_for(order: str | None) -> Fields:
    return {"object_id": order, "object_type": "order" if order else None}


def _origin(taken: Raw) -> Fields:
    """The place before, of stock that was only moved."""
    return {
        "from_location_id": text(taken.get("location_id")),
        "from_warehouse_id": text(taken.get("facility_id")),
    }
