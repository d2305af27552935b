"""`components.schemas` of the document: from the structs that are read and sent.

msgspec gives the shape. What it cannot know is added here: in a record every member is always there,
money is a JSON number, a reference that is unknown is `{}`, and records carry two dates of our own.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from crossdock.api.operations import all_operations
from crossdock.api.schemas import Body, DryRun, Error, NotFoundError, ValidationError, WriteError
from crossdock.resources.common import Moment, Timestamp
from crossdock.resources.schema import Part, Record, Resource
from crossdock.resources.writes import Write, WriteBody, WritePart

Schema = dict[str, Any]
Choices = Mapping[frozenset[str], tuple[str, ...]]

TAG: Schema = {
    "description": "One of your own labels: a text, or an object of one key.",
    "oneOf": [
        {"type": "string"},
        {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": {"type": "string"},
        },
    ],
}
WRITTEN_TAGS: Schema = {"type": "array", "items": {"$ref": "#/components/schemas/TrackstarTag"}}
TAGS: Schema = {"type": ["array", "null"], "items": {"$ref": "#/components/schemas/TrackstarTag"}}

STAMPS = {
    "trackstar_created_date": "When this server first stored the record.",
    "trackstar_updated_date": "When the stored record last changed: ask by this date for what is new.",
}

DEAD_FIELDS = frozenset(
    {"channel", "carrier", "shipping_method", "supplier", "unsellable"}
    | {"ReturnLineItem.quantity", "ReturnLineItem.warehouse_id", "ReturnLineItem.returned_date"}
)
"""Members of records that the contract calls deprecated, by name or by struct and name."""


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def of(kind: Any) -> Schema:
    """The schema of what an operation reads or sends, as a reference where it is a struct."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return ref(kind.__name__)
    return msgspec.json.schema(kind)


@cache
def components() -> dict[str, Schema]:
    """All schemas by name: records and what they are made of, envelopes, platform bodies, errors."""
    operations = all_operations()
    used = [kind for operation in operations for kind in (operation.reply, operation.body)]
    structs = _structs([*used, Error, NotFoundError, ValidationError, WriteError, DryRun])
    _, raw = msgspec.json.schema_components(structs.values(), ref_template="#/components/schemas/{name}")
    choices = _choices(structs.values())
    objects = {name: _object(kind, raw[name], choices) for name, kind in structs.items()}
    for operation in operations:
        if operation.write is not None and operation.write.answers != "word":
            objects |= _write_response(operation.write)
        if operation.resource is not None:
            objects |= _page(operation.resource) if operation.is_list else _item(operation.resource)
            objects[operation.resource.record.__name__]["properties"] |= _stamps(operation.resource)
    return dict(sorted(objects.items())) | {
        "Moment": _titled(Moment),
        "Timestamp": _titled(Timestamp),
        "TrackstarTag": TAG,
    }


def _page(resource: Resource) -> dict[str, Schema]:
    name = resource.record.__name__
    members: dict[str, Schema] = {
        "data": {"type": "array", "items": ref(name)},
        "next_token": {"type": ["string", "null"], "description": "Null on the last page."},
        "total_count": {"type": "integer", "description": "How many there are on this page."},
    }
    return {f"{name}List": _closed(members)}


def _item(resource: Resource) -> dict[str, Schema]:
    name = resource.record.__name__
    return {f"{name}Item": _closed({"data": ref(name)})}


def written_name(write: Write) -> str:
    """The schema of what a write is answered with."""
    if write.answers == "records":
        return "BatchAdjustResponse"
    return f"{'Kit' if '/kits' in write.path else write.resource.record.__name__}WriteResponse"


def _write_response(write: Write) -> dict[str, Schema]:
    unused = {
        "type": "array",
        "items": {"type": "string"},
        "description": "Members of the body that the connected system does not take.",
    }
    data = ref(write.resource.record.__name__)
    if write.answers == "records":
        members: dict[str, Schema] = {"data": {"type": "array", "items": data}, "unused_fields": unused}
    else:
        described = {"type": "string", "description": "The record that was written."}
        members = {"data": data, "id": described, "unused_fields": unused}
    return {written_name(write): _closed(members)}


def _closed(members: dict[str, Schema]) -> Schema:
    return {
        "type": "object",
        "properties": members,
        "required": list(members),
        "additionalProperties": False,
    }


def _stamps(resource: Resource) -> dict[str, Schema]:
    # Always sent; the published pages do not show them, so the document does not promise them.
    stamps = STAMPS if resource.stamped else {}
    return {
        name: ref("Timestamp") | {"description": text, "x-inferred": True} for name, text in stamps.items()
    }


