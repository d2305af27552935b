"""Pure: what is wrong with a body, all of it, in words that help. Nothing is sent before this is empty."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator

from crossdock.writes.bodies import Schema

Faults = dict[str, list[str]]
"""Messages by the path of the member, "line_items.0.quantity"; "" is the body itself."""

NOTHINGS = frozenset({"", "null", "none", "nil", "undefined"})
"""What callers write where they have no value, in any case and with any space around it."""
LONGEST_SHOWN = 60
DEEPEST = 50
MOST_FAULTS = 100

_formats = FormatChecker(formats=())


@_formats.checks("date-time", raises=ValueError)  # type: ignore[untyped-decorator]
def _is_moment(value: Any) -> bool:
    if isinstance(value, str):
        datetime.fromisoformat(value)
    return True


def validator(schema: Schema) -> Validator:
    """Made once for many bodies."""
    return Draft202012Validator(schema, format_checker=_formats)


def faults(body: Any, rules: Validator) -> Faults:
    """Everything that is wrong with a body; {} when it may be sent on."""
    if not isinstance(body, Mapping):
        return {"": [f"must be an object, not {_shown(body)}"]}
    found: Faults = {}
    for path, text in _nothings(body, ""):
        _add(found, path, text)
    for error in rules.iter_errors(body):
        for path, text in _told(error):
            # What is nothing was told already.
            if path not in found or text.endswith("is required"):
                _add(found, path, text)
    return found


def _add(found: Faults, path: str, text: str) -> None:
    if len(found) < MOST_FAULTS and text not in found.setdefault(path, []):
        found[path].append(text)


def _nothings(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Members that hold nothing: null, empty texts, and words for it."""
    waiting: list[tuple[Any, str, int]] = [(value, path, 0)]
    while waiting:
        one, where, depth = waiting.pop()
        if depth > DEEPEST:
            yield where, f"is nested more than {DEEPEST} deep"
        elif one is None or (isinstance(one, str) and one.strip().casefold() in NOTHINGS):
            yield where, f"must not be {_shown(one)}: leave it out instead"
        elif isinstance(one, Mapping):
            waiting += [(inner, _below(where, name), depth + 1) for name, inner in one.items()]
        elif isinstance(one, list):
            waiting += [(inner, _below(where, number), depth + 1) for number, inner in enumerate(one)]


def _below(path: str, name: object) -> str:
    return f"{path}.{name}" if path else str(name)


def _told(error: ValidationError) -> Iterator[tuple[str, str]]:
    """A fault as (path, message)."""
    path: str = ".".join(str(one) for one in error.absolute_path)
    if error.validator == "required":
        missing = [one for one in error.validator_value if one not in error.instance]
        yield from ((_below(path, one), "is required") for one in missing)
        return
    if error.validator == "anyOf" and not path:
        path = _names(error)[0]
    word = WORDS.get(str(error.validator))
    text = word(error) if word else f"{_shown(error.instance)} does not fit"
    told: tuple[str, str] = (path, text)
    yield told


def _one_of(error: ValidationError) -> str:
    choices: Sequence[Mapping[str, Any]] = error.validator_value
    names = [name for one in choices for name in one.get("required", ())]
    if not names:  # a tag
        return f"must be a text or an object of one key, not {_shown(error.instance)}"
    given = [name for name in names if name in error.instance]
    return f"must have exactly one of {', '.join(names)}, not {' and '.join(given) or 'none'}"


def _type(error: ValidationError) -> str:
    kinds = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    wanted = " or ".join(KINDS.get(str(one), str(one)) for one in kinds)
    return f"must be {wanted}, not {_shown(error.instance)}"


def _enum(error: ValidationError) -> str:
    choices = [str(one) for one in error.validator_value]
    more = "" if len(choices) <= LONGEST_SHOWN else f", … ({len(choices)} in all)"
    return f"must be one of: {', '.join(choices[:LONGEST_SHOWN])}{more}; not {_shown(error.instance)}"


KINDS = {
    "string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
    "array": "a list", "object": "an object",
}  # fmt: skip

WORDS: dict[str, Callable[[ValidationError], str]] = {
    "type": _type,
    "enum": _enum,
    "const": lambda e: f"must be {e.validator_value}, not {_shown(e.instance)}",
    "oneOf": _one_of,
    "anyOf": lambda e: f"one of these is required: {', '.join(_names(e))}",
    "exclusiveMinimum": lambda e: f"must be more than {e.validator_value}, not {_shown(e.instance)}",
    "minimum": lambda e: f"must be at least {e.validator_value}, not {_shown(e.instance)}",
    "maximum": lambda e: f"must be at most {e.validator_value}, not {_shown(e.instance)}",
    "minLength": lambda e: f"must have at least {e.validator_value} characters",
    "maxLength": lambda e: f"must have at most {e.validator_value} characters",
    "minItems": lambda e: f"must list at least {e.validator_value}",
    "maxItems": lambda e: f"must list at most {e.validator_value}, not {len(e.instance)}",
    "pattern": lambda e: (
        f"must be a UTC time such as 2026-01-31T09:00:00Z, not {_shown(e.instance)}"
        if "T" in e.validator_value
        else f"must match {e.validator_value}, not {_shown(e.instance)}"
    ),
    "format": lambda e: f"{_shown(e.instance)} is not a time that there is",
}


def _names(error: ValidationError) -> list[str]:
    return [name for one in error.validator_value for name in one.get("required", ())]


def _shown(value: Any) -> str:
    """A value in a message, cut where it is long."""
    if value is None:
        return "null"
    if isinstance(value, Mapping | list):
        return "an object" if isinstance(value, Mapping) else "a list"
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
