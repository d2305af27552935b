"""What callers are told of an integration's writes, and that what is written can be read back."""

import inspect
from collections.abc import Iterator

import pytest
from openapi_spec_validator import validate

from crossdock.kit import registry
from crossdock.kit.registry import Integration
from crossdock.resources.writes import Write
from crossdock.writes import info
from tests.fakes.fake_wms import fake_integration

WRITERS = {
    f"{kind}/{slug}": integration
    for (kind, slug), integration in registry.all_integrations().items()
    if integration.manifest.functions.write
} | {"wms/fake": fake_integration()}


def _writes() -> Iterator[tuple[str, Integration, Write]]:
    for name, integration in WRITERS.items():
        for write in integration.writes.values():
            yield f"{name} {write.action}", integration, write


ALL = [pytest.param(integration, write, id=name) for name, integration, write in _writes()]


@pytest.mark.parametrize(("integration", "write"), ALL)
def test_what_is_written_can_be_read_back(integration: Integration, write: Write):
    if write.answers != "word":
        client = integration.module("client").Client
        assert inspect.iscoroutinefunction(getattr(client, write.resource.reader))


@pytest.mark.parametrize("integration", WRITERS.values(), ids=WRITERS)
def test_write_info_is_an_openapi_document_that_says_what_is_required(integration: Integration):
    options = {action: info.without_account(integration.accepts(action)) for action in integration.writes}
    document = info.document(integration, integration.writes.values(), options)
    validate(document)
    for write in integration.writes.values():
        operation = document["paths"][write.path][write.method.lower()]
        assert operation["x-action"] == write.action
        if write.body is None:
            assert "requestBody" not in operation
            continue
        (content,) = operation["requestBody"]["content"].values()
        schema = document["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
        top = {path for path in integration.accepts(write.action).required if "." not in path}
        assert top <= set(schema.get("required", []))
        assert schema["additionalProperties"] is False
