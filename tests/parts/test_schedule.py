"""When things are due: each at a beat of its own, spread evenly, put into the queue a few at a time."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.store.connections import schedules
from crossdock.store.database.engine import Database
from crossdock.sync.schedule import AT_ONCE, enqueue_due, next_due, repair_future_times, share
from tests.conftest import Clock

HOUR_MS, MINUTE_MS = 3_600_000, 60_000
FUNCTIONS = ("get_orders", "get_inventory", "get_products", "get_returns", "get_inbound_shipments")
CONNECTIONS = 10_000

moments = st.integers(0, 10**13)
paces = st.integers(1, 10**6)


# Pure


@pytest.mark.parametrize(
    ("due", "every", "now", "expected"),
    [
        (1_000, 10, 1_000, 11_000),
        (1_000, 10, 10_999, 11_000),
        (1_000, 10, 11_000, 21_000),
        (1_000, 10, 99_999, 101_000),
        (1_000, 10, 500, 11_000),
    ],
)
def test_the_next_time_is_on_the_same_beat_and_ahead(due: int, every: int, now: int, expected: int):
    assert next_due(due, every, now) == expected


@given(moments, paces, moments)
def test_the_next_time_is_never_past_nor_farther_than_a_beat_away(due: int, every: int, now: int):
    number = next_due(due, every, now)
    assert number > now
    assert number <= max(now, due) + every * 1000
    assert (number - due) % (every * 1000) == 0


@given(st.integers(1, 10**9), st.sampled_from(FUNCTIONS))
def test_a_share_is_always_the_same_and_leaves_time_for_the_first_sync(connection: int, function: str):
    assert 0.1 <= share(connection, function) <= 1
    assert share(connection, function) == share(connection, function)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_connections_made_together_are_due_evenly_over_the_hour(function: str):
    minutes = Counter(int(60 * share(index, function)) for index in range(1, CONNECTIONS + 1))
    mean = CONNECTIONS / 60
    assert max(minutes.values()) < 1.5 * mean
    assert min(minutes[minute] for minute in range(6, 60)) > 0.7 * mean


def test_the_functions_of_a_connection_are_due_apart_from_each_other():
    spread = [len({int(12 * share(index, name)) for name in FUNCTIONS}) for index in range(1, 201)]
    assert sum(spread) / len(spread) > 3.5, "five functions, twelve parts of the hour"


# In the store


async def fill(database: Database, connections: int, now: int, *functions: str) -> None:
    """Connections that are all due now."""
    text = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {connections})"
    async with database.transaction() as transaction:
        await transaction.execute("INSERT INTO organizations (id, name, created_ms) VALUES ('o', 'o', 0)")
        await transaction.execute(
            "INSERT INTO connections (id, uid, organization_id, type, integration, created_ms) "
            f"{text} SELECT i, CAST(i AS TEXT), 'o', 'wms', 'fake', 0 FROM n"
        )
        for function in functions:
            await transaction.execute(
                "INSERT INTO schedules (connection_id, function, every_seconds, due_ms) "
                f"{text} SELECT i, CAST(? AS TEXT), 3600, CAST(? AS BIGINT) FROM n",
                function, now,
            )  # fmt: skip


async def queued(database: Database) -> Counter[tuple[int, str]]:
    rows = await database.fetch("SELECT connection_id, function FROM jobs WHERE state = 'queued'")
    return Counter((row[0], row[1]) for row in rows)


async def test_ten_thousand_connections_due_at_once_are_queued_a_few_at_a_time_and_then_spread(
    database: Database, clock: Clock
):
    await fill(database, CONNECTIONS, clock(), "get_orders")
    batches = []
    while number := await enqueue_due(database, clock()):
        batches.append(number)
    assert batches == [AT_ONCE] * (CONNECTIONS // AT_ONCE)
    assert set((await queued(database)).values()) == {1}
    assert len(await queued(database)) == CONNECTIONS
    rows = await database.fetch("SELECT due_ms FROM schedules")
    minutes = Counter((row[0] - clock()) // MINUTE_MS for row in rows)
    assert all(0 < row[0] - clock() <= HOUR_MS for row in rows)
    assert max(minutes.values()) < 3 * CONNECTIONS / 60
    # An hour later each is due at the same minute again, whatever time its turn took.
    await database.execute("UPDATE jobs SET state = 'done'")
    await database.execute("UPDATE schedules SET last_start_ms = 1")
    clock.pass_seconds(3600 + 1800)
    while await enqueue_due(database, clock()):
        pass
    rows = await database.fetch("SELECT due_ms FROM schedules")
    again = Counter((row[0] - clock() + 1_800_000) // MINUTE_MS % 60 for row in rows)
    assert again == Counter({minute % 60: count for minute, count in minutes.items()})


async def test_what_is_queued_or_runs_already_is_not_queued_again(database: Database, clock: Clock):
    await fill(database, 3, clock(), "get_orders")
    await enqueue_due(database, clock())
    await database.execute("UPDATE jobs SET state = 'running' WHERE connection_id = 2")
    await database.execute("UPDATE jobs SET state = 'done' WHERE connection_id = 3")
    clock.pass_seconds(3600)
    assert await enqueue_due(database, clock()) == 3
    assert await queued(database) == {(1, "get_orders"): 1, (3, "get_orders"): 1}


async def test_workers_that_look_at_once_queue_each_only_once(database: Database, clock: Clock):
    await fill(database, 500, clock(), "get_orders")
    enqueue_dues = await asyncio.gather(*(enqueue_due(database, clock()) for _ in range(6)))
    assert sum(enqueue_dues) == 500
    assert len(await queued(database)) == 500


async def test_what_is_paused_off_or_deleted_is_not_queued_and_what_is_off_waits_for_its_next_beat(
    database: Database, clock: Clock
):
    await fill(database, 4, clock(), "get_orders", "get_returns")
    async with database.transaction() as transaction:
        await schedules.pause(transaction, 1, paused=True)
        await transaction.execute("UPDATE connections SET disabled_functions = 'get_orders' WHERE id = 2")
        await transaction.execute("UPDATE connections SET deleted_ms = 1 WHERE id = 3")
    await enqueue_due(database, clock(), frozenset({"get_returns"}))
    assert await queued(database) == {(4, "get_orders"): 1}
    assert await enqueue_due(database, clock(), frozenset({"get_returns"})) == 0
    async with database.transaction() as transaction:
        await schedules.pause(transaction, 1, paused=False)
    await enqueue_due(database, clock(), frozenset({"get_returns"}))
    assert await queued(database) == {(4, "get_orders"): 1, (1, "get_orders"): 1}


async def test_after_a_day_without_workers_each_is_queued_once(database: Database, clock: Clock):
    await fill(database, 5, clock(), "get_orders")
    await enqueue_due(database, clock())
    await database.execute("UPDATE jobs SET state = 'done'")
    await database.execute("UPDATE schedules SET last_start_ms = 1")
    beats = {row[0] % HOUR_MS for row in await database.fetch("SELECT due_ms FROM schedules")}
    clock.pass_seconds(86_400)
    assert await enqueue_due(database, clock()) == 5
    assert await enqueue_due(database, clock()) == 0
    assert len(await queued(database)) == 5
    after = {row[0] % HOUR_MS for row in await database.fetch("SELECT due_ms FROM schedules")}
    assert after == beats, "on the beat that each had"


async def test_schedules_that_a_wrong_clock_set_stay_spread_when_they_are_put_right(
    database: Database, clock: Clock
):
    await fill(database, 600, clock(), "get_orders")
    clock.pass_seconds(30 * 3600)
    while await enqueue_due(database, clock()):
        pass
    clock.pass_seconds(-30 * 3600)
    assert await repair_future_times(database, clock()) == 600 + 600, "schedules, and what they had queued"
    rows = await database.fetch("SELECT due_ms FROM schedules")
    assert all(0 <= row[0] - clock() < HOUR_MS for row in rows)
    minutes = Counter((row[0] - clock()) // MINUTE_MS for row in rows)
    assert max(minutes.values()) <= 3 * 10
