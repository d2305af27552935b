"""What a handler of the account API is given: who is signed in, where from, and what they may do."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from crossdock.account_api.operations import ANYBODY, HALF_SIGNED_IN, AccountOperation
from crossdock.errors import UnsupportedMediaType
from crossdock.people.identity import IdentityServices
from crossdock.people.permissions import PERMISSIONS
from crossdock.people.refusals import not_signed_in
from crossdock.people.sessions import OpenedSession, Visitor, require_open, require_permission
from crossdock.store.people.user_sessions import SignedIn
from crossdock.web import cookies, csrf
from crossdock.web.context import HandlerContext
from crossdock.web.dependencies import Dependencies
from crossdock.web.people import (
    act_for,
    csrf_key,
    hand_over,
    holder_of,
    holder_or_none,
    visitor_of,
)
from crossdock.web.query import arguments, pairs
from crossdock.web.responses import reply


@dataclass(frozen=True)
class AccountContext(HandlerContext):
    """One request that was let in."""

    operation: AccountOperation
    holder_or_none: SignedIn | None
    visitor: Visitor

    @property
    def holder(self) -> SignedIn:
        if self.holder_or_none is None:
            raise not_signed_in()
        return self.holder_or_none

    @property
    def identity(self) -> IdentityServices:
        return self.door.identity

    @property
    def organization_id(self) -> str:
        """The organization that the session works with; the operation has checked its permission."""
        return require_permission(self.holder, str(self.operation.permission))

    @property
    def csrf_token(self) -> str:
        return csrf.csrf_token(csrf_key(self.door), cookies.session_token(self.request))

    def part(self, name: str) -> str:
        """A variable part of the path."""
        return str(self.arguments()[name])

    def arguments(self) -> dict[str, str | bool | int]:
        """The operation's parameters, checked."""
        sent = pairs(self.request.scope["query_string"])
        return arguments(self.operation.parameters, self.request.path_params, sent)

    def signed_in(self, opened: OpenedSession) -> Response:
        """The answer that hands a session over, by a cookie."""
        response = reply(
            {
                "status": "signed_in" if opened.session.stage == "open" else "second_factor_required",
                "csrf_token": csrf.csrf_token(csrf_key(self.door), opened.token),
                "organization_id": opened.session.organization_id,
            }
        )
        hand_over(response, self.door, opened)
        return response


async def admit(door: Dependencies, operation: AccountOperation, request: Request) -> AccountContext:
    """The visit. Raises Unauthorized, Forbidden, TooManyRequests, UnsupportedMediaType."""
    csrf.check_origin(request, door.settings.url)
    _check_media_type(request)
    visitor = visitor_of(door, request)
    if operation.needs == ANYBODY:
        holder = await holder_or_none(door, request)
        holder = holder if holder is not None and holder.session.stage == "open" else None
    else:
        holder = await _holder(door, operation, request)
    act_for(holder, visitor, operation.id)
    return AccountContext(door, request, operation, holder, visitor)


async def _holder(door: Dependencies, operation: AccountOperation, request: Request) -> SignedIn:
    """The holder of a session that is good for an operation."""
    holder = await holder_of(door, request)
    csrf.check_token(request, csrf_key(door), cookies.session_token(request))
    if operation.needs in PERMISSIONS:
        require_permission(holder, operation.needs)
    elif operation.needs != HALF_SIGNED_IN:
        require_open(holder)
    return holder


def _check_media_type(request: Request) -> None:
    """Raise UnsupportedMediaType for a body that a page of another site may send unasked."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method not in csrf.SAFE and kind not in ("", "application/json"):
        raise UnsupportedMediaType(f"the body is {kind[:60]!r}; wanted is application/json")
