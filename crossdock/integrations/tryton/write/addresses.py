"""Whom a shipment goes to, and where: Tryton sends to a party, at one of its addresses.

An address is looked for before it is made, so that one that is left over from an attempt that failed is
used by the next. No order has it until then: making it leaves nothing in doubt.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from crossdock.integrations.tryton.write.calls import Asking, ask, invalid, make, number, the
from crossdock.kit.contract import Call

WHERE = "ship_to_address"


def delivery(body: Mapping[str, Any]) -> Asking:
    """The customer, with its location, and the id of the address.

    Without a customer in the body it is whoever has that name and lives there, else a new party.
    """
    if "warehouse_customer_id" in body:
        wanted_number = number(body["warehouse_customer_id"])
        missing = invalid("warehouse_customer_id", f"Tryton has no party {body['warehouse_customer_id']!r}")
        customer = yield from _party(wanted_number, missing)
        return customer, (yield from party_address(wanted_number, body[WHERE]))
    address = yield from _address(body[WHERE])
    name = body[WHERE]["full_name"]
    rows = yield ask("party.address", [["party.name", "=", name], *_equal(address)], "party")
    try:
        found_id = rows[0]["id"]
    except IndexError:
        new = yield _preparing(make("party.party", {"name": name, "addresses": [["create", [address]]]}))
        rows = yield ask("party.address", [["party", "=", new[0]]], "party")
        found_id = rows[0]["id"]
    return (yield from _party(rows[0]["party"], invalid(WHERE, "Tryton has just lost its party"))), found_id


def party_address(party: Any, where: Mapping[str, Any]) -> Asking:
    """The id of this address of a party, which is made when the party has none like it."""
    address = yield from _address(where)
    rows = yield ask("party.address", [["party", "=", party], *_equal(address)], "party")
    try:
        return rows[0]["id"]
    except IndexError:
        new = yield _preparing(make("party.address", {"party": party, **address}))
        return new[0]


def _party(party: Any, missing: Exception) -> Asking:
    rows = yield ask("party.party", [["id", "=", party]], "customer_location")
    return the(rows, missing)


def _address(where: Mapping[str, Any]) -> Asking:
    """The values of an address. What it does not have is None, so that it equals only what lacks it too."""
    country = where["country"]
    rows = yield ask("country.country", [["code", "=", country.upper()]], "code")
    missing = f"Tryton has no country {country!r}: wanted the two letters of ISO 3166"
    found_the = the(rows, invalid(f"{WHERE}.country", missing))
    subdivision = None
    if "state" in where:
        subdivision = yield from _subdivision(found_the["id"], country.upper(), where["state"])
    return {
        "party_name": where["full_name"],
        "street": "\n".join(where[name] for name in ("address1", "address2") if name in where),
        "city": where["city"],
        "postal_code": where.get("postal_code"),
        "country": found_the["id"],
        "subdivision": subdivision,
    }


def _subdivision(country: Any, code: str, state: str) -> Asking:
    """By the code of ISO 3166-2, with the country or without, or by name."""
    names = [["code", "in", [state.upper(), f"{code}-{state.upper()}"]], ["name", "=", state]]
    rows = yield ask("country.subdivision", [["country", "=", country], ["OR", *names]], "code")
    hint = "import them with trytond_import_countries, or leave it out"
    missing = f"Tryton has no subdivision {state!r} of {code}: {hint}"
    return the(rows, invalid(f"{WHERE}.state", missing))["id"]


def _equal(address: Mapping[str, Any]) -> list[Any]:
    return [[name, "=", value] for name, value in address.items()]


def _preparing(call: Call) -> Call:
    return replace(call, asks=True)
