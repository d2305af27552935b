"""The HTTP application: every request goes to the API whose paths it is about.

ErrorMiddleware     names the request, bounds its body, logs what nobody expected
  Application       whose path is it?
    Dialect         route, admit, handler, answer
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from crossdock.web.dialect import Dialect
from crossdock.web.middleware import UNEXPECTED


class BackgroundWriter(Protocol):
    """A part that gathers in memory what it writes now and then."""

    async def write_now_and_then(self) -> None: ...

    async def write(self) -> None: ...


class Application:
    """APIs side by side.

    default: the API of all paths that are below no prefix; dialects: the others, of two with one prefix the
    first that takes a request; writers: run as long as the server does.
    """

    def __init__(
        self,
        default: Dialect[Any, Any],
        dialects: Sequence[Dialect[Any, Any]] = (),
        writers: Sequence[BackgroundWriter] = (),
    ) -> None:
        self.dialects = (default, *dialects)
        self._prefixed = sorted(dialects, key=lambda dialect: len(dialect.prefix), reverse=True)
        self._default = default
        self._writers = writers
        self._lifespan = Starlette(lifespan=self._living)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._lifespan(scope, receive, send)
            return
        request = Request(scope, receive)
        dialect = self._dialect(request)
        scope["state"][UNEXPECTED] = dialect.unexpected
        response = await dialect.answer(request)
        await response(scope, receive, send)

    def _dialect(self, request: Request) -> Dialect[Any, Any]:
        path = request.scope["path"]
        for dialect in self._prefixed:
            is_below = path.startswith(dialect.prefix) and path[len(dialect.prefix) :][:1] in ("", "/")
            if is_below and dialect.takes(request):
                return dialect
        return self._default

    @asynccontextmanager
    async def _living(self, _app: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(writer.write_now_and_then()) for writer in self._writers]
        try:
            yield
        finally:
            for task, writer in zip(tasks, self._writers, strict=True):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
                await writer.write()
