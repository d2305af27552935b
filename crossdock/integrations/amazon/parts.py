"""Words and values that reading, writing and calling Amazon have in common. Pure."""

from collections.abc import Iterable

from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import text

SELLER, MARKETPLACE = "{seller_id}", "{marketplace_id}"
"""Words for the ids of the account in the steps of writes: the client puts the sign-in fields in."""


def csv(values: Iterable[str]) -> str:
    """A list as Amazon takes it in a query."""
    return ",".join(values)


def ship_to(address: Raw) -> Fields:
    """An address of a person, as all of Amazon's APIs write it but for the names of some members."""
    district = text(address.get("districtOrCounty"))
    return {
        "full_name": text(address.get("name")),
        "company": text(address.get("companyName")),
        "address1": text(address.get("addressLine1")),
        "address2": text(address.get("addressLine2")),
        "address3": text(address.get("addressLine3")),
        "city": text(address.get("city")) or text(address.get("municipality")) or district,
        "state": text(address.get("stateOrRegion")),
        "postal_code": text(address.get("postalCode")),
        "country": text(address.get("countryCode")),
        "phone_number": text(address.get("phone")),
    }
