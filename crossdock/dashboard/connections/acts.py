"""What the page of a connection does: sync now, pause and resume, set a pace, mute its webhooks."""

from collections.abc import Awaitable, Callable

from starlette.responses import Response

from crossdock.dashboard.connections.forms import whole
from crossdock.dashboard.context import DashboardContext

Act = Callable[[DashboardContext, str], Awaitable[str]]


async def changed(visit: DashboardContext) -> Response:
    """Do what the form asks for, then show the page again, with what was done."""
    uid = visit.part("connection_id")
    done = await ACTS[visit.text("do")](visit, uid)
    opened_row = visit.query("function")  # of the address: what was open stays open
    return visit.onward(f"/connections/{uid}", done=done, **opened_row)


async def _sync(visit: DashboardContext, uid: str) -> str:
    functions = [visit.text("function")] if visit.text("function") else []
    await visit.inside.send("POST", f"/connections/{uid}/sync", {"functions_to_sync": functions})
    return "syncing"


async def _pause(visit: DashboardContext, uid: str) -> str:
    function = visit.text("function")
    path = f"/schedules/{function}/toggle" if function else "/schedules/toggle-all"
    await visit.inside.send("PATCH", path, {"paused": True}, connection_id=uid)
    return "paused"


async def _resume(visit: DashboardContext, uid: str) -> str:
    function = visit.text("function")
    path = f"/schedules/{function}/toggle" if function else "/schedules/toggle-all"
    await visit.inside.send("PATCH", path, {"paused": False}, connection_id=uid)
    return "resumed"


async def _mute(visit: DashboardContext, uid: str) -> str:
    await visit.inside.send("PATCH", f"/connections/{uid}/settings", {"webhooks_disabled": True})
    return "muted"


async def _unmute(visit: DashboardContext, uid: str) -> str:
    await visit.inside.send("PATCH", f"/connections/{uid}/settings", {"webhooks_disabled": False})
    return "unmuted"


async def _set_frequency(visit: DashboardContext, uid: str) -> str:
    frequency = {visit.text("function"): whole(visit.fields, "seconds")}
    await visit.inside.send("PATCH", f"/connections/{uid}/settings", {"sync_frequency": frequency})
    return "frequency_set"


ACTS: dict[str, Act] = {
    "sync": _sync, "pause": _pause, "resume": _resume, "mute": _mute, "unmute": _unmute,
    "frequency": _set_frequency,
}  # fmt: skip
"""By what a form's button says."""
