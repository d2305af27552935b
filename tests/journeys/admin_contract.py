"""The answers of the webhook administration, held against `shared/contract/webhook-admin.openapi.yaml`."""

import re
from functools import cache
from typing import Any

import httpx
import yaml
from jsonschema import Draft202012Validator

from tests.conftest import SHARED

Json = dict[str, Any]

# The id of an organization's application is the organization's own, where the schema has ids of applications.
OTHERWISE = re.compile(r"'org_\w+' does not match '\^app_")


@cache
def contract() -> Json | None:
    """The document; None where the specification is not beside the checkout."""
    path = SHARED / "contract" / "webhook-admin.openapi.yaml"
    return yaml.load(path.read_text(), Loader=yaml.CSafeLoader) if path.exists() else None


def operations() -> dict[tuple[str, str], str]:
    """(method, path) of every operation, with its id."""
    found = contract() or {"paths": {}}
    return {
        (method.upper(), re.sub(r"\{event_type_name\}", "{name}", path)): one["operationId"]
        for path, methods in found["paths"].items()
        for method, one in methods.items()
    }


def _operation(method: str, path: str) -> Json | None:
    for template, methods in (contract() or {"paths": {}})["paths"].items():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path) and method.lower() in methods:
            # A path with fewer variable parts comes first: "/msg/precheck/active".
            found: Json = methods[method.lower()]
            return found
    return None


def faults(answer: httpx.Response) -> list[str]:
    """How an answer differs from what the contract has for it."""
    document = contract()
    operation = _operation(answer.request.method, answer.request.url.path)
    if document is None or operation is None:
        return []
    code = str(answer.status_code)
    kept = operation["responses"].get(code) or operation["responses"].get(f"{code[0]}XX")
    if kept is None:
        return [f"status {code} is not among {sorted(operation['responses'])}"]
    if "$ref" in kept:
        kept = document["components"]["responses"][kept["$ref"].rpartition("/")[2]]
    if "content" not in kept:
        return [] if not answer.content else ["a body where there is to be none"]
    schema = kept["content"]["application/json"]["schema"]
    asked = {**schema, "components": document["components"]}
    found = Draft202012Validator(asked).iter_errors(answer.json())
    return [
        f"{operation['operationId']} {one.json_path}: {one.message[:200]}"
        for one in found
        if not OTHERWISE.search(one.message)
    ]
