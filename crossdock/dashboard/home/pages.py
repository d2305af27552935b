"""The first page: what is healthy, what is wrong and what to do, and the first steps."""

from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.connections.overview import ConnectionOverview, overviews
from crossdock.dashboard.bars import Bar, BarChart
from crossdock.dashboard.context import DashboardContext
from crossdock.store.connections import api_calls, health
from crossdock.store.connections.health import ConnectionSearch
from crossdock.store.connections.problems import ConnectionProblem
from crossdock.wire import stamp

HOUR_MS = 3_600_000
HOURS = 24
MOST_PROBLEMS = 20
"""Shown on the first page; the list of connections has them all."""
ADVICE = {
    "invalid_credentials": "Ask the customer to connect again: a magic link for this connection does it.",
    "missing_permission": "Have the customer allow it in the connected system; it is tried again by itself.",
    "login_throttled": "Nothing: the system is left in peace for a while, then tried again.",
    "system_throttled": "Nothing: the next run waits as long as the system asks for.",
    "system_unavailable": "Nothing yet: it is tried again at growing intervals.",
    "address_refused": "Check the address of the system: it leads to where this server may not call.",
    "records_set_aside": "Look at the records and their reasons on the connection's page.",
    "file_refused": "Send the file again in a form that is named in the reason.",
}
"""What to do about a problem, by its kind."""
ADVICE_ELSE = "Look at the message; it is tried again with the next run."


class OpenProblem(msgspec.Struct, kw_only=True):
    """A problem as the first page tells it. seen: from when to when, ISO 8601."""

    connection_id: str
    customer_id: str | None
    system: str
    function: str
    kind: str
    message: str
    advice: str
    is_blocking: bool
    first_seen: str
    last_seen: str


class FirstStep(msgspec.Struct, kw_only=True):
    """A step from signing in to the first synced record. href: of the page that does it."""

    title: str
    is_done: bool
    href: str


class HomePage(msgspec.Struct, kw_only=True):
    """Counts are of now; calls are of the last 24 hours."""

    connections: int
    connections_with_problems: int
    calls: int
    failed_calls: int
    problems: list[OpenProblem]
    first_steps: list[FirstStep]
    chart: BarChart


async def shown(visit: DashboardContext) -> Response:
    """The first page."""
    database = visit.door.database
    everything = ConnectionSearch(visit.organization_id)
    total, troubled = await health.counts(database, everything)
    rows = await health.fitting(
        database, ConnectionSearch(visit.organization_id, only_problems=True), 0, MOST_PROBLEMS
    )
    looked_at = await overviews(database, rows, visit.door.settings.off)
    some = await overviews(
        database, await health.fitting(database, everything, 0, 10), visit.door.settings.off
    )
    chart = await _calls(visit)
    page = HomePage(
        connections=total,
        connections_with_problems=troubled,
        calls=sum(bar.count for bar in chart.bars),
        failed_calls=sum(bar.failed for bar in chart.bars),
        problems=_problems(looked_at),
        first_steps=_first_steps(some, chart),
        chart=chart,
    )
    return visit.view("home/home.html", page, title="Home")


async def _calls(visit: DashboardContext) -> BarChart:
    """The API's calls of the last day, by hour."""
    now_hour = visit.now_ms // HOUR_MS * HOUR_MS
    first = now_hour - (HOURS - 1) * HOUR_MS
    counted = await api_calls.by_period(visit.door.database, visit.organization_id, first, HOUR_MS)
    bars = []
    for start in range(first, now_hour + 1, HOUR_MS):
        count, failed = counted.get(start, (0, 0))
        bars.append(Bar(at=stamp(start), count=count, failed=failed))
    return BarChart(title="API calls by hour, the last 24 hours", bars=bars)


def _problems(seen: Sequence[ConnectionOverview]) -> list[OpenProblem]:
    """The problems, those first that keep something from syncing, the newest of them first."""
    pairs = [(overview, problem) for overview in seen for problem in overview.problems]
    pairs.sort(key=lambda pair: (not pair[1].is_blocking, -pair[1].first_ms))
    return [_problem(overview, problem) for overview, problem in pairs[:MOST_PROBLEMS]]


def _problem(overview: ConnectionOverview, problem: ConnectionProblem) -> OpenProblem:
    return OpenProblem(
        connection_id=overview.connection.uid,
        customer_id=overview.connection.customer_id,
        system=overview.system,
        function=problem.function,
        kind=problem.kind,
        message=problem.message,
        advice=ADVICE.get(problem.kind, ADVICE_ELSE),
        is_blocking=problem.is_blocking,
        first_seen=stamp(problem.first_ms),
        last_seen=stamp(problem.last_ms),
    )


def _first_steps(seen: Sequence[ConnectionOverview], chart: BarChart) -> list[FirstStep]:
    is_synced = any(plan.first_done_ms for overview in seen for plan in overview.schedules)
    steps: list[tuple[str, Any, str]] = [
        ("Connect a first system", seen, "/connections"),
        ("See its first sync end", is_synced, "/connections"),
        ("Call the API with a key of yours", any(bar.count for bar in chart.bars), "/api-log"),
    ]
    return [FirstStep(title=title, is_done=bool(is_done), href=href) for title, is_done, href in steps]
