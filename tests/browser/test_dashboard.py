"""The dashboard in a real browser: an operator looks around, syncs, pauses; looks, access, a path prefix."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from crossdock.store.database.migrate import migrate
from tests.browser.conftest import PATIENCE_MS, picture
from tests.conftest import apart
from tests.journeys.account import PASSWORD, Desk, opened_desk
from tests.journeys.server import Organization, running, until


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("dashboard")
    url = f"sqlite:///{folder / 'crossdock.db'}"
    apart(migrate(url))
    with running(url, folder) as server, opened_desk(server) as opened:
        yield opened


@pytest.fixture(scope="module")
def house(desk: Desk) -> Organization:
    organization = desk.server.organization("wms")
    organization.get("/wms/orders/none-such", "wms")
    return organization


@pytest.fixture
def window(browser: Browser) -> Iterator[Page]:
    """A page on which nothing may go wrong."""
    context = browser.new_context(locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(2 * PATIENCE_MS)
    page, faults = context.new_page(), []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda thrown: faults.append(str(thrown)))
    yield page
    context.close()
    assert faults == []


def sign_in(page: Page, desk: Desk, house: Organization) -> None:
    """Come as an owner who wanted to see the dashboard."""
    user = desk.user((house.id, "owner"))
    page.goto(f"{desk.url}/dashboard")
    page.get_by_label("E-mail").first.fill(user.email)
    page.get_by_label("Password").first.fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Home")).to_be_visible()


def looked_at(page: Page, node_modules: Path, name: str) -> None:
    """The page in light, dark and on a phone: pictures, and what keeps somebody out."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        picture(page, f"dashboard-{name}-{scheme}")
        if scheme == "light":
            page.evaluate((node_modules / "axe-core" / "axe.min.js").read_text())
        result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        faults = [(fault["id"], fault["nodes"][0]["html"][:200]) for fault in result["violations"]]
        assert faults == [], (name, scheme)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 360, "height": 740})
    picture(page, f"dashboard-{name}-phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360, name
    page.set_viewport_size({"width": 1280, "height": 800})


def test_an_operator_sees_what_is_healthy_and_acts_on_it(
    window: Page, desk: Desk, house: Organization, node_modules: Path
):
    sign_in(window, desk, house)
    expect(window.get_by_text("Nothing is wrong")).to_be_visible()
    looked_at(window, node_modules, "home")
    tile = window.locator(".tile > a").first
    tile.focus()
    expect(tile).to_be_focused()

    window.get_by_role("link", name="Connections", exact=True).first.click()
    window.get_by_role("link", name="Sandbox").click()
    expect(window.get_by_role("heading", name="Sandbox")).to_be_visible()
    looked_at(window, node_modules, "connection")
    window.get_by_role("button", name="Pause: orders", exact=True).click()
    expect(window.get_by_role("status")).to_contain_text("Paused")
    expect(window.get_by_role("row").filter(has_text="orders").filter(has_text="paused")).to_be_visible()
    window.get_by_role("button", name="Resume: orders", exact=True).click()
    expect(window.get_by_role("status")).to_contain_text("Resumed")
    window.get_by_role("button", name="Sync now").click()
    expect(window.get_by_role("status")).to_contain_text("on its way")

    window.get_by_role("link", name="Connections", exact=True).click()
    expect(window.get_by_role("heading", name="Connections")).to_be_visible()
    window.wait_for_function("Boolean(customElements.get('live-part'))")
    window.keyboard.press("/")
    expect(window.get_by_role("searchbox")).to_be_focused()
    window.keyboard.type("no such")
    window.keyboard.press("Enter")
    expect(window.get_by_text("No connection fits")).to_be_visible()
    looked_at(window, node_modules, "none-fits")
    window.get_by_role("link", name="Show all").click()
    expect(window.get_by_role("row")).to_have_count(2)
    looked_at(window, node_modules, "connections")


def test_the_log_of_calls_leads_to_the_connection(
    window: Page, desk: Desk, house: Organization, node_modules: Path
):
    sign_in(window, desk, house)

    def logged() -> bool:
        window.goto(f"{desk.url}/dashboard/api-log?path_prefix=/wms/orders/none-such")
        return window.get_by_role("row").count() > 1

    until(logged)
    looked_at(window, node_modules, "api-log")
    row = window.get_by_role("row").nth(1)
    row.get_by_role("button", name="Copy").click()
    expect(window.get_by_role("status")).to_have_text("Copied")
    row.get_by_role("link").first.click()
    expect(window.get_by_role("heading", name="Answer")).to_be_visible()
    looked_at(window, node_modules, "api-call")
    window.get_by_role("link", name=str(house.connection("wms")["connection_id"])).click()
    expect(window.get_by_role("heading", name="Sandbox")).to_be_visible()


def test_a_theme_that_was_chosen_stays(window: Page, desk: Desk, house: Organization):
    sign_in(window, desk, house)
    window.get_by_role("button", name="dark", exact=True).click()
    window.get_by_role("link", name="API log").click()
    assert window.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


def test_a_page_shows_what_is_new_by_itself_and_leaves_alone_what_is_used(
    window: Page, desk: Desk, house: Organization
):
    sign_in(window, desk, house)
    window.goto(f"{desk.url}/dashboard/connections/{house.connection('wms')['connection_id']}")
    paused = window.get_by_role("row").filter(has_text="paused")
    expect(paused).to_have_count(0)
    house.ask("PATCH", "/schedules/get_returns/toggle", "wms", json={"paused": True})
    window.get_by_role("button", name="Sync: orders").focus()
    window.evaluate("document.querySelector('live-part').look()")
    window.wait_for_timeout(500)
    expect(paused).to_have_count(0)
    window.get_by_role("link", name="Skip to the content").focus()
    window.mouse.move(2, 2)
    window.evaluate(
        "now = Date.now; Date.now = () => now() + 3600000; document.querySelector('live-part').look()"
    )
    window.wait_for_timeout(500)
    expect(paused).to_have_count(0)
    window.evaluate("Date.now = now")
    window.get_by_role("button", name="Live", exact=True).click()
    window.get_by_role("link", name="Skip to the content").focus()
    window.mouse.move(2, 2)
    window.evaluate("document.querySelector('live-part').look()")
    window.wait_for_timeout(500)
    expect(paused).to_have_count(0)
    window.get_by_role("button", name="Paused", exact=True).click()
    expect(paused).to_have_count(1)
    house.ask("PATCH", "/schedules/get_returns/toggle", "wms", json={"paused": False})
