"""Webhooks from the queue to the receiver, against a loop that only signs and posts.

Both post the same bodies, of 3 kB, to the same receiver on loopback. Ours are rows in the database, claimed,
sent, and recorded. Latency is from right before the commit to the arrival.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import aiohttp

from bench.results import Result, at_least, at_most
from bench.rounds import interleaved
from bench.run import Bench
from bench.servers import free_port
from bench.stores import Prepared, Stores
from crossdock.config import Settings
from crossdock.services.clock import now_ms
from crossdock.services.open import open_services
from crossdock.services.wiring import Services
from crossdock.store.database.ids import new_id
from crossdock.store.records import events
from crossdock.store.records.events import EventRow
from crossdock.store.webhooks import endpoints
from crossdock.store.webhooks.endpoints import Endpoint, EndpointSecret, HiddenHeaders
from crossdock.webhooks import sign

BESIDE = 64
SECRET = sign.new_secret()
FILLING = "x" * 2900


def run(bench: Bench) -> Iterator[Result]:
    count, seconds = bench.scale.deliveries, bench.scale.delivering_seconds
    for stores in bench.kinds:
        with stores.fresh() as prepared, receiver() as url:
            mine, theirs = interleaved(
                bench.scale.rounds, partial(_drained, prepared, url, count), partial(_posted, url, count)
            )
            yield at_least(
                0.5, name=f"{count:,} webhooks from the queue, {stores.label}",
                against="sign and post with aiohttp", ours=mine, theirs=theirs, unit="deliveries/s",
            )  # fmt: skip
        for rate, target in ((1000, None), (500, 250)):
            with stores.fresh() as prepared, receiver() as url:
                sent, late = asyncio.run(_sustained(prepared, url, rate, seconds))
            lost = rate * seconds - len(late)
            name = f"{rate}/s for {seconds:g} s, {stores.label}, {lost:g} lost"
            yield at_least(
                0.99, name=name, against="the rate they come at", ours=sent, theirs=rate, unit="deliveries/s"
            )
            if target is not None:
                yield at_most(
                    1, name=f"p99 from commit to arrival, {name}", against=f"{target} ms", ours=_p99(late),
                    theirs=target, unit="ms",
                )  # fmt: skip
        with stores.fresh() as prepared, receiver() as url:
            alone, beside = interleaved(
                bench.scale.rounds,
                partial(_beside, prepared, url, hangs=False),
                partial(_beside, prepared, url, hangs=True),
            )
            yield at_most(
                1.1, name=f"p99 beside an endpoint that hangs, {stores.label}", against="alone",
                ours=beside, theirs=alone, unit="ms",
            )  # fmt: skip
        yield from _crowded(bench, stores)


def _crowded(bench: Bench, stores: Stores) -> Iterator[Result]:
    """What very many that wait for an endpoint that never answers do to another, and to our memory."""
    count = bench.scale.pending
    with stores.fresh() as prepared, receiver() as url:
        alone = [_beside(prepared, url, hangs=False) for _ in range(bench.scale.rounds)]
        before = _resident()  # before they are queued: what that leaves behind counts too
        with bench.console.status(f"queueing {count:,} webhooks on {stores.label}"):
            asyncio.run(_queue(prepared, url, count))
        crowded = [_beside(prepared, url, hangs=True) for _ in range(bench.scale.rounds)]
        name = f"{count:,} waiting at an endpoint that hangs, {stores.label}"
        yield at_most(
            1.1, name=f"p99 beside {name}", against="alone", ours=median(crowded), theirs=median(alone),
            unit="ms",
        )  # fmt: skip
        yield at_most(
            1, name=f"memory that is more with {name}", against="100 MB", ours=max(1.0, _resident() - before),
            theirs=100, unit="MB",
        )  # fmt: skip


def _resident() -> float:
    """Megabytes of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _p99(values: list[float]) -> float:
    return quantiles(values, n=100)[98]


# Ours


def _drained(prepared: Prepared, url: str, count: int) -> float:
    """Deliveries a second of a queue that is full."""
    return asyncio.run(_drain(prepared, url, count))


async def _drain(prepared: Prepared, url: str, count: int) -> float:
    async with _services(prepared) as services:
        await listen(services, f"{url}/hook")
        for start in range(0, count, 500):
            await _tell(services, prepared, min(500, count - start))
        began = time.perf_counter()
        await services.webhooks.sender().drain()
        seconds = time.perf_counter() - began
    if (report_count := len(await report(url))) != count:
        raise RuntimeError(f"{report_count} of {count} webhooks arrived")
    return count / seconds


async def _sustained(prepared: Prepared, url: str, rate: int, seconds: float) -> tuple[float, list[float]]:
    """Deliveries a second while they come at this rate, and how late each was in milliseconds."""
    async with _services(prepared) as services:
        await listen(services, f"{url}/hook")
        late = await _at_rate(services, prepared, url, rate, seconds)
    return len(late) / seconds, late


