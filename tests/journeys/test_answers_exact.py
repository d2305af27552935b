"""Answers to what goes wrong, byte for byte: clients of both APIs read them, so they may not be reworded."""

from typing import Any

import httpx
import pytest

from tests.journeys.server import Organization, Server

JSON = {"content-type": "application/json"}
NO_KEY: dict[str, str] = {}


def api_error(text: str, extra_text: str = "") -> str:
    return f'{{"error":"{text}","origin":"trackstar"{extra_text}}}'


def svix_error(code: str, text: str) -> str:
    return f'{{"code":"{code}","detail":"{text}"}}'


def field_error(where: str, message: str) -> str:
    return f'{{"detail":[{{"loc":[{where}],"msg":"{message}","type":"value_error"}}]}}'


FAULT = "the body is not JSON: Expecting property name enclosed in double quotes (byte 1)"
NO_KEY_TEXT = "the x-trackstar-api-key header is missing"
NO_ID = "holds other characters than an id can"
READ_ONLY = "this API key is read-only"
NO_BEARER = "the header `authorization: Bearer <token>` is missing"

API: list[tuple[str, str, bytes, int, str]] = [
    ("GET", "/nope", b"", 404, api_error("there is no /nope")),
    ("GET", "/wms/orders/", b"", 404, api_error("there is no /wms/orders/")),
    ("POST", "/wms/warehouses", b"", 405, api_error("POST is not offered by /wms/warehouses")),
    ("OPTIONS", "/connections", b"", 405, api_error("OPTIONS is not offered by /connections")),
    ("GET", "/wms/orders/a%2Fb", b"", 404, api_error("there is no order 'a/b'", ',"id":"a/b"')),
    ("GET", "/connections/sync", b"", 404, api_error("there is no connection 'sync'", ',"id":"sync"')),
    ("GET", "/carrier/files/a/b", b"", 404, api_error("there is no file 'a/b'", ',"id":"a/b"')),
    ("PATCH", "/connections", b"{", 400, api_error(FAULT)),
    ("POST", "/wms/orders", b"{", 400, api_error(FAULT)),
    (
        "PATCH", "/schedules/toggle-all", b"{}", 422,
        api_error("paused is required", ',"detail":{"json":{"paused":["is required"]}}'),
    ),
    (
        "GET", "/connections?x=1", b"", 422,
        api_error("unknown parameter", ',"detail":{"query":{"x":["unknown parameter"]}}'),
    ),
    (
        "PATCH", "/connections", b'"%b"' % (b"x" * 65_600), 413,
        api_error("the body has more than 65536 bytes, which is all that is read here"),
    ),
]  # fmt: skip

ADMIN: list[tuple[str, str, bytes, int, str]] = [
    ("GET", "", b"", 501, svix_error("not_implemented", "GET /api/v1 is not offered here")),
    ("GET", "/app/a/b", b"", 501, svix_error("not_implemented", "GET /api/v1/app/a/b is not offered here")),
    ("HEAD", "/app", b"", 405, ""),
    ("PUT", "/app", b"", 405, svix_error("method_not_allowed", "PUT is not offered by /api/v1/app")),
    ("GET", "/app/nope", b"", 404, svix_error("not_found", "there is no application nope")),
    ("GET", "/app/a%20b", b"", 422, field_error('"path","app_id"', f"'a b' {NO_ID}")),
    ("GET", "/app?limit=0", b"", 422, field_error('"query","limit"', "has to be a number from 1 to 250")),
    ("POST", "/app", b"{", 400, svix_error("bad_request", FAULT)),
    ("POST", "/app", b'{"name":7}', 422, field_error('"body","name"', "must be a text, not 7")),
]  # fmt: skip


def ask(house: Organization, method: str, path: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
    extra_fields: dict[str, Any] = {"headers": headers, "content": body}
    return house.http.request(method, f"{house.url}{path}", **extra_fields)


@pytest.mark.parametrize(("method", "path", "body", "status", "text"), API, ids=lambda value: str(value)[:40])
def test_the_api_refuses_in_the_same_words(
    house: Organization, method: str, path: str, body: bytes, status: int, text: str
):
    kind = path.split("/")[1]
    headers = house.headers(kind if kind in house.tokens else "wms") | JSON
    answer = ask(house, method, path, body, headers)
    assert (answer.status_code, answer.text) == (status, text)
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "text"), ADMIN, ids=lambda value: str(value)[:40]
)
def test_the_webhook_administration_refuses_in_the_same_words(
    house: Organization, method: str, path: str, body: bytes, status: int, text: str
):
    headers = {"authorization": f"Bearer {house.key}"} | JSON
    answer = ask(house, method, f"/api/v1{path}", body, headers)
    assert (answer.status_code, answer.text) == (status, text)


def test_a_method_that_is_not_offered_says_which_are(house: Organization):
    assert ask(house, "PUT", "/connections", b"", NO_KEY).headers["allow"] == "DELETE, GET, HEAD, PATCH"


def test_each_api_asks_for_its_own_sign_in(house: Organization):
    assert ask(house, "GET", "/connections", b"", NO_KEY).text == api_error(NO_KEY_TEXT)
    assert ask(house, "GET", "/api/v1/app", b"", NO_KEY).text == svix_error(
        "authentication_failed", NO_BEARER
    )


def test_a_read_only_key_is_refused_by_each_in_its_own_words(server: Server, house: Organization):
    _, key = server.key(house.id, read_only=True)
    headers = house.headers("wms") | {"x-trackstar-api-key": key}
    assert ask(house, "PATCH", "/connections", b"", headers).text == api_error("this API key is read-only")
    refused = ask(house, "GET", "/api/v1/app", b"", {"authorization": f"Bearer {key}"})
    text = f"{READ_ONLY}; webhooks are managed with a full one"
    assert (refused.status_code, refused.text) == (403, svix_error("insufficient_access", text))


def test_a_packed_body_is_refused_by_each_in_its_own_words(house: Organization):
    text, packed = "the body must be sent as it is, not packed with gzip", {"content-encoding": "gzip"}
    refused = ask(house, "PATCH", "/connections", b"{}", house.headers("wms") | packed)
    assert (refused.status_code, refused.text) == (415, api_error(text))
    refused = ask(house, "POST", "/api/v1/app", b"{}", {"authorization": f"Bearer {house.key}"} | packed)
    assert (refused.status_code, refused.text) == (415, svix_error("unsupported_media_type", text))


def test_a_post_to_the_administration_is_done_once_and_answered_twice_alike(house: Organization):
    headers = {"authorization": f"Bearer {house.key}", "idempotency-key": "exact-1"} | JSON
    first, second = (ask(house, "POST", "/api/v1/app", b'{"name":"a"}', headers) for _ in range(2))
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert first.status_code == 201
