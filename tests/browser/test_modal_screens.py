"""Every screen of the modal: what it says, and that nobody is kept out of it, in light and dark."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, ViewportSize, expect

from tests.browser.conftest import PATIENCE_MS, picture
from tests.browser.modal import (
    SYSTEMS,
    FakeApi,
    Json,
    PagesServer,
    error,
    form_field,
    heard,
    opened,
    pages_server,
    permissions,
)

PHONE: ViewportSize = {"width": 360, "height": 680}
WIDE: ViewportSize = {"width": 1000, "height": 740}


@pytest.fixture(scope="module")
def server() -> Iterator[PagesServer]:
    with pages_server() as started:
        yield started


@pytest.fixture(scope="module")
def axe(node_modules: Path) -> str:
    return (node_modules / "axe-core" / "axe.min.js").read_text()


@pytest.fixture(params=["light", "dark"])
def looked_at(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page of a browser that is set to light or dark, whose pictures are named so."""
    context = browser.new_context(color_scheme=request.param, viewport=WIDE, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.__dict__["look"] = request.param
    yield page
    context.close()


def check(page: Page, axe: str, name: str) -> None:
    """Take pictures of a screen, and hold it to what can be told of its accessibility by a program."""
    look = page.__dict__["look"]
    frame = page.frames[-1]
    picture(page, f"modal-{name}-{look}")
    frame.evaluate(axe)
    found = frame.evaluate("axe.run(document, {resultTypes: ['violations']})")
    serious = [
        (fault["id"], [node["html"] for node in fault["nodes"]][:3])
        for fault in found["violations"]
        if fault["impact"] in ("serious", "critical")
    ]
    assert serious == [], f"{name} {look}"
    assert "color-contrast" in {rule["id"] for rule in found["passes"]}, "it has looked"
    page.set_viewport_size(PHONE)
    if look == "light":
        picture(page, f"modal-{name}-phone")
    assert frame.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], "nothing is cut off"
    page.set_viewport_size(WIDE)


def button(frame: FrameLocator, name: str, **more: Any) -> Any:
    return frame.get_by_role("button", name=name, **more)


def to_form(frame: FrameLocator) -> None:
    button(frame, "Continue").click()
    button(frame, "Cloud Crate").click()
    expect(frame.get_by_role("heading", name="Sign in to Cloud Crate")).to_be_visible()


def fill(frame: FrameLocator) -> None:
    frame.get_by_label("Account").fill("my-company")
    frame.get_by_label("API key", exact=True).fill("k-123")


def sent(api: FakeApi) -> Json:
    """The fields that were sent to be tried."""
    fields: Json = next(body["fields"] for path, body, _ in api.asked if path == "connect")
    return fields


def test_the_screens_of_a_form_keep_nobody_out(looked_at: Page, server: PagesServer, axe: str):
    page, api = looked_at, FakeApi()
    frame = opened(page, server, api)
    expect(frame.get_by_role("heading", name="Connect your warehouse to Northwind Goods")).to_be_focused()
    check(page, axe, "intro")
    button(frame, "Continue").click()
    check(page, axe, "picker")
    frame.get_by_role("searchbox").fill("nowhere")
    expect(frame.get_by_text("Nothing matches “nowhere”").first).to_be_visible()
    check(page, axe, "picker-nothing")
    frame.get_by_role("searchbox").fill("crate")
    page.keyboard.press("Enter")
    expect(frame.get_by_label("Account")).to_be_focused()
    check(page, axe, "form")
    button(frame, "Connect", exact=True).click()
    check(page, axe, "form-faults")
    fill(frame)
    api.answers["connect"] = error("invalid_credentials", "The key is not known")
    button(frame, "Connect", exact=True).click()
    expect(frame.get_by_role("alert")).to_contain_text("Details: The key is not known")
    check(page, axe, "form-refused")
    page.keyboard.press("Escape")
    check(page, axe, "question")
    button(frame, "Keep going").click()
    api.answers["connect"] = FakeApi.connected("pending", "pending", "pending", "pending")
    api.answers["permissions"] = {"permissions": permissions("pending", "pending", "ok", "pending")}
    button(frame, "Connect", exact=True).click()
    expect(frame.get_by_role("heading", name="Successfully connected")).to_be_focused()
    check(page, axe, "result-checking")
    states = permissions("ok", "missing", "ok", "unknown", reason="The role lacks “Inventory · view”.")
    api.answers["permissions"] = {"permissions": states}
    expect(frame.get_by_role("paragraph").filter(has_text="Some permissions are missing")).to_be_visible()
    frame.get_by_text("Why?").first.click()
    check(page, axe, "result-partial")


