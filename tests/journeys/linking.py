"""Connecting as the form does, over HTTP: the form's API with a link token.

link = Linking(server, organization)
opened = link.open(sandbox=True)                  what the form shows
result = link.connect("wms", "sandbox")           the result of a flow
"""

import asyncio
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from crossdock.connections.disconnect import disconnect
from crossdock.kit import registry
from crossdock.kit.registry import Integration
from crossdock.services.wiring import Services
from crossdock.store.connections import connections
from tests.fakes.fake_wms import fake_integration
from tests.fakes.vendor import FakeVendor
from tests.journeys.server import Organization, Server

Json = dict[str, Any]
MOST_LOOKS = 100
"""A sync that waits longer than some seconds is left to itself."""


def minted(organization: Organization, **body: Any) -> str:
    """A link token that the organization's backend gets."""
    answer = organization.ask("POST", "/link/token", None, json=body)
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["link_token"]
    return token


@dataclass
class Linking:
    """The form of a link token."""

    server: Server
    token: str
    options: Json = field(default_factory=dict)
    url: str = ""

    def ask(self, method: str, path: str, /, **fields: Any) -> httpx.Response:
        """The answer of the form's API."""
        headers = ({"authorization": f"Bearer {self.token}"} if self.token else {}) | fields.pop(
            "headers", {}
        )
        url = f"{self.url or self.server.url}/connect/api{path}"
        return self.server.http.request(method, url, headers=headers, **fields)

    def open(self, /, integration_id: str | None = None, **options: Any) -> Json:
        """What the form shows with these options, which stay those of the button."""
        self.options |= options
        body = {"options": self.options, "integration_id": integration_id}
        answer = self.ask("POST", "/open", json=body)
        assert answer.status_code == 200, answer.text
        shown: Json = answer.json()
        return shown

    def form(self, kind: str, name: str) -> Json:
        answer = self.ask("GET", f"/integrations/{kind}/{name}")
        assert answer.status_code == 200, answer.text
        shown: Json = answer.json()
        return shown

    def send(self, kind: str, name: str, fields: Json | None = None, flow_id: str = "") -> httpx.Response:
        """The answer to a form that is sent."""
        body = {
            "type": kind, "name": name, "fields": fields or {}, "options": self.options,
            "flow_id": flow_id or new_flow_id(),
        }  # fmt: skip
        return self.ask("POST", "/connect", json=body)

    def connect(self, kind: str, name: str, fields: Json | None = None, flow_id: str = "") -> Json:
        answer = self.send(kind, name, fields, flow_id)
        assert answer.status_code == 200, answer.text
        result: Json = answer.json()
        return result

    def connect_sandbox(self, flow_id: str = "") -> Json:
        """Connects the organization's sandbox warehouse."""
        self.options["sandbox"] = True
        return self.connect("wms", "sandbox", None, flow_id)

    def flow(self, flow_id: str) -> Json:
        answer = self.ask("GET", "/flow", params={"flow_id": flow_id})
        assert answer.status_code == 200, answer.text
        shown: Json = answer.json()
        return shown


def new_flow_id() -> str:
    return str(uuid.uuid4())


def refused(answer: httpx.Response, status: int, code: str) -> Json:
    """The error of an answer, which is this one."""
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text
    error: Json = answer.json()["error"]
    return error


def exchange(organization: Organization, code: str, **body: Any) -> httpx.Response:
    """The answer to a backend that exchanges an auth code."""
    return organization.ask("POST", "/link/exchange", None, json={"auth_code": code, **body})


async def _disconnect_all(services: Services, slugs: Iterable[str]) -> None:
    """Ends the connections to vendors that go away, so that nobody tries to sync them."""
    for connection in await connections.page(services.database, None, limit=100_000):
        if connection.integration in slugs:
            await disconnect(services.database, connection, services.clock())


async def _until_quiet(services: Services, slugs: Iterable[str]) -> None:
    """Lets the first syncs end, while there is a vendor: without one each would wait for it for long."""
    sql = (
        "SELECT c.integration FROM jobs j JOIN connections c ON c.id = j.connection_id "
        "WHERE j.state IN ('queued', 'running') AND c.deleted_ms IS NULL"
    )
    for _ in range(MOST_LOOKS):
        if not {row[0] for row in await services.database.fetch(sql)}.intersection(slugs):
            return
        await asyncio.sleep(0.05)


@contextmanager
def known(server: Server, monkeypatch: pytest.MonkeyPatch, *integrations: Integration) -> Iterator[None]:
    """Integrations of tests are known, until the end of the block; so are their connections."""
    additional = {(integration.type, integration.slug): integration for integration in integrations}
    every = registry.all_integrations() | additional
    monkeypatch.setattr(registry, "all_integrations", lambda: every)
    slugs = {integration.slug for integration in integrations}
    try:
        yield
    finally:
        server.do(_until_quiet(server.services, slugs))
        server.do(_disconnect_all(server.services, slugs))


@contextmanager
def fake_vendor(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeVendor]:
    """The fake vendor, running where the server runs, and its integration known."""
    started = server.do(_started(FakeVendor()))
    try:
        with known(server, monkeypatch, fake_integration()):
            yield started
    finally:
        server.do(started.__aexit__(None, None, None))


async def _started(vendor: FakeVendor) -> FakeVendor:
    await vendor.__aenter__()
    vendor.collections = {"orders": [], "warehouses": [], "packs": []}
    return vendor


def rows(server: Server, sql: str, *values: Any) -> list[Any]:
    """What the database has."""
    return server.do(server.services.database.fetch(sql, *values))


def change(server: Server, sql: str, *values: Any) -> None:
    """Changes the database as time would."""
    server.do(server.services.database.execute(sql, *values))


def link(server: Server, organization: Organization, /, **body: Any) -> Linking:
    """The form of a new link token."""
    return Linking(server, minted(organization, **body))


def event_types(server: Server, organization: Organization) -> list[str]:
    found = rows(server, "SELECT type FROM events WHERE organization_id = ? ORDER BY seq", organization.id)
    return [row[0] for row in found]


def audited(server: Server, organization: Organization) -> list[tuple[str, str]]:
    """(action, kind of actor) of the audit log, without what the test itself has set up."""
    sql = (
        "SELECT action, actor_kind FROM audit_log WHERE organization_id = ? AND actor_kind <> 'system' "
        "ORDER BY id"
    )
    return [(row[0], row[1]) for row in rows(server, sql, organization.id)]
