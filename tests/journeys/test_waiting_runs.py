"""A run whose vendor prepares what comes next is put down, holds nothing up, and goes on later."""

import asyncio
import os
import signal
from contextlib import suppress

import pytest

from crossdock.jobs.worker import Worker
from crossdock.kit.contract import Page
from crossdock.store.connections import sign_ins
from crossdock.store.database import health
from crossdock.store.jobs.queue import JobRow
from crossdock.sync.pull import LONGEST_WAIT_SECONDS
from tests.journeys.conftest import order
from tests.journeys.modern import ModernWorld, modern, vendor
from tests.journeys.test_crash import Nursery, nursery

__all__ = ["modern", "nursery", "vendor"]

PRODUCTS = "get_products"


async def job_of(world: ModernWorld, connection) -> JobRow:
    return await world.last_job(connection, PRODUCTS)


async def test_a_run_whose_vendor_needs_time_is_put_down_and_goes_on_at_its_cursor(modern: ModernWorld):
    modern.vendor.polls = 2
    modern.vendor.collections["orders"] = [order(1)]
    connection = await modern.connect()
    job, run = await job_of(modern, connection), await modern.run_of(connection, PRODUCTS)
    assert (job.state, job.due_ms, job.lease_ms) == ("queued", modern.clock() + 300_000, None)
    assert (job.worker, job.attempts, job.error) == (None, 0, None)
    assert (run.cursor, run.received, run.waited_seconds) == ('"x-1"', 0, 300)
    assert modern.slept == []  # no worker waits
    assert await modern.count(connection) == 1  # and others get on

    modern.clock.pass_seconds(299)
    await modern.work()
    assert modern.vendor.exports == {"x-1": 1}  # not before it is time
    for _ in range(2):
        modern.clock.pass_seconds(300)
        await modern.work()
    assert modern.vendor.exports == {"x-1": 0}  # one export, asked for again
    assert await modern.count(connection, PRODUCTS) == 2
    assert (await job_of(modern, connection)).state == "done"
    assert await modern.problems(connection) == []


async def test_a_run_that_waits_holds_neither_its_lease_nor_the_sign_in(modern: ModernWorld):
    modern.vendor.polls = 1
    connection = await modern.connect()
    state = await sign_ins.get(modern.services.database, connection.id)
    assert not state.is_held(modern.clock())
    assert (await job_of(modern, connection)).worker is None


async def test_waiting_is_no_failure_however_often_it_happens(modern: ModernWorld):
    modern.vendor.polls = 40
    connection = await modern.connect()
    for _ in range(40):
        assert (await job_of(modern, connection)).state == "queued"
        modern.clock.pass_seconds(300)
        await modern.work()
    assert (await job_of(modern, connection)).state == "done"
    assert await modern.events(connection, "connection.schedule-stuck", "connection-error.created") == []


async def test_data_that_the_vendor_prepares_are_not_called_late(modern: ModernWorld):
    connection = await modern.connect()
    modern.vendor.polls, modern.vendor.poll_seconds = 1, 40_000
    await modern.next_sync()
    modern.clock.pass_seconds(39_000)
    body = await health.late_connections(modern.services.database, modern.clock(), "", intervals=3)
    assert PRODUCTS not in body
    modern.clock.pass_seconds(1_000)
    await modern.work()
    assert (await modern.schedule(connection, PRODUCTS)).last_outcome == "done"


async def test_a_vendor_that_never_gets_ready_is_given_up_after_a_day_and_told(modern: ModernWorld):
    modern.vendor.polls, modern.vendor.poll_seconds = 1000, 20_000
    connection = await modern.connect()
    for _ in range(4):
        modern.clock.pass_seconds(20_000)
        await modern.work()
    assert (await job_of(modern, connection)).state == "failed"
    [problem] = await modern.problems(connection)
    assert problem.kind == "unexpected_answer"
    assert "wait for 22.2222 hours, and wants 20000 s more; 24 hours together are the most" in problem.message
    assert (await modern.run_of(connection, PRODUCTS)).waited_seconds <= LONGEST_WAIT_SECONDS
    modern.vendor.polls = 0
    await modern.next_sync()
    assert await modern.problems(connection) == []


async def test_what_waits_counts_anew_after_a_record(modern: ModernWorld, monkeypatch: pytest.MonkeyPatch):
    from tests.fakes.modern_wms.client import Client

    async def products(self, walk):
        part = walk.cursor or 0
        if part == 6:
            yield Page([])
        elif part % 2 == 0:
            yield Page(self.parts[part : part + 1], part + 1, wait_seconds=50_000)
        else:
            yield Page([], part + 1, wait_seconds=30_000)

    monkeypatch.setattr(Client, "products", products)
    monkeypatch.setattr(Client, "parts", modern.vendor.collections["products"] * 3, raising=False)
    connection = await modern.connect()
    for _ in range(6):
        modern.clock.pass_seconds(50_000)
        await modern.work()
    assert (await job_of(modern, connection)).state == "done"


def test_a_page_that_waits_says_where_it_goes_on():
    with pytest.raises(ValueError, match="needs a cursor"):
        Page([], wait_seconds=5)


async def test_p14_a_run_that_waits_survives_kill_9_at_any_moment(modern: ModernWorld, nursery: Nursery):
    modern.vendor.polls, modern.vendor.poll_seconds = 3, 30
    modern.vendor.collections["orders"] = [order(1)]
    connection = await modern.connect(sync=False)
    before = modern.vendor.callers
    for requests in (1, 2, 4, 3, 5, 2, 1):
        child = await nursery.worker()
        last = len(modern.vendor.requests) + requests
        while len(modern.vendor.requests) < last and _lives(child):  # noqa: ASYNC110  as in settled
            await asyncio.sleep(0.002)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        await modern.vendor.settled(before)
    modern.vendor.polls = 0
    for _ in range(3):
        modern.clock.pass_seconds(3600)
        await modern.work()
    assert await modern.count(connection, PRODUCTS) == 2
    assert await modern.count(connection) == 1
    assert (await job_of(modern, connection)).state == "done"


def _lives(child: int) -> bool:
    try:
        os.kill(child, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_worker_that_stops_leaves_a_waiting_run_alone(modern: ModernWorld):
    modern.vendor.polls = 1
    connection = await modern.connect()
    worker: Worker = modern.services.worker()
    worker.stop()
    await worker.drain()
    assert (await job_of(modern, connection)).state == "queued"
