"""The dashboard's pages about webhooks, and the portal, in a real browser; svix-react against us."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Frame, Page, expect

from crossdock.store.database.migrate import migrate
from tests.browser.bundles import Workshop
from tests.browser.conftest import CACHE, PATIENCE_MS, _alone, picture
from tests.browser.sites import APPS, Site, react_page, site
from tests.browser.test_dashboard import looked_at
from tests.conftest import apart, skip_or_fail
from tests.fakes.receiver import Receiver
from tests.journeys.account import PASSWORD, Desk, opened_desk
from tests.journeys.server import Organization, running, until
from tests.journeys.test_dashboard_webhooks import HOSTILE, RunningClock, told
from tests.journeys.test_portal import ALL, Guest

COLOUR = "getComputedStyle(document.querySelector('.button.main')).backgroundColor"
"""Of what a page wants one to press."""
SVIX_REACT = ("svix-react@1.13.9", "svix@1.99.1")
"""Works with the 1.x client only: it calls `endpoint.update`, which 2.x renamed."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("webhooks")
    url = f"sqlite:///{folder / 'crossdock.db'}"
    apart(migrate(url))
    with running(url, folder) as server, opened_desk(server, RunningClock()) as opened:
        yield opened


@pytest.fixture(scope="module")
def house(desk: Desk) -> Organization:
    return desk.server.organization()


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as started:
        yield started


@pytest.fixture(scope="module")
def product() -> Iterator[Site]:
    """The operator's product, a stranger to ours."""
    with site("localhost") as started:
        yield started


@pytest.fixture
def window(browser: Browser) -> Iterator[Page]:
    """A page on which nothing may go wrong but a form that is filled in wrongly."""
    context = browser.new_context(locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(2 * PATIENCE_MS)
    page, faults = context.new_page(), []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda thrown: faults.append(str(thrown)))
    yield page
    context.close()
    assert [fault for fault in faults if "422" not in fault] == []


def sign_in(page: Page, desk: Desk, house: Organization, role: str = "owner") -> None:
    user = desk.user((house.id, role))  # type: ignore[arg-type]
    page.goto(f"{desk.url}/dashboard/webhooks")
    page.get_by_label("E-mail").first.fill(user.email)
    page.get_by_label("Password").first.fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Webhooks", exact=True)).to_be_visible()


def attempted(desk: Desk, house: Organization, message: str, number: int = 1) -> None:
    guest = Guest(desk, house, *ALL)

    def look() -> bool:
        page = guest.ask("GET", f"/webhooks/{house.id}/messages/{message}", json="1").json()
        return len(page["attempts"]) >= number

    until(look)


def test_an_operator_goes_from_a_first_endpoint_to_a_message_that_is_sent_again(
    window: Page, desk: Desk, house: Organization, receiver: Receiver, node_modules: Path
):
    sign_in(window, desk, house)
    expect(window.get_by_text("No endpoint yet")).to_be_visible()
    looked_at(window, node_modules, "webhooks-none")
    window.get_by_role("link", name="New endpoint").first.click()
    window.get_by_label("Address").fill("http://10.0.0.1/hook")
    window.get_by_label("Description").fill(HOSTILE)
    window.get_by_role("button", name="Make the endpoint").click()
    expect(window.get_by_role("alert")).to_contain_text("Not stored yet")
    looked_at(window, node_modules, "webhooks-form")
    window.get_by_label("Address").fill(f"{receiver.url}/hook")
    window.get_by_role("button", name="Make the endpoint").click()
    expect(window.get_by_role("status").first).to_contain_text("The endpoint is made")

    receiver.answers = [500, 401]
    ids = [told(house, payload={"total": 1, "note": HOSTILE}, tags=["connection/abc"]) for _ in range(4)]
    for message in ids:
        attempted(desk, house, message)
    window.reload()
    expect(window.get_by_role("heading", name="Newest messages")).to_be_visible()
    looked_at(window, node_modules, "webhooks-endpoint")

    window.get_by_role("link", name="Messages", exact=True).click()
    window.get_by_label("Choose all on this page").check()
    looked_at(window, node_modules, "webhooks-messages")
    window.get_by_role("button", name="Send the ticked ones again").click()
    expect(window.get_by_role("button", name="Send 4 again")).to_be_visible()
    looked_at(window, node_modules, "webhooks-resend")
    window.get_by_role("button", name="Send 4 again").click()
    expect(window.get_by_role("status").first).to_contain_text("4 on their way")
    attempted(desk, house, ids[0], 2)

    window.get_by_role("link", name="Messages", exact=True).click()
    window.get_by_role("link", name="Send all that match again").click()
    looked_at(window, node_modules, "webhooks-bulk")
    window.get_by_role("button", name="Send 4 again").click()
    expect(window.get_by_role("cell", name="finished")).to_be_visible()
    looked_at(window, node_modules, "webhooks-tasks")
    attempted(desk, house, ids[0], 3)

    window.get_by_role("link", name="Messages", exact=True).click()
    window.get_by_role("link", name="order.updated").first.click()
    expect(window.get_by_role("heading", name="Payload")).to_be_visible()
    looked_at(window, node_modules, "webhooks-message")
    window.get_by_role("button", name="Send again").click()
    expect(window.get_by_role("status").first).to_contain_text("on its way again")
    window.get_by_role("region", name="Table of attempts").get_by_role("link").first.click()
    expect(window.get_by_role("heading", name="Answer")).to_be_visible()
    looked_at(window, node_modules, "webhooks-attempt")
    assert window.locator("img").count() == 0


