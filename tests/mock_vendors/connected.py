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
from tests.mock_vendors.orders import OrderMock, SampleOrder


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
    hosts = mock.hosts()
    table = integration.manifest.hosts
    common = {**table.common, **hosts.get("", {})}
    by_choice = {
        choice: {**names, **hosts.get(choice, hosts.get("", {}))} for choice, names in table.by_choice.items()
    }
    moved = msgspec.structs.replace(table, common=common, by_choice=by_choice)
    return replace(integration, manifest=msgspec.structs.replace(integration.manifest, hosts=moved))
