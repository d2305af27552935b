"""Every route, made from the table in `operations.py`; and the application around them."""

import asyncio
import importlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from crossdock.api import errors
from crossdock.api.access import admit
from crossdock.api.door import Door, Handler
from crossdock.api.operation import Operation
from crossdock.api.operations import by_path
from crossdock.api.webhooks.app import WebhookAdmin
from crossdock.api.webhooks.operations import PREFIX
from crossdock.errors import CrossdockError


def application(door: Door) -> ASGIApp:
    """The HTTP application."""

    @asynccontextmanager
    async def life(_app: Starlette) -> AsyncIterator[None]:
        counting = asyncio.create_task(door.uses.write_now_and_then())
        try:
            yield
        finally:
            counting.cancel()
            with suppress(asyncio.CancelledError):
                await counting
            await door.uses.write()

    routes = [
        Route(path, _endpoint(door, operations), methods=list(operations))
        for path, operations in by_path().items()
    ]
    app = Starlette(routes=routes, exception_handlers=errors.handlers(), lifespan=life)
    # A redirect would name the host that the caller claims to have called.
    app.router.redirect_slashes = False
    return errors.Edge(_Webhooks(WebhookAdmin(door), _Reads(door, app)))


class _Webhooks:
    """The administration of webhooks has paths, errors and callers of its own."""

    def __init__(self, admin: ASGIApp, rest: ASGIApp) -> None:
        self._admin = admin
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_theirs = scope["type"] == "http" and f"{scope['path']}/".startswith(f"{PREFIX}/")
        await (self._admin if is_theirs else self._rest)(scope, receive, send)


class _Reads:
    """Lists and records, found by dictionary: Starlette tries pattern after pattern, which takes as long as
    the whole rest of a small read. Whatever is not just the path of one goes Starlette's way."""

    def __init__(self, door: Door, rest: ASGIApp) -> None:
        self._door = door
        self._rest = rest
        self._refused = errors.handlers()[CrossdockError]
        offered = by_path()
        self._fixed = frozenset(path for path in offered if "{" not in path)
        reads = {
            path: (operations["GET"], _handler(operations["GET"]))
            for path, operations in offered.items()
            if "GET" in operations and operations["GET"].handler in ("records.listed", "records.one")
        }
        self._lists = {path: read for path, read in reads.items() if path in self._fixed}
        self._items = {
            path.rpartition("/")[0]: (path.rpartition("/")[2].strip("{}"), *read)
            for path, read in reads.items()
            if path.count("{") == 1 and path.endswith("}")
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._found(scope)
        if found is None:
            await self._rest(scope, receive, send)
            return
        operation, handler, scope["path_params"] = found
        request = Request(scope, receive)
        try:
            response = await _answered(self._door, operation, handler, request)
        except CrossdockError as error:
            response = await self._refused(request, error)
        await response(scope, receive, send)

    def _found(self, scope: Scope) -> tuple[Operation, Handler, dict[str, str]] | None:
        if scope["type"] != "http" or scope["method"] != "GET" or scope.get("root_path"):
            return None
        path: str = scope["path"]
        if path in self._lists:
            return *self._lists[path], {}
        above, _, last = path.rpartition("/")
        if not last or above not in self._items or path in self._fixed:
            return None
        name, operation, handler = self._items[above]
        return operation, handler, {name: last}


def _endpoint(door: Door, operations: dict[str, Operation]) -> Callable[[Request], Awaitable[Response]]:
    """What answers all methods of a path."""
    offered = {method: (one, _handler(one)) for method, one in operations.items()}
    if "GET" in offered:
        offered["HEAD"] = offered["GET"]

    async def answer(request: Request) -> Response:
        return await _answered(door, *offered[request.method], request)

    return answer


async def _answered(door: Door, operation: Operation, handler: Handler, request: Request) -> Response:
    request.state.operation = operation.id  # what the edge counts it under
    return await handler(await admit(door, operation, request))


def _handler(operation: Operation) -> Handler:
    module, name = operation.handler.split(".")
    found: Handler = getattr(importlib.import_module(f"crossdock.api.{module}"), name)
    return found