def test_an_operator_looks_up_events_tries_a_script_and_sees_what_fails(
    window: Page, desk: Desk, house: Organization, node_modules: Path
):
    sign_in(window, desk, house)
    window.get_by_role("link", name="Event types").click()
    window.get_by_role("searchbox").fill("order.updated")
    window.keyboard.press("Enter")
    expect(window.get_by_role("link", name="order.created", exact=True)).to_have_count(0)
    looked_at(window, node_modules, "webhooks-events")
    window.get_by_role("link", name="order.updated", exact=True).click()
    expect(window.get_by_role("heading", name="Schema")).to_be_visible()
    looked_at(window, node_modules, "webhooks-event")
    window.get_by_role("button", name="Send it").click()
    expect(window.get_by_role("status").first).to_contain_text("The test is on its way")

    window.get_by_role("link", name="Endpoints", exact=True).click()
    window.get_by_role("row").nth(1).get_by_role("link").click()
    window.get_by_role("link", name="Transformation").click()
    window.get_by_label("Script").fill(
        "function handler(webhook) { webhook.payload = {a: 1}; return webhook }"
    )
    window.get_by_role("button", name="Try it on the sample").click()
    expect(window.get_by_role("heading", name="Result")).to_be_visible()
    looked_at(window, node_modules, "webhooks-script")
    window.get_by_role("button", name="Store and switch on").click()
    expect(window.get_by_role("status").first).to_contain_text("stored and switched on")
    window.get_by_role("button", name="Switch off").click()

    window.get_by_role("link", name="Statistics").click()
    expect(window.get_by_text("receiver fault")).to_be_visible()
    looked_at(window, node_modules, "webhooks-statistics")

    window.get_by_role("link", name="Endpoints", exact=True).click()
    looked_at(window, node_modules, "webhooks-endpoints")
    window.get_by_role("row").nth(1).get_by_role("link").click()
    window.get_by_text("Switch off…").click()
    expect(window.get_by_text("Nothing is sent there until")).to_be_visible()
    looked_at(window, node_modules, "webhooks-switch-off")
    window.get_by_role("button", name="Switch it off").click()
    expect(window.get_by_role("status").first).to_contain_text("Switched off")
    window.get_by_role("button", name="Switch on").click()
    window.get_by_role("link", name="Signing secret").click()
    window.get_by_role("button", name="Show the secret").click()
    expect(window.get_by_text("whsec_")).to_be_visible()
    looked_at(window, node_modules, "webhooks-secret")
    window.get_by_role("link", name="Back to the endpoint").click()
    window.get_by_role("link", name="Delete this endpoint").click()
    expect(window.get_by_role("button", name="Delete it for good")).to_be_visible()
    looked_at(window, node_modules, "webhooks-delete")
    window.get_by_role("link", name="Keep it").click()


def test_a_viewer_looks_around_and_finds_nothing_to_press(window: Page, desk: Desk, house: Organization):
    sign_in(window, desk, house, "viewer")
    expect(window.get_by_role("link", name="New endpoint")).to_have_count(0)
    window.get_by_role("row").nth(1).get_by_role("link").click()
    for name in ("Change", "Signing secret", "Transformation", "Delete this endpoint"):
        expect(window.get_by_role("link", name=name)).to_have_count(0)
    window.get_by_role("link", name="Messages", exact=True).click()
    expect(window.get_by_role("checkbox")).to_have_count(0)


