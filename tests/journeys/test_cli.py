"""The command line: what an operator does, and what it says when something is wrong."""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import httpx
import pytest

from crossdock.config import Settings, variable
from crossdock.store.database.secrets import new_secret_key
from tests.journeys.commands import COMMANDS, Shell
from tests.journeys.server import until
from tests.ports import free_port


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """An empty folder."""
    return Shell(tmp_path, {"CROSSDOCK_DATA_DIR": str(tmp_path / "data")})


@dataclass(frozen=True)
class Site:
    """What an operator has set up."""

    shell: Shell
    url: str
    key: str
    migrated: Any


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A database that was empty, with a server and a worker on it as processes of their own."""
    folder, port = tmp_path_factory.mktemp("site"), free_port()
    settings = {
        "CROSSDOCK_DATA_DIR": str(folder / "data"),
        "CROSSDOCK_PORT": str(port),
        "CROSSDOCK_SECRET_KEY": new_secret_key(),
        "CROSSDOCK_READS_PER_SECOND": "0",
    }
    if request.param == "postgresql":
        settings["CROSSDOCK_DATABASE_URL"] = request.getfixturevalue("empty_postgres")
    shell = Shell(folder, settings)
    migrated = shell.run("migrate", "--json").json
    key = shell.run("keys", "create", "backend", "--json").json["api_key"]
    with shell.running("serve") as serving, shell.running("work"):
        serving.wait_for(f"http://127.0.0.1:{port}")
        yield Site(shell, f"http://127.0.0.1:{port}", key, migrated)


# Help


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_tells_what_it_does_and_what_each_option_is(shell: Shell, words: tuple[str, ...]):
    shown = shell.call(*words, "--help", TERMINAL_WIDTH="80")
    assert shown.code == 0
    command = COMMANDS[words]
    assert len(command.help.split()) >= 5
    assert all(param.help for param in command.params)
    assert max(map(len, shown.out.splitlines())) <= 80


def test_help_starts_at_once():
    """What takes long to load is loaded by the commands that need it."""
    code = "import crossdock.cli.main, sys; print({'sqlalchemy', 'aiohttp', 'asyncpg'} & sys.modules.keys())"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "set()\n"


def test_without_a_command_all_are_listed(shell: Shell):
    shown = shell.call()
    assert {words[0] for words in COMMANDS} <= set((shown.out + shown.err).split())


def test_an_unknown_command_or_option_is_a_usage_error(shell: Shell):
    for words in (["conect"], ["connections", "--jsn"], ["keys", "create"], ["sync"]):
        done = shell.call(*words)
        assert (done.code, done.out) == (2, "")
        assert "Try 'crossdock" in done.err


def test_the_version_is_told(shell: Shell):
    assert re.fullmatch(r"crossdock \d+\.\d+\.\d+\n", shell.run("--version").out)


# Settings


def test_every_setting_is_listed_with_its_value_default_and_meaning(shell: Shell):
    rows = shell.call("settings", "--json", CROSSDOCK_PORT="9000").json
    assert [row["variable"] for row in rows] == [variable(field.name) for field in fields(Settings)]
    [port] = [row for row in rows if row["variable"] == "CROSSDOCK_PORT"]
    assert (port["value"], port["default"]) == ("9000", "8080")
    assert all(row["meaning"] for row in rows)


def test_settings_are_shown_as_lines_that_a_shell_understands_and_without_secrets(shell: Shell):
    key = new_secret_key()
    done = shell.call(
        "settings",
        CROSSDOCK_SECRET_KEY=key,
        CROSSDOCK_DATABASE_URL="postgresql://a:hush@db/x",
        CROSSDOCK_PROT="1",
    )
    lines = done.out.splitlines()
    assert "CROSSDOCK_HOST=127.0.0.1" in lines
    assert "CROSSDOCK_DATABASE_URL=(set)" in lines
    assert "CROSSDOCK_PROT is set, but there is no such setting." in lines
    assert "hush" not in done.out
    assert key not in done.out


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"CROSSDOCK_PORT": "eighty"}, ["CROSSDOCK_PORT is 'eighty'; a whole number is wanted"]),
        ({"CROSSDOCK_PORT": "0"}, ["CROSSDOCK_PORT is 0; 1 to 65535 is wanted"]),
        ({"CROSSDOCK_READS_PER_SECOND": "-1"}, ["CROSSDOCK_READS_PER_SECOND is -1"]),
        ({"CROSSDOCK_LOG_LEVEL": "loud"}, ["CROSSDOCK_LOG_LEVEL is 'loud'; wanted is one of debug, info"]),
        ({"CROSSDOCK_LOG_FORMAT": "xml"}, ["CROSSDOCK_LOG_FORMAT is 'xml'"]),
        ({"CROSSDOCK_DATABASE_URL": "mysql://x"}, ["CROSSDOCK_DATABASE_URL must begin with sqlite:///"]),
        ({"CROSSDOCK_BASE_URL": "example.com"}, ["CROSSDOCK_BASE_URL must begin with http://"]),
        ({"CROSSDOCK_ALLOWED_ADDRESSES": "10.0.0.0/99"}, ["CROSSDOCK_ALLOWED_ADDRESSES: '10.0.0.0/99'"]),
        (
            {"CROSSDOCK_LOOKBACK_DAYS": "2000", "CROSSDOCK_CONCURRENCY": "many"},
            ["CROSSDOCK_CONCURRENCY is 'many'", "CROSSDOCK_LOOKBACK_DAYS is 2000; 0 to 1096 is wanted"],
        ),
    ],
)
def test_a_setting_that_does_not_work_is_named(shell: Shell, settings: dict[str, str], named: list[str]):
    done = shell.call("settings", **settings)
    assert (done.code, done.out) == (1, "")
    assert all(text in done.err for text in named)
    assert done.err.startswith("error: ")
    assert "Traceback" not in done.err


# Starting a service that cannot start


def test_serve_and_work_want_a_key_that_the_operator_keeps(shell: Shell):
    for words in ("serve", "work"):
        done = shell.run(words)
        assert (done.code, done.out) == (1, "")
        assert "CROSSDOCK_SECRET_KEY is not set; make one with `openssl rand -base64 32`" in done.err


def test_a_key_that_is_none_is_refused(shell: Shell):
    shell.call("migrate")
    done = shell.call("serve", CROSSDOCK_SECRET_KEY="c2hvcnQ=")
    assert (done.code, "CROSSDOCK_SECRET_KEY must be 32 bytes as base64" in done.err) == (1, True)


def test_an_empty_database_is_told_from_a_server_that_does_not_answer(shell: Shell):
    for words in (["serve"], ["work"], ["connections"], ["keys", "create", "x"]):
        done = shell.call(*words, CROSSDOCK_SECRET_KEY=new_secret_key())
        assert (done.code, "the database is empty; run `crossdock migrate`" in done.err) == (1, True)
        assert "crossdock dev" not in done.err
    nowhere = f"postgresql://127.0.0.1:{free_port()}/x"
    done = shell.call("connections", CROSSDOCK_SECRET_KEY=new_secret_key(), CROSSDOCK_DATABASE_URL=nowhere)
    assert (done.code, "CROSSDOCK_DATABASE_URL: PostgreSQL does not answer" in done.err) == (1, True)


def test_who_begins_with_a_command_that_needs_a_server_is_told_both_ways_to_begin(shell: Shell):
    for words in (["connect", "sandbox", "--type", "wms"], ["connections"], ["keys", "create", "x"]):
        done = shell.call(*words)
        assert (done.code, "Traceback" in done.err) == (1, False)
        assert "crossdock dev`, leave it running, and run this again in another terminal" in done.err
        assert "set CROSSDOCK_SECRET_KEY and run `crossdock migrate` first" in done.err


def test_a_function_to_switch_off_that_there_is_none_of_is_named(shell: Shell):
    done = shell.call(
        "connections", CROSSDOCK_SECRET_KEY=new_secret_key(), CROSSDOCK_DISABLED_FUNCTIONS="get_bils"
    )
    assert (done.code, "CROSSDOCK_DISABLED_FUNCTIONS names 'get_bils'" in done.err) == (1, True)


def test_a_port_that_is_taken_is_named_with_the_setting_that_changes_it(shell: Shell):
    shell.call("migrate")
    with closing(socket.create_server(("127.0.0.1", 0))) as taken_socket:
        port = taken_socket.getsockname()[1]
        done = shell.run("serve", CROSSDOCK_SECRET_KEY=new_secret_key(), CROSSDOCK_PORT=str(port))
    assert done.code == 1
    assert f"can't listen on 127.0.0.1:{port}" in done.err
    assert "CROSSDOCK_PORT" in done.err


def test_another_key_than_the_databases_is_refused_at_the_start(site: Site):
    done = site.shell.call("connect", "sandbox", "--type", "cart", "--json")
    assert done.code == 0
    for words in (["serve"], ["connections"]):
        done = site.shell.call(*words, CROSSDOCK_SECRET_KEY=new_secret_key())
        assert (done.code, "is not the key that this database was written with" in done.err) == (1, True)


# An operator's way


def test_migrating_says_from_where_to_where_and_may_be_repeated(site: Site):
    assert site.migrated["before"] is None
    assert site.shell.call("migrate", "--json").json == {
        "before": site.migrated["after"],
        "after": site.migrated["after"],
    }
    assert site.shell.call("migrate").out == f"The database is at schema {site.migrated['after']} already.\n"


def test_a_key_is_shown_once_and_kept_as_its_last_letters(site: Site):
    body = site.shell.call("keys", "create", "reports", "--read-only", "--json").json
    listed = site.shell.call("keys", "list", "--json")
    [row] = [item for item in listed.json if item["id"] == body["id"]]
    assert body["api_key"] not in listed.out
    assert body["api_key"].endswith(row["ends_with"])
    assert (row["name"], row["kind"], row["revoked_at"]) == ("reports", "read_only", None)
    assert row["organization_id"] == body["organization_id"]
    assert body["id"] in site.shell.call("keys", "list").out


def test_a_revoked_key_opens_nothing_from_then_on(site: Site):
    body = site.shell.call("keys", "create", "short-lived", "--json").json
    headers = {"x-trackstar-api-key": body["api_key"]}
    assert httpx.get(f"{site.url}/connections", headers=headers).status_code == 200
    assert site.shell.call("keys", "revoke", body["id"], "--json").json == {"id": body["id"], "revoked": True}
    assert httpx.get(f"{site.url}/connections", headers=headers).status_code == 401
    again = site.shell.call("keys", "revoke", body["id"])
    assert (again.code, f"there is no working key '{body['id']}'" in again.err) == (1, True)


def test_a_connected_system_is_synced_by_the_worker_and_served_by_the_server(site: Site):
    body = site.shell.run("connect", "sandbox", "--type", "carrier", "--customer-id", "c-42", "--json").json
    assert list(body) == ["connection_id", "access_token", "integration_name", "available_actions"]
    assert body["integration_name"] == "sandbox"
    assert body["available_actions"] == ["get_invoice_line_items"]
    headers = {"x-trackstar-api-key": site.key, "x-trackstar-access-token": body["access_token"]}
    until(lambda: httpx.get(f"{site.url}/carrier/invoice-line-items?limit=5", headers=headers).json()["data"])
    until(lambda: connection(site, body["connection_id"])["first_sync"] == "1 of 1")
    row = connection(site, body["connection_id"])
    assert (row["type"], row["integration"], row["customer_id"]) == ("carrier", "sandbox", "c-42")
    assert (row["functions"], row["set_aside"], row["errors"]) == (["get_invoice_line_items"], 0, [])
    shown = site.shell.run("connections").out
    assert body["connection_id"] in shown
    assert "carrier/sandbox" in shown


def connection(site: Site, uid: str) -> dict[str, Any]:
    rows = site.shell.call("connections", "--json").json
    [found_connection] = [row for row in rows if row["connection_id"] == uid]
    return found_connection


def test_a_connection_is_synced_on_demand_by_the_beginning_of_its_id(site: Site):
    body = site.shell.call("connect", "sandbox", "--type", "cart", "--json").json
    uid = body["connection_id"]
    results = site.shell.run("sync", uid[:12], "--json").json
    assert [result["function"] for result in results] == ["get_orders", "get_products", "get_warehouses"]
    assert {result["state"] for result in results} == {"done"}
    [products] = site.shell.call("sync", uid, "--function", "get_products", "--json").json
    assert (products["state"], products["created"], products["unchanged"]) == (
        "done",
        0,
        products["received"],
    )
    assert products["pages"] == 1
    shown = site.shell.call("sync", uid, "--function", "get_warehouses").out.splitlines()
    assert shown[0].split() == ["function", "pages", "records", "/s", "created", "updated", "unchanged"]
    assert shown[1].split()[:3] == ["✓", "get_warehouses", "1"]


def test_what_does_not_fit_a_sync_is_named(site: Site):
    uid = site.shell.call("connect", "sandbox", "--type", "carrier", "--json").json["connection_id"]
    done = site.shell.call("sync", uid, "--function", "get_oders")
    assert (done.code, "it syncs: get_invoice_line_items" in done.err) == (1, True)
    done = site.shell.call("sync", "nobody")
    assert (done.code, "there is no connection 'nobody'" in done.err) == (1, True)
    done = site.shell.call("sync", "")
    assert (done.code, "several connections begin with ''" in done.err) == (1, True)


def test_nothing_is_set_aside_of_a_sandbox(site: Site):
    uid = site.shell.call("connect", "sandbox", "--type", "carrier", "--json").json["connection_id"]
    assert site.shell.call("quarantine", uid, "--json").json == []
    assert site.shell.call("quarantine", uid).out == "Every record of the vendor fits.\n"


def test_files_are_listed_read_again_and_removed(site: Site):
    uid = site.shell.call("connect", "sandbox", "--type", "carrier", "--json").json["connection_id"]
    site.shell.run("sync", uid, "--json")
    first, *other_value = site.shell.call("files", "list", uid, "--json").json
    assert {file["state"] for file in (first, *other_value)} == {"read"}
    assert site.shell.call("files", "list", uid, "--refused").out == "No file is refused.\n"
    done = site.shell.call("files", "read", first["id"])
    assert done.out == f"{first['id']} ({first['name']}) is read again.\n"
    assert site.shell.call("files", "remove", first["id"], "--json").json == [
        {"id": first["id"], "name": first["name"]}
    ]
    remaining_body = site.shell.call("files", "list", uid, "--json").json
    assert [file["id"] for file in remaining_body] == [file["id"] for file in other_value]
    deleted_done = site.shell.call("files", "remove", first["id"])
    assert (deleted_done.code, "there is no file" in deleted_done.err) == (1, True)


# Connecting


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A migrated database with a key, and nothing that runs."""
    folder = tmp_path_factory.mktemp("prepared")
    shell = Shell(
        folder, {"CROSSDOCK_DATA_DIR": str(folder / "data"), "CROSSDOCK_SECRET_KEY": new_secret_key()}
    )
    assert shell.call("migrate").code == shell.call("keys", "create", "backend").code == 0
    return shell


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["nope"], ["no integration is called 'nope'; there are: ", "sandbox", "tryton"]),
        (["sandbox"], ["sandbox is several: say which with --type: ", "wms", "cart", "carrier"]),
        (["tryton", "--type", "cart"], ["tryton"]),
        (["tryton"], ["tryton needs url", "tryton needs user", "tryton needs password (Password)"]),
        (
            ["tryton", "--set", "url=http://x/y", "--set", "user=a", "--set", "pasword=b"],
            ["tryton has no field 'pasword'; its fields are: url, user, password", "tryton needs password"],
        ),
        (["tryton", "--organization", "org_x"], ["there is no organization 'org_x'"]),
    ],
)
def test_what_is_wrong_with_a_connection_is_named_and_nothing_is_stored(
    prepared: Shell, words: list[str], named: list[str]
):
    done = prepared.call("connect", *words)
    assert (done.code, done.out) == (1, "")
    assert all(text in done.err for text in named), done.err
    assert all(line.startswith("error: ") for line in done.err.splitlines())


