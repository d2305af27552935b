"""Webhooks of a vendor: what it says has changed is read again within the minute, whoever claims it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import structlog

from crossdock.connections.disconnect import disconnect
from crossdock.connections.schedules import pause
from crossdock.jobs.queue import claim
from crossdock.kit.inbound import hmac_text
from crossdock.services.application import application
from crossdock.store.connections import inbound
from crossdock.store.connections.connections import ConnectionRow
from crossdock.sync import notices as intake
from tests.fakes.modern_vendor import SIGNATURE
from tests.fakes.mortal import mortal
from tests.fakes.vendor import answer, failing, meanwhile
from tests.journeys.conftest import order, with_settings
from tests.journeys.modern import ModernWorld, modern, vendor

__all__ = ["modern", "vendor"]

Notice = tuple[str, bytes, dict[str, str]]


@pytest.fixture
def public(modern: ModernWorld) -> ModernWorld:
    """A world that vendors can reach."""
    world = with_settings(modern, base_url="https://hub.example")
    assert isinstance(world, ModernWorld)
    return world


@pytest.fixture
async def door(public: ModernWorld) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=application(public.services.dependencies()))
    async with httpx.AsyncClient(transport=transport, base_url="https://hub.example") as http:
        yield http


async def sent(door: httpx.AsyncClient, notice: Notice) -> httpx.Response:
    url, body, headers = notice
    return await door.post(url, content=body, headers=headers)


def reads(world: ModernWorld) -> list[str]:
    """The orders that were read one by one since the test last looked."""
    paths = [request.path for request in world.vendor.requests if request.path.startswith("/orders/")]
    world.vendor.requests.clear()
    return [path.removeprefix("/orders/") for path in paths]


async def waiting(world: ModernWorld) -> list[tuple[str, int]]:
    rows = await world.services.database.fetch("SELECT id, revision FROM notices ORDER BY id")
    return [(row[0], row[1]) for row in rows]


async def jobs(world: ModernWorld, kind: str = "read_again") -> list[str]:
    rows = await world.services.database.fetch("SELECT state FROM jobs WHERE kind = ? ORDER BY id", kind)
    return [row[0] for row in rows]


async def test_what_a_notice_names_is_read_and_told_without_a_sync(
    public: ModernWorld, door: httpx.AsyncClient
):
    public.vendor.collections["orders"] = [order(1), order(2)]
    connection = await public.connect()
    mark = (await public.schedule(connection)).mark
    public.change("orders", "o-001", state="SHIPPED")
    public.vendor.collections["orders"].append(order(3))
    reads(public)
    answered = await sent(door, public.vendor.notice("orders/changed", "o-001", "o-003"))
    assert (answered.status_code, answered.json()) == (200, {"received": True})
    await public.work()
    assert sorted(reads(public)) == ["o-001", "o-003"]
    events = await public.events(connection, "order.updated", "order.created")
    assert {event["data"]["id"]: event["event_type"] for event in events} == {
        "o-001": "order.updated", "o-003": "order.created",
    }  # fmt: skip
    assert (await public.schedule(connection)).mark == mark
    # The next sync meets what is known already.
    before = await public.told(connection)
    await public.next_sync()
    assert await public.told(connection) == before
    assert await waiting(public) == []


async def test_a_record_that_is_gone_becomes_a_tombstone_and_one_that_is_not_stays(
    public: ModernWorld, door: httpx.AsyncClient
):
    public.vendor.collections["orders"] = [order(1), order(2)]
    connection = await public.connect()
    notice = public.vendor.notice("orders/deleted", "o-001", "o-002")
    del public.vendor.collections["orders"][0]
    await sent(door, notice)
    await public.work()
    assert list(await public.gone(connection)) == ["o-001"]
    assert list(await public.documents(connection)) == ["o-002"]  # a notice is not believed
    [event] = await public.events(connection, "order.deleted")
    assert event["data"]["id"] == "o-001"


@pytest.mark.parametrize("how", ["another secret", "another body", "no signature", "another address"])
async def test_what_the_vendor_did_not_sign_is_refused_and_nothing_is_told(
    public: ModernWorld, door: httpx.AsyncClient, how: str
):
    public.vendor.collections["orders"] = [order(1)]
    await public.connect()
    url, body, headers = public.vendor.notice("orders/changed", "o-001")
    if how == "another secret":
        next(iter(public.vendor.hooks.values()))["secret"] = "guessed"
        url, body, headers = public.vendor.notice("orders/changed", "o-001")
    forged: dict[str, Notice] = {
        "another secret": (url, body, headers),
        "another body": (url, body.replace(b"o-001", b"o-002"), headers),
        "no signature": (url, body, {}),
        "another address": (url[:-1] + ("A" if url[-1] != "A" else "B"), body, headers),
    }
    answered = await sent(door, forged[how])
    assert (answered.status_code, answered.json()["error"]) == (401, "not accepted")
    assert await waiting(public) == []
    assert await jobs(public) == []


async def test_a_notice_that_comes_twice_is_read_once_and_one_that_comes_again_later_once_more(
    public: ModernWorld, door: httpx.AsyncClient
):
    public.vendor.collections["orders"] = [order(1)]
    connection = await public.connect()
    notice = public.vendor.notice("orders/changed", "o-001")
    public.change("orders", "o-001", state="SHIPPED")
    reads(public)
    for _ in range(2):
        assert (await sent(door, notice)).status_code == 200
    assert await waiting(public) == [("o-001", 2)]
    assert await jobs(public) == ["queued"]
    await public.work()
    assert reads(public) == ["o-001"]
    assert len(await public.events(connection, "order.updated")) == 1
    await sent(door, notice)  # replayed: it is read, and nothing is new
    await public.work()
    assert reads(public) == ["o-001"]
    assert len(await public.events(connection, "order.updated")) == 1


async def test_a_storm_of_1000_notices_at_once_is_heeded_folded_and_read_in_batches(
    public: ModernWorld, door: httpx.AsyncClient
):
    ids = [f"o-{number:03}" for number in range(1, 201)]
    public.vendor.collections["orders"] = [order(number) for number in range(1, 201)]
    connection = await public.connect()
    public.change("orders", "o-007", state="SHIPPED")
    reads(public)
    storm = [public.vendor.notice("orders/changed", ids[number % 200]) for number in range(1000)]
    with mortal(public, 10**6) as life:
        answers = await asyncio.gather(*(sent(door, notice) for notice in storm))
    assert {answered.status_code for answered in answers} == {200}
    assert life.transactions < 100
    assert len(await waiting(public)) == 200
    assert await jobs(public) == ["queued"]
    await public.work()
    assert sorted(reads(public)) == ids
    assert await jobs(public) == ["done"]
    assert len(await public.events(connection, "order.updated")) == 1


async def test_a_fault_in_storing_notices_is_told_to_all_whose_notices_were_folded(
    public: ModernWorld, door: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    public.vendor.collections["orders"] = [order(1)]
    await public.connect()

    async def broken(*_: Any) -> None:
        raise RuntimeError("broken")

    storm = [public.vendor.notice("orders/changed", "o-001") for _ in range(5)]
    with monkeypatch.context() as patch, structlog.testing.capture_logs():
        patch.setattr(inbound, "add", broken)
        answers = await asyncio.gather(*(sent(door, notice) for notice in storm))
    assert {answered.status_code for answered in answers} == {500}
    assert (await sent(door, storm[0])).status_code == 200
    assert await waiting(public) == [("o-001", 1)]


async def test_notices_of_a_paused_function_are_dropped_and_its_next_sync_finds_what_changed(
    public: ModernWorld, door: httpx.AsyncClient
):
    public.vendor.collections["orders"] = [order(1)]
    connection = await public.connect()
    public.change("orders", "o-001", state="SHIPPED")
    await sent(door, public.vendor.notice("orders/changed", "o-001"))  # before it is paused
    await pause(public.services.database, connection, "get_orders", public.clock(), paused=True)
    reads(public)
    await public.work()
    assert (await sent(door, public.vendor.notice("orders/changed", "o-001"))).status_code == 200
    await public.work()
    assert (reads(public), await waiting(public)) == ([], [])
    assert await jobs(public) == ["done"]
    await pause(public.services.database, connection, "get_orders", public.clock(), paused=False)
    await public.next_sync()
    assert len(await public.events(connection, "order.updated")) == 1


async def test_notices_of_a_function_that_was_switched_off_are_dropped(
    public: ModernWorld, door: httpx.AsyncClient
):
    public.vendor.collections["orders"] = [order(1)]
    connection = await public.connect()
    await sent(door, public.vendor.notice("orders/changed", "o-001"))
    await public.change_connection(connection, disabled_functions="get_orders")
    reads(public)
    await public.work()
    await sent(door, public.vendor.notice("orders/changed", "o-001"))
    assert (reads(public), await waiting(public)) == ([], [])


async def test_more_than_can_wait_are_left_to_a_sync_that_is_due_at_once(
    public: ModernWorld, door: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(intake, "MOST_WAITING", 3)
    public.vendor.collections["orders"] = [order(1)]
    connection = await public.connect()
    public.change("orders", "o-001", state="SHIPPED")
    for number in range(1, 3):
        await sent(door, public.vendor.notice("orders/changed", f"o-00{number}"))
    answered = await sent(door, public.vendor.notice("orders/changed", "o-005", "o-006"))
    assert answered.status_code == 200
    assert await waiting(public) == []
    assert (await public.schedule(connection)).due_ms == public.clock()
    public.clock.pass_seconds(1)
    await public.work()
    assert len(await public.events(connection, "order.updated")) == 1


async def test_a_record_is_not_read_for_a_notice_while_a_sync_of_its_function_runs(
    public: ModernWorld, door: httpx.AsyncClient
):
    """Else what was read before the sync's page could be stored after it."""
    public.vendor.collections["orders"] = [order(1)]
    connection = await public.connect()
    await public.queue(connection, "get_orders")
    syncing = await claim(public.services.database, "w1", public.clock)
    assert syncing is not None
    await sent(door, public.vendor.notice("orders/changed", "o-001"))
    assert await claim(public.services.database, "w2", public.clock) is None
    async with public.services.database.transaction() as transaction:
        await syncing.finish(transaction)
    reading = await claim(public.services.database, "w2", public.clock)
    assert reading is not None
    assert reading.job.kind == "read_again"
    await public.queue(connection, "get_orders", "get_warehouses")
    other_lease = await claim(public.services.database, "w1", public.clock)
    assert other_lease is not None
    assert other_lease.job.function == "get_warehouses"  # others go on
    assert await claim(public.services.database, "w3", public.clock) is None


