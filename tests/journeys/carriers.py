"""A connection to a carrier in a world, and whoever calls the API about it."""

from dataclasses import dataclass
from typing import Any

import httpx

from crossdock.kit import registry
from crossdock.store.connections import access
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.records.packing import unpacked_bodies
from crossdock.wire import decoder
from tests.journeys.conftest import World


@dataclass
class Carrier:
    """One connection, and the headers that open it."""

    world: World
    connection: ConnectionRow
    headers: dict[str, str]
    http: httpx.AsyncClient

    async def ask(self, method: str, path: str, **extra_fields: Any) -> httpx.Response:
        headers = self.headers | extra_fields.pop("headers", {})
        return await self.http.request(method, path, headers=headers, **extra_fields)

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
        carrier_files = await self.get("/carrier/files", start_time="2020-01-01T00:00:00Z")
        return [record["file_name"] for record in carrier_files["data"]]

    async def items(self) -> dict[str, Any]:
        """Net cost by charge."""
        data = (await self.get("/carrier/invoice-line-items"))["data"]
        return {record["charge_description"]: record["net_cost"] for record in data}

    async def sync(self) -> None:
        """Looks at the source now, and reads what came."""
        self.world.clock.pass_seconds(1)
        response = await self.ask("POST", "/connections/sync")
        assert response.status_code == 200, response.text
        await self.world.work()

    async def events(self, *types: str) -> list[dict[str, Any]]:
        """The bodies of events, sealed ones opened."""
        services, events = self.world.services, []
        rows = await services.database.fetch(
            "SELECT id, type, body, sealed FROM events WHERE connection_id = ? ORDER BY seq",
            self.connection.id,
        )
        bodies = await unpacked_bodies(services.database, [(row[2], bool(row[3])) for row in rows])
        for (event_id, kind, _, sealed), body in zip(rows, bodies, strict=True):
            if kind in types:
                context = f"event {event_id}"
                clear = await services.vault.open(self.world.organization, context, body) if sealed else body
                events.append(decoder.decode(clear))
        return events


async def connected(
    world: World,
    http: httpx.AsyncClient,
    organization: str | None = None,
    *,
    customer: str | None = "customer-1",
    slug: str = "ups",
    **fields: str,
) -> Carrier:
    """A connection to a carrier, synced for the first time."""
    services, owner = world.services, organization or world.organization
    connection, token = await services.connector.connect(
        owner, registry.get_integration("carrier", slug), fields, customer
    )
    _, key = await access.create_key(
        services.database, owner, name="t", read_only=False, now_ms=services.clock()
    )
    await world.work()
    world.clock.pass_seconds(1)
    return Carrier(world, connection, {"x-trackstar-api-key": key, "x-trackstar-access-token": token}, http)
