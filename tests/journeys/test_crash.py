"""Workers die at any moment, without a word. Nothing is lost, nothing is invented, nothing is done twice."""

import asyncio
import base64
import json
import os
import random
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from crossdock.changes.diff import restored
from crossdock.resources.event_types import SYNC_COMPLETED
from crossdock.services.clock import now_ms
from crossdock.store.records import events
from crossdock.wire import decoder
from tests.fakes.fake_wms import read
from tests.fakes.vendor import FakeVendor, broken_off, dropped, failing, throttled
from tests.journeys.conftest import Body, World, order, same_bytes, warehouse, without_stamps

KILLS = int(os.environ.get("CROSSDOCK_CRASH_KILLS", "8"))
"""For each seed and database; `make crash` sets more."""
SEEDS = [int(part) for part in os.environ.get("CROSSDOCK_CRASH_SEEDS", "1").split(",")]
ORDERS_AT_FIRST = 60
LEASE_MS = 61_000


class Nursery:
    """Makes workers; see `tests.fakes.worker`."""

    def __init__(self, process: Process, world: World) -> None:
        self._process = process
        self._world = world
        self._ahead_ms = world.clock() - now_ms()

    async def worker(self) -> int:
        """The process id of a new worker, for which every lease of those before has run out."""
        self._ahead_ms += LEASE_MS
        settings = dict(vars(self._world.services.settings))
        assert self._process.stdin
        assert self._process.stdout
        line = json.dumps({"settings": settings, "ahead_ms": self._ahead_ms})
        self._process.stdin.write(line.encode() + b"\n")
        return int(await asyncio.wait_for(self._process.stdout.readline(), 120))


@pytest.fixture
async def nursery(world: World, tmp_path: Path) -> AsyncIterator[Nursery]:
    with (tmp_path / "workers.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.fakes.worker", stdin=PIPE, stdout=PIPE, stderr=log,
            cwd=Path(__file__).parents[2],
        )  # fmt: skip
        yield Nursery(process, world)
        process.kill()
        await process.wait()
    print((tmp_path / "workers.log").read_text()[-5000:])  # shown when the test fails


class Vendor:
    """Changes the vendor's records while they are read, by a clock that never repeats itself."""

    def __init__(self, fake: FakeVendor, chance: random.Random) -> None:
        self.fake, self.chance = fake, chance
        self.tick = 0

    def now(self) -> str:
        self.tick += 1
        return f"2026-02-02T{self.tick // 3600:02}:{self.tick // 60 % 60:02}:{self.tick % 60:02}Z"

    def change_some(self) -> None:
        """One order changes, or a new one arrives, or a warehouse is renamed or comes or goes."""
        orders, warehouses = self.fake.collections["orders"], self.fake.collections["warehouses"]
        now, number = self.now(), self.chance.random()
        if number < 0.6:
            lines = [{"product": f"p{n}", "quantity": self.tick} for n in range(self.chance.randrange(3))]
            state, total = self.chance.choice("ABC"), f"{self.tick}.25"
            self.chance.choice(orders).update(updated_at=now, state=state, total=total, lines=lines)
        elif number < 0.8:
            orders.append(order(100 + self.tick, updated_at=now))
        elif number < 0.9:
            self.chance.choice(warehouses)["name"] = f"Hall {self.tick}"
        else:
            warehouses.append(warehouse(100 + self.tick))

    def make_trouble(self) -> None:
        """The next requests for orders fail in some way."""
        functions = (failing(500), failing(503), dropped(), broken_off(), throttled(0.05))
        self.fake.script(
            "/orders", [self.chance.choice(functions) for _ in range(self.chance.randrange(1, 4))]
        )


def is_over(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return True
    return False


async def gone_by(process_id: int, seconds: float) -> bool:
    """Whether the worker has ended of its own accord within this time."""
    deadline = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < deadline:
        if is_over(process_id):
            return True
        await asyncio.sleep(0.005)
    return is_over(process_id)


async def work_and_die(world: World, nursery: Nursery, vendor: Vendor) -> list[list[str]]:
    """Kills one worker after the other while the vendor's records change.

    The cursors of orders that each of them got an answer to.
    """
    groups = []
    ourselves = world.vendor.callers
    for _ in range(KILLS):
        world.vendor.requests.clear()
        await world.services.database.execute("UPDATE schedules SET due_ms = 0")
        enough = vendor.chance.randrange(1, 15)
        if vendor.chance.random() < 0.3:
            vendor.make_trouble()
        worker = await nursery.worker()
        # By requests, not by time: on a busy machine the workers would die before they did anything.
        while len(world.vendor.requests) < enough and not is_over(worker):
            vendor.change_some()
            await asyncio.sleep(vendor.chance.uniform(0.002, 0.02))
        await asyncio.sleep(vendor.chance.uniform(0, 0.03))
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)
        assert await gone_by(worker, 10)
        await asyncio.wait_for(
            world.vendor.settled(ourselves), 10
        )  # or its last request counts as the next one's
        # What the vendor failed to answer is asked again: that repeats nothing.
        answered = [
            request
            for request in world.vendor.requests
            if request.path == "/orders" and request.status == 200
        ]
        groups.append([item.query.get("cursor", "") for item in answered])
    return groups


