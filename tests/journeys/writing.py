"""Writing over HTTP what a world's vendor holds: in this process, on the world's own clock."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from crossdock.services.application import application
from crossdock.store.connections import access, connections
from crossdock.store.connections.connections import ConnectionRow
from tests.journeys.conftest import World

ORDER: dict[str, Any] = {
    "order_number": "SO-1",
    "line_items": [{"product_id": "p1", "quantity": 2}],
}


@dataclass
class Hand:
    """Who writes to one connection."""

    world: World
    http: httpx.AsyncClient
    connection: ConnectionRow

    async def send(self, method: str, path: str, body: Any = None, **extra_fields: Any) -> httpx.Response:
        services = self.world.services
        token = await connections.token(services.database, services.vault, self.connection)
        headers = {"x-trackstar-access-token": token, **extra_fields.pop("headers", {})}
        fields = {} if body is None else {"json": body}
        return await self.http.request(method, path, headers=headers, **fields, **extra_fields)

    async def order(self, *, key: str | None = None, **changes: Any) -> httpx.Response:
        """Creates an order."""
        headers = {} if key is None else {"Idempotency-Key": key}
        return await self.send("POST", "/wms/orders", ORDER | changes, headers=headers)

    async def faults(self, method: str, path: str, body: Any) -> dict[str, list[str]]:
        """What is wrong with a body, by field."""
        answer = await self.send(method, path, body)
        assert answer.status_code == 422, answer.text
        json: dict[str, list[str]] = answer.json()["detail"]["json"]
        return json

    def sent(self, method: str = "POST", path: str = "/orders") -> int:
        """How many of these requests the vendor got."""
        return sum((request.method, request.path) == (method, path) for request in self.world.vendor.requests)

    def held(self) -> list[dict[str, Any]]:
        """The vendor's orders that were not there at first."""
        return [order for order in self.world.vendor.collections["orders"] if order["id"].startswith("new-")]


@asynccontextmanager
async def writing(
    world: World, connection: ConnectionRow | None = None, *, read_only: bool = False
) -> AsyncIterator[Hand]:
    """Somebody with a key of the world's organization. connection: None for a new and synced one."""
    services = world.services
    connection = connection or await world.connect()
    _, key = await access.create_key(
        services.database, world.organization, name="w", read_only=read_only, now_ms=services.clock()
    )
    transport = httpx.ASGITransport(app=application(services.dependencies()))
    headers = {"x-trackstar-api-key": key}
    async with httpx.AsyncClient(transport=transport, base_url="http://here", headers=headers) as http:
        yield Hand(world, http, connection)
