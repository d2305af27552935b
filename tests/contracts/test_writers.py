"""What every integration that writes promises; a new one is found by itself."""

import inspect
from collections.abc import Iterator

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from crossdock.integrations import registry
from crossdock.integrations.registry import Integration
from crossdock.resources.writes import Write
from crossdock.writes import bodies, info
from crossdock.writes.passthrough import PASSTHROUGH
from tests.fakes.fake_wms import fake_integration

WRITERS = {
    f"{kind}/{slug}": one
    for (kind, slug), one in registry.all_integrations().items()
    if one.manifest.functions.write
} | {"wms/fake": fake_integration()}


def _writes() -> Iterator[tuple[str, Integration, Write]]:
    for name, one in WRITERS.items():
        for write in one.writes.values():
            yield f"{name} {write.action}", one, write


ALL = [pytest.param(one, write, id=name) for name, one, write in _writes()]


@pytest.mark.parametrize("one", WRITERS.values(), ids=WRITERS)
def test_the_manifest_names_actions_that_the_type_has_and_the_folder_does(one: Integration):
    named = set(one.manifest.functions.write) - {PASSTHROUGH}
    assert named == set(one.writes)
    module = one._module("write")
    assert set(module.ACCEPTS) == named
    searches = {name.removeprefix("find_") for name in vars(module) if name.startswith("find_")}
    assert searches <= named


@pytest.mark.parametrize(("one", "write"), ALL)
def test_each_write_has_its_steps_and_can_be_read_back(one: Integration, write: Write):
    assert inspect.isgeneratorfunction(getattr(one._module("write"), write.action))
    client = one._module("client").Client
    assert {"call", "shown"} <= set(dir(client))
    if write.answers != "word":
        assert inspect.iscoroutinefunction(getattr(client, write.resource.singular))
    if one.accepts(write.action).options:
        assert inspect.iscoroutinefunction(client.options)
    if PASSTHROUGH in one.manifest.functions.write:
        assert inspect.iscoroutinefunction(client.passthrough)


@pytest.mark.parametrize(("one", "write"), ALL)
def test_what_it_accepts_is_part_of_the_base_body_or_its_own(one: Integration, write: Write):
    accepts = one.accepts(write.action)
    known = set(_all_paths(bodies.base(write)))
    assert set(accepts.paths) <= known
    assert not accepts.extra.keys() & known
    assert set(accepts.required_extra) <= accepts.extra.keys()
    assert set(accepts.options) <= {*accepts.paths, *accepts.extra}
    assert all(set(group) <= set(accepts.optional) for group in accepts.any_of)
    assert all(one.get("title") and one.get("type") for one in accepts.extra.values())
    Draft202012Validator.check_schema(bodies.accepted(write, accepts, info.without_account(accepts)))
    Draft202012Validator.check_schema(bodies.checked_by(write, accepts, {}))


def _all_paths(schema: bodies.Schema, prefix: str = "") -> Iterator[str]:
    for name, one in schema.get("properties", {}).items():
        yield f"{prefix}{name}"
        inner = one.get("items", one) if one.get("type") == "array" else one
        yield from _all_paths(inner, f"{prefix}{name}.")


@pytest.mark.parametrize("one", WRITERS.values(), ids=WRITERS)
def test_write_info_is_an_openapi_document_that_says_what_is_required(one: Integration):
    options = {action: info.without_account(one.accepts(action)) for action in one.writes}
    document = info.document(one, one.writes.values(), options)
    validate(document)
    for write in one.writes.values():
        operation = document["paths"][write.path][write.method.lower()]
        assert operation["x-action"] == write.action
        if write.body is None:
            assert "requestBody" not in operation
            continue
        (content,) = operation["requestBody"]["content"].values()
        schema = document["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
        top = {path for path in one.accepts(write.action).required if "." not in path}
        assert top <= set(schema.get("required", []))
        assert schema["additionalProperties"] is False
