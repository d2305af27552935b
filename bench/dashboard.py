"""Pages of the dashboard over a million records, a thousand connections and 100,000 messages.

What is measured is a page as a browser gets it from a server beside it, of which the server's time is all but
nothing; the median of some rounds. And what the first visit costs: its page with all files, packed.
"""

import asyncio
import gzip
import os
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median

from bench import servers
from bench.explorer import signed_in
from bench.load import Timed, body_of
from bench.results import Result, at_most
from bench.run import Bench
from bench.stores import Prepared
from crossdock.config import Settings
from crossdock.dashboard.operations import OPERATIONS, PREFIX
from crossdock.services.open import open_services
from crossdock.services.wiring import Services
from crossdock.store.connections.api_calls import call_id
from crossdock.store.database.ids import new_id
from crossdock.store.schema.tables import metadata
from crossdock.store.webhooks import endpoints
from crossdock.store.webhooks.endpoints import Endpoint, EndpointSecret, HiddenHeaders
from crossdock.web.cookies import SESSION_COOKIE

LONGEST_MS, LONGEST_FIRST_MS, LARGEST_FIRST_KB = 300, 150, 150
CONNECTIONS, MESSAGES = 1000, 100_000
DAY_MS = 86_400_000
FUNCTIONS = ("get_orders", "get_products", "get_inventory", "get_returns", "get_warehouses", "get_bills")

SCHEDULE = [
    "connection_id", "function", "every_seconds", "paused", "due_ms", "first_done_ms", "last_start_ms",
    "last_end_ms", "last_outcome", "fresh_ms",
]  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """Ids of what pages are about."""

    connection_id: str
    endpoint_id: str
    msg_id: str
    attempt_id: str
    call_id: str


def run(bench: Bench) -> Iterator[Result]:
    share = min(1.0, bench.scale.records / 1_000_000)
    for stores in bench.kinds:
        prepared = bench.million(stores)
        cookie = asyncio.run(signed_in(prepared, "dashboard@example.com"))
        with bench.console.status(f"making connections and messages on {stores.label}"):
            sample = asyncio.run(
                _filled(prepared, max(3, int(CONNECTIONS * share)), int(MESSAGES * share) or 20)
            )
        with servers.crossdock(prepared) as server:
            headers = {"cookie": f"{SESSION_COOKIE}={cookie}", "accept-encoding": "gzip"}
            yield from _first(server.port, headers, stores.label, bench.scale.rounds)
            took = {
                name: _median(server.port, path, headers, bench.scale.rounds)
                for name, path in _paths(prepared, sample)
            }
        for name in sorted(took, key=lambda name: -took[name])[:5]:
            yield at_most(
                1, name=f"{name}, of the slowest among {len(took)} pages, {stores.label}",
                against=f"{LONGEST_MS} ms", ours=took[name], theirs=LONGEST_MS, unit="ms",
            )  # fmt: skip


def _median(port: int, path: str, headers: Mapping[str, str], rounds: int) -> float:
    """Milliseconds that a page takes, once it was read."""
    body_of(port, path, headers)
    page = Timed(port, path, headers)
    took = median(page() for _ in range(max(3, rounds)))
    page.close()
    return took * 1000


def _first(port: int, headers: Mapping[str, str], label: str, rounds: int) -> Iterator[Result]:
    """The first page: its time, and its bytes with those of all files that it names."""
    yield at_most(
        1, name=f"the first page, {label}", against=f"{LONGEST_FIRST_MS} ms",
        ours=_median(port, PREFIX, headers, rounds), theirs=LONGEST_FIRST_MS, unit="ms",
    )  # fmt: skip
    html = body_of(port, PREFIX, {name: value for name, value in headers.items() if name == "cookie"})
    names = re.findall(r'(?:href|src)="(?:\./)?(dashboard/static/[^"]+)"', html.decode())
    files = [body_of(port, f"/{name}", {}) for name in dict.fromkeys(names)]
    packed = sum(len(gzip.compress(content)) for content in [html, *files])
    yield at_most(
        1, name=f"the first page with its {len(files)} files, packed, {label}",
        against=f"{LARGEST_FIRST_KB} kB", ours=packed / 1000, theirs=LARGEST_FIRST_KB, unit="kB",
    )  # fmt: skip


def _paths(prepared: Prepared, sample: Sample) -> Iterator[tuple[str, str]]:
    """The name and the address of every page that this organization has something for."""
    values = {
        "connection_id": sample.connection_id, "app_id": prepared.connection.organization_id,
        "endpoint_id": sample.endpoint_id, "msg_id": sample.msg_id, "attempt_id": sample.attempt_id,
        "call_id": sample.call_id, "name": "order.updated", "operation_id": "listOrders",
        "integration_type": "wms", "integration_name": "sandbox", "resource": "orders",
    }  # fmt: skip
    for operation in OPERATIONS:
        names = re.findall(r"\{(\w+)\}", operation.path)
        if operation.method == "GET" and all(name in values for name in names):
            path = re.sub(r"\{(\w+)\}", lambda part: values[part[1]], operation.path)
            if not path.startswith(LEFT_OUT):
                yield operation.path or "/", f"{PREFIX}{path}"
    more = {
        "a month's statistics": f"/webhooks/{values['app_id']}/statistics?period=month",
        "a search among connections": "/connections?text=customer-99&problems=1",
        "calls that failed": "/api-log?status=4xx",
        "what the palette finds": "/palette?text=customer-99",
    }
    yield from ((name, f"{PREFIX}{path}") for name, path in more.items())


