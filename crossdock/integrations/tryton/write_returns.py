"""Customer returns, announced, changed and cancelled."""

from typing import Any

from crossdock.integrations.contract import Accepts, Command, Search, Steps
from crossdock.integrations.tryton.write_calls import (
    Asking,
    ask,
    change,
    document,
    filled_in,
    invalid,
    made_since,
    make,
    number,
    press,
    refused,
    the,
)

MODEL = "stock.shipment.out.return"
ORDER = "stock.shipment.out"

_REFERENCE = {
    "type": "string",
    "minLength": 1,
    "title": "Reference",
    "description": "Your number of the return (RMA). With it a return is found again if an answer is lost.",
}

CREATE = Accepts(
    required=("order_id", "line_items"),
    optional=("line_items.sku", "line_items.quantity", "warehouse_id"),
    extra={"reference": _REFERENCE},
    options={"warehouse_id": "warehouses"},
)

UPDATE = Accepts(
    optional=("line_items.sku", "line_items.quantity"),
    extra={"reference": _REFERENCE},
)

MOVES = ("incoming_moves.from_location", "incoming_moves.to_location", "incoming_moves.origin")


def create_return(command: Command) -> Steps:
    """A draft, in one transaction: what the customer of an order announces to send back."""
    if command.found is not None:
        return command.found
    body = command.body
    rows = yield ask(ORDER, [["id", "=", number(body["order_id"])]], "customer", "warehouse")
    order = the(rows, invalid("order_id", f"Tryton has no customer shipment {body['order_id']!r}"))
    place = number(body["warehouse_id"]) if "warehouse_id" in body else order["warehouse"]
    chosen = {"warehouse": place, "customer": order["customer"]}
    filled = yield filled_in(MODEL, chosen, "warehouse", "customer")
    moves = yield from _moves(body["line_items"], order["id"], filled["warehouse_input"])
    values = chosen | {
        "contact_address": filled["contact_address"],
        "warehouse_input": filled["warehouse_input"],
        "warehouse_storage": filled["warehouse_storage"],
        "moves": [["create", moves]],
    }
    if "reference" in body:
        values["reference"] = body["reference"]
    made = yield make(MODEL, values)
    return str(made[0])


def find_create_return(command: Command) -> Search | None:
    """By the reference; without one it can't be told from another return of the same order."""
    return _found(command) if "reference" in command.body else None


def _found(command: Command) -> Search:
    reference = [["reference", "=", command.body["reference"]], ["state", "!=", "cancelled"]]
    rows = yield ask(MODEL, [*reference, *made_since(command)], "state", limit=None)
    return str(rows[-1]["id"]) if rows else None


def _moves(lines: Any, order: Any, to_location: Any) -> Asking:
    """Each comes of the order's move of the same item: at its price, and back from where that went."""
    moves = []
    for position, line in enumerate(lines):
        of_order = [["shipment", "=", f"{ORDER},{order}"], ["state", "!=", "cancelled"]]
        sent = [*of_order, ["to_location.type", "=", "customer"], ["product.code", "=", line["sku"]]]
        names = ("product", "product.default_uom", "to_location", "unit_price_company", "company.currency")
        rows = yield ask("stock.move", sent, *names)
        found = the(rows, invalid(f"line_items.{position}.sku", f"the order has no {line['sku']!r}"))
        moves.append(
            {
                "product": found["product"],
                "unit": found["product."]["default_uom"],
                "quantity": line["quantity"],
                "unit_price": found["unit_price_company"],
                "currency": found["company."]["currency"],
                "from_location": found["to_location"],
                "to_location": to_location,
                "origin": f"stock.move,{found['id']}",
            }
        )
    return moves


def update_return(command: Command) -> Steps:
    """Only what has not come yet. Lines are replaced as a whole."""
    now = yield from document(MODEL, command, "warehouse_input", "incoming_moves.origin")
    if now["state"] != "draft":
        raise refused(f"the return is {now['state']} in Tryton: only a draft one can be changed")
    values: dict[str, Any] = {}
    if "reference" in command.body:
        values["reference"] = command.body["reference"]
    if "line_items" in command.body:
        order = yield from _order(now)
        moves = yield from _moves(command.body["line_items"], order, now["warehouse_input"])
        old = [one["id"] for one in now["incoming_moves."]]
        values["incoming_moves"] = [["delete", old], ["create", moves]]
    if values:
        yield change(MODEL, number(command.record_id), values)
    return str(command.record_id)


def _order(now: Any) -> Asking:
    """The order that the return's moves come of."""
    origins = [one["origin"] or "" for one in now["incoming_moves."]]
    ids = [number(one.removeprefix("stock.move,")) for one in origins]
    sent = [["id", "in", ids], ["shipment", "like", f"{ORDER},%"]]
    rows = yield ask("stock.move", sent, "shipment")
    missing = refused("the return names no customer shipment in Tryton: its lines can be changed there only")
    return number(the(rows, missing)["shipment"].removeprefix(f"{ORDER},"))


def cancel_return(command: Command) -> Steps:
    """Tryton would take even a received return back; what has come stays here."""
    now = yield from document(MODEL, command)
    if now["state"] in ("received", "done"):
        raise refused(f"the return is {now['state']} in Tryton: what has come can't be cancelled")
    if now["state"] != "cancelled":
        yield press(MODEL, "cancel", number(command.record_id))
    return str(command.record_id)
