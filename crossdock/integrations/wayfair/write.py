"""Our writes → queries and mutations of Wayfair, by name. Pure: one function per action."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from crossdock.errors import VendorRefused
from crossdock.integrations.wayfair.dates import moment, written
from crossdock.integrations.wayfair.lines import line_ids
from crossdock.kit.cart_writes import SENT_LINES
from crossdock.kit.contract import Accepts, Call, Command, Operation, Steps

DIFFERENTIAL = "DIFFERENTIAL"
"""A feed that leaves the parts alone that it does not name."""
SHIPPED = {
    "type": "string",
    "format": "date-time",
    "minLength": 1,
    "title": "Shipped",
    "description": "When it was sent: at most ten days ago, or a day ahead. Without: when you write it.",
}
WEIGHT = {
    "type": "number",
    "exclusiveMinimum": 0,
    "title": "Weight",
    "description": "Of the parcel, in pounds.",
}


# Shipments


def create_order_shipment(command: Command) -> Steps:
    """Tell Wayfair of one small parcel, from the order's warehouse to its customer."""
    shipped = _shipped(command)
    answer = yield Call("QUERY", "orders", _by_number(str(command.record_id), is_answered=True), asks=True)
    orders = answer["getDropshipPurchaseOrders"]
    if not orders:
        raise VendorRefused("Wayfair has no such order that was accepted: accept it before it is sent")
    order = orders[0]
    items = _items(command, order["products"])
    parcel: dict[str, Any] = {"code": {"type": "TRACKING_NUMBER", "value": command.body["tracking_number"]}}
    notice: dict[str, Any] = {
        "poNumber": order["poNumber"],
        "supplierId": int(str(order["warehouse"]["id"])),
        "packageCount": 1,
        "carrierCode": command.body.get("carrier_name") or order["shippingInfo"]["carrierCode"],
        "shipSpeed": order["shippingInfo"]["shipSpeed"],
        "trackingNumber": command.body["tracking_number"],
        "shipDate": shipped,
        "sourceAddress": _address(order["warehouse"]["address"]),
        "destinationAddress": _address(order["shipTo"]),
    }
    if "weight" in command.body:
        notice["weight"] = parcel["weight"] = command.body["weight"]
    notice["smallParcelShipments"] = [{"package": parcel, "items": items}]
    yield Call("MUTATION", "shipment", {"notice": notice})
    return str(command.record_id)


def _shipped(command: Command) -> str:
    if text := command.body.get("shipped_date"):
        try:
            return written(moment(text))
        except ValueError:
            raise VendorRefused(f"shipped_date is no time: {text!r}") from None
    if command.begun is None:
        raise VendorRefused("say shipped_date")
    return written(command.begun)


def _by_number(number: str, *, is_answered: bool) -> dict[str, Any]:
    return {"limit": 1, "hasResponse": is_answered, "poNumbers": [number]}


def _items(command: Command, products: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The lines that are sent: those that the caller names, or all that are not cancelled."""
    names = line_ids(product["partNumber"] for product in products)
    lines = dict(zip(names, products, strict=True))
    if "line_items" not in command.body:
        items = [
            {"partNumber": product["partNumber"], "quantity": int(str(product["quantity"]))}
            for product in lines.values()
            if not product["isCancelled"]
        ]
        if not items:
            raise VendorRefused("nothing of this order is left to be sent")
        return items
    sent = Counter[str]()
    for line in command.body["line_items"]:
        name = line["line_item_id"]
        if name not in lines:
            raise VendorRefused(f"the order has no line {name!r}")
        if lines[name]["isCancelled"]:
            raise VendorRefused(f"the line {name!r} is cancelled")
        sent[name] += line["quantity"]
        if sent[name] > int(str(lines[name]["quantity"])):
            raise VendorRefused(f"the line {name!r} has no more than {lines[name]['quantity']} to send")
    return [
        {"partNumber": lines[line["line_item_id"]]["partNumber"], "quantity": line["quantity"]}
        for line in command.body["line_items"]
    ]


def _address(address: Mapping[str, Any]) -> dict[str, Any]:
    names = {
        "name": "name", "streetAddress1": "address1", "streetAddress2": "address2", "city": "city",
        "state": "state", "postalCode": "postalCode", "country": "country",
    }  # fmt: skip
    # An address of a dry run is one that nobody has read yet.
    return {theirs: value for theirs, ours in names.items() if (value := address[ours]) is not None}


# Stock


def adjust_inventory(command: Command) -> Steps:
    """Set how many of a part a warehouse has."""
    if command.body["adjustment_type"] != "exact":
        raise VendorRefused("Wayfair takes new quantities, and tells no old ones: say how many there are")
    name = str(command.record_id)
    yield Call("MUTATION", "inventory", _feed([{**command.body, "product_id": name}]))
    return name


def batch_adjust_inventory(command: Command) -> Steps:
    """Set how many of many parts warehouses have, in one feed."""
    lines = command.body["line_items"]
    yield Call("MUTATION", "inventory", _feed(lines))
    return list(dict.fromkeys(line["product_id"] for line in lines))


def _feed(lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"inventory": [_level(line) for line in lines], "feedKind": DIFFERENTIAL}


def _level(line: Mapping[str, Any]) -> dict[str, Any]:
    place = line["warehouse_id"]
    if not (place.isascii() and place.isdecimal()):
        raise VendorRefused(f"{place!r} is no supplier id of a warehouse: these are numbers")
    return {
        "supplierId": int(place),
        "supplierPartNumber": line["product_id"],
        "quantityOnHand": line["quantity"],
    }


CREATE_ORDER_SHIPMENT = Operation(
    Accepts(
        required=("tracking_number",),
        optional=("carrier_name",),
        extra={"line_items": SENT_LINES, "shipped_date": SHIPPED, "weight": WEIGHT},
    ),
    create_order_shipment,
)
ADJUST_INVENTORY = Operation(
    Accepts(required=("quantity", "adjustment_type", "warehouse_id")),
    adjust_inventory,
)
BATCH_ADJUST_INVENTORY = Operation(
    Accepts(
        required=(
            "line_items",
            "line_items.product_id",
            "line_items.quantity",
            "line_items.warehouse_id",
        )
    ),
    batch_adjust_inventory,
)
