"""A clock that was hours ahead and is put right: what is to be sent does not wait for the time it showed."""

from crossdock.store.database.engine import Database
from crossdock.webhooks.clock_skew import repair_future_times
from tests.fakes.hook_receiver import status
from tests.journeys.conftest import World
from tests.journeys.hooks import Hooks, hooks

__all__ = ["hooks"]

AHEAD = 5 * 3600


async def put_right(world: World) -> int:
    world.clock.pass_seconds(-AHEAD)
    return await repair_future_times(world.services.database, world.clock())


def arrived(hooks: Hooks) -> list[str]:
    return [item.id for item in hooks.receiver.got()]


async def test_what_was_stored_by_a_clock_that_was_ahead_is_sent_when_it_is_put_right(
    world: World, hooks: Hooks
):
    await hooks.endpoint()
    world.clock.pass_seconds(AHEAD)
    message = await hooks.put()
    assert await put_right(world) == 1
    await hooks.deliver()
    assert arrived(hooks) == [message.id]
    assert await repair_future_times(world.services.database, world.clock()) == 0


async def test_a_retry_planned_by_a_clock_that_was_ahead_comes_after_its_delay(world: World, hooks: Hooks):
    await hooks.endpoint()
    hooks.receiver.answer("/hook", status(503), times=1)
    world.clock.pass_seconds(AHEAD)
    message = await hooks.send()
    assert await put_right(world) == 1
    await hooks.deliver()
    assert arrived(hooks) == [message.id], "not at once"
    await hooks.deliver(5)
    assert arrived(hooks) == [message.id] * 2


async def test_what_a_sender_whose_clock_was_ahead_held_when_it_died_is_sent_after_a_lease(
    world: World, hooks: Hooks
):
    endpoint = await hooks.endpoint()
    message = await hooks.put()
    await world.services.database.execute(
        "UPDATE webhook_deliveries SET holder = 'dead', due_ms = ? WHERE endpoint = ?",
        world.clock() + AHEAD * 1000 + 120_000, endpoint.number,
    )  # fmt: skip
    assert await repair_future_times(world.services.database, world.clock()) == 1
    await hooks.deliver()
    assert arrived(hooks) == []
    await hooks.deliver(120)
    assert arrived(hooks) == [message.id]


async def test_what_waits_rightly_goes_on_waiting(world: World, hooks: Hooks):
    """Four failures ask for two hours, and a message may have a time of its own."""
    endpoint = await hooks.endpoint()
    failing = await hooks.put()
    own_ms = world.clock() + 20 * 86_400_000
    own_message = await hooks.put(deliver_ms=own_ms)
    database = world.services.database
    sql = "UPDATE webhook_deliveries SET attempts = ?, due_ms = ? WHERE message_id = ?"
    await database.execute(sql, 4, world.clock() + 2 * 7_200_000, failing.id)
    await database.execute(sql, 0, own_ms, own_message.id)
    assert await repair_future_times(database, world.clock()) == 0
    delivery_state = await hooks.stand(endpoint, own_message)
    assert delivery_state
    assert delivery_state.next_ms == own_ms


async def test_a_throttle_set_by_a_clock_that_was_ahead_holds_nothing(world: World, hooks: Hooks):
    await hooks.endpoint(rate=1)
    world.clock.pass_seconds(AHEAD)
    first = await hooks.send()
    await put_right(world)
    second = await hooks.put()
    await hooks.deliver(1)
    assert arrived(hooks) == [first.id, second.id]


async def test_thousands_are_put_right_at_once_however_many_wait_rightly(world: World, hooks: Hooks):
    endpoint = await hooks.endpoint()
    database, now = world.services.database, world.clock()
    rows = [(f"msg_a{n}", 0, now + AHEAD * 1000) for n in range(2500)]
    rows += [(f"msg_b{n}", 7, now + 36_000_000) for n in range(2500)]
    await fill(database, endpoint.number, rows)
    assert await repair_future_times(database, now) == 2500
    remaining_rows = await database.fetch("SELECT count(*) FROM webhook_deliveries WHERE due_ms > ?", now)
    assert remaining_rows[0][0] == 2500


async def fill(database: Database, endpoint: int, rows: list[tuple[str, int, int]]) -> None:
    async with database.transaction() as transaction:
        await transaction.executemany(
            "INSERT INTO webhook_deliveries (endpoint, message_id, manual, state, attempts, due_ms) "
            "VALUES (?, ?, 0, 1, ?, ?)",
            [(endpoint, *row) for row in rows],
        )


async def test_a_worker_does_it_among_its_chores(world: World, hooks: Hooks):
    await hooks.endpoint()
    world.clock.pass_seconds(AHEAD)
    message = await hooks.put()
    world.clock.pass_seconds(-AHEAD)
    assert await world.services.jobs.repair_future_times() > 0
    await hooks.deliver()
    assert arrived(hooks) == [message.id]
