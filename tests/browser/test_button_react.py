"""The button in React: the npm package that knows nothing of us, unmodified, and our own."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.bundles import Workshop, workshop
from tests.browser.sites import APPS, PLACEHOLDER, Site, Visit, policy, react_page, site

BUTTONS = ("npm", "ours")
REACTS = ("18", "19")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, node_modules: Path) -> Workshop:
    return workshop(tmp_path_factory.mktemp("workshop"), node_modules)


@pytest.fixture(scope="module")
def shop(made: Workshop) -> Iterator[Site]:
    """A customer's site with both components in both versions of React."""
    with site("localhost") as started:
        for button in BUTTONS:
            for react in REACTS:
                started.add_script(f"/{button}-{react}.js", made.bundle(button, react))
        yield started


@pytest.fixture(params=[f"{button}-{react}" for button in BUTTONS for react in REACTS])
def bundle(request: pytest.FixtureRequest) -> str:
    """A component with a version of React."""
    return str(request.param)


@pytest.fixture
def visit(shared_context: BrowserContext) -> Iterator[Visit]:
    """A visit on which nothing may go wrong."""
    page = shared_context.new_page()
    started = Visit(page)
    yield started
    page.close()
    assert [fault for fault in started.faults if "backend is down" not in fault] == []


def show(
    visit: Visit, shop: Site, server: Site, bundle: str, scenario: dict[str, Any], *, tag: str | None = None
) -> None:
    """Show a page with React, as the scenario says. tag: in place of the script's one."""
    script = f'<script src="{server.url}/main.js"></script>' if tag is None else tag
    text = react_page(script, f"/{bundle}.js", {"tokens": ["lt_first"], "strict": True} | scenario)
    visit.page.goto(
        shop.add(f"/{bundle}", text, content_security_policy=policy(server.url)), wait_until="commit"
    )
    expect(visit.page.get_by_role("button").first).to_be_visible()


def button(name: str, **props: Any) -> dict[str, Any]:
    return {"name": name, "props": {"children": f"Connect {name}", **props}}


def click(visit: Visit, name: str) -> None:
    visit.page.get_by_role("button", name=f"Connect {name}", exact=True).click()


def test_a_click_ends_in_a_code_for_the_customers_backend(
    visit: Visit, shop: Site, crossdock: Site, bundle: str
):
    props = {"integrationType": "cart", "integrationAllowList": ["sandbox"], "sandbox": True}
    show(visit, shop, crossdock, bundle, {"buttons": [button("cart", **props)]})
    visit.wait_for("onLoad", "cart")
    click(visit, "cart")
    word = visit.wait_for_word("open")
    assert (word["options"], word["linkToken"], word["integrationId"]) == (props, "lt_first", None)
    visit.succeed()
    visit.wait_for("onSuccess", "cart", "ac_1", "sandbox", "close")
    assert visit.log == [
        ["onLoad", "cart"], ["getLinkToken", "cart"], ["onSuccess", "cart", "ac_1", "sandbox", "close"],
    ]  # fmt: skip
    assert visit.modals == 0
    assert not [url for url in visit.asked if "trackstarhq" in url]


def test_a_parent_that_sets_its_state_in_on_load_draws_a_few_times(
    visit: Visit, shop: Site, crossdock: Site, bundle: str
):
    show(visit, shop, crossdock, bundle, {"buttons": [button("a")]})
    visit.wait_for("onLoad", "a")
    for _ in range(5):
        visit.page.evaluate("app.redraw()")
    visit.until(lambda: visit.page.evaluate("app.state") == {"draws": 5, "loads": 1})
    assert visit.log == [["onLoad", "a"]]


def test_several_buttons_open_each_its_own(visit: Visit, shop: Site, crossdock: Site, bundle: str):
    buttons = [button("one", buttonId="one", integrationAllowList=["x"]), button("two", buttonId="two")]
    show(visit, shop, crossdock, bundle, {"buttons": [*buttons, button("bare")]})
    for name, options in (("one", {"integrationAllowList": ["x"]}), ("two", {}), ("bare", {})):
        click(visit, name)
        assert visit.wait_for_word("open")["options"] == options
        visit.say("close", reason="user")
        visit.until(lambda: visit.modals == 0)
    told = visit.said("onClose")
    assert [entry[1] for entry in told] == ["one", "two", "bare"]
    assert sorted(entry[1] for entry in visit.said("onLoad")) == ["bare", "one", "two"]


def test_a_close_is_told_and_the_button_opens_again(visit: Visit, shop: Site, crossdock: Site, bundle: str):
    show(visit, shop, crossdock, bundle, {"buttons": [button("a")]})
    for number in (1, 2):
        click(visit, "a")
        visit.wait_for_word("open")
        visit.say("close", reason="escape")
        visit.wait_for_count("onClose", number)
    # The npm package's own wrapper leaves the reason out.
    assert visit.said("onClose") == [["onClose", "a", *(["escape"] if bundle.startswith("ours") else [])]] * 2


