"""The settings of a connection, by its id or by its access token."""

import msgspec
from starlette.responses import Response

from crossdock.api import life_schemas, schemas
from crossdock.api.connections.connections import of_path
from crossdock.api.context import RequestContext
from crossdock.connections.lookup import get_connection
from crossdock.connections.settings import ConnectionChange, available_paces, change_settings
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.people.audit_log import acting
from crossdock.web.responses import reply


async def get_item(visit: RequestContext) -> Response:
    """The settings of the connection that the path names."""
    return await _shown(visit, await of_path(visit))


async def changed(visit: RequestContext) -> Response:
    """Change settings of the connection that the path names, and show all of them."""
    connection = await of_path(visit)
    await _change(visit, connection)
    return await _shown(visit, await get_connection(visit.door.database, connection.uid))


async def changed_by_token(visit: RequestContext) -> Response:
    """Change settings of the connection that the token belongs to."""
    visit.arguments()
    await _change(visit, visit.connection)
    return reply(schemas.UpdatedConnection(id=visit.connection.uid))


async def _change(visit: RequestContext, connection: ConnectionRow) -> None:
    body = await visit.body(schemas.UpdateConnectionRequest, required=False)
    door = visit.door
    chosen = {
        name: value for name, value in msgspec.structs.asdict(body).items() if value is not msgspec.UNSET
    }
    change = ConnectionChange(**chosen)
    await change_settings(door.database, connection, change, door.clock(), actor=acting())
    door.wake()


async def _shown(visit: RequestContext, connection: ConnectionRow) -> Response:
    door = visit.door
    paces = await available_paces(door.database, connection, door.settings.off)
    return reply(
        life_schemas.ConnectionSettings(
            connection_id=connection.uid,
            customer_id=connection.customer_id,
            webhooks_disabled=connection.webhooks_disabled,
            lookback_days=connection.lookback_days,
            sync_frequency={
                pace.function: life_schemas.SyncFrequency(
                    seconds=pace.seconds, default_seconds=pace.default_seconds
                )
                for pace in paces
            },
            quantities=connection.quantities,  # type: ignore[arg-type]
            keep_raw=connection.keep_raw,
        )
    )
