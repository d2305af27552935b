"""The same API as a Postman collection (format 2.1), made from the OpenAPI document.

Folders are the types and tags; the address, the key and the token are variables of the collection.
Source of the format: schema.getpostman.com/json/collection/v2.1.0.
"""

import json
from functools import lru_cache
from typing import Any

import msgspec

from crossdock.api.openapi import document

Json = dict[str, Any]

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
VARIABLES = {"ApiKey": "api_key", "AccessToken": "access_token"}


def collection(described: Json) -> Json:
    """The collection of an OpenAPI document that `document` made."""
    folders: dict[str, list[Json]] = {}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            folders.setdefault(_folder(path, operation), []).append(
                _request(described, path, method, operation)
            )
    info = described["info"]
    return {
        "info": {"name": info["title"], "description": info["description"], "schema": SCHEMA},
        "item": [{"name": name, "item": items} for name, items in folders.items()],
        "variable": [
            {"key": "base_url", "value": described["servers"][0]["url"]},
            *({"key": variable, "value": ""} for variable in VARIABLES.values()),
        ],
    }


@lru_cache(maxsize=8)
def collection_bytes(base_url: str, version: str) -> bytes:
    """The collection as it is served, made once."""
    return msgspec.json.encode(collection(document(base_url, version)))


def _folder(path: str, operation: Json) -> str:
    """ "WMS · Orders" where types have tags of the same name."""
    tag: str = operation["tags"][0]
    kind = path.split("/")[1]
    return (
        f"{kind.upper() if kind == 'wms' else kind.capitalize()} · {tag}" if "x-action" in operation else tag
    )


def _request(described: Json, path: str, method: str, operation: Json) -> Json:
    parameters = [_resolved(described, parameter) for parameter in operation.get("parameters", [])]
    request: Json = {
        "method": method.upper(),
        "header": _headers(described, operation),
        "url": _url(path, parameters),
    }
    if "requestBody" in operation:
        offered = operation["requestBody"]["content"]
        kind = "multipart/form-data" if "multipart/form-data" in offered else next(iter(offered))
        if kind == "application/json":
            request["header"].append({"key": "Content-Type", "value": kind})
        request["body"] = _body(kind, offered[kind]["example"])
    return {"name": operation["summary"], "request": request, "response": []}


def _body(kind: str, example: Json) -> Json:
    """A body to send: JSON, or a form. Postman itself writes the header of a form, and asks for its file."""
    if kind == "application/json":
        raw = json.dumps(example, indent=2)
        return {"mode": "raw", "raw": raw, "options": {"raw": {"language": "json"}}}
    members = [
        {"key": name, "type": "file", "src": []}
        if name == "file"
        else {"key": name, "type": "text", "value": item}
        for name, item in example.items()
    ]
    return {"mode": "formdata", "formdata": members}


def _resolved(described: Json, parameter: Json) -> Json:
    if "$ref" not in parameter:
        return parameter
    fields: Json = described["components"]["parameters"][parameter["$ref"].rpartition("/")[2]]
    return fields


def _headers(described: Json, operation: Json) -> list[Json]:
    """The credentials; one that may be left out is there, switched off."""
    alternatives = operation["security"]
    schemes = described["components"]["securitySchemes"]
    return [
        {
            "key": schemes[name]["name"],
            "value": f"{{{{{variable}}}}}",
            "disabled": not all(name in alternative for alternative in alternatives),
        }
        for name, variable in VARIABLES.items()
        if any(name in alternative for alternative in alternatives)
    ]


def _url(path: str, parameters: list[Json]) -> Json:
    """Path parameters are variables; filters are there to be switched on."""
    parts = [f":{part[1:-1]}" if part.startswith("{") else part for part in path.strip("/").split("/")]
    query = [
        {
            "key": parameter["name"],
            "value": "",
            "description": parameter.get("description", ""),
            "disabled": True,
        }
        for parameter in parameters
        if parameter["in"] == "query"
    ]
    return {
        "raw": "{{base_url}}/" + "/".join(parts),
        "host": ["{{base_url}}"],
        "path": parts,
        "query": query,
        "variable": [
            {"key": parameter["name"], "value": ""} for parameter in parameters if parameter["in"] == "path"
        ],
    }
