"""The first page of the explorer: which connection's records are to be looked at; and what that one holds."""

import msgspec
from starlette.responses import Response

from crossdock.api.operations import SANDBOX_TYPE
from crossdock.connections.link.options import SANDBOX
from crossdock.connections.lookup import oldest_of
from crossdock.dashboard.context import DashboardContext
from crossdock.dashboard.explorer.shelf import (
    ShelfAction,
    ShelfConnection,
    ShelfResource,
    connection_of,
    shelf,
    shelf_connection,
    writes_of,
)
from crossdock.errors import Forbidden, Invalid
from crossdock.resources import catalogue
from crossdock.store.connections import health
from crossdock.store.connections.health import ConnectionSearch
from crossdock.web.page_tokens import PageTokens
from crossdock.web.pagination import paginate

PAGE = 50
PRODUCTION = "production"


class TypeTab(msgspec.Struct, kw_only=True):
    """A type of systems. connections: how many of it there are on this side of the switch."""

    name: str
    connections: int


class ChoicePage(msgspec.Struct, kw_only=True):
    """Connections to choose from. where: "sandbox" or "production".

    can_have_sandbox: there may be one of this type.
    """

    connections: list[ShelfConnection]
    tabs: list[TypeTab]
    integration_type: str
    where: str
    wheres: list[str]
    text: str
    next_token: str | None
    can_have_sandbox: bool


class ShelfPage(msgspec.Struct, kw_only=True):
    """A connection and its resources. is_reset_here: its data can be generated anew."""

    connection: ShelfConnection
    resources: list[ShelfResource]
    actions: list[ShelfAction]
    is_reset_here: bool


async def chosen(visit: DashboardContext) -> Response:
    """The connections of a type, those to sandboxes or the others."""
    query = visit.query("type", "where", "text", "page_token")
    counts = await health.by_integration(visit.door.database, visit.organization_id)
    kind, where = _side(query, counts)
    search = ConnectionSearch(
        visit.organization_id, query.get("text", ""), kind,
        only=SANDBOX if where == SANDBOX else "", without="" if where == SANDBOX else SANDBOX,
    )  # fmt: skip
    tokens = PageTokens(visit.door.page_key, 0, f"explored connections of {visit.organization_id}")
    after = tokens.key_or_none(query.get("page_token"))
    current_page = await paginate(
        PAGE,
        lambda limit: health.fitting(visit.door.database, search, int(after[0]) if after else 0, limit),
        lambda row: tokens.token((str(row.id),), None),
    )
    page = ChoicePage(
        connections=[shelf_connection(row) for row in current_page.items],
        tabs=[TypeTab(name=name, connections=_sum(counts, name, where)) for name in catalogue.TYPES],
        integration_type=kind,
        where=where,
        wheres=[PRODUCTION, SANDBOX],
        text=query.get("text", ""),
        next_token=current_page.next_token,
        can_have_sandbox=kind in SANDBOX_TYPE.choices,
    )
    return visit.view("explorer/choice.html", page, title="Data explorer")


def _side(query: dict[str, str], counts: list[tuple[str, str, int]]) -> tuple[str, str]:
    """The type and the side of the switch that an address asks for; else where there is something to see.

    Raises Invalid for others.
    """
    has_production = any(integration != SANDBOX for _, integration, _ in counts)
    where = query.get("where") or (PRODUCTION if has_production or not counts else SANDBOX)
    first = next((name for name in catalogue.TYPES if _sum(counts, name, where)), catalogue.TYPES[0])
    kind = query.get("type", first)
    for name, value, choices in (("type", kind, catalogue.TYPES), ("where", where, (PRODUCTION, SANDBOX))):
        if value not in choices:
            raise Invalid({"query": {name: [f"is {value[:40]!r}; there are {', '.join(choices)}"]}})
    return kind, where


def _sum(counts: list[tuple[str, str, int]], kind: str, where: str) -> int:
    return sum(
        count
        for name, integration, count in counts
        if name == kind and (integration == SANDBOX) == (where == SANDBOX)
    )


async def sandbox_made(visit: DashboardContext) -> Response:
    """Make a sandbox of a type, where the organization has none yet."""
    kind = visit.text("type")
    if kind not in SANDBOX_TYPE.choices:
        raise Invalid(
            {"form": {"type": [f"is {kind[:40]!r}; a sandbox is {', '.join(SANDBOX_TYPE.choices)}"]}}
        )
    row = await oldest_of(visit.door.database, visit.organization_id, kind, SANDBOX)
    if row is None:
        made = await visit.inside.send("POST", f"/sandbox/generate-sandbox/{kind}")
        return visit.onward(f"/explorer/{made['connection_id']}", done="sandbox_made")
    return visit.onward(f"/explorer/{row.uid}")


async def shown(visit: DashboardContext) -> Response:
    """The resources of a connection."""
    row = await connection_of(visit)
    connection = shelf_connection(row)
    writes = writes_of(visit, row) if visit.may("records.write") else ()
    page = ShelfPage(
        connection=connection,
        resources=await shelf(visit, row),
        actions=[
            ShelfAction(
                action=write.action, method=write.method, path=write.path, summary=write.summary,
                has_record=False,
            )
            for write in writes if write.id_name is None
        ],
        is_reset_here=visit.may("connections.manage") and await _is_reset_here(visit, connection),
    )  # fmt: skip
    return visit.view("explorer/shelf.html", page, title=_title(connection))


async def reset(visit: DashboardContext) -> Response:
    """Fill a sandbox with new data; all that was written to it is gone."""
    row = await connection_of(visit)
    if not await _is_reset_here(visit, shelf_connection(row)):
        raise Forbidden("Only the data of the organization's own sandbox can be generated anew.")
    if visit.text("confirmed") != "yes":
        raise Invalid({"form": {"confirmed": ["Say first that what is in the sandbox may go."]}})
    await visit.inside.send("POST", f"/sandbox/generate-sandbox/{row.type}")
    return visit.onward(f"/explorer/{row.uid}", done="sandbox_filled")


async def _is_reset_here(visit: DashboardContext, connection: ShelfConnection) -> bool:
    kind = connection.integration_type
    if not connection.is_sandbox or kind not in SANDBOX_TYPE.choices:
        return False
    oldest = await oldest_of(visit.door.database, visit.organization_id, kind, SANDBOX)
    return oldest is not None and oldest.uid == connection.connection_id


def _title(connection: ShelfConnection) -> str:
    customer = f" of {connection.customer_id}" if connection.customer_id else ""
    return f"{connection.system}{customer}"
