"""What the bodies of calls to a simulated system may say: one struct each, in the system's own words.

A member that is left out is None: on creating there is none, on changing it stays as it is.
"""

from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from crossdock.errors import BadVendorValue, VendorRefused
from crossdock.integrations.contract import Raw
from crossdock.integrations.sandbox.stock import UNPROCESSABLE
from crossdock.integrations.sandbox.world import Records
from crossdock.integrations.values import decimal, timestamp

CONFLICT, NOT_FOUND = 409, 404
MOST_MONEY = Decimal(10**12)

Text = Annotated[str, Meta(min_length=1, max_length=255)]
Units = Annotated[int, Meta(gt=0, le=10_000_000)]
Level = Annotated[int, Meta(ge=0, le=10_000_000)]
Lines = Annotated[list[Any], Meta(min_length=1, max_length=1000)]
Found = TypeVar("Found")


class Form(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The root of them."""


class Street(Form, kw_only=True):
    name: Text | None = None
    firm: Text | None = None
    street: Annotated[list[Text], Meta(max_length=3)] = []
    town: Text | None = None
    region: Text | None = None
    zip: Text | None = None
    country: Text | None = None
    phone: Text | None = None
    mail: Text | None = None


class Named(Form, kw_only=True):
    """Something by its id, or by its name."""

    uid: Text | None = None
    label: Text | None = None


class OrderLine(Form, kw_only=True):
    units: Units
    product: Text | None = None
    sku: Text | None = None
    price: Decimal | None = None
    rebate: Decimal | None = None
    """For the whole line."""


class Amounts(Form, kw_only=True):
    currency: Text | None = None
    total: Decimal | None = None
    tax: Decimal | None = None
    rebate: Decimal | None = None
    shipping: Decimal | None = None


class OrderForm(Form, kw_only=True):
    client: Text | None = None
    site: Text | None = None
    shop_ref: Text | None = None
    number: Text | None = None
    channel: Named | None = None
    partner: Text | None = None
    via: Named | None = None
    level: Text | None = None
    money: Amounts | None = None
    deliver_to: Street | None = None
    lines: Annotated[list[OrderLine], Meta(min_length=1, max_length=1000)] | None = None
    ship_by: Text | None = None
    signature: bool | None = None
    state: Text | None = None


class Size(Form, kw_only=True):
    l: Decimal  # noqa: E741  (the vendor's word)
    w: Decimal
    h: Decimal
    unit: Literal["IN", "CM"]


class Mass(Form, kw_only=True):
    value: Decimal
    unit: Literal["LB", "OZ", "KG"]


class Parcel(Form, kw_only=True):
    uid: Text | None = None
    track: Text


class SentLine(Form, kw_only=True):
    sku: Text
    units: Units


class DespatchForm(Form, kw_only=True):
    site: Text
    left_at: Text
    track: Text
    track_url: Text | None = None
    via: Named | None = None
    carrier: Named | None = None
    cost: Decimal | None = None
    size: Size | None = None
    mass: Mass | None = None
    parcels: list[Parcel] = []
    lines: Annotated[list[SentLine], Meta(min_length=1)] | None = None


class FileForm(Form, kw_only=True):
    name: Text | None = None
    type: Text | None = None
    content: bytes | None = None
    """Base64."""
    url: Annotated[str, Meta(min_length=1, max_length=2000)] | None = None


class PartForm(Form, kw_only=True):
    units: Units
    sku: Text | None = None
    item: Text | None = None


class ProductForm(Form, kw_only=True):
    sku: Text | None = None
    title: Text | None = None
    barcode: Text | None = None
    price: Decimal | None = None
    size: Size | None = None
    mass: Mass | None = None
    parts: Annotated[list[PartForm], Meta(min_length=1, max_length=100)] | None = None


class CountForm(Form, kw_only=True):
    units: Annotated[int, Meta(ge=-10_000_000, le=10_000_000)]
    site: Text
    bin: Text | None = None
    why: Text | None = None


class Expected(Form, kw_only=True):
    sku: Text
    units: Units


class InboundForm(Form, kw_only=True):
    vendor: Named | None = None
    po: Text | None = None
    due: Text | None = None
    site: Text | None = None
    track: Text | None = None
    rows: Annotated[list[Expected], Meta(min_length=1, max_length=1000)] | None = None


class ArrivalForm(Form, kw_only=True):
    rows: Annotated[list[Expected], Meta(min_length=1, max_length=1000)]
    bin: Text | None = None
    site: Text | None = None


class ReturnForm(Form, kw_only=True):
    site: Text | None = None
    order: Text | None = None
    rows: Annotated[list[Expected], Meta(min_length=1, max_length=1000)] | None = None


class DeliveryLine(Form, kw_only=True):
    line: Text
    units: Units


class DeliveryForm(Form, kw_only=True):
    track: Text
    track_url: Text | None = None
    carrier: Text
    method: Text
    lines: Annotated[list[DeliveryLine], Meta(min_length=1)] | None = None


class RefundLine(Form, kw_only=True):
    line: Text
    units: Units | None = None
    amount: Decimal | None = None


class RefundForm(Form, kw_only=True):
    amount: Decimal | None = None
    why: Text | None = None
    lines: Annotated[list[RefundLine], Meta(min_length=1)] | None = None


class LevelForm(Form, kw_only=True):
    how: Literal["ADD", "REMOVE", "SET"]
    units: Level
    place: Text | None = None


class LevelLine(Form, kw_only=True):
    product: Text
    units: Level
    place: Text | None = None


class LevelsForm(Form, kw_only=True):
    levels: Annotated[list[LevelLine], Meta(min_length=1, max_length=1000)]


class Nothing(Form, kw_only=True):
    """A call that says all by its path."""


def filled(kind: type[Found], body: Any) -> Found:
    """The body as a form. Raises VendorRefused naming the member that does not fit."""
    try:
        return msgspec.convert({} if body is None else body, kind)
    except msgspec.ValidationError as problem:
        raise refused(str(problem)) from None


def refused(message: str, status: int = UNPROCESSABLE) -> VendorRefused:
    return VendorRefused(message, status=status)


def named(records: Records, resource: str, what: str, uid: str) -> Raw:
    """What a body refers to by its id. Raises VendorRefused when it is not there."""
    found = records.find(resource, uid)
    if found is None:
        raise refused(f"there is no {what} {uid!r}")
    return found


def money(amount: Decimal | None, what: str) -> Decimal | None:
    """An amount, exact. Raises VendorRefused for one that is negative or has fractions of a cent."""
    if amount is None:
        return None
    if not amount.is_finite() or not 0 <= amount <= MOST_MONEY or amount != round(amount, 2):
        raise refused(f"{what} must be an amount from 0 upwards with at most two decimals, got {amount}")
    return round(amount, 2)


def price(amount: Decimal | None, what: str) -> Decimal | None:
    """The same, but it may have fractions of a cent, as a unit's price can."""
    if amount is None:
        return None
    if not amount.is_finite() or not 0 <= amount <= MOST_MONEY or amount != round(amount, 6):
        raise refused(f"{what} must be an amount from 0 upwards with at most six decimals, got {amount}")
    return round(amount, 2) if amount == round(amount, 2) else amount


def when(text: str, what: str) -> str:
    """A time as the sandbox writes it."""
    try:
        found = timestamp(text)
    except BadVendorValue:
        found = None
    if found is None:
        raise refused(f"{what} must be a time, as in 2026-01-31T09:00:00Z, got {text!r}")
    return found.removesuffix("Z") + ".000000Z"


def measured(size: Size | None, mass: Mass | None) -> Raw:
    """Size and weight as the warehouse writes them. Raises VendorRefused for those of nothing."""
    lengths = {side: _above_nothing(getattr(size, side), "a length") for side in "lwh"} if size else None
    weight = {"value": _above_nothing(mass.value, "a weight"), "unit": mass.unit} if mass else None
    return {"size": {**lengths, "unit": size.unit} if size and lengths else None, "mass": weight}


def _above_nothing(number: Decimal, what: str) -> str:
    try:
        exact = decimal(number)
    except BadVendorValue:
        exact = None
    if not exact or not 0 < exact < 10**6:
        raise refused(f"{what} must be a number above 0, got {number}")
    return str(exact)
