"""Pure: what is wrong with a body, in words that help. Nothing is sent before this is empty.

All of it is said at once, up to a hundred members: looking on after that only costs time.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, validators
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator

from crossdock.resources import dates, links
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
        dates.moment(value)
    return True


def _is_whole(_checker: Any, value: Any) -> bool:
    """Check whether a value is an integer of JSON Schema 2020-12: any number without a fraction."""
    if isinstance(value, Decimal):
        return value.is_finite() and value == value.to_integral_value()
    return isinstance(value, int) and not isinstance(value, bool)


def _any_of(rules: Any, choices: Sequence[Schema], value: Any, _schema: Schema) -> Iterator[ValidationError]:
    """`anyOf`, with the first faults of each choice only: a list may have as many as it has items."""
    context: list[ValidationError] = []
    for number, choice in enumerate(choices):
        faults = [*islice(rules.descend(value, choice, schema_path=number), MOST_FAULTS)]
        if not faults:
            return
        context += faults
    yield ValidationError("fits none of its kinds", context=context)


_Rules = validators.extend(
    Draft202012Validator,
    {"anyOf": _any_of},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_whole),
)


def validator(schema: Schema) -> Validator:
    """Made once for many bodies."""
    rules: Validator = _Rules(schema, format_checker=_formats)
    return rules


def faults(body: Any, rules: Validator) -> Faults:
    """The faults of a write's body, members that hold nothing among them; {} when it may be sent on."""
    if not isinstance(body, Mapping):
        return {"": [f"must be an object, not {_shown(body)}"]}
    fields: Faults = {}
    for path, text in islice(_nothings(body, ""), MOST_FAULTS):
        fields.setdefault(path, []).append(text)
    return fields if len(fields) >= MOST_FAULTS else misfits(body, rules, fields)


def misfits(body: Any, rules: Validator, before: Faults | None = None) -> Faults:
    """The faults of a body by its schema, after those that were noticed before."""
    fields = before or {}
    nothing = {*fields}
    for error in rules.iter_errors(body):
        for path, text in _faults_of(error):
            # What is nothing was told already.
            if (path not in nothing or text.endswith("is required")) and text not in fields.get(path, ()):
                fields.setdefault(path, []).append(text)
        if len(fields) >= MOST_FAULTS:
            break
    return fields


