"""Our writes → calls of Amazon, and the bodies it accepts. Pure: one function per action."""

from collections.abc import Generator, Mapping
from datetime import UTC
from typing import Any

from crossdock.errors import VendorRefused
from crossdock.integrations.amazon.parts import MARKETPLACE, SELLER
from crossdock.kit.cart_writes import SENT_LINES
from crossdock.kit.contract import Accepts, Call, Command, Json, Operation, Search, Steps

ORDERS, LISTINGS = "/orders/2026-01-01/orders", "/listings/2021-08-01/items"
OWN = "DEFAULT"
"""The channel of what the seller keeps and sends himself."""
PARTS = {"includedData": "FULFILLMENT,PACKAGES"}
STOCK = {"marketplaceIds": MARKETPLACE, "includedData": "summaries,fulfillmentAvailability"}
OTHER_CARRIER = "Other"
CARRIER_CODE: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "title": "Carrier code",
    "description": "Amazon's code for who carries it. Without it carrier_name is the name of another one.",
}
SHIP_DATE: Mapping[str, Any] = {
    "type": "string",
    "format": "date-time",
    "title": "Ship date",
    "description": "When it was handed over, in ISO 8601. Without it: when this was asked for.",
}


# Shipments


def create_order_shipment(command: Command) -> Steps:
    """Confirm that what is left of an order was sent, or some lines of it."""
    if command.found is not None:
        return command.found
    body = command.body
    carrier = {"carrierCode": body.get("carrier_code", OTHER_CARRIER)}
    if "carrier_name" in body:
        carrier["carrierName"] = body["carrier_name"]
    elif carrier["carrierCode"] == OTHER_CARRIER:
        raise VendorRefused("Amazon wants to know who carries it: say carrier_code or carrier_name")
    order = (yield Call("GET", _order(command), params=PARTS, asks=True))["order"]
    package = {
        "packageReferenceId": _reference(order),
        **carrier,
        **({"shippingMethod": body["shipping_method_name"]} if "shipping_method_name" in body else {}),
        "trackingNumber": body["tracking_number"],
        "shipDate": body.get("ship_date") or _moment(command),
        "orderItems": _wanted(command, order),
    }
    path = f"/orders/v0/orders/{command.record_id}/shipmentConfirmation"
    yield Call(
        "POST", path, {"marketplaceId": order["salesChannel"]["marketplaceId"], "packageDetail": package}
    )
    return str(command.record_id)


def find_shipment(command: Command) -> Search:
    """The order, if it has a package with the tracking number since the caller first asked."""
    order = (yield Call("GET", _order(command), params=PARTS, asks=True))["order"]
    for package in order.get("packages") or []:
        is_same = package.get("trackingNumber") == command.body["tracking_number"]
        if is_same and command.is_since(package.get("createdTime")):
            return command.record_id
    return None


def _order(command: Command) -> str:
    return f"{ORDERS}/{command.record_id}"


def _moment(command: Command) -> str:
    if command.begun is None:
        raise VendorRefused("Amazon wants to know when it was sent: say ship_date")
    return command.begun.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _reference(order: Json) -> str:
    """The number of the next package: sellers give it, and Amazon takes the same one for a correction."""
    references = [str(package["packageReferenceId"]) for package in order.get("packages") or []]
    return str(max((int(number) for number in references if number.isdecimal()), default=0) + 1)


def _wanted(command: Command, order: Json) -> list[dict[str, Any]]:
    """The lines of the package."""
    if order["fulfillment"].get("fulfilledBy") != "MERCHANT":
        raise VendorRefused("Amazon sends this order itself")
    left = {item["orderItemId"]: _left(item) for item in order["orderItems"]}
    wanted = {name: quantity for name, quantity in left.items() if quantity > 0}
    if "line_items" in command.body:
        wanted = {}
        for line in command.body["line_items"]:
            name = line["line_item_id"]
            if name not in left:
                raise VendorRefused(f"the order has no line {name!r}")
            wanted[name] = wanted.get(name, 0) + line["quantity"]
    if not wanted:
        raise VendorRefused("nothing of this order is left to be sent")
    return [{"orderItemId": name, "quantity": quantity} for name, quantity in wanted.items()]


