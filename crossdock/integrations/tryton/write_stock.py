"""Stock is added and taken by a stock count of one line, as a user of Tryton would correct it.

    draft count ─▶ what Tryton expects of the item there ─▶ counted: so much more or less ─▶ confirmed

The count moves the difference between the two numbers that it holds, whatever moves meanwhile: what was
asked for is added or taken, no more and no less. Until it is confirmed it changes nothing.
"""

from dataclasses import replace
from typing import Any

from crossdock.integrations.contract import Accepts, Command, Steps
from crossdock.integrations.tryton.write_calls import (
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

MODEL = "stock.inventory"

ADJUST = Accepts(
    required=("quantity", "adjustment_type"),
    optional=("warehouse_id", "location_id"),
    any_of=(("location_id", "warehouse_id"),),
    options={"warehouse_id": "warehouses"},
)


def adjust_inventory(command: Command) -> Steps:
    item, quantity = number(command.record_id), command.body["quantity"]
    is_less = command.body["adjustment_type"] == "decrease"
    location = yield from _location(command, at_least=quantity if is_less else 0)
    line = {"product": item}
    made = yield replace(make(MODEL, {"location": location, "lines": [["create", [line]]]}), asks=True)
    rows = yield ask("stock.inventory.line", [["inventory", "=", made[0]]], "expected_quantity")
    found = the(rows, refused("Tryton counts stock of goods only, not of assets"))
    counted = float(found["expected_quantity"]) + (-quantity if is_less else quantity)
    if counted < 0:
        yield replace(press(MODEL, "delete", made[0]), asks=True)
        raise refused(f"location {location} has less than {quantity} of it by now, or has it by lot")
    yield replace(change("stock.inventory.line", found["id"], {"quantity": counted}), asks=True)
    yield press(MODEL, "confirm", made[0])
    return str(command.record_id)


def _location(command: Command, *, at_least: int) -> Asking:
    """Where to add or take. Taken from a warehouse it is the first location that has all of it."""
    body = command.body
    context: dict[str, Any] = {"product": number(command.record_id), "with_childs": False}
    if "location_id" in body:
        wanted: list[Any] = [["id", "=", number(body["location_id"])], ["type", "=", "storage"]]
        if "warehouse_id" in body:
            wanted.append(["parent", "child_of", [number(body["warehouse_id"])]])
        rows = yield ask("stock.location", wanted, "name")
        the(rows, invalid("location_id", f"{body['location_id']!r} is no location that holds stock there"))
    else:
        warehouse = number(body["warehouse_id"])
        rows = yield ask("stock.location", [["id", "=", warehouse]], "storage_location")
        storage = the(rows, invalid("warehouse_id", f"Tryton has no warehouse {warehouse}"))
        if not at_least:
            return storage["storage_location"]
        wanted = [["parent", "child_of", [storage["storage_location"]]], ["type", "=", "storage"]]
    if at_least:
        wanted.append(["quantity", ">=", at_least])
    rows = yield ask("stock.location", wanted, "name", **context)
    return the(rows, refused(f"Tryton has no {at_least} of it in one such location"))["id"]
