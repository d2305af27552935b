"""Magic links: made by a backend or a command, opened by an end user, and over when they are over."""

from typing import Any

import httpx
import pytest

from crossdock.store.connections.access import digest
from tests.fakes.vendor import TOKEN
from tests.journeys.linking import (
    Json,
    Linking,
    audited,
    change,
    exchange,
    fake_vendor,
    new_flow_id,
    refused,
    rows,
)
from tests.journeys.server import Organization, Server

DAY_MS = 86_400_000


@pytest.fixture(scope="module")
def organization(server: Server) -> Organization:
    return server.organization("wms")


def made(organization: Organization, **body: Any) -> Json:
    answer = organization.ask("POST", "/magic-links", None, json=body)
    assert answer.status_code == 200, answer.text
    [(name, link)] = answer.json().items()
    assert name == "magic_link"
    shown: Json = link
    return shown


def secret_of(magic_link: Json) -> str:
    return str(magic_link["url"]).rpartition("/")[2]


def session(server: Server, secret: str, **body: Any) -> httpx.Response:
    url = f"{server.url}/connect/api/magic-links/session"
    return server.http.post(url, json={"secret": secret, **body})


def opened(server: Server, magic_link: Json) -> Linking:
    """The form of an end user who opened a link."""
    answer = session(server, secret_of(magic_link))
    assert answer.status_code == 200, answer.text
    return Linking(server, answer.json()["link_token"], answer.json()["options"])


def test_a_link_has_the_members_of_the_contract_and_what_was_left_out_has_its_default(
    server: Server, organization: Organization
):
    link = made(organization)
    assert list(link)[:7] == [
        "id", "expires_at", "integration_type", "integration_allow_list", "integration_block_list",
        "integrations_with_endpoints", "customer_id",
    ]  # fmt: skip
    assert len(link["id"]) == 32
    assert link["url"].startswith(f"{server.url}/connect/m/")
    assert len(secret_of(link)) == 43
    assert (link["integration_type"], link["customer_id"], link["connection_id"]) == ("wms", None, None)
    lists = ("integration_allow_list", "integration_block_list", "integrations_with_endpoints")
    assert [link[name] for name in lists] == [[], [], []]
    [(expires,)] = rows(server, "SELECT expires_ms FROM magic_links WHERE id = ?", link["id"])
    assert expires - server.services.clock() == pytest.approx(7 * DAY_MS, abs=60_000)


def test_a_link_is_listed_read_and_deleted(server: Server):
    organization = server.organization()
    first = made(organization, customer_id="customer-42", integration_allow_list=["Royal_Mail"])
    second = made(organization, integration_type="cart", link_duration=1)
    assert organization.get("/magic-links").json() == {"magic_links": [first, second]}
    assert organization.get(f"/magic-links/{first['id']}").json() == {"magic_link": first}
    answer = organization.ask("DELETE", f"/magic-links/{first['id']}", None)
    assert answer.json() == {"id": first["id"], "object": "magic_link", "deleted": True}
    for method in ("GET", "DELETE"):
        gone = organization.ask(method, f"/magic-links/{first['id']}", None)
        assert (gone.status_code, gone.json()["id"]) == (404, first["id"])
    assert organization.get("/magic-links").json() == {"magic_links": [second]}
    assert [action for action, _ in audited(server, organization)] == [
        "magic_link.created", "magic_link.created", "magic_link.deleted",
    ]  # fmt: skip


