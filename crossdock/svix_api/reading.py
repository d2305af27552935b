"""Pure: what was sent → the struct that its operation declares; or what is wrong, and where."""

from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from crossdock.errors import Invalid
from crossdock.web import bodies

Body = TypeVar("Body")


def read(raw: bytes, kind: type[Body]) -> Body:
    """Read a body. Raises BadRequest and Invalid as `bodies.fitted` does."""
    try:
        value = bodies.fitted(raw, kind)
    except Invalid as problem:
        raise Invalid({"body": problem.detail["json"]}) from None
    # Looked for in what was read: a script may well hold the six characters that would be one in JSON.
    if b"\\u0000" in raw and any("\0" in text for text in _kept_as_text(value)):
        raise Invalid({"body": {"": ["a text has the character U+0000, which no text can have"]}})
    return value


def _kept_as_text(body: Any) -> Iterator[str]:
    """Every text in a body, but for what is sent as it is: that is kept as bytes."""
    members = msgspec.to_builtins(body, enc_hook=lambda _: None)
    members.pop("payload", None)
    if isinstance(params := members.get("transformationsParams"), dict):
        params.pop("rawPayload", None)
    return bodies.texts(members)