def test_the_screens_of_a_sign_in_at_the_vendor_keep_nobody_out(
    looked_at: Page, server: PagesServer, axe: str
):
    page = looked_at
    known = FakeApi.opened(skips_picker=True, integrations=[SYSTEMS[2]])
    region = form_field("region", "Region", choices=["eu", "us"], default="eu")
    api = FakeApi({"open": known, "integrations": {"docs": "", "fields": [region]}})
    api.answers["oauth/begin"] = {"start_url": f"{server.url}/connect/m/nothing"}
    frame = opened(page, server, api)
    expect(frame.get_by_role("heading", name="Connect Hay Barn to Northwind Goods")).to_be_visible()
    check(page, axe, "intro-known")
    button(frame, "Continue").click()
    check(page, axe, "consent")
    with page.expect_popup() as popup:
        button(frame, "Continue to Hay Barn").click()
    expect(frame.get_by_role("heading", name="Go on in the window of Hay Barn")).to_be_visible()
    check(page, axe, "waiting")
    popup.value.close()
    expect(button(frame, "I closed the window")).to_be_visible()
    check(page, axe, "waiting-closed")


def test_the_screens_of_what_goes_wrong_keep_nobody_out(looked_at: Page, server: PagesServer, axe: str):
    wrong = {
        "offline": lambda _: None,
        "expired": error("link_token_expired", status=401),
        "fault": error("internal_error", status=500),
        "nothing-offered": FakeApi.opened(integrations=[]),
    }
    for name, answer in wrong.items():
        looked_at.unroute_all()
        frame = opened(looked_at, server, FakeApi({"open": answer}))
        if name == "nothing-offered":
            button(frame, "Continue").click()
        expect(frame.locator(".screen-message h1")).to_be_focused()
        check(looked_at, axe, f"error-{name}")


def test_a_magic_link_that_does_not_work_says_why(looked_at: Page, server: PagesServer, axe: str):
    api = FakeApi()
    looked_at.route("**/connect/api/**", api.answer)
    for code, words in {
        "magic_link_expired": "This link has expired",
        "magic_link_used": "This link was used already",
        "magic_link_unknown": "This link does not work",
    }.items():
        api.answers["magic-links/session"] = error(code, status=410)
        looked_at.goto(f"{server.url}/connect/m/secret-1")
        expect(looked_at.get_by_role("heading", name=words)).to_be_visible()
        expect(looked_at.get_by_role("button")).to_have_count(0)
        check(looked_at, axe, f"page-{code}")


def test_hostile_texts_are_shown_as_texts(page: Page, server: PagesServer):
    hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    system = SYSTEMS[1] | {"display_name": hostile, "description": hostile, "logo_url": "javascript:alert(3)"}
    known = FakeApi.opened(
        integrations=[system],
        organization={
            "name": hostile, "logo_url": "javascript:alert(3)", "terms_url": "javascript:alert(3)",
            "color": "red;}",
        },
    )  # fmt: skip
    field = form_field("key", hostile, help=hostile, where="javascript:alert(4)", example=hostile)
    api = FakeApi(
        {
            "open": known,
            "integrations": {"docs": "javascript:alert(5)", "fields": [field], "display_name": hostile},
        }
    )
    api.answers["connect"] = error("invalid_credentials", hostile)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    frame = opened(page, server, api)
    button(frame, "Continue").click()
    button(frame, "img src").click()
    frame.get_by_role("textbox").fill("x")
    button(frame, "Connect", exact=True).click()
    expect(frame.get_by_role("alert")).to_contain_text(f"Details: {hostile}")
    assert frame.locator("script:not([src]), img[src=x], a[href^=javascript]").count() == 0
    assert dialogs == []