async def test_a_sync_makes_way_for_notices_at_its_next_page(public: ModernWorld, door: httpx.AsyncClient):
    public.vendor.collections["orders"] = [order(number) for number in range(1, 301)]
    connection = await public.connect()
    for number in range(1, 301):
        public.change("orders", f"o-{number:03}", state="PICKED")

    async def told() -> None:
        await sent(door, public.vendor.notice("orders/changed", "o-300"))
        public.clock.pass_seconds(0.1)

    public.vendor.script("/orders", [meanwhile(told)])
    public.vendor.requests.clear()
    await public.next_sync()
    paths = [request.path for request in public.vendor.requests if request.path.startswith("/orders")]
    assert paths == ["/orders", "/orders/o-300", "/orders", "/orders"]
    assert len(await public.events(connection, "order.updated")) == 300


async def test_what_is_told_again_while_it_is_read_is_read_once_more(
    public: ModernWorld, door: httpx.AsyncClient
):
    public.vendor.collections["orders"] = [order(1)]
    connection = await public.connect()
    public.change("orders", "o-001", state="PICKED")
    old = dict(public.vendor.collections["orders"][0])

    async def late(world: Any, request: Any) -> Any:
        public.change("orders", "o-001", state="SHIPPED")
        await sent(door, public.vendor.notice("orders/changed", "o-001"))
        return await answer(body=old)(world, request)

    public.vendor.script("/orders/o-001", [late])
    await sent(door, public.vendor.notice("orders/changed", "o-001"))
    await public.work()
    statuses = [event["data"]["status"] for event in await public.events(connection, "order.updated")]
    assert statuses == ["picked", "fulfilled"]
    assert await waiting(public) == []


