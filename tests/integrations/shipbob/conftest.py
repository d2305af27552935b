"""A client, and a whole world, connected to the mock of ShipBob."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from crossdock.integrations.shipbob.client import Client
from crossdock.kit import registry
from crossdock.kit.contract import Context
from crossdock.kit.http import Http, new_session
from crossdock.kit.limits import LocalSlots
from crossdock.kit.registry import Integration
from crossdock.kit.session import LocalSession
from crossdock.net.addresses import AddressPolicy
from crossdock.resources.catalogue import by_function
from crossdock.store.connections.connections import ConnectionRow
from tests.fakes.invented import known_with
from tests.integrations.shipbob.mock import CHANNEL, Mock
from tests.journeys.conftest import RESOURCES, World, migrated_sqlite, vendor, world

__all__ = ["migrated_sqlite", "vendor", "world"]


@pytest.fixture
def database_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """A copy on SQLite: ShipBob is what is tested."""
    return f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'crossdock.db')}"


@pytest.fixture(autouse=True)
def resources(monkeypatch: pytest.MonkeyPatch) -> None:
    for function, resource in by_function("wms").items():
        monkeypatch.setitem(RESOURCES, function, resource)


@pytest.fixture
async def mock() -> AsyncIterator[Mock]:
    async with Mock() as shipbob:
        yield shipbob


def at(mock: Mock) -> Integration:
    """The integration, its sandbox at the mock."""
    integration = registry.get_integration("wms", "shipbob")
    manifest = integration.manifest
    by_choice = {**manifest.hosts.by_choice, "sandbox": {"api": mock.url, "auth": mock.url}}
    hosts = msgspec.structs.replace(manifest.hosts, by_choice=by_choice)
    return replace(integration, manifest=msgspec.structs.replace(manifest, hosts=hosts))


@pytest.fixture
async def client(mock: Mock, tmp_path: Path) -> AsyncIterator[Client]:
    """A client as runs have it, with the channel that was found at connect."""
    async with new_session(AddressPolicy.parse("127.0.0.1/32")) as session:
        http = Http(session=session, account="wms/shipbob/1", slots=LocalSlots())
        facts = LocalSession({"channel_id": str(CHANNEL)})
        fields = {"channel_id": "", **mock.credentials()}
        yield Client(Context(fields, http, tmp_path, session=facts, manifest=at(mock).manifest))


async def connected(world: World, mock: Mock, monkeypatch: pytest.MonkeyPatch) -> ConnectionRow:
    """A connection to the mock, synced; both go by the world's clock."""
    mock.clock = lambda: world.clock() / 1000
    integration = at(mock)
    monkeypatch.setattr(registry, "all_integrations", known_with(integration))
    connection, _ = await world.services.connector.connect(
        world.organization, integration, mock.credentials()
    )
    await world.work()
    return connection


@pytest.fixture
async def connection(world: World, mock: Mock, monkeypatch: pytest.MonkeyPatch) -> ConnectionRow:
    return await connected(world, mock, monkeypatch)
