"""Limits with names, by cost, and at a time; corrected by what the vendor says is left; over all workers."""

import asyncio
import time as time_module
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

from crossdock.errors import VendorRefused, VendorThrottled
from crossdock.kit.http import Http, Patience, new_session
from crossdock.kit.limits import (
    CallLimit,
    LocalSlots,
    RateLimits,
    Slots,
    budget_in_headers,
    seconds_left_of_window,
)
from crossdock.net import pacing
from crossdock.net.addresses import AddressPolicy
from crossdock.net.pacing import UNLIMITED, BucketState, Pace, RemainingBudget
from crossdock.store.connections.slots import TICKET_MS, StoredSlots
from crossdock.store.database.engine import Database
from tests.conftest import Clock
from tests.fakes.vendor import FakeVendor, answer, throttled

ACCOUNT = "wms/acme/1"
POINTS = CallLimit(capacity=1000, restore_per_second=61 / 60 * 50)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["memory", "database"])
def slots(request: pytest.FixtureRequest, database: Database, clock: Clock) -> Slots:
    """Each implementation, on a clock that stands still."""
    if request.param == "memory":
        return LocalSlots(lambda: clock() / 1000)
    return StoredSlots(database, clock)


# By cost


async def test_a_bucket_lets_a_burst_through_and_then_what_is_restored(slots: Slots, clock: Clock):
    waits = [await slots.reserve(ACCOUNT, POINTS.pace, cost) for cost in (400, 600, 50, 100)]
    assert waits == [0, 0, 1, 3]
    clock.pass_seconds(3 + 1000 / 50)
    assert await slots.reserve(ACCOUNT, POINTS.pace, 1000) == 0


async def test_costs_of_a_minute_are_spaced_by_what_they_cost(slots: Slots):
    pace = CallLimit(cost_per_minute=61).pace
    assert [await slots.reserve(ACCOUNT, pace, cost) for cost in (10, 1, 1)] == [0, 10, 11]


async def test_limits_of_other_names_are_not_touched(slots: Slots):
    for _ in range(5):
        await slots.reserve(f"{ACCOUNT}#orders", CallLimit(requests_per_minute=1).pace)
    assert await slots.reserve(f"{ACCOUNT}#stock", CallLimit(requests_per_minute=1).pace) == 0
    assert await slots.reserve(ACCOUNT, UNLIMITED) == 0


async def test_a_hold_counts_for_a_bucket_that_is_full_too(slots: Slots):
    await slots.hold(ACCOUNT, 30)
    assert await slots.reserve(ACCOUNT, POINTS.pace, 10) == 30


@pytest.mark.parametrize("limit", [CallLimit(requests_per_minute=1), POINTS])
async def test_a_moment_that_is_too_far_away_stays_for_others(slots: Slots, limit: CallLimit):
    pace, cost = limit.pace, limit.capacity or 1
    await slots.reserve(ACCOUNT, pace, cost)
    for _ in range(50):
        assert (
            await slots.reserve(ACCOUNT, pace, cost, 10) == await slots.reserve(ACCOUNT, pace, cost, 5) > 10
        )
    assert await slots.reserve(ACCOUNT, pace, cost, 100) <= 61


async def test_what_a_clock_that_was_wrong_has_reserved_does_not_count(slots: Slots, clock: Clock):
    clock.pass_seconds(30 * 86_400)
    await slots.reserve(ACCOUNT, POINTS.pace, 1000)
    await slots.hold(ACCOUNT, 60)
    clock.pass_seconds(-30 * 86_400)
    assert await slots.reserve(ACCOUNT, POINTS.pace, 1000) == 0


# What the vendor says


async def test_a_vendor_that_says_less_is_left_slows_all_down(slots: Slots):
    await slots.correct(ACCOUNT, POINTS.pace, RemainingBudget(remaining=100))
    assert [await slots.reserve(ACCOUNT, POINTS.pace, cost) for cost in (100, 50)] == [0, 1]


