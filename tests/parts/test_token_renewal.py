"""A token is renewed once over all workers, and a rotated refresh token is never lost."""

import asyncio
import os
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from crossdock.errors import InvalidCredentials
from crossdock.kit.auth.oauth import OAuthApp, refresh_token
from crossdock.kit.auth.renewed import AccessToken, RenewedAuth, token_in
from crossdock.kit.http import Http, new_session
from crossdock.kit.limits import LocalSlots
from crossdock.kit.session import TOKENS
from crossdock.net.addresses import AddressPolicy
from crossdock.store.connections import sessions
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.sessions import StoredSession
from crossdock.store.database.engine import Database
from crossdock.store.database.secrets import Vault
from tests.conftest import Clock
from tests.fakes.oauth_server import CLIENT_ID, CLIENT_SECRET, OAuthServer
from tests.fakes.stored_connection import stored_connection
from tests.fakes.token_worker import now_ms


@pytest.fixture
async def vendor() -> AsyncIterator[OAuthServer]:
    async with OAuthServer() as running:
        yield running


@pytest.fixture
async def connection(database: Database, vault: Vault, clock: Clock, vendor: OAuthServer) -> ConnectionRow:
    """A connection whose access token no longer works."""
    connection = await stored_connection(database, vault, clock)
    token = AccessToken("access-0", refresh=vendor.first_refresh_token())
    sealed = await sessions.seal(vault, connection, {"shop": 7, TOKENS: token.stored()})
    async with database.transaction() as transaction:
        await sessions.put(transaction, connection.id, sealed)
    return connection


@pytest.fixture
def session(database: Database, vault: Vault, connection: ConnectionRow) -> StoredSession:
    return StoredSession(database, vault, connection, now_ms)


@asynccontextmanager
async def worker(vendor: OAuthServer, session: StoredSession) -> AsyncIterator[Http]:
    """What signs the calls of one worker."""
    async with new_session(AddressPolicy.parse("127.0.0.0/8")) as opened:
        http = Http(session=opened, account="acct", slots=LocalSlots())
        app = OAuthApp(f"{vendor.url}/token", CLIENT_ID, CLIENT_SECRET)
        yield http.signed(RenewedAuth(obtain=refresh_token(http, app), session=session))


async def call(vendor: OAuthServer, session: StoredSession) -> int:
    async with worker(vendor, session) as http:
        return (await http.send("GET", f"{vendor.url}/orders")).status


async def test_workers_that_renew_at_once_ask_the_vendor_once(vendor: OAuthServer, session: StoredSession):
    vendor.answer_seconds = 0.2
    assert await asyncio.gather(*(call(vendor, session) for _ in range(8))) == [200] * 8
    assert vendor.granted == ["refresh_token"]


async def test_a_worker_whose_token_another_one_replaced_takes_the_new_one(
    vendor: OAuthServer, session: StoredSession
):
    async with worker(vendor, session) as first, worker(vendor, session) as second:
        for http in (first, second, first):
            vendor.expire()
            assert (await http.send("GET", f"{vendor.url}/orders")).status == 200
    assert vendor.granted == ["refresh_token"] * 3
    assert (await session.get())["shop"] == 7


async def test_a_run_that_is_cancelled_while_it_renews_loses_no_token(
    vendor: OAuthServer, session: StoredSession
):
    vendor.answer_seconds = 0.3
    task = asyncio.create_task(call(vendor, session))
    await vendor.granting.wait()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    token = token_in(await session.get())
    assert token is not None
    assert token.refresh in vendor.refresh
    assert await call(vendor, session) == 200
    assert vendor.granted == ["refresh_token"]


async def test_the_refresh_token_before_is_tried_when_the_last_one_is_not_taken(
    vendor: OAuthServer, session: StoredSession
):
    async with session.change() as values:
        values[TOKENS] = AccessToken("a", refresh="never given", previous="refresh-0").stored()
    assert await call(vendor, session) == 200
    assert [form["refresh_token"] for form in vendor.forms] == ["never given", "refresh-0"]


async def test_a_consent_that_was_revoked_says_to_connect_again(vendor: OAuthServer, session: StoredSession):
    async with session.change() as values:
        values[TOKENS] = AccessToken("a", refresh="revoked", previous="revoked, too").stored()
    with pytest.raises(InvalidCredentials, match="connect again"):
        await call(vendor, session)
    assert len(vendor.forms) == 2


# Processes


async def process(database_url: str, secret_key: str, session: StoredSession, vendor: OAuthServer) -> Process:
    """A worker that has begun, and waits for a line to call."""
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.fakes.token_worker",
        database_url, secret_key, session.connection.uid, vendor.url,
        stdin=PIPE, stdout=PIPE,
    )  # fmt: skip
    assert started.stdout is not None
    assert await asyncio.wait_for(started.stdout.readline(), 60) == b"ready\n"
    return started


async def test_processes_that_renew_at_once_ask_the_vendor_once(
    database_url: str, secret_key: str, session: StoredSession, vendor: OAuthServer
):
    vendor.answer_seconds = 0.3
    workers = [await process(database_url, secret_key, session, vendor) for _ in range(2)]
    answers = await asyncio.gather(*(started.communicate(b"go\n") for started in workers))
    assert [answer for answer, _ in answers] == [b"200\n"] * 2
    assert vendor.granted == ["refresh_token"]


async def killed_while_renewing(
    database_url: str, secret_key: str, session: StoredSession, vendor: OAuthServer
) -> None:
    """Kills a worker after the vendor rotated the token, and before the worker hears of it."""
    vendor.answer_seconds = 30.0
    started = await process(database_url, secret_key, session, vendor)
    assert started.stdin is not None
    started.stdin.write(b"go\n")
    await started.stdin.drain()
    await vendor.granting.wait()
    os.kill(started.pid, 9)
    await started.wait()
    vendor.answer_seconds = 0.0


async def test_a_worker_that_is_killed_over_a_renewal_costs_nothing_where_the_vendor_gives_a_grace(
    database_url: str, secret_key: str, session: StoredSession, vendor: OAuthServer
):
    vendor.grace = True
    await killed_while_renewing(database_url, secret_key, session, vendor)
    began = time.monotonic()
    assert await call(vendor, session) == 200
    assert time.monotonic() - began < 30, "the lease of the dead one runs out"
    assert [form["refresh_token"] for form in vendor.forms] == ["refresh-0"] * 2
    assert await call(vendor, session) == 200
    assert len(vendor.forms) == 2


async def test_a_worker_that_is_killed_over_a_renewal_means_to_connect_again_where_there_is_no_grace(
    database_url: str, secret_key: str, session: StoredSession, vendor: OAuthServer
):
    """Nobody can do better: the only token that works is in an answer that nobody has read."""
    await killed_while_renewing(database_url, secret_key, session, vendor)
    with pytest.raises(InvalidCredentials):
        await call(vendor, session)
