"""The settings of an organization over HTTP: who may see and change what, and what then holds."""

import csv
import io
from typing import Any

import pytest

from tests.journeys.account import Desk, desk
from tests.journeys.server import Organization
from tests.journeys.test_dashboard import Office, office

__all__ = ["desk"]

OWNERS = ["/settings/sign-on", "/settings/audit-log", "/settings/audit-log/export"]
MANAGERS = ["/settings/keys"]


@pytest.fixture
def house(desk: Desk) -> Organization:
    return desk.server.organization("wms")


@pytest.fixture
def owner(desk: Desk, house: Organization) -> Office:
    return office(desk, house)


@pytest.mark.parametrize("path", OWNERS)
def test_what_is_for_owners_is_for_nobody_else(desk: Desk, house: Organization, path: str):
    assert office(desk, house).get(path).status_code == 200
    for role in ("developer", "viewer"):
        answer = office(desk, house, role).get(path)
        assert answer.status_code == 403
        assert house.id not in answer.text


def test_keys_are_not_for_viewers_and_no_tab_leads_where_a_role_may_not_go(desk: Desk, house: Organization):
    viewer = office(desk, house, "viewer")
    assert viewer.get("/settings/keys").status_code == 403
    text = viewer.get("/settings").text
    for path in [*OWNERS, *MANAGERS]:
        assert path not in text
    assert 'name="do"' not in text


def test_a_key_is_shown_once_works_and_is_revoked(owner: Office, house: Organization):
    answer = owner.send("/settings/keys", do="make", name="warehouse <b>robot</b>", kind="read_only")
    assert answer.status_code == 200
    assert "warehouse &lt;b&gt;robot&lt;/b&gt;" in answer.text
    [key] = [
        word for word in answer.text.replace("<", " ").replace(">", " ").split() if word.startswith("ck_")
    ][:1]
    headers = {"x-trackstar-api-key": key}
    assert house.http.get(f"{house.url}/connections", headers=headers).status_code == 200
    page = owner.get("/settings/keys")
    assert key not in page.text
    shown = next(
        line for line in owner.data("/settings/keys")["keys"] if line["name"].startswith("warehouse")
    )
    assert (shown["works"], key.endswith(shown["ends_with"])) == (True, True)
    assert owner.send("/settings/keys", do="revoke", key_id=shown["id"]).status_code == 303
    assert house.http.get(f"{house.url}/connections", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"name": ""}, "name"),
        ({"name": "n", "expires_in_days": "soon"}, "expires_in_days"),
        ({"name": "n", "expires_in_days": "0"}, "expires_in_days"),
        ({"name": "n", "connection_ids": "nobody's"}, "connection_ids"),
        ({"name": "n", "kind": "mighty"}, "kind"),
    ],
)
def test_a_key_that_can_not_be_is_refused_by_its_field(owner: Office, fields: dict[str, str], name: str):
    before = owner.data("/settings/keys")["keys"]
    answer = owner.send("/settings/keys", do="make", **fields)
    assert (answer.status_code, name in answer.text) == (422, True)
    assert owner.data("/settings/keys")["keys"] == before


def test_somebody_is_invited_gets_another_role_and_is_taken_out(
    desk: Desk, house: Organization, owner: Office
):
    guest = office(desk, house, "viewer")
    answer = owner.send("/settings/members", do="invite", email="new@example.com", role="viewer")
    assert (answer.status_code, "/account/invitation#" in answer.text) == (200, True)
    [invitation] = owner.data("/settings/members")["invitations"]
    owner.send("/settings/members", do="revoke", invitation_id=invitation["id"])
    assert owner.data("/settings/members")["invitations"] == []
    user_id = guest.person.user_id or guest.person.me()["user"]["id"]
    owner.send("/settings/members", do="role", user_id=user_id, role="developer")
    roles = {member["user_id"]: member["role"] for member in owner.data("/settings/members")["members"]}
    assert roles[user_id] == "developer"
    assert guest.get("/settings/keys").status_code == 200
    assert owner.send("/settings/members", do="remove", user_id=user_id).status_code == 303
    assert guest.get("/settings").status_code in (303, 403)


