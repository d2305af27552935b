"""Our writes → calls of Walmart's fulfilment APIs, and the bodies they accept. Pure."""

from collections.abc import Generator, Mapping
from datetime import UTC
from typing import Any

from crossdock.errors import VendorRefused
from crossdock.kit.contract import Accepts, Call, Command, Json, Operation, Search, Steps, Wait
from crossdock.kit.values import timestamp

ORDERS = "/v3/fulfillment/orders-fulfillments"
STATUS = f"{ORDERS}/status"
INBOUND = "/v3/fulfillment/inbound-shipments"
HEADER = {"headerAttributes": {"martId": "202", "buId": "0"}}
"""The only ones that are supported, as the description says."""
ACCEPTED = ("ACCEPTED", "OK", "CREATED")
METHODS = ("STANDARD", "EXPEDITED")
COUNTRIES = {"US": "USA"}
"""Multichannel orders write the country so; others as callers do."""
PAUSE_SECONDS = 5.0
RETURN_ADDRESS: Mapping[str, Any] = {
    "title": "Return address",
    "description": "Where Walmart sends back what it does not take in.",
    "type": "object",
    "properties": {
        name: {"type": "string", "minLength": 1}
        for name in ("address1", "address2", "city", "state", "postal_code", "country")
    },
    "required": ["address1", "city", "state", "postal_code", "country"],
    "additionalProperties": False,
}


# Multichannel orders


def create_order(command: Command) -> Steps:
    """Ask for an order, and wait until Walmart lists it."""
    if command.found is not None:
        return command.found
    body = command.body
    number, to = body["reference_id"], body["ship_to_address"]
    if not (number.isascii() and number.isalnum()):
        raise VendorRefused("Walmart takes letters and digits only as the number of an order")
    if body.get("service_level", METHODS[0]) not in METHODS:
        raise VendorRefused(f"service_level is one of {', '.join(METHODS)}")
    if command.begun is None:
        raise VendorRefused("Walmart wants to know when the order was placed")
    placed = command.begun.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    contact = {"name": _name(to["full_name"]), "phone": to["phone_number"], "email": to["email_address"]}
    payload = {
        "orderChannelId": body["order_channel_id"],
        "sellerOrderId": number,
        "orderPlacedTime": placed,
        "needsConfirmation": False,
        "partialFulfillments": False,
        "customer": {"contact": contact},
        "orderItems": [
            _item(position, line, {"contact": contact, "address": _address(to)}, body)
            for position, line in enumerate(body["line_items"], 1)
        ],
    }
    answer = yield Call("POST", ORDERS, {"header": HEADER, "payload": payload}, begins=True)
    if answer["status"] not in ACCEPTED:
        raise VendorRefused(f"Walmart answers {answer['status']}")
    answer = yield _asked(number)
    while not answer["payload"]:
        yield Wait(PAUSE_SECONDS)
        answer = yield _asked(number)
    return str(number)


def find_order(command: Command) -> Search:
    number: str = command.body["reference_id"]
    answer = yield _asked(number)
    return number if any(order["sellerOrderId"] == number for order in answer["payload"]) else None


def cancel_order(command: Command) -> Steps:
    """Cancel all lines. Walmart lists no numbers of lines: they are those that orders made here have."""
    answer = yield _asked(str(command.record_id))
    items = [
        {"sellerLineId": str(position), "qty": _each(line["orderedQty"]["measurementValue"])}
        for position, line in enumerate(answer["payload"][0]["orderLines"], 1)
    ]
    payload = {"sellerOrderId": str(command.record_id), "orderItems": items}
    answer = yield Call("POST", f"{ORDERS}/cancel", {"header": HEADER, "payload": payload})
    if answer["status"] not in ACCEPTED:
        raise VendorRefused(f"Walmart answers {answer['status']}")
    return str(command.record_id)


def _asked(number: str) -> Call:
    return Call("GET", STATUS, params={"orderNumber": number}, asks=True)


def _item(
    position: int, line: Mapping[str, Any], to: Mapping[str, Any], body: Mapping[str, Any]
) -> dict[str, Any]:
    price = {"currencyAmount": line.get("unit_price", 0), "unit": body.get("invoice_currency_code", "USD")}
    return {
        "fulfillmentType": "DELIVERY",
        "sellerLineId": str(position),
        "itemDetail": {"sku": line["sku"]},
        "qty": _each(line["quantity"]),
        "shippingMethod": body.get("service_level", METHODS[0]),
        "shippingTo": to,
        "chargeDetails": [{"chargeCategory": "PRODUCT", "chargeName": "Sale Price", "chargePerUnit": price}],
    }


