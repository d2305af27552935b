"""A request becomes a command, or everything that is wrong with it is said: pure, with what is known."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from crossdock.errors import Invalid
from crossdock.resources.catalogue import by_action, tag_writes
from crossdock.resources.writes import Write
from crossdock.store.connections.connections import ConnectionRow
from crossdock.writes.check import faults, validator
from crossdock.writes.request import WriteRequest
from crossdock.writes.validate import (
    LONGEST_TAG_BYTES,
    MOST_TAGS,
    WriteFacts,
    validated,
    validated_tags,
)
from tests.fakes.fake_wms import fake_integration

BEGUN_MS = 1_770_000_000_000
CONNECTION = ConnectionRow(
    id=1, uid="c-1", organization_id="org", type="wms", integration="fake_wms", customer_id="cu", me=None,
    disabled_functions=frozenset(), webhooks_disabled=False, times_used=0, last_used_ms=None,
    created_ms=BEGUN_MS,
)  # fmt: skip
LINE = {"product_id": "p-1", "quantity": 2}
ORDER: Mapping[str, Any] = {"order_number": "7", "line_items": [LINE]}
NOTHING_KNOWN = WriteFacts(stored={}, names={}, options={})


def request(
    body: Mapping[str, Any], action: str = "create_order", write: Write | None = None
) -> WriteRequest:
    return WriteRequest(CONNECTION, fake_integration(), write or by_action("wms")[action], body)


def faults_of(
    body: Mapping[str, Any], facts: WriteFacts = NOTHING_KNOWN, action: str = "create_order"
) -> Any:
    with pytest.raises(Invalid) as refused:
        validated(request(body, action), facts, BEGUN_MS)
    return refused.value.detail


def test_a_command_holds_what_is_carried_over_and_names_the_rest():
    body = {**ORDER, "notes": "ring twice", "trackstar_tags": ["vip"]}
    valid = validated(request(body), NOTHING_KNOWN, BEGUN_MS)
    assert valid.command.body == ORDER
    assert list(valid.unused) == ["notes"]
    assert valid.command.begun == datetime.fromtimestamp(BEGUN_MS / 1000, UTC)


def test_everything_that_is_wrong_is_said_at_once():
    json = faults_of({"line_items": [{"product_id": "p-1", "quantity": 0}], "priority": "none"})["json"]
    assert json["order_number"] == ["is required"]
    assert {"line_items.0.quantity", "priority"} <= json.keys()


def test_a_value_that_the_account_does_not_have_is_refused():
    facts = WriteFacts({"id": "o-1"}, {}, {"warehouse_id": ["w-1", "w-2"]})
    stated_faults = faults_of({"warehouse_id": "w-9"}, facts, "create_order_shipment")
    assert "w-1, w-2" in stated_faults["json"]["warehouse_id"][0]


def test_a_record_that_is_named_by_its_id_and_by_a_wrong_name_is_refused():
    body = {**ORDER, "channel_object": {"channel_id": "ch-1", "channel_name": "Shop"}}
    facts = WriteFacts({}, {"channel_object": "Market"}, {})
    assert faults_of(body, facts) == {
        "json": {
            "channel_object.channel_name": [
                "must be 'Market', as channel_id 'ch-1' is called, or be left out"
            ]
        }
    }


@pytest.mark.parametrize(
    ("tags", "position"),
    [
        (["t"] * (MOST_TAGS + 1), "trackstar_tags"),
        (["fine", "x" * (LONGEST_TAG_BYTES + 1)], "trackstar_tags.1"),
        ([{"a": "b", "c": "d"}], "trackstar_tags.0"),
    ],
)
def test_tags_that_are_too_many_or_too_long_are_refused_with_a_record_and_alone(
    tags: list[Any], position: str
):
    setting = next(write for write in tag_writes() if write.path.startswith("/wms/orders/"))
    assert position in faults_of({**ORDER, "trackstar_tags": tags})["json"]
    with pytest.raises(Invalid) as refused:
        validated_tags(request({"trackstar_tags": tags}, write=setting))
    assert position in refused.value.detail["json"]


def test_a_kit_is_changed_only_where_there_is_one():
    change_kit = by_action("wms")["update_kit"]
    assert change_kit.applies_to({"is_kit": True})
    assert not change_kit.applies_to({"is_kit": False})
    assert by_action("wms")["update_order"].applies_to({})


@pytest.mark.parametrize(
    ("schema", "form"),
    [
        ({"type": "string", "pattern": "^[A-Z]T$"}, "in its documented form"),
        ({"type": "string", "pattern": r"^\d{4}", "format": "date-time"}, "a UTC time such as"),
    ],
)
def test_a_pattern_is_called_a_time_only_where_it_is_one(schema: dict[str, Any], form: str):
    rules = validator({"type": "object", "properties": {"field": schema}})
    assert any(form in text for text in faults({"field": "lower"}, rules)["field"])
