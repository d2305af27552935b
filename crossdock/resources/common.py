"""Values that several resources share: times, money, tags, measurements, addresses."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from crossdock.resources.personal import Personal
from crossdock.resources.schema import Part

Timestamp = Annotated[
    str,
    Meta(
        title="Timestamp",
        pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$",
        description="UTC, to the second.",
        extra_json_schema={"format": "date-time"},
    ),
]
"""UTC, "2026-01-31T09:00:00Z"; never a fraction. What we say; callers may write dates as `Moment`."""

Moment = Annotated[
    str,
    Meta(
        title="Moment",
        description="ISO 8601 or RFC 3339, also with a fraction or an offset, or only a date. Without an "
        "offset it is UTC; fractions of a second are cut off.",
        extra_json_schema={"format": "date-time"},
    ),
]
"""A date that a caller sends. Its form is checked by `resources.dates`."""

Money = Annotated[Decimal, Meta(extra_json_schema={"type": "number"})]
"""Exact; a JSON number on the wire."""

Tags = list[str | dict[str, Any]] | None
"""The caller's own labels: each a text, or an object of one key. Null until some are set."""
LengthUnit = Literal["cm", "in"]

WeightUnit = Literal["kg", "oz", "lb"]


class Measurements(Part, kw_only=True):
    length: Money | None = None
    width: Money | None = None
    height: Money | None = None
    unit: LengthUnit | None = None
    weight: Money | None = None
    weight_unit: WeightUnit | None = None


class ShipToAddress(Part, kw_only=True):
    full_name: Annotated[str | None, Personal.NAME] = None
    company: Annotated[str | None, Personal.COMPANY] = None
    address1: Annotated[str | None, Personal.STREET] = None
    address2: Annotated[str | None, Personal.STREET] = None
    address3: Annotated[str | None, Personal.STREET] = None
    city: str | None = None
    state: str | None = None
    postal_code: Annotated[str | None, Personal.POSTCODE] = None
    country: str | None = None
    phone_number: Annotated[str | None, Personal.PHONE] = None
    email_address: Annotated[str | None, Personal.EMAIL] = None


class ShipFromAddress(Part, kw_only=True):
    address1: str | None = None
    address2: str | None = None
    address3: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None


class SupplierRef(Part, kw_only=True):
    """A supplier, or `{}` when none is known."""

    supplier_id: str | UnsetType = UNSET
    supplier_name: str | None | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.supplier_id is not UNSET and self.supplier_name is UNSET:
            self.supplier_name = None
        if self.supplier_id is UNSET and self.supplier_name is not UNSET:
            raise ValueError("supplier_object has a supplier_name but no supplier_id")
