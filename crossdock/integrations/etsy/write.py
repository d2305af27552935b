"""Our writes → calls of Etsy, and the bodies it accepts. Pure: one function per action."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from crossdock.errors import VendorRefused
from crossdock.kit.contract import Accepts, Call, Command, Operation, Search, Steps

BASE = "/v3/application"
PROPERTY = ("property_id", "property_name", "scale_id", "value_ids", "values")
OTHER = "other"
"""The carrier of a number whose carrier Etsy does not know (description of createReceiptShipment)."""
ON_PROPERTY = ("price_on_property", "quantity_on_property", "sku_on_property", "readiness_state_on_property")
NOTE: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "title": "Note to the buyer",
    "description": "Stands in the message that Etsy sends.",
}
COPY: Mapping[str, Any] = {
    "type": "boolean",
    "title": "Copy to the seller",
    "description": "Whether the seller gets that message, too.",
}


def create_order_shipment(command: Command) -> Steps:
    """Tell Etsy that a receipt was sent. It writes to the buyer each time."""
    if command.found is not None:
        return command.found
    body = command.body
    names = {
        "tracking_number": "tracking_code", "carrier_name": "carrier_name", "note_to_buyer": "note_to_buyer",
        "shipping_method_name": "mail_class", "send_bcc": "send_bcc",
    }  # fmt: skip
    tracking = {theirs: body[ours] for ours, theirs in names.items() if ours in body}
    if "tracking_code" in tracking:
        tracking.setdefault("carrier_name", OTHER)
    receipt = yield Call("GET", f"{BASE}/users/me", asks=True)
    path = f"{BASE}/shops/{receipt['shop_id']}/receipts/{command.record_id}/tracking"
    yield Call("POST", path, tracking)
    return str(command.record_id)


def find_shipment(command: Command) -> Search:
    """The receipt, if it has the number; without one, if it was sent at all."""
    me = yield Call("GET", f"{BASE}/users/me", asks=True)
    path = f"{BASE}/shops/{me['shop_id']}/receipts/{command.record_id}"
    receipt = yield Call("GET", path, asks=True)
    number = command.body.get("tracking_number")
    codes = {entry.get("tracking_code") for entry in receipt.get("shipments") or []}
    is_sent = receipt["is_shipped"] if number is None else number in codes
    return str(command.record_id) if is_sent else None


def adjust_inventory(command: Command) -> Steps:
    """Set how many there are of a product. Etsy takes the inventory of a listing whole."""
    if command.found is not None:
        return command.found
    if command.body["adjustment_type"] != "exact":
        raise VendorRefused("Etsy sets quantities, it neither adds nor takes away: say an exact one")
    path = _inventory(command)
    inventory = yield Call("GET", path, asks=True)
    products = [entry for entry in inventory["products"] if not entry.get("is_deleted")]
    wanted = _position(command, inventory, products)
    quantity = command.body["quantity"]
    sent = [_sent(entry, quantity if number in wanted else None) for number, entry in enumerate(products)]
    body = {"products": sent, **{name: inventory.get(name) or [] for name in ON_PROPERTY}}
    answer = yield Call("PUT", path, body)
    changed = [entry for entry in answer["products"] if not entry.get("is_deleted")]
    return _name(command, changed[min(wanted)])


def find_level(command: Command) -> Search:
    """The product, if it has the quantity."""
    inventory = yield Call("GET", _inventory(command), asks=True)
    products = [entry for entry in inventory["products"] if not entry.get("is_deleted")]
    wanted = _position(command, inventory, products)
    levels = {_level(products[number]) for number in wanted}
    return _name(command, products[min(wanted)]) if levels == {command.body["quantity"]} else None


def _name(command: Command, product: Mapping[str, Any]) -> str:
    """The id of what was set: of a product the number that it has now."""
    listing, dash, _ = str(command.record_id).partition("-")
    return f"{listing}-{product['product_id']}" if dash else listing


def _inventory(command: Command) -> str:
    listing, _, _ = str(command.record_id).partition("-")
    return f"{BASE}/listings/{listing}/inventory"


def _position(command: Command, inventory: Mapping[str, Any], products: list[Any]) -> set[int]:
    """The places of the products whose quantity it is: all of them where they have one together."""
    _, _, number = str(command.record_id).partition("-")
    is_shared = not inventory.get("quantity_on_property") and len(products) > 1
    if not number:
        if not is_shared and len(products) != 1:
            raise VendorRefused("each product of this listing has its own stock: name one of them")
        return set(range(len(products)))
    if is_shared:
        raise VendorRefused("the products of this listing have one stock together: name the listing")
    return {_place(command, number, products)}


def _place(command: Command, number: str, products: list[Any]) -> int:
    """The place of the product with this number, else of the one with its SKU."""
    places = [place for place, entry in enumerate(products) if str(entry["product_id"]) == number]
    if not places and (sku := command.stored.get("sku")):
        # Etsy numbers products anew when their listing is changed.
        places = [place for place, entry in enumerate(products) if entry.get("sku") == sku]
    if len(places) != 1:
        raise VendorRefused(f"the listing has no product {number}")
    if len(_offered(products[places[0]])) != 1:
        raise VendorRefused("the product has several offerings: Etsy does not say whose quantity it is")
    return places[0]


def _offered(product: Mapping[str, Any]) -> list[Any]:
    return [entry for entry in product["offerings"] if not entry.get("is_deleted")]


def _level(product: Mapping[str, Any]) -> int:
    return sum(entry["quantity"] for entry in _offered(product))


def _sent(product: Mapping[str, Any], quantity: int | None) -> dict[str, Any]:
    """A product as it is sent back; quantity: the new one, None: as it is."""
    return {
        "sku": product.get("sku") or "",
        "property_values": [
            {name: value[name] for name in PROPERTY if value.get(name) is not None}
            for value in product.get("property_values") or []
        ],
        "offerings": [
            {
                "price": Decimal(entry["price"]["amount"]) / Decimal(entry["price"]["divisor"]),
                "quantity": entry["quantity"] if quantity is None else quantity,
                "is_enabled": entry["is_enabled"],
                "readiness_state_id": entry.get("readiness_state_id"),
            }
            for entry in _offered(product)
        ],
    }


CREATE_ORDER_SHIPMENT = Operation(
    Accepts(
        optional=("tracking_number", "carrier_name", "shipping_method_name"),
        extra={"note_to_buyer": NOTE, "send_bcc": COPY},
    ),
    create_order_shipment,
    find=find_shipment,
)
ADJUST_INVENTORY = Operation(
    Accepts(required=("quantity", "adjustment_type")), adjust_inventory, find=find_level
)
