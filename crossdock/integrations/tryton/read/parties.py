"""Parties → suppliers and warehouse customers."""

from crossdock.integrations.tryton.read.values import identity
from crossdock.kit import values
from crossdock.kit.contract import Fields, Raw


def supplier(raw: Raw) -> Fields:
    return {**identity(raw), "name": values.text(raw["name"]), "additional_fields": _party_details(raw)}


def warehouse_customer(raw: Raw) -> Fields:
    # A party's name may be empty in Tryton, a warehouse customer's not: its code is its other name.
    name = values.text(raw["name"]) or values.text(raw["code"])
    email = values.text(raw["email"])
    return {**identity(raw), "name": name, "email": email, "additional_fields": _party_details(raw)}


def _party_details(raw: Raw) -> Fields:
    return {"code": values.text(raw["code"]), "phone": values.text(raw["phone"])}
