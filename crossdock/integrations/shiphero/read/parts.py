"""What several of ShipHero's records have in common: addresses, measurements, dates, customers."""

from typing import Any

from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import decimal, text, timestamp
from crossdock.resources.links import is_link

UNDATED = None
"""The date of records that ShipHero has no date of: ours stand in its place."""


def dated(created: Any, updated: Any = None) -> Fields:
    """The two dates of a record; the other one where one is missing."""
    first, last = timestamp(created), timestamp(updated)
    return {"created_date": first or last, "updated_date": last or first}


def measurements(dimensions: Raw | None) -> Fields:
    """Sizes and weight as numbers: ShipHero does not say in which units."""
    names = ("length", "width", "height", "weight")
    return {name: decimal((dimensions or {}).get(name)) for name in names}


def ship_to(address: Raw | None, email: Any = None) -> Fields:
    """The address of an order, which has first and last name apart."""
    raw = address or {}
    names = (text(raw.get("first_name")), text(raw.get("last_name")))
    return {
        "full_name": " ".join(filter(None, names)) or None,
        "company": text(raw.get("company")),
        **place(raw),
        "phone_number": text(raw.get("phone")),
        "email_address": text(raw.get("email")) or text(email),
    }


def named_ship_to(address: Raw | None) -> Fields:
    """The address of a shipment, which has one name."""
    raw = address or {}
    return {"full_name": text(raw.get("name")), **place(raw), "phone_number": text(raw.get("phone"))}


def place(raw: Raw) -> Fields:
    return {
        "address1": text(raw.get("address1")),
        "address2": text(raw.get("address2")),
        "city": text(raw.get("city")),
        "state": text(raw.get("state_code")) or text(raw.get("state")),
        "postal_code": text(raw.get("zip")),
        "country": text(raw.get("country_code")) or text(raw.get("country")),
    }


def link(address: Any) -> str | None:
    """A link, where it is one."""
    name = text(address)
    return name if name and is_link(name) else None


def word(status: Any) -> str:
    """A status as tables have it. They are free text, written in either case."""
    return (text(status) or "").casefold().replace(" ", "_")
