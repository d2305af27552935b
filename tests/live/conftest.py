"""Real systems for the live tests, started once for a test run."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from crossdock.integrations.addresses import AddressPolicy
from crossdock.integrations.contract import Context
from crossdock.integrations.http import Http, LocalSlots, new_session
from crossdock.integrations.registry import integration
from crossdock.integrations.tryton.client import Client
from tests.conftest import SHARED, needs_shared, skip_or_fail
from tests.live import tryton_server
from tests.live.tryton_server import Tryton
from tests.live.tryton_writing import Unlucky

LOCAL = AddressPolicy.parse("127.0.0.0/8")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Installs what is missing while the tests before these run: it takes minutes."""
    here, peer = Path(__file__).parent, SHARED / "peers" / "tryton"
    if not config.option.collectonly and peer.exists() and any(here in one.path.parents for one in items):
        tryton_server.begin_to_install(peer)


@pytest.fixture(scope="session")
def tryton(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tryton]:
    """A seeded Tryton for all tests of a run: what one changes, the next one finds.

    The first one on a machine takes some minutes to install.
    """
    peer = needs_shared("peers", "tryton")
    try:
        folder = tryton_server.installed(peer, tryton_server.cache_folder())
    except tryton_server.DidNotInstall as failure:
        skip_or_fail(f"there is no Tryton to test against: {failure}")
        raise
    with tryton_server.running(folder, tmp_path_factory.mktemp("tryton")) as server:
        yield server


@pytest.fixture
async def http_session() -> AsyncIterator[aiohttp.ClientSession]:
    async with new_session(LOCAL) as opened:
        yield opened


@pytest.fixture
def tryton_client(http_session: aiohttp.ClientSession, tmp_path: Path) -> Callable[..., Client]:
    """Makes clients of our integration, by default with the administrator's credentials."""

    def client(server: Tryton, **other_credentials: str) -> Client:
        given = {"url": server.url, "user": server.user, "password": server.password} | other_credentials
        limits = integration("wms", "tryton").manifest.limits
        http = Http(session=http_session, account="tryton", slots=LocalSlots(), limits=limits)
        return Client(Context(given, http, tmp_path))

    return client


SIGNED_IN: dict[str, Any] = {}
"""What a client learns when it signs in, which takes Tryton long: shared by the tests."""


@pytest.fixture
async def client(tryton: Tryton, tryton_client: Callable[..., Client]) -> AsyncIterator[Client]:
    made = tryton_client(tryton)
    vars(made._rpc).update(SIGNED_IN.get("rpc", {}))
    vars(made._readable).update(SIGNED_IN.get("readable", {}))
    yield made
    SIGNED_IN["rpc"] = {name: vars(made._rpc)[name] for name in ("_session", "_context")}
    SIGNED_IN["readable"] = {name: vars(made._readable)[name] for name in ("_relations", "_missing")}


@pytest.fixture
def unlucky(client: Client) -> Unlucky:
    client.__class__ = Unlucky
    assert isinstance(client, Unlucky)
    return client
