"""The script of the button in a customer's page: what it promises to that page, whatever the page does."""

import gzip

from playwright.sync_api import Page, expect

from crossdock.api.link_script import script_edition
from tests.browser.sites import Site, Visit, plain_page

NAME = "first"


# Small, and nothing that a strict policy would forbid


def test_it_is_smaller_than_10_kb_and_has_no_part_of_what_policies_forbid():
    source = script_edition("/main.js", packed=False).content
    assert len(gzip.compress(source)) < 10_000
    for word in (
        b"eval(",
        b"new Function",
        b"innerHTML",
        b'setAttribute("style"',
        b"<style",
        b"Storage",
        b"cookie",
    ):
        assert word not in source, word


def test_a_strict_policy_of_the_page_is_kept(visit: Visit):
    visit.init()
    visit.open()
    visit.succeed()
    visit.wait_for("onSuccess", NAME, "ac_1", "sandbox")
    assert visit.faults == []


# init


def test_init_makes_a_global_for_each_button_and_loads_each_once(visit: Visit):
    for name in ("a", "b", "a", "b", "a"):
        visit.init(name, buttonId=name)
    visit.init()
    visit.until(lambda: len(visit.said("onLoad")) == 3)
    assert visit.said("onLoad") == [["onLoad", "a"], ["onLoad", "b"], ["onLoad", NAME]]
    for name in ("Trackstar", "Trackstara", "Trackstarb"):
        assert visit.page.evaluate(f"[{name}.state.isLoaded, typeof {name}.open, typeof {name}.close]") == [
            True, "function", "function",
        ]  # fmt: skip


def test_init_asks_for_nothing_and_changes_nothing_in_the_page(visit: Visit):
    before, asked = visit.page.content(), len(visit.asked)
    for _ in range(15):
        visit.init()
    assert visit.page.content() == before
    assert visit.asked[asked:] == []
    assert visit.said("getLinkToken") == []


def test_a_name_that_is_there_and_undefined_is_what_the_component_makes_of_it(visit: Visit):
    visit.page.evaluate("Trackstar.init({...options('odd', {}), buttonId: undefined})")
    visit.page.evaluate("Trackstarundefined.open({})")
    visit.succeed()
    visit.wait_for("onSuccess", "odd", "ac_1", "sandbox")


# open


OPENINGS = {
    "open()": None, "open({})": None, "open({integrationId: 'sandbox'})": "sandbox", "open(null)": None,
    "open({integrationId: undefined})": None, "open(new Event('click'))": None,
}  # fmt: skip


def test_open_takes_nothing_an_empty_object_or_an_integration(visit: Visit):
    visit.init(sandbox=True, integrationType="cart", logo="https://shop.example/logo.png", color="blue")
    for call, integration in OPENINGS.items():
        visit.open(f"Trackstar.{call}")
        word = visit.wait_for_word("open")
        assert word["integrationId"] == integration, call
        assert word["linkToken"] == "lt_first"
        assert word["options"] == {
            "integrationType": "cart", "sandbox": True, "logo": "https://shop.example/logo.png",
        }  # fmt: skip
        assert word["from"].startswith("http://localhost:")
        visit.open("Trackstar.close()")
    assert len(visit.said("getLinkToken")) == len(OPENINGS)


def test_the_options_of_the_moment_of_open_hold_and_the_newest_callbacks_are_called(visit: Visit):
    visit.init(integrationAllowList=["sandbox"])
    visit.open()
    visit.init("newer", integrationAllowList=["other"])
    assert visit.wait_for_word("open")["options"] == {"integrationAllowList": ["sandbox"]}
    visit.succeed()
    visit.wait_for("onSuccess", "newer", "ac_1", "sandbox")
    assert visit.said("onSuccess", "onClose") == [["onSuccess", "newer", "ac_1", "sandbox"]]
    visit.open()
    assert visit.wait_for_word("open")["options"] == {"integrationAllowList": ["other"]}


