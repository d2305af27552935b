"""What is kept of a connection: encrypted, changed by one worker at a time, gone with the connection."""

import asyncio
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from crossdock.errors import NotFound, Unavailable
from crossdock.store.connections import connections, sessions
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.sessions import LEASE_MS, StoredSession
from crossdock.store.database.engine import Database
from crossdock.store.database.secrets import Vault
from tests.conftest import Clock
from tests.fakes.stored_connection import stored_connection


@pytest.fixture
async def connection(database: Database, vault: Vault, clock: Clock) -> ConnectionRow:
    return await stored_connection(database, vault, clock)


@pytest.fixture
def session(database: Database, vault: Vault, clock: Clock, connection: ConnectionRow) -> StoredSession:
    return StoredSession(database, vault, connection, clock)


@pytest.fixture
def stored_session(
    database: Database, vault: Vault, clock: Clock, connection: ConnectionRow
) -> StoredSession:
    """Another worker's."""
    return StoredSession(database, vault, connection, clock)


async def test_what_is_changed_is_there_for_every_worker(
    session: StoredSession, stored_session: StoredSession
):
    assert await session.get() == {}
    async with session.change() as values:
        values["shop"] = {"id": 7}
    async with stored_session.change() as values:
        values["region"] = "eu"
    assert await session.get() == {"shop": {"id": 7}, "region": "eu"}


async def test_nothing_is_stored_when_the_change_raises(session: StoredSession):
    with suppress(RuntimeError):
        async with session.change() as values:
            values["shop"] = 7
            raise RuntimeError
    assert await session.get() == {}
    async with session.change() as values:
        values["shop"] = 8
    assert await session.get() == {"shop": 8}


async def test_changes_come_one_after_the_other(session: StoredSession, stored_session: StoredSession):
    async def count(worker: StoredSession) -> None:
        async with worker.change() as values:
            before = values.get("count", 0)
            await asyncio.sleep(0.01)
            values["count"] = before + 1

    await asyncio.gather(*(count(worker) for worker in (session, stored_session) for _ in range(5)))
    assert await session.get() == {"count": 10}


async def test_a_change_keeps_nobody_else_from_writing(session: StoredSession, database: Database):
    async with session.change() as values:
        values["shop"] = 7
        await asyncio.wait_for(database.execute("UPDATE connections SET customer_id = 'c'"), 5)


async def test_whoever_died_over_a_change_holds_it_up_no_longer_than_the_lease(
    session: StoredSession, stored_session: StoredSession, clock: Clock
):
    await session._claim("dead")
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        clock.pass_seconds(1)

    patient = StoredSession(
        stored_session.database, stored_session.vault, stored_session.connection, clock, sleep
    )
    async with patient.change() as values:
        values["shop"] = 7
    assert LEASE_MS / 1000 <= len(waits) <= LEASE_MS / 1000 + 2
    assert await session.get() == {"shop": 7}


async def test_whoever_was_held_up_beyond_the_lease_stores_only_if_nobody_else_did(
    session: StoredSession, stored_session: StoredSession, clock: Clock
):
    async with session.change() as values:
        clock.pass_seconds(LEASE_MS / 1000 + 1)
        async with stored_session.change() as newer:
            newer["token"] = "newer"
        values["token"] = "older"
    assert await session.get() == {"token": "newer"}


async def test_a_lease_from_a_clock_that_was_wrong_holds_nobody_up(
    session: StoredSession, stored_session: StoredSession, clock: Clock
):
    clock.pass_seconds(86_400)
    await session._claim("ahead")
    clock.pass_seconds(-86_400)
    async with stored_session.change() as values:
        values["shop"] = 7
    assert await session.get() == {"shop": 7}


async def test_what_a_vendor_gave_is_stored_although_the_database_is_away_for_a_moment(
    session: StoredSession, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    transact, failures = session.database.transact, [Unavailable("is away")] * 3

    async def sometimes(work: Any) -> Any:
        if failures and not isinstance(work, partial):
            raise failures.pop()
        return await transact(work)

    async def sleep(_: float) -> None: ...

    monkeypatch.setattr(session.database, "transact", sometimes)
    patient = StoredSession(session.database, session.vault, session.connection, clock, sleep)
    async with patient.change() as values:
        values["tokens"] = {"refresh_token": "the only one"}
    assert await session.get() == {"tokens": {"refresh_token": "the only one"}}


async def test_p20_what_is_kept_can_not_be_read_in_the_database(session: StoredSession, database: Database):
    async with session.change() as values:
        values["tokens"] = {"refresh_token": "very-secret"}
    row = await database.fetch_one("SELECT content FROM sessions")
    assert row is not None
    assert b"secret" not in bytes(row[0])


async def test_a_session_goes_with_its_connection_and_does_not_come_back(
    session: StoredSession, database: Database, clock: Clock
):
    async with session.change() as values:
        values["shop"] = 7
    with suppress(NotFound):
        async with session.change() as values:
            values["shop"] = 8
            async with database.transaction() as transaction:
                await connections.delete(transaction, session.connection.id, clock())
    assert await database.fetch("SELECT * FROM sessions") == []
    with pytest.raises(NotFound):
        async with session.change():
            pass


async def test_what_is_put_in_its_place_ends_a_change_that_is_under_way(
    session: StoredSession, vault: Vault, database: Database
):
    async with session.change() as values:
        sealed = await sessions.seal(vault, session.connection, {"shop": "new"})
        async with database.transaction() as transaction:
            await sessions.put(transaction, session.connection.id, sealed)
        values["tokens"] = "of the old credentials"
    assert await session.get() == {"shop": "new"}
