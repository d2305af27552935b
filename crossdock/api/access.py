"""Who may come in: keys, tokens, what each may do, and how often."""

from starlette.requests import Request

from crossdock.api.context import RequestContext
from crossdock.api.operation import Access, ApiOperation
from crossdock.connections.lookup import no_connection
from crossdock.errors import Forbidden, TooManyRequests, Unauthorized
from crossdock.store.connections import access, connections, retired_tokens
from crossdock.store.connections.access import ApiCaller
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.people.audit_log import Actor, act_as
from crossdock.web.call_log import CALLED_BY, CalledBy
from crossdock.web.dependencies import Dependencies
from crossdock.web.middleware import note_headers
from crossdock.web.responses import rate_headers

KEY_HEADER = b"x-trackstar-api-key"
TOKEN_HEADER = b"x-trackstar-access-token"


async def admit(door: Dependencies, operation: ApiOperation, request: Request) -> RequestContext:
    """The visit, or the refusal: Unauthorized, Forbidden or TooManyRequests."""
    if not operation.needs_key:
        if operation.access is Access.NONE and 429 in operation.errors:
            door.strangers.admit(request)
            door.strangers.count(request)
        return RequestContext(door, request, operation, None, None)
    key = _header(request, KEY_HEADER)
    with door.strangers.hearing(request, key):
        caller, connection, retired = await _identify(door, operation, request, key)
    uid = None if connection is None else connection.uid
    request.scope["state"][CALLED_BY] = CalledBy(caller.organization_id, caller.key_id, uid)
    door.uses.count_key(caller.key_id)
    act_as(lambda: _actor(door, request, caller), operation.id)
    if operation.writes and caller.read_only:
        raise Forbidden("this API key is read-only")
    if caller.is_bound:
        _check_bound(operation, request, caller, connection)
    if operation.needs_full_key and caller.read_only:
        raise Forbidden("this API key is read-only: it can't see access tokens")
    if connection is not None:
        door.uses.count(connection.id, retired)
        await _limit(door, operation, request, connection)
    return RequestContext(door, request, operation, caller, connection)


async def _identify(
    door: Dependencies, operation: ApiOperation, request: Request, key: str | None
) -> tuple[ApiCaller, ConnectionRow | None, str | None]:
    """The caller that the key belongs to, and the connection of the token; the token, if it was replaced."""
    token = _header(request, TOKEN_HEADER)
    if not key:
        raise Unauthorized(f"the {KEY_HEADER.decode()} header is missing")
    wants_token = operation.access is Access.KEY_AND_TOKEN
    if wants_token and not token:
        raise Unauthorized(f"the {TOKEN_HEADER.decode()} header is missing")
    if operation.access is Access.KEY or not token:
        caller, connection = await access.caller(door.database, key, door.clock()), None
    else:
        caller, connection = await connections.by_token(door.database, key, token, door.clock())
    if caller is None:
        raise Unauthorized("the API key is not valid")
    door.strangers.worked(key)
    if connection is not None or not token or operation.access is Access.KEY:
        return caller, connection, None
    return caller, await _by_retired_token(door, caller, token), token


async def _by_retired_token(door: Dependencies, caller: ApiCaller, token: str) -> ConnectionRow:
    """The caller's connection whose token this was, while it works on. Raises Unauthorized."""
    number = await retired_tokens.connection_of(door.database, token, door.clock())
    connection = None if number is None else await connections.by_id(door.database, number)
    is_own = connection is not None and connection.organization_id == caller.organization_id
    if connection is None or not is_own or not caller.reaches(connection.uid):
        raise Unauthorized("the access token is not valid")
    return connection


def _actor(door: Dependencies, request: Request, caller: ApiCaller) -> Actor:
    address, request_id = door.strangers.address(request), request.scope["state"]["request_id"]
    return Actor("api_key", caller.key_id, caller.key_name, address, request_id)


def _check_bound(
    operation: ApiOperation, request: Request, caller: ApiCaller, connection: ConnectionRow | None
) -> None:
    """Raise Forbidden or NotFound for what is not of the connections that a key is bound to."""
    uid = request.path_params.get("connection_id")
    if uid is not None and not caller.reaches(uid):
        raise no_connection(uid)
    if connection is None and not operation.admits_bound:
        raise Forbidden(
            "this API key is bound to connections, and this is about the whole organization: send the access "
            "token of one of them where the operation takes one, or use a key of the organization"
        )


def _header(request: Request, name: bytes) -> str | None:
    """A header, of which servers write the name in small letters; the first, if it is there twice."""
    value = next((value for item, value in request.scope["headers"] if item == name), None)
    return None if value is None else str(value, "latin-1")


async def _limit(
    door: Dependencies, operation: ApiOperation, request: Request, connection: ConnectionRow
) -> None:
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
