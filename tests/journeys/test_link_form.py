"""What the form shows: who asks, what can be picked, and what is to be filled in."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tests.fakes.fake_wms import fake_integration
from tests.fakes.vendor import FakeVendor
from tests.journeys.linking import Json, audited, fake_vendor, known, link, refused
from tests.journeys.server import Organization, Server

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M0 0h8v8z" fill="#1d4ed8"/></svg>'
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


@pytest.fixture
def organization(server: Server) -> Organization:
    return server.organization()


@pytest.fixture
def vendor(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeVendor]:
    with fake_vendor(server, monkeypatch) as started:
        yield started


def names(shown: Json) -> set[str]:
    return {entry["name"] for entry in shown["integrations"]}


def test_the_picker_shows_warehouses_unless_another_type_is_asked_for(
    server: Server, organization: Organization
):
    form = link(server, organization)
    shown = form.open()
    assert shown["integration_type"] == "wms"
    assert "tryton" in names(shown)
    assert "sandbox" not in names(shown)
    assert "royal-mail" in names(form.open(integrationType="carrier"))
    assert form.open(integrationType="freight")["integrations"] == []
    odd = form.open(integrationType="erp")
    assert (odd["integration_type"], "erp" in str(odd["warnings"])) == ("wms", True)


def test_lists_hold_slugs_and_with_both_of_them_everything_is_shown(
    server: Server, organization: Organization, vendor: FakeVendor
):
    everything = names(link(server, organization).open())
    assert names(link(server, organization).open(integrationBlockList=["fake"])) == everything - {"fake"}
    allowed = link(server, organization).open(integrationAllowList=["Fake"])
    assert (names(allowed), allowed["skips_picker"]) == ({"fake"}, True)
    both = link(server, organization).open(integrationAllowList=["fake"], integrationBlockList=["fake"])
    assert (names(both), both["skips_picker"]) == (everything, False)
    unknown = link(server, organization).open(integrationAllowList=["nosuch"])
    assert (names(unknown), unknown["skips_picker"]) == (set(), False)
    assert "nosuch" in str(unknown["warnings"])


def test_the_sandbox_is_an_entry_of_its_own(server: Server, organization: Organization, vendor: FakeVendor):
    shown = link(server, organization).open(integrationAllowList=["fake"], sandbox=True)
    assert (names(shown), shown["skips_picker"]) == ({"fake", "sandbox"}, False)
    assert "sandbox" not in names(link(server, organization).open(sandbox="yes"))
    assert "sandbox" not in names(link(server, organization).open(integrationAllowList=["sandbox"]))


def test_integrations_without_a_function_that_is_wanted_are_not_shown(
    server: Server, organization: Organization, vendor: FakeVendor
):
    form = link(server, organization)
    assert "fake" in names(form.open(integrationsWithEndpoints=["get_orders"]))
    shown = form.open(integrationsWithEndpoints=["get_orders", "get_inbound_shipment"])
    assert "fake" not in names(shown)
    assert "tryton" in names(shown)
    assert shown["warnings"] == []
    assert "no such function" in str(form.open(integrationsWithEndpoints=["get_tea"])["warnings"])


def test_a_button_may_ask_for_an_integration(server: Server, organization: Organization):
    shown = link(server, organization).open("tryton")
    assert (names(shown), shown["skips_picker"]) == ({"tryton"}, True)
    shown = link(server, organization).open("tea", integrationAllowList=["tryton"])
    assert "tea" in str(shown["warnings"])


@pytest.mark.parametrize(
    "options",
    [
        {"integrationAllowList": "fake"},
        {"integrationAllowList": [1, None, {}]},
        {"disabledFunctions": {"a": 1}},
        {"logo": "javascript:alert(1)"},
        {"logo": "http://plain.example/l.png"},
        {"integrationType": ["wms"]},
    ],
)
def test_options_that_can_not_be_heeded_are_told_and_stop_nobody(
    server: Server, organization: Organization, options: Json
):
    shown = link(server, organization).open(**options)
    assert shown["warnings"]
    assert shown["organization"]["logo_url"] is None


def test_a_form_says_all_that_the_manifest_knows(server: Server, organization: Organization):
    shown = link(server, organization).form("wms", "tryton")
    fields = {field["key"]: field for field in shown["fields"]}
    assert (shown["display_name"], shown["install_method"]) == ("Tryton", "input")
    assert fields["url"]["help"] == "https://erp.example.com/production"
    assert (fields["password"]["secret"], fields["password"]["required"]) == (True, True)
    assert fields["user"]["kept"] is False


def test_fields_of_files_say_which_way_they_belong_to(server: Server, organization: Organization):
    fields = {field["key"]: field for field in link(server, organization).form("carrier", "ups")["fields"]}
    assert fields["source"]["choices"] == ["upload", "folder", "sftp"]
    assert fields["sftp_host"]["shown_when"] == {"field": "source", "equals": "sftp"}
    assert fields["folder"]["default"] is None, "a placeholder is not shown"


def test_what_crossdock_fills_in_itself_is_neither_shown_nor_taken(
    server: Server, organization: Organization
):
    form = link(server, organization)
    form.open(sandbox=True)
    assert form.form("wms", "sandbox")["fields"] == []
    error = refused(form.send("wms", "sandbox", {"world": "somebody-elses"}), 422, "invalid_fields")
    assert set(error["fields"]) == {"world"}


def test_an_unknown_form_is_not_found(server: Server, organization: Organization):
    form = link(server, organization)
    refused(form.ask("GET", "/integrations/wms/tea"), 404, "not_found")
    refused(form.ask("GET", "/integrations/tea/tea"), 404, "not_found")


def test_the_language_of_the_browser_is_told(server: Server, organization: Organization):
    form = link(server, organization)
    for header, hint in (("de-AT,en;q=0.5", "de"), ("", None), ("*", None), ("en", "en")):
        answer = form.ask("POST", "/open", json={}, headers={"accept-language": header})
        assert answer.json()["language_hint"] == hint


def test_the_logo_in_the_folder_of_an_integration_is_shown_and_served(
    server: Server, organization: Organization, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    (tmp_path / "logo.svg").write_bytes(SVG)
    fake = fake_integration()
    manifest = msgspec.structs.replace(fake.manifest, logo="logo.svg")
    with known(server, monkeypatch, replace(fake, folder=tmp_path, manifest=manifest)):
        [entry] = link(server, organization).open(integrationAllowList=["fake"])["integrations"]
        assert entry["logo_url"] == f"{server.url}/connect/logos/integrations/wms/fake.svg"
        picture = server.http.get(entry["logo_url"])
        assert (picture.content, picture.headers["content-type"]) == (SVG, "image/svg+xml")
        assert server.http.get(entry["logo_url"].replace(".svg", ".png")).status_code == 404
    assert server.http.get(f"{server.url}/connect/logos/integrations/wms/tryton.svg").status_code == 404
    assert server.http.get(f"{server.url}/connect/logos/integrations/wms/tea.svg").status_code == 404


# Branding


def test_the_form_looks_as_the_organization_says(server: Server, organization: Organization):
    look = {
        "name": " Acme  Inc. ", "color": "#1D4ED8", "terms_url": "https://acme.example/terms",
        "privacy_url": None, "allowed_origins": ["https://App.Acme.example:443/", "http://localhost:3000"],
    }  # fmt: skip
    answer = organization.ask("PUT", "/branding", None, json=look)
    assert answer.status_code == 200, answer.text
    expected = look | {
        "name": "Acme Inc.", "color": "#1d4ed8", "logo_url": None,
        "allowed_origins": ["https://app.acme.example", "http://localhost:3000"],
    }  # fmt: skip
    assert answer.json()["data"] == expected
    assert organization.get("/branding").json()["data"] == expected
    shown = link(server, organization).open()
    assert shown["allowed_origins"] == expected["allowed_origins"]
    assert shown["organization"] | {"color_dark": ""} == {
        "name": "Acme Inc.", "logo_url": None, "color": "#1d4ed8", "color_text": "#ffffff",
        "color_dark": "", "color_dark_text": "#ffffff", "terms_url": "https://acme.example/terms",
        "privacy_url": None,
    }  # fmt: skip
    assert audited(server, organization)[-1] == ("branding.changed", "api_key")
    assert server.organization().get("/branding").json()["data"]["name"] is None


def test_an_organization_without_a_look_of_its_own_has_its_name(server: Server, organization: Organization):
    shown = link(server, organization).open()["organization"]
    assert (shown["name"], shown["color"], shown["logo_url"]) == ("Test", None, None)
    logo = "https://acme.example/logo.png"
    assert link(server, organization).open(logo=logo)["organization"]["logo_url"] == logo


@pytest.mark.parametrize(
    ("look", "field"),
    [
        ({"color": "#ffee00"}, "color"),
        ({"color": "#ffffff"}, "color"),
        ({"color": "red"}, "color"),
        ({"color": "#12"}, "color"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\u0007"}, "name"),
        ({"terms_url": "javascript:alert(1)"}, "terms_url"),
        ({"privacy_url": "http://acme.example"}, "privacy_url"),
        ({"allowed_origins": ["*"]}, "allowed_origins"),
        ({"allowed_origins": ["https://a.example; script-src *"]}, "allowed_origins"),
        ({"allowed_origins": ["https://a example"]}, "allowed_origins"),
        ({"allowed_origins": ["https://a.example/path"]}, "allowed_origins"),
        ({"allowed_origins": ["http://a.example"]}, "allowed_origins"),
        ({"allowed_origins": ["https://user@a.example"]}, "allowed_origins"),
        ({"logo": "x"}, "logo"),
    ],
)
def test_a_look_that_can_not_be_is_refused(organization: Organization, look: Json, field: str):
    answer = organization.ask("PUT", "/branding", None, json=look)
    assert answer.status_code == 422
    assert field in answer.json()["detail"]["json"]
    assert organization.get("/branding").json()["data"]["color"] is None


@pytest.mark.parametrize(("logo", "kind"), [(PNG, "image/png"), (SVG, "image/svg+xml")])
def test_a_logo_is_served_by_us_and_does_nothing(
    server: Server, organization: Organization, logo: bytes, kind: str
):
    answer = organization.ask("PUT", "/branding/logo", None, content=logo)
    assert answer.status_code == 200, answer.text
    url = answer.json()["data"]["logo_url"]
    assert link(server, organization).open()["organization"]["logo_url"] == url
    picture = server.http.get(url)
    assert (picture.content, picture.headers["content-type"]) == (logo, kind)
    assert "sandbox" in picture.headers["content-security-policy"]
    assert "default-src 'none'" in picture.headers["content-security-policy"]
    assert picture.headers["x-content-type-options"] == "nosniff"
    assert organization.ask("PUT", "/branding", None, json={}).json()["data"]["logo_url"] == url
    assert organization.ask("DELETE", "/branding/logo", None).json()["data"]["logo_url"] is None
    assert server.http.get(url).status_code == 404


SVG_HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink"'


@pytest.mark.parametrize(
    "logo",
    [
        b"",
        b"GIF89a",
        b"<html></html>",
        f"{SVG_HEAD}><script>alert(1)</script></svg>".encode(),
        f'{SVG_HEAD} onload="alert(1)"/>'.encode(),
        f'{SVG_HEAD}><use x:href="https://evil.example/#a"/></svg>'.encode(),
        f'{SVG_HEAD}><use href=" javascript:alert(1)"/></svg>'.encode(),
        f"{SVG_HEAD}><foreignObject/></svg>".encode(),
        f'{SVG_HEAD}><image href="https://evil.example/a.png"/></svg>'.encode(),
        f"{SVG_HEAD}><style>@import 'https://evil.example'</style></svg>".encode(),
        f'{SVG_HEAD}><rect style="fill:url(https://evil.example)"/></svg>'.encode(),
        f'<!DOCTYPE svg [<!ENTITY a "b">]>{SVG_HEAD}>&a;</svg>'.encode(),
        f'{SVG_HEAD}><h:script xmlns:h="http://www.w3.org/1999/xhtml">alert(1)</h:script></svg>'.encode(),
        b"\x89PNG\r\n\x1a\n" + b"\0" * 262_144,
    ],
    ids=lambda logo: repr(logo[-40:]) if len(logo) < 300 else "large",
)
def test_a_logo_that_is_none_or_acts_is_refused(organization: Organization, logo: bytes):
    answer = organization.ask("PUT", "/branding/logo", None, content=logo)
    assert answer.status_code in (413, 422), answer.text
    assert organization.get("/branding").json()["data"]["logo_url"] is None


def test_p29_a_read_only_key_changes_no_look(server: Server, organization: Organization):
    reader = Organization(server.url, server.http, organization.id, "")
    _, reader.key = server.key(organization.id, read_only=True)
    assert reader.get("/branding").status_code == 200
    assert reader.ask("PUT", "/branding", None, json={}).status_code == 403
    assert reader.ask("PUT", "/branding/logo", None, content=PNG).status_code == 403
    assert reader.ask("DELETE", "/branding/logo", None).status_code == 403