def test_faults_come_as_json_for_programs(prepared: Shell):
    done = prepared.run("connect", "tryton", "--set", "user=a", "--json")
    assert (done.code, done.out) == (1, "")
    body = json.loads(done.err)
    assert body["origin"] == "trackstar"
    assert list(body["detail"]["credentials"]) == ["url", "password"]


def test_a_system_that_does_not_answer_is_told_and_not_stored(prepared: Shell):
    url = f"http://127.0.0.1:{free_port()}/db"
    done = prepared.call(
        "connect", "tryton", "--set", f"url={url}", "--set", "user=a", "--set", "password=hush",
        CROSSDOCK_ALLOWED_ADDRESSES="127.0.0.0/8",
    )  # fmt: skip
    assert done.code == 1
    assert done.err.startswith("error: ")
    assert len(done.err.splitlines()) == 1
    assert "hush" not in done.err
    assert prepared.call("connections").out == "Nothing is connected yet: crossdock connect --help\n"


def test_private_addresses_are_refused_unless_the_operator_allows_them(prepared: Shell):
    url = f"http://127.0.0.1:{free_port()}/db"
    done = prepared.call("connect", "tryton", "--set", f"url={url}", "--set", "user=a", "--set", "password=b")
    assert (done.code, "CROSSDOCK_ALLOWED_ADDRESSES" in done.err) == (1, True)


