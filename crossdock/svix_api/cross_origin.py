"""Calls of the administration by pages of other sites, such as a customer's with svix-react.

Only what shows a portal token is answered to them: an API key has no business in a browser. Cookies play no
part, so any site may ask; what it may do is what the token says.
"""

from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import Response

from crossdock.web.responses import Header

PORTAL_TOKEN = "pt_"  # noqa: S105 - how such tokens begin
SENT = "authorization, content-type, idempotency-key, svix-req-id, svix-retry-count, user-agent"
"""Headers that the clients of Svix send."""
DAY_SECONDS = 86_400
READABLE: list[Header] = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"retry-after, x-request-id"),
    (b"vary", b"authorization"),
]
"""On an answer that a page of any site may read."""


def is_preflight(request: Request) -> bool:
    """Check whether a browser asks if a page may call."""
    return request.method == "OPTIONS" and "access-control-request-method" in request.headers


def shows_portal_token(request: Request) -> bool:
    """Check whether a call shows a portal token, good or not."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and token.strip().startswith(PORTAL_TOKEN)


def allowed(methods: Iterable[str]) -> Response:
    """The answer that pages of any site may call with these methods."""
    headers = {
        "access-control-allow-origin": "*", "access-control-allow-methods": ", ".join(methods),
        "access-control-allow-headers": SENT, "access-control-max-age": str(DAY_SECONDS),
    }  # fmt: skip
    return Response(status_code=204, headers=headers)
