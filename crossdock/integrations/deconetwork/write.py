"""Our writes → forms of DecoNetwork's APIs, and the bodies it accepts. Pure: one function per action."""

from collections.abc import Mapping
from typing import Any

from crossdock.errors import VendorRefused
from crossdock.kit.contract import Accepts, Call, Command, Json, Operation, Search, Steps

SHIPPED = 3
"""The code of the order status that "Shipped" is."""
FIND_ORDER, FIND_STOCK = "/api/json/manage_orders/find", "/api/json/manage_inventory/find"
PAGE_SIZE = 100
CONTACT: Mapping[str, Any] = {
    "type": "boolean",
    "title": "Tell the customer",
    "description": "Whether DecoNetwork writes to the customer that the order was sent. Without it: no.",
}


def create_order_shipment(command: Command) -> Steps:
    """Mark a whole order as shipped, with its tracking number."""
    if command.found is not None:
        return command.found
    contact = 1 if command.body.get("contact_customer") else 0
    body = {"order_id": command.record_id, "new_status": SHIPPED, "contact_customer": contact}
    if "tracking_number" in command.body:
        body["shipping_code"] = command.body["tracking_number"]
    yield Call("POST", "/api/json/manage_orders/update_order_status", body)
    return str(command.record_id)


def find_shipment(command: Command) -> Search:
    """The order, if it is shipped now."""
    answer = yield Call("POST", FIND_ORDER, _search(3, str(command.record_id)), asks=True)
    orders = [entry for entry in answer.get("orders") or [] if str(entry["order_id"]) == command.record_id]
    return command.record_id if any(entry.get("order_status") == SHIPPED for entry in orders) else None


def adjust_inventory(command: Command) -> Steps:
    """Read a level, and set it to that much more or less: DecoNetwork only sets levels."""
    row, offset = None, 0
    while row is None:
        search = _search(4, str(command.record_id).partition("_")[0], offset)
        answer = yield Call("POST", FIND_STOCK, search, asks=True)
        row = _row(answer, str(command.record_id))
        offset += PAGE_SIZE
        if row is None and offset >= (answer.get("total") or 0):
            raise VendorRefused(f"the site has no stock of {command.record_id!r}")
    quantity = command.body["quantity"]
    moved = quantity if command.body["adjustment_type"] == "increase" else -quantity
    body = {"dn_sku_id": command.record_id, "inv_lvl": row["inv_lvl"] + moved}
    yield Call("POST", "/api/json/manage_inventory/update", body)
    return str(command.record_id)


def _row(answer: Json, record_id: str) -> Any:
    """The row of an item, None where the page lacks it; of a dry run's answer, what stands for it."""
    if isinstance(answer, Mapping) and "inventories" not in answer:
        return None  # a product that the site does not know is a warning, without any rows
    rows = answer["inventories"]
    if not isinstance(rows, list):
        return rows[0]
    row = next((row for row in rows if row["dn_sku_id"] == record_id), None)
    if row is not None and not row.get("inv_on", True):
        raise VendorRefused(f"the site does not keep stock of {record_id!r}: inventory is off for it")
    return row if row is None else {"inv_lvl": row.get("inv_lvl") or 0}


def _search(field: int, value: str, offset: int = 0) -> dict[str, Any]:
    test = {"field": field, "condition": 1, "string": value}
    return test | {"limit": PAGE_SIZE, "offset": offset}


CREATE_ORDER_SHIPMENT = Operation(
    Accepts(optional=("tracking_number",), extra={"contact_customer": CONTACT}),
    create_order_shipment,
    find=find_shipment,
)
ADJUST_INVENTORY = Operation(Accepts(required=("quantity", "adjustment_type")), adjust_inventory)
