"""What is sent: records as they are stored, errors in one shape; and how bodies are read."""

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from crossdock import errors
from crossdock.api.errors import refusal
from crossdock.api.openapi import document
from crossdock.api.operations import all_operations
from crossdock.api.platform_schemas import DisabledFunctionsRequest, IntegrationRequestBody
from crossdock.api.postman import collection
from crossdock.api.records.responses import record_page, single_record
from crossdock.api.schemas import SyncRequest, ToggleRequest, UpdateConnectionRequest
from crossdock.web import bodies, responses


def test_a_page_is_the_stored_bytes_side_by_side():
    assert record_page(b'{"id":"a","total":1.10},{"id": "b"}', 2, "next-1").body == (
        b'{"data":[{"id":"a","total":1.10},{"id": "b"}],"next_token":"next-1","total_count":2}'
    )


@pytest.mark.parametrize("size", [10, responses.SMALL_BYTES - 100, responses.SMALL_BYTES + 1, 3_000_000])
async def test_a_body_in_pieces_is_announced_and_sent_whole(size: int):
    document = b'{"note":"%b"}' % (b"x" * size)
    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)

    await record_page(document, 1, None)({}, None, send)  # type: ignore[arg-type]
    [start, *parts] = messages
    body = b"".join(part["body"] for part in parts)
    assert body == b'{"data":[%b],"next_token":null,"total_count":1}' % document
    assert dict(start["headers"])[b"content-length"] == b"%d" % len(body)
    assert [part["more_body"] for part in parts] == [True] * (len(parts) - 1) + [False]


def test_the_last_page_has_no_next_token():
    assert record_page(b"", 0, None).body == b'{"data":[],"next_token":null,"total_count":0}'


def test_one_record_is_the_stored_bytes():
    assert single_record(b'{"id": "\\u00e9"}').body == b'{"data":{"id": "\\u00e9"}}'


def test_money_is_a_number_to_the_cent():
    assert responses.reply({"cost": Decimal("1.10")}).body == b'{"cost":1.10}'


def test_the_rate_headers_are_the_four_of_the_contract():
    assert responses.rate_headers(10, 9, 1_767_225_600, 0) == [
        (b"x-ratelimit-limit", b"10"),
        (b"x-ratelimit-remaining", b"9"),
        (b"x-ratelimit-reset", b"1767225600"),
        (b"retry-after", b"0"),
    ]


def told(error: errors.CrossdockError) -> tuple[int, Any]:
    response = refusal(error)
    return response.status_code, json.loads(bytes(response.body))


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (errors.Unauthorized("who?"), 401, {"error": "who?", "origin": "trackstar"}),
        (errors.Forbidden("no"), 403, {"error": "no", "origin": "trackstar"}),
        (errors.NotOffered("not here"), 501, {"error": "not here", "origin": "trackstar"}),
        (errors.NotFound("no order"), 404, {"error": "no order", "origin": "trackstar"}),
        (
            errors.NotFound("no order", record_id="o1"),
            404,
            {"error": "no order", "origin": "trackstar", "id": "o1"},
        ),
        (
            errors.Invalid({"query": {"limit": ["'0' is too small"]}}),
            422,
            {
                "error": "'0' is too small",
                "origin": "trackstar",
                "detail": {"query": {"limit": ["'0' is too small"]}},
            },
        ),
        (errors.VendorRefused("no such SKU"), 400, {"error": "no such SKU", "origin": "integration"}),
        (errors.VendorUnavailable("timed out"), 503, {"error": "timed out", "origin": "integration"}),
    ],
)
def test_an_error_says_what_whose_and_where(error, status, body):
    assert told(error) == (status, body)


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (errors.TooManyRequests("slow down", retry_after_seconds=1), "1"),
        (errors.VendorThrottled(2.2), "3"),
    ],
)
def test_an_error_that_passes_says_how_long_to_wait(error, seconds):
    assert refusal(error).headers["retry-after"] == seconds


# Bodies


class Box(msgspec.Struct):
    size: int


def test_a_body_is_the_struct_its_operation_declares():
    assert bodies.read(b' {"paused": true}', ToggleRequest) == ToggleRequest(paused=True)


