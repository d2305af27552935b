"""Orders and what comes back of them: create, change, cancel, ship; book a return. Pure."""

from collections.abc import Mapping
from typing import Any

from crossdock.errors import VendorRefused
from crossdock.integrations.linnworks.read.parts import NO_ID
from crossdock.integrations.linnworks.write.common import ABOUT, details, stated, word
from crossdock.kit.contract import Accepts, Call, Command, Operation, Search, Steps

ADDRESS = {
    "full_name": "FullName", "company": "Company", "address1": "Address1", "address2": "Address2",
    "city": "Town", "state": "Region", "postal_code": "PostCode", "phone_number": "PhoneNumber",
    "email_address": "EmailAddress",
}  # fmt: skip
SHIPPING = ("PostalServiceId", "TotalWeight", "ItemWeight", "PostageCost", "TrackingNumber", "ManualAdjust")
"""What a change of an order's shipping sends back: it sets all of it."""
CODE_LENGTH = 2


def create_order(command: Command) -> Steps:
    """Make an order as a channel would, and move it to its location."""
    order_id: Any = command.found
    if order_id is None:
        number = command.body["order_number"]
        if (yield from find_order(command)) is not None:
            # One that is not paid would be changed.
            raise VendorRefused(f"Linnworks has an order {number!r} of this source")
        # An order that is left out was not made, and that is all that an empty answer says.
        made = yield Call("POST", "/api/Orders/CreateOrders", {"orders": [_order(command)]}, begins=True)
        if not made:
            raise VendorRefused(
                f"Linnworks has a paid order {number!r} of this source, and left this one out"
            )
        order_id = made[0]
    if "warehouse_id" in command.body:
        place = {"orderIds": [order_id], "pkStockLocationId": command.body["warehouse_id"]}
        moved = yield Call("POST", "/api/Orders/MoveToLocation", place)
        if moved["Errors"]:
            errors = "; ".join(map(str, moved["Errors"]))
            raise VendorRefused(f"the order was made, but not moved to its location: {errors}")
    return str(order_id)


def find_order(command: Command) -> Search:
    """The order of this source with this number: Linnworks has each once."""
    body = command.body
    path = "/api/Orders/GetOrderDetailsByReferenceId"
    for order in (yield Call("GET", path, params={"ReferenceId": body["order_number"]}, asks=True)):
        said = order["GeneralInfo"]
        is_here = (said["ReferenceNum"], said["Source"]) == (body["order_number"], body["source"])
        if is_here and (said.get("SubSource") or "") == body.get("sub_source", ""):
            return str(order["OrderId"])
    return None


def _order(command: Command) -> dict[str, Any]:
    body = command.body
    began = command.begun.isoformat() if command.begun else None
    lines = [
        stated({
            "ItemNumber": str(number), "ChannelSKU": line["sku"], "ItemTitle": line["sku"],
            "Qty": line["quantity"], "PricePerUnit": line.get("unit_price"),
        })
        for number, line in enumerate(body["line_items"], start=1)
    ]  # fmt: skip
    return stated({
        "Source": body["source"],
        "SubSource": body.get("sub_source"),
        "ReferenceNumber": body["order_number"],
        "ExternalReference": body.get("reference_id"),
        "ReceivedDate": began,
        "PaymentStatus": body["payment_status"],
        "PaidOn": began if body["payment_status"] == "Paid" else None,
        "Currency": body["invoice_currency_code"],
        "MatchPostalServiceTag": body.get("shipping_method"),
        "PostalServiceCost": body.get("total_shipping"),
        "Discount": body.get("total_discount"),
        "AutomaticallyLinkBySKU": True,
        "DeliveryAddress": _address(body["ship_to_address"]),
        "OrderItems": lines,
    })  # fmt: skip


def _address(address: Mapping[str, Any]) -> dict[str, Any]:
    country = address["country"]
    named = "MatchCountryCode" if len(country) == CODE_LENGTH else "MatchCountryName"
    return {theirs: address[ours] for ours, theirs in ADDRESS.items() if ours in address} | {named: country}


def update_order(command: Command) -> Steps:
    """Change where an open order goes, and by which service. What is changed is sent back whole."""
    order_id, body = str(command.record_id), command.body
    order = yield from details(order_id)
    if "ship_to_address" in body:
        said, address = order["CustomerInfo"], body["ship_to_address"]
        changed = {theirs: address[ours] for ours, theirs in ADDRESS.items() if ours in address}
        info = {**said, "Address": {**said["Address"], **changed}}
        path = "/api/Orders/SetOrderCustomerInfo"
        yield Call("POST", path, {"orderId": order_id, "info": info, "saveToCrm": False})
    if "shipping_method_id" in body:
        yield _shipping(order_id, order, {"PostalServiceId": body["shipping_method_id"]})
    return order_id


def _shipping(order_id: str, order: Any, changed: Mapping[str, Any]) -> Call:
    said = order["ShippingInfo"]
    info = {name: changed.get(name, said[name]) for name in SHIPPING}
    return Call("POST", "/api/Orders/SetOrderShippingInfo", {"orderId": order_id, "info": info})


def cancel_order(command: Command) -> Steps:
    if command.found is not None:
        return command.found
    place = command.stored.get("warehouse_id") or NO_ID
    body = {"orderId": command.record_id, "fulfilmentCenter": place, "note": f"Cancelled through {ABOUT}"}
    yield Call("POST", "/api/Orders/CancelOrder", body)
    return str(command.record_id)


