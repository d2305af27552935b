"""The private API of the form that end users connect their systems with, in a frame of our own origin.

All below the base URL. Every request but the first shows `Authorization: Bearer <link token>`; bodies are
JSON; no answer may be kept. What goes wrong is `{"error": {code, message, field?, fields?}}`, see `codes.py`.

    POST /connect/api/magic-links/session   {secret, flow_id?} → {link_token, options}
    POST /connect/api/open                  {options, integration_id?} → organization, integrations, …
    GET  /connect/api/integrations/{type}/{name}              → the form of an integration
    POST /connect/api/connect               {type, name, fields, options, flow_id} → the result
    GET  /connect/api/permissions?flow_id=                    → {permissions}
    GET  /connect/api/flow?flow_id=                           → {status, result?, error?}
    POST /connect/api/oauth/begin           the same, mode, return_url? → {start_url}
    GET  /connect/oauth/start/{state}       303 to the page of the vendor; binds the browser by a cookie
    GET  /connect/oauth/callback            303 to `return_url?crossdock_flow=<flow id>`, or to
    GET  /connect/oauth/done?flow=<flow id>&status=done|failed&code=<code, where it failed>
    GET  /connect/logos/organizations/{name}, /connect/logos/integrations/{type}/{name}

flow_id: made by the form when it is opened, a random UUID. The same flow is connected once, whichever window
sends it again; its result is the same then.

    request ─ JSON from a page of ours? ─ link token? ─ not too often? ─ handler ─ JSON that nobody keeps
"""

from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from crossdock.connect_api import operations
from crossdock.connect_api.context import LinkContext
from crossdock.connect_api.limits import LinkLimits
from crossdock.connect_api.operations import LinkOperation
from crossdock.connections.link import refusals
from crossdock.connections.link.tokens import bearer
from crossdock.errors import (
    CrossdockError,
    LinkRefused,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    UnsupportedMediaType,
)
from crossdock.store.connections.link_tokens import LinkToken
from crossdock.web.dependencies import Dependencies
from crossdock.web.dialect import Dialect, Handler
from crossdock.web.middleware import note_headers
from crossdock.web.responses import reply

HEADERS = [
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-robots-tag", b"noindex"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]


class LinkDialect(Dialect[LinkOperation, LinkContext]):
    """The base of the form's API, the way to vendors' pages, and logos."""

    package = "crossdock.connect_api"

    def __init__(self, door: Dependencies, limits: LinkLimits) -> None:
        super().__init__(self.table)
        self._door = door
        self._limits = limits

    table: tuple[LinkOperation, ...] = ()

    async def admit(self, operation: LinkOperation, request: Request) -> LinkContext:
        note_headers(request, HEADERS)
        if request.method == "POST":
            check_post(request, self._door.settings.url)
        token = None
        if operation.shows_token:
            token = await self._bearer(request)
            await self._limits.count_request(token)
        else:
            self._door.strangers.admit(request)
            self._door.strangers.count(request)
        return LinkContext(self._door, request, operation, self._limits, token)

    async def _bearer(self, request: Request) -> LinkToken:
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        token = shown.strip() if scheme.lower() == "bearer" else ""
        try:
            with self._door.strangers.hearing(request, token or None):
                try:
                    if not token:
                        raise LinkRefused("a link token is needed", code="link_token_missing", status=401)
                    known = await bearer(self._door.link, token)
                except LinkRefused as refused:
                    raise Unauthorized(str(refused)) from refused
        except Unauthorized as unauthorized:
            raise unauthorized.__cause__ or unauthorized from None
        self._door.strangers.worked(token)
        return known

    async def respond(self, handler: Handler[LinkContext], context: LinkContext) -> Response:
        return await handler(context)

    def refusal(self, error: CrossdockError) -> Response:
        return refusal(error)

    def unexpected(self) -> Response:
        return refusal(refusals.INTERNAL)

    def no_such_path(self, request: Request) -> Response:  # noqa: ARG002 - a path may hold a secret
        return refusal(LinkRefused("there is no such path", code="not_found", status=404))

    def wrong_method(self, request: Request, methods: list[str]) -> Response:
        text = f"{request.method} is not offered here"
        response = refusal(LinkRefused(text, code="method_not_allowed", status=405))
        response.headers["allow"] = ", ".join(methods)
        return response


class LinkApi(LinkDialect):
    """The API that the form asks."""

    prefix = "/connect/api"
    table = operations.API


class ConsentPages(LinkDialect):
    """The way to a page of a vendor and back: visited by browsers."""

    prefix = "/connect/oauth"
    answers_head = False
    """Each works once, and whoever only looks at an address must not have used it up."""
    table = operations.CONSENT


class LogoFiles(LinkDialect):
    """Pictures."""

    prefix = "/connect/logos"
    table = operations.LOGOS


def link_dialects(door: Dependencies) -> list[Dialect[Any, Any]]:
    """All of them, with the same limits."""
    limits = LinkLimits(door.settings.redis_url)
    return [kind(door, limits) for kind in (LinkApi, ConsentPages, LogoFiles)]


def check_post(request: Request, url: str) -> None:
    """Raise LinkRefused for a POST of a page that is not ours, UnsupportedMediaType for what is no JSON.

    url: where the server is reached. A page that another host name of this server shows is ours, too.
    """
    origin = request.headers.get("origin")
    if origin is not None and origin not in _own_origins(request, url):
        raise LinkRefused("this page may not connect anything here", code="foreign_origin", status=403)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMediaType("the body must be application/json")


def _own_origins(request: Request, url: str) -> set[str]:
    parts = urlsplit(url)
    host = request.headers.get("host", "")
    return {f"{parts.scheme}://{parts.netloc}", f"http://{host}", f"https://{host}"}


def refusal(error: CrossdockError) -> Response:
    """The answer that says what went wrong."""
    if isinstance(error, UnsupportedMediaType):
        error = LinkRefused(str(error), code="unsupported_media_type", status=415)
    refused = refusals.refusal_of(error)
    headers = {}
    if isinstance(error, TooManyRequests | Unavailable):
        headers["retry-after"] = str(error.retry_after_seconds)
    return reply({"error": refusals.as_flow_error(refused)}, refused.http_status, headers)
