"""What the bodies of several writes have in common: sizes, rows, and things by id or name. Pure."""

from collections.abc import Mapping
from typing import Any

from crossdock.integrations.sandbox.operations.calls import vendor_members, without_none

LENGTH_UNIT = {"in": "IN", "cm": "CM"}
WEIGHT_UNIT = {"lb": "LB", "oz": "OZ", "kg": "KG"}
MEASUREMENTS = tuple(
    f"measurements.{name}" for name in ("length", "width", "height", "unit", "weight", "weight_unit")
)
LINES = ("line_items.sku", "line_items.quantity")
IN_WAREHOUSE = {"warehouse_id": "warehouses"}


def measured(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Size and weight; the warehouse refuses a size that lacks a side."""
    given_here = fields.get("measurements", {})
    body: dict[str, Any] = {}
    sides = vendor_members(given_here, {"length": "l", "width": "w", "height": "h"})
    if sides:
        body["size"] = _texts(sides) | {"unit": LENGTH_UNIT[given_here.get("unit", "in")]}
    if "weight" in given_here:
        unit = WEIGHT_UNIT[given_here.get("weight_unit", "lb")]
        body["mass"] = {"value": str(given_here["weight"]), "unit": unit}
    return body


def _texts(numbers: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(number) for name, number in numbers.items()}


def named(uid: str | None, label: str | None) -> dict[str, str] | None:
    """A reference by id, or else by name."""
    if uid is not None:
        return {"uid": uid}
    return {"label": label} if label is not None else None


def named_by_both(uid: str | None, label: str | None) -> dict[str, str] | None:
    """A reference by id, name or both; the warehouse refuses two that differ."""
    return without_none({"uid": uid, "label": label}) or None


def rows(records: list[Mapping[str, Any]], quantity: str) -> list[dict[str, Any]]:
    return [{"sku": record["sku"], "units": record[quantity]} for record in records]
