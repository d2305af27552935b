"""A vendor that talks nonsense ends the run and changes no more; one that is slow or down is waited for."""

import asyncio
from typing import Any

import pytest

from crossdock.errors import LeaseLost
from crossdock.jobs.queue import claim
from crossdock.kit import paging
from crossdock.kit.http import Patience
from crossdock.store.connections import schedules
from crossdock.sync.pull import MOST_ATTEMPTS
from crossdock.sync.run import sync
from tests.fakes.fake_wms.client import Client
from tests.fakes.vendor import (
    Behaviour,
    answer,
    broken_off,
    dropped,
    failing,
    html,
    huge,
    redirected,
    throttled,
)
from tests.journeys.conftest import World, order

TRIES = Patience().retries + 1


def page_of(first: int, following: Any) -> Behaviour:
    return answer(body={"data": [order(first), order(first + 1)], "next": following})


# Name: what the vendor does, and what the run says of it.
NONSENSE: dict[str, tuple[list[Behaviour], str]] = {
    "a web page with status 200": ([html()], "wanted JSON, got text/html"),
    "an empty answer": ([answer(body=b"")], "wanted JSON, got an empty answer"),
    "half of an answer": ([answer(body=b'{"data": [{"id":')], "wanted JSON, got application/json"),
    "a redirect": ([redirected("https://elsewhere.example/")], "redirects to https://elsewhere.example/"),
    "a page larger than we take": ([huge(65 * 2**20)], "the answer is larger than 67,108,864 bytes"),
    "a cursor that goes backwards": (
        [page_of(11, "2026-02-01T05:00:00Z"), page_of(13, "2026-02-01T06:00:00Z"),
         page_of(15, "2026-02-01T04:00:00Z")],
        "after page 3 the cursor goes back",
    ),
    "a cursor that was there before": (
        [page_of(11, "first"), page_of(13, "second"), page_of(15, "first")],
        "the vendor sends us back to",
    ),
    "a walk that begins again": (
        [page_of(11, "first"), page_of(13, "second"), page_of(11, "third")],
        "page 3 is the same as the first",
    ),
    "empty pages without end": (
        [answer(body={"data": [], "next": f"p{n}"}) for n in range(21)],
        "21 empty pages in a row",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NONSENSE)
async def test_a_vendor_that_talks_nonsense_ends_the_run_and_the_next_begins_where_this_one_did(
    name: str, world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(paging, "MOST_EMPTY_PAGES", 20)
    behaviours, error = NONSENSE[name]
    world.vendor.collections["orders"] = [order(1), order(2)]
    connection = await world.connect()
    mark = (await world.schedule(connection)).mark
    world.vendor.script("/orders", behaviours)
    count = len(world.asked())
    await world.next_sync()

    job, schedule = await world.last_job(connection), await world.schedule(connection)
    assert job.state == "failed"
    assert error in str(job.error)
    assert (schedule.mark, schedule.last_outcome) == (mark, "failed")
    assert len(world.asked()) == count + len(behaviours)
    assert {"o-001", "o-002"} <= (await world.documents(connection)).keys()

    await world.next_sync()
    assert (await world.last_job(connection)).state == "done"
    assert world.asked()[-1]["since"] == str(mark).strip('"')


async def test_a_vendor_that_sends_one_page_for_ever_is_noticed_at_the_second(world: World):
    world.vendor.collections["orders"] = [order(n) for n in range(1, 8)]
    world.vendor.stuck.add("orders")
    connection = await world.connect(page_size="3")

    job = await world.last_job(connection)
    assert (job.state, job.error) == ("failed", "page 2 is the same as the page before")
    assert len(world.asked()) == 2
    schedule = await world.schedule(connection)
    assert (schedule.mark, schedule.first_done_ms) == (None, None)
    world.vendor.stuck.clear()
    await world.next_sync()
    assert await world.count(connection) == 7
    assert await world.events(connection, "order.created") == [], "it is still the first sync"


async def test_a_walk_that_breaks_off_before_its_last_page_is_not_complete(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    connection = await world.connect()
    real = Client._pages

    async def breaking_off(self: Any, name: str, walk: Any, since: str | None) -> Any:
        async for page in real(self, name, walk, since):
            if page.cursor is not None:
                yield page
            return

    monkeypatch.setattr(Client, "_pages", breaking_off)
    await world.next_sync(12 * 3600)

    job = await world.last_job(connection, "get_warehouses")
    assert (job.state, job.error) == ("failed", "the walk broke off before its last page")
    assert list(await world.documents(connection, "get_warehouses")) == ["w-1", "w-2"]


# Slow, or down

DOWN = {
    "a server error": [failing(500)] * TRIES,
    "no server behind the gateway": [failing(502)] * TRIES,
    "a connection that breaks in mid-answer": [broken_off()] * TRIES,
    "a connection that breaks at once": [dropped()] * TRIES,
    "too many requests": [throttled(600)],
    "too many requests, in words of 503": [throttled(600, status=503)],
}


@pytest.mark.parametrize("name", DOWN)
async def test_p14_a_run_goes_on_at_its_last_page_when_the_vendor_is_back(name: str, world: World):
    connection = await world.connect(page_size="2")
    world.vendor.collections["orders"] = [order(n) for n in range(1, 8)]
    page_2 = answer(body={"data": [order(1), order(2)], "next": "P2"})
    world.vendor.script("/orders", [page_2, *DOWN[name]])
    world.vendor.requests.clear()
    await world.next_sync()

    job = await world.last_job(connection)
    assert (job.state, job.attempts) == ("queued", 0), "it got a page further, so it counts anew"
    assert job.due_ms > world.clock()
    assert await world.count(connection) == 2
    assert (await world.schedule(connection)).last_outcome == "done", "of the run before"
    remaining_answer = answer(body={"data": [order(n) for n in range(3, 8)], "next": None})
    world.vendor.script("/orders", [remaining_answer])
    await world.next_sync(1000)

    assert (await world.last_job(connection)).state == "done"
    assert await world.count(connection) == 7
    cursors = [entry.get("cursor", "") for entry in world.asked()]
    assert cursors == ["", *["P2"] * (len(DOWN[name]) + 1)]
    assert len(await world.events(connection, "order.created")) == 7


async def test_a_vendor_that_asks_for_time_gets_it(world: World):
    connection = await world.connect()
    async with world.services.database.transaction() as transaction:
        # Another function that is due meanwhile would wait for the vendor, and time would pass.
        await schedules.pause(transaction, connection.id, paused=True)
        await schedules.pause(transaction, connection.id, paused=False, function="get_orders")
    world.vendor.script("/orders", [throttled(600)])
    await world.next_sync()
    count = len(world.asked())
    job = await world.last_job(connection)
    assert 600_000 <= job.due_ms - world.clock() <= 600_000
    assert job.error == "the vendor allows the next request in 600 s"

    await world.next_sync(590)
    assert len(world.asked()) == count
    await world.next_sync(10)
    assert len(world.asked()) == count + 1
    assert (await world.last_job(connection)).state == "done"


async def test_a_short_wait_is_waited_out_within_the_run(world: World):
    connection = await world.connect()
    world.vendor.script("/orders", [throttled(20)])
    await world.next_sync()

    assert (await world.last_job(connection)).state == "done"
    assert 20 in [round(number) for number in world.slept]


async def test_a_run_that_gets_no_further_is_given_up_after_some_attempts(world: World):
    connection = await world.connect()
    mark = (await world.schedule(connection)).mark
    await world.queue(connection, "get_orders")
    waits = []
    for _ in range(MOST_ATTEMPTS):
        world.vendor.script("/orders", [failing()] * TRIES)
        await world.work()
        job = await world.last_job(connection)
        waits.append(job.due_ms - world.clock())
        world.clock.pass_seconds(1200)
        # Other schedules come due meanwhile; only this job counts here.
        await world.services.database.execute("UPDATE schedules SET due_ms = ?", world.clock() + 86_400_000)

    assert (job.state, job.attempts) == ("failed", MOST_ATTEMPTS)
    assert str(job.error).startswith("500: ")
    assert waits[:3] == sorted(waits[:3]), "each wait is longer than the one before"
    schedule = await world.schedule(connection)
    assert (schedule.mark, schedule.last_outcome) == (mark, "failed")
    assert (await world.told(connection))[-1] == "connection.force-sync-completed"


async def test_a_run_that_gets_further_each_time_is_never_given_up(world: World):
    connection = await world.connect(sync=False)
    pages = MOST_ATTEMPTS + 3
    for number in range(pages):
        body = {"data": [order(number)], "next": f"p{number + 1}" if number + 1 < pages else None}
        world.vendor.script("/orders", [throttled(600), answer(body=body)])
    for _ in range(pages + 1):
        await world.next_sync(700)

    assert (await world.last_job(connection)).state == "done"
    assert await world.count(connection) == pages
    assert len([entry for entry in world.asked() if entry.get("cursor") == "p1"]) == 2


async def test_a_refused_request_fails_the_run_at_once(world: World):
    connection = await world.connect()
    world.vendor.script("/orders", [answer(400, {"message": "since is not a date"})])
    count = len(world.asked())
    await world.next_sync()

    job = await world.last_job(connection)
    assert (job.state, job.error) == ("failed", "400: since is not a date")
    assert len(world.asked()) == count + 1
    [problem] = await world.problems(connection)
    assert (problem.function, problem.kind) == ("get_orders", "request_refused"), "the connection is fine"


async def test_one_functions_trouble_does_not_hold_up_the_others(world: World):
    world.vendor.collections["packs"] = [{"id": "o-1", "packs": ["a"]}]
    world.vendor.script("/orders", [failing()] * TRIES)
    connection = await world.connect()

    assert (await world.last_job(connection)).state == "queued"
    assert await world.count(connection, "get_order_packs") == 1
    assert await world.count(connection, "get_warehouses") == 2


async def test_a_run_whose_lease_is_lost_stores_nothing_more(world: World):
    """Another worker took the job while this one was away."""
    connection = await world.connect()
    world.vendor.collections["orders"] = [order(n) for n in range(1, 5)]
    await world.queue(connection, "get_orders")
    database, clock = world.services.database, world.clock
    slow = await claim(database, "slow", clock)
    assert slow is not None
    clock.pass_seconds(61)
    quick = await claim(database, "quick", clock)
    assert quick is not None
    assert quick.job.id == slow.job.id

    with pytest.raises(LeaseLost):
        await sync(world.services.engine, slow, asyncio.Event())
    assert await world.count(connection) == 0
    await sync(world.services.engine, quick, asyncio.Event())
    assert await world.count(connection) == 4
    assert len(await world.events(connection, "order.created")) == 4
