"""Supplier shipments, announced, changed and received.

The purchase order number is the shipment's reference: what it can be found by when an answer was lost.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from crossdock.integrations.contract import Accepts, Command, Raw, Search, Steps
from crossdock.integrations.tryton.write_calls import (
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
    the,
    total_by_sku,
)

MODEL = "stock.shipment.in"

CREATE = Accepts(
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
)

UPDATE = Accepts(optional=("purchase_order_number", "expected_arrival_date"))

RECEIVE = Accepts(
    required=("line_items",),
    optional=("line_items.sku", "line_items.quantity", "warehouse_location_id", "warehouse_id"),
    options={"warehouse_id": "warehouses"},
)

PLACES = ("warehouse_input", "warehouse_storage")
MOVES = ("incoming_moves.quantity", "incoming_moves.state", "incoming_moves.product.code")


def create_inbound_shipment(command: Command) -> Steps:
    """All of it in one transaction, as a draft: what Tryton expects to come."""
    if command.found is not None:
        return command.found
    body, place = command.body, number(command.body["warehouse_id"])
    supplier = yield from _supplier(body)
    filled = yield filled_in(MODEL, {"warehouse": place, "supplier": supplier["id"]}, "warehouse", "supplier")
    currency = yield from company_currency()
    moves = []
    for position, line in enumerate(body["line_items"]):
        found = yield from product(line, f"line_items.{position}", "cost_price")
        moves.append(
            {
                "product": found["id"],
                "unit": found["default_uom"],
                "quantity": line["expected_quantity"],
                # What it costs anyway: the body has no price, and this one leaves the cost as it is.
                "unit_price": found["cost_price"],
                "currency": currency,
                "from_location": supplier["supplier_location"],
                "to_location": filled["warehouse_input"],
            }
        )
    values = {
        "supplier": supplier["id"],
        "contact_address": filled["contact_address"],
        "warehouse": place,
        "warehouse_input": filled["warehouse_input"],
        "warehouse_storage": filled["warehouse_storage"],
        "moves": [["create", moves]],
    }
    made = yield make(MODEL, values | _header(body))
    return str(made[0])


def find_create_inbound_shipment(command: Command) -> Search:
    reference = [["reference", "=", command.body["purchase_order_number"]], ["state", "!=", "cancelled"]]
    rows = yield ask(MODEL, [*reference, *made_since(command)], "state", limit=None)
    return str(rows[-1]["id"]) if rows else None


def update_inbound_shipment(command: Command) -> Steps:
    """Only what has not come yet."""
    now = yield from document(MODEL, command)
    if now["state"] != "draft":
        raise refused(f"the shipment is {now['state']} in Tryton: only a draft one can be changed")
    if values := _header(command.body):
        yield change(MODEL, number(command.record_id), values)
    return str(command.record_id)


def _header(body: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if "purchase_order_number" in body:
        values["reference"] = body["purchase_order_number"]
    if "expected_arrival_date" in body:
        values["planned_date"] = date(body["expected_arrival_date"])
    return values


def _supplier(body: Mapping[str, Any]) -> Asking:
    """The party, by its id or its exact name. One that is not there is not made: suppliers are chosen."""
    given = body.get("supplier_object") or {"supplier_name": body.get("supplier")}
    is_id = "supplier_id" in given
    path = "supplier" if "supplier_object" not in body else f"supplier_object.{next(iter(given))}"
    wanted = ["id", "=", number(given["supplier_id"])] if is_id else ["name", "=", given["supplier_name"]]
    rows = yield ask("party.party", [wanted], "supplier_location")
    return the(rows, invalid(path, f"Tryton has no party {next(iter(given.values()))!r}"))


def receive_inbound_shipment(command: Command) -> Steps:
    """What has arrived is in the input zone then or, where a location is named, put away there."""
    now = yield from document(MODEL, command, "warehouse", *PLACES, *MOVES)
    body, record = command.body, number(command.record_id)
    location = yield from _location(body, now)
    changes = _arrived(body["line_items"], now["incoming_moves."])
    if now["state"] == "draft":
        if changes:
            yield change(MODEL, record, {"incoming_moves": changes})
        yield press(MODEL, "receive", record)
    elif now["state"] not in ("received", "done") or changes or command.found is None:
        raise refused(f"the shipment is {now['state']} in Tryton: it can be received once")
    if location is not None:
        yield from _put_away(record, location)
    return str(command.record_id)


def find_receive_inbound_shipment(command: Command) -> Search:
    """Whether it was received with these quantities."""
    rows = yield ask(MODEL, [["id", "=", number(command.record_id)]], "state", *MOVES)
    is_received = bool(rows) and rows[0]["state"] in ("received", "done")
    if not is_received or _arrived(command.body["line_items"], rows[0]["incoming_moves."]):
        return None
    return command.record_id


def _location(body: Mapping[str, Any], now: Any) -> Asking:
    if "warehouse_id" in body and number(body["warehouse_id"]) != now["warehouse"]:
        raise invalid("warehouse_id", f"the shipment goes to warehouse {now['warehouse']}")
    if "warehouse_location_id" not in body:
        return None
    wanted = number(body["warehouse_location_id"])
    if now["warehouse_input"] == now["warehouse_storage"]:
        raise invalid("warehouse_location_id", "this warehouse stores goods where they arrive: leave it out")
    below = ["parent", "child_of", [now["warehouse_storage"]]]
    rows = yield ask("stock.location", [["id", "=", wanted], ["type", "=", "storage"], below], "name")
    missing = (
        f"{body['warehouse_location_id']!r} is no location of the storage of warehouse {now['warehouse']}"
    )
    return the(rows, invalid("warehouse_location_id", missing))["id"]


def _arrived(lines: Sequence[Mapping[str, Any]], moves: Sequence[Raw]) -> list[Any]:
    """How the moves have to change to hold what has arrived, and nothing else.

    What is more goes on the last move of an item, what is less is missing from the last ones.
    """
    open_moves = by_sku([one for one in moves if one["state"] != "cancelled"])
    arrived = total_by_sku(lines)
    for sku in arrived.keys() - open_moves.keys():
        raise invalid("line_items", f"the shipment has no {sku!r}")
    changes = []
    for sku, group in open_moves.items():
        left = arrived.get(sku, 0)
        for move in group:
            quantity = left if move is group[-1] else min(left, move["quantity"])
            left -= quantity
            if quantity != move["quantity"]:
                changes.append(["write", [move["id"]], {"quantity": quantity}])
    return changes


def _put_away(record: int, location: Any) -> Steps:
    """Does what is left of bringing the goods from the input zone to the location."""
    rows = yield ask(MODEL, [["id", "=", record]], "state", "inventory_moves.state")
    now = the(rows, refused(f"Tryton has no {MODEL} {record} any more"))
    if now["state"] == "received":
        moves = [one["id"] for one in now["inventory_moves."] if one["state"] == "draft"]
        yield change(MODEL, record, {"inventory_moves": [["write", moves, {"to_location": location}]]})
        yield press(MODEL, "do", record)
    return str(record)
