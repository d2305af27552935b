"""The list of connections, and the page of each."""

from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.connections.overview import ConnectionOverview, latest_sync_ms, overviews
from crossdock.dashboard.context import DashboardContext
from crossdock.errors import Invalid
from crossdock.resources import catalogue
from crossdock.store.connections import health
from crossdock.store.connections.health import ConnectionSearch
from crossdock.web.page_tokens import PageTokens
from crossdock.web.pagination import paginate
from crossdock.wire import stamp

PAGE = 50


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


class ConnectionsPage(msgspec.Struct, kw_only=True):
    """A page of connections. total, with_problems: of all that fit the filters but `problems`."""

    connections: list[ConnectionLine]
    total: int
    with_problems: int
    types: list[str]
    filters: dict[str, str]
    next_token: str | None


class ConnectionPage(msgspec.Struct, kw_only=True):
    """A connection as the API shows it, with its settings."""

    connection: dict[str, Any]
    settings: dict[str, Any]
    status: str


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
    row = overview.connection
    return ConnectionLine(
        connection_id=row.uid,
        customer_id=row.customer_id,
        system=overview.system,
        integration_name=row.integration,
        integration_type=row.type,
        status=_status(bool(overview.running), [problem.is_blocking for problem in overview.problems]),
        problems=len(overview.problems),
        latest_sync=None if latest is None else stamp(latest),
    )


def _status(is_syncing: bool, problems: list[bool]) -> str:
    """The state of a connection in one word. problems: of each, whether it keeps something from syncing."""
    if any(problems):
        return "blocked"
    if problems:
        return "attention"
    return "syncing" if is_syncing else "healthy"


async def shown(visit: DashboardContext) -> Response:
    """One connection: its state, problems, schedules and settings."""
    uid = visit.part("connection_id")
    connection = (await visit.inside.get(f"/connections/{uid}"))["data"]
    settings = await visit.inside.get(f"/connections/{uid}/settings")
    is_syncing = any("in_progress" in (plan["sync_status"] or "") for plan in connection["sync_schedules"])
    blocking = [
        any(affected["preventing_sync"] for affected in error["affected_endpoints"])
        for error in connection["errors"]
    ]
    page = ConnectionPage(connection=connection, settings=settings, status=_status(is_syncing, blocking))
    customer = f" of {connection['customer_id']}" if connection["customer_id"] else ""
    title = f"{connection['integration_display_name']}{customer}"
    return visit.view("connections/connection.html", page, title=title)
