"""The pages that end users connect on: their texts, their files, and what browsers are told of them."""

import gzip
import inspect
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import httpx
import pytest

from crossdock.connect_api.codes import CODES
from crossdock.connections import permissions
from crossdock.connections.link.form import label_of
from crossdock.pages.dialect import ConnectPages
from crossdock.pages.rendering import TEMPLATES
from crossdock.pages.static_files import CONNECT_FILES
from crossdock.resources import switches
from crossdock.resources.catalogue import TYPES
from crossdock.web.address_limiter import AddressLimiter
from crossdock.web.application import Application
from crossdock.web.dependencies import Dependencies
from crossdock.web.middleware import ErrorMiddleware

_OTHERS = ("main.js", "demo.js")
SCRIPTS = sorted(path for path in CONNECT_FILES.folder.glob("*.js") if path.name not in _OTHERS)
TECHNICAL = {
    "bad_request", "expired", "foreign_origin", "invalid_fields", "invalid_return_url", "link_token_missing",
    "method_not_allowed", "needs_oauth", "not_oauth", "oauth_state_invalid", "unsupported_media_type",
}  # fmt: skip
"""Codes that an end user can do nothing about, or that are told at fields."""


def texts() -> dict[str, list[str]]:
    source = (CONNECT_FILES.folder / "texts.js").read_text(encoding="utf-8")
    body = source.partition("export const TEXTS = ")[2].partition("\n};")[0]
    parsed: dict[str, list[str]] = json.loads(re.sub(r",(\s*[\]}])", r"\1", body + "}"))
    return parsed


def sources() -> str:
    return "\n".join(
        path.read_text(encoding="utf-8")
        for path in [*SCRIPTS, *TEMPLATES.glob("*.html")]
        if path.name != "texts.js" and not path.name.startswith("account_")  # with texts of their own
    )


@pytest.fixture
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    """A browser of a server with the pages alone."""
    door = cast(Dependencies, SimpleNamespace(strangers=AddressLimiter(0)))
    app = ErrorMiddleware(Application(ConnectPages(door)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://us.example") as client:
        yield client


def test_every_text_is_there_in_english_and_german_with_the_same_values():
    for key, translations in texts().items():
        assert len(translations) == 2, key
        english, german = (sorted(set(re.findall(r"\{\w+\}", text))) for text in translations)
        assert english == german or key == "intro.terms.privacy", key
        assert all(text.strip() == text and text for text in translations), key


def test_every_text_is_used_and_every_text_that_is_used_is_there():
    keys, used = set(texts()), sources()
    named = set(re.findall(r"""["'`]((?:[a-z_]+\.)+[a-z_]+|[a-z_]+)["'`]""", used)) & keys
    beginnings = tuple(re.findall(r"`([a-z_.]+\.)\$\{", used))
    unused = {key for key in keys - named if not key.startswith(beginnings)}
    assert unused == set()
    asked = set(re.findall(r"""\bt\(\s*["']([^"']+)["']""", used)) | set(
        re.findall(r'data-text="([^"]+)"', used)
    )
    assert asked - keys == set()


def test_every_function_has_words_in_both_languages():
    functions = {function for kind in TYPES for function in switches.switchable(kind)}
    shown = {key: words for key, words in texts().items() if key.startswith("function.")}
    assert {key: words[0] for key, words in shown.items()} == {
        f"function.{function}": label_of(function) for function in functions
    }
    reasons = {key.removeprefix("reason.") for key in texts() if key.startswith("reason.")}
    source = inspect.getsource(permissions)
    assert reasons == set(re.findall(r'Permission\("unknown", "([^"]+)"\)', source))


def test_every_code_that_an_end_user_may_meet_has_words():
    assert {code for code in CODES if f"error.{code}" not in texts()} == TECHNICAL


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_read_no_html_and_store_nothing(path: Path):
    source = path.read_text(encoding="utf-8")
    html = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\(|new Function"
    storage = r"localStorage|sessionStorage|indexedDB|document\.cookie"
    assert re.findall(f"{html}|{storage}", source) == []


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.html")), ids=lambda path: path.name)
def test_templates_hold_no_script_and_no_style_of_their_own(path: Path):
    source = path.read_text(encoding="utf-8")
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\son\w+=|\|\s*safe", source) == []


async def test_the_frame_may_be_framed_by_anybody_and_does_nothing_but_its_own(browser: httpx.AsyncClient):
    headers = (await browser.get("/connect/frame")).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors *" in policy
    assert "unsafe" not in policy
    assert "x-frame-options" not in headers
    assert "set-cookie" not in headers
    assert (headers["referrer-policy"], headers["x-content-type-options"]) == ("no-referrer", "nosniff")


async def test_a_magic_links_page_is_framed_by_nobody_kept_by_nobody_and_holds_no_secret(
    browser: httpx.AsyncClient,
):
    answer = await browser.get("/connect/m/very-secret")
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cross-origin-opener-policy"] == "same-origin-allow-popups"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert "very-secret" not in answer.text


async def test_files_are_kept_for_a_year_under_their_edition_and_else_by_nobody(browser: httpx.AsyncClient):
    address = re.findall(r'src="([^"]+frame\.js)"', (await browser.get("/connect/frame")).text)[0]
    answer = await browser.get(f"/connect/{address}")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/javascript")
    old = await browser.get("/connect/static/0000/frame.js")
    assert (old.headers["cache-control"], old.content) == ("no-store", answer.content)


async def test_files_are_sent_packed_to_who_unpacks_them(browser: httpx.AsyncClient):
    path = f"/connect/static/{CONNECT_FILES.edition}/connect.css"
    plain = await browser.get(path, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    async with browser.stream("GET", path, headers={"accept-encoding": "gzip"}) as packed:
        content = b"".join([piece async for piece in packed.aiter_raw()])
    assert gzip.decompress(content) == plain.content == (CONNECT_FILES.folder / "connect.css").read_bytes()


@pytest.mark.parametrize(
    "path", ["/connect/nothing", "/connect/static/x/nothing.js", "/connect/static/x/..%2fdialect.py"]
)
async def test_what_is_not_there_is_told_on_a_page(browser: httpx.AsyncClient, path: str):
    answer = await browser.get(path)
    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.text
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


async def test_pages_are_only_read(browser: httpx.AsyncClient):
    answer = await browser.post("/connect/frame")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


async def test_who_asks_too_much_is_told_on_a_page():
    door = cast(Dependencies, SimpleNamespace(strangers=AddressLimiter(1)))
    app = ErrorMiddleware(Application(ConnectPages(door)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://us.example") as client:
        answers = [await client.get("/connect/frame") for _ in range(5)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert "One moment, please" in refused[0].text
    assert refused[0].headers["retry-after"] == "1"
