"""Settings: read from the environment, checked, and shown without what is secret."""

from dataclasses import fields
from typing import Any

import pytest

from crossdock.config import Settings, described, load, variable
from crossdock.errors import SettingsError

INTEGERS = [field.name for field in fields(Settings) if isinstance(field.default, int)]
SECRETS = [field.name for field in fields(Settings) if field.metadata["secret"]]


def test_without_any_variable_everything_has_its_default():
    assert load({}) == Settings()
    assert load({"CROSSDOCK_PORT": "", "PORT": "99"}) == Settings()


def test_each_setting_is_read_from_its_own_variable():
    settings = load(
        {"CROSSDOCK_PORT": "9000", "CROSSDOCK_DATA_DIR": "/srv/x", "CROSSDOCK_LOOKBACK_DAYS": "1096"}
    )
    assert (settings.port, settings.data_dir, settings.lookback_days) == (9000, "/srv/x", 1096)


def test_what_the_command_line_gives_comes_first():
    settings = load({"CROSSDOCK_PORT": "9000", "CROSSDOCK_HOST": "::1"}, port=7000, host=None)
    assert (settings.port, settings.host) == (7000, "::1")


@pytest.mark.parametrize("name", INTEGERS)
def test_a_variable_that_is_no_whole_number_is_named(name: str):
    with pytest.raises(SettingsError, match=f"{variable(name)} is '7 days'; a whole number is wanted"):
        load({variable(name): "7 days"})


BAD = {
    "CROSSDOCK_PORT": ("65536", "CROSSDOCK_PORT is 65536; 1 to 65535 is wanted"),
    "CROSSDOCK_LOOKBACK_DAYS": ("1097", "CROSSDOCK_LOOKBACK_DAYS is 1097; 0 to 1096 is wanted"),
    "CROSSDOCK_CONCURRENCY": ("0", "CROSSDOCK_CONCURRENCY is 0; 1 to 256 is wanted"),
    "CROSSDOCK_DATABASE_URL": (
        "mysql://x",
        "CROSSDOCK_DATABASE_URL must begin with sqlite:/// or postgresql://",
    ),
    "CROSSDOCK_ALLOWED_ADDRESSES": (
        "10.0.0.0/8, home",
        "CROSSDOCK_ALLOWED_ADDRESSES: 'home' does not appear",
    ),
    "CROSSDOCK_PORTAL_FRAMES": (
        "https://a.example; script-src *",
        "CROSSDOCK_PORTAL_FRAMES has 'https://a.example; script-src *'",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_value_out_of_range_is_named_with_what_is_wanted(name: str):
    value, message = BAD[name]
    with pytest.raises(SettingsError) as raised:
        load({name: value})
    assert message in str(raised.value)


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(SettingsError) as raised:
        load({name: value for name, (value, _) in BAD.items()} | {"CROSSDOCK_READS_PER_SECOND": "many"})
    assert all(name in str(raised.value) for name in [*BAD, "CROSSDOCK_READS_PER_SECOND"])


def test_a_wrong_database_url_does_not_tell_its_password():
    with pytest.raises(SettingsError) as raised:
        load({"CROSSDOCK_DATABASE_URL": "postgres://ann:open-sesame@db/x"})
    assert "open-sesame" not in str(raised.value)


def test_the_addresses_that_follow_from_settings():
    assert Settings().url == "http://127.0.0.1:8080"
    assert Settings(base_url="https://api.example.com/").url == "https://api.example.com"
    assert Settings(data_dir="/srv/x").database == "sqlite:////srv/x/crossdock.db"
    assert Settings(database_url="postgresql://db/x").database == "postgresql://db/x"
    assert Settings(disabled_functions=" get_bills, ,get_orders").off == {"get_bills", "get_orders"}


def test_every_setting_is_described_with_its_variable_value_default_and_meaning():
    rows = {row["variable"]: row for row in described(Settings(port=9000))}
    assert rows.keys() == {variable(field.name) for field in fields(Settings)}
    assert rows["CROSSDOCK_PORT"]["value"] == "9000"
    assert rows["CROSSDOCK_PORT"]["default"] == "8080"
    assert all(row["meaning"] for row in rows.values())


@pytest.mark.parametrize("name", SECRETS)
def test_p20_a_secret_setting_is_never_shown(name: str):
    secret: Any = {name: "hush-hush"}
    rows = described(Settings(**secret))
    assert [row["value"] for row in rows if row["variable"] == variable(name)] == ["(set)"]
    assert "hush-hush" not in str(rows)


def test_p20_what_holds_passwords_is_secret():
    assert {"database_url", "secret_key", "redis_url"} <= set(SECRETS)
