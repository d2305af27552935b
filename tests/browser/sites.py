"""Web sites for tests in a browser: a customer's, under a strict policy, and a stand-in for Crossdock.

The customer's is on `localhost`, ours on `127.0.0.1`: for a browser these are strangers.
"""

import html
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

from playwright.sync_api import ConsoleMessage, Frame, Page

from crossdock.api.link_script import script_edition

LONGEST_SECONDS = 15.0
APPS = Path(__file__).parent / "apps"
COMPATIBLE_SCRIPT = "https://link.trackstarhq.com/main.js"
PLACEHOLDER = f'<script type="text/plain" src="{COMPATIBLE_SCRIPT}"></script>'
FRAME_PAGE = (
    '<!doctype html><meta name="color-scheme" content="light dark"><title>Frame</title><p>One moment</p>'
)


@dataclass(frozen=True)
class SitePage:
    """The answer at a path."""

    body: bytes
    media_type: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200


@dataclass
class Site:
    """A web server with these pages. asked: the paths that were asked for, in order."""

    url: str
    pages: dict[str, SitePage] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def add(self, path: str, body: str, media_type: str = "text/html; charset=utf-8", **headers: str) -> str:
        """Have an answer at a path. headers: names with `_` for `-`. The address."""
        fields = {name.replace("_", "-"): text for name, text in headers.items()}
        self.pages[path] = SitePage(body.encode(), media_type, fields)
        return f"{self.url}{path}"

    def add_script(self, path: str, source: str | bytes) -> str:
        """Have a script at a path. The address."""
        text = source.decode() if isinstance(source, bytes) else source
        return self.add(path, text, "text/javascript; charset=utf-8", cache_control="no-store")


