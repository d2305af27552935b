"""The script of the button among what else a page has: styles, dialogs, policies, copies, ways back."""

import base64
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from crossdock.api.link_script import script_edition
from tests.browser.conftest import picture
from tests.browser.sites import (
    APPS,
    COMPATIBLE_SCRIPT,
    PLACEHOLDER,
    Site,
    Visit,
    plain_page,
    policy,
    script_tag,
    site,
)

NAME = "first"


# The page around it


def test_focus_and_scrolling_are_as_before_when_it_ends(page: Page, shop: Site, crossdock: Site):
    visit = Visit.of(page, plain_page(shop, crossdock.url, body='<img alt="" height="4000" width="1">'))
    visit.init()
    page.evaluate(
        "document.documentElement.style.setProperty('overflow', 'auto', 'important'); scrollTo(0, 0)"
    )
    page.locator("#go").focus()
    page.keyboard.press("Enter")
    visit.wait_for_word("open")
    assert page.evaluate("[document.documentElement.style.overflow, document.activeElement.tagName]") == [
        "hidden",
        "IFRAME",
    ]
    left = page.locator("h1").bounding_box()
    visit.say("close", reason="user")
    visit.wait_for("onClose", NAME, "user")
    assert page.locator("h1").bounding_box() == left
    assert page.evaluate(
        "[document.activeElement.id, document.documentElement.style.overflow, "
        "document.documentElement.style.getPropertyPriority('overflow')]"
    ) == ["go", "auto", "important"]


def test_escape_outside_the_frame_is_the_frames_to_answer(visit: Visit):
    visit.init()
    visit.open()
    visit.wait_for_word("open")
    visit.page.evaluate("document.querySelector('dialog').focus(), document.activeElement.blur()")
    visit.page.keyboard.press("Escape")
    visit.wait_for_word("close-request")
    assert visit.modals == 1


def test_it_is_above_a_dialog_of_the_page_and_its_focus_trap(visit: Visit):
    visit.page.evaluate(
        "const own = document.createElement('dialog'); own.id = 'own'; "
        "own.append(document.querySelector('#go')); document.body.append(own); own.showModal(); "
        "document.addEventListener('focusin', (event) => own.contains(event.target) || go.focus())"
    )
    visit.init()
    visit.page.locator("#go").click()
    visit.wait_for_word("open")
    top = "document.elementFromPoint(innerWidth / 2, innerHeight / 2).tagName"
    assert visit.page.evaluate(f"[{top}, document.activeElement.tagName]") == ["IFRAME", "IFRAME"]
    visit.say("close", reason="user")
    visit.wait_for("onClose", NAME, "user")
    assert visit.page.evaluate("own.open")


def test_styles_of_the_page_do_not_reach_it(page: Page, shop: Site, crossdock: Site):
    shop.add(
        "/page.css",
        "* { display: none; transform: scale(.1) } dialog { padding: 9em; opacity: 0 }",
        "text/css",
    )
    visit = Visit.of(page, plain_page(shop, crossdock.url, head=_styled("/page.css", crossdock)))
    visit.init()
    page.evaluate(
        "document.body.style.display = document.documentElement.style.display = 'block'; Trackstar.open()"
    )
    visit.wait_for_word("open")
    assert page.evaluate(
        "JSON.stringify(document.querySelector('dialog iframe').getBoundingClientRect())"
    ) == page.evaluate("JSON.stringify(new DOMRect(0, 0, innerWidth, innerHeight))")


@pytest.mark.parametrize("page_scheme", ["light", "dark"])
def test_the_page_shows_through_the_frame_in_light_and_dark(
    browser: Browser, shop: Site, crossdock: Site, page_scheme: Any
):
    context = browser.new_context(color_scheme=page_scheme, viewport={"width": 400, "height": 300})
    page = context.new_page()
    shop.add("/red.css", "html { background: rgb(255, 0, 0) }", "text/css")
    visit = Visit.of(page, plain_page(shop, crossdock.url, head=_styled("/red.css", crossdock)))
    visit.init()
    visit.open()
    visit.wait_for_word("open")
    colours = context.new_page().evaluate(
        "async (data) => { const picture = new Image(); picture.src = data; await picture.decode(); "
        "const canvas = new OffscreenCanvas(400, 300).getContext('2d'); canvas.drawImage(picture, 0, 0); "
        "return [...canvas.getImageData(390, 290, 1, 1).data] }", _picture(page),
    )  # fmt: skip
    assert colours[0] > 200, "the frame is opaque"
    assert max(colours[1:3]) < 60
    context.close()


