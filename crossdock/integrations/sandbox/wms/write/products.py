"""Products and kits. Pure."""

from collections.abc import Mapping
from typing import Any

from crossdock.integrations.sandbox.operations import calls
from crossdock.integrations.sandbox.operations.calls import one_call, vendor_members
from crossdock.integrations.sandbox.wms.write.values import MEASUREMENTS, measured
from crossdock.kit.contract import Accepts, Command, Fields, Made, Operation, Steps

PRODUCT_EXTRA: dict[str, dict[str, Any]] = {
    "unit_price": {
        "type": "number",
        "minimum": 0,
        "title": "Unit price",
        "description": "What one costs where an order names no price.",
    }
}
KIT_LINES = ("inventory_items.sku", "inventory_items.unit_quantity")


def items_of_product(fields: Fields) -> Made:
    """The item that a product is."""
    return [
        ("get_inventory", inventory_item["inventory_item_id"]) for inventory_item in fields["inventory_items"]
    ]


def create_product(command: Command) -> Steps:
    return one_call(command, "/products", _product(command.body))


CREATE_PRODUCT = Operation(
    Accepts(required=("sku", "name"), optional=("gtin", "measurements", *MEASUREMENTS), extra=PRODUCT_EXTRA),
    create_product,
    find=calls.find,
    also=items_of_product,
)


def update_product(command: Command) -> Steps:
    return one_call(command, f"/products/{command.record_id}", _product(command.body), method="PUT")


UPDATE_PRODUCT = Operation(
    Accepts(optional=("sku", "name", "gtin", "measurements", *MEASUREMENTS), extra=PRODUCT_EXTRA),
    update_product,
    also=items_of_product,
)


def create_kit(command: Command) -> Steps:
    return one_call(command, "/kits", _product(command.body))


CREATE_KIT = Operation(
    Accepts(
        required=("sku", "name", "gtin", "measurements", "inventory_items", *KIT_LINES),
        optional=("inventory_items.inventory_item_id", *MEASUREMENTS),
        extra=PRODUCT_EXTRA,
    ),
    create_kit,
    find=calls.find,
)


def update_kit(command: Command) -> Steps:
    return one_call(command, f"/kits/{command.record_id}", _product(command.body), method="PUT")


UPDATE_KIT = Operation(
    Accepts(
        required=KIT_LINES,
        optional=(
            "sku",
            "name",
            "gtin",
            "measurements",
            *MEASUREMENTS,
            "inventory_items",
            "inventory_items.inventory_item_id",
        ),
        extra=PRODUCT_EXTRA,
    ),
    update_kit,
)


def _product(fields: Mapping[str, Any]) -> dict[str, Any]:
    body = vendor_members(fields, {"sku": "sku", "name": "title", "gtin": "barcode", "unit_price": "price"})
    body |= measured(fields)
    if "inventory_items" in fields:
        names = {"sku": "sku", "inventory_item_id": "item", "unit_quantity": "units"}
        body["parts"] = [
            vendor_members(inventory_item, names) for inventory_item in fields["inventory_items"]
        ]
    return body
