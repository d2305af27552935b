"""Several organizations on one server: made by a command, each with keys of its own."""

import asyncio
from pathlib import Path

import pytest

from crossdock.errors import Conflict
from crossdock.store.connections import access
from crossdock.store.database.engine import Database
from crossdock.store.database.secrets import new_secret_key
from tests.journeys.commands import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A migrated database with one organization and its key."""
    settings = {"CROSSDOCK_DATA_DIR": str(tmp_path / "data"), "CROSSDOCK_SECRET_KEY": new_secret_key()}
    new_shell = Shell(tmp_path, settings)
    new_shell.call("migrate")
    new_shell.call("keys", "create", "first")
    return new_shell


def test_a_second_organization_has_keys_of_its_own(shell: Shell):
    body = shell.call("organizations", "create", "Acme  Logistics", "--json").json
    assert body["name"] == "Acme Logistics"
    for item in (body["id"], "acme logistics"):
        key = shell.call("keys", "create", "backend", "--organization", item, "--json").json
        assert key["organization_id"] == body["id"]
    assert [item["name"] for item in shell.call("organizations", "list", "--json").json] == [
        "first", "Acme Logistics",
    ]  # fmt: skip


def test_what_to_do_with_it_is_said(shell: Shell):
    text = shell.call("organizations", "create", "Acme").out
    [value] = [
        item["id"] for item in shell.call("organizations", "list", "--json").json if item["name"] == "Acme"
    ]
    assert text.endswith(f"crossdock keys create NAME --organization {value}\n")


def test_once_there_are_two_a_key_says_whose_it_is(shell: Shell):
    shell.call("organizations", "create", "Acme")
    done = shell.call("keys", "create", "backend")
    assert done.code == 1
    assert "say which with --organization: org_" in done.err
    assert "(first), org_" in done.err


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "is ''; wanted are 1 to 100 letters"),
        ("   ", "is ''; wanted are 1 to 100 letters"),
        ("x" * 101, "wanted are 1 to 100 letters"),
        ("a\x1b[31m", r"is 'a\x1b[31m'; wanted are 1 to 100 letters"),
        ("FIRST", "there is an organization 'first' already: org_"),
    ],
)
def test_a_name_that_is_none_or_is_taken_is_refused_and_nothing_is_made(shell: Shell, name: str, why: str):
    done = shell.call("organizations", "create", name)
    assert done.code == 1
    assert why in done.err
    assert len(shell.call("organizations", "list", "--json").json) == 1


async def test_of_two_at_once_under_one_name_one_is_made(database: Database):
    tried = [access.add_organization(database, "Acme", 1) for _ in range(8)]
    done = await asyncio.gather(*tried, return_exceptions=True)
    assert sum(isinstance(item, Conflict) for item in done) == 7
    assert [organization.name for organization in await access.organizations(database)] == ["Acme"]