async def test_what_cannot_be_read_is_left_to_the_next_sync_which_is_due_at_once(
    public: ModernWorld, door: httpx.AsyncClient
):
    public.vendor.collections["orders"] = [order(1)]
    connection = await public.connect()
    public.change("orders", "o-001", state="SHIPPED")
    public.vendor.script("/orders/o-001", [failing(422)])
    await sent(door, public.vendor.notice("orders/changed", "o-001"))
    await public.work()
    assert (await jobs(public), await waiting(public)) == (["failed"], [])
    public.clock.pass_seconds(1)
    await public.work()
    assert len(await public.events(connection, "order.updated")) == 1
    assert await public.problems(connection) == []


async def test_a_vendor_that_is_down_is_asked_again(public: ModernWorld, door: httpx.AsyncClient):
    public.vendor.collections["orders"] = [order(1)]
    connection = await public.connect()
    public.change("orders", "o-001", state="SHIPPED")
    public.vendor.script("/orders/o-001", [failing()] * 5)
    await sent(door, public.vendor.notice("orders/changed", "o-001"))
    await public.work()
    assert await jobs(public) == ["queued"]
    public.clock.pass_seconds(10)
    await public.work()
    assert await jobs(public) == ["done"]
    assert len(await public.events(connection, "order.updated")) == 1


