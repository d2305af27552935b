"""Cookies of people who signed in, for the account API and the pages alike.

They go to this server's own paths only, no script reads them, and another site's page sends them with nothing
but a link that is followed.
"""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from crossdock.config import Settings

SESSION_COOKIE = "crossdock_session"


def base_path(settings: Settings) -> str:
    """The path that the server has from outside: "/" or "/crossdock"."""
    return urlsplit(settings.url).path.rstrip("/") or "/"


def below(settings: Settings, path: str) -> str:
    """The path of ours as browsers see it."""
    return base_path(settings).rstrip("/") + path


def session_token(request: Request) -> str:
    """The session that a request shows; "": none."""
    return request.cookies.get(SESSION_COOKIE, "")


def set_cookie(
    response: Response, settings: Settings, name: str, value: str, *, path: str, seconds: int
) -> None:
    """Have the browser keep a value. path: from outside; seconds: how long."""
    response.set_cookie(
        name, value, max_age=seconds, path=path, httponly=True, samesite="lax",
        secure=settings.url.startswith("https://"),
    )  # fmt: skip


def clear_cookie(response: Response, settings: Settings, name: str, *, path: str) -> None:
    response.delete_cookie(
        name, path=path, httponly=True, samesite="lax", secure=settings.url.startswith("https://")
    )
