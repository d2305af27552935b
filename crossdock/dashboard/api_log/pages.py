"""The log of API calls: every call that the organization's keys made, the newest first."""

from typing import Any
from urllib.parse import quote

import msgspec
from starlette.responses import Response

from crossdock.api.api_logs import call_filter, shown_call
from crossdock.dashboard.api_log.replay import replayed
from crossdock.dashboard.context import DashboardContext
from crossdock.errors import NotFound
from crossdock.store.connections import api_calls
from crossdock.web.call_details import LEFT_OUT, CallDetails

PAGE = 50
COUNTED = 10_000
"""Calls whose statuses are counted on the page, the newest that fit."""
FILTERS = ("method", "status", "path_prefix", "connection_id", "page_token")


class StatusCount(msgspec.Struct):
    """A status, and how many calls were answered with it."""

    status: str
    count: int


class ApiLogPage(msgspec.Struct, kw_only=True):
    """Calls as `GET /api-logs` has them, and the number of each status. filters: as sent.

    counted: among so many calls, the newest; is_capped: whether there are more.
    """

    calls: list[dict[str, Any]]
    statuses: list[StatusCount]
    counted: int
    is_capped: bool
    filters: dict[str, str]
    next_token: str | None
    kept_days: int


class ApiCallPage(msgspec.Struct, kw_only=True):
    """A call. details null: neither headers nor bodies of it were kept; curl: the command that repeats it."""

    call: dict[str, Any]
    details: CallDetails | None
    curl: str
    has_gaps: bool
    kept_details: str


async def listed(visit: DashboardContext) -> Response:
    """A page of calls, and the facets of all that fit."""
    filters = visit.query(*FILTERS)
    calls = await visit.inside.get("/api-logs", filters | {"limit": PAGE})
    wanted = {name: value for name, value in filters.items() if name not in ("page_token", "status")}
    search = call_filter(visit.organization_id, wanted)
    facets = await api_calls.facets(visit.door.database, search, ("status",), COUNTED)
    counted = sum(count for _, count in facets["status"])
    page = ApiLogPage(
        calls=calls["data"],
        statuses=[StatusCount(str(status), count) for status, count in facets["status"]],
        counted=counted,
        is_capped=counted >= COUNTED,
        filters=filters,
        next_token=calls["next_token"],
        kept_days=visit.door.settings.api_log_days,
    )
    return visit.view("api_log/calls.html", page, title="API log")


async def shown(visit: DashboardContext) -> Response:
    """One call, with what it sent and was answered as far as that is kept."""
    identifier = visit.part("call_id")
    logged = await api_calls.get(visit.door.database, visit.organization_id, identifier)
    if logged is None:
        raise NotFound(f"there is no call {identifier[:100]!r} in the log", record_id=identifier)
    call, key_name = logged
    details = msgspec.json.decode(call.detail, type=CallDetails) if call.detail else None
    curl = replayed(
        call.method, f"{visit.door.settings.url}{quote(call.path)}", details,
        has_token=call.connection_uid is not None,
    )  # fmt: skip
    page = ApiCallPage(
        call=msgspec.to_builtins(shown_call(call, key_name)),
        details=details,
        curl=curl,
        has_gaps=LEFT_OUT in curl or "(text of" in curl or "more)" in curl,
        kept_details=visit.door.settings.api_log_details,
    )
    return visit.view("api_log/call.html", page, title=f"{call.method} {call.path}")
