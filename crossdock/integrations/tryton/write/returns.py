"""Customer returns, announced, changed and cancelled."""

from typing import Any

from crossdock.integrations.tryton.write.calls import (
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
from crossdock.kit.contract import Accepts, Command, Operation, Search, Steps

MODEL = "stock.shipment.out.return"
ORDER = "stock.shipment.out"

_REFERENCE = {
    "type": "string",
    "minLength": 1,
    "title": "Reference",
    "description": "Your number of the return (RMA). With it a return is found again if an answer is lost.",
}


MOVES = ("incoming_moves.from_location", "incoming_moves.to_location", "incoming_moves.origin")


def create_return(command: Command) -> Steps:
    """A draft, in one transaction: what the customer of an order announces to send back."""
    if command.found is not None:
        return command.found
    body = command.body
    rows = yield ask(ORDER, [["id", "=", number(body["order_id"])]], "customer", "warehouse")
    order = the(rows, invalid("order_id", f"Tryton has no customer shipment {body['order_id']!r}"))
    position = number(body["warehouse_id"]) if "warehouse_id" in body else order["warehouse"]
    chosen = {"warehouse": position, "customer": order["customer"]}
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
    result = yield make(MODEL, values)
    return str(result[0])


def find_return(command: Command) -> Search | None:
    """By the reference; without one it can't be told from another return of the same order."""
    return _find_return(command) if "reference" in command.body else None


CREATE_RETURN = Operation(
    Accepts(
        required=("order_id", "line_items"),
        optional=("line_items.sku", "line_items.quantity", "warehouse_id"),
        extra={"reference": _REFERENCE},
        options={"warehouse_id": "warehouses"},
    ),
    create_return,
    find=find_return,
)


def _find_return(command: Command) -> Search:
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
        found_the = the(rows, invalid(f"line_items.{position}.sku", f"the order has no {line['sku']!r}"))
        moves.append(
            {
                "product": found_the["product"],
                "unit": found_the["product."]["default_uom"],
                "quantity": line["quantity"],
                "unit_price": found_the["unit_price_company"],
                "currency": found_the["company."]["currency"],
                "from_location": found_the["to_location"],
                "to_location": to_location,
                "origin": f"stock.move,{found_the['id']}",
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
        old = [incoming_move["id"] for incoming_move in now["incoming_moves."]]
        values["incoming_moves"] = [["delete", old], ["create", moves]]
    if values:
        yield change(MODEL, number(command.record_id), values)
    return str(command.record_id)


UPDATE_RETURN = Operation(
    Accepts(
        optional=("line_items.sku", "line_items.quantity"),
        extra={"reference": _REFERENCE},
    ),
    update_return,
)


def _order(now: Any) -> Asking:
    """The order that the return's moves come of."""
    origins = [incoming_move["origin"] or "" for incoming_move in now["incoming_moves."]]
    ids = [number(origin.removeprefix("stock.move,")) for origin in origins]
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


CANCEL_RETURN = Operation(Accepts(), cancel_return)
