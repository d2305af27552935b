"""An order is sent: its shipment goes through all that is left of Tryton's workflow.

    draft ─wait─▶ waiting ─assign─▶ assigned ─pick─▶ picked ─pack─▶ packed ─ship─▶ shipped ─do─▶ done

Each step is a transaction of its own, and a shipment is asked where it stands before any is made: whoever
comes back after a failure does what is left.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from crossdock.integrations.contract import Accepts, Command, Search, Steps
from crossdock.integrations.tryton.write_calls import (
    Asking,
    amount,
    ask,
    by_sku,
    change,
    company_currency,
    date,
    document,
    invalid,
    number,
    press,
    refused,
    the,
    total_by_sku,
)

MODEL = "stock.shipment.out"

SHIP = Accepts(
    optional=(
        "shipped_date",
        "tracking_number",
        "shipping_method_id",
        "shipping_cost",
        "warehouse_id",
        "packages.package_id",
        "packages.tracking_number",
        "line_items.sku",
        "line_items.quantity",
    ),
    options={"warehouse_id": "warehouses", "shipping_method_id": "shipping_methods"},
)

NEXT = {"assigned": ("pick", "picked"), "picked": ("pack", "packed"), "packed": ("ship", "shipped")}
WITHOUT_PICKING = {"assigned": ("pack", "packed"), "packed": ("ship", "shipped")}
"""Of a warehouse whose output is its storage: nothing is carried from one to the other."""

BEFORE_PACKING = ("draft", "waiting", "assigned", "picked")

PLACES = {
    "shipping_reference": "tracking_number",
    "carrier": "shipping_method_id",
    "cost_edit": "shipping_cost",
}
"""Fields of modules that a Tryton may lack, and the members of the body that they hold."""

LOCATIONS = ("warehouse_storage", "warehouse_output")
MOVES = ("outgoing_moves.quantity", "outgoing_moves.state", "outgoing_moves.product.code", "moves.state")


def create_order_shipment(command: Command) -> Steps:
    now = yield from document(MODEL, command, "warehouse", *LOCATIONS, *MOVES)
    state, record = now["state"], number(command.record_id)
    if state == "cancelled" or (state == "done" and command.found is None):
        raise refused(f"the shipment is {state} in Tryton")
    if state == "done":
        return str(command.record_id)
    _check_whole(command.body, now)
    values = yield from _values(command.body, record)
    packages = yield from _packages(command)
    if state == "draft":
        yield press(MODEL, "wait", record)
        state = "waiting"
    if state == "waiting":
        yield from _assigned(record, [one["state"] for one in now["moves."]])
        state = "assigned"
    if values:
        yield change(MODEL, record, values)
    steps = NEXT if now["warehouse_storage"] != now["warehouse_output"] else WITHOUT_PICKING
    for package, tracking in packages:
        yield change("stock.package", package, {"shipping_reference": tracking})
    while state in steps:
        button, state = steps[state]
        yield press(MODEL, button, record)
    yield press(MODEL, "do", record)
    return str(command.record_id)


def find_create_order_shipment(command: Command) -> Search:
    """Only a done shipment was sent, with this tracking number: one that stopped goes on from there."""
    wanted: list[Any] = [["id", "=", number(command.record_id)], ["state", "=", "done"]]
    if "tracking_number" in command.body:
        wanted.append(["shipping_reference", "=", command.body["tracking_number"]])
    rows = yield ask(MODEL, wanted, "state")
    return command.record_id if rows else None


def _check_whole(body: Mapping[str, Any], now: Any) -> None:
    """Raises Invalid when something else is to be sent than what the shipment holds."""
    if "warehouse_id" in body and number(body["warehouse_id"]) != now["warehouse"]:
        raise invalid("warehouse_id", f"the order is sent from warehouse {now['warehouse']}")
    if "line_items" not in body:
        return
    moves = [one for one in now["outgoing_moves."] if one["state"] != "cancelled"]
    held = {sku: sum(one["quantity"] for one in group) for sku, group in by_sku(moves).items()}
    if total_by_sku(body["line_items"]) != {sku: quantity for sku, quantity in held.items() if quantity}:
        wanted = ", ".join(f"{quantity:g} × {sku}" for sku, quantity in sorted(held.items()))
        raise invalid("line_items", f"Tryton sends a shipment as a whole: leave them out, or list {wanted}")


def _assigned(record: int, before: list[str]) -> Asking:
    """Has Tryton reserve the stock, or leaves it as it was: neither call leaves anything in doubt."""
    yield replace(press(MODEL, "assign_try", record), asks=True)
    rows = yield ask(MODEL, [["id", "=", record]], "state")
    if the(rows, refused(f"Tryton has no {MODEL} {record} any more"))["state"] != "assigned":
        if "assigned" not in before:
            # Else the part that is there would stay reserved for a shipment that does not go.
            yield replace(press(MODEL, "wait", record), asks=True)
        raise refused("Tryton can't assign stock to all lines of the shipment: there is not enough of it")


def _values(body: Mapping[str, Any], record: int) -> Asking:
    """What is recorded of how it went. Asks first: what Tryton lacks must not stop it half-way."""
    rows = yield ask("ir.model.field", [["model", "=", MODEL], ["name", "in", [*PLACES]]], "name", limit=None)
    has = {one["name"] for one in rows}
    for field, member in PLACES.items():
        if member in body and field not in has:
            raise invalid(member, "this Tryton has no place for it: see the modules in the notes")
    values: dict[str, Any] = {}
    if "tracking_number" in body:
        values["shipping_reference"] = body["tracking_number"]
    if "shipping_method_id" in body:
        values["carrier"] = number(body["shipping_method_id"])
    elif has >= {"carrier", "shipping_reference"}:
        yield from _check_carrier(record)
    if "shipping_cost" in body:
        currency = yield from company_currency()
        values |= {"cost_edit": True, "cost": amount(body["shipping_cost"]), "cost_currency": currency}
    if "shipped_date" in body:
        values["effective_date"] = date(body["shipped_date"])
    return values


def _check_carrier(record: int) -> Asking:
    """Raises Invalid when there is none: Tryton would stop at packing. Source: stock_package_shipping."""
    rows = yield ask(MODEL, [["id", "=", record], ["carrier", "=", None]], "state")
    if rows and rows[0]["state"] in BEFORE_PACKING:
        raise invalid("shipping_method_id", "is required: the shipment has no carrier in Tryton")


def _packages(command: Command) -> Asking:
    """Tracking numbers of packages, by id."""
    found: list[tuple[int, str]] = []
    for position, one in enumerate(command.body.get("packages", ())):
        where = [["shipment", "=", f"{MODEL},{number(command.record_id)}"]]
        rows = yield ask("stock.package", [["id", "=", number(one["package_id"])], *where], "shipment")
        missing = f"the order has no package {one['package_id']!r}"
        the(rows, invalid(f"packages.{position}.package_id", missing))
        found.append((number(one["package_id"]), one["tracking_number"]))
    return found
