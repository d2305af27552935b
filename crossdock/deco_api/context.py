"""One request to what is served as DecoNetwork's API: its parameters, and who asks, by name and password."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import parse_qsl

from starlette.requests import Request

from crossdock.deco_api.codes import BAD_PARAMETERS, DecoRefused
from crossdock.errors import TooLarge, TooManyRequests, Unauthorized
from crossdock.store.connections import connections, retired_tokens
from crossdock.store.connections.connections import ConnectionRow
from crossdock.web.call_log import CALLED_BY, CalledBy
from crossdock.web.context import LARGEST_BODY, HandlerContext
from crossdock.web.dependencies import Dependencies
from crossdock.web.middleware import note_headers
from crossdock.web.responses import rate_headers

FORM = "application/x-www-form-urlencoded"
MOST_PARAMETERS = 500
FAILED = "Authentication failed"


@dataclass(frozen=True)
class DecoContext(HandlerContext):
    """A request that was let in."""

    connection: ConnectionRow
    params: Mapping[str, str]

    largest_body: ClassVar[int] = LARGEST_BODY


async def sign_in(door: Dependencies, request: Request) -> DecoContext:
    """The context of a caller whose password is the access token of the connection that the path names.

    Raises Unauthorized, TooManyRequests.
    """
    params = await parameters(request)
    username, password = params.get("username", ""), params.get("password", "")
    with door.strangers.hearing(request, password):
        connection, retired = await _connection(door, username, password)
        if request.path_params["connection_id"] != connection.uid:
            raise Unauthorized(FAILED)
    door.strangers.worked(password)
    request.scope["state"][CALLED_BY] = CalledBy(connection.organization_id, connection_uid=connection.uid)
    door.uses.count(connection.id, retired)
    await _limit(door, request, connection)
    return DecoContext(door, request, connection, params)


async def _connection(door: Dependencies, username: str, password: str) -> tuple[ConnectionRow, str | None]:
    """The connection of a name and a token; and the token where it was replaced, and works on for a while."""
    connection, retired = await connections.by_access_token(door.database, password), None
    if connection is None:
        number = await retired_tokens.connection_of(door.database, password, door.clock())
        connection = None if number is None else await connections.by_id(door.database, number)
        retired = password
    if connection is None or not password or username != connection.uid:
        raise Unauthorized(FAILED)
    return connection, retired


async def _limit(door: Dependencies, request: Request, connection: ConnectionRow) -> None:
    room = await door.limiter.take(connection.id, writes=False)
    if room is None:
        return
    note_headers(request, rate_headers(room.limit, room.remaining, room.reset, room.retry_after))
    if room.is_full:
        raise TooManyRequests(
            f"an access token may make {room.limit} requests a second",
            retry_after_seconds=room.retry_after,
        )


async def parameters(request: Request) -> dict[str, str]:
    """The parameters of the address and of the form; of several of one name, the form's, and the last."""
    raw = request.scope["query_string"]
    params = _parsed(raw)
    if request.method != "POST":
        return params
    body = await request.body()
    if len(body) > LARGEST_BODY:
        raise TooLarge(f"a form may have {LARGEST_BODY} bytes, and this one has more")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and kind not in ("", FORM):
        raise DecoRefused(BAD_PARAMETERS, f"a POST is sent as {FORM}")
    return params | _parsed(body)


def _parsed(raw: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS
        )
    except UnicodeDecodeError:
        problem = "the parameters are not percent-encoded UTF-8"
    except ValueError:
        problem = f"there are more than {MOST_PARAMETERS} parameters"
    else:
        return dict(pairs)
    raise DecoRefused(BAD_PARAMETERS, problem)
