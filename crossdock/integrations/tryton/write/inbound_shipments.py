"""Supplier shipments, announced, changed and received.

The purchase order number is the shipment's reference: what it can be found by when an answer was lost.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from crossdock.integrations.tryton.write.calls import (
    Asking,
    ask,
    by_sku,
    change,
    company_currency,
    date,
    document,
    filled_in,
    invalid,
    made_since,
    make,
    number,
    press,
    product,
    refused,
    shown,
    the,
    total_by_sku,
)
from crossdock.kit.contract import Accepts, Call, Command, Operation, Raw, Search, Steps
from crossdock.kit.values import decimal

MODEL = "stock.shipment.in"


PLACES = ("warehouse_input", "warehouse_storage")
COPIED = ("product", "unit", "unit_price", "currency", "from_location", "to_location")
MOVES = tuple(
    f"incoming_moves.{name}" for name in ("quantity", "internal_quantity", "state", "product.code", *COPIED)
)


def create_inbound_shipment(command: Command) -> Steps:
    """All of it in one transaction, as a draft: what Tryton expects to come."""
    if command.found is not None:
        return command.found
    body, location = command.body, number(command.body["warehouse_id"])
    supplier = yield from _supplier(body)
    filled = yield filled_in(
        MODEL, {"warehouse": location, "supplier": supplier["id"]}, "warehouse", "supplier"
    )
    currency = yield from company_currency()
    moves = []
    for position, line in enumerate(body["line_items"]):
        found_product = yield from product(line, f"line_items.{position}", "cost_price")
        moves.append(
            {
                "product": found_product["id"],
                "unit": found_product["default_uom"],
                "quantity": line["expected_quantity"],
                # What it costs anyway: the body has no price, and this one leaves the cost as it is.
                "unit_price": found_product["cost_price"],
                "currency": currency,
                "from_location": supplier["supplier_location"],
                "to_location": filled["warehouse_input"],
            }
        )
    values = {
        "supplier": supplier["id"],
        "contact_address": filled["contact_address"],
        "warehouse": location,
        "warehouse_input": filled["warehouse_input"],
        "warehouse_storage": filled["warehouse_storage"],
        "moves": [["create", moves]],
    }
    result = yield make(MODEL, values | _header(body))
    return str(result[0])


def find_inbound_shipment(command: Command) -> Search:
    reference = [["reference", "=", command.body["purchase_order_number"]], ["state", "!=", "cancelled"]]
    rows = yield ask(MODEL, [*reference, *made_since(command)], "state", limit=None)
    return str(rows[-1]["id"]) if rows else None


CREATE_INBOUND_SHIPMENT = Operation(
    Accepts(
        required=("purchase_order_number", "warehouse_id", "line_items"),
        optional=(
            "line_items.sku",
            "line_items.expected_quantity",
            "supplier",
            "supplier_object",
            "supplier_object.supplier_id",
            "supplier_object.supplier_name",
            "expected_arrival_date",
        ),
        any_of=(("supplier_object", "supplier"),),
        options={"warehouse_id": "warehouses"},
    ),
    create_inbound_shipment,
    find=find_inbound_shipment,
)


def update_inbound_shipment(command: Command) -> Steps:
    """Only what has not come yet."""
    now = yield from document(MODEL, command)
    if now["state"] != "draft":
        raise refused(f"the shipment is {now['state']} in Tryton: only a draft one can be changed")
    if values := _header(command.body):
        yield change(MODEL, number(command.record_id), values)
    return str(command.record_id)


UPDATE_INBOUND_SHIPMENT = Operation(
    Accepts(optional=("purchase_order_number", "expected_arrival_date")), update_inbound_shipment
)


def _header(body: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if "purchase_order_number" in body:
        values["reference"] = body["purchase_order_number"]
    if "expected_arrival_date" in body:
        values["planned_date"] = date(body["expected_arrival_date"])
    return values


def _supplier(body: Mapping[str, Any]) -> Asking:
    """The party, by its id or its exact name. One that is not there is not made: suppliers are chosen."""
    supplier_object = body.get("supplier_object") or {"supplier_name": body.get("supplier")}
    is_id = "supplier_id" in supplier_object
    path = "supplier" if "supplier_object" not in body else f"supplier_object.{next(iter(supplier_object))}"
    items = (
        ["id", "=", number(supplier_object["supplier_id"])]
        if is_id
        else ["name", "=", supplier_object["supplier_name"]]
    )
    rows = yield ask("party.party", [items], "supplier_location")
    return the(rows, invalid(path, f"Tryton has no party {next(iter(supplier_object.values()))!r}"))


def receive_inbound_shipment(command: Command) -> Steps:
    """Receive what has arrived, into the input zone or, where a location is named, put away there."""
    now = yield from document(MODEL, command, "warehouse", *PLACES, *MOVES)
    body, record = command.body, number(command.record_id)
    location = yield from _location(body, now)
    changes, missing = _arrived(body["line_items"], _counted(now))
    is_new = now["state"] == "draft"
    if is_new:
        yield from _receive_draft(record, changes)
    elif now["state"] not in ("received", "done") or changes or command.found is None:
        raise refused(f"the shipment is {now['state']} in Tryton: it can be received once")
    if location is not None:
        yield from _put_away(record, location)
    if is_new and missing:
        yield change(MODEL, record, {"incoming_moves": [["create", missing]]})
    if missing or not is_new:
        yield from _cancel_missing(record)
    return str(command.record_id)


def find_receipt(command: Command) -> Search:
    """Check whether the shipment was received with these quantities."""
    rows = yield ask(MODEL, [["id", "=", number(command.record_id)]], "state", *MOVES)
    if not rows or rows[0]["state"] not in ("received", "done"):
        return None
    done = [move for move in rows[0]["incoming_moves."] if move["state"] == "done"]
    changes, _ = _arrived(command.body["line_items"], done)
    return None if changes else command.record_id


RECEIVE_INBOUND_SHIPMENT = Operation(
    Accepts(
        required=("line_items",),
        optional=("line_items.sku", "line_items.quantity", "warehouse_location_id", "warehouse_id"),
        options={"warehouse_id": "warehouses"},
    ),
    receive_inbound_shipment,
    find=find_receipt,
)


def _location(body: Mapping[str, Any], now: Any) -> Asking:
    if "warehouse_id" in body and number(body["warehouse_id"]) != now["warehouse"]:
        raise invalid("warehouse_id", f"the shipment goes to warehouse {now['warehouse']}")
    if "warehouse_location_id" not in body:
        return None
    wanted_number = number(body["warehouse_location_id"])
    if now["warehouse_input"] == now["warehouse_storage"]:
        raise invalid("warehouse_location_id", "this warehouse stores goods where they arrive: leave it out")
    below = ["parent", "child_of", [now["warehouse_storage"]]]
    rows = yield ask("stock.location", [["id", "=", wanted_number], ["type", "=", "storage"], below], "name")
    missing = (
        f"{body['warehouse_location_id']!r} is no location of the storage of warehouse {now['warehouse']}"
    )
    return the(rows, invalid("warehouse_location_id", missing))["id"]


def _counted(now: Any) -> list[Raw]:
    """The moves that arrive: all of a draft, later those that are done."""
    return [move for move in now["incoming_moves."] if now["state"] == "draft" or move["state"] == "done"]


def _receive_draft(record: int, changes: list[Any]) -> Asking:
    if changes:
        yield change(MODEL, record, {"incoming_moves": changes})
    yield press(MODEL, "receive", record)


def _arrived(lines: Sequence[Mapping[str, Any]], moves: Sequence[Raw]) -> tuple[list[Any], list[Any]]:
    """The changes that make the moves hold what has arrived and nothing else, and moves of what is missing.

    What is more goes on the last move of an item, what is less is missing from the last ones.
    """
    open_moves = by_sku([move for move in moves if move["state"] != "cancelled"])
    arrived = total_by_sku(lines)
    for sku in arrived.keys() - open_moves.keys():
        raise invalid("line_items", f"the shipment has no {sku!r}")
    changes: list[Any] = []
    missing: list[Any] = []
    for sku, group in open_moves.items():
        remaining_decimal = Decimal(arrived.get(sku, 0))
        if remaining_decimal == shown(group):
            continue
        for move, internal, quantity in _spread(remaining_decimal, group):
            if quantity != internal:
                changes.append(["write", [move["id"]], {"quantity": _in_its_unit(move, quantity)}])
            if quantity < internal:
                copied = {name: move[name] for name in COPIED}
                missing.append(copied | {"quantity": _in_its_unit(move, internal - quantity)})
    return changes, missing


def _spread(arrived: Decimal, moves: Sequence[Raw]) -> Iterator[tuple[Raw, Decimal, Decimal]]:
    """Each move of an item with the quantity that it has, and what it gets of the quantity that arrived."""
    for move in moves:
        internal = decimal(move["internal_quantity"]) or Decimal(0)
        quantity = arrived if move is moves[-1] else min(arrived, internal)
        arrived -= quantity
        yield move, internal, quantity


def _cancel_missing(record: int) -> Asking:
    """Cancel the moves of what did not come, so that what was announced can still be seen.

    Tryton makes moves as drafts only. Before the goods are put away it would put these away too, or ask.
    The button of a move is for those of no shipment; it does no more than this.
    """
    arriving = [["shipment", "=", f"{MODEL},{record}"], ["from_location.type", "=", "supplier"]]
    rows = yield ask("stock.move", [*arriving, ["state", "=", "draft"]], "state", limit=None)
    if rows:
        missing = [row["id"] for row in rows]
        yield Call("rpc", "model.stock.move.write", [missing, {"state": "cancelled"}])


def _in_its_unit(move: Raw, quantity: Decimal) -> float:
    """A quantity of an item's own unit in the unit of a move: 24 of an item that comes by the dozen are 2."""
    internal = decimal(move["internal_quantity"])
    of_move = decimal(move["quantity"])
    return float(quantity * of_move / internal if internal and of_move else quantity)


def _put_away(record: int, location: Any) -> Steps:
    """Do what is left of bringing the goods from the input zone to the location."""
    rows = yield ask(MODEL, [["id", "=", record]], "state", "inventory_moves.state")
    now = the(rows, refused(f"Tryton has no {MODEL} {record} any more"))
    if now["state"] == "received":
        moves = [
            inventory_move["id"]
            for inventory_move in now["inventory_moves."]
            if inventory_move["state"] == "draft"
        ]
        yield change(MODEL, record, {"inventory_moves": [["write", moves, {"to_location": location}]]})
        yield press(MODEL, "do", record)
    return str(record)