async def test_a_large_body_is_refused_and_an_odd_one_changes_nothing(
    public: ModernWorld, door: httpx.AsyncClient
):
    await public.connect()
    url, _, __ = public.vendor.notice("orders/changed")
    assert (await door.post(url, content=b"x" * 1_048_577)).status_code == 413
    secret = next(iter(public.vendor.hooks.values()))["secret"]
    for body in (b"", b"[]", b"null", b'{"topic": "orders/changed"}', b"\xff", b"[" * 10_000):
        answered = await door.post(url, content=body, headers={SIGNATURE: hmac_text(secret, body)})
        assert answered.status_code == 200
    assert await waiting(public) == []


async def test_a_connection_is_taken_no_more_than_so_many_notices_of_a_second(
    public: ModernWorld, door: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(intake, "MOST_IN_A_SECOND", 2)
    await public.connect()
    notice = public.vendor.notice("orders/changed", "o-1")
    statuses = [(await sent(door, notice)).status_code for _ in range(8)]
    assert 429 in statuses
    assert statuses[0] == 200


# Subscribing


async def left(world: ModernWorld, connection: ConnectionRow) -> bool:
    """Disconnects, as the API does."""
    services = world.services
    return await disconnect(services.database, connection, world.clock(), services.subscriptions.leave)


async def test_a_connection_is_subscribed_when_it_is_made_and_unsubscribed_when_it_is_deleted(
    public: ModernWorld, door: httpx.AsyncClient
):
    connection = await public.connect()
    [hook] = public.vendor.hooks.values()
    assert hook["url"].startswith("https://hub.example/inbound/")
    assert len(hook["url"]) >= len("https://hub.example/inbound/") + 43
    notice = public.vendor.notice("orders/changed", "o-001")
    await left(public, connection)
    assert public.vendor.hooks == {}
    assert (await sent(door, notice)).status_code == 401
    rows = await public.services.database.fetch("SELECT 1 FROM inbound_subscriptions")
    assert list(rows) == []


async def test_a_vendor_that_does_not_answer_keeps_nobody_from_disconnecting(public: ModernWorld):
    connection = await public.connect()
    public.vendor.script("/hooks/h-1", [failing(403)])
    assert await left(public, connection)


async def test_a_subscription_that_the_vendor_lost_is_made_again(public: ModernWorld):
    await public.connect()
    public.vendor.hooks.clear()
    await public.services.subscriptions.enqueue_due()
    await public.work()
    assert public.vendor.hooks == {}  # not before a day has passed
    public.clock.pass_seconds(25 * 3600)
    for _ in range(2):
        await public.services.subscriptions.enqueue_due()
        await public.work()
    assert len(public.vendor.hooks) == 1


async def test_a_vendor_that_will_not_have_us_subscribe_is_asked_again_hours_later(public: ModernWorld):
    public.vendor.script("/hooks", [failing(403)])
    connection = await public.connect()
    assert await jobs(public, "subscribe") == ["failed"]
    assert await public.problems(connection) == []
    public.clock.pass_seconds(7 * 3600)
    await public.services.subscriptions.enqueue_due()
    await public.work()
    assert len(public.vendor.hooks) == 1


@pytest.mark.parametrize("url", ["", "http://localhost:8000", "http://127.0.0.1:8000", "http://[::1]"])
async def test_nobody_subscribes_where_vendors_cannot_reach_us(modern: ModernWorld, url: str):
    world = with_settings(modern, base_url=url)
    await world.connect()
    assert modern.vendor.hooks == {}
    assert await world.services.subscriptions.enqueue_due() == 0


async def test_p20_neither_the_address_nor_the_secret_can_be_read_in_the_database(public: ModernWorld):
    await public.connect()
    [hook] = public.vendor.hooks.values()
    row = await public.services.database.fetch_one(
        "SELECT path_digest, path, secret, subscription FROM inbound_subscriptions"
    )
    assert row is not None
    stored = b"".join(item if isinstance(item, bytes) else str(item).encode() for item in row)
    for text in (hook["url"].rpartition("/")[2], hook["secret"]):
        assert text.encode() not in stored


async def test_a_fault_of_ours_logs_no_path_that_only_the_vendor_knows(
    public: ModernWorld, door: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    await public.connect()
    notice = public.vendor.notice("orders/changed", "o-001")

    async def breaks(*_: Any, **__: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(type(public.services.dependencies().notices), "take", breaks)
    with structlog.testing.capture_logs() as entries:
        assert (await sent(door, notice)).status_code == 500
    [entry] = [entry for entry in entries if entry["event"] == "request failed"]
    assert entry["path"] == "/inbound/***"
    assert notice[0].rpartition("/")[2] not in str(entries)
