"""A world whose vendor is a modern one: see `tests.fakes.modern_vendor`.

from tests.journeys.modern import ModernWorld, modern, vendor

async def test_…(modern: ModernWorld): …
"""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest

from crossdock.kit import registry
from crossdock.resources.wms.products import PRODUCTS
from crossdock.resources.wms.warehouses import WAREHOUSES
from crossdock.store.connections import runs
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.runs import Run
from tests.fakes.modern_vendor import ModernVendor
from tests.fakes.modern_wms import SLUG, with_modern
from tests.fakes.vendor import TOKEN
from tests.journeys.conftest import ORDERS, RESOURCES, World

__all__ = ["ModernWorld", "modern", "product", "vendor"]

FUNCTIONS = {resource.function: resource for resource in (ORDERS, PRODUCTS, WAREHOUSES)}


def product(number: int, **extra_fields: Any) -> dict[str, Any]:
    return {
        "id": f"p-{number}",
        "updated_at": "2026-02-01T00:00:00Z",
        "name": f"Article {number}",
    } | extra_fields


class ModernWorld(World):
    """A world that connects to the modern vendor."""

    vendor: ModernVendor

    async def connect(self, *, sync: bool = True, page_size: str = "", **options: str) -> ConnectionRow:
        """A new connection to the vendor, its first sync done as far as the vendor lets it."""
        fields = {"url": self.vendor.url, "token": TOKEN} | options
        integration = registry.get_integration("wms", SLUG)
        connection, _ = await self.services.connector.connect(self.organization, integration, fields)
        if sync:
            await self.work()
        return connection

    async def run_of(self, connection: ConnectionRow, function: str) -> Run:
        run = await runs.latest(self.services.database, connection.id, function)
        assert run is not None
        return run


@pytest.fixture
async def vendor() -> AsyncIterator[ModernVendor]:
    async with ModernVendor() as started:
        started.collections = {"orders": [], "products": [product(1), product(2)], "halls": []}
        yield started


@pytest.fixture
def modern(world: World, monkeypatch: pytest.MonkeyPatch) -> ModernWorld:
    monkeypatch.setattr(registry, "all_integrations", with_modern())
    monkeypatch.setitem(RESOURCES, "get_products", PRODUCTS)
    return ModernWorld(**vars(world))


queue_all = partial(tuple, FUNCTIONS)
