"""The dashboard over HTTP: who sees what, what its forms do, and that nothing of it is another tenant's."""

import re
import time
from typing import Any

import httpx
import pytest

from crossdock.dashboard.operations import OPERATIONS
from crossdock.people.permissions import may
from crossdock.store.people.users import Role
from tests.journeys.account import Desk, Person, desk
from tests.journeys.server import Organization, until

__all__ = ["desk"]

PAGES = [
    operation.path for operation in OPERATIONS
    if operation.method == "GET" and "{" not in operation.path and may("viewer", operation.permission)
]  # fmt: skip
"""Every page that all roles see."""


class Office:
    """A browser at the dashboard."""

    def __init__(self, person: Person) -> None:
        self.person = person

    def get(self, path: str, **query: str) -> httpx.Response:
        return self.person.http.get(f"{self.person.url}/dashboard{path}", params=query)

    def data(self, path: str, **query: str) -> Any:
        answer = self.get(path, **query, format="json")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def send(self, path: str, **fields: str) -> httpx.Response:
        return self.send_with({}, path, **fields)

    def send_with(self, headers: dict[str, str], path: str, **fields: str) -> httpx.Response:
        sent = {"csrf_token": self.person.csrf} | fields
        headers = {"origin": self.person.url} | headers
        return self.person.http.post(f"{self.person.url}/dashboard{path}", data=sent, headers=headers)


@pytest.fixture(scope="module")
def house(desk: Desk) -> Organization:
    return desk.server.organization("wms")


@pytest.fixture(scope="module")
def other_house(desk: Desk) -> Organization:
    return desk.server.organization("cart")


def office(desk: Desk, house: Organization, role: Role = "owner") -> Office:
    return Office(desk.member(house.id, role))


def uid_of(house: Organization, kind: str) -> str:
    return str(house.connection(kind)["connection_id"])


@pytest.mark.parametrize("path", PAGES)
def test_whoever_is_not_signed_in_signs_in_first_and_comes_back(desk: Desk, path: str):
    answer = desk.stranger().http.get(f"{desk.url}/dashboard{path}", params={"text": "a b"})
    assert answer.status_code == 303
    assert "/account/sign-in?return_path=%2Fdashboard" in answer.headers["location"].replace("..", "")
    assert "a%2Bb" in answer.headers["location"]
    assert answer.text == ""


def test_a_program_that_is_not_signed_in_is_told_so_in_json(desk: Desk):
    answer = desk.stranger().http.get(f"{desk.url}/dashboard", headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["origin"]) == (401, "trackstar")


