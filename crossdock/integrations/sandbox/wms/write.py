"""Our writes → the sandbox warehouse's calls, and the bodies it accepts. Pure: one function per action."""

import base64
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from crossdock.integrations.contract import Accepts, Call, Command, Steps
from crossdock.integrations.sandbox import asked
from crossdock.integrations.sandbox.asked import given, one_call, without_none

STATE = {
    "open": "NEW",
    "confirmed": "RELEASED",
    "processing": "IN_WAVE",
    "picked": "PICKED",
    "packed": "PACKED",
    "exception": "ADDRESS_HOLD",
    "backordered": "SHORT",
    "partially_fulfilled": "PART_DESPATCHED",
    "fulfilled": "DESPATCHED",
    "other": "CUSTOMS_REVIEW",
}
"""The last three the warehouse refuses: they follow from what is sent, or found."""
LENGTH_UNIT = {"in": "IN", "cm": "CM"}
WEIGHT_UNIT = {"lb": "LB", "oz": "OZ", "kg": "KG"}

ADDRESS = {
    "full_name": "name", "company": "firm", "city": "town", "state": "region", "postal_code": "zip",
    "country": "country",
}  # fmt: skip
ADDRESS_PATHS = tuple(f"ship_to_address.{name}" for name in (*ADDRESS, "address1", "address2"))
ADDRESS_NEEDED = tuple(
    one for one in ADDRESS_PATHS if one.rpartition(".")[2] not in ("full_name", "company", "address2")
)
MEASUREMENTS = tuple(
    f"measurements.{name}" for name in ("length", "width", "height", "unit", "weight", "weight_unit")
)
TOTALS = {
    "invoice_currency_code": "currency", "total_price": "total", "total_tax": "tax",
    "total_discount": "rebate", "total_shipping": "shipping",
}  # fmt: skip
ORDER_OPTIONAL = (
    "reference_id", "channel", "channel_object", "channel_object.channel_id", "channel_object.channel_name",
    "trading_partner", "shipping_method_id", "shipping_method", "service_level", "warehouse_customer_id",
    "line_items.sku", "line_items.unit_price", "line_items.discount_amount", *TOTALS,
)  # fmt: skip
ORDER_EXTRA: dict[str, dict[str, Any]] = {
    "required_ship_date": {
        "type": "string",
        "format": "date-time",
        "title": "Required ship date",
        "description": "Until when the warehouse has to send it.",
    },
    "signature_required": {
        "type": "boolean",
        "title": "Signature required",
        "description": "Whether somebody has to sign for it.",
    },
    "warehouse_id": {
        "type": "string",
        "minLength": 1,
        "title": "Warehouse",
        "description": "The warehouse that is to send it. Without one: the first that has everything.",
    },
}
ORDER_OPTIONS = {
    "shipping_method_id": "shipping-methods",
    "warehouse_customer_id": "warehouse-customers",
    "warehouse_id": "warehouses",
}
PRODUCT_EXTRA: dict[str, dict[str, Any]] = {
    "unit_price": {
        "type": "number",
        "minimum": 0,
        "title": "Unit price",
        "description": "What one costs where an order names no price.",
    }
}
SUPPLIER = ("supplier", "supplier_object", "supplier_object.supplier_id", "supplier_object.supplier_name")
INBOUND_LINES = ("line_items.sku", "line_items.expected_quantity")
KIT_LINES = ("inventory_items.sku", "inventory_items.unit_quantity")
LINES = ("line_items.sku", "line_items.quantity")
IN_WAREHOUSE = {"warehouse_id": "warehouses"}

