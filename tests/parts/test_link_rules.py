"""Pure rules of connecting by end users: options, colours, origins, refusals, settings of OAuth apps."""

import re
from pathlib import Path
from typing import Any

import pytest

from crossdock import config
from crossdock.connect_api.codes import CODES
from crossdock.connections.link import refusals
from crossdock.connections.link.branding import (
    DARK_PAGE,
    check_branding,
    color_fault,
    contrast,
    lightened,
    origin_of,
    text_color,
)
from crossdock.connections.link.form import label_of
from crossdock.connections.link.options import LinkOptions, as_button, read_options, switched
from crossdock.errors import (
    AddressRefused,
    CrossdockError,
    Gone,
    Invalid,
    InvalidCredentials,
    LoginThrottled,
    MissingPermission,
    NotFound,
    SettingsError,
    TooManyRequests,
    Unavailable,
    VendorNonsense,
    VendorThrottled,
    VendorUnavailable,
)
from crossdock.store.connections.branding import Branding


def test_the_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#ff0000", "#ff0000") == 1


@pytest.mark.parametrize("color", ["#1d4ed8", "#000000", "#b91c1c", "#808080", "#0a7d33"])
def test_texts_on_a_colour_can_be_read_and_its_button_is_seen_on_dark_pages(color: str):
    assert color_fault(color) is None
    for shown in (color, lightened(color)):
        assert contrast(shown, text_color(shown)) >= 4.5
    assert contrast(lightened(color), DARK_PAGE) >= 3


@pytest.mark.parametrize("color", ["#ffffff", "#ffee00", "#9ad0ff", "#abcdeg", "#fff", "blue", "#1d4ed8;x"])
def test_a_colour_that_is_none_or_not_seen_on_white_is_refused(color: str):
    assert color_fault(color) is not None


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://app.example.com/a?b#c", "https://app.example.com"),
        ("https://APP.example.com:443", "https://app.example.com"),
        ("https://app.example.com:8443/", "https://app.example.com:8443"),
        ("http://localhost:3000/x", "http://localhost:3000"),
        ("http://127.0.0.1:1/", "http://127.0.0.1:1"),
        ("http://app.example.com", None),
        ("https://app.example.com@evil.example", None),
        ("//evil.example", None),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("ftp://a.example", None),
        ("https://", None),
        ("https://a.example:99999", None),
        ("", None),
    ],
)
def test_the_origin_of_a_link_is_as_browsers_write_it(text: str, origin: str | None):
    assert origin_of(text) == origin


def test_all_that_is_wrong_with_a_look_is_told_at_once():
    with pytest.raises(Invalid) as caught:
        check_branding(Branding("x" * 101, "#fff", "ftp://a", "b", ("*",)))
    assert set(caught.value.detail["json"]) == {
        "name", "color", "terms_url", "privacy_url", "allowed_origins",
    }  # fmt: skip


def test_options_of_a_magic_link_and_of_a_button_are_the_same():
    options = LinkOptions("cart", ("a",), (), (), ("get_orders",), has_sandbox=True)
    read, _ = read_options(as_button(options))
    assert read == options


def test_what_is_off_takes_along_what_can_not_do_without_it():
    options = LinkOptions(
        disabled_functions=("get_inventory",), enabled_functions=("get_returns", "get_bills")
    )
    off, on = switched(options)
    assert off == {"get_inventory", "get_returns", "get_inventory_ledger"}
    assert on == {"get_bills"}


def test_functions_have_labels():
    assert label_of("get_inbound_shipments") == "Inbound shipments"
    assert label_of("create_order") == "Create order"


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (InvalidCredentials("no"), "invalid_credentials"),
        (MissingPermission("no"), "invalid_credentials"),
        (LoginThrottled("later"), "login_throttled"),
        (VendorThrottled(3), "vendor_unavailable"),
        (VendorUnavailable("down"), "vendor_unavailable"),
        (AddressRefused("private"), "address_refused"),
        (VendorNonsense("html"), "vendor_refused"),
        (Invalid({"credentials": {"url": ["is missing"]}}), "invalid_fields"),
        (Invalid({"json": {"flow_id": ["is missing"]}}), "bad_request"),
        (NotFound("x"), "not_found"),
        (Gone("x"), "expired"),
        (TooManyRequests("x", retry_after_seconds=1), "too_many"),
        (Unavailable("x"), "unavailable"),
        (SettingsError("the secret is s3cret"), "internal_error"),
    ],
)
def test_every_problem_has_a_code_that_is_listed(problem: CrossdockError, code: str):
    refused = refusals.refusal_of(problem)
    assert refused.code == code
    assert code in CODES
    assert "s3cret" not in str(refused)


def environment(**values: str) -> dict[str, Any]:
    return {f"CROSSDOCK_OAUTH_{name}": value for name, value in values.items()}


def test_oauth_apps_are_read_from_the_environment_by_integration():
    known = environment(ACME_SHOP_CLIENT_ID="id", ACME_SHOP_CLIENT_SECRET="s", OTHER_CLIENT_ID="")
    assert config.oauth_apps(known) == {"acme-shop": ("id", "s")}
    assert config.unknown(known) == []
    assert config.unknown({"CROSSDOCK_OAUTH_ACME_ID": "x"}) == ["CROSSDOCK_OAUTH_ACME_ID"]


def test_half_of_an_oauth_app_is_named():
    with pytest.raises(SettingsError, match="CROSSDOCK_OAUTH_ACME_CLIENT_SECRET is not set"):
        config.oauth_apps(environment(ACME_CLIENT_ID="id"))


def test_every_code_that_is_told_is_listed_and_every_listed_one_is_told():
    root = Path(refusals.__file__).parents[2]
    rooms = [root / "connect_api", root / "connections" / "link"]
    text = "\n".join(file.read_text() for room in rooms for file in room.glob("*.py") if file.stem != "codes")
    told = set(re.findall(r'code="(\w+)"', text)) | {code for code in CODES if f'"{code}"' in text}
    assert told == CODES.keys()
