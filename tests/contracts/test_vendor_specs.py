"""Exchanges that do not keep to a vendor's description are told, whatever the description is written in."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from tests.conftest import SHARED, needs_shared
from tests.contracts.case_files import Exchange
from tests.contracts.vendor_specs import GraphQlDescription, OpenApiDescription, load

SPECS = SHARED / "vendor-specs"
KINDS = ("*.json", "*.yaml", "*.yml", "*.graphql")
NO_SCHEMAS = {"sample-operations.graphql", "public-api-additions.graphql", "package.json"}
"""Operations to try a schema with, and what was merged into another file."""

ORDER = {
    "type": "object",
    "properties": {"number": {"type": "string"}, "note": {"type": "string", "nullable": True}},
    "required": ["number"],
    "additionalProperties": False,
}
OPENAPI = {
    "openapi": "3.0.3",
    "servers": [{"url": "https://api.example.com/v2"}],
    "paths": {
        "/orders": {
            "parameters": [{"in": "query", "name": "limit", "schema": {"type": "integer", "maximum": 100}}],
            "get": {
                "parameters": [
                    {"in": "query", "name": "status", "required": True, "schema": {"type": "string"}}
                ],
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {
                                "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Order"}}
                            }
                        }
                    }
                },
            },
            "post": {
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
                },
                "responses": {"201": {"description": "made"}},
            },
        },
        "/orders/{id}:cancel": {
            "post": {
                "parameters": [{"in": "path", "name": "id", "required": True, "schema": {"type": "integer"}}],
                "responses": {"200": {"description": "done"}},
            }
        },
    },
    "components": {"schemas": {"Order": ORDER}},
}
SWAGGER = {
    "swagger": "2.0",
    "basePath": "/v1",
    "paths": {
        "/orders": {
            "post": {
                "parameters": [
                    {
                        "in": "body",
                        "name": "order",
                        "required": True,
                        "schema": {"$ref": "#/definitions/Order"},
                    },
                    {"in": "query", "name": "dry", "type": "boolean"},
                ],
                "responses": {"200": {"schema": {"$ref": "#/definitions/Order"}}},
            }
        },
        "/token": {
            "post": {
                "parameters": [{"in": "formData", "name": "code", "required": True, "type": "string"}],
                "responses": {},
            }
        },
    },
    "definitions": {"Order": {**ORDER, "properties": {"number": {"type": "string"}, "note": {}}}},
}
GRAPHQL = """
type Query { orders(first: Int!): [Order!]! }
type Order { id: ID!  number: String!  note: String }
"""
QUERY = "query Orders($first: Int!) { orders(first: $first) { key: id number note } }"


def exchange(method: str, path: str, **members: Any) -> Exchange:
    """An exchange; `status` and `answer` are the answer's."""
    answer: dict[str, Any] = {"status": members.pop("status", 200)}
    if "answer" in members:
        answer["body"] = members.pop("answer")
    request = {"method": method, "url": f"https://api.example.com{path}", **members}
    return msgspec.json.decode(msgspec.json.encode({"request": request, "answer": answer}), type=Exchange)


GOOD = [{"number": "A-1", "note": None}]


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        (exchange("GET", "/v2/orders", params={"status": "open", "limit": "50"}, answer=GOOD), None),
        (exchange("GET", "/v2/orders", params={"status": "open", "limit": "500"}), "limit"),
        (exchange("GET", "/v2/orders", params={"status": "open", "limit": "many"}), "limit"),
        (exchange("GET", "/v2/orders"), "status is required"),
        (exchange("GET", "/v2/orders", params={"status": "open", "since": "x"}), "since is not described"),
        (exchange("GET", "/v2/orders", params={"status": "open"}, answer=[{}]), "'number' is a required"),
        (exchange("GET", "/v2/parcels"), "is not described"),
        (exchange("DELETE", "/v2/orders"), "is not described"),
        (exchange("POST", "/v2/orders", body={"number": "A-1"}, status=201), None),
        (exchange("POST", "/v2/orders", body={"number": 1}, status=201), "1 is not of type 'string'"),
        (exchange("POST", "/v2/orders", body={"number": "A-1", "colour": "red"}), "colour"),
        (exchange("POST", "/v2/orders", form={"number": "A-1"}), "form-urlencoded is not described"),
        (exchange("POST", "/v2/orders"), "a body is required"),
        (exchange("POST", "/v2/orders/12:cancel"), None),
        (exchange("POST", "/v2/orders/twelve:cancel"), "id"),
    ],
)
def test_a_request_and_its_answer_keep_to_openapi_3(sent: Exchange, fault: str | None):
    check(OpenApiDescription(OPENAPI), sent, fault)


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        (
            exchange("POST", "/v1/orders", body={"number": "A-1"}, params={"dry": "true"}, answer=GOOD[0]),
            None,
        ),
        (exchange("POST", "/v1/orders", body={}), "'number' is a required"),
        (exchange("POST", "/v1/orders", body={"number": "A-1"}, params={"dry": "perhaps"}), "dry"),
        (exchange("POST", "/v1/orders", body={"number": "A-1"}, answer={}), "'number' is a required"),
        (exchange("POST", "/v1/token", form={"code": "x"}), None),
        (exchange("POST", "/v1/token", form={"key": "x"}), "'code' is a required"),
    ],
)
def test_a_request_and_its_answer_keep_to_openapi_2(sent: Exchange, fault: str | None):
    check(OpenApiDescription(SWAGGER), sent, fault)


