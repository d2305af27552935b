"""Vendors' limits, shared by all runs and workers."""

import asyncio
import math
from bisect import bisect_left

import pytest

from crossdock.kit.limits import RateLimits
from crossdock.net.pacing import UNLIMITED, Pace
from crossdock.store.connections.slots import StoredSlots, forget_idle
from crossdock.store.database.engine import Database
from tests.conftest import Clock

ACCOUNT = "wms/acme/1"


def a_minute(requests: float) -> Pace:
    """The pace of a limit of so many requests a minute."""
    return UNLIMITED if math.isinf(requests) else RateLimits(requests_per_minute=requests).pace


def most_in_a_minute(moments: list[float]) -> int:
    """The most moments that any window of 60 seconds holds, its ends included."""
    moments = sorted(moments)
    return max(bisect_left(moments, at + 60.000_1) - number for number, at in enumerate(moments))


@pytest.mark.parametrize("per_minute", [1, 7, 60, 1000])
async def test_p17_no_window_of_a_minute_holds_more_requests_than_the_vendor_allows(
    per_minute: float, database: Database, clock: Clock
):
    workers = [StoredSlots(database, clock) for _ in range(4)]
    moments: list[float] = []

    async def ask(slots: StoredSlots) -> None:
        moments.append(clock() / 1000 + await slots.reserve(ACCOUNT, a_minute(per_minute)))

    for seconds in (0, 0.3, 17, 45, 0.001, 90):
        clock.pass_seconds(seconds)
        await asyncio.gather(*(ask(slots) for slots in workers for _ in range(5)))

    assert len(moments) == 120
    assert len(set(moments)) == 120, "each moment is given once"
    assert most_in_a_minute(moments) <= per_minute
    assert min(moments) == 1_770_000_000, "the first does not wait"


async def test_an_account_that_rested_does_not_save_its_moments_up(database: Database, clock: Clock):
    slots = StoredSlots(database, clock)
    await slots.reserve(ACCOUNT, a_minute(60))
    clock.pass_seconds(3600)
    waits = [await slots.reserve(ACCOUNT, a_minute(60)) for _ in range(3)]
    assert waits[0] == 0
    assert waits[1] >= 1
    assert waits[2] >= 2


async def test_a_hold_keeps_everybody_of_the_account_waiting_and_nobody_else(
    database: Database, clock: Clock
):
    slots, stored_slots = StoredSlots(database, clock), StoredSlots(database, clock)
    await slots.hold(ACCOUNT, 30)
    assert await stored_slots.reserve(ACCOUNT, a_minute(60)) == 30
    assert await stored_slots.reserve(ACCOUNT, a_minute(60)) > 30
    assert await stored_slots.reserve("wms/acme/2", a_minute(60)) == 0


@pytest.mark.parametrize("per_minute", [60, math.inf])
async def test_a_shorter_hold_does_not_cut_a_longer_one_short(
    per_minute: float, database: Database, clock: Clock
):
    slots = StoredSlots(database, clock)
    await slots.hold(ACCOUNT, 30)
    await slots.hold(ACCOUNT, 5)
    assert await slots.reserve(ACCOUNT, a_minute(per_minute)) == 30
    clock.pass_seconds(60)
    assert await slots.reserve(ACCOUNT, a_minute(per_minute)) == 0


async def test_without_a_limit_only_a_hold_counts(database: Database, clock: Clock):
    slots = StoredSlots(database, clock)
    assert [await slots.reserve(ACCOUNT, UNLIMITED) for _ in range(3)] == [0, 0, 0]
    await slots.hold(ACCOUNT, 12)
    assert [await slots.reserve(ACCOUNT, UNLIMITED) for _ in range(2)] == [12, 12]


async def test_moments_are_remembered_over_a_restart(database: Database, clock: Clock):
    await StoredSlots(database, clock).reserve(ACCOUNT, a_minute(1))
    assert await StoredSlots(database, clock).reserve(ACCOUNT, a_minute(1)) >= 60


async def test_limits_that_nobody_used_for_long_are_forgotten_and_others_stay(
    database: Database, clock: Clock
):
    slots = StoredSlots(database, clock)
    await slots.hold("wms/acme/idle", 1)
    await slots.hold("wms/acme/held", 3600)
    clock.pass_seconds(60)
    await slots.hold("wms/acme/used", 1)
    assert await forget_idle(database, clock() - 30_000, 10) == 1
    rows = await database.fetch("SELECT account FROM vendor_slots ORDER BY account")
    assert [row[0] for row in rows] == ["wms/acme/held", "wms/acme/used"]
