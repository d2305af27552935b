"""Members that several of Deposco's records have in common. Pure."""

from decimal import Decimal
from typing import Any

from crossdock.kit.contract import Fields, Raw
from crossdock.kit.quantities import Quantity, counted, exact
from crossdock.kit.values import decimal, text, timestamp, unfit

LENGTHS = {
    "in": ("in", Decimal(1)),
    "cm": ("cm", Decimal(1)),
    "ft": ("in", Decimal(12)),
    "m": ("cm", Decimal(100)),
}
"""Units of length: ours, and how many of it one is."""


def part(raw: Raw, name: str) -> Raw:
    """An object within a record; an empty one where there is none."""
    inner = raw.get(name)
    if inner is None:
        return {}
    return inner if isinstance(inner, dict) else unfit(inner, "an object") or {}


def parts(raw: Raw, name: str) -> list[Raw]:
    """A list within a record, or the records of a collection; an empty one where there is none."""
    inner = raw.get(name)
    if isinstance(inner, dict):
        inner = inner.get("data")
    if inner is None:
        return []
    return inner if isinstance(inner, list) else unfit(inner, "a list") or []


def id_in(raw: Raw, name: str) -> str | None:
    """The id of what a reference within a record points at."""
    return text(part(raw, name).get("id"))


def key_in(raw: Raw, name: str, key: str) -> str | None:
    """A part of the business key of what a reference points at, such as the number of a facility."""
    return text(part(part(raw, name), "businessKey").get(key))


def company(raw: Raw) -> str | None:
    return key_in(raw, "businessUnit", "code")


def facility(raw: Raw, name: str) -> str | None:
    return key_in(raw, name, "number")


def dates(raw: Raw) -> Fields:
    created = timestamp(raw["createdDate"])
    return {"created_date": created, "updated_date": timestamp(raw.get("updatedDate")) or created}


def units(line: Raw, name: str, pack: str = "pack") -> Quantity:
    """A quantity in single units: that of packs, times what a pack holds.

    What a pack holds stands in its business key; where it does not, the quantity is not known.
    """
    held, count = exact(part(part(line, pack), "businessKey").get("quantity")), exact(line[name])
    return counted([None if held is None or count is None else held * count])


def named(line: Raw, item: str = "item") -> Fields:
    """The item of a line."""
    number = key_in(line, item, "number")
    return {"inventory_item_id": id_in(line, item) or number, "sku": number}


def person(contact: Raw) -> str | None:
    """The first and last name of a contact, or the only one that it has."""
    names = (text(contact.get(name)) for name in ("firstName", "lastName", "name"))
    return " ".join(name for name in names if name) or None


def address(raw: Raw) -> Fields:
    return {
        "address1": text(raw.get("line1")),
        "address2": text(raw.get("line2")),
        "address3": joined(raw.get("line3"), raw.get("line4")),
        "city": text(raw.get("city")),
        "state": text(raw.get("stateProvince")),
        "postal_code": text(raw.get("postalCode")),
        "country": text(raw.get("country")),
    }


def joined(*values: Any) -> str | None:
    """Texts as one, on one line; None where there is none."""
    return ", ".join(content for value in values if (content := text(value))) or None


def ship_to(raw: Raw) -> Fields:
    contact = part(raw, "shipToContact")
    return {
        "full_name": person(contact),
        **address(part(raw, "shipToAddress")),
        "phone_number": text(contact.get("phone")),
        "email_address": text(contact.get("email")),
    }


def notes(raw: Raw) -> list[str]:
    """The notes of a record: their titles with what they say."""
    said = ((text(note.get("title")), text(note.get("body"))) for note in parts(raw, "notes"))
    return [": ".join(filter(None, words)) for words in said if any(words)]


def sizes(dimensions: Raw) -> Fields:
    """The sizes of a place or a parcel, where all are said in the same unit of length."""
    sides = {name: part(dimensions, name) for name in ("length", "width", "height")}
    unit_names = {str(side.get("units")) for side in sides.values()}
    unit = LENGTHS.get(unit_names.pop()) if len(unit_names) == 1 else None
    measured: dict[str, Any] = {name: decimal(side.get("measurement")) for name, side in sides.items()}
    if unit is None or not all(measured.values()):
        return {}
    return {name: size * unit[1] for name, size in measured.items()} | {"unit": unit[0]}
