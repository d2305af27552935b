"""Pure: what was sent → the struct that its operation declares; or what is wrong, and where."""

import re
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from crossdock.api import bodies
from crossdock.errors import Invalid

Body = TypeVar("Body")

_INDEX = re.compile(r"\[(\d+)\]")
_SOME_KEY = "[...]"
"""What msgspec says instead of a key."""


def read(raw: bytes, kind: type[Body]) -> Body:
    """Raises BadRequest and Invalid as `bodies.fitted` does."""
    try:
        found = bodies.fitted(raw, kind)
    except Invalid as problem:
        faults = problem.detail["json"]
        raise Invalid({"body": {_placed(raw, at, said[0]): said for at, said in faults.items()}}) from None
    # Looked for in what was read: a script may well hold the six characters that would be one in JSON.
    if b"\\u0000" in raw and any("\0" in one for one in _kept_as_text(found)):
        raise Invalid({"body": {"": ["a text has the character U+0000, which no text can have"]}})
    return found


def _kept_as_text(body: Any) -> Iterator[str]:
    """Every text in a body, but for what is sent as it is: that is kept as bytes."""
    members = msgspec.to_builtins(body, enc_hook=lambda _: None)
    members.pop("payload", None)
    if isinstance(params := members.get("transformationsParams"), dict):
        params.pop("rawPayload", None)
    return bodies.texts(members)


def _placed(raw: bytes, field: str, fault: str) -> str:
    """The field, its parts between dots: `eventTypes[0]` is eventTypes.0, `metadata[...]` metadata.color."""
    place = _INDEX.sub(r".\1", field)
    if not place.endswith(_SOME_KEY):
        return place
    place = place.removesuffix(_SOME_KEY)
    key = _wrong_key(raw, place, fault)
    return place if key is None or "." in key else f"{place}.{key}"


def _wrong_key(raw: bytes, place: str, fault: str) -> str | None:
    """The first key in an object of texts whose value is none."""
    try:
        value = msgspec.json.decode(raw)
    except (ValueError, RecursionError):
        return None  # something else is wrong as well, behind it
    for name in place.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, dict):
        return None
    fine = (str, type(None)) if "| null`" in fault else str
    return next((key for key, one in value.items() if not isinstance(one, fine)), None)
