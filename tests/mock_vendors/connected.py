"""A world that is connected to a vendor's mock over real HTTP: what journeys of an integration begin with."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import msgspec
import pytest

from crossdock.kit import registry
from crossdock.kit.registry import Integration
from crossdock.resources.schema import Resource
from crossdock.store.connections.connections import ConnectionRow
from tests.fakes.invented import known_with
from tests.journeys.conftest import RESOURCES, World
from tests.mock_vendors.orders import OrderMock, SampleOrder, moved_to


@dataclass
class MockedVendor:
    """A world that is connected to a vendor's mock."""

    world: World
    mock: OrderMock
    connection: ConnectionRow

    async def orders(self) -> dict[str, dict[str, Any]]:
        return await self.world.documents(self.connection)

    async def sync(self) -> str:
        """Sync the orders a minute later. The state of the job."""
        self.world.clock.pass_seconds(60)
        await self.world.force(self.connection, "get_orders")
        return (await self.world.last_job(self.connection)).state

    async def kinds(self) -> set[str]:
        """The kinds of problems that are told of the connection now."""
        return {problem.kind for problem in await self.world.problems(self.connection)}

    async def created(self) -> list[str]:
        """The ids of the orders that were told of as new, in order."""
        kind = "order" if self.connection.type == "wms" else "cart-order"
        events = await self.world.events(self.connection, f"{kind}.created")
        return [event["data"]["id"] for event in events]

    def wait_no_longer_than(self, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
        """Have calls of the vendor take so many seconds at most from now on."""
        integration = registry.get_integration(self.connection.type, self.connection.integration)
        limits = msgspec.structs.replace(integration.manifest.limits, timeout_seconds=seconds)
        manifest = msgspec.structs.replace(integration.manifest, limits=limits)
        impatient = replace(integration, manifest=manifest)
        monkeypatch.setattr(registry, "all_integrations", known_with(impatient))


Connected = TypeVar("Connected", bound=MockedVendor)


async def connected(
    kind: type[Connected],
    world: World,
    mock: OrderMock,
    monkeypatch: pytest.MonkeyPatch,
    resources: Sequence[Resource],
    *,
    orders: int = 1,
    skew_seconds: float = 0,
) -> Connected:
    """Connect to a mock that runs and has so many orders, and sync these resources.

    skew_seconds: how far the vendor's clock is ahead of ours.
    """
    for resource in resources:
        monkeypatch.setitem(RESOURCES, resource.function, resource)
    mock.clock = lambda: world.clock() / 1000 + skew_seconds
    integration = moved(mock.known_integration(), mock)
    monkeypatch.setattr(registry, "all_integrations", known_with(integration))
    for number in range(1, orders + 1):
        mock.add_order(SampleOrder(number))
    connection, _ = await world.services.connector.connect(
        world.organization, integration, mock.credentials(), session_values=mock.session()
    )
    await world.work()
    return kind(world, mock, connection)


def moved(integration: Integration, mock: OrderMock) -> Integration:
    """The integration, its vendor at the mock."""
    return moved_to(integration, mock.hosts())