def _nothings(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Members that hold nothing: null, empty texts, and words for it."""
    waiting: list[tuple[Any, str, int]] = [(value, path, 0)]
    while waiting:
        current_value, where, depth = waiting.pop()
        if depth > DEEPEST:
            yield where, f"is nested more than {DEEPEST} deep"
        elif current_value is None or (
            isinstance(current_value, str) and current_value.strip().casefold() in NOTHINGS
        ):
            yield where, f"must not be {_shown(current_value)}: leave it out instead"
        elif isinstance(current_value, Mapping):
            waiting += [(inner, _below(where, name), depth + 1) for name, inner in current_value.items()]
        elif isinstance(current_value, list):
            waiting += [
                (inner, _below(where, number), depth + 1) for number, inner in enumerate(current_value)
            ]


def _below(path: str, name: object) -> str:
    return f"{path}.{name}" if path else str(name)


def _faults_of(error: ValidationError) -> Iterator[tuple[str, str]]:
    """A fault as (path, message)."""
    path: str = ".".join(str(item) for item in error.absolute_path)
    if error.validator == "required":
        yield from _missing(error, path)
    elif error.validator == "additionalProperties":
        yield from _unknown(error, path)
    elif nearer := _nearer(error):
        for fault in nearer[:MOST_FAULTS]:
            yield from _faults_of(fault)
    else:
        yield _member_of(error, path), _text(error)


def _missing(error: ValidationError, path: str) -> Iterator[tuple[str, str]]:
    for name in error.validator_value:
        if name not in error.instance:
            yield _below(path, name), "is required"


def _unknown(error: ValidationError, path: str) -> Iterator[tuple[str, str]]:
    properties = error.schema.get("properties", {})
    strangers = [name for name in error.instance if name not in properties]
    for name in strangers[:MOST_FAULTS]:
        yield _below(path, name), f"is unknown; there are: {', '.join(properties)}"


def _member_of(error: ValidationError, path: str) -> str:
    """The member that a fault is shown at: where one of several is required, the first of them."""
    is_about_body = error.validator == "anyOf" and not path
    return next(iter(_names(error)), path) if is_about_body else path


def _text(error: ValidationError) -> str:
    word = WORDS.get(str(error.validator))
    return word(error) if word else f"{_shown(error.instance)} does not fit"


def _nearer(error: ValidationError) -> list[ValidationError]:
    """The faults of a value of several kinds, by the kind that it is of; nothing where that is none."""
    if error.validator != "anyOf" or _names(error):
        return []
    by_kind: dict[object, list[ValidationError]] = {}
    for fault in error.context or ():
        by_kind.setdefault(fault.schema_path[0], []).append(fault)
    near = [
        faults
        for faults in by_kind.values()
        if not any(fault.validator == "type" and not fault.path for fault in faults)
    ]
    return near[0] if len(near) == 1 else []


def _one_of(error: ValidationError) -> str:
    choices: Sequence[Mapping[str, Any]] = error.validator_value
    names = [name for choice in choices for name in choice.get("required", ())]
    if not names:  # a tag
        return f"must be a text or an object of one key, not {_shown(error.instance)}"
    there = [name for name in names if name in error.instance]
    return f"must have exactly one of {', '.join(names)}, not {' and '.join(there) or 'none'}"


def _type(error: ValidationError) -> str:
    kinds = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    text = " or ".join(KINDS.get(str(kind), str(kind)) for kind in kinds)
    return f"must be {text}, not {_shown(error.instance)}"


def _kinds(error: ValidationError) -> list[str]:
    """The kinds that a value may be of."""
    kinds = [str(item.get("type", "one of its kinds")) for item in error.validator_value]
    return [KINDS.get(kind, kind) for kind in kinds]


def _enum(error: ValidationError) -> str:
    choices = [str(item) for item in error.validator_value]
    extra_text = "" if len(choices) <= LONGEST_SHOWN else f", … ({len(choices)} in all)"
    return f"must be one of: {', '.join(choices[:LONGEST_SHOWN])}{extra_text}; not {_shown(error.instance)}"


KINDS = {
    "string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
    "array": "a list", "object": "an object", "null": "null",
}  # fmt: skip

WORDS: dict[str, Callable[[ValidationError], str]] = {
    "type": _type,
    "enum": _enum,
    "const": lambda e: f"must be {e.validator_value}, not {_shown(e.instance)}",
    "oneOf": _one_of,
    "anyOf": lambda e: (
        f"one of these is required: {', '.join(_names(e))}"
        if _names(e)
        else f"must be {' or '.join(_kinds(e))}, not {_shown(e.instance)}"
    ),
    "exclusiveMinimum": lambda e: f"must be more than {e.validator_value}, not {_shown(e.instance)}",
    "minimum": lambda e: f"must be at least {e.validator_value}, not {_shown(e.instance)}",
    "maximum": lambda e: f"must be at most {e.validator_value}, not {_shown(e.instance)}",
    "minLength": lambda e: f"must have at least {e.validator_value} characters",
    "maxLength": lambda e: f"must have at most {e.validator_value} characters",
    "minItems": lambda e: f"must list at least {e.validator_value}",
    "maxItems": lambda e: f"must list at most {e.validator_value}, not {len(e.instance)}",
    "pattern": lambda e: f"must be {_form(e)}, not {_shown(e.instance)}",
    "format": lambda e: dates.not_a_date(str(e.instance)),
}


def _form(error: ValidationError) -> str:
    """The form that a pattern demands, in words."""
    if error.validator_value == links.PATTERN:
        return "a link that begins with http:// or https://"
    is_time = error.schema.get("format") == "date-time"
    return "a UTC time such as 2026-01-31T09:00:00Z" if is_time else "in its documented form"


def _names(error: ValidationError) -> list[str]:
    return [name for item in error.validator_value for name in item.get("required", ())]


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
