"""The modal to look at: its pages from a real server, in a host page, with a private API that tests write.

The API is a fake at the wire, so that every screen can be had, also those that a real vendor is in for
seconds. What a real server makes of the same is in test_modal_journeys.py.
"""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from playwright.sync_api import FrameLocator, Page, Route
from starlette.responses import HTMLResponse

from crossdock.config import Settings
from crossdock.pages.dialect import ConnectPages
from crossdock.services.server import serve
from crossdock.web.address_limiter import AddressLimiter
from crossdock.web.application import Application
from crossdock.web.dependencies import Dependencies
from crossdock.web.middleware import ErrorMiddleware
from tests.journeys.server import LONGEST_SECONDS
from tests.ports import free_port

Json = dict[str, Any]
Answer = Json | Callable[[Json], Any]

HOST_PAGE = """<!doctype html><html lang="en"><title>Shop of a customer</title>
<body style="margin:0;font:16px system-ui;background:#fff">
<main style="padding:40px"><h1>Settings</h1><p>Connect the systems that you work with.</p>
<p style="columns:2">{words}</p></main>
<script>
const heard = [];
const frame = document.createElement("iframe");
frame.title = "Connect a system";
frame.style.cssText = "position:fixed;inset:0;width:100%;height:100%;border:0;color-scheme:light dark";
frame.src = "{frame}#n=nonce-1";
addEventListener("message", (event) => {{
  if (event.source !== frame.contentWindow) return;
  heard.push(event.data);
  const tell = (type, values) =>
    frame.contentWindow.postMessage({{crossdock: "nonce-1", type, ...values}}, "*");
  if (event.data.type === "ready") tell("open", {opening});
  if (event.data.type === "need-token") tell({renewed});
}});
document.body.append(frame);
</script></body></html>"""


@dataclass
class PagesServer:
    """A server with the pages alone, and with the page of a host, which is of another origin."""

    url: str
    host_url: str
    host_page: str = ""


@contextmanager
def pages_server(prefix: str = "") -> Iterator[PagesServer]:
    """A running server. prefix: a path that a proxy before it takes away."""
    settings = Settings(port=free_port())
    root = f"http://127.0.0.1:{settings.port}{prefix}"
    server = PagesServer(root, f"http://localhost:{settings.port}/host")
    door = cast(Dependencies, SimpleNamespace(strangers=AddressLimiter(0)))
    pages = ErrorMiddleware(Application(ConnectPages(door)))

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == "/host":
            await HTMLResponse(server.host_page)(scope, receive, send)
            return
        if scope["type"] == "http":
            path = scope["path"].removeprefix(prefix)
            scope = scope | {"path": path, "raw_path": path.encode()}
        await pages(scope, receive, send)

    started, ended = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def live() -> None:
        listening = asyncio.Event()
        serving = asyncio.create_task(serve(settings, app, listening))
        await listening.wait()
        started.set()
        await ended.wait()
        serving.cancel()
        await asyncio.wait({serving})

    thread = threading.Thread(target=loop.run_until_complete, args=(live(),), daemon=True)
    thread.start()
    try:
        assert started.wait(LONGEST_SECONDS)
        yield server
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(LONGEST_SECONDS)
        loop.close()


def integration(name: str, display_name: str, **more: Any) -> Json:
    return {
        "name": name, "display_name": display_name, "description": "", "logo_url": None,
        "install_method": "input", **more,
    }  # fmt: skip


def form_field(key: str, label: str, **more: Any) -> Json:
    return {
        "key": key, "label": label, "help": "", "example": "", "pattern": "", "secret": False,
        "required": True,
        "choices": [], "default": None, "where": "", "placeholder": "", **more,
    }  # fmt: skip


