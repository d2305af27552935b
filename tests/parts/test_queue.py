"""Work that survives a crash: who may do a job, and when."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.errors import LeaseLost
from crossdock.jobs.execution import Handler, JobHandlers
from crossdock.jobs.queue import LEASE_MS, Lease, claim, enqueue
from crossdock.jobs.worker import Work, Worker, WorkerLimits
from crossdock.store.database.engine import Database
from crossdock.store.database.factory import connect
from crossdock.store.jobs import queue
from crossdock.store.jobs.queue import JobRow
from crossdock.sync.schedule import next_due, share
from tests.conftest import Clock


async def queued(
    database: Database, clock: Clock, function: str = "get_orders", connection: int = 1
) -> str | None:
    async with database.transaction() as transaction:
        return await enqueue(
            transaction,
            kind="sync",
            connection_id=connection,
            function=function,
            cause="schedule",
            now_ms=clock(),
        )


async def claimed(database: Database, clock: Clock, worker: str = "w") -> Lease:
    lease = await claim(database, worker, clock)
    assert lease is not None
    return lease


async def job(database: Database, job_id: str) -> JobRow:
    found_job = await queue.get(database, job_id)
    assert found_job is not None
    return found_job


async def done(database: Database, lease: Lease) -> None:
    async with database.transaction() as transaction:
        await lease.finish(transaction)


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Database]:
    """Another process's view of the same database."""
    opened = await connect(database_url)
    yield opened
    await opened.close()


# Who may


async def test_a_job_that_is_queued_is_claimed_once(database: Database, clock: Clock):
    text = await queued(database, clock)
    lease = await claimed(database, clock)
    assert lease.job.id == text
    assert (lease.job.state, lease.job.attempts, lease.job.lease_ms) == ("running", 1, clock() + LEASE_MS)
    assert await claim(database, "w", clock) is None


async def test_many_workers_that_claim_at_once_never_get_the_same_job(
    database: Database, other: Database, clock: Clock
):
    texts = {await queued(database, clock, connection=n) for n in range(20)}

    async def work(view: Database, name: str) -> list[str]:
        works = []
        while (lease := await claim(view, name, clock)) is not None:
            works.append(lease.job.id)
            await done(view, lease)
        return works

    works = await asyncio.gather(*(work(view, f"w{n}") for n in range(4) for view in (database, other)))
    ids = [text for works in works for text in works]
    assert sorted(ids) == sorted(str(text) for text in texts)


async def test_the_job_that_has_waited_longest_comes_first(database: Database, clock: Clock):
    texts = []
    for connection in (3, 1, 2):
        texts.append(await queued(database, clock, connection=connection))
        clock.pass_seconds(1)
    assert [(await claimed(database, clock)).job.id for _ in texts] == texts


async def test_a_job_is_not_claimed_before_it_is_due(database: Database, clock: Clock):
    await queued(database, clock)
    lease = await claimed(database, clock)
    async with database.transaction() as transaction:
        await lease.requeue(transaction, 90, "the vendor is down")
    found_job = await job(database, lease.job.id)
    assert (found_job.state, found_job.error, found_job.worker, found_job.lease_ms) == (
        "queued",
        "the vendor is down",
        None,
        None,
    )
    clock.pass_seconds(89)
    assert await claim(database, "w", clock) is None
    clock.pass_seconds(1)
    assert (await claimed(database, clock)).job.attempts == 2


async def test_a_worker_for_one_connection_takes_nothing_of_another(database: Database, clock: Clock):
    await queued(database, clock, connection=1)
    assert await claim(database, "w", clock, connection_id=2) is None
    assert await claim(database, "w", clock, connection_id=1) is not None


async def test_a_connection_has_at_most_so_many_runs_at_a_time(database: Database, clock: Clock):
    for function in ("get_orders", "get_products", "get_returns"):
        await queued(database, clock, function)
    leases = [await claim(database, "w", clock, most_at_once=2) for _ in range(2)]
    assert await claim(database, "w", clock, most_at_once=2) is None
    assert leases[0] is not None
    await done(database, leases[0])
    assert await claim(database, "w", clock, most_at_once=2) is not None


async def test_one_job_is_open_for_a_connection_and_function(database: Database, clock: Clock):
    assert await queued(database, clock) is not None
    assert await queued(database, clock) is None
    lease = await claimed(database, clock)
    assert await queued(database, clock) is None, "running is open too"
    assert await queued(database, clock, connection=2) is not None
    assert await queued(database, clock, function="get_products") is not None
    await done(database, lease)
    assert await queued(database, clock) is not None


async def test_a_job_asked_for_by_many_at_once_is_open_once(
    database: Database, other: Database, clock: Clock
):
    texts = await asyncio.gather(*(queued(view, clock) for view in (database, other) for _ in range(8)))
    assert len([text for text in texts if text is not None]) == 1


# Leases


