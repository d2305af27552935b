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
    fields = contract() or {"paths": {}}
    return {
        (method.upper(), re.sub(r"\{event_type_name\}", "{name}", path)): current_method["operationId"]
        for path, methods in fields["paths"].items()
        for method, current_method in methods.items()
    }


def _operation(method: str, path: str) -> Json | None:
    for template, methods in (contract() or {"paths": {}})["paths"].items():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path) and method.lower() in methods:
            # A path with fewer variable parts comes first: "/msg/precheck/active".
            fields: Json = methods[method.lower()]
            return fields
    return None


def faults(answer: httpx.Response) -> list[str]:
    """How an answer differs from what the contract has for it."""
    document = contract()
    operation = _operation(answer.request.method, answer.request.url.path)
    if document is None or operation is None:
        return []
    code = str(answer.status_code)
    kept_response = operation["responses"].get(code) or operation["responses"].get(f"{code[0]}XX")
    if kept_response is None:
        return [f"status {code} is not among {sorted(operation['responses'])}"]
    if "$ref" in kept_response:
        kept_response = document["components"]["responses"][kept_response["$ref"].rpartition("/")[2]]
    if "content" not in kept_response:
        return [] if not answer.content else ["a body where there is to be none"]
    schema = kept_response["content"]["application/json"]["schema"]
    fields = {**schema, "components": document["components"]}
    iter_errors = Draft202012Validator(fields).iter_errors(answer.json())
    return [
        f"{operation['operationId']} {iter_error.json_path}: {iter_error.message[:200]}"
        for iter_error in iter_errors
        if not OTHERWISE.search(iter_error.message)
    ]
