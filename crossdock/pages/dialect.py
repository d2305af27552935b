"""Pages for people, below /connect: HTML, scripts and styles. Whoever comes here shows no key."""

from starlette.requests import Request
from starlette.responses import Response

from crossdock.errors import CrossdockError, TooManyRequests
from crossdock.pages.operations import OPERATIONS, PREFIX
from crossdock.pages.rendering import PagePolicy, page
from crossdock.web.context import HandlerContext
from crossdock.web.dependencies import Dependencies
from crossdock.web.dialect import Dialect
from crossdock.web.operation import HttpOperation


class ConnectPages(Dialect[HttpOperation, HandlerContext]):
    """Pages and their files; what goes wrong is told on a page, too."""

    prefix = PREFIX
    package = "crossdock.pages"

    def __init__(self, door: Dependencies) -> None:
        super().__init__(OPERATIONS)
        self._door = door

    async def admit(self, _operation: HttpOperation, request: Request) -> HandlerContext:
        self._door.strangers.admit(request)
        self._door.strangers.count(request)
        return HandlerContext(self._door, request)

    async def answer(self, request: Request) -> Response:
        """The answer to a request. Raises what is a fault of ours."""
        try:
            return await super().answer(request)
        except CrossdockError as error:
            if not self.is_told(error):
                raise
            return fault_page(request, error.http_status, _headers(error))

    def refusal(self, error: CrossdockError) -> Response:
        raise error

    def unexpected(self) -> Response:
        return Response("Something went wrong here. Please try again.", 500, media_type="text/plain")

    def no_such_path(self, request: Request) -> Response:
        return fault_page(request, 404)

    def wrong_method(self, request: Request, methods: list[str]) -> Response:
        return fault_page(request, 405, {"allow": ", ".join(methods)})


def _headers(error: CrossdockError) -> dict[str, str]:
    return {"retry-after": str(error.retry_after_seconds)} if isinstance(error, TooManyRequests) else {}


def fault_page(request: Request, status: int, headers: dict[str, str] | None = None) -> Response:
    """The page that tells a person why there is none."""
    response = page(request, "fault.html", PagePolicy(), status, fault=status)
    response.headers.update(headers or {})
    return response
