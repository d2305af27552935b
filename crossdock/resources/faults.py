"""Pure: what msgspec finds wrong → the member it is about, and words for people.

    "Expected `str`, got `int` - at `$.lines[0].sku`"  →  "lines.0.sku", "must be a text, not 7"

Nobody who calls the API knows msgspec's types, its paths or the regular expressions of ours.
"""

import ast
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import inspect

LONGEST_SHOWN = 60
UNKNOWN: Any = object()
"""Given for a value that could not be made out."""

_PLACE = re.compile(r" - at `(key in )?\$(.*)`$", re.DOTALL)
_PART = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_FIELD = re.compile(r"Object (missing required|contains unknown) field `(.+)`", re.DOTALL)
_TYPE = re.compile(r"Expected `([^`]+)`(?:, got `([^`]+)`)?")
_LENGTH = re.compile(r"Expected `(\w+)` of length (<=|>=|==|<|>)?\s*(\d+)")
_BOUND = re.compile(r"Expected `\w+` (<=|>=|<|>) (\S+)")
_PATTERN = re.compile(r"Expected `str` matching regex (.+)", re.DOTALL)
_CLASS = re.compile(r"\^\[(.+)\]\+(?:\\Z|\$)")
_SOME_KEY = "..."

_KINDS = {
    "str": "a text", "int": "a whole number", "float": "a number", "bool": "true or false", "null": "null",
    "array": "a list", "object": "an object", "datetime": "a date", "decimal": "a number",
}  # fmt: skip
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "str": str, "int": int, "float": (int, float), "bool": bool, "null": type(None), "array": list,
    "object": dict,
}  # fmt: skip
_BOUNDS = {"<=": "at most", ">=": "at least", "<": "less than", ">": "more than", "==": "exactly"}
_COUNTED = {"str": "have {} {} characters", "array": "list {} {}", "object": "have {} {} members"}


def described(message: str, body: Any = UNKNOWN, kind: Any = None) -> tuple[str, str]:
    """The path of the member that a message of msgspec's is about, and what is wrong with it.

    body: what was checked, as plain values. kind: the type that it should have, which knows what there is to
    choose from.
    """
    match = _PLACE.search(message)
    text = message[: match.start()] if match else message
    parts = [name or number for name, number in _PART.findall(match[2])] if match else []
    if field := _FIELD.fullmatch(text):
        name = "is required" if field[1] == "missing required" else "unknown member"
        return ".".join([*_named_path(parts, body, text), field[2]]), name
    named = _named_path(parts, body, text)
    return ".".join(named), _words(text, _at(body, named), _choices(kind, parts))


def _named_path(parts: list[str], body: Any, text: str) -> list[str]:
    """The path with the key in place of "some key", where it can be made out."""
    if _SOME_KEY not in parts:
        return parts
    above = parts[: parts.index(_SOME_KEY)]
    match = _TYPE.match(text)
    kinds = match[1].split(" | ") if match else []
    holder = _at(body, above)
    if not isinstance(holder, dict):
        return above
    wrong = next((key for key, value in holder.items() if kinds and not _is_any_of(value, kinds)), None)
    # A key with a dot in it would read as two.
    return above if wrong is None or "." in wrong else [*above, wrong]


def _is_any_of(value: Any, kinds: Iterable[str]) -> bool:
    return any(
        isinstance(value, _TYPES.get(kind, object)) and (kind == "bool" or not isinstance(value, bool))
        for kind in kinds
    )


def _at(body: Any, parts: Iterable[str]) -> Any:
    """The value at a path; UNKNOWN where there is none."""
    found_body = body
    for part in parts:
        if isinstance(found_body, dict):
            found_body = found_body.get(part, UNKNOWN)
        elif isinstance(found_body, list) and part.isdigit() and int(part) < len(found_body):
            found_body = found_body[int(part)]
        else:
            return UNKNOWN
    return found_body


def _words(text: str, value: Any, choices: tuple[Any, ...]) -> str:
    name = "" if value is UNKNOWN else f", not {shown(value)}"
    if text.startswith(("Invalid enum value", "Invalid value")):
        return f"must be one of: {_joined(choices)}{name}" if choices else f"can't be {shown(value)}"
    if length := _LENGTH.match(text):
        return "must " + _length_words(length)
    if bounds := _BOUND.match(text):
        return f"must be {_BOUNDS[bounds[1]]} {bounds[2]}{name}"
    if pattern := _PATTERN.match(text):
        return _form(pattern[1]) + name
    if kinds := _TYPE.match(text):
        return _kind_words(text, kinds, name)
    if text == "Invalid decimal string":
        return f"must be a number{name}"
    if "RFC3339" in text:
        return f"must be a date such as 2026-01-31T09:00:00Z{name}"
    return text[:1].lower() + text[1:]


def _joined(choices: tuple[Any, ...]) -> str:
    return ", ".join(map(str, choices))


def _length_words(length: re.Match[str]) -> str:
    bound = _BOUNDS[length[2] or "=="]
    return _COUNTED.get(length[1], "have {} {} members").format(bound, length[3])


def _kind_words(text: str, kinds: re.Match[str], name: str) -> str:
    """The kind of value that is expected, in words. name: what came, if that is shown."""
    words = " or ".join(_KINDS.get(name, name) for name in kinds[1].split(" | "))
    zone = " with an offset, such as 2026-01-31T09:00:00Z" if "timezone" in text else ""
    instead = name or (f", not {_KINDS.get(kinds[2], kinds[2])}" if kinds[2] else "")
    return f"must be {words}{zone}{instead}"


def _form(written: str) -> str:
    """The characters that a regular expression of the form ^[a-z]+$ allows, in words."""
    try:
        pattern = _CLASS.fullmatch(ast.literal_eval(written))
    except (ValueError, SyntaxError):
        pattern = None
    if pattern is None:
        return "must have its documented form"
    symbols, words = pattern[1], []
    for written_range, word in (("a-zA-Z", "letters"), ("0-9", "digits")):
        if written_range in symbols:
            symbols = symbols.replace(written_range, "", 1)
            words.append(word)
    plain = re.sub(r"\\(.)", r"\1", symbols)
    return f"may hold only {', '.join(words)} and {' '.join(plain)}"


def _choices(kind: Any, parts: Iterable[str]) -> tuple[Any, ...]:
    """The values to choose from at a place of a type."""
    nodes = [] if kind is None else _alternatives(inspect.type_info(kind))
    for part in parts:
        nodes = [inner for node in nodes for inner in _inside(node, part)]
    return tuple(value for node in nodes if isinstance(node, inspect.LiteralType) for value in node.values)


def _alternatives(node: inspect.Type) -> list[inspect.Type]:
    if isinstance(node, inspect.Metadata):
        return _alternatives(node.type)
    if isinstance(node, inspect.UnionType):
        return [inner for current_type in node.types for inner in _alternatives(current_type)]
    return [node]


def _inside(node: inspect.Type, part: str) -> list[inspect.Type]:
    if isinstance(node, inspect.StructType):
        return [
            inner for field in node.fields if field.encode_name == part for inner in _alternatives(field.type)
        ]
    if isinstance(node, inspect.ListType):
        return _alternatives(node.item_type)
    return _alternatives(node.value_type) if isinstance(node, inspect.DictType) else []


def shown(value: Any) -> str:
    """A value in a message, cut where it is long."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if value is None or isinstance(value, bool | int | float):
        text = msgspec.json.encode(value).decode() if not isinstance(value, float) else repr(value)
    elif isinstance(value, Decimal):
        text = str(value)
    else:
        text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
