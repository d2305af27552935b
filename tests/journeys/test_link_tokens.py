"""From a link token to an access token: each works for a while, once, and for its organization alone."""

import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from crossdock.jobs.cleaning import clean
from crossdock.store.connections.access import digest
from tests.journeys.linking import (
    Linking,
    audited,
    change,
    event_types,
    exchange,
    link,
    minted,
    new_flow_id,
    refused,
    rows,
)
from tests.journeys.server import Organization, Server


@pytest.fixture(scope="module")
def organization(server: Server) -> Organization:
    return server.organization()


def code(server: Server, organization: Organization) -> str:
    """A fresh auth code."""
    return str(link(server, organization).connect_sandbox()["auth_code"])


def test_a_system_is_connected_with_a_link_token_and_its_code_gives_the_access_token(server: Server):
    organization = server.organization()
    form = link(server, organization, customer_id="customer-7")
    result = form.connect_sandbox()

    answer = exchange(organization, result["auth_code"])
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert list(body) == [
        "access_token", "connection_id", "integration_name", "customer_id", "available_actions",
        "available_endpoints",
    ]  # fmt: skip
    assert (body["connection_id"], body["integration_name"]) == (result["connection_id"], "sandbox")
    assert body["customer_id"] == "customer-7"
    assert "get_orders" in body["available_actions"]
    assert "GET /orders" in body["available_endpoints"]
    organization.tokens["wms"] = body["access_token"]
    assert organization.get("/wms/warehouses").status_code == 200
    assert event_types(server, organization)[0] == "connection.created"
    assert ("connection.created", "link") in audited(server, organization)


@pytest.mark.parametrize("body", [b"", b"null", b"{}", b'{"connection_id": null, "customer_id": null}'])
def test_a_link_token_needs_no_body(server: Server, organization: Organization, body: bytes):
    headers = organization.headers() | {"content-type": "application/json"}
    answer = server.http.post(f"{server.url}/link/token", headers=headers, content=body)
    assert answer.status_code == 200
    assert list(answer.json()) == ["link_token"]
    assert answer.json()["link_token"].startswith("lt_")


def test_the_customer_of_the_exchange_is_set_and_null_leaves_it(server: Server, organization: Organization):
    for body in ({"customer_id": "c-1"}, {"customer_id": None}, {}):
        answer = exchange(organization, code(server, organization), **body)
        assert answer.json()["customer_id"] == "c-1"


def test_p26_who_saw_an_access_token_for_a_code_is_in_the_audit_log(
    server: Server, organization: Organization
):
    connection_id = exchange(organization, code(server, organization), customer_id="c-2").json()[
        "connection_id"
    ]
    sql = (
        "SELECT actor_kind, actor_name, subject, detail FROM audit_log "
        "WHERE organization_id = ? AND action = 'access_token.viewed'"
    )
    [entry] = [tuple(row) for row in rows(server, sql, organization.id) if "c-2" in row[3]]
    assert entry[0] == "api_key"
    assert entry[1] != "", "by its name"
    assert entry[2] == connection_id
    assert json.loads(entry[3]) == {"by": "auth_code", "customer_id": "c-2"}


def fault(answer: httpx.Response) -> str:
    assert answer.status_code == 422, answer.text
    [message] = answer.json()["detail"]["json"]["auth_code"]
    return str(message)


def test_p31_a_code_works_once(server: Server, organization: Organization):
    fresh = code(server, organization)
    assert exchange(organization, fresh).status_code == 200
    assert "exchanged already" in fault(exchange(organization, fresh))


def test_p31_of_fifty_who_exchange_a_code_at_once_one_wins(server: Server, organization: Organization):
    fresh = code(server, organization)
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: exchange(organization, fresh), range(50)))
    assert sorted({answer.status_code for answer in answers}) == [200, 422]
    assert [answer.status_code for answer in answers].count(200) == 1


def test_a_code_works_for_some_minutes(server: Server, organization: Organization):
    fresh = code(server, organization)
    change(server, "UPDATE auth_codes SET expires_ms = 1 WHERE digest = ?", digest(fresh))
    assert "has expired; it works for 10 minutes" in fault(exchange(organization, fresh))


def test_a_code_of_somebody_else_is_answered_as_none_at_all_and_stays(
    server: Server, organization: Organization
):
    stranger, fresh = server.organization(), code(server, organization)
    foreign, unknown = exchange(stranger, fresh), exchange(stranger, "ac_" + "x" * 43)
    assert fault(foreign) == fault(unknown) == "auth_code is no auth code of this organization"
    assert fresh not in foreign.text
    assert exchange(organization, fresh).status_code == 200


@pytest.mark.parametrize("tampered", ["", "ac_", "x" * 10_000, "ac_\u0000", "\N{PACKAGE}"])
def test_what_is_no_code_is_refused(organization: Organization, tampered: str):
    assert exchange(organization, tampered).status_code == 422


