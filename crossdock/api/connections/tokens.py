"""The access token of a connection: rotating it, looking at it, and what may be told of it."""

from starlette.responses import Response

from crossdock.api import life_schemas
from crossdock.api.connections.connections import of_path
from crossdock.api.context import RequestContext
from crossdock.connections.tokens import look_at_token, rotate_token, tokens_of
from crossdock.store.people.audit_log import acting
from crossdock.web.responses import reply
from crossdock.wire import stamp


async def rotated(visit: RequestContext) -> Response:
    """Give the connection another access token, and show it."""
    connection = await of_path(visit)
    body = await visit.body(life_schemas.RotateTokenRequest, required=False)
    door = visit.door
    made = await rotate_token(
        door.database, door.vault, connection, body.grace_seconds, door.clock(), actor=acting()
    )
    return reply(
        life_schemas.RotatedAccessToken(
            connection_id=connection.uid,
            access_token=made.token,
            previous_token_expires_at=_when(made.previous_until_ms),
        )
    )


async def viewed(visit: RequestContext) -> Response:
    """The connection's access token; that somebody looked is noted."""
    connection, door = await of_path(visit), visit.door
    token = await look_at_token(door.database, door.vault, connection, door.clock(), actor=acting())
    return reply(life_schemas.ShownAccessToken(connection_id=connection.uid, access_token=token))


async def get_list(visit: RequestContext) -> Response:
    """The tokens that work now: since when, when they were used last, until when. Never the tokens."""
    connection, door = await of_path(visit), visit.door
    current, retired = await tokens_of(door.database, connection, door.clock())
    shown = [
        life_schemas.AccessTokenInfo(
            created_at=stamp(current.created_ms), last_used=_when(current.used_ms), expires_at=None
        ),
        *(
            life_schemas.AccessTokenInfo(
                created_at=stamp(token.created_ms),
                last_used=_when(token.used_ms),
                expires_at=stamp(token.expires_ms),
            )
            for token in retired
        ),
    ]
    return reply(life_schemas.AccessTokenList(data=shown, total_count=len(shown)))


def _when(moment_ms: int | None) -> str | None:
    return None if moment_ms is None else stamp(moment_ms)