def _left(item: Mapping[str, Any]) -> int:
    """The quantity of a line that is still to be sent. Where Amazon does not say, all of them."""
    left = (item.get("fulfillment") or {}).get("quantityUnfulfilled", item["quantityOrdered"])
    return int(left)


# Stock


def adjust_inventory(command: Command) -> Steps:
    """Set the quantity that the seller offers. Amazon neither adds nor takes: the level is read first."""
    if command.found is not None:
        return command.found
    body, sku = command.body, str(command.record_id)
    kind, level = yield from _listing(sku)
    quantity = {
        "exact": body["quantity"],
        "increase": level + body["quantity"],
        "decrease": level - body["quantity"],
    }[body["adjustment_type"]]
    if quantity < 0:
        raise VendorRefused(f"{sku!r} has {level} only")
    yield from _set(sku, kind, quantity)
    return sku


def find_level(command: Command) -> Search | None:
    """Search for an exact quantity; that something was added or taken away can't be told from the level."""
    return _find_exact(command) if command.body["adjustment_type"] == "exact" else None


def _find_exact(command: Command) -> Search:
    sku = str(command.record_id)
    _, level = yield from _listing(sku)
    return sku if level == command.body["quantity"] else None


def batch_adjust_inventory(command: Command) -> Steps:
    """Set many quantities, listing by listing: all are looked up before the first is changed."""
    quantities = {line["product_id"]: line["quantity"] for line in command.body["line_items"]}
    kinds = {}
    for sku in quantities:
        kinds[sku], _ = yield from _listing(sku)
    for sku, quantity in quantities.items():
        yield from _set(sku, kinds[sku], quantity)
    return list(quantities)


def _listing(sku: str) -> Generator[Call, Json, tuple[str, int]]:
    """The product type of a listing, and how many the seller offers."""
    listing = yield Call("GET", _path(sku), params=STOCK, asks=True)
    channels = listing.get("fulfillmentAvailability") or []
    own = [channel for channel in channels if channel["fulfillmentChannelCode"] == OWN]
    if channels and not own:
        raise VendorRefused(f"the stock of {sku!r} is not the seller's own to set")
    level = own[0].get("quantity") or 0 if own else 0
    return str(listing["summaries"][0]["productType"]), level


def _set(sku: str, kind: str, quantity: int) -> Generator[Call, Json, None]:
    # Merged, not replaced: what is said of handling times in the same attribute stays.
    value = [{"fulfillment_channel_code": OWN, "quantity": quantity}]
    patch = {"op": "merge", "path": "/attributes/fulfillment_availability", "value": value}
    body = {"productType": kind, "patches": [patch]}
    answer = yield Call("PATCH", _path(sku), body, params={"marketplaceIds": MARKETPLACE})
    if answer["status"] == "INVALID":
        issues = "; ".join(str(issue["message"]) for issue in answer.get("issues") or [])
        raise VendorRefused(f"Amazon does not take it for {sku!r}: {issues or 'it gives no reason'}")


def _path(sku: str) -> str:
    return f"{LISTINGS}/{SELLER}/{sku}"


CREATE_ORDER_SHIPMENT = Operation(
    Accepts(
        required=("tracking_number",),
        optional=("carrier_name", "shipping_method_name"),
        extra={"line_items": SENT_LINES, "carrier_code": CARRIER_CODE, "ship_date": SHIP_DATE},
    ),
    create_order_shipment,
    find=find_shipment,
)
ADJUST_INVENTORY = Operation(
    Accepts(required=("quantity", "adjustment_type")), adjust_inventory, find=find_level
)
BATCH_ADJUST_INVENTORY = Operation(
    Accepts(required=("line_items", "line_items.product_id", "line_items.quantity")), batch_adjust_inventory
)