def test_the_way_can_be_gone_with_a_keyboard_alone(page: Page, server: PagesServer):
    api = FakeApi()
    frame = opened(page, server, api)
    expect(frame.get_by_role("heading")).to_be_focused()
    press(page, "Tab")
    expect(button(frame, "Continue")).to_be_focused()
    press(page, "Enter", "ArrowDown", "ArrowDown", "ArrowUp", "ArrowDown")
    expect(button(frame, "Cloud Crate")).to_be_focused()
    press(page, "Enter")
    expect(frame.get_by_label("Account")).to_be_focused()
    page.keyboard.type("my-company")
    press(page, "Tab")
    page.keyboard.type("k-123")
    press(page, "Tab", "Enter")
    expect(frame.get_by_label("API key", exact=True)).to_have_attribute("type", "text")
    press(page, "Shift+Tab", "Enter")
    expect(button(frame, "Done")).to_be_visible()
    for _ in range(4):
        press(page, "Tab")
        assert page.frames[-1].evaluate("document.querySelector('.card').contains(document.activeElement)")
    button(frame, "Done").focus()
    press(page, "Enter")
    page.wait_for_function("heard.some(({type}) => type === 'success')")
    last = heard(page)[-1]
    assert (last["crossdock"], last["type"]) == ("nonce-1", "success")
    assert (last["authCode"], last["integrationName"]) == ("ac_1", "cloud-crate")
    assert sent(api) == {"account": "my-company", "api_key": "k-123"}


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_german_browsers_get_german_pages(browser: Browser, server: PagesServer):
    context = browser.new_context(locale="de-AT", viewport=WIDE)
    page = context.new_page()
    frame = opened(page, server, FakeApi(), language=None)
    expect(frame.get_by_role("heading", name="Ihr Lager mit Northwind Goods verbinden")).to_be_visible()
    picture(page, "modal-intro-german")
    button(frame, "Weiter").click()
    button(frame, "Cloud Crate").click()
    button(frame, "Verbinden").click()
    expect(frame.get_by_text("Bitte füllen Sie API-Schlüssel aus")).to_be_visible()
    picture(page, "modal-form-german")
    assert page.frames[-1].evaluate("document.documentElement.lang") == "de"
    context.close()


def test_what_is_pasted_is_cleaned(page: Page, server: PagesServer):
    api = FakeApi()
    frame = opened(page, server, api)
    to_form(frame)
    frame.get_by_label("Account").fill("  https://my-company.example.com/admin?x=1 ")
    paste(page, frame.get_by_label("API key", exact=True), "  k-123\n")
    button(frame, "Connect", exact=True).click()
    expect(frame.get_by_role("heading", name="Successfully connected")).to_be_visible()
    assert sent(api) == {
        "account": "my-company", "api_key": "k-123",
    }  # fmt: skip


def test_a_key_of_several_lines_keeps_them_when_pasted(page: Page, server: PagesServer):
    api = FakeApi(
        {"integrations": {"docs": "", "fields": [form_field("private_key", "Private key", secret=True)]}}
    )
    frame = opened(page, server, api)
    to_form(frame)
    key = "-----BEGIN KEY-----\nabc\ndef\n-----END KEY-----"
    paste(page, frame.get_by_label("Private key", exact=True), f"{key}\n")
    expect(frame.get_by_text("Pasted with its 4 lines")).to_be_visible()
    button(frame, "Connect", exact=True).click()
    expect(frame.get_by_role("heading", name="Successfully connected")).to_be_visible()
    assert sent(api) == {"private_key": key}


def paste(page: Page, field: Any, text: str) -> None:
    field.focus()
    field.evaluate(
        """(element, text) => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            const event = new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
            if (element.dispatchEvent(event)) element.value = text;
        }""",
        text,
    )


def test_a_field_is_asked_for_only_where_its_choice_is_made(page: Page, server: PagesServer):
    fields = [
        form_field(
            "source", "Source", choices=["upload", "folder", "sftp"], default="upload", required=False
        ),
        form_field("sftp_host", "Server", shown_when={"field": "source", "equals": "sftp"}),
        form_field("folder", "Folder", required=False, shown_when={"field": "source", "equals": "folder"}),
    ]
    api = FakeApi({"integrations": {"docs": "", "fields": fields}})
    frame = opened(page, server, api)
    to_form(frame)
    expect(frame.get_by_label("Server", exact=True)).to_be_hidden()
    frame.get_by_text("Fetch them by SFTP").click()
    expect(frame.get_by_label("Folder", exact=True)).to_be_hidden()
    frame.get_by_label("Server", exact=True).fill("files.example.com")
    picture(page, "modal-form-choices")
    button(frame, "Connect", exact=True).click()
    expect(frame.get_by_role("heading", name="Successfully connected")).to_be_visible()
    assert sent(api) == {"source": "sftp", "sftp_host": "files.example.com"}


