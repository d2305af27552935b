"""What is kept of a connection begins with what connecting found, and lives as long as the connection."""

from typing import Any

import pytest

from crossdock.connections.disconnect import disconnect
from crossdock.errors import InvalidCredentials
from crossdock.kit.registry import get_integration
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.sessions import StoredSession
from tests.fakes.fake_wms import SLUG
from tests.fakes.vendor import TOKEN
from tests.journeys.conftest import World


def session(world: World, connection: ConnectionRow) -> StoredSession:
    services = world.services
    return StoredSession(services.database, services.vault, connection, services.clock)


async def keep(world: World, connection: ConnectionRow, **extra_fields: Any) -> None:
    async with session(world, connection).change() as values:
        values.update(extra_fields)


async def test_facts_that_the_check_found_are_kept_from_the_beginning(world: World):
    connection = await world.connect(sync=False)
    assert await session(world, connection).get() == {"account": "acct-1"}
    assert "account" not in (connection.me or "").replace("account_id", "")


async def test_new_credentials_forget_tokens_and_keep_facts(world: World):
    connection = await world.connect(sync=False)
    await keep(world, connection, tokens={"access_token": "of the old ones"}, region="eu", account="stale")
    await world.services.connector.reconnect(connection, {"token": TOKEN})
    assert await session(world, connection).get() == {"account": "acct-1", "region": "eu"}


async def test_credentials_that_are_not_accepted_change_nothing_of_the_session(world: World):
    connection = await world.connect(sync=False)
    await keep(world, connection, tokens={"access_token": "good"})
    with pytest.raises(InvalidCredentials):
        await world.services.connector.reconnect(connection, {"token": "wrong"})
    assert (await session(world, connection).get())["tokens"] == {"access_token": "good"}


async def test_tokens_of_a_consent_are_kept_with_the_new_connection(world: World):
    integration = get_integration("wms", SLUG)
    fields = {"url": world.vendor.url, "token": TOKEN, "page_size": "50"}
    tokens = {"access_token": "a", "refresh_token": "r"}
    connection, _ = await world.services.connector.connect(
        world.organization, integration, fields, session_values={"tokens": tokens}
    )
    assert await session(world, connection).get() == {"tokens": tokens, "account": "acct-1"}


async def test_nothing_is_kept_of_a_connection_that_is_deleted(world: World):
    connection = await world.connect(sync=False)
    await disconnect(world.services.database, connection, world.clock())
    await world.work()
    assert await world.services.database.fetch("SELECT connection_id FROM sessions") == []
