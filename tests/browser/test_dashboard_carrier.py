"""Carriers and integrations on the dashboard in a real browser: files come in, and sums are looked at."""

import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from crossdock.kit import registry
from crossdock.store.people.users import Role
from tests.browser.test_dashboard import desk, looked_at, window
from tests.fakes.invoices import FREIGHT, FUEL, invoice, row, text
from tests.journeys.account import PASSWORD, Desk
from tests.journeys.server import Organization, until

__all__ = ["desk", "window"]

EVIL = '"><img src=x onerror=alert(1)>'
LONG = "endless-" * 30


@pytest.fixture(autouse=True)
def now(desk: Desk) -> None:
    """The desk's clock goes with the worker's, which reads what comes in."""
    desk.clock.now_ms = int(time.time() * 1000)


@pytest.fixture(scope="module")
def house(desk: Desk) -> Organization:
    """An organization with a sandbox warehouse and carriers, audited."""
    desk.clock.now_ms = int(time.time() * 1000)
    organization = desk.server.organization("wms", "carrier")
    desk.server.do(desk.services.jobs.find_audits())
    until(lambda: organization.get("/carrier/audit/findings").json()["audited_at"] is not None)
    return organization


@pytest.fixture(scope="module")
def ups(desk: Desk, house: Organization) -> str:
    integration = registry.get_integration("carrier", "ups")
    connector = desk.server.services.connector
    return desk.server.do(connector.connect(house.id, integration, {}, f"{EVIL} {LONG}"))[0].uid


def sign_in(page: Page, desk: Desk, house: Organization, role: Role = "owner") -> None:
    user = desk.user((house.id, role))
    page.goto(f"{desk.url}/dashboard")
    page.get_by_label("E-mail").first.fill(user.email)
    page.get_by_label("Password").first.fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Home")).to_be_visible()


def choose(page: Page, desk: Desk, name: str, content: bytes) -> None:
    """Bring a file in, later than the run that began before it."""
    desk.clock.now_ms = int(time.time() * 1000)
    page.get_by_label("File", exact=True).set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": content}
    )
    page.get_by_role("button", name="Bring in").click()


def test_an_operator_brings_a_file_in_and_sees_what_became_of_it(
    window: Page, desk: Desk, house: Organization, ups: str, node_modules: Path
):
    sign_in(window, desk, house)
    window.get_by_role("link", name="Carrier", exact=True).click()
    looked_at(window, node_modules, "carriers")
    window.get_by_role("link", name="UPS").click()
    expect(
        window.get_by_text("Not added up yet").or_(window.get_by_text("Nothing was charged yet"))
    ).to_be_visible()
    looked_at(window, node_modules, "carrier-empty")
    window.get_by_role("link", name="Files", exact=True).click()
    choose(window, desk, "january.csv", invoice(FREIGHT, FUEL))
    expect(window.get_by_text("all totals that the file states are met")).to_be_visible()
    expect(window.get_by_text("11.25")).to_be_visible()

    window.get_by_role("link", name="Files", exact=True).click()
    bad = ("1Z009", "FRT", f"{EVIL} {LONG}", "0", "N/A")
    choose(window, desk, f"{LONG}.csv", text(row(bad, "INV9", "5.00")))
    expect(window.get_by_role("row").filter(has_text="Net Amount").filter(has_text="N/A")).to_be_visible()
    looked_at(window, node_modules, "carrier-file")
    window.get_by_text("Delete this file").click()
    window.get_by_role("button", name="Delete endless").click()
    expect(window.get_by_role("status").first).to_contain_text("taken away")
    looked_at(window, node_modules, "carrier-files")


def test_a_file_is_dropped_and_one_that_is_no_invoice_is_refused_where_it_was(
    window: Page, desk: Desk, house: Organization, ups: str
):
    sign_in(window, desk, house)
    window.goto(f"{desk.url}/dashboard/carrier/{ups}/files")
    window.evaluate(
        """() => {
            const carried = new DataTransfer();
            carried.items.add(new File(["Account Number"], "one.csv"));
            carried.items.add(new File(["Account Number"], "two.csv"));
            const dropped = {dataTransfer: carried, bubbles: true, cancelable: true};
            for (const kind of ["dragover", "drop"])
                document.querySelector("drop-file").dispatchEvent(new DragEvent(kind, dropped));
        }"""
    )
    expect(window.get_by_text("One file at a time")).to_be_visible()
    content = invoice(("1ZDROP", "FRT", "Freight", "0", "3.00"), invoice="DROP", total="3.00").decode()
    window.evaluate(
        """(content) => {
            const carried = new DataTransfer();
            carried.items.add(new File([content], "dropped.csv"));
            const event = new DragEvent("drop", {dataTransfer: carried, bubbles: true, cancelable: true});
            document.querySelector("drop-file").dispatchEvent(event);
        }""",
        content,
    )
    expect(window.get_by_role("heading", name="dropped.csv")).to_be_visible()
    expect(window.get_by_text("all totals that the file states are met")).to_be_visible()


