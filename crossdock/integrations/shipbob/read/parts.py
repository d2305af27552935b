"""What several of ShipBob's records have in common. Pure."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import decimal, text, timestamp
from crossdock.resources.links import is_link

LENGTH_UNITS = {
    "in": "in", "inch": "in", "inches": "in", "cm": "cm", "centimeter": "cm", "centimeters": "cm",
}  # fmt: skip
WEIGHT_UNITS = {
    "oz": "oz", "ounce": "oz", "ounces": "oz", "lb": "lb", "lbs": "lb", "pound": "lb", "pounds": "lb",
    "kg": "kg", "kilogram": "kg", "kilograms": "kg",
}  # fmt: skip
GRAMS = frozenset({"g", "gram", "grams"})
UNDATED: Fields = {"created_date": None, "updated_date": None}
"""The dates of records that ShipBob has no dates of."""


def latest(moments: Iterable[Any]) -> str | None:
    """The latest of some moments; None when there is none."""
    return max(filter(None, map(timestamp, moments)), default=None)


def link(value: Any) -> str | None:
    """A link, where a text is one."""
    address = text(value)
    return address if address and is_link(address) else None


def measurements(sizes: Raw | None, weight: Any, weight_unit: Any) -> Fields:
    """Sizes by `length`, `width`, `height` and `unit`, and a weight in a unit of its own."""
    raw = sizes or {}
    unit, amount = str(weight_unit or "").strip().casefold(), decimal(weight)
    if unit in GRAMS and amount is not None:
        unit, amount = "kg", amount / Decimal(1000)
    return {
        "length": decimal(raw.get("length")),
        "width": decimal(raw.get("width")),
        "height": decimal(raw.get("height")),
        "unit": LENGTH_UNITS.get(str(raw.get("unit") or "").strip().casefold()),
        "weight": amount,
        "weight_unit": WEIGHT_UNITS.get(unit),
    }


def parcel_measurements(raw: Raw | None) -> Fields:
    """Measurements of a parcel: ShipBob says them in inches and ounces."""
    sizes = raw or {}
    inches = {"length": sizes.get("length_in"), "width": sizes.get("width_in")}
    inches |= {"height": sizes.get("depth_in"), "unit": "in" if sizes else None}
    return measurements(inches, sizes.get("total_weight_oz"), "oz" if sizes else None)


def place(raw: Raw) -> Fields:
    """An address as it stands in several of ShipBob's APIs."""
    return {
        "address1": text(raw.get("address1")),
        "address2": text(raw.get("address2")),
        "city": text(raw.get("city")),
        "state": text(raw.get("state")),
        "postal_code": text(raw.get("zip_code")),
        "country": text(raw.get("country")),
    }
