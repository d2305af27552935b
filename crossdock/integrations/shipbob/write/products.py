"""Products and kits → calls of ShipBob, and the bodies it accepts. Pure.

What we call a product is a variant there. One that is created here is the only one of its product.
"""

from typing import Any

from crossdock.errors import VendorRefused
from crossdock.integrations.shipbob.write.lookups import Lookup, entry, made, number, sizes, variant_by
from crossdock.kit.contract import Accepts, Call, Command, Fields, Made, Operation, Search, Steps

REGULAR, BUNDLE = "1", "2"


def create_product(command: Command) -> Steps:
    if command.found is not None:
        return command.found
    return (yield from _created(command, REGULAR, {}))


def create_kit(command: Command) -> Steps:
    if command.found is not None:
        return command.found
    parts = yield from _parts(command)
    return (yield from _created(command, BUNDLE, {"bundle_definition": parts}))


def _created(command: Command, kind: str, members: dict[str, Any]) -> Steps:
    variant = {"sku": command.body["sku"], **_members(command), **members}
    body = {"name": command.body["name"], "type_id": kind, "variants": [variant]}
    answer = yield Call("POST", "/product", body)
    created_variant = entry(answer["variants"], "sku", command.body["sku"])
    if created_variant is None:
        raise VendorRefused("ShipBob made the product, but does not say which variant has the SKU")
    return str(created_variant["id"])


def find_product(command: Command) -> Search:
    """The product with this SKU, which ShipBob has only once, if it is as new as the write."""
    variant = yield from variant_by("sku", command.body["sku"])
    variant = variant and made(command, [variant], "sku", command.body["sku"], "created_on")
    return None if variant is None else str(variant["id"])


def update_product(command: Command) -> Steps:
    return (yield from _updated(command, {}))


def update_kit(command: Command) -> Steps:
    parts = (yield from _parts(command)) if "inventory_items" in command.body else None
    return (yield from _updated(command, {} if parts is None else {"bundle_definition": parts}))


def _updated(command: Command, members: dict[str, Any]) -> Steps:
    product_id = (command.stored.get("additional_fields") or {}).get("product_id")
    if product_id is None:
        raise VendorRefused("which product of ShipBob's it belongs to is not known yet: sync products first")
    variant = {"id": number(command.record_id, "product_id"), **_members(command), **members}
    if "sku" in command.body:
        variant["sku"] = command.body["sku"]
    body = {"id": number(product_id, "product_id"), "variants": [variant]}
    yield Call("PATCH", f"/product/{product_id}", body)
    return str(command.record_id)


def _members(command: Command) -> dict[str, Any]:
    named = {name: command.body[name] for name in ("name", "gtin") if name in command.body}
    return {**named, **sizes(command)}


def _parts(command: Command) -> Lookup[list[dict[str, Any]]]:
    parts = []
    for part in command.body["inventory_items"]:
        variant = yield from variant_by("sku", part["sku"])
        if variant is None:
            raise VendorRefused(f"ShipBob has no product with the SKU {part['sku']!r}")
        parts.append({"variant_id": variant["id"], "quantity": part["unit_quantity"]})
    return parts


def items_of_product(fields: Fields) -> Made:
    """The inventory items of a product, which ShipBob makes and names with it. Those of a kit are others'."""
    items = [] if fields.get("is_kit") else fields.get("inventory_items") or []
    return [("get_inventory", item["inventory_item_id"]) for item in items]


SIZES = tuple(
    f"measurements.{name}" for name in ("length", "width", "height", "unit", "weight", "weight_unit")
)
CREATED = ("sku", "name")
PARTS = ("inventory_items", "inventory_items.sku", "inventory_items.unit_quantity")
OPTIONAL = ("gtin", "measurements", *SIZES)
CREATE_PRODUCT = Operation(
    Accepts(required=CREATED, optional=OPTIONAL), create_product, find=find_product, also=items_of_product
)
UPDATE_PRODUCT = Operation(Accepts(optional=(*CREATED, *OPTIONAL)), update_product, also=items_of_product)
CREATE_KIT = Operation(Accepts(required=(*CREATED, *PARTS), optional=OPTIONAL), create_kit, find=find_product)
UPDATE_KIT = Operation(Accepts(optional=(*CREATED, *OPTIONAL, *PARTS)), update_kit)
