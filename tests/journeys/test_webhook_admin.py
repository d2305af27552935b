"""Managing webhooks over HTTP: who may what, one answer to a repeated request, searching, replaying."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from crossdock.api.webhooks.operations import OPERATIONS
from crossdock.webhooks.event_types import ours
from tests.conftest import needs_shared
from tests.fakes.hook_receiver import Receiver, status
from tests.journeys.admin_contract import faults, operations
from tests.journeys.server import Organization, Server

Json = dict[str, Any]

CAPABILITIES = (
    "ViewBase", "ViewEndpointSecret", "ManageEndpointSecret", "ManageTransformations", "CreateAttempts",
    "ManageEndpoint",
)  # fmt: skip


@dataclass
class Admin:
    """An organization's webhooks, over HTTP."""

    server: Server
    house: Organization
    receiver: Receiver
    http: httpx.AsyncClient

    async def ask(self, method: str, path: str, token: str | None = None, **more: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {token or self.house.key}", **more.pop("headers", {})}
        url = f"{self.server.url}/api/v1{path}"
        answer = await self.http.request(method, url, headers=headers, **more)
        assert faults(answer) == []
        return answer

    async def do(self, method: str, path: str, **more: Any) -> Json:
        answer = await self.ask(method, path, **more)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else {}

    @property
    def app(self) -> str:
        return f"/app/{self.house.id}"

    async def endpoint(self, path: str = "/hook", **more: Any) -> str:
        made = await self.do("POST", f"{self.app}/endpoint", json={"url": self.receiver.url + path, **more})
        found: str = made["id"]
        return found

    async def message(self, **more: Any) -> Json:
        body = {"eventType": "order.updated", "payload": {"n": 1}, **more}
        return await self.do("POST", f"{self.app}/msg", json=body)

    async def until(self, look: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + 20
        while not (found := await look()):
            assert time.monotonic() < deadline, "it did not happen"
            await asyncio.sleep(0.02)
        return found

    async def tried(self, message: Json, number: int = 1) -> list[Json]:
        """The attempts of a message, once there are so many."""

        async def look() -> list[Json]:
            found: list[Json] = (await self.do("GET", f"{self.app}/attempt/msg/{message['id']}"))["data"]
            return found if len(found) >= number else []

        return await self.until(look)

    async def task(self, path: str, **body: Any) -> int:
        """What a bulk task sent."""
        begun = await self.do("POST", path, json={"since": ago(hours=1), **body})

        async def look() -> Json | None:
            found = await self.do("GET", f"/background-task/{begun['id']}")
            return found if found["status"] == "finished" else None

        sent: int = (await self.until(look))["data"]["messagesSent"]
        return sent

    async def portal(self, *capabilities: str, **more: Any) -> str:
        body = {"capabilities": list(capabilities), **more}
        made = await self.do("POST", f"/auth/app-portal-access/{self.house.id}", json=body)
        token: str = made["token"]
        return token


def ago(**more: float) -> str:
    return (datetime.now(UTC) - timedelta(**more)).isoformat()


@pytest.fixture
async def admin(server: Server) -> AsyncIterator[Admin]:
    async with Receiver() as receiver, httpx.AsyncClient(timeout=30) as http:
        yield Admin(server, server.organization(), receiver, http)


def test_every_operation_of_the_contract_is_offered_and_no_other():
    needs_shared("contract", "webhook-admin.openapi.yaml")
    offered = {(one.method, f"/api/v1{one.path}"): one.id for one in OPERATIONS}
    assert offered == operations()
    assert len(offered) == 60


# Errors are always JSON, in the documented forms


async def test_every_refusal_has_a_code_and_a_text(admin: Admin):
    for method, path, token, expected in (
        ("GET", "/app", "wrong", (401, "authentication_failed")),
        ("GET", f"{admin.app}/endpoint/none", None, (404, "not_found")),
        ("GET", "/app/other", None, (404, "not_found")),
        ("GET", "/nothing/here", None, (501, "not_implemented")),
        ("GET", "/stats/usage/app", None, (501, "not_implemented")),
        ("PUT", "/app", None, (405, "method_not_allowed")),
    ):
        answer = await admin.ask(method, path, token)
        assert (answer.status_code, answer.json()["code"]) == expected
        assert answer.json()["detail"]
    bare = await admin.http.get(f"{admin.server.url}/api/v1/app")
    assert (bare.status_code, bare.json()["code"]) == (401, "authentication_failed")


async def test_a_read_only_key_manages_nothing(admin: Admin):
    _, key = await asyncio.to_thread(admin.server.key, admin.house.id, read_only=True)
    assert (await admin.ask("GET", "/app", key)).status_code == 403


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"url": "ftp://example.com/"}, "url"),
        ({"url": "http://10.0.0.1/"}, "url"),
        ({"url": "http://169.254.169.254/"}, "url"),
        ({"url": "http://[::ffff:10.0.0.1]/"}, "url"),
        ({"url": "http://0x0a000001/"}, "url"),
        ({"url": "https://example.com/" + "x" * 65_536}, "url"),
        ({"url": "https://exa mple.com/"}, "url"),
        ({}, "url"),
        ({"url": "https://example.com/", "eventTypes": ["no.such"]}, "eventTypes"),
        ({"url": "https://example.com/", "eventTypes": []}, "eventTypes"),
        ({"url": "https://example.com/", "secret": "whsec_c2hvcnQ="}, "secret"),
        ({"url": "https://example.com/", "secret": "whsec_" + "!" * 40}, "secret"),
        ({"url": "https://example.com/", "secret": "whpk_" + "A" * 44}, "secret"),
        ({"url": "https://example.com/", "uid": "ep_mine"}, "uid"),
        ({"url": "https://example.com/", "uid": "a b"}, "uid"),
        ({"url": "https://example.com/", "headers": {"webhook-id": "x"}}, "headers"),
        ({"url": "https://example.com/", "headers": {"host": "x"}}, "headers"),
        ({"url": "https://example.com/", "channels": ["a b"]}, "channels"),
        ({"url": "https://example.com/", "throttleRate": 0}, "throttleRate"),
        ({"url": "https://example.com/", "metadata": {"a": "x" * 5000}}, "metadata"),
        ({"url": "https://example.com/", "description": "a\0b"}, ""),
    ],
)  # fmt: skip
async def test_an_endpoint_that_does_not_fit_is_a_422_that_names_the_member(
    admin: Admin, body: Json, where: str
):
    answer = await admin.ask("POST", f"{admin.app}/endpoint", json=body)
    assert answer.status_code == 422
    [fault] = answer.json()["detail"]
    assert fault["msg"]
    assert fault["type"]
    place = [*map(str, fault["loc"])]
    assert place[0] == "body"
    assert where == "" or where in ".".join(place) or where in fault["msg"]


