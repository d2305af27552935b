"""What the API reference shows of schemas, and the requests that it writes, as pure functions."""

import ast
import json

import pytest

from crossdock.api.operations import all_operations
from crossdock.dashboard.reference.book import book, fitting, operation, prose
from crossdock.dashboard.reference.members import Schemas
from crossdock.dashboard.reference.trial import why_not
from crossdock.dashboard.snippets import snippets

URL, VERSION = "https://api.example/crossdock/", "1"
SCHEMAS = Schemas(
    {
        "Node": {
            "type": "object",
            "properties": {
                "name": {"type": ["string", "null"], "minLength": 1},
                "children": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
            },
            "required": ["name"],
        },
        "Stamp": {"type": "string", "format": "date-time", "description": "UTC."},
    }
)
NODE = {"$ref": "#/components/schemas/Node"}


def test_members_say_their_type_limits_and_whether_they_are_always_there():
    name, children = SCHEMAS.description(NODE).members
    assert (name.value.type, name.value.limits, name.is_required) == ("string or null", ["not empty"], True)
    assert (children.value.type, children.is_required) == ("array of object", False)


def test_what_refers_to_itself_is_shown_once():
    children = SCHEMAS.description(NODE).members[1]
    assert children.value.members == []
    assert SCHEMAS.example(NODE, "node")["name"] == "name_1"


def test_a_value_of_several_forms_shows_each():
    text = {"type": "string"}
    several = {"oneOf": [text, NODE, {"type": "object", "properties": {"code": text}}]}
    shown = SCHEMAS.description(several)
    assert shown.type == "string or object"
    assert [[member.name for member in form.members] for form in shown.variants] == [
        ["name", "children"], ["code"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("schema", "example"),
    [
        ({"const": "x"}, "x"), ({"type": "string", "enum": ["b", "a"]}, "b"),
        ({"anyOf": [{"$ref": "#/components/schemas/Stamp"}, {"type": "null"}]}, "2026-01-02T09:00:00Z"),
        ({"anyOf": [{"type": "object", "maxProperties": 0}, {"type": "integer", "minimum": 3}]}, 3),
        ({"type": "array", "items": {"type": "string"}}, ["thing_1"]),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, {"name": True}),
        ({}, None),
    ],
)  # fmt: skip
def test_an_example_fits_its_schema(schema, example):
    assert SCHEMAS.example(schema, "things") == example


def test_every_operation_is_in_one_chapter_and_every_example_is_json():
    made = book(URL, VERSION)
    listed = [entry.id for chapter in made.chapters for entry in chapter.entries]
    assert len(listed) == len(set(listed))
    assert {api_operation.id for api_operation in all_operations()} < set(listed)
    for operation_id in listed:
        text = operation(URL, VERSION, operation_id)
        assert text is not None
        bodies = [*text.bodies, *(body for answer in text.answers for body in answer.bodies)]
        for body in bodies:
            assert not body.example or json.loads(body.example) is not None
        for snippet in text.snippets:
            assert text.entry.method == "GET" or text.entry.method in snippet.text
        if text.snippets:
            ast.parse(text.snippets[1].text)
    assert operation(URL, VERSION, "nothing") is None


def test_requests_carry_keys_by_name_and_values_as_each_language_writes_them():
    class Body:
        media_type = "application/json"
        example = '{"is_paused": true, "note": "it\'s null", "of": null}'

    way = ["x-trackstar-api-key", "x-trackstar-access-token"]
    curl, python, typescript = snippets(
        "https://api.example/", "PUT", "/wms/orders/{order_id}", way, [Body()]
    )
    assert "https://api.example/wms/orders/ORDER_ID" in curl.text
    assert '-H "x-trackstar-api-key: $CROSSDOCK_API_KEY"' in curl.text
    assert "it'\"'\"'s null" in curl.text
    assert '"is_paused": True, "note": "it\'s null", "of": None' in python.text
    ast.parse(python.text)
    assert '"x-trackstar-access-token": process.env.CROSSDOCK_ACCESS_TOKEN!' in typescript.text
    assert Body.example in typescript.text


def test_a_search_wants_every_word():
    chapters = book(URL, VERSION).chapters
    assert [
        entry.id for chapter in fitting(chapters, "WMS cancel an order") for entry in chapter.entries
    ] == ["cancelOrder"]
    assert fitting(chapters, "cancel zebra") == []
    assert len(fitting(chapters, "")) == len(chapters)


def test_descriptions_are_pieces_of_text_and_never_html():
    assert prose("**A** is `b`\nand <c>.\n\nNext.") == [
        [("strong", "A"), ("text", " is "), ("code", "b"), ("text", " and <c>.")], [("text", "Next.")],
    ]  # fmt: skip


def test_a_viewer_may_try_no_operation_that_writes():
    for api_operation in all_operations():
        if api_operation.writes or api_operation.needs_full_key:
            assert why_not(api_operation, "viewer")