def _each(quantity: Any) -> dict[str, Any]:
    return {"unitOfMeasure": "EACH", "measurementValue": quantity}


def _name(full: str) -> dict[str, str]:
    """The first and the last name, which Walmart wants apart."""
    first, _, last = full.strip().rpartition(" ")
    if not first:
        raise VendorRefused("Walmart wants a first and a last name as ship_to_address.full_name")
    return {"firstName": first.strip(), "lastName": last}


def _address(to: Mapping[str, Any]) -> dict[str, Any]:
    second = {"line2": to["address2"]} if "address2" in to else {}
    return {
        "line1": to["address1"],
        **second,
        "city": to["city"],
        "state": to["state"],
        "country": COUNTRIES.get(to["country"], to["country"]),
        "zip": to["postal_code"],
        "addressType": "RESIDENTIAL",
    }


# Inbound shipments


def create_inbound_shipment(command: Command) -> Steps:
    """Announce goods. Walmart may send them to several centres: the first of its shipments is answered."""
    if command.found is not None:
        return command.found
    body = command.body
    items = []
    for line in body["line_items"]:
        item = yield from _catalogued(line["sku"])
        items.append(_announced(line, item, body))
    back = body["return_address"]
    second = {"addressLine2": back["address2"]} if "address2" in back else {}
    address = {
        "addressLine1": back["address1"],
        **second,
        "city": back["city"],
        "stateCode": back["state"],
        "countryCode": back["country"],
        "postalCode": back["postal_code"],
    }
    order = {
        "inboundOrderId": body["purchase_order_number"],
        "returnAddress": address,
        "orderItems": items,
    }
    answer = yield Call("POST", INBOUND, order)
    return str(answer["payload"][0]["shipmentId"])


def find_inbound_shipment(command: Command) -> Search:
    number = command.body["purchase_order_number"]
    answer = yield Call("GET", INBOUND, params={"inboundOrderId": number}, asks=True)
    return next((str(shipment["shipmentId"]) for shipment in answer["payload"]), None)


def _catalogued(sku: str) -> Generator[Call, Json, Mapping[str, Any]]:
    """The item, which has the GTIN and the description that Walmart wants to be told again."""
    answer = yield Call("GET", "/v3/items", params={"sku": sku}, asks=True)
    for item in answer["ItemResponse"]:
        if item["sku"] == sku:
            return dict(item)
    raise VendorRefused(f"Walmart has no item {sku!r}")


def _announced(line: Mapping[str, Any], item: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    quantity, per_case = line["expected_quantity"], body.get("units_per_case", 1)
    if quantity % per_case:
        raise VendorRefused(f"{quantity} of {line['sku']!r} are no whole cases of {per_case}")
    return {
        "productId": item["gtin"],
        "productType": "GTIN",
        "sku": line["sku"],
        "itemDesc": item["productName"],
        "itemQty": quantity,
        "vendorPackQty": quantity // per_case,
        "innerPackQty": per_case,
        "expectedDeliveryDate": timestamp(body["expected_arrival_date"]),
    }


ADDRESS = (
    "full_name", "address1", "city", "state", "postal_code", "country", "phone_number",
    "email_address",
)  # fmt: skip
CREATE_ORDER = Operation(
    Accepts(
        required=(
            "reference_id",
            "ship_to_address",
            *(f"ship_to_address.{name}" for name in ADDRESS),
            "line_items",
            "line_items.sku",
            "line_items.quantity",
        ),
        optional=(
            "service_level",
            "invoice_currency_code",
            "ship_to_address.address2",
            "line_items.unit_price",
        ),
        extra={
            "order_channel_id": {
                "title": "Order channel id",
                "description": "What Walmart gave you for the channel, for Multichannel Solutions.",
                "type": "string",
                "minLength": 1,
            }
        },
        required_extra=("order_channel_id",),
    ),
    create_order,
    find=find_order,
)
CANCEL_ORDER = Operation(Accepts(), cancel_order)
CREATE_INBOUND_SHIPMENT = Operation(
    Accepts(
        required=(
            "purchase_order_number",
            "expected_arrival_date",
            "line_items",
            "line_items.sku",
            "line_items.expected_quantity",
        ),
        extra={
            "return_address": RETURN_ADDRESS,
            "units_per_case": {
                "title": "Units in a case",
                "description": "Without: per_case unit is a case of its own.",
                "type": "integer",
                "minimum": 1,
            },
        },
        required_extra=("return_address",),
    ),
    create_inbound_shipment,
    find=find_inbound_shipment,
)
