"""What becomes of a job in a worker's hands: heartbeats, hangs, breaks, outages, and being told to stop."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from crossdock.errors import Unavailable
from crossdock.jobs.execution import Handler, JobHandlers, hold
from crossdock.jobs.queue import LEASE_MS, Lease, claim, enqueue
from crossdock.jobs.worker import PeriodicTask, Work, Worker, WorkerLimits
from crossdock.store.database.engine import Database
from crossdock.store.jobs import queue
from crossdock.store.jobs.queue import JobRow
from crossdock.store.states import JobKind
from tests.conftest import Clock

STEP = "INSERT INTO vendor_slots (account, free_ms) VALUES ('a step', 1)"


@dataclass
class Desk:
    """One worker's place: jobs are claimed, and done by a handler that a test gives."""

    database: Database
    clock: Clock
    broken: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def claimed(self, kind: JobKind = "sync") -> Lease:
        async with self.database.transaction() as transaction:
            await enqueue(transaction, kind=kind, connection_id=1, cause="schedule", now_ms=self.clock())
        lease = await claim(self.database, "w", self.clock)
        assert lease is not None
        return lease

    def handling(self, handler: Handler, **extra_fields: float) -> JobHandlers:
        async def broken(lease: Lease, error: str) -> None:
            self.broken.append(error)
            await self._fail(lease, error)

        async def stuck(lease: Lease) -> None:
            self.stuck.append(lease.job.id)
            await self._fail(lease, "stuck")

        return JobHandlers({"sync": handler}, broken, stuck, **({"beat_seconds": 0.01} | extra_fields))

    async def _fail(self, lease: Lease, error: str) -> None:
        async with self.database.transaction() as transaction:
            await lease.fail(transaction, error)

    async def hold(self, lease: Lease, handler: Handler, **extra_fields: float) -> None:
        async with asyncio.timeout(20):
            await hold(self.database, self.handling(handler, **extra_fields), lease, self.stopping)

    async def job(self, lease: Lease) -> JobRow:
        job = await queue.get(self.database, lease.job.id)
        assert job is not None
        return job

    async def stored(self) -> int:
        """How many steps were stored."""
        return len(await self.database.fetch("SELECT account FROM vendor_slots"))


@pytest.fixture
def desk(database: Database, clock: Clock) -> Desk:
    return Desk(database, clock)


async def hang(lease: Lease, stopping: asyncio.Event) -> None:
    await asyncio.Event().wait()


async def until(true: Callable[[], Awaitable[Any]]) -> None:
    async with asyncio.timeout(20):
        while not await true():  # noqa: ASYNC110 - what is waited for knows nothing of us
            await asyncio.sleep(0.002)


# Heartbeats


async def test_a_step_that_takes_long_keeps_its_lease(desk: Desk):
    lease = await desk.claimed()
    holding = asyncio.create_task(desk.hold(lease, hang))
    for _ in range(3):
        desk.clock.pass_seconds(50)
        now = desk.clock()

        async def is_extended(now: int = now) -> bool:
            return (await desk.job(lease)).lease_ms == now + LEASE_MS

        await until(is_extended)
    assert await claim(desk.database, "other", desk.clock) is None
    holding.cancel()
    await holding


async def test_a_step_that_stores_nothing_for_too_long_is_stuck_and_its_place_is_free(desk: Desk):
    lease = await desk.claimed()
    with capture_logs() as logs:
        await desk.hold(lease, hang, stuck_seconds=0.05)
    assert desk.stuck == [lease.job.id]
    assert (await desk.job(lease)).state == "failed"
    assert logs == [], "whoever ends it tells"


async def test_a_job_that_gets_on_is_never_stuck_however_long_it_takes(desk: Desk):
    lease = await desk.claimed()

    async def long(lease: Lease, stopping: asyncio.Event) -> None:
        for _ in range(8):
            await asyncio.sleep(0.03)
            async with desk.database.transaction() as transaction:
                await lease.record_progress(transaction)
        async with desk.database.transaction() as transaction:
            await lease.finish(transaction)

    await desk.hold(lease, long, stuck_seconds=0.2)
    assert desk.stuck == []
    assert (await desk.job(lease)).state == "done"


async def test_a_job_that_was_ended_elsewhere_is_dropped_at_the_next_heartbeat(desk: Desk):
    lease = await desk.claimed()
    cancelled = asyncio.Event()

    async def waits(lease: Lease, stopping: asyncio.Event) -> None:
        try:
            await hang(lease, stopping)
        finally:
            cancelled.set()

    async with desk.database.transaction() as transaction:
        await queue.fail_open(transaction, lease.job.id, "cancelled", desk.clock())
    with capture_logs() as logs:
        await desk.hold(lease, waits)
    assert cancelled.is_set()
    assert [log["event"] for log in logs] == [
        "this job is no longer ours; nothing of its last step was stored"
    ]
    assert (await desk.job(lease)).error == "cancelled"


async def test_a_step_of_a_job_that_another_worker_has_is_not_stored_and_that_is_told_once(desk: Desk):
    lease = await desk.claimed()
    desk.clock.pass_seconds(LEASE_MS / 1000 + 1)  # this process was paused
    other_lease = await claim(desk.database, "other", desk.clock)
    assert other_lease is not None

    async def step(lease: Lease, stopping: asyncio.Event) -> None:
        async with desk.database.transaction() as transaction:
            await transaction.execute(STEP)
            await lease.record_progress(transaction)

    with capture_logs() as logs:
        await desk.hold(lease, step, beat_seconds=10)
    assert [log["log_level"] for log in logs] == ["warning"]
    assert await desk.stored() == 0
    assert (await desk.job(lease)).worker == other_lease.worker


