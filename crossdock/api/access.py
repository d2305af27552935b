"""Who may come in: keys, tokens, what each may do, and how often."""

from starlette.requests import Request

from crossdock.api.door import Door, Visit
from crossdock.api.errors import note_headers
from crossdock.api.operation import Access, Operation
from crossdock.api.replies import rate_headers
from crossdock.errors import Forbidden, TooManyRequests, Unauthorized
from crossdock.store import access, connections
from crossdock.store.access import Caller
from crossdock.store.connections import Connection

KEY_HEADER = b"x-trackstar-api-key"
TOKEN_HEADER = b"x-trackstar-access-token"


async def admit(door: Door, operation: Operation, request: Request) -> Visit:
    """The visit, or the refusal: Unauthorized, Forbidden or TooManyRequests."""
    if not operation.needs_key:
        return Visit(door, request, operation, None, None)
    caller, connection = await _known(door, operation, request)
    if operation.writes and caller.read_only:
        raise Forbidden("this API key is read-only")
    if connection is not None:
        door.uses.count(connection.id)
        await _limit(door, operation, request, connection)
    return Visit(door, request, operation, caller, connection)


async def _known(door: Door, operation: Operation, request: Request) -> tuple[Caller, Connection | None]:
    """Whose key it is, and whose token."""
    key, token = _header(request, KEY_HEADER), _header(request, TOKEN_HEADER)
    if not key:
        raise Unauthorized(f"the {KEY_HEADER.decode()} header is missing")
    wants_token = operation.access is Access.KEY_AND_TOKEN
    if wants_token and not token:
        raise Unauthorized(f"the {TOKEN_HEADER.decode()} header is missing")
    if operation.access is Access.KEY or not token:
        caller, connection = await access.caller(door.database, key), None
    else:
        caller, connection = await connections.by_token(door.database, key, token)
    if caller is None:
        raise Unauthorized("the API key is not valid")
    if connection is None and token and operation.access is not Access.KEY:
        raise Unauthorized("the access token is not valid")
    return caller, connection


def _header(request: Request, name: bytes) -> str | None:
    """A header, of which servers write the name in small letters; the first, if it is there twice."""
    found = next((value for one, value in request.scope["headers"] if one == name), None)
    return None if found is None else str(found, "latin-1")


async def _limit(door: Door, operation: Operation, request: Request, connection: Connection) -> None:
    room = await door.limiter.take(connection.id, writes=operation.writes)
    if room is None:
        return
    note_headers(request, rate_headers(room.limit, room.remaining, room.reset, room.retry_after))
    if room.is_full:
        kind = "other" if operation.writes else "GET"
        raise TooManyRequests(
            f"an access token may make {room.limit} {kind} requests a second",
            retry_after_seconds=room.retry_after,
        )
