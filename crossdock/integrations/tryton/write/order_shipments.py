"""An order is sent: its shipment goes through all that is left of Tryton's workflow.

    draft ─wait─▶ waiting ─assign─▶ assigned ─pick─▶ picked ─pack─▶ packed ─ship─▶ shipped ─do─▶ done

Each step is a transaction of its own, and a shipment is asked where it stands before any is made: whoever
comes back after a failure does what is left.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from crossdock.integrations.tryton.write.calls import (
    UNPROCESSABLE,
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
    shown,
    the,
    total_by_sku,
)
from crossdock.kit.contract import Accepts, Command, Operation, Search, Steps

MODEL = "stock.shipment.out"


NEXT = {"assigned": ("pick", "picked"), "picked": ("pack", "packed"), "packed": ("ship", "shipped")}
WITHOUT_PICKING = {"assigned": ("pack", "packed"), "packed": ("ship", "shipped")}
"""Of a warehouse whose output is its storage: nothing is carried from one to the other."""

LOT_REQUIRED = "lot_required"
LOT_PLACES = {"storage", "customer"}
BEFORE_PICKING = ("draft", "waiting", "assigned")
BEFORE_PACKING = ("draft", "waiting", "assigned", "picked")

PLACES = {
    "shipping_reference": "tracking_number",
    "carrier": "shipping_method_id",
    "cost_edit": "shipping_cost",
}
"""Fields of modules that a Tryton may lack, and the members of the body that they hold."""

LOCATIONS = ("warehouse_storage", "warehouse_output")
MOVES = (
    "outgoing_moves.internal_quantity",
    "outgoing_moves.state",
    "outgoing_moves.product.code",
    "moves.state",
)


def create_order_shipment(command: Command) -> Steps:
    now = yield from document(MODEL, command, "warehouse", *LOCATIONS, *MOVES)
    state, record = now["state"], number(command.record_id)
    if state == "cancelled" or (state == "done" and command.found is None):
        raise refused(f"the shipment is {state} in Tryton")
    if state == "done":
        return str(command.record_id)
    _check_whole(command.body, now)
    has = yield from _module_fields()
    yield from _check_lots(now, record, has)
    values = yield from _values(command.body, record, has)
    packages = yield from _packages(command)
    state = yield from _until_assigned(record, now)
    if values:
        yield change(MODEL, record, values)
    for package, tracking in packages:
        yield change("stock.package", package, {"shipping_reference": tracking})
    yield from _finish(record, state, NEXT if _is_picked(now) else WITHOUT_PICKING)
    return str(command.record_id)


def _until_assigned(record: int, shipment: Any) -> Asking:
    """Stock is reserved where it is not yet; the state of the shipment then."""
    state = shipment["state"]
    if state not in ("draft", "waiting"):
        return state
    if state == "draft":
        yield press(MODEL, "wait", record)
    yield from _assigned(record, [move["state"] for move in shipment["moves."]])
    return "assigned"


def _is_picked(shipment: Any) -> bool:
    """Check whether goods are carried from the storage of the warehouse to its output."""
    return bool(shipment["warehouse_storage"] != shipment["warehouse_output"])


def _finish(record: int, state: str, buttons: Mapping[str, tuple[str, str]]) -> Asking:
    """All that is left of the workflow once stock is assigned."""
    while state in buttons:
        button, state = buttons[state]
        yield press(MODEL, button, record)
    yield press(MODEL, "do", record)


def find_order_shipment(command: Command) -> Search:
    """Only a done shipment was sent, with this tracking number: one that stopped goes on from there."""
    items: list[Any] = [["id", "=", number(command.record_id)], ["state", "=", "done"]]
    if "tracking_number" in command.body:
        items.append(["shipping_reference", "=", command.body["tracking_number"]])
    rows = yield ask(MODEL, items, "state")
    return command.record_id if rows else None


CREATE_ORDER_SHIPMENT = Operation(
    Accepts(
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
    ),
    create_order_shipment,
    find=find_order_shipment,
)


def _check_whole(body: Mapping[str, Any], now: Any) -> None:
    """Raise Invalid when something else is to be sent than what the shipment holds."""
    if "warehouse_id" in body and number(body["warehouse_id"]) != now["warehouse"]:
        raise invalid("warehouse_id", f"the order is sent from warehouse {now['warehouse']}")
    if "line_items" not in body:
        return
    moves = [
        outgoing_move for outgoing_move in now["outgoing_moves."] if outgoing_move["state"] != "cancelled"
    ]
    held = {sku: shown(group) for sku, group in by_sku(moves).items()}
    listed = total_by_sku(body["line_items"])
    if any(listed.get(sku, 0) != held.get(sku, 0) for sku in listed.keys() | held.keys()):
        text = ", ".join(f"{quantity} × {sku}" for sku, quantity in sorted(held.items()))
        raise invalid("line_items", f"Tryton sends a shipment as a whole: leave them out, or list {text}")


def _assigned(record: int, before: list[str]) -> Asking:
    """Have Tryton reserve the stock, or leave it as it was: neither call leaves anything in doubt."""
    yield replace(press(MODEL, "assign_try", record), asks=True)
    rows = yield ask(MODEL, [["id", "=", record]], "state")
    if the(rows, refused(f"Tryton has no {MODEL} {record} any more"))["state"] != "assigned":
        if "assigned" not in before:
            # Else the part that is there would stay reserved for a shipment that does not go.
            yield replace(press(MODEL, "wait", record), asks=True)
        raise refused("Tryton can't assign stock to all lines of the shipment: there is not enough of it")


def _module_fields() -> Asking:
    """The fields of modules that there are: what Tryton lacks must not stop a shipment half-way."""
    of_shipment = [["model", "=", MODEL], ["name", "in", [*PLACES]]]
    of_product = [["model", "=", "product.product"], ["name", "=", LOT_REQUIRED]]
    rows = yield ask("ir.model.field", [["OR", of_shipment, of_product]], "name", limit=None)
    return {row["name"] for row in rows}


def _codes_that_need_lots(products: Iterable[Any]) -> set[str]:
    return {product["code"] or "" for product in products if {*(product[LOT_REQUIRED] or ())} & LOT_PLACES}


def _check_lots(now: Any, record: int, has: set[str]) -> Asking:
    """Raise VendorRefused when goods need a lot that nobody has chosen: Tryton would stop at picking.

    Source: check_lot in trytond/modules/stock_lot/stock.py.
    """
    if LOT_REQUIRED not in has or now["state"] not in BEFORE_PICKING:
        return
    open_moves = [
        ["shipment", "=", f"{MODEL},{record}"],
        ["state", "!=", "cancelled"],
        ["quantity", ">", 0],
        ["to_location", "=", now["warehouse_output"]]
        if _is_picked(now) and now["state"] != "draft"
        else ["to_location.type", "=", "customer"],
    ]
    names = ("product.code", f"product.{LOT_REQUIRED}")
    moves = yield ask("stock.move", [*open_moves, ["lot", "=", None]], *names, limit=None)
    if without := _codes_that_need_lots(move["product."] for move in moves):
        lots = ", ".join(sorted(without))
        raise refused(f"Tryton wants a lot of {lots}: choose it on the shipment there first", UNPROCESSABLE)


def _values(body: Mapping[str, Any], record: int, has: set[str]) -> Asking:
    """The values to record of how the shipment went."""
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
    """Raise Invalid when no carrier is set: Tryton would stop at packing. Source: stock_package_shipping."""
    rows = yield ask(MODEL, [["id", "=", record], ["carrier", "=", None]], "state")
    if rows and rows[0]["state"] in BEFORE_PACKING:
        raise invalid("shipping_method_id", "is required: the shipment has no carrier in Tryton")


def _packages(command: Command) -> Asking:
    """Tracking numbers of packages, by id."""
    packages: list[tuple[int, str]] = []
    for position, package in enumerate(command.body.get("packages", ())):
        where = [["shipment", "=", f"{MODEL},{number(command.record_id)}"]]
        rows = yield ask("stock.package", [["id", "=", number(package["package_id"])], *where], "shipment")
        missing = f"the order has no package {package['package_id']!r}"
        the(rows, invalid(f"packages.{position}.package_id", missing))
        packages.append((number(package["package_id"]), package["tracking_number"]))
    return packages
