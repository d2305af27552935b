"""The account API below /account: what people do who sign in, by the cookie of their session.

path ─ another site's page? ─ whose session? ─ its token? ─ may they? ─ handler ─ JSON, kept by no cache
  └── whatever goes wrong: {error, code, origin, detail?}
"""

from starlette.requests import Request
from starlette.responses import Response

from crossdock.account_api.context import AccountContext, admit
from crossdock.account_api.operations import OPERATIONS, PREFIX, AccountOperation
from crossdock.errors import (
    CrossdockError,
    Invalid,
    MethodNotAllowed,
    NotFound,
    RequestError,
    TooManyRequests,
    Unavailable,
    VendorError,
)
from crossdock.web.dependencies import Dependencies
from crossdock.web.dialect import Dialect, Handler
from crossdock.web.people import take_back
from crossdock.web.responses import reply

CODES = {
    400: "bad_request", 401: "not_signed_in", 403: "not_allowed", 404: "not_found",
    405: "method_not_allowed", 408: "too_slow", 409: "conflict", 410: "over", 413: "too_large",
    415: "unsupported_media_type", 422: "invalid", 429: "too_many_tries", 500: "internal",
    502: "sso_provider_unreachable", 503: "unavailable",
}  # fmt: skip
"""Words for programs, where an error has none of its own."""
NOT_SIGNED_IN = "not_signed_in"


class AccountApi(Dialect[AccountOperation, AccountContext]):
    """Callers show a session; errors are `{error, code, origin}`."""

    prefix = PREFIX
    package = "crossdock.account_api"

    def __init__(self, door: Dependencies) -> None:
        super().__init__(OPERATIONS)
        self._door = door

    async def admit(self, operation: AccountOperation, request: Request) -> AccountContext:
        return await admit(self._door, operation, request)

    def refusal(self, error: CrossdockError) -> Response:
        response = _unkept(refusal(error))
        if code_of(error) == NOT_SIGNED_IN:
            take_back(response, self._door)
        return response

    def unexpected(self) -> Response:
        return _unkept(reply({"error": "internal error", "code": "internal", "origin": "trackstar"}, 500))

    def no_such_path(self, request: Request) -> Response:
        return self.refusal(NotFound(f"there is no {request.url.path}"))

    def wrong_method(self, request: Request, methods: list[str]) -> Response:
        text = f"{request.method} is not offered by {request.url.path}"
        response = self.refusal(MethodNotAllowed(text))
        response.headers["allow"] = ", ".join(methods)
        return response

    async def respond(self, handler: Handler[AccountContext], context: AccountContext) -> Response:
        return _unkept(await handler(context))


def code_of(error: CrossdockError) -> str:
    own_code = error.code if isinstance(error, RequestError) else ""
    if isinstance(error, VendorError):
        return CODES[502]
    return own_code or CODES.get(error.http_status, "error")


def refusal(error: CrossdockError) -> Response:
    """The answer for an error of ours."""
    body: dict[str, object] = {"error": str(error), "code": code_of(error), "origin": error.origin}
    if isinstance(error, Invalid):
        body["detail"] = error.detail
    if isinstance(error, NotFound) and error.record_id is not None:
        body["id"] = error.record_id
    headers = {}
    if isinstance(error, TooManyRequests | Unavailable):
        headers["retry-after"] = str(error.retry_after_seconds)
    return reply(body, error.http_status, headers)


def _unkept(response: Response) -> Response:
    response.headers["cache-control"] = "no-store"
    response.headers["x-content-type-options"] = "nosniff"
    return response
