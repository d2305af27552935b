"""The page about who did what: the audit log, filtered, and as a file."""

from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.dashboard.context import DashboardContext
from crossdock.dashboard.settings.view import settings_view

PATH = "/settings/audit-log"
FILTERS = ("actor", "action", "subject", "since", "until")
PAGE = 50


class AuditLogPage(msgspec.Struct):
    """Entries, the newest first. filters: as sent."""

    entries: list[dict[str, Any]]
    filters: dict[str, str]
    next_token: str | None


async def listed(visit: DashboardContext) -> Response:
    filters = visit.query(*FILTERS, "page_token")
    answer = await visit.account.get("/audit-log", filters | {"limit": PAGE})
    page = AuditLogPage(answer["data"], filters, answer["next_token"])
    return settings_view(visit, "audit_log.html", page, path=PATH, title="Audit log")


async def exported(visit: DashboardContext) -> Response:
    """All entries that fit the filters, as CSV."""
    query = visit.query(*FILTERS) | {"format": "csv"}
    return await visit.account.response("GET", "/audit-log/export", query)
