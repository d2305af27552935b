"""The event types that an organization has: ours, from the resources, and those that it added.

What it says of one of ours (archived, another description) stands over what we say. Each of ours has a JSON
Schema with an example of what is sent, made from the declaration of its resource.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec

from crossdock.resources.catalogue import all_resources
from crossdock.resources.event_types import AUDIT_COMPLETED, SYNC_COMPLETED, event_types
from crossdock.resources.schema import Resource
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.webhooks import event_types as stored
from crossdock.store.webhooks.event_types import EventType as Known
from crossdock.webhooks import connection_events, event_schemas
from crossdock.webhooks.connection_events import CONNECTION, MOMENT

__all__ = ["Known", "all_of", "examples", "get", "is_ours", "names"]

VERSION = "1"

Json = dict[str, Any]


def is_ours(name: str) -> bool:
    return name in event_types()


async def all_of(database: Database, organization_id: str) -> dict[str, Known]:
    """By name."""
    return {event_type: ours(event_type) for event_type in event_types()} | await stored.all_of(
        database, organization_id
    )


async def get(reader: Database | Transaction, organization_id: str, name: str) -> Known | None:
    event_type = await stored.get(reader, organization_id, name)
    return ours(name) if event_type is None and is_ours(name) else event_type


async def names(database: Database, organization_id: str) -> set[str]:
    return {*event_types(), *await stored.all_of(database, organization_id)}


def examples(known_event_type: Known) -> list[Any]:
    """The examples that the event type's newest schema gives."""
    versions = sorted(known_event_type.schemas or {}, key=lambda schema: (len(schema), schema))
    newest = (known_event_type.schemas or {})[versions[-1]] if versions else {}
    found_examples = newest.get("examples") if isinstance(newest, dict) else None
    return found_examples if isinstance(found_examples, list) else []


@cache
def ours(name: str) -> Known:
    """One of our own event types."""
    resource = _resources().get(name)
    return Known(
        name=name,
        description=_description(name, resource),
        schemas={VERSION: _schema(name, resource)},
        group_name="connections" if resource is None else resource.type,
    )


@cache
def _resources() -> dict[str, Resource]:
    """The resource that each event about a record is about."""
    return {name: resource for resource in all_resources() for name in _names(resource)}


def _names(resource: Resource) -> Iterator[str]:
    if resource.event is not None:
        yield from (f"{resource.event}.{name}" for name in ("created", "updated", "deleted"))
        yield from (subevent.name for subevent in resource.subevents)


def _description(name: str, resource: Resource | None) -> str:
    current_text = name.rpartition(".")[2].replace("-", " ")
    if resource is None:
        subject = re.split(r"[.-]", name)[0]
        return f"{subject}: {current_text}"
    about = f"{resource.singular.replace('_', ' ')} ({resource.type})"
    if any(subevent.name == name for subevent in resource.subevents):
        return f"{about}: one more {name.split('.')[-2]}"
    return f"{about}: {'gone from the connected system' if current_text == 'deleted' else current_text}"


def _schema(name: str, resource: Resource | None) -> Json:
    shape = event_schemas.schema(name, resource, has_previous=_has_previous(name, resource))
    return shape | {"examples": [_example(name, resource)]}


def _has_previous(name: str, resource: Resource | None) -> bool:
    if resource is None:
        return name == "connection-error.updated"
    return name.endswith(".updated") or any(subevent.name == name for subevent in resource.subevents)


_OFTEN_CHANGED = ("status", "last_seen", "name")


def _example(name: str, resource: Resource | None) -> Json:
    event: Json = {
        "connection_id": CONNECTION,
        "customer_id": "customer-42",
        "data": connection_events.example(name) if resource is None else _record(resource),
        "event_type": name,
        "integration_name": "sandbox",
        "integration_type": "general" if resource is None else resource.type,
    }
    if name in ("connection.historical-sync-completed", SYNC_COMPLETED):
        event["integration_type"] = "wms"
    if name == AUDIT_COMPLETED:
        event["integration_type"] = "carrier"
    if _has_previous(name, resource):
        event["previous_attributes"] = _previous(name, resource, event["data"])
    return event


def _previous(name: str, resource: Resource | None, fields: Json) -> Json:
    """The former values of a record: its list was empty, or a field that often changes was as it is."""
    subevents = [] if resource is None else resource.subevents
    for subevent in subevents:
        if subevent.name == name:
            return {subevent.list_field: []}
    changed = next(
        (field for field in ("status", "last_seen", "name") if field in fields), next(iter(fields))
    )
    return {changed: fields[changed]}


def _record(resource: Resource) -> Json:
    """A made-up record: each field with a value of its kind."""
    fields: Json = _value(msgspec.inspect.type_info(event_schemas.announced(resource)), resource.singular)
    if resource.stamped:
        fields |= dict.fromkeys(event_schemas.STAMPS, MOMENT)
    return fields


def _value(kind: msgspec.inspect.Type, name: str) -> Any:
    """A value of this kind, for a field of this name."""
    if isinstance(kind, msgspec.inspect.Metadata):
        return _value(kind.type, name)
    if isinstance(kind, msgspec.inspect.StructType):
        return {field.encode_name: _value(field.type, field.encode_name) for field in kind.fields}
    if isinstance(kind, msgspec.inspect.UnionType):
        return _value(
            next(current_type for current_type in kind.types if not isinstance(_bare(current_type), _EMPTY)),
            name,
        )
    if isinstance(kind, msgspec.inspect.ListType):
        return [_value(kind.item_type, name.removesuffix("s"))]
    if isinstance(kind, msgspec.inspect.LiteralType):
        return kind.values[0]
    if isinstance(kind, msgspec.inspect.StrType):
        return _text_value(kind, name)
    return _NUMBERS.get(type(kind), {})


def _text_value(kind: msgspec.inspect.StrType, name: str) -> str:
    is_time = kind.pattern is not None and kind.pattern.startswith(r"^\d{4}-")
    return MOMENT if is_time else f"{name}_1"


_NUMBERS: dict[type[msgspec.inspect.Type], Any] = {
    msgspec.inspect.IntType: 1,
    msgspec.inspect.FloatType: 1.5,
    msgspec.inspect.DecimalType: 12.5,
    msgspec.inspect.BoolType: True,
}


_EMPTY = (msgspec.inspect.NoneType,)


def _bare(kind: msgspec.inspect.Type) -> msgspec.inspect.Type:
    return _bare(kind.type) if isinstance(kind, msgspec.inspect.Metadata) else kind
