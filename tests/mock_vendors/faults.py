"""What a vendor does instead of answering as usual, one request each.

    vendor.script("/orders", [throttled(2), failing(503), html()])

A fault comes before the call: nothing was done. After `done_then(fault)` it was, and its answer is lost.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from tests.mock_vendors.vendor import MockVendor

Fault = Callable[["MockVendor", web.Request], Awaitable[web.StreamResponse]]


def answering(
    status: int = 200, body: Any = None, headers: Mapping[str, str] | None = None,
    kind: str = "application/json",
) -> Fault:  # fmt: skip
    """This answer. body: bytes as they are, or a value that becomes JSON."""
    data = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()

    async def fault(_: "MockVendor", __: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=data, headers={"Content-Type": kind, **(headers or {})})

    return fault


def throttled(retry_after: float | str | None = None, status: int = 429) -> Fault:
    """Too many requests, with Retry-After where it is given."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return answering(status, {"message": "Too Many Requests"}, headers)


def failing(status: int = 500) -> Fault:
    """A fault of the vendor's own."""
    return answering(status, b"<html><body>Internal Server Error</body></html>", kind="text/html")


def html() -> Fault:
    """A page for people where JSON was promised, with status 200."""
    page = b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body>Back soon</body></html>"
    return answering(body=page, kind="text/html; charset=utf-8")


def dropped() -> Fault:
    """A connection that ends before any answer."""

    async def fault(_: "MockVendor", request: web.Request) -> web.StreamResponse:
        await request.read()
        assert request.transport
        request.transport.abort()
        return web.Response()

    return fault


def hanging() -> Fault:
    """No answer until the vendor closes."""

    async def fault(vendor: "MockVendor", _: web.Request) -> web.StreamResponse:
        await vendor.closing.wait()
        return web.Response(status=500)

    return fault


def slow(seconds: float) -> Fault:
    """The usual answer, later."""

    async def fault(vendor: "MockVendor", request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return await vendor.usual(request)

    return fault


def usual() -> Fault:
    """No fault: keeps a place in a script."""
    return slow(0)


def repeated() -> Fault:
    """The answer to the request before of that name, once more, whatever is asked for now."""

    async def fault(vendor: "MockVendor", request: web.Request) -> web.StreamResponse:
        return vendor.answer_before(await vendor.seen(request)) or await vendor.usual(request)

    return fault


def meanwhile(happens: Callable[[], object]) -> Fault:
    """The usual answer, after something happened at the vendor."""

    async def fault(vendor: "MockVendor", request: web.Request) -> web.StreamResponse:
        happens()
        return await vendor.usual(request)

    return fault


def done_then(fault: Fault) -> Fault:
    """The call is carried out, and this is what comes of its answer."""

    async def carried_out(vendor: "MockVendor", request: web.Request) -> web.StreamResponse:
        response = await vendor.usual(request)
        assert response.status < 400, "what is to be lost was refused"
        return await fault(vendor, request)

    return carried_out
