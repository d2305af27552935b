"""Takes the README's pictures of the dashboard, of sandbox data: `python -m tools.pictures [folder]`.

    crossdock dev (temporary folder) ─▶ sign in ─▶ first sync ends ─▶ a webhook arrives ─▶ docs/pictures/*.png

Chromium is Debian's, or the one that CROSSDOCK_TEST_CHROMIUM names. Data of a sandbox are of the moment that
it is made, so every run gives other pictures: take them anew when the pages look different, not for the data.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parent.parent
WIDTH, HEIGHT = 1280, 800
LARGEST_BYTES = 120_000
PATIENCE_SECONDS = 90
PASSWORD = "seven small grey boats"  # noqa: S105  of a server that is gone with its folder
FIRST_LINK = re.compile(r"http://\S+/account/first#token=sil_\S+")


class Receiver(BaseHTTPRequestHandler):
    """A place for webhooks, which takes all of them."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def receiving() -> Iterator[str]:
    """The address of a receiver on this computer."""
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/webhooks"
    server.shutdown()


@contextmanager
def running(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """A server with sandbox data: the link of its first sign-in, and its note of keys and sandboxes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = folder / "said.txt"
    settings = {"CROSSDOCK_DATA_DIR": str(folder / "data"), "CROSSDOCK_PORT": str(port)}
    environment = os.environ | settings | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    with said.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "crossdock", "dev"], cwd=ROOT, env=environment, stdout=output
        )
    try:
        wait(lambda: FIRST_LINK.search(said.read_text()) is not None, "the first sign-in")
        note = json.loads((folder / "data" / "dev.json").read_text())
        yield FIRST_LINK.findall(said.read_text())[0], note
    finally:
        process.terminate()
        process.wait()


def wait(is_there: Callable[[], bool], what: str) -> None:
    """Wait until something is there. Raises TimeoutError."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while not is_there():
        if time.monotonic() > ends:
            raise TimeoutError(f"{what} did not come within {PATIENCE_SECONDS} seconds")
        time.sleep(0.5)


class Photographer:
    """A browser page that is signed in, and the folder that its pictures go to."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self.folder = folder
        self.base = ""

    def sign_in(self, link: str) -> None:
        self.base = link.partition("/account/")[0]
        self.page.goto(link)
        self.page.get_by_label("Name").fill("Ada")
        self.page.locator("[name=password]").fill(PASSWORD)
        self.page.get_by_role("button", name="Set the password and sign in").click()
        self.page.get_by_role("heading", name="Home").wait_for()

    def data(self, path: str) -> dict[str, Any]:
        """What a page shows, as JSON."""
        answer = self.page.request.get(f"{self.base}{path}", headers={"accept": "application/json"})
        shown: dict[str, Any] = json.loads(answer.text())
        return shown

    def take(self, path: str, name: str, scheme: Literal["light", "dark"] = "light") -> None:
        """Take a picture of a page. Raises ValueError for one that is too large."""
        self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        self.page.goto(f"{self.base}{path}")
        self.page.wait_for_load_state("networkidle")
        target = self.folder / f"{name}.png"
        self.page.screenshot(path=target)
        size = target.stat().st_size
        print(f"{target.name}: {size:,} bytes")
        if size > LARGEST_BYTES:
            raise ValueError(f"{target} has {size:,} bytes; wanted are at most {LARGEST_BYTES:,}")


def call_api(photographer: Photographer, note: dict[str, Any]) -> None:
    """Call the API, as a backend does."""
    headers = {
        "x-trackstar-api-key": note["api_key"],
        "x-trackstar-access-token": note["sandboxes"]["wms"]["access_token"],
    }
    for resource in ("orders", "products", "inventory", "warehouses"):
        photographer.page.request.get(f"{photographer.base}/wms/{resource}?limit=10", headers=headers)
    wait(lambda: photographer.data("/dashboard")["calls"] >= 4, "the log of the calls")


def take_all(photographer: Photographer, receiver: str, note: dict[str, Any]) -> None:
    """Bring about something to see, then take the pictures of it."""
    page = photographer.page

    def is_synced() -> bool:
        steps = photographer.data("/dashboard")["first_steps"]
        return any(step["is_done"] for step in steps if "first sync" in step["title"])

    wait(is_synced, "the end of the first sync")
    call_api(photographer, note)
    page.goto(f"{photographer.base}/dashboard/webhooks")
    page.get_by_role("link", name="New endpoint").first.click()
    page.get_by_label("Address").fill(receiver)
    page.get_by_label("Description").fill("Order service")
    page.get_by_role("button", name="Make the endpoint").click()
    page.goto(f"{photographer.base}/dashboard/explorer?type=wms&where=sandbox")
    page.locator("tbody a").first.click()
    page.get_by_role("link", name="Orders", exact=False).first.click()
    page.goto(f"{page.url}?status=open")
    page.locator("tbody a").first.click()
    record = page.url
    page.get_by_role("link", name="Update order").click()
    page.get_by_label("Address1").fill("12 Canal Street")
    page.get_by_role("button", name="Change an order").click()
    page.get_by_text("Done: the connected system has it").wait_for()
    page.get_by_role("link", name="its webhooks").click()
    page.get_by_role("link", name="order.updated").first.click()
    page.get_by_text("success").first.wait_for()
    message = page.url
    photographer.take("/dashboard", "home")
    photographer.take(record.removeprefix(photographer.base).partition("?")[0], "record", "dark")
    photographer.take(message.removeprefix(photographer.base), "message")


def main() -> None:
    """Take all pictures into the folder that is named, or into the docs."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    path = os.environ.get("CROSSDOCK_TEST_CHROMIUM") or shutil.which("chromium")
    with (
        TemporaryDirectory() as temporary,
        receiving() as receiver,
        running(Path(temporary)) as (link, note),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, locale="en-GB")
        photographer = Photographer(context.new_page(), folder)
        photographer.sign_in(link)
        take_all(photographer, receiver, note)
        browser.close()


if __name__ == "__main__":
    main()
