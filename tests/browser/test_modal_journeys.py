"""The whole way in a browser: a customer's page, our script and modal, a vendor, the backend's exchange."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, ViewportSize, expect
from yarl import URL

from tests.browser.conftest import PATIENCE_MS, picture
from tests.browser.sites import Site, Visit, site
from tests.fakes.fake_consent import consent_integration
from tests.fakes.fake_ways import ways_integration
from tests.fakes.oauth_server import CLIENT_ID, CLIENT_SECRET, OAuthServer
from tests.fakes.vendor import TOKEN, FakeVendor
from tests.journeys.linking import change, exchange, fake_vendor, known, minted, rows
from tests.journeys.server import Organization, Server
from tests.journeys.test_link_oauth import _app as registered_app
from tests.journeys.test_link_oauth import _running as running_vendor

# What the browser sees is the same on every database.
pytestmark = pytest.mark.parametrize("server", ["sqlite"], indirect=True)

SHOP = """
window.log = [];
window.tokens = {tokens};
Trackstar.init({{
  ...{options},
  getLinkToken: async () => tokens.length > 1 ? tokens.shift() : tokens[0],
  onSuccess: (code, name) => log.push(["onSuccess", code, name]),
  onClose: (reason) => log.push(["onClose", reason]),
}});
document.querySelector("button").addEventListener("click", () => Trackstar.open({{}}));
"""


@pytest.fixture
def vendor(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeVendor]:
    with fake_vendor(server, monkeypatch) as started:
        yield started


@pytest.fixture
def consenting(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[OAuthServer]:
    """A vendor whose users sign in on a page of its own, which cuts off whoever opened it."""
    with running_vendor(server, OAuthServer()) as started, known(server, monkeypatch, consent_integration()):
        started.signs = True
        with registered_app(server, "consent", CLIENT_ID, CLIENT_SECRET):
            yield started


@pytest.fixture
def organization(server: Server) -> Organization:
    return server.organization()


@pytest.fixture
def shop() -> Iterator[Site]:
    with site("localhost") as started:
        yield started


def visit_shop(page: Page, shop: Site, organization: Organization, *tokens: str, **options: Any) -> Visit:
    """The customer's page, its button pressed."""
    given = json.dumps(list(tokens) or [minted(organization)])
    shop.add_script("/shop.js", SHOP.format(tokens=given, options=json.dumps(options)))
    script = f'<script src="{organization.url}/main.js"></script>'
    url = shop.add(
        "/",
        f'<!doctype html><title>Shop</title>{script}<button>Connect</button><script src="/shop.js"></script>',
    )
    visit = Visit(page)
    page.goto(url)
    page.get_by_role("button", name="Connect").click()
    return visit


def modal(page: Page) -> FrameLocator:
    return page.frame_locator("dialog iframe")


def press(frame: FrameLocator | Page, *names: str) -> None:
    for name in names:
        frame.get_by_role("button", name=name, exact=True).click()


def fill_in(frame: FrameLocator | Page, vendor: FakeVendor, token: str = TOKEN) -> None:
    frame.get_by_label("URL").fill(vendor.url)
    frame.get_by_label("Token", exact=True).fill(token)
    press(frame, "Connect")


def count(server: Server, organization: Organization) -> int:
    [(number,)] = rows(server, "SELECT COUNT(*) FROM connections WHERE organization_id = ?", organization.id)
    return int(number)


def exchanged(visit: Visit, organization: Organization) -> Any:
    """The connection of the code that the page's callback was given, which is called once."""
    visit.until(lambda: visit.said("onSuccess", "onClose"))
    [[callback, code, _]] = visit.said("onSuccess", "onClose")
    assert callback == "onSuccess"
    answer = exchange(organization, code)
    assert answer.status_code == 200, answer.text
    assert visit.modals == 0
    return answer.json()


