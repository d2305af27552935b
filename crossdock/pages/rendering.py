"""HTML pages: templates that escape all they show, and the headers that keep a page to itself.

A page holds no script, no style and no secret of its own: it names files of `static/`, and whatever is
secret comes to those by message or request. Addresses in it are relative to where it was asked for, so it
works below any path that a reverse proxy takes away.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from crossdock.pages.static_files import CONNECT_FILES

TEMPLATES = Path(__file__).parent / "templates"

NOBODY, ANYBODY = "'none'", "*"
"""Who may show a page in a frame of theirs."""
BUTTON_SOURCES = ("frame-src 'self'", "trusted-types crossdock-connect")
"""What the script of the button needs on a page of ours."""


@dataclass(frozen=True)
class PagePolicy:
    """The rules of a page for browsers.

    framed_by: sources as `frame-ancestors` lists them. opener: `Cross-Origin-Opener-Policy`; a window that a
    vendor's page comes between needs the one that opened it, so pages are cut off only where they say so.
    referrer: `Referrer-Policy`; pages with forms say "same-origin", else their Origin is `null`.
    has_button: whether the script of the button runs on it, which shows the form in a frame of ours.
    """

    framed_by: str = NOBODY
    opener: Literal["unsafe-none", "same-origin-allow-popups", "same-origin"] = "unsafe-none"
    cache: Literal["no-store", "no-cache"] = "no-store"
    referrer: Literal["no-referrer", "same-origin"] = "no-referrer"
    has_button: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """The headers that say so."""
        sources = (
            "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' https: data:",
            "connect-src 'self'", "form-action 'self'", "base-uri 'none'",
            f"frame-ancestors {self.framed_by}", "require-trusted-types-for 'script'",
            *(BUTTON_SOURCES if self.has_button else ("trusted-types 'none'",)),
        )  # fmt: skip
        headers = {
            "content-security-policy": "; ".join(sources),
            "cross-origin-opener-policy": self.opener,
            "cache-control": self.cache,
            "referrer-policy": self.referrer,
            "x-content-type-options": "nosniff",
            "x-robots-tag": "noindex",
        }
        return headers | ({"x-frame-options": "DENY"} if self.framed_by == NOBODY else {})


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates: what they show is escaped, and a name that they lack a value for is an error."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip


def page(request: Request, template: str, policy: PagePolicy, status: int = 200, **values: Any) -> Response:
    """The response with a template filled in. values: by the names that the template has."""
    root = root_of(request)
    html = (
        environment()
        .get_template(template)
        .render(values | {"root": root, "static": f"{root}connect/static/{CONNECT_FILES.edition}"})
    )
    return Response(html, status, policy.headers, media_type="text/html; charset=utf-8")


def root_of(request: Request) -> str:
    """The way from a page to the root of this server, relative: `../` for `/connect/frame`."""
    return "../" * (request.scope["path"].count("/") - 1) or "./"