class _Handler(BaseHTTPRequestHandler):
    site: Site

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.site.asked.append(path)
        page = self.site.pages.get(path, SitePage(b"there is no such page", "text/plain", {}, 404))
        self.send_response(page.status)
        for name, text in {"content-type": page.media_type, **page.headers}.items():
            self.send_header(name, text)
        self.send_header("content-length", str(len(page.body)))
        self.end_headers()
        self.wfile.write(page.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def site(host: str) -> Iterator[Site]:
    """A web server on a free port, reached under this name."""
    handler = cast("type[_Handler]", type("Handler", (_Handler,), {}))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    handler.site = Site(f"http://{host}:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield handler.site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def stand_in() -> Iterator[Site]:
    """A site with the script as we serve it, also below paths, and a frame that says what a test wants."""
    with site("127.0.0.1") as started:
        for prefix, path in (
            ("", "/main.js"),
            ("", "/link/main.js"),
            ("/deep/path", "/main.js"),
            ("/link2", "/main.js"),
        ):
            started.add_script(f"{prefix}{path}", script_edition(path, packed=False).content)
        for prefix in ("", "/deep/path", "/link2"):
            started.add_script(f"{prefix}/connect/frame.js", (APPS / "frame.js").read_text())
            started.add(f"{prefix}/connect/frame", f'{FRAME_PAGE}<script src="frame.js"></script>')
        yield started


def policy(server: str, more: str = "") -> str:
    """The policy of a customer's page that lets in what the button needs, and nothing else."""
    return (
        f"default-src 'none'; script-src 'self' {server}; frame-src {server}; style-src 'self'; "
        f"connect-src 'self'; base-uri 'none'; form-action 'none'{more}"
    )


def react_page(script: str, bundle: str, scenario: dict[str, Any]) -> str:
    """A page with a root for React. script: tags that come before the bundle."""
    said = html.escape(json.dumps(scenario))
    return (
        f'<!doctype html><html lang="en"><head><title>Shop</title>{script}</head><body><main id="root" '
        f'data-scenario="{said}"></main><script src="{bundle}"></script></body></html>'
    )


def script_tag(src: str, more: str = "") -> str:
    """The tag of a script. more: its other attributes."""
    return f'<script src="{src}"{more}></script>'


def plain_page(
    shop: Site, server: str, *, head: str | None = None, body: str = "", more: str = "", path: str = "/"
) -> str:
    """The address of a page without a framework: with the script, or what `head` is, and a button.

    more: further directives of its policy.
    """
    script = script_tag(f"{server}/main.js") if head is None else head
    text = (
        f"<!doctype html><title>Shop</title>{script}<h1>Shop</h1>"
        f'<button id="go" data-open="Trackstar">Connect</button>{body}{script_tag("/vanilla.js")}'
    )
    return shop.add(path, text, content_security_policy=policy(server, more))


@dataclass
class Visit:
    """A browser's visit of a customer's page, and what went wrong on it."""

    page: Page
    faults: list[str] = field(default_factory=list)
    """What the console said of errors, and what was thrown."""
    asked: list[str] = field(default_factory=list)
    """The addresses that were asked for."""

    def __post_init__(self) -> None:
        self.page.on("console", self._note_console)
        self.page.on("pageerror", lambda thrown: self.faults.append(str(thrown)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.route(COMPATIBLE_SCRIPT, lambda route: route.abort())

    def _note_console(self, said: ConsoleMessage) -> None:
        if said.type == "error":
            self.faults.append(said.text)

    def until(self, true: Callable[[], object]) -> None:
        """Wait for what the browser brings about, and hear what it says meanwhile."""
        deadline = time.monotonic() + LONGEST_SECONDS
        while not true():
            assert time.monotonic() < deadline, "what was waited for did not happen"
            self.page.wait_for_timeout(15)

    @classmethod
    def of(cls, page: Page, url: str) -> "Visit":
        """The visit of an address."""
        visit = cls(page)
        page.goto(url)
        return visit

    def init(self, name: str = "first", **values: Any) -> None:
        """Have a page without a framework initialise a button, which notes what it is told under a name."""
        self.page.evaluate("([name, values]) => init(name, values)", [name, values])

    def open(self, call: str = "Trackstar.open()") -> None:
        """Have the page open the window."""
        self.page.evaluate(call)

    @property
    def log(self) -> list[list[Any]]:
        """What the callbacks of the page were called with, in order."""
        entries: list[list[Any]] = self.page.evaluate("(window.app || window).log")
        return entries

    def said(self, *names: str) -> list[list[Any]]:
        """What these callbacks were called with."""
        return [entry for entry in self.log if entry[0] in names]

    def wait_for(self, *entry: Any) -> None:
        """Return when a callback was called so."""
        self.until(lambda: list(entry) in self.log)

    def wait_for_count(self, name: str, number: int) -> None:
        """Return when a callback was called so often."""
        self.until(lambda: len(self.said(name)) >= number)

    @property
    def modals(self) -> int:
        return self.page.locator("dialog[data-crossdock=modal]").count()

    @property
    def frame(self) -> Frame:
        """The frame of the modal that is open, once its script has begun."""
        self.until(lambda: any(_speaks(frame) for frame in self.page.frames))
        return next(frame for frame in self.page.frames if _speaks(frame))

    def say(self, kind: str, **values: Any) -> None:
        """Have the stand-in of the frame say a word."""
        self.frame.evaluate("([kind, values]) => say(kind, values)", [kind, values])

    def heard(self, kind: str) -> list[dict[str, Any]]:
        """The words of a kind that the stand-in of the frame has heard."""
        words: list[dict[str, Any]] = self.frame.evaluate("heard")
        return [word for word in words if word["type"] == kind]

    def wait_for_word(self, kind: str, number: int = 1) -> dict[str, Any]:
        """The last word of a kind, once the frame has heard so many."""
        self.until(lambda: len(self.heard(kind)) >= number)
        return self.heard(kind)[-1]

    def succeed(self, code: str = "ac_1", integration: str = "sandbox") -> None:
        """Have the flow end well."""
        self.wait_for_word("open")
        self.say("success", authCode=code, integrationName=integration)


def _speaks(frame: Frame) -> bool:
    return "/connect/frame" in frame.url and not frame.is_detached() and frame.evaluate("'say' in window")
