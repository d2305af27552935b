"""Orders: create, change, cancel, ship. Pure."""

from collections.abc import Mapping
from typing import Any

from crossdock.errors import VendorRefused
from crossdock.integrations.extensiv.hal import ORDERS, embedded
from crossdock.integrations.extensiv.write.common import (
    CANCELLED,
    CLOSED,
    DEFAULT_REASON,
    cancel,
    find_status,
    item,
    made,
    parties,
    sent_back,
    stated,
)
from crossdock.kit.contract import Accepts, Call, Command, Operation, Search, Steps

ADDRESS = {
    "full_name": "name", "company": "companyName", "address1": "address1", "address2": "address2",
    "city": "city", "state": "state", "postal_code": "zip", "country": "country",
    "phone_number": "phoneNumber", "email_address": "emailAddress",
}  # fmt: skip
CARRIER: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "title": "Carrier",
    "description": "As the account spells it. The shipping method is a service of it.",
}
PO_NUMBER: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "title": "Purchase order",
    "description": "The number of the buyer's purchase order.",
}
NOTES: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "title": "Notes",
    "description": "For the warehouse.",
}
LADING: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "title": "Bill of lading",
    "description": "Its number.",
}


def create_order(command: Command) -> Steps:
    if command.found is not None:
        return command.found
    body = command.body
    charges = {
        "fulfillInvTax": body.get("total_tax"),
        "fulfillInvDiscountAmount": body.get("total_discount"),
        "fulfillInvShippingAndHandling": body.get("total_shipping"),
    }
    order = {
        **parties(body),
        "referenceNum": body["order_number"],
        "externalId": body.get("reference_id"),
        **_loose(body),
        "routingInfo": _routing(body) or None,
        "fulfillInvInfo": stated(charges) or None,
        "shipTo": _ship_to(body["ship_to_address"]),
        "orderItems": [_line(line, body["warehouse_customer_id"]) for line in body["line_items"]],
    }
    answer = yield Call("POST", "/orders", stated(order))
    return str(answer["readOnly"]["orderId"])


def find_order(command: Command) -> Search:
    return (yield from made(ORDERS, command, command.body["order_number"]))


def update_order(command: Command) -> Steps:
    """Change an order that is not confirmed: it is sent back whole, with its lines as they are."""
    body, path = command.body, _path(command)
    raw = yield Call("GET", path, params={"detail": "OrderItems,Contacts,SavedElements"}, asks=True)
    order = sent_back(raw)
    lines = embedded(raw, "orders/item")
    if lines is None:
        raise VendorRefused("Extensiv does not say the lines of the order, so it can't be sent back whole")
    order |= {"orderItems": lines, **_loose(body)}
    order |= stated({"referenceNum": body.get("order_number"), "externalId": body.get("reference_id")})
    if routing := _routing(body):
        order["routingInfo"] = {**(order.get("routingInfo") or {}), **routing}
    if "ship_to_address" in body:
        # The id of the contact would win over all that is said beside it.
        known = {name: part for name, part in (order.get("shipTo") or {}).items() if name != "contactId"}
        order["shipTo"] = {**known, **_ship_to(body["ship_to_address"])}
    yield Call("PUT", path, order)
    return str(command.record_id)


def cancel_order(command: Command) -> Steps:
    if command.found is not None:
        return command.found
    yield from cancel(_path(command), DEFAULT_REASON)
    return str(command.record_id)


def find_cancelled(command: Command) -> Search:
    return (yield from find_status(_path(command), command.record_id, CANCELLED))


def create_order_shipment(command: Command) -> Steps:
    """Confirm an order, which sends all of it and closes it."""
    if command.found is not None:
        return command.found
    body, path = command.body, _path(command)
    yield Call("GET", path, asks=True)
    said = {"trackingNumber": body["tracking_number"], "billOfLading": body.get("bill_of_lading")}
    yield Call("POST", f"{path}/confirmer", stated(said))
    return str(command.record_id)


def find_confirmed(command: Command) -> Search:
    return (yield from find_status(_path(command), command.record_id, CLOSED))


def _path(command: Command) -> str:
    return f"/orders/{command.record_id}"


def _loose(body: Mapping[str, Any]) -> dict[str, Any]:
    """Members that are Extensiv's own."""
    return stated({"poNum": body.get("purchase_order_number"), "notes": body.get("notes")})


def _routing(body: Mapping[str, Any]) -> dict[str, Any]:
    return stated({"carrier": body.get("carrier"), "mode": body.get("shipping_method")})


def _ship_to(address: Mapping[str, Any]) -> dict[str, Any]:
    return {theirs: address[ours] for ours, theirs in ADDRESS.items() if ours in address}


def _line(line: Mapping[str, Any], customer: str) -> dict[str, Any]:
    prices = {
        "fulfillInvSalePrice": line.get("unit_price"),
        "fulfillInvDiscountAmt": line.get("discount_amount"),
    }
    return {"itemIdentifier": item(line, customer), "qty": line["quantity"], **stated(prices)}


PARTS = tuple(f"ship_to_address.{name}" for name in ADDRESS)
NEEDED = tuple(f"ship_to_address.{name}" for name in ("full_name", "address1", "city", "country"))
LINE = tuple(f"line_items.{name}" for name in ("sku", "product_id", "unit_price", "discount_amount"))
OURS = {"carrier": CARRIER, "purchase_order_number": PO_NUMBER, "notes": NOTES}
WAREHOUSE: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "title": "Facility",
    "description": "Where it is sent from: the id of a warehouse.",
}

CREATE_ORDER = Operation(
    Accepts(
        required=("warehouse_customer_id", "order_number", *NEEDED, "line_items", "line_items.quantity"),
        optional=(
            "reference_id",
            "shipping_method",
            "total_tax",
            "total_discount",
            "total_shipping",
            *(name for name in PARTS if name not in NEEDED),
            *LINE,
        ),
        extra={"warehouse_id": WAREHOUSE, **OURS},
        required_extra=("warehouse_id",),
        options={"warehouse_customer_id": "warehouse_customers", "warehouse_id": "warehouses"},
    ),
    create_order,
    find=find_order,
)
UPDATE_ORDER = Operation(
    Accepts(
        optional=("order_number", "reference_id", "shipping_method", "ship_to_address", *PARTS), extra=OURS
    ),
    update_order,
)
CANCEL_ORDER = Operation(Accepts(), cancel_order, find=find_cancelled)
CREATE_ORDER_SHIPMENT = Operation(
    Accepts(required=("tracking_number",), extra={"bill_of_lading": LADING}),
    create_order_shipment,
    find=find_confirmed,
)