ACCEPTS: dict[str, Accepts] = {
    "create_order": Accepts(
        required=(
            "order_number", "ship_to_address", *ADDRESS_NEEDED, "line_items", "line_items.product_id",
            "line_items.quantity",
        ),
        optional=(*(one for one in ADDRESS_PATHS if one not in ADDRESS_NEEDED), *ORDER_OPTIONAL),
        extra=ORDER_EXTRA,
        options=ORDER_OPTIONS,
    ),
    "update_order": Accepts(
        required=("line_items.quantity",),
        optional=(
            "order_number", "ship_to_address", *ADDRESS_PATHS, "line_items", "line_items.product_id",
            *ORDER_OPTIONAL, "status",
        ),
        extra=ORDER_EXTRA,
        options=ORDER_OPTIONS,
    ),
    "cancel_order": Accepts(),
    "create_order_shipment": Accepts(
        required=(
            "shipped_date", "tracking_number", "shipping_cost", "measurements", "warehouse_id",
            "packages.package_id", "packages.tracking_number", *LINES,
        ),
        optional=(
            *MEASUREMENTS, "tracking_url", "carrier_id", "carrier", "shipping_method_id", "shipping_method",
            "packages", "line_items",
        ),
        options={**IN_WAREHOUSE, "shipping_method_id": "shipping-methods"},
    ),
    "create_order_file": Accepts(optional=("file", "file_name", "file_url")),
    "create_product": Accepts(
        required=("sku", "name"), optional=("gtin", "measurements", *MEASUREMENTS), extra=PRODUCT_EXTRA
    ),
    "update_product": Accepts(
        optional=("sku", "name", "gtin", "measurements", *MEASUREMENTS), extra=PRODUCT_EXTRA
    ),
    "create_kit": Accepts(
        required=("sku", "name", "gtin", "measurements", "inventory_items", *KIT_LINES),
        optional=("inventory_items.inventory_item_id", *MEASUREMENTS),
        extra=PRODUCT_EXTRA,
    ),
    "update_kit": Accepts(
        required=KIT_LINES,
        optional=(
            "sku", "name", "gtin", "measurements", *MEASUREMENTS, "inventory_items",
            "inventory_items.inventory_item_id",
        ),
        extra=PRODUCT_EXTRA,
    ),
    "adjust_inventory": Accepts(
        required=("quantity", "adjustment_type", "warehouse_id"),
        optional=("location_id",),
        extra={
            "reason": {
                "type": "string",
                "minLength": 1,
                "maxLength": 255,
                "title": "Reason",
                "description": "Why; the ledger's entry says so.",
            }
        },
        options={**IN_WAREHOUSE, "location_id": "warehouse-locations"},
    ),
    "create_inbound_shipment": Accepts(
        required=(
            "purchase_order_number", "expected_arrival_date", "warehouse_id", "tracking_number", "line_items",
            *INBOUND_LINES,
        ),
        optional=SUPPLIER,
        any_of=(("supplier", "supplier_object"),),
        options=IN_WAREHOUSE,
    ),
    "update_inbound_shipment": Accepts(
        required=INBOUND_LINES,
        optional=(
            *SUPPLIER, "purchase_order_number", "expected_arrival_date", "warehouse_id", "tracking_number",
            "line_items",
        ),
        options=IN_WAREHOUSE,
    ),
    "receive_inbound_shipment": Accepts(
        required=("line_items", *LINES, "warehouse_location_id"),
        optional=("warehouse_id",),
        options={**IN_WAREHOUSE, "warehouse_location_id": "warehouse-locations"},
    ),
    "create_return": Accepts(
        required=LINES, optional=("warehouse_id", "order_id", "line_items"), options=IN_WAREHOUSE
    ),
    "update_return": Accepts(
        required=LINES, optional=("warehouse_id", "order_id", "line_items"), options=IN_WAREHOUSE
    ),
    "cancel_return": Accepts(),
}  # fmt: skip

find_create_order = find_create_order_shipment = find_create_order_file = asked.find
find_create_product = find_create_kit = find_adjust_inventory = asked.find
find_create_inbound_shipment = find_receive_inbound_shipment = find_create_return = asked.find


def create_order(command: Command) -> Steps:
    return one_call(command, "/orders", _order(command))


def update_order(command: Command) -> Steps:
    """Cancelling is a call of its own; it comes last, as nothing of a cancelled order can be changed."""
    uid, body = str(command.record_id), _order(command)
    status = command.body.get("status")
    if status not in (None, "cancelled"):
        body["state"] = STATE[status]
    if body or status is None:
        yield Call("PUT", f"/orders/{uid}", body)
    if status == "cancelled":
        yield Call("POST", f"/orders/{uid}/cancel")
    return uid


def cancel_order(command: Command) -> Steps:
    return one_call(command, f"/orders/{command.record_id}/cancel", None)


def create_order_shipment(command: Command) -> Steps:
    said = command.body
    body = given(
        said,
        {
            "shipped_date": "left_at", "tracking_number": "track", "tracking_url": "track_url",
            "shipping_cost": "cost", "warehouse_id": "site",
        },
    )  # fmt: skip
    body |= without_none(
        {
            "via": _named(said.get("shipping_method_id"), said.get("shipping_method")),
            "carrier": _named(said.get("carrier_id"), said.get("carrier")),
        }
    )
    body |= _measured(said)
    if "packages" in said:
        body["parcels"] = [
            {"uid": one["package_id"], "track": one["tracking_number"]} for one in said["packages"]
        ]
    if "line_items" in said:
        body["lines"] = _rows(said["line_items"], "quantity")
    return one_call(command, f"/orders/{command.record_id}/despatches", body)


def create_order_file(command: Command) -> Steps:
    body = given(command.body, {"file_name": "name", "file_url": "url"})
    if command.upload is not None:
        body["name"] = body.get("name") or command.upload.name
        body["type"] = command.upload.content_type
        body["content"] = base64.b64encode(command.upload.content).decode()
    return one_call(command, f"/orders/{command.record_id}/files", body)


def create_product(command: Command) -> Steps:
    return one_call(command, "/products", _product(command.body))


def update_product(command: Command) -> Steps:
    return one_call(command, f"/products/{command.record_id}", _product(command.body), method="PUT")


def create_kit(command: Command) -> Steps:
    return one_call(command, "/kits", _product(command.body))


def update_kit(command: Command) -> Steps:
    return one_call(command, f"/kits/{command.record_id}", _product(command.body), method="PUT")


