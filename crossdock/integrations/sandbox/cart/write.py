"""Our writes → the sandbox shop's calls, and the bodies it accepts. Pure: one function per action."""

from crossdock.integrations.sandbox.operations import calls
from crossdock.integrations.sandbox.operations.calls import one_call, reference, vendor_members
from crossdock.kit.cart_writes import SENT_LINES
from crossdock.kit.contract import Accepts, Call, Command, Operation, Steps

HOW = {"increase": "ADD", "decrease": "REMOVE", "exact": "SET"}


def create_order_shipment(command: Command) -> Steps:
    body = vendor_members(
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
        body["lines"] = [vendor_members(line_item, names) for line_item in command.body["line_items"]]
    return one_call(command, f"/orders/{command.record_id}/deliveries", body, key="gid")


def refund_order(command: Command) -> Steps:
    body = vendor_members(command.body, {"amount": "amount", "reason": "why"})
    if "line_items" in command.body:
        names = {"line_item_id": "line", "quantity": "units", "amount": "amount"}
        body["lines"] = [vendor_members(line_item, names) for line_item in command.body["line_items"]]
    return one_call(command, f"/orders/{command.record_id}/refunds", body, key="gid")


def adjust_inventory(command: Command) -> Steps:
    body = vendor_members(command.body, {"quantity": "units", "warehouse_id": "place"})
    body["how"] = HOW[command.body["adjustment_type"]]
    return one_call(command, f"/products/{command.record_id}/level", body, method="PUT", key="gid")


def batch_adjust_inventory(command: Command) -> Steps:
    names = {"product_id": "product", "quantity": "units", "warehouse_id": "place"}
    levels = [vendor_members(line_item, names) for line_item in command.body["line_items"]]
    yield Call("PUT", "/levels", {"levels": levels}, {"request": reference(command)})
    return list(dict.fromkeys(level["product"] for level in levels))


CREATE_ORDER_SHIPMENT = Operation(
    Accepts(
        required=("tracking_number", "tracking_url", "carrier_name"),
        optional=("requested_shipping_method", "shipping_method_name"),
        any_of=(("requested_shipping_method", "shipping_method_name"),),
        extra={"line_items": SENT_LINES},
    ),
    create_order_shipment,
    find=calls.find,
)
REFUND_ORDER = Operation(
    Accepts(
        required=("line_items.line_item_id",),
        optional=("line_items", "line_items.quantity", "line_items.amount", "amount", "reason"),
        any_of=(("line_items", "amount"),),
    ),
    refund_order,
    find=calls.find,
)
ADJUST_INVENTORY = Operation(
    Accepts(
        required=("quantity", "adjustment_type"),
        optional=("warehouse_id",),
        options={"warehouse_id": "warehouses"},
    ),
    adjust_inventory,
    find=calls.find,
)
BATCH_ADJUST_INVENTORY = Operation(
    Accepts(
        required=("line_items", "line_items.product_id", "line_items.quantity"),
        optional=("line_items.warehouse_id",),
        options={"line_items.warehouse_id": "warehouses"},
    ),
    batch_adjust_inventory,
)
