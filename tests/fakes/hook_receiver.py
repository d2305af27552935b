"""A receiver of webhooks: a real HTTP server on loopback that verifies, refuses, hangs and breaks.

async with Receiver() as receiver:
    receiver.answer("/hook", status(500), times=3)     the next three requests to that path
    …  POST {receiver.url}/hook
    assert [one.id for one in receiver.got("/hook")] == [...]
"""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web

from tests.fakes.vendor import answer, broken_off, dropped

__all__ = ["Receiver", "broken_off", "dripping", "dropped", "endless", "silent", "status"]


@dataclass
class Got:
    """A webhook that arrived."""

    path: str
    method: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Behaviour = Callable[["Receiver", web.Request], Awaitable[web.StreamResponse]]


def status(code: int, body: Any = b"", headers: Mapping[str, str] | None = None) -> Behaviour:
    return answer(code, body, headers)  # type: ignore[return-value]


def silent() -> Behaviour:
    """No answer at all, until the receiver closes."""

    async def behave(receiver: "Receiver", _: web.Request) -> web.StreamResponse:
        await receiver.closing.wait()
        return web.Response(status=500)

    return behave


def dripping() -> Behaviour:
    """One byte every 50 ms, and no end."""

    async def behave(receiver: "Receiver", request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while not receiver.closing.is_set():
            await response.write(b"x")
            await asyncio.sleep(0.05)
        return response

    return behave


def endless(size: int = 2**30) -> Behaviour:
    """So many bytes."""

    async def behave(receiver: "Receiver", request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(size)})
        await response.prepare(request)
        sent = 0
        try:
            while sent < size and not receiver.closing.is_set():
                await response.write(b"y" * 65536)
                sent += 65536
        except ConnectionError:
            pass
        receiver.bytes_sent += sent
        return response

    return behave


class Receiver:
    """Listens on a free port of 127.0.0.1. Whatever has no behaviour is answered with 204."""

    def __init__(self) -> None:
        self.requests: list[Got] = []
        self.closing = asyncio.Event()
        self.bytes_sent = 0
        self._next: dict[str, deque[Behaviour]] = defaultdict(deque)
        self._always: dict[str, Behaviour] = {}
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=2**25)
        app.router.add_route("*", "/{path:.*}", self._arrive)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.closing.set()
        await self._runner.cleanup()

    def answer(self, path: str, behaviour: Behaviour, times: int | None = None) -> None:
        """What happens to requests for a path; times None: from now on."""
        if times is None:
            self._always[path] = behaviour
        else:
            self._next[path].extend([behaviour] * times)

    def calm(self) -> None:
        """From now on everything is answered with 204."""
        self._next.clear()
        self._always.clear()

    def got(self, path: str = "/hook") -> list[Got]:
        return [request for request in self.requests if request.path == path]

    async def _arrive(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.requests.append(Got(request.path, request.method, request.headers.copy(), body))
        waiting = self._next[request.path]
        behaviour = waiting.popleft() if waiting else self._always.get(request.path)
        return web.Response(status=204) if behaviour is None else await behaviour(self, request)