def test_links_are_nobody_elses(server: Server, organization: Organization):
    link, stranger = made(organization), server.organization()
    assert stranger.get(f"/magic-links/{link['id']}").status_code == 404
    assert stranger.ask("DELETE", f"/magic-links/{link['id']}", None).status_code == 404
    assert stranger.get("/magic-links").json() == {"magic_links": []}
    assert session(server, secret_of(link)).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"integration_allow_list": ["a"], "integration_block_list": ["b"]}, "integration_block_list"),
        (
            {"integration_allow_list": ["a"], "integrations_with_endpoints": ["get_orders"]},
            "integrations_with_endpoints",
        ),
        ({"link_duration": 0}, "link_duration"),
        ({"link_duration": 366}, "link_duration"),
        ({"link_duration": 1.5}, "link_duration"),
        ({"integration_type": "erp"}, "integration_type"),
        ({"disabled_functions": ["get_everything"]}, "disabled_functions"),
        ({"integrations_with_endpoints": ["x"]}, "integrations_with_endpoints"),
        (
            {"disabled_functions": ["get_inventory"], "enabled_functions": ["get_returns"]},
            "enabled_functions",
        ),
        (
            {"disabled_functions": ["create_order"], "enabled_functions": ["create_order"]},
            "enabled_functions",
        ),
        ({"max_connections": -1}, "max_connections"),
        ({"max_connections": 10**19}, "max_connections"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_does_not_fit_a_link_is_named(organization: Organization, body: Json, field: str):
    answer = organization.ask("POST", "/magic-links", None, json=body)
    assert answer.status_code == 422, answer.text
    assert field in answer.json()["detail"]["json"]


def test_block_list_and_endpoints_may_be_combined(server: Server, organization: Organization):
    link = made(
        organization,
        integration_block_list=["tryton"],
        integrations_with_endpoints=["get_orders", "get_inbound_shipment"],
    )
    assert link["integrations_with_endpoints"] == ["get_orders", "get_inbound_shipments"]
    names = {entry["name"] for entry in opened(server, link).open()["integrations"]}
    assert "tryton" not in names


def test_what_a_link_allows_is_for_the_server_to_say_not_for_the_page(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    organization = server.organization()
    with fake_vendor(server, monkeypatch) as vendor:
        form = opened(server, made(organization, integration_allow_list=["fake"]))
        shown = form.open(integrationAllowList=["tryton"], sandbox=True)
        assert [entry["name"] for entry in shown["integrations"]] == ["fake"]
        assert shown["skips_picker"] is True
        form.options = {"sandbox": True}
        refused(form.send("wms", "sandbox"), 403, "integration_not_allowed")
        refused(form.ask("GET", "/integrations/wms/tryton"), 403, "integration_not_allowed")
        form.connect("wms", "fake", {"url": vendor.url, "token": TOKEN})


def test_a_link_connects_one_system_and_says_afterwards_that_it_was_used(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    organization = server.organization()
    with fake_vendor(server, monkeypatch) as vendor:
        link, fields = made(organization, customer_id="c-9"), {"url": vendor.url, "token": TOKEN}
        form, late_form = opened(server, link), opened(server, link)
        refused(form.send("wms", "fake", fields | {"token": "wrong"}), 422, "invalid_credentials")
        flow_id = new_flow_id()
        result = form.connect("wms", "fake", fields, flow_id)
        assert exchange(organization, result["auth_code"]).json()["customer_id"] == "c-9"
        refused(late_form.send("wms", "fake", fields), 410, "magic_link_used")
        refused(session(server, secret_of(link)), 410, "magic_link_used")
        refused(session(server, secret_of(link), flow_id=new_flow_id()), 410, "magic_link_used")
        back = session(server, secret_of(link), flow_id=flow_id)
        assert Linking(server, back.json()["link_token"]).flow(flow_id)["result"]["auth_code"]
        sql = "SELECT COUNT(*) FROM connections WHERE organization_id = ?"
        assert [tuple(row) for row in rows(server, sql, organization.id)] == [(1,)]


@pytest.mark.parametrize(("most", "statuses"), [(2, [200, 200, 410]), (0, [200, 200, 200])])
def test_a_link_connects_as_many_systems_as_it_says(
    server: Server, monkeypatch: pytest.MonkeyPatch, most: int, statuses: list[int]
):
    organization = server.organization()
    with fake_vendor(server, monkeypatch) as vendor:
        form = opened(server, made(organization, max_connections=most))
        fields = {"url": vendor.url, "token": TOKEN}
        assert [form.send("wms", "fake", fields).status_code for _ in range(3)] == statuses


def test_a_link_that_is_over_unknown_or_deleted_says_so(server: Server, organization: Organization):
    link = made(organization)
    form = opened(server, link)
    change(server, "UPDATE magic_links SET expires_ms = 1 WHERE id = ?", link["id"])
    refused(session(server, secret_of(link)), 410, "magic_link_expired")
    refused(form.send("wms", "sandbox"), 403, "integration_not_allowed")
    refused(session(server, "x" * 43), 404, "magic_link_unknown")
    refused(session(server, ""), 404, "magic_link_unknown")
    gone = made(organization)
    form = opened(server, gone)
    organization.ask("DELETE", f"/magic-links/{gone['id']}", None)
    refused(session(server, secret_of(gone)), 404, "magic_link_unknown")
    refused(form.ask("POST", "/open", json={}), 401, "link_token_invalid")


def test_a_link_that_expires_while_the_form_is_open_connects_nothing(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    organization = server.organization()
    with fake_vendor(server, monkeypatch) as vendor:
        link = made(organization)
        form = opened(server, link)
        change(server, "UPDATE magic_links SET expires_ms = 1 WHERE id = ?", link["id"])
        answer = form.send("wms", "fake", {"url": vendor.url, "token": TOKEN})
        refused(answer, 410, "magic_link_expired")
        assert vendor.requests == [], "nobody signs in for nothing"


def test_a_link_repairs_a_connection(server: Server, monkeypatch: pytest.MonkeyPatch):
    organization = server.organization()
    with fake_vendor(server, monkeypatch) as vendor:
        form = opened(server, made(organization))
        first = form.connect("wms", "fake", {"url": vendor.url, "token": TOKEN})
        link = made(organization, connection_id=first["connection_id"], integration_type="cart")
        assert (link["connection_id"], link["integration_type"]) == (first["connection_id"], "wms")
        repair = opened(server, link)
        assert repair.open()["reinstall"]["connection_id"] == first["connection_id"]
        assert repair.connect("wms", "fake", {})["connection_id"] == first["connection_id"]
        again = made(organization, connection_id=first["connection_id"])
    refused(session(server, secret_of(again)), 404, "connection_gone")
    answer = organization.ask("POST", "/magic-links", None, json={"connection_id": "nothing"})
    assert (answer.status_code, answer.json()["id"]) == (404, "nothing")


def test_functions_of_a_link_are_off_and_on_for_what_is_connected(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    organization = server.organization()
    off = "wms:,wms:get_warehouses,wms:get_warehouse_locations"
    change(server, "UPDATE organizations SET disabled_functions = ? WHERE id = ?", off, organization.id)
    with fake_vendor(server, monkeypatch) as vendor:
        fields = {"url": vendor.url, "token": TOKEN}
        plain = opened(server, made(organization)).connect("wms", "fake", fields)
        link = made(organization, disabled_functions=["create_order"], enabled_functions=["get_warehouses"])
        special = opened(server, link).connect("wms", "fake", fields)
        actions = [
            set(exchange(organization, result["auth_code"]).json()["available_actions"])
            for result in (plain, special)
        ]
    assert "get_warehouses" not in actions[0]
    assert "get_warehouses" in actions[1]
    assert "create_order" in actions[0]
    assert "create_order" not in actions[1]


def test_what_a_link_switches_off_takes_along_what_needs_it_as_a_button_does(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    organization = server.organization()
    with fake_vendor(server, monkeypatch) as vendor:
        link = made(organization, disabled_functions=["get_orders"])
        assert link["disabled_functions"] == ["get_orders"]
        result = opened(server, link).connect("wms", "fake", {"url": vendor.url, "token": TOKEN})
        actions = exchange(organization, result["auth_code"]).json()["available_actions"]
    assert "get_warehouses" in actions
    assert not {"get_orders", "get_order_packs"} & set(actions)


def test_p20_the_secret_of_a_link_is_not_in_the_database(server: Server, organization: Organization):
    link = made(organization)
    [row] = rows(server, "SELECT secret, secret_digest, options FROM magic_links WHERE id = ?", link["id"])
    secret = secret_of(link)
    assert secret.encode() not in bytes(row[0])
    assert bytes(row[1]) == digest(secret)


def test_guesses_of_links_are_limited_by_address(server: Server):
    with server.beside(strangers_per_second=3) as url:
        path = f"{url}/connect/api/magic-links/session"
        statuses = {server.http.post(path, json={"secret": "guess"}).status_code for _ in range(12)}
    assert statuses == {404, 429}
