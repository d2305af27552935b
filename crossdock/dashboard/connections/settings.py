"""The settings of a connection as a form; only what was changed is sent."""

from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.connections.settings import MOST_LOOKBACK_DAYS
from crossdock.dashboard.connections.forms import Faults, faults_of, whole
from crossdock.dashboard.connections.head import ConnectionHead, OpenedConnection, opened_connection
from crossdock.dashboard.context import DashboardContext
from crossdock.errors import Invalid


class SettingsPage(msgspec.Struct, kw_only=True):
    """The settings as `GET /connections/{id}/settings` has them, or as they were typed."""

    head: ConnectionHead
    settings: dict[str, Any]
    most_lookback_days: int
    faults: Faults


async def shown(visit: DashboardContext) -> Response:
    """The settings as they are."""
    opened = await opened_connection(visit)
    return _view(visit, opened, await _settings(visit, opened), {})


async def changed(visit: DashboardContext) -> Response:
    """Change the settings that differ from those there are."""
    opened = await opened_connection(visit)
    before = await _settings(visit, opened)
    typed: dict[str, Any] = {
        "customer_id": visit.text("customer_id").strip() or None,
        "quantities": visit.text("quantities"),
        "keep_raw": visit.text("keep_raw") == "on",
        "webhooks_disabled": visit.text("events") != "on",
    }
    try:
        typed["lookback_days"] = whole(visit.fields, "lookback_days")
        changes = {name: value for name, value in typed.items() if value != before[name]}
        if changes:
            await visit.inside.send("PATCH", f"/connections/{opened.row.uid}/settings", changes)
    except Invalid as error:
        entered = {"lookback_days": visit.text("lookback_days")} | typed
        return _view(visit, opened, before | entered, faults_of(error))
    return visit.onward(f"/connections/{opened.row.uid}/settings", done="saved")


async def _settings(visit: DashboardContext, opened: OpenedConnection) -> dict[str, Any]:
    settings: dict[str, Any] = await visit.inside.get(f"/connections/{opened.row.uid}/settings")
    return settings


def _view(
    visit: DashboardContext, opened: OpenedConnection, settings: dict[str, Any], faults: Faults
) -> Response:
    page = SettingsPage(
        head=opened.head, settings=settings, most_lookback_days=MOST_LOOKBACK_DAYS, faults=faults
    )
    status = 422 if faults else 200
    return visit.view("connections/settings.html", page, title=opened.head.title, status=status)
