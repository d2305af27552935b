"""Calls of our own API by a page, for the person who is signed in: no HTTP, no key, the same handlers.

    page ─ get("/connections") ─▶ may the role? ─ the API's handler ─▶ plain values, numbers exact

So a page shows what the API shows, and does what it does; nothing is said twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from crossdock.api.context import RequestContext
from crossdock.api.dialect import ApiDialect
from crossdock.api.operation import Access, ApiOperation
from crossdock.connections.lookup import no_connection
from crossdock.errors import Forbidden, NotFound
from crossdock.people.permissions import require
from crossdock.store.connections import connections
from crossdock.store.connections.access import ApiCaller
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.people.users import Role
from crossdock.web.dependencies import Dependencies
from crossdock.web.query import Pair

_SUBJECTS = {
    "additions": "connections", "alerts": "connections", "api_logs": "records", "carrier": "records",
    "connections": "connections", "link": "connections", "records": "records",
}  # fmt: skip
"""What an operation is about, by the module of its handler. What is not here, no page calls yet."""
PIECE_BYTES = 1 << 18
_EXACT = msgspec.json.Decoder(type=Any, float_hook=Decimal)


@dataclass(frozen=True)
class InsideCalls:
    """The API as a page calls it. request: the page's own, for its id and address."""

    api: ApiDialect
    door: Dependencies
    request: Request
    organization_id: str
    role: Role
    name: str
    """Who is signed in, as records of what was done name them."""

    async def get(self, path: str, query: Mapping[str, Any] | None = None, connection_id: str = "") -> Any:
        """The answer's values. query: by parameter, lists for several values; empty ones are left out.

        connection_id: whose records are meant, where the path does not say. Raises what the API refuses with.
        """
        return await self._call("GET", path, query or {}, None, connection_id)

    async def send(self, method: str, path: str, body: Any = None, connection_id: str = "") -> Any:
        """The answer to a change. body: as JSON; None: there is none."""
        return await self._call(method, path, {}, body, connection_id)

    async def upload(self, path: str, file: UploadFile, query: Mapping[str, Any], connection_id: str) -> Any:
        """The answer to a file that is sent as it is."""

        async def receive() -> dict[str, Any]:
            piece = await file.read(PIECE_BYTES)
            return {"type": "http.request", "body": piece, "more_body": bool(piece)}

        await file.seek(0)
        request = inner_request(self.request, "POST", path, query)
        return await self._answer(Request(request.scope, receive), connection_id)

    async def _call(
        self, method: str, path: str, query: Mapping[str, Any], body: Any, connection_id: str
    ) -> Any:
        return await self._answer(inner_request(self.request, method, path, query, body), connection_id)

    async def _answer(self, request: Request, connection_id: str) -> Any:
        method, path = request.method, request.scope["path"]
        match = self.api.match(request, path)
        if match is None:
            raise NotFound(f"there is no {method} {path}")
        operation, handler = match.target
        request.scope["path_params"] = match.path_params
        self._check(operation)
        connection = await self._connection(connection_id) if connection_id else None
        caller = ApiCaller(self.organization_id, "", read_only=False, key_name=self.name)
        context = RequestContext(self.door, request, operation, caller, connection)
        return decoded(await self.api.respond(handler, context))

    def _check(self, operation: ApiOperation) -> None:
        """Raise Forbidden for what the role may not do."""
        require(self.role, permission_of(operation))

    async def _connection(self, uid: str) -> ConnectionRow:
        row = await connections.by_uid(self.door.database, uid, self.organization_id)
        if row is None:
            raise no_connection(uid)
        return row


def inner_request(
    page: Request, method: str, path: str, query: Mapping[str, Any], body: Any = None
) -> Request:
    """The request that a page makes. page: its own request; query: lists for several values.

    Empty values are left out; body: as JSON; None: there is none.
    """
    raw = b"" if body is None else msgspec.json.encode(body)
    wanted: list[Pair] = [
        (name, str(item))
        for name, value in query.items()
        for item in (value if isinstance(value, list) else [value])
        if item not in ("", None)
    ]
    # The headers that tell where the page's request came from.
    addresses = [pair for pair in page.scope["headers"] if pair[0] in (b"x-forwarded-for", b"host")]
    scope = {
        "type": "http", "method": method, "path": path, "raw_path": quote(path).encode(),
        "query_string": urlencode(wanted).encode(), "path_params": {}, "client": page.client,
        "headers": [(b"content-type", b"application/json"), *addresses],
        "state": {
            "request_id": page.scope["state"]["request_id"], "noted_headers": [],
            "incoming": page.scope["state"]["incoming"],
        },
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": raw, "more_body": False}

    return Request(scope, receive)


def decoded(response: Response) -> Any:
    """The values of an answer, numbers exact; None: it has none."""
    return _EXACT.decode(bytes(response.body)) if response.body else None


def permission_of(operation: ApiOperation) -> str:
    """The permission that people need for an operation. Raises Forbidden for what no page calls."""
    subject = _SUBJECTS.get(operation.handler.partition(".")[0])
    if subject is None or operation.access in (Access.NONE, Access.SIGNED, Access.OPERATOR):
        raise Forbidden(f"no page does this ({operation.id})")
    if operation.needs_full_key:
        return "credentials.view"
    change = "write" if subject == "records" else "manage"
    return f"{subject}.{change if operation.writes else 'view'}"