async def test_a_vendor_that_says_more_is_left_does_not_count_calls_under_way(slots: Slots):
    await slots.reserve(ACCOUNT, POINTS.pace, 1000)
    await slots.correct(ACCOUNT, POINTS.pace, RemainingBudget(remaining=1000))
    assert await slots.reserve(ACCOUNT, POINTS.pace, 50) == 1


async def test_what_a_call_did_not_cost_is_given_back(slots: Slots):
    await slots.reserve(ACCOUNT, POINTS.pace, 1000)
    await slots.correct(ACCOUNT, POINTS.pace, RemainingBudget(unused=900))
    assert await slots.reserve(ACCOUNT, POINTS.pace, 900) == 0


async def test_a_plan_that_allows_more_is_learned(slots: Slots):
    await slots.correct(ACCOUNT, POINTS.pace, RemainingBudget(capacity=2000, per_second=100))
    assert [await slots.reserve(ACCOUNT, POINTS.pace, cost) for cost in (2000, 100)] == [0, 1]


async def test_a_window_that_is_used_up_is_waited_for(slots: Slots):
    pace = CallLimit(requests_per_minute=61).pace
    await slots.correct(ACCOUNT, pace, RemainingBudget(remaining=0, reset_seconds=40))
    assert await slots.reserve(ACCOUNT, pace) == 40


async def test_the_last_calls_of_a_window_are_made_at_its_end(slots: Slots):
    pace = CallLimit(requests_per_minute=60).pace
    await slots.correct(ACCOUNT, pace, RemainingBudget(remaining=10, reset_seconds=40))
    first = await slots.reserve(ACCOUNT, pace)
    assert 29 <= first <= 31
    await slots.correct(ACCOUNT, pace, RemainingBudget(remaining=60, reset_seconds=40))
    assert await slots.reserve(ACCOUNT, pace) < first + 2


@pytest.mark.parametrize(
    ("limit", "headers", "budget"),
    [
        ({"remaining_header": "X-Left"}, {"X-Left": "38"}, RemainingBudget(remaining=38)),
        ({"remaining_header": "X-Left"}, {"X-Left": "many"}, None),
        ({"remaining_header": "X-Left"}, {}, None),
        (
            {"remaining_header": "X-Left", "reset_header": "X-Reset", "reset_unit": "milliseconds"},
            {"X-Left": "0", "X-Reset": "1500"},
            RemainingBudget(remaining=0, reset_seconds=1.5),
        ),
        (
            {"remaining_header": "X-Left", "reset_header": "X-Reset", "reset_unit": "epoch"},
            {"X-Left": "0", "X-Reset": str(int(NOW.timestamp()) + 9)},
            RemainingBudget(remaining=0, reset_seconds=9),
        ),
        (
            {"remaining_header": "X-Left", "reset_header": "X-Reset", "reset_unit": "date"},
            {"X-Left": "0", "X-Reset": "2026-03-01T12:00:07Z"},
            RemainingBudget(remaining=0, reset_seconds=7),
        ),
        (
            {"limit_header": "X-Most", "capacity": 40, "restore_per_second": 2},
            {"X-Most": "80/80"},
            RemainingBudget(capacity=80),
        ),
        (
            {"limit_header": "X-Most", "requests_per_minute": 60},
            {"X-Most": "122"},
            RemainingBudget(per_second=2),
        ),
    ],
)
def test_headers_that_the_manifest_names_are_read(
    limit: dict[str, Any], headers: dict[str, str], budget: RemainingBudget | None
):
    read = budget_in_headers(CallLimit(**limit), headers, NOW)
    assert read == (budget and pytest.approx(budget))


def test_no_answer_of_a_vendor_makes_a_limit_faster_than_it_was_reserved():
    state, _ = pacing.reserve(BucketState(), Pace(10, 100), 100, 0)
    for budget in (RemainingBudget(remaining=10**9), RemainingBudget(remaining=100, reset_seconds=0)):
        assert pacing.correct(state, Pace(10, 100), budget, 0).free_ms >= state.free_ms


