"""A connection to a carrier in a world, and whoever calls the API about it."""

from dataclasses import dataclass
from typing import Any

import httpx

from crossdock.changes.document import decoder
from crossdock.integrations import registry
from crossdock.store import access
from crossdock.store.connections import Connection
from tests.journeys.conftest import World


@dataclass
class Carrier:
    """One connection, and the headers that open it."""

    world: World
    connection: Connection
    headers: dict[str, str]
    http: httpx.AsyncClient

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = self.headers | more.pop("headers", {})
        return await self.http.request(method, path, headers=headers, **more)

    async def get(self, path: str, **query: Any) -> Any:
        answer = await self.ask("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def upload(self, content: bytes, name: str = "january.csv") -> Any:
        """What the upload was answered with; read before this returns."""
        answer = await self.ask("POST", "/carrier/files", params={"file_name": name}, content=content)
        assert answer.status_code == 200, answer.text
        self.world.clock.pass_seconds(1)
        await self.world.work()
        return answer.json()["data"]

    async def file(self, file_id: str) -> Any:
        return (await self.get(f"/carrier/files/{file_id}"))["data"]

    async def names(self) -> list[str]:
        """The names of all files, in the order they came."""
        found = await self.get("/carrier/files", start_time="2020-01-01T00:00:00Z")
        return [one["file_name"] for one in found["data"]]

    async def items(self) -> dict[str, Any]:
        """Net cost by charge."""
        found = (await self.get("/carrier/invoice-line-items"))["data"]
        return {one["charge_description"]: one["net_cost"] for one in found}

    async def sync(self) -> None:
        """Looks at the source now, and reads what came."""
        self.world.clock.pass_seconds(1)
        asked = await self.ask("POST", "/connections/sync")
        assert asked.status_code == 200, asked.text
        await self.world.work()

    async def events(self, *types: str) -> list[dict[str, Any]]:
        """The bodies of events, sealed ones opened."""
        services, found = self.world.services, []
        rows = await services.database.fetch(
            "SELECT id, type, body, sealed FROM events WHERE connection_id = ? ORDER BY seq",
            self.connection.id,
        )
        for event_id, kind, body, sealed in rows:
            if kind in types:
                context = f"event {event_id}"
                clear = await services.vault.open(self.world.organization, context, body) if sealed else body
                found.append(decoder.decode(clear))
        return found


async def connected(
    world: World,
    http: httpx.AsyncClient,
    organization: str | None = None,
    *,
    customer: str | None = "customer-1",
    **given: str,
) -> Carrier:
    """A connection to UPS, synced for the first time."""
    services, owner = world.services, organization or world.organization
    made, token = await services.linker.connect(
        owner, registry.integration("carrier", "ups"), given, customer
    )
    _, key = await access.create_key(
        services.database, owner, name="t", read_only=False, now_ms=services.clock()
    )
    await world.work()
    world.clock.pass_seconds(1)
    return Carrier(world, made, {"x-trackstar-api-key": key, "x-trackstar-access-token": token}, http)
