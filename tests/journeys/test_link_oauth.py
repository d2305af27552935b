"""Signing in on a page of the vendor, in a flow: bound to the browser, once, and told to the form."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from yarl import URL

from crossdock.connections.oauth import _state
from crossdock.store.connections import connections
from crossdock.store.people.audit_log import COMMAND_LINE
from tests.fakes.fake_consent import consent_integration
from tests.fakes.fake_oauth1 import oauth1_integration
from tests.fakes.oauth1_server import CONSUMER_KEY, CONSUMER_SECRET, OAuth1Server
from tests.fakes.oauth_server import CLIENT_ID, CLIENT_SECRET, OAuthServer
from tests.journeys.linking import (
    Json,
    Linking,
    audited,
    change,
    event_types,
    exchange,
    known,
    link,
    new_flow_id,
    refused,
    rows,
)
from tests.journeys.server import Organization, Server, until


@pytest.fixture
def vendor(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[OAuthServer]:
    with _running(server, OAuthServer()) as started, known(server, monkeypatch, consent_integration()):
        started.signs = True
        with _app(server, "consent", CLIENT_ID, CLIENT_SECRET):
            yield started


@pytest.fixture
def old_vendor(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[OAuth1Server]:
    with (
        _running(server, OAuth1Server()) as started,
        known(server, monkeypatch, oauth1_integration()),
        _app(server, "three-legs", CONSUMER_KEY, CONSUMER_SECRET),
    ):
        yield started


@pytest.fixture
def organization(server: Server) -> Organization:
    return server.organization()


@contextmanager
def _running(server: Server, vendor: Any) -> Iterator[Any]:
    server.do(vendor.__aenter__())
    try:
        yield vendor
    finally:
        server.do(vendor.__aexit__(None, None, None))


@contextmanager
def _app(server: Server, name: str, client_id: str, secret: str) -> Iterator[None]:
    """The operator's registration with the vendor."""
    apps, now = server.services.oauth_apps, server.services.clock()
    server.do(apps.set(name, client_id, secret, COMMAND_LINE, now))
    try:
        yield
    finally:
        server.do(apps.remove(name, COMMAND_LINE, now))


def begin(form: Linking, flow_id: str, vendor: Any, name: str = "consent", **changes: Any) -> httpx.Response:
    body = {
        "type": "wms", "name": name, "fields": {"port": str(URL(vendor.url).port)}, "options": form.options,
        "flow_id": flow_id, "mode": "popup",
    }  # fmt: skip
    return form.ask("POST", "/oauth/begin", json=body | changes)


def start_url(form: Linking, flow_id: str, vendor: Any, name: str = "consent", **changes: Any) -> str:
    answer = begin(form, flow_id, vendor, name, **changes)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["start_url"])


def browser() -> httpx.Client:
    """A browser of its own: with cookies, and it follows no redirect by itself."""
    return httpx.Client(timeout=60)


def arrive(window: httpx.Client, url: str) -> httpx.Response:
    """The last answer of a window that is sent to the vendor, where the user decides, and back."""
    departed = window.get(url)
    assert departed.status_code == 303, departed.text
    decided = window.get(departed.headers["location"])
    assert decided.status_code == 302, decided.text
    return window.get(decided.headers["location"])


def done(answer: httpx.Response) -> dict[str, str]:
    """What the page is told that a window ends with."""
    assert answer.status_code == 303, answer.text
    location = URL(answer.headers["location"])
    assert location.path == "/connect/oauth/done"
    return dict(location.query)


def signed_in(form: Linking, flow_id: str, vendor: Any, name: str = "consent", **changes: Any) -> Json:
    """The flow after a user has signed in."""
    with browser() as window:
        told = done(arrive(window, start_url(form, flow_id, vendor, name, **changes)))
    assert told == {"status": "done", "flow": flow_id}
    return form.flow(flow_id)


