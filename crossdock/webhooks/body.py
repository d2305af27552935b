"""Pure: the body that is sent instead of one that is too large. It says where the whole can be asked for."""

from collections.abc import Mapping

import msgspec

MOST_PREVIOUS_BYTES = 65_536
"""Of old values in it."""

_Members = dict[str, msgspec.Raw]


class _Named(msgspec.Struct):
    id: str = ""


def truncated(body: bytes, data_url: str) -> bytes:
    """An event's body with its data cut down to an id. data_url: where the whole is asked for."""
    event = msgspec.json.decode(body, type=_Members)
    kept: dict[str, object] = {**event, "data": {"id": _id(event["data"])}}
    if "previous_attributes" in event:
        previous = msgspec.json.decode(event["previous_attributes"], type=_Members)
        kept["previous_attributes"] = _small(previous)
    return msgspec.json.encode({**kept, "data_truncated": True, "data_url": data_url})


def _id(data: msgspec.Raw) -> str:
    try:
        return msgspec.json.decode(data, type=_Named).id
    except msgspec.ValidationError:
        return ""


def _small(previous: Mapping[str, msgspec.Raw]) -> dict[str, object]:
    """Those old values that are small. What changed is named even when none is."""
    kept, room = {}, MOST_PREVIOUS_BYTES
    for name, value in sorted(previous.items(), key=lambda one: len(one[1])):
        room -= len(name) + len(value)
        if room < 0:
            break
        kept[name] = value
    return {**kept} or dict.fromkeys(list(previous)[:1])
