"""Products, kits, and the stock of items."""

from collections.abc import Mapping
from typing import Any

from crossdock.integrations.shiphero.records import SEPARATOR
from crossdock.integrations.shiphero.write.calls import (
    change,
    customer,
    listed,
    reason,
    since,
    was_changed,
)
from crossdock.kit.contract import Accepts, Command, Fields, Made, Operation, Search, Steps

WAREHOUSE: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "title": "Warehouse",
    "description": "The warehouse that keeps it. ShipHero wants one; there is none of it there at first.",
}
MEMBERS = {"name": "name", "gtin": "barcode"}


def create_product(command: Command) -> Steps:
    if command.found is not None:
        return command.found
    answer = yield change("product_create", _new(command))
    made = answer["product_create"]["product"]
    return f"{made['account_id']}{SEPARATOR}{made['sku']}"


def create_kit(command: Command) -> Steps:
    """A product, of which then its parts are told."""
    name = command.found
    if name is None:
        answer = yield change("product_create", {**_new(command), "kit": True})
        made = answer["product_create"]["product"]
        name = f"{made['account_id']}{SEPARATOR}{made['sku']}"
    yield change("kit_build", _kit(command, command.body["sku"]))
    return name


def find_product(command: Command) -> Search | None:
    return _find_product(command) if command.begun else None


def _find_product(command: Command) -> Search:
    """The product with this SKU that is as new as the write."""
    sku, name = command.body["sku"], customer(command).get("customer_account_id")
    products = yield from listed("product", "products", sku=sku, **({"customer": name} if name else {}))
    earliest = since(command) or ""
    for raw in products:
        if raw["sku"] == sku and (raw["created_at"] or "") >= earliest:
            return f"{raw['account_id']}{SEPARATOR}{sku}"
    return None


def update_product(command: Command) -> Steps:
    yield change("product_update", _changed(command))
    return str(command.record_id)


def update_kit(command: Command) -> Steps:
    """What the body says of the kit; its parts are set whole."""
    sku = command.stored["sku"]
    if any(name in command.body for name in MEMBERS):
        yield change("product_update", _changed(command))
    if "inventory_items" in command.body:
        yield change("kit_build", _kit(command, sku))
        parts = {part["sku"] for part in command.body["inventory_items"]}
        name = customer(command).get("customer_account_id")
        held = yield from listed("product", "products", sku=sku, **({"customer": name} if name else {}))
        # What it has now, not what we hold: a part that was added there meanwhile goes, too.
        skus = [part["sku"] for raw in held if raw["sku"] == sku for part in raw["kit_components"] or []]
        gone = [{"sku": part} for part in dict.fromkeys(skus) if part not in parts]
        if gone:
            data = {**customer(command), "sku": sku, "components": gone}
            yield change("kit_remove_components", data)
    return str(command.record_id)


def _new(command: Command) -> dict[str, Any]:
    stocked = [{"warehouse_id": command.body["warehouse_id"], "on_hand": 0}]
    members = {theirs: command.body[ours] for ours, theirs in MEMBERS.items() if ours in command.body}
    return {**customer(command), "sku": command.body["sku"], **members, "warehouse_products": stocked}


def _changed(command: Command) -> dict[str, Any]:
    members = {theirs: command.body[ours] for ours, theirs in MEMBERS.items() if ours in command.body}
    return {**customer(command), "sku": command.stored["sku"], **members}


def _kit(command: Command, sku: str) -> dict[str, Any]:
    parts = [
        {"sku": part["sku"], "quantity": part["unit_quantity"]} for part in command.body["inventory_items"]
    ]
    return {"sku": sku, "components": parts, "kit_build": False}


def stock_of(product: Fields) -> Made:
    """The inventory item that a product is."""
    return [] if product["is_kit"] else [("get_inventory", product["id"])]


# Stock


def adjust_inventory(command: Command) -> Steps:
    if command.found is not None:
        return command.found
    body = command.body
    name = {"increase": "inventory_add", "decrease": "inventory_remove"}[body["adjustment_type"]]
    location = {"location_id": body["location_id"]} if "location_id" in body else {}
    data = {
        **customer(command),
        "sku": command.stored["sku"],
        "warehouse_id": body["warehouse_id"],
        "quantity": body["quantity"],
        "reason": reason(command),
        **location,
    }
    yield change(name, data)
    return str(command.record_id)


def find_adjustment(command: Command) -> Search | None:
    return _find_adjustment(command) if command.begun else None


def _find_adjustment(command: Command) -> Search:
    sku, warehouse = command.stored["sku"], command.body["warehouse_id"]
    return command.record_id if (yield from was_changed(command, sku, warehouse)) else None


PARTS = ("inventory_items", "inventory_items.sku", "inventory_items.unit_quantity")
STOCKED = {
    "extra": {"warehouse_id": WAREHOUSE},
    "required_extra": ("warehouse_id",),
    "options": {"warehouse_id": "warehouses"},
}

CREATE_PRODUCT = Operation(
    Accepts(required=("sku", "name"), optional=("gtin",), **STOCKED),  # type: ignore[arg-type]
    create_product,
    find=find_product,
    also=stock_of,
)
UPDATE_PRODUCT = Operation(
    Accepts(optional=("name", "gtin"), any_of=(("name", "gtin"),)), update_product, also=stock_of
)
CREATE_KIT = Operation(
    Accepts(required=("sku", "name", *PARTS), optional=("gtin",), **STOCKED),  # type: ignore[arg-type]
    create_kit,
    find=find_product,
)
UPDATE_KIT = Operation(Accepts(required=PARTS[1:], optional=("name", "gtin", PARTS[0])), update_kit)
ADJUST_INVENTORY = Operation(
    Accepts(
        required=("quantity", "adjustment_type", "warehouse_id"),
        optional=("location_id",),
        options={"warehouse_id": "warehouses"},
    ),
    adjust_inventory,
    find=find_adjustment,
)
