"""Pure: what an integration's writes take, told to callers: as an OpenAPI document, and field by field."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from crossdock.kit.contract import Accepts
from crossdock.kit.registry import Integration
from crossdock.resources.writes import Write
from crossdock.writes import bodies
from crossdock.writes.bodies import NO_ACCOUNT, Options, Schema

OptionsByAction = Mapping[str, Options]


def without_account(accepts: Accepts) -> dict[str, list[str]]:
    """The stand-ins for the values that only an account knows."""
    return {path: [NO_ACCOUNT] for path in accepts.options}


def document(integration: Integration, writes: Iterable[Write], options: OptionsByAction) -> Schema:
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
                {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names
            ]
        if write.body is not None:
            schemas[name] = bodies.accepted(write, integration.accepts(write.action), options[write.action])
            kind = "multipart/form-data" if write.takes_file else "application/json"
            content = {kind: {"schema": {"$ref": f"#/components/schemas/{name}"}}}
            operation["requestBody"] = {"required": True, "content": content}
        paths.setdefault(write.path, {})[write.method.lower()] = operation
    title = f"Writes of {integration.manifest.name}"
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1"},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def fields(integration: Integration, write: Write, options: Options) -> tuple[list[str], list[str], Schema]:
    """Members of the base body that are required, those that are optional, and the integration's own.

    Among its own are those of the base body whose values are the account's.
    """
    accepts = integration.accepts(write.action)
    whole_fields = bodies.accepted(write, accepts, options)
    leaves = list(bodies.paths_of(whole_fields))
    required = [leave for leave in leaves if leave in accepts.required]
    own_fields = {**accepts.extra} | {
        name: {"title": name, **whole_fields["properties"][name]}
        for name in accepts.options
        if name in whole_fields["properties"]
    }
    optional = [leave for leave in leaves if leave not in required and leave not in accepts.extra]
    needed = [*accepts.required_extra, *(name for name in accepts.options if name in accepts.required)]
    schema: Schema = {"type": "object", "properties": own_fields, "required_fields": needed}
    return required, optional, schema
