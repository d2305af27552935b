"""Windows that callers ask for go before the schedules, one by one, until they end or are cancelled."""

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest

from tests.fakes.vendor import answer, failing, html, meanwhile, usual
from tests.journeys.conftest import World, order
from tests.journeys.windows import END, START, Caller, caller, http, new_caller, old, valid

__all__ = ["caller", "http"]


# Cancelling


async def test_a_window_that_waits_is_cancelled_and_never_runs(caller: Caller, world: World):
    world.vendor.collections["orders"].append(old(11))
    window = await caller.ask()
    world.vendor.requests.clear()
    cancelled = await caller.cancel(window)
    assert cancelled.status_code == 200
    assert cancelled.json() == await caller.shown(window)
    assert cancelled.json()["status"] == "cancelled"
    await world.work()
    assert world.vendor.requests == []
    assert await caller.told(window) == []


async def test_a_window_that_runs_stops_at_the_next_page_and_stores_nothing_after(
    caller: Caller, world: World
):
    world.vendor.collections["orders"] += [old(n) for n in range(10, 20)]
    window = await caller.ask()
    world.vendor.script("/orders", [usual(), usual(), meanwhile(lambda: caller.cancel(window))])
    world.vendor.requests.clear()
    await world.work()
    assert len(world.asked()) == 3
    assert await world.count(caller.connection) == 3 + 2 * 2
    assert await caller.status(window) == "cancelled"
    assert await caller.told(window) == []
    assert len(await world.events(caller.connection, "order.created")) == 4


async def test_a_window_that_is_cancelled_as_it_ends_is_either_and_never_both(caller: Caller, world: World):
    ended: Counter[str] = Counter()
    for n in range(12):
        window = await caller.ask()

        async def cancel(after: float = n / 400, window: str = window) -> int:
            await asyncio.sleep(after)
            return (await caller.cancel(window)).status_code

        code, _ = await asyncio.gather(cancel(), world.work())
        status = await caller.status(window)
        ended[status] += 1
        answered, number = {"cancelled": (200, 0), "completed": (400, 1)}[status]
        assert (code, len(await caller.told(window))) == (answered, number)
    assert ended.total() == 12
    rows = await world.services.database.fetch("SELECT state FROM jobs WHERE state IN ('queued', 'running')")
    assert rows == []


@pytest.mark.parametrize("status", ["completed", "cancelled", "stuck"])
async def test_only_an_open_window_can_be_cancelled(caller: Caller, world: World, status: str):
    window = await caller.ask()
    if status == "cancelled":
        await caller.cancel(window)
    if status == "stuck":
        world.vendor.script("/orders", [html()])
    await world.work()
    refused = await caller.cancel(window)
    assert refused.status_code == 400
    assert refused.json()["error"] == f"the sync job {window} is {status}; only an open one can be cancelled"
    assert await caller.status(window) == status


async def test_windows_of_a_connection_that_is_deleted_are_cancelled(caller: Caller, world: World):
    await caller.ask()
    deleted = await caller.call("DELETE", "/connections")
    assert deleted.status_code == 200
    rows = await world.services.database.fetch("SELECT DISTINCT status FROM on_demand")
    assert [tuple(row) for row in rows] == [("cancelled",)]
    world.vendor.requests.clear()
    await world.work()
    assert world.vendor.requests == []


# Before the schedules


async def test_an_open_window_holds_all_scheduled_syncs_of_its_connection_and_of_no_other(
    caller: Caller, world: World, http: httpx.AsyncClient
):
    other_caller = await new_caller(world, http)
    await caller.ask()
    world.vendor.script("/orders", [failing()] * 5)  # the window waits for the vendor to recover
    world.clock.pass_seconds(13 * 3600)  # by then all functions are due
    await world.services.worker(connection_id=caller.connection.id).drain()
    await world.work()
    for function in ("get_orders", "get_warehouses", "get_order_packs"):
        held = await world.last_job(caller.connection, function)
        assert (held.kind, held.state) in [("on_demand", "queued"), ("sync", "queued")], function
        assert (await world.last_job(other_caller.connection, function)).state == "done", function
    await world.next_sync(10)
    assert (await world.last_job(caller.connection)).state == "done"
    assert (await world.last_job(caller.connection, "get_warehouses")).state == "done"


