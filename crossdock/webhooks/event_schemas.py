"""Pure: the JSON Schema of an event type, complete in itself: of the envelope, and of the record in it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from crossdock.resources.schema import Resource
from crossdock.webhooks.connection_events import EXAMPLES

Json = dict[str, Any]

STAMPS = ("trackstar_created_date", "trackstar_updated_date")
TIME = {"type": "string", "format": "date-time"}
_TRUNCATED: Json = {
    "description": "Instead of what is too large to send: the whole is behind `data_url`.",
    "type": "object",
    "properties": {"id": {"type": "string"}},
    "required": ["id"],
    "additionalProperties": False,
}


def schema(name: str, resource: Resource | None, *, has_previous: bool) -> Json:
    """What is sent with this name; of a record of the resource, or of the connection itself."""
    data, definitions = _data(name, resource)
    properties: Json = {
        "connection_id": {"type": "string"},
        "data": {"anyOf": [data, _TRUNCATED]},
        "event_type": {"const": name},
        "integration_name": {"type": "string"},
        "integration_type": {"type": "string"} if resource is None else {"const": resource.type},
    }
    if has_previous:
        properties["previous_attributes"] = {
            "description": "What was before, of what changed; keys are paths with dots.",
            "type": "object",
            # Of one more item in a list it is the list before, and that may be too large to send.
            "minProperties": 1 if name.endswith(".updated") else 0,
        }
    required = list(properties)
    properties |= {"data_truncated": {"type": "boolean"}, "data_url": {"type": "string", "format": "uri"}}
    return {
        "type": "object",
        "title": name,
        "properties": properties,
        "required": required,
        "additionalProperties": False,
        "$defs": definitions,
    }


def _data(name: str, resource: Resource | None) -> tuple[Json, Json]:
    """The schema of `data`, and of what it is made of."""
    kind = type(EXAMPLES[name]) if resource is None else resource.record
    (top,), parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    definitions = {one: _sent(part) for one, part in parts.items()}
    if resource is not None and resource.stamped:
        record = definitions[kind.__name__]
        record["properties"] |= dict.fromkeys(STAMPS, TIME)
        record["required"] += STAMPS
    return top, definitions


def _sent(raw: Mapping[str, Any]) -> Json:
    """A schema of msgspec's, of what is written and not of what could be read."""
    if raw.get("format") == "decimal":
        return {"type": "number"}
    found = {name: one for name, one in raw.items() if name != "default"}
    if "properties" in found:
        # What has a default is written too.
        given = found["properties"]
        needed = [name for name, one in given.items() if name in raw["required"] or "default" in one]
        found |= {"properties": {name: _sent(one) for name, one in given.items()}, "required": needed}
    if "anyOf" in found:
        found["anyOf"] = [_sent(one) for one in found["anyOf"]]
    for name in ("items", "additionalProperties"):
        if isinstance(found.get(name), dict):
            found[name] = _sent(found[name])
    return found
