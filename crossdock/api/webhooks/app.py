"""The webhook administration below /api/v1: what the official `svix` clients speak.

    path ─ offered? ─ whose token? ─ may they? ─ asked before? ─ handler ─ JSON
      ├── no such path              501   ├── wrong method   405
      └── whatever goes wrong       {code, detail}; 422 has a list of {loc, msg, type}

Clients read JSON out of every answer, so every answer is JSON, whatever went wrong.
"""

import asyncio
import importlib
from functools import cache

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from crossdock.api import replies
from crossdock.api.door import Door
from crossdock.api.webhooks.operations import ANYBODY, PREFIX, Operation, matching
from crossdock.api.webhooks.visit import Answer, Handler, Visit, known
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

ANSWERS_KEPT_MS = 12 * 3_600_000
TAKEN_MS = 30_000
"""How long a request that was begun keeps others like it waiting, should it never end."""
ASK_AGAIN_SECONDS, ASK_TIMES = 0.2, 25

CODES = {
    400: "bad_request", 401: "authentication_failed", 403: "insufficient_access", 404: "not_found",
    405: "method_not_allowed", 409: "conflict", 410: "gone", 413: "payload_too_large",
    429: "too_many_requests", 501: "not_implemented", 503: "unavailable",
}  # fmt: skip

log = structlog.get_logger(__name__)


class WebhookAdmin:
    """The ASGI application of everything below PREFIX."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._answered(request)
        except ClientDisconnect:
            raise
        except (RequestError, Unavailable) as problem:
            response = refusal(problem)
        except Exception:
            log.exception("request failed", request_id=scope["state"].get("request_id"), path=scope["path"])
            response = replies.reply({"code": "server_error", "detail": "internal error"}, 500)
        await response(scope, receive, send)

    async def _answered(self, request: Request) -> Response:
        path = request.scope["path"].removeprefix(PREFIX).rstrip("/")
        found = matching(path)
        if found is None:
            raise NotOffered(f"{request.method} {request.url.path} is not offered here")
        operation = found.operations.get(request.method)
        if operation is None:
            raise MethodNotAllowed(f"{request.method} is not offered by {request.url.path}")
        request.state.operation = f"webhooks.{operation.id}"
        caller = None if operation.needs == ANYBODY else await known(self._door, request)
        if caller is not None:
            caller.require(operation)
        if operation.sends and self._door.settings.svix_url:
            raise Conflict(
                "webhooks are handed to another server (CROSSDOCK_SVIX_URL), and it has to be asked"
            )
        visit = Visit(self._door, request, operation, found.parts, caller)
        key = request.headers.get("idempotency-key")
        if operation.method == "POST" and key and caller is not None:
            return await self._once(visit, key)
        return _response(await _handler(operation)(visit))

    async def _once(self, visit: Visit, key: str) -> Response:
        """The answer to a request that may be made again: the same, for twelve hours."""
        database, vault, who = self._door.database, self._door.vault, visit.who
        url = visit.request.url
        name = portal.answer_key(who.token, key, f"{url.path}?{url.query}")
        for _ in range(ASK_TIMES):
            now = visit.now_ms
            if await portal.begin(database, name, who.organization_id, now, now + TAKEN_MS):
                return await self._first(visit, name)
            kept = await portal.answered(database, vault, name)
            if kept is not None:
                return _raw(kept.status, kept.body)
            await asyncio.sleep(ASK_AGAIN_SECONDS)
        raise Conflict("the same request is still under way")

    async def _first(self, visit: Visit, name: bytes) -> Response:
        database = self._door.database
        try:
            answer = await _handler(visit.operation)(visit)
        except BaseException:
            # Only what was done is answered again: this one may be made anew.
            await asyncio.shield(portal.forget(database, name))
            raise
        body = b"" if answer.value is None else replies.encode(answer.value)
        kept = portal.Answer(answer.status, body)
        await portal.keep(
            database, self._door.vault, name, visit.who.organization_id, kept, visit.now_ms + ANSWERS_KEPT_MS
        )
        return _raw(answer.status, body)


@cache
def _handler(operation: Operation) -> Handler:
    module, name = operation.handler.split(".")
    found: Handler = getattr(importlib.import_module(f"crossdock.api.webhooks.{module}"), name)
    return found


def _response(answer: Answer) -> Response:
    return _raw(answer.status, b"" if answer.value is None else replies.encode(answer.value))


def _raw(status: int, body: bytes) -> Response:
    return Response(status_code=status) if not body else replies.answer(body, status)


def refusal(problem: CrossdockError) -> Response:
    """What went wrong, in the form that the clients know."""
    status = problem.http_status
    if isinstance(problem, Invalid):
        return replies.reply({"detail": _listed(problem)}, status)
    code = problem.code if isinstance(problem, BadRequest) else CODES.get(status, "error")
    headers = {}
    if isinstance(problem, TooManyRequests | Unavailable):
        headers["retry-after"] = str(problem.retry_after_seconds)
    return replies.reply({"code": code, "detail": str(problem)}, status, headers)


def _listed(problem: Invalid) -> list[dict[str, object]]:
    places = {"json": "body"}
    return [
        {
            "loc": [places.get(where, where), *filter(None, field.split("."))],
            "msg": message,
            "type": "value_error",
        }
        for where, fields in problem.detail.items()
        for field, messages in fields.items()
        for message in messages
    ]
