"""Custom fields are found in any raw record, and what does not fit is told and harms nothing."""

from decimal import Decimal
from typing import Any

import pytest

from crossdock.errors import Invalid
from crossdock.kit.additional import (
    CustomField,
    CustomFields,
    additional,
    check_custom_fields,
    decode_custom_fields,
    encode_custom_fields,
    overlaid,
)
from crossdock.kit.contract import MISFITS
from crossdock.resources.wms.orders import ORDERS

RAW = {
    "id": "1",
    "meta": {"a b": {"x.y": 5}, "list": [{"key": "size", "value": "L"}, {"key": "colour", "value": "red"}]},
    "flags": [True, "FALSE"],
    "weight": Decimal("1.50"),
}


def laid(path: str, kind: Any = "any", raw: Any = RAW) -> Any:
    stored = encode_custom_fields({"orders": {"x": CustomField(path, kind)}})
    fields = overlaid(lambda _: {"id": "1", "additional_fields": {"own": 1}}, stored, ORDERS)(raw)
    assert fields["additional_fields"]["own"] == 1
    return fields["additional_fields"]["custom_fields"]["x"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$.id", "1"),
        ('$.meta["a b"]["x.y"]', 5),
        ("$.meta.list[0].value", "L"),
        ("$.meta.list[key=colour].value", "red"),
        ("$.meta.list[key=weight].value", None),
        ("$.meta.list[9]", None),
        ("$.nowhere.at.all", None),
        ("$.id.deeper[0]", None),
    ],
)
def test_a_value_is_found_by_its_path(path: str, value: Any):
    assert laid(path) == value


@pytest.mark.parametrize(
    ("path", "kind", "value"),
    [
        ("$.weight", "number", Decimal("1.50")),
        ("$.weight", "string", "1.50"),
        ("$.id", "integer", 1),
        ("$.flags[0]", "boolean", True),
        ("$.flags[1]", "boolean", False),
    ],
)
def test_a_value_becomes_what_it_is_declared_to_be(path: str, kind: str, value: Any):
    assert laid(path, kind) == value


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("many", "integer"),
        ("1.5", "integer"),
        ("NaN", "number"),
        ("1e99999", "number"),
        ([], "string"),
        ("?", "boolean"),
    ],
)
def test_a_value_that_is_something_else_is_null_and_told(value: Any, kind: Any):
    stored = encode_custom_fields({"orders": {"x": CustomField("$.v", kind)}})
    fields = overlaid(lambda _: {"id": "1"}, stored, ORDERS)({"v": value})
    assert fields["additional_fields"] == {"custom_fields": {"x": None}}
    [misfit] = fields[MISFITS]
    assert (misfit.field, misfit.value) == ("additional_fields.custom_fields.x", value)


def test_without_a_declaration_a_record_is_read_by_its_integration_alone():
    def read(_: Any) -> Any:
        return {}

    assert overlaid(read, "", ORDERS) is read
    assert overlaid(read, encode_custom_fields({"products": {"x": CustomField("$.a")}}), ORDERS) is read


def test_all_that_is_wrong_with_a_declaration_is_named():
    declared: CustomFields = {
        "order": {},
        "orders": {
            "Colour": CustomField("$.a"),
            "ok": CustomField("$.a.b[0]"),
            "path": CustomField("metafields.x"),
            "root": CustomField("$"),
            "script": CustomField("$..a[?(@.b)]"),
            "long": CustomField("$." + "a" * 300),
        },
    }
    with pytest.raises(Invalid) as raised:
        check_custom_fields(declared, {"orders": ORDERS})
    faults = raised.value.detail["json"]
    assert set(faults) == {
        "order",
        "orders.Colour",
        "orders.path",
        "orders.root",
        "orders.script",
        "orders.long",
    }
    assert faults["order"] == ["is none of: orders"]


def test_a_declaration_is_stored_the_same_way_whatever_its_order():
    a, b = CustomField("$.a"), CustomField("$.b", "any")
    assert encode_custom_fields({"orders": {"a": a, "b": b}}) == encode_custom_fields(
        {"orders": {"b": b, "a": a}}
    )
    assert decode_custom_fields(encode_custom_fields({"orders": {"a": a}})) == {"orders": {"a": a}}
    assert encode_custom_fields({}) == ""
    assert decode_custom_fields("") == {}


def test_an_integration_keeps_the_members_that_it_declares():
    assert additional({"a": 1, "b": None}, "a", "b", "c") == {"a": 1, "b": None}
