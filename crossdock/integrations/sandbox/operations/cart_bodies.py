"""What the bodies of simulated cart records may say, checked: one table of fields for each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from crossdock.errors import BadVendorValue, Invalid
from crossdock.integrations.sandbox.world.people import Address
from crossdock.kit.values import decimal

LONGEST_TEXT = 255
MOST_UNITS = 1_000_000
MOST_LINES = 100
MOST_FAULTS = 100
"""Of one body that are told."""
MOST_MONEY = Decimal("1000000")


@dataclass(frozen=True)
class CartOrderBody:
    """A wanted cart order; what is None or empty is generated."""

    number: str | None
    method: str | None
    lines: list[tuple[str, int]]
    address: Address | None


@dataclass(frozen=True)
class CartProductBody:
    """A wanted cart product; what is None is generated."""

    name: str | None
    sku: str | None
    barcode: str | None
    price: Decimal | None
    cost: Decimal | None
    units: int | None
    parent: str | None
    published: bool


def refuse(field: str, message: str) -> Invalid:
    return Invalid({"json": {field: [message]}})


def cart_order(body: dict[str, Any]) -> CartOrderBody:
    """Read the body of an order. Raises Invalid naming every field that does not fit."""
    fields = _checked(body, ORDER_FIELDS)
    return CartOrderBody(
        fields.get("order_number"),
        fields.get("requested_shipping_method"),
        fields.get("line_items", []),
        fields.get("ship_to_address"),
    )


def cart_product(body: dict[str, Any]) -> CartProductBody:
    """Read the body of a product. Raises Invalid naming every field that does not fit."""
    fields = _checked(body, PRODUCT_FIELDS)
    return CartProductBody(
        fields.get("name"),
        fields.get("sku"),
        fields.get("gtin"),
        fields.get("price"),
        fields.get("unit_cost"),
        fields.get("inventory"),
        fields.get("parent_product_id"),
        fields.get("active", True),
    )


Check = Callable[[Any], Any]
"""Gives the value as we use it; raises ValueError saying what is wanted."""


def _checked(body: Any, fields: Mapping[str, Check]) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise refuse("body", "must be an object")
    mapping: dict[str, Any] = {}
    faults: dict[str, list[str]] = {}
    for name, value in body.items():
        if len(faults) >= MOST_FAULTS:
            break
        if name not in fields:
            faults[name] = [f"unknown field; known are: {', '.join(fields)}"]
            continue
        try:
            mapping[name] = fields[name](value)
        except ValueError as problem:
            faults[name] = [str(problem)]
    if faults:
        raise Invalid({"json": faults})
    return mapping


def _text(value: Any) -> str:
    if not isinstance(value, str) or not 1 <= len(value.strip()) <= LONGEST_TEXT:
        raise ValueError(f"must be a text of 1 to {LONGEST_TEXT} characters")
    return value.strip()


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _money(value: Any) -> Decimal:
    text = f"must be a number from 0 to {MOST_MONEY} with at most two decimals"
    try:
        amount = decimal(value) if isinstance(value, int | float | Decimal) else None
    except BadVendorValue:
        raise ValueError(text) from None
    if amount is None or not 0 <= amount <= MOST_MONEY or amount != round(amount, 2):
        raise ValueError(text)
    return round(amount, 2)


def _units(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_UNITS:
        raise ValueError(f"must be a whole number from 0 to {MOST_UNITS}")
    return value


def _lines(value: Any) -> list[tuple[str, int]]:
    text = f"must be a list of 1 to {MOST_LINES} objects with product_id and quantity"
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_LINES:
        raise ValueError(text)
    lines = []
    for item in value:
        if not isinstance(item, dict) or set(item) != {"product_id", "quantity"}:
            raise ValueError(text)
        units = _units(item["quantity"])
        if not units:
            raise ValueError("each quantity must be at least 1")
        lines.append((_text(item["product_id"]), units))
    return lines


# Our names of the parts of an address, and the sandbox's.
ADDRESS = {
    "full_name": "name",
    "company": "firm",
    "city": "town",
    "state": "region",
    "postal_code": "zip",
    "country": "country",
    "phone_number": "phone",
    "email_address": "mail",
}
STREET = ("address1", "address2", "address3")


def _address(value: Any) -> Address:
    if not isinstance(value, dict) or not set(value) <= {*ADDRESS, *STREET}:
        raise ValueError(f"must be an object of: {', '.join([*STREET, *ADDRESS])}")
    try:
        texts = {name: _text(item) for name, item in value.items()}
    except ValueError as problem:
        raise ValueError(f"each part {problem}") from None
    return {
        **{theirs: texts.get(ours) for ours, theirs in ADDRESS.items()},
        "street": [texts[name] for name in STREET if name in texts],
    }


ORDER_FIELDS: dict[str, Check] = {
    "order_number": _text,
    "requested_shipping_method": _text,
    "line_items": _lines,
    "ship_to_address": _address,
}
PRODUCT_FIELDS: dict[str, Check] = {
    "name": _text,
    "sku": _text,
    "gtin": _text,
    "price": _money,
    "unit_cost": _money,
    "inventory": _units,
    "active": _flag,
    "parent_product_id": _text,
}
