"""Items of Deposco's → our products. Pure."""

from crossdock.integrations.deposco.read.parts import company, dates, id_in, key_in, parts
from crossdock.kit.additional import additional
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.quantities import counted, exact, in_whole_numbers
from crossdock.kit.values import money, text

KEPT = (
    "shortDescription", "longDescription", "brandName", "itemType", "purchaseCost", "weight",
    "lotTrackingEnabled", "serialTrackingEnabled", "hazmat", "customFields",
)  # fmt: skip


def product(raw: Raw) -> Fields:
    number, components = text(raw["number"]), parts(raw, "components")
    itself = {"inventory_item_id": text(raw["self"]["id"]), "sku": number, "unit_quantity": 1}
    return in_whole_numbers({
        "id": text(raw["self"]["id"]),
        "warehouse_customer_id": company(raw),
        **dates(raw),
        "name": text(raw.get("name")) or number or "",
        "sku": number,
        "gtin": _code(raw),
        "unit_price": money(raw.get("unitPrice")),
        "inventory_items": [_component(entry) for entry in components] or [itself],
        "is_kit": bool(components),
        "active": raw.get("active") is not False,
        "country_of_origin": text(raw.get("originCountry")),
        "additional_fields": {
            **additional(raw, *KEPT), "packs": [_pack(entry) for entry in parts(raw, "packs")],
        },
    })  # fmt: skip


def _component(component: Raw) -> Fields:
    number = key_in(component, "subComponent", "number")
    return {
        "inventory_item_id": id_in(component, "subComponent") or number,
        "sku": number,
        "unit_quantity": counted([component["quantity"]]),
    }


def _code(raw: Raw) -> str | None:
    """The first code of the item, or of its pack of one. Codes of larger packs are others."""
    single = [entry for entry in parts(raw, "packs") if exact(entry["quantity"]) == 1]
    holders = [raw, *single]
    return next((text(code["value"]) for holder in holders for code in parts(holder, "upcs")), None)


def _pack(pack: Raw) -> Fields:
    """The kind of a pack, the number that it holds, and its codes."""
    codes = [text(code["value"]) for code in parts(pack, "upcs")]
    return {**additional(pack, "type", "quantity", "dimensions", "weight"), "upcs": codes}
