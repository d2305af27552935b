"""A manifest is checked whole when it is read: a mistake names the file, the key and the value."""

import tomllib
from pathlib import Path

import pytest

from crossdock.errors import ImproperIntegration
from crossdock.kit.contract import Context
from crossdock.kit.http import Http
from crossdock.kit.manifest import Manifest, load_manifest, manifest_of

BASE = """
name = "Acme"
type = "wms"
description = "A warehouse"
evidence = "documented"
[functions]
read = ["get_orders"]
"""

OAUTH = """
[auth]
scheme = "oauth_code"
fields = [
    { key = "shop", label = "Shop", pattern = "[a-z0-9-]+", example = "ann-shop", doc = "https://a.example" },
]
[auth.oauth]
authorize_url = "https://{shop}.acme.example/authorize"
token_url = "{accounts}/token"
scopes = ["orders", "stock"]
[hosts]
api = "https://{shop}.acme.example"
accounts = "https://accounts.acme.example"
"""

REGIONS = """
[auth]
scheme = "api_key"
fields = [
    { key = "region", label = "Region", choices = ["eu", "us"], default = "eu" },
    { key = "system", label = "System", choices = ["live", "test"], default = "live" },
]
[hosts]
by = ["system", "region"]
docs = "https://docs.acme.example"
[hosts.live-eu]
api = "https://api.eu.acme.example/"
[hosts.live-us]
api = "https://api.us.acme.example"
[hosts.test-eu]
api = "https://test.eu.acme.example"
[hosts.test-us]
api = "https://test.us.acme.example"
"""

WAYS = """
[auth]
fields = [{ key = "shop", label = "Shop", pattern = "[a-z0-9-]+" }]
[auth.ways.token]
label = "with a key"
scheme = "api_key"
header = "X-Key"
fields = [{ key = "api_key", label = "Key", secret = true }]
[auth.ways.oauth]
scheme = "oauth_code"
fields = [{ key = "client_id", label = "Id" }, { key = "client_secret", label = "Secret", secret = true }]
[auth.ways.oauth.oauth]
authorize_url = "https://{shop}.acme.example/authorize"
token_url = "https://{shop}.acme.example/token"
"""

LIMITS = """
[limits]
concurrent_requests = 3
timeout_seconds = 20
[limits.orders]
requests_per_minute = 10
concurrent_requests = 1
[limits.points]
capacity = 2000
restore_per_second = 100
remaining_header = "X-Left"
"""


def manifest(text: str = "", folder: Path = Path()) -> Manifest:
    return manifest_of(tomllib.loads(BASE + text), folder)


def context(text: str, **credentials: str) -> Context:
    return Context(credentials, Http.__new__(Http), Path(), manifest=manifest(text))


def test_hosts_are_chosen_by_fields_of_the_sign_in():
    chosen = context(REGIONS, region="us", system="test")
    assert chosen.host("api") == "https://test.us.acme.example"
    assert chosen.host("docs") == "https://docs.acme.example"
    assert context(REGIONS, region="eu", system="live").host("api") == "https://api.eu.acme.example"


def test_addresses_are_filled_with_fields_and_hosts():
    shop = context(OAUTH, shop="ann")
    assert shop.host("api") == "https://ann.acme.example"
    oauth = shop.manifest and shop.manifest.auth.oauth
    assert oauth
    assert shop.address(oauth.token_url) == "https://accounts.acme.example/token"


def test_a_system_may_have_several_ways_to_sign_in():
    auth = manifest(WAYS).auth
    keys = ["sign_in", "shop", "api_key", "client_id", "client_secret"]
    assert [field.key for field in auth.fields] == keys
    choice = auth.fields[0]
    assert (choice.choices, choice.default) == (["token", "oauth"], "token")
    assert choice.choice_labels == {"token": "with a key"}
    assert (auth.scheme, auth.header) == ("api_key", "X-Key"), "the first is the usual way"


def test_what_counts_of_several_ways_is_the_way_that_is_chosen():
    assert context(WAYS, shop="ann").auth.scheme == "api_key"
    chosen = context(WAYS, shop="ann", sign_in="oauth")
    assert chosen.auth.asks_for_consent
    assert chosen.auth.oauth
    assert chosen.address(chosen.auth.oauth.token_url) == "https://ann.acme.example/token"


def test_limits_have_names():
    limits = manifest(LIMITS).limits
    assert (limits.places, limits.timeout_seconds) == (3, 20)
    assert limits.named["orders"].places == 1
    assert limits.named["points"].pace.capacity == 2000
    assert manifest().limits.places == 2


