"""Orders → calls of ShipBob, and the bodies it accepts. Pure.

ShipBob packs and sends by itself: no shipment can be made by a caller.
"""

from collections.abc import Mapping
from typing import Any

from crossdock.errors import VendorRefused
from crossdock.integrations.shipbob.write.lookups import (
    Lookup,
    entry,
    made,
    number,
    searched_for,
    variant_by,
)
from crossdock.kit.contract import Accepts, Call, Command, Operation, Search, Steps

CANCELLED = "Cancelled"
WAREHOUSE: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "title": "Fulfilment centre",
    "description": "Where it is to be sent from. Without it ShipBob decides.",
}
GIFT_MESSAGE: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 500,
    "title": "Gift message",
    "description": "What is printed for who gets it.",
}


def create_order(command: Command) -> Steps:
    if command.found is not None:
        return command.found
    method = yield from _shipping_method(command)
    lines = []
    for line in command.body["line_items"]:
        lines.append((yield from _line(line)))
    body = {
        "reference_id": _reference(command),
        "order_number": command.body.get("order_number"),
        "type": "DTC",
        "shipping_method": method,
        "recipient": _recipient(command.body["ship_to_address"]),
        "products": lines,
        "gift_message": command.body.get("gift_message"),
    }
    if "total_price" in command.body:
        body["financials"] = {"total_price": command.body["total_price"]}
    if "warehouse_id" in command.body:
        body["location_id"] = number(command.body["warehouse_id"], "warehouse_id")
    stated = {name: value for name, value in body.items() if value is not None}
    answer = yield Call("POST", "/order", stated)
    return str(answer["id"])


def find_order(command: Command) -> Search:
    """The order with this reference, if it is as new as the write: ShipBob takes each only once."""
    reference = _reference(command)
    filters = searched_for(command, reference, "ReferenceIds", "StartDate")
    answer = yield Call("GET", "/order", params=filters, asks=True)
    order = made(command, answer, "reference_id", reference, "created_date")
    return None if order is None else str(order["id"])


def _reference(command: Command) -> str:
    return str(command.body.get("reference_id") or command.body["order_number"])


def _shipping_method(command: Command) -> Lookup[str]:
    """The name of the method, which is all that ShipBob goes by."""
    if "shipping_method_id" not in command.body:
        return str(command.body["shipping_method"])
    wanted = command.body["shipping_method_id"]
    answer = yield Call("GET", "/shipping-method", params={"Page": 1, "Limit": 250}, asks=True)
    method = entry(answer, "id", wanted)
    if method is None:
        raise VendorRefused(f"ShipBob has no shipping method {wanted!r}")
    name: str = method["name"]
    return name


def _line(line: Mapping[str, Any]) -> Lookup[dict[str, Any]]:
    """A line by its SKU. Orders have other ids of products than the catalogue, so an id is looked up."""
    named = {"reference_id": line.get("sku"), "name": line.get("sku")}
    if "sku" not in line:
        if "product_id" not in line:
            raise VendorRefused("a line needs its sku or its product_id")
        variant = yield from variant_by("id", line["product_id"])
        if variant is None:
            raise VendorRefused(f"ShipBob has no product {line['product_id']!r}")
        named = {"reference_id": variant["sku"], "name": variant["name"]}
    price = {"unit_price": line["unit_price"]} if "unit_price" in line else {}
    return {**named, "quantity": line["quantity"], **price}


def _recipient(address: Mapping[str, Any]) -> dict[str, Any]:
    contact = {"email": address.get("email_address"), "phone_number": address.get("phone_number")}
    lines = {
        "address1": address["address1"],
        "address2": address.get("address2"),
        "company_name": address.get("company"),
        "city": address["city"],
        "state": address.get("state"),
        "country": address["country"],
        "zip_code": address.get("postal_code"),
    }
    return {"name": address["full_name"], "address": _stated(lines), **_stated(contact)}


def _stated(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def update_order(command: Command) -> Steps:
    """Send what has not left yet to another address: that is all of an order that ShipBob changes."""
    shipments = [each for each in command.stored.get("shipments") or [] if each["status"] == "open"]
    if not shipments:
        raise VendorRefused("nothing of this order is still to be sent, so its address can't be changed")
    address = command.body["ship_to_address"]
    body = {
        "recipient_name": address.get("full_name"),
        "company_name": address.get("company"),
        "street_address1": address["address1"],
        "street_address2": address.get("address2"),
        "city": address["city"],
        "state": address.get("state"),
        "zip_code": address.get("postal_code"),
        "country_code": address.get("country"),
        "email": address.get("email_address"),
        "phone_number": address.get("phone_number"),
    }
    for shipment in shipments:
        yield Call("PUT", f"/shipment/{shipment['shipment_id']}:updateAddress", _stated(body))
    return str(command.record_id)


def cancel_order(command: Command) -> Steps:
    """Cancel its shipments: ShipBob refuses what has been picked."""
    if command.found is not None:
        return command.found
    answer = yield Call("POST", f"/order/{command.record_id}:cancel")
    if answer["status"] == "Failure":
        results = answer["canceled_shipment_results"] or []
        reasons = [str(result["reason"]) for result in results if result.get("reason")]
        raise VendorRefused("; ".join(reasons) or "ShipBob did not cancel it, and does not say why")
    return str(command.record_id)


def find_cancelled(command: Command) -> Search:
    answer = yield Call("GET", f"/order/{command.record_id}", asks=True)
    return command.record_id if answer["status"] == CANCELLED else None


ADDRESS = ("ship_to_address", "ship_to_address.address1", "ship_to_address.city")
REST = tuple(
    f"ship_to_address.{name}"
    for name in ("company", "address2", "state", "postal_code", "phone_number", "email_address")
)
CREATE_ORDER = Operation(
    Accepts(
        required=(
            *ADDRESS,
            "ship_to_address.full_name",
            "ship_to_address.country",
            "line_items",
            "line_items.quantity",
        ),
        optional=(
            *REST,
            "line_items.sku",
            "line_items.product_id",
            "line_items.unit_price",
            "reference_id",
            "order_number",
            "shipping_method_id",
            "shipping_method",
            "total_price",
        ),
        any_of=(("reference_id", "order_number"), ("shipping_method_id", "shipping_method")),
        extra={"warehouse_id": WAREHOUSE, "gift_message": GIFT_MESSAGE},
        options={"warehouse_id": "warehouses", "shipping_method_id": "shipping_methods"},
    ),
    create_order,
    find=find_order,
)
UPDATE_ORDER = Operation(
    Accepts(required=ADDRESS, optional=(*REST, "ship_to_address.full_name", "ship_to_address.country")),
    update_order,
)
CANCEL_ORDER = Operation(Accepts(), cancel_order, find=find_cancelled)
