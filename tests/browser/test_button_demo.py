"""The page of `crossdock dev` on which the button is tried out."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect
from starlette.requests import Request

from crossdock.config import Settings
from crossdock.errors import Forbidden
from crossdock.pages.demo.dialect import check_caller
from tests.browser.conftest import picture
from tests.browser.sites import Visit
from tests.journeys.server import Server
from tests.journeys.test_dev import Dev, dev


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    with dev(tmp_path_factory.mktemp("demo")) as running:
        yield running


def test_the_button_is_tried_out_on_a_page_of_dev(page: Page, started: Dev):
    visit = Visit(page)
    page.goto(f"{started.note['base_url']}/connect/demo")
    page.get_by_role("button", name="Connect", exact=True).click()
    window = page.frame_locator("dialog iframe")
    window.get_by_role("button", name="Continue").click()
    window.get_by_role("button", name="sandbox").click()
    window.get_by_role("button", name="Connect", exact=True).click()
    window.get_by_role("button", name="Done").click()
    expect(page.get_by_role("row")).to_have_count(6, timeout=30_000)
    picture(page, "demo-light")
    page.emulate_media(color_scheme="dark")
    picture(page, "demo-dark")
    page.set_viewport_size({"width": 360, "height": 740})
    picture(page, "demo-phone")
    assert "access_token" not in page.content()
    assert "ct_" not in page.content()
    assert visit.faults == []


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {"host": "attacker.example:8080"}),
        ("GET", {"host": "127.0.0.1.attacker.example"}),
        ("POST", {"host": "attacker.example", "origin": "http://attacker.example"}),
        ("POST", {"origin": "http://attacker.example"}),
        ("POST", {"origin": "null"}),
        ("POST", {}),
    ],
)
def test_no_other_site_reaches_it(started: Dev, method: str, headers: dict[str, str]):
    path = "link-token" if method == "POST" else ""
    answer = httpx.request(method, f"{started.note['base_url']}/connect/demo/{path}", headers=headers)
    assert answer.status_code == 403, answer.text
    assert "lt_" not in answer.text


def test_its_page_behind_a_proxy_that_changes_the_name_is_its_own():
    settings = Settings(base_url="https://crossdock.example.com/sub")
    for origin in ("https://crossdock.example.com", "http://127.0.0.1:8080"):
        check_caller(_post("127.0.0.1:8080", origin), settings)
    for origin in ("http://crossdock.example.com", "https://other.example.com", "null"):
        with pytest.raises(Forbidden):
            check_caller(_post("127.0.0.1:8080", origin), settings)


def _post(host: str, origin: str) -> Request:
    headers = [(b"host", host.encode()), (b"origin", origin.encode())]
    return Request({"type": "http", "method": "POST", "headers": headers})


def test_a_server_that_is_not_for_development_has_no_such_page(server: Server):
    for path in ("", "/link-token", "/exchange"):
        assert server.http.get(f"{server.url}/connect/demo{path}").status_code == 404
        assert server.http.post(f"{server.url}/connect/demo{path}", json={}).status_code in (404, 405)


def test_what_is_asked_wrongly_is_told(started: Dev, tmp_path: Path):
    url = started.note["base_url"]
    headers = {"origin": url}
    refused = httpx.post(f"{url}/connect/demo/exchange", json={"auth_code": "ac_unknown"}, headers=headers)
    assert refused.status_code in (400, 404, 422)
    assert "auth code" in refused.json()["error"] or "auth_code" in refused.json()["error"]
    assert httpx.get(f"{url}/connect/demo/records/unknown").status_code == 404