# At a time


async def test_so_many_have_a_place_over_all_workers_and_in_the_order_in_which_they_came(
    database: Database, clock: Clock
):
    drawn = list[int]()

    class DrawingSlots(StoredSlots):
        async def _draw(self, account: str) -> int:
            drawn.append(await super()._draw(account))
            return drawn[-1]

        async def _turn(self, account: str, ticket: int, at_most: int, longest_seconds: float) -> None:
            await super()._turn(account, ticket, at_most, longest_seconds)
            order.append(ticket)

    workers = [DrawingSlots(database, clock) for _ in range(3)]
    busy, limit, order = 0, 0, list[int]()

    async def call(number: int) -> None:
        nonlocal busy, limit
        async with workers[number % 3].place(ACCOUNT, 2, 30):
            busy += 1
            limit = max(limit, busy)
            await asyncio.sleep(0.02)
            busy -= 1

    calls = []
    for number in range(9):
        calls.append(asyncio.create_task(call(number)))
        await asyncio.sleep(0.005)
    await asyncio.gather(*calls)
    assert limit == 2
    # Whoever has a place had at most one before it that was still waiting or under way.
    assert all(position >= sorted(drawn).index(ticket) - 1 for position, ticket in enumerate(order)), order
    assert await database.fetch("SELECT * FROM vendor_calls") == []


async def test_a_place_that_does_not_get_free_is_waited_for_only_so_long(slots: Slots):
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(slots.place(ACCOUNT, 1, 5))
        began = time_module.monotonic()
        with pytest.raises(VendorThrottled) as caught:
            await stack.enter_async_context(slots.place(ACCOUNT, 1, 0.1))
        assert time_module.monotonic() - began < 3
        assert caught.value.retry_after > 0
        await stack.enter_async_context(slots.place(f"{ACCOUNT}#orders", 1, 0.1))


async def test_the_place_of_a_worker_that_died_gets_free(database: Database, clock: Clock):
    await StoredSlots(database, clock)._draw(ACCOUNT)
    clock.pass_seconds(TICKET_MS / 1000 + 1)
    async with StoredSlots(database, clock).place(ACCOUNT, 1, 1):
        pass


# A vendor with all of them


LIMITS = RateLimits(
    concurrent_requests=2,
    timeout_seconds=5,
    named={
        "orders": CallLimit(requests_per_minute=1),
        "points": CallLimit(capacity=100, restore_per_second=10, remaining_header="X-Left"),
    },
)


@pytest.fixture
async def fake() -> AsyncIterator[FakeVendor]:
    async with FakeVendor() as running:
        yield running


@pytest.fixture
async def http(database: Database, clock: Clock) -> AsyncIterator[Http]:
    """Waits by passing the time of the clock."""

    async def sleep(seconds: float) -> None:
        clock.pass_seconds(seconds)
        await asyncio.sleep(0)

    async with new_session(AddressPolicy.parse("127.0.0.0/8")) as session:
        yield Http(
            session=session, account=ACCOUNT, slots=StoredSlots(database, clock), limits=LIMITS, sleep=sleep,
            clock=lambda: datetime.fromtimestamp(clock() / 1000, UTC), random=lambda: 0.0,
        )  # fmt: skip


async def test_whoever_waits_for_one_limit_holds_up_no_call_of_another(http: Http, fake: FakeVendor):
    fake.script("/x", [answer()] * 20)
    waiting, released = asyncio.Event(), asyncio.Event()

    async def sleep(_: float) -> None:
        waiting.set()
        await released.wait()

    http.sleep = sleep
    await http.send("GET", f"{fake.url}/x", limit="orders")
    slow = [asyncio.create_task(http.send("GET", f"{fake.url}/x", limit="orders")) for _ in range(2)]
    await asyncio.wait_for(waiting.wait(), 5)
    for _ in range(3):
        await asyncio.wait_for(http.send("GET", f"{fake.url}/x"), 5)
        await asyncio.wait_for(http.send("GET", f"{fake.url}/x", limit="points", cost=10), 5)
    assert not any(task.done() for task in slow)
    released.set()
    await asyncio.gather(*slow)


