"""Variants with their stock → inventory items."""

from decimal import Decimal
from typing import Any

from crossdock.integrations.tryton.read.stock import in_units, levels
from crossdock.integrations.tryton.read.values import identity, is_active, money, related, sizes, time, weight
from crossdock.kit import values
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.quantities import held, in_whole_numbers


def inventory_item(raw: Raw) -> Fields:
    """Variant with its stock → inventory item. What each figure is: see `read_stock.py`."""
    unit = values.text(related(raw, "default_uom.").get("symbol"))
    by_warehouse = {str(warehouse): levels(raw, warehouse) for warehouse in raw["warehouses"]}
    names = ("awaiting", "onhand", "committed", "unfulfillable", "fulfillable", "sellable")
    totals = {name: sum((entry[name] for entry in by_warehouse.values()), Decimal(0)) for name in names}
    record = {
        **identity(raw, related(raw, "template.")),
        "name": raw["name"],
        "sku": values.text(raw["code"]),
        "unit_cost": money(raw["cost_price"]),
        "active": is_active(raw),
        **in_units(totals, unit),
        "inventory_by_warehouse_id": {name: in_units(entry, unit) for name, entry in by_warehouse.items()},
        "measurements": sizes(raw) | weight(raw.get("weight"), related(raw, "weight_uom.")),
        "locations": [
            {
                "location_id": str(quantity["location"]),
                "quantity": held([quantity["quantity"]], unit),
                "warehouse_id": str(quantity["warehouse"]),
            }
            for quantity in raw["quantities"]
        ],
    }
    return in_whole_numbers(record | (_lots(raw["lots"], unit) if "lots" in raw else {}))


def _lots(lots: list[Raw], unit: str | None) -> Fields:
    """The lots. Those that share a number are told apart by Tryton's own id: "L1 (17)"."""
    ids: dict[str, set[Any]] = {}
    for lot in lots:
        ids.setdefault(lot["number"], set()).add(lot.get("id"))
    shared = {number for number, of_lot in ids.items() if len(of_lot) > 1}
    names = [f"{lot['number']} ({lot['id']})" if lot["number"] in shared else lot["number"] for lot in lots]
    fields: Fields = {"lots": [_lot(lot, name, unit) for lot, name in zip(lots, names, strict=True)]}
    if shared:
        fields["additional_fields"] = {
            "shared_lot_numbers": {
                name: {"number": lot["number"], "tryton_id": values.text(lot["id"])}
                for lot, name in zip(lots, names, strict=True)
                if lot["number"] in shared
            }
        }
    return fields


def _lot(raw: Raw, name: str, unit: str | None) -> Fields:
    return {
        "lot_id": name,
        "onhand": held([raw["quantity"]], unit),
        "expiration_date": time(raw["expiration_date"]),
        "warehouse_id": str(raw["warehouse"]),
    }
