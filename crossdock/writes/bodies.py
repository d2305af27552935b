"""Pure: what a write accepts, as JSON Schema. Checking, `write-info`, the reference and forms come from it.

base body (resources) + Accepts (integration) + options (this account) ──▶ one schema
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec

from crossdock.integrations.contract import Accepts
from crossdock.resources.writes import TAGS, Write

Schema = dict[str, Any]
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
    found: Schema = _inlined(top, definitions)
    return found


def _inlined(schema: Any, definitions: Mapping[str, Schema]) -> Any:
    if isinstance(schema, list):
        return [_inlined(one, definitions) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _inlined(one, definitions) for name, one in schema.items() if name != "$ref"}
    if "$ref" in schema:
        found = _inlined(definitions[schema["$ref"].removeprefix("#/")], definitions) | found
    if found.get("title") and found.get("type") == "object":
        del found["title"]
    return {name: one for name, one in found.items() if (name, one) != ("required", [])}


def accepted(write: Write, accepts: Accepts, options: Options) -> Schema:
    """The body that one integration accepts, closed: what is not in it is not carried over."""
    schema = base(write)
    _keep(schema, {*accepts.paths, TAGS}, "")
    _demand(schema, write, accepts)
    schema["properties"] |= {name: dict(one) for name, one in accepts.extra.items()}
    for path, values in options.items():
        at = _at(schema, path)
        if at is not None:
            at["enum"] = [*values]
    schema["additionalProperties"] = False
    return schema


def checked_by(write: Write, accepts: Accepts, options: Options) -> Schema:
    """The same for checking: what is not carried over has to fit all the same, and nothing is unknown."""
    schema = base(write)
    _demand(schema, write, accepts)
    schema["properties"] |= {name: dict(one) for name, one in accepts.extra.items()}
    for path, values in options.items():
        at = _at(schema, path)
        if at is not None:
            at["enum"] = [*values]
    _open(schema)
    return schema


def unused(body: Mapping[str, Any], write: Write, accepts: Accepts) -> list[str]:
    """The paths of what was given and is not carried over, each once."""
    known = {*accepts.paths, *accepts.extra}
    if TAGS in base(write)["properties"]:
        known.add(TAGS)
    return list(dict.fromkeys(_strangers(body, known, set(accepts.extra), "")))


def carried(body: Mapping[str, Any], unused_paths: Sequence[str]) -> dict[str, Any]:
    """The body without these members, and without tags."""
    left: dict[str, Any] = _without(body, {*unused_paths, TAGS}, "")
    return left


def paths_of(schema: Schema, prefix: str = "") -> Iterator[str]:
    """The members of a body that hold values, by path; those of objects inside, not the objects."""
    for name, one in schema.get("properties", {}).items():
        path = f"{prefix}{name}"
        inner = one.get("items", one) if one.get("type") == "array" else one
        if "properties" in inner:
            yield from paths_of(inner, f"{path}.")
        else:
            yield path


def _demand(schema: Schema, write: Write, accepts: Accepts) -> None:
    """Marks what is required."""
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
    found: Schema | None = schema
    for name in path.split("."):
        holder = _inside(found)
        found = None if holder is None else holder["properties"].get(name)
    return found


def _inside(schema: Schema | None) -> Schema | None:
    """The object that a member is or lists."""
    if schema is None:
        return None
    inner: Schema = schema["items"] if schema.get("type") == "array" else schema
    return inner if "properties" in inner else None


def _keep(schema: Schema, paths: set[str], prefix: str) -> None:
    """Removes the members that are not among these paths, or above or below one of them."""
    for name, one in list(schema["properties"].items()):
        path = f"{prefix}{name}"
        holder = _inside(one)
        is_named = path in paths
        is_above = any(other.startswith(f"{path}.") for other in paths)
        if holder is not None and is_above:
            _keep(holder, paths, f"{path}.")
        elif not is_named:
            del schema["properties"][name]
            schema["required"] = [other for other in schema.get("required", []) if other != name]
    if not schema.get("required", True):
        del schema["required"]


def _open(schema: Any) -> None:
    if isinstance(schema, dict):
        if "properties" in schema:
            schema.pop("additionalProperties", None)
        for one in schema.values():
            _open(one)
    elif isinstance(schema, list):
        for one in schema:
            _open(one)


def _strangers(value: Any, known: set[str], whole: set[str], prefix: str) -> Iterator[str]:
    """Members that are not known. Those in `whole` are not looked into."""
    if isinstance(value, list):
        for one in value:
            yield from _strangers(one, known, whole, prefix)
        return
    if not isinstance(value, Mapping):
        return
    for name, one in value.items():
        path = f"{prefix}{name}"
        is_above = any(other.startswith(f"{path}.") for other in known)
        if is_above and path not in whole:
            yield from _strangers(one, known, whole, f"{path}.")
        elif path not in known:
            yield path


def _without(value: Any, paths: set[str], prefix: str) -> Any:
    if isinstance(value, list):
        return [_without(one, paths, prefix) for one in value]
    if not isinstance(value, Mapping):
        return value
    return {
        name: _without(one, paths, f"{prefix}{name}.")
        for name, one in value.items()
        if f"{prefix}{name}" not in paths
    }