def test_developers_do_not_decide_who_may(desk: Desk, house: Organization):
    developer = office(desk, house, "developer")
    answer = developer.send("/settings/members", do="invite", email="a@example.com", role="owner")
    assert answer.status_code == 403
    assert developer.data("/settings/members")["invitations"] == []
    assert developer.send("/settings", do="defaults", lookback_days="1").status_code == 403


def test_what_holds_for_all_connections_is_changed_and_given_up(owner: Office):
    assert owner.data("/settings")["lookback_days"] is None
    owner.send("/settings", do="defaults", lookback_days="90", sync_events="1", on_demand_holds="function")
    page = owner.data("/settings")
    assert (page["lookback_days"], page["sync_events"], page["on_demand_holds"]) == (90, True, "function")
    for days in ("2000", "-1", "x"):
        answer = owner.send("/settings", do="defaults", lookback_days=days)
        assert (answer.status_code, "lookback_days" in answer.text) == (422, True)
    assert owner.data("/settings")["lookback_days"] == 90
    owner.send("/settings", do="reset")
    page = owner.data("/settings")
    assert (page["lookback_days"], page["sync_events"], page["on_demand_holds"]) == (
        None,
        False,
        "connection",
    )


def switched(owner: Office, kind: str) -> dict[str, bool]:
    lists = owner.data("/settings")["switches"]
    functions: list[Any] = next(entry for entry in lists if entry["type"] == kind)["functions"]
    return {function["name"]: function["is_on"] for function in functions}


def test_a_function_is_switched_off_for_a_type_and_its_records_are_not_offered(
    owner: Office, house: Organization
):
    before = switched(owner, "wms")
    on = {f"on.{name}": "1" for name in before if name != "get_bills"}
    assert owner.send("/settings", do="functions", type="wms", **on).status_code == 303
    assert [name for name, is_on in switched(owner, "wms").items() if not is_on] == ["get_bills"]
    assert all(switched(owner, "cart").values())
    assert house.get("/wms/bills").status_code != 200
    on = {f"on.{name}": "1" for name in before if name != "get_orders"}
    answer = owner.send("/settings", do="functions", type="wms", **on)
    assert (answer.status_code, "get_order_packs needs it" in answer.text) == (422, True)
    assert owner.send("/settings", do="functions", type="boat").status_code == 422


def test_a_channel_is_made_changed_and_deleted_and_its_url_is_no_more_shown(owner: Office):
    url = "http://127.0.0.1:9/services/T000/secret-part"
    answer = owner.send("/settings/notifications", name="On call", type="url", target=url)
    assert (answer.status_code, "whsec_" in answer.text) == (200, True)
    [channel] = owner.data("/settings/notifications")["channels"]
    path = f"/settings/notifications/{channel['id']}"
    assert "secret-part" not in owner.get(path).text
    assert "whsec_" not in owner.get("/settings/notifications").text
    assert [kind["is_on"] for kind in owner.data(path)["kinds"]].count(False) == 0
    rules = {
        "kind.invalid_credentials": "1",
        "after_minutes": "10",
        "quiet_start": "22:00",
        "quiet_end": "07:00",
    }
    assert owner.send(path, do="save", name="Night shift", **rules).status_code == 303
    changed = owner.data(path)["channel"]
    assert changed["name"] == "Night shift"
    assert changed["rules"]["kinds"] == ["invalid_credentials"]
    assert changed["rules"]["after_minutes"] == 10
    assert changed["rules"]["quiet_hours"] == {"start": "22:00", "end": "07:00", "time_zone": "UTC"}
    answer = owner.send(path, do="save", name="x", **rules | {"quiet_end": "25:00"})
    assert answer.status_code == 422
    assert owner.data(path)["channel"] == changed
    owner.send(path, do="disable")
    assert owner.data(path)["channel"]["disabled"] is True
    assert owner.send(path, do="delete").status_code == 303
    assert owner.data("/settings/notifications")["channels"] == []


def test_a_test_that_does_not_arrive_is_told_with_what_came_back(owner: Office):
    owner.send("/settings/notifications", name="Nobody", type="url", target="http://127.0.0.1:9/x")
    [channel] = owner.data("/settings/notifications")["channels"]
    path = f"/settings/notifications/{channel['id']}"
    answer = owner.send(path, do="test")
    assert answer.status_code == 303
    [alert] = owner.data(path)["alerts"]
    assert alert["type"] == "alert.test"
    assert alert["error"]


