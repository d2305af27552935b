"""Orders: create, change, cancel, and attach a file. Pure."""

import base64
from collections.abc import Mapping
from typing import Any

from crossdock.integrations.sandbox.operations import calls
from crossdock.integrations.sandbox.operations.calls import one_call, vendor_members, without_none
from crossdock.integrations.sandbox.wms.write.values import named, named_by_both
from crossdock.kit.contract import Accepts, Call, Command, Fields, Made, Operation, Steps

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
ADDRESS = {
    "full_name": "name", "company": "firm", "city": "town", "state": "region", "postal_code": "zip",
    "country": "country", "phone_number": "phone", "email_address": "mail",
}  # fmt: skip
ADDRESS_PATHS = tuple(f"ship_to_address.{name}" for name in (*ADDRESS, "address1", "address2"))
ADDRESS_NEEDED = tuple(
    f"ship_to_address.{name}" for name in ("city", "state", "postal_code", "country", "address1")
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


def channel_of_order(fields: Fields) -> Made:
    """The channel of an order: one by a new name is made with the order."""
    channel = fields["channel_object"].get("channel_id")
    return [("get_order_channels", channel)] if channel else []


def create_order(command: Command) -> Steps:
    return one_call(command, "/orders", _order(command))


CREATE_ORDER = Operation(
    Accepts(
        required=(
            "order_number",
            "ship_to_address",
            *ADDRESS_NEEDED,
            "line_items",
            "line_items.product_id",
            "line_items.quantity",
        ),
        optional=(
            *(address_path for address_path in ADDRESS_PATHS if address_path not in ADDRESS_NEEDED),
            *ORDER_OPTIONAL,
        ),
        extra=ORDER_EXTRA,
        options=ORDER_OPTIONS,
    ),
    create_order,
    find=calls.find,
    also=channel_of_order,
)


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


UPDATE_ORDER = Operation(
    Accepts(
        required=("line_items.quantity",),
        optional=(
            "order_number",
            "ship_to_address",
            *ADDRESS_PATHS,
            "line_items",
            "line_items.product_id",
            *ORDER_OPTIONAL,
            "status",
        ),
        extra=ORDER_EXTRA,
        options=ORDER_OPTIONS,
    ),
    update_order,
    also=channel_of_order,
)


def cancel_order(command: Command) -> Steps:
    return one_call(command, f"/orders/{command.record_id}/cancel", None)


CANCEL_ORDER = Operation(Accepts(), cancel_order)


def create_order_file(command: Command) -> Steps:
    body = vendor_members(command.body, {"file_name": "name", "file_url": "url"})
    if command.upload is not None:
        body["name"] = body.get("name") or command.upload.name
        body["type"] = command.upload.content_type
        body["content"] = base64.b64encode(command.upload.content).decode()
    return one_call(command, f"/orders/{command.record_id}/files", body)


CREATE_ORDER_FILE = Operation(
    Accepts(optional=("file", "file_name", "file_url")), create_order_file, find=calls.find
)


def _order(command: Command) -> dict[str, Any]:
    fields = command.body
    body = vendor_members(
        fields,
        {
            "warehouse_customer_id": "client", "warehouse_id": "site", "reference_id": "shop_ref",
            "order_number": "number", "trading_partner": "partner", "service_level": "level",
            "required_ship_date": "ship_by", "signature_required": "signature",
        },
    )  # fmt: skip
    channel = fields.get("channel_object", {})
    body |= without_none(
        {
            "channel": named_by_both(channel.get("channel_id"), channel.get("channel_name"))
            or named(None, fields.get("channel")),
            "via": named(fields.get("shipping_method_id"), fields.get("shipping_method")),
            "money": vendor_members(fields, TOTALS) or None,
        }
    )
    if "ship_to_address" in fields:
        body["deliver_to"] = _address(fields["ship_to_address"], command.stored.get("ship_to_address") or {})
    if "line_items" in fields:
        body["lines"] = [_line(line_item) for line_item in fields["line_items"]]
    return body


def _line(line_item: Mapping[str, Any]) -> dict[str, Any]:
    names = {
        "product_id": "product", "sku": "sku", "quantity": "units", "unit_price": "price",
        "discount_amount": "rebate",
    }  # fmt: skip
    return vendor_members(line_item, names)


def _address(fields: Mapping[str, Any], known_fields: Mapping[str, Any]) -> dict[str, Any]:
    """An address is written as a whole: what is not said of one that there is stays."""
    parts = {**without_none(known_fields), **fields}
    street = [parts[name] for name in ("address1", "address2", "address3") if name in parts]
    return {**vendor_members(parts, ADDRESS), "street": street}
