"""Where events go is set also when connecting: a link token or a magic link names endpoints for webhooks."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.vendor import TOKEN, FakeVendor
from tests.journeys.linking import Json, Linking, event_types, fake_vendor, link
from tests.journeys.server import Organization, Server
from tests.ports import free_port


@pytest.fixture
def vendor(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeVendor]:
    with fake_vendor(server, monkeypatch) as started:
        yield started


@pytest.fixture
def organization(server: Server) -> Organization:
    return server.organization()


def admin(organization: Organization, method: str, path: str = "", **extra_fields: Any) -> Json:
    headers = {"authorization": f"Bearer {organization.key}"}
    url = f"{organization.url}/api/v1/app/{organization.id}/endpoint{path}"
    answer = organization.http.request(method, url, headers=headers, **extra_fields)
    assert answer.status_code < 300, answer.text
    shown: Json = answer.json() if answer.content else {}
    return shown


def endpoint(organization: Organization, **members: Any) -> str:
    body = {"url": f"http://127.0.0.1:{free_port()}/hook", **members}
    text: str = admin(organization, "POST", json=body)["id"]
    return text


def opened(server: Server, organization: Organization, how: str, ids: list[str]) -> Linking:
    """The form of a link token, or of a magic link, that names endpoints."""
    if how == "token":
        return link(server, organization, webhook_endpoint_ids=ids)
    answer = organization.ask("POST", "/magic-links", None, json={"webhook_endpoint_ids": ids})
    assert answer.status_code == 200, answer.text
    magic_link = answer.json()["magic_link"]
    assert magic_link["webhook_endpoint_ids"] == ids
    secret = magic_link["url"].rpartition("/")[2]
    url = f"{server.url}/connect/api/magic-links/session"
    session = server.http.post(url, json={"secret": secret}).json()
    return Linking(server, session["link_token"], session["options"])


@pytest.mark.parametrize("how", ["token", "magic link"])
def test_what_is_connected_is_told_to_the_endpoints_that_the_link_names(
    server: Server, organization: Organization, vendor: FakeVendor, how: str
):
    narrow, wide = endpoint(organization, connectionIds=[]), endpoint(organization)
    gone = endpoint(organization, connectionIds=[])
    form = opened(server, organization, how, [narrow, wide, gone])
    admin(organization, "DELETE", f"/{gone}")  # meanwhile: nobody's connecting fails for it
    fields = {"url": vendor.url, "token": TOKEN}
    uid = form.connect("wms", "fake", fields)["connection_id"]
    assert admin(organization, "GET", f"/{narrow}")["connectionIds"] == [uid]
    assert "connectionIds" not in admin(organization, "GET", f"/{wide}")
    assert "connection.created" in event_types(server, organization)
    stats = admin(organization, "GET", f"/{narrow}/stats")
    assert sum(stats.values()) > 0, "the first events went there"


@pytest.mark.parametrize("path", ["/link/token", "/magic-links"])
def test_an_endpoint_of_somebody_else_is_refused_like_none(
    server: Server, organization: Organization, path: str
):
    texts = []
    for identifier in (endpoint(server.organization()), "ep_none"):
        answer = organization.ask("POST", path, None, json={"webhook_endpoint_ids": [identifier]})
        assert answer.status_code == 422
        texts.append(answer.text.replace(identifier, "…"))
    assert texts[0] == texts[1]
    assert "webhook_endpoint_ids" in texts[0]
