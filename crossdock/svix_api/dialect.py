"""The webhook administration below /api/v1: what the official `svix` clients speak.

    path ─ offered? ─ whose token? ─ may they? ─ asked before? ─ handler ─ JSON
      ├── no such path              501   ├── wrong method   405
      └── whatever goes wrong       {code, detail}; 422 has a list of {loc, msg, type}

Clients read JSON out of every answer, so every answer is JSON, whatever went wrong.
"""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from crossdock.errors import (
    BadRequest,
    Conflict,
    CrossdockError,
    Invalid,
    MethodNotAllowed,
    NotOffered,
    RequestError,
    TooManyRequests,
    Unavailable,
)
from crossdock.store.webhooks import portal
from crossdock.svix_api import cross_origin
from crossdock.svix_api.context import AdminCaller, AdminContext, sign_in
from crossdock.svix_api.operations import ANYBODY, OPERATIONS, PREFIX, AdminOperation
from crossdock.web.dependencies import Dependencies
from crossdock.web.dialect import Dialect, Handler
from crossdock.web.middleware import note_headers
from crossdock.web.responses import answer, no_content, reply

ANSWERS_KEPT_MS = 12 * 3_600_000
TAKEN_MS = 30_000
"""How long a request that was begun keeps others like it waiting, should it never end."""
ASK_AGAIN_SECONDS, ASK_TIMES = 0.2, 25

CODES = {
    400: "bad_request", 401: "authentication_failed", 403: "insufficient_access", 404: "not_found",
    405: "method_not_allowed", 409: "conflict", 410: "gone", 413: "payload_too_large",
    415: "unsupported_media_type", 429: "too_many_requests", 501: "not_implemented", 503: "unavailable",
}  # fmt: skip


class WebhookAdmin(Dialect[AdminOperation, AdminContext]):
    """Callers show a bearer token; errors are `{code, detail}`; a POST may be made again by its key."""

    prefix = PREFIX
    package = "crossdock.svix_api"
    answers_head = False
    ends_loosely = True

    def __init__(self, door: Dependencies) -> None:
        super().__init__(OPERATIONS)
        self._door = door

    async def admit(self, operation: AdminOperation, request: Request) -> AdminContext:
        caller = None if operation.needs == ANYBODY else await sign_in(self._door, request, operation.id)
        return self.context(operation, request, caller)

    def context(
        self, operation: AdminOperation, request: Request, caller: AdminCaller | None
    ) -> AdminContext:
        """The context of a request by somebody known. Raises Forbidden, and Conflict where another sends."""
        if caller is not None:
            caller.require(operation)
        if operation.sends and self._door.settings.svix_url:
            raise Conflict(
                "webhooks are handed to another server (CROSSDOCK_SVIX_URL), and it has to be asked"
            )
        return AdminContext(self._door, request, operation, caller)

    async def answer(self, request: Request) -> Response:
        """The answer to a request; pages of other sites may read it that show a portal token."""
        if cross_origin.is_preflight(request):
            return self._preflight(request)
        if cross_origin.shows_portal_token(request):
            note_headers(request, cross_origin.READABLE)
        return await super().answer(request)

    def _preflight(self, request: Request) -> Response:
        methods = self._router.methods(request.scope["path"].removeprefix(self.prefix))
        return cross_origin.allowed(methods) if methods else self.no_such_path(request)

    def refusal(self, error: CrossdockError) -> Response:
        return refusal(error)

    def is_told(self, error: CrossdockError) -> bool:
        return isinstance(error, RequestError | Unavailable)

    def unexpected(self) -> Response:
        return reply({"code": "server_error", "detail": "internal error"}, 500)

    def no_such_path(self, request: Request) -> Response:
        return refusal(NotOffered(f"{request.method} {request.scope['path']} is not offered here"))

    def wrong_method(self, request: Request, _methods: list[str]) -> Response:
        return refusal(MethodNotAllowed(f"{request.method} is not offered by {request.scope['path']}"))

    async def respond(self, handler: Handler[AdminContext], context: AdminContext) -> Response:
        key = context.request.headers.get("idempotency-key")
        if context.operation.method == "POST" and key and context.caller is not None:
            return await self._once(handler, context, key)
        return await handler(context)

    async def _once(self, handler: Handler[AdminContext], context: AdminContext, key: str) -> Response:
        """The answer to a request that may be made again: the same, for twelve hours."""
        database, vault, admin_caller = self._door.database, self._door.vault, context.who
        scope = context.request.scope
        name = portal.answer_key(
            admin_caller.token, key, f"{scope['path']}?{scope['query_string'].decode('latin-1')}"
        )
        for _ in range(ASK_TIMES):
            now = context.now_ms
            if await portal.begin(database, name, admin_caller.organization_id, now, now + TAKEN_MS):
                return await self._first(handler, context, name)
            kept_portal_answer = await portal.answered(database, vault, name)
            if kept_portal_answer is not None:
                return (
                    answer(kept_portal_answer.body, kept_portal_answer.status)
                    if kept_portal_answer.body
                    else no_content(kept_portal_answer.status)
                )
            await asyncio.sleep(ASK_AGAIN_SECONDS)
        raise Conflict("the same request is still under way")

    async def _first(self, handler: Handler[AdminContext], context: AdminContext, name: bytes) -> Response:
        database, organization = self._door.database, context.who.organization_id
        try:
            response = await handler(context)
        except BaseException:
            # Only what was done is answered again: this one may be made anew.
            await asyncio.shield(portal.forget(database, name))
            raise
        kept_portal_answer = portal.PortalAnswer(response.status_code, bytes(response.body))
        until = context.now_ms + ANSWERS_KEPT_MS
        await portal.keep(database, self._door.vault, name, organization, kept_portal_answer, until)
        return response


def refusal(problem: CrossdockError) -> Response:
    """The answer that says what went wrong, in the form that the clients know."""
    status = problem.http_status
    if isinstance(problem, Invalid):
        return reply({"detail": _listed(problem)}, status)
    code = problem.code if isinstance(problem, BadRequest) else CODES.get(status, "error")
    headers = {}
    if isinstance(problem, TooManyRequests | Unavailable):
        headers["retry-after"] = str(problem.retry_after_seconds)
    return reply({"code": code, "detail": str(problem)}, status, headers)


def _listed(problem: Invalid) -> list[dict[str, object]]:
    positions = {"json": "body"}
    return [
        {
            "loc": [positions.get(where, where), *filter(None, field.split("."))],
            "msg": message,
            "type": "value_error",
        }
        for where, fields in problem.detail.items()
        for field, messages in fields.items()
        for message in messages
    ]