def test_a_user_who_consents_is_connected_and_the_form_hears_of_it(
    server: Server, organization: Organization, vendor: OAuthServer
):
    form, flow_id = link(server, organization), new_flow_id()
    shown = form.form("wms", "consent")
    assert (shown["install_method"], shown["not_configured"]) == ("oauth", False)
    assert [field["key"] for field in shown["fields"]] == ["region", "port"]
    with browser() as window:
        url = start_url(form, flow_id, vendor)
        assert form.flow(flow_id) == {"status": "waiting"}
        told = done(arrive(window, url))
        page = window.get(f"{server.url}/connect/oauth/done")
    assert told == {"status": "done", "flow": flow_id}
    assert page.status_code == 200
    result = form.flow(flow_id)["result"]
    body = exchange(organization, result["auth_code"]).json()
    assert body["connection_id"] == result["connection_id"]
    assert vendor.granted == ["authorization_code"]
    assert vendor.asked[0]["code_challenge_method"] == "S256"
    assert CLIENT_SECRET not in form.ask("GET", "/integrations/wms/consent").text
    assert ("connection.created", "link") in audited(server, organization)
    organization.tokens["wms"], organization.uids["wms"] = body["access_token"], body["connection_id"]
    until(lambda: [hall["name"] for hall in organization.list("/wms/warehouses")] == ["Hall"])


def test_whoever_only_looks_at_the_addresses_of_a_sign_in_uses_up_nothing(
    server: Server, organization: Organization, vendor: OAuthServer
):
    form, flow_id = link(server, organization), new_flow_id()
    with browser() as window:
        url = start_url(form, flow_id, vendor)
        assert window.head(url).status_code == 405
        departed = window.get(url)
        decided = window.get(departed.headers["location"])
        assert window.head(decided.headers["location"]).status_code == 405
        assert form.flow(flow_id) == {"status": "waiting"}
        told = done(window.get(decided.headers["location"]))
    assert told == {"status": "done", "flow": flow_id}


def test_the_operators_app_is_stored_with_no_connection_and_its_new_secret_holds_at_once(
    server: Server, organization: Organization, vendor: OAuthServer
):
    form, flow_id = link(server, organization), new_flow_id()
    result = signed_in(form, flow_id, vendor)["result"]
    services = server.services
    row = server.do(connections.by_uid(services.database, result["connection_id"]))
    assert row is not None
    stored = server.do(connections.credentials(services.database, services.vault, row))
    assert set(stored) == {"region", "port"}
    found = rows(server, "SELECT client_id, client_secret FROM oauth_apps WHERE integration = 'consent'")
    assert CLIENT_SECRET.encode() not in bytes(found[0][1])


def test_a_user_who_does_not_agree_is_told_of_it_and_may_try_again(
    server: Server, organization: Organization, vendor: OAuthServer
):
    form, flow_id, vendor.denies = link(server, organization), new_flow_id(), True
    with browser() as window:
        told = done(arrive(window, start_url(form, flow_id, vendor)))
        assert told == {"status": "failed", "flow": flow_id, "code": "consent_denied"}
        assert form.flow(flow_id)["error"]["code"] == "consent_denied"
        assert event_types(server, organization) == ["install.failed"]
        vendor.denies = False
        assert done(arrive(window, start_url(form, flow_id, vendor)))["status"] == "done"
    assert form.flow(flow_id)["status"] == "done"


def test_p31_a_sign_in_is_bound_to_the_browser_that_began_it(
    server: Server, organization: Organization, vendor: OAuthServer
):
    form, flow_id = link(server, organization), new_flow_id()
    with browser() as window, browser() as other_window:
        departed = window.get(start_url(form, flow_id, vendor))
        cookie = departed.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Path=/connect/oauth" in cookie
        decided = window.get(departed.headers["location"])
        told = done(other_window.get(decided.headers["location"]))
        assert told["code"] == "wrong_browser"
        assert done(window.get(decided.headers["location"]))["code"] == "oauth_used"
    assert vendor.granted == []
    assert form.flow(flow_id)["error"]["code"] == "wrong_browser"


def test_p31_nobody_comes_back_with_a_sign_in_that_no_browser_began(
    server: Server, organization: Organization, vendor: OAuthServer
):
    """Who knows the address of the beginning can't skip the cookie."""
    form, flow_id = link(server, organization), new_flow_id()
    state = start_url(form, flow_id, vendor).rpartition("/")[2]
    code = vendor.consent("challenge")
    with browser() as window:
        answer = window.get(f"{server.url}/connect/oauth/callback", params={"state": state, "code": code})
    assert done(answer)["code"] == "wrong_browser"
    assert vendor.granted == []


