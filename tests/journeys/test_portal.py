"""The webhook portal over HTTP: what a token opens, to whom it is closed; calls by other sites' pages."""

from collections.abc import Iterator

import httpx
import pytest

from tests.fakes.receiver import Receiver
from tests.journeys.account import Desk, opened_desk
from tests.journeys.server import Organization, Server, until
from tests.journeys.test_dashboard_webhooks import RunningClock, told

ALL = (
    "ViewBase", "ViewEndpointSecret", "ManageEndpointSecret", "ManageTransformations", "CreateAttempts",
    "ManageEndpoint",
)  # fmt: skip
SITE = "https://app.example.com"


@pytest.fixture(scope="module")
def desk(server: Server) -> Iterator[Desk]:
    with opened_desk(server, RunningClock()) as opened:
        yield opened


@pytest.fixture(scope="module")
def house(desk: Desk) -> Organization:
    return desk.server.organization()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as started:
        yield started


class Guest:
    """Somebody with a portal token."""

    def __init__(self, desk: Desk, house: Organization, *capabilities: str, app_id: str = "") -> None:
        answer = httpx.post(
            f"{desk.url}/api/v1/auth/app-portal-access/{app_id or house.id}",
            json={"capabilities": list(capabilities)}, headers={"authorization": f"Bearer {house.key}"},
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
        self.token, self.link, self.url = answer.json()["token"], answer.json()["url"], desk.url

    def ask(self, method: str, path: str, json: str = "", **fields: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}"} | ({"accept": "application/json"} if json else {})
        return httpx.request(
            method, f"{self.url}/portal{path}", headers=headers, data=fields if method == "POST" else None
        )

    def get(self, path: str) -> httpx.Response:
        return self.ask("GET", path)


@pytest.fixture
def endpoint(desk: Desk, house: Organization, receiver: Receiver) -> str:
    fields = {"url": f"{receiver.url}/hook", "description": "of the portal"}
    guest = Guest(desk, house, "ManageEndpoint")
    answer = guest.ask("POST", f"/webhooks/{house.id}/new", **fields)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].partition("?")[0].rpartition("/")[2]


def test_the_page_around_holds_nothing_and_may_be_framed_by_whom_the_settings_name(
    desk: Desk, house: Organization
):
    answer = httpx.get(f"{desk.url}/portal")
    assert answer.status_code == 200
    assert "frame-ancestors *;" in answer.headers["content-security-policy"]
    assert "script-src 'self';" in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "x-frame-options" not in answer.headers
    with desk.server.beside(portal_frames=f"{SITE}, https://*.example.org") as url:
        policy = httpx.get(f"{url}/portal").headers["content-security-policy"]
        assert f"frame-ancestors {SITE} https://*.example.org;" in policy
    assert Guest(desk, house, "ViewBase").link.startswith(f"{desk.url}/portal#token=pt_")


def test_the_page_around_takes_a_look_and_a_colour_that_can_be_read(desk: Desk):
    text = httpx.get(f"{desk.url}/portal", params={"darkMode": "true", "primaryColor": "#1d4ed8"}).text
    assert 'data-theme="dark"' in text
    assert 'data-color="#1d4ed8"' in text
    for color in ("#fefefe", "red", '"><script>'):
        text = httpx.get(f"{desk.url}/portal", params={"primaryColor": color}).text
        assert 'data-color=""' in text
        assert "><script>" not in text


def test_without_a_token_that_works_nothing_is_shown(desk: Desk, house: Organization):
    for headers in ({}, {"authorization": "Bearer pt_none"}, {"authorization": f"Bearer {house.key}"}):
        answer = httpx.get(f"{desk.url}/portal/webhooks", headers=headers)
        assert (answer.status_code, "location" in answer.headers) == (401, False)
    guest = Guest(desk, house, *ALL)
    httpx.post(f"{desk.url}/api/v1/auth/logout", headers={"authorization": f"Bearer {guest.token}"})
    assert guest.get("/webhooks").status_code == 401
    assert httpx.get(f"{desk.url}/portal/webhooks?token={Guest(desk, house, *ALL).token}").status_code == 401


def test_a_guest_who_may_all_sees_the_pages_and_acts(
    desk: Desk, house: Organization, receiver: Receiver, endpoint: str
):
    guest, path = Guest(desk, house, *ALL), f"/webhooks/{house.id}"
    message = told(house)

    def arrived() -> bool:
        page = guest.ask("GET", f"{path}/messages/{message}", json="1").json()
        return "success" in [row["statusText"] for row in page["endpoints"] if row["id"] == endpoint]

    until(arrived)
    for part in ("", "/messages", f"/messages/{message}", "/events", "/events/order.updated", "/statistics",
                 "/new", f"/endpoints/{endpoint}", f"/endpoints/{endpoint}/edit", "/bulk?kind=recover",
                 f"/endpoints/{endpoint}/transformation", f"/endpoints/{endpoint}/secret"):  # fmt: skip
        answer = guest.get(f"{path}{part}")
        assert answer.status_code == 200, (part, answer.text)
        assert guest.token not in answer.text
        assert 'href="../dashboard' not in answer.text
        assert f"portal/webhooks/{house.id}/messages" in answer.text
    answer = guest.ask("POST", f"{path}/messages/{message}", do="resend", endpoint_id=endpoint)
    assert answer.headers["location"].endswith(f"portal{path}/messages/{message}?done=resent")
    begun = guest.ask("POST", f"{path}/bulk", do="replay", **{f"endpoint:{endpoint}": "1"})
    assert "/tasks?begun=" in begun.headers["location"]
    assert guest.get(f"{path}/tasks?{begun.headers['location'].partition('?')[2]}").status_code == 200
    assert guest.get(f"{path}/tasks").status_code == 403  # the organization's, not the application's