def test_null_is_a_value_and_leaving_out_is_none():
    assert bodies.read(b'{"customer_id": null}', UpdateConnectionRequest).customer_id is None
    assert bodies.read(b"{}", UpdateConnectionRequest) == UpdateConnectionRequest()


@pytest.mark.parametrize(
    ("raw", "field", "says"),
    [
        (b'{"paused": "yes"}', "paused", "must be true or false, not 'yes'"),
        (b"{}", "paused", "is required"),
        (b'{"paused": true, "pause": true}', "pause", "is unknown; there are: paused"),
        (b"[]", "", "must be an object, not a list"),
        (b"null", "", "must be an object, not null"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_by_field(raw, field, says):
    with pytest.raises(errors.Invalid) as caught:
        bodies.read(raw, ToggleRequest)
    assert list(caught.value.detail["json"]) == [field]
    assert says in caught.value.detail["json"][field][0]


@pytest.mark.parametrize(
    ("raw", "kind", "field", "says"),
    [
        (
            b'{"disabled_functions": [5]}', DisabledFunctionsRequest, "disabled_functions.0",
            "must be a text, not 5",
        ),
        (
            b'{"disabled_functions": "x"}', DisabledFunctionsRequest, "disabled_functions",
            "must be a list or null, not 'x'",
        ),
        (
            b'{"integration_name": "x", "integration_type": "y"}', IntegrationRequestBody, "integration_type",
            "must be one of: carrier, cart, freight, wms; not 'y'",
        ),
        (
            b'{"integration_name": "x", "note": "' + b"x" * 5_000 + b'"}', IntegrationRequestBody, "note",
            "must have at most 4000 characters",
        ),
    ],
)  # fmt: skip
def test_a_value_that_may_be_null_too_is_refused_for_what_is_wrong_with_it(raw, kind, field, says):
    with pytest.raises(errors.Invalid) as caught:
        bodies.read(raw, kind)
    assert caught.value.detail == {"json": {field: [says]}}


def test_a_function_that_is_not_synced_is_refused_with_its_place():
    with pytest.raises(errors.Invalid) as caught:
        bodies.read(b'{"functions_to_sync": ["get_orders", "get_everything"]}', SyncRequest)
    [message] = caught.value.detail["json"]["functions_to_sync.1"]
    assert message.startswith("must be one of: ")
    assert "get_orders" in message
    assert message.endswith("; not 'get_everything'")


def test_a_text_that_no_database_can_hold_is_refused():
    with pytest.raises(errors.Invalid):
        bodies.read(b'{"customer_id": "a\\u0000"}', UpdateConnectionRequest)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b'{"paused":}', "(byte 10)"),
        (b'{"paused": tr', "(byte 11)"),
        (b"", "(byte 0)"),
        (b'{"paused": true} {', "(byte 17)"),
        (b"\xff", "(byte 0)"),
        (b'{"paused": true, "\xff": 1}', "not UTF-8"),
    ],
)
def test_a_body_that_is_not_json_is_told_where(raw, says):
    with pytest.raises(errors.BadRequest, match=says.replace("(", r"\(").replace(")", r"\)")):
        bodies.read(raw, ToggleRequest)


def test_a_body_nested_without_end_is_refused():
    with pytest.raises(errors.Invalid) as caught:
        bodies.read(b'{"a":' * 100_000, dict)
    assert caught.value.detail == {"json": {".".join(["a"] * 50): ["is nested too deeply"]}}


@pytest.mark.parametrize("number", ["2", "2.0", "0.2e1", "20E-1"])
def test_a_number_without_a_fraction_is_whole_however_it_is_written(number):
    assert bodies.read(b'{"size": %b}' % number.encode(), Box) == Box(2)
    assert bodies.decoded(number.encode()) == 2
    assert isinstance(bodies.decoded(number.encode()), int)