@pytest.mark.parametrize(
    ("scheme", "asks"),
    [("none", False), ("api_key", False), ("session", False), ("oauth_client", False), ("oauth1", False)],
)
def test_only_the_code_flow_asks_for_consent(scheme: str, asks: bool):
    assert manifest(f'[auth]\nscheme = "{scheme}"').auth.asks_for_consent is asks
    assert manifest(OAUTH).auth.asks_for_consent is True


MISTAKES = [
    ('[auth]\nscheme = "oauth"', r"auth\.scheme is 'oauth'.*'oauth_code'.*'oauth_client'"),
    ('[auth]\nscheme = "magic"', r"auth\.scheme is 'magic': Invalid enum value"),
    ('[auth]\nscheme = "basic"\nfields = [{ key = 7, label = "x" }]', r"auth\.fields\[0\]\.key is 7"),
    ('[auth]\nscheme = "oauth_code"', r"auth\.oauth is missing|auth\.oauth.*needs authorize_url"),
    (OAUTH.replace("authorize_url", "# authorize_url"), r"auth\.oauth\.authorize_url is missing"),
    (OAUTH.replace("oauth_code", "basic"), r"auth\.scheme is 'basic', which has no use for"),
    (OAUTH.replace("{accounts}", "{account}"), r"auth\.oauth\.token_url.*\{account\}"),
    (OAUTH.replace('pattern = "[a-z0-9-]+", ', ""), r"\{shop\} within the address: it needs a pattern"),
    (OAUTH.replace("[a-z0-9-]+", "[a-z"), r"auth\.fields\.shop\.pattern is '\[a-z'"),
    (OAUTH.replace("ann-shop", "Ann!"), r"auth\.fields\.shop\.example is 'Ann!'.*does not fit"),
    (OAUTH.replace("https://a.example", "a.example"), r"auth\.fields\.shop\.doc is 'a.example'"),
    (OAUTH.replace("https://accounts", "ftp://accounts"), r"hosts\.accounts.*must begin with https"),
    (OAUTH + '[verification]\npath = "/me"', r"verification.*name"),
    (REGIONS.replace('by = ["system", "region"]', 'by = "regoin"'), r"hosts\.by is 'regoin'"),
    (REGIONS.replace("[hosts.test-us]", "[hosts.test-uk]"), r"hosts\.test-us is missing"),
    (
        REGIONS.replace("[hosts.test-us]\napi", "[hosts.test-us]\napp"),
        r"hosts\.\S+ is missing: other",
    ),
    (WAYS.replace("[auth]", "[auth]\nscheme = 'basic'"), r"auth\.scheme is that of each way"),
    (WAYS.replace('"client_id"', '"shop"'), r"auth\.fields\.shop is the key of several fields"),
    (WAYS.replace("authorize_url", "# authorize_url"), r"auth\.ways\.oauth\.oauth\.authorize_url is missing"),
    (
        WAYS.replace('"api_key"', '"magic"', 1),
        r"auth\.ways.*scheme: Invalid enum value 'magic'",
    ),
    (LIMITS.replace("= 10\n", "= 0\n"), r"limits\.orders\.requests_per_minute is 0.*more than 0"),
    (LIMITS.replace("= 10\n", '= "ten"\n'), r"limits\.orders\.requests_per_minute is 'ten'"),
    (LIMITS.replace("restore_per_second = 100\n", ""), r"limits\.points\.capacity.*needs restore_per_second"),
    (LIMITS.replace("remaining_header", "reset_header"), r"limits\.points\.reset_header.*remaining_header"),
    (LIMITS.replace("capacity", "capcity"), r"limits\.points: Object contains unknown field `capcity`"),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_a_mistake_is_refused_with_its_key_and_value(text: str, message: str):
    with pytest.raises(ImproperIntegration, match=message):
        manifest(text)


def test_a_logo_is_a_picture_in_the_folder(tmp_path: Path):
    file = tmp_path / "manifest.toml"
    file.write_text('logo = "logo.svg"\n' + BASE)
    with pytest.raises(ImproperIntegration, match=r"manifest\.toml: logo is 'logo.svg', which is no file"):
        load_manifest(file)
    (tmp_path / "logo.svg").write_text("<svg/>")
    assert load_manifest(file).logo == "logo.svg"


def test_what_is_not_toml_names_the_file(tmp_path: Path):
    (tmp_path / "manifest.toml").write_text("name = ")
    with pytest.raises(ImproperIntegration, match=r"manifest\.toml: not TOML"):
        load_manifest(tmp_path / "manifest.toml")
