"""What the server sends against the contract: not what we document, but the bytes that arrive."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from crossdock.api.operation import ApiOperation
from crossdock.api.operations import all_operations
from tests.conftest import needs_shared
from tests.journeys.server import Organization

Json = dict[str, Any]

READS = [
    operation
    for operation in all_operations()
    if operation.resource is not None
    and operation.reply is operation.resource.record
    and operation.resource.type != "freight"
]
LISTS = [api_operation for api_operation in READS if api_operation.is_list]
SINGLES = [api_operation for api_operation in READS if api_operation.path.endswith("}")]
[PACKS] = [api_operation for api_operation in READS if api_operation.path.endswith("/packs")]

formats = FormatChecker()


@formats.checks("date-time")
def _is_time_in_utc(value: object) -> bool:
    """The one form that the contract has."""
    return not isinstance(value, str) or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value) is not None


def _path(api_operation: ApiOperation) -> str:
    return api_operation.path


@cache
def contract(kind: str) -> Json:
    text = needs_shared("contract", f"{kind}.openapi.yaml").read_text()
    return yaml.load(text, Loader=yaml.CSafeLoader)


def schema_of(operation: ApiOperation) -> Json:
    """The contract's schema of the answer, with what it refers to."""
    doc = contract(operation.path.split("/")[1])
    answer = doc["paths"][operation.path]["get"]["responses"]["200"]
    return answer["content"]["application/json"]["schema"] | {"components": doc["components"]}


def faults(body: Json, schema: Json) -> list[str]:
    """How a body differs from what the contract promises."""
    invalid = Draft202012Validator(schema, format_checker=formats).iter_errors(body)
    return [f"{item.json_path}: {item.message[:200]}" for item in invalid] + list(
        misplaced("$", body, schema, schema)
    )


def misplaced(where: str, value: Any, schema: Json, root: Json) -> Iterator[str]:
    """Members that the contract does not have, or has in another order."""
    for variant in variants(schema, root):
        if isinstance(value, dict) and "properties" in variant:
            names, order = list(value), list(variant["properties"])
            if unknown := [name for name in names if name not in order]:
                yield f"{where}: members that the contract does not have: {unknown}"
            if [name for name in order if name in names] != [name for name in names if name in order]:
                yield f"{where}: not in the contract's order: {names}"
            for name in set(names) & set(order):
                yield from misplaced(f"{where}.{name}", value[name], variant["properties"][name], root)
        elif isinstance(value, dict) and isinstance(variant.get("additionalProperties"), dict):
            for name, inner in value.items():
                yield from misplaced(f"{where}.{name}", inner, variant["additionalProperties"], root)
        elif isinstance(value, list) and "items" in variant:
            for position, inner in enumerate(value):
                yield from misplaced(f"{where}[{position}]", inner, variant["items"], root)


def variants(schema: Json, root: Json) -> list[Json]:
    """The schema with references followed; each alternative that could describe a value with members."""
    while "$ref" in schema:
        target: Any = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = target
    alternatives = [item for kind in ("anyOf", "oneOf", "allOf") for item in schema.get(kind, [])]
    return [variant for alternative in alternatives for variant in variants(alternative, root)] or [schema]


def items(house: Organization, operation: ApiOperation) -> Iterator[tuple[str, Json]]:
    """(path, record as its list has it) of some records that the operation reads one by one."""
    lists = operation.path.rpartition("/{")[0]
    for parent in parents(house, lists):
        for record in house.list(lists.format_map(parent), limit="7"):
            names = dict.fromkeys(re.findall(r"{(\w+)}", operation.path), record["id"])
            yield operation.path.format_map(names | parent), record


def parents(house: Organization, path: str) -> list[dict[str, str]]:
    if "{" not in path:
        return [{}]
    return [{"warehouse_id": character["id"]} for character in house.list("/wms/warehouses")]


@pytest.mark.parametrize("operation", LISTS, ids=_path)
def test_every_list_is_what_the_contract_promises(house: Organization, operation: ApiOperation):
    for parent in parents(house, operation.path):
        body = house.get(operation.path.format_map(parent)).json()
        assert body["data"], "the sandbox has none: nothing was compared"
        assert faults(body, schema_of(operation)) == []


@pytest.mark.parametrize("operation", SINGLES, ids=_path)
def test_every_single_read_is_what_the_contract_promises_and_what_the_list_has(
    house: Organization, operation: ApiOperation
):
    pairs = list(items(house, operation))
    assert pairs, "the sandbox has none: nothing was compared"
    for path, listed in pairs:
        body = house.get(path).json()
        assert faults(body, schema_of(operation)) == []
        assert body["data"] == listed


def test_every_plan_to_pack_an_order_is_what_the_contract_promises(house: Organization):
    orders = [character["id"] for character in house.list("/wms/orders")]
    answers = [house.get(PACKS.path.format(order_id=order)) for order in orders]
    bodies = [answer.json() for answer in answers if answer.status_code == 200]
    assert bodies, "the sandbox has none: nothing was compared"
    assert [fault for body in bodies for fault in faults(body, schema_of(PACKS))] == []


def test_all_reads_of_the_contract_are_compared_here():
    assert {*LISTS, *SINGLES, PACKS} == set(READS)


@pytest.mark.parametrize("operation", LISTS, ids=_path)
def test_a_list_is_the_records_bytes_with_nothing_between_them(house: Organization, operation: ApiOperation):
    path = operation.path.format_map(parents(house, operation.path)[0])
    answer = house.get(path, limit="2")
    assert answer.headers["content-type"] == "application/json"
    records = [house.get(path, ids=record["id"]).text for record in answer.json()["data"]]
    inner = [
        record.removeprefix('{"data":[').rpartition('],"next_token":null,"total_count":1}')[0]
        for record in records
    ]
    assert answer.text.startswith('{"data":[' + ",".join(inner) + '],"next_token":')


def test_the_comparison_sees_what_is_wrong():
    schema: Json = {
        "type": "object",
        "properties": {
            "a": {"type": "string", "format": "date-time"},
            "b": {"$ref": "#/components/schemas/B"},
        },
        "required": ["a", "b"],
        "components": {"schemas": {"B": {"anyOf": [{"type": "null"}, {"properties": {"c": {}, "d": {}}}]}}},
    }
    assert faults({"a": "2026-01-31T09:00:00Z", "b": {"c": 1, "d": 2}}, schema) == []
    assert faults({"a": "2026-01-31T09:00:00Z", "b": {"d": 1, "c": 2}}, schema) != []
    assert faults({"a": "2026-01-31T09:00:00.5Z", "b": None}, schema) != []
    assert faults({"a": "2026-01-31T09:00:00Z"}, schema) != []
    assert faults({"a": "2026-01-31T09:00:00Z", "b": {"c": 1, "x": 2}}, schema) != []
