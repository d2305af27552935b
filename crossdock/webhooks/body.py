"""Pure: the body that is sent instead of one that is too large. It says where the whole can be asked for."""

from collections.abc import Mapping

import msgspec

MOST_PREVIOUS_BYTES = 65_536
"""Of old values in it."""
LONGEST_NAME = 200

_Members = dict[str, msgspec.Raw]


class _NamedConnection(msgspec.Struct):
    id: str = ""


def truncated(body: bytes, data_url: str) -> bytes:
    """An event's body with its data cut down to an id, and without old values that are large.

    data_url: where the whole is asked for.
    """
    event = msgspec.json.decode(body, type=_Members)
    kept_fields: dict[str, object] = {**event, "data": {"id": _id(event["data"])}}
    if "previous_attributes" in event:
        previous = msgspec.json.decode(event["previous_attributes"], type=_Members)
        small = _small(previous)
        if not small and msgspec.json.decode(event["event_type"], type=str).endswith(".updated"):
            # There has to be something, and what is there has to be true.
            small = _part(*next(iter(previous.items())))
        kept_fields["previous_attributes"] = small
    return msgspec.json.encode({**kept_fields, "data_truncated": True, "data_url": data_url})


def _id(data: msgspec.Raw) -> str:
    try:
        return msgspec.json.decode(data, type=_NamedConnection).id
    except msgspec.ValidationError:
        return ""


def _small(previous: Mapping[str, msgspec.Raw]) -> dict[str, object]:
    """The smallest of the old values, as many as there is room for."""
    kept_small: dict[str, object] = {}
    room = MOST_PREVIOUS_BYTES
    for name, value in sorted(previous.items(), key=lambda pair: len(pair[1])):
        room -= len(name) + len(value)
        if room < 0:
            break
        kept_small[name] = value
    return kept_small


def _part(path: str, value: msgspec.Raw) -> dict[str, object]:
    """The least part of an old value, under its path; null for a long text, which has none."""
    whole_path = path
    while len(value) > MOST_PREVIOUS_BYTES:
        parts = _inside(value)
        if not parts:
            return {whole_path: None}
        step, value = min(parts.items(), key=lambda pair: len(pair[1]))
        path = f"{path}.{step}"
    return {path: value}


def _inside(value: msgspec.Raw) -> _Members:
    """The parts that a path can lead to."""
    first = bytes(value)[:1]
    if first == b"[":
        items = msgspec.json.decode(value, type=list[msgspec.Raw])
        return {str(position): item for position, item in enumerate(items)}
    if first == b"{":
        members = msgspec.json.decode(value, type=_Members)
        return {
            name: member for name, member in members.items() if "." not in name and len(name) < LONGEST_NAME
        }
    return {}