def _beside(prepared: Prepared, url: str, *, hangs: bool) -> float:
    return asyncio.run(_isolated(prepared, url, hangs=hangs))


async def _isolated(prepared: Prepared, url: str, *, hangs: bool) -> float:
    """The 99th percentile in milliseconds at 200 a second, perhaps with one beside that hangs."""
    async with _services(prepared) as services:
        await services.database.execute("UPDATE webhook_endpoints SET disabled = TRUE")
        await listen(services, f"{url}/hook")
        if hangs:
            await listen(services, f"{url}/hang")
        return _p99(await _at_rate(services, prepared, url, 200, 5))


async def _queue(prepared: Prepared, url: str, count: int) -> None:
    """So many wait for an endpoint that never answers, and for nobody else."""
    async with _services(prepared) as services:
        await services.database.execute("UPDATE webhook_endpoints SET disabled = TRUE")
        await listen(services, f"{url}/hang")
        for start in range(0, count, 5000):
            await _tell(services, prepared, min(5000, count - start))


async def _at_rate(
    services: Services, prepared: Prepared, url: str, rate: int, seconds: float
) -> list[float]:
    sender = services.webhooks.sender()
    running = asyncio.create_task(sender.run())
    began, number = time.perf_counter(), 0
    while number < rate * seconds:
        part = min(int((time.perf_counter() - began) * rate) - number, int(rate * seconds) - number)
        if part > 0:
            await _tell(services, prepared, part)
            number += part
        await asyncio.sleep(0.01)
    late: dict[str, float] = {}
    for _ in range(100):
        late |= await report(url)
        if len(late) >= number:
            break
        await asyncio.sleep(0.1)
    sender.stop()
    running.cancel()  # what hangs would be waited for
    await asyncio.wait({running})
    return list(late.values())


async def _tell(services: Services, prepared: Prepared, count: int) -> None:
    """So many events, in one transaction."""
    now = now_ms()
    body = json.dumps({"at": now, "filling": FILLING}, separators=(",", ":")).encode()
    connection = prepared.connection
    rows = [
        EventRow(
            id=new_id("msg", now), organization_id=connection.organization_id, connection_id=connection.id,
            type="order.updated", resource="wms_orders", record_id=f"o{n}", at_ms=now, body=body,
        )
        for n in range(count)
    ]  # fmt: skip
    async with services.database.transaction() as transaction:
        await events.add(transaction, rows)


@asynccontextmanager
async def _services(prepared: Prepared) -> AsyncIterator[Services]:
    settings = Settings(
        database_url=prepared.url, secret_key=prepared.secret_key, allowed_addresses="127.0.0.0/8"
    )
    async with open_services(settings) as services:
        yield services


async def listen(services: Services, url: str) -> None:
    """An endpoint that gets everything; the same one, if it is there."""
    [owner] = [row[0] for row in await services.database.fetch("SELECT id FROM organizations")]
    endpoint = await endpoints.find(services.database, services.vault, owner, url[-4:])
    await services.vault.prepare(owner)
    async with services.database.transaction() as transaction:
        if endpoint is not None:
            await endpoints.change(transaction, services.vault, replace(endpoint, disabled=False))
            return
        now = now_ms()
        new_endpoint = Endpoint(
            number=0, id=new_id("ep", now), organization_id=owner, application_id=owner, uid=url[-4:],
            created_ms=now, updated_ms=now, hidden=HiddenHeaders(url=url, secrets=[EndpointSecret(SECRET)]),
        )  # fmt: skip
        await endpoints.add(transaction, services.vault, new_endpoint)


# Theirs


def _posted(url: str, count: int) -> float:
    """Posts a second of a loop that does nothing else."""
    return asyncio.run(_post(url, count))


async def _post(url: str, count: int) -> float:
    remaining_ranges = iter(range(count))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=BESIDE)) as session:

        async def lane() -> None:
            for n in remaining_ranges:
                now = time.time()
                body = json.dumps({"at": int(now * 1000), "filling": FILLING}, separators=(",", ":")).encode()
                headers = sign.headers(f"msg_{n}", int(now), body, [SECRET])
                headers["content-type"] = "application/json"
                async with session.post(f"{url}/hook", data=body, headers=headers) as answer:
                    await answer.read()

        began = time.perf_counter()
        await asyncio.gather(*(lane() for _ in range(BESIDE)))
        seconds = time.perf_counter() - began
    await report(url)
    return count / seconds


# The receiver


@contextmanager
def receiver() -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.receiver", str(port)])
    url = f"http://127.0.0.1:{port}"
    try:
        asyncio.run(_answers(lambda: report(url)))
        yield url
    finally:
        process.kill()
        process.wait()


async def _answers(look: Callable[[], Any]) -> None:
    for _ in range(200):
        try:
            await look()
        except aiohttp.ClientError:
            await asyncio.sleep(0.02)
        else:
            return


async def report(url: str) -> dict[str, float]:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/report") as answer:
        return dict(json.loads(await answer.read()))
