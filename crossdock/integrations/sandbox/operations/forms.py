"""What the bodies of calls to a simulated system may say: one struct each, in the system's own words.

A member that is left out is None: on creating there is none, on changing it stays as it is.
"""

from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from crossdock.errors import BadVendorValue, VendorRefused
from crossdock.integrations.sandbox.world.records import WorldRecords
from crossdock.integrations.sandbox.world.stock import UNPROCESSABLE
from crossdock.kit.contract import Raw
from crossdock.kit.values import decimal, timestamp
from crossdock.resources import faults

CONFLICT, NOT_FOUND = 409, 404
MOST_MONEY = Decimal(10**12)

Text = Annotated[str, Meta(min_length=1, max_length=255)]
Units = Annotated[int, Meta(gt=0, le=10_000_000)]
Level = Annotated[int, Meta(ge=0, le=10_000_000)]
Lines = Annotated[list[Any], Meta(min_length=1, max_length=1000)]
Found = TypeVar("Found")


class Form(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The root of them."""


class StreetForm(Form, kw_only=True):
    name: Text | None = None
    firm: Text | None = None
    street: Annotated[list[Text], Meta(max_length=3)] = []
    town: Text | None = None
    region: Text | None = None
    zip: Text | None = None
    country: Text | None = None
    phone: Text | None = None
    mail: Text | None = None


class NamedForm(Form, kw_only=True):
    """A reference by id, by name, or by both where they agree."""

    uid: Text | None = None
    label: Text | None = None


class OrderLine(Form, kw_only=True):
    units: Units
    product: Text | None = None
    sku: Text | None = None
    price: Decimal | None = None
    rebate: Decimal | None = None
    """For the whole line."""


class AmountsForm(Form, kw_only=True):
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
    channel: NamedForm | None = None
    partner: Text | None = None
    via: NamedForm | None = None
    level: Text | None = None
    money: AmountsForm | None = None
    deliver_to: StreetForm | None = None
    lines: Annotated[list[OrderLine], Meta(min_length=1, max_length=1000)] | None = None
    ship_by: Text | None = None
    signature: bool | None = None
    state: Text | None = None


class SizeForm(Form, kw_only=True):
    l: Decimal  # noqa: E741  (the vendor's word)
    w: Decimal
    h: Decimal
    unit: Literal["IN", "CM"]


class MassForm(Form, kw_only=True):
    value: Decimal
    unit: Literal["LB", "OZ", "KG"]


class ParcelForm(Form, kw_only=True):
    uid: Text | None = None
    track: Text


class SentLine(Form, kw_only=True):
    sku: Text
    units: Units


class DespatchForm(Form, kw_only=True):
    site: Text | None = None
    """Without one: where the order is bound to."""
    left_at: Text | None = None
    track: Text | None = None
    """Of the one parcel; beside parcels it is that of the whole despatch."""
    track_url: Text | None = None
    via: NamedForm | None = None
    carrier: NamedForm | None = None
    cost: Decimal | None = None
    size: SizeForm | None = None
    mass: MassForm | None = None
    parcels: list[ParcelForm] = []
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
    size: SizeForm | None = None
    mass: MassForm | None = None
    parts: Annotated[list[PartForm], Meta(min_length=1, max_length=100)] | None = None


class CountForm(Form, kw_only=True):
    units: Annotated[int, Meta(ge=-10_000_000, le=10_000_000)]
    site: Text
    bin: Text | None = None
    why: Text | None = None


class ExpectedLine(Form, kw_only=True):
    sku: Text
    units: Units


class InboundForm(Form, kw_only=True):
    vendor: NamedForm | None = None
    po: Text | None = None
    due: Text | None = None
    site: Text | None = None
    track: Text | None = None
    rows: Annotated[list[ExpectedLine], Meta(min_length=1, max_length=1000)] | None = None


class ArrivalForm(Form, kw_only=True):
    rows: Annotated[list[ExpectedLine], Meta(min_length=1, max_length=1000)]
    bin: Text | None = None
    site: Text | None = None


class ReturnForm(Form, kw_only=True):
    site: Text | None = None
    order: Text | None = None
    rows: Annotated[list[ExpectedLine], Meta(min_length=1, max_length=1000)] | None = None


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


class EmptyForm(Form, kw_only=True):
    """A call that says all by its path."""


def filled(kind: type[Found], body: Any) -> Found:
    """The body as a form. Raises VendorRefused naming the member that does not fit."""
    try:
        return msgspec.convert({} if body is None else body, kind)
    except msgspec.ValidationError as problem:
        position, text = faults.described(str(problem), body, kind)
        raise refused(f"{position or 'the body'} {text}") from None


def refused(message: str, status: int = UNPROCESSABLE) -> VendorRefused:
    return VendorRefused(message, status=status)


def named(records: WorldRecords, resource: str, name: str, uid: str) -> Raw:
    """The record that a body refers to by its id. Raises VendorRefused when it is not there."""
    record = records.find(resource, uid)
    if record is None:
        raise refused(f"there is no {name} {uid!r}")
    return record


def agreed(named_form: NamedForm, raw: Raw, label: str) -> Raw:
    """The record that was named by its id. Raises VendorRefused when it is called otherwise."""
    if named_form.label is not None and named_form.label != raw[label]:
        raise refused(f"{named_form.uid} is called {raw[label]!r}, not {named_form.label!r}")
    return raw


def money(amount: Decimal | None, name: str) -> Decimal | None:
    """An amount, exact. Raises VendorRefused for one that is negative or has fractions of a cent."""
    if amount is None:
        return None
    if not amount.is_finite() or not 0 <= amount <= MOST_MONEY or amount != round(amount, 2):
        raise refused(f"{name} must be an amount from 0 upwards with at most two decimals, got {amount}")
    return round(amount, 2)


def price(amount: Decimal | None, name: str) -> Decimal | None:
    """The same, but it may have fractions of a cent, as a unit's price can."""
    if amount is None:
        return None
    if not amount.is_finite() or not 0 <= amount <= MOST_MONEY or amount != round(amount, 6):
        raise refused(f"{name} must be an amount from 0 upwards with at most six decimals, got {amount}")
    return round(amount, 2) if amount == round(amount, 2) else amount


def when(text: str, name: str) -> str:
    """A time as the sandbox writes it."""
    try:
        found_timestamp = timestamp(text)
    except BadVendorValue:
        found_timestamp = None
    if found_timestamp is None:
        raise refused(f"{name} must be a time, as in 2026-01-31T09:00:00Z, got {text!r}")
    return found_timestamp.removesuffix("Z") + ".000000Z"


def measured(size: SizeForm | None, mass: MassForm | None) -> Raw:
    """Size and weight as the warehouse writes them. Raises VendorRefused for those of nothing."""
    lengths = {side: _above_nothing(getattr(size, side), "a length") for side in "lwh"} if size else None
    weight = {"value": _above_nothing(mass.value, "a weight"), "unit": mass.unit} if mass else None
    return {"size": {**lengths, "unit": size.unit} if size and lengths else None, "mass": weight}


def _above_nothing(number: Decimal, name: str) -> str:
    try:
        exact = decimal(number)
    except BadVendorValue:
        exact = None
    if not exact or not 0 < exact < 10**6:
        raise refused(f"{name} must be a number above 0, got {number}")
    return str(exact)
