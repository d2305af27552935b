"""Clocks that jump by hours, forward or back: nothing is doubled, lost or put off for long."""

from crossdock.jobs.queue import claim
from crossdock.store.database.engine import Database
from crossdock.sync.schedule import repair_future_times
from tests.conftest import Clock
from tests.fakes.vendor import meanwhile, usual
from tests.journeys.conftest import World, order, with_settings
from tests.journeys.queueing import put_in

HOUR_MS = 3_600_000


async def test_a_clock_that_jumps_ahead_and_back_doubles_and_loses_nothing(world: World):
    world.vendor.collections["orders"] = [order(n) for n in range(1, 8)]
    connection = await world.connect(sync=False, page_size="2")

    async def jump() -> None:
        world.clock.pass_seconds(5 * 3600)

    async def back() -> None:
        world.clock.pass_seconds(-5 * 3600)

    # In the midst of a walk, whose leases run out at once, and come to lie far ahead when it is put right.
    world.vendor.script("/orders", [usual(), meanwhile(jump), usual(), meanwhile(back)])
    await world.work()
    assert await world.count(connection) == 7
    run = await world.last_run(connection)
    assert (run.pages, run.received, run.created) == (4, 7, 7)
    texts = await world.told(connection)
    assert texts.count("connection.historical-sync-completed") == 3
    before = await world.schedule(connection)

    await back()
    world.change("orders", "o-003", state="PICKED")
    await world.next_sync(5 * 3600)
    await jump()
    world.change("orders", "o-004", state="PICKED")
    await world.next_sync()
    after = await world.schedule(connection)
    assert (before.mark, after.mark is None) == ('"2026-02-01T00:00:07Z"', False)
    changed = await world.events(connection, "order.updated")
    assert sorted(entry["data"]["id"] for entry in changed) == ["o-003", "o-004"]


async def test_a_schedule_set_by_a_clock_that_was_ahead_is_due_within_its_pace(world: World):
    connection = await world.connect()
    world.clock.pass_seconds(9 * 3600)
    await world.work()
    beat = (await world.schedule(connection)).due_ms
    world.clock.pass_seconds(-9 * 3600)
    assert beat > world.clock() + 2 * HOUR_MS
    await repair_future_times(world.services.database, world.clock())
    due = (await world.schedule(connection)).due_ms
    assert 0 <= due - world.clock() <= HOUR_MS
    assert (beat - due) % HOUR_MS == 0, "at the place of its own within the hour"
    assert await repair_future_times(world.services.database, world.clock()) == 0


async def test_clocks_that_differ_a_little_change_no_schedule(world: World):
    connection = await world.connect()
    before = await world.schedule(connection)
    assert await repair_future_times(world.services.database, world.clock() - 14 * 60_000) == 0
    assert await world.schedule(connection) == before


async def test_a_lease_given_by_a_clock_that_was_ahead_does_not_outlast_it(database: Database, clock: Clock):
    await put_in(database, 1, 1, clock())
    clock.pass_seconds(5 * 3600)
    lease = await claim(database, "dies", clock)
    clock.pass_seconds(-5 * 3600)
    again = await claim(database, "waits", clock)
    assert lease
    assert again
    assert again.job.id == lease.job.id


async def test_what_was_put_back_by_a_clock_that_was_ahead_does_not_wait_for_it(
    database: Database, clock: Clock
):
    await put_in(database, 2, 1, clock())
    clock.pass_seconds(5 * 3600)
    first, second = await claim(database, "w", clock), None
    assert first
    async with database.transaction() as transaction:
        await first.requeue(transaction, 30, "the vendor is down")
    clock.pass_seconds(-5 * 3600)
    second = await claim(database, "w", clock)
    assert second
    async with database.transaction() as transaction:
        # This one waits because its vendor says so.
        await second.requeue(transaction, 5 * 3600, "the vendor wants five hours")
    assert await claim(database, "w", clock) is None
    await repair_future_times(database, clock())
    lease = await claim(database, "w", clock)
    assert lease
    assert lease.job.id == first.job.id
    assert await claim(database, "w", clock) is None


async def test_a_run_that_has_not_moved_since_the_clock_jumped_is_not_stuck(world: World):
    """The time a run takes is counted, not read off a clock."""
    world = with_settings(world, stuck_minutes=1)
    world.vendor.collections["orders"] = [order(n) for n in range(1, 4)]

    async def jump() -> None:
        world.clock.pass_seconds(48 * 3600)

    connection = await world.connect(sync=False, page_size="2")
    world.vendor.script("/orders", [usual(), meanwhile(jump)])
    await world.work()
    assert await world.count(connection) == 3
    assert "connection.schedule-stuck" not in await world.told(connection)
