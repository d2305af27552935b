"""The first page: what is healthy, what is wrong and what to do, and the first steps."""

from collections.abc import Sequence

import msgspec
from starlette.responses import Response

from crossdock.connections.overview import ConnectionOverview, overviews
from crossdock.dashboard.bars import Bar, BarChart
from crossdock.dashboard.context import DashboardContext
from crossdock.dashboard.home.hours import last_hours
from crossdock.store.connections import activity, health
from crossdock.store.connections.activity import SpanActivity
from crossdock.store.connections.health import ConnectionSearch
from crossdock.store.connections.problems import ConnectionProblem
from crossdock.wire import stamp

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
    """A step from signing in to the first delivered webhook. advice: how; href: of the page that does it."""

    title: str
    is_done: bool
    href: str
    advice: str


class HomePage(msgspec.Struct, kw_only=True):
    """Counts are of now; calls, events and attempts are of the last 24 hours. functions: that are synced."""

    connections: int
    connections_with_problems: int
    functions: int
    late_functions: int
    events: int
    attempts: int
    failed_attempts: int
    calls: int
    failed_calls: int
    problems: list[OpenProblem]
    first_steps: list[FirstStep]
    charts: list[BarChart]


async def shown(visit: DashboardContext) -> Response:
    """The first page."""
    database, organization_id = visit.door.database, visit.organization_id
    total, troubled = await health.counts(database, ConnectionSearch(organization_id))
    rows = await health.fitting(
        database, ConnectionSearch(organization_id, only_problems=True), 0, MOST_PROBLEMS
    )
    looked_at = await overviews(database, rows, visit.door.settings.off)
    functions, late = await activity.punctuality(database, organization_id, visit.now_ms)
    events, attempts, calls = [
        await last_hours(database, organization_id, count, visit.now_ms)
        for count in (activity.events, activity.attempts, activity.calls)
    ]
    webhooks = f"/webhooks/{organization_id}"
    page = HomePage(
        connections=total,
        connections_with_problems=troubled,
        functions=functions,
        late_functions=late,
        events=_sum(events).count,
        attempts=_sum(attempts).count,
        failed_attempts=_sum(attempts).failed,
        calls=_sum(calls).count,
        failed_calls=_sum(calls).failed,
        problems=_problems(looked_at),
        first_steps=await _first_steps(visit, is_connected=total > 0),
        charts=[
            _chart("Records changed", "changes", events, f"{webhooks}/messages"),
            _chart("Webhooks sent", "attempts", attempts, f"{webhooks}/statistics"),
            _chart("API calls", "calls", calls, "/api-log"),
            _latency(calls),
        ],
    )
    return visit.view("home/home.html", page, title="Home")


Hours = Sequence[tuple[int, SpanActivity]]


def _sum(hours: Hours) -> SpanActivity:
    return SpanActivity(
        sum(activity.count for _, activity in hours), sum(activity.failed for _, activity in hours)
    )


def _chart(title: str, unit: str, hours: Hours, path: str) -> BarChart:
    bars = [Bar(at=stamp(start), count=span.count, failed=span.failed) for start, span in hours]
    return BarChart(title=f"{title}, by hour", bars=bars, unit=unit, path=path)


def _latency(hours: Hours) -> BarChart:
    """The mean time that an answer took, by hour."""
    bars = [
        Bar(at=stamp(start), count=round(span.total_us / span.count / 1000) if span.count else 0)
        for start, span in hours
    ]
    return BarChart(title="Mean time to an answer, by hour", bars=bars, unit="ms", path="/api-log")


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


async def _first_steps(visit: DashboardContext, *, is_connected: bool) -> list[FirstStep]:
    """The steps from signing in to the first delivered webhook, each with whether it is done."""
    database, organization_id = visit.door.database, visit.organization_id
    steps: list[tuple[str, bool, str, str]] = [
        (
            "Connect a first system",
            is_connected,
            "/connections/new" if visit.may("connections.manage") else "/connections",
            "With credentials of that system. The Data explorer makes a simulated one to look around in.",
        ),
        (
            "See its first sync end",
            await activity.is_synced(database, organization_id),
            "/connections",
            "A connection's page shows what runs and what has come in.",
        ),
        (
            "Call the API with a key of yours",
            await activity.was_called(database, organization_id),
            "/settings/keys" if visit.may("api_keys.manage") else "/reference",
            "Make a key, then copy a request from a list of the Data explorer or from the API reference.",
        ),
        (
            "Add a webhook endpoint",
            await activity.has_endpoint(database, organization_id),
            f"/webhooks/{organization_id}{'/new' if visit.may('webhooks.manage') else ''}",
            "An address of yours that is told what changes.",
        ),
        (
            "See a webhook arrive",
            await activity.was_delivered(database, organization_id),
            f"/webhooks/{organization_id}",
            "Send a test from the endpoint's page, or change a record in the Data explorer.",
        ),
    ]
    return [
        FirstStep(title=title, is_done=is_done, href=href, advice=advice)
        for title, is_done, href, advice in steps
    ]
