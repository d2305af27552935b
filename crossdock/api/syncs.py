"""Syncing now, and pausing schedules."""

from msgspec import UNSET
from starlette.responses import Response

from crossdock.api import bodies, schemas
from crossdock.api.door import Visit
from crossdock.api.replies import reply
from crossdock.errors import Invalid, NotFound
from crossdock.store import schedules
from crossdock.sync.schedule import enqueue_now


async def started(visit: Visit) -> Response:
    """Queues all functions of the connection, or those that are named; what runs already goes on."""
    visit.arguments()
    body = bodies.read(await visit.request.body(), schemas.SyncRequest, required=False)
    door, connection = visit.door, visit.connection
    plans = (await schedules.of_connections(door.database, [connection.id]))[connection.id]
    on = [plan.function for plan in plans if not door.is_off(connection, plan.function)]
    named = [] if body.functions_to_sync is UNSET else body.functions_to_sync
    if unknown := [one for one in named if one not in on]:
        message = f"this connection does not sync {unknown[0]!r}; it syncs: {', '.join(on)}"
        raise Invalid({"json": {"functions_to_sync": [message]}})
    async with door.database.transaction() as transaction:
        await enqueue_now(transaction, connection.id, named or on, "force", door.clock())
    door.wake()
    return reply(schemas.SyncResponse(id=connection.uid, syncing=True, functions_to_sync=named))


async def toggled(visit: Visit) -> Response:
    """Pauses or resumes one function."""
    function = str(visit.arguments()["function_name"])
    if await _pause(visit, function) == 0:
        raise NotFound(f"this connection has no schedule for {function!r}", record_id=function)
    return reply(schemas.UpdatedConnection(id=visit.connection.uid))


async def all_toggled(visit: Visit) -> Response:
    """Pauses or resumes every function."""
    visit.arguments()
    await _pause(visit, None)
    return reply(schemas.UpdatedConnection(id=visit.connection.uid))


async def _pause(visit: Visit, function: str | None) -> int:
    body = bodies.read(await visit.request.body(), schemas.ToggleRequest)
    async with visit.door.database.transaction() as transaction:
        return await schedules.pause(transaction, visit.connection.id, paused=body.paused, function=function)