def test_p31_each_address_of_a_sign_in_works_once(
    server: Server, organization: Organization, vendor: OAuthServer
):
    form, flow_id = link(server, organization), new_flow_id()
    with browser() as window:
        url = start_url(form, flow_id, vendor)
        departed = window.get(url)
        assert done(window.get(url))["code"] == "oauth_used"
        decided = window.get(departed.headers["location"])
        assert done(window.get(decided.headers["location"]))["status"] == "done"
        assert done(window.get(decided.headers["location"]))["code"] == "oauth_used"
    assert form.flow(flow_id)["status"] == "done", "what was done stays so"


def test_a_sign_in_that_took_too_long_is_told_so(
    server: Server, organization: Organization, vendor: OAuthServer
):
    form, flow_id = link(server, organization), new_flow_id()
    services = server.services
    clock = services.clock
    with browser() as window:
        departed = window.get(start_url(form, flow_id, vendor))
        decided = window.get(departed.headers["location"])
        late = URL(decided.headers["location"])
        consent_id = late.query["state"].partition(".")[0]
        key = services.vault.token_key("state of a consent")
        state = _state(key, consent_id, clock() - 1)  # it says when its time is over, signed
        answer = window.get(str(late.update_query(state=state)))
    assert done(answer)["code"] == "oauth_expired"
    assert form.flow(flow_id)["error"]["code"] == "oauth_expired"


@pytest.mark.parametrize("state", ["", "x", "a.1.b", "a.99999999999999.b", "%00"])
def test_a_state_that_is_not_ours_is_refused(server: Server, state: str):
    with browser() as window:
        answer = window.get(f"{server.url}/connect/oauth/callback?state={state}&code=c")
        assert done(answer) == {"status": "failed", "code": "oauth_state_invalid"}


def test_a_vendor_that_does_not_take_the_code_leaves_nothing(
    server: Server, organization: Organization, vendor: OAuthServer
):
    form, flow_id = link(server, organization), new_flow_id()
    with browser() as window:
        departed = window.get(start_url(form, flow_id, vendor))
        decided = window.get(departed.headers["location"])
        vendor.challenges.clear()
        assert done(window.get(decided.headers["location"]))["code"] == "oauth_failed"
    sql = "SELECT COUNT(*) FROM connections WHERE organization_id = ?"
    assert [tuple(row) for row in rows(server, sql, organization.id)] == [(0,)]
    assert event_types(server, organization) == ["install.failed"]


def test_a_connection_whose_consent_was_revoked_is_repaired_in_place(
    server: Server, organization: Organization, vendor: OAuthServer
):
    first = signed_in(link(server, organization), new_flow_id(), vendor)["result"]
    before = exchange(organization, first["auth_code"]).json()["access_token"]
    vendor.expire()
    vendor.refresh.clear()
    form = link(server, organization, connection_id=first["connection_id"])
    assert form.open()["skips_picker"] is True
    result = signed_in(form, new_flow_id(), vendor, fields={})["result"]
    assert (result["connection_id"], result["reinstalled"]) == (first["connection_id"], True)
    assert exchange(organization, result["auth_code"]).json()["access_token"] == before


def test_a_window_returns_to_a_page_of_the_organization_and_to_no_other(
    server: Server, organization: Organization, vendor: OAuthServer
):
    form, flow_id = link(server, organization), new_flow_id()
    page = "https://app.acme.example/settings?tab=1"
    for return_url in (
        page,
        "javascript:alert(1)",
        "//evil.example",
        "https://app.acme.example@evil.example/",
    ):
        answer = begin(form, flow_id, vendor, mode="redirect", return_url=return_url)
        assert refused(answer, 422, "invalid_return_url")["field"] == "return_url"
    look = {"allowed_origins": ["https://app.acme.example"]}
    assert organization.ask("PUT", "/branding", None, json=look).status_code == 200
    for return_url in (
        "https://evil.example/",
        "https://app.acme.example.evil.example/",
        "http://app.acme.example/",
    ):
        answer = begin(form, flow_id, vendor, mode="redirect", return_url=return_url)
        refused(answer, 422, "invalid_return_url")
    refused(begin(form, flow_id, vendor, mode="redirect"), 422, "invalid_return_url")
    refused(begin(form, flow_id, vendor, return_url=page), 422, "invalid_return_url")
    with browser() as window:
        answer = arrive(window, start_url(form, flow_id, vendor, mode="redirect", return_url=page))
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{page}&crossdock_flow={flow_id}"


