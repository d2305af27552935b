"""Calls of the webhook administration by a page: no HTTP, the same handlers, for whoever looks at the page.

page ─ get("/app/{id}/endpoint") ─▶ may they? ─ its handler ─▶ plain values, numbers exact
                                      ├── a person: by role
                                      └── a guest of the portal: by the capabilities of the token
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from crossdock.dashboard.inside import decoded, inner_request
from crossdock.errors import Forbidden, NotFound
from crossdock.people.permissions import may, require
from crossdock.store.people.users import Role
from crossdock.svix_api.context import AdminCaller
from crossdock.svix_api.dialect import WebhookAdmin
from crossdock.svix_api.operations import (
    ATTEMPTS,
    MANAGE,
    OPERATIONS,
    ROTATE,
    SCRIPTS,
    SECRET,
    VIEW,
    AdminOperation,
)

_BY_ID = {operation.id: operation for operation in OPERATIONS}
_PERMISSIONS = {
    VIEW: "webhooks.view", MANAGE: "webhooks.manage", ATTEMPTS: "webhooks.manage",
    SCRIPTS: "webhooks.manage", SECRET: "credentials.view", ROTATE: "credentials.view",
}  # fmt: skip
"""The permission that people need, by the capability that a portal token needs."""
_FOR_PEOPLE = {"application.list": "webhooks.view", "background-task.list": "webhooks.view"}
"""Operations that no portal token may call, and pages do. All others of that kind no page calls."""


@dataclass(frozen=True)
class InsideWebhooks:
    """The webhook administration as a page calls it. role: of a person; None: a guest of the portal."""

    admin: WebhookAdmin
    request: Request
    caller: AdminCaller
    role: Role | None

    def may(self, operation_id: str) -> bool:
        """Check whether whoever looks at the page may do something."""
        operation = _BY_ID[operation_id]
        if self.role is not None:
            return may(self.role, permission_of(operation))
        try:
            self.caller.require(operation)
        except Forbidden:
            return False
        return True

    def require(self, operation_id: str) -> None:
        """Raise Forbidden for what whoever looks at the page may not do."""
        operation = _BY_ID[operation_id]
        if self.role is not None:
            require(self.role, permission_of(operation))
        self.caller.require(operation)

    async def get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """The answer's values. query: by parameter; empty ones are left out. Raises what is refused with."""
        return decoded(await self._call("GET", path, query or {}, None))

    async def read(self, path: str, kind: Any, query: Mapping[str, Any] | None = None) -> Any:
        """The answer as a type: with `msgspec.Raw` for what is to be shown as it was written."""
        response = await self._call("GET", path, query or {}, None)
        return msgspec.json.decode(bytes(response.body), type=kind)

    async def send(self, method: str, path: str, body: Any = None) -> Any:
        """The answer to a change. body: as JSON; None: there is none."""
        return decoded(await self._call(method, path, {}, body))

    async def _call(self, method: str, path: str, query: Mapping[str, Any], body: Any) -> Response:
        request = inner_request(self.request, method, path, query, body)
        match = self.admin.match(request, path)
        if match is None:
            raise NotFound("There is no such page.")
        operation, handler = match.target
        request.scope["path_params"] = match.path_params
        self.require(operation.id)
        return await self.admin.respond(handler, self.admin.context(operation, request, self.caller))


def permission_of(operation: AdminOperation) -> str:
    """The permission that people need for an operation. Raises Forbidden for what no page calls."""
    permission = _PERMISSIONS.get(operation.needs) or _FOR_PEOPLE.get(operation.id)
    if permission is None:
        raise Forbidden(f"no page does this ({operation.id})")
    return permission


def part(value: str) -> str:
    """A value as a part of a path."""
    return quote(value, safe="")
