"""Variants → products, with what kits are made of and who supplies them."""

from crossdock.integrations.tryton.read.values import all_related, identity, is_active, money, related, size
from crossdock.kit import values
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.quantities import counted, in_whole_numbers


def product(raw: Raw) -> Fields:
    """Variant → product. It is its own inventory item, one of it; a kit is made of others."""
    is_kit = raw.get("type") == "kit"
    record = {
        **identity(raw, related(raw, "template.")),
        "name": raw["name"],
        "sku": values.text(raw["code"]),
        "unit_price": money(raw["list_price_used"]),
        "is_kit": is_kit,
        "active": is_active(raw),
    }
    if not is_kit:
        item = {"inventory_item_id": values.text(raw["id"]), "sku": values.text(raw["code"])}
        record["inventory_items"] = [item | {"unit_quantity": 1}]
    elif "components." in raw:
        record["inventory_items"] = [_component(component) for component in _components(raw)]
    if "identifiers." in raw:
        codes = (identifier["code"] for identifier in raw["identifiers."] if identifier["type"] == "ean")
        record["gtin"] = values.text(next(codes, None))
    if "product_suppliers." in raw:
        record |= _suppliers(raw)
    return in_whole_numbers(record)


def _components(raw: Raw) -> list[Raw]:
    """The variant's own components, else those of all variants. Source: components_used in product_kit."""
    of_template = all_related(related(raw, "template."), "components.")
    return raw["components."] or [component for component in of_template if not component["parent_product"]]


def _component(raw: Raw) -> Fields:
    """The amount of an item that a kit holds, in the item's own unit."""
    item, quantity = related(raw, "product."), values.decimal(raw["quantity"])
    unit, of_item = size(related(raw, "unit.")), size(related(item, "default_uom."))
    if quantity is not None and unit and of_item:
        exact = quantity * unit.numerator * of_item.denominator
        quantity = exact / (unit.denominator * of_item.numerator)
    return {
        "inventory_item_id": values.text(raw["product"]),
        "sku": values.text(item["code"]),
        "unit_quantity": counted([quantity], related(item, "default_uom.").get("symbol")),
    }


def _suppliers(raw: Raw) -> Fields:
    """Suppliers of the variant, then those of all its template's variants, as Tryton prefers them."""
    of_template = all_related(related(raw, "template."), "product_suppliers.")
    of_all_variants = [entry for entry in of_template if not entry["product"]]
    suppliers = [
        {
            "supplier_id": values.text(related(product_supplier, "party.").get("id")),
            "supplier_name": values.text(related(product_supplier, "party.").get("name")),
            "external_id": values.text(product_supplier["code"]),
            "unit_cost": _only_price(all_related(product_supplier, "prices.")),
        }
        for product_supplier in [*raw["product_suppliers."], *of_all_variants]
        if product_supplier["active"]
    ]
    first = suppliers[0] if suppliers else {}
    return {
        "supplier": first.get("supplier_name"),
        "supplier_object": {name: first[name] for name in ("supplier_id", "supplier_name") if first},
        "supplier_products": suppliers,
    }


def _only_price(prices: list[Raw]) -> str | None:
    """The price when there is one for any quantity; tiers have no place in the record."""
    return str(money(prices[0]["unit_price"])) if len(prices) == 1 else None