PNG = b"\x89PNG\r\n\x1a\n" + bytes(60)


def test_the_form_gets_a_name_a_colour_and_a_logo(owner: Office):
    sent = {"name": "Acme", "color": "#1D4ED8", "allowed_origins": "https://a.example\nhttps://b.example"}
    assert owner.send("/settings/branding", do="save", **sent).status_code == 303
    branding = owner.data("/settings/branding")["branding"]
    assert (branding["name"], branding["color"]) == ("Acme", "#1d4ed8")
    assert branding["allowed_origins"] == ["https://a.example", "https://b.example"]
    answer = owner.send("/settings/branding", do="save", color="#ffff00")
    assert (answer.status_code, "contrast" in answer.text) == (422, True)
    page = upload(owner, "logo", PNG)
    assert page.status_code == 303
    path = owner.data("/settings/branding")["logo_path"]
    assert owner.person.http.get(f"{owner.person.url}/{path}").content == PNG
    assert upload(owner, "logo", b"<html>").status_code == 422
    assert upload(owner, "logo", b"").status_code == 422
    assert upload(owner, "logo", PNG + bytes(300_000)).status_code == 413
    owner.send("/settings/branding", do="remove_logo")
    assert owner.data("/settings/branding")["logo_path"] == ""


def upload(owner: Office, name: str, content: bytes) -> Any:
    person = owner.person
    return person.http.post(
        f"{person.url}/dashboard/settings/branding",
        data={"csrf_token": person.csrf, "do": "logo"},
        files={name: ("logo.png", content, "image/png")},
        headers={"origin": person.url},
    )


def test_a_file_needs_the_token_as_every_form_does(owner: Office):
    person = owner.person
    answer = person.http.post(
        f"{person.url}/dashboard/settings/branding",
        data={"do": "logo"},
        files={"logo": ("logo.png", PNG, "image/png")},
        headers={"origin": person.url},
    )
    assert answer.status_code == 403
    assert owner.data("/settings/branding")["logo_path"] == ""


def test_single_sign_on_that_can_not_be_is_refused_and_its_secret_is_never_shown(owner: Office):
    assert owner.data("/settings/sign-on")["sign_on"] is None
    sent = {
        "issuer": "not a url",
        "client_id": "c",
        "client_secret": "s3cr3t-of-client",
        "domains": "example.com",
    }
    answer = owner.send("/settings/sign-on", do="save", default_role="viewer", **sent)
    assert answer.status_code in (400, 422)
    assert "s3cr3t-of-client" not in answer.text
    assert owner.data("/settings/sign-on")["sign_on"] is None


def test_the_audit_log_is_filtered_paged_and_given_as_csv(owner: Office):
    for number in range(3):
        owner.send("/settings/keys", do="make", name=f"=key {number}")
    page = owner.data("/settings/audit-log", action="api_key.created")
    assert {entry["action"] for entry in page["entries"]} == {"api_key.created"}
    assert len(page["entries"]) >= 3
    mine = owner.data("/settings/audit-log", actor=owner.person.email, action="api_key")["entries"]
    assert len(mine) == 3
    assert owner.data("/settings/audit-log", until="2001-01-01T00:00:00Z")["entries"] == []
    assert owner.get("/settings/audit-log", since="yesterday").status_code == 422
    answer = owner.get("/settings/audit-log/export", actor=owner.person.email, action="api_key")
    assert answer.headers["content-disposition"] == 'attachment; filename="audit-log.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["subject"] for row in rows] == [entry["subject"] for entry in reversed(mine)]


def test_pages_of_the_audit_log_follow_each_other_without_gap(owner: Office):
    for _ in range(60):
        owner.send("/settings", do="second_factor", wanted="no")
    first = owner.data("/settings/audit-log")
    second = owner.data("/settings/audit-log", page_token=first["next_token"])
    ids = [entry["id"] for entry in first["entries"] + second["entries"]]
    assert ids == sorted(set(ids), reverse=True)
    assert len(ids) > 60
