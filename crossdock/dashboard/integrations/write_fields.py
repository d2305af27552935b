"""Pure: the schema of a write's body → a line for each of its fields, as people read it."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from crossdock.writes.bodies import NO_ACCOUNT

Schema = Mapping[str, Any]


class WriteField(msgspec.Struct, kw_only=True):
    """A field of a write's body. path: as in the body, "[]" behind a list; choices: values that it may have.

    needed: "always", "within" where what holds it is sent, or "no"; is_of_account: only the account knows the
    choices.
    """

    path: str
    kind: str
    needed: Literal["always", "within", "no"]
    is_deprecated: bool
    title: str
    description: str
    choices: list[str]
    is_of_account: bool


def write_fields(schema: Schema, above: str = "", *, is_always: bool = True) -> Iterator[WriteField]:
    """The fields of an object, each before those inside of it; those that are needed first.

    is_always: whether the object itself is always sent.
    """
    needed = set(schema.get("required", ()))
    properties: Mapping[str, Schema] = schema.get("properties", {})
    for name in sorted(properties, key=lambda name: name not in needed):
        member = properties[name]
        is_list = member.get("type") == "array"
        inner = member.get("items", {}) if is_list else member
        path, choices = (
            f"{above}{name}{'[]' if is_list else ''}",
            [str(value) for value in inner.get("enum", ())],
        )
        is_sent = is_always and name in needed
        yield WriteField(
            path=path,
            kind=_kind(member),
            needed="always" if is_sent else "within" if name in needed else "no",
            is_deprecated=bool(member.get("deprecated")),
            title=member.get("title", ""),
            description=" ".join(member.get("description", "").split()),
            choices=[choice for choice in choices if choice != NO_ACCOUNT],
            is_of_account=NO_ACCOUNT in choices,
        )
        yield from write_fields(inner, f"{path}.", is_always=is_sent)


def _kind(schema: Schema) -> str:
    """The type of a value, in words."""
    if "oneOf" in schema or ("anyOf" in schema and "type" not in schema):
        kinds = (_kind(choice) for choice in schema.get("oneOf") or schema["anyOf"])
        return " or ".join(dict.fromkeys(kinds))
    kind = schema.get("type", "choice" if "enum" in schema else "any value")
    if kind == "array":
        return f"list of {_plural(_kind(schema.get('items', {})))}"
    if isinstance(kind, list):
        return " or ".join(kind)
    words = {"string": "text", "integer": "whole number", "boolean": "true or false", "null": "null"}
    if schema.get("format") == "date-time":
        return "date and time"
    return words.get(str(kind), str(kind))


def _plural(kind: str) -> str:
    return kind if kind == "any value" or " or " in kind else f"{kind}s"
