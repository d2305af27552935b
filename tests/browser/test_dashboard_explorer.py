"""The data explorer in a real browser: an owner finds an order, reads it, changes it; a viewer looks."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from crossdock.store.database.migrate import migrate
from crossdock.store.people.users import Role
from tests.browser.conftest import PATIENCE_MS, picture
from tests.browser.test_dashboard import looked_at
from tests.conftest import apart
from tests.journeys.account import PASSWORD, Desk, opened_desk
from tests.journeys.server import Organization, running, until

REFUSED = "status of 422"
"""What the console says of a form that is shown again."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("explorer")
    url = f"sqlite:///{folder / 'crossdock.db'}"
    apart(migrate(url))
    with running(url, folder) as server, opened_desk(server) as opened:
        yield opened


@pytest.fixture(scope="module")
def house(desk: Desk) -> Organization:
    organization = desk.server.organization("wms", "carrier")
    desk.server.do(desk.server.services.jobs.find_audits())
    until(lambda: organization.get("/carrier/audit/findings").json()["audited_at"] is not None)
    return organization


@pytest.fixture
def window(browser: Browser) -> Iterator[Page]:
    """A page on which nothing may go wrong but what is refused."""
    context = browser.new_context(locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(2 * PATIENCE_MS)
    page, faults = context.new_page(), []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda thrown: faults.append(str(thrown)))
    yield page
    context.close()
    assert [fault for fault in faults if REFUSED not in fault] == []


def sign_in(page: Page, desk: Desk, house: Organization, role: Role) -> None:
    user = desk.user((house.id, role))
    page.goto(f"{desk.url}/dashboard/explorer")
    page.get_by_label("E-mail").first.fill(user.email)
    page.get_by_label("Password").first.fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Data explorer")).to_be_visible()


def wide(page: Page, name: str) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    picture(page, f"dashboard-{name}-wide")
    page.set_viewport_size({"width": 1280, "height": 800})


def test_an_owner_finds_an_order_reads_it_changes_it_and_sees_what_changed(
    window: Page, desk: Desk, house: Organization, node_modules: Path
):
    sign_in(window, desk, house, "owner")
    looked_at(window, node_modules, "explorer")
    window.get_by_role("link", name="Production").click()
    expect(window.get_by_text("Nothing of this type is connected")).to_be_visible()
    looked_at(window, node_modules, "explorer-none")
    window.get_by_role("link", name="Sandbox").first.click()
    window.get_by_role("row").get_by_role("link", name="Sandbox").click()
    expect(window.get_by_role("heading", name="Records")).to_be_visible()
    looked_at(window, node_modules, "explorer-connection")

    window.get_by_role("link", name="Orders").first.click()
    expect(window.get_by_role("heading", name="Orders")).to_be_visible()
    looked_at(window, node_modules, "explorer-orders")
    wide(window, "explorer-orders")
    window.get_by_label("status", exact=True).fill("fulfilled")
    window.get_by_label("status", exact=True).press("Enter")
    expect(window).to_have_url(re.compile(r"\?status=fulfilled"))
    window.get_by_text("All filters").click()
    window.get_by_text("curl", exact=True).click()
    looked_at(window, node_modules, "explorer-filtered")
    window.get_by_role("button", name="Copy").last.scroll_into_view_if_needed()
    window.reload()
    expect(window.get_by_role("link", name="Without: status is fulfilled")).to_be_visible()

    window.get_by_role("region", name="Orders").get_by_role("link").first.click()
    expect(window.get_by_role("navigation", name="Views")).to_be_visible()
    looked_at(window, node_modules, "explorer-record")
    wide(window, "explorer-record")
    window.get_by_role("link", name="JSON").click()
    looked_at(window, node_modules, "explorer-json")
    fold(window)
    window.get_by_role("link", name="Related").click()
    expect(window.get_by_role("heading", name="Charges of Sandbox")).to_be_visible()
    looked_at(window, node_modules, "explorer-related")

    window.goto(f"{desk.url}/dashboard/explorer/{house.uids['wms']}/list/orders?status=open")
    window.get_by_role("region", name="Orders").get_by_role("link").first.click()
    window.get_by_role("link", name="Update order").click()
    expect(window.get_by_role("heading", name="Change an order")).to_be_visible()
    looked_at(window, node_modules, "explorer-write")
    window.get_by_label("Service level").fill("overnight")
    window.get_by_role("button", name="Rehearse", exact=True).last.click()
    expect(window.get_by_text("Nothing was sent")).to_be_visible()
    looked_at(window, node_modules, "explorer-rehearsed")
    window.get_by_role("region", name="This would be sent").get_by_role(
        "button", name="Change an order"
    ).click()
    expect(window.get_by_role("status").filter(has_text="Done")).to_be_visible()
    window.get_by_role("link", name="History").click()
    expect(window.get_by_role("row").filter(has_text="service_level")).to_contain_text("overnight")
    looked_at(window, node_modules, "explorer-history")
    window.get_by_role("link", name="Tags").click()
    window.get_by_label("Tag", exact=True).first.fill("vip")
    window.get_by_role("button", name="Set the tags").click()
    expect(window.get_by_label("Tag", exact=True).first).to_have_value("vip")
    looked_at(window, node_modules, "explorer-tags")


