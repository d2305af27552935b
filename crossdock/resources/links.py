"""Links in records and bodies: only those that a browser may follow without harm.

A page that shows a record puts its links into `href`. `javascript:` and `data:` there run what a stranger
wrote. So a link of any other kind than http and https is none: refused in a write, null in a record.
"""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

_LINK = {"is_link": True}

PATTERN = r"^[hH][tT][tT][pP][sS]?://[^\s]"

Link = Annotated[str, Meta(extra=_LINK)]
"""Put beside a record's field: a text that begins with http:// or https://."""
GivenLink = Annotated[
    str,
    Meta(min_length=1, pattern=PATTERN, description="Begins with http:// or https://."),
]
"""The same in the body of a write."""


def is_link(text: str) -> bool:
    """Check whether a text is a link that may be followed. Browsers drop tabs and line breaks in one."""
    scheme, mark, after = text.partition("://")
    return scheme.lower() in ("http", "https") and bool(mark) and bool(after.strip()) and text.isprintable()


def all_safe(kind: type, value: Any) -> bool:
    """Check whether each link in the value of a record of this type may be followed."""
    positions = _link_members(kind)
    return not positions or _are_safe(value, positions)


def _are_safe(value: Any, positions: Mapping[str, Any]) -> bool:
    if isinstance(value, list):
        return all(_are_safe(item, positions) for item in value)
    if not isinstance(value, Mapping):
        return True
    for name in positions.keys() & value.keys():
        inner = positions[name]
        if inner is not None and not _are_safe(value[name], inner):
            return False
        if inner is None and isinstance(value[name], str) and not is_link(value[name]):
            return False
    return True


@cache
def _link_members(kind: type) -> Mapping[str, Any]:
    """The members of a struct that are links (None), or hold some (their places)."""
    positions: dict[str, Any] = {}
    for name, hint in get_type_hints(kind, include_extras=True).items():
        inner = _struct_in(hint)
        if is_link_type(hint):
            positions[name] = None
        elif inner is not None and (below := _link_members(inner)):
            positions[name] = below
    return positions


def is_link_type(hint: Any) -> bool:
    """Check whether a member of this type is a link."""
    marks = getattr(hint, "__metadata__", ())
    if any(isinstance(mark, Meta) and mark.extra == _LINK for mark in marks):
        return True
    return get_origin(hint) is not list and any(is_link_type(argument) for argument in get_args(hint))


def _struct_in(hint: Any) -> type[msgspec.Struct] | None:
    """The struct that a member is or lists."""
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return hint
    if get_origin(hint) in (list, Union, Annotated) or get_args(hint):
        return next((inner for argument in get_args(hint) if (inner := _struct_in(argument))), None)
    return None
