"""Connecting through the form: tried first, stored once, and told in words that an end user can act on."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from crossdock.kit import registry
from crossdock.store.connections import connections
from tests.fakes.vendor import TOKEN, FakeVendor, answer
from tests.journeys.linking import (
    audited,
    change,
    event_types,
    exchange,
    fake_vendor,
    link,
    new_flow_id,
    refused,
    rows,
)
from tests.journeys.server import Organization, Server, until


@pytest.fixture
def vendor(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeVendor]:
    with fake_vendor(server, monkeypatch) as started:
        yield started


@pytest.fixture
def organization(server: Server) -> Organization:
    return server.organization()


def fields(vendor: FakeVendor, **changes: str) -> dict[str, str]:
    return {"url": vendor.url, "token": TOKEN} | changes


def count(server: Server, organization: Organization) -> int:
    """How many connections an organization has."""
    [(number,)] = rows(server, "SELECT COUNT(*) FROM connections WHERE organization_id = ?", organization.id)
    return int(number)


def test_what_was_filled_in_is_connected_and_its_values_are_trimmed(
    server: Server, organization: Organization, vendor: FakeVendor
):
    form = link(server, organization)
    result = form.connect("wms", "fake", {"url": f"  {vendor.url}\n", "token": f"{TOKEN}\n", "page_size": ""})
    assert result["display_name"] == "Fake WMS"
    assert {permission["state"] for permission in result["permissions"]} == {"pending"}
    body = exchange(organization, result["auth_code"]).json()
    assert body["connection_id"] == result["connection_id"]
    row = server.do(connections.by_uid(server.services.database, result["connection_id"]))
    assert row is not None
    stored = server.do(connections.credentials(server.services.database, server.services.vault, row))
    assert stored == {"url": vendor.url, "token": TOKEN, "page_size": "50"}


def test_p31_nothing_is_stored_before_the_vendor_said_yes(
    server: Server, organization: Organization, vendor: FakeVendor
):
    form, flow_id = link(server, organization), new_flow_id()
    error = refused(
        form.send("wms", "fake", fields(vendor, token="wr0ng-token"), flow_id), 422, "invalid_credentials"
    )
    assert "wr0ng-token" not in str(error)
    assert count(server, organization) == 0
    assert event_types(server, organization) == ["install.failed"]
    assert form.flow(flow_id) == {"status": "failed", "error": error}
    result = form.connect("wms", "fake", fields(vendor), flow_id)
    assert form.flow(flow_id) == {"status": "done", "result": result}, "the same flow may be tried again"
    assert count(server, organization) == 1


def test_a_vendor_that_is_down_during_the_check_leaves_nothing_and_says_so(
    server: Server, organization: Organization, vendor: FakeVendor
):
    form = link(server, organization)
    refused(form.send("wms", "fake", fields(vendor, url="http://127.0.0.1:1")), 503, "vendor_unavailable")
    vendor.script("/account", [answer(500), answer(500)])
    refused(form.send("wms", "fake", fields(vendor)), 503, "vendor_unavailable")
    vendor.script("/account", [answer(200, b"<html>", kind="text/html")])
    refused(form.send("wms", "fake", fields(vendor)), 502, "vendor_refused")
    refused(form.send("wms", "fake", fields(vendor, url="http://10.0.0.1")), 422, "address_refused")
    assert count(server, organization) == 0


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({}, {"url", "token"}),
        ({"url": "   ", "token": "t"}, {"url"}),
        ({"url": "u", "token": "t", "secret": "x"}, {"secret"}),
        ({"url": 7, "token": ["t"]}, {"url", "token"}),
        ({"url": "u", "token": "t" * 20_001}, {"token"}),
    ],
)
def test_fields_that_do_not_fit_are_named_all_at_once(
    server: Server, organization: Organization, vendor: FakeVendor, values: dict[str, Any], fault: set[str]
):
    error = refused(link(server, organization).send("wms", "fake", values), 422, "invalid_fields")
    assert set(error["fields"]) == fault
    assert vendor.requests == []


def test_p31_a_flow_that_is_sent_again_is_answered_as_before_and_connects_once(
    server: Server, organization: Organization, vendor: FakeVendor
):
    form, flow_id = link(server, organization), new_flow_id()
    first = form.connect("wms", "fake", fields(vendor), flow_id)
    assert form.connect("wms", "fake", fields(vendor), flow_id) == first
    assert form.connect("wms", "fake", {"url": "something else"}, flow_id) == first
    assert count(server, organization) == 1


def test_p31_two_windows_that_finish_the_same_flow_at_once_make_one_connection(
    server: Server, organization: Organization, vendor: FakeVendor
):
    form, flow_id = link(server, organization), new_flow_id()
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: form.connect("wms", "fake", fields(vendor), flow_id), range(4)))
    assert [result["auth_code"] for result in results] == [results[0]["auth_code"]] * 4
    assert count(server, organization) == 1
    assert event_types(server, organization).count("connection.created") == 1


def test_a_flow_is_nobody_elses(server: Server, organization: Organization, vendor: FakeVendor):
    flow_id = new_flow_id()
    result = link(server, organization, customer_id="a").connect("wms", "fake", fields(vendor), flow_id)
    stranger = server.organization()
    for form in (link(server, stranger), link(server, organization, customer_id="b")):
        refused(form.ask("GET", "/flow", params={"flow_id": flow_id}), 404, "flow_unknown")
        refused(form.ask("GET", "/permissions", params={"flow_id": flow_id}), 404, "flow_unknown")
        assert form.connect("wms", "fake", fields(vendor), flow_id)["auth_code"], "its own, under the same id"
    again = link(server, organization, customer_id="a")
    assert again.flow(flow_id)["status"] == "done", "another token of the same customer goes on with it"
    assert again.flow(flow_id)["result"]["connection_id"] == result["connection_id"]


@pytest.mark.parametrize("flow_id", ["", "x", "1" * 31, "g" * 32, "../" * 12])
def test_what_names_no_flow_is_refused(server: Server, organization: Organization, flow_id: str):
    form = link(server, organization)
    answer_ = form.ask("GET", "/flow", params={"flow_id": flow_id})
    refused(answer_, 422, "bad_request")


def test_permissions_are_checked_function_by_function_and_partial_is_a_success(
    server: Server, organization: Organization, vendor: FakeVendor
):
    form, flow_id = link(server, organization), new_flow_id()
    form.connect("wms", "fake", fields(vendor), flow_id)
    vendor.script("/warehouses", [answer(403, {"message": "not for you"})] * 3)
    asked = form.ask("GET", "/permissions", params={"flow_id": flow_id}).json()["permissions"]
    states = {permission["function"]: permission for permission in asked}
    assert states["get_orders"] == {"function": "get_orders", "label": "Orders", "state": "ok"}
    assert states["get_warehouses"]["state"] == "missing"
    assert "not for you" in states["get_warehouses"]["reason"]
    assert states["create_order"]["state"] == "unknown"
    assert form.ask("GET", "/permissions", params={"flow_id": flow_id}).json()["permissions"] == asked
    assert form.flow(flow_id)["result"]["permissions"] == asked


def test_several_who_ask_for_permissions_share_one_check(
    server: Server, organization: Organization, vendor: FakeVendor
):
    form, flow_id = link(server, organization), new_flow_id()
    form.options = {"disabledFunctions": ["get_orders", "get_order_packs"]}
    form.connect("wms", "fake", fields(vendor), flow_id)
    with ThreadPoolExecutor(5) as pool:
        answers = list(
            pool.map(lambda _: form.ask("GET", "/permissions", params={"flow_id": flow_id}).text, range(5))
        )
    assert len(set(answers)) == 1
    assert "get_orders" not in answers[0], "what is off is not checked"
    assert not [seen for seen in vendor.requests if seen.path == "/orders"]


def test_functions_that_the_link_switches_off_are_not_offered_and_take_along_what_needs_them(
    server: Server, organization: Organization, vendor: FakeVendor
):
    form = link(server, organization)
    form.options = {"disabledFunctions": ["get_orders", "create_order", "get_everything"]}
    assert "get_everything" in str(form.open()["warnings"])
    body = exchange(organization, form.connect("wms", "fake", fields(vendor))["auth_code"]).json()
    actions = set(body["available_actions"])
    assert "get_warehouses" in actions
    assert not actions & {"get_orders", "create_order", "get_order_packs"}


def test_a_connection_is_repaired_in_place_and_secrets_that_stay_are_not_asked_again(
    server: Server, organization: Organization, vendor: FakeVendor
):
    first = link(server, organization).connect("wms", "fake", fields(vendor))
    before = exchange(organization, first["auth_code"]).json()
    form = link(server, organization, connection_id=first["connection_id"])
    opened = form.open(integrationAllowList=["other"])
    assert opened["skips_picker"] is True
    assert opened["reinstall"] == {
        "connection_id": first["connection_id"], "integration_name": "fake", "integration_type": "wms",
        "display_name": "Fake WMS",
    }  # fmt: skip
    shown = {field["key"]: field for field in form.form("wms", "fake")["fields"]}
    assert (shown["url"]["value"], shown["token"]["value"]) == (vendor.url, None)
    assert (shown["token"]["kept"], shown["token"]["required"]) == (True, False)
    assert TOKEN not in form.ask("GET", "/integrations/wms/fake").text

    refused(form.send("wms", "fake", {"token": "wrong"}), 422, "invalid_credentials")
    vendor.tokens.add("fresh-token")
    result = form.connect("wms", "fake", {"token": "fresh-token"})
    assert (result["connection_id"], result["reinstalled"]) == (first["connection_id"], True)
    after = exchange(organization, result["auth_code"]).json()
    assert after["access_token"] == before["access_token"]
    assert form.connect("wms", "fake", {})["connection_id"] == first["connection_id"]
    assert count(server, organization) == 1
    assert ("connection.reinstalled", "link") in audited(server, organization)


def test_a_stored_secret_is_sent_to_no_address_that_somebody_else_fills_in(
    server: Server, organization: Organization, vendor: FakeVendor
):
    first = link(server, organization).connect("wms", "fake", fields(vendor))
    form = link(server, organization, connection_id=first["connection_id"])
    elsewhere = vendor.url.replace("127.0.0.1", "localhost")
    for values in ({"url": elsewhere}, {"url": elsewhere, "token": " "}, {"page_size": "10"}):
        error = refused(form.send("wms", "fake", values), 422, "invalid_fields")
        assert error["fields"] == {"token": ["Token must be filled in again, as something else was changed"]}
    assert not [seen for seen in vendor.requests if seen.headers["Host"].startswith("localhost")]
    form.connect("wms", "fake", {"url": f" {vendor.url} "})
    form.connect("wms", "fake", {"url": elsewhere, "token": TOKEN})


def is_synced(organization: Organization, uid: str) -> bool:
    """Check whether every function of a connection has synced: nothing of it changes by itself then."""
    plans = organization.get(f"/connections/{uid}").json()["data"]["sync_schedules"]
    return all(plan["latest_sync"] for plan in plans)


def test_a_connection_of_an_integration_that_is_not_here_is_listed_with_the_rest(
    server: Server, organization: Organization, vendor: FakeVendor, monkeypatch: pytest.MonkeyPatch
):
    uid = link(server, organization).connect("wms", "fake", fields(vendor))["connection_id"]
    problem = (
        "INSERT INTO connection_errors "
        "(connection_id, function, aspect, kind, message, url, first_ms, last_ms) "
        "SELECT id, 'create_order', 'writes', 'missing_permission', 'it is off', '', 1000, 1000 "
        "FROM connections WHERE uid = ?"
    )
    change(server, problem, uid)
    sandbox = link(server, organization)
    sandbox.open(sandbox=True)
    sandbox.connect_sandbox()
    until(lambda: is_synced(organization, uid))
    before = {shown["connection_id"]: shown for shown in organization.list("/connections")}
    known_integrations = registry.all_integrations()
    with monkeypatch.context() as patch:
        left = {key: value for key, value in known_integrations.items() if key != ("wms", "fake")}
        patch.setattr(registry, "all_integrations", lambda: left)
        after = {shown["connection_id"]: shown for shown in organization.list("/connections")}
        assert organization.get(f"/connections/{uid}").json()["data"] == after[uid]
    assert after.keys() == before.keys()
    assert before[uid]["integration_display_name"] == "Fake WMS"
    shown = after[uid]
    assert (shown["integration_display_name"], shown["integration_type"]) == ("fake", "wms")
    assert (shown["available_actions"], shown["available_endpoints"]) == ([], [])
    errors = {error["message"]: error["affected_endpoints"] for error in shown["errors"]}
    assert errors["it is off"] == []


def test_only_the_integration_of_the_connection_that_is_repaired_can_be_picked(
    server: Server, organization: Organization, vendor: FakeVendor
):
    first = link(server, organization).connect("wms", "fake", fields(vendor))
    form = link(server, organization, connection_id=first["connection_id"])
    refused(form.send("wms", "tryton", {}), 403, "integration_not_allowed")
    refused(form.ask("GET", "/integrations/wms/tryton"), 403, "integration_not_allowed")
    plain = link(server, organization)
    refused(plain.send("wms", "sandbox"), 403, "integration_not_allowed")
    refused(plain.send("cart", "fake"), 403, "integration_not_allowed")


def test_a_connection_that_was_deleted_meanwhile_can_not_be_repaired(
    server: Server, organization: Organization, vendor: FakeVendor
):
    first = link(server, organization).connect("wms", "fake", fields(vendor))
    form = link(server, organization, connection_id=first["connection_id"])
    organization.tokens["wms"] = exchange(organization, first["auth_code"]).json()["access_token"]
    assert organization.ask("DELETE", "/connections", "wms").status_code == 200
    refused(form.ask("POST", "/open", json={}), 404, "connection_gone")
    refused(form.send("wms", "fake", fields(vendor)), 404, "connection_gone")


def test_p32_a_form_that_another_page_posts_is_refused(server: Server, organization: Organization):
    form = link(server, organization)
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1", f"{server.url}.evil.example"):
        answer_ = form.ask("POST", "/open", json={}, headers={"origin": origin})
        refused(answer_, 403, "foreign_origin")
    assert form.ask("POST", "/open", json={}, headers={"origin": server.url}).status_code == 200


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_p32_a_form_of_a_page_without_scripts_is_refused(
    server: Server, organization: Organization, kind: str
):
    form = link(server, organization)
    answer_ = form.ask("POST", "/open", content=b"{}", headers={"content-type": kind})
    refused(answer_, 415, "unsupported_media_type")


def test_no_answer_of_the_form_is_kept_or_framed(server: Server, organization: Organization):
    form = link(server, organization)
    for answer_ in (
        form.ask("POST", "/open", json={}),
        form.ask("GET", "/flow"),
        form.ask("GET", "/nothing"),
    ):
        if answer_.status_code == 404:
            continue
        assert answer_.headers["cache-control"] == "no-store"
        assert answer_.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer_.headers["content-security-policy"]


def test_nobody_guesses_passwords_at_a_vendor_through_us(
    server: Server, organization: Organization, vendor: FakeVendor
):
    form = link(server, organization)
    statuses = [form.send("wms", "fake", fields(vendor, token=f"guess-{n}")).status_code for n in range(12)]
    assert statuses == [422] * 10 + [429] * 2
    error = form.send("wms", "fake", fields(vendor))
    refused(error, 429, "too_many")
    assert error.headers["retry-after"] == "60"
    assert len(vendor.requests) == 10


def test_a_link_token_may_ask_some_times_a_second(server: Server, organization: Organization):
    form = link(server, organization)
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: form.ask("GET", "/flow").status_code, range(80)))
    assert set(statuses) == {422, 429}


def test_bodies_that_are_none_are_refused(server: Server, organization: Organization):
    form = link(server, organization)
    headers = {"content-type": "application/json"}
    for body in (b"", b"[]", b"{", b'{"type": 1}', b'{"options": []}', b"\xff"):
        answer_ = form.ask("POST", "/connect", content=body, headers=headers)
        assert answer_.status_code in (400, 422), answer_.text
        assert answer_.json()["error"]["code"] == "bad_request"
    assert form.ask("PUT", "/connect").status_code == 405
    assert form.ask("GET", "/nothing").json()["error"]["code"] == "not_found"


def test_a_process_that_dies_while_it_signs_in_keeps_nobody_from_going_on(
    server: Server, organization: Organization, vendor: FakeVendor
):
    form, flow_id = link(server, organization), new_flow_id()
    refused(form.send("wms", "fake", fields(vendor, token="wrong"), flow_id), 422, "invalid_credentials")
    dead = "UPDATE link_flows SET attempt = 'dead', attempt_until_ms = ? WHERE id = ?"
    change(server, dead, server.services.clock() + 300, flow_id)
    assert form.connect("wms", "fake", fields(vendor), flow_id)["auth_code"]
    assert count(server, organization) == 1
