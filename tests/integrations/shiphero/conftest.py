"""A world that is connected to a made-up ShipHero."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from crossdock.integrations.shiphero.client import Client
from crossdock.kit import registry
from crossdock.kit.contract import Context
from crossdock.kit.http import Http
from crossdock.kit.registry import get_integration
from crossdock.kit.session import LocalSession
from crossdock.resources.catalogue import by_function
from crossdock.store.connections.connections import ConnectionRow
from tests.fakes.invented import known_with, reached_at
from tests.integrations.shiphero.mock import ACCOUNT, Mock
from tests.journeys.conftest import RESOURCES, World, migrated_sqlite, vendor, with_settings, world
from tests.parts.calls import http, slept

__all__ = ["http", "migrated_sqlite", "slept", "vendor", "world"]


@pytest.fixture
def database_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """A copy on SQLite: the vendor is what is tested."""
    return f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'crossdock.db')}"


@dataclass
class ConnectedShipHero:
    """A world with a connection to the mock."""

    world: World
    mock: Mock
    connection: ConnectionRow


@pytest.fixture
async def shiphero(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ConnectedShipHero]:
    public = with_settings(world, base_url="https://hub.example")
    for function, resource in by_function("wms").items():
        monkeypatch.setitem(RESOURCES, function, resource)
    async with Mock() as mock:
        mock.clock = lambda: world.clock() / 1000
        for sku in ("CRATE-1", "CRATE-2"):
            mock.add_product(sku)
        integration = reached_at(get_integration("wms", "shiphero"), {"": mock.url})
        monkeypatch.setattr(registry, "all_integrations", known_with(integration))
        connection, _ = await public.services.connector.connect(
            public.organization, integration, mock.credentials()
        )
        await public.work()
        yield ConnectedShipHero(public, mock, connection)


@pytest.fixture
async def mock() -> AsyncIterator[Mock]:
    async with Mock() as started:
        yield started


@pytest.fixture
def client(mock: Mock, http: Http, tmp_path: Path) -> Client:
    """A client of the mock."""
    integration = reached_at(get_integration("wms", "shiphero"), {"": mock.url})
    session = LocalSession({"account_id": ACCOUNT})
    http.limits = integration.manifest.limits
    return Client(Context(mock.credentials(), http, tmp_path, session=session, manifest=integration.manifest))
