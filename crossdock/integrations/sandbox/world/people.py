"""Buyers and where they live: addresses that look real, telephones and mail that reach nobody."""

import random
from typing import Any

from crossdock.integrations.sandbox.world.catalogue import SITES

FIRST = (
    "Ava", "Noah", "Mia", "Liam", "Zoe", "Owen", "Ruth", "Eli", "Nina", "Hugo", "Iris", "Theo", "Lena",
    "Marcus", "Priscilla", "Ahmed", "Yuki", "Carmen", "Björn", "Siobhán",
)  # fmt: skip
LAST = (
    "Bennett", "Castillo", "Nguyen", "Okoye", "Patel", "Reyes", "Schultz", "Tanaka", "Walsh", "Young",
    "Abbott", "Dubois", "Eriksson", "Fischer", "Grant", "Haddad", "O'Neill", "Kowalski",
)  # fmt: skip
STREETS = ("Maple Avenue", "Oak Street", "Cedar Lane", "Elm Drive", "Birch Road", "Mill Street")

# (town, region, postal code, country, area code)
TOWNS = (
    ("Portland", "OR", "97209", "US", "503"),
    ("Austin", "TX", "78704", "US", "512"),
    ("Chicago", "IL", "60614", "US", "312"),
    ("Brooklyn", "NY", "11215", "US", "718"),
    ("Denver", "CO", "80205", "US", "303"),
    ("Seattle", "WA", "98103", "US", "206"),
    ("Miami", "FL", "33130", "US", "305"),
    ("Oakland", "CA", "94610", "US", "510"),
    ("Pittsburgh", "PA", "15213", "US", "412"),
)
TOWNS_ABROAD = (
    ("Toronto", "ON", "M5V 2T6", "CA", "416"),
    ("London", None, "N1 9GU", "GB", "020"),
    ("Berlin", None, "10115", "DE", "030"),
)

Address = dict[str, Any]


def buyer(rng: random.Random, *, abroad: bool, firm: str | None) -> Address:
    """An address as the sandbox's systems write it."""
    first, last = rng.choice(FIRST), rng.choice(LAST)
    town, region, code, country, area = rng.choice(TOWNS_ABROAD if abroad else TOWNS)
    street = [f"{rng.randrange(11, 990)} {rng.choice(STREETS)}"]
    if rng.random() < 0.3:
        street.append(f"Apt {rng.randrange(1, 40)}" if firm is None else f"Suite {rng.randrange(100, 900)}")
    mail = f"{first}.{last}".lower().replace("'", "").translate(str.maketrans("öá", "oa"))
    return {
        "name": f"{first} {last}",
        "firm": firm,
        "street": street,
        "town": town,
        "region": region,
        "zip": code,
        "country": country,
        "phone": f"{area}-555-{rng.randrange(100, 200):04d}",
        "mail": f"{mail}@example.com",
    }


def site_address(number: int) -> Address:
    """The street address of a warehouse."""
    site = SITES[number]
    return {
        "street": [site.street, site.unit],
        "town": site.town,
        "region": site.region,
        "zip": site.zip,
        "country": "US",
    }


def site_as_buyer(number: int) -> Address:
    """A warehouse that goods are transferred to."""
    site = SITES[number]
    return {
        "name": f"{site.name} receiving",
        "firm": site.name,
        **site_address(number),
        "phone": "775-555-0100" if number == 0 else "610-555-0101",
        "mail": f"{site.code.lower()}@example.com",
    }