async def test_a_sync_that_runs_makes_way_for_a_window_and_goes_on_at_its_page(caller: Caller, world: World):
    world.vendor.collections["orders"] += [order(n) for n in range(4, 12)]
    window = ""

    async def ask() -> None:
        nonlocal window
        window = await caller.ask()

    world.vendor.script("/orders", [usual(), meanwhile(ask)])
    world.vendor.requests.clear()
    await world.next_sync()
    assert await caller.status(window) == "completed"
    walks = [(entry.get("until"), entry.get("cursor")) for entry in world.asked()]
    cursors = [cursor for until_, cursor in walks if until_ is None]
    assert [bool(until_) for until_, _ in walks] == [False, False, True, False, False, False]
    assert len(set(cursors)) == len(cursors) == 5
    assert await world.count(caller.connection) == 11
    runs = await world.services.database.fetch(
        "SELECT pages FROM runs WHERE connection_id = ? AND function = 'get_orders' ORDER BY job_id",
        caller.connection.id,
    )
    assert [row[0] for row in runs] == [2, 5, 1]


async def test_a_held_sync_is_not_stuck_however_long_its_window_takes(caller: Caller, world: World):
    world.vendor.collections["orders"] += [order(n) for n in range(4, 8)]
    world.vendor.script("/orders", [meanwhile(caller.ask), failing(), *[failing()] * 4])
    await world.next_sync()
    await world.next_sync(4 * 3600)
    texts = await world.told(caller.connection)
    assert "connection.schedule-stuck" not in texts
    assert (await world.last_run(caller.connection)).pages > 0
    assert await world.count(caller.connection) == 7


async def test_windows_of_a_connection_run_one_after_the_other_the_oldest_first(caller: Caller, world: World):
    world.vendor.collections["orders"] += [old(n, "2025-06-02") for n in range(10, 15)]
    world.vendor.collections["orders"] += [old(n, "2025-06-20") for n in range(20, 25)]
    older = await caller.ask("2025-06-10T00:00:00Z", END)
    younger = await caller.ask(START, "2025-06-10T00:00:00Z")
    # The first is put back, to wait for the vendor: the second waits for it all the same.
    world.vendor.script("/orders", [usual(), *[failing()] * 5])
    world.vendor.requests.clear()
    await world.work()
    assert (await caller.status(older), await caller.status(younger)) == ("open", "open")
    await world.next_sync(10)
    assert (await caller.status(older), await caller.status(younger)) == ("completed", "completed")
    texts = [entry["until"][:7] + entry["until"][8:10] for entry in world.asked()]
    assert texts == ["2025-0701"] * (1 + 5 + 2) + ["2025-0610"] * 3


# When it does not work


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param([html()], id="nonsense"),
        pytest.param([answer(404, {})], id="refused"),
        pytest.param([answer(200, {"rows": []})], id="what the client has no answer to"),
        pytest.param([failing()] * 40, id="down for good"),
    ],
)
async def test_a_window_that_fails_is_stuck_and_told_and_holds_nothing_any_more(
    caller: Caller, world: World, trouble: list[Any]
):
    window = await caller.ask()
    world.vendor.script("/orders", trouble)
    for _ in range(10):
        await world.next_sync(1200)
    shown = await caller.shown(window)
    assert shown["status"] == "stuck"
    [event] = await caller.told(window)
    assert event["event_type"] == "connection.sync-job-stuck"
    assert event["data"] == shown
    assert valid(event, "webhooks", "Event_connection_sync_job_stuck")
    world.vendor._scripts.clear()
    world.vendor.collections["orders"].append(order(4))
    await world.next_sync()
    assert await world.count(caller.connection) == 4


async def test_refused_credentials_end_a_window_and_are_noted(caller: Caller, world: World):
    window = await caller.ask()
    world.vendor.tokens.clear()
    await world.work()
    assert await caller.status(window) == "stuck"
    assert [problem.kind for problem in await world.problems(caller.connection)] == ["invalid_credentials"]