def test_a_field_is_a_key_and_a_value(prepared: Shell):
    done = prepared.call("connect", "tryton", "--set", "url")
    assert (done.code, "'url' is not KEY=VALUE" in done.err) == (2, True)


def test_a_secret_can_be_typed_instead_of_given(prepared: Shell):
    done = prepared.call("connect", "tryton", "--set", "password=-", typed="hush\n")
    assert "tryton needs password" not in done.err
    assert "hush" not in done.out + done.err


def test_an_access_token_is_nowhere_in_the_database(prepared: Shell):
    body = prepared.call("connect", "sandbox", "--type", "carrier", "--json").json
    dump = b"".join(file.read_bytes() for file in (prepared.folder / "data").glob("crossdock.db*"))
    assert body["connection_id"].encode() in dump
    assert body["access_token"].encode() not in dump


# Making integrations


def test_a_new_integration_is_a_folder_that_says_what_to_do_next(shell: Shell):
    words = ("new-integration", "blue_box", "--type", "cart", "--target", str(shell.folder / "made"))
    done = shell.call(*words)
    assert done.code == 0
    assert (shell.folder / "made" / "blue_box" / "manifest.toml").exists()
    suite = "-m pytest tests/contracts/test_integration*.py -k blue_box"
    [command] = [line.strip() for line in done.out.splitlines() if line.endswith(suite)]
    assert Path(command.removesuffix(f" {suite}")).name == "python", "a whole command, wherever it is run"
    assert "connect blue-box" in done.out
    again = shell.call(
        "new-integration", "blue_box", "--type", "cart", "--target", str(shell.folder / "made")
    )
    assert (again.code, again.err.startswith("error: ")) == (1, True)


@pytest.mark.parametrize("words", [["Blue-Box"], ["blue_box", "--type", "erp"], ["../x"]])
def test_a_new_integration_wants_a_name_that_can_be_one(shell: Shell, words: list[str]):
    done = shell.call("new-integration", *words, "--target", str(shell.folder))
    assert (done.code, done.err.startswith("error: ")) == (1, True)
    assert list(shell.folder.iterdir()) == []
