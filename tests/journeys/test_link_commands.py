"""Magic links, OAuth apps and branding on the command line."""

from pathlib import Path

import pytest

from crossdock.cli import connecting
from crossdock.store.database.secrets import new_secret_key
from tests.fakes.fake_consent import consent_integration
from tests.journeys.commands import Done, Shell


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A command line on a database with an organization."""
    folder = tmp_path_factory.mktemp("commands")
    settings = {
        "CROSSDOCK_DATA_DIR": str(folder / "data"), "CROSSDOCK_SECRET_KEY": new_secret_key(),
        "CROSSDOCK_BASE_URL": "https://connect.example/crossdock",
    }  # fmt: skip
    made = Shell(folder, settings)
    made.call("migrate")
    made.call("keys", "create", "Acme")
    return made


def fault(done: Done) -> str:
    """What a command that failed says, in one line."""
    assert done.code == 1
    return " ".join(done.err.split())


def test_a_magic_link_is_made_listed_and_deleted(shell: Shell):
    words = ("--customer-id", "c-1", "--days", "2", "--allow", "tryton", "--connections", "0", "--json")
    made = shell.call("magic-links", "create", *words).json
    assert made["url"].startswith("https://connect.example/crossdock/connect/m/")
    assert (made["customer_id"], made["max_connections"], made["connections"]) == ("c-1", 0, 0)
    assert shell.call("magic-links", "list", "--json").json == [made]
    assert made["url"] in shell.call("magic-links", "list").out
    shell.call("magic-links", "delete", made["id"])
    assert shell.call("magic-links", "list", "--json").json == []
    refused = shell.call("magic-links", "delete", made["id"])
    assert "there is no magic link" in fault(refused)


def test_a_magic_link_that_can_not_be_is_refused_in_a_line(shell: Shell):
    refused = shell.call("magic-links", "create", "--allow", "a", "--block", "b")
    assert "can't be combined" in fault(refused)


def test_the_look_is_set_part_by_part(shell: Shell, tmp_path: Path):
    logo = tmp_path / "logo.svg"
    logo.write_text('<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h8v8z"/></svg>')
    branding = ("organizations", "branding")
    first = shell.call(*branding, "--color", "#1D4ED8", "--logo", str(logo), "--json").json
    assert (first["name"], first["color"]) == ("Acme", "#1d4ed8")
    assert first["logo_url"].startswith("https://connect.example/crossdock/connect/logos/organizations/")
    second = shell.call(*branding, "--name", "Acme Inc", "--origin", "https://a.example", "--json").json
    assert (second["name"], second["color"], second["logo_url"]) == ("Acme Inc", "#1d4ed8", first["logo_url"])
    third = shell.call(*branding, "--name", "", "--no-logo", "--json").json
    assert (third["name"], third["logo_url"]) == ("Acme", None)
    assert third["allowed_origins"] == ["https://a.example"]
    refused = shell.call(*branding, "--color", "#ffff00")
    assert "contrast" in fault(refused)


def test_an_oauth_app_is_for_integrations_that_have_use_for_one(shell: Shell):
    refused = shell.call("oauth-apps", "set", "tryton", "--client-id", "i", "--client-secret", "s3cret")
    assert "has no use for an OAuth app" in fault(refused)
    assert "s3cret" not in refused.err + refused.out
    assert shell.call("oauth-apps", "list", "--json").json == []
    assert "there is no OAuth app" in fault(shell.call("oauth-apps", "remove", "tryton"))


def test_the_doctor_tells_of_oauth_apps(shell: Shell):
    checks = shell.call("doctor", "--json").json["checks"]
    assert {check["status"] for check in checks if check["name"] == "OAuth apps"} == {"ok"}


def test_who_would_sign_in_on_a_page_from_the_terminal_is_told_of_magic_links(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(connecting, "all_integrations", lambda: {("wms", "consent"): consent_integration()})
    refused = shell.call("connect", "consent", "--set", "port=80")
    assert "crossdock magic-links create --type wms --allow consent" in fault(refused)