SYSTEMS = [
    integration("blue-bay", "Blue Bay", description="Warehouses and fulfilment"),
    integration("cloud-crate", "Cloud Crate", description="Warehouse management for 3PLs"),
    integration("hay-barn", "Hay Barn", description="Cloud warehouse", install_method="oauth"),
    integration("nordlager", "Nordlager", description="Lagerverwaltung"),
    integration("pick-pilot", "Pick Pilot", description="Picking and packing"),
    integration("quaycount", "Quaycount"),
    integration("shelfwise", "Shelfwise", description="Inventory for small warehouses"),
    integration("tin-loft", "Tin Loft", description="Warehouse system"),
]
FIELDS = [
    form_field(
        "account", "Account", help="The first part of the address that you work at.", pattern="[a-z0-9-]+",
        example="my-company",
    ),
    form_field("api_key", "API key", secret=True, where="https://example.com/keys"),
]  # fmt: skip
PERMISSIONS = [
    ("get_products", "Read products"), ("get_inventory", "Read inventory"), ("get_orders", "Read orders"),
    ("get_inbound_shipments", "Read inbound shipments"), ("get_returns", "Read returns"),
    ("create_order", "Create orders"),
]  # fmt: skip


def permissions(*states: str, reason: str = "") -> list[Json]:
    return [
        {"function": name, "label": label, "state": state} | ({"reason": reason} if reason else {})
        for (name, label), state in zip(PERMISSIONS, states, strict=False)
    ]


def error(code: str, message: str = "", status: int = 422, **more: Any) -> Any:
    """An answer that is an error."""
    return status, {"error": {"code": code, "message": message, **more}}


@dataclass
class FakeApi:
    """What the private API answers, by path; and what it was asked."""

    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, Json, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.answers = {
            "open": self.opened(), "integrations": {"docs": "https://example.com/docs", "fields": FIELDS},
            "connect": self.connected("pending", "pending", "pending", "pending", "pending", "pending"),
            "permissions": {"permissions": permissions(*["ok"] * 6)},
            "flow": {"status": "waiting"},
            "magic-links/session": {"link_token": "lt_page", "options": {}},
        } | self.answers  # fmt: skip

    @staticmethod
    def opened(**more: Any) -> Json:
        organization = {
            "name": "Northwind Goods", "logo_url": None, "color": "#2456d6", "color_text": "#ffffff",
            "color_dark": "#4570dd", "color_dark_text": "#ffffff", "terms_url": "https://example.com/terms",
            "privacy_url": "https://example.com/privacy",
        }  # fmt: skip
        return {
            "organization": organization | more.pop("organization", {}), "allowed_origins": [],
            "integration_type": "wms", "integrations": SYSTEMS, "skips_picker": False, "reinstall": None,
            "language_hint": None, "warnings": [], **more,
        }  # fmt: skip

    @staticmethod
    def connected(*states: str, name: str = "cloud-crate", display_name: str = "Cloud Crate") -> Json:
        return {
            "connection_id": "c-1", "integration_name": name, "integration_type": "wms",
            "display_name": display_name, "auth_code": "ac_1", "reinstalled": False,
            "permissions": permissions(*states),
        }  # fmt: skip

    def answer(self, route: Route) -> None:
        request = route.request
        path = request.url.split("/connect/api/", 1)[1].partition("?")[0]
        body = json.loads(request.post_data or "{}")
        self.asked.append((path, body, request.headers.get("authorization", "")))
        answer = self.answers[path.split("/")[0] if path.startswith("integrations") else path]
        if callable(answer):
            answer = answer(body)
        if answer is None:
            route.abort()
            return
        status, value = answer if isinstance(answer, tuple) else (200, answer)
        if path.startswith("integrations") and status == 200:
            name = path.split("/")[-1]
            system = next((system for system in SYSTEMS if system["name"] == name), SYSTEMS[0])
            value = system | value
        route.fulfill(status=status, json=value)


def opened(
    page: Page, server: PagesServer, api: FakeApi, *, renewed: str | None = None, **opening: Any
) -> FrameLocator:
    """The frame inside a host page on another origin, told to open. renewed: a second link token."""
    page.route("**/connect/api/**", api.answer)
    told: Json = {
        "options": {}, "integrationId": None, "linkToken": "lt_1", "language": "en", "returnUrl": None,
        "resumeFlow": None,
    }  # fmt: skip
    server.host_page = HOST_PAGE.format(
        frame=f"{server.url}/connect/frame", opening=json.dumps(told | opening),
        words="Words of the page. " * 60,
        renewed=f'"token", {{linkToken: {json.dumps(renewed)}}}' if renewed else '"token-failed", {}',
    )  # fmt: skip
    page.goto(server.host_url)
    return page.frame_locator("iframe")


def heard(page: Page) -> list[Json]:
    """What the frame has told its host page so far."""
    messages: list[Json] = page.evaluate("heard")
    return messages
