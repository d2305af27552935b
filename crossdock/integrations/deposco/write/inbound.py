"""Purchase orders and customer returns: announce, change, cancel. Pure."""

from collections.abc import Mapping
from typing import Any

from crossdock.errors import VendorRefused
from crossdock.integrations.deposco.lists import ORDERS, PURCHASES, RETURNS
from crossdock.integrations.deposco.write.common import (
    CANCELLED,
    COMPANY,
    NUMBER,
    STATUS,
    company,
    find_status,
    key,
    made,
    new_lines,
    reference,
    refuse_known,
    stated,
    to_status,
)
from crossdock.kit.contract import Accepts, Call, Command, Operation, Search, Steps


def create_inbound_shipment(command: Command) -> Steps:
    if command.found is not None:
        return command.found
    body = command.body
    code, number = body["warehouse_customer_id"], body["purchase_order_number"]
    yield from refuse_known(PURCHASES, number, code)
    lines = [(line["sku"], line["expected_quantity"], None) for line in body["line_items"]]
    order = {
        "number": number,
        "businessUnit": company(code),
        "orderStatus": "New",
        **_said(body),
        "orderLines": new_lines(code, lines),
    }
    answer = yield Call("POST", PURCHASES, stated(order))
    return str(answer["self"]["id"])


def find_inbound_shipment(command: Command) -> Search:
    body = command.body
    number, code = body["purchase_order_number"], body["warehouse_customer_id"]
    return (yield from made(command, PURCHASES, number, code))


def update_inbound_shipment(command: Command) -> Steps:
    """Change when and where a purchase order is to come, or cancel it. Its lines stay as they are."""
    if command.found is not None:
        return command.found
    body, path = command.body, f"{PURCHASES}/{command.record_id}"
    if "status" in body:
        if len(body) > 1:
            raise VendorRefused("what is cancelled is not changed besides: say the status alone")
        yield to_status(path, CANCELLED)
        return str(command.record_id)
    raw = yield Call("GET", path, asks=True)
    order = {"number": raw["number"], "businessUnit": reference(raw["businessUnit"]), **_said(body)}
    yield Call("POST", PURCHASES, order)
    return str(command.record_id)


def find_update(command: Command) -> Search | None:
    """Search for what was cancelled. Changes can be made again."""
    if "status" not in command.body:
        return None
    return find_status(f"{PURCHASES}/{command.record_id}", command, CANCELLED)


def create_return(command: Command) -> Steps:
    if command.found is not None:
        return command.found
    body = command.body
    code, number = body["warehouse_customer_id"], body["return_number"]
    yield from refuse_known(RETURNS, number, code)
    lines = [(line["sku"], line["quantity"], None) for line in body["line_items"]]
    parent = None
    if "order_id" in body:
        raw = yield Call("GET", f"{ORDERS}/{body['order_id']}", asks=True)
        parent = reference(raw["self"])
    returned = {
        "number": number,
        "businessUnit": company(code),
        "orderStatus": "New",
        "shipToFacility": key(number=body["warehouse_id"]),
        "parentOrder": parent,
        "orderLines": new_lines(code, lines),
    }
    answer = yield Call("POST", RETURNS, stated(returned))
    return str(answer["self"]["id"])


def find_return(command: Command) -> Search:
    body = command.body
    return (yield from made(command, RETURNS, body["return_number"], body["warehouse_customer_id"]))


def cancel_return(command: Command) -> Steps:
    if command.found is not None:
        return command.found
    yield to_status(f"{RETURNS}/{command.record_id}", CANCELLED)
    return str(command.record_id)


def find_cancelled(command: Command) -> Search:
    return (yield from find_status(f"{RETURNS}/{command.record_id}", command, CANCELLED))


def _said(body: Mapping[str, Any]) -> dict[str, Any]:
    facility = body.get("warehouse_id")
    return stated({
        "plannedArrivalDate": body.get("expected_arrival_date"),
        "shipToFacility": key(number=facility) if facility else None,
    })  # fmt: skip


CREATE_INBOUND_SHIPMENT = Operation(
    Accepts(
        required=(
            "purchase_order_number",
            "warehouse_id",
            "line_items",
            "line_items.sku",
            "line_items.expected_quantity",
        ),
        optional=("expected_arrival_date",),
        extra={"warehouse_customer_id": COMPANY},
        required_extra=("warehouse_customer_id",),
        options={"warehouse_id": "warehouses", "warehouse_customer_id": "warehouse_customers"},
    ),
    create_inbound_shipment,
    find=find_inbound_shipment,
)
UPDATE_INBOUND_SHIPMENT = Operation(
    Accepts(
        optional=("expected_arrival_date", "warehouse_id"),
        extra={"status": STATUS},
        options={"warehouse_id": "warehouses"},
    ),
    update_inbound_shipment,
    find=find_update,
)
CREATE_RETURN = Operation(
    Accepts(
        required=("warehouse_id", "line_items", "line_items.sku", "line_items.quantity"),
        optional=("order_id",),
        extra={"warehouse_customer_id": COMPANY, "return_number": NUMBER},
        required_extra=("warehouse_customer_id", "return_number"),
        options={"warehouse_id": "warehouses", "warehouse_customer_id": "warehouse_customers"},
    ),
    create_return,
    find=find_return,
)
CANCEL_RETURN = Operation(Accepts(), cancel_return, find=find_cancelled)
