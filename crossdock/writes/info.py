"""Pure: what an integration's writes take, told to callers: as an OpenAPI document, and field by field."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from crossdock.integrations.contract import Accepts
from crossdock.integrations.registry import Integration
from crossdock.resources.writes import Write
from crossdock.writes import bodies
from crossdock.writes.bodies import NO_ACCOUNT, Options, Schema

OptionsByAction = Mapping[str, Options]


def without_account(accepts: Accepts) -> dict[str, list[str]]:
    """What stands for the values that only an account knows."""
    return {path: [NO_ACCOUNT] for path in accepts.options}


def document(behind: Integration, writes: Iterable[Write], options: OptionsByAction) -> Schema:
    """An OpenAPI 3.1 document of these writes, with the bodies that this integration accepts."""
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for write in writes:
        name = "".join(word.capitalize() for word in write.action.split("_"))
        operation: dict[str, Any] = {
            "operationId": write.id,
            "summary": write.summary,
            "x-action": write.action,
            "responses": {"200": {"description": write.summary}},
        }
        names = re.findall(r"{(\w+)}", write.path)
        if names:
            operation["parameters"] = [
                {"name": one, "in": "path", "required": True, "schema": {"type": "string"}} for one in names
            ]
        if write.body is not None:
            schemas[name] = bodies.accepted(write, behind.accepts(write.action), options[write.action])
            kind = "multipart/form-data" if write.takes_file else "application/json"
            content = {kind: {"schema": {"$ref": f"#/components/schemas/{name}"}}}
            operation["requestBody"] = {"required": True, "content": content}
        paths.setdefault(write.path, {})[write.method.lower()] = operation
    title = f"Writes of {behind.manifest.name}"
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1"},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def fields(behind: Integration, write: Write, options: Options) -> tuple[list[str], list[str], Schema]:
    """Members of the base body that are required, those that are optional, and the integration's own.

    Among its own are those of the base body whose values are the account's.
    """
    accepts = behind.accepts(write.action)
    whole = bodies.accepted(write, accepts, options)
    leaves = list(bodies.paths_of(whole))
    required = [one for one in leaves if one in accepts.required]
    own = {**accepts.extra} | {
        name: {"title": name, **whole["properties"][name]}
        for name in accepts.options
        if name in whole["properties"]
    }
    optional = [one for one in leaves if one not in required and one not in accepts.extra]
    needed = [*accepts.required_extra, *(name for name in accepts.options if name in accepts.required)]
    found: Schema = {"type": "object", "properties": own, "required_fields": needed}
    return required, optional, found
