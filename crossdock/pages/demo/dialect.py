"""The page of `crossdock dev` on which the button is tried out, and the two calls of its backend.

A page of any other site must not reach these, though they want no key: they answer to the names of this
server only, and take calls from its own pages only. `crossdock serve` does not have them.
"""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from crossdock.config import Settings
from crossdock.errors import CrossdockError, Forbidden
from crossdock.pages.demo.context import DemoContext
from crossdock.pages.demo.operations import OPERATIONS
from crossdock.web.dependencies import Dependencies
from crossdock.web.dialect import Dialect
from crossdock.web.operation import HttpOperation
from crossdock.web.responses import reply

OWN_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


class DemoPages(Dialect[HttpOperation, DemoContext]):
    """A customer's page and backend, for one organization."""

    prefix = "/connect/demo"
    package = "crossdock.pages.demo"
    ends_loosely = True

    def __init__(self, door: Dependencies, organization_id: str) -> None:
        super().__init__(OPERATIONS)
        self._door = door
        self._organization_id = organization_id

    async def admit(self, _operation: HttpOperation, request: Request) -> DemoContext:
        check_caller(request, self._door.settings)
        return DemoContext(self._door, request, self._organization_id)

    def refusal(self, error: CrossdockError) -> Response:
        return reply({"error": str(error)}, error.http_status)

    def unexpected(self) -> Response:
        return reply({"error": "internal error"}, 500)

    def no_such_path(self, request: Request) -> Response:
        return reply({"error": f"there is no {request.url.path}"}, 404)

    def wrong_method(self, request: Request, methods: list[str]) -> Response:
        return reply({"error": f"{request.method} is not offered here"}, 405, {"allow": ", ".join(methods)})


def check_caller(request: Request, settings: Settings) -> None:
    """Raise Forbidden for a call under another name than this server's, or from a page that is not its own.

    Another name: any site can have its own resolve to this machine.
    """
    host = request.headers.get("host", "")
    names = OWN_NAMES | {urlsplit(settings.url).netloc.rpartition("@")[2], settings.host}
    if host not in names and host.rpartition(":")[0] not in names:
        raise Forbidden(f"this page is not served as {host!r:.100}: open it at {settings.url}/connect/demo")
    public = urlsplit(settings.url)  # a proxy may have changed the name that is asked for
    own = (f"http://{host}", f"https://{host}", f"{public.scheme}://{public.netloc}")
    if request.method == "POST" and request.headers.get("origin") not in own:
        raise Forbidden("only the page of this server may ask for this")