def test_a_reinstall_opens_with_the_token_of_the_moment(
    visit: Visit, shop: Site, crossdock: Site, bundle: str
):
    show(visit, shop, crossdock, bundle, {"buttons": [button("a")], "tokens": ["lt_new", "lt_repair"]})
    for token in ("lt_new", "lt_repair"):
        click(visit, "a")
        assert visit.wait_for_word("open")["linkToken"] == token
        visit.succeed(f"ac_{token}")
        visit.wait_for("onSuccess", "a", f"ac_{token}", "sandbox", "close")
    assert len(visit.said("onSuccess", "onClose")) == 2


def test_a_backend_that_is_down_can_be_asked_again(visit: Visit, shop: Site, crossdock: Site, bundle: str):
    show(visit, shop, crossdock, bundle, {"buttons": [button("a")], "tokens": ["!", "lt_1"]})
    click(visit, "a")
    visit.wait_for_word("token-failed")
    visit.say("need-token")
    assert visit.wait_for_word("token")["linkToken"] == "lt_1"
    visit.say("close", reason="error")
    visit.until(lambda: len(visit.said("onClose")) == 1)


def test_a_script_that_comes_late_brings_the_button_to_life(
    visit: Visit, shop: Site, crossdock: Site, bundle: str
):
    show(visit, shop, crossdock, bundle, {"buttons": [button("a")]}, tag=PLACEHOLDER)
    visit.page.add_script_tag(url=f"{crossdock.url}/main.js")
    visit.wait_for("onLoad", "a")
    click(visit, "a")
    visit.succeed()
    visit.wait_for("onSuccess", "a", "ac_1", "sandbox", "close")


def test_a_button_that_goes_and_comes_back_works(visit: Visit, shop: Site, crossdock: Site, bundle: str):
    show(visit, shop, crossdock, bundle, {"buttons": [button("a")]})
    visit.wait_for("onLoad", "a")
    visit.page.evaluate("app.setButtons([])")
    expect(visit.page.get_by_role("button")).to_have_count(0)
    visit.page.evaluate("(buttons) => app.setButtons(buttons)", [button("a")])
    click(visit, "a")
    visit.succeed()
    visit.wait_for("onSuccess", "a", "ac_1", "sandbox", "close")
    assert len(visit.said("onSuccess", "onClose")) == 1


@pytest.mark.parametrize("kind", BUTTONS)
def test_a_script_that_is_not_there_leaves_a_button_that_says_so(
    page: Page, shop: Site, crossdock: Site, kind: str
):
    visit = Visit(page)
    show(
        visit,
        shop,
        crossdock,
        f"{kind}-19",
        {"buttons": [button("a")]},
        tag=f'<script src="{crossdock.url}/none.js"></script>',
    )
    if kind == "npm":
        expect(page.get_by_role("button")).to_be_disabled()  # its own script is refused by the policy
    else:
        expect(page.get_by_role("button")).to_have_attribute("data-crossdock", "error")
        click(visit, "a")
        visit.wait_for("onClose", "a", "error")


# What only our own package has


@pytest.mark.parametrize("react", REACTS)
def test_ours_loads_the_script_by_itself_once_for_all_buttons(
    visit: Visit, shop: Site, crossdock: Site, react: str
):
    src = f"{crossdock.url}/main.js"
    before = crossdock.asked.count("/main.js")
    show(
        visit,
        shop,
        crossdock,
        f"ours-{react}",
        {"buttons": [button("a", src=src), button("b", src=src)]},
        tag="",
    )
    click(visit, "a")
    visit.succeed()
    visit.wait_for("onSuccess", "a", "ac_1", "sandbox", "close")
    assert visit.page.locator(f'script[src="{src}"]').count() == 1
    assert crossdock.asked.count("/main.js") - before <= 1


def test_ours_opens_a_click_of_the_time_when_the_script_still_loaded(
    visit: Visit, shop: Site, crossdock: Site
):
    src = f"{crossdock.url}/main.js"
    held: list[Route] = []
    visit.page.route(src, lambda route: held.insert(0, route))
    show(visit, shop, crossdock, "ours-19", {"buttons": [button("a", src=src)]}, tag="")
    expect(visit.page.get_by_role("button")).to_have_attribute("data-crossdock", "loading")
    click(visit, "a")
    visit.until(lambda: held)
    held[0].continue_()
    visit.succeed()
    visit.wait_for("onSuccess", "a", "ac_1", "sandbox", "close")