def find_cancelled(command: Command) -> Search:
    return (yield from _processed(command, is_cancelled=True))


def create_order_shipment(command: Command) -> Steps:
    """Process an order, which sends all of it, with the number and the service that are named."""
    if command.found is not None:
        return command.found
    order_id, body = str(command.record_id), command.body
    order = yield from details(order_id)
    if order["Processed"] is True:
        raise VendorRefused("the order was processed or cancelled before")
    names = {"TrackingNumber": "tracking_number", "PostalServiceId": "shipping_method_id"}
    changed = {theirs: body[ours] for theirs, ours in names.items() if ours in body}
    if changed:
        yield _shipping(order_id, order, changed)
    place = order["FulfilmentLocationId"]
    wanted = {"orderId": order_id, "scanPerformed": True, "locationId": place}
    answer = yield Call("POST", "/api/Orders/ProcessOrder", wanted, begins=not changed)
    if answer["Processed"] is False:
        raise VendorRefused(f"Linnworks did not process the order: {answer['Error']}")
    return order_id


def find_shipment(command: Command) -> Search:
    return (yield from _processed(command, is_cancelled=False))


def _processed(command: Command, *, is_cancelled: bool) -> Search:
    answer = yield Call("GET", "/v2/orders", params={"id": command.record_id}, asks=True)
    for order in answer.get("ProcessedOrders") or []:
        if bool(order["GeneralInfo"].get("IsCancelled")) == is_cancelled:
            return str(command.record_id)
    return None


def create_return(command: Command) -> Steps:
    """Book a return of lines of a processed order."""
    if command.found is not None:
        return command.found
    body = command.body
    order = yield from details(body["order_id"])
    rows: dict[str, list[str]] = {}
    for item in order["Items"]:
        rows.setdefault(str(item["SKU"]).casefold(), []).append(item["RowId"])
    lines = [
        stated({
            "OrderItemRowId": _row(rows, line["sku"]), "ReturnLocation": body["warehouse_id"],
            "ReturnQuantity": line["quantity"], "Reason": body.get("reason"),
        })
        for line in body["line_items"]
    ]  # fmt: skip
    booking = {"ChannelInitiated": False, "OrderId": body["order_id"], "ReturnItems": lines}
    booking["Reference"] = body["reference_number"]
    answer = yield Call("POST", "/api/ReturnsRefunds/CreateRMABooking", {"request": booking}, begins=True)
    if answer["Errors"]:
        raise VendorRefused("; ".join(map(str, answer["Errors"])))
    return str(answer["RMAHeaderId"])


def find_return(command: Command) -> Search:
    path, body = "/api/ReturnsRefunds/GetRMAHeadersByOrderId", command.body
    answer = yield Call("POST", path, {"request": {"OrderId": body["order_id"]}}, asks=True)
    for header in answer["RMAHeaders"]:
        if header["ExternalReference"] == body["reference_number"]:
            return str(header["RMAHeaderId"])
    return None


def _row(rows: Mapping[str, list[str]], sku: str) -> str:
    known = rows.get(sku.casefold(), [])
    if len(known) != 1:
        raise VendorRefused(f"the order has not one line of {sku!r} but {len(known)}")
    return known[0]


PARTS = tuple(f"ship_to_address.{name}" for name in ADDRESS)
NEEDED = ("full_name", "address1", "city", "country")
REQUIRED_PARTS = tuple(f"ship_to_address.{name}" for name in NEEDED)
SERVICE = {"shipping_method_id": "shipping_methods"}

CREATE_ORDER = Operation(
    Accepts(
        required=(
            "order_number", "invoice_currency_code", *REQUIRED_PARTS, "line_items", "line_items.sku",
            "line_items.quantity",
        ),
        optional=(
            "reference_id", "shipping_method", "total_discount", "total_shipping", "line_items.unit_price",
            *(name for name in PARTS if name not in REQUIRED_PARTS),
        ),
        extra={
            "source": word("Source", "The kind of channel that the order is of, such as DIRECT."),
            "sub_source": word("Subsource", "The account on that channel."),
            "payment_status": word("Payment", "Unpaid orders are parked.", values=("Paid", "Unpaid")),
            "warehouse_id": word("Location", "Where it is sent from: the id of a warehouse."),
        },
        required_extra=("source", "payment_status"),
        options={"warehouse_id": "warehouses"},
    ),
    create_order,
    find=find_order,
)  # fmt: skip
UPDATE_ORDER = Operation(
    Accepts(optional=("ship_to_address", *PARTS, "shipping_method_id"), options=SERVICE), update_order
)
CANCEL_ORDER = Operation(Accepts(), cancel_order, find=find_cancelled)
CREATE_ORDER_SHIPMENT = Operation(
    Accepts(optional=("tracking_number", "shipping_method_id"), options=SERVICE),
    create_order_shipment,
    find=find_shipment,
)
CREATE_RETURN = Operation(
    Accepts(
        required=("order_id", "warehouse_id", "line_items", "line_items.sku", "line_items.quantity"),
        extra={
            "reference_number": word("Reference", "The number of the return, which no other has."),
            "reason": word("Reason", "Why it comes back."),
        },
        required_extra=("reference_number",),
        options={"warehouse_id": "warehouses"},
    ),
    create_return,
    find=find_return,
)