LEFT_OUT = ("/carrier/", "/settings/audit-log/export")
"""Pages of carrier connections, of which this organization has none, and a file of all there is."""


# What the organization has


async def _filled(prepared: Prepared, connections: int, messages: int) -> Sample:
    settings = Settings(database_url=prepared.url, secret_key=prepared.secret_key)
    async with open_services(settings) as services:
        await _connections(services, prepared, connections)
        number, endpoint_id = await _endpoint(services, prepared)
        msg_id, attempt_id = await _messages(services, prepared, number, messages)
        return Sample(
            prepared.connection.uid, endpoint_id, msg_id, attempt_id,
            await _calls(services, prepared, messages),
        )  # fmt: skip


async def _connections(services: Services, prepared: Prepared, count: int) -> None:
    """Connections with schedules; a tenth has a problem."""
    now, organization_id = services.clock(), prepared.connection.organization_id
    async with services.database.transaction() as transaction:
        names = [column.name for column in metadata.tables["connections"].columns if column.name != "id"]
        row = await transaction.fetch_one(
            f"SELECT {', '.join(names)} FROM connections WHERE id = ?", prepared.connection.id
        )
        first = dict(zip(names, row or (), strict=True))
        changed = [
            first | {
                "uid": str(uuid.uuid4()), "customer_id": f"customer-{index}", "created_ms": now - index,
                "token_digest": os.urandom(32),
            }
            for index in range(count)
        ]  # fmt: skip
        await transaction.append(
            "connections", names, [tuple(line[name] for name in names) for line in changed]
        )
        ids = [row[0] for row in await transaction.fetch(
            "SELECT id FROM connections WHERE organization_id = ?", organization_id
        )]  # fmt: skip
        far = now + DAY_MS
        plans = [
            (number, name, 3600, False, far, now, now, now, "done", now)
            for number in ids
            for name in FUNCTIONS
        ]
        await transaction.append("schedules", SCHEDULE, plans)
        await transaction.append(
            "connection_errors",
            ["connection_id", "function", "aspect", "kind", "message", "url", "first_ms", "last_ms"],
            [(number, "get_orders", "sync", "system_unavailable", "it can't be reached", "", now, now)
             for number in ids[::10]],
        )  # fmt: skip


async def _endpoint(services: Services, prepared: Prepared) -> tuple[int, str]:
    organization_id, now = prepared.connection.organization_id, services.clock()
    await services.vault.prepare(organization_id)
    hidden = HiddenHeaders(url="https://receiver.example/hook", secrets=[EndpointSecret("whsec_" + "A" * 32)])
    endpoint = Endpoint(
        number=0, id=new_id("ep", now), organization_id=organization_id, application_id=organization_id,
        created_ms=now, updated_ms=now, hidden=hidden,
    )  # fmt: skip
    async with services.database.transaction() as transaction:
        stored = await endpoints.add(transaction, services.vault, endpoint)
    return stored.number, stored.id


async def _messages(services: Services, prepared: Prepared, endpoint: int, count: int) -> tuple[str, str]:
    """Events of the last day, each sent; a twentieth in vain."""
    organization_id, now = prepared.connection.organization_id, services.clock()
    body = b'{"event_type":"order.updated","data":{"id":"1"},"previous_attributes":{"status":"open"}}'
    events, deliveries, tries = [], [], []
    for index in range(count):
        at = now - DAY_MS + index * DAY_MS // count
        message, status = new_id("msg", at), 2 if index % 20 == 0 else 0
        attempt = new_id("atmpt", at)
        events.append(
            (message, organization_id, prepared.connection.id, "order.updated", "orders", "1", at, body)
        )
        deliveries.append((endpoint, message, 0, status, 1))
        exchange = await services.vault.seal(
            organization_id, f"attempt {attempt}", b'{"url":"https://receiver.example/hook","sent":{}}'
        )
        tries.append((attempt, endpoint, message, at, status, 500 if status else 200, 40, 0, b"", exchange))
    async with services.database.transaction() as transaction:
        await transaction.append(
            "events",
            ["id", "organization_id", "connection_id", "type", "resource", "record_id", "at_ms", "body"],
            events,
        )  # fmt: skip
        await transaction.append(
            "webhook_deliveries", ["endpoint", "message_id", "manual", "state", "attempts"], deliveries
        )
        await transaction.append(
            "webhook_attempts",
            ["id", "endpoint", "message_id", "at_ms", "status", "code", "duration_ms", "manual", "response",
             "exchange"],
            tries,
        )  # fmt: skip
    return events[-1][0], tries[-1][0]


async def _calls(services: Services, prepared: Prepared, count: int) -> str:
    """Calls of the API of the last day, a tenth of them refused."""
    now = services.clock()
    rows = []
    for index in range(count):
        at = now - DAY_MS + index * DAY_MS // count
        request = uuid.uuid4().hex
        rows.append((
            call_id(at, request), prepared.connection.organization_id, at, request, "GET", "/wms/orders",
            404 if index % 10 == 0 else 200, 9000, None, prepared.connection.uid,
        ))  # fmt: skip
    names = [
        "id", "organization_id", "at_ms", "request_id", "method", "path", "status", "duration_us", "key_id",
        "connection_uid",
    ]  # fmt: skip
    async with services.database.transaction() as transaction:
        await transaction.append("api_calls", names, rows)
    return str(rows[-1][0])
