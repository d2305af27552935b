"""Which functions of a connection are switched off, in place of what its organization says."""

from starlette.responses import Response

from crossdock.api import platform_schemas as schemas
from crossdock.api.context import RequestContext
from crossdock.api.schemas import UpdatedConnection
from crossdock.connections.function_switches import set_disabled
from crossdock.store.people.audit_log import acting
from crossdock.web.responses import reply


async def changed(visit: RequestContext) -> Response:
    """Set the connection's own list: [] switches everything on, null leaves it to the organization again."""
    visit.arguments()
    body = await visit.body(schemas.DisabledFunctionsRequest)
    door = visit.door
    await set_disabled(
        door.database, visit.connection, body.disabled_functions, door.settings.off, door.clock(),
        actor=acting(),
    )  # fmt: skip
    door.wake()
    return reply(UpdatedConnection(id=visit.connection.uid))