@pytest.mark.parametrize(
    ("query", "variables", "answer", "fault"),
    [
        (QUERY, {"first": 2}, {"orders": [{"key": "1", "number": "A-1", "note": None}]}, None),
        ("query {", {}, None, "Syntax Error"),
        ("{ orders(first: 1) { colour } }", {}, None, "Cannot query field 'colour'"),
        ("{ orders { id } }", {}, None, "first"),
        (QUERY, {"first": "two"}, None, "$first"),
        (QUERY, {"first": 2, "last": 2}, None, "$last is not declared"),
        (QUERY, {"first": 2}, {"orders": [{"key": "1", "note": None}]}, "number was asked for"),
        (QUERY, {"first": 2}, {"orders": [{"key": "1", "number": None, "note": None}]}, "non-nullable"),
        (QUERY, {"first": 2}, {"orders": [], "parcels": []}, "parcels was not asked for"),
    ],
)
def test_a_graphql_request_and_its_answer_keep_to_the_schema(
    tmp_path: Path, query: str, variables: dict[str, Any], answer: Any, fault: str | None
):
    file = tmp_path / "schema.graphql"
    file.write_text(GRAPHQL)
    sent = exchange(
        "POST", "/graphql", body={"query": query, "variables": variables}, answer={"data": answer}
    )
    check(load([file]), sent, fault)


def check(description: Any, sent: Exchange, fault: str | None) -> None:
    faults = description.faults(sent)
    assert faults == [] if fault is None else fault in "\n".join(faults)


def test_an_answer_that_is_known_to_be_described_wrongly_is_not_looked_at():
    sent = exchange("GET", "/v2/orders", params={"status": "open"}, answer=[{"number": 1}])
    assert OpenApiDescription(OPENAPI).faults(sent)
    assert OpenApiDescription(OPENAPI, {"GET /orders": "numbers are numbers"}).faults(sent) == []


def test_a_parameter_that_is_known_to_be_described_wrongly_may_have_any_value():
    sent = exchange("GET", "/v2/orders", params={"status": "open", "limit": "1,2"})
    wrongly = {"GET /orders limit": "a list"}
    assert OpenApiDescription(OPENAPI).faults(sent)
    assert OpenApiDescription(OPENAPI, wrongly).faults(sent) == []
    unknown = exchange("GET", "/v2/orders", params={"status": "open", "limits": "1"})
    assert OpenApiDescription(OPENAPI, wrongly).faults(unknown)


def test_of_several_files_the_one_that_knows_the_path_is_heeded(tmp_path: Path):
    (tmp_path / "orders.yaml").write_text(yaml.safe_dump(OPENAPI))
    (tmp_path / "old.yaml").write_text(yaml.safe_dump(SWAGGER))
    description = load([tmp_path / "old.yaml", tmp_path / "orders.yaml"])
    [fault] = description.faults(exchange("GET", "/v2/orders"))
    assert "status is required" in fault
    assert description.faults(exchange("POST", "/v1/token", form={"code": "x"})) == []


def test_an_operation_that_is_known_to_be_lacking_may_be_asked_for(tmp_path: Path):
    (tmp_path / "orders.yaml").write_text(yaml.safe_dump(OPENAPI))
    (tmp_path / "old.yaml").write_text(yaml.safe_dump(SWAGGER))
    files = [tmp_path / "old.yaml", tmp_path / "orders.yaml"]
    sent = exchange("GET", "/v2/settings/unit", params={"any": "1"}, answer={"value": "kg"})
    assert load(files).faults(sent)
    known = load(files, {"GET /settings/unit": "younger than the description", "GET /orders": "numbers"})
    assert known.faults(sent) == []
    assert known.faults(exchange("POST", "/v2/settings/unit"))
    [fault] = known.faults(exchange("GET", "/v2/orders"))
    assert "status is required" in fault, "what one file describes is lacking in none"


@pytest.mark.parametrize("vendor", sorted(path.name for path in SPECS.glob("*") if path.is_dir()) or ["?"])
def test_every_description_that_we_have_can_be_used(vendor: str):
    folder = needs_shared("vendor-specs") / vendor
    files = [file for kind in KINDS for file in folder.rglob(kind) if file.name not in NO_SCHEMAS]
    for file in sorted(files):
        description = load([file])
        if isinstance(description, OpenApiDescription):
            assert description.operations, file
        else:
            assert isinstance(description, GraphQlDescription)
            assert description.schema.query_type, file
