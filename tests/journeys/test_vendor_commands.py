"""`crossdock connect` and `crossdock sync` against each vendor's mock, as somebody types them."""

import asyncio
import json
import time

import pytest

from tests.journeys.typed import MockedShell, connected_and_synced, settings_in, succeeded
from tests.mock_vendors.command import VARIABLE
from tests.mock_vendors.orders import SampleOrder, all_mocks

VENDORS = [
    name
    for name, mock in all_mocks().items()
    if name != "wms/hay-barn" and not mock().known_integration().manifest.auth.asks_for_consent
]
"""All but those whose users can only consent: the command line shows nobody a page."""


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> MockedShell:
    """A site with an organization."""
    folder = tmp_path_factory.mktemp("typed")
    shell = MockedShell(folder, settings_in(folder) | {VARIABLE: "{}"})
    succeeded(shell.call("migrate"))
    succeeded(shell.call("keys", "create", "backend"))
    return shell


@pytest.mark.parametrize("name", VENDORS)
async def test_whoever_connects_a_system_and_syncs_it_has_all_its_functions(shell: MockedShell, name: str):
    kind, slug = name.split("/")
    async with all_mocks()[name]() as mock:
        mock.clock = time.time
        for number in (1, 2, 3):
            mock.add_order(SampleOrder(number))
        fields = mock.credentials()
        at_mock = MockedShell(shell.folder, shell.settings | {VARIABLE: json.dumps({name: mock.hosts()})})
        synced = await asyncio.to_thread(connected_and_synced, at_mock, slug, fields, kind)
        assert synced.keys() == set(mock.known_integration().manifest.functions.read)
        assert {entry["state"] for entry in synced.values()} == {"done"}, synced
        assert synced["get_orders"]["created"] == 3