def test_open_before_init_waits_and_goes_on_with_it(visit: Visit):
    visit.open()
    visit.until(lambda: visit.frame.evaluate("heard.length") == 0)
    expect(visit.page.locator("dialog iframe")).to_be_visible()
    visit.init()
    assert visit.wait_for_word("open")["linkToken"] == "lt_first"
    visit.succeed()
    visit.wait_for("onSuccess", NAME, "ac_1", "sandbox")


def test_there_is_one_modal_however_often_open_is_called(visit: Visit):
    visit.init()
    visit.init("b", buttonId="b")
    visit.page.evaluate("Trackstar.open(), Trackstar.open(), Trackstarb.open()")
    visit.wait_for_word("open")
    assert visit.modals == 1
    visit.say("close", reason="user")
    visit.wait_for("onClose", NAME, "user")
    assert visit.modals == 0
    visit.page.evaluate("Trackstarb.open()")
    visit.wait_for_word("open")
    assert visit.modals == 1


# Ends


def test_a_close_says_why_and_leaves_nothing_behind(visit: Visit):
    visit.init()
    before = visit.page.content()
    for reason in ("user", "escape", "error", "done"):
        visit.open()
        visit.wait_for_word("open")
        visit.say("close", reason=reason)
        visit.wait_for("onClose", NAME, reason)
        assert visit.page.content() == before


def test_a_flow_ends_once(visit: Visit):
    visit.init()
    visit.open()
    visit.wait_for_word("open")
    visit.frame.evaluate(
        "say('success', {authCode: 'ac_1', integrationName: 'sandbox'}), say('close', {reason: 'user'}), "
        "say('success', {authCode: 'ac_2', integrationName: 'sandbox'})"
    )
    visit.wait_for("onSuccess", NAME, "ac_1", "sandbox")
    visit.page.evaluate("Trackstar.close()")
    assert visit.said("onSuccess", "onClose") == [["onSuccess", NAME, "ac_1", "sandbox"]]


def test_close_ends_it_at_once(visit: Visit):
    visit.init()
    visit.open()
    visit.page.evaluate("Trackstar.close()")
    assert visit.said("onSuccess", "onClose") == [["onClose", NAME, "api"]]
    assert visit.modals == 0


def test_a_close_once_something_is_connected_is_a_success(visit: Visit):
    visit.init()
    visit.open()
    visit.wait_for_word("open")
    visit.say("linked")
    visit.page.evaluate("Trackstar.close()")
    visit.wait_for_word("close-request")
    assert visit.said("onSuccess", "onClose") == []
    expect(visit.page.locator("dialog")).to_be_hidden()
    visit.say("success", authCode="ac_1", integrationName="sandbox")
    visit.wait_for("onSuccess", NAME, "ac_1", "sandbox")
    assert visit.modals == 0


def test_a_frame_that_says_its_code_when_it_is_linked_needs_no_further_word(visit: Visit):
    visit.init()
    visit.open()
    visit.wait_for_word("open")
    visit.say("linked", authCode="ac_1", integrationName="sandbox")
    visit.until(lambda: visit.page.evaluate("Trackstar.close(), log.length") == 3)
    assert visit.said("onSuccess", "onClose") == [["onSuccess", NAME, "ac_1", "sandbox"]]


def test_a_page_that_throws_away_all_it_has_ends_the_flow(visit: Visit):
    visit.init()
    visit.open()
    visit.wait_for_word("open")
    visit.page.evaluate("document.body.replaceWith(document.createElement('body'))")
    visit.wait_for("onClose", NAME, "error")
    assert visit.page.evaluate("document.documentElement.getAttribute('style') || ''") == ""
    visit.open()
    visit.succeed()
    visit.wait_for("onSuccess", NAME, "ac_1", "sandbox")


