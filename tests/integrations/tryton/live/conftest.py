"""Real systems for the live tests, started once for a test run."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from crossdock.integrations.tryton.client import Client
from crossdock.kit.contract import Context
from crossdock.kit.http import Http, new_session
from crossdock.kit.limits import LocalSlots
from crossdock.kit.registry import get_integration
from crossdock.net.addresses import AddressPolicy
from tests.conftest import SHARED, needs_shared, skip_or_fail
from tests.integrations.tryton.live import server as tryton_server
from tests.integrations.tryton.live.server import Tryton
from tests.integrations.tryton.live.writing import Unlucky

LOCAL = AddressPolicy.parse("127.0.0.0/8")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Installs what is missing while the tests before these run: it takes minutes."""
    here, peer = Path(__file__).parent, SHARED / "peers" / "tryton"
    if not config.option.collectonly and peer.exists() and any(here in item.path.parents for item in items):
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


@pytest.fixture(scope="session")
def tryton_with_more(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tryton]:
    """A Tryton with kits and drop shipments, for all tests of a run."""
    peer, cache = needs_shared("peers", "tryton"), tryton_server.cache_folder()
    try:
        folder = tryton_server.installed(peer, cache)
        database = tryton_server.with_more_modules(folder, cache)
    except tryton_server.DidNotInstall as failure:
        skip_or_fail(f"there is no Tryton with further modules: {failure}")
        raise
    with tryton_server.running(folder, tmp_path_factory.mktemp("tryton-more"), database) as server:
        yield server


@pytest.fixture
async def http_session() -> AsyncIterator[aiohttp.ClientSession]:
    async with new_session(LOCAL) as opened:
        yield opened


@pytest.fixture
def tryton_client(http_session: aiohttp.ClientSession, tmp_path: Path) -> Callable[..., Client]:
    """Makes clients of our integration, by default with the administrator's credentials."""

    def client(server: Tryton, **other_credentials: str) -> Client:
        credentials = {
            "url": server.url,
            "user": server.user,
            "password": server.password,
        } | other_credentials
        limits = get_integration("wms", "tryton").manifest.limits
        http = Http(session=http_session, account="tryton", slots=LocalSlots(), limits=limits)
        return Client(Context(credentials, http, tmp_path))

    return client


SIGNED_IN: dict[str, Any] = {}
"""What a client learns when it signs in, which takes Tryton long: shared by the tests."""


@pytest.fixture
async def client(tryton: Tryton, tryton_client: Callable[..., Client]) -> AsyncIterator[Client]:
    new_tryton_client = tryton_client(tryton)
    vars(new_tryton_client._rpc).update(SIGNED_IN.get("rpc", {}))
    vars(new_tryton_client._readable).update(SIGNED_IN.get("readable", {}))
    yield new_tryton_client
    SIGNED_IN["rpc"] = {name: vars(new_tryton_client._rpc)[name] for name in ("_session", "_context")}
    SIGNED_IN["readable"] = {
        name: vars(new_tryton_client._readable)[name] for name in ("_fields", "_allowed")
    }


@pytest.fixture
def unlucky(client: Client) -> Unlucky:
    client.__class__ = Unlucky
    assert isinstance(client, Unlucky)
    return client
