"""Items of Extensiv's → our products, and with their stock → our inventory. Pure."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from crossdock.integrations.extensiv.read.parts import dates, id_in, item_id, part, parts, sku
from crossdock.kit.additional import additional
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.quantities import Quantity, counted, exact, held, in_whole_numbers
from crossdock.kit.values import money, text, timestamp, unfit

KEPT = ("description2", "inventoryCategory", "upc", "nmfc", "accountRef", "tags")


def product(raw: Raw) -> Fields:
    components = parts(part(raw, "kit"), "components")
    kit = [each for each in components if each.get("itemIdentifier")]
    sold = [_component(raw, each) for each in kit] or [
        {"inventory_item_id": _id(raw), "sku": text(raw["sku"]), "unit_quantity": 1}
    ]
    return in_whole_numbers({
        **_common(raw),
        "gtin": text(raw.get("upc")),
        "unit_price": money(raw.get("price")),
        "inventory_items": sold,
        "is_kit": bool(kit),
        "country_of_origin": text(raw.get("countryOfManufacture")),
        "harmonized_code": text(raw.get("harmonizedCode")),
    })  # fmt: skip


def inventory_item(raw: Raw) -> Fields:
    places = {place: [_Row(row) for row in rows] for place, rows in raw["stock"].items()}
    rows = [row for listed in places.values() for row in listed]
    return in_whole_numbers({
        **_common(raw),
        "unit_cost": money(raw.get("cost")),
        "awaiting": 0,  # the contract wants a number; notes.md says why it is this one
        **_counts(rows),
        "inventory_by_warehouse_id": {place: _counts(listed) for place, listed in places.items()},
        "lots": [lot for place, listed in places.items() for lot in _lots(place, listed)],
        "locations": [spot for place, listed in places.items() for spot in _locations(place, listed)],
    })  # fmt: skip


def _common(raw: Raw) -> Fields:
    said = raw["readOnly"]
    return {
        "id": _id(raw),
        "warehouse_customer_id": id_in(said, "customerIdentifier"),
        **dates(raw),
        "name": text(raw.get("description")) or text(raw["sku"]) or "",
        "sku": text(raw["sku"]),
        "active": not _flag(said["deactivated"]),
        "additional_fields": {**additional(raw, *KEPT), **additional(part(raw, "options"), "packageUnit")},
    }


def _id(raw: Raw) -> str:
    said = raw["readOnly"]
    customer, number = text(part(said, "customerIdentifier")["id"]), text(said["itemId"])
    return f"{customer}-{number}"


def _component(raw: Raw, component: Raw) -> Fields:
    return {
        "inventory_item_id": item_id(raw, component),
        "sku": sku(component),
        "unit_quantity": counted([component["qty"]]),
    }


def _flag(value: Any) -> bool:
    """A switch; one that is missing is off."""
    if value is None or isinstance(value, bool):
        return bool(value)
    return unfit(value, "true or false")


class _Row:
    """The stock of an item that came with one receipt."""

    def __init__(self, row: Raw) -> None:
        self.onhand, self.available = exact(row["onHand"]), exact(row["available"])
        # What is not allocated counts as available even where it is held back, and can't be allocated then.
        self.is_held = _flag(row.get("isOnHold")) or _flag(row.get("quarantined"))
        self.lot = text(row.get("lotNumber"))
        self.expires = timestamp(row.get("expirationDate"))  # a day: it has no zone
        self.location = id_in(row, "locationIdentifier")

    @property
    def allocated(self) -> Decimal | None:
        return None if self.onhand is None or self.available is None else self.onhand - self.available


def _counts(rows: Iterable[_Row]) -> dict[str, Quantity]:
    listed = list(rows)
    free = held(row.available for row in listed if not row.is_held)
    return {
        "onhand": held(row.onhand for row in listed),
        "committed": counted(row.allocated for row in listed),
        "unfulfillable": held(row.available for row in listed if row.is_held),
        "fulfillable": free,
        "sellable": free,
    }


def _lots(place: str, rows: Iterable[_Row]) -> list[Fields]:
    by_lot: dict[tuple[str, str | None], list[Decimal | None]] = {}
    for row in rows:
        if row.lot:
            by_lot.setdefault((row.lot, row.expires), []).append(row.onhand)
    return [
        {"lot_id": lot, "onhand": held(amounts), "expiration_date": expires, "warehouse_id": place}
        for (lot, expires), amounts in by_lot.items()
    ]


def _locations(place: str, rows: Iterable[_Row]) -> list[Fields]:
    by_location: dict[str, list[Decimal | None]] = {}
    for row in rows:
        if row.location:
            by_location.setdefault(row.location, []).append(row.onhand)
    return [
        {"location_id": location, "quantity": held(amounts), "warehouse_id": place}
        for location, amounts in by_location.items()
    ]
