"""Connecting a system from the dashboard: the form of the button, for a new connection or one to repair."""

import msgspec
from starlette.responses import Response

from crossdock.dashboard.context import DashboardContext
from crossdock.dashboard.rendering import BUTTON_POLICY
from crossdock.resources import catalogue
from crossdock.store.connections import auth_codes, connections
from crossdock.store.connections.connections import ConnectionRow
from crossdock.web.responses import reply


class AddPage(msgspec.Struct, kw_only=True):
    """The kinds of systems that can be connected."""

    types: list[str]
    filters: dict[str, str]


async def shown(visit: DashboardContext) -> Response:
    """The page that the form opens on."""
    page = AddPage(types=[str(kind) for kind in catalogue.TYPES], filters=visit.query("type", "customer_id"))
    return visit.view("connections/add.html", page, title="Add a connection", policy=BUTTON_POLICY)


async def changed(visit: DashboardContext) -> Response:
    """Give the form its link token; or go on to what was connected."""
    if visit.text("do") == "token":
        customer_id = visit.text("customer_id").strip()
        return await link_token(visit, {"customer_id": customer_id} if customer_id else {})
    connection = await _connected(visit, visit.text("auth_code"))
    path = "/connections" if connection is None else f"/connections/{connection.uid}"
    return visit.onward(path, done="connected")


async def link_token(visit: DashboardContext, target: dict[str, str]) -> Response:
    """A link token, for the script of the page. target: as `POST /link/token` takes it."""
    minted = await visit.inside.send("POST", "/link/token", target)
    return reply({"link_token": minted["link_token"]}, headers=BUTTON_POLICY.headers)


async def _connected(visit: DashboardContext, code: str) -> ConnectionRow | None:
    """The connection that the form made; None: the code is none of this organization's, or it is gone."""
    async with visit.door.database.transaction() as transaction:
        known = await auth_codes.get(transaction, code, visit.organization_id)
        return None if known is None else await connections.by_id(transaction, known.connection_id)
