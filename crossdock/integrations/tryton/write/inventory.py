"""Stock is added and taken by a stock count of one line, as a user of Tryton would correct it.

    draft count ─▶ what Tryton expects of the item there ─▶ counted: so much more or less ─▶ confirmed

The count moves the difference between the two numbers that it holds, whatever moves meanwhile: what was
asked for is added or taken, no more and no less. Until it is confirmed it changes nothing.
"""

from dataclasses import replace
from typing import Any

from crossdock.integrations.tryton.write.calls import (
    NOT_FOUND,
    UNPROCESSABLE,
    Asking,
    ask,
    change,
    invalid,
    make,
    number,
    press,
    refused,
    the,
)
from crossdock.kit.contract import Accepts, Command, Operation, Steps

MODEL = "stock.inventory"


def adjust_inventory(command: Command) -> Steps:
    item, quantity = number(command.record_id), command.body["quantity"]
    is_less = command.body["adjustment_type"] == "decrease"
    yield from _check_item(item)
    location = yield from _location(command, at_least=quantity if is_less else 0)
    line = {"product": item}
    result = yield replace(make(MODEL, {"location": location, "lines": [["create", [line]]]}), asks=True)
    rows = yield ask("stock.inventory.line", [["inventory", "=", result[0]]], "expected_quantity")
    found_the = the(rows, refused("Tryton counts stock of goods only, not of assets"))
    counted = float(found_the["expected_quantity"]) + (-quantity if is_less else quantity)
    if counted < 0:
        yield replace(press(MODEL, "delete", result[0]), asks=True)
        raise refused(f"location {location} has less than {quantity} of it by now, or has it by lot")
    yield replace(change("stock.inventory.line", found_the["id"], {"quantity": counted}), asks=True)
    yield press(MODEL, "confirm", result[0])
    return str(command.record_id)


ADJUST_INVENTORY = Operation(
    Accepts(
        required=("quantity", "adjustment_type"),
        optional=("warehouse_id", "location_id"),
        any_of=(("location_id", "warehouse_id"),),
        options={"warehouse_id": "warehouses"},
    ),
    adjust_inventory,
)


def _check_item(item: int) -> Asking:
    """Raise VendorRefused for what can't be counted so, before a count is made that nobody confirms."""
    rows = yield ask("product.product", [["id", "=", item]], "active", "template.active", active_test=False)
    product = the(rows, refused(f"Tryton has no product {item} any more", NOT_FOUND))
    if not (product["active"] and product["template."]["active"]):
        raise refused("the product is archived in Tryton: its stock can't be adjusted", UNPROCESSABLE)
    fields = [["model", "=", "product.product"], ["name", "=", "lot_required"]]
    if (yield ask("ir.model.field", fields, "name")):
        rows = yield ask("product.product", [["id", "=", item]], "lot_required")
        if "storage" in (the(rows, refused("the product was archived"))["lot_required"] or ()):
            raise refused("Tryton keeps stock of this product by lot: count it there", UNPROCESSABLE)


def _location(command: Command, *, at_least: int) -> Asking:
    """The location to add to or take from. Taken from a warehouse it is the first that has all of it."""
    body = command.body
    context: dict[str, Any] = {"product": number(command.record_id), "with_childs": False}
    if "location_id" in body:
        items: list[Any] = [["id", "=", number(body["location_id"])], ["type", "=", "storage"]]
        if "warehouse_id" in body:
            items.append(["parent", "child_of", [number(body["warehouse_id"])]])
        rows = yield ask("stock.location", items, "name")
        the(rows, invalid("location_id", f"{body['location_id']!r} is no location that holds stock there"))
    else:
        warehouse = number(body["warehouse_id"])
        rows = yield ask("stock.location", [["id", "=", warehouse]], "storage_location")
        storage = the(rows, invalid("warehouse_id", f"Tryton has no warehouse {warehouse}"))
        if not at_least:
            return storage["storage_location"]
        items = [["parent", "child_of", [storage["storage_location"]]], ["type", "=", "storage"]]
    if at_least:
        items.append(["quantity", ">=", at_least])
    rows = yield ask("stock.location", items, "name", **context)
    return the(rows, refused(f"Tryton has no {at_least} of it in one such location"))["id"]
