"""Pure: what a write accepts, as JSON Schema. Checking, `write-info`, the reference and forms come from it.

base body (resources) + Accepts (integration) + options (this account) ──▶ one schema
"""

import copy
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

import msgspec

from crossdock.kit.contract import Accepts
from crossdock.resources import dates
from crossdock.resources.writes import TAGS, Write

Schema = dict[str, Any]
Tree = dict[str, Any]
"""Members by name, with those inside each; {} where a member is taken as it is."""
Options = Mapping[str, Sequence[str]]
"""Values that an account has, by the path of the member that they are for."""

NO_ACCOUNT = "N/A - Connect an account to see options"


def base(write: Write) -> Schema:
    """The base body, with every definition put where it is used. A copy: change it at will."""
    return copy.deepcopy(_base(write))


@cache
def _base(write: Write) -> Schema:
    if write.body is None:
        return {"type": "object", "properties": {}}
    (top,), definitions = msgspec.json.schema_components([write.body], ref_template="#/{name}")
    schema: Schema = _inlined(top, definitions)
    return schema


def _inlined(schema: Any, definitions: Mapping[str, Schema]) -> Any:
    if isinstance(schema, list):
        return [_inlined(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    members = {name: _inlined(member, definitions) for name, member in schema.items() if name != "$ref"}
    if "$ref" in schema:
        members = _inlined(definitions[schema["$ref"].removeprefix("#/")], definitions) | members
    return _tidied(members)


def _tidied(schema: Schema) -> Schema:
    """A schema without what says nothing: the title of an object's type, and a demand for no members."""
    is_object = schema.get("type") == "object"
    empty = {"title"} if is_object and schema.get("title") else set()
    if schema.get("required") == []:
        empty.add("required")
    return {name: member for name, member in schema.items() if name not in empty}


def accepted(write: Write, accepts: Accepts, options: Options, *, is_closed: bool = True) -> Schema:
    """The body that one integration accepts.

    is_closed: what is not carried over is not in it, as callers are told. Otherwise it is open, for checking:
    what is not carried over has to fit all the same, and nothing is unknown.
    """
    schema = base(write)
    if is_closed:
        _keep(schema, {*accepts.paths, TAGS}, "")
    _demand(schema, write, accepts)
    schema["properties"] |= {name: dict(member) for name, member in accepts.extra.items()}
    for path, values in options.items():
        member = _at(schema, path)
        if member is not None:
            member["enum"] = [*values]
    if is_closed:
        schema["additionalProperties"] = False
    else:
        _open(schema)
    return schema


MOST_UNUSED = 1000
"""Named in `unused_fields`."""


@dataclass(frozen=True)
class PartedBody:
    """A body, parted into what is carried over and what is not."""

    carried: dict[str, Any]
    """Without tags, which stay with us."""
    unused: list[str]
    """The paths of the others, each once; the first thousand."""


def parted(body: Mapping[str, Any], write: Write, accepts: Accepts) -> PartedBody:
    """The body as it is carried over, and what of it is not."""
    known_tree = _tree((*accepts.paths, *accepts.extra))
    strangers: dict[str, None] = {}
    schema = base(write)
    carried: dict[str, Any] = in_utc(_known_members(body, known_tree, "", strangers), schema)
    if TAGS in schema["properties"]:
        strangers.pop(TAGS, None)
    return PartedBody(carried, list(islice(strangers, MOST_UNUSED)))


def unused_names(body: Mapping[str, Any], known_tags: Container[str]) -> list[str]:
    """The members at the top that are not known; the first thousand."""
    return list(islice((name for name in body if name not in known_tags), MOST_UNUSED))


def in_utc(value: Any, schema: Schema) -> Any:
    """The body with each time in it as the wire has it. It was checked."""
    if isinstance(value, list):
        return [in_utc(item, schema.get("items", {})) for item in value]
    if isinstance(value, Mapping):
        properties = schema.get("properties", {})
        return {name: in_utc(item, properties.get(name, {})) for name, item in value.items()}
    return dates.in_utc(value) if schema.get("format") == "date-time" and isinstance(value, str) else value


def paths_of(schema: Schema, prefix: str = "") -> Iterator[str]:
    """The members of a body that hold values, by path; those of objects inside, not the objects."""
    for name, current_property in schema.get("properties", {}).items():
        path = f"{prefix}{name}"
        inner = (
            current_property.get("items", current_property)
            if current_property.get("type") == "array"
            else current_property
        )
        if "properties" in inner:
            yield from paths_of(inner, f"{path}.")
        else:
            yield path


def _demand(schema: Schema, write: Write, accepts: Accepts) -> None:
    """Mark what is required."""
    for path in accepts.required:
        above, _, name = path.rpartition(".")
        holder = _inside(_at(schema, above)) if above else schema
        if holder is None or name not in holder["properties"]:
            raise ValueError(f"{write.action}: the base body has no {path}")
        # The base body may demand it already, and a schema names nothing twice.
        holder["required"] = list(dict.fromkeys([*holder.get("required", []), name]))
    schema["required"] = [*schema.get("required", []), *accepts.required_extra]
    if accepts.any_of:
        schema["allOf"] = [
            {"anyOf": [{"required": [name]} for name in group], "x-one-of": [*group]}
            for group in accepts.any_of
        ]
    if not schema["required"]:
        del schema["required"]


def _at(schema: Schema, path: str) -> Schema | None:
    """The schema of a member."""
    found_schema: Schema | None = schema
    for name in path.split("."):
        holder = _inside(found_schema)
        found_schema = None if holder is None else holder["properties"].get(name)
    return found_schema


def _inside(schema: Schema | None) -> Schema | None:
    """The object that a member is or lists."""
    if schema is None:
        return None
    inner: Schema = schema["items"] if schema.get("type") == "array" else schema
    return inner if "properties" in inner else None


def _keep(schema: Schema, paths: set[str], prefix: str) -> None:
    """Remove the members that are not among these paths, or above or below one of them."""
    for name, current_property in list(schema["properties"].items()):
        path = f"{prefix}{name}"
        holder = _inside(current_property)
        is_named = path in paths
        is_above = any(other_path.startswith(f"{path}.") for other_path in paths)
        if holder is not None and is_above:
            _keep(holder, paths, f"{path}.")
        elif not is_named:
            del schema["properties"][name]
            schema["required"] = [
                other_item for other_item in schema.get("required", []) if other_item != name
            ]
    if not schema.get("required", True):
        del schema["required"]


def _open(schema: Any) -> None:
    if isinstance(schema, dict):
        if "properties" in schema:
            schema.pop("additionalProperties", None)
        for item in schema.values():
            _open(item)
    elif isinstance(schema, list):
        for current_item in schema:
            _open(current_item)


def _tree(paths: Iterable[str]) -> Tree:
    """{"line_items": {"sku": {}}} of "line_items.sku"."""
    tree: Tree = {}
    for path in paths:
        node = tree
        for name in path.split("."):
            node = node.setdefault(name, {})
    return tree


def _known_members(value: Any, tree: Tree, prefix: str, strangers: dict[str, None]) -> Any:
    """The value with the members of the tree only; the paths of the others are noted."""
    if isinstance(value, list):
        return [_known_members(item, tree, prefix, strangers) for item in value]
    if not isinstance(value, Mapping):
        return value
    kept_fields = {}
    for name, item in value.items():
        if name not in tree:
            strangers[f"{prefix}{name}"] = None
        elif tree[name]:
            kept_fields[name] = _known_members(item, tree[name], f"{prefix}{name}.", strangers)
        else:
            kept_fields[name] = item
    return kept_fields
