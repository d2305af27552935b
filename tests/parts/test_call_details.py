"""A logged call keeps names and shapes, and nothing that opens something or says who a person is."""

from typing import Any

import msgspec
import pytest

from crossdock.api.operations import all_operations
from crossdock.changes.masking.mask import fields_of_people
from crossdock.dashboard.api_log.replay import replayed
from crossdock.services.known_names import known_names
from crossdock.web.call_details import (
    LEFT_OUT,
    CallDetails,
    KeptBody,
    LogNames,
    kept_body,
    kept_headers,
    kept_query,
)

PEOPLE = frozenset(fields_of_people())
NAMES = LogNames(known_names() | {"x", "a", "reference", "items", "text"}, PEOPLE)
AS_JSON = [(b"content-type", b"application/json; charset=utf-8")]


def kept(value: Any) -> Any:
    raw = msgspec.json.encode(value)
    return kept_body(AS_JSON, raw, len(raw), NAMES).json


def test_ids_dates_numbers_and_states_stay():
    value = {
        "id": "ord_17",
        "created_date": "2026-01-31T10:00:00Z",
        "quantity": 3,
        "is_open": True,
        "sku": "A-1/2",
        "x": None,
    }
    assert kept(value) == value


@pytest.mark.parametrize("name", sorted(PEOPLE))
def test_nothing_that_says_who_a_person_is_stays(name: str):
    assert kept({"ship_to": {name: "Ada"}}) == {"ship_to": {name: LEFT_OUT}}


@pytest.mark.parametrize(
    "name",
    [
        "access_token", "apiKey", "api_key", "password", "client_secret", "Authorization", "key", "auth_code",
        "signing_secret", "url", "magic_link", "first_name", "customer_note", "email_address", "x_signature",
    ],
)  # fmt: skip
def test_nothing_that_opens_something_stays(name: str):
    assert kept({name: "abc123"}) == {name: LEFT_OUT}


@pytest.mark.parametrize("name", ["options", "credentials", "custom_fields", "raw", "payload", "body"])
def test_of_what_others_word_freely_only_names_stay(name: str):
    assert kept({name: {"shop": "acme", "deep": [{"a": 1}]}}) == {
        name: {"shop": LEFT_OUT, "deep": [{"a": LEFT_OUT}]}
    }


@pytest.mark.parametrize(
    "value",
    [
        "two words",
        "a@b.example",
        "ct_" + "x" * 43,
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9abcdef",
        "x" * 65,
        "Grüße",
    ],
)
def test_a_text_that_is_no_plain_word_is_told_by_its_length(value: str):
    assert kept({"reference": value}) == {"reference": f"(text of {len(value)} characters)"}


def test_our_sentences_stay_without_what_they_quote():
    sentence = "'Ada Lovelace' is no country; mail ada@example.com"
    assert kept({"error": sentence, "detail": {"json": {"country": [f"is {sentence}"]}}})["error"] == (
        "'…' is no country; mail '…'"
    )


def test_long_lists_and_deep_values_are_cut():
    assert kept({"items": list(range(30))})["items"][-1] == "(and 10 more)"
    deep: Any = 1
    for _ in range(40):
        deep = {"a": deep}
    assert "(deeper)" in str(kept(deep))


@pytest.mark.parametrize(
    ("headers", "body", "size"),
    [
        (AS_JSON, b"{", 1), (AS_JSON, b"\xff", 1), (AS_JSON, None, 50_000), (AS_JSON, b"[" * 5000, 5000),
        ([(b"content-type", b"text/csv")], b"a,b", 3), ([], b"x", 1),
    ],
)  # fmt: skip
def test_of_what_is_no_json_or_too_large_only_the_size_is_kept(headers: Any, body: bytes | None, size: int):
    shown = kept_body(headers, body, size, NAMES)
    assert (shown.json, shown.size) == (None, size)


def test_headers_keep_their_names_and_few_their_values():
    headers = [
        (b"Content-Type", b"application/json"), (b"x-trackstar-api-key", b"ck_secret"), (b"cookie", b"a=b"),
        (b"authorization", b"Bearer x"), (b"x-forwarded-for", b"203.0.113.9"), (b"user-agent", b"curl/8"),
    ]  # fmt: skip
    assert kept_headers(headers) == [
        ("content-type", "application/json"), ("x-trackstar-api-key", LEFT_OUT), ("cookie", LEFT_OUT),
        ("authorization", LEFT_OUT), ("user-agent", "curl/8"),
    ]  # fmt: skip