def test_a_fraction_is_kept_to_its_last_digit_and_is_no_whole_number():
    assert bodies.decoded(b"[2.50, 0.1]") == [Decimal("2.50"), Decimal("0.1")]
    assert bodies.as_sent(b"2.0") == Decimal("2.0")
    with pytest.raises(errors.Invalid) as caught:
        bodies.read(b'{"size": 2.5}', Box)
    assert caught.value.detail == {"json": {"size": ["must be a whole number, not 2.5"]}}


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("1e400", "must be a number between 1e-308 and 1e308, not 1e400"),
        ("-1e400", "must be a number between 1e-308 and 1e308, not -1e400"),
        ("1e-400", "must be a number between 1e-308 and 1e308, not 1e-400"),
        ("1e99999999999999999999", "must be a number between 1e-308 and 1e308"),
        ("9" * 401, "must be a number of at most 400 digits, not 401"),
        ("9" * 5000, "must be a number of at most 400 digits, not 5000"),
        ("0." + "1" * 5000, "must be a number of at most 400 digits, not 5002"),
        (r'"a\u0000b"', "must not have the character U+0000"),
        (r'"\ud800"', "must not have half a character"),
    ],
)
def test_what_no_system_can_take_is_told_at_its_place(value, says):
    for read in (bodies.decoded, bodies.as_sent, lambda raw: bodies.read(raw, dict)):
        with pytest.raises(errors.Invalid) as caught:
            read(b'{"fine": 1, "list": [{"a": 1}, {"b": %b}]}' % value.encode())
        assert list(caught.value.detail["json"]) == ["list.1.b"]
        assert says in caught.value.detail["json"]["list.1.b"][0]


def test_a_whole_character_of_two_halves_is_fine():
    assert bodies.decoded(rb'"\ud83d\ude00"') == "\N{GRINNING FACE}"


def test_a_member_that_is_there_twice_is_told():
    with pytest.raises(errors.Invalid) as caught:
        bodies.decoded(b'{"line": [{"quantity": 1, "quantity": 2}]}')
    assert caught.value.detail == {"json": {"line.0.quantity": ["must be there once, not several times"]}}


def test_of_very_many_members_only_those_that_are_there_twice_are_told():
    with pytest.raises(errors.Invalid) as caught:
        bodies.decoded(b"{" + b",".join(b'"m%d": 1' % n for n in range(2000)) + b', "m5": 2}')
    assert [*caught.value.detail["json"]] == ["m5"]


def test_the_name_of_a_member_is_a_text_too():
    with pytest.raises(errors.Invalid) as caught:
        bodies.decoded(rb'{"a": {"\ud800": 1}}')
    assert list(caught.value.detail["json"]) == [r"a.\ud800"]


@pytest.mark.parametrize("word", [b"NaN", b"Infinity", b"-Infinity"])
def test_words_for_numbers_that_json_has_not_are_no_json(word):
    with pytest.raises(errors.BadRequest, match="is no number"):
        bodies.decoded(b'{"a": %b}' % word)


def test_a_body_of_too_many_values_is_refused_before_anything_is_made_of_it():
    with pytest.raises(errors.Invalid, match="at most 100,000 values"):
        bodies.decoded(b'{"a": [%b]}' % b",".join([b"{}"] * 60_000))
    assert bodies.decoded(b'["%b"]' % (b",{" * 200_000)) == [",{" * 200_000]


# The Postman collection


def test_the_postman_collection_has_every_operation_once():
    fields = collection(document("http://localhost:8080", "1"))
    items = [
        (item["request"]["method"], item["request"]["url"]["raw"])
        for folder in fields["item"]
        for item in folder["item"]
    ]
    expected = [
        (operation.method, "{{base_url}}" + operation.path.replace("{", ":").replace("}", ""))
        for operation in all_operations()
    ]
    assert sorted(items) == sorted(expected)


def test_the_postman_collection_sends_the_credentials_of_its_variables():
    fields = collection(document("http://localhost:8080", "1"))
    assert [item["key"] for item in fields["variable"]] == ["base_url", "api_key", "access_token"]
    requests = {item["name"]: item["request"] for folder in fields["item"] for item in folder["item"]}
    assert [item["value"] for item in requests["List orders"]["header"]] == [
        "{{api_key}}",
        "{{access_token}}",
    ]
    assert requests["This document"]["header"] == []


def test_a_postman_request_with_a_body_has_one_to_send():
    fields = collection(document("http://localhost:8080", "1"))
    requests = {item["name"]: item["request"] for folder in fields["item"] for item in folder["item"]}
    assert json.loads(requests["Pause or resume one schedule"]["body"]["raw"]) == {"paused": True}