def _titled(kind: Any) -> Schema:
    """The one schema of a type that is said by reference."""
    shape = msgspec.json.schema(kind)
    return {name: shape[name] for name in ("type", "format", "pattern", "description") if name in shape}


def _object(kind: type[msgspec.Struct], raw: Schema, choices: Choices) -> Schema:
    """The schema of a struct."""
    members = {
        name: _member(kind, name, current_property, choices)
        for name, current_property in raw["properties"].items()
    }
    described = {"description": raw["description"]} if "description" in raw else {}
    return {
        "type": "object",
        **described,
        "properties": members,
        "required": [name for name, member in members.items() if _is_required(kind, name, member, raw)],
        **({"additionalProperties": False} if "additionalProperties" in raw else {}),
    }


def _is_required(kind: type[msgspec.Struct], name: str, member: Schema, raw: Schema) -> bool:
    if issubclass(kind, Body | WriteBody | WritePart):
        return name in raw["required"]
    return _may_be_empty(kind) or not ("x-inferred" in member or _may_be_unset(kind, name))


def _may_be_unset(kind: type[msgspec.Struct], name: str) -> bool:
    return msgspec.UnsetType in get_args(get_type_hints(kind)[name])


def _may_be_empty(kind: type[msgspec.Struct]) -> bool:
    """Check whether it is a reference that is `{}` when there is none: else all its members are there."""
    return issubclass(kind, Part) and all(_may_be_unset(kind, name) for name in kind.__struct_fields__)


def _member(kind: type[msgspec.Struct], name: str, raw: Schema, choices: Choices) -> Schema:
    if name == "trackstar_tags":
        return WRITTEN_TAGS if issubclass(kind, WriteBody) else TAGS
    schema = _plain(raw, choices)
    target = get_type_hints(kind)[name]
    if isinstance(target, type) and issubclass(target, Part) and _may_be_empty(target):
        schema = {"anyOf": [{"type": "object", "maxProperties": 0}, schema]}
    if issubclass(kind, (Record, Part)) and not DEAD_FIELDS.isdisjoint({name, f"{kind.__name__}.{name}"}):
        schema["deprecated"] = True
    return schema


def _plain(raw: Schema, choices: Choices) -> Schema:
    """A schema of msgspec's in the words of the contract."""
    if raw.get("title") in ("Moment", "Timestamp"):
        return ref(raw["title"])
    items = {name: item for name, item in raw.items() if name not in ("title", "default")}
    if items.get("format") == "decimal":
        return {"type": "number"}
    if "enum" in items:
        items |= _choice(choices[frozenset(items.pop("enum"))])
    for name in ("items", "additionalProperties"):
        if isinstance(items.get(name), dict):
            items[name] = _plain(items[name], choices)
    if "anyOf" in items:
        items |= _nullable([_plain(item, choices) for item in items.pop("anyOf")])
    return items


def _choice(values: tuple[str, ...]) -> Schema:
    return (
        {"type": "string", "const": values[0]} if len(values) == 1 else {"type": "string", "enum": [*values]}
    )


def _nullable(members: list[Schema]) -> Schema:
    """One of several; "a text or null" in one line where that is possible."""
    remaining_members = [member for member in members if member != {"type": "null"}]
    if len(remaining_members) == len(members) or len(remaining_members) > 1 or "$ref" in remaining_members[0]:
        return {"anyOf": members}
    remaining_member = remaining_members[0] | {"type": [remaining_members[0]["type"], "null"]}
    return (
        remaining_member | {"enum": [*remaining_member["enum"], None]}
        if "enum" in remaining_member
        else remaining_member
    )


def _structs(kinds: Iterable[Any]) -> dict[str, type[msgspec.Struct]]:
    """All structs that these types are made of, by name."""
    return {
        part.__name__: part
        for part in _parts(kinds)
        if isinstance(part, type) and issubclass(part, msgspec.Struct)
    }


def _choices(kinds: Iterable[Any]) -> Choices:
    """The values of all Literals by the set they are, because msgspec sorts them and we keep their order."""
    args = (get_args(part) for part in _parts(kinds) if get_origin(part) is Literal)
    return {frozenset(values): values for values in args}


def _parts(kinds: Iterable[Any]) -> Iterator[Any]:
    """The types and all types inside them, each struct once."""
    items: set[Any] = set()
    waiting = list(kinds)
    while waiting:
        kind = waiting.pop()
        if get_origin(kind) is Literal:
            yield kind
        elif isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind not in items:
            items.add(kind)
            yield kind
            waiting += get_type_hints(kind).values()
        else:
            waiting += get_args(kind)
