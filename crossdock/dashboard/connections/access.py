"""The access of a connection: its token, looked at and rotated; signing in anew; and its end."""

from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.connections.tokens import GRACE_SECONDS
from crossdock.dashboard.connections.adding import link_token
from crossdock.dashboard.connections.forms import whole
from crossdock.dashboard.connections.head import ConnectionHead, OpenedConnection, opened_connection
from crossdock.dashboard.context import DashboardContext
from crossdock.dashboard.rendering import BUTTON_POLICY
from crossdock.store.connections import schedules

GRACES = (0, 3600, GRACE_SECONDS, 7 * 86_400)


class AccessPage(msgspec.Struct, kw_only=True):
    """The access tokens that work, without the tokens. token: the one that was just asked for, this once."""

    head: ConnectionHead
    tokens: list[dict[str, Any]]
    graces: list[int]
    token: str | None = None
    previous_until: str | None = None
    is_rotated: bool = False


class DeletePage(msgspec.Struct, kw_only=True):
    """A connection that is to go. functions: how many it syncs."""

    head: ConnectionHead
    functions: int
    times_used: int


async def shown(visit: DashboardContext) -> Response:
    """The tokens that work now: since when, until when, and when they were used last."""
    opened = await opened_connection(visit)
    return _view(visit, await _page(visit, opened))


async def changed(visit: DashboardContext) -> Response:
    """Show the token, rotate it, or begin and end signing in anew."""
    opened = await opened_connection(visit)
    uid, act = opened.row.uid, visit.text("do")
    if act == "token":
        return await link_token(visit, {"connection_id": uid})
    if act == "connected":
        return visit.onward(f"/connections/{uid}", done="reinstalled")
    if act == "reveal":
        answer = await visit.inside.get(f"/connections/{uid}/token")
    else:
        grace = whole(visit.fields, "grace_seconds")
        body = {} if grace is None else {"grace_seconds": grace}
        answer = await visit.inside.send("POST", f"/connections/{uid}/token/rotate", body)
    page = await _page(visit, opened)
    page.token, page.is_rotated = answer["access_token"], act == "rotate"
    page.previous_until = answer.get("previous_token_expires_at")
    return _view(visit, page)


async def _page(visit: DashboardContext, opened: OpenedConnection) -> AccessPage:
    tokens = await visit.inside.get(f"/connections/{opened.row.uid}/tokens")
    return AccessPage(head=opened.head, tokens=tokens["data"], graces=list(GRACES))


def _view(visit: DashboardContext, page: AccessPage) -> Response:
    return visit.view("connections/access.html", page, title=page.head.title, policy=BUTTON_POLICY)


async def end_shown(visit: DashboardContext) -> Response:
    """The question before a connection is deleted."""
    opened = await opened_connection(visit)
    plans = await schedules.of_connections(visit.door.database, [opened.row.id])
    page = DeletePage(head=opened.head, functions=len(plans[opened.row.id]), times_used=opened.row.times_used)
    return visit.view("connections/delete.html", page, title=f"Delete {opened.head.title}?")


async def ended(visit: DashboardContext) -> Response:
    """Delete the connection."""
    opened = await opened_connection(visit)
    await visit.inside.send("DELETE", "/connections", connection_id=opened.row.uid)
    return visit.onward("/connections", done="deleted")