def test_a_repair_skips_the_picker_and_keeps_secrets_that_are_left_empty(page: Page, server: PagesServer):
    repaired = {"connection_id": "c-1", "integration_name": "cloud-crate", "display_name": "Cloud Crate"}
    fields = [
        form_field("account", "Account", value="my-company"),
        form_field("api_key", "API key", secret=True, required=False, kept=True),
    ]
    api = FakeApi(
        {
            "open": FakeApi.opened(reinstall=repaired, skips_picker=True, integrations=[SYSTEMS[1]]),
            "integrations": {"docs": "", "fields": fields},
        }
    )  # fmt: skip
    frame = opened(page, server, api)
    expect(frame.get_by_role("heading", name="Reconnect Cloud Crate")).to_be_visible()
    button(frame, "Continue").click()
    expect(frame.get_by_label("Account")).to_have_value("my-company")
    expect(frame.get_by_text("Leave empty to keep what is stored")).to_be_visible()
    frame.get_by_label("Account").fill("your-company")
    button(frame, "Connect", exact=True).click()
    expect(frame.get_by_text("Please fill in API key again, as something else was changed")).to_be_visible()
    frame.get_by_label("Account").fill(" my-company ")
    button(frame, "Connect", exact=True).click()
    expect(frame.get_by_role("heading", name="Connection repaired")).to_be_visible()
    assert sent(api) == {"account": "my-company"}


def test_faults_that_the_server_finds_are_shown_at_their_fields(page: Page, server: PagesServer):
    api = FakeApi(
        {"connect": error("invalid_fields", fields={"account": ["is none of ours"], "gone": ["is odd"]})}
    )
    frame = opened(page, server, api)
    to_form(frame)
    fill(frame)
    button(frame, "Connect", exact=True).click()
    expect(frame.get_by_label("Account")).to_be_focused()
    expect(frame.get_by_label("Account")).to_have_attribute("aria-invalid", "true")
    expect(frame.locator(".field .fault").first).to_have_text("is none of ours")
    expect(frame.get_by_role("alert")).to_contain_text("is odd")


def test_a_system_that_is_not_set_up_says_so_before_anything_is_typed(page: Page, server: PagesServer):
    api = FakeApi({"integrations": {"docs": "", "fields": [], "not_configured": True}})
    frame = opened(page, server, api)
    button(frame, "Continue").click()
    button(frame, "Hay Barn").click()
    expect(frame.get_by_role("heading", name="Not set up yet")).to_be_visible()
    button(frame, "Back").click()
    expect(frame.get_by_role("searchbox")).to_be_visible()


def test_the_organizations_colour_is_that_of_the_button(page: Page, server: PagesServer):
    frame = opened(page, server, FakeApi())
    expect(button(frame, "Continue")).to_have_css("background-color", "rgb(36, 86, 214)")


def test_nothing_is_stored_in_the_browser_and_no_secret_is_in_the_page(page: Page, server: PagesServer):
    frame = opened(page, server, FakeApi())
    to_form(frame)
    fill(frame)
    button(frame, "Connect", exact=True).click()
    expect(frame.get_by_role("heading", name="Successfully connected")).to_be_visible()
    assert page.context.storage_state() == {"cookies": [], "origins": []}
    assert not re.search("lt_1|ac_1|k-123", page.frames[-1].content())


def test_it_works_below_a_path_that_a_proxy_takes_away(page: Page):
    with pages_server("/deep/path") as below:
        api = FakeApi()
        frame = opened(page, below, api)
        to_form(frame)
        fill(frame)
        button(frame, "Connect", exact=True).click()
        expect(frame.get_by_role("heading", name="Successfully connected")).to_be_visible()
        assert [path for path, _, _ in api.asked][:2] == ["open", "integrations/wms/cloud-crate"]
        page.goto(f"{below.url}/connect/m/secret-1")
        expect(page.get_by_role("heading", name="Connect your warehouse to Northwind Goods")).to_be_visible()


def test_a_frame_that_nobody_opens_shows_nothing(page: Page, server: PagesServer):
    page.goto(f"{server.url}/connect/frame")
    expect(page.get_by_role("heading", name="Nothing to see here")).to_be_visible()


