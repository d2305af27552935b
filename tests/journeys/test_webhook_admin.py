"""Managing webhooks over HTTP: one answer to a repeated request, searching, replaying."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from crossdock.svix_api.operations import OPERATIONS
from crossdock.webhooks.event_types import ours
from tests.conftest import needs_shared
from tests.fakes.hook_receiver import status
from tests.journeys.admin import Admin, admin, ago
from tests.journeys.admin_contract import operations
from tests.journeys.server import Server

Json = dict[str, Any]

__all__ = ["admin"]


def test_every_operation_of_the_contract_is_offered_and_no_other():
    needs_shared("contract", "webhook-admin.openapi.yaml")
    offered = {(operation.method, f"/api/v1{operation.path}"): operation.id for operation in OPERATIONS}
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
    maps = [*map(str, fault["loc"])]
    assert maps[0] == "body"
    assert where == "" or where in ".".join(maps) or where in fault["msg"]


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


async def test_a_raw_payload_is_sent_byte_for_byte_with_the_type_it_has(admin: Admin):
    await admin.endpoint()
    params = {"rawPayload": "<a>  ü </a>", "headers": {"content-type": "application/xml"}}
    message = await admin.message(payload={}, transformationsParams=params)
    await admin.tried(message)
    [arrived] = admin.receiver.got()
    assert arrived.body == "<a>  ü </a>".encode()
    assert arrived.headers["content-type"] == "application/xml"
    wrong: list[Json] = [{"rawPayload": 1}, {"headers": {"content-type": "a\nb"}}, {"headers": []}]
    for bad in wrong:
        body = {"eventType": "a", "payload": {}, "transformationsParams": bad}
        assert (await admin.ask("POST", f"{admin.app}/msg", json=body)).status_code == 422


async def test_a_message_for_later_waits_until_then(admin: Admin):
    endpoint = await admin.endpoint()
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    message = await admin.message(deliverAt=later)
    await admin.tried(await admin.message(payload={"n": "now"}))
    assert [item.json for item in admin.receiver.got()] == [{"n": "now"}]
    [stand] = (await admin.do("GET", f"{admin.app}/msg/{message['id']}/endpoint"))["data"]
    assert (stand["id"], stand["statusText"]) == (endpoint, "pending")
    assert stand["nextAttempt"][:16] == later[:16]


# Idempotency


async def test_the_same_request_twice_is_one_message_and_one_answer(admin: Admin):
    key = {"idempotency-key": uuid.uuid4().hex}
    body = {"eventType": "order.updated", "payload": {"n": 1}}
    answers = await asyncio.gather(
        *(admin.ask("POST", f"{admin.app}/msg", json=body, headers=key) for _ in range(8))
    )
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
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


# Searching


async def test_events_are_found_by_connection_resource_type_and_id(server: Server, admin: Admin):
    admin.house = await asyncio.to_thread(server.organization, "wms")
    uid = admin.house.uids["wms"]
    endpoint = await admin.endpoint(eventTypes=["warehouse.updated", "order.updated"])
    body = await admin.do("GET", f"{admin.app}/msg", params={"tag": f"connection/{uid}", "limit": 250})
    assert {record["eventType"] for record in body["data"]} >= {"connection.historical-sync-completed"}
    created = [record for record in body["data"] if record["eventType"] == "connection.created"]
    assert created[0]["payload"]["data"]["access_token"] == "ct_***"
    hidden = await admin.do("GET", f"{admin.app}/msg/{created[0]['id']}", params={"with_content": "false"})
    assert hidden["payload"] == {}
    both = {"tag": [f"connection/{uid}", "resource/none"]}
    assert (await admin.do("GET", f"{admin.app}/msg", params=both))["data"] == []
    assert (await admin.do("GET", f"{admin.app}/attempt/endpoint/{endpoint}"))["data"] == []


async def test_lists_are_walked_in_both_directions_and_by_date(admin: Admin):
    ids = [(await admin.message(tags=["t"] if n % 2 else ["u"]))["id"] for n in range(7)]
    newest_first = list(reversed(sorted(ids)))
    walked, query, pages = [], {"limit": "3"}, []
    while True:
        page = await admin.do("GET", f"{admin.app}/msg", params=query)
        pages.append(page)
        walked += [record["id"] for record in page["data"]]
        if page["done"]:
            break
        query["iterator"] = page["iterator"]
    assert walked == newest_first
    back = await admin.do(
        "GET", f"{admin.app}/msg", params={"limit": "3", "iterator": pages[-1]["prevIterator"]}
    )
    assert [record["id"] for record in back["data"]] == newest_first[3:6]
    assert back["prevIterator"].startswith("-")
    after = await admin.do("GET", f"{admin.app}/msg", params={"after": ago(minutes=1)})
    assert [record["id"] for record in after["data"]] == sorted(ids), "after alone lists oldest first"
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
        body = await admin.do("GET", path, params=query)
        assert [record["msgId"] for record in body["data"]] == [expected["id"]], query
    stands = (await admin.do("GET", f"{admin.app}/endpoint/{endpoint}/msg"))["data"]
    assert {stand["id"]: stand["statusText"] for stand in stands} == {
        failed["id"]: "sending", good["id"]: "success",
    }  # fmt: skip
    assert [stand["nextAttempt"] is None for stand in stands] == [
        stand["statusText"] == "success" for stand in stands
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
    assert sorted((attempt["status"], attempt["triggerType"]) for attempt in attempts) == [(0, 1), (2, 0)]
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
    bodies = [item.json for item in admin.receiver.got("/ops")]
    assert sorted(body["type"] for body in bodies) == [
        "endpoint.created", "endpoint.deleted", "endpoint.disabled", "endpoint.enabled", "endpoint.updated",
        "endpoint.updated",
    ]  # fmt: skip
    assert {body["data"]["endpointUid"] for body in bodies} == {"mine"}
    assert "operational" not in (await admin.ask("GET", "/app")).text


# Large events, and the catalogue


async def test_the_whole_of_a_large_event_is_behind_a_link_that_works_for_20_minutes(server: Server):
    house = await asyncio.to_thread(server.organization, "wms")
    [first] = house.get("/events", None, limit="1").json()["data"]
    link = house.get(f"/events/{first['id']}/data", None).json()["download_url"]
    assert (await asyncio.to_thread(httpx.get, link)).json() == first["body"]
    forged = link.replace("signature=", "signature=0")
    assert (await asyncio.to_thread(httpx.get, forged)).status_code == 403
    other_organization = await asyncio.to_thread(server.organization)
    assert other_organization.get(f"/events/{first['id']}/data", None).status_code == 404


def test_every_event_type_of_ours_has_an_example_that_is_what_the_contract_promises():
    import json

    import msgspec
    import yaml
    from jsonschema import Draft202012Validator

    from crossdock.resources.event_types import event_types, extension_types

    text = needs_shared("contract", "webhooks.openapi.yaml").read_text()
    components = yaml.load(text, Loader=yaml.CSafeLoader)["components"]
    checked = 0
    for name in event_types():
        schema = "Event_" + "".join(c if c.isalnum() else "_" for c in name)
        if schema not in components["schemas"]:
            assert name in extension_types(), name
            continue
        known_schemas = ours(name).schemas or {}
        example = json.loads(msgspec.json.encode(known_schemas["1"]["examples"][0]))
        fields = {"$ref": f"#/components/schemas/{schema}", "components": components}
        assert list(Draft202012Validator(fields).iter_errors(example)) == [], name
        Draft202012Validator(known_schemas["1"]).validate(example)
        checked += 1
    assert checked >= 40
