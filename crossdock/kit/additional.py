"""What of a raw record no field of ours holds: kept by declaration, of an integration or a connection. Pure.

An integration keeps members that it knows, in `read`:

    "additional_fields": additional(raw, "warranty", "serial_numbers")

A connection declares custom fields of its account, which no integration knows. They are laid over what `read`
made of the record, and stand in its `additional_fields.custom_fields`:

    {"orders": {"delivery_note": {"path": "$.metafields[key=delivery_note].value", "type": "string"}}}
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Literal, TypeAlias

import msgspec

from crossdock.errors import Invalid
from crossdock.kit.contract import MISFITS, Fields, Misfit, Raw
from crossdock.resources.schema import Resource

HOLDER = "additional_fields"
CUSTOM = "custom_fields"
MOST_FIELDS = 50
"""Of one resource."""
LONGEST_PATH = 300
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_STEP = re.compile(
    r"\.(?P<member>[^.\[\]\s\"'$]+)"
    r"|\[\"(?P<quoted>[^\"]+)\"\]"
    r"|\[(?P<place>\d{1,6})\]"
    r"|\[(?P<key>[^\[\]=\"]+)=(?P<value>[^\[\]\"]*)\]"
)

FieldType: TypeAlias = Literal["string", "number", "integer", "boolean", "any"]
_WANTED = {"string": "a text", "number": "a number", "integer": "a whole number", "boolean": "true or false"}


class CustomField(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A field that a connection declares: where it stands in the raw record, and what it is.

    path: `$.a.b`, `$.list[0]`, `$["a b"]`, and `$.list[key=colour]` for the first object of a list whose
    member `key` says so. A value that is not there is null.
    """

    path: str
    type: FieldType = "string"


CustomFields = dict[str, dict[str, CustomField]]
"""By resource, "orders", and name."""


def additional(raw: Raw, *names: str) -> Fields:
    """Members of a raw record by name, as they are; those that it lacks are left out."""
    return {name: raw[name] for name in names if name in raw}


def check_custom_fields(declared: CustomFields, resources: Mapping[str, Resource]) -> None:
    """Raise Invalid, naming all that is wrong. resources: those that the integration reads, by name."""
    faults: dict[str, list[str]] = {}
    for name, fields in declared.items():
        resource = resources.get(name)
        if resource is None:
            faults[name] = [f"is none of: {', '.join(resources)}"]
        elif HOLDER not in resource.record.__struct_fields__:
            faults[name] = [f"has no {HOLDER} to put them into"]
        elif len(fields) > MOST_FIELDS:
            faults[name] = [f"must not have more than {MOST_FIELDS} fields, not {len(fields)}"]
        else:
            faults |= {
                f"{name}.{field}": why
                for field, declaration in fields.items()
                if (why := _faults(field, declaration))
            }
    if faults:
        raise Invalid({"json": faults})


def _faults(name: str, declared: CustomField) -> list[str]:
    faults = []
    if not _NAME.fullmatch(name):
        faults.append("must be a name of small letters, digits and _, at most 64, that begins with a letter")
    if len(declared.path) > LONGEST_PATH:
        faults.append(f"path must not be longer than {LONGEST_PATH} characters")
    elif _steps(declared.path) is None:
        faults.append(
            f'path must be like $.a.b, $.list[0], $["a b"] or $.list[key=colour].value, not {declared.path!r}'
        )
    return faults


def encode_custom_fields(declared: CustomFields) -> str:
    """As it is stored: the same text for the same declaration; empty for none."""
    return msgspec.json.encode(declared, order="sorted").decode() if declared else ""


@cache
def decode_custom_fields(stored: str) -> CustomFields:
    """The custom fields that were declared."""
    return msgspec.json.decode(stored, type=CustomFields) if stored else {}


def overlaid(read: Callable[[Raw], Fields], stored: str, resource: Resource) -> Callable[[Raw], Fields]:
    """`read`, with the custom fields of a connection laid over what it makes.

    stored: its declaration. One that is empty takes away those that were declared before.
    """
    declared = decode_custom_fields(stored).get(resource.name)
    if declared is None:
        return read

    def reader(raw: Raw) -> Fields:
        return _with_custom_fields(read(raw), raw, declared)

    return reader


def custom_values(raw: Raw, declared: Mapping[str, CustomField]) -> tuple[Fields, list[Misfit]]:
    """The custom fields of a raw record by name, and what of them is not what it was declared to be."""
    values: Fields = {}
    misfits: list[Misfit] = []
    for name, field in declared.items():
        value = _value_at(raw, field.path)
        values[name] = converted = _converted(value, field.type)
        if converted is None and value is not None:
            misfits.append(Misfit(f"{HOLDER}.{CUSTOM}.{name}", value, _WANTED[field.type]))
    return values, misfits


def _with_custom_fields(fields: Fields, raw: Raw, declared: Mapping[str, CustomField]) -> Fields:
    values, misfits = custom_values(raw, declared)
    held = fields.get(HOLDER)
    laid = {
        **fields,
        HOLDER: {**(held if isinstance(held, dict) else {}), **({CUSTOM: values} if values else {})},
    }
    return {**laid, MISFITS: [*fields.get(MISFITS, ()), *misfits]} if misfits else laid


Step = tuple[str, str | int, str]
"""How a value is found in its holder: ("member", name, ""), ("place", index, ""), ("where", name, text)."""


@cache
def _steps(path: str) -> tuple[Step, ...] | None:
    """A path taken apart; None when it is none."""
    if not path.startswith("$") or len(path) == 1:
        return None
    steps: list[Step] = []
    end = 1
    while end < len(path):
        match = _STEP.match(path, end)
        if match is None:
            return None
        end = match.end()
        if match["place"] is not None:
            steps.append(("place", int(match["place"]), ""))
        elif match["key"] is not None:
            steps.append(("where", match["key"], match["value"]))
        else:
            steps.append(("member", match["member"] or match["quoted"], ""))
    return tuple(steps)


def _value_at(value: Any, path: str) -> Any:
    """The value at a path; None where there is nothing."""
    for kind, name, text in _steps(path) or ():
        if kind == "member":
            value = value.get(name) if isinstance(value, dict) else None
        elif not isinstance(value, list):
            return None
        elif kind == "place":
            value = value[int(name)] if int(name) < len(value) else None
        else:
            value = _element(value, name, text)
    return value


def _element(items: list[Any], name: str | int, text: str) -> Any:
    """The first object of a list whose member says this."""
    return next((item for item in items if isinstance(item, dict) and str(item.get(name)) == text), None)


def _converted(value: Any, kind: FieldType) -> Any:
    """The value as what it is declared to be; None when it is nothing, or not that."""
    if value is None or kind == "any":
        return value
    if kind == "boolean":
        return value if isinstance(value, bool) else {"true": True, "false": False}.get(str(value).lower())
    if isinstance(value, bool | dict | list):
        return None
    if kind == "string":
        return str(value)
    return _number(str(value), is_whole=kind == "integer")


def _number(text: str, *, is_whole: bool) -> int | Decimal | None:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number.adjusted()) > 30:
        return None
    if not is_whole:
        return number
    return int(number) if number == number.to_integral_value() else None
