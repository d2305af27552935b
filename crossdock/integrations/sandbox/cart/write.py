"""Our writes → the sandbox shop's calls, and the bodies it accepts. Pure: one function per action."""

from crossdock.integrations.contract import Accepts, Call, Command, Steps
from crossdock.integrations.sandbox import asked
from crossdock.integrations.sandbox.asked import given, one_call, reference

HOW = {"increase": "ADD", "decrease": "REMOVE", "exact": "SET"}
SENT_LINES = {
    "type": "array",
    "minItems": 1,
    "title": "Lines",
    "description": "What was sent. Without any: all that is left of the order.",
    "items": {
        "type": "object",
        "properties": {
            "line_item_id": {"type": "string", "minLength": 1},
            "quantity": {"type": "integer", "minimum": 1},
        },
        "required": ["line_item_id", "quantity"],
        "additionalProperties": False,
    },
}

ACCEPTS: dict[str, Accepts] = {
    "create_order_shipment": Accepts(
        required=("tracking_number", "tracking_url", "carrier_name"),
        optional=("requested_shipping_method", "shipping_method_name"),
        any_of=(("requested_shipping_method", "shipping_method_name"),),
        extra={"line_items": SENT_LINES},
    ),
    "refund_order": Accepts(
        required=("line_items.line_item_id",),
        optional=("line_items", "line_items.quantity", "line_items.amount", "amount", "reason"),
        any_of=(("line_items", "amount"),),
    ),
    "adjust_inventory": Accepts(
        required=("quantity", "adjustment_type"),
        optional=("warehouse_id",),
        options={"warehouse_id": "warehouses"},
    ),
    "batch_adjust_inventory": Accepts(
        required=("line_items", "line_items.product_id", "line_items.quantity"),
        optional=("line_items.warehouse_id",),
        options={"line_items.warehouse_id": "warehouses"},
    ),
}

find_create_order_shipment = find_refund_order = find_adjust_inventory = asked.find


def create_order_shipment(command: Command) -> Steps:
    body = given(
        command.body,
        {
            "tracking_number": "track",
            "tracking_url": "track_url",
            "carrier_name": "carrier",
            "requested_shipping_method": "method",
        },
    )
    body["method"] = command.body.get("shipping_method_name") or body.get("method")
    if "line_items" in command.body:
        names = {"line_item_id": "line", "quantity": "units"}
        body["lines"] = [given(one, names) for one in command.body["line_items"]]
    return one_call(command, f"/orders/{command.record_id}/deliveries", body, key="gid")


def refund_order(command: Command) -> Steps:
    body = given(command.body, {"amount": "amount", "reason": "why"})
    if "line_items" in command.body:
        names = {"line_item_id": "line", "quantity": "units", "amount": "amount"}
        body["lines"] = [given(one, names) for one in command.body["line_items"]]
    return one_call(command, f"/orders/{command.record_id}/refunds", body, key="gid")


def adjust_inventory(command: Command) -> Steps:
    body = given(command.body, {"quantity": "units", "warehouse_id": "place"})
    body["how"] = HOW[command.body["adjustment_type"]]
    return one_call(command, f"/products/{command.record_id}/level", body, method="PUT", key="gid")


def batch_adjust_inventory(command: Command) -> Steps:
    names = {"product_id": "product", "quantity": "units", "warehouse_id": "place"}
    levels = [given(one, names) for one in command.body["line_items"]]
    yield Call("PUT", "/levels", {"levels": levels}, {"request": reference(command)})
    return list(dict.fromkeys(one["product"] for one in levels))
