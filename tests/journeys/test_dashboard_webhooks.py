"""The dashboard's pages about webhooks over HTTP: endpoints, messages, bulk work, event types, scripts."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from crossdock.dashboard.webhooks.area import WEBHOOK_PAGES
from tests.conftest import Clock
from tests.fakes.receiver import Receiver
from tests.journeys.account import Desk, opened_desk
from tests.journeys.server import Organization, Server, until
from tests.journeys.test_dashboard import Office, office

HOSTILE = '"><img src=x onerror=alert(1)>'


class RunningClock(Clock):
    """The time that the worker has, too."""

    def __call__(self) -> int:
        return int(time.time() * 1000)


@pytest.fixture(scope="module")
def desk(server: Server) -> Iterator[Desk]:
    """A desk whose clock tells the time that messages are told at."""
    with opened_desk(server, RunningClock()) as opened:
        yield opened


@pytest.fixture(scope="module")
def house(desk: Desk) -> Organization:
    return desk.server.organization()


@pytest.fixture(scope="module")
def owner(desk: Desk, house: Organization) -> Office:
    return office(desk, house)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as started:
        yield started


def hooks(house: Organization) -> str:
    return f"/webhooks/{house.id}"


def made(owner: Office, house: Organization, receiver: Receiver, **fields: str) -> str:
    """A new endpoint, by its form."""
    answer = post(owner, f"{hooks(house)}/new", url=f"{receiver.url}/hook", **fields)
    assert answer.status_code == 303, answer.text
    path: str = answer.headers["location"].partition("?")[0]
    return path.rpartition("/")[2]


def post(owner: Office, path: str, **fields: str) -> httpx.Response:
    """What a form is answered; as JSON with `json`."""
    headers = {"accept": "application/json"} if fields.pop("json", "") else {}
    person = owner.person
    return person.http.post(
        f"{person.url}/dashboard{path}", data={"csrf_token": person.csrf} | fields,
        headers={"origin": person.url} | headers,
    )  # fmt: skip


def told(house: Organization, **fields: Any) -> str:
    """A message of the administration."""
    body = {"eventType": "order.updated", "payload": {"n": 1}} | fields
    answer = house.http.post(
        f"{house.url}/api/v1/app/{house.id}/msg", json=body, headers={"authorization": f"Bearer {house.key}"}
    )
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def states(owner: Office, house: Organization, message_id: str) -> list[str]:
    page = owner.data(f"{hooks(house)}/messages/{message_id}")
    return [row["statusText"] for row in page["endpoints"]]


def delivered(owner: Office, house: Organization, message_id: str, state: str = "success") -> None:
    until(lambda: states(owner, house, message_id) == [state])


@pytest.fixture
def endpoint(owner: Office, house: Organization, receiver: Receiver) -> Iterator[str]:
    endpoint_id = made(owner, house, receiver, description=HOSTILE)
    yield endpoint_id
    post(owner, f"{hooks(house)}/endpoints/{endpoint_id}/delete", do="delete")


def test_an_endpoint_is_made_changed_switched_and_deleted(
    owner: Office, house: Organization, receiver: Receiver
):
    fields = {
        "types_scope": "some", "type:order.created": "1", "type:order.updated": "1",
        "customers_scope": "some", "customers": "customer-42\ncustomer-43", "rate": "20",
        "headers": "x-tenant: 42\nAuthorization: Bearer abc",
    }  # fmt: skip
    endpoint_id = made(owner, house, receiver, **fields)
    path = f"{hooks(house)}/endpoints/{endpoint_id}"
    page = owner.data(path)
    assert page["endpoint"]["eventTypes"] == ["order.created", "order.updated"]
    assert page["endpoint"]["customerIds"] == ["customer-42", "customer-43"]
    assert page["endpoint"]["throttleRate"] == 20
    assert page["headers"] == {"headers": {"x-tenant": "42"}, "sensitive": ["Authorization"]}
    assert "Bearer abc" not in owner.get(path).text + owner.get(f"{path}/edit").text

    changed = {"url": f"{receiver.url}/other", "headers": "x-tenant: 43", "remove_header:Authorization": "1"}
    assert post(owner, f"{path}/edit", **changed).headers["location"].endswith("done=endpoint_changed")
    page = owner.data(path)
    assert page["endpoint"]["url"].endswith("/other")
    assert (page["endpoint"]["eventTypes"], page["endpoint"]["throttleRate"]) == (None, None)
    assert "customerIds" not in page["endpoint"]
    assert page["headers"] == {"headers": {"x-tenant": "43"}, "sensitive": []}

    post(owner, path, do="disable")
    assert owner.data(path)["status"] == "off"
    post(owner, path, do="enable")
    assert owner.data(path)["status"] == "on"
    assert "Delete it for good" in owner.get(f"{path}/delete").text
    post(owner, f"{path}/delete", do="delete")
    assert owner.get(path).status_code == 404
    assert owner.data(hooks(house))["endpoints"] == []


@pytest.mark.parametrize(
    ("fields", "member"),
    [
        ({"url": "ftp://x"}, "url"), ({"rate": "many"}, "throttleRate"), ({"headers": "no colon"}, "headers"),
        ({"headers": "host: x"}, "headers"), ({"types_scope": "some"}, "eventTypes"),
        ({"connections_scope": "some", "connections": "none-such"}, "connectionIds"),
    ],
)  # fmt: skip
def test_a_form_that_is_wrong_says_where_and_keeps_what_was_written(
    owner: Office, house: Organization, receiver: Receiver, fields: dict[str, str], member: str
):
    sent = {"url": f"{receiver.url}/hook", "description": "kept"} | fields
    answer = post(owner, f"{hooks(house)}/new", **sent)
    assert answer.status_code == 422
    assert 'value="kept"' in answer.text
    twin = post(owner, f"{hooks(house)}/new", json="1", **sent).json()
    assert list(twin["faults"]) == [member]


def test_an_endpoint_for_nobody_yet_stays_so_when_it_is_changed(
    owner: Office, house: Organization, receiver: Receiver, endpoint: str
):
    path = f"{hooks(house)}/endpoints/{endpoint}"
    post(owner, f"{path}/edit", url=f"{receiver.url}/hook", connections_scope="some", connections="")
    assert owner.data(path)["endpoint"]["connectionIds"] == []
    form = owner.data(f"{path}/edit")["form"]
    assert (form["connections_scope"], form["connections"]) == ("some", "")


def test_a_secret_is_shown_to_who_asks_and_may_and_the_audit_log_says_so(
    desk: Desk, owner: Office, house: Organization, endpoint: str
):
    path = f"{hooks(house)}/endpoints/{endpoint}/secret"
    assert "whsec_" not in owner.get(path).text
    answer = post(owner, path, do="reveal")
    assert (answer.status_code, "whsec_" in answer.text) == (200, True)
    assert answer.headers["cache-control"] == "no-store"
    assert endpoint in [entry.subject for entry in desk.audit(house.id, "endpoint.secret_seen")]
    before = post(owner, path, json="1", do="reveal").json()["key"]
    after = post(owner, path, json="1", do="rotate", grace="week").json()["key"]
    assert after != before
    assert post(owner, path, do="rotate", grace="ever").status_code == 422
    viewer = office(desk, house, "viewer")
    assert post(viewer, path, do="reveal").status_code == 403
    assert viewer.get(path).status_code == 403


def test_a_viewer_looks_and_finds_no_button(desk: Desk, owner: Office, house: Organization, endpoint: str):
    viewer, message = office(desk, house, "viewer"), told(house)
    delivered(owner, house, message)
    for path in ("", f"/endpoints/{endpoint}", "/messages", f"/messages/{message}", "/events", "/statistics"):
        answer = viewer.get(f"{hooks(house)}{path}")
        assert answer.status_code == 200
        assert 'name="do"' not in answer.text
        assert f"{hooks(house)}/new" not in answer.text
    for path in (f"/endpoints/{endpoint}/edit", "/bulk", f"/resend?message={message}", "/new"):
        assert viewer.get(f"{hooks(house)}{path}").status_code == 403
    assert post(viewer, f"{hooks(house)}/messages/{message}", do="resend").status_code == 403


def test_a_payload_is_shown_exactly_and_attempts_with_request_and_answer(
    owner: Office, house: Organization, receiver: Receiver, endpoint: str
):
    receiver.answers = [500]
    body = '{"eventType":"order.updated","payload":{"a":12345678901234567890,"b":1.10,"c":1e2}}'
    answer = house.http.post(
        f"{house.url}/api/v1/app/{house.id}/msg", content=body,
        headers={"authorization": f"Bearer {house.key}", "content-type": "application/json"},
    )  # fmt: skip
    message = answer.json()["id"]
    until(lambda: owner.data(f"{hooks(house)}/messages/{message}")["attempts"])
    text = owner.get(f"{hooks(house)}/messages/{message}").text
    for number in ("12345678901234567890", "1.10", "1e2"):
        assert number in text
    attempt = owner.data(f"{hooks(house)}/messages/{message}")["attempts"][-1]
    page = owner.data(f"{hooks(house)}/messages/{message}/attempts/{attempt['id']}")
    assert page["attempt"]["responseStatusCode"] == 500
    assert page["headers"]["sentHeaders"]["webhook-id"] == message
    text = owner.get(f"{hooks(house)}/messages/{message}/attempts/{attempt['id']}").text
    assert "webhook-id" in text
    assert f"{receiver.url}/hook" in text
    assert endpoint in text


def test_a_message_is_sent_again_by_hand(
    owner: Office, house: Organization, receiver: Receiver, endpoint: str
):
    message = told(house)
    delivered(owner, house, message)
    path = f"{hooks(house)}/messages/{message}"
    assert post(owner, path, do="resend", endpoint_id=endpoint).headers["location"].endswith("done=resent")
    until(lambda: len(owner.data(path)["attempts"]) == 2)
    assert owner.data(path)["attempts"][0]["triggerType"] == 1
    assert post(owner, path, do="resend", endpoint_id="none-such").status_code == 404


def test_messages_are_found_by_what_stands_in_the_address(
    owner: Office, house: Organization, receiver: Receiver, endpoint: str
):
    receiver.answers = [410]
    failed = told(house, eventType="order.created", tags=["red", "connection/abc"])
    delivered(owner, house, failed, "sending")
    good = told(house, eventId="evt-1", tags=["red"])
    delivered(owner, house, good)

    def found(**query: str) -> list[str]:
        page = owner.data(f"{hooks(house)}/messages", **query)
        return [line["id"] for line in page["messages"] if line["id"] in (failed, good)]

    assert found() == [good, failed]
    assert found(event_type="order.created") == [failed]
    assert found(tag="red") == [good, failed]
    assert found(connection_id="abc") == [failed]
    assert found(status="sending") == [failed]
    assert found(status="success", endpoint_id=endpoint) == [good]
    assert found(id="evt-1") == [good]
    assert found(id="no such") == []
    assert found(after="2020-01-01T00:00", before="2020-01-02T00:00") == []
    assert owner.get(f"{hooks(house)}/messages", status="lost").status_code == 422
    assert owner.get(f"{hooks(house)}/messages", after="soon").status_code == 422
    line = owner.data(f"{hooks(house)}/messages", id=failed)["messages"][0]
    assert line["states"] == {"sending": 1}


def test_pages_of_messages_go_on_where_the_last_ended(
    owner: Office, house: Organization, endpoint: str, monkeypatch: pytest.MonkeyPatch
):
    ids = [told(house, tags=["paged"]) for _ in range(5)]
    delivered(owner, house, ids[-1])
    until(lambda: states(owner, house, ids[0]) == ["success"])
    monkeypatch.setattr("crossdock.dashboard.webhooks.messages.PAGE", 2)
    for extra in ({}, {"status": "success"}):
        seen, token = [], ""
        while True:
            query = {"tag": "paged", "page_token": token} | extra
            page = owner.data(f"{hooks(house)}/messages", **query)
            seen += [line["id"] for line in page["messages"]]
            token = page["next_token"] or ""
            if not token:
                break
        assert seen == ids[::-1], extra


def test_a_selection_is_sent_again_after_its_number_was_shown(
    owner: Office, house: Organization, receiver: Receiver, endpoint: str
):
    ids = [told(house) for _ in range(3)]
    for message in ids:
        delivered(owner, house, message)
    address = f"{owner.person.url}/dashboard{hooks(house)}/resend?message={ids[0]}&message={ids[1]}"
    page = owner.person.http.get(f"{address}&endpoint_id={endpoint}")
    assert "Send 2 again" in page.text
    sent = {"do": "resend", "messages": f"{ids[0]} {ids[1]} none-such", "endpoint_id": endpoint}
    result = post(owner, f"{hooks(house)}/resend", json="1", **sent).json()
    assert (result["sent"], list(result["refused"])) == (ids[:2], ["none-such"])
    until(lambda: len(owner.data(f"{hooks(house)}/messages/{ids[1]}")["attempts"]) == 2)
    assert len(owner.data(f"{hooks(house)}/messages/{ids[2]}")["attempts"]) == 1
    assert "None is ticked" in owner.get(f"{hooks(house)}/resend").text


def done(owner: Office, location: str) -> dict[str, Any]:
    """The bulk work that a form has begun, once it is over."""
    query = dict([location.partition("?")[2].replace("%2C", ",").split("=", 1)])
    path = "/webhooks/" + location.partition("?")[0].rpartition("/webhooks/")[2]
    until(lambda: not owner.data(path, **query)["is_running"])
    page: dict[str, Any] = owner.data(path, **query)
    return page


def test_all_that_match_are_sent_again_and_as_many_as_was_said(
    owner: Office, house: Organization, receiver: Receiver, endpoint: str
):
    ids = [told(house, tags=["bulk"]) for _ in range(3)]
    told(house, tags=["other"])
    for message in ids:
        delivered(owner, house, message)
    asked = {"kind": "replay", "tag": "bulk"}
    page = owner.data(f"{hooks(house)}/bulk", **asked)
    assert (page["total"], [target["id"] for target in page["targets"]]) == (3, [endpoint])
    text = owner.get(f"{hooks(house)}/bulk", **asked).text
    assert "Send 3 again" in text
    begun = post(owner, f"{hooks(house)}/bulk", do="replay", tag="bulk", **{f"endpoint:{endpoint}": "1"})
    assert done(owner, begun.headers["location"])["tasks"][0]["data"] == {"messagesSent": 3}
    until(lambda: len(owner.data(f"{hooks(house)}/messages/{ids[0]}")["attempts"]) == 2)
    assert owner.data(f"{hooks(house)}/tasks")["tasks"]
    assert post(owner, f"{hooks(house)}/bulk", do="replay").status_code == 422
    answer = owner.get(f"{hooks(house)}/bulk", kind="replay", tag="a", connection_id="b")
    assert (answer.status_code, "take the others away" in answer.text) == (422, True)


def test_what_failed_is_recovered_and_what_was_never_tried_is_replayed(
    owner: Office, house: Organization, receiver: Receiver, endpoint: str
):
    path = f"{hooks(house)}/endpoints/{endpoint}"
    receiver.answers = [500, 500]
    failed = [told(house), told(house)]
    for message in failed:
        delivered(owner, house, message, "sending")
    query = {"kind": "recover", "endpoint_id": endpoint}
    assert owner.data(f"{hooks(house)}/bulk", **query)["total"] == 2
    begun = post(owner, f"{hooks(house)}/bulk", do="recover", **{f"endpoint:{endpoint}": "1"})
    assert done(owner, begun.headers["location"])["tasks"][0]["data"] == {"messagesSent": 2}
    for message in failed:
        delivered(owner, house, message)
    assert owner.data(f"{hooks(house)}/bulk", **query)["total"] == 0

    post(owner, path, do="disable")
    missed = told(house, tags=["missed"])
    assert owner.data(f"{hooks(house)}/bulk", kind="replay_missing")["targets"][0]["disabled"] is True
    post(owner, path, do="enable")
    before = owner.data(f"{hooks(house)}/bulk", kind="replay_missing", endpoint_id=endpoint)["total"]
    assert before >= 1
    chosen = {f"endpoint:{endpoint}": "1"}
    begun = post(owner, f"{hooks(house)}/bulk", do="replay_missing", **chosen)
    assert done(owner, begun.headers["location"])["tasks"][0]["data"] == {"messagesSent": before}
    delivered(owner, house, missed)


def test_an_event_type_has_a_schema_an_example_and_a_test(
    owner: Office, house: Organization, receiver: Receiver, endpoint: str
):
    assert owner.data(f"{hooks(house)}/events", text="order.upd")["total"] >= 1
    page = owner.data(f"{hooks(house)}/events/order.updated")
    assert page["example"]["event_type"] == "order.updated"
    assert page["schema"]["type"] == "object"
    payload = '{"price": 1.10, "id": 12345678901234567890}'
    path = f"{hooks(house)}/events/order.updated"
    answer = post(owner, path, do="send", endpoint_id=endpoint, payload=payload)
    assert answer.headers["location"].endswith("done=event_sent")
    until(lambda: receiver.got)
    assert receiver.got[-1].body == b'{"price":1.10,"id":12345678901234567890}'
    answer = post(owner, path, do="send", endpoint_id=endpoint, payload="[1]")
    assert (answer.status_code, "is no JSON object" in answer.text) == (422, True)
    assert owner.get(f"{hooks(house)}/events/no.such").status_code == 404


def test_a_script_is_tried_stored_and_switched_off(
    owner: Office, house: Organization, receiver: Receiver, endpoint: str
):
    path = f"{hooks(house)}/endpoints/{endpoint}/transformation"
    code = "function handler(webhook) {\r\n  webhook.payload = { key: webhook.env.key };\r\nreturn webhook; }"
    fields = {"code": code, "variables": "key=a=b", "event_type": "order.updated", "payload": '{"n": 1}'}
    tried = post(owner, path, json="1", do="try", **fields).json()
    assert tried["outcome"]["payload"] == '{\n  "key": "a=b"\n}'
    assert owner.data(path)["is_on"] is False
    post(owner, path, do="save", **fields)
    page = owner.data(path)
    assert (page["is_on"], page["variables"], "\r" in page["code"]) == (True, "key=a=b", False)
    post(owner, path, do="switch_off")
    assert owner.data(path)["is_on"] is False
    answer = post(owner, path, do="try", **fields | {"code": "function handler(webhook) { throw 'no' }"})
    assert (answer.status_code, "no" in answer.text) == (422, True)
    secret = post(owner, path, do="try", **fields | {"variables": "s3cret"})
    assert (secret.status_code, "without a name" in secret.text) == (422, True)


def test_failures_are_grouped_by_kind_and_endpoint(
    owner: Office, house: Organization, receiver: Receiver, endpoint: str
):
    receiver.answers = [401, 401, 503]
    for message in [told(house) for _ in range(3)]:
        delivered(owner, house, message, "sending")
    page = owner.data(f"{hooks(house)}/statistics")
    groups = {
        (line["kind"], line["code"]): line["count"]
        for line in page["failures"]
        if line["endpoint_id"] == endpoint
    }
    assert groups == {("unauthorized", 401): 2, ("receiver_fault", 503): 1}
    sums = next(line for line in page["endpoints"] if line["id"] == endpoint)
    assert (sums["attempts"], sums["failed"]) == (3, 3)
    assert sum(bar["count"] for bar in page["chart"]["bars"]) >= 3
    for period in ("week", "month"):
        assert owner.data(f"{hooks(house)}/statistics", period=period)["failed"] >= 3
    assert owner.get(f"{hooks(house)}/statistics", period="age").status_code == 422


def test_every_page_shows_hostile_texts_as_text(
    owner: Office, house: Organization, receiver: Receiver, endpoint: str
):
    message = told(house, payload={"x": HOSTILE})
    delivered(owner, house, message)
    attempt = owner.data(f"{hooks(house)}/messages/{message}")["attempts"][0]["id"]
    values = {
        "app_id": house.id, "endpoint_id": endpoint, "msg_id": message, "attempt_id": attempt,
        "name": "order.updated",
    }  # fmt: skip
    walked = 0
    for operation in WEBHOOK_PAGES:
        if operation.method == "GET":
            answer = owner.get(operation.path.format(**values), text=HOSTILE, tag="x", message=HOSTILE)
            assert answer.status_code == 200, operation.path
            assert "<img src=x" not in answer.text, operation.path
            walked += 1
    assert walked > 12


def test_pages_of_another_application_are_named_by_it(owner: Office, house: Organization):
    answer = house.http.post(
        f"{house.url}/api/v1/app", json={"name": "Second"}, headers={"authorization": f"Bearer {house.key}"}
    )
    second = answer.json()["id"]
    page = owner.data(f"/webhooks/{second}")
    assert (page["app_id"], len(page["applications"])) == (second, 2)
    assert f"dashboard/webhooks/{second}/messages" in owner.get(f"/webhooks/{second}").text


def test_who_only_looks_sees_no_password_in_the_url_of_an_endpoint(
    desk: Desk, owner: Office, house: Organization, receiver: Receiver
):
    with_password = receiver.url.replace("://", "://ada:sesame-opens@") + "/hook?to=a@b"
    answer = post(owner, f"{hooks(house)}/new", url=with_password)
    endpoint = answer.headers["location"].partition("?")[0].rpartition("/")[2]
    shown = f"{receiver.url}/hook?to=a@b"
    viewer = office(desk, house, "viewer")
    admin, key = f"{house.url}/api/v1", {"authorization": f"Bearer {house.key}"}
    for capabilities, sees in ((["ViewBase"], False), (["ManageEndpoint"], True)):
        body = {"capabilities": capabilities}
        address = f"{admin}/auth/app-portal-access/{house.id}"
        token = house.http.post(address, json=body, headers=key).json()["token"]
        guest = {"authorization": f"Bearer {token}"}
        for path in (f"/app/{house.id}/endpoint", f"/app/{house.id}/endpoint/{endpoint}"):
            text = house.http.get(f"{admin}{path}", headers=guest).text
            assert (shown in text, "sesame-opens" in text) == (not sees, sees)
        for path in ("", f"/endpoints/{endpoint}", f"/endpoints/{endpoint}?format=json"):
            text = house.http.get(f"{house.url}/portal{hooks(house)}{path}", headers=guest).text
            assert ("sesame-opens" in text) == sees, path
    message = told(house)
    delivered(owner, house, message)
    for path in ("", f"/endpoints/{endpoint}", f"/messages/{message}", "/statistics", "/messages"):
        for kind in ("html", "json"):
            assert "sesame-opens" not in viewer.get(f"{hooks(house)}{path}", format=kind).text, path
    assert "sesame-opens" in owner.get(f"{hooks(house)}/endpoints/{endpoint}/edit").text


def test_a_text_that_is_nested_without_end_is_sent_and_shown_as_a_text(owner: Office, house: Organization):
    text = '{"a":' * 3000 + "1" + "}" * 3000
    message = told(house, payload={}, transformationsParams={"rawPayload": text})
    assert owner.data(f"{hooks(house)}/messages/{message}")["message"]["payload"] == {"rawPayload": text}
    assert owner.get(f"{hooks(house)}/messages").status_code == 200
