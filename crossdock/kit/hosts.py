"""Where a vendor's systems are reached: `[hosts]` of a manifest, by region and test system. Pure.

    [hosts]                                     [hosts]
    api = "https://api.acme.example"            by = "region"            # a sign-in field with choices
                                                [hosts.eu]
                                                api = "https://api.eu.acme.example"
                                                [hosts.us]
                                                api = "https://api.us.acme.example"

An address may have placeholders: sign-in fields, "https://{shop}.acme.example". With several fields in `by`
the names of the tables join their choices, "test-eu".
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from crossdock.kit.fields import Field

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class HostTable(msgspec.Struct, forbid_unknown_fields=True):
    """`[hosts]`, read."""

    by: list[str] = []
    common: dict[str, str] = {}
    by_choice: dict[str, dict[str, str]] = {}

    def names(self) -> frozenset[str]:
        """The names that every choice has."""
        tables = [frozenset(table) for table in self.by_choice.values()]
        return frozenset(self.common) | (frozenset.intersection(*tables) if tables else frozenset())

    def address(self, name: str, credentials: Mapping[str, str]) -> str:
        """The address of a name for these sign-in fields. Raises LookupError when there is none."""
        choice = "-".join(credentials.get(field, "") for field in self.by)
        table = self.common | self.by_choice.get(choice, {})
        if name not in table:
            raise LookupError(f"the manifest has no host {name!r} for {choice or 'all'}")
        return filled(table[name], credentials)


def host_table(raw: Mapping[str, Any]) -> dict[str, Any]:
    """`[hosts]` as the manifest says it, in the members of `HostTable`."""
    by = raw.get("by", [])
    values = {name: value for name, value in raw.items() if name != "by"}
    return {
        "by": [by] if isinstance(by, str) else by,
        "common": {name: value for name, value in values.items() if not isinstance(value, dict)},
        "by_choice": {name: value for name, value in values.items() if isinstance(value, dict)},
    }


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders filled in. Raises LookupError for one that has no value."""

    def value_of(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise LookupError(f"{{{match[1]}}} in {text!r} has no value")
        return values[match[1]]

    return PLACEHOLDER.sub(value_of, text)


def placeholders(text: str) -> list[str]:
    """The names of the placeholders of a text."""
    return PLACEHOLDER.findall(text)


Problem = tuple[str, Any, str]
"""What is wrong in a manifest: the key, its value, and why."""


def host_problems(table: HostTable, fields: Mapping[str, Field]) -> Iterator[Problem]:
    """The faults of the hosts, given the sign-in fields."""
    for name in table.by:
        if name not in fields or not fields[name].choices:
            yield "hosts.by", name, "is no sign-in field that has choices"
            return
    yield from _choice_problems(table, fields)
    for key, text in _addresses(table):
        yield from address_problems(key, text, fields)


def _choice_problems(table: HostTable, fields: Mapping[str, Field]) -> Iterator[Problem]:
    """The faults of the tables: each choice must have one, and all the same names."""
    choices = ["-".join(parts) for parts in itertools.product(*(fields[name].choices for name in table.by))]
    expected = set(choices) if table.by else set[str]()
    for choice in sorted(expected - table.by_choice.keys()):
        yield f"hosts.{choice}", None, "is missing: there is such a choice"
    for choice in sorted(table.by_choice.keys() - expected):
        yield f"hosts.{choice}", sorted(table.by_choice[choice]), "is no choice of the fields in hosts.by"
    names = {name for addresses in table.by_choice.values() for name in addresses}
    for choice, addresses in table.by_choice.items():
        for name in sorted(names - addresses.keys()):
            yield f"hosts.{choice}.{name}", None, "is missing: other choices have it"


def _addresses(table: HostTable) -> Iterator[tuple[str, str]]:
    for name, text in table.common.items():
        yield f"hosts.{name}", text
    for choice, addresses in table.by_choice.items():
        for name, text in addresses.items():
            yield f"hosts.{choice}.{name}", text


def address_problems(
    key: str, text: str, fields: Mapping[str, Field], hosts: frozenset[str] = frozenset()
) -> Iterator[Problem]:
    """The faults of an address that has placeholders: sign-in fields, and names of hosts."""
    names = placeholders(text)
    beginning = f"{{{names[0]}}}" if names else "https://"
    unknown = [name for name in names if name not in fields and name not in hosts]
    if unknown:
        yield key, text, f"has the placeholder {{{unknown[0]}}}, which is no sign-in field"
    if not text.startswith(("https://", "http://", beginning)):
        yield key, text, "must begin with https:// or with a placeholder"
    inner = names[1:] if text.startswith(beginning) else names
    for name in _unbounded(inner, fields):
        yield key, text, f"has {{{name}}} within the address: it needs a pattern or choices"


def _unbounded(names: Iterable[str], fields: Mapping[str, Field]) -> Iterator[str]:
    """Fields that take any value: "evil.example/" within an address sends the credentials elsewhere."""
    for name in names:
        if name in fields and not fields[name].pattern and not fields[name].choices:
            yield name