def test_the_code_of_a_connection_that_was_deleted_gives_nothing(server: Server):
    organization = server.organization()
    result = link(server, organization).connect_sandbox()
    token = exchange(organization, result["auth_code"]).json()["access_token"]
    again = link(server, organization).connect_sandbox()
    assert again["connection_id"] == result["connection_id"], "an organization has one sandbox of a type"
    organization.tokens["wms"] = token
    assert organization.ask("DELETE", "/connections", "wms").status_code == 200
    assert exchange(organization, again["auth_code"]).status_code == 404


def test_p29_a_read_only_key_gets_neither_link_token_nor_access_token(
    server: Server, organization: Organization
):
    fresh = code(server, organization)
    reader = Organization(server.url, server.http, organization.id, "")
    _, reader.key = server.key(organization.id, read_only=True)
    assert reader.ask("POST", "/link/token", None).status_code == 403
    assert exchange(reader, fresh).status_code == 403
    assert reader.ask("POST", "/magic-links", None).status_code == 403
    assert exchange(organization, fresh).status_code == 200, "it was not used up"
    made = organization.ask("POST", "/magic-links", None).json()["magic_link"]
    secret = made["url"].rpartition("/")[2]
    assert secret not in reader.get("/magic-links").text
    assert secret not in reader.get(f"/magic-links/{made['id']}").text


def test_a_link_token_for_a_connection_of_somebody_else_is_not_made(
    server: Server, organization: Organization
):
    stranger = server.organization("cart")
    answer = organization.ask("POST", "/link/token", None, json={"connection_id": stranger.uids["cart"]})
    assert (answer.status_code, answer.json()["id"]) == (404, stranger.uids["cart"])


def test_a_link_token_works_for_half_an_hour(server: Server, organization: Organization):
    token = minted(organization)
    form = Linking(server, token)
    [(expires,)] = rows(server, "SELECT expires_ms FROM link_tokens WHERE digest = ?", digest(token))
    assert expires - server.services.clock() == pytest.approx(30 * 60_000, abs=60_000)
    change(server, "UPDATE link_tokens SET expires_ms = 1 WHERE digest = ?", digest(token))
    refused(form.ask("POST", "/open", json={}), 401, "link_token_expired")
    refused(form.send("wms", "sandbox"), 401, "link_token_expired")


@pytest.mark.parametrize("token", ["", "lt_" + "x" * 43, "ck_key", "Bearer"])
def test_a_link_token_that_is_none_opens_nothing(server: Server, token: str):
    code = "link_token_invalid" if token else "link_token_missing"
    form = Linking(server, token)
    for method, path in (("POST", "/open"), ("POST", "/connect"), ("POST", "/oauth/begin")):
        refused(form.ask(method, path, json={}), 401, code)
    for path in ("/integrations/wms/sandbox", "/permissions", "/flow"):
        refused(form.ask("GET", path), 401, code)


def test_api_keys_and_access_tokens_are_no_link_tokens(server: Server, house: Organization):
    for token in (house.key, house.tokens["wms"]):
        refused(Linking(server, token).ask("POST", "/open", json={}), 401, "link_token_invalid")


def test_p20_tokens_and_codes_are_not_in_the_database(server: Server, organization: Organization):
    token = minted(organization)
    flow_id = new_flow_id()
    result = Linking(server, token).connect_sandbox(flow_id)
    stored = rows(server, "SELECT * FROM link_tokens") + rows(server, "SELECT * FROM auth_codes")
    stored += rows(server, "SELECT * FROM link_flows WHERE id = ?", flow_id)
    text = repr([[bytes(cell) if isinstance(cell, memoryview) else cell for cell in row] for row in stored])
    for secret in (token, result["auth_code"]):
        assert secret not in text
        assert secret.partition("_")[2] not in text


def test_what_has_expired_is_forgotten(server: Server, organization: Organization):
    token, flow_id = minted(organization), new_flow_id()
    fresh = str(Linking(server, token).connect_sandbox(flow_id)["auth_code"])
    change(server, "UPDATE link_tokens SET expires_ms = 1 WHERE digest = ?", digest(token))
    change(server, "UPDATE auth_codes SET expires_ms = 1 WHERE digest = ?", digest(fresh))
    change(server, "UPDATE link_flows SET expires_ms = 1 WHERE id = ?", flow_id)
    services = server.services
    removed = server.do(clean(services.database, services.settings, services.clock()))
    assert min(removed["link_tokens"], removed["auth_codes"], removed["link_flows"]) >= 1
    assert rows(server, "SELECT 1 FROM link_tokens WHERE digest = ?", digest(token)) == []
    assert rows(server, "SELECT 1 FROM link_flows WHERE id = ?", flow_id) == []
