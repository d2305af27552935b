"""On-demand syncs of a connection: windows of time that are read again, made and cancelled here."""

from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.dashboard.connections.forms import Faults, faults_of
from crossdock.dashboard.connections.head import ConnectionHead, opened_connection
from crossdock.dashboard.context import DashboardContext
from crossdock.errors import Invalid

FIELDS = ("function_name", "start_time", "end_time")


class SyncsPage(msgspec.Struct, kw_only=True):
    """A page of on-demand syncs as the API has them. values, faults: of a form that was refused."""

    head: ConnectionHead
    syncs: list[dict[str, Any]]
    functions: list[str]
    values: dict[str, str]
    faults: Faults
    next_token: str | None


async def listed(visit: DashboardContext) -> Response:
    """The on-demand syncs, the newest first."""
    return await _page(visit, visit.query("function_name"), {})


async def _page(visit: DashboardContext, values: dict[str, str], faults: Faults) -> Response:
    opened = await opened_connection(visit)
    syncs = await visit.inside.get(
        "/connections/on-demand-syncs", visit.query("page_token"), connection_id=opened.row.uid
    )
    page = SyncsPage(
        head=opened.head,
        syncs=syncs["data"],
        functions=[plan.function for plan in opened.overview.available_schedules],
        values=values,
        faults=faults,
        next_token=syncs["next_token"],
    )
    status = 422 if faults else 200
    return visit.view("connections/syncs.html", page, title=opened.head.title, status=status)


async def changed(visit: DashboardContext) -> Response:
    """Make an on-demand sync, or cancel one."""
    opened = await opened_connection(visit)
    uid, path = opened.row.uid, "/connections/on-demand-syncs"
    if visit.text("do") == "cancel":
        await visit.inside.send("POST", f"{path}/{visit.text('sync_job_id')}/cancel", connection_id=uid)
        return visit.onward(f"/connections/{uid}/syncs", done="sync_cancelled")
    body = {name: visit.text(name).strip() for name in FIELDS}
    try:
        await visit.inside.send("POST", path, body, connection_id=uid)
    except Invalid as error:
        return await _page(visit, body, faults_of(error))
    return visit.onward(f"/connections/{uid}/syncs", done="sync_created")
