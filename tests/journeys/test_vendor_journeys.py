"""The way of an order through every vendor, from the door of our API to the webhooks that a customer gets.

A cart's is created, shipped, refunded, its stock adjusted; a warehouse's is created, shipped, returned, and
goods are received and adjusted. What a vendor's API can't do is refused with 501, and its notes say why.
Each is told in `story.py` beside the vendor's mock.
"""

import importlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from crossdock.kit import registry
from crossdock.resources.catalogue import by_function
from tests.fakes.hook_receiver import Receiver
from tests.fakes.invented import known_with
from tests.journeys.conftest import RESOURCES, World
from tests.journeys.hooks import Hooks
from tests.journeys.test_every_vendor import database_url
from tests.journeys.writing import writing
from tests.mock_vendors.connected import moved
from tests.mock_vendors.orders import all_mocks
from tests.mock_vendors.story import Story

__all__ = ["database_url"]


def tell_of(mock: Any) -> Callable[[Story], Awaitable[None]]:
    """The story of a mock's vendor; a mock without one fails here."""
    name = type(mock).__module__.removesuffix(".mock") + ".story"
    tell: Callable[[Story], Awaitable[None]] = importlib.import_module(name).tell
    return tell


@pytest.fixture(params=[name for name in all_mocks() if name != "wms/hay-barn"])
async def story(
    request: pytest.FixtureRequest, world: World, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Story]:
    mock_type = all_mocks()[request.param]
    for function, resource in by_function(mock_type.integration[0]).items():
        monkeypatch.setitem(RESOURCES, function, resource)
    async with mock_type() as mock, Receiver() as receiver:
        mock.clock = lambda: world.clock() / 1000
        integration = moved(mock.known_integration(), mock)
        monkeypatch.setattr(registry, "all_integrations", known_with(integration))
        hooks = Hooks(world, receiver)
        await hooks.endpoint()
        connection, _ = await world.services.connector.connect(
            world.organization, integration, mock.credentials(), session_values=mock.session()
        )
        await world.change_connection(connection, enabled_functions="*")
        for _ in range(3):
            await world.next_sync(60)
        async with writing(world, connection) as hand:
            yield Story(world, mock, connection, hand, hooks)


async def test_an_order_goes_its_whole_way(story: Story):
    await tell_of(story.mock)(story)
    before = changes(await story.told())
    await story.sync(*registry.get_integration(*story.mock.integration).manifest.functions.read)
    assert changes(await story.told()) == before, "what was written is what a sync reads"


def changes(told: list[str]) -> list[str]:
    """What tells of records. Entries of a ledger come with its own syncs, not with what they are about."""
    return [kind for kind in told if not kind.startswith(("connection.", "inventory_ledger."))]
