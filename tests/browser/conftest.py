"""A real browser: Debian's Chromium, driven by Playwright; and packages of npm, installed as locked.

Pictures that tests take are kept in `~/.cache/crossdock/pictures/`, to be looked at.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.sites import APPS, Site, Visit, plain_page, site, stand_in
from tests.conftest import skip_or_fail

CACHE = Path.home() / ".cache" / "crossdock"
PICTURES = CACHE / "pictures"
PACKAGES = Path(__file__).parent / "packages"
"""A package.json and its lock file."""
PATIENCE_MS = 15_000
expect.set_options(timeout=PATIENCE_MS)


def chromium_path() -> str:
    """The path of Chromium; skips where there is none."""
    path = os.environ.get("CROSSDOCK_TEST_CHROMIUM") or shutil.which("chromium")
    if path is None:
        skip_or_fail("Chromium is not here: apt-get install chromium")
        raise AssertionError
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium, for the tests of a module."""
    path = chromium_path()
    with sync_playwright() as playwright:
        # In a container there are no user namespaces for its sandbox, and the pages are our own.
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a context of its own: no cookie and no storage of another test."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


def picture(page: Page, name: str) -> Path:
    """A picture of the page as it is now."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    path = PICTURES / f"{name}.png"
    page.screenshot(path=path, full_page=True)
    return path


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The packages of npm that the tests use, installed once for each state of the lock file."""
    npm = shutil.which("npm")
    if npm is None:
        skip_or_fail("npm is not here: apt-get install npm")
        raise AssertionError
    lock = PACKAGES / "package-lock.json"
    folder = CACHE / "npm-browser"
    with _alone(folder):
        stamp = folder / "installed.json"
        if stamp.exists() and stamp.read_bytes() == lock.read_bytes():
            return folder / "node_modules"
        for name in ("package.json", "package-lock.json"):
            shutil.copy(PACKAGES / name, folder / name)
        command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--legacy-peer-deps"]
        installed = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=300, check=False
        )
        if installed.returncode:
            skip_or_fail(f"npm can't install the packages: {installed.stderr[-500:]}")
        shutil.copy(lock, stamp)
    return folder / "node_modules"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else works in the folder meanwhile: tests run in several processes."""
    import fcntl

    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="module")
def crossdock() -> Iterator[Site]:
    """A stand-in for Crossdock: the script as we serve it, and a frame that says what a test wants."""
    with stand_in() as started:
        yield started


@pytest.fixture(scope="module")
def shop() -> Iterator[Site]:
    """A customer's site, without a framework."""
    with site("localhost") as started:
        started.add_script("/vanilla.js", (APPS / "vanilla.js").read_text())
        yield started


@pytest.fixture(scope="module")
def shared_context(browser: Browser) -> Iterator[BrowserContext]:
    """A context for the pages of a module: what a test leaves on a page goes with it."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def visit(shared_context: BrowserContext, shop: Site, crossdock: Site) -> Iterator[Visit]:
    """A visit of a customer's page with the script. Nothing may go wrong on it, whatever a test does."""
    page = shared_context.new_page()
    started = Visit.of(page, plain_page(shop, crossdock.url))
    yield started
    page.close()
    assert [fault for fault in started.faults if "backend is down" not in fault] == []