async def test_a_payload_over_a_mebibyte_is_413(admin: Admin):
    body = {"eventType": "a", "payload": {"x": "y" * 2**20}}
    answer = await admin.ask("POST", f"{admin.app}/msg", json=body)
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


async def test_a_payload_is_sent_minified_with_its_numbers_as_they_were_written(admin: Admin):
    await admin.endpoint()
    raw = b'{"eventType": "a.b", "payload": { "n": 12345678901234567890, "f": 1.0 , "s": "a b" } }'
    answer = await admin.ask("POST", f"{admin.app}/msg", content=raw)
    assert answer.status_code == 202
    await admin.tried(answer.json())
    [arrived] = admin.receiver.got()
    assert arrived.body == b'{"n":12345678901234567890,"f":1.0,"s":"a b"}'


# Idempotency


async def test_the_same_request_twice_is_one_message_and_one_answer(admin: Admin):
    key = {"idempotency-key": uuid.uuid4().hex}
    body = {"eventType": "order.updated", "payload": {"n": 1}}
    answers = await asyncio.gather(
        *(admin.ask("POST", f"{admin.app}/msg", json=body, headers=key) for _ in range(8))
    )
    assert {one.status_code for one in answers} == {202}
    assert len({one.json()["id"] for one in answers}) == 1
    assert len((await admin.do("GET", f"{admin.app}/msg"))["data"]) == 1


async def test_an_answer_that_was_a_refusal_is_not_kept(admin: Admin):
    key = {"idempotency-key": "k"}
    body: Json = {"url": "ftp://example.com"}
    refused = await admin.ask("POST", f"{admin.app}/endpoint", json=body, headers=key)
    assert refused.status_code == 422
    body["url"] = f"{admin.receiver.url}/hook"
    assert (await admin.ask("POST", f"{admin.app}/endpoint", json=body, headers=key)).status_code == 201


