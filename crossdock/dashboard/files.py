"""Scripts and styles of the dashboard: for anybody, as they hold nothing of anybody."""

from starlette.requests import Request
from starlette.responses import Response

from crossdock.dashboard.rendering import DASHBOARD_FILES
from crossdock.errors import CrossdockError
from crossdock.web.context import HandlerContext
from crossdock.web.dependencies import Dependencies
from crossdock.web.dialect import Dialect
from crossdock.web.operation import HttpOperation, Parameter

OPERATIONS = (
    HttpOperation(
        "GET", "/{edition}/{name}", "files.static_file", "dashboard_static",
        parameters=(Parameter("edition", "path"), Parameter("name", "path")),
    ),
)  # fmt: skip


class DashboardFiles(Dialect[HttpOperation, HandlerContext]):
    """Callers are people's browsers, signed in or not."""

    prefix = "/dashboard/static"
    package = "crossdock.dashboard"

    def __init__(self, door: Dependencies) -> None:
        super().__init__(OPERATIONS)
        self._door = door

    async def admit(self, _operation: HttpOperation, request: Request) -> HandlerContext:
        self._door.strangers.admit(request)
        self._door.strangers.count(request)
        return HandlerContext(self._door, request)

    def refusal(self, error: CrossdockError) -> Response:
        return Response(str(error), error.http_status, media_type="text/plain")

    def unexpected(self) -> Response:
        return Response("Something went wrong here.", 500, media_type="text/plain")

    def no_such_path(self, _request: Request) -> Response:
        return Response("There is no such file.", 404, media_type="text/plain")

    def wrong_method(self, _request: Request, methods: list[str]) -> Response:
        return Response("Files are only read.", 405, {"allow": ", ".join(methods)}, media_type="text/plain")


async def static_file(visit: HandlerContext) -> Response:
    """A script or style, to be kept for a year under its edition."""
    path = visit.request.path_params
    return DASHBOARD_FILES.response(visit.request, path["name"], path["edition"])
