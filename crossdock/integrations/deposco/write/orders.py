"""Sales orders: create, change, hold, cancel. Pure."""

from collections.abc import Mapping
from typing import Any

from crossdock.errors import VendorRefused
from crossdock.integrations.deposco.lists import ORDERS
from crossdock.integrations.deposco.write.common import (
    CANCELLED,
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

ADDRESS = {
    "address1": "line1", "address2": "line2", "city": "city", "state": "stateProvince",
    "postal_code": "postalCode", "country": "country",
}  # fmt: skip
CONTACT = {"phone_number": "phone", "email_address": "email"}
WAREHOUSE: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "title": "Facility",
    "description": "Where it is sent from: the id of a warehouse, which is its number.",
}
SOURCE: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "title": "Order source",
    "description": "The name of the system that the order was placed in.",
}
SHIP_DATE: Mapping[str, Any] = {
    "type": "string",
    "format": "date-time",
    "title": "Planned ship date",
    "description": "When it should be sent.",
}
HOLD: Mapping[str, Any] = {
    "type": "boolean",
    "title": "Hold",
    "description": "Whether the order is held (Hold), or free to be fulfilled (New).",
}


def create_order(command: Command) -> Steps:
    if command.found is not None:
        return command.found
    body = command.body
    code, number = body["warehouse_customer_id"], body["order_number"]
    yield from refuse_known(ORDERS, number, code)
    lines = [(_sku(line), line["quantity"], line.get("unit_price")) for line in body["line_items"]]
    facility = body.get("warehouse_id")
    order = {
        "number": number,
        "businessUnit": company(code),
        "orderStatus": "Hold" if body.get("hold") else "New",
        **_loose(body),
        "orderShippingTotal": body.get("total_shipping"),
        "shipFromFacility": key(number=facility) if facility else None,
        **_ship_to(body["ship_to_address"]),
        "orderLines": new_lines(code, lines),
    }
    answer = yield Call("POST", ORDERS, stated(order))
    return str(answer["self"]["id"])


def find_order(command: Command) -> Search:
    body = command.body
    return (yield from made(command, ORDERS, body["order_number"], body["warehouse_customer_id"]))


def update_order(command: Command) -> Steps:
    """Change what is said of an order; its lines stay as they are. What has its number is that order."""
    body, path = command.body, f"{ORDERS}/{command.record_id}"
    said = _loose(body)
    if said or "ship_to_address" in body:
        raw = yield Call("GET", path, asks=True)
        sent_to = _ship_to(body.get("ship_to_address") or {})
        # Deposco wants contact and address with every change.
        kept = {name: {**(raw[name] or {}), **members} for name, members in sent_to.items()}
        owner = reference(raw["businessUnit"])
        yield Call("POST", ORDERS, {"number": raw["number"], "businessUnit": owner, **said, **kept})
    if "hold" in body:
        yield to_status(path, "Hold" if body["hold"] else "New")
    return str(command.record_id)


def cancel_order(command: Command) -> Steps:
    if command.found is not None:
        return command.found
    yield to_status(f"{ORDERS}/{command.record_id}", CANCELLED)
    return str(command.record_id)


def find_cancelled(command: Command) -> Search:
    return (yield from find_status(f"{ORDERS}/{command.record_id}", command, CANCELLED))


def _sku(line: Mapping[str, Any]) -> Any:
    if "sku" not in line:
        raise VendorRefused("say the sku of each line: Deposco finds items by their number")
    return line["sku"]


def _loose(body: Mapping[str, Any]) -> dict[str, Any]:
    """Members that are said of an order when it is made, and when it is changed."""
    return stated({
        "customerOrderNumber": body.get("reference_id"),
        "orderSource": body.get("order_source"),
        "shipVia": body.get("shipping_method"),
        "plannedShipDate": body.get("planned_ship_date"),
    })  # fmt: skip


def _ship_to(address: Mapping[str, Any]) -> dict[str, Any]:
    contact = {theirs: address[ours] for ours, theirs in CONTACT.items() if ours in address}
    if "full_name" in address:
        first, _, last = str(address["full_name"]).rpartition(" ")
        # A name that is only one word is a last name.
        contact |= {"firstName": first, "lastName": last}
    place = {theirs: address[ours] for ours, theirs in ADDRESS.items() if ours in address}
    return {"shipToContact": contact, "shipToAddress": place}


PARTS = tuple(f"ship_to_address.{name}" for name in ("full_name", *ADDRESS, *CONTACT))
NEEDED = tuple(f"ship_to_address.{name}" for name in ("full_name", "address1", "city", "country"))
OURS = {"hold": HOLD, "order_source": SOURCE, "planned_ship_date": SHIP_DATE}

CREATE_ORDER = Operation(
    Accepts(
        required=("warehouse_customer_id", "order_number", *NEEDED, "line_items", "line_items.quantity"),
        optional=(
            "reference_id",
            "shipping_method",
            "total_shipping",
            *(name for name in PARTS if name not in NEEDED),
            "line_items.sku",
            "line_items.unit_price",
        ),
        extra={"warehouse_id": WAREHOUSE, **OURS},
        options={"warehouse_customer_id": "warehouse_customers", "warehouse_id": "warehouses"},
    ),
    create_order,
    find=find_order,
)
UPDATE_ORDER = Operation(
    Accepts(optional=("reference_id", "shipping_method", "ship_to_address", *PARTS), extra=OURS),
    update_order,
)
CANCEL_ORDER = Operation(Accepts(), cancel_order, find=find_cancelled)