def test_words_with_another_nonce_are_not_heard(page: Page, server: PagesServer):
    api = FakeApi()
    frame = opened(page, server, api, linkToken=None)
    expect(frame.get_by_role("heading", name="One moment")).to_be_visible()
    word = "{crossdock: nonce, type: 'token', linkToken: token}"
    tell = f"([nonce, token]) => frame.contentWindow.postMessage({word}, '*')"
    page.evaluate(tell, ["guessed", "lt_stranger"])
    page.evaluate(tell, ["nonce-1", "lt_own"])
    expect(button(frame, "Continue")).to_be_visible()
    assert [token for _, _, token in api.asked] == ["Bearer lt_own"]


def test_a_page_that_has_no_link_token_can_be_asked_again(page: Page, server: PagesServer):
    frame = opened(page, server, FakeApi(), linkToken=None, renewed="lt_2")
    page.evaluate("frame.contentWindow.postMessage({crossdock: 'nonce-1', type: 'token-failed'}, '*')")
    expect(frame.get_by_role("heading", name="This can't start yet")).to_be_visible()
    picture(page, "modal-error-token-failed")
    button(frame, "Try again").click()
    expect(button(frame, "Continue")).to_be_visible()


def test_a_link_token_is_renewed_in_the_middle_of_the_way_and_only_once(page: Page, server: PagesServer):
    api = FakeApi({"connect": error("link_token_expired", status=401)})
    frame = opened(page, server, api, renewed="lt_2")
    to_form(frame)
    fill(frame)
    button(frame, "Connect", exact=True).click()
    expect(frame.get_by_role("heading", name="This took too long")).to_be_visible()
    tokens = [token for path, _, token in api.asked if path == "connect"]
    assert tokens == ["Bearer lt_1", "Bearer lt_2"]
    assert [message["type"] for message in heard(page)].count("need-token") == 1


def test_an_answer_that_is_lost_is_asked_for_again_under_the_same_flow(page: Page, server: PagesServer):
    api = FakeApi({"connect": lambda _: None})
    frame = opened(page, server, api)
    to_form(frame)
    fill(frame)
    button(frame, "Connect", exact=True).click()
    expect(frame.get_by_role("alert")).to_contain_text("We can't be reached")
    api.answers["connect"] = FakeApi.connected("ok")
    button(frame, "Connect", exact=True).click()
    expect(frame.get_by_role("heading", name="Successfully connected")).to_be_visible()
    assert len({body["flow_id"] for path, body, _ in api.asked if path == "connect"}) == 1


def test_a_vendor_that_takes_its_time_is_told_of_and_nothing_is_sent_twice(page: Page, server: PagesServer):
    page.clock.install()
    api = FakeApi()
    waiting: list[Any] = []
    frame = opened(page, server, api)
    to_form(frame)
    fill(frame)
    page.route("**/connect/api/connect", lambda route: waiting.append(route))  # noqa: PLW0108
    button(frame, "Connect", exact=True).click()
    busy = frame.get_by_role("button", name="Signing in to Cloud Crate")
    expect(busy).to_be_disabled()
    expect(frame.get_by_label("Account")).to_be_disabled()
    picture(page, "modal-form-busy")
    page.clock.fast_forward(9_000)
    expect(frame.locator(".note")).to_contain_text("Cloud Crate is taking its time")
    page.keyboard.press("Escape")
    expect(frame.get_by_role("alertdialog")).to_be_visible()
    button(frame, "Keep going").click()
    waiting[0].fulfill(json=FakeApi.connected("ok"))
    expect(frame.get_by_role("heading", name="Successfully connected")).to_be_visible()
    assert len(waiting) == 1


def test_a_window_that_seems_closed_for_three_minutes_ends_in_a_second_try(page: Page, server: PagesServer):
    page.clock.install()
    api = FakeApi({"integrations": {"docs": "", "fields": []}})
    api.answers["oauth/begin"] = {"start_url": f"{server.url}/connect/m/nothing"}
    frame = opened(page, server, api)
    button(frame, "Continue").click()
    button(frame, "Hay Barn").click()
    with page.expect_popup() as popup:
        button(frame, "Continue to Hay Barn").click()
    expect(frame.get_by_role("heading", name="Go on in the window of Hay Barn")).to_be_visible()
    popup.value.close()
    page.clock.run_for(5_000)
    expect(button(frame, "I closed the window")).to_be_visible()
    page.clock.run_for(170_000)
    expect(button(frame, "I closed the window")).to_be_visible()
    page.clock.run_for(15_000)
    expect(frame.get_by_role("alert")).to_contain_text("Nothing came back from Hay Barn")
    expect(button(frame, "Continue to Hay Barn")).to_be_enabled()
