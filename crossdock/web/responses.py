"""Values and bytes → responses. What lies there as JSON is sent as it is: nothing is parsed."""

from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from crossdock.wire import encode

Header = tuple[bytes, bytes]

SMALL_BYTES = 65_536
"""Copying so much takes less time than sending a further piece."""


class PiecewiseResponse(Response):
    """JSON in pieces, sent one after the other: to put them together first would copy megabytes."""

    def __init__(self, *pieces: bytes) -> None:
        length = sum(map(len, pieces))
        self.pieces = pieces if length > SMALL_BYTES else (b"".join(pieces),)
        self.status_code = 200
        self.background = None
        self.raw_headers = [(b"content-length", b"%d" % length), (b"content-type", b"application/json")]

    @property
    def body(self) -> bytes:  # type: ignore[override]
        return b"".join(self.pieces)

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        last = len(self.pieces) - 1
        for number, piece in enumerate(self.pieces):
            await send({"type": "http.response.body", "body": piece, "more_body": number < last})


def answer(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A response with this JSON."""
    return Response(body, status, headers, media_type="application/json")


def reply(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A response with this value: a struct, or anything else that is JSON."""
    return answer(encode(value), status, headers)


def no_content(status: int = 204) -> Response:
    """A response without a body."""
    return Response(status_code=status)


def rate_headers(limit: int, remaining: int, reset: int, retry_after: int) -> list[Header]:
    """The four headers about the rate limit. reset: seconds since 1970; retry_after: seconds."""
    return [
        (b"x-ratelimit-limit", b"%d" % limit),
        (b"x-ratelimit-remaining", b"%d" % remaining),
        (b"x-ratelimit-reset", b"%d" % reset),
        (b"retry-after", b"%d" % retry_after),
    ]
