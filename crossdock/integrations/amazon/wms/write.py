"""Our writes → calls of Amazon's warehouses, and the bodies it accepts. Pure: one function per action."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from crossdock.errors import VendorRefused
from crossdock.integrations.amazon.parts import MARKETPLACE
from crossdock.kit.contract import CLOCK_SKEW, Accepts, Call, Command, Operation, Search, Steps, Wait

ORDERS = "/fba/outbound/2020-07-01/fulfillmentOrders"
PLANS, OPERATIONS = "/inbound/fba/2024-03-20/inboundPlans", "/inbound/fba/2024-03-20/operations"
POLL_SECONDS = 2.0
SPEEDS = ("Standard", "Expedited", "Priority", "ScheduledDelivery")
ADDRESS = {
    "full_name": "name",
    "address1": "addressLine1",
    "address2": "addressLine2",
    "city": "city",
    "state": "stateOrRegion",
    "postal_code": "postalCode",
    "country": "countryCode",
    "phone_number": "phone",
}
"""Ours → Amazon's, which has no company."""


def _choice(title: str, description: str, *values: str) -> Mapping[str, Any]:
    return {"type": "string", "enum": list(values), "title": title, "description": description}


def _text(title: str, description: str, most: int) -> Mapping[str, Any]:
    return {
        "type": "string", "minLength": 1, "maxLength": most, "title": title, "description": description,
    }  # fmt: skip


ORDER_WORDS: Mapping[str, Mapping[str, Any]] = {
    "packing_slip_comment": _text("Comment", "On the packing slip. Without: the order's number.", 750),
    "fulfillment_action": _choice("Action", "Whether it is sent now, or held.", "Ship", "Hold"),
    "fulfillment_policy": _choice(
        "Policy", "What happens when some of it is not there.", "FillOrKill", "FillAll", "FillAllAvailable"
    ),
}
OWNERS = ("AMAZON", "SELLER", "NONE")
LINES = {"addressLine1": 180, "city": 30, "countryCode": 2, "name": 50, "phoneNumber": 20, "postalCode": 32}
"""Members of an address that a plan can't do without, and how long they may be."""
FURTHER = {
    "addressLine2": 60,
    "companyName": 50,
    "districtOrCounty": 50,
    "email": 1024,
    "stateOrProvinceCode": 64,
}
PLAN_WORDS: Mapping[str, Mapping[str, Any]] = {
    "source_address": {
        "type": "object",
        "title": "Source address",
        "description": "Where the goods are sent from, in Amazon's words.",
        "properties": {
            name: {"type": "string", "minLength": 1, "maxLength": most}
            for name, most in (LINES | FURTHER).items()
        },
        "required": list(LINES),
        "additionalProperties": False,
    },
    "label_owner": _choice("Labels", "Who labels the units. Without: the seller.", *OWNERS),
    "prep_owner": _choice("Preparation", "Who prepares the units. Without: nobody has to.", *OWNERS),
}


# Orders


def create_order(command: Command) -> Steps:
    """Have Amazon send goods of the seller's to somebody."""
    if command.found is not None:
        return command.found
    body, speed = command.body, command.body["service_level"]
    if speed not in SPEEDS:
        raise VendorRefused(f"service_level is one of {', '.join(SPEEDS)}")
    order_id, number = _order_id(command), body.get("order_number") or body["reference_id"]
    address = body["ship_to_address"]
    order: dict[str, Any] = {
        "marketplaceId": MARKETPLACE,
        "sellerFulfillmentOrderId": order_id,
        "displayableOrderId": number,
        "displayableOrderDate": _moment(command),
        "displayableOrderComment": body.get("packing_slip_comment", number),
        "shippingSpeedCategory": speed,
        "destinationAddress": {theirs: address[ours] for ours, theirs in ADDRESS.items() if ours in address},
        "items": [
            {
                "sellerSku": _sku(line),
                "sellerFulfillmentOrderItemId": str(place),
                "quantity": line["quantity"],
            }
            for place, line in enumerate(body["line_items"], 1)
        ],
    }
    names = {"fulfillment_action": "fulfillmentAction", "fulfillment_policy": "fulfillmentPolicy"}
    order |= {theirs: body[ours] for ours, theirs in names.items() if ours in body}
    if "email_address" in address:
        order["notificationEmails"] = [address["email_address"]]
    yield Call("POST", ORDERS, order)
    return order_id


