"""The log of API calls: every call that the organization's keys made, the newest first."""

from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.dashboard.context import DashboardContext

PAGE = 50
FILTERS = ("method", "status", "path_prefix", "connection_id", "page_token")


class ApiLogPage(msgspec.Struct, kw_only=True):
    """Calls as `GET /api-logs` has them, and the number of each status. filters: as sent."""

    calls: list[dict[str, Any]]
    statuses: list[dict[str, Any]]
    filters: dict[str, str]
    next_token: str | None
    kept_days: int


async def listed(visit: DashboardContext) -> Response:
    """A page of calls, and the facets of all that fit."""
    filters = visit.query(*FILTERS)
    calls = await visit.inside.get("/api-logs", filters | {"limit": PAGE})
    wanted = {name: value for name, value in filters.items() if name not in ("page_token", "status")}
    facets = await visit.inside.get("/api-logs/facets", wanted)
    page = ApiLogPage(
        calls=calls["data"],
        statuses=facets["data"]["status"],
        filters=filters,
        next_token=calls["next_token"],
        kept_days=visit.door.settings.api_log_days,
    )
    return visit.view("api_log/calls.html", page, title="API log")