def test_a_query_is_kept_as_a_body_is():
    pairs = [("status", "open"), ("email", "a"), ("access_token", "ct_x"), ("text", "some words")]
    assert kept_query(pairs, NAMES) == [
        ("status", "open"), ("email", LEFT_OUT), ("access_token", LEFT_OUT),
        ("text", "(text of 10 characters)"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "operation",
    [operation for operation in all_operations() if operation.example],
    ids=lambda operation: operation.id,
)
def test_of_every_body_that_is_documented_no_person_is_kept(operation: Any):
    def texts(value: Any, name: str = "") -> list[tuple[str, Any]]:
        if isinstance(value, dict):
            return [pair for key, item in value.items() for pair in texts(item, key)]
        if isinstance(value, list):
            return [pair for item in value for pair in texts(item, name)]
        return [(name, value)]

    example = msgspec.to_builtins(operation.example)
    for name, value in texts(kept(example)):
        if name in PEOPLE:
            assert value in (LEFT_OUT, None), name


def test_the_command_repeats_the_call_without_a_secret():
    details = CallDetails(
        [("status", "a b&c"), ("x", "'")],
        [
            ("x-trackstar-api-key", LEFT_OUT),
            ("content-type", "application/json"),
            ("user-agent", "x"),
            ("cookie", LEFT_OUT),
        ],
        KeptBody("application/json", 9, {"it's": "$HOME"}),
    )
    command = replayed("POST", "https://here.example/wms/orders", details, has_token=False)
    assert command == (
        "curl -X POST 'https://here.example/wms/orders?status=a%20b%26c&x=%27' \\\n"
        '  -H "x-trackstar-api-key: $CROSSDOCK_API_KEY" \\\n'
        "  -H 'content-type: application/json' \\\n"
        """  -d '{"it'"'"'s":"$HOME"}'"""
    )
    plain = replayed("GET", "https://here.example/connections", None, has_token=True)
    assert plain.count("-H") == 2


SECRET, PERSON = "Zq7hunter2", "Lovelace"


@pytest.mark.parametrize(
    "value",
    [
        *({name: SECRET} for name in ("pwd", "pass", "auth", "jwt", "pin", "session", "bearer", "zz")),
        *({name: PERSON} for name in ("customer", "recipient", "attn", "buyer", "nick", "description")),
        {"mobile": 4915112345678}, {SECRET: 1}, {"ct_" + SECRET * 3: {"a": 1}},
        {"variables": {"status": SECRET}, "env": {"id": SECRET}}, {"zz": {"status": SECRET, "id": [SECRET]}},
        {"error": f"{SECRET} is no field; there is no 'O\\'Brien {PERSON}'; call 4915112345678"},
        {"error": "x" * 990 + f" '{PERSON} {SECRET}"},
        {"detail": {"json": {f"line_items.0.{SECRET}": ["is unknown"], "pwd": [f"is {SECRET}"]}}},
        {"detail": [{"loc": ["body", SECRET], "msg": "is unknown", "type": "value_error"}]},
        {"reference": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"},
    ],
    ids=str,
)  # fmt: skip
def test_whatever_a_member_is_called_no_secret_and_no_person_is_kept(value: Any):
    raw = msgspec.json.encode(value)
    shown = kept_body(AS_JSON, raw, len(raw), LogNames(known_names() | {"reference"}, PEOPLE)).json
    assert not {text for text in (SECRET, PERSON, "4915112345678", "C2FVs") if text in str(shown)}, shown
    pairs = [
        (name, str(text)) for name, text in value.items() if name not in ("error", "detail", "reference")
    ]
    query = str(kept_query(pairs, LogNames(known_names(), PEOPLE)))
    assert not {text for text in (SECRET, PERSON, "4915112345678") if text in query}, query


def test_headers_that_are_shown_hold_no_token_and_no_address_of_a_person():
    values = [
        b"Bearer abc",
        b"key ct_" + b"x" * 43,
        b"ada@example.com",
        b"curl/8 (eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9)",
    ]
    shown = str(kept_headers([(b"user-agent", value) for value in values]))
    assert not {text for text in ("abc", "xxx", "ada", "eyJ") if text in shown}, shown


def test_what_our_apis_call_so_stays_to_be_read():
    value = {
        "order_number": "SO-1",
        "line_items": [{"sku": "A", "quantity": 2}],
        "eventType": "order.created",
    }
    assert kept(value) == value
    assert kept({"detail": {"json": {"line_items.0.quantity": ["is a"]}}})["detail"]["json"].keys() == {
        "line_items.0.quantity"
    }
    assert kept({"order_nubmer": "SO-1"}) == {"order_nubmer": LEFT_OUT}
