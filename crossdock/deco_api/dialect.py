"""DecoNetwork's Inventory Event Management API below /deconetwork, over the ledger of any connection.

    path ─ whose token? ─ how often? ─ switched on? ─ conditions ─ events and total
      └── whatever goes wrong: {"response_status": {code, severity, description}}, with status 200

Programs that speak this API look at the code and not at the HTTP status. So refusals have 200, but for those
that proxies and clients have to heed: too many requests, a body too large, a server that is away.
"""

from starlette.requests import Request
from starlette.responses import Response

from crossdock.deco_api.codes import AUTHENTICATION_FAILED, BAD_PARAMETERS, NOT_ENABLED, DecoRefused
from crossdock.deco_api.context import DecoContext, sign_in
from crossdock.deco_api.operations import OPERATIONS, PREFIX, DecoOperation
from crossdock.errors import (
    CrossdockError,
    Forbidden,
    NotFound,
    NotOffered,
    RequestError,
    TooManyRequests,
    Unauthorized,
    Unavailable,
)
from crossdock.web.dependencies import Dependencies
from crossdock.web.dialect import Dialect
from crossdock.web.responses import reply


class DecoEvents(Dialect[DecoOperation, DecoContext]):
    """Callers show a connection's id and access token as user name and password."""

    prefix = PREFIX
    package = "crossdock.deco_api"
    answers_head = False

    def __init__(self, door: Dependencies) -> None:
        super().__init__(OPERATIONS)
        self._door = door

    async def admit(self, operation: DecoOperation, request: Request) -> DecoContext:  # noqa: ARG002
        return await sign_in(self._door, request)

    def refusal(self, error: CrossdockError) -> Response:
        code, status = BAD_PARAMETERS, error.http_status
        headers = {}
        if isinstance(error, DecoRefused):
            code = error.outcome
        elif isinstance(error, Unauthorized):
            code, status = AUTHENTICATION_FAILED, 200
        elif isinstance(error, Forbidden | NotOffered | NotFound):
            code, status = NOT_ENABLED, 200
        elif isinstance(error, TooManyRequests | Unavailable):
            headers = {"retry-after": str(error.retry_after_seconds)}
        return _failed(code, str(error), status, headers)

    def is_told(self, error: CrossdockError) -> bool:
        return isinstance(error, RequestError | Unavailable)

    def unexpected(self) -> Response:
        return _failed(BAD_PARAMETERS, "internal error", 500)

    def no_such_path(self, request: Request) -> Response:  # noqa: ARG002
        return _failed(BAD_PARAMETERS, "only manage_inventory_events/find is served here", 404)

    def wrong_method(self, request: Request, methods: list[str]) -> Response:
        message = f"{request.method} is not offered here, only {', '.join(methods)}"
        return _failed(BAD_PARAMETERS, message, 405, {"allow": ", ".join(methods)})


def _failed(code: int, description: str, status: int, headers: dict[str, str] | None = None) -> Response:
    envelope = {"code": code, "severity": "ERROR", "description": description}
    return reply({"response_status": envelope}, status, headers)
