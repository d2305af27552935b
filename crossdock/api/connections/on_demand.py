"""Windows that a caller asks for: a backfill of one function, ahead of the connection's schedules."""

from starlette.responses import Response

from crossdock.api import schemas
from crossdock.api.context import RequestContext
from crossdock.connections.capabilities import check_on_demand
from crossdock.connections.on_demand import cancel_window, describe, get_window, open_window, parse_window
from crossdock.store.connections import on_demand
from crossdock.store.connections.on_demand import OnDemandRow
from crossdock.web.page_tokens import PageTokens
from crossdock.web.pagination import paginate
from crossdock.web.responses import reply

PAGE = 100


async def created(visit: RequestContext) -> Response:
    """Open a window."""
    visit.arguments()
    body = await visit.body(schemas.AskedSyncJob)
    door, connection, now = visit.door, visit.connection, visit.door.clock()
    window = parse_window(body.start_time, body.end_time, now)
    check_on_demand(connection, body.function_name, door.settings.off)
    row = await open_window(door.database, connection, body.function_name, window, now)
    door.wake()
    return reply(_shown(visit, row))


async def get_list(visit: RequestContext) -> Response:
    """The connection's windows, the newest first."""
    arguments = visit.arguments()
    pages = PageTokens(visit.door.page_key, visit.connection.id, "on-demand syncs")
    before = pages.key_or_none(arguments.get("page_token"))
    rows = await paginate(
        PAGE,
        lambda limit: on_demand.page(
            visit.door.database, visit.connection.id, None if before is None else str(before[0]), limit
        ),
        lambda row: pages.token((row.id,), None),
    )
    shown = [_shown(visit, row) for row in rows.items]
    return reply(schemas.SyncJobList(data=shown, next_token=rows.next_token, total_count=len(shown)))


async def get_item(visit: RequestContext) -> Response:
    """One window."""
    return reply(_shown(visit, await get_window(visit.door.database, visit.connection, _window_id(visit))))


async def cancelled(visit: RequestContext) -> Response:
    """Cancel an open window; one that runs stops before its next page."""
    door, window_id = visit.door, _window_id(visit)
    row = await cancel_window(door.database, visit.connection, window_id, door.clock())
    door.wake()
    return reply(_shown(visit, row))


def _window_id(visit: RequestContext) -> str:
    return str(visit.arguments()["sync_job_id"])


def _shown(visit: RequestContext, row: OnDemandRow) -> schemas.SyncJob:
    return schemas.SyncJob(**describe(visit.connection, row))
