"""Connections in the dashboard in a real browser: a first system, its pages, links, and who may only look."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from crossdock.store.connections import problems
from crossdock.store.connections.problems import ConnectionProblem
from crossdock.store.database.migrate import migrate
from crossdock.store.people.users import Role
from crossdock.store.records import quarantine
from crossdock.store.records.quarantine import QuarantinedRecord
from tests.browser.conftest import PATIENCE_MS, picture
from tests.conftest import apart
from tests.journeys.account import PASSWORD, Desk, opened_desk
from tests.journeys.server import Organization, running

EVIL = '"><img src=x onerror=alert(1)>' + "ל" * 40 + "x" * 400
BELOW = ("", "/syncs", "/runs", "/set-aside", "/custom-fields", "/settings", "/access", "/delete")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("dashboard")
    url = f"sqlite:///{folder / 'crossdock.db'}"
    apart(migrate(url))
    with running(url, folder) as server, opened_desk(server) as opened:
        opened.clock.now_ms = server.services.clock()
        yield opened


@pytest.fixture(scope="module")
def house(desk: Desk) -> Organization:
    """An organization with a connection that has a bit of everything."""
    organization = desk.server.organization("wms")
    uid = organization.uids["wms"]
    organization.ask("PATCH", "/connections", "wms", json={"customer_id": "customer-42"})
    window = {
        "function_name": "get_orders", "start_time": "2026-01-01T00:00:00Z",
        "end_time": "2026-01-02T00:00:00Z",
    }  # fmt: skip
    assert organization.ask("POST", "/connections/on-demand-syncs", "wms", json=window).status_code == 200
    desk.server.do(_troubled(desk, uid))
    return organization


async def _troubled(desk: Desk, uid: str) -> None:
    database, now = desk.services.database, desk.clock()
    row = await database.fetch_one("SELECT id FROM connections WHERE uid = ?", uid)
    assert row is not None
    words = "Sandbox refuses the request of get_returns: you may not see returns. It is tried at every sync."
    problem = ConnectionProblem(int(row[0]), "get_returns", "request_refused", words, "", now, now)
    records = [
        QuarantinedRecord("order-1007", "its quantity is “many”, which is no number", b'{"id": 1007}', 12),
        QuarantinedRecord(EVIL, EVIL, EVIL.encode(), 90_000, "partial"),
    ]
    async with database.transaction() as transaction:
        await problems.note(transaction, problem)
        await quarantine.put(transaction, int(row[0]), "get_orders", "job", records, now)


@pytest.fixture
def window(browser: Browser) -> Iterator[Page]:
    """A page on which nothing may go wrong."""
    context = browser.new_context(
        locale="en-GB", timezone_id="Europe/Berlin", reduced_motion="reduce",
        viewport={"width": 1440, "height": 900},
    )  # fmt: skip
    context.set_default_timeout(2 * PATIENCE_MS)
    page, faults = context.new_page(), []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda thrown: faults.append(str(thrown)))
    yield page
    context.close()
    refused = "the server responded with a status of 422"  # a form that is shown again says so
    assert [text for text in faults if refused not in text] == []


def sign_in(page: Page, desk: Desk, house: Organization, role: Role = "owner") -> None:
    user = desk.user((house.id, role))
    page.goto(f"{desk.url}/dashboard/connections")
    page.get_by_label("E-mail").first.fill(user.email)
    page.get_by_label("Password").first.fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Connections")).to_be_visible()


def looked_at(page: Page, node_modules: Path, name: str) -> None:
    """The page in light, dark and on a phone: pictures, and what keeps somebody out."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        picture(page, f"dashboard-connections-{name}-{scheme}")
        if scheme == "light":
            page.evaluate((node_modules / "axe-core" / "axe.min.js").read_text())
        result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        faults = [(fault["id"], fault["nodes"][0]["html"][:200]) for fault in result["violations"]]
        assert faults == [], (name, scheme)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 390, "height": 800})
    picture(page, f"dashboard-connections-{name}-phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
    page.set_viewport_size({"width": 1440, "height": 900})


@pytest.mark.parametrize("below", BELOW)
def test_every_page_of_a_connection_is_fit_to_be_shown_and_shows_hostile_text_as_text(
    window: Page, desk: Desk, house: Organization, node_modules: Path, below: str
):
    sign_in(window, desk, house)
    query = "?function=get_returns" if below == "" else ""
    window.goto(f"{desk.url}/dashboard/connections/{house.uids['wms']}{below}{query}")
    expect(window.get_by_role("heading", level=1)).to_contain_text("customer-42")
    assert window.locator("main img").count() == 0
    looked_at(window, node_modules, below.strip("/") or "overview")


def test_a_first_system_is_connected_in_the_form_of_the_button_and_signed_in_anew(
    window: Page, desk: Desk, node_modules: Path
):
    empty = desk.server.organization()
    look = {"name": "Acme", "allowed_origins": ["https://app.acme.example"]}
    assert empty.ask("PUT", "/branding", None, json=look).status_code == 200
    sign_in(window, desk, empty)
    looked_at(window, node_modules, "none")
    window.get_by_role("link", name="Add connection").first.click()
    window.get_by_label("Customer id").fill("first customer")
    looked_at(window, node_modules, "add")
    window.get_by_role("button", name="Connect", exact=True).click()
    frame = window.frame_locator("iframe")
    frame.get_by_role("button", name="Continue").click()
    frame.get_by_role("button", name="Sandbox").click()
    frame.get_by_role("button", name="Connect", exact=True).click()
    frame.get_by_role("button", name="Done").click()
    expect(window.get_by_role("status").filter(has_text="Connected")).to_be_visible()
    expect(window.get_by_role("heading", level=1)).to_have_text("Sandbox of first customer")

    window.get_by_label("This connection").get_by_role("link", name="Access").click()
    window.get_by_role("button", name="Sign in anew").click()
    expect(window.frame_locator("iframe").get_by_role("heading").first).to_be_visible()
    window.frame_locator("iframe").get_by_role("button", name="Close").first.click()

    window.get_by_role("button", name="Show the token").click()
    expect(window.get_by_text("is in the audit log")).to_be_visible()
    expect(window.locator(".secret code")).to_contain_text("ct_")
    looked_at(window, node_modules, "token")
    window.get_by_text("Rotate …").click()
    window.get_by_role("button", name="Rotate the token").click()
    expect(window.get_by_text("This is its token from now on")).to_be_visible()
    window.get_by_label("This connection").get_by_role("link", name="Settings").click()
    window.get_by_role("link", name="Delete …").click()
    window.get_by_role("button", name="Delete this connection").click()
    expect(window.get_by_text("Nothing is connected yet")).to_be_visible()


def test_a_magic_link_is_made_and_copied_and_deleted_after_a_question(
    window: Page, desk: Desk, house: Organization, node_modules: Path
):
    sign_in(window, desk, house)
    window.get_by_role("link", name="Magic links").click()
    looked_at(window, node_modules, "no-links")
    window.get_by_role("link", name="New magic link").first.click()
    window.get_by_label("Customer id").fill(EVIL[:300])
    window.get_by_label("only those ticked").check()
    window.get_by_role("button", name="Make the link").click()
    expect(window.get_by_role("alert")).to_contain_text("tick at least one system")
    window.get_by_label("Sandbox").check()
    window.get_by_text("Additional settings").click()
    looked_at(window, node_modules, "link-form")
    window.get_by_role("button", name="Make the link").click()
    expect(window.locator(".secret code")).to_contain_text("/connect/m/")
    looked_at(window, node_modules, "link")
    window.locator(".secret").get_by_role("button").click()
    expect(window.get_by_role("status")).to_have_text("Copied")
    window.get_by_role("link", name="All magic links").click()
    looked_at(window, node_modules, "links")
    window.get_by_label("Delete link").click()
    window.get_by_role("button", name="Delete link").click()
    expect(window.get_by_text("No magic link yet")).to_be_visible()


def test_an_on_demand_sync_takes_the_times_of_the_reader_and_sends_them_in_utc(
    window: Page, desk: Desk, house: Organization
):
    sign_in(window, desk, house)
    window.goto(f"{desk.url}/dashboard/connections/{house.uids['wms']}/syncs")
    window.get_by_label("From (Europe/Berlin)").fill("2026-07-01T09:00")
    window.get_by_label("To (Europe/Berlin)").fill("2026-07-01T08:00")
    window.get_by_role("button", name="Create").click()
    expect(window.get_by_role("alert")).to_contain_text("is not after")
    expect(window.get_by_label("From (Europe/Berlin)")).to_have_value("2026-07-01T09:00")
    window.get_by_label("To (Europe/Berlin)").fill("2026-07-01T10:00")
    window.get_by_role("button", name="Create").click()
    expect(window.get_by_role("status")).to_contain_text("The sync is open")
    asked = house.get("/connections/on-demand-syncs", "wms").json()["data"]
    times = [(sync["requested_start_time"], sync["requested_end_time"]) for sync in asked]
    assert ("2026-07-01T07:00:00Z", "2026-07-01T08:00:00Z") in times


def test_a_pace_is_set_in_the_row_of_a_schedule_and_a_change_that_was_not_sent_is_left_alone(
    window: Page, desk: Desk, house: Organization
):
    sign_in(window, desk, house)
    window.goto(f"{desk.url}/dashboard/connections/{house.uids['wms']}")
    window.get_by_role("link", name="orders", exact=True).click()
    window.get_by_label("Syncs every").select_option("2 hours")
    window.get_by_role("heading", level=1).click()
    window.evaluate("document.activeElement.blur(); document.querySelector('live-part').look()")
    window.wait_for_timeout(500)
    expect(window.get_by_label("Syncs every")).to_have_value("7200")
    window.get_by_role("button", name="Set pace").click()
    expect(window.get_by_role("status")).to_contain_text("at this pace")
    expect(window.locator("#get_orders")).to_contain_text("2 hours")


def test_custom_fields_are_previewed_on_a_record_before_they_are_saved(
    window: Page, desk: Desk, house: Organization, node_modules: Path
):
    sign_in(window, desk, house)
    window.goto(f"{desk.url}/dashboard/connections/{house.uids['wms']}/custom-fields?resource=orders")
    window.get_by_label("Name of field 1", exact=True).fill("delivery_note")
    window.get_by_label("Path of field 1", exact=True).fill("$.custom.note")
    window.get_by_label("Name of field 2", exact=True).fill("boxes")
    window.get_by_label("Path of field 2", exact=True).fill("$.custom.note")
    window.get_by_label("Type of field 2", exact=True).select_option("integer")
    window.get_by_label("Record as JSON").fill('{"custom": {"note": "ring <b>twice</b>"}, "weight": 1.10}')
    window.get_by_role("button", name="Preview").click()
    expect(window.get_by_text("ring <b>twice</b>").first).to_be_visible()
    expect(window.get_by_text("what stands there is not a whole number")).to_be_visible()
    looked_at(window, node_modules, "preview")
    window.get_by_role("button", name="Save").click()
    expect(window.get_by_role("status")).to_contain_text("Saved")


def test_a_viewer_sees_all_of_a_connection_and_no_button_that_changes_it(
    window: Page, desk: Desk, house: Organization, node_modules: Path
):
    sign_in(window, desk, house, "viewer")
    looked_at(window, node_modules, "list-viewer")
    expect(window.get_by_role("link", name="Add connection")).to_have_count(0)
    for below in BELOW[:-1]:
        window.goto(f"{desk.url}/dashboard/connections/{house.uids['wms']}{below}")
        expect(window.locator("main button[name=do]")).to_have_count(0)
    looked_at(window, node_modules, "access-viewer")
