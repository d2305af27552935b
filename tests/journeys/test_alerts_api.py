"""Channels and alerts over HTTP: made, shown without secrets, tested, deleted; by their owner alone."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from standardwebhooks import Webhook

from tests.fakes.receiver import Receiver
from tests.journeys.server import Organization, Server, until

Json = dict[str, Any]
NO_ONE = "alch_0EEwPUVqc5V5b1oxrTgG8FMV5JI"


@pytest.fixture(scope="module")
def owner(server: Server) -> Organization:
    return server.organization()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as started:
        yield started


def draft(url: str, **members: Any) -> Json:
    return {"name": "On call", "type": "url", "url": url} | members


def made(owner: Organization, url: str, **members: Any) -> Json:
    answer = owner.ask("POST", "/alerts/channels", None, json=draft(url, **members))
    assert answer.status_code == 200, answer.text
    data: Json = answer.json()["data"]
    return data


def test_a_channel_is_made_read_changed_listed_and_deleted(owner: Organization, receiver: Receiver):
    rules = {
        "kinds": ["no_progress"],
        "quiet_hours": {"start": "22:00", "end": "07:00", "time_zone": "Europe/Berlin"},
    }
    channel = made(owner, receiver.url, rules=rules)
    path = f"/alerts/channels/{channel['id']}"
    assert channel["rules"]["quiet_hours"]["time_zone"] == "Europe/Berlin"
    assert channel["rules"]["every_minutes"] == 5
    again = owner.one(path)
    assert again == channel | {"signing_secret": None}
    changed = owner.ask("PATCH", path, None, json={"name": "Night watch", "disabled": True})
    assert changed.json()["data"] | {"updated_date": ""} == again | {
        "name": "Night watch", "disabled": True, "updated_date": "",
    }  # fmt: skip
    assert channel["id"] in [listed["id"] for listed in owner.list("/alerts/channels")]
    assert owner.ask("DELETE", path, None).json()["data"]["name"] == "Night watch"
    for method in ("GET", "DELETE", "PATCH"):
        assert owner.ask(method, path, None, **({"json": {}} if method == "PATCH" else {})).status_code == 404
    assert owner.ask("POST", f"{path}/test", None).status_code == 404


def test_a_connection_that_there_is_not_is_named_and_one_that_is_gone_may_stay(server: Server):
    owner, stranger = server.organization("wms"), server.organization("wms")
    url, mine = "https://hooks.example.com/x", owner.uids["wms"]
    for uid in ("typo", stranger.uids["wms"]):
        body = draft(url, rules={"connection_ids": [mine, uid]})
        answer = owner.ask("POST", "/alerts/channels", None, json=body)
        assert answer.status_code == 422
        assert answer.json()["detail"]["json"] == {
            "rules.connection_ids": [f"there is no connection '{uid}'"]
        }
    channel = made(owner, url, rules={"connection_ids": [mine]})
    path = f"/alerts/channels/{channel['id']}"
    assert owner.ask("DELETE", "/connections", "wms").status_code == 200
    kept = {"rules": {"connection_ids": [mine], "after_minutes": 5}}
    assert owner.ask("PATCH", path, None, json=kept).status_code == 200
    kept["rules"]["connection_ids"] = ["typo"]
    assert owner.ask("PATCH", path, None, json=kept).status_code == 422


def test_a_test_is_sent_at_once_signed_and_its_outcome_is_the_answer(owner: Organization, receiver: Receiver):
    channel = made(owner, receiver.url)
    path = f"/alerts/channels/{channel['id']}/test"
    sent = owner.ask("POST", path, None).json()["data"]
    assert (sent["status"], sent["type"], sent["error"]) == ("sent", "alert.test", None)
    [got] = receiver.got
    message = Webhook(channel["signing_secret"]).verify(got.body, dict(got.headers))
    assert message["type"] == "alert.test"
    receiver.answers = [503]
    failed = owner.ask("POST", path, None).json()["data"]
    assert (failed["status"], failed["error"]) == ("failed", "503")
    log = owner.list("/alerts", channel_id=channel["id"])
    assert [alert["id"] for alert in log] == [failed["id"], sent["id"]]


def test_slack_and_teams_get_their_own_forms(owner: Organization, receiver: Receiver):
    for kind in ("slack", "teams"):
        channel = made(owner, receiver.url, type=kind)
        assert channel["signing_secret"] is None
        owner.ask("POST", f"/alerts/channels/{channel['id']}/test", None)
    assert [sorted(json.loads(got.body)) for got in receiver.got] == [
        ["blocks", "text"],
        ["attachments", "type"],
    ]


def test_what_is_secret_in_a_url_is_never_shown(owner: Organization, receiver: Receiver):
    channel = made(owner, f"{receiver.url}/T0/B0/hush?token=hush")
    path = f"/alerts/channels/{channel['id']}"
    answers = [
        owner.get(path),
        owner.get("/alerts/channels"),
        owner.ask("PATCH", path, None, json={"name": "x"}),
    ]
    answers += [
        owner.ask("POST", f"{path}/test", None),
        owner.get("/alerts"),
        owner.ask("DELETE", path, None),
    ]
    assert channel["url"].endswith("/***")
    for answer in answers:
        assert answer.status_code == 200, answer.text
        assert "hush" not in answer.text


def test_who_does_what_is_in_the_audit_log_without_secrets(
    server: Server, owner: Organization, receiver: Receiver
):
    channel = made(owner, f"{receiver.url}/hush")
    path = f"/alerts/channels/{channel['id']}"
    owner.ask("PATCH", path, None, json={"name": "x"})
    owner.ask("POST", f"{path}/test", None)
    owner.ask("DELETE", path, None)
    look = server.services.database.fetch(
        "SELECT action, actor_kind, address, detail FROM audit_log WHERE subject = ? ORDER BY id",
        channel["id"],
    )
    rows = server.do(look)
    actions = {row[0] for row in rows}
    assert actions == {f"alert_channel.{act}" for act in ("created", "updated", "tested", "deleted")}
    assert {(row[1], row[2]) for row in rows} == {("api_key", "127.0.0.1")}
    assert "hush" not in repr([tuple(row) for row in rows])


def test_others_see_and_change_nothing_of_it(server: Server, owner: Organization, receiver: Receiver):
    channel = made(owner, receiver.url)
    owner.ask("POST", f"/alerts/channels/{channel['id']}/test", None)
    stranger = server.organization()
    path = f"/alerts/channels/{channel['id']}"
    assert stranger.list("/alerts/channels") == []
    assert stranger.list("/alerts") == []
    assert stranger.list("/alerts", channel_id=channel["id"]) == []
    for method, below in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/test")):
        answer = stranger.ask(
            method, path + below, None, **({"json": {"name": "x"}} if method == "PATCH" else {})
        )
        assert answer.status_code == 404
        assert answer.json() == stranger.ask("GET", path, None).json()
    assert owner.one(path)["name"] == "On call"


def test_a_read_only_key_reads_and_changes_nothing(server: Server, owner: Organization, receiver: Receiver):
    channel = made(owner, receiver.url)
    reader = Organization(owner.url, owner.http, owner.id, server.key(owner.id, read_only=True)[1])
    path = f"/alerts/channels/{channel['id']}"
    assert reader.get(path).status_code == 200
    for method, where in (
        ("POST", "/alerts/channels"),
        ("PATCH", path),
        ("DELETE", path),
        ("POST", f"{path}/test"),
    ):
        assert reader.ask(method, where, None, json={}).status_code == 403


def test_pages_of_alerts_hold_all_of_them_once(server: Server, receiver: Receiver):
    owner = server.organization()
    channel = made(owner, receiver.url)
    sent = [
        owner.ask("POST", f"/alerts/channels/{channel['id']}/test", None).json()["data"]["id"]
        for _ in range(5)
    ]
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = owner.get("/alerts", limit="2", **token).json()
        seen += [alert["id"] for alert in page["data"]]
        if page["next_token"] is None:
            break
        token = {"page_token": page["next_token"]}
    assert sorted(seen) == sorted(sent)
    assert seen == sorted(seen, reverse=True)
    assert owner.get("/alerts", page_token="x").status_code == 422


def test_an_organization_has_only_so_many_channels(server: Server, receiver: Receiver):
    owner = server.organization()
    for _ in range(20):
        made(owner, receiver.url)
    answer = owner.ask("POST", "/alerts/channels", None, json=draft(receiver.url))
    assert answer.status_code == 409
    assert answer.json()["error"] == "there are 20 channels already, which is all that there may be"


@pytest.mark.parametrize(
    ("members", "field", "said"),
    [
        ({"name": ""}, "name", "1"),
        ({"name": "x" * 101}, "name", "100"),
        ({"name": "a\u202eb"}, "name", "printable"),
        ({"name": None}, "name", ""),
        ({"type": "sms"}, "type", "'sms'"),
        ({"url": ""}, "url", "must be there"),
        ({"url": "ftp://example.com"}, "url", "is not one that is called"),
        ({"url": "http://169.254.169.254/latest"}, "url", "is not one that is called"),
        ({"url": "http://exa mple.com"}, "url", "a space"),
        ({"url": "x" * 2001}, "url", "2000"),
        ({"emails": ["a@example.com"]}, "emails", "type email"),
        ({"type": "email", "url": ""}, "emails", "1 to 20"),
        ({"type": "email", "url": "", "emails": ["nobody"]}, "emails.0", "'nobody'"),
        ({"type": "email", "url": "", "emails": ["a@b.example\r\nBcc: c@d.example"]}, "emails.0", "Bcc"),
        ({"type": "email", "url": "", "emails": ["a@b.example"] * 2}, "emails", "twice"),
        ({"type": "email", "emails": ["a@b.example"]}, "url", "type email"),
        ({"rules": {"kinds": ["everything"]}}, "rules.kinds", "'everything'"),
        ({"rules": {"kinds": ["queue_backlog"]}}, "rules.kinds", "'queue_backlog'"),
        ({"rules": {"kinds": []}}, "rules.kinds", "1"),
        ({"rules": {"urgent": ["x"]}}, "rules.urgent", "'x'"),
        ({"rules": {"after_minutes": -1}}, "rules.after_minutes", "0"),
        ({"rules": {"after_minutes": 1.5}}, "rules.after_minutes", "whole number"),
        ({"rules": {"every_minutes": 1441}}, "rules.every_minutes", "1440"),
        ({"rules": {"at_least": 0}}, "rules.at_least", "1"),
        ({"rules": {"quiet_hours": {"start": "22:00", "end": "22:00"}}}, "rules.quiet_hours.end", "like"),
        ({"rules": {"quiet_hours": {"start": "24:00", "end": "07:00"}}}, "rules.quiet_hours.start", ""),
        ({"rules": {"quiet_hours": {"start": "22:00"}}}, "rules.quiet_hours.end", "required"),
        (
            {"rules": {"quiet_hours": {"start": "22:00", "end": "07:00", "time_zone": "Mars/Base"}}},
            "rules.quiet_hours.time_zone", "'Mars/Base'",
        ),
        ({"rules": {"colour": "red"}}, "rules.colour", ""),
        ({"colour": "red"}, "colour", ""),
        ({"disabled": "yes"}, "disabled", "true or false"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_field_and_nothing_is_made(
    owner: Organization, receiver: Receiver, members: Json, field: str, said: str
):
    before = len(owner.list("/alerts/channels"))
    answer = owner.ask("POST", "/alerts/channels", None, json=draft(receiver.url) | members)
    assert answer.status_code == 422, answer.text
    assert field in answer.json()["detail"]["json"], answer.text
    assert said in json.dumps(answer.json()["detail"]["json"][field])
    assert len(owner.list("/alerts/channels")) == before


def test_e_mail_without_a_mail_server_is_refused_in_words(owner: Organization):
    body = {"name": "Ops", "type": "email", "emails": ["ops@example.com"]}
    answer = owner.ask("POST", "/alerts/channels", None, json=body)
    assert answer.status_code == 400
    assert "CROSSDOCK_SMTP_URL" in answer.json()["error"]


def test_a_change_that_does_not_fit_changes_nothing(owner: Organization, receiver: Receiver):
    channel = made(owner, receiver.url)
    path = f"/alerts/channels/{channel['id']}"
    before = owner.one(path)
    for change in (
        {"url": "nowhere"},
        {"emails": ["a@b.example"]},
        {"rules": {"kinds": ["x"]}},
        {"type": "slack"},
    ):
        assert owner.ask("PATCH", path, None, json={"name": "y"} | change).status_code == 422
    assert owner.one(path) == before


def test_a_running_server_tells_by_itself(server: Server, receiver: Receiver):
    owner = server.organization()
    channel = made(owner, receiver.url)
    server.do(_left_signal(server, owner))
    until(lambda: owner.list("/alerts", channel_id=channel["id"]))
    until(lambda: owner.list("/alerts", channel_id=channel["id"])[0]["status"] == "sent")
    [alert] = owner.list("/alerts", channel_id=channel["id"])
    assert (alert["opened"], alert["attempts"]) == (1, 1)
    assert "used up all attempts" in alert["text"]


async def _left_signal(server: Server, owner: Organization) -> None:
    from crossdock.alerts.planning import GATHER_MS
    from crossdock.store.alerts import signals
    from crossdock.store.alerts.signals import EXHAUSTED, AlertSignal

    at_ms = server.services.clock() - GATHER_MS  # as if it had been gathered: nobody waits
    async with server.services.database.transaction() as transaction:
        await signals.add(
            transaction, AlertSignal(owner.id, EXHAUSTED, owner.id, "ep_1", at_ms, "hooks.example")
        )