def test_ours_loads_the_script_anew_after_an_error(page: Page, shop: Site, crossdock: Site):
    visit, src = Visit(page), f"{crossdock.url}/main.js"
    page.route(src, lambda route: route.abort())
    show(visit, shop, crossdock, "ours-19", {"buttons": [button("a", src=src)]}, tag="")
    expect(page.get_by_role("button")).to_have_attribute("data-crossdock", "error")
    page.unroute(src)
    click(visit, "a")
    visit.succeed()
    visit.wait_for("onSuccess", "a", "ac_1", "sandbox", "close")


def test_ours_loads_the_script_with_a_nonce_of_the_page(visit: Visit, shop: Site, crossdock: Site):
    text = react_page(
        "",
        "/ours-19.js",
        {"tokens": ["lt_first"], "buttons": [button("a", src=f"{crossdock.url}/main.js", nonce="n0nce")]},
    )
    rules = policy(crossdock.url).replace(
        f"script-src 'self' {crossdock.url}", "script-src 'self' 'nonce-n0nce'"
    )
    visit.page.goto(shop.add("/nonce", text, content_security_policy=rules))
    click(visit, "a")
    visit.succeed()
    visit.wait_for("onSuccess", "a", "ac_1", "sandbox", "close")


def test_ours_closes_what_it_opened_when_it_goes(visit: Visit, shop: Site, crossdock: Site):
    show(visit, shop, crossdock, "ours-19", {"buttons": [button("a")]})
    click(visit, "a")
    visit.wait_for_word("open")
    visit.page.evaluate("app.setButtons([])")
    visit.wait_for("onClose", "a", "unmount")
    assert visit.modals == 0


def test_ours_names_what_it_connects(visit: Visit, shop: Site, crossdock: Site):
    kinds = ("wms", "cart", "carrier", "freight")
    buttons = [{"name": kind, "props": {"integrationType": kind}} for kind in kinds]
    show(visit, shop, crossdock, "ours-19", {"buttons": [*buttons, {"name": "none", "props": {}}]})
    expect(visit.page.get_by_role("button")).to_have_text(
        ["Connect WMS", "Connect Cart", "Connect Carrier", "Connect Freight Forwarder", "Connect WMS"]
    )


# The package as it is packed


def test_the_package_holds_what_it_needs_and_depends_on_nothing(made: Workshop):
    folder = made.folder / "node_modules" / "@crossdock" / "react-link"
    described = json.loads((folder / "package.json").read_text())
    assert "dependencies" not in described
    assert described["peerDependencies"] == {"react": ">=18"}
    assert {path.name for path in folder.iterdir()} == {"package.json", "README.md", "LICENSE", "dist"}
    for kind in ("esm", "cjs"):
        script = (folder / "dist" / kind / "index.js").read_text()
        assert script.startswith('"use client";\n')
        assert len(gzip.compress(script.encode())) < 3000


@pytest.mark.parametrize(
    ("name", "module", "resolution"),
    [
        ("consumer.tsx", "esnext", "bundler"),
        ("consumer.mts", "node16", "node16"),
        ("consumer.cts", "node16", "node16"),
    ],
)
def test_its_types_hold_in_a_strict_project(made: Workshop, name: str, module: str, resolution: str):
    source = (APPS / "consumer.tsx").read_text()
    if (
        name != "consumer.tsx"
    ):  # these two may not have elements in them: the types are looked at by their import
        source = (
            source.partition("export function Page")[0]
            + "export const shown = [CrossdockButton, useCrossdockLink, useState];\n"
        )
        source = source.replace(", type ReactElement", "").replace("CloseReason, CrossdockButtonProps, ", "")
    (made.folder / name).write_text(source)
    made.run(
        "tsc", "--strict", "--noEmit", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess",
        "--jsx", "react-jsx", "--target", "es2022", "--module", module, "--moduleResolution", resolution,
        "--preserveSymlinks", name,
    )  # fmt: skip


def test_it_is_drawn_on_a_server_from_either_kind_of_module(made: Workshop):
    props = "{ getLinkToken: async () => '', onSuccess() {}, integrationType: 'carrier' }"
    drawn = f"renderToString(createElement(CrossdockButton, {props}))"
    (made.folder / "drawn.mjs").write_text(
        "import { createElement } from 'react';\nimport { renderToString } from 'react-dom/server';\n"
        f"import {{ CrossdockButton }} from '@crossdock/react-link';\nconsole.log({drawn});\n"
    )
    (made.folder / "drawn.cjs").write_text(
        "const { createElement } = require('react');\n"
        "const { renderToString } = require('react-dom/server');\n"
        f"const {{ CrossdockButton }} = require('@crossdock/react-link');\nconsole.log({drawn});\n"
    )
    for name in ("drawn.mjs", "drawn.cjs"):
        said = made.run("node", "--preserve-symlinks", "--preserve-symlinks-main", name)
        assert said == '<button type="button" data-crossdock="loading">Connect Carrier</button>\n'
