"""A system that one signs in to in several ways: the form, the consent and repairs go by what was chosen."""

from collections.abc import Iterator

import pytest
from yarl import URL

from crossdock.store.people.audit_log import COMMAND_LINE
from tests.fakes.fake_ways import ways_integration
from tests.fakes.oauth_server import CLIENT_ID, CLIENT_SECRET, OAuthServer
from tests.journeys.linking import Linking, known, link, new_flow_id, refused
from tests.journeys.server import Organization, Server
from tests.journeys.test_link_oauth import arrive, browser, done


@pytest.fixture
def vendor(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[OAuthServer]:
    started = server.do(OAuthServer().__aenter__())
    started.access.add("from-the-settings")
    try:
        with known(server, monkeypatch, ways_integration()):
            yield started
    finally:
        server.do(started.__aexit__(None, None, None))


@pytest.fixture
def app(server: Server, vendor: OAuthServer) -> Iterator[None]:
    """The operator's registration with the vendor."""
    apps, now = server.services.oauth_apps, server.services.clock()
    server.do(apps.set("ways", CLIENT_ID, CLIENT_SECRET, COMMAND_LINE, now))
    yield
    server.do(apps.remove("ways", COMMAND_LINE, now))


@pytest.fixture
def organization(server: Server) -> Organization:
    return server.organization()


def token_fields(vendor: OAuthServer) -> dict[str, str]:
    return {"port": str(URL(vendor.url).port), "token": "from-the-settings"}


def consented(form: Linking, vendor: OAuthServer) -> dict[str, str]:
    """The result of a user who signed in on the vendor's page."""
    flow_id = new_flow_id()
    fields = {"sign_in": "oauth", "port": str(URL(vendor.url).port)}
    body = {
        "type": "wms", "name": "ways", "fields": fields, "options": {}, "flow_id": flow_id, "mode": "popup",
    }  # fmt: skip
    begun = form.ask("POST", "/oauth/begin", json=body)
    assert begun.status_code == 200, begun.text
    with browser() as window:
        assert done(arrive(window, begun.json()["start_url"]))["status"] == "done"
    result: dict[str, str] = form.flow(flow_id)["result"]
    return result


def test_the_form_asks_for_what_belongs_to_the_way_that_is_chosen(
    server: Server, organization: Organization, vendor: OAuthServer, app: None
):
    shown = link(server, organization).form("wms", "ways")
    conditions = {field["key"]: field["shown_when"] for field in shown["fields"]}
    assert conditions == {
        "sign_in": None, "port": None, "token": {"field": "sign_in", "equals": "token"},
    }  # fmt: skip
    assert (shown["install_method"], shown["not_configured"]) == ("input", False)
    assert shown["consent_when"] == {"field": "sign_in", "equals": "oauth"}
    assert shown["fields"][0]["choices"] == ["token", "oauth"]


def test_a_way_that_is_not_set_up_on_the_server_is_not_offered(
    server: Server, organization: Organization, vendor: OAuthServer
):
    form = link(server, organization)
    shown = form.form("wms", "ways")
    assert [(field["key"], field["shown_when"]) for field in shown["fields"]] == [
        ("port", None), ("token", None)
    ]  # fmt: skip
    assert (shown["consent_when"], shown["not_configured"]) == (None, False)
    form.connect("wms", "ways", token_fields(vendor))


def test_fields_connect_where_the_token_is_chosen_and_the_page_where_the_page_is(
    server: Server, organization: Organization, vendor: OAuthServer, app: None
):
    form = link(server, organization)
    refused(form.send("wms", "ways", token_fields(vendor) | {"sign_in": "oauth"}), 400, "needs_oauth")
    assert vendor.granted == []
    form.connect("wms", "ways", token_fields(vendor))
    assert vendor.granted == [], "the token was used as it is"
    assert consented(link(server, organization), vendor)["connection_id"]
    assert vendor.granted == ["authorization_code"]


def test_a_connection_is_repaired_in_another_way(
    server: Server, organization: Organization, vendor: OAuthServer, app: None
):
    result = consented(link(server, organization), vendor)
    form = link(server, organization, connection_id=result["connection_id"])
    shown = {field["key"]: field["value"] for field in form.form("wms", "ways")["fields"]}
    assert shown == {"sign_in": "oauth", "port": str(URL(vendor.url).port), "token": None}
    vendor.refresh.clear()
    repaired = form.connect("wms", "ways", token_fields(vendor) | {"sign_in": "token"})
    assert repaired["connection_id"] == result["connection_id"]
