"""A whole Crossdock on either database, connected to a made-up vendor over real HTTP, on a clock that waits.

world.vendor.collections["orders"] = [order(1), …]        what the vendor holds
connection = await world.connect()                         connects, and does the first sync
await world.next_sync()                                    an hour later, and what is due by then
await world.events(connection)                             what was told, decoded, in order
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from crossdock.config import Settings
from crossdock.connections.schedules import enqueue_now
from crossdock.files.polling import SourcePoller
from crossdock.kit import registry
from crossdock.kit.http import Http
from crossdock.resources.wms.orders import ORDERS
from crossdock.resources.wms.packs import ORDER_PACKS
from crossdock.resources.wms.warehouses import WAREHOUSES
from crossdock.services import clients, wiring
from crossdock.services.open import open_services
from crossdock.services.wiring import Services
from crossdock.store.connections import access, connections, problems, runs, schedules
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.problems import ConnectionProblem
from crossdock.store.connections.runs import Run
from crossdock.store.connections.schedules import Schedule
from crossdock.store.jobs.queue import JobRow
from crossdock.store.records import events, quarantine, records
from crossdock.store.records.quarantine import QuarantineRow
from crossdock.store.states import JobCause
from crossdock.wire import decoder
from tests.conftest import Clock
from tests.emptied import database_url, emptied_postgres, migrated_sqlite
from tests.fakes.fake_wms import SLUG, with_fake
from tests.fakes.vendor import TOKEN, FakeVendor

__all__ = ["ORDERS", "ORDER_PACKS", "WAREHOUSES", "database_url", "emptied_postgres", "migrated_sqlite"]

RESOURCES = {resource.function: resource for resource in (ORDERS, WAREHOUSES, ORDER_PACKS)}


def order(number: int, **extra_fields: Any) -> dict[str, Any]:
    """An order as the fake vendor sends it, changed on February 1st at second `number`."""
    return {
        "id": f"o-{number:03}",
        "updated_at": f"2026-02-01T00:{number // 60:02}:{number % 60:02}Z",
        "created_at": "2026-01-31T09:00:00Z",
        "number": f"N{number}",
        "state": "NEW",
        "total": "10.50",
        "lines": [{"product": "p1", "quantity": 1}, {"product": "p2", "quantity": 2}],
        "shipments": [],
    } | extra_fields


def warehouse(number: int, **extra_fields: Any) -> dict[str, Any]:
    return {
        "id": f"w-{number}",
        "updated_at": "2026-02-01T00:00:00Z",
        "name": f"Hall {number}",
    } | extra_fields


def packs(number: int, *names: str) -> dict[str, Any]:
    return {"id": f"o-{number:03}", "packs": list(names)}


Body = dict[str, Any]


@dataclass
class World:
    """Everything a journey needs."""

    services: Services
    vendor: FakeVendor
    clock: Clock
    organization: str
    slept: list[float] = field(default_factory=list)
    """The seconds that calls waited for the vendor. They took none."""
    meanwhile: list[Callable[[], object]] = field(default_factory=list)
    """What happens during the next wait."""

    # What happens

    async def connect(self, *, sync: bool = True, page_size: str = "50", **options: str) -> ConnectionRow:
        """A new connection to the vendor, its first sync done."""
        fields = {"url": self.vendor.url, "token": TOKEN, "page_size": page_size} | options
        integration = registry.get_integration("wms", SLUG)
        connection, _ = await self.services.connector.connect(self.organization, integration, fields)
        if sync:
            await self.work()
        return connection

    async def work(self) -> None:
        """Does what is due until nothing is."""
        await asyncio.wait_for(self.services.worker().drain(), 30)

    async def next_sync(self, seconds: float = 3600) -> None:
        """Lets time pass, and does what is due then."""
        self.clock.pass_seconds(seconds)
        await self.work()

    async def force(self, connection: ConnectionRow, *functions: str) -> None:
        await self.queue(connection, *functions)
        await self.work()

    async def queue(self, connection: ConnectionRow, *functions: str, cause: JobCause = "force") -> None:
        """Queues functions, or all, a second after what was before."""
        self.clock.pass_seconds(1)
        async with self.services.database.transaction() as transaction:
            await enqueue_now(transaction, connection.id, functions or tuple(RESOURCES), cause, self.clock())

    def change(self, collection: str, record_id: str, **changes: Any) -> None:
        """The vendor changes a record, now by its clock."""
        for record in self.vendor.collections[collection]:
            if record["id"] == record_id:
                record.update({"updated_at": self.vendor_time()} | changes)

    def vendor_time(self) -> str:
        return (
            f"2026-02-02T{self.clock.now_ms // 3_600_000 % 24:02}:{self.clock.now_ms // 60_000 % 60:02}:00Z"
        )

    # What is there

    async def events(self, connection: ConnectionRow, *types: str) -> list[Body]:
        """The bodies of events, in order; of these types, or all that are readable."""
        rows = await events.of_connection(self.services.database, connection.id)
        bodies: list[Body] = [decoder.decode(row.body) for _, row in rows if not row.sealed]
        return [body for body in bodies if not types or body["event_type"] in types]

    async def told(self, connection: ConnectionRow) -> list[str]:
        """The types of all events, in order."""
        rows = await events.of_connection(self.services.database, connection.id)
        return [row.type for _, row in rows]

    async def history(self, connection: ConnectionRow) -> list[tuple[str, str, dict[str, Any], str | None]]:
        """(resource, record, previous, event) of each update, in order."""
        rows = await self.services.database.fetch(
            "SELECT resource, record_id, previous, event_id FROM history "
            "WHERE connection_id = ? AND kind = 'updated' ORDER BY id",
            connection.id,
        )
        return [(row[0], row[1], decoder.decode(row[2]), row[3]) for row in rows]

    async def rows(
        self, connection: ConnectionRow, function: str = "get_orders"
    ) -> dict[str, tuple[Any, ...]]:
        """All that is stored of each record, by id."""
        rows = await self.services.database.fetch(
            f"SELECT id, t.* FROM {RESOURCES[function].key} t WHERE connection_id = ? ORDER BY id",
            connection.id,
        )
        return {row[0]: tuple(row) for row in rows}

    async def documents(self, connection: ConnectionRow, function: str = "get_orders") -> dict[str, Body]:
        rows = await self.services.database.fetch(
            f"SELECT id, document FROM {RESOURCES[function].key} WHERE connection_id = ? ORDER BY id",
            connection.id,
        )
        return {row[0]: decoder.decode(row[1]) for row in rows}

    async def gone(self, connection: ConnectionRow) -> dict[str, Body]:
        """The tombstones."""
        rows = await self.services.database.fetch(
            "SELECT id, document FROM gone WHERE connection_id = ? ORDER BY id", connection.id
        )
        return {row[0]: decoder.decode(row[1]) for row in rows}

    async def last_run(self, connection: ConnectionRow, function: str = "get_orders") -> Run:
        run = await runs.latest(self.services.database, connection.id, function)
        assert run is not None
        return run

    async def last_job(self, connection: ConnectionRow, function: str = "get_orders") -> JobRow:
        """The job of this function that was queued last."""
        rows = await self.services.database.fetch(
            "SELECT id, kind, connection_id, function, cause, state, due_ms, lease_ms, worker, attempts, "
            "created_ms, ended_ms, error FROM jobs WHERE connection_id = ? AND function = ? ORDER BY id DESC",
            connection.id, function,
        )  # fmt: skip
        return JobRow(*rows[0])

    async def schedule(self, connection: ConnectionRow, function: str = "get_orders") -> Schedule:
        schedule = await schedules.get(self.services.database, connection.id, function)
        assert schedule is not None
        return schedule

    async def quarantined(
        self, connection: ConnectionRow, function: str | None = None
    ) -> list[QuarantineRow]:
        return await quarantine.of_connection(self.services.database, connection.id, function)

    async def problems(self, connection: ConnectionRow) -> list[ConnectionProblem]:
        return await problems.of_connection(self.services.database, connection.id)

    async def count(self, connection: ConnectionRow, function: str = "get_orders") -> int:
        return await records.count(self.services.database, RESOURCES[function], connection.id)

    def asked(self, path: str = "/orders") -> list[Mapping[str, str]]:
        """The queries of the requests that the vendor got for a path."""
        return [request.query for request in self.vendor.requests if request.path == path]

    async def change_connection(self, connection: ConnectionRow, **changes: Any) -> None:
        async with self.services.database.transaction() as transaction:
            await connections.change(transaction, connection.id, changes)


@pytest.fixture
async def vendor() -> AsyncIterator[FakeVendor]:
    async with FakeVendor() as started:
        started.collections = {"orders": [], "warehouses": [warehouse(1), warehouse(2)], "packs": []}
        yield started


@pytest.fixture
async def world(
    database_url: str,
    tmp_path: Path,
    secret_key: str,
    clock: Clock,
    vendor: FakeVendor,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[World]:
    slept: list[float] = []
    meanwhile: list[Callable[[], object]] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        while meanwhile:
            meanwhile.pop()()
        clock.pass_seconds(seconds)

    monkeypatch.setattr(registry, "all_integrations", with_fake())
    monkeypatch.setattr(clients, "Http", partial(Http, sleep=sleep, random=lambda: 0.5))
    monkeypatch.setattr(wiring, "SourcePoller", partial(SourcePoller, sleep=sleep))
    settings = Settings(
        data_dir=str(tmp_path), database_url=database_url, secret_key=secret_key,
        allowed_addresses="127.0.0.0/8", watched_root=str(tmp_path / "watched"),
    )  # fmt: skip
    async with open_services(settings, clock=clock) as services:
        organization = await access.create_organization(services.database, "Test", clock())
        yield World(services, vendor, clock, organization, slept, meanwhile)


def without_stamps(document: Body) -> Body:
    return {key: value for key, value in document.items() if not key.startswith("trackstar_")}


def same_bytes(body: Body, other_body: Body) -> bool:
    """Whether two documents are the same text, numbers and order of members included."""
    encoder = msgspec.json.Encoder(decimal_format="number")
    return encoder.encode(body) == encoder.encode(other_body)


def with_settings(world: World, **settings: Any) -> World:
    """The same world, run with other settings."""
    return replace(
        world, services=replace(world.services, settings=replace(world.services.settings, **settings))
    )