async def test_a_lease_that_ran_out_is_anybodys(database: Database, clock: Clock):
    await queued(database, clock)
    lease = await claimed(database, clock, "dies")
    clock.pass_seconds(LEASE_MS / 1000)
    assert await claim(database, "waits", clock) is None
    clock.pass_seconds(0.001)
    assert (await claimed(database, clock, "waits")).job.id == lease.job.id


async def test_a_lease_that_is_extended_is_kept(database: Database, clock: Clock):
    await queued(database, clock)
    lease = await claimed(database, clock)
    for _ in range(5):
        clock.pass_seconds(59)
        async with database.transaction() as transaction:
            await lease.extend(transaction)
        assert await claim(database, "other", clock) is None


LOST: dict[str, Any] = {
    "extend": lambda lease, transaction: lease.extend(transaction),
    "get on": lambda lease, transaction: lease.record_progress(transaction),
    "finish": lambda lease, transaction: lease.finish(transaction),
    "fail": lambda lease, transaction: lease.fail(transaction, "error"),
    "put back": lambda lease, transaction: lease.requeue(transaction, 0, None),
}


@pytest.mark.parametrize("step", LOST)
@pytest.mark.parametrize("by", ["another", "itself"])
async def test_who_lost_its_lease_stores_nothing_of_its_step(
    step: str, by: str, database: Database, clock: Clock
):
    await queued(database, clock)
    lost = await claimed(database, clock, "itself")
    clock.pass_seconds(61)
    held = await claimed(database, clock, by)

    async def step_of_the_work() -> None:
        async with database.transaction() as transaction:
            await transaction.execute("INSERT INTO vendor_slots (account, free_ms) VALUES ('step', 1)")
            await LOST[step](lost, transaction)

    with pytest.raises(LeaseLost):
        await step_of_the_work()
    assert await database.fetch("SELECT account FROM vendor_slots") == []
    found_job = await job(database, held.job.id)
    assert (found_job.state, found_job.worker) == ("running", held.worker)
    await done(database, held)


async def test_a_job_that_ended_is_held_by_nobody(database: Database, clock: Clock):
    await queued(database, clock)
    lease = await claimed(database, clock)
    async with database.transaction() as transaction:
        await lease.fail(transaction, "no such list")
    found_job = await job(database, lease.job.id)
    assert (found_job.state, found_job.error, found_job.ended_ms, found_job.lease_ms) == (
        "failed", "no such list", clock(), None,
    )  # fmt: skip
    with pytest.raises(LeaseLost):
        await done(database, lease)
    clock.pass_seconds(3600)
    assert await claim(database, "w", clock) is None


async def test_attempts_count_from_where_a_job_got_on(database: Database, clock: Clock):
    await queued(database, clock)
    for attempt in (1, 2, 3):
        lease = await claimed(database, clock)
        assert lease.job.attempts == attempt
        clock.pass_seconds(61)
    lease = await claimed(database, clock)
    async with database.transaction() as transaction:
        await lease.record_progress(transaction)
    clock.pass_seconds(61)
    assert (await claimed(database, clock)).job.attempts == 1


# The worker


class Tasks:
    """Jobs of a worker that wait until they are told to go on."""

    def __init__(self, database: Database, clock: Clock, concurrency: int = 2) -> None:
        self.database = database
        self.going_on = asyncio.Event()
        self.began: list[str] = []
        self.running = self.most = 0
        self.next_ms: int | None = None
        pace = WorkerLimits(concurrency=concurrency, most_at_once=100)
        self.worker = Worker(database, self.work({"sync": self.do}), pace, clock)

    def work(self, handlers: dict[str, Handler]) -> Work:
        """What a worker needs to know to do these."""

        async def broken(lease: Lease, error: str) -> None:
            async with self.database.transaction() as transaction:
                await lease.fail(transaction, error)

        async def stuck(lease: Lease) -> None:
            await broken(lease, "stuck")

        return Work(JobHandlers(handlers, broken, stuck), self.tick, self.next_due)

    async def tick(self) -> None:
        return

    async def next_due(self) -> int | None:
        return self.next_ms

    async def do(self, lease: Lease, stopping: asyncio.Event) -> None:
        self.began.append(lease.job.function)
        self.running += 1
        self.most = max(self.most, self.running)
        stopped = asyncio.ensure_future(stopping.wait())
        went_on = asyncio.ensure_future(self.going_on.wait())
        await asyncio.wait({stopped, went_on}, return_when=asyncio.FIRST_COMPLETED)
        for task in (stopped, went_on):
            task.cancel()
        self.running -= 1
        async with self.database.transaction() as transaction:
            if self.going_on.is_set():
                await lease.finish(transaction)
            else:
                await lease.requeue(transaction, 0, None)


async def states(database: Database) -> dict[str, str]:
    return {row[0]: row[1] for row in await database.fetch("SELECT function, state FROM jobs")}


