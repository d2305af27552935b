"""Systems whose users consent on a page of their own: from `POST /link/token` to records, tokens renewed.

The pages are those of the mocks: they refuse a wrong challenge, scope, callback, and a code's second use.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from yarl import URL

from crossdock.store.people.audit_log import COMMAND_LINE
from tests.integrations.shipbob.mock import Mock as ShipBob
from tests.integrations.shopify.mock import Mock as Shopify
from tests.journeys.linking import Json, Linking, event_types, exchange, known, link, new_flow_id
from tests.journeys.server import Organization, Server, until
from tests.journeys.test_link_oauth import arrive, browser, done
from tests.mock_vendors.connected import moved
from tests.mock_vendors.consent import CLIENT_ID, CLIENT_SECRET, ConsentPages
from tests.mock_vendors.orders import SampleOrder

FIELDS = {
    Shopify: {"sign_in": "oauth", "shop": "harbour.myshopify.com"},
    ShipBob: {"sign_in": "oauth", "environment": "sandbox"},
}
OPTIONS = {"disabledFunctions": ["get_products"]}
"""Without what waits for a bulk operation."""
CALLBACK = "/connect/oauth/callback"


@dataclass
class ConsentJourney:
    """A vendor with a page of consent, and an organization whose user goes there."""

    server: Server
    mock: Shopify | ShipBob
    organization: Organization

    @property
    def pages(self) -> ConsentPages:
        return self.mock.pages

    @property
    def kind(self) -> str:
        return self.mock.integration[0]

    def form(self, **body: Any) -> Linking:
        return link(self.server, self.organization, **body)

    def start_url(self, form: Linking, flow_id: str) -> str:
        kind, name = self.mock.integration
        body = {
            "type": kind, "name": name, "fields": FIELDS[type(self.mock)],
            "options": {**OPTIONS, "integrationType": kind}, "flow_id": flow_id, "mode": "popup",
        }  # fmt: skip
        answer = form.ask("POST", "/oauth/begin", json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["start_url"])

    def consented(self, form: Linking) -> Json:
        """The result of a user who signed in there and came back; the backend has the access token then."""
        flow_id = new_flow_id()
        with browser() as window:
            assert done(arrive(window, self.start_url(form, flow_id)))["status"] == "done"
        result: Json = form.flow(flow_id)["result"]
        body = exchange(self.organization, result["auth_code"]).json()
        self.organization.tokens[self.kind] = body["access_token"]
        self.organization.uids[self.kind] = body["connection_id"]
        return body

    def orders(self) -> set[str]:
        return {order["id"] for order in self.organization.list(f"/{self.kind}/orders")}

    def are_orders_quiet(self) -> bool:
        """Whether orders have synced, and none do now. Others may wait: for a bulk operation, for a start."""
        connection = self.organization.connection(self.kind)
        [schedule] = [
            entry for entry in connection["sync_schedules"] if entry["function_name"] == "get_orders"
        ]
        return connection["historical_sync_completed"]["get_orders"] and not schedule["in_progress"]

    def sync_orders(self) -> None:
        """Sync the orders now, to the end of it."""
        until(self.are_orders_quiet)
        before = self.last_run()
        body = {"functions_to_sync": ["get_orders"]}
        self.organization.ask("POST", "/connections/sync", self.kind, json=body)
        until(lambda: self.last_run() != before)
        until(self.are_orders_quiet)

    def last_run(self) -> str:
        return str(self.server.last_run(self.organization, self.kind, "get_orders")["job_id"])


@pytest.fixture(params=list(FIELDS), ids=["shopify", "shipbob"])
def journey(
    request: pytest.FixtureRequest, server: Server, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ConsentJourney]:
    mock: Shopify | ShipBob = server.do(request.param().__aenter__())
    mock.clock = lambda: server.services.clock() / 1000
    mock.pages.redirect_uris = {f"{server.url}{CALLBACK}"}
    apps, now, name = server.services.oauth_apps, server.services.clock(), mock.integration[1]
    server.do(apps.set(name, CLIENT_ID, CLIENT_SECRET, COMMAND_LINE, now))
    try:
        with known(server, monkeypatch, moved(mock.known_integration(), mock)):
            yield ConsentJourney(server, mock, server.organization())
    finally:
        server.do(apps.remove(name, COMMAND_LINE, now))
        server.do(mock.__aexit__(None, None, None))
    assert mock.violations == []


def test_a_user_who_consents_has_records_and_the_token_is_renewed(journey: ConsentJourney):
    first = journey.mock.add_order(SampleOrder(1))
    body = journey.consented(journey.form())
    assert body["integration_name"] == journey.mock.integration[1]
    until(lambda: journey.orders() == {first})
    assert journey.pages.grants == ["authorization_code"]
    for number in (2, 3):
        added = journey.mock.add_order(SampleOrder(number))
        journey.pages.expire()
        journey.sync_orders()
        assert added in journey.orders()
    assert journey.pages.grants == ["authorization_code", "refresh_token", "refresh_token"]


def test_a_code_is_taken_once_and_an_answer_of_the_page_too(journey: ConsentJourney):
    form, flow_id = journey.form(), new_flow_id()
    with browser() as window:
        departed = window.get(journey.start_url(form, flow_id))
        decided = window.get(departed.headers["location"])
        back = decided.headers["location"]
        assert done(window.get(back))["status"] == "done"
        assert done(window.get(back))["code"] == "oauth_used"
    asked = dict(URL(departed.headers["location"]).query)
    grant = {
        "grant_type": "authorization_code", "code": URL(back).query["code"], "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET, "redirect_uri": asked["redirect_uri"], "expiring": "1",
    }  # fmt: skip
    assert httpx.post(f"{journey.mock.url}{journey.pages.token_path}", data=grant).status_code == 400
    assert journey.pages.grants == ["authorization_code"]


def test_a_user_who_does_not_agree_leaves_nothing(journey: ConsentJourney):
    form, flow_id, journey.pages.denies = journey.form(), new_flow_id(), True
    with browser() as window:
        assert done(arrive(window, journey.start_url(form, flow_id)))["code"] == "consent_denied"
    assert event_types(journey.server, journey.organization) == ["install.failed"]
    assert journey.organization.ask("GET", "/connections", None).json()["data"] == []


def test_a_consent_that_was_taken_back_is_told_and_repaired_in_place(journey: ConsentJourney):
    journey.mock.add_order(SampleOrder(1))
    before = journey.consented(journey.form())
    until(journey.are_orders_quiet)
    journey.pages.revoke()
    journey.organization.ask(
        "POST", "/connections/sync", journey.kind, json={"functions_to_sync": ["get_orders"]}
    )
    until(lambda: journey.organization.connection(journey.kind)["errors"])
    again = journey.consented(journey.form(connection_id=before["connection_id"]))
    assert again["connection_id"] == before["connection_id"]
    until(lambda: not journey.organization.connection(journey.kind)["errors"])
    added = journey.mock.add_order(SampleOrder(2))
    journey.sync_orders()
    assert added in journey.orders()
