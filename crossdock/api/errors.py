"""What went wrong → the answer the caller sees, and the outermost edge of the HTTP application.

    CrossdockError      its own status, message and origin     {error, origin, detail | id}
                        (Unavailable, 503: the database; it is told in the log where it is noticed)
    HTTPException       Starlette's: no such path, wrong method {error, origin}
    anything else       500 "internal error", and the log has the rest

`Edge` wraps the whole application: it names every request, reads no body without end, puts the name and
the headers that handlers noted on every answer, and is the one place that logs what nobody expected.
"""

import math
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import uuid4

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crossdock import metrics
from crossdock.api.replies import Header, reply
from crossdock.errors import (
    CrossdockError,
    Invalid,
    NotFound,
    TooLarge,
    TooManyRequests,
    Unavailable,
    Uncertain,
    VendorError,
    VendorThrottled,
)

LARGEST_BODY = 4_194_304
"""In bytes: far more than any body that we read has."""

log = structlog.get_logger(__name__)

Handler = Callable[[Request, Exception], Awaitable[Response]]


def handlers() -> dict[Any, Handler]:
    """What Starlette's `exception_handlers` takes."""
    return {CrossdockError: _refused, HTTPException: _not_routed, Exception: _unexpected}


def refusal(error: CrossdockError) -> Response:
    """The answer for an error of ours. Only for those that say something about the request or the vendor."""
    body: dict[str, Any] = {"error": str(error), "origin": error.origin}
    if isinstance(error, Invalid):
        body["detail"] = error.detail
    if isinstance(error, NotFound | Uncertain) and error.record_id is not None:
        body["id"] = error.record_id
    if isinstance(error, Uncertain):
        body["outcome"] = error.outcome
    return reply(body, _status(error), _wait(error))


def _status(error: CrossdockError) -> int:
    """The error's own status; what a connected system refused keeps the status it was refused with."""
    if isinstance(error, VendorError) and error.status is not None and 400 <= error.status < 600:
        return error.status
    return error.http_status


def unexpected() -> Response:
    return reply({"error": "internal error", "origin": "trackstar"}, 500)


def note_headers(request: Request, headers: list[Header]) -> None:
    """Have these headers on the answer to this request, whatever that turns out to be."""
    request.state.noted_headers += headers


def allow_body(request: Request, most_bytes: int) -> None:
    """Read a body of so many bytes for this request, more than the others may have."""
    request.state.incoming.most = most_bytes


def _wait(error: CrossdockError) -> dict[str, str]:
    if isinstance(error, TooManyRequests | Unavailable):
        return {"retry-after": str(error.retry_after_seconds)}
    if isinstance(error, VendorThrottled):
        return {"retry-after": str(math.ceil(error.retry_after))}
    return {}


async def _refused(_request: Request, error: Exception) -> Response:
    if not isinstance(error, CrossdockError) or error.http_status == 500:
        raise error  # Nothing about the request: a fault of ours, which the edge logs.
    return refusal(error)


async def _not_routed(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    text = {
        404: f"there is no {request.url.path}",
        405: f"{request.method} is not offered by {request.url.path}",
    }.get(error.status_code, error.detail)
    return reply({"error": text, "origin": "trackstar"}, error.status_code, _headers(error.headers))


def _headers(given: Mapping[str, str] | None) -> dict[str, str]:
    return dict(given or {})


async def _unexpected(_request: Request, _error: Exception) -> Response:
    return unexpected()


class Edge:
    """The outermost layer: a request id and noted headers on every answer, no exception beyond it."""

    def __init__(self, app: ASGIApp, new_id: Callable[[], str] = lambda: uuid4().hex) -> None:
        self.app = app
        self.new_id = new_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = self.new_id()
        noted: list[Header] = [(b"x-request-id", request_id.encode("ascii"))]
        scope["state"] = {**scope.get("state", {}), "request_id": request_id, "noted_headers": noted}
        outgoing, incoming = _Outgoing(send, noted), _Incoming(receive)
        scope["state"]["incoming"] = incoming
        started = time.perf_counter()
        try:
            await self.app(scope, incoming, outgoing)
        except ClientDisconnect:
            return
        except Exception as error:
            log.error(
                "request failed", request_id=request_id, method=scope["method"], path=scope["path"],
                exc_info=error,
            )  # fmt: skip
            if not outgoing.status:
                await unexpected()(scope, receive, outgoing)
        finally:
            operation = scope["state"].get("operation", "none")
            metrics.answered(operation, outgoing.status, time.perf_counter() - started)


class _Incoming:
    """`receive`, up to so many bytes. Raises TooLarge."""

    def __init__(self, receive: Receive) -> None:
        self.receive = receive
        self.size = 0
        self.most = LARGEST_BODY

    async def __call__(self) -> Message:
        message = await self._next()
        if self.size <= self.most:
            return message
        # Reads on for a while: a caller that is cut off while it sends may never see the answer.
        while message.get("more_body") and self.size < self.most + 15 * LARGEST_BODY:
            message = await self._next()
        raise TooLarge(f"the body has more than {self.most} bytes")

    async def _next(self) -> Message:
        message = await self.receive()
        self.size += len(message.get("body", b""))
        return message


class _Outgoing:
    """`send`, adding the noted headers that an answer does not have itself."""

    def __init__(self, send: Send, noted: list[Header]) -> None:
        self.send = send
        self.noted = noted
        self.status = 0
        """Of the answer; 0: none was begun."""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = list(message.get("headers", []))
            names = {name.lower() for name, _ in own}
            message["headers"] = own + [one for one in self.noted if one[0] not in names]
        await self.send(message)