def test_credentials_that_are_refused_are_mended_and_nothing_was_stored_before(
    page: Page, server: Server, shop: Site, organization: Organization, vendor: FakeVendor
):
    visit = visit_shop(page, shop, organization, integrationAllowList=["fake"])
    frame = modal(page)
    press(frame, "Continue")
    fill_in(frame, vendor, "wrong")
    expect(frame.get_by_role("alert")).to_contain_text("Fake WMS refused this")
    assert count(server, organization) == 0
    frame.get_by_label("URL").fill("http://127.0.0.1:1")
    press(frame, "Connect")
    expect(frame.get_by_role("alert")).to_contain_text("Fake WMS does not answer now")
    fill_in(frame, vendor)
    expect(frame.get_by_role("heading", name="Successfully connected")).to_be_visible()
    expect(frame.get_by_role("listitem").filter(has_text="works").first).to_be_visible()
    picture(page, "modal-journey-result")
    press(frame, "Done")
    assert exchanged(visit, organization)["integration_name"] == "fake"
    assert count(server, organization) == 1


def test_closing_after_the_connection_was_made_is_a_success(
    page: Page, shop: Site, organization: Organization, vendor: FakeVendor
):
    visit = visit_shop(page, shop, organization, integrationAllowList=["fake"])
    press(modal(page), "Continue")
    fill_in(modal(page), vendor)
    expect(modal(page).get_by_role("heading", name="Successfully connected")).to_be_visible()
    press(modal(page), "Close")
    assert exchanged(visit, organization)["integration_name"] == "fake"


def test_what_was_typed_is_not_lost_by_a_key(
    page: Page, shop: Site, organization: Organization, vendor: FakeVendor
):
    visit = visit_shop(page, shop, organization, integrationAllowList=["fake"])
    frame = modal(page)
    press(frame, "Continue")
    frame.get_by_label("URL").fill("https://x.example")
    page.keyboard.press("Escape")
    expect(frame.get_by_role("alertdialog", name="Stop connecting?")).to_be_visible()
    press(frame, "Keep going")
    expect(frame.get_by_label("URL")).to_have_value("https://x.example")
    page.keyboard.press("Escape")
    press(frame, "Stop")
    visit.wait_for("onClose", "escape")
    assert visit.modals == 0


def test_a_connection_is_repaired_in_place(
    page: Page, server: Server, shop: Site, organization: Organization, vendor: FakeVendor
):
    visit = visit_shop(page, shop, organization, integrationAllowList=["fake"])
    press(modal(page), "Continue")
    fill_in(modal(page), vendor)
    press(modal(page), "Done")
    first = exchanged(visit, organization)
    token = minted(organization, connection_id=first["connection_id"])
    visit = visit_shop(page, shop, organization, token)
    frame = modal(page)
    expect(frame.get_by_role("heading", name="Reconnect Fake WMS")).to_be_visible()
    press(frame, "Continue")
    expect(frame.get_by_label("URL")).to_have_value(vendor.url)
    press(frame, "Connect")
    expect(frame.get_by_role("heading", name="Connection repaired")).to_be_visible()
    press(frame, "Done")
    again = exchanged(visit, organization)
    assert (again["connection_id"], again["access_token"]) == (first["connection_id"], first["access_token"])
    assert count(server, organization) == 1


def expired(server: Server, organization: Organization) -> str:
    token = minted(organization)
    change(server, "UPDATE link_tokens SET expires_ms = 1 WHERE organization_id = ?", organization.id)
    return token


def test_a_link_token_that_has_expired_is_asked_for_once_more(
    page: Page, server: Server, shop: Site, organization: Organization
):
    old = expired(server, organization)
    visit_shop(page, shop, organization, old, minted(organization))
    expect(modal(page).get_by_role("heading", name="Connect your warehouse to Test")).to_be_visible()


def test_a_page_without_a_good_link_token_is_told_so_in_the_modal(
    page: Page, server: Server, shop: Site, organization: Organization
):
    visit = visit_shop(page, shop, organization, expired(server, organization))
    expect(modal(page).get_by_role("heading", name="This took too long")).to_be_visible()
    press(modal(page).locator("footer"), "Close")  # type: ignore[arg-type]
    visit.wait_for("onClose", "error")


def test_an_organization_may_say_which_pages_hold_the_form(
    page: Page, shop: Site, organization: Organization
):
    answer = organization.ask(
        "PUT", "/branding", None, json={"allowed_origins": ["https://shop.example.com"]}
    )
    assert answer.status_code == 200, answer.text
    visit_shop(page, shop, organization)
    expect(modal(page).get_by_role("heading", name="Not on this page")).to_be_visible()
    expect(modal(page).get_by_text(shop.url)).to_be_visible()


