"""Orders: create, change, cancel."""

from collections.abc import Mapping
from typing import Any

from crossdock.integrations.shiphero.lists import spelt
from crossdock.integrations.shiphero.write.calls import (
    amount,
    ask,
    change,
    customer,
    existing,
    listed,
    since,
    sku_of,
)
from crossdock.kit.contract import Accepts, Command, Operation, Search, Steps

PLAIN = {
    "order_number": "order_number",
    "reference_id": "partner_order_id",
    "total_price": "total_price",
    "total_tax": "total_tax",
    "total_discount": "total_discounts",
}
"""Members of our body and of theirs, in both mutations."""
ADDRESS = {
    "company": "company", "address1": "address1", "address2": "address2", "city": "city", "state": "state",
    "postal_code": "zip", "country": "country", "phone_number": "phone", "email_address": "email",
}  # fmt: skip
NO_TITLE = "Shipping"
CANCELLED = {"canceled", "cancelled"}
CARRIER: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "title": "Carrier",
    "description": "As ShipHero spells it. Rules of the account may map it.",
}


def create_order(command: Command) -> Steps:
    if command.found is not None:
        return command.found
    body = command.body
    data = {
        "fulfillment_status": "pending",
        **customer(command),
        **_plain(body),
        **_shipping(body, {}),
        "partner_order_id": _reference(command),
        "shipping_address": _address(body["ship_to_address"]),
        "line_items": [_line(line, number, body) for number, line in enumerate(body["line_items"])],
    }
    if "channel_object" in body or "channel" in body:
        data["shop_name"] = _shop(body)
    if "invoice_currency_code" in body:
        data["currency"] = body["invoice_currency_code"]
    if command.begun:
        data["order_date"] = spelt(command.begun)
    answer = yield change("order_create", data)
    return str(answer["order_create"]["order"]["id"])


def find_order(command: Command) -> Search | None:
    return _find_order(command) if command.begun else None


def _find_order(command: Command) -> Search:
    """The order with our number and reference that is as new as the write."""
    name = customer(command).get("customer_account_id")
    variables = {"number": command.body["order_number"], "partner": _reference(command)}
    orders = yield from listed("orders_named", "orders", **variables, **({"customer": name} if name else {}))
    earliest = since(command) or ""
    return next((str(order["id"]) for order in orders if (order["order_date"] or "") >= earliest), None)


def update_order(command: Command) -> Steps:
    body = command.body
    data = {
        "order_id": command.record_id,
        **customer(command),
        **_plain(body),
        **_shipping(body, command.stored),
    }
    if "ship_to_address" in body:
        data["shipping_address"] = _address(body["ship_to_address"])
    yield change("order_update", data)
    return str(command.record_id)


def cancel_order(command: Command) -> Steps:
    if command.found is not None:
        return command.found
    data = {"order_id": command.record_id, **customer(command), "reason": "Cancelled through Crossdock"}
    yield change("order_cancel", data)
    return str(command.record_id)


def find_cancelled(command: Command) -> Search:
    """The order, if it is cancelled now."""
    answer = yield ask("order", id=command.record_id)
    order = existing(answer, "order", command.record_id)
    return command.record_id if str(order["fulfillment_status"]).casefold() in CANCELLED else None


def _reference(command: Command) -> str:
    return str(command.body.get("reference_id") or command.body["order_number"])


def _plain(body: Mapping[str, Any]) -> dict[str, Any]:
    return {
        theirs: amount(body[ours]) if ours.startswith("total_") else body[ours]
        for ours, theirs in PLAIN.items()
        if ours in body
    }


def _shipping(body: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    """The shipping line, which is set whole: what the body does not say stays as we hold it."""
    names = ("shipping_method", "service_level", "total_shipping", "carrier")
    if not any(name in body for name in names):
        return {}
    known = {"carrier": stored.get("carrier_name"), **{name: stored.get(name) for name in names[:3]}}
    parts = known | {name: body[name] for name in names if name in body}
    line = {
        "title": parts["shipping_method"] or parts["service_level"] or NO_TITLE,
        "price": amount(parts["total_shipping"] or 0),
        "carrier": parts["carrier"],
        "method": parts["service_level"],
    }
    return {"shipping_lines": {name: value for name, value in line.items() if value is not None}}


def _address(address: Mapping[str, Any]) -> dict[str, Any]:
    """An address with first and last name apart: the last word is the last name."""
    first, _, last = (address.get("full_name") or "").strip().rpartition(" ")
    names = {"first_name": first, "last_name": last}
    parts = {theirs: address[ours] for ours, theirs in ADDRESS.items() if ours in address}
    return {name: text for name, text in names.items() if text} | parts


def _line(line: Mapping[str, Any], number: int, body: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "sku": sku_of(line, f"line_items[{number}].sku"),
        "partner_line_item_id": f"{body['order_number']}-{number + 1}",
        "quantity": line["quantity"],
        "price": amount(line.get("unit_price", 0)),
    }


def _shop(body: Mapping[str, Any]) -> Any:
    """The name of the shop, which is its id as well."""
    channel = body.get("channel_object") or {}
    return channel.get("channel_name") or channel.get("channel_id") or body["channel"]


PARTS = tuple(f"ship_to_address.{name}" for name in ("full_name", *ADDRESS))
NEEDED = ("address1", "city", "postal_code", "country")
NEEDED_PARTS = tuple(f"ship_to_address.{name}" for name in NEEDED)
SHIPPING = ("shipping_method", "service_level", "total_shipping")
TOTALS = ("total_price", "total_tax", "total_discount")

CREATE_ORDER = Operation(
    Accepts(
        required=("order_number", "ship_to_address", *NEEDED_PARTS, "line_items", "line_items.quantity"),
        optional=(
            *(part for part in PARTS if part not in NEEDED_PARTS),
            "line_items.sku",
            "line_items.product_id",
            "line_items.unit_price",
            "warehouse_customer_id",
            "reference_id",
            "channel",
            "channel_object",
            "channel_object.channel_id",
            "channel_object.channel_name",
            "invoice_currency_code",
            *SHIPPING,
            *TOTALS,
        ),
        extra={"carrier": CARRIER},
    ),
    create_order,
    find=find_order,
)
UPDATE_ORDER = Operation(
    Accepts(
        optional=("order_number", "reference_id", "ship_to_address", *PARTS, *SHIPPING, *TOTALS),
        extra={"carrier": CARRIER},
    ),
    update_order,
)
CANCEL_ORDER = Operation(Accepts(), cancel_order, find=find_cancelled)