async def work_to_the_end(world: World, nursery: Nursery) -> None:
    for _ in range(2):
        await world.services.database.execute("UPDATE schedules SET due_ms = 0")
        assert await gone_by(await nursery.worker(), 120), "the last worker does not end"


@pytest.mark.parametrize("seed", SEEDS)
async def test_p01_p02_p14_whatever_is_killed_every_change_is_stored_and_told_exactly_once(
    seed: int, world: World, nursery: Nursery
):
    vendor = Vendor(world.vendor, random.Random(seed))
    world.vendor.collections["orders"] = [
        order(n, updated_at=vendor.now()) for n in range(ORDERS_AT_FIRST)
    ]  # fmt: skip
    await world.services.database.execute("UPDATE organizations SET sync_events = TRUE")
    connection = await world.connect(sync=False, page_size="5")
    groups = await work_and_die(world, nursery, vendor)
    world.vendor.calm()
    await work_to_the_end(world, nursery)

    await the_store_is_the_vendor(world, connection)
    # A run may have failed for good when it was killed and refused often enough; the next one made up for it.
    still = await world.services.database.fetch("SELECT state FROM jobs WHERE state IN ('queued', 'running')")
    assert still == []
    texts = await world.told(connection)
    assert texts.count("connection.historical-sync-completed") == 3
    await every_change_was_told_once(world, connection)
    await every_end_was_told_once(world, connection)
    no_page_was_read_again_but_the_last(groups)
    assert await world.quarantined(connection) == []


async def the_store_is_the_vendor(world: World, connection: Any) -> None:
    for collection, function, reader in (
        ("orders", "get_orders", read.order), ("warehouses", "get_warehouses", read.warehouse),
    ):  # fmt: skip
        documents = await world.documents(connection, function)
        held = {raw["id"]: reader(raw) for raw in world.vendor.collections[collection]}
        assert documents.keys() == held.keys()
        for record_id, fields in held.items():
            for name in ("updated_date", "total_price", "raw_status", "name"):
                assert documents[record_id].get(name) == fields.get(name), (record_id, name)
            lines = [
                (line_item["product_id"], line_item["quantity"])
                for line_item in documents[record_id].get("line_items", [])
            ]
            assert lines == [
                (line_item["product_id"], line_item["quantity"]) for line_item in fields.get("line_items", [])
            ]


async def every_change_was_told_once(world: World, connection: Any) -> None:
    """A record's events are a chain: each begins where the one before ended, up to what is stored."""
    chains: dict[tuple[str, str], list[tuple[str, str, Body]]] = {}
    for _, row in await events.of_connection(world.services.database, connection.id):
        if row.resource is not None:
            chain = chains.setdefault((row.resource, str(row.record_id)), [])
            chain.append((row.id, row.type, decoder.decode(row.body)))
    changes = [event_id for _, _, _, event_id in await world.history(connection) if event_id]
    unheard = await world.services.database.fetch(
        "SELECT h.id FROM history h JOIN runs r ON r.job_id = h.job_id WHERE h.event_id IS NULL "
        "AND h.kind = 'updated' AND NOT r.first"
    )
    assert unheard == [], "only during a first sync nobody is told"
    updates = [values for chain in chains.values() for values in chain if values[1].endswith(".updated")]
    assert sorted(update[0] for update in updates) == sorted(changes)
    assert len(updates) > 5, "nothing was put to the test"
    stored = {
        "wms_orders": await world.documents(connection),
        "wms_warehouses": await world.documents(connection, "get_warehouses"),
    }
    for (resource, record_id), chain in chains.items():
        assert all(values[1].endswith(".updated") for values in chain[1:])
        for (_, _, before), (_, _, after) in pairwise(chain):
            old = restored(without_stamps(after["data"]), after["previous_attributes"])
            assert same_bytes(old, without_stamps(before["data"])), (resource, record_id)
        assert same_bytes(chain[-1][2]["data"], stored[resource][record_id])


async def every_end_was_told_once(world: World, connection: Any) -> None:
    """Each sync that went to its end says so, with as many changes as its history has."""
    told = [event["data"] for event in await world.events(connection, SYNC_COMPLETED)]
    jobs = await world.services.database.fetch("SELECT id FROM jobs WHERE kind = 'sync' AND state = 'done'")
    assert sorted(data["sync_run_id"] for data in told) == sorted(row[0] for row in jobs)
    for data in told:
        rows = await world.services.database.fetch(
            "SELECT count(*) FROM history WHERE job_id = ? AND kind = 'updated'", data["sync_run_id"]
        )
        assert data["counts"]["changed"] == rows[0][0]


def no_page_was_read_again_but_the_last(groups: list[list[str]]) -> None:
    """groups: the cursors that each worker sent. A walk begins again with its last page or the next."""
    last = ""
    for cursors in groups:
        for number, cursor in enumerate(cursors):
            begins = not cursor
            goes_on = place(cursor) > place(last)
            once_more = number == 0 and cursor == last
            assert begins or goes_on or once_more, (last, cursor)
            last = cursor


def place(cursor: str) -> tuple[str, ...]:
    """How far along the vendor's list a cursor is: (time, id) of the last record before it."""
    return tuple(json.loads(base64.urlsafe_b64decode(cursor))[:2]) if cursor else ()
