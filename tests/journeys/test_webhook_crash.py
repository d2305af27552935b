"""Senders die at any moment, without a word. Every change reaches who subscribed, and nothing else does."""

import asyncio
import os
import random
import signal
from contextlib import suppress

import pytest

from crossdock.store.records import events
from tests.fakes.hook_receiver import status
from tests.journeys.conftest import World, order
from tests.journeys.hooks import SECRET, Hooks, hooks, signed_by
from tests.journeys.test_crash import KILLS, Nursery, Vendor, gone_by, is_over, nursery

__all__ = ["hooks", "nursery"]


@pytest.mark.parametrize("seed", [1])
async def test_p01_p02_whatever_is_killed_every_change_is_delivered_and_nothing_else(
    seed: int, world: World, nursery: Nursery, hooks: Hooks
):
    chance = random.Random(seed)
    vendor = Vendor(world.vendor, chance)
    world.vendor.collections["orders"] = [order(n, updated_at=vendor.now()) for n in range(40)]
    connection = await world.connect(page_size="5")
    endpoint = await hooks.endpoint()
    for _ in range(KILLS):
        await world.services.database.execute("UPDATE schedules SET due_ms = 0")
        for _ in range(6):
            vendor.change_some()
        if chance.random() < 0.5:
            hooks.receiver.answer("/hook", status(503), times=3)
        enough = len(hooks.receiver.got()) + chance.randrange(1, 8)
        worker = await nursery.worker()
        while not is_over(worker):
            if len(hooks.receiver.got()) >= enough:
                break
            await asyncio.sleep(chance.uniform(0.001, 0.01))
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)
        assert await gone_by(worker, 10)
    hooks.receiver.calm()
    for _ in range(4):  # leases run out, and what failed is not waited for
        await world.services.database.execute("UPDATE schedules SET due_ms = 0")
        await world.services.database.execute(
            "UPDATE webhook_deliveries SET due_ms = 0 WHERE due_ms IS NOT NULL AND holder IS NULL"
        )
        assert await gone_by(await nursery.worker(), 120)

    rows = await events.of_connection(world.services.database, connection.id)
    # What happened before there was an endpoint is not sent there.
    since = next(n for n, (_, row) in enumerate(rows) if row.type.endswith("updated"))
    reported_events = {row.id: row for _, row in rows[since:] if not row.type.endswith(".deleted")}
    arrived = hooks.receiver.got()
    assert {item.id for item in arrived} == reported_events.keys()
    assert len(reported_events) > 20, "nothing was put to the test"
    for item in arrived:
        assert item.body == reported_events[item.id].body
        assert signed_by(SECRET, item.headers, item.body, int(item.headers["webhook-timestamp"]))
    remaining_rows = await world.services.database.fetch(
        "SELECT message_id, state, due_ms FROM webhook_deliveries WHERE endpoint = ? AND state <> 0",
        endpoint.number,
    )
    assert [tuple(row) for row in remaining_rows] == []
    attempts = await hooks.attempts(endpoint)
    assert {attempt.message_id for attempt in attempts if attempt.status == 0} == reported_events.keys()
