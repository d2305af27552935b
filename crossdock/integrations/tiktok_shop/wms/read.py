"""Records of Fulfilled by TikTok → ours. Pure: values in, values out. Measures are texts."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import added, decimal, link, text, whole

GTINS = {"UPC", "EAN", "GTIN"}
WEIGHTS = {
    "MILLIGRAM": ("kg", Decimal("0.000001")),
    "GRAM": ("kg", Decimal("0.001")),
    "KILOGRAM": ("kg", Decimal(1)),
    "POUND": ("lb", Decimal(1)),
    "OUNCE": ("oz", Decimal(1)),
}
LENGTHS = {
    "MICROMETER": ("cm", Decimal("0.0001")),
    "MICRO": ("cm", Decimal("0.0001")),  # what the warehouse's measures call it
    "MILLIMETER": ("cm", Decimal("0.1")),
    "CENTIMETER": ("cm", Decimal(1)),
    "METER": ("cm", Decimal(100)),
    "INCH": ("in", Decimal(1)),
    "FOOT": ("in", Decimal(12)),
}


def product(raw: Raw) -> Fields:
    """Goods, as what is sold: TikTok has no others here."""
    goods_id, sku = text(raw["id"]), text(raw.get("reference_code"))
    codes = raw.get("barcodes") or []
    return {
        **_common(raw),
        "gtin": next((text(code.get("code")) for code in codes if code.get("type") in GTINS), None),
        "inventory_items": [{"inventory_item_id": goods_id, "sku": sku, "unit_quantity": 1}],
        "is_kit": False,
        "additional_fields": {
            "barcodes": [text(code.get("code")) for code in codes],
            "skus": [_sku(entry) for entry in raw.get("skus") or []],
            "image_url": link(raw.get("image_url")),
        },
    }


def _sku(raw: Raw) -> Fields:
    """A SKU of the shop that is sold from these goods."""
    product_of_sku = raw.get("product") or {}
    return {
        "id": text(raw.get("id")),
        "name": text(raw.get("name")),
        "product_id": text(product_of_sku.get("id")),
        "is_matched": raw.get("matched"),
    }


def inventory_item(raw: Raw) -> Fields:
    """Goods with their stock in all warehouses; where none is listed there is none."""
    levels = {str(level["fbt_warehouse_id"]): _level(level) for level in raw["stock"]}
    names = ("awaiting", "onhand", "committed", "unfulfillable", "fulfillable")
    totals = {name: added(level[name] for level in levels.values()) for name in names}
    return {
        **_common(raw),
        **totals,
        "sellable": totals["fulfillable"],
        "inventory_by_warehouse_id": levels,
        "measurements": _measurements(raw),
    }


def _level(level: Raw) -> Fields:
    detail = level["on_hand_detail"]
    return {
        "awaiting": whole(level["in_transit_quantity"]),
        "onhand": whole(detail["total_quantity"]),
        "committed": whole(detail["reserved_quantity"]),
        "unfulfillable": whole(detail["unfulfillable_quantity"]),
        "fulfillable": whole(detail["available_quantity"]),
    }


def _common(raw: Raw) -> Fields:
    return {
        "id": text(raw["id"]),
        # Goods have no dates.
        "created_date": None,
        "updated_date": None,
        "name": text(raw["name"]) or "",
        "sku": text(raw.get("reference_code")),
        "active": True,
    }


def _measurements(raw: Raw) -> Fields:
    """Weight and size as the warehouse measured them, else as the seller says."""
    weight, size = _measured(raw, "weight"), _measured(raw, "dimension")
    weights = _measures(weight, ("value",), WEIGHTS)
    return {
        **({"weight": weights["value"], "weight_unit": weights["unit"]} if weights else {}),
        **_measures(size, ("length", "width", "height"), LENGTHS),
    }


def _measured(raw: Raw, name: str) -> Raw:
    sources = [
        raw.get(source) or {} for source in ("warehouse_confirmation_info", "merchant_declaration_info")
    ]
    return next((source[name] for source in sources if source.get(name)), {})


def _measures(raw: Raw, names: Iterable[str], units: Mapping[str, tuple[str, Decimal]]) -> Fields:
    """Measures in a unit of ours, with that; none where theirs is not known."""
    if raw.get("unit") not in units:
        return {}
    unit, factor = units[raw["unit"]]
    measures: Fields = {name: _times(raw.get(name), factor) for name in names}
    return measures | {"unit": unit} if any(measures.values()) else {}


def _times(value: Any, factor: Decimal) -> Decimal | None:
    """A measure in our unit; zero is none."""
    number = decimal(value)
    return decimal(number * factor) if number else None


def warehouse(raw: Raw) -> Fields:
    address = (raw.get("addresses") or [{}])[0]
    return {
        "id": text(raw["fbt_warehouse_id"]),
        # TikTok has no dates of warehouses.
        "created_date": None,
        "updated_date": None,
        "name": text(raw["name"]) or "",
        "address": {
            "address1": text(address.get("address_line_1")),
            "address2": text(address.get("address_line_2")),
            "address3": text(address.get("address_line_3")),
            "city": text(address.get("city")),
            "state": text(address.get("state")),
            "postal_code": text(address.get("postal_code")),
            "country": text(address.get("region_code")),
        },
        "additional_fields": {
            "is_subscribed": raw.get("subscribed"),
            "warehouse_ids": [text(number) for number in raw.get("warehouse_ids") or []],
        },
    }
