"""Receivers: what is to come in, what has come, and returns. Pure."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from crossdock.errors import VendorRefused
from crossdock.integrations.extensiv.hal import ADVICE, NORMAL, RECEIVERS, RETURN, embedded, receivers
from crossdock.integrations.extensiv.write.common import (
    CANCELLED,
    CLOSED,
    CUSTOMER,
    DEFAULT_REASON,
    cancel,
    find_status,
    made,
    parties,
    sent_back,
    stated,
)
from crossdock.kit.contract import Accepts, Call, Command, Operation, Search, Steps
from crossdock.kit.values import timestamp

ITEMS = {"detail": "ReceiveItems"}
STATUS: Mapping[str, Any] = {
    "type": "string",
    "enum": ["cancelled"],
    "title": "Status",
    "description": "Cancels it, as long as nothing was received. Say nothing else with it.",
}
REFERENCE: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "title": "Reference number",
    "description": "What the return is called. A customer has each once.",
}


def create_inbound_shipment(command: Command) -> Steps:
    if command.found is not None:
        return command.found
    body = command.body
    lines = [_new_line(line["sku"], line["expected_quantity"]) for line in body["line_items"]]
    order_number = body["purchase_order_number"]
    receiver = {
        **parties(body),
        "referenceNum": order_number,
        "poNum": order_number,
        **_dated(body),
        "receiveItems": lines,
    }
    answer = yield Call("POST", RECEIVERS.path, receiver)
    return str(answer["readOnly"]["receiverId"])


def find_inbound_shipment(command: Command) -> Search:
    """The receiver with this number. A customer that announces what is to come has it as an advice."""
    order_number = command.body["purchase_order_number"]
    for kind in (NORMAL, ADVICE):
        if (found := (yield from made(receivers(kind), command, order_number))) is not None:
            return found
    return None


def update_inbound_shipment(command: Command) -> Steps:
    """Change a receiver that is not confirmed, or cancel it. It is sent back whole, with its lines."""
    if command.found is not None:
        return command.found
    body, path = command.body, _path(command)
    if "status" in body:
        if len(body) > 1:
            raise VendorRefused("what is cancelled is not changed besides: say the status alone")
        yield from cancel(path, DEFAULT_REASON)
        return str(command.record_id)
    raw = yield Call("GET", path, params=ITEMS, asks=True)
    receiver = {**sent_back(raw), **_dated(body)}
    if "purchase_order_number" in body:
        receiver["poNum"] = body["purchase_order_number"]
    receiver["receiveItems"] = _changed_lines(_lines(raw), body.get("line_items") or [])
    yield Call("PUT", path, receiver)
    return str(command.record_id)


def find_update(command: Command) -> Search | None:
    """Search for what was cancelled. Changes can be made again."""
    if "status" not in command.body:
        return None
    return find_status(_path(command), command.record_id, CANCELLED)


def receive_inbound_shipment(command: Command) -> Steps:
    """Confirm a receiver, which takes all of it into stock and closes it."""
    if command.found is not None:
        return command.found
    path = _path(command)
    raw = yield Call("GET", path, params=ITEMS, asks=True)
    arrived = _summed((line["sku"], line["quantity"]) for line in command.body["line_items"])
    awaited = _summed((_sku(line), line["qty"]) for line in _lines(raw))
    if arrived != awaited:
        listed = ", ".join(f"{quantity.normalize():f} of {sku}" for sku, quantity in awaited.items())
        raise VendorRefused(
            f"Extensiv receives a receiver whole, and this one has {listed}: change its lines first"
        )
    yield Call("POST", f"{path}/confirmer", {})
    return str(command.record_id)


def find_receipt(command: Command) -> Search:
    return (yield from find_status(_path(command), command.record_id, CLOSED))


def create_return(command: Command) -> Steps:
    if command.found is not None:
        return command.found
    body = command.body
    lines = [_new_line(line["sku"], line["quantity"]) for line in body["line_items"]]
    named = {"referenceNum": body["reference_number"], "isReturn": True}
    answer = yield Call("POST", RECEIVERS.path, {**parties(body), **named, "receiveItems": lines})
    return str(answer["readOnly"]["receiverId"])


def find_return(command: Command) -> Search:
    return (yield from made(receivers(RETURN), command, command.body["reference_number"]))


def cancel_return(command: Command) -> Steps:
    if command.found is not None:
        return command.found
    yield from cancel(_path(command), DEFAULT_REASON)
    return str(command.record_id)


def find_cancelled(command: Command) -> Search:
    return (yield from find_status(_path(command), command.record_id, CANCELLED))


def _path(command: Command) -> str:
    return f"{RECEIVERS.path}/{command.record_id}"


def _new_line(sku: str, quantity: Any) -> dict[str, Any]:
    return {"itemIdentifier": {"sku": sku}, "qty": quantity}


def _dated(body: Mapping[str, Any]) -> dict[str, Any]:
    """The date and the parcel that it comes with. The client writes the date in the zone of the account."""
    date = timestamp(body.get("expected_arrival_date"))
    return stated({"expectedDate": date, "trackingNumber": body.get("tracking_number")})


def _lines(raw: Any) -> list[Any]:
    lines = embedded(raw, "inventory/receiveritem")
    if lines is None:
        raise VendorRefused("Extensiv does not say the lines of the receiver")
    return list(lines)


def _sku(line: Any) -> str:
    return str(line["itemIdentifier"]["sku"])


def _changed_lines(lines: list[Any], wanted: Iterable[Mapping[str, Any]]) -> list[Any]:
    """Lines as they are, but for the quantities of those that are named."""
    quantities = {line["sku"].casefold(): line["expected_quantity"] for line in wanted}
    known = [_sku(line).casefold() for line in lines]
    for sku in quantities:
        if known.count(sku) != 1:
            raise VendorRefused(f"the receiver has not one line of {sku!r} but {known.count(sku)}")
    return [{**line, "qty": quantities.get(sku, line["qty"])} for sku, line in zip(known, lines, strict=True)]


def _summed(pairs: Iterable[tuple[str, Any]]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for sku, quantity in pairs:
        sums[sku.casefold()] = sums.get(sku.casefold(), Decimal(0)) + Decimal(str(quantity))
    return sums


CREATE_INBOUND_SHIPMENT = Operation(
    Accepts(
        required=(
            "purchase_order_number",
            "warehouse_id",
            "line_items",
            "line_items.sku",
            "line_items.expected_quantity",
        ),
        optional=("expected_arrival_date", "tracking_number"),
        extra={"warehouse_customer_id": CUSTOMER},
        required_extra=("warehouse_customer_id",),
        options={"warehouse_id": "warehouses", "warehouse_customer_id": "warehouse_customers"},
    ),
    create_inbound_shipment,
    find=find_inbound_shipment,
)
UPDATE_INBOUND_SHIPMENT = Operation(
    Accepts(
        required=("line_items.sku", "line_items.expected_quantity"),
        optional=("line_items", "purchase_order_number", "expected_arrival_date", "tracking_number"),
        extra={"status": STATUS},
    ),
    update_inbound_shipment,
    find=find_update,
)
RECEIVE_INBOUND_SHIPMENT = Operation(
    Accepts(required=("line_items", "line_items.sku", "line_items.quantity")),
    receive_inbound_shipment,
    find=find_receipt,
)
CREATE_RETURN = Operation(
    Accepts(
        required=("warehouse_id", "line_items", "line_items.sku", "line_items.quantity"),
        extra={"warehouse_customer_id": CUSTOMER, "reference_number": REFERENCE},
        required_extra=("warehouse_customer_id", "reference_number"),
        options={"warehouse_id": "warehouses", "warehouse_customer_id": "warehouse_customers"},
    ),
    create_return,
    find=find_return,
)
CANCEL_RETURN = Operation(Accepts(), cancel_return, find=find_cancelled)