def _styled(style_sheet: str, crossdock: Site) -> str:
    """The head of a page with a style sheet and the script."""
    return f'<link rel="stylesheet" href="{style_sheet}">' + script_tag(f"{crossdock.url}/main.js")


def _picture(page: Page) -> str:
    """A picture of the page, as an address."""
    return "data:image/png;base64," + base64.b64encode(page.screenshot()).decode()


def test_after_going_on_and_back_it_works_as_before(visit: Visit, shop: Site):
    visit.init()
    elsewhere = shop.add("/elsewhere", "<!doctype html><title>Elsewhere</title>")
    visit.page.goto(elsewhere)
    visit.page.go_back()
    visit.init()
    visit.page.locator("#go").click()
    visit.succeed()
    visit.wait_for("onSuccess", NAME, "ac_1", "sandbox")
    assert visit.said("onSuccess", "onLoad") == [["onLoad", NAME], ["onSuccess", NAME, "ac_1", "sandbox"]]


# Where it is from


@pytest.mark.parametrize(
    ("tag", "server"),
    [
        (script_tag("{}/main.js"), ""),
        (script_tag("{}/main.js?version=1"), ""),
        (script_tag("{}/link/main.js"), ""),
        (script_tag("{}/deep/path/main.js"), "/deep/path"),
        (
            script_tag("/module.js", ' type="module"')
            + script_tag("{}/deep/path/main.js", ' type="text/plain"'),
            "/deep/path",
        ),
        (script_tag("/copy.js", ' data-crossdock-server="{}/deep/path/"'), "/deep/path"),
    ],
    ids=["plain", "query", "below link", "deep", "module", "copy"],
)
def test_it_talks_to_the_server_that_it_was_loaded_from(
    page: Page, shop: Site, crossdock: Site, tag: str, server: str
):
    source = script_edition("/main.js", packed=False).content
    shop.add_script("/module.js", source)
    shop.add_script("/copy.js", source)
    visit = Visit.of(page, plain_page(shop, crossdock.url, head=tag.format(crossdock.url)))
    visit.init()
    visit.open()
    visit.wait_for_word("open")
    assert visit.frame.url.split("#")[0] == f"{crossdock.url}{server}/connect/frame"


def test_a_prefix_that_is_called_link_is_no_part_of_the_scripts_own_path(page: Page, shop: Site):
    with site("127.0.0.1") as behind_proxy:
        behind_proxy.add_script("/link/main.js", script_edition("/main.js", packed=False).content)
        behind_proxy.add("/link/connect/frame", '<!doctype html><script src="frame.js"></script>')
        behind_proxy.add_script("/link/connect/frame.js", (APPS / "frame.js").read_text())
        tag = script_tag(f"{behind_proxy.url}/link/main.js")
        visit = Visit.of(page, plain_page(shop, behind_proxy.url, head=tag))
        visit.init()
        visit.open()
        visit.wait_for_word("open")
        page.close()


def test_two_copies_are_one(page: Page, shop: Site, crossdock: Site):
    twice = script_tag(f"{crossdock.url}/main.js") * 2
    visit = Visit.of(page, plain_page(shop, crossdock.url, head=twice))
    visit.init()
    page.add_script_tag(url=f"{crossdock.url}/main.js?late")
    visit.init()
    visit.open()
    visit.succeed()
    visit.wait_for("onSuccess", NAME, "ac_1", "sandbox")
    assert [entry[0] for entry in visit.log] == ["onLoad", "getLinkToken", "onSuccess"]
    assert page.locator(f'script[src="{COMPATIBLE_SCRIPT}"]').count() == 1


# The placeholder


def test_the_vendors_script_is_neither_fetched_nor_missed(visit: Visit):
    assert visit.page.locator(f'head script[type="text/plain"][src="{COMPATIBLE_SCRIPT}"]').count() == 1
    assert not [url for url in visit.asked if "trackstarhq" in url]


def test_a_placeholder_of_the_page_is_told_when_the_script_is_there(page: Page, shop: Site, crossdock: Site):
    shop.add_script(
        "/early.js",
        f"document.querySelector('script[src=\"{COMPATIBLE_SCRIPT}\"]')"
        ".addEventListener('load', () => { window.told = typeof Trackstar.init })",
    )
    head = PLACEHOLDER + script_tag("/early.js") + script_tag(f"{crossdock.url}/main.js")
    Visit.of(page, plain_page(shop, crossdock.url, head=head))
    assert page.evaluate("told") == "function"
    assert page.locator(f'script[src="{COMPATIBLE_SCRIPT}"]').count() == 1


