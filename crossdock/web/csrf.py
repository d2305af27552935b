"""Requests that change something by a cookie: only from our own pages, or from a program that means it.

    Sec-Fetch-Site  where there is one, says so itself: `same-origin`
    Origin          where there is one, is the server's: as the settings have it, or as the caller reached it
    x-csrf-token    belongs to the session, and only a page of ours can read it

Each alone would do; a browser that sends neither of the headers still needs the token.
"""

import base64
import hmac
from urllib.parse import urlsplit

from starlette.requests import Request

from crossdock.errors import Forbidden

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
TOKEN_HEADER = "x-csrf-token"  # noqa: S105 - its name, not a token


def csrf_token(key: bytes, session_token: str) -> str:
    """The token that belongs to a session. key: the server's, for this purpose."""
    digest = hmac.digest(key, session_token.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def check_origin(request: Request, base_url: str) -> None:
    """Raise Forbidden for a change that another site's page asks for."""
    if request.method in SAFE:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site not in (None, "same-origin"):
        raise _foreign(f"Sec-Fetch-Site is {site[:40]!r}")
    if origin is not None and not _is_ours(origin, request, base_url):
        raise _foreign(f"Origin is {origin[:200]!r}")


def check_token(request: Request, key: bytes, session_token: str, sent: str | None = None) -> None:
    """Raise Forbidden for a change whose token is not the session's. sent: by a form; None: by the header."""
    if request.method in SAFE:
        return
    shown = request.headers.get(TOKEN_HEADER, "") if sent is None else sent
    if not hmac.compare_digest(shown.encode(), csrf_token(key, session_token).encode()):
        raise Forbidden(
            f"the {TOKEN_HEADER} of this session is missing or wrong; GET /account/me has it", code="csrf"
        )


def _is_ours(origin: str, request: Request, base_url: str) -> bool:
    ours = urlsplit(base_url)
    if origin == f"{ours.scheme}://{ours.netloc}":
        return True
    # Settings may name 127.0.0.1 where somebody types localhost. A page can't choose the Host of a request.
    return origin.partition("://")[2] == request.headers.get("host", "") and origin.startswith("http")


def _foreign(reason: str) -> Forbidden:
    return Forbidden(f"a page of another site asks for this ({reason})", code="csrf")
