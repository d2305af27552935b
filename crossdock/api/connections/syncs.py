"""Syncing now, and pausing schedules."""

from msgspec import UNSET
from starlette.responses import Response

from crossdock.api import schemas
from crossdock.api.connections import connections
from crossdock.api.context import RequestContext
from crossdock.connections.schedules import force_sync, pause
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.people.audit_log import acting
from crossdock.web.responses import reply


async def started(visit: RequestContext) -> Response:
    """Queue all functions of the connection, or those that are named; what runs already goes on."""
    visit.arguments()
    return await _started(visit, visit.connection)


async def started_by_id(visit: RequestContext) -> Response:
    """The same, of the connection that the path names."""
    return await _started(visit, await connections.of_path(visit))


async def _started(visit: RequestContext, connection: ConnectionRow) -> Response:
    body = await visit.body(schemas.SyncRequest, required=False)
    door = visit.door
    functions = [] if body.functions_to_sync is UNSET else body.functions_to_sync
    await force_sync(door.database, connection, functions, door.settings.off, door.clock())
    door.wake()
    return reply(schemas.SyncResponse(id=connection.uid, syncing=True, functions_to_sync=functions))


async def toggled(visit: RequestContext) -> Response:
    """Pause or resume one function."""
    return await _paused(visit, str(visit.arguments()["function_name"]))


async def all_toggled(visit: RequestContext) -> Response:
    """Pause or resume every function."""
    visit.arguments()
    return await _paused(visit, None)


async def _paused(visit: RequestContext, function: str | None) -> Response:
    body = await visit.body(schemas.ToggleRequest)
    door = visit.door
    await pause(door.database, visit.connection, function, door.clock(), paused=body.paused, actor=acting())
    return reply(schemas.UpdatedConnection(id=visit.connection.uid))
