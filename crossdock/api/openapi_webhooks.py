"""The `webhooks` of the OpenAPI document: each event that is sent, as whoever receives it has to take it."""

from collections.abc import Mapping
from typing import Any

from crossdock.resources.event_types import event_types, extension_types
from crossdock.webhooks.event_types import VERSION, ours

Json = dict[str, Any]

_LOCAL = "#/$defs/"
_SHARED = "#/components/schemas/"
_HEADERS = {
    "webhook-id": "The event's id, the same whenever it is sent again; also as `svix-id`.",
    "webhook-timestamp": "When this attempt was made, in seconds since 1970; also as `svix-timestamp`.",
    "webhook-signature": "Entries `version,signature` with spaces between them; also as `svix-signature`.",
}


def webhooks() -> Json:
    """Every event by its name. Their schemas are in `schemas`."""
    return {name: {"post": _operation(name)} for name in event_types()}


def schemas() -> Json:
    """The bodies of all events and what they are made of, under names that nothing else has."""
    fields: Json = {}
    for name in event_types():
        shape = _shape(name)
        kept_fields = {_part(name, key): _moved(name, part) for key, part in shape.pop("$defs").items()}
        shape.pop("examples")
        fields |= {_body(name): _moved(name, shape), **kept_fields}
    return fields


def _operation(name: str) -> Json:
    known_event_type = ours(name)
    text = " Only to who names it." if name in extension_types() else ""
    content = {"schema": {"$ref": f"{_SHARED}{_body(name)}"}, "example": _shape(name)["examples"][0]}
    return {
        "operationId": _body(name),
        "summary": f"{known_event_type.description}.{text}",
        "tags": [f"{known_event_type.group_name} events"],
        "security": [],
        "parameters": [
            {"name": key, "in": "header", "required": True, "description": text, "schema": {"type": "string"}}
            for key, text in _HEADERS.items()
        ],
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": {"2XX": {"description": "You have it. Anything else, and it is sent again."}},
    }


def _shape(name: str) -> Json:
    return dict((ours(name).schemas or {})[VERSION])


def _body(name: str) -> str:
    return "Event_" + "".join(character if character.isalnum() else "_" for character in name)


def _part(name: str, part: str) -> str:
    """A part of an event's body. Two resources may each have one of the same name."""
    return f"{_body(name.rpartition('.')[0])}__{part}"


def _moved(name: str, schema: Any) -> Any:
    """The schema with its references to where its parts are now."""
    if isinstance(schema, list):
        return [_moved(name, item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {
        key: f"{_SHARED}{_part(name, item.removeprefix(_LOCAL))}" if key == "$ref" else _moved(name, item)
        for key, item in schema.items()
    }
