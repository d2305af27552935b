"""Managing webhooks over HTTP: what does not fit is refused, in the documented form."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.journeys.admin import Admin, admin

Json = dict[str, Any]

__all__ = ["admin"]


def places(answer: httpx.Response) -> list[list[str]]:
    """What a 422 names."""
    assert answer.status_code == 422, answer.text
    return [item["loc"] for item in answer.json()["detail"]]


# When to send


@pytest.mark.parametrize(
    ("at", "extra_fields"),
    [
        ("0001-01-01T00:00:00+10:00", {}),
        ("9999-12-31T23:59:59-10:00", {}),
        (timedelta(days=90, minutes=5), {}),
        (timedelta(hours=2), {"payloadRetentionHours": 1}),
    ],
)
async def test_a_message_that_could_never_be_sent_is_refused_and_not_kept(
    admin: Admin, at: str | timedelta, extra_fields: Json
):
    at = at if isinstance(at, str) else (datetime.now(UTC) + at).isoformat()
    body = {"eventType": "order.updated", "payload": {}, "deliverAt": at, **extra_fields}
    answer = await admin.ask("POST", f"{admin.app}/msg", json=body)
    assert places(answer) == [["body", "deliverAt"]]
    assert (await admin.do("GET", f"{admin.app}/msg"))["data"] == []


async def test_a_message_whose_time_is_over_is_sent_at_once(admin: Admin):
    await admin.endpoint()
    message = await admin.message(deliverAt="0001-01-01T00:00:00Z")
    await admin.tried(message)
    [listed] = (await admin.do("GET", f"{admin.app}/msg"))["data"]
    assert listed["deliverAt"] == message["deliverAt"] == "0001-01-01T00:00:00.000Z"


# The query


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "000001999999999999"), ("limit", "0000001"), ("status", "000000999999999999999999999"),
        ("status_code_class", "0001009"), ("limit", "٥"),
    ],
)  # fmt: skip
async def test_a_number_with_more_behind_it_is_another_number(admin: Admin, name: str, value: str):
    endpoint = await admin.endpoint()
    path = f"{admin.app}/attempt/endpoint/{endpoint}"
    assert places(await admin.ask("GET", path, params={name: value})) == [["query", name]]


async def test_canceled_is_only_found_by_who_knows_of_it(admin: Admin):
    endpoint = await admin.endpoint()
    [attempt] = await admin.tried(await admin.message())
    database = admin.server.services.database
    await asyncio.to_thread(
        admin.server.do,
        database.execute("UPDATE webhook_attempts SET status = 4 WHERE id = ?", attempt["id"]),
    )
    path = f"{admin.app}/attempt/endpoint/{endpoint}"

    async def found(**query: str) -> list[int]:
        return [record["status"] for record in (await admin.do("GET", path, params=query))["data"]]

    assert await found(status="4", expanded_statuses="true") == [4]
    assert await found(status="4") == []
    assert await found(status="0") == [0]


async def test_the_bare_address_answers_as_any_unknown_path_does(admin: Admin):
    for path in ("", "/", "/nothing"):
        answer = await admin.ask("GET", path)
        assert (answer.status_code, answer.json()["code"]) == (501, "not_implemented")


# The body

URL = "https://example.com/"


@pytest.mark.parametrize(
    ("body", "position"),
    [
        ({"url": URL, "metadata": {"fine": "x", "color": 1}}, ["body", "metadata", "color"]),
        ({"url": URL, "metadata": {"a.b": 1}}, ["body", "metadata"]),
        ({"url": URL, "headers": {"x-mine": None}}, ["body", "headers", "x-mine"]),
        ({"url": URL, "metadata": [1]}, ["body", "metadata"]),
        ({"url": URL, "eventTypes": ["order.created", "a b"]}, ["body", "eventTypes", "1"]),
        ({"url": URL, "filterTypes": ["a b"]}, ["body", "filterTypes", "0"]),
        ({"url": URL, "filterTypes": ["no.such"]}, ["body", "filterTypes"]),
        ({"url": URL, "eventTypes": ["no.such"]}, ["body", "eventTypes"]),
        ({}, ["body", "url"]),
    ],
)
async def test_a_refusal_names_the_place_part_by_part(admin: Admin, body: Json, position: list[str]):
    assert places(await admin.ask("POST", f"{admin.app}/endpoint", json=body)) == [position]


async def test_the_place_is_named_in_a_change_too(admin: Admin):
    path = f"{admin.app}/endpoint/{await admin.endpoint()}"
    for body, position in (
        ({"filterTypes": ["no.such"]}, ["body", "filterTypes"]),
        ({"metadata": {"a": None}}, ["body", "metadata", "a"]),
    ):
        assert places(await admin.ask("PATCH", path, json=body)) == [position]
    assert places(await admin.ask("PATCH", f"{path}/headers", json={"headers": {"a": None, "b": 1}})) == [
        ["body", "headers", "b"]
    ]
    nested: Json = {"application": {"name": "x", "metadata": {"k": 2}}}
    answer = await admin.ask("POST", f"/auth/app-portal-access/{admin.house.id}", json=nested)
    assert places(answer) == [["body", "application", "metadata", "k"]]


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("whsec_c2hvcnQ=", "the secret has 5 bytes; 24 to 75 are wanted"),
        ("", "the secret has 0 bytes; 24 to 75 are wanted"),
        ("whsec_" + "!" * 40, "a secret is whsec_ and base64 after it"),
        ("ü" * 40, "a secret is whsec_ and base64 after it"),
        ("whsec_" + "A" * 4000, "the secret has 3000 bytes; 24 to 75 are wanted"),
    ],
)
async def test_of_a_secret_is_said_what_is_wrong_with_it(admin: Admin, secret: str, text: str):
    answer = await admin.ask("POST", f"{admin.app}/endpoint", json={"url": URL, "secret": secret})
    assert places(answer) == [["body", "secret"]]
    assert answer.json()["detail"][0]["msg"] == text
    rotate = f"{admin.app}/endpoint/{await admin.endpoint()}/secret/rotate"
    assert places(await admin.ask("POST", rotate, json={"key": secret})) == [["body", "key"]]


async def test_a_text_with_u0000_is_refused_wherever_it_would_be_kept_as_one(admin: Admin):
    endpoint = f"{admin.app}/endpoint/{await admin.endpoint()}"
    message = {"eventType": "order.updated", "payload": {}}
    for method, path, body in (
        ("POST", f"{admin.app}/msg", {**message, "application": {"name": "a\0b"}}),
        ("POST", f"/app/new-{admin.house.id}/msg", {**message, "application": {"name": "a\0b"}}),
        ("PATCH", endpoint, {"metadata": {"a\0": "b"}}),
        ("PATCH", f"{endpoint}/transformation", {"code": "function handler(w) { return w; } // \0"}),
    ):
        assert places(await admin.ask(method, path, json=body)) == [["body"]], path


async def test_u0000_may_stand_in_what_is_sent_and_as_an_escape_in_a_script(admin: Admin):
    endpoint = f"{admin.app}/endpoint/{await admin.endpoint()}"
    code = r"function handler(w) { w.payload.seen = '\u0000'.length; return w; }"
    await admin.do("PATCH", f"{endpoint}/transformation", json={"code": code})
    assert (await admin.do("GET", f"{endpoint}/transformation"))["code"] == code
    message = await admin.message(payload={"a\0": "\0"})
    assert (await admin.do("GET", f"{admin.app}/msg/{message['id']}"))["payload"] == {"a\0": "\0"}
    raw = await admin.message(payload={}, transformationsParams={"rawPayload": "a\0b"})
    assert raw["payload"] == {"rawPayload": "a\0b"}


@pytest.mark.parametrize("text", [rb"\ud800", rb"\udc00 and more", rb"\ud800A"])
async def test_half_a_character_is_called_that(admin: Admin, text: bytes):
    for body in (b'{"name": "%b"}' % text, b'{"name": "x", "metadata": {"%b": ""}}' % text):
        answer = await admin.ask("POST", "/app", content=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
        assert "half a character" in answer.json()["detail"]
    message = b'{"eventType": "a", "payload": {"a": "%b"}}' % text
    assert (await admin.ask("POST", f"{admin.app}/msg", content=message)).status_code == 400


async def test_a_payload_that_is_not_utf8_is_refused(admin: Admin):
    answer = await admin.ask("POST", f"{admin.app}/msg", content=b'{"eventType":"a","payload":{"a":"\xff"}}')
    assert places(answer) == [["body", "payload"]]


async def test_an_event_id_does_not_look_like_the_id_of_a_message(admin: Admin):
    message = await admin.message(payload={"n": "first"})
    body = {"eventType": "order.updated", "payload": {"n": "other"}, "eventId": message["id"]}
    assert places(await admin.ask("POST", f"{admin.app}/msg", json=body)) == [["body", "eventId"]]
