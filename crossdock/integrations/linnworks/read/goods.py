"""Stock items of Linnworks → our products, and with their levels → our inventory. Pure."""

from collections.abc import Iterable

from crossdock.integrations.linnworks.read.parts import NO_ID, moment, part, parts
from crossdock.kit.additional import additional
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.quantities import Quantity, counted, held, in_whole_numbers
from crossdock.kit.values import money, text

SIZES = ("Height", "Width", "Depth", "Weight")
"""In the units of the account, which the API does not name."""
KEPT = ("CategoryName", "PackageGroupName", "TaxRate", "isBatchedStockType", "InventoryTrackingType")


def product(raw: Raw) -> Fields:
    item_id, sku = text(raw["StockItemId"]), text(raw["ItemNumber"])
    made_of = [
        {
            "inventory_item_id": text(entry["LinkedStockItemId"]),
            "sku": text(entry.get("SKU")),
            "unit_quantity": counted([entry["Quantity"]]),
        }
        for entry in parts(raw, "parts")
    ]
    suppliers = parts(raw, "Suppliers")
    usual = next((entry for entry in suppliers if entry.get("IsDefault")), {})
    return in_whole_numbers({
        **_common(raw),
        "gtin": text(raw.get("BarcodeNumber")),
        "unit_price": money(raw.get("RetailPrice")),
        "inventory_items": made_of or [{"inventory_item_id": item_id, "sku": sku, "unit_quantity": 1}],
        "is_kit": bool(raw.get("IsCompositeParent")),
        "supplier": text(usual.get("Supplier")),
        "supplier_object": _supplier(usual) if usual else {},
        "supplier_products": [_supplied(entry) for entry in suppliers],
    })  # fmt: skip


def inventory_item(raw: Raw) -> Fields:
    levels = parts(raw, "StockLevels")
    by_place = {_place(level): level for level in levels}
    fields = {
        **_common(raw),
        "unit_cost": money(raw.get("PurchasePrice")),
        **_counts(levels),
        "inventory_by_warehouse_id": {place: _counts([level]) for place, level in by_place.items()},
    }
    latest = max(filter(None, (moment(level.get("LastUpdateDate")) for level in levels)), default=None)
    fields["updated_date"] = latest or fields["created_date"]
    fields["additional_fields"] |= {
        "bin_racks": {
            place: rack
            for place, level in by_place.items()
            if (rack := text(part(level, "Location").get("BinRack")))
        },
        "minimum_levels": {place: level.get("MinimumLevel") for place, level in by_place.items()},
    }
    return in_whole_numbers(fields)


def _common(raw: Raw) -> Fields:
    created = moment(raw.get("CreationDate"))
    return {
        "id": text(raw["StockItemId"]),
        "created_date": created,
        "updated_date": created,
        "name": text(raw["ItemTitle"]) or text(raw["ItemNumber"]) or "",
        "sku": text(raw["ItemNumber"]),
        "active": True,  # the list has no items that are archived
        "additional_fields": additional(raw, *KEPT, *SIZES),
    }


def _place(level: Raw) -> str:
    return text(part(level, "Location").get("StockLocationId")) or NO_ID


def _counts(levels: Iterable[Raw]) -> dict[str, Quantity | int]:
    listed = list(levels)
    free = held(level["Available"] for level in listed)
    return {
        "awaiting": counted(level.get("Due") or 0 for level in listed),
        "onhand": held(level["StockLevel"] for level in listed),
        "committed": counted(level["InOrders"] for level in listed),
        "unfulfillable": 0,  # what is broken is scrapped, and no longer in stock
        "fulfillable": free,
        "sellable": free,
    }


def _supplier(raw: Raw) -> Fields:
    return {"supplier_id": text(raw["SupplierID"]), "supplier_name": text(raw.get("Supplier"))}


def _supplied(raw: Raw) -> Fields:
    cost = money(raw.get("PurchasePrice"))
    return {
        **_supplier(raw),
        "external_id": text(raw.get("Code")),
        "unit_cost": None if cost is None else f"{cost}",
    }
