"""The pure pieces of the data explorer: forms and tables of writes, filters, columns, snippets."""

import csv
import io
import shlex
from typing import Any

import pytest

from crossdock.dashboard.explorer import csv_lines, filters, snippets, tags, write_fields
from crossdock.dashboard.explorer.columns import columns
from crossdock.dashboard.explorer.write_fields import FormState
from crossdock.dashboard.explorer.write_pages import schema_in
from crossdock.dashboard.formats import exact, is_blank, table_columns
from crossdock.dashboard.json_texts import json_value
from crossdock.errors import Invalid
from crossdock.kit.registry import all_integrations
from crossdock.resources.catalogue import TYPES, all_resources
from crossdock.wire import decoder, encode
from crossdock.writes import bodies, info

WRITES = [
    pytest.param(
        bodies.accepted(write, integration.accepts(action), {}),
        decoder.decode(encode(write.example)),
        id=f"{key}-{action}",
    )
    for key, integration in all_integrations().items()
    for action, write in integration.writes.items()
    if write.body is not None and write.example and not write.takes_file
]
SCHEMA = {
    "type": "object",
    "properties": {
        "sku": {"type": "string"},
        "price": {"type": "number"},
        "lines": {
            "type": "array",
            "items": {"type": "object", "properties": {"a": {"type": "string"}, "n": {"type": "integer"}}},
        },
        "tags": {"type": "array", "items": {"type": "string"}},
        "is_new": {"type": "boolean"},
    },
}


def known(schema: Any, body: Any) -> Any:
    """The members of a body that a schema has."""
    properties = schema.get("properties")
    if isinstance(body, list):
        return [known(schema["items"], item) for item in body]
    if not isinstance(body, dict) or properties is None:
        return body
    members = {name: known(properties[name], value) for name, value in body.items() if name in properties}
    return {name: value for name, value in members.items() if value != {}}


@pytest.mark.parametrize(("schema", "example"), WRITES)
def test_a_form_says_the_body_that_it_was_filled_in_with(schema: Any, example: Any):
    texts = dict(write_fields.texts_of(schema, known(schema, example)))
    fields = {f"body.{path}": text for path, text in texts.items()}
    assert write_fields.body(schema, fields) == known(schema, example)
    shown = str(write_fields.parts(schema, FormState(values=texts)))
    assert all(repr(text)[1:-1] in shown for text in texts.values())


@pytest.mark.parametrize(("schema", "example"), WRITES)
def test_a_line_of_a_table_says_the_body_too(schema: Any, example: Any):
    texts = dict(write_fields.texts_of(schema, known(schema, example)))
    texts = texts or {"unknown": "x"}
    out = io.StringIO()
    csv.writer(out).writerows([list(texts), list(texts.values())])
    [line] = csv_lines.read(out.getvalue(), schema, "b", needs_record=False).lines
    assert (line.problem, known(schema, line.body)) == ("", known(schema, example))


def test_numbers_are_those_that_were_typed_and_what_is_none_stays_a_text():
    fields = {"body.price": "10.10", "body.lines.4.n": "007", "body.lines.1.n": "two", "body.is_new": "true"}
    body = write_fields.body(SCHEMA, fields)
    assert (exact(body["price"]), body["lines"], body["is_new"]) == ("10.10", [{"n": "two"}, {"n": 7}], True)
    assert write_fields.body(SCHEMA, {"body.sku": "  ", "body.tags": "a\n\n b ", "x": "y"}) == {
        "tags": ["a", "b"]
    }


def test_a_list_has_as_many_rows_as_are_filled_in_and_as_were_shown():
    def rows(state: FormState) -> int:
        [part] = [part for part in write_fields.parts(SCHEMA, state) if part.kind == "rows"]
        return len(part.rows)

    assert rows(FormState()) == 1
    assert rows(FormState(values={"lines.2.a": "x"})) == 3
    assert rows(FormState(rows={"lines": 5})) == 5
    assert rows(FormState(rows={"lines": 999})) == write_fields.MOST_ROWS
    assert rows(FormState(values={"lines.9999.a": "x"})) == write_fields.MOST_ROWS
    assert rows(FormState(values={f"lines.{'9' * 5000}.a": "x"})) == 1


def table(text: str, *, needs_record: bool = False) -> csv_lines.CsvTable:
    return csv_lines.read(text, SCHEMA, "batch", needs_record=needs_record)


def test_a_table_is_read_with_any_separator_and_its_empty_places_are_left_out():
    for separator in ",;\t":
        text = f"\ufeffsku{separator}lines.3.a{separator}lines.1.n\nX{separator}y{separator}2\n\n"
        [line] = table(text).lines
        assert line.body == {"sku": "X", "lines": [{"n": 2}, {"a": "y"}]}


def test_equal_lines_have_keys_of_their_own_and_the_same_table_the_same_keys():
    lines = table("sku\nA\nA\nB\n").lines
    assert len({line.key for line in lines}) == 3
    assert [line.key for line in table("sku\nA\nA\nB\n").lines] == [line.key for line in lines]
    assert [line.key for line in table("sku,idempotency_key\nA,mine\n").lines] == ["mine"]