def test_trusted_types_of_the_page_are_kept(page: Page, shop: Site, crossdock: Site):
    for names, count in (("crossdock-connect", 1), ("'none'", 0)):
        more = f"; require-trusted-types-for 'script'; trusted-types {names}"
        visit = Visit.of(page, plain_page(shop, crossdock.url, more=more, path=f"/types{count}"))
        assert page.locator(f'script[src="{COMPATIBLE_SCRIPT}"]').count() == count
        visit.init()
        visit.open()
        visit.succeed()
        visit.wait_for("onSuccess", NAME, "ac_1", "sandbox")


# When it can't be shown


@pytest.mark.parametrize("fault", ["policy", "server"])
def test_a_frame_that_does_not_come_is_told_to_the_end_user_and_the_page(
    page: Page, shop: Site, crossdock: Site, fault: str
):
    if fault == "policy":
        url = plain_page(shop, crossdock.url)
        shop.add(
            "/",
            shop.pages["/"].body.decode(),
            content_security_policy=policy(crossdock.url).replace("frame-src", "x-src"),
        )
    else:
        tag = f'<script src="{crossdock.url}/main.js" data-crossdock-server="http://127.0.0.1:9"></script>'
        url = plain_page(shop, "http://127.0.0.1:9 " + crossdock.url, head=tag)
    visit = Visit.of(page, url)
    visit.init()
    visit.open()
    expect(page.get_by_role("alert")).to_contain_text("could not be loaded")
    picture(page, f"button-failed-{fault}")
    assert any("frame-src" in said and "did not load" in said for said in visit.faults)
    page.get_by_role("button", name="Close").click()
    visit.wait_for("onClose", NAME, "error")
    assert visit.modals == 0


def test_escape_and_a_click_beside_it_end_it_while_nothing_is_there_yet(
    page: Page, shop: Site, crossdock: Site
):
    crossdock.add("/silent/connect/frame", "<!doctype html>")
    tag = f'<script src="{crossdock.url}/main.js" data-crossdock-server="{crossdock.url}/silent"></script>'
    visit = Visit.of(page, plain_page(shop, crossdock.url, head=tag))
    visit.init()
    visit.open()
    page.keyboard.press("Escape")
    visit.wait_for("onClose", NAME, "escape")
    visit.open()
    page.mouse.click(5, 5)
    visit.wait_for("onClose", NAME, "user")


# A sign-in that leaves the page


@pytest.mark.parametrize("button", ["", "b"])
def test_a_sign_in_that_left_the_page_goes_on_at_its_button(
    page: Page, shop: Site, crossdock: Site, button: str
):
    url = plain_page(shop, crossdock.url) + "?tab=2"
    visit = Visit.of(page, url + "#part")
    visit.init("a", buttonId="a") if button else visit.init("a")
    if button:
        visit.init("b", buttonId="b")
    page.evaluate(f"Trackstar{button}.open()")
    back = visit.wait_for_word("open")["returnUrl"]
    assert back == url + (f"&crossdock_button={button}" if button else "")
    with page.expect_navigation():
        visit.say("redirect", url=f"{back}&crossdock_flow=flow_12345678")
    visit.init("a", buttonId="a") if button else visit.init("a")
    if button:
        assert visit.modals == 0
        visit.init("b", buttonId="b")
    word = visit.wait_for_word("open")
    assert (word["resumeFlow"], word["linkToken"]) == ("flow_12345678", "lt_first")
    assert page.url == url
    visit.succeed()
    visit.wait_for("onSuccess", button or "a", "ac_1", "sandbox")
    visit.init("a")
    assert visit.modals == 0


def test_a_page_is_never_left_for_what_is_no_address(visit: Visit):
    visit.init()
    visit.open()
    visit.wait_for_word("open")
    visit.say("redirect", url="javascript:window.hacked=1")
    visit.succeed()
    visit.wait_for("onSuccess", NAME, "ac_1", "sandbox")
    assert visit.page.evaluate("window.hacked") is None


# Our own interface


def test_create_makes_a_button_that_can_go_away(visit: Visit):
    visit.page.evaluate("window.made = Crossdock.create(options('made', {sandbox: true})); made.open()")
    assert visit.wait_for_word("open")["options"] == {"sandbox": True}
    visit.page.evaluate("made.destroy()")
    visit.wait_for("onClose", "made", "unmount")
    visit.page.evaluate("made.open()")
    assert visit.modals == 0
    visit.page.evaluate("Crossdock.create(options('brief', {})).destroy()")
    visit.init()
    visit.wait_for("onLoad", NAME)
    assert ["onLoad", "brief"] not in visit.log


def test_a_language_is_handed_on(visit: Visit):
    visit.init(language="de")
    visit.open()
    assert visit.wait_for_word("open")["language"] == "de"
    expect(visit.page.locator("dialog iframe")).to_have_attribute("title", "System verbinden")
