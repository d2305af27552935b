"""Pure: values that people write as JSON into fields of forms, within the bounds of the API's bodies."""

from typing import Any

from crossdock.errors import BadRequest, Invalid
from crossdock.web import bodies

DEEPEST = 200
"""Lists and objects in one another: what shows a value or sends it on goes down through all of them."""


def json_value(text: str, path: str, part: str = "json") -> Any:
    """The value, its numbers as they were written. path, part: of the field, for what is wrong with it.

    Raises Invalid for what is no JSON, with the place where it ends to be, and for what nobody takes.
    """
    try:
        value = bodies.as_sent(text.encode("utf-8", "surrogatepass"))
    except BadRequest as fault:
        said = str(fault).removeprefix("the body is not JSON: ")
        raise Invalid({part: {path: [f"is no JSON: {said}"]}}) from None
    except Invalid as fault:
        places = fault.detail["json"]
        inner = {f"{path}.{name}" if name else path: texts for name, texts in places.items()}
        raise Invalid({part: inner}) from None
    if _is_deep(value):
        raise Invalid({part: {path: [f"is nested too deeply: {DEEPEST} levels are taken"]}})
    return value


def _is_deep(value: Any) -> bool:
    level, depth = [value], 0
    while level and depth <= DEEPEST:
        level = [item for holder in level for item in _members(holder)]
        depth += 1
    return bool(level)


def _members(value: Any) -> list[Any]:
    """The values in a list or an object; none in anything else."""
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
