"""The list of connections, and the page of each."""

from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.connections.overview import ConnectionOverview, latest_sync_ms, overviews
from crossdock.connections.problems import affected_endpoints
from crossdock.dashboard.connections.head import (
    ConnectionHead,
    OpenedConnection,
    head_of,
    opened_connection,
)
from crossdock.dashboard.connections.runs import RunLine, line_of
from crossdock.dashboard.context import DashboardContext
from crossdock.errors import Invalid
from crossdock.resources import catalogue
from crossdock.store.connections import health, run_history
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.health import ConnectionSearch
from crossdock.store.connections.problems import ConnectionProblem
from crossdock.store.connections.run_history import RunSearch
from crossdock.web.page_tokens import PageTokens
from crossdock.web.pagination import paginate
from crossdock.wire import stamp

PAGE = 50
SHOWN_RUNS = 5
PACES = (60, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400, 7 * 86_400)
"""Seconds between two syncs that the form of a function offers, besides those that it has."""


class ConnectionLine(msgspec.Struct, kw_only=True):
    """A connection in the list. status: "healthy", "syncing", "attention" or "blocked"."""

    connection_id: str
    customer_id: str | None
    system: str
    integration_name: str
    integration_type: str
    status: str
    problems: int
    latest_sync: str | None
    last_used: str | None


class ConnectionsPage(msgspec.Struct, kw_only=True):
    """A page of connections. total, with_problems: of all that fit the filters but `problems`."""

    connections: list[ConnectionLine]
    total: int
    with_problems: int
    types: list[str]
    filters: dict[str, str]
    next_token: str | None


class FunctionDetail(msgspec.Struct, kw_only=True):
    """The syncing of one function. choices: seconds between two syncs that the form offers."""

    function_name: str
    seconds: int
    default_seconds: int
    choices: list[int]
    last_start: str | None
    last_end: str | None
    latest_data: str | None
    next_due: str | None
    problems: list[dict[str, Any]]
    runs: list[RunLine]


class ConnectionPage(msgspec.Struct, kw_only=True):
    """A connection as the API shows it, with its settings. detail: of the function that is asked for.

    progress: runs by function that wait or go on.
    """

    head: ConnectionHead
    connection: dict[str, Any]
    settings: dict[str, Any]
    status: str
    progress: dict[str, RunLine]
    detail: FunctionDetail | None


async def listed(visit: DashboardContext) -> Response:
    """The connections that fit, oldest first, with how each is."""
    filters = visit.query("text", "type", "problems")
    types = [str(kind) for kind in catalogue.TYPES]
    if filters.get("type", types[0]) not in types:
        raise Invalid({"query": {"type": [f"is {filters['type'][:40]!r}; wanted is {', '.join(types)}"]}})
    search = ConnectionSearch(
        visit.organization_id, filters.get("text", ""), filters.get("type", ""), "problems" in filters
    )
    database = visit.door.database
    tokens = PageTokens(visit.door.page_key, 0, f"dashboard connections of {visit.organization_id}")
    after = tokens.key_or_none(visit.query("page_token").get("page_token"))
    current_page = await paginate(
        PAGE,
        lambda limit: health.fitting(database, search, int(after[0]) if after else 0, limit),
        lambda row: tokens.token((str(row.id),), None),
    )
    total, troubled = await health.counts(
        database, ConnectionSearch(visit.organization_id, search.text, search.integration_type)
    )
    looked_at = await overviews(database, current_page.items, visit.door.settings.off)
    page = ConnectionsPage(
        connections=[_line(overview) for overview in looked_at],
        total=total,
        with_problems=troubled,
        types=types,
        filters=filters,
        next_token=current_page.next_token,
    )
    return visit.view("connections/list.html", page, title="Connections")


def _line(overview: ConnectionOverview) -> ConnectionLine:
    latest = latest_sync_ms(overview.available_schedules)
    return ConnectionLine(
        **msgspec.structs.asdict(head_of(overview)),
        problems=len(overview.problems),
        latest_sync=_when(latest),
        last_used=_when(overview.connection.last_used_ms),
    )


async def shown(visit: DashboardContext) -> Response:
    """One connection: its state, problems, schedules and settings."""
    opened = await opened_connection(visit)
    uid, now = opened.row.uid, visit.door.clock()
    connection = (await visit.inside.get(f"/connections/{uid}"))["data"]
    settings = await visit.inside.get(f"/connections/{uid}/settings")
    runs = await run_history.open_runs(visit.door.database, opened.row.id)
    function = visit.query("function").get("function", "")
    page = ConnectionPage(
        head=opened.head,
        connection=connection,
        settings=settings,
        status=opened.head.status,
        progress={run.function: line_of(run, now) for run in runs if run.kind == "sync"},
        detail=await _detail(visit, opened, settings, function) if function else None,
    )
    return visit.view("connections/connection.html", page, title=opened.head.title)


async def _detail(
    visit: DashboardContext, opened: OpenedConnection, settings: dict[str, Any], function: str
) -> FunctionDetail | None:
    """The syncing of a function; None: it has no schedule, or is switched off."""
    plan = next((plan for plan in opened.overview.available_schedules if plan.function == function), None)
    pace = settings["sync_frequency"].get(function)
    if plan is None or pace is None:
        return None
    search, now = RunSearch(opened.row.id, function), visit.door.clock()
    runs = await run_history.page(visit.door.database, search, None, SHOWN_RUNS)
    return FunctionDetail(
        function_name=function,
        seconds=pace["seconds"],
        default_seconds=pace["default_seconds"],
        choices=sorted({*PACES, pace["seconds"], pace["default_seconds"]}),
        last_start=_when(plan.last_start_ms),
        last_end=_when(plan.last_end_ms),
        latest_data=_when(plan.latest_data and plan.latest_data * 1000),
        next_due=None if plan.paused else _when(plan.due_ms),
        problems=[
            _problem(opened.row, problem)
            for problem in opened.overview.problems
            if problem.function in ("", function)
        ],
        runs=[line_of(run, now) for run in runs],
    )


def _problem(connection: ConnectionRow, problem: ConnectionProblem) -> dict[str, Any]:
    """A problem as the page of its function shows it."""
    return {
        "error_type": problem.kind, "message": problem.message, "is_blocking": problem.is_blocking,
        "first_seen": stamp(problem.first_ms), "last_seen": stamp(problem.last_ms),
        "affected_endpoints": affected_endpoints(connection, problem),
    }  # fmt: skip


def _when(moment_ms: int | None) -> str | None:
    return None if moment_ms is None else stamp(moment_ms)
