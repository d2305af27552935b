"""From the click on a customer's page to its orders: the examples as they stand, and the npm package."""

import runpy
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from tests.browser.bundles import ROOT, Workshop, workshop
from tests.browser.conftest import picture
from tests.browser.sites import Visit, react_page, script_tag
from tests.journeys.server import Organization, Server

EXAMPLES = ROOT / "examples"
BACKEND = runpy.run_path(str(EXAMPLES / "backend.py"))

# What the browser sees is the same on every database.
pytestmark = pytest.mark.parametrize("server", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, node_modules: Path) -> Workshop:
    return workshop(tmp_path_factory.mktemp("workshop"), node_modules)


@contextmanager
def shop_of(organization: Organization, folder: Path) -> Iterator[tuple[str, Any]]:
    """A customer's backend and pages, as in the examples: their address, and the backend's state."""
    state = BACKEND["Shop"](str(folder), organization.url, organization.key)
    site = BACKEND["backend"](state, 0)
    thread = threading.Thread(target=site.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://localhost:{site.server_address[1]}/", state
    finally:
        site.shutdown()
        thread.join()
        site.server_close()


@pytest.fixture
def buyer(server: Server) -> Organization:
    return server.organization()


def modal(page: Page) -> FrameLocator:
    return page.frame_locator("dialog iframe")


def connect_sandbox(page: Page) -> None:
    """What an end user does in the window."""
    window = modal(page)
    window.get_by_role("button", name="Continue").click()
    window.get_by_role("button", name="sandbox").click()
    window.get_by_role("button", name="Connect", exact=True).click()
    window.get_by_role("button", name="Done").click()


def vanilla(folder: Path, made: Workshop) -> Path:
    return EXAMPLES / "vanilla"


def react(folder: Path, made: Workshop) -> Path:
    """The example in React, with a bundle of it."""
    for path in (EXAMPLES / "react").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (made.folder / "app.jsx").write_bytes((EXAMPLES / "react" / "app.jsx").read_bytes())
    made.run("esbuild", "app.jsx", "--bundle", "--jsx=automatic", f"--outfile={folder / 'bundle.js'}")
    return folder


@pytest.mark.parametrize("example", [vanilla, react], ids=["vanilla", "react"])
def test_the_examples_lead_from_a_click_to_orders(
    page: Page, buyer: Organization, made: Workshop, tmp_path: Path, example: Callable[[Path, Workshop], Path]
):
    visit = Visit(page)
    with shop_of(buyer, example(tmp_path, made)) as (url, shop):
        page.goto(url)
        page.get_by_role("button", name="Connect your warehouse").click()
        connect_sandbox(page)
        expect(page.get_by_role("status")).to_have_text("Connected: sandbox")
        expect(page.get_by_role("listitem")).to_have_count(5, timeout=30_000)
    [connection] = buyer.get("/connections").json()["data"]
    assert list(shop.tokens) == [connection["connection_id"]]
    assert visit.modals == 0
    assert visit.faults == []


@pytest.mark.parametrize("bundle", ["npm-18", "npm-19", "ours-18", "ours-19"])
def test_a_code_of_the_window_is_exchanged_and_a_reinstall_keeps_the_connection(
    page: Page, buyer: Organization, made: Workshop, tmp_path: Path, bundle: str
):
    visit = Visit(page)
    warnings: list[str] = []
    page.on("console", lambda said: warnings.append(said.text))
    (tmp_path / "bundle.js").write_text(made.bundle(*bundle.split("-")))
    props: dict[str, Any] = {"sandbox": True, "integrationAllowList": ["sandbox"]}
    props |= {"disabledFunctions": ["get_orders", "get_odors"], "children": "Connect"}
    scenario = {"strict": True, "buttons": [{"name": "a", "props": props}]}
    tag = script_tag(f"{buyer.url}/main.js")
    (tmp_path / "index.html").write_text(react_page(tag, "bundle.js", scenario))
    with shop_of(buyer, tmp_path) as (url, shop):
        page.goto(url)
        connections = []
        for number in (1, 2):
            page.get_by_role("button", name="Connect", exact=True).click()
            window = modal(page)
            window.get_by_role("button", name="Continue").click()
            window.get_by_role("button", name="Connect", exact=True).click()
            expect(window.get_by_role("button", name="Done")).to_be_visible()
            if number == 1:
                picture(page, f"button-{bundle}")
            window.get_by_role("button", name="Close").click()  # as good as Done: it is connected
            visit.wait_for_count("onSuccess", number)
            connections.append(shop.exchange(visit.said("onSuccess")[-1][2])["connection_id"])
            shop.link_token = lambda: buyer.ask(
                "POST", "/link/token", None, json={"connection_id": connections[0]}
            ).json()
    assert connections[0] == connections[1]
    assert any("get_odors" in warning for warning in warnings)
    [connection] = buyer.get("/connections").json()["data"]
    assert "get_orders" not in connection["available_actions"]
    assert visit.said("onClose") == []
    assert visit.faults == []


def test_a_window_that_is_closed_before_anything_is_connected_leaves_nothing(page: Page, buyer: Organization):
    with shop_of(buyer, EXAMPLES / "vanilla") as (url, _):
        page.goto(url)
        page.get_by_role("button", name="Connect your warehouse").click()
        expect(modal(page).get_by_role("button", name="Continue")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("dialog")).to_have_count(0)
        expect(page.get_by_role("button", name="Connect your warehouse")).to_be_focused()
    assert buyer.get("/connections").json()["data"] == []


def test_a_backend_that_gives_no_token_is_told_in_the_window(page: Page, buyer: Organization):
    with shop_of(buyer, EXAMPLES / "vanilla") as (url, shop):
        key, shop.api_key = shop.api_key, "wrong"
        page.goto(url)
        page.get_by_role("button", name="Connect your warehouse").click()
        expect(modal(page).get_by_role("button", name="Try again")).to_be_visible()
        shop.api_key = key
        modal(page).get_by_role("button", name="Try again").click()
        expect(modal(page).get_by_role("button", name="Continue")).to_be_visible()
