"""Every event that the suite has made, held against `shared/contract/webhooks.openapi.yaml`.

Bodies are looked at where they are made, so also those that are stored encrypted. One that is wrong fails
the test that made it, whatever that test is about.
"""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from crossdock.changes import events
from crossdock.resources.event_types import extension_types
from crossdock.wire import decoder, encoder
from tests.conftest import SHARED, needs_shared

Json = dict[str, Any]

CONTRACT = ("contract", "webhooks.openapi.yaml")
KNOWN = {
    # The schemas of events have null for "none is known"; the notes (wms-notes, "Empty objects") and the
    # schemas of lists have {}, and win.
    "$.data.channel_object",
    "$.data.supplier_object",
}

wrong: list[str] = []
"""What was found since the last test."""


@cache
def contract() -> Json:
    text = needs_shared(*CONTRACT).read_text()
    fields: Json = yaml.load(text, Loader=yaml.CSafeLoader)
    return fields


@cache
def _validator(event_type: str, *, is_cut: bool) -> Draft202012Validator | None:
    """For an event with its record, or for one whose data is cut down to an id."""
    components = contract()["components"]
    if event_type not in contract()["webhooks"]:
        return None
    schema = components["schemas"]["Event_" + "".join(c if c.isalnum() else "_" for c in event_type)]
    whole_value, cut = schema["properties"]["data"]["anyOf"]
    properties = schema["properties"] | {"data": cut if is_cut else whole_value}
    return Draft202012Validator(schema | {"properties": properties, "components": components})


def faults(event: Json) -> list[str]:
    """How an event differs from what the contract promises. Those of extensions it does not have."""
    name = event["event_type"]
    validator = _validator(name, is_cut=event.get("data_truncated", False))
    if validator is None:
        return [] if name in extension_types() else [f"the contract has no {name}"]
    # With numbers as a receiver's JSON parser has them.
    received = json.loads(encoder.encode(event))
    return [
        f"{name} {iter_error.json_path}: {iter_error.message[:200]}"
        for iter_error in validator.iter_errors(received)
        if not (iter_error.json_path in KNOWN and iter_error.instance == {})
    ]


@pytest.fixture(scope="session", autouse=True)
def watched_events() -> Iterator[None]:
    if not SHARED.joinpath(*CONTRACT).exists():
        yield
        return
    real = events._body

    def watched(*items: Any) -> bytes:
        body = real(*items)
        wrong.extend(faults(decoder.decode(body)))
        return body

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(events, "_body", watched)
        yield


@pytest.fixture(autouse=True)
def events_are_what_the_contract_promises(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails a test that made one which is not. With the mark `made_up_events` it makes them up itself."""
    wrong.clear()
    yield
    fromkeys = list(dict.fromkeys(wrong))
    if fromkeys and request.node.get_closest_marker("made_up_events") is None:
        pytest.fail("events that are not what the contract promises:\n" + "\n".join(fromkeys))


def pytest_report_header() -> str | None:
    if SHARED.joinpath(*CONTRACT).exists():
        return None
    return "events are not held against their contract: the specification is not beside the checkout"
