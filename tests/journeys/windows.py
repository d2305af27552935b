"""A caller of one connection's API, for tests of the windows that it asks for."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import jsonschema
import pytest
import yaml

from crossdock.services.application import application
from crossdock.store.connections import access, connections
from crossdock.store.connections.connections import ConnectionRow
from tests.conftest import needs_shared
from tests.journeys.conftest import World, order, with_settings

PATH = "/connections/on-demand-syncs"
START, END = "2025-06-01T00:00:00Z", "2025-07-01T00:00:00Z"

Json = dict[str, Any]


def old(number: int, day: str = "2025-06-15", **extra_fields: Any) -> Json:
    """An order that changed long before any first sync looks back to."""
    return order(number, updated_at=f"{day}T00:00:{number % 60:02}Z", **extra_fields)


@dataclass
class Caller:
    """Calls the API of a world for one of its connections."""

    world: World
    http: httpx.AsyncClient
    connection: ConnectionRow
    headers: dict[str, str]

    async def call(self, method: str, path: str = PATH, **extra_fields: Any) -> httpx.Response:
        return await self.http.request(method, path, headers=self.headers, **extra_fields)

    async def post(self, start: str = START, end: str = END, function: str = "get_orders") -> httpx.Response:
        body = {"start_time": start, "end_time": end, "function_name": function}
        return await self.call("POST", json=body)

    async def ask(self, start: str = START, end: str = END) -> str:
        """The id of a window that was opened."""
        self.world.clock.pass_seconds(1)
        answered = await self.post(start, end)
        assert answered.status_code == 200, answered.text
        return str(answered.json()["id"])

    async def shown(self, window: str) -> Json:
        answered = await self.call("GET", f"{PATH}/{window}")
        assert answered.status_code == 200, answered.text
        body: Json = answered.json()
        return body

    async def status(self, window: str) -> str:
        return str((await self.shown(window))["status"])

    async def cancel(self, window: str) -> httpx.Response:
        return await self.call("POST", f"{PATH}/{window}/cancel")

    async def told(self, window: str) -> list[Json]:
        """What was told of a window, events whole."""
        names = ("connection.sync-job-completed", "connection.sync-job-stuck")
        events = await self.world.events(self.connection, *names)
        return [event for event in events if event["data"]["id"] == window]


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    services = with_settings(world, reads_per_second=0, writes_per_second=0).services
    transport = httpx.ASGITransport(application(services.dependencies()))
    async with httpx.AsyncClient(transport=transport, base_url="http://crossdock") as client:
        yield client


async def new_caller(world: World, http: httpx.AsyncClient, *, sync: bool = True, **fields: str) -> Caller:
    connection = await world.connect(sync=sync, **fields)
    services = world.services
    _, key = await access.create_key(
        services.database, world.organization, name="test", read_only=False, now_ms=services.clock()
    )
    token = await connections.token(services.database, services.vault, connection)
    headers = {"x-trackstar-api-key": key, "x-trackstar-access-token": token}
    return Caller(world, http, connection, headers)


@pytest.fixture
async def caller(world: World, http: httpx.AsyncClient) -> Caller:
    """A connection with three recent orders, in pages of two, its first sync done."""
    world.vendor.collections["orders"] = [order(n) for n in (1, 2, 3)]
    return await new_caller(world, http, page_size="2")


def valid(value: Any, document: str, schema: str) -> bool:
    """Whether this is what a schema of the contract says."""
    text = needs_shared("contract", f"{document}.openapi.yaml").read_text()
    components = yaml.safe_load(text)["components"]
    jsonschema.validate(value, {"$ref": f"#/components/schemas/{schema}", "components": components})
    return True
