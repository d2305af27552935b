"""The `webhooks` of our document: every event there is, each with an example that its own schema takes."""

import json
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from crossdock.api.openapi import document
from crossdock.resources.event_types import event_types
from tests.event_contract import contract, faults

Json = dict[str, Any]


@cache
def ours() -> Json:
    return json.loads(json.dumps(document("http://127.0.0.1:8080", "0")))


def body(name: str) -> Json:
    """What a webhook's request has as its body."""
    application_json: Json = ours()["webhooks"][name]["post"]["requestBody"]["content"]["application/json"]
    return application_json


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator({**body(name)["schema"], "components": ours()["components"]})


def test_every_event_is_in_the_document():
    assert list(ours()["webhooks"]) == list(event_types())


def test_every_webhook_of_the_contract_is_in_the_document():
    assert set(contract()["webhooks"]) - set(ours()["webhooks"]) == set()


@pytest.mark.parametrize("name", event_types())
def test_the_example_of_an_event_is_what_its_schema_and_the_contract_say(name: str):
    example = body(name)["example"]
    assert [iter_error.message for iter_error in validator(name).iter_errors(example)] == []
    assert example["event_type"] == name
    assert faults(example) == []


def test_a_schema_of_an_event_refuses_what_is_none():
    wrong = {**body("order.created")["example"], "customer_id": 7, "data": {"id": 1}}
    paths = {iter_error.json_path for iter_error in validator("order.created").iter_errors(wrong)}
    assert paths == {"$.customer_id", "$.data"}


def test_the_name_of_a_part_is_given_once():
    schemas = ours()["components"]["schemas"]
    operations = [webhook["post"]["operationId"] for webhook in ours()["webhooks"].values()]
    assert len(set(operations)) == len(operations)
    assert set(operations) <= schemas.keys()