def to_consent(frame: FrameLocator | Page, consenting: OAuthServer) -> None:
    """Up to the click that leads to the vendor."""
    press(frame, "Continue")
    frame.get_by_label("Port").fill(str(URL(consenting.url).port))


def test_a_sign_in_at_the_vendor_comes_back_though_its_page_cut_us_off(
    page: Page, shop: Site, organization: Organization, consenting: OAuthServer
):
    visit = visit_shop(page, shop, organization, integrationAllowList=["consent"])
    frame = modal(page)
    to_consent(frame, consenting)
    with page.expect_popup():
        press(frame, "Continue to Fake Consent")
    expect(frame.get_by_role("heading", name="Successfully connected")).to_be_visible()
    press(frame, "Done")
    assert exchanged(visit, organization)["integration_name"] == "consent"
    assert consenting.granted[0] == "authorization_code"


def test_a_way_to_sign_in_that_is_chosen_changes_the_form(
    page: Page, server: Server, shop: Site, organization: Organization, monkeypatch: pytest.MonkeyPatch
):
    with (
        running_vendor(server, OAuthServer()) as started,
        known(server, monkeypatch, ways_integration()),
        registered_app(server, "ways", CLIENT_ID, CLIENT_SECRET),
    ):
        visit = visit_shop(page, shop, organization, integrationAllowList=["ways"])
        frame = modal(page)
        press(frame, "Continue")
        frame.get_by_label("Port").fill(str(URL(started.url).port))
        expect(frame.get_by_label("Token", exact=True)).to_be_visible()
        frame.get_by_label("On a page of Fake Ways", exact=True).check()
        expect(frame.get_by_label("Token", exact=True)).to_be_hidden()
        expect(frame.get_by_label("On a page of Fake Ways", exact=True)).to_be_focused()
        picture(page, "ways-consent")
        frame.get_by_label("Token from the settings", exact=True).check()
        expect(frame.get_by_label("Token", exact=True)).to_be_visible()
        frame.get_by_label("On a page of Fake Ways", exact=True).check()
        with page.expect_popup():
            press(frame, "Continue to Fake Ways")
        expect(frame.get_by_role("heading", name="Successfully connected")).to_be_visible()
        press(frame, "Done")
        assert exchanged(visit, organization)["integration_name"] == "ways"
        assert started.granted[0] == "authorization_code"


def test_a_denied_consent_is_told_and_can_be_given_after_all(
    page: Page, server: Server, shop: Site, organization: Organization, consenting: OAuthServer
):
    consenting.denies = True
    visit = visit_shop(page, shop, organization, integrationAllowList=["consent"])
    frame = modal(page)
    to_consent(frame, consenting)
    with page.expect_popup():
        press(frame, "Continue to Fake Consent")
    expect(frame.get_by_role("alert")).to_contain_text("The access was not allowed at Fake Consent")
    assert count(server, organization) == 0
    consenting.denies = False
    frame.get_by_label("Port").fill(str(URL(consenting.url).port))
    with page.expect_popup():
        press(frame, "Continue to Fake Consent")
    press(frame, "Done")
    assert exchanged(visit, organization)["integration_name"] == "consent"


def test_a_window_that_the_browser_keeps_shut_can_be_opened_by_hand(
    page: Page, shop: Site, organization: Organization, consenting: OAuthServer
):
    page.add_init_script("window.open = () => null")
    visit = visit_shop(page, shop, organization, integrationAllowList=["consent"])
    frame = modal(page)
    to_consent(frame, consenting)
    press(frame, "Continue to Fake Consent")
    expect(frame.get_by_role("heading", name="Your browser kept the window shut")).to_be_visible()
    picture(page, "modal-waiting-blocked")
    with page.expect_popup() as tab:
        frame.get_by_role("link", name="Open Fake Consent").click()
    expect(tab.value.get_by_role("heading", name="Signed in")).to_be_visible()
    press(frame, "Done")
    assert exchanged(visit, organization)["integration_name"] == "consent"


