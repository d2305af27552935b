"""Reading over HTTP what a world holds: in this process, on the world's own clock."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from crossdock.api.routes import application
from crossdock.changes.document import stamp
from crossdock.store import access, connections
from crossdock.store.connections import Connection
from tests.journeys.conftest import World

Json = dict[str, Any]


@dataclass
class Caller:
    """Who reads over HTTP what a world holds, with a token of one of its connections."""

    world: World
    http: httpx.AsyncClient

    async def get(self, connection: Connection, path: str, **query: Any) -> httpx.Response:
        services = self.world.services
        token = await connections.token(services.database, services.vault, connection)
        return await self.http.get(path, params=query, headers={"x-trackstar-access-token": token})

    async def read(self, connection: Connection, path: str, **query: Any) -> bytes:
        """The bytes of an answer."""
        found = await self.get(connection, path, **query)
        assert found.status_code == 200, found.text
        return found.content

    async def ids(self, connection: Connection, path: str, **query: Any) -> list[str]:
        found = await self.get(connection, path, **query)
        assert found.status_code == 200, found.text
        return [one["id"] for one in found.json()["data"]]

    async def fault(self, connection: Connection, path: str, **query: Any) -> Json:
        """What is wrong with a request, by parameter."""
        found = await self.get(connection, path, **query)
        assert found.status_code == 422, found.text
        messages: Json = found.json()["detail"]["query"]
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
    transport = httpx.ASGITransport(app=application(services.door()))
    headers = {"x-trackstar-api-key": key}
    async with httpx.AsyncClient(transport=transport, base_url="http://here", headers=headers) as http:
        yield Caller(world, http)
