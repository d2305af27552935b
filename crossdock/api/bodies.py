"""Pure: the body of a request → the struct that its operation declares."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from crossdock.errors import BadRequest, Invalid

T = TypeVar("T")

_exact = msgspec.json.Decoder(float_hook=Decimal)
_PLACE = re.compile(r" - at `(?:key in )?\$\.?(.*)`$")
_FIELD = re.compile(r"field `(.+)`")


def read(raw: bytes, kind: type[T], *, required: bool = True) -> T:
    """The body, checked. One that may be left out may also be null: both are read as `{}`.

    Raises BadRequest, with the position, for what is not JSON; Invalid for JSON that does not fit.
    """
    if not required and raw.strip() in (b"", b"null"):
        raw = b"{}"
    value = fitted(raw, kind)
    if any("\0" in text for text in texts(msgspec.to_builtins(value))):
        raise Invalid({"json": {"": ["a text has the character U+0000, which no text can have"]}})
    return value


def fitted(raw: bytes, kind: type[T]) -> T:
    """The body, as `read` has it but for what texts may hold."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as fault:
        raise _invalid(str(fault)) from None
    except msgspec.DecodeError as fault:
        if _has_half_a_character(raw):
            raise BadRequest("a text of the body holds half a character (a lone surrogate)") from None
        position = "" if "(byte " in str(fault) else f" (byte {len(raw)})"
        raise BadRequest(f"the body is not JSON: {fault}{position}") from None
    except UnicodeDecodeError as fault:
        raise BadRequest(
            f"the body is not UTF-8: {fault.reason} in a text that begins {fault.object[:20]!r}"
        ) from None
    except RecursionError:
        raise BadRequest("the body is nested too deeply") from None


def decoded(raw: bytes) -> Any:
    """The body as plain values, numbers with a fraction as Decimal. Raises as `read` does."""
    value = read(raw, Any)
    return _exact.decode(raw) if isinstance(value, dict | list) else value


def _invalid(message: str) -> Invalid:
    """A fault of msgspec's under the field it is about; "" is the body itself."""
    place = _PLACE.search(message)
    text = message[: place.start()] if place else message
    field = _FIELD.search(text)
    names = [name for name in (place and place[1], field and field[1]) if name]
    return Invalid({"json": {".".join(names): [text]}})


def _has_half_a_character(raw: bytes) -> bool:
    """Whether a text can't be read for that; msgspec tells of some of them that the body has no end."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return False
    return any("\ud800" <= one <= "\udfff" for text in texts(value) for one in text)


def texts(value: Any) -> Iterator[str]:
    """Every text in a value, names included."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            waiting += one
