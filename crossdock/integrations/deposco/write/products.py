"""Items: create, change, and kits of several. Pure."""

from collections.abc import Mapping
from typing import Any

from crossdock.integrations.deposco.lists import ITEMS
from crossdock.integrations.deposco.write.common import (
    COMPANY,
    OWN,
    company,
    item,
    made,
    reference,
    refuse_known,
    stated,
)
from crossdock.kit.contract import Accepts, Call, Command, Operation, Search, Steps

SIDES = ("length", "width", "height")


def create_product(command: Command) -> Steps:
    if command.found is not None:
        return command.found
    code, number = command.body["warehouse_customer_id"], command.body["sku"]
    yield from refuse_known(ITEMS, number, code)
    answer = yield Call("POST", ITEMS, _new(command.body, {}))
    return str(answer["self"]["id"])


def create_kit(command: Command) -> Steps:
    """Make an item of other items."""
    if command.found is not None:
        return command.found
    code, number = command.body["warehouse_customer_id"], command.body["sku"]
    yield from refuse_known(ITEMS, number, code)
    components = [
        {
            "subComponent": item(code, part["sku"]),
            "quantity": part["unit_quantity"],
            "sequence": place,
        }
        for place, part in enumerate(command.body["inventory_items"], 1)
    ]
    answer = yield Call("POST", ITEMS, _new(command.body, {"components": components}))
    return str(answer["self"]["id"])


def find_product(command: Command) -> Search:
    body = command.body
    return (yield from made(command, ITEMS, body["sku"], body["warehouse_customer_id"]))


def update_product(command: Command) -> Steps:
    """Change the name of an item. Deposco wants its packs with every change: they are sent as they are."""
    raw = yield Call("GET", f"{ITEMS}/{command.record_id}", asks=True)
    packs = [{name: value for name, value in pack.items() if name not in OWN} for pack in list(raw["packs"])]
    changed = {
        "number": raw["number"],
        "businessUnit": reference(raw["businessUnit"]),
        "packs": packs,
        "name": command.body["name"],
    }
    yield Call("POST", ITEMS, changed)
    return str(command.record_id)


def _new(body: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    code = body.get("gtin")
    return stated({
        "number": body["sku"],
        "businessUnit": company(body["warehouse_customer_id"]),
        "name": body["name"],
        "packs": [{"type": "Each", "quantity": 1, **_measured(body.get("measurements") or {})}],
        "upcs": {"data": [{"value": code}]} if code else None,
        **more,
    })  # fmt: skip


def _measured(measurements: Mapping[str, Any]) -> dict[str, Any]:
    """The sizes and the weight of one, as far as their units are said."""
    said: dict[str, Any] = {}
    if "weight" in measurements and "weight_unit" in measurements:
        said["weight"] = {"weight": measurements["weight"], "units": measurements["weight_unit"]}
    sides = [name for name in SIDES if name in measurements]
    if sides and "unit" in measurements:
        unit = measurements["unit"]
        said["dimensions"] = {name: {"measurement": measurements[name], "units": unit} for name in sides}
    return said


SIZES = tuple(f"measurements.{name}" for name in (*SIDES, "unit", "weight", "weight_unit"))
COMMON: Mapping[str, Any] = {
    "optional": ("gtin", "measurements", *SIZES),
    "extra": {"warehouse_customer_id": COMPANY},
    "required_extra": ("warehouse_customer_id",),
    "options": {"warehouse_customer_id": "warehouse_customers"},
}
CREATE_PRODUCT = Operation(Accepts(required=("sku", "name"), **COMMON), create_product, find=find_product)
UPDATE_PRODUCT = Operation(Accepts(required=("name",)), update_product)
CREATE_KIT = Operation(
    Accepts(
        required=(
            "sku",
            "name",
            "inventory_items",
            "inventory_items.sku",
            "inventory_items.unit_quantity",
        ),
        **COMMON,
    ),
    create_kit,
    find=find_product,
)
