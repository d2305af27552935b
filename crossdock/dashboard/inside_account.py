"""Calls of the account API by a page, for the person who is signed in: no HTTP, the same handlers.

    page ─ get("/api-keys") ─▶ has the operation a permission, and the role it? ─ its handler ─▶ plain values

What needs no permission in an organization, one's own password or second factor, no page of this kind calls.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from crossdock.account_api.context import AccountContext
from crossdock.account_api.dialect import AccountApi
from crossdock.dashboard.inside import decoded, inner_request
from crossdock.errors import Forbidden, NotFound
from crossdock.people.sessions import Visitor, require_permission
from crossdock.store.people.user_sessions import SignedIn
from crossdock.web.dependencies import Dependencies


@dataclass(frozen=True)
class InsideAccount:
    """The account API as a page calls it. request: the page's own, for its id and address."""

    api: AccountApi
    door: Dependencies
    request: Request
    holder: SignedIn
    visitor: Visitor

    async def get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """The answer's values. query: by parameter; empty ones are left out."""
        return decoded(await self.response("GET", path, query or {}))

    async def send(self, method: str, path: str, body: Any = None) -> Any:
        """The answer to a change. body: as JSON; None: there is none."""
        return decoded(await self.response(method, path, {}, body))

    async def response(self, method: str, path: str, query: Mapping[str, Any], body: Any = None) -> Response:
        """The answer as it is, for what is no JSON."""
        request = inner_request(self.request, method, path, query, body)
        match = self.api.match(request, path)
        if match is None:
            raise NotFound(f"there is no {method} {path}")
        operation, handler = match.target
        if operation.permission is None:
            raise Forbidden(f"no page does this ({operation.id})")
        require_permission(self.holder, operation.permission)
        request.scope["path_params"] = match.path_params
        context = AccountContext(self.door, request, operation, self.holder, self.visitor)
        return await self.api.respond(handler, context)
