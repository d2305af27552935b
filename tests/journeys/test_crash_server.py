"""Servers die at any moment of a write. Whoever sends it again with its key has it done exactly once."""

import asyncio
import json
import os
import random
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from crossdock.services.clock import now_ms
from crossdock.store.connections import access, connections
from crossdock.store.connections.connections import ConnectionRow
from tests.fakes.fake_wms import read
from tests.fakes.vendor import broken_off, done_and, dropped, failing
from tests.journeys.conftest import World
from tests.journeys.test_crash import KILLS, SEEDS, gone_by

DEATHS = max(4, KILLS // 2)
"""A server takes longer to start than a worker."""
WRITES = 3
"""For each server."""
AHEAD_MS = 250_000
"""Each server's clock is so far ahead of the one before that what that one left can be settled."""


class Servers:
    """Starts servers; see `tests.fakes.api_server`."""

    def __init__(self, process: Process, world: World, port: int) -> None:
        self._process = process
        self._world = world
        self._ahead_ms = world.clock() - now_ms()
        self.port = port

    async def start(self) -> int:
        """The id of a new server's process, once it answers."""
        self._ahead_ms += AHEAD_MS
        settings = dict(vars(self._world.services.settings)) | {"port": self.port, "writes_per_second": 0}
        assert self._process.stdin
        assert self._process.stdout
        line = json.dumps({"settings": settings, "ahead_ms": self._ahead_ms})
        self._process.stdin.write(line.encode() + b"\n")
        child = int(await asyncio.wait_for(self._process.stdout.readline(), 120))
        async with asyncio.timeout(30):
            while not await self._answers():  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)
        return child

    async def _answers(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True


@pytest.fixture
async def servers(world: World, tmp_path: Path) -> AsyncIterator[Servers]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (tmp_path / "servers.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.fakes.api_server", stdin=PIPE, stdout=PIPE, stderr=log,
            cwd=Path(__file__).parents[2],
        )  # fmt: skip
        yield Servers(process, world, port)
        process.kill()
        await process.wait()
    print((tmp_path / "servers.log").read_text()[-5000:])  # shown when the test fails


class Callers:
    """Send orders, each with a key of its own, until each of them was done."""

    def __init__(self, http: httpx.AsyncClient, numbers: list[str]) -> None:
        self.http = http
        self.open = numbers
        self.answers: dict[str, Any] = {}

    async def try_all(self) -> None:
        await asyncio.gather(*(self._try(text) for text in self.open))
        self.open = [text for text in self.open if text not in self.answers]

    async def _try(self, number: str) -> None:
        body = {"order_number": number, "line_items": [{"product_id": "p1", "quantity": 1}]}
        with suppress(httpx.TransportError):
            answer = await self.http.post("/wms/orders", json=body, headers={"Idempotency-Key": number})
            assert answer.status_code in (200, 409, 500, 502, 503), answer.text
            if answer.status_code == 200:
                self.answers[number] = answer.json()


async def send_and_die(world: World, servers: Servers, chance: random.Random, callers: Callers) -> None:
    functions = (dropped(), failing(500), done_and(dropped()), done_and(broken_off()), done_and(failing(504)))
    for turn in range(DEATHS):
        callers.open += [f"SO-{turn}-{n}" for n in range(WRITES)]
        if chance.random() < 0.4:
            world.vendor.script("/orders", [chance.choice(functions) for _ in range(chance.randrange(1, 4))])
        server = await servers.start()
        world.vendor.requests.clear()
        sending = asyncio.create_task(callers.try_all())
        enough = chance.randrange(0, 2 * WRITES + 2)
        while len(world.vendor.requests) < enough and not sending.done():  # noqa: ASYNC110 - nor this
            await asyncio.sleep(0.002)
        await asyncio.sleep(chance.uniform(0, 0.03))
        os.kill(server, signal.SIGKILL)
        assert await gone_by(server, 10)
        await sending


@pytest.mark.parametrize("seed", SEEDS)
async def test_p01_p12_p13_whatever_server_is_killed_each_write_is_done_and_told_exactly_once(
    seed: int, world: World, servers: Servers
):
    connection = await world.connect()
    services = world.services
    token = await connections.token(services.database, services.vault, connection)
    _, key = await access.create_key(
        services.database, world.organization, name="w", read_only=False, now_ms=services.clock()
    )
    headers = {"x-trackstar-api-key": key, "x-trackstar-access-token": token}
    url = f"http://127.0.0.1:{servers.port}"
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as http:
        callers = Callers(http, [])
        await send_and_die(world, servers, random.Random(seed), callers)
        world.vendor.calm()
        for _ in range(3):
            server = await servers.start()
            await callers.try_all()
            os.kill(server, signal.SIGKILL)
            assert await gone_by(server, 10)
        assert callers.open == [], "what was sent again and again is done in the end"
    await each_was_done_once(world, connection, callers)


async def each_was_done_once(world: World, connection: ConnectionRow, callers: Callers) -> None:
    orders = [order for order in world.vendor.collections["orders"] if order["id"].startswith("new-")]
    assert sorted(order["number"] for order in orders) == sorted(callers.answers)
    assert len(orders) == DEATHS * WRITES
    ids = {order["number"]: order["id"] for order in orders}
    assert {number: answer["id"] for number, answer in callers.answers.items()} == ids
    stored = await world.documents(connection)
    assert stored.keys() == set(ids.values())
    for order in orders:
        assert stored[order["id"]]["order_number"] == read.order(order)["order_number"]
    events = await world.events(connection, "order.created")
    assert sorted(event["data"]["id"] for event in events) == sorted(ids.values())
