"""What was different before, and putting it back."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.changes.diff import is_equal, new_items, previous_attributes, restored

# The documents that there can be: fields that every record of a resource has, with values that nest.

numbers = st.one_of(st.integers(-3, 3), st.decimals("-9.99", "9.99", places=2), st.booleans())
leaves = st.one_of(st.none(), numbers, st.sampled_from(["", "a", "b", "1", "ü"]))
keys = st.sampled_from(["a", "b", "a.b", "0", "1", "", "ü", "a.0"])
values = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
    max_leaves=8,
)
FIELDS = ("id", "status", "line_items", "address", "additional_fields", "0")
documents = st.fixed_dictionaries(dict.fromkeys(FIELDS, values))


@st.composite
def changes(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A document before and after. Most changes leave most of it alone."""
    old = draw(documents)
    new = {key: value if draw(st.booleans()) else mutated(draw, value) for key, value in old.items()}
    return old, new


def mutated(draw: st.DrawFn, value: Any) -> Any:
    """The value, changed somewhere inside or altogether."""
    if isinstance(value, dict) and value and draw(st.booleans()):
        key = draw(st.sampled_from(sorted(value)))
        return value | {key: mutated(draw, value[key])}
    if isinstance(value, list) and value and draw(st.booleans()):
        index = draw(st.integers(0, len(value) - 1))
        return [*value[:index], mutated(draw, value[index]), *value[index + 1 :]]
    return draw(values)


def spelled(value: Any) -> str:
    """A text that differs where values do, also 1 from true."""
    return repr(value)


@settings(max_examples=300, deadline=None)
@given(changes())
def test_p22_putting_the_old_values_back_gives_the_old_document(change: tuple[dict, dict]):
    old, new = change
    assert is_equal(restored(new, previous_attributes(old, new)), old)


@settings(max_examples=100, deadline=None)
@given(changes())
def test_putting_back_leaves_the_new_document_as_it_is(change: tuple[dict, dict]):
    old, new = change
    before = spelled(new)
    restored(new, previous_attributes(old, new))
    assert spelled(new) == before


@settings(max_examples=100, deadline=None)
@given(documents)
def test_a_document_that_did_not_change_has_no_previous_attributes(document: dict):
    assert previous_attributes(document, dict(document)) == {}


@settings(max_examples=100, deadline=None)
@given(changes())
def test_there_are_previous_attributes_exactly_when_something_changed(change: tuple[dict, dict]):
    old, new = change
    assert (previous_attributes(old, new) == {}) == is_equal(old, new)


@settings(max_examples=100, deadline=None)
@given(changes())
def test_no_path_leads_into_what_another_path_replaces(change: tuple[dict, dict]):
    old, new = change
    paths = sorted(previous_attributes(old, new))
    assert not [
        (path, other_path) for path in paths for other_path in paths if other_path.startswith(f"{path}.")
    ]


def test_the_sample_of_the_documentation():
    lines = [{"sku": "a", "received_quantity": 1}, {"sku": "b", "received_quantity": 1}]
    received = [lines[0], {"sku": "b", "received_quantity": 2}]
    old = {"status": "open", "line_items": lines}
    new = {"status": "received", "line_items": received}
    assert previous_attributes(old, new) == {"status": "open", "line_items.1.received_quantity": 1}


CASES: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "a list that grew stands whole": ([1], [1, 2], {"x": [1]}),
    "a list that shrank stands whole": ([{"a": 1}, {"b": 2}], [{"a": 1}], {"x": [{"a": 1}, {"b": 2}]}),
    "a list inside a list": ([[1, 2], [3]], [[1, 4], [3]], {"x.0.1": 2}),
    "a list inside a list that grew": ([[1], [3]], [[1, 4], [3]], {"x.0": [1]}),
    "an object with another key stands whole": ({"a": 1}, {"b": 1}, {"x": {"a": 1}}),
    "an object that lost a key": ({"a": 1, "b": 2}, {"a": 1}, {"x": {"a": 1, "b": 2}}),
    "an object with a dot in a key stands whole": ({"a.b": 1, "c": 2}, {"a.b": 1, "c": 3},
                                                   {"x": {"a.b": 1, "c": 2}}),
    "a key with a dot deeper down": ({"c": {"a.b": 1}}, {"c": {"a.b": 2}}, {"x.c": {"a.b": 1}}),
    "an object with an empty key stands whole": ({"": 1}, {"": 2}, {"x": {"": 1}}),
    "a key that looks like an index": ({"0": 1}, {"0": 2}, {"x.0": 1}),
    "an object that became a list": ({"0": 1}, [1], {"x": {"0": 1}}),
    "nothing that became an object": (None, {"a": 1}, {"x": None}),
    "an object that became nothing": ({"a": None}, None, {"x": {"a": None}}),
    "an empty object that was filled": ({}, {"id": "c"}, {"x": {}}),
    "one that became true": (1, True, {"x": 1}),
    "false that became zero": ([False], [0], {"x.0": False}),
    "text that became a number": ("1", 1, {"x": "1"}),
    "an order that changed": (["a", "b"], ["b", "a"], {"x.0": "a", "x.1": "b"}),
    "a number that is only written otherwise": (Decimal("1.50"), Decimal("1.5"), {}),
    "a whole number with a point": (1, Decimal("1.0"), {}),
    "a cent": (Decimal("12345678901234567.89"), Decimal("12345678901234567.90"),
               {"x": Decimal("12345678901234567.89")}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_named_as_changed(name: str):
    old, new, expected = CASES[name]
    fields = previous_attributes({"x": old, "y": 1}, {"x": new, "y": 1})
    assert spelled(fields) == spelled(expected)


def test_a_field_that_another_version_added_was_null():
    assert previous_attributes({"id": "1"}, {"id": "1", "new": "value"}) == {"new": None}
    assert previous_attributes({"id": "1"}, {"id": "1", "new": None}) == {}
    assert previous_attributes({"id": "1", "old": "value"}, {"id": "1"}) == {"old": "value"}


def test_an_item_is_new_when_its_key_was_not_there():
    old = [{"id": "a", "n": 1}, {"id": "b", "n": 1}]
    assert new_items(old, [*old, {"id": "c", "n": 1}], "id")
    assert new_items([], old, "id")
    assert new_items([old[0]], [old[1]], "id")
    assert not new_items(old, [{"id": "b", "n": 5}], "id")
    assert not new_items(old, [], "id")
