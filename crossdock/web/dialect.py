"""What an API has of its own on the shared kernel: its table, who may call it, and how its answers look.

    request ─ route() ─ admit() ─ respond() ─▶ handler(context) ─▶ response
                 │         └── whoever may not: an error of ours ─┬─▶ refusal()
                 │                 whatever a handler raises ─────┘
                 ├── no_such_path(), wrong_method()
                 └── what nobody expected goes on to `ErrorMiddleware`, which logs it: unexpected()

An API is a module with a subclass of `Dialect`, a context, and a table of operations beside its handlers.
"""

import importlib
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable
from typing import ClassVar, Generic, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from crossdock.errors import CrossdockError
from crossdock.web.operation import HttpOperation
from crossdock.web.router import RouteMatch, Router

OperationT = TypeVar("OperationT", bound=HttpOperation)
ContextT = TypeVar("ContextT")
Handler = Callable[[ContextT], Awaitable[Response]]


class Dialect(ABC, Generic[OperationT, ContextT]):
    """One API: its paths below `prefix`, its handlers in the modules of `package`."""

    prefix: ClassVar[str] = ""
    package: ClassVar[str]
    answers_head: ClassVar[bool] = True
    """HEAD is answered as GET is."""
    splits_first: ClassVar[bool] = False
    """An id in a path may have slashes, sent as `%2F`."""
    ends_loosely: ClassVar[bool] = False
    """Slashes at the end of a path mean nothing."""

    def __init__(self, operations: Iterable[OperationT]) -> None:
        self.operations = tuple(operations)
        self._router: Router[tuple[OperationT, Handler[ContextT]]] = Router(
            [
                (operation.method, operation.route_path, (operation, self._handler(operation.handler)))
                for operation in self.operations
            ],
            answers_head=self.answers_head,
            splits_first=self.splits_first,
            ends_loosely=self.ends_loosely,
        )

    @abstractmethod
    async def admit(self, operation: OperationT, request: Request) -> ContextT:
        """The context of a request that is let in. Raises Unauthorized, Forbidden or TooManyRequests."""

    @abstractmethod
    def refusal(self, error: CrossdockError) -> Response:
        """The answer that tells a caller of an error."""

    @abstractmethod
    def unexpected(self) -> Response:
        """The answer to a request that failed by a fault of ours: 500, and nothing of why."""

    @abstractmethod
    def no_such_path(self, request: Request) -> Response: ...

    @abstractmethod
    def wrong_method(self, request: Request, methods: list[str]) -> Response:
        """The answer where a path is offered with other methods."""

    def takes(self, _request: Request) -> bool:
        """Check whether a request below the prefix is this API's: two may share one, pages and JSON."""
        return True

    def is_told(self, error: CrossdockError) -> bool:
        """Check whether callers hear of an error: of those about the request or the connected system."""
        return error.http_status != 500

    async def respond(self, handler: Handler[ContextT], context: ContextT) -> Response:
        """The handler's answer."""
        return await handler(context)

    async def answer(self, request: Request) -> Response:
        """The answer to a request. Raises what is a fault of ours."""
        path = request.scope["path"].removeprefix(self.prefix)
        match = self.match(request, path)
        if match is None:
            methods = self._router.methods(path)
            return self.wrong_method(request, methods) if methods else self.no_such_path(request)
        operation, handler = match.target
        request.scope["path_params"] = match.path_params
        request.scope["state"]["operation"] = operation.metric_name
        try:
            return await self.respond(handler, await self.admit(operation, request))
        except CrossdockError as error:
            if not self.is_told(error):
                raise
            return self.refusal(error)

    def match(self, request: Request, path: str) -> RouteMatch[tuple[OperationT, Handler[ContextT]]] | None:
        raw_path = (request.scope.get("raw_path") or b"").removeprefix(self.prefix.encode())
        return self._router.find(request.method, path, raw_path)

    def _handler(self, name: str) -> Handler[ContextT]:
        module, function = name.rsplit(".", 1)
        handler: Handler[ContextT] = getattr(importlib.import_module(f"{self.package}.{module}"), function)
        return handler
