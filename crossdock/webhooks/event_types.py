"""The event types that an organization has: ours, from the resources, and those that it added.

What it says of one of ours (archived, another description) stands over what we say. Each of ours has a JSON
Schema with an example of what is sent, made from the declaration of its resource.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec

from crossdock.resources.catalogue import all_resources
from crossdock.resources.event_types import event_types
from crossdock.resources.schema import Resource
from crossdock.store.engine import Database, Transaction
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
    return {one: ours(one) for one in event_types()} | await stored.all_of(database, organization_id)


async def get(reader: Database | Transaction, organization_id: str, name: str) -> Known | None:
    found = await stored.get(reader, organization_id, name)
    return ours(name) if found is None and is_ours(name) else found


async def names(database: Database, organization_id: str) -> set[str]:
    return {*event_types(), *await stored.all_of(database, organization_id)}


def examples(known: Known) -> list[Any]:
    """What its newest schema gives as examples."""
    versions = sorted(known.schemas or {}, key=lambda one: (len(one), one))
    newest = (known.schemas or {})[versions[-1]] if versions else {}
    found = newest.get("examples") if isinstance(newest, dict) else None
    return found if isinstance(found, list) else []


@cache
def ours(name: str) -> Known:
    """One of our own event types."""
    resource = _resources().get(name)
    return Known(
        name=name, description=_description(name, resource), schemas={VERSION: _schema(name, resource)},
        group_name="connections" if resource is None else resource.type,
    )  # fmt: skip


@cache
def _resources() -> dict[str, Resource]:
    """The resource that each event about a record is about."""
    return {name: one for one in all_resources() for name in _names(one)}


def _names(resource: Resource) -> Iterator[str]:
    if resource.event is not None:
        yield from (f"{resource.event}.{what}" for what in ("created", "updated", "deleted"))
        yield from (one.name for one in resource.subevents)


def _description(name: str, resource: Resource | None) -> str:
    what = name.rpartition(".")[2].replace("-", " ")
    if resource is None:
        subject = "connection" if name.startswith("connection") else "install"
        return f"{subject}: {what}"
    about = f"{resource.singular.replace('_', ' ')} ({resource.type})"
    if any(one.name == name for one in resource.subevents):
        return f"{about}: one more {name.split('.')[-2]}"
    return f"{about}: {'gone from the connected system' if what == 'deleted' else what}"


def _schema(name: str, resource: Resource | None) -> Json:
    shape = event_schemas.schema(name, resource, has_previous=_has_previous(name, resource))
    return shape | {"examples": [_example(name, resource)]}


def _has_previous(name: str, resource: Resource | None) -> bool:
    if resource is None:
        return name == "connection-error.updated"
    return name.endswith(".updated") or any(one.name == name for one in resource.subevents)


def _example(name: str, resource: Resource | None) -> Json:
    event: Json = {
        "connection_id": CONNECTION,
        "data": connection_events.example(name) if resource is None else _record(resource),
        "event_type": name,
        "integration_name": "sandbox",
        "integration_type": "general" if resource is None else resource.type,
    }
    if name == "connection.historical-sync-completed":
        event["integration_type"] = "wms"
    if _has_previous(name, resource):
        fields = event["data"]
        changed = next((one for one in ("status", "last_seen", "name") if one in fields), next(iter(fields)))
        lists = [] if resource is None else [one.list_field for one in resource.subevents if one.name == name]
        event["previous_attributes"] = {lists[0]: []} if lists else {changed: fields[changed]}
    return event


def _record(resource: Resource) -> Json:
    """A made-up record: each field with a value of its kind."""
    fields: Json = _value(msgspec.inspect.type_info(resource.record), resource.singular)
    if resource.stamped:
        fields |= dict.fromkeys(event_schemas.STAMPS, MOMENT)
    return fields


def _value(kind: msgspec.inspect.Type, name: str) -> Any:
    """A value of this kind, for a field of this name."""
    if isinstance(kind, msgspec.inspect.Metadata):
        return _value(kind.type, name)
    if isinstance(kind, msgspec.inspect.StructType):
        return {one.encode_name: _value(one.type, one.encode_name) for one in kind.fields}
    if isinstance(kind, msgspec.inspect.UnionType):
        return _value(next(one for one in kind.types if not isinstance(_bare(one), _EMPTY)), name)
    if isinstance(kind, msgspec.inspect.ListType):
        return [_value(kind.item_type, name.removesuffix("s"))]
    if isinstance(kind, msgspec.inspect.LiteralType):
        return kind.values[0]
    if isinstance(kind, msgspec.inspect.StrType):
        is_time = kind.pattern is not None and kind.pattern.startswith(r"^\d{4}-")
        return MOMENT if is_time else f"{name}_1"
    return _NUMBERS.get(type(kind), {})


_NUMBERS: dict[type[msgspec.inspect.Type], Any] = {
    msgspec.inspect.IntType: 1,
    msgspec.inspect.FloatType: 1.5,
    msgspec.inspect.DecimalType: 12.5,
    msgspec.inspect.BoolType: True,
}


_EMPTY = (msgspec.inspect.NoneType,)


def _bare(kind: msgspec.inspect.Type) -> msgspec.inspect.Type:
    return _bare(kind.type) if isinstance(kind, msgspec.inspect.Metadata) else kind