@pytest.mark.parametrize("role", ["owner", "developer", "viewer"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_there_for_every_role_under_a_strict_policy(
    desk: Desk, house: Organization, path: str, role: Role
):
    answer = office(desk, house, role).get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"


def test_every_page_has_a_twin_in_json(desk: Desk, house: Organization):
    for path in [*PAGES, f"/connections/{uid_of(house, 'wms')}"]:
        assert isinstance(office(desk, house).data(path), dict)


def test_a_viewer_sees_no_button_and_may_do_nothing(desk: Desk, house: Organization):
    path = f"/connections/{uid_of(house, 'wms')}"
    viewer = office(desk, house, "viewer")
    assert 'name="do"' not in viewer.get(path).text
    answer = viewer.send(path, do="mute")
    assert answer.status_code == 403
    assert viewer.data(path)["settings"]["webhooks_disabled"] is False


def test_a_form_needs_our_own_page_and_its_token(desk: Desk, house: Organization):
    path, developer = f"/connections/{uid_of(house, 'wms')}", office(desk, house, "developer")
    assert developer.send(path, do="mute", csrf_token="").status_code == 403
    assert developer.send_with({"origin": "https://elsewhere.example"}, path, do="mute").status_code == 403
    assert developer.send_with({"sec-fetch-site": "cross-site"}, path, do="mute").status_code == 403
    assert developer.data(path)["settings"]["webhooks_disabled"] is False


def test_events_are_muted_and_sent_again_and_the_audit_log_says_by_whom(desk: Desk, house: Organization):
    uid = uid_of(house, "wms")
    developer = office(desk, house, "developer")
    answer = developer.send(f"/connections/{uid}", do="mute")
    assert answer.status_code == 303
    assert answer.headers["location"].endswith(f"dashboard/connections/{uid}?done=muted")
    assert developer.data(f"/connections/{uid}")["settings"]["webhooks_disabled"] is True
    developer.send(f"/connections/{uid}", do="unmute")
    assert developer.data(f"/connections/{uid}")["settings"]["webhooks_disabled"] is False
    entries = [entry for entry in desk.audit(house.id) if entry.actor_name == developer.person.email]
    assert [entry.subject for entry in entries].count(uid) == 2


def test_a_schedule_is_paused_and_resumed(desk: Desk, house: Organization):
    path, developer = f"/connections/{uid_of(house, 'wms')}", office(desk, house, "developer")

    def status() -> str:
        plans = developer.data(path)["connection"]["sync_schedules"]
        return next(plan["sync_status"] for plan in plans if plan["function_name"] == "get_orders")

    assert developer.send(path, do="pause", function="get_orders").headers["location"].endswith("done=paused")
    assert status() == "disabled"
    developer.send(path, do="resume", function="get_orders")
    assert status() != "disabled"


def test_a_sync_begins_at_once(desk: Desk, house: Organization):
    path, developer = f"/connections/{uid_of(house, 'wms')}", office(desk, house, "developer")

    def ended() -> str:
        plans = developer.data(path)["connection"]["sync_schedules"]
        return str(
            next(plan["last_crawl_end"] for plan in plans if plan["function_name"] == "get_warehouses")
        )

    before = ended()
    time.sleep(1.1)  # moments are told in whole seconds
    assert developer.send(path, do="sync", function="get_warehouses").status_code == 303
    until(lambda: ended() != before)


def test_what_a_form_can_not_do_is_told_on_a_page(desk: Desk, house: Organization):
    path, developer = f"/connections/{uid_of(house, 'wms')}", office(desk, house, "developer")
    answer = developer.send(path, do="explode")
    assert (answer.status_code, "wanted is sync, pause" in answer.text) == (422, True)
    answer = developer.send(path, do="pause", function="get_nothing")
    assert answer.status_code in (404, 422)
    assert "get_nothing" in answer.text


def test_nothing_of_another_tenant_is_shown_or_changed(
    desk: Desk, house: Organization, other_house: Organization
):
    foreign, owner = uid_of(other_house, "cart"), office(desk, house)
    assert owner.get(f"/connections/{foreign}").status_code == 404
    assert owner.send(f"/connections/{foreign}", do="mute").status_code == 404
    for path in PAGES:
        assert foreign not in owner.get(path).text
    assert owner.data("/connections", text=foreign)["connections"] == []
    assert owner.data("/api-log", connection_id=foreign)["calls"] == []
    settings = office(desk, other_house).data(f"/connections/{foreign}")["settings"]
    assert settings["webhooks_disabled"] is False


def test_every_page_with_an_id_is_closed_to_other_tenants(
    desk: Desk, house: Organization, other_house: Organization
):
    foreign, owner, walked = uid_of(other_house, "cart"), office(desk, house), 0
    for operation in OPERATIONS:
        if "{" not in operation.path:
            continue
        path = re.sub(r"\{[^}]*\}", foreign, operation.path)
        answer = (
            owner.get(path) if operation.method == "GET" else owner.send(path, do=(*operation.acts, "")[0])
        )
        assert answer.status_code == 404, (operation.id, answer.status_code)
        walked += 1
    assert walked >= 2


def test_the_list_is_filtered_by_what_stands_in_the_address(desk: Desk, house: Organization):
    uid, owner = uid_of(house, "wms"), office(desk, house)
    assert [
        line["connection_id"] for line in owner.data("/connections", text=uid[:8].upper())["connections"]
    ] == [uid]
    assert owner.data("/connections", text="%")["connections"] == []
    assert owner.data("/connections", type="cart")["connections"] == []
    assert owner.data("/connections", type="wms")["total"] == 1
    assert owner.data("/connections", problems="1")["connections"] == []
    answer = owner.get("/connections", type="boat")
    assert (answer.status_code, "wanted is wms, cart, carrier, freight" in answer.text) == (422, True)


def test_words_in_an_address_are_shown_as_text(desk: Desk, house: Organization):
    owner = office(desk, house)
    text = owner.get("/connections", text="<script>alert(1)</script>", done="<b>x</b>").text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<b>x" not in text


def test_what_customers_are_called_is_shown_as_text(desk: Desk, house: Organization):
    uid, evil = uid_of(house, "wms"), '"><img src=x onerror=alert(1)>'
    changed = house.ask("PATCH", "/connections", "wms", json={"customer_id": evil})
    assert changed.status_code == 200
    owner = office(desk, house)
    for path in ("/connections", f"/connections/{uid}"):
        text = owner.get(path).text
        assert "<img" not in text
        assert "&lt;img src=x" in text


def test_calls_of_the_api_are_in_the_log_and_on_the_first_page(desk: Desk, house: Organization):
    owner = office(desk, house)
    house.get("/wms/orders/none-such", "wms")

    def logged() -> bool:
        calls = owner.data("/api-log", path_prefix="/wms/orders/none-such", status="4xx")["calls"]
        return bool(calls) and calls[0]["status"] == 404

    until(logged)
    assert owner.data("/api-log", status="404")["statuses"]
    assert owner.get("/api-log", status="40").status_code == 422


def test_a_theme_is_kept_and_leads_back_to_the_page(desk: Desk, house: Organization):
    owner = office(desk, house)
    answer = owner.send("/theme", theme="dark", return_path="/dashboard/api-log")
    assert (answer.status_code, answer.headers["location"].endswith("dashboard/api-log")) == (303, True)
    assert 'data-theme="dark"' in owner.get("").text
    assert owner.send("/theme", theme="pink", return_path="/dashboard").status_code == 422
    assert owner.send("/theme", theme="dark", return_path="//elsewhere.example").status_code == 422


def test_files_are_for_anybody_and_pages_name_them_by_edition(desk: Desk, house: Organization):
    text = office(desk, house).get("").text
    [path] = re.findall(r'href="\./(dashboard/static/[0-9a-f]+/dashboard\.css)"', text)
    answer = httpx.get(f"{desk.url}/{path}")
    assert (answer.status_code, "immutable" in answer.headers["cache-control"]) == (200, True)
    assert httpx.get(f"{desk.url}/dashboard/static/x/none.css").status_code == 404


def test_what_is_no_page_is_told_as_one(desk: Desk, house: Organization):
    owner = office(desk, house)
    assert owner.get("/nowhere").status_code == 404
    assert owner.send("/connections").status_code == 405


def test_a_call_that_failed_is_shown_with_what_was_sent_and_answered(desk: Desk, house: Organization):
    owner, path = office(desk, house), "/wms/orders/none-such-either"
    house.get(path, "wms", access_token=house.tokens["wms"], is_open="ja bitte")

    def calls() -> list[Any]:
        listed: list[Any] = owner.data("/api-log", path_prefix=path)["calls"]
        return listed

    until(calls)
    call_id = calls()[0]["id"]
    page = owner.data(f"/api-log/{call_id}")
    assert ["access_token", "(left out)"] in page["details"]["query"]
    assert ["x-trackstar-api-key", "(left out)"] in page["details"]["request_headers"]
    assert page["details"]["response_body"]["json"]["error"]
    text = owner.get(f"/api-log/{call_id}").text
    for secret in (house.key, house.tokens["wms"], "ja bitte"):
        assert secret not in text
    assert "$CROSSDOCK_API_KEY" in text


def test_of_a_call_that_went_well_neither_headers_nor_bodies_are_kept(desk: Desk, house: Organization):
    owner = office(desk, house)
    house.get("/connections", None)
    wanted = {"path_prefix": "/connections", "status": "2xx", "method": "GET"}
    until(lambda: owner.data("/api-log", **wanted)["calls"])
    call_id = owner.data("/api-log", **wanted)["calls"][0]["id"]
    page = owner.data(f"/api-log/{call_id}")
    assert page["details"] is None
    assert page["curl"].startswith("curl http")
    assert "CROSSDOCK_API_LOG_DETAILS" in owner.get(f"/api-log/{call_id}").text


def test_the_first_page_counts_by_hour_and_ticks_what_is_done(desk: Desk):
    desk.clock.now_ms = int(time.time() * 1000)  # calls of the API are dated by the server's own
    fresh = desk.server.organization("wms")
    owner = office(desk, fresh)

    def steps() -> dict[str, bool]:
        return {step["title"]: step["is_done"] for step in owner.data("")["first_steps"]}

    until(lambda: steps()["See its first sync end"])
    fresh.get("/wms/orders", "wms")
    until(lambda: steps()["Call the API with a key of yours"])
    assert steps()["Connect a first system"] is True
    assert (steps()["Add a webhook endpoint"], steps()["See a webhook arrive"]) == (False, False)
    page = owner.data("")
    assert [chart["title"].partition(",")[0] for chart in page["charts"]] == [
        "Records changed", "Webhooks sent", "API calls", "Mean time to an answer",
    ]  # fmt: skip
    assert all(len(chart["bars"]) == 24 for chart in page["charts"])
    assert page["calls"] == sum(bar["count"] for bar in page["charts"][2]["bars"]) >= 1
    assert page["functions"] > 0
    for path in [
        *(chart["path"] for chart in page["charts"]),
        *(step["href"] for step in page["first_steps"]),
    ]:
        assert owner.get(path).status_code == 200, path
    viewer = office(desk, fresh, "viewer")
    for step in viewer.data("")["first_steps"]:
        assert viewer.get(step["href"]).status_code == 200, step


@pytest.mark.parametrize(
    "address",
    [
        "/connections?text=a%00b",
        "/api-log?path_prefix=%00",
        "/connections/a%00b",
        "/palette?text=%00",
        "/explorer/%00",
    ],
)
def test_an_address_with_a_character_that_no_stored_value_has_is_refused(
    desk: Desk, house: Organization, address: str
):
    person = office(desk, house).person
    answer = person.http.get(f"{person.url}/dashboard{address}")
    assert (answer.status_code, "has a character that no stored value has" in answer.text) == (422, True)