def fold(window: Page) -> None:
    """Fold and open a part of the JSON with the keyboard, then all of it; copy it whole."""
    node = window.locator(".json-node .json-node > summary").first
    node.focus()
    window.keyboard.press("Enter")
    expect(window.locator(".json-node .json-node").first).not_to_have_attribute("open", "")
    window.keyboard.press("Enter")
    window.get_by_role("button", name="Fold all").click()
    assert window.locator(".json-node[open]").count() == 1
    window.get_by_role("button", name="Expand all").click()
    assert window.locator(".json-node:not([open])").count() == 0
    window.get_by_role("button", name="Copy", exact=True).click()
    expect(window.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
    assert window.evaluate("JSON.parse(document.querySelector('.json').textContent).order_number")


def test_a_new_order_is_made_with_lines_that_the_page_adds(
    window: Page, desk: Desk, house: Organization, node_modules: Path
):
    sign_in(window, desk, house, "developer")
    product = next(one for one in house.list("/wms/products", limit="100") if not one["is_kit"])
    window.goto(f"{desk.url}/dashboard/explorer/{house.uids['wms']}/list/orders")
    window.get_by_role("link", name="Create order").click()
    window.get_by_label("Order number").fill("BROWSER-1")
    address = window.get_by_role("group", name="Ship to address")
    for label, text in {
        "Address1": "1 Main St", "City": "Springfield", "State": "IL", "Postal code": "62701",
        "Country": "US",
    }.items():  # fmt: skip
        address.get_by_label(label).fill(text)
    window.get_by_role("button", name="Add a line").click()
    rows = window.locator("[data-row]")
    expect(rows).to_have_count(2)
    rows.nth(1).get_by_label("Product id").fill(product["id"])
    rows.nth(1).get_by_label("Quantity").fill("0")
    window.get_by_role("button", name="Create an order").click()
    expect(window.get_by_role("alert")).to_be_visible()
    expect(window.get_by_label("Order number")).to_have_value("BROWSER-1")
    looked_at(window, node_modules, "explorer-refused")
    window.get_by_label("Quantity").first.fill("3")
    window.get_by_role("button", name="Create an order").click()
    expect(window.get_by_role("heading", name="BROWSER-1")).to_be_visible()
    [order] = house.list("/wms/orders", order_number="BROWSER-1")
    assert [line["quantity"] for line in order["line_items"]] == [3]


def test_a_table_is_read_from_a_file_and_each_line_has_its_outcome(
    window: Page, desk: Desk, house: Organization, node_modules: Path, tmp_path: Path
):
    sign_in(window, desk, house, "developer")
    window.goto(f"{desk.url}/dashboard/explorer/{house.uids['wms']}/list/products")
    window.get_by_role("link", name="Import CSV").first.click()
    file = tmp_path / "products.csv"
    file.write_text("sku,name\nBROWSER-A,Mug\n,Nameless\nBROWSER-B,<b>Cup</b>\n")
    window.get_by_label("or from a file").set_input_files(file)
    expect(window.get_by_label("Table")).to_have_value(file.read_text())
    window.get_by_role("button", name="Write each line").click()
    expect(window.get_by_role("status")).to_contain_text("2 done")
    expect(window.get_by_label("Table")).to_contain_text("Nameless")
    looked_at(window, node_modules, "explorer-import")
    window.get_by_role("region", name="Outcomes").get_by_role("link").last.click()
    expect(window.get_by_role("main").get_by_text("<b>Cup</b>")).to_be_visible()


def test_a_viewer_looks_at_everything_and_is_offered_nothing_to_do(
    window: Page, desk: Desk, house: Organization
):
    sign_in(window, desk, house, "viewer")
    window.get_by_role("row").get_by_role("link", name="Sandbox").click()
    window.get_by_role("link", name="Products").first.click()
    expect(window.get_by_role("link", name="Create product")).to_have_count(0)
    window.get_by_role("region", name="Products").get_by_role("link").first.click()
    expect(window.get_by_role("link", name="Update product")).to_have_count(0)
    window.get_by_role("link", name="Tags").click()
    expect(window.get_by_role("button", name="Set the tags")).to_have_count(0)
