"""The API as a dialect of the shared kernel: its table, its callers, its errors."""

from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import Response

from crossdock.api import errors
from crossdock.api.access import admit
from crossdock.api.context import RequestContext
from crossdock.api.operation import ApiOperation
from crossdock.api.operations import all_operations
from crossdock.errors import CrossdockError
from crossdock.web.dependencies import Dependencies
from crossdock.web.dialect import Dialect


class ApiDialect(Dialect[ApiOperation, RequestContext]):
    """Callers show a key, and mostly an access token; errors are `{error, origin}`."""

    package = "crossdock.api"
    splits_first = True

    def __init__(self, door: Dependencies, operations: Iterable[ApiOperation] | None = None) -> None:
        """operations: those that are offered; by default all."""
        super().__init__(all_operations() if operations is None else operations)
        self._door = door

    async def admit(self, operation: ApiOperation, request: Request) -> RequestContext:
        return await admit(self._door, operation, request)

    def refusal(self, error: CrossdockError) -> Response:
        return errors.refusal(error)

    def unexpected(self) -> Response:
        return errors.failure("internal error", 500)

    def no_such_path(self, request: Request) -> Response:
        return errors.failure(f"there is no {request.scope['path']}", 404)

    def wrong_method(self, request: Request, methods: list[str]) -> Response:
        text = f"{request.method} is not offered by {request.scope['path']}"
        return errors.failure(text, 405, {"allow": ", ".join(methods)})
