"""Pages below /account in a real browser: links, second factor, people, single sign-on; looks and access."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from crossdock.people import totp
from crossdock.store.database.migrate import migrate
from crossdock.store.people.users import User
from tests.browser.conftest import PATIENCE_MS, picture
from tests.conftest import apart
from tests.fakes.oidc_provider import CLIENT_ID, CLIENT_SECRET, running_provider
from tests.journeys.account import PASSWORD, Desk, opened_desk
from tests.journeys.server import running

NEW_PASSWORD = "seven small grey boats"
REFUSED_FORM = "the server responded with a status of 4"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("account")
    url = f"sqlite:///{folder / 'crossdock.db'}"
    apart(migrate(url))
    with running(url, folder) as server, opened_desk(server) as opened:
        yield opened


@pytest.fixture(scope="module")
def axe(node_modules: Path) -> str:
    return (node_modules / "axe-core" / "axe.min.js").read_text()


@pytest.fixture
def window(browser: Browser) -> Iterator[Page]:
    """A page on which nothing may go wrong but what a form is refused for."""
    context = browser.new_context(
        locale="en-GB", reduced_motion="reduce", permissions=["clipboard-read", "clipboard-write"]
    )  # fmt: skip
    context.set_default_timeout(PATIENCE_MS)
    page, faults = context.new_page(), []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda thrown: faults.append(str(thrown)))
    yield page
    context.close()
    assert [fault for fault in faults if REFUSED_FORM not in fault] == []


def looked_at(page: Page, axe: str, name: str) -> None:
    """The page in light, dark and on a phone: pictures, and what keeps somebody out."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        picture(page, f"account-{name}-{scheme}")
        if scheme == "light":
            page.evaluate(axe)
        rules = "" if scheme == "light" else "runOnly: ['color-contrast'],"
        result = page.evaluate(f"axe.run(document, {{{rules} resultTypes: ['violations']}})")
        found = [(fault["id"], fault["nodes"][0]["html"][:200]) for fault in result["violations"]]
        assert found == [], (name, scheme)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 360, "height": 740})
    picture(page, f"account-{name}-phone")
    assert page.evaluate("document.documentElement.scrollWidth") == 360, name
    small = page.evaluate(
        "[...document.querySelectorAll('button, summary, .button, nav a, .links a, select')]"
        ".filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 39.5)"
        ".map((e) => e.outerHTML)"
    )
    assert small == [], name
    page.set_viewport_size({"width": 1280, "height": 720})


def sign_in(page: Page, desk: Desk, email: str, password: str = PASSWORD) -> None:
    if "/account/sign-in" not in page.url:
        page.goto(f"{desk.url}/account/sign-in")
    page.get_by_label("E-mail").first.fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def made_link(desk: Desk, user: User) -> str:
    """A link that signs a user in once."""
    made = desk.server.do(desk.services.identity.members.link(user))
    return f"{desk.url}/account/first{made.link[made.link.index('#') :]}"


def test_a_link_opens_a_page_that_sets_a_password(desk: Desk, window: Page, axe: str):
    user = desk.user((desk.organization("Northwind Goods"), "owner"), password_hash=None)
    link = made_link(desk, user)
    window.goto(link)
    expect(window.get_by_text(f"Set a password for {user.email}.")).to_be_visible()
    assert window.url == f"{desk.url}/account/first"
    password = window.get_by_label("Password", exact=True)
    password.press_sequentially("aaaa")
    expect(window.get_by_role("status")).to_have_text("Too short: 8 more")
    looked_at(window, axe, "first")
    password.fill("a" * 14)
    expect(window.get_by_role("status")).to_have_text("Too plain: use more different characters")
    window.get_by_label("Name").fill("Ada <b>Lovelace</b>")
    window.get_by_role("button", name="Set the password and sign in").click()
    expect(window.get_by_label("Password", exact=True)).to_be_focused()
    expect(window.get_by_text("Take 12 to 256 characters")).to_be_visible()
    assert "sil_" not in window.content()
    window.get_by_label("Password", exact=True).fill(NEW_PASSWORD)
    window.get_by_role("button", name="Show password").click()
    window.keyboard.press("Enter")
    window.get_by_role("button", name="Set the password and sign in").click()
    expect(window.get_by_role("heading", name="Home")).to_be_visible()
    assert "token" not in window.url
    window.goto(f"{desk.url}/account")
    expect(window.get_by_role("heading", name="Hello, Ada <b>Lovelace</b>")).to_be_visible()
    looked_at(window, axe, "home")
    window.goto(link)
    expect(window.get_by_role("heading", name="This link works no more")).to_be_visible()
    assert window.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]


