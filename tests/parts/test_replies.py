"""What is sent: records as they are stored, errors in one shape, a request id on everything."""

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crossdock import errors
from crossdock.api import bodies, replies
from crossdock.api.errors import Edge, handlers, note_headers, refusal
from crossdock.api.openapi import document
from crossdock.api.operations import all_operations
from crossdock.api.postman import collection
from crossdock.api.schemas import SyncRequest, ToggleRequest, UpdateConnectionRequest


def test_a_page_is_the_stored_bytes_side_by_side():
    assert replies.page(b'{"id":"a","total":1.10},{"id": "b"}', 2, "next-1").body == (
        b'{"data":[{"id":"a","total":1.10},{"id": "b"}],"next_token":"next-1","total_count":2}'
    )


@pytest.mark.parametrize("size", [10, replies.SMALL_BYTES - 100, replies.SMALL_BYTES + 1, 3_000_000])
async def test_a_body_in_pieces_is_announced_and_sent_whole(size: int):
    document = b'{"note":"%b"}' % (b"x" * size)
    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)

    await replies.page(document, 1, None)({}, None, send)  # type: ignore[arg-type]
    [start, *parts] = messages
    body = b"".join(part["body"] for part in parts)
    assert body == b'{"data":[%b],"next_token":null,"total_count":1}' % document
    assert dict(start["headers"])[b"content-length"] == b"%d" % len(body)
    assert [part["more_body"] for part in parts] == [True] * (len(parts) - 1) + [False]


def test_the_last_page_has_no_next_token():
    assert replies.page(b"", 0, None).body == b'{"data":[],"next_token":null,"total_count":0}'


def test_one_record_is_the_stored_bytes():
    assert replies.one(b'{"id": "\\u00e9"}').body == b'{"data":{"id": "\\u00e9"}}'


def test_money_is_a_number_to_the_cent():
    assert replies.reply({"cost": Decimal("1.10")}).body == b'{"cost":1.10}'


