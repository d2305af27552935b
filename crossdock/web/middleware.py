"""The outermost layer of the HTTP application, around every API.

`ErrorMiddleware` wraps the whole application: it names every request, reads no body without end, be it long
or slow, puts the name and the headers that handlers noted on every answer, and is the one place that logs
what nobody expected. What is answered then is the API's to say: it leaves that in the state, as UNEXPECTED.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crossdock import metrics
from crossdock.errors import TooLarge, TooSlow, UnsupportedMediaType
from crossdock.web.responses import Header

LARGEST_BODY = 4_194_304
"""In bytes: far more than any body that we read has."""
SLOWEST_BODY = 16_384
"""Bytes a second: each that comes gives a large body as much more time."""

CLOSE: Header = (b"connection", b"close")
READ_ON_SECONDS = 1.0
"""What is left of a body is read for so long before an answer that did not need it."""

SHOWN_PATH = "shown_path"
"""What the log shows in place of a path that is a secret, in the state of a request."""

log = structlog.get_logger(__name__)

EXCHANGE = "exchange"
"""Where a request's state has its `Exchange`."""
LARGEST_KEPT = 16_384
"""Bytes of a body that are kept for who notes requests."""
UNEXPECTED = "unexpected"
"""Where a request's state has the answer to a fault of ours: a function without arguments."""


def note_headers(request: Request, headers: list[Header]) -> None:
    """Have these headers on the answer to this request, whatever that turns out to be."""
    request.state.noted_headers += headers


def allow_body(request: Request, most_bytes: int) -> None:
    """Read a body of so many bytes for this request, more than the others may have."""
    request.state.incoming.most = most_bytes


class ErrorMiddleware:
    """The outermost layer: a request id and noted headers on every answer, no exception beyond it."""

    def __init__(
        self,
        app: ASGIApp,
        new_id: Callable[[], str] = lambda: uuid4().hex,
        note: Callable[[Scope, int, float], None] = lambda _scope, _status, _seconds: None,
        *,
        body_seconds: float = 30,
        keeps: Callable[[int], bool] = lambda _status: False,
    ) -> None:
        """note: is told the scope, the status (0: none was sent) and the seconds of each request.

        keeps: whether it wants the bodies too of an answer with this status; of status 0: of any at all.
        """
        self.app = app
        self.note = note
        self.keeps = keeps
        self.body_seconds = body_seconds
        self.new_id = new_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = self.new_id()
        noted: list[Header] = [(b"x-request-id", request_id.encode("ascii"))]
        scope["state"] = {**scope.get("state", {}), "request_id": request_id, "noted_headers": noted}
        incoming = _Incoming(receive, self.body_seconds, scope["headers"], noted)
        outgoing = _Outgoing(send, incoming, noted, self.keeps)
        incoming.copy = _BodyCopy(is_wanted=self.keeps(0))
        scope["state"]["incoming"], scope["state"][EXCHANGE] = incoming, Exchange(incoming, outgoing)
        started = time.perf_counter()
        try:
            await self.app(scope, incoming, outgoing)
        except ClientDisconnect:
            return
        except Exception as error:
            log.error(
                "request failed", request_id=request_id, method=scope["method"],
                path=scope["state"].get(SHOWN_PATH, scope["path"]),
                exc_info=error,
            )  # fmt: skip
            if not outgoing.status:
                response = scope["state"].get(UNEXPECTED, _unexpected)()
                await response(scope, receive, outgoing)
        finally:
            operation = scope["state"].get("operation", "none")
            seconds = time.perf_counter() - started
            metrics.answered(operation, outgoing.status, seconds)
            self.note(scope, outgoing.status, seconds)


def _unexpected() -> Response:
    return Response(status_code=500)


def _packing(headers: Iterable[Header]) -> str:
    """The packing of the body; "": it is not packed."""
    values = [value.decode("latin-1") for name, value in headers if name == b"content-encoding"]
    packing = ", ".join(values).strip()
    return "" if packing.lower() == "identity" else packing


def _has_body(headers: Iterable[Header]) -> bool:
    """Check whether a body comes with a request, however long."""
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value.strip() != b"0")
        for name, value in headers
    )


@dataclass
class _BodyCopy:
    """A body as it passed by. content: None once it is too large to be kept, or not wanted."""

    is_wanted: bool
    size: int = 0
    content: bytes | None = b""

    def add(self, part: bytes) -> None:
        self.size += len(part)
        if not self.is_wanted or self.size > LARGEST_KEPT:
            self.content = None
        elif self.content is not None and part:
            self.content += part