def test_a_guest_may_what_the_capabilities_say_and_the_page_hides_the_rest(
    desk: Desk, house: Organization, endpoint: str
):
    path = f"/webhooks/{house.id}/endpoints/{endpoint}"
    viewer = Guest(desk, house, "ViewBase")
    text = viewer.get(path).text
    assert 'name="do"' not in text
    assert "/edit" not in text
    assert "/secret" not in text
    for part in ("/edit", "/delete", "/secret", "/transformation"):
        assert viewer.get(f"{path}{part}").status_code == 403, part
    assert viewer.ask("POST", path, do="disable").status_code == 403
    assert viewer.ask("POST", f"{path}/delete", do="delete").status_code == 403
    assert viewer.ask("POST", f"{path}/secret", do="reveal").status_code == 403
    assert viewer.ask("POST", f"/webhooks/{house.id}/bulk", do="replay").status_code in (403, 422)
    assert viewer.get(f"/webhooks/{house.id}/resend").status_code == 403
    reader = Guest(desk, house, "ViewBase", "ViewEndpointSecret")
    assert "whsec_" in reader.ask("POST", f"{path}/secret", do="reveal").text
    assert reader.ask("POST", f"{path}/secret", do="rotate").status_code == 403
    assert Guest(desk, house, "CreateAttempts").get(f"{path}/secret").status_code == 403


def test_a_guest_sees_one_application_only(desk: Desk, house: Organization, endpoint: str):
    headers = {"authorization": f"Bearer {house.key}"}
    other = httpx.post(f"{house.url}/api/v1/app", json={"name": "Other"}, headers=headers).json()["id"]
    guest = Guest(desk, house, *ALL, app_id=other)
    page = guest.ask("GET", "/webhooks", json="1").json()
    assert (page["app_id"], page["endpoints"], page["applications"]) == (other, [], [])
    for part in ("", "/messages", "/statistics", f"/endpoints/{endpoint}", "/new", "/events"):
        assert guest.get(f"/webhooks/{house.id}{part}").status_code == 404, part
    assert guest.get(f"/webhooks/{other}/endpoints/{endpoint}").status_code == 404
    assert guest.ask("POST", f"/webhooks/{house.id}/new", url="http://127.0.0.1:9/x").status_code == 404


def test_pages_wear_the_colours_and_the_name_of_the_organization(desk: Desk, house: Organization):
    answer = house.ask("PUT", "/branding", json={"name": "Acme & Sons", "color": "#1d4ed8"})
    assert answer.status_code == 200, answer.text
    text = Guest(desk, house, "ViewBase").get("/webhooks").text
    assert "Acme &amp; Sons" in text
    assert 'data-color="#1d4ed8"' in text


# Calls of other sites' pages


def test_a_page_of_another_site_may_call_with_a_portal_token(desk: Desk, house: Organization):
    url, guest = f"{desk.url}/api/v1/app/{house.id}/endpoint", Guest(desk, house, *ALL)
    asked = {
        "origin": SITE, "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,idempotency-key,svix-req-id",
    }  # fmt: skip
    answer = httpx.request("OPTIONS", url, headers=asked)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, "*")
    assert {"GET", "POST"} <= set(answer.headers["access-control-allow-methods"].split(", "))
    for name in ("authorization", "content-type", "idempotency-key", "svix-req-id", "svix-retry-count"):
        assert name in answer.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in answer.headers
    for token, is_open in ((guest.token, True), ("pt_" + "x" * 43, True), (house.key, False)):
        answer = httpx.get(url, headers={"origin": SITE, "authorization": f"Bearer {token}"})
        assert (answer.headers.get("access-control-allow-origin") == "*") is is_open
    assert httpx.request("OPTIONS", f"{desk.url}/api/v1/none", headers=asked).status_code == 501
    assert httpx.request("OPTIONS", url).status_code == 405


def test_no_event_types_at_all_means_all_of_them(desk: Desk, house: Organization, receiver: Receiver):
    url = f"{desk.url}/api/v1/app/{house.id}/endpoint"
    headers = {"authorization": f"Bearer {Guest(desk, house, *ALL).token}"}
    body = {"url": f"{receiver.url}/hook", "description": "", "filterTypes": [], "version": 1}
    answer = httpx.post(url, json=body, headers=headers)
    assert (answer.status_code, answer.json()["filterTypes"]) == (201, None)
    path = f"{url}/{answer.json()['id']}"
    assert httpx.put(path, json=body, headers=headers).json()["eventTypes"] is None
    assert httpx.patch(path, json={"filterTypes": []}, headers=headers).json()["eventTypes"] is None
