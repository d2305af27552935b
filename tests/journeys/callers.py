"""Reading over HTTP what a world holds: in this process, on the world's own clock."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from crossdock.services.application import application
from crossdock.store.connections import access, connections
from crossdock.store.connections.connections import ConnectionRow
from crossdock.wire import stamp
from tests.journeys.conftest import World

Json = dict[str, Any]


@dataclass
class Caller:
    """Who reads over HTTP what a world holds, with a token of one of its connections."""

    world: World
    http: httpx.AsyncClient

    async def get(self, connection: ConnectionRow, path: str, **query: Any) -> httpx.Response:
        services = self.world.services
        token = await connections.token(services.database, services.vault, connection)
        return await self.http.get(path, params=query, headers={"x-trackstar-access-token": token})

    async def read(self, connection: ConnectionRow, path: str, **query: Any) -> bytes:
        """The bytes of an answer."""
        response = await self.get(connection, path, **query)
        assert response.status_code == 200, response.text
        return response.content

    async def ids(self, connection: ConnectionRow, path: str, **query: Any) -> list[str]:
        response = await self.get(connection, path, **query)
        assert response.status_code == 200, response.text
        return [record["id"] for record in response.json()["data"]]

    async def fault(self, connection: ConnectionRow, path: str, **query: Any) -> Json:
        """What is wrong with a request, by parameter."""
        response = await self.get(connection, path, **query)
        assert response.status_code == 422, response.text
        messages: Json = response.json()["detail"]["query"]
        return messages

    def now(self) -> str:
        return stamp(self.world.clock())


@asynccontextmanager
async def calling(world: World) -> AsyncIterator[Caller]:
    """A caller with a key of the world's organization."""
    services = world.services
    _, key = await access.create_key(
        services.database, world.organization, name="t", read_only=True, now_ms=services.clock()
    )
    transport = httpx.ASGITransport(app=application(services.dependencies()))
    headers = {"x-trackstar-api-key": key}
    async with httpx.AsyncClient(transport=transport, base_url="http://here", headers=headers) as http:
        yield Caller(world, http)