async def test_a_limit_that_is_far_away_is_raised_with_when_to_come_again(http: Http, fake: FakeVendor):
    http.patience = Patience(longest_wait_seconds=10)
    await http.slots.hold(f"{ACCOUNT}#orders", 300)
    with pytest.raises(VendorThrottled) as caught:
        await http.send("GET", f"{fake.url}/x", limit="orders")
    assert caught.value.retry_after == 300
    assert fake.requests == []


async def test_a_vendor_that_throttles_a_call_with_a_limit_holds_up_that_limit(
    http: Http, fake: FakeVendor, clock: Clock
):
    fake.script("/x", [throttled(50), answer()])
    began = clock()
    await http.send("GET", f"{fake.url}/x", limit="points", cost=1)
    assert clock() - began >= 50_000
    await http.slots.hold(f"{ACCOUNT}#points", 500)
    fake.script("/x", [answer()])
    began = clock()
    await http.send("GET", f"{fake.url}/x")
    assert clock() == began


async def test_headers_of_answers_correct_the_limit_for_every_worker(
    http: Http, fake: FakeVendor, database: Database, clock: Clock
):
    fake.script("/x", [answer(body={}, headers={"X-Left": "20"})])
    await http.send("GET", f"{fake.url}/x", limit="points", cost=5)
    pace = LIMITS.named["points"].pace
    assert await StoredSlots(database, clock).reserve(f"{ACCOUNT}#points", pace, 30) == pytest.approx(1, 0.1)


async def test_bodies_correct_the_limit_by_hand(http: Http, fake: FakeVendor, clock: Clock):
    fake.script("/x", [answer()] * 2)
    await http.send("GET", f"{fake.url}/x", limit="points", cost=100)
    await http.correct("points", remaining=96, unused=96)
    began = clock()
    await http.send("GET", f"{fake.url}/x", limit="points", cost=96)
    assert clock() == began


async def test_a_call_that_costs_more_than_there_ever_is_is_refused_at_once(http: Http, fake: FakeVendor):
    with pytest.raises(VendorRefused, match="costs 101 is more than the 100"):
        await http.send("GET", f"{fake.url}/x", limit="points", cost=101)
    assert fake.requests == []


async def test_a_limit_that_the_manifest_does_not_name_is_a_mistake(http: Http, fake: FakeVendor):
    with pytest.raises(LookupError, match=r"\[limits\.parcels\]"):
        await http.send("GET", f"{fake.url}/x", limit="parcels")


async def test_a_shared_limit_is_one_for_all_connections(database: Database, clock: Clock, fake: FakeVendor):
    limits = RateLimits(named={"app": CallLimit(requests_per_minute=1, shared=True)})
    fake.script("/x", [answer()] * 2)
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async with new_session(AddressPolicy.parse("127.0.0.0/8")) as session:
        for account in ("wms/acme/1", "wms/acme/2"):
            http = Http(
                session=session,
                account=account,
                slots=StoredSlots(database, clock),
                limits=limits,
                sleep=sleep,
            )
            await http.send("GET", f"{fake.url}/x", limit="app")
    assert slept == [61]


@pytest.mark.parametrize(
    ("limit", "seconds"),
    [
        (CallLimit(requests_per_minute=60, reset_header="X-Reset"), 20),
        (CallLimit(capacity=40, restore_per_second=2, reset_header="X-Reset"), None),
        (CallLimit(requests_per_minute=60), None),
    ],
    ids=["a window", "a bucket, which is not full before", "one that does not say"],
)
def test_a_refused_call_waits_for_the_end_of_a_window_and_not_for_a_full_bucket(
    limit: CallLimit, seconds: float | None
):
    assert seconds_left_of_window(limit, {"X-Reset": "20"}, NOW) == seconds
