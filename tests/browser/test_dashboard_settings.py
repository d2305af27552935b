"""The settings in a real browser: keys made and revoked, a colour seen before it is saved; looks."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_dashboard import desk, looked_at, sign_in, window
from tests.journeys.account import Desk
from tests.journeys.server import Organization

__all__ = ["desk", "window"]

TABS = ("Organization", "Members", "API keys", "Notifications", "Branding", "Single sign-on", "Audit log")


@pytest.fixture
def settings(window: Page, desk: Desk) -> Page:
    house: Organization = desk.server.organization("wms")
    sign_in(window, desk, house)
    window.get_by_role("link", name="Settings", exact=True).first.click()
    return window


def test_every_tab_is_looked_at(settings: Page, node_modules: Path):
    for name in TABS:
        settings.get_by_role("navigation", name="Settings").get_by_role("link", name=name, exact=True).click()
        expect(settings.get_by_role("link", name=name, exact=True)).to_have_attribute("aria-current", "page")
        looked_at(settings, node_modules, f"settings-{name.lower().replace(' ', '-')}")


def test_a_key_is_made_copied_and_revoked(settings: Page):
    settings.get_by_role("link", name="API keys").click()
    if not settings.get_by_label("Name", exact=True).is_visible():
        settings.get_by_text("Make a key").click()
    settings.get_by_label("Name", exact=True).fill("Report")
    settings.get_by_role("button", name="Make the key").click()
    expect(settings.get_by_text("not shown again")).to_be_visible()
    settings.get_by_role("link", name="API keys").click()
    expect(settings.get_by_text("not shown again")).to_have_count(0)
    row = settings.get_by_role("row").filter(has_text="Report")
    row.locator("summary").click()
    row.get_by_role("button", name="Revoke it").click()
    expect(settings.get_by_role("status").first).to_contain_text("revoked")
    expect(settings.get_by_role("row").filter(has_text="Report")).to_contain_text("revoked")


def test_a_colour_is_seen_on_the_button_before_it_is_saved(settings: Page):
    settings.get_by_role("link", name="Branding").click()
    light = settings.locator('[data-part="light"]')
    settings.get_by_role("button", name="Take #b91c1c").click()
    expect(light).to_have_attribute("fill", "#b91c1c")
    settings.get_by_label("Name", exact=True).fill("<b>Acme</b>")
    expect(settings.locator('[data-part="name"]').first).to_have_text("<b>Acme</b>")
    drawn = {name: settings.locator(f'[data-part="{name}"]').get_attribute("fill") for name in COLORS}
    settings.get_by_role("button", name="Save").click()
    expect(settings.get_by_role("status").first).to_contain_text("Saved")
    saved = {name: settings.locator(f'[data-part="{name}"]').get_attribute("fill") for name in COLORS}
    assert saved == drawn  # the browser mixes colours as the server does
    assert re.fullmatch("#[0-9a-f]{6}", str(saved["dark"]))


COLORS = ("light", "light-text", "dark", "dark-text")