def test_a_callback_that_throws_is_the_pages_own_affair(page: Page, shop: Site, crossdock: Site):
    visit = Visit.of(page, plain_page(shop, crossdock.url))
    visit.page.evaluate(
        "Trackstar.init({...options('a', {}), onSuccess() { throw new Error('of the page') }})"
    )
    visit.open()
    visit.succeed()
    visit.until(lambda: visit.faults)
    assert ["of the page" in fault for fault in visit.faults] == [True]
    assert visit.modals == 0


# Link tokens


def test_a_token_that_expired_is_asked_for_again(visit: Visit):
    visit.page.evaluate("tokens.splice(0, 1, 'lt_1', 'lt_2')")
    visit.init()
    visit.open()
    assert visit.wait_for_word("open")["linkToken"] == "lt_1"
    visit.say("need-token")
    assert visit.wait_for_word("token")["linkToken"] == "lt_2"
    assert len(visit.said("getLinkToken")) == 2


def test_a_backend_that_is_down_is_told_to_the_frame_which_may_ask_again(visit: Visit):
    visit.page.evaluate("tokens.splice(0, 1, '!', '!', 'lt_1')")
    visit.init()
    visit.open()
    visit.wait_for_word("token-failed")
    assert visit.wait_for_word("open")["linkToken"] is None
    visit.say("need-token")
    visit.wait_for_word("token-failed", 2)
    visit.say("need-token")
    assert visit.wait_for_word("token")["linkToken"] == "lt_1"
    visit.say("close", reason="error")
    visit.wait_for("onClose", NAME, "error")


def test_what_is_no_token_is_told_and_not_handed_on(page: Page, shop: Site, crossdock: Site):
    visit = Visit.of(page, plain_page(shop, crossdock.url))
    values = ("undefined", "null", "''", "({link_token: 'lt_1'})", "7")
    for number, value in enumerate(values, 1):
        page.evaluate(f"Trackstar.init({{...options('a', {{}}), getLinkToken: async () => {value}}})")
        visit.open()
        visit.wait_for_word("token-failed")
        assert visit.wait_for_word("open")["linkToken"] is None
        visit.open("Trackstar.close()")
        told = [fault for fault in visit.faults if "it must give the link token as text" in fault]
        assert len(told) == number, value


# Strangers


def test_words_of_anybody_else_are_not_heard(visit: Visit):
    visit.init()
    visit.open()
    visit.wait_for_word("open")
    nonce = visit.frame.evaluate("nonce")
    word = {"crossdock": nonce, "type": "success", "authCode": "ac_stolen", "integrationName": "x"}
    visit.page.evaluate("(word) => postMessage(word, '*')", word)  # the page itself, which knows the nonce
    visit.page.evaluate(  # a frame of another origin
        "(word) => { const frame = document.createElement('iframe'); frame.sandbox = 'allow-scripts'; "
        "document.body.append(frame); }", word,
    )  # fmt: skip
    visit.frame.evaluate("(word) => parent.postMessage({...word, crossdock: 'guess'}, '*')", word)
    visit.frame.evaluate("(word) => parent.postMessage(null, '*')", word)
    visit.frame.evaluate("(word) => parent.postMessage({...word, type: '__proto__'}, '*')", word)
    visit.frame.evaluate("(word) => parent.postMessage({...word, authCode: {}}, '*')", word)
    visit.succeed("ac_true")
    visit.wait_for("onSuccess", NAME, "ac_true", "sandbox")
    assert len(visit.said("onSuccess", "onClose")) == 1


def test_every_flow_has_a_nonce_of_its_own(visit: Visit):
    visit.init()
    nonces = set()
    for _ in range(3):
        visit.open()
        visit.wait_for_word("open")
        nonces.add(visit.frame.evaluate("nonce"))
        visit.page.evaluate("Trackstar.close()")
    assert len(nonces) == 3
    assert all(len(nonce) == 32 for nonce in nonces)
