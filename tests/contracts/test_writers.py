"""What callers are told of an integration's writes, and that what is written can be read back."""

import inspect
from collections.abc import Iterator

import pytest
from openapi_spec_validator import validate

from crossdock.integrations import registry
from crossdock.integrations.registry import Integration
from crossdock.resources.writes import Write
from crossdock.writes import info
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


@pytest.mark.parametrize(("one", "write"), ALL)
def test_what_is_written_can_be_read_back(one: Integration, write: Write):
    if write.answers != "word":
        client = one._module("client").Client
        assert inspect.iscoroutinefunction(getattr(client, write.resource.singular))


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
