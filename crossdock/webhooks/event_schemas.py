"""Pure: the JSON Schema of an event type, complete in itself: of the envelope, and of the record in it."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from crossdock.resources.carrier.announced import FileAnnounced
from crossdock.resources.carrier.files import CARRIER_FILES
from crossdock.resources.schema import Record, Resource
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
    """The schema of the event with this name; of a record of the resource, or of the connection itself."""
    data, definitions = _data(name, resource)
    properties: Json = {
        "connection_id": {"type": "string"},
        "customer_id": {"type": ["string", "null"]},
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


def announced(resource: Resource) -> type[Record]:
    """The type of `data` in an event about a record of this resource."""
    return FileAnnounced if resource is CARRIER_FILES else resource.record


def _data(name: str, resource: Resource | None) -> tuple[Json, Json]:
    """The schema of `data`, and of what it is made of."""
    kind = type(EXAMPLES[name]) if resource is None else announced(resource)
    (top,), parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    definitions = {key: _sent(part) for key, part in parts.items()}
    if resource is not None and resource.stamped:
        record = definitions[kind.__name__]
        record["properties"] |= dict.fromkeys(STAMPS, TIME)
        record["required"] += STAMPS
    return top, definitions


def _sent(raw: Mapping[str, Any]) -> Json:
    """A schema of msgspec's, of what is written and not of what could be read."""
    if raw.get("format") == "decimal":
        return {"type": "number"}
    items = {name: item for name, item in raw.items() if name != "default"}
    if "properties" in items:
        items |= _sent_members(items["properties"], raw["required"])
    if "anyOf" in items:
        items["anyOf"] = [_sent(item) for item in items["anyOf"]]
    for name in ("items", "additionalProperties"):
        if isinstance(items.get(name), dict):
            items[name] = _sent(items[name])
    return items


def _sent_members(members: Mapping[str, Any], required: Sequence[str]) -> Json:
    """Members of an object; what has a default is written too."""
    needed = [name for name, member in members.items() if name in required or "default" in member]
    return {"properties": {name: _sent(member) for name, member in members.items()}, "required": needed}