def test_without_a_script_a_file_comes_in_by_a_plain_form(
    window: Page, desk: Desk, house: Organization, ups: str
):
    sign_in(window, desk, house)
    window.route("**/carrier.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    window.goto(f"{desk.url}/dashboard/carrier/{ups}/files")
    content = invoice(("1ZPLAIN", "FRT", "Freight", "0", "4.00"), invoice="PLAIN", total="4.00")
    choose(window, desk, "plain.csv", content)
    expect(window.get_by_role("heading", name="plain.csv")).to_be_visible()
    expect(window.get_by_text("The file is here")).to_be_visible()


def test_what_was_charged_is_seen_as_charts_and_tables_down_to_the_order(
    window: Page, desk: Desk, house: Organization, node_modules: Path
):
    sign_in(window, desk, house, "viewer")
    window.goto(f"{desk.url}/dashboard/carrier/{house.uids['carrier']}")
    expect(window.get_by_role("heading", name="By category")).to_be_visible()
    looked_at(window, node_modules, "carrier-spend")
    window.get_by_text("As a table").click()
    expect(window.get_by_role("row").filter(has_text="Line items").first).to_be_visible()
    window.get_by_role("link", name="Invoices that do not add up").click()
    looked_at(window, node_modules, "carrier-invoices")
    window.get_by_role("row").nth(1).get_by_role("link").click()
    expect(window.get_by_role("heading", name="Reconciliation")).to_be_visible()
    looked_at(window, node_modules, "carrier-invoice")
    window.get_by_role("link", name="Line items", exact=True).click()
    looked_at(window, node_modules, "carrier-line-items")
    window.get_by_role("link", name="Findings", exact=True).click()
    looked_at(window, node_modules, "carrier-findings")
    with window.expect_download() as download:
        window.get_by_role("link", name="Download as CSV").click()
    assert download.value.path().read_text().startswith("tracking_number,ship_date,")
    window.get_by_role("link", name="Cost per order", exact=True).click()
    window.locator(".shipments summary").filter(has_text="order").first.click()
    looked_at(window, node_modules, "carrier-costs")
    window.locator(".shipments details[open] a").first.click()
    expect(window.get_by_text("Cost of carriage, USD")).to_be_visible()
    looked_at(window, node_modules, "carrier-order")


def test_what_can_be_claimed_is_found_shown_with_its_evidence_and_claimed(
    window: Page, desk: Desk, house: Organization, node_modules: Path
):
    sign_in(window, desk, house)
    window.goto(f"{desk.url}/dashboard/carrier/{house.uids['carrier']}/findings")
    window.get_by_text("Sums by rule").click()
    looked_at(window, node_modules, "carrier-findings-all")
    window.get_by_role("link", name="To claim").first.click()
    first = window.get_by_role("listitem").filter(has=window.get_by_text("Resolve or dispute")).first
    first.get_by_text("Evidence").focus()
    window.keyboard.press("Enter")
    first.get_by_text("Resolve or dispute").click()
    first.get_by_label("Note").fill("Claim 4711")
    first.get_by_label("Amount").fill("4.35")
    looked_at(window, node_modules, "carrier-claim")
    first.get_by_role("button", name="to disputed").click()
    expect(window.get_by_role("status").first).to_contain_text("state of the finding")
    window.get_by_label("State").select_option("disputed")
    window.get_by_role("button", name="Filter").click()
    expect(window.get_by_text("Claim 4711").first).to_be_visible()

    window.goto(f"{desk.url}/dashboard/carrier/{house.uids['carrier']}/findings?rule=address_correction")
    window.get_by_role("link", name="Show its").first.click()
    expect(window.get_by_role("link", name="All findings")).to_be_visible()
    looked_at(window, node_modules, "carrier-group")


def test_a_divisor_and_a_rate_card_are_set_where_usual_prices_stand(
    window: Page, desk: Desk, house: Organization, node_modules: Path
):
    sign_in(window, desk, house)
    window.goto(f"{desk.url}/dashboard/carrier/{house.uids['carrier']}")
    window.get_by_role("link", name="Rates and settings").click()
    looked_at(window, node_modules, "carrier-rates-empty")
    window.get_by_label("Divisor of volumes").fill("139")
    window.get_by_label("Spread costs").check()
    window.get_by_role("button", name="Keep").click()
    expect(window.get_by_role("status").first).to_contain_text("next audit")
    expect(window.get_by_role("row").filter(has_text="spread over the parcels")).to_be_visible()
    card = b"service,zone,weight,unit,currency,price\nGround,5,10,lb,USD,9.50\n"
    window.get_by_label("File", exact=True).set_input_files(
        {"name": f"{LONG}.csv", "mimeType": "text/csv", "buffer": card}
    )
    window.get_by_role("button", name="Upload").click()
    expect(window.get_by_role("row").filter(has_text="endless")).to_be_visible()
    looked_at(window, node_modules, "carrier-rates")
    window.get_by_role("button", name="Remove the rate card").click()
    expect(window.get_by_role("status").first).to_contain_text("removed")


def test_the_catalogue_leads_to_what_a_system_can_do(
    window: Page, desk: Desk, house: Organization, node_modules: Path
):
    sign_in(window, desk, house)
    window.get_by_role("link", name="Integrations", exact=True).click()
    looked_at(window, node_modules, "integrations")
    window.keyboard.press("/")
    window.keyboard.type("shiphero")
    window.keyboard.press("Enter")
    window.get_by_role("link", name="ShipHero").click()
    window.get_by_text("create order", exact=True).click()
    expect(window.get_by_role("row").filter(has_text="ship_to_address.city")).to_contain_text("yes")
    looked_at(window, node_modules, "integration")