def adjust_inventory(command: Command) -> Steps:
    body = given(command.body, {"warehouse_id": "site", "location_id": "bin", "reason": "why"})
    sign = -1 if command.body["adjustment_type"] == "decrease" else 1
    body["units"] = sign * command.body["quantity"]
    return one_call(command, f"/inventory/{command.record_id}/counts", body)


def create_inbound_shipment(command: Command) -> Steps:
    return one_call(command, "/inbound-shipments", _inbound(command.body))


def update_inbound_shipment(command: Command) -> Steps:
    path = f"/inbound-shipments/{command.record_id}"
    return one_call(command, path, _inbound(command.body), method="PUT")


def receive_inbound_shipment(command: Command) -> Steps:
    body = given(command.body, {"warehouse_location_id": "bin", "warehouse_id": "site"})
    body["rows"] = _rows(command.body["line_items"], "quantity")
    return one_call(command, f"/inbound-shipments/{command.record_id}/arrivals", body)


def create_return(command: Command) -> Steps:
    return one_call(command, "/returns", _return(command.body))


def update_return(command: Command) -> Steps:
    return one_call(command, f"/returns/{command.record_id}", _return(command.body), method="PUT")


def cancel_return(command: Command) -> Steps:
    return one_call(command, f"/returns/{command.record_id}/cancel", None)


def _order(command: Command) -> dict[str, Any]:
    said = command.body
    body = given(
        said,
        {
            "warehouse_customer_id": "client", "warehouse_id": "site", "reference_id": "shop_ref",
            "order_number": "number", "trading_partner": "partner", "service_level": "level",
            "required_ship_date": "ship_by", "signature_required": "signature",
        },
    )  # fmt: skip
    channel = said.get("channel_object", {})
    body |= without_none(
        {
            "channel": _named(channel.get("channel_id"), channel.get("channel_name") or said.get("channel")),
            "via": _named(said.get("shipping_method_id"), said.get("shipping_method")),
            "money": given(said, TOTALS) or None,
        }
    )
    if "ship_to_address" in said:
        body["deliver_to"] = _address(said["ship_to_address"], command.stored.get("ship_to_address") or {})
    if "line_items" in said:
        body["lines"] = [_line(one) for one in said["line_items"]]
    return body


def _line(said: Mapping[str, Any]) -> dict[str, Any]:
    """A discount is written for each unit, and the warehouse keeps it for the line."""
    line = given(said, {"product_id": "product", "sku": "sku", "quantity": "units", "unit_price": "price"})
    if "discount_amount" in said:
        line["rebate"] = str(Decimal(str(said["discount_amount"])) * said["quantity"])
    return line


def _address(said: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """An address is written as a whole: what is not said of one that there is stays."""
    parts = {**without_none(known), **said}
    street = [parts[name] for name in ("address1", "address2", "address3") if name in parts]
    return {**given(parts, ADDRESS), "street": street}


def _named(uid: str | None, label: str | None) -> dict[str, str] | None:
    """Something by its id, or else by its name."""
    if uid is not None:
        return {"uid": uid}
    return {"label": label} if label is not None else None


def _measured(said: Mapping[str, Any]) -> dict[str, Any]:
    """Size and weight; the warehouse refuses a size that lacks a side."""
    given_here = said.get("measurements", {})
    body: dict[str, Any] = {}
    sides = given(given_here, {"length": "l", "width": "w", "height": "h"})
    if sides:
        body["size"] = _texts(sides) | {"unit": LENGTH_UNIT[given_here.get("unit", "in")]}
    if "weight" in given_here:
        unit = WEIGHT_UNIT[given_here.get("weight_unit", "lb")]
        body["mass"] = {"value": str(given_here["weight"]), "unit": unit}
    return body


def _texts(numbers: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(number) for name, number in numbers.items()}


def _product(said: Mapping[str, Any]) -> dict[str, Any]:
    body = given(said, {"sku": "sku", "name": "title", "gtin": "barcode", "unit_price": "price"})
    body |= _measured(said)
    if "inventory_items" in said:
        names = {"sku": "sku", "inventory_item_id": "item", "unit_quantity": "units"}
        body["parts"] = [given(one, names) for one in said["inventory_items"]]
    return body


def _inbound(said: Mapping[str, Any]) -> dict[str, Any]:
    names = {
        "purchase_order_number": "po",
        "expected_arrival_date": "due",
        "warehouse_id": "site",
        "tracking_number": "track",
    }
    supplier = said.get("supplier_object", {})
    vendor = _named(supplier.get("supplier_id"), supplier.get("supplier_name") or said.get("supplier"))
    body = {**given(said, names), **without_none({"vendor": vendor})}
    if "line_items" in said:
        body["rows"] = _rows(said["line_items"], "expected_quantity")
    return body


def _return(said: Mapping[str, Any]) -> dict[str, Any]:
    body = given(said, {"warehouse_id": "site", "order_id": "order"})
    if "line_items" in said:
        body["rows"] = _rows(said["line_items"], "quantity")
    return body


def _rows(said: list[Mapping[str, Any]], quantity: str) -> list[dict[str, Any]]:
    return [{"sku": one["sku"], "units": one[quantity]} for one in said]