# Breaking


async def test_a_handler_that_breaks_has_its_job_given_up_with_the_trace_in_the_log(desk: Desk):
    lease = await desk.claimed()

    async def breaks(lease: Lease, stopping: asyncio.Event) -> None:
        raise KeyError("data")

    with capture_logs() as logs:
        await desk.hold(lease, breaks)
    assert desk.broken == ["internal error; see the log for this job's id"]
    assert [(log["event"], log["job"], log["exc_info"]) for log in logs] == [
        ("job failed", lease.job.id, True)
    ]


async def test_a_job_that_cannot_even_be_given_up_is_begun_again_when_its_lease_is_over(desk: Desk):
    lease = await desk.claimed()

    async def breaks(lease: Lease, stopping: asyncio.Event) -> None:
        raise KeyError("data")

    async def breaks_too(lease: Lease, error: str) -> None:
        raise KeyError("other data")

    handling = replace(desk.handling(breaks), broken=breaks_too)
    with capture_logs() as logs:
        await hold(desk.database, handling, lease, desk.stopping)
    assert [log["event"] for log in logs] == ["job failed", "ending a job failed"]
    desk.clock.pass_seconds(LEASE_MS / 1000 + 1)
    again = await claim(desk.database, "w", desk.clock)
    assert again
    assert (again.job.id, again.job.attempts) == (lease.job.id, 2)


async def test_a_job_during_which_the_database_goes_away_is_put_back_not_failed(desk: Desk):
    lease = await desk.claimed()

    async def loses_it(lease: Lease, stopping: asyncio.Event) -> None:
        async with desk.database.transaction() as transaction:
            await transaction.execute(STEP)
            raise Unavailable("the database does not answer")

    with capture_logs() as logs:
        await desk.hold(lease, loses_it)
    job = await desk.job(lease)
    assert (job.state, job.error) == ("queued", "the database does not answer")
    assert 4_000 <= job.due_ms - desk.clock() <= 6_000
    assert (await desk.stored(), desk.broken, logs) == (0, [], [])


# Stopping


def worker(desk: Desk, handler: Handler, *chores: PeriodicTask, **pace: Any) -> Worker:
    async def nothing() -> None:
        return None

    work = Work(desk.handling(handler), nothing, nothing, chores)
    return Worker(desk.database, work, WorkerLimits(**({"concurrency": 2} | pace)), desk.clock)


async def test_a_page_that_takes_too_long_is_handed_back_when_the_worker_stops(desk: Desk):
    lease = await desk.claimed()
    async with desk.database.transaction() as transaction:
        await lease.requeue(transaction, 0, None)
    began = asyncio.Event()

    async def page(lease: Lease, stopping: asyncio.Event) -> None:
        async with desk.database.transaction() as transaction:
            await transaction.execute(STEP)
            began.set()
            await hang(lease, stopping)

    current_worker = worker(desk, page, patience_seconds=0.05)
    running = asyncio.create_task(current_worker.run())
    await asyncio.wait_for(began.wait(), 20)
    current_worker.stop()
    await asyncio.wait_for(running, 20)
    job = await desk.job(lease)
    assert (job.state, job.worker, job.due_ms) == ("queued", None, desk.clock())
    assert await desk.stored() == 0
    assert await claim(desk.database, "other", desk.clock), "at once, not when a lease is over"


async def test_a_page_that_ends_in_time_is_stored_when_the_worker_stops(desk: Desk):
    lease = await desk.claimed()
    async with desk.database.transaction() as transaction:
        await lease.requeue(transaction, 0, None)
    began = asyncio.Event()

    async def page(lease: Lease, stopping: asyncio.Event) -> None:
        began.set()
        await stopping.wait()
        await asyncio.sleep(0.05)
        async with desk.database.transaction() as transaction:
            await transaction.execute(STEP)
            await lease.requeue(transaction, 0, None)

    current_worker = worker(desk, page)
    running = asyncio.create_task(current_worker.run())
    await asyncio.wait_for(began.wait(), 20)
    current_worker.stop()
    await asyncio.wait_for(running, 20)
    assert (await desk.stored(), (await desk.job(lease)).state) == (1, "queued")


# Between jobs


async def test_chores_are_done_at_their_pace_and_one_that_fails_keeps_nobody_from_the_others(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("crossdock.jobs.worker.LOOK_SECONDS", 0.005)
    monkeypatch.setattr("crossdock.jobs.worker.LISTEN_SECONDS", 0.005)
    done: list[str] = []

    async def sweep() -> None:
        done.append("sweep")

    async def fails() -> None:
        done.append("fail")
        raise ZeroDivisionError

    current_worker = worker(
        desk, hang, PeriodicTask("failing", 60, fails), PeriodicTask("sweeping", 60, sweep)
    )
    running = asyncio.create_task(current_worker.run())
    with capture_logs():
        for seconds, expected in ((0, 1), (59, 1), (1, 2), (-7200, 3), (59, 3), (1, 4)):
            desk.clock.pass_seconds(seconds)
            async with asyncio.timeout(20):
                while len(done) < 2 * expected:  # noqa: ASYNC110
                    await asyncio.sleep(0.002)
            await asyncio.sleep(0.03)
            assert done == ["fail", "sweep"] * expected, "also when the clock is put back by hours"
        current_worker.stop()
        await asyncio.wait_for(running, 20)