def test_a_sign_in_can_take_the_place_of_the_customers_page_and_come_back_to_it(
    page: Page, shop: Site, organization: Organization, consenting: OAuthServer
):
    organization.ask("PUT", "/branding", None, json={"allowed_origins": [shop.url]})
    page.add_init_script("window.open = () => null")
    visit = visit_shop(page, shop, organization, integrationAllowList=["consent"])
    to_consent(modal(page), consenting)
    press(modal(page), "Continue to Fake Consent")
    press(modal(page), "Continue in this window")
    expect(modal(page).get_by_role("heading", name="Successfully connected")).to_be_visible()
    assert page.url == f"{shop.url}/", "the id of the flow has left the address"
    press(modal(page), "Done")
    assert exchanged(visit, organization)["integration_name"] == "consent"


def test_a_closed_window_is_no_end_and_can_be_opened_again(
    page: Page, shop: Site, organization: Organization, consenting: OAuthServer
):
    consenting.hesitates = True
    visit = visit_shop(page, shop, organization, integrationAllowList=["consent"])
    frame = modal(page)
    to_consent(frame, consenting)
    with page.expect_popup() as popup:
        press(frame, "Continue to Fake Consent")
    popup.value.get_by_text("The vendor's page").wait_for()
    popup.value.close()
    expect(frame.get_by_role("button", name="I closed the window")).to_be_visible()
    consenting.hesitates = False
    with page.expect_popup():
        press(frame, "Open the window again")
    press(frame, "Done")
    assert exchanged(visit, organization)["integration_name"] == "consent"


def magic_link(organization: Organization, **body: Any) -> Any:
    answer = organization.ask("POST", "/magic-links", None, json=body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()["magic_link"]


def test_a_magic_link_connects_once_and_says_so_the_next_time(
    page: Page, server: Server, organization: Organization, vendor: FakeVendor
):
    link = magic_link(organization, integration_allow_list=["fake"], max_connections=1, customer_id="ann")
    page.goto(link["url"])
    press(page, "Continue")
    fill_in(page, vendor)
    press(page, "Done")
    expect(page.get_by_role("heading", name="All set")).to_be_visible()
    expect(page.get_by_role("button", name="Connect another system")).to_have_count(0)
    picture(page, "modal-page-done")
    [(customer,)] = rows(
        server, "SELECT customer_id FROM connections WHERE organization_id = ?", organization.id
    )
    assert customer == "ann"
    page.reload()
    expect(page.get_by_role("heading", name="This link was used already")).to_be_visible()


def test_a_magic_link_for_many_goes_on_to_the_next_system(
    page: Page, server: Server, organization: Organization, vendor: FakeVendor
):
    page.goto(magic_link(organization, integration_allow_list=["fake"], max_connections=0)["url"])
    for _ in range(2):
        press(page, "Continue")
        fill_in(page, vendor)
        press(page, "Done")
        more = page.get_by_role("button", name="Connect another system")
        expect(more).to_be_visible()
        more.click()
    assert count(server, organization) == 2


@pytest.mark.parametrize("is_phone", [True, False], ids=["phone", "desk"])
def test_a_magic_link_leads_to_the_vendor_and_back(
    browser: Browser, organization: Organization, consenting: OAuthServer, is_phone: bool
):
    link = magic_link(organization, integration_allow_list=["consent"], max_connections=1)
    size = ViewportSize(width=360 if is_phone else 1000, height=700)
    context = browser.new_context(has_touch=is_phone, is_mobile=is_phone, viewport=size)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(link["url"])
    to_consent(page, consenting)
    press(page, "Continue to Fake Consent")
    expect(page.get_by_role("heading", name="Successfully connected")).to_be_visible()
    assert page.url == link["url"]
    picture(page, f"modal-page-result-{'phone' if is_phone else 'desk'}")
    press(page, "Done")
    expect(page.get_by_role("heading", name="All set")).to_be_visible()
    context.close()


@pytest.mark.parametrize("status", ["done", "failed"])
def test_the_last_page_of_a_window_says_that_it_can_be_closed(page: Page, server: Server, status: str):
    page.goto(f"{server.url}/connect/oauth/done?status={status}&flow=f-1")
    expect(page.get_by_text("lose this window")).to_be_visible()
    picture(page, f"modal-callback-{status}")
    assert page.evaluate("document.documentElement.lang") == "en"