def test_what_comes_back_carries_its_key_so_that_a_line_stays_the_same():
    first = table("sku,lines.0.a\nA,x\nA,x\n")
    rest = csv_lines.remaining(first, first.lines[1:])
    [again] = table(rest).lines
    assert (again.key, again.body) == (first.lines[1].key, first.lines[1].body)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("sku,sku.0.a\nA,x", "does not fit"),
        ("sku,lines.999.a\nA,x", "no place of a list"),
        (f"sku,lines.{'0' * 9}{'9' * 5000}.a\nA,x", "no place of a list"),
        (f"sku,price.{'0' * 5000}\nA,x", "no place of a list"),
        ("sku,lines\nA,x", "is no JSON"),
        ("sku\nA,B", "has 2 cells"),
    ],
)
def test_a_line_that_can_not_be_is_told_and_the_others_stay(text: str, problem: str):
    [line] = table(text).lines
    assert problem in line.problem


@pytest.mark.parametrize("name", [".".join("a" * steps) for steps in (21, 1000, 60_000)])
def test_a_table_whose_columns_lie_too_deep_is_refused(name: str):
    with pytest.raises(Invalid, match="deeper"):
        table(f"sku,{name}\nA,x")


def test_a_table_of_more_columns_than_anything_has_is_refused():
    with pytest.raises(Invalid, match="columns"):
        table(",".join(f"c{number}" for number in range(1001)) + "\nA\n")


@pytest.mark.parametrize(
    "text",
    [
        '{"a":' * 201 + "1" + "}" * 201, '{"a":' * 50_000 + "1" + "}" * 50_000, "[" * 250 + "]" * 250,
        '{"a": 1e99999999999999999999}', '{"a": NaN}', f'{{"a": {"9" * 5000}}}',
        '{"a": "\\ud800"}', '{"a": "\ud800"}',
        '{"a": 1, "a": 2}', "{",
    ],
)  # fmt: skip
def test_json_that_nobody_takes_is_told_with_its_field_or_goes_on_as_a_text(text: str):
    with pytest.raises(Invalid, match="body"):
        json_value(text, "body")
    if text.startswith("{"):
        assert write_fields.body(SCHEMA, {"body.tags": text}) == {"tags": [text]}


def test_a_list_of_very_many_lines_is_not_read_as_json_to_its_end():
    [*_, last] = write_fields.body(SCHEMA, {"body.tags": '{"a": 1}\n' * 501})["tags"]
    assert last == '{"a": 1}'


def test_json_keeps_its_numbers_as_they_were_typed():
    assert exact(json_value('{"a": 10.10, "b": [2.0, 7]}', "body")) == '{"a":10.10,"b":[2.0,7]}'


def test_a_table_of_changes_names_their_records():
    with pytest.raises(Invalid, match="record_id"):
        table("sku\nA", needs_record=True)
    lines = table("record_id,sku\nr1,A\n,B", needs_record=True).lines
    assert [(line.record_id, line.problem) for line in lines] == [("r1", ""), ("", "record_id is required")]


@pytest.mark.parametrize("resource", all_resources(), ids=lambda resource: resource.key)
def test_every_resource_has_a_table_with_the_id_first(resource):
    shown = columns(resource)
    assert shown[0].name == "id"
    assert len({column.name for column in shown}) == len(shown)
    assert 2 <= len(shown) <= 12
    assert {column.name for column in shown[1:]} <= set(resource.record.__struct_fields__)


@pytest.mark.parametrize("resource", all_resources(), ids=lambda resource: resource.key)
def test_every_filter_is_in_the_bar_and_comes_back_as_the_parameter_that_it_is(resource):
    for name in filters.parameters_of(resource):
        bar = filters.bar(resource, {name: "x"})
        [row] = [row for row in bar.first + bar.others if row.value]
        pairs = [(filters.FIELD, row.field), (filters.OPERATOR, row.operator), (filters.VALUE, row.value)]
        assert filters.written(pairs) == {name: "x"}
        assert bar.active[0].name == name
    assert resource.type in TYPES


def test_a_request_is_quoted_for_each_language():
    url = "https://host/wms/orders/it's%20%22$(id)%22"
    request = snippets.get_request("https://host/", "/wms/orders/it's%20%22$(id)%22", {})
    assert shlex.split(request.curl.replace("\\\n", ""))[:2] == ["curl", url]
    filtered = snippets.get_request("https://host", "/wms/orders", {"updated_date[gte]": "2026"})
    assert shlex.split(filtered.curl.replace("\\\n", ""))[:3] == ["curl", "-g", filtered.url]
    code = compile(request.python, "snippet", "exec")
    assert url in code.co_consts
    assert f'fetch("{url}"' in request.typescript


def test_tags_are_rows_and_rows_are_tags():
    rows = tags.rows(["vip", {"route": "north"}, "a:b"])
    fields = {
        f"{part}.{number}": getattr(row, part) for number, row in enumerate(rows) for part in ("key", "text")
    }
    assert tags.written(fields) == ["vip", {"route": "north"}, "a:b"]
    assert tags.written({}) == []


def test_what_says_nothing_is_left_out_of_tables():
    assert is_blank({"a": None, "b": [{}, ""]})
    assert not is_blank([0])
    assert table_columns([{"a": 1, "b": None}, {"a": 2, "b": None}]) == ["a"]
    assert table_columns([{"a": [1]}]) == []
    assert table_columns([{str(number): 1 for number in range(9)}]) == []
    assert table_columns([1]) == []


def test_info_names_every_write_by_its_path():
    integration = next(one for one in all_integrations().values() if one.writes)
    options = {action: info.without_account(integration.accepts(action)) for action in integration.writes}
    document = info.document(integration, integration.writes.values(), options)

    for write in integration.writes.values():
        assert bool(schema_in(document, write)) == (write.body is not None)