# The portal


def framed(page: Page, product: Site, link: str) -> Frame:
    """The portal in a frame of the operator's product."""
    tag = f'<iframe id="hooks" src="{link}" width="900" height="800"></iframe>'
    page.goto(product.add("/hooks", f"<!doctype html><title>Product</title>{tag}"))
    page.wait_for_selector("#hooks")
    frame = page.query_selector("#hooks").content_frame()  # type: ignore[union-attr]
    assert frame is not None
    return frame


def test_the_portal_works_in_a_frame_of_another_site_without_cookies(
    browser: Browser, desk: Desk, house: Organization, receiver: Receiver, product: Site, node_modules: Path
):
    house.ask("PUT", "/branding", json={"name": "Acme", "color": "#7a1fa2"})
    receiver.answers = []
    message = told(house)
    attempted(desk, house, message)
    guest = Guest(desk, house, *ALL)
    context = browser.new_context(locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(2 * PATIENCE_MS)
    page, addresses, faults = context.new_page(), list[str](), list[str]()
    page.on(
        "request", lambda request: addresses.append(f"{request.url} {request.headers.get('referer', '')}")
    )
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda thrown: faults.append(str(thrown)))
    frame = framed(page, product, guest.link)
    expect(frame.get_by_role("heading", name="Webhooks")).to_be_visible()
    assert guest.token not in frame.url
    assert frame.evaluate(COLOUR) == "rgb(122, 31, 162)"
    frame.get_by_role("link", name="Messages", exact=True).click()
    frame.get_by_role("link", name="order.updated").first.click()
    frame.get_by_role("button", name="Send again").first.click()
    expect(frame.get_by_role("status").first).to_contain_text("on its way again")
    attempted(desk, house, message, 2)
    picture(page, "portal-framed")
    frame.get_by_role("link", name="Messages", exact=True).click()
    expect(frame.get_by_role("heading", name="Messages")).to_be_visible()
    frame.get_by_label("State").select_option("success")
    frame.get_by_role("button", name="Filter").click()
    expect(frame.get_by_label("State")).to_have_value("success")
    frame.evaluate("history.back()")
    expect(frame.get_by_label("State")).to_have_value("")
    frame.get_by_role("link", name="Endpoints", exact=True).click()
    frame.get_by_role("link", name="New endpoint").first.click()
    frame.get_by_label("Address").fill("http://10.0.0.1/")
    frame.get_by_role("button", name="Make the endpoint").click()
    expect(frame.get_by_role("alert")).to_contain_text("Not stored yet")
    assert context.cookies() == []
    assert [address for address in addresses if guest.token in address.partition("#")[0]] == []
    assert [address for address in addresses if "#" in address.partition(" ")[2]] == []
    assert [fault for fault in faults if "422" not in fault and "404" not in fault] == []  # the shop's icon
    context.close()


def test_the_portal_alone_in_light_dark_and_on_a_phone(
    window: Page, desk: Desk, house: Organization, node_modules: Path
):
    window.goto(Guest(desk, house, *ALL).link)
    expect(window.get_by_role("heading", name="Webhooks")).to_be_visible()
    looked_at(window, node_modules, "portal-endpoints")
    window.get_by_role("link", name="Messages", exact=True).click()
    expect(window.get_by_role("heading", name="Messages")).to_be_visible()
    looked_at(window, node_modules, "portal-messages")
    window.reload()
    expect(window.get_by_role("heading", name="Messages")).to_be_visible()


def test_a_portal_token_that_is_over_is_told_to_the_product_which_may_bring_another(
    browser: Browser, desk: Desk, house: Organization, product: Site
):
    context = browser.new_context()
    context.set_default_timeout(2 * PATIENCE_MS)
    page = context.new_page()
    page.add_init_script("addEventListener('message', (event) => (window.heard ??= []).push(event.data))")
    guest = Guest(desk, house, *ALL)
    frame = framed(page, product, guest.link)
    frame.get_by_role("link", name="Statistics").click()
    expect(frame.get_by_role("heading", name="Statistics")).to_be_visible()
    httpx.post(f"{desk.url}/api/v1/auth/logout", headers={"authorization": f"Bearer {guest.token}"})
    frame.get_by_role("link", name="Messages", exact=True).click()
    expect(frame.get_by_text("works no longer")).to_be_visible()
    assert {"type": "crossdock.portal-expired"} in page.evaluate("window.heard")
    fresh = Guest(desk, house, *ALL)
    page.evaluate("(link) => { document.getElementById('hooks').src = link; }", fresh.link)
    expect(frame.get_by_role("heading", name="Messages")).to_be_visible()
    context.close()


