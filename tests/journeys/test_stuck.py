"""Runs that get nowhere are ended and told; schedules that are paused wait."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from crossdock.connections.disconnect import disconnect
from crossdock.connections.on_demand import SyncWindow, open_window
from crossdock.jobs.queue import LEASE_MS, claim
from crossdock.jobs.worker import Worker
from crossdock.store.connections import schedules
from crossdock.store.jobs import queue
from crossdock.store.records import records
from crossdock.sync.pull import MOST_ATTEMPTS
from crossdock.wire import stamp
from tests.fakes.vendor import answer, hanging, html, usual
from tests.journeys.conftest import World, order

HOUR_MS = 3_600_000


async def test_a_job_that_ends_every_worker_that_takes_it_is_given_up(world: World):
    await world.connect(sync=False)
    await world.services.jobs.enqueue_due()
    for attempt in range(1, MOST_ATTEMPTS + 1):
        # Nobody lives to tell: the lease just runs out.
        lease = await claim(world.services.database, "dies", world.clock)
        assert lease
        assert lease.job.attempts == attempt
        world.clock.pass_seconds(LEASE_MS / 1000 + 1)
    world.vendor.requests.clear()
    await world.work()
    assert lease
    job = await queue.get(world.services.database, lease.job.id)
    assert job
    assert (job.state, job.error) == ("failed", "begun 8 times without getting on")
    functions = {"get_orders": "/orders", "get_warehouses": "/warehouses", "get_order_packs": "/packs"}
    paths = {request.path for request in world.vendor.requests}
    assert paths == set(functions.values()) - {functions[job.function]}


def impatient(world: World) -> Worker:
    """A worker that takes what stores nothing for 300 ms for stuck."""
    worker = world.services.worker()
    handling = replace(worker._work.handling, stuck_seconds=0.3, beat_seconds=0.01)
    worker._work = replace(worker._work, handling=handling)
    return worker


async def test_a_sync_whose_vendor_never_answers_is_ended_and_told_and_begun_anew_by_the_schedule(
    world: World,
):
    world.vendor.collections["orders"] = [order(n) for n in range(1, 6)]
    connection = await world.connect(sync=False, page_size="2")
    world.vendor.script("/orders", [usual(), hanging()])
    began = stamp(world.clock())
    await asyncio.wait_for(impatient(world).drain(), 30)
    events = await world.events(connection, "connection.schedule-stuck")
    [data] = [event["data"] for event in events if event["data"]["function_name"] == "get_orders"]
    assert data == {"function_name": "get_orders", "last_crawl_start": began, "latest_data": None}
    schedule, job = await world.schedule(connection), await world.last_job(connection)
    assert (schedule.last_outcome, schedule.first_done_ms, schedule.mark) == ("failed", None, None)
    assert (job.state, job.error) == ("failed", "no progress for too long")
    world.vendor.calm()  # on a slow machine the first page may have been what took too long
    await world.next_sync()
    assert await world.count(connection) == 5
    assert (await world.schedule(connection)).last_outcome == "done"
    world.vendor.script("/orders", [hanging()])
    world.clock.pass_seconds(3600)
    await asyncio.wait_for(impatient(world).drain(), 30)
    events = await world.events(connection, "connection.schedule-stuck")
    # On a slow machine the others may have taken too long as well.
    last = [event["data"] for event in events if event["data"]["function_name"] == "get_orders"][-1]
    assert last["latest_data"] == "2026-02-01T00:00:05Z"


async def test_a_stuck_window_is_told_and_holds_nothing_any_more(world: World):
    connection = await world.connect()
    window = await open_window(
        world.services.database, connection, "get_orders", SyncWindow(0, 1), world.clock()
    )
    world.vendor.script("/orders", [hanging()])
    await asyncio.wait_for(impatient(world).drain(), 30)
    [event] = await world.events(connection, "connection.sync-job-stuck")
    assert (event["data"]["id"], event["data"]["status"]) == (window.id, "stuck")
    assert "connection.schedule-stuck" not in await world.told(connection)
    await world.next_sync()
    assert (await world.schedule(connection)).last_outcome == "done"


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(hanging(), id="stuck"),
        pytest.param(answer(200, {"rows": []}), id="broken"),
        pytest.param(html(), id="failed"),
    ],
)
async def test_a_force_sync_is_told_complete_however_its_last_function_ended(world: World, trouble: Any):
    connection = await world.connect()
    world.vendor.script("/orders", [trouble])
    await world.queue(connection)
    await asyncio.wait_for(impatient(world).drain(), 30)
    events = await world.events(connection, "connection.force-sync-completed")
    functions = sorted(event["data"]["function_name"] for event in events)
    assert functions == ["get_order_packs", "get_orders", "get_warehouses"]
    assert (await world.schedule(connection)).last_outcome == "failed"


async def test_what_a_customer_wanted_deleted_is_tried_again_when_deleting_breaks(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    world.vendor.collections["orders"] = [order(1)]
    connection = await world.connect()
    await disconnect(world.services.database, connection, world.clock())
    real, failures = records.purge, [ZeroDivisionError()]

    async def purge(*arguments: Any) -> int:
        if failures:
            raise failures.pop()
        return await real(*arguments)

    monkeypatch.setattr(records, "purge", purge)
    await world.work()
    assert await world.count(connection) == 1
    await world.next_sync(901)
    assert await world.count(connection) == 0


async def test_pausing_stops_a_schedule_and_resuming_goes_on_from_the_mark(world: World):
    world.vendor.collections["orders"] = [order(1)]
    connection = await world.connect()
    async with world.services.database.transaction() as transaction:
        assert await schedules.pause(transaction, connection.id, paused=True) == 3
    world.vendor.collections["orders"].append(order(2))
    await world.next_sync(100 * 3600)
    assert await world.count(connection) == 1
    async with world.services.database.transaction() as transaction:
        await schedules.pause(transaction, connection.id, paused=False, function="get_orders")
    world.vendor.requests.clear()
    await world.work()
    assert await world.count(connection) == 2
    assert [entry["since"] for entry in world.asked()] == ["2026-02-01T00:00:01Z"], "once, for all it missed"
    assert world.asked("/packs") == []
    due = (await world.schedule(connection)).due_ms
    assert world.clock() < due <= world.clock() + HOUR_MS
