"""Pure: what callers want done → requests to the fake vendor. Shipments can't be searched for, orders can."""

from typing import Any

from crossdock.integrations.contract import Accepts, Call, Command, Search, Steps

ORDER = ("reference_id", "total_price", "ship_to_address.city", "channel_object.channel_name")

ACCEPTS = {
    "create_order": Accepts(
        required=("order_number", "line_items", "line_items.product_id", "line_items.quantity"),
        optional=ORDER,
        extra={"priority": {"title": "Priority", "type": "string", "enum": ["low", "high"]}},
    ),
    "update_order": Accepts(optional=("total_price", "order_number")),
    "cancel_order": Accepts(),
    "create_order_shipment": Accepts(
        required=("warehouse_id",), optional=("tracking_number",), options={"warehouse_id": "warehouses"}
    ),
    "create_order_file": Accepts(optional=("file", "file_name", "file_url")),
}


def create_order(command: Command) -> Steps:
    made = command.found
    if made is None:
        made = (yield Call("POST", "/orders", _order(command.body)))["id"]
    if "priority" in command.body:
        yield Call("PUT", f"/orders/{made}", {"confirmed": True})
    return made


def find_create_order(command: Command) -> Search:
    answer = yield Call("GET", "/orders", params={"number": command.body["order_number"]}, asks=True)
    return next((str(one["id"]) for one in answer["data"]), None)


def update_order(command: Command) -> Steps:
    yield Call("PUT", f"/orders/{command.record_id}", _order(command.body))
    return str(command.record_id)


def cancel_order(command: Command) -> Steps:
    yield Call("PUT", f"/orders/{command.record_id}", {"state": "VOID"})
    return str(command.record_id)


def create_order_shipment(command: Command) -> Steps:
    body = {"warehouse": command.body["warehouse_id"]}
    shipment = yield Call("POST", f"/orders/{command.record_id}/shipments", body)
    yield Call("PUT", f"/orders/{command.record_id}", {"state": "SHIPPED", "last": shipment["id"]})
    return str(command.record_id)


def create_order_file(command: Command) -> Steps:
    assert command.upload
    yield Call("POST", f"/orders/{command.record_id}/files", {"name": command.upload.name})
    return str(command.record_id)


def _order(body: Any) -> dict[str, Any]:
    names = {
        "order_number": "number",
        "reference_id": "reference",
        "total_price": "total",
        "priority": "priority",
    }
    found = {theirs: body[ours] for ours, theirs in names.items() if ours in body}
    if "total" in found:
        found["total"] = str(found["total"])
    if "line_items" in body:
        found["lines"] = [
            {"product": one["product_id"], "quantity": one["quantity"]} for one in body["line_items"]
        ]
    return found