def test_without_an_app_nobody_is_sent_anywhere(
    server: Server, organization: Organization, monkeypatch: pytest.MonkeyPatch
):
    with _running(server, OAuthServer()) as vendor, known(server, monkeypatch, consent_integration()):
        form = link(server, organization)
        assert form.form("wms", "consent")["not_configured"] is True
        refused(begin(form, new_flow_id(), vendor), 409, "not_configured")
        assert "consent" in server.do(server.services.oauth_apps.missing())


def test_a_form_and_a_sign_in_are_not_taken_for_each_other(
    server: Server, organization: Organization, vendor: OAuthServer
):
    form = link(server, organization)
    refused(form.send("wms", "consent", {"port": "1"}), 400, "needs_oauth")
    refused(begin(form, new_flow_id(), vendor, "tryton"), 400, "not_oauth")
    secret = {"port": str(URL(vendor.url).port), "client_secret": "mine"}
    answer = begin(form, new_flow_id(), vendor, fields=secret)
    assert set(refused(answer, 422, "invalid_fields")["fields"]) == {"client_secret"}
    answer = begin(form, new_flow_id(), vendor, fields={"port": "80@evil.example"})
    assert set(refused(answer, 422, "invalid_fields")["fields"]) == {"port"}


def test_p31_a_sign_in_that_is_ended_in_two_windows_connects_once(
    server: Server, organization: Organization, vendor: OAuthServer
):
    form, flow_id = link(server, organization), new_flow_id()
    with browser() as window, browser() as other_window:
        first, second = start_url(form, flow_id, vendor), start_url(form, flow_id, vendor)
        assert done(arrive(window, first))["status"] == "done"
        assert done(arrive(other_window, second))["status"] == "done"
    sql = "SELECT COUNT(*) FROM connections WHERE organization_id = ?"
    assert [tuple(row) for row in rows(server, sql, organization.id)] == [(1,)]


def test_what_is_kept_of_sign_ins_is_forgotten_with_its_time(
    server: Server, organization: Organization, vendor: OAuthServer
):
    form = link(server, organization)
    start_url(form, new_flow_id(), vendor)
    change(server, "UPDATE oauth_flows SET expires_ms = 1")
    start_url(form, new_flow_id(), vendor)
    assert rows(server, "SELECT 1 FROM oauth_flows WHERE expires_ms = 1") == []


# OAuth 1.0a


def test_a_user_consents_by_oauth_1_in_three_legs_and_records_sync(
    server: Server, organization: Organization, old_vendor: OAuth1Server
):
    form, flow_id = link(server, organization), new_flow_id()
    result = signed_in(form, flow_id, old_vendor, "three-legs")["result"]
    body = exchange(organization, result["auth_code"]).json()
    organization.tokens["wms"] = body["access_token"]
    until(lambda: [hall["name"] for hall in organization.list("/wms/warehouses")] == ["Hall"])


def test_a_user_who_does_not_agree_by_oauth_1_is_told_of_it(
    server: Server, organization: Organization, old_vendor: OAuth1Server
):
    form, flow_id, old_vendor.denies = link(server, organization), new_flow_id(), True
    with browser() as window:
        told = done(arrive(window, start_url(form, flow_id, old_vendor, "three-legs")))
    assert told["code"] == "consent_denied"
    assert old_vendor.tokens == {}


def test_a_vendor_that_gives_no_temporary_credentials_is_told_of_in_the_window_and_the_form(
    server: Server, organization: Organization, old_vendor: OAuth1Server
):
    form, flow_id = link(server, organization), new_flow_id()
    url = start_url(form, flow_id, old_vendor, "three-legs")
    services = server.services
    server.do(services.oauth_apps.set("three-legs", "x", "y", COMMAND_LINE, services.clock()))
    with browser() as window:
        assert done(window.get(url))["code"] == "invalid_credentials"
    assert form.flow(flow_id)["status"] == "failed"
