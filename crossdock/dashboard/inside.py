"""Calls of our own API by a page, for the person who is signed in: no HTTP, no key, the same handlers.

    page ─ get("/connections") ─▶ may the role? ─ the API's handler ─▶ plain values, numbers exact

So a page shows what the API shows, and does what it does; nothing is said twice.
"""

import re
import secrets
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
from crossdock.wire import encode

_SUBJECTS = {
    "additions": "connections", "alerts": "connections", "api_logs": "records", "carrier": "records",
    "connections": "connections", "events": "records", "link": "connections", "records": "records",
    "sandbox": "connections",
}  # fmt: skip
"""What an operation is about, by the module of its handler. What is not here, no page calls yet."""
PIECE_BYTES = 1 << 18
_EXACT = msgspec.json.Decoder(type=Any, float_hook=Decimal)


@dataclass(frozen=True)
class FilledPath:
    """A path of the API whose variable parts hold anything. pattern: "/wms/orders/{order_id}"."""

    pattern: str
    values: Mapping[str, str]

    @property
    def path(self) -> str:
        return re.sub(r"\{(\w+)\}", lambda part: self.values[part[1]], self.pattern)

    @property
    def raw(self) -> str:
        """The path as it is sent."""
        return re.sub(r"\{(\w+)\}", lambda part: quote(self.values[part[1]], safe=""), self.pattern)


@dataclass(frozen=True)
class FormBody:
    """A body that is a form, as uploads are sent. texts: its fields."""

    texts: Mapping[str, str]


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

    async def get(
        self, path: str | FilledPath, query: Mapping[str, Any] | None = None, connection_id: str = ""
    ) -> Any:
        """The answer's values. query: by parameter, lists for several values; empty ones are left out.

        connection_id: whose records are meant, where the path does not say. Raises what the API refuses with.
        """
        return decoded(await self.answer("GET", path, query, connection_id=connection_id))

    async def send(
        self, method: str, path: str | FilledPath, body: Any = None, connection_id: str = ""
    ) -> Any:
        """The answer to a change. body: as JSON; None: there is none."""
        return decoded(await self.answer(method, path, body=body, connection_id=connection_id))

    async def upload(
        self, path: str, file: UploadFile, query: Mapping[str, Any], connection_id: str, method: str = "POST"
    ) -> Any:
        """The answer to a file that is sent as it is."""

        async def receive() -> dict[str, Any]:
            piece = await file.read(PIECE_BYTES)
            return {"type": "http.request", "body": piece, "more_body": bool(piece)}

        await file.seek(0)
        request = inner_request(self.request, method, path, query)
        return decoded(await self._answer(Request(request.scope, receive), connection_id))

    async def answer(
        self,
        method: str,
        path: str | FilledPath,
        query: Mapping[str, Any] | None = None,
        *,
        body: Any = None,
        connection_id: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """The answer whole, for whoever looks at its headers. headers: those that say more of the request."""
        request = inner_request(self.request, method, path, query or {}, body, headers=headers or {})
        return await self._answer(request, connection_id)

    async def _answer(self, request: Request, connection_id: str) -> Response:
        method, shown = request.method, request.scope["path"]
        match = self.api.match(request, shown)
        if match is None:
            raise NotFound(f"there is no {method} {shown}")
        operation, handler = match.target
        request.scope["path_params"] = match.path_params
        self._check(operation)
        connection = await self._connection(connection_id) if connection_id else None
        caller = ApiCaller(self.organization_id, "", read_only=False, key_name=self.name)
        context = RequestContext(self.door, request, operation, caller, connection)
        return await self.api.respond(handler, context)

    def _check(self, operation: ApiOperation) -> None:
        """Raise Forbidden for what the role may not do."""
        require(self.role, permission_of(operation))

    async def _connection(self, uid: str) -> ConnectionRow:
        row = await connections.by_uid(self.door.database, uid, self.organization_id)
        if row is None:
            raise no_connection(uid)
        return row


def inner_request(
    page: Request,
    method: str,
    path: str | FilledPath,
    query: Mapping[str, Any],
    body: Any = None,
    *,
    headers: Mapping[str, str] | None = None,
) -> Request:
    """The request that a page makes. page: its own request; query: lists for several values.

    Empty values are left out; body: as JSON, or a form; None: there is none.
    """
    kind, raw = _sent(body)
    wanted: list[Pair] = [
        (name, str(item))
        for name, value in query.items()
        for item in (value if isinstance(value, list) else [value])
        if item not in ("", None)
    ]
    # The headers that tell where the page's request came from.
    addresses = [pair for pair in page.scope["headers"] if pair[0] in (b"x-forwarded-for", b"host")]
    more = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    shown, as_sent = (path.path, path.raw) if isinstance(path, FilledPath) else (path, quote(path))
    scope = {
        "type": "http", "method": method, "path": shown, "raw_path": as_sent.encode(),
        "query_string": urlencode(wanted).encode(), "path_params": {}, "client": page.client,
        "headers": [(b"content-type", kind), *addresses, *more],
        "state": {
            "request_id": page.scope["state"]["request_id"], "noted_headers": [],
            "incoming": page.scope["state"]["incoming"],
        },
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": raw, "more_body": False}

    return Request(scope, receive)


def _sent(body: Any) -> tuple[bytes, bytes]:
    """The content type of a body, and its bytes."""
    if not isinstance(body, FormBody):
        return b"application/json", b"" if body is None else encode(body)
    mark = secrets.token_hex(16)
    parts = [
        f'--{mark}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
        for name, text in body.texts.items()
    ]
    return f"multipart/form-data; boundary={mark}".encode(), ("".join(parts) + f"--{mark}--\r\n").encode()


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
