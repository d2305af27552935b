"""Extensiv's query language, as far as its documentation says: what the mock chooses records by."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

PREDICATE = re.compile(r"([A-Za-z.]+)(==|=gt=|=ge=|=lt=|=le=|=in=)(.+)", re.DOTALL)
COMPARES: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda left, right: left == right,
    "=gt=": lambda left, right: left > right,
    "=ge=": lambda left, right: left >= right,
    "=lt=": lambda left, right: left < right,
    "=le=": lambda left, right: left <= right,
}


def is_met(query: str, record: Any) -> bool:
    """Check whether a record meets a query: `;` is and, `,` or, brackets group."""
    return all(_any_of(part, record) for part in _split(query, ";"))


def _any_of(text: str, record: Any) -> bool:
    if text.startswith("(") and text.endswith(")"):
        return any(is_met(part, record) for part in _split(text[1:-1], ","))
    match = PREDICATE.fullmatch(text)
    assert match, f"no query: {text}"
    value = at(record, match[1])
    if match[2] == "=in=":
        return str(value) in match[3].strip("()").split(",")
    if value is None:
        return False
    wanted = unquote(match[3])
    if isinstance(value, int):
        return COMPARES[match[2]](value, int(wanted))
    return COMPARES[match[2]](str(value).casefold(), wanted.casefold())


def at(record: Any, name: str) -> Any:
    """The value of a property, whatever its case."""
    for step in name.split("."):
        held = {key.casefold(): value for key, value in record.items()}
        assert step.casefold() in held, f"Properties not supported: {name}"
        record = held[step.casefold()]
    return record


def _split(text: str, separator: str) -> Iterator[str]:
    depth, part = 0, ""
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == separator and depth == 0:
            yield part
            part = ""
        else:
            part += letter
    yield part