class _Incoming:
    """`receive`, up to so many bytes, for so long, as they are meant. Raises TooLarge and TooSlow.

    Raises UnsupportedMediaType for what is packed: what 4 MB of gzip unpack to is more than anybody wants to
    wait for (RFC 9110, 15.5.16).
    """

    def __init__(
        self, receive: Receive, seconds: float, headers: Sequence[Header], noted: list[Header]
    ) -> None:
        self.receive = receive
        self.packing = _packing(headers)
        self.copy = _BodyCopy(is_wanted=False)
        self.size = 0
        self.most = LARGEST_BODY
        self._seconds = seconds
        self._noted = noted
        self._began: float | None = None
        self._is_whole = not _has_body(headers)
        self._is_awaited = any(name == b"expect" for name, _ in headers)

    async def __call__(self) -> Message:
        message = await self._next()
        if self.packing and self.size:
            self._noted.append((b"accept-encoding", b"identity"))
            await self._read_on(message)
            raise UnsupportedMediaType(f"the body must be sent as it is, not packed with {self.packing:.60}")
        if self.size <= self.most:
            return message
        await self._read_on(message)
        raise TooLarge(f"the body has more than {self.most} bytes, which is all that is read here")

    async def finish(self) -> None:
        """Read what is left of the body, or have the answer say that the connection ends with it.

        The server closes a connection whose request was not read to its end, and says so only if it
        knows by then; a caller that goes on with the connection would lose its next request.
        """
        with suppress(TimeoutError, TooSlow):
            async with asyncio.timeout(READ_ON_SECONDS):
                while not (self._is_whole or self._is_awaited) and self.size <= self.most:
                    await self._next()
        if not self._is_whole:
            self._close()

    def _close(self) -> None:
        """Have the connection end with the answer: what still comes on it is no request."""
        if CLOSE not in self._noted:
            self._noted.append(CLOSE)

    async def _read_on(self, message: Message) -> None:
        """Read on for a while: a caller that is cut off while it sends may never see the answer."""
        while message.get("more_body") and self.size < self.most + 15 * LARGEST_BODY:
            message = await self._next()

    async def _next(self) -> Message:
        if self._is_whole:
            return await self.receive()  # it tells when the caller goes away, which may be never
        now = asyncio.get_running_loop().time()
        self._began = self._began or now
        allowed = self._seconds + self.size / SLOWEST_BODY
        try:
            async with asyncio.timeout_at(self._began + allowed):
                message = await self.receive()
        except TimeoutError:
            self._close()
            raise TooSlow(
                f"{self.size:,} bytes of the body came within {allowed:.0f} s, and not all of it"
            ) from None
        self.size += len(message.get("body", b""))
        self.copy.add(message.get("body", b""))
        self._is_whole = not message.get("more_body", False)
        return message


class _Outgoing:
    """`send`, adding the noted headers that an answer does not have itself."""

    def __init__(
        self, send: Send, incoming: _Incoming, noted: list[Header], keeps: Callable[[int], bool]
    ) -> None:
        self.send = send
        self.keeps = keeps
        self.headers: list[Header] = []
        self.copy = _BodyCopy(is_wanted=False)
        self.incoming = incoming
        self.noted = noted
        self.status = 0
        """Of the answer; 0: none was begun."""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            await self.incoming.finish()
            own_headers = list(message.get("headers", []))
            names = {name.lower() for name, _ in own_headers}
            self.headers = message["headers"] = own_headers + [
                contents for contents in self.noted if contents[0] not in names
            ]
            self.copy.is_wanted = self.keeps(self.status)
        else:
            self.copy.add(message.get("body", b""))
        await self.send(message)


@dataclass(frozen=True)
class Exchange:
    """The bodies of a request and of its answer, as far as they are kept, and the headers of the answer."""

    incoming: _Incoming
    outgoing: _Outgoing

    @property
    def request_body(self) -> tuple[bytes | None, int]:
        """The body, None where it is not kept, and its size in bytes."""
        return self.incoming.copy.content, self.incoming.copy.size

    @property
    def response_body(self) -> tuple[bytes | None, int]:
        """The body, None where it is not kept, and its size in bytes."""
        return self.outgoing.copy.content, self.outgoing.copy.size

    @property
    def response_headers(self) -> Sequence[Header]:
        return self.outgoing.headers
