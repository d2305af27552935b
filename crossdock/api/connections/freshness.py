"""How fresh the data of a connection are: an extension, beside what GET /connections shows."""

from starlette.responses import Response

from crossdock.api import extension_schemas
from crossdock.api.context import RequestContext
from crossdock.connections.freshness import available_freshness
from crossdock.connections.lookup import get_connection
from crossdock.web.responses import reply


async def of_connection(visit: RequestContext) -> Response:
    """Every function that the connection syncs."""
    door, uid = visit.door, str(visit.arguments()["connection_id"])
    connection = await get_connection(door.database, uid, visit.caller.organization_id)
    functions = await available_freshness(door.database, connection, door.settings.off, door.clock())
    return reply(
        extension_schemas.ConnectionFreshness(
            connection_id=connection.uid,
            quantities=connection.quantities,  # type: ignore[arg-type]
            data=functions,
        )
    )
