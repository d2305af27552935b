"""From a change in a connected system to our webhook, where the system tells of its changes by itself.

    a change in a sandbox's world ─▶ signed notice, over HTTP ─▶ taken in ─▶ the record read again
                                                                              └▶ committed ─▶ our webhook

Server, worker and sender are one process, as in `crossdock dev`; the receiver is another. Latency is from
right before the change to the arrival of our webhook.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

import aiohttp

from bench.results import Result, at_most
from bench.run import Bench
from bench.servers import free_port
from bench.stores import Prepared
from bench.webhooks import listen, receiver, report
from crossdock.config import Settings
from crossdock.integrations.sandbox.generate.worlds import open_world
from crossdock.integrations.sandbox.operations.pushes import notice
from crossdock.integrations.sandbox.world.records import World
from crossdock.kit.registry import get_integration
from crossdock.services.api_server import serve_api
from crossdock.services.open import open_services
from crossdock.services.wiring import Services
from crossdock.store.connections import connections, inbound

RATE = 50
"""Changes a second."""
FUNCTION = "get_orders"
AGAIN, AGAIN_SECONDS = 20, 0.25


def run(bench: Bench) -> Iterator[Result]:
    seconds = bench.scale.delivering_seconds
    for stores in bench.kinds:
        with stores.fresh() as prepared, receiver() as url:
            folder = bench.folder / f"worlds-{stores.label}"
            late, changes = asyncio.run(_measured(prepared, folder, url, seconds))
        cuts = quantiles(late, n=100)
        folded = changes - len(late)
        name = f"{RATE} changes a second for {seconds:g} s, {stores.label}, {folded} folded into others"
        for text, milliseconds, target in (("p50", cuts[49], 1000), ("p99", cuts[98], 3000)):
            yield at_most(
                1, name=f"{text} from a change at the vendor to our webhook, {name}",
                against=f"{target} ms", ours=milliseconds, theirs=target, unit="ms",
            )  # fmt: skip


async def _measured(prepared: Prepared, folder: Path, url: str, seconds: float) -> tuple[list[float], int]:
    """Milliseconds of each webhook that arrived, and how many changes there were."""
    settings = Settings(
        data_dir=str(folder), database_url=prepared.url, secret_key=prepared.secret_key, port=free_port(),
        allowed_addresses="127.0.0.0/8", disabled_functions="none",
    )  # fmt: skip
    async with open_services(settings) as services:
        await listen(services, f"{url}/hook")
        pushing = await _connected(services, prepared)
        await report(url)
        async with _serving(services):
            changes = await _change(services, pushing, seconds)
            late: dict[str, float] = {}
            for _ in range(50):
                late |= await report(url)
                if len(late) >= changes:
                    break
                await asyncio.sleep(0.1)
    return list(late.values()), changes


@dataclass(frozen=True)
class Pushing:
    """A sandbox that tells of its changes: its world, its orders, and what it signs with."""

    world: World
    orders: list[str]
    path: str
    secret: str


async def _connected(services: Services, prepared: Prepared) -> Pushing:
    """A sandbox connection whose first sync is done, and that is subscribed."""
    integration = get_integration("wms", "sandbox")
    connection, _ = await services.connector.connect(prepared.connection.organization_id, integration, {})
    await services.worker(connection_id=connection.id).drain()
    row = await inbound.get(services.database, connection.id)
    if row is None or row.subscription is None:
        raise RuntimeError("the sandbox is not subscribed")
    fields = await connections.credentials(services.database, services.vault, connection)
    world = open_world(
        services.clients.folder("sandbox"), fields["world"], int(fields["seed"]),
        datetime.fromisoformat(fields["epoch"]),
    )  # fmt: skip
    return Pushing(
        world,
        [uid for uid, _ in world.after("wms_orders", "", 100)],
        await inbound.open_path(services.vault, connection, row),
        await inbound.open_secret(services.vault, connection, row),
    )


@asynccontextmanager
async def _serving(services: Services) -> AsyncIterator[None]:
    worker, listening = services.worker(), asyncio.Event()
    working = asyncio.create_task(worker.run())
    serving = asyncio.create_task(serve_api(services, wake=worker.wake, started=listening))
    await asyncio.wait({serving, asyncio.create_task(listening.wait())}, return_when=asyncio.FIRST_COMPLETED)
    try:
        yield
    finally:
        worker.stop()
        serving.cancel()
        await asyncio.wait({working, serving})


async def _change(services: Services, pushing: Pushing, seconds: float) -> int:
    """Change orders at the rate, each with a notice of its own; return how many."""
    inbound_url = f"{services.settings.url}/inbound/{pushing.path}"
    began, number, sending = time.perf_counter(), 0, set[asyncio.Task[None]]()
    async with aiohttp.ClientSession() as session:
        while number < RATE * seconds:
            order_id = pushing.orders[number % len(pushing.orders)]
            at_ms = int(time.time() * 1000)
            _changed(pushing.world, order_id, f"at-{at_ms}")
            body, headers = notice([(FUNCTION, order_id)], pushing.secret)
            task = asyncio.create_task(_sent(session, inbound_url, body, headers))
            sending.add(task)
            task.add_done_callback(sending.discard)
            number += 1
            await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
        if sending:
            await asyncio.wait(sending)
    return number


def _changed(world: World, order_id: str, reference: str) -> None:
    with world.change(datetime.now(UTC)) as records:
        records.put("wms_orders", records.get("wms_orders", order_id) | {"shop_ref": reference})


async def _sent(session: aiohttp.ClientSession, url: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Send a notice; again, as vendors do, where it is not taken now."""
    for _ in range(AGAIN):
        async with session.post(url, data=body, headers=headers) as answer:
            if answer.status == 200:
                return
        await asyncio.sleep(AGAIN_SECONDS)
    raise RuntimeError("a notice was not taken in")