def test_a_second_factor_is_set_up_by_picture_and_asked_for(desk: Desk, window: Page, axe: str):
    person = desk.member(desk.organization("Northwind Goods"), "owner")
    sign_in(window, desk, person.email)
    window.locator("summary", has_text="Set it up").click()
    window.locator("#factor").get_by_label("Your password").fill(PASSWORD)
    window.get_by_role("button", name="Set it up").click()
    expect(window.get_by_role("img", name="QR code for authenticator apps")).to_be_visible()
    key = window.locator("#factor-key").inner_text()
    looked_at(window, axe, "enrolment")
    secret = base64.b32decode("".join(key.split()))
    code = totp.code(secret, desk.clock() // 1000 // totp.STEP_SECONDS)
    window.get_by_role("textbox", name="Code").fill(code)
    window.get_by_role("button", name="Switch it on").click()
    looked_at(window, axe, "recovery-codes")
    window.get_by_role("button", name="Copy").click()
    expect(window.get_by_role("button", name="Copied")).to_be_visible()
    codes = window.evaluate("navigator.clipboard.readText()").split("\n")
    assert len(codes) == 10
    window.get_by_role("button", name="Sign out").click()
    sign_in(window, desk, person.email)
    expect(window.get_by_role("textbox", name="Code", exact=True)).to_be_focused()
    looked_at(window, axe, "second-factor")
    window.keyboard.type("000000")
    window.keyboard.press("Enter")
    expect(window.get_by_text("This code is wrong")).to_be_visible()
    window.get_by_text("I don’t have my app here").click()
    window.get_by_label("Recovery code").fill(codes[3])
    window.keyboard.press("Enter")
    expect(window.get_by_text("Recovery codes left: 9")).to_be_visible()


def test_an_owner_invites_and_somebody_with_an_account_accepts(desk: Desk, window: Page, axe: str):
    owner = desk.member(desk.organization("Northwind Goods"), "owner")
    guest = desk.member(desk.organization("Harbour & Sons"), "viewer")
    sign_in(window, desk, owner.email)
    window.get_by_role("link", name="People", exact=True).click()
    expect(window.get_by_text("Nobody else is here yet.")).to_be_visible()
    window.get_by_label("E-mail").fill(guest.email)
    window.get_by_label("Developer").check()
    window.get_by_role("button", name="Make a link").click()
    window.get_by_role("button", name="Copy").click()
    expect(window.get_by_role("button", name="Copied")).to_be_visible()
    link = window.evaluate("navigator.clipboard.readText()").replace(desk.services.settings.url, desk.url)
    looked_at(window, axe, "people")
    window.get_by_role("button", name="Sign out").click()
    window.goto(link)
    words = f"Northwind Goods invites {guest.email} (Developer)."
    expect(window.get_by_text(words)).to_be_visible()
    assert window.url == f"{desk.url}/account/invitation"
    looked_at(window, axe, "invitation")
    window.get_by_role("link", name="I have an account: sign in").click()
    sign_in(window, desk, guest.email, "a wrong password")
    expect(window.get_by_role("alert")).to_be_focused()
    looked_at(window, axe, "sign-in")
    sign_in(window, desk, guest.email)
    expect(window.get_by_text(words)).to_be_visible()
    window.get_by_role("button", name="Accept the invitation").click()
    expect(window.get_by_text("developer · Northwind Goods")).to_be_visible()
    window.goto(f"{desk.url}/account")
    expect(window.get_by_text("Developer of Northwind Goods")).to_be_visible()
    looked_at(window, axe, "organizations")
    window.get_by_role("button", name="Switch to Harbour & Sons").click()
    expect(window.get_by_text("Viewer of Harbour & Sons")).to_be_visible()


def test_single_sign_on_goes_to_the_provider_and_comes_back(desk: Desk, window: Page, axe: str):
    owner = desk.member(desk.organization("Northwind Goods"), "owner")
    with running_provider(desk.clock) as provider:
        provider.user = {"sub": "7", "email": "ada@northwind.example", "email_verified": True, "name": "Ada"}
        body = {
            "issuer": provider.url, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
            "domains": ["northwind.example"], "adds_members": True,
        }  # fmt: skip
        assert owner.ask("PUT", "/sso", body).status_code == 200
        window.goto(f"{desk.url}/account/people")
        window.get_by_text("Single sign-on").click()
        window.locator("#sign_on-email").fill("ada@northwind.example")
        window.get_by_role("button", name="Find the provider").click()
        looked_at(window, axe, "providers")
        window.get_by_role("link", name=re.compile("Sign in to Northwind Goods")).click()
        window.wait_for_url(f"{desk.url}/account/people")
        expect(window.get_by_text("ada@northwind.example")).to_be_visible()
        provider.user["email_verified"] = False
        window.get_by_role("button", name="Sign out").click()
        window.goto(f"{desk.url}/account/sso/begin?organization={owner.me()['organization']['id']}")
        expect(window.get_by_text("does not say that your e-mail address is verified")).to_be_visible()


def test_the_keyboard_is_enough_and_german_is_spoken(desk: Desk, browser: Browser, axe: str):
    person = desk.member(desk.organization("Nordwind"), "viewer")
    context = browser.new_context(locale="de-DE", reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{desk.url}/account/sign-in")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Zum Inhalt")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type(person.email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Guten Tag, Pat")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "de"
    looked_at(page, axe, "german")
    context.close()
