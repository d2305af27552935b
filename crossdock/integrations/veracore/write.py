"""Orders: create. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from crossdock.errors import VendorRefused
from crossdock.kit.contract import Accepts, Call, Command, Operation, Search, Steps

LONGEST_ID = 20
SHIP_TO_KEY = "0"
"""What lines name the only address of an order by."""
ANY_ZONE = timedelta(hours=15)
"""How far a date may be off whose zone is not known."""
ADDRESS = {
    "company": "CompanyName", "address1": "Address1", "address2": "Address2", "city": "City",
    "state": "State", "postal_code": "PostalCode", "country": "Country", "phone_number": "Phone",
    "email_address": "Email",
}  # fmt: skip
CARRIER: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "title": "Carrier",
    "description": "As VeraCore spells it. The shipping method is a service of it.",
}
PO_NUMBER: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "title": "Purchase order",
    "description": "The number of the buyer's purchase order.",
}
COMMENTS: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "title": "Comments",
    "description": "On the order.",
}


def create_order(command: Command) -> Steps:
    """Make an order. Its number is its id, which VeraCore takes once."""
    if command.found is not None:
        return command.found
    body = command.body
    number = body["order_number"]
    if len(number) > LONGEST_ID:
        raise VendorRefused(f"order_number {number!r} is too long: VeraCore takes {LONGEST_ID} letters")
    header = {
        "ID": number,
        "ReferenceNumber": body.get("reference_id"),
        "PONumber": body.get("purchase_order_number"),
        "Comments": body.get("comments"),
    }
    order = {
        "Header": _stated(header),
        **_shipping(body),
        "OrderedBy": _ordered_by(body["ship_to_address"]),
        "ShipTo": {"OrderShipTo": {"Key": SHIP_TO_KEY, "Flag": "OrderedBy"}},
        "Offers": {"OfferOrdered": [_line(line) for line in body["line_items"]]},
    }
    answer = yield Call("POST", "AddOrder", {"order": order})
    return str(answer["OrderID"])


def find_order(command: Command) -> Search:
    """The order with this number, if it is as new as the write."""
    number = command.body["order_number"]
    raw = yield Call("POST", "GetOrderInfo", {"orderId": number}, asks=True)
    if raw is None or not _is_as_new(command, raw["OrdHead"].get("EntryDate")):
        return None
    return str(raw["OrdHead"]["OrderId"])


def _is_as_new(command: Command, date: Any) -> bool:
    """Check whether a date is not before the write, whatever zone it is in."""
    try:
        moment = datetime.fromisoformat(date)
    except (TypeError, ValueError):
        return True
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return command.begun is None or moment >= command.begun - ANY_ZONE


def _stated(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _shipping(body: Mapping[str, Any]) -> dict[str, Any]:
    service = body.get("shipping_method")
    if "carrier" not in body:
        if service is not None:
            raise VendorRefused("a shipping method is a service of a carrier: say the carrier, too")
        return {}
    carried: dict[str, Any] = {"FreightCarrier": {"Name": body["carrier"]}}
    if service is not None:
        carried["FreightService"] = {"Description": service}
    return {"Shipping": carried}


def _ordered_by(address: Mapping[str, Any]) -> dict[str, Any]:
    first, _, last = str(address["full_name"]).rpartition(" ")
    names = {"FirstName": first, "LastName": last} if first else {"LastName": last}
    return names | {theirs: address[ours] for ours, theirs in ADDRESS.items() if ours in address}


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    name = line.get("sku", line.get("product_id"))
    if name is None:
        raise VendorRefused("say the sku of each line, which is the id of an offer")
    ordered = {
        "Offer": {"Header": {"ID": name}},
        "Quantity": line["quantity"],
        "OrderShipToKey": {"Key": SHIP_TO_KEY},
        "UnitPrice": line.get("unit_price"),
    }
    return _stated(ordered)


NEEDED = tuple(f"ship_to_address.{name}" for name in ("full_name", "address1", "city", "country"))
PARTS = tuple(f"ship_to_address.{name}" for name in ("full_name", *ADDRESS))
CREATE_ORDER = Operation(
    Accepts(
        required=("order_number", *NEEDED, "line_items", "line_items.quantity"),
        optional=(
            "reference_id",
            "shipping_method",
            *(name for name in PARTS if name not in NEEDED),
            "line_items.sku",
            "line_items.product_id",
            "line_items.unit_price",
        ),
        extra={"carrier": CARRIER, "purchase_order_number": PO_NUMBER, "comments": COMMENTS},
    ),
    create_order,
    find=find_order,
)