async def until(true: Any) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - what is waited for knows nothing of us
            await asyncio.sleep(0.002)


async def test_a_worker_does_everything_that_is_due_so_many_at_a_time(database: Database, clock: Clock):
    tasks = Tasks(database, clock, concurrency=3)
    tasks.going_on.set()
    for number in range(9):
        await queued(database, clock, f"f{number}")
    await tasks.worker.drain()
    assert set((await states(database)).values()) == {"done"}
    assert sorted(tasks.began) == [f"f{number}" for number in range(9)]
    assert tasks.most <= 3


async def test_a_worker_that_stops_takes_nothing_more_and_puts_back_what_runs(
    database: Database, clock: Clock
):
    tasks = Tasks(database, clock)
    for number in range(4):
        await queued(database, clock, f"f{number}")
    running = asyncio.create_task(tasks.worker.run())
    await until(lambda: len(tasks.began) == 2)
    tasks.worker.stop()
    await asyncio.wait_for(running, 10)
    assert len(tasks.began) == 2
    assert set((await states(database)).values()) == {"queued"}


async def test_a_worker_that_is_woken_looks_at_once(database: Database, clock: Clock):
    tasks = Tasks(database, clock)
    tasks.going_on.set()
    running = asyncio.create_task(tasks.worker.run())
    await asyncio.sleep(0.02)
    await queued(database, clock)
    tasks.worker.wake()
    await until(lambda: tasks.began)
    tasks.worker.stop()
    await asyncio.wait_for(running, 10)
    assert await states(database) == {"get_orders": "done"}


async def test_a_job_that_fails_by_a_fault_of_ours_is_marked_and_the_others_go_on(
    database: Database, clock: Clock
):
    tasks = Tasks(database, clock)

    async def faulty(lease: Lease, stopping: asyncio.Event) -> None:
        if lease.job.function == "bad":
            raise ZeroDivisionError
        await tasks.do(lease, stopping)

    tasks.going_on.set()
    worker = Worker(database, tasks.work({"sync": faulty}), WorkerLimits(concurrency=1), clock)
    for function in ("bad", "good", "other"):
        await queued(database, clock, function)
    await worker.drain()
    assert await states(database) == {"bad": "failed", "good": "done", "other": "done"}
    rows = await database.fetch("SELECT error FROM jobs WHERE function = 'bad'")
    assert rows[0][0] == "internal error; see the log for this job's id"


async def test_a_job_of_a_kind_that_a_worker_does_not_know_is_left_to_others(
    database: Database, clock: Clock
):
    tasks = Tasks(database, clock)
    async with database.transaction() as transaction:
        kind: Any = "unheard of"
        await enqueue(transaction, kind=kind, connection_id=1, cause="schedule", now_ms=clock())
    await tasks.worker.drain()
    assert await states(database) == {"": "queued"}


async def test_a_worker_outlives_a_database_that_is_away_for_a_while(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    tasks = Tasks(database, clock)
    tasks.going_on.set()
    await queued(database, clock)
    real, failures = queue.claim, [OSError("no route"), OSError("no route")]

    async def away(*args: Any) -> JobRow | None:
        if failures:
            raise failures.pop()
        return await real(*args)

    monkeypatch.setattr(queue, "claim", away)
    monkeypatch.setattr("crossdock.jobs.worker.LOOK_SECONDS", 0.01)
    monkeypatch.setattr("crossdock.jobs.worker.LISTEN_SECONDS", 0.01)
    running = asyncio.create_task(tasks.worker.run())
    await until(lambda: tasks.began)
    tasks.worker.stop()
    await asyncio.wait_for(running, 10)
    assert await states(database) == {"get_orders": "done"}


# The clock

moments = st.integers(0, 10**13)


@given(due=moments, every=st.integers(1, 10**6), late=st.integers(0, 10**10))
def test_the_next_time_lies_ahead_on_the_schedules_own_beat(due: int, every: int, late: int):
    now = due + late
    number = next_due(due, every, now)
    assert now < number <= now + every * 1000
    assert (number - due) % (every * 1000) == 0


def test_missed_beats_are_not_made_up_for():
    hour = 3_600_000
    assert next_due(0, 3600, 0) == hour
    assert next_due(0, 3600, hour - 1) == hour
    assert next_due(0, 3600, hour) == 2 * hour
    assert next_due(0, 3600, 100 * hour + 5) == 101 * hour


@given(st.integers(1, 10**9), st.sampled_from(["get_orders", "get_inventory"]))
def test_every_connection_has_a_beat_of_its_own(connection: int, function: str):
    assert 0.1 <= share(connection, function) <= 1
    assert share(connection, function) == share(connection, function)


def test_the_beats_of_many_connections_are_spread_evenly():
    shares = sorted(share(number, "get_orders") for number in range(2000))
    assert max(abs(number - (0.1 + 0.9 * rank / 2000)) for rank, number in enumerate(shares)) < 0.05