def find_order(command: Command) -> Search:
    """The order with this id: Amazon lets a seller use each only once."""
    since = (command.begun - CLOCK_SKEW).isoformat() if command.begun else None
    token = None
    while True:
        params = {"queryStartDate": since} | ({"nextToken": token} if token else {})
        payload = (yield Call("GET", ORDERS, params=params, asks=True))["payload"]
        ids = {order["sellerFulfillmentOrderId"] for order in payload.get("fulfillmentOrders") or []}
        if _order_id(command) in ids:
            return _order_id(command)
        token = payload.get("nextToken")
        if not token:
            return None


def cancel_order(command: Command) -> Steps:
    """Ask Amazon to stop: it refuses once picking has begun."""
    if command.found is None:
        yield Call("PUT", f"{ORDERS}/{command.record_id}/cancel")
    return str(command.record_id)


def find_cancelled(command: Command) -> Search:
    answer = yield Call("GET", f"{ORDERS}/{command.record_id}", asks=True)
    is_cancelled = answer["payload"]["fulfillmentOrder"]["fulfillmentOrderStatus"] == "Cancelled"
    return command.record_id if is_cancelled else None


def _order_id(command: Command) -> str:
    return str(command.body.get("reference_id") or command.body["order_number"])


def _sku(line: Mapping[str, Any]) -> str:
    """The SKU of a line: our products are named by it."""
    sku = line.get("sku") or line.get("product_id")
    if not sku:
        raise VendorRefused("each line needs a sku or product_id")
    return str(sku)


def _moment(command: Command) -> str:
    if command.begun is None:
        raise VendorRefused("nobody says when it was asked for")
    return command.begun.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


# Inbound plans


def create_inbound_shipment(command: Command) -> Steps:
    """Begin a plan, and wait until Amazon has checked it."""
    if command.found is not None:
        return command.found
    body = command.body
    owners = {"labelOwner": body.get("label_owner", "SELLER"), "prepOwner": body.get("prep_owner", "NONE")}
    plan = {
        "destinationMarketplaces": [MARKETPLACE],
        "name": body["purchase_order_number"],
        "sourceAddress": body["source_address"],
        "items": [
            {"msku": line["sku"], "quantity": line["expected_quantity"], **owners}
            for line in body["line_items"]
        ],
    }
    begun = yield Call("POST", PLANS, plan, begins=True)
    path = f"{OPERATIONS}/{begun['operationId']}"
    operation = yield Call("GET", path, asks=True)
    while operation["operationStatus"] == "IN_PROGRESS":
        yield Wait(POLL_SECONDS)
        operation = yield Call("GET", path, asks=True)
    if operation["operationStatus"] == "FAILED":
        problems = "; ".join(str(problem["message"]) for problem in operation["operationProblems"])
        raise VendorRefused(problems or "Amazon does not say why the plan failed")
    return str(begun["inboundPlanId"])


def find_plan(command: Command) -> Search:
    """The newest plan with this name since the caller first asked, if it did not fail."""
    newest = {"sortBy": "CREATION_TIME", "sortOrder": "DESC", "pageSize": 30}
    answer = yield Call("GET", PLANS, params=newest, asks=True)
    for plan in answer["inboundPlans"]:
        is_same = plan["name"] == command.body["purchase_order_number"] and plan["status"] != "ERRORED"
        if is_same and command.is_since(plan["createdAt"]):
            return str(plan["inboundPlanId"])
    return None


CREATE_ORDER = Operation(
    Accepts(
        required=(
            "service_level", "ship_to_address", "ship_to_address.full_name", "ship_to_address.address1",
            "ship_to_address.postal_code", "ship_to_address.country", "line_items", "line_items.quantity",
        ),
        optional=(
            "reference_id", "order_number", "ship_to_address.address2", "ship_to_address.city",
            "ship_to_address.state", "ship_to_address.phone_number", "ship_to_address.email_address",
            "line_items.sku", "line_items.product_id",
        ),
        any_of=(("reference_id", "order_number"),),
        extra=ORDER_WORDS,
    ),
    create_order,
    find=find_order,
)  # fmt: skip
CANCEL_ORDER = Operation(Accepts(), cancel_order, find=find_cancelled)
CREATE_INBOUND_SHIPMENT = Operation(
    Accepts(
        required=("purchase_order_number", "line_items", "line_items.sku", "line_items.expected_quantity"),
        extra=PLAN_WORDS,
        required_extra=("source_address",),
    ),
    create_inbound_shipment,
    find=find_plan,
)