async def test_an_event_id_is_taken_once_in_24_hours(admin: Admin):
    await admin.message(eventId="e1")
    body = {"eventType": "order.updated", "payload": {}, "eventId": "e1"}
    answer = await admin.ask("POST", f"{admin.app}/msg", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


# Portal tokens


NEEDS: tuple[tuple[str, str, set[str]], ...] = (
    ("GET", "/endpoint/{ep}", {"ViewBase", "ManageEndpoint"}),
    ("GET", "/endpoint/{ep}/secret", {"ViewEndpointSecret", "ManageEndpointSecret"}),
    ("POST", "/endpoint/{ep}/secret/rotate", {"ManageEndpointSecret"}),
    ("PATCH", "/endpoint/{ep}/transformation", {"ManageTransformations", "ManageEndpoint"}),
    ("POST", "/endpoint/{ep}/recover", {"CreateAttempts", "ManageEndpoint"}),
    ("PATCH", "/endpoint/{ep}", {"ManageEndpoint"}),
    ("POST", "/msg", set()),
    ("DELETE", "", set()),
)


@pytest.mark.parametrize("capability", CAPABILITIES)
async def test_a_portal_token_may_do_what_its_capabilities_say(admin: Admin, capability: str):
    endpoint = await admin.endpoint()
    token = await admin.portal(capability)
    for method, path, enough in NEEDS:
        body = {"since": ago(hours=1)} if path.endswith("recover") else {}
        answer = await admin.ask(method, admin.app + path.format(ep=endpoint), token, json=body)
        assert (answer.status_code != 403) == (capability in enough), (method, path, answer.text)
        assert answer.status_code < 500


async def test_p19_a_portal_token_sees_one_application_and_its_tasks(admin: Admin):
    await admin.do("POST", "/app", json={"name": "Other", "uid": f"other-{admin.house.id}"})
    token = await admin.portal(*CAPABILITIES)
    other = await admin.ask("GET", f"/app/other-{admin.house.id}", token)
    assert other.status_code == 404
    assert (await admin.ask("GET", "/app", token)).status_code == 403
    assert (await admin.ask("GET", "/operational-webhook/endpoint", token)).status_code == 403


async def test_a_portal_token_expires_and_can_be_revoked_by_session(admin: Admin):
    kept, gone = await admin.portal("ViewBase", sessionId="a"), await admin.portal("ViewBase", sessionId="b")
    await admin.do("POST", f"/auth/app/{admin.house.id}/expire-all", json={"sessionIds": ["b"]})
    assert (await admin.ask("GET", admin.app, kept)).status_code == 200
    assert (await admin.ask("GET", admin.app, gone)).status_code == 401
    database = admin.server.services.database
    await asyncio.to_thread(admin.server.do, database.execute("UPDATE portal_tokens SET expires_ms = 1"))
    assert (await admin.ask("GET", admin.app, kept)).status_code == 401


async def test_p19_nothing_of_another_organization_is_found(admin: Admin):
    endpoint, message = await admin.endpoint(uid="mine"), await admin.message(eventId="e1")
    [attempt] = await admin.tried(message)
    stranger = (await asyncio.to_thread(admin.server.organization)).key
    for path in (
        "", "/endpoint", f"/endpoint/{endpoint}", "/endpoint/mine", f"/endpoint/{endpoint}/secret",
        f"/endpoint/{endpoint}/stats", "/msg", f"/msg/{message['id']}", "/msg/e1",
        f"/attempt/msg/{message['id']}", f"/attempt/endpoint/{endpoint}",
        f"/msg/{message['id']}/attempt/{attempt['id']}", f"/msg/{message['id']}/endpoint",
    ):  # fmt: skip
        answer = await admin.ask("GET", admin.app + path, stranger)
        assert answer.status_code == 404, path
    # Neither by way of the stranger's own application.
    theirs = (await admin.ask("GET", "/app", stranger)).json()["data"][0]["id"]
    for path in (f"/endpoint/{endpoint}", f"/msg/{message['id']}", f"/attempt/msg/{message['id']}"):
        assert (await admin.ask("GET", f"/app/{theirs}{path}", stranger)).status_code == 404
    resend = f"/app/{theirs}/msg/{message['id']}/endpoint/{endpoint}/resend"
    assert (await admin.ask("POST", resend, stranger, json={})).status_code == 404


# Secrets


async def test_p20_no_secret_of_an_endpoint_is_readable_in_the_database(admin: Admin):
    url = admin.receiver.url.replace("http://", "http://ann:pass-in-url@") + "/hook"
    endpoint = await admin.endpoint()
    await admin.do("PATCH", f"{admin.app}/endpoint/{endpoint}", json={"url": url})
    await admin.do("PUT", f"{admin.app}/endpoint/{endpoint}/headers",
                   json={"headers": {"x-api-key": "secret-in-header"}})  # fmt: skip
    body = {"code": "function handler(w) { return w; }", "variables": {"k": "secret-in-variable"}}
    await admin.do("PATCH", f"{admin.app}/endpoint/{endpoint}/transformation", json=body)
    secret = (await admin.do("GET", f"{admin.app}/endpoint/{endpoint}/secret"))["key"]
    rotated = await admin.do("POST", f"{admin.app}/endpoint/{endpoint}/secret/rotate", json={},
                             headers={"idempotency-key": "r"})  # fmt: skip
    token = await admin.portal("ViewBase")
    await admin.tried(await admin.message())
    database, kept = admin.server.services.database, ""
    for table in ("webhook_endpoints", "webhook_attempts", "webhook_answers", "portal_tokens"):
        rows = await asyncio.to_thread(admin.server.do, database.fetch(f"SELECT * FROM {table}"))
        kept += str([tuple(row) for row in rows])
    for one in (
        "pass-in-url", "secret-in-header", "secret-in-variable", secret, secret.removeprefix("whsec_"),
        rotated["key"], token,
    ):  # fmt: skip
        assert one not in kept


async def test_p08_at_most_ten_old_secrets_stay_valid(admin: Admin):
    endpoint = await admin.endpoint()
    rotate = f"{admin.app}/endpoint/{endpoint}/secret/rotate"
    for _ in range(10):
        await admin.do("POST", rotate, json={})
    refused = await admin.ask("POST", rotate, json={})
    assert (refused.status_code, refused.json()["code"]) == (400, "limit_reached")
    message = await admin.message()
    await admin.tried(message)
    [arrived] = admin.receiver.got()
    assert len(arrived.headers["webhook-signature"].split(" ")) == 11


async def test_an_ed25519_endpoint_shows_its_public_key(admin: Admin):
    secret = "whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8DoQe/884Qvh1w3RjnS8CZZ+TWMJulDV8d3IZkElUxuA=="
    endpoint = await admin.endpoint(secret=secret)
    shown = await admin.do("GET", f"{admin.app}/endpoint/{endpoint}/secret")
    assert shown["key"] == "whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
    await admin.tried(await admin.message())
    assert admin.receiver.got()[0].headers["svix-signature"].startswith("v1a,")


# Searching


async def test_events_are_found_by_connection_resource_type_and_id(server: Server, admin: Admin):
    admin.house = await asyncio.to_thread(server.organization, "wms")
    uid = admin.house.uids["wms"]
    endpoint = await admin.endpoint(eventTypes=["warehouse.updated", "order.updated"])
    told = await admin.do("GET", f"{admin.app}/msg", params={"tag": f"connection/{uid}", "limit": 250})
    assert {one["eventType"] for one in told["data"]} >= {"connection.historical-sync-completed"}
    created = [one for one in told["data"] if one["eventType"] == "connection.created"]
    assert created[0]["payload"]["data"]["access_token"] == admin.house.tokens["wms"]
    hidden = await admin.do("GET", f"{admin.app}/msg/{created[0]['id']}", params={"with_content": "false"})
    assert hidden["payload"] == {}
    both = {"tag": [f"connection/{uid}", "resource/none"]}
    assert (await admin.do("GET", f"{admin.app}/msg", params=both))["data"] == []
    assert (await admin.do("GET", f"{admin.app}/attempt/endpoint/{endpoint}"))["data"] == []


async def test_lists_are_walked_in_both_directions_and_by_date(admin: Admin):
    made = [(await admin.message(tags=["t"] if n % 2 else ["u"]))["id"] for n in range(7)]
    newest_first = list(reversed(sorted(made)))
    walked, query, pages = [], {"limit": "3"}, []
    while True:
        page = await admin.do("GET", f"{admin.app}/msg", params=query)
        pages.append(page)
        walked += [one["id"] for one in page["data"]]
        if page["done"]:
            break
        query["iterator"] = page["iterator"]
    assert walked == newest_first
    back = await admin.do(
        "GET", f"{admin.app}/msg", params={"limit": "3", "iterator": pages[-1]["prevIterator"]}
    )
    assert [one["id"] for one in back["data"]] == newest_first[3:6]
    assert back["prevIterator"].startswith("-")
    after = await admin.do("GET", f"{admin.app}/msg", params={"after": ago(minutes=1)})
    assert [one["id"] for one in after["data"]] == sorted(made), "after alone lists oldest first"
    assert (await admin.do("GET", f"{admin.app}/msg", params={"before": ago(minutes=1)}))["data"] == []
    tagged = await admin.do("GET", f"{admin.app}/msg", params={"tag": "t"})
    assert len(tagged["data"]) == 3
    for bad in ({"limit": "251"}, {"limit": "0"}, {"order": "up"}, {"after": "yesterday"}):
        assert (await admin.ask("GET", f"{admin.app}/msg", params=bad)).status_code == 422


async def test_attempts_are_found_by_status_code_class_type_and_tag(admin: Admin):
    endpoint = await admin.endpoint()
    admin.receiver.answer("/hook", status(404), times=1)
    failed = await admin.message(tags=["red"])
    await admin.tried(failed)
    good = await admin.message(eventType="order.created", tags=["green"])
    await admin.tried(good)
    path = f"{admin.app}/attempt/endpoint/{endpoint}"
    for query, expected in (
        ({"status": "2"}, failed), ({"status": "0"}, good), ({"status_code_class": "400"}, failed),
        ({"status_code_class": "200"}, good), ({"tag": "red"}, failed),
        ({"event_types": "order.created,x"}, good), ({"event_types[]": "order.updated"}, failed),
    ):  # fmt: skip
        found = await admin.do("GET", path, params=query)
        assert [one["msgId"] for one in found["data"]] == [expected["id"]], query
    stands = (await admin.do("GET", f"{admin.app}/endpoint/{endpoint}/msg"))["data"]
    assert {one["id"]: one["statusText"] for one in stands} == {
        failed["id"]: "sending", good["id"]: "success",
    }  # fmt: skip
    assert [one["nextAttempt"] is None for one in stands] == [
        one["statusText"] == "success" for one in stands
    ]
    counts = await admin.do("GET", f"{admin.app}/endpoint/{endpoint}/stats")
    assert counts == {"success": 1, "pending": 0, "fail": 0, "sending": 1, "canceled": 0}


async def test_the_headers_of_an_attempt_are_shown_without_what_is_secret(admin: Admin):
    await admin.endpoint(headers={"authorization": "Bearer t", "x-mine": "1"})
    message = await admin.message()
    [attempt] = await admin.tried(message)
    shown = await admin.do("GET", f"{admin.app}/msg/{message['id']}/attempt/{attempt['id']}/headers")
    assert shown["sensitive"] == ["authorization"]
    assert shown["sentHeaders"]["x-mine"] == "1"
    assert shown["sentHeaders"]["webhook-id"] == message["id"]
    assert "server" in dict(shown["responseHeaders"])


# Sending again


async def test_recover_and_replay_bring_back_what_is_missing_or_failed(admin: Admin):
    admin.receiver.answer("/hook", status(500))
    before = await admin.message(payload={"n": "before"})
    endpoint = await admin.endpoint(eventTypes=["order.updated"])
    failed = await admin.message(payload={"n": "failed"})
    await admin.message(eventType="order.created", payload={"n": "not theirs"})
    await admin.tried(failed)
    admin.receiver.answer("/hook", status(200))
    path = f"{admin.app}/endpoint/{endpoint}"
    assert await admin.task(f"{path}/recover") == 1
    attempts = await admin.tried(failed, 2)
    assert sorted((one["status"], one["triggerType"]) for one in attempts) == [(0, 1), (2, 0)]
    assert await admin.task(f"{path}/recover") == 0, "a success ends it"
    assert await admin.task(f"{path}/replay-missing") == 1
    await admin.tried(before)
    assert await admin.task(f"{path}/replay-missing") == 0
    assert await admin.task(f"{path}/bulk-replay", eventTypes=["order.updated"]) == 2
    assert await admin.task(f"{path}/bulk-replay", status=2) == 0
    assert await admin.task(f"{path}/bulk-replay", statusCodeClass=200) == 2
    refused = await admin.ask("POST", f"{path}/recover", json={"since": ago(days=15)})
    assert refused.status_code == 422


async def test_a_disabled_endpoint_is_not_tried_by_hand_either(admin: Admin):
    endpoint = await admin.endpoint(disabled=True)
    message = await admin.message()
    path = f"{admin.app}/msg/{message['id']}/endpoint/{endpoint}/resend"
    assert (await admin.ask("POST", path, json={})).status_code == 400


async def test_a_payload_expires_when_its_time_is_over(admin: Admin):
    message = await admin.message(payloadRetentionHours=1)
    services = admin.server.services
    from crossdock.store.webhooks import messages

    later = services.clock() + 3_700_000
    await asyncio.to_thread(admin.server.do, messages.expire(services.database, later, 100))
    shown = await admin.do("GET", f"{admin.app}/msg/{message['id']}")
    assert shown["payload"] == {"expired": True}


# Operational webhooks


async def test_the_operator_is_told_when_endpoints_change(admin: Admin):
    await admin.do("POST", "/operational-webhook/endpoint", json={"url": f"{admin.receiver.url}/ops"})
    endpoint = await admin.endpoint(uid="mine")
    path = f"{admin.app}/endpoint/{endpoint}"
    await admin.do("PATCH", path, json={"disabled": True})
    await admin.do("PATCH", path, json={"disabled": False})
    await admin.do("DELETE", path)

    async def look() -> bool:
        return len(admin.receiver.got("/ops")) >= 6

    await admin.until(look)
    told = [one.json for one in admin.receiver.got("/ops")]
    assert sorted(one["type"] for one in told) == [
        "endpoint.created", "endpoint.deleted", "endpoint.disabled", "endpoint.enabled", "endpoint.updated",
        "endpoint.updated",
    ]  # fmt: skip
    assert {one["data"]["endpointUid"] for one in told} == {"mine"}
    assert "operational" not in (await admin.ask("GET", "/app")).text


# Large events, and the catalogue


async def test_the_whole_of_a_large_event_is_behind_a_link_that_works_for_20_minutes(server: Server):
    house = await asyncio.to_thread(server.organization, "wms")
    [first] = house.get("/events", None, limit="1").json()["data"]
    link = house.get(f"/events/{first['id']}/data", None).json()["download_url"]
    assert (await asyncio.to_thread(httpx.get, link)).json() == first["body"]
    forged = link.replace("signature=", "signature=0")
    assert (await asyncio.to_thread(httpx.get, forged)).status_code == 403
    other = await asyncio.to_thread(server.organization)
    assert other.get(f"/events/{first['id']}/data", None).status_code == 404


def test_every_event_type_of_ours_has_an_example_that_is_what_the_contract_promises():
    import json

    import msgspec
    import yaml
    from jsonschema import Draft202012Validator

    from crossdock.resources.event_types import event_types

    text = needs_shared("contract", "webhooks.openapi.yaml").read_text()
    components = yaml.load(text, Loader=yaml.CSafeLoader)["components"]
    checked = 0
    for name in event_types():
        schema = "Event_" + "".join(c if c.isalnum() else "_" for c in name)
        if schema not in components["schemas"]:
            assert name.endswith(".deleted"), name
            continue
        known = ours(name).schemas or {}
        example = json.loads(msgspec.json.encode(known["1"]["examples"][0]))
        asked = {"$ref": f"#/components/schemas/{schema}", "components": components}
        assert list(Draft202012Validator(asked).iter_errors(example)) == [], name
        Draft202012Validator(known["1"]).validate(example)
        checked += 1
    assert checked >= 40
