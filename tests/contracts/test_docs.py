"""The documentation says all there is, and what it shows works."""

import json
import os
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

from crossdock import config
from crossdock.account_api.operations import OPERATIONS as ACCOUNT_OPERATIONS
from crossdock.account_api.operations import AccountOperation
from crossdock.api.openapi_paths import ANSWERS
from crossdock.api.operations import all_operations
from crossdock.audit.claiming import COLUMNS
from crossdock.audit.findings import CERTAINTIES, DIRECTIONS, RULES
from crossdock.config import Settings
from crossdock.invoices.charges import CATEGORIES
from crossdock.resources.event_types import event_types
from crossdock.store.carriers.claims import STATES
from tests.journeys.commands import COMMANDS
from tests.journeys.server import Organization, Server

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    *sorted((ROOT / "docs").glob("*.md")),
]


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@cache
def text(page: Path) -> str:
    return page.read_text()


def said_in(words: str) -> list[str]:
    """The pages that have these words."""
    return [_name(page) for page in PAGES if words in text(page)]


# What there is


def test_every_setting_stands_in_the_table_with_its_default_and_meaning():
    rows = [
        f"| `{entry['variable']}` | {'`' + entry['default'] + '`' if entry['default'] else ''} "
        f"| {entry['meaning']} |"
        for entry in config.described(Settings())
    ]
    table = [
        line
        for line in text(ROOT / "docs" / "self-hosting.md").splitlines()
        if line.startswith("| `CROSSDOCK_")
    ]
    assert table == rows, "\n".join(["the table in docs/self-hosting.md is to be:", *rows])


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_is_explained_somewhere(words: tuple[str, ...]):
    assert said_in(f"crossdock {' '.join(words)}")


@pytest.mark.parametrize(
    "where", sorted({f"{operation.method} {operation.path}" for operation in all_operations()})
)
def test_every_operation_is_on_the_page_about_the_api(where: str):
    path = where.split(" ")[1]
    page = text(ROOT / "docs" / "api.md")
    if path.endswith(("/history", "/raw")):
        below = path.rpartition("/")[2]
        assert f"GET /{{type}}/{{resource}}/{{id}}/{below}" in text(ROOT / "docs" / "extensions.md")
    elif path.startswith(("/carrier/files", "/carrier/audit")) and not where.startswith(
        "GET "
    ):  # not written
        assert f"`{where}`" in text(ROOT / "docs" / "extensions.md")
    elif not where.startswith("GET ") and path.startswith(("/wms/", "/cart/", "/carrier/")):
        page = text(ROOT / "docs" / "writes.md")
        above = path.removesuffix("/trackstar-tags").rpartition("/")[0]
        assert f"`{where}`" in page or (path.endswith("-tags") and f"`{above}`" in page)
    elif path.startswith(("/wms/", "/cart/", "/carrier/", "/freight/")):
        listed = path if path.endswith("/packs") else re.sub(r"/{\w+}$", "", path)
        assert f"| `{listed}` |" in page
    else:
        assert f"`{where}`" in page


@pytest.mark.parametrize("event", event_types())
def test_every_event_is_on_the_page_about_the_api(event: str):
    extension = event.endswith(".deleted") and not event.startswith("connection")
    assert ("`<event>.deleted`" if extension else f"`{event}`") in text(ROOT / "docs" / "api.md")


@pytest.mark.parametrize("status", [*ANSWERS, 405, 413, 500, 502])
def test_every_error_is_on_the_page_about_the_api(status: int):
    assert re.search(rf"^\| {status} \| \S", text(ROOT / "docs" / "api.md"), re.M)


def added() -> list[str]:
    """What we serve and the contract does not have."""
    listed = tomllib.loads((Path(__file__).with_name("openapi_differences.toml")).read_text())["added"]
    return [
        operation
        for entry in listed
        for operation in entry["operations"]
        if not operation.endswith(("/history", "/raw"))
    ]


@pytest.mark.parametrize("operation", added())
def test_every_operation_beyond_the_contract_is_told_as_an_extension(operation: str):
    assert f"`{operation}`" in text(ROOT / "docs" / "extensions.md")


# What is shown


def blocks(page: Path) -> list[str]:
    """The examples of a page that are to be run."""
    return re.findall(r"^```sh run\n(.*?)^```$", text(page), re.M | re.S)


EXAMPLES = [
    pytest.param(block, id=f"{_name(page)} {number}")
    for page in PAGES
    for number, block in enumerate(blocks(page), 1)
]


@pytest.fixture(scope="module")
def reader(server: Server) -> Organization:
    """Somebody who tries the examples."""
    return server.organization("wms", "cart")


def test_there_are_examples_to_run():
    assert len(EXAMPLES) >= 5


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_works_as_it_stands(reader: Organization, example: str, tmp_path: Path):
    fields = {"BASE": reader.url, "KEY": reader.key, "TOKEN": reader.tokens["wms"], "FOLDER": str(tmp_path)}
    fields |= {"CART_TOKEN": reader.tokens["cart"]}
    fields["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-eu", "-c", example.replace("curl ", "curl --fail-with-body ")],
        env=os.environ | fields, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.lstrip().startswith("{")


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_link_leads_somewhere(page: Path):
    for link in re.findall(r"\]\((?!https?://|mailto:)([^)]+)\)", text(page)):
        target, _, anchor = link.partition("#")
        file = (page.parent / target) if target else page
        assert file.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.+)$", file.read_text(), re.M)
            assert anchor in [
                re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings
            ], link


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_json_example_is_json(page: Path):
    for block in re.findall(r"^```json\n(.*?)^```$", text(page), re.M | re.S):
        json.loads(block)


def test_every_page_can_be_found_from_the_readme():
    paths, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page not in paths and page.suffix == ".md" and page.exists():
            paths.add(page)
            links = re.findall(r"\]\((?!https?://)([^)#]+)", text(page))
            waiting += [(page.parent / link).resolve() for link in links]
    assert set(PAGES) - paths == set()


@pytest.mark.parametrize("operation", ACCOUNT_OPERATIONS, ids=lambda operation: operation.id)
def test_every_operation_of_the_account_api_stands_in_its_table(operation: AccountOperation):
    name, does = f"{operation.method} /account{operation.path}", re.escape(operation.summary)
    assert re.search(rf"\| `{re.escape(name)}` \| .+ \| {does} \|", text(ROOT / "docs" / "people.md"))


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_of_the_audit_is_on_its_page(rule: str):
    assert f"**`{rule}`**:" in text(ROOT / "docs" / "carrier-audit.md")


def test_every_direction_certainty_and_category_of_the_audit_is_on_its_page():
    page = text(ROOT / "docs" / "carrier-audit.md")
    for name in (*DIRECTIONS, *CERTAINTIES, *CATEGORIES, *STATES):
        assert f"`{name}`" in page, name


def test_every_column_of_the_file_for_claims_is_on_the_page_of_the_audit():
    page = text(ROOT / "docs" / "carrier-audit.md")
    assert [name for name in COLUMNS if f"`{name}`" not in page] == []