def test_the_rate_headers_are_the_four_of_the_contract():
    assert replies.rate_headers(10, 9, 1_767_225_600, 0) == [
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


# The edge, around a small application


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


async def call(path: str, method: str = "GET") -> Answer:
    """What the application below answers, spoken to as a server would."""
    sent: list[Any] = []
    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"",
        "root_path": "", "scheme": "http", "http_version": "1.1", "headers": [], "state": {"kept": 1},
        "server": ("localhost", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await Edge(APPLICATION, new_id=lambda: "request-1")(scope, receive, send)
    start, *rest = sent
    headers = [(name.decode(), value.decode()) for name, value in start["headers"]]
    return Answer(start["status"], headers, b"".join(one.get("body", b"") for one in rest))


async def fine(request: Request) -> Response:
    note_headers(request, replies.rate_headers(10, 9, 1, 0))
    return replies.reply({"id": request.state.request_id, "kept": request.state.kept})


async def throttled(request: Request) -> Response:
    note_headers(request, replies.rate_headers(10, 0, 1, 1))
    raise errors.TooManyRequests("slow down", retry_after_seconds=1)


async def broken(request: Request) -> Response:
    raise ZeroDivisionError("secret-in-the-message")


async def lost(request: Request) -> Response:
    raise errors.LeaseLost("row 17 of jobs")


APPLICATION = Starlette(
    routes=[
        Route("/fine", fine),
        Route("/throttled", throttled),
        Route("/broken", broken),
        Route("/lost", lost),
    ],
    exception_handlers=handlers(),
)


@pytest.mark.parametrize(
    ("path", "status"), [("/fine", 200), ("/throttled", 429), ("/broken", 500), ("/nowhere", 404)]
)
async def test_every_answer_has_the_request_id_once(path, status):
    answer = await call(path)
    assert (answer.status, answer.all("x-request-id")) == (status, ["request-1"])


async def test_a_handler_knows_the_request_id_and_keeps_the_servers_state():
    assert (await call("/fine")).json == {"id": "request-1", "kept": 1}


async def test_headers_that_were_noted_are_on_answers_and_on_errors_alike():
    assert (await call("/fine")).all("x-ratelimit-remaining") == ["9"]
    refused = await call("/throttled")
    assert (refused.all("x-ratelimit-remaining"), refused.all("retry-after")) == (["0"], ["1"])


async def test_a_path_that_is_not_there_is_told_like_any_error():
    assert (await call("/nowhere")).json == {"error": "there is no /nowhere", "origin": "trackstar"}


async def test_a_method_that_is_not_offered_says_which_are():
    answer = await call("/fine", "PATCH")
    assert answer.json == {"error": "PATCH is not offered by /fine", "origin": "trackstar"}
    assert (answer.status, set(answer.all("allow")[0].split(", "))) == (405, {"GET", "HEAD"})


@pytest.mark.parametrize("path", ["/broken", "/lost"])
async def test_what_nobody_expected_is_logged_once_and_not_told(path):
    with structlog.testing.capture_logs() as logged:
        answer = await call(path)
    assert (answer.status, answer.json) == (500, {"error": "internal error", "origin": "trackstar"})
    assert [(one["event"], one["request_id"], one["path"]) for one in logged] == [
        ("request failed", "request-1", path)
    ]


# Bodies


def test_a_body_is_the_struct_its_operation_declares():
    assert bodies.read(b' {"paused": true}', ToggleRequest) == ToggleRequest(paused=True)


@pytest.mark.parametrize("raw", [b"", b"  ", b"null", b"{}"])
def test_a_body_that_may_be_left_out_may_be_empty_or_null(raw):
    assert bodies.read(raw, SyncRequest, required=False) == SyncRequest()


def test_null_is_a_value_and_leaving_out_is_none():
    assert bodies.read(b'{"customer_id": null}', UpdateConnectionRequest).customer_id is None
    assert bodies.read(b"{}", UpdateConnectionRequest) == UpdateConnectionRequest()


@pytest.mark.parametrize(
    ("raw", "field", "says"),
    [
        (b'{"paused": "yes"}', "paused", "Expected `bool`, got `str`"),
        (b"{}", "paused", "missing required field"),
        (b'{"paused": true, "pause": true}', "pause", "unknown field"),
        (b"[]", "", "Expected `object`, got `array`"),
        (b"null", "", "Expected `object`, got `null`"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_by_field(raw, field, says):
    with pytest.raises(errors.Invalid) as caught:
        bodies.read(raw, ToggleRequest)
    assert list(caught.value.detail["json"]) == [field]
    assert says in caught.value.detail["json"][field][0]


def test_a_function_that_is_not_synced_is_refused_with_its_place():
    with pytest.raises(errors.Invalid) as caught:
        bodies.read(b'{"functions_to_sync": ["get_orders", "get_everything"]}', SyncRequest)
    assert caught.value.detail == {"json": {"functions_to_sync[1]": ["Invalid enum value 'get_everything'"]}}


def test_a_text_that_no_database_can_hold_is_refused():
    with pytest.raises(errors.Invalid):
        bodies.read(b'{"customer_id": "a\\u0000"}', UpdateConnectionRequest)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b'{"paused":}', "(byte 10)"),
        (b'{"paused": tr', "(byte 13)"),
        (b"", "(byte 0)"),
        (b'{"paused": true} {', "(byte 18)"),
        (b"\xff", "(byte 0)"),
        (b'{"paused": true, "\xff": 1}', "not UTF-8"),
    ],
)
def test_a_body_that_is_not_json_is_told_where(raw, says):
    with pytest.raises(errors.BadRequest, match=says.replace("(", r"\(").replace(")", r"\)")):
        bodies.read(raw, ToggleRequest)


def test_a_body_nested_without_end_is_refused():
    with pytest.raises(errors.BadRequest, match="nested"):
        bodies.read(b'{"a":' * 100_000, dict)


# The Postman collection


def test_the_postman_collection_has_every_operation_once():
    made = collection(document("http://localhost:8080", "1"))
    found = [
        (one["request"]["method"], one["request"]["url"]["raw"])
        for folder in made["item"]
        for one in folder["item"]
    ]
    expected = [
        (one.method, "{{base_url}}" + one.path.replace("{", ":").replace("}", "")) for one in all_operations()
    ]
    assert sorted(found) == sorted(expected)


def test_the_postman_collection_sends_the_credentials_of_its_variables():
    made = collection(document("http://localhost:8080", "1"))
    assert [one["key"] for one in made["variable"]] == ["base_url", "api_key", "access_token"]
    requests = {one["name"]: one["request"] for folder in made["item"] for one in folder["item"]}
    assert [one["value"] for one in requests["List orders"]["header"]] == ["{{api_key}}", "{{access_token}}"]
    assert requests["This document"]["header"] == []


def test_a_postman_request_with_a_body_has_one_to_send():
    made = collection(document("http://localhost:8080", "1"))
    requests = {one["name"]: one["request"] for folder in made["item"] for one in folder["item"]}
    assert json.loads(requests["Pause or resume one schedule"]["body"]["raw"]) == {"paused": True}
