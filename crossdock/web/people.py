"""People at the door: whose session a request shows, where they come from, and cookies given and taken."""

from starlette.requests import Request
from starlette.responses import Response

from crossdock.errors import Invalid, Unauthorized
from crossdock.people.sessions import OpenedSession, Visitor, actor_of
from crossdock.store.people.audit_log import Actor, act_as
from crossdock.store.people.user_sessions import SignedIn
from crossdock.web import cookies
from crossdock.web.dependencies import Dependencies


def csrf_key(door: Dependencies) -> bytes:
    """The key of the tokens that changes carry."""
    return door.vault.token_key("csrf")


def visitor_of(door: Dependencies, request: Request) -> Visitor:
    """The origin of a request."""
    return Visitor(
        door.strangers.address(request), request.headers.get("user-agent", ""), request.state.request_id
    )


async def holder_of(door: Dependencies, request: Request) -> SignedIn:
    """The holder of the session that a request shows, half signed in or whole.

    Raises Unauthorized, and TooManyRequests for an address that shows too many that are none.
    """
    token = cookies.session_token(request)
    with door.strangers.hearing(request, token):
        holder = await door.identity.sessions.holder(token)
    door.strangers.worked(token)
    return holder


async def holder_or_none(door: Dependencies, request: Request) -> SignedIn | None:
    """The holder of a session where none is needed: None for one that is over. Strangers are counted."""
    if not cookies.session_token(request):
        door.strangers.admit(request)
        door.strangers.count(request)
        return None
    try:
        return await holder_of(door, request)
    except Unauthorized:
        return None


def act_for(holder: SignedIn | None, visitor: Visitor, operation: str) -> None:
    """Have the audit log tell of a person; of nobody known yet, where somebody signs in or accepts."""

    def actor() -> Actor:
        if holder is not None:
            return actor_of(holder, visitor)
        return Actor("user", address=visitor.address, request_id=visitor.request_id)

    act_as(actor, operation)


def hand_over(response: Response, door: Dependencies, opened: OpenedSession) -> None:
    """Have the browser keep a session that was just opened."""
    seconds = (opened.session.expires_ms - opened.session.created_ms) // 1000
    path = cookies.base_path(door.settings)
    cookies.set_cookie(
        response, door.settings, cookies.SESSION_COOKIE, opened.token, path=path, seconds=seconds
    )


def take_back(response: Response, door: Dependencies) -> None:
    """Have the browser forget its session."""
    path = cookies.base_path(door.settings)
    cookies.clear_cookie(response, door.settings, cookies.SESSION_COOKIE, path=path)


def local_path(path: str, default: str) -> str:
    """A path of this server; another server's address is no path. Raises Invalid.

    default: taken where none is sent.
    """
    if not path:
        return default
    if not path.startswith("/") or path.startswith("//") or "\\" in path or not path.isprintable():
        raise Invalid({"query": {"return_path": [f"is {path[:100]!r}; wanted is a path of this server"]}})
    return path
