"""Whatever dies while a vendor's webhooks are worked off: no notice is lost, nobody is subscribed twice."""

import asyncio
from itertools import count

import httpx
import pytest

from crossdock.jobs.queue import LEASE_MS, Lease, claim
from crossdock.sync.read_again import read_again
from tests.fakes.mortal import mortal
from tests.journeys.conftest import order
from tests.journeys.modern import ModernWorld, modern, vendor
from tests.journeys.test_inbound import door, jobs, public, sent, waiting

__all__ = ["door", "modern", "public", "vendor"]

MOST_STEPS = 100


NO_SYNCS = f"UPDATE schedules SET due_ms = {2**50}"
FIRST, LOST = "DELETE FROM inbound_subscriptions", "UPDATE inbound_subscriptions SET check_ms = 0"


async def claimed(world: ModernWorld) -> Lease:
    lease = await claim(world.services.database, "w1", world.clock)
    assert lease is not None
    return lease


async def test_p01_p02_whoever_dies_while_reading_again_loses_no_notice_and_tells_nothing_twice(
    public: ModernWorld, door: httpx.AsyncClient
):
    public.vendor.collections["orders"] = [order(1), order(2)]
    connection = await public.connect()
    await public.services.database.execute("UPDATE organizations SET sync_events = TRUE")
    await public.services.database.execute(NO_SYNCS)
    for steps in count():
        assert steps < MOST_STEPS
        before = await public.told(connection)
        public.change("orders", "o-001", total=f"{steps}.25")
        await sent(door, public.vendor.notice("orders/changed", "o-001", "o-002"))
        with mortal(public, steps) as life:
            await read_again(public.services.engine, await claimed(public), asyncio.Event())
        public.clock.pass_seconds(LEASE_MS / 1000 + 1)
        await public.work()
        told = (await public.told(connection))[len(before) :]
        assert (steps, told) == (steps, ["order.updated", "sync.completed"])
        [event] = (await public.events(connection, "sync.completed"))[-1:]
        assert event["data"]["cause"] == "inbound"
        counts = event["data"]["counts"]
        assert (counts["added"], counts["changed"], counts["deleted"]) == (0, 1, 0)
        assert await waiting(public) == []
        if not life.is_over:
            break
    assert steps > 8, "nothing was put to the test"
    assert set(await jobs(public)) == {"done"}


async def test_a_notice_that_is_answered_is_stored_whoever_dies_and_one_that_is_not_is_sent_again(
    public: ModernWorld, door: httpx.AsyncClient
):
    public.vendor.collections["orders"] = [order(1)]
    connection = await public.connect()
    await public.services.database.execute(NO_SYNCS)
    for steps in count():
        assert steps < MOST_STEPS
        public.change("orders", "o-001", total=f"{steps}.25")
        answered: httpx.Response | None = None
        with mortal(public, steps) as life:
            answered = await sent(door, public.vendor.notice("orders/changed", "o-001"))
        assert (answered is None) == life.is_over
        if answered is not None:
            assert await waiting(public) == [("o-001", 1)]
        await public.work()
        if not life.is_over:
            break
    total = (await public.documents(connection))["o-001"]["total_price"]
    assert str(total) == f"{steps}.25"


@pytest.mark.parametrize("how", [FIRST, LOST], ids=["first", "lost"])
async def test_whoever_dies_while_subscribing_leaves_one_subscription_in_the_end(
    public: ModernWorld, door: httpx.AsyncClient, how: str
):
    public.vendor.collections["orders"] = [order(1)]
    await public.connect()
    database = public.services.database
    await database.execute(NO_SYNCS)
    for steps in count():
        assert steps < MOST_STEPS
        public.vendor.hooks.clear()
        await database.execute(how)
        assert await public.services.subscriptions.enqueue_due() == 1
        with mortal(public, steps) as life:
            await public.services.subscriptions.subscribe(await claimed(public), asyncio.Event())
        public.clock.pass_seconds(LEASE_MS / 1000 + 1)
        await public.work()
        assert (steps, len(public.vendor.hooks)) == (steps, 1)
        [row] = await database.fetch("SELECT subscription FROM inbound_subscriptions")
        assert row[0] == f'"{next(iter(public.vendor.hooks))}"'
        assert (await sent(door, public.vendor.notice("orders/changed", "o-001"))).status_code == 200
        await public.work()
        if not life.is_over:
            break
    assert steps > 8, "nothing was put to the test"