# svix-react


@pytest.fixture(scope="module")
def customer_page(tmp_path_factory: pytest.TempPathFactory, node_modules: Path) -> str:
    """A page with svix-react, as a script."""
    npm = shutil.which("npm")
    folder = CACHE / "npm-svix-react"
    with _alone(folder):
        if not (folder / "node_modules" / "svix-react").exists():
            command = [
                npm or "npm",
                "install",
                "--no-audit",
                "--no-fund",
                "--ignore-scripts",
                "--legacy-peer-deps",
            ]
            done = subprocess.run(
                [*command, "--prefix", str(folder), *SVIX_REACT], capture_output=True, text=True, timeout=300,
                check=False,
            )  # fmt: skip
            if done.returncode:
                skip_or_fail(f"npm can't install svix-react: {done.stderr[-500:]}")
    shop = tmp_path_factory.mktemp("svix-react")
    (shop / "node_modules").mkdir()
    for source in (node_modules, folder / "node_modules"):
        for entry in source.iterdir():
            if not entry.name.startswith(".") and not (shop / "node_modules" / entry.name).exists():
                (shop / "node_modules" / entry.name).symlink_to(entry)
    shutil.copy(node_modules / ".bin" / "esbuild", shop / "esbuild")
    shutil.copy(APPS / "portal.jsx", shop / "portal.jsx")
    return Workshop(shop).run(
        str(node_modules / ".bin" / "esbuild"), "portal.jsx", "--bundle", "--jsx=automatic",
        "--preserve-symlinks", "--log-level=error", '--define:process={"env": {"NODE_ENV": "development"}}',
    )  # fmt: skip


def test_svix_react_lists_makes_changes_and_resends_with_a_portal_token(
    browser: Browser, desk: Desk, house: Organization, receiver: Receiver, product: Site, customer_page: str
):
    second = desk.server.organization()
    guest = Guest(desk, second, *ALL)
    context = browser.new_context()
    context.set_default_timeout(2 * PATIENCE_MS)
    page, faults = context.new_page(), list[str]()
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda thrown: faults.append(str(thrown)))
    bundle = product.add_script("/svix.js", customer_page)
    scenario = {"server": desk.url, "token": guest.token, "app": second.id}
    page.goto(product.add("/svix", react_page("", bundle, scenario)))
    expect(page.locator("#types")).to_have_text("5")
    page.get_by_label("Address").fill(f"{receiver.url}/svix-react")
    page.get_by_role("button", name="Create").click()
    row = page.locator("#endpoints li")
    expect(row).to_contain_text(f"{receiver.url}/svix-react enabled")
    expect(row.locator("code")).to_contain_text("whsec_")
    message = told(second)
    attempted(desk, second, message)
    page.reload()
    page.get_by_role("button", name="Resend").click()
    attempted(desk, second, message, 2)
    page.get_by_role("button", name="Disable").click()
    expect(row).to_contain_text("disabled")
    page.get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)
    expect(page.locator("#error")).to_have_text("")
    assert faults == []
    context.close()


def test_the_frame_of_svix_react_shows_our_portal_in_its_colour_and_at_its_height(
    browser: Browser, desk: Desk, house: Organization, product: Site, customer_page: str
):
    context = browser.new_context()
    context.set_default_timeout(2 * PATIENCE_MS)
    page = context.new_page()
    bundle = product.add_script("/svix.js", customer_page)
    scenario = {"portal": Guest(desk, house, *ALL).link}
    page.goto(product.add("/svix-portal", react_page("", bundle, scenario)))
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="Webhooks")).to_be_visible()
    assert frame.locator("body").evaluate(COLOUR) == "rgb(179, 38, 30)"
    expect(page.locator("iframe")).to_have_attribute("style", re.compile(r"height: \d+px"))
    picture(page, "portal-svix-react")
    context.close()
