"""The API reference and the command palette in a real browser: read, try, find, by mouse and by keys."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import picture
from tests.browser.test_dashboard import desk, house, looked_at, sign_in, window
from tests.journeys.account import PASSWORD, Desk
from tests.journeys.server import Organization

__all__ = ["desk", "house", "window"]

HOSTILE = '"><img src=x onerror=alert(1)>'


def test_a_developer_reads_searches_and_tries_an_operation(
    window: Page, desk: Desk, house: Organization, node_modules: Path
):
    sign_in(window, desk, house)
    window.get_by_role("link", name="API reference").click()
    looked_at(window, node_modules, "reference")
    search = window.get_by_label("Search", exact=True)
    search.press_sequentially("listorders")
    expect(window.locator(".count")).to_have_text("1 entry")
    search.fill("no such thing")
    expect(window.get_by_text("Nothing fits")).to_be_visible()
    search.fill("listOrders")
    window.get_by_role("link", name="List orders").click()
    expect(window.get_by_role("heading", name="List orders", exact=True)).to_be_visible()
    looked_at(window, node_modules, "reference-operation")

    window.locator(".snippet summary", has_text="TypeScript").click()
    window.get_by_role("button", name="Copy: The request in TypeScript").click()
    expect(window.get_by_role("status").filter(has_text="Copied")).to_have_count(1)

    window.get_by_role("link", name="Try it").click()
    window.get_by_label("limit", exact=True).fill("2")
    window.get_by_role("button", name="Send GET").click()
    outcome = window.locator("#outcome")
    expect(outcome).to_contain_text("200")
    expect(outcome.get_by_role("region", name="The answer")).to_contain_text('"next_token"')
    looked_at(window, node_modules, "reference-tried")
    window.get_by_label("Filter 1", exact=True).select_option("order_number")
    window.get_by_label("Value of filter 1").fill(HOSTILE)
    window.get_by_role("button", name="Send GET").click()
    expect(window.get_by_label("Value of filter 1")).to_have_value(HOSTILE)
    expect(window.locator("#outcome")).to_contain_text('"total_count": 0')


def test_pages_of_writes_and_events_can_be_read_by_everybody(
    window: Page, desk: Desk, house: Organization, node_modules: Path
):
    sign_in(window, desk, house)
    for operation_id in ("createOrder", "Event_order_updated", "deleteConnection", "createErasure"):
        window.goto(f"{desk.url}/dashboard/reference/{operation_id}")
        looked_at(window, node_modules, f"reference-{operation_id}")


def test_a_viewer_tries_reads_and_sees_why_there_is_no_more(window: Page, desk: Desk, house: Organization):
    user = desk.user((house.id, "viewer"))
    window.goto(f"{desk.url}/dashboard/reference/cancelOrder")
    window.get_by_label("E-mail").first.fill(user.email)
    window.get_by_label("Password").first.fill(PASSWORD)
    window.get_by_role("button", name="Sign in", exact=True).click()
    expect(window.get_by_text("A viewer may not do this")).to_be_visible()
    expect(window.get_by_role("button", name="Send PUT")).to_have_count(0)
    window.goto(f"{desk.url}/dashboard/reference/listWarehouses")
    window.get_by_role("button", name="Send GET").click()
    expect(window.locator("#outcome")).to_contain_text("200")


def test_the_palette_leads_anywhere_by_keys(
    window: Page, desk: Desk, house: Organization, node_modules: Path
):
    order = house.list("/wms/orders", limit="1")[0]
    house.ask("PATCH", "/connections", "wms", json={"customer_id": HOSTILE})
    sign_in(window, desk, house)
    window.get_by_role("link", name="Connections", exact=True).first.focus()
    window.keyboard.press("Control+k")
    text = window.get_by_role("combobox", name="Go to")
    expect(text).to_be_focused()
    expect(window.get_by_role("option").first).to_be_visible()
    looked_at(window, node_modules, "palette")
    window.keyboard.press("Escape")
    expect(window.get_by_role("link", name="Connections", exact=True).first).to_be_focused()

    window.get_by_role("button", name="Go to").click()
    window.keyboard.type("img src")
    option = window.get_by_role("option")
    expect(option).to_have_count(1)
    expect(option).to_contain_text(HOSTILE)
    looked_at(window, node_modules, "palette-hostile")
    text.fill(order["id"])
    expect(option.filter(has_text=f"order {order['id']}")).to_have_count(1)
    text.fill("no such thing")
    expect(window.get_by_text("Nothing fits")).to_be_visible()

    text.fill("")
    expect(option.nth(2)).to_be_visible()
    expect(option.nth(0)).to_have_attribute("aria-selected", "true")
    window.keyboard.press("ArrowDown")
    expect(option.nth(1)).to_have_attribute("aria-selected", "true")
    expect(text).to_have_attribute("aria-activedescendant", "palette-1")
    window.keyboard.press("ArrowUp")
    window.keyboard.press("ArrowUp")
    expect(option.last).to_have_attribute("aria-selected", "true")
    text.fill("")
    window.keyboard.type("api log")
    window.keyboard.press("Enter")  # before the answer is there
    expect(window.get_by_role("heading", name="API log")).to_be_visible()


def test_the_keys_are_told_but_not_while_one_types(
    window: Page, desk: Desk, house: Organization, node_modules: Path
):
    sign_in(window, desk, house)
    window.keyboard.press("?")
    expect(window.get_by_role("dialog", name="Keys")).to_be_visible()
    picture(window, "dashboard-keys")
    window.keyboard.press("Escape")
    expect(window.get_by_role("dialog")).to_have_count(0)
    window.goto(f"{desk.url}/dashboard/connections")
    window.keyboard.press("/")
    window.keyboard.type("?")
    expect(window.get_by_role("dialog")).to_have_count(0)
    expect(window.get_by_role("searchbox")).to_have_value("?")


@pytest.mark.parametrize("path", ["", "/reference/listOrders"])
def test_without_a_script_nothing_of_the_palette_is_seen(browser, desk: Desk, house: Organization, path: str):
    person = desk.member(house.id, "owner")
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(
        [
            {"name": cookie.name, "value": cookie.value or "", "url": desk.url}
            for cookie in person.http.cookies.jar
        ]
    )
    page = context.new_page()
    page.goto(f"{desk.url}/dashboard{path}")
    expect(page.get_by_role("heading").first).to_be_visible()
    expect(page.locator("command-palette")).to_be_hidden()
    context.close()
