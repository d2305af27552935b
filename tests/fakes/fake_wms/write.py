"""Pure: what callers want done → requests to the fake vendor. Shipments can't be searched for, orders can."""

from typing import Any

from crossdock.kit.contract import Accepts, Call, Command, Operation, Search, Steps

ORDER = ("reference_id", "total_price", "ship_to_address.city", "channel_object.channel_name")


def create_order(command: Command) -> Steps:
    text = command.found
    if text is None:
        text = (yield Call("POST", "/orders", _order(command.body)))["id"]
    if "priority" in command.body:
        yield Call("PUT", f"/orders/{text}", {"confirmed": True})
    return text


def find_order(command: Command) -> Search:
    answer = yield Call("GET", "/orders", params={"number": command.body["order_number"]}, asks=True)
    return next((str(record["id"]) for record in answer["data"]), None)


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
    order = {theirs: body[ours] for ours, theirs in names.items() if ours in body}
    if "total" in order:
        order["total"] = str(order["total"])
    if "line_items" in body:
        order["lines"] = [
            {"product": line_item["product_id"], "quantity": line_item["quantity"]}
            for line_item in body["line_items"]
        ]
    return order


CREATE_ORDER = Operation(
    Accepts(
        required=("order_number", "line_items", "line_items.product_id", "line_items.quantity"),
        optional=ORDER,
        extra={"priority": {"title": "Priority", "type": "string", "enum": ["low", "high"]}},
    ),
    create_order,
    find=find_order,
)
UPDATE_ORDER = Operation(Accepts(optional=("total_price", "order_number")), update_order)
CANCEL_ORDER = Operation(Accepts(), cancel_order)
CREATE_ORDER_SHIPMENT = Operation(
    Accepts(
        required=("warehouse_id",), optional=("tracking_number",), options={"warehouse_id": "warehouses"}
    ),
    create_order_shipment,
)
CREATE_ORDER_FILE = Operation(Accepts(optional=("file", "file_name", "file_url")), create_order_file)
