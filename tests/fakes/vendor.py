"""A vendor to test against: a real HTTP server on loopback that pages, throttles, expires and breaks.

    async with FakeVendor() as vendor:
        vendor.collections["orders"] = [{"id": "1", "updated_at": "2026-01-01T00:00:00Z"}, …]
        vendor.script("/orders", [throttled(2), broken_off()])        # the next two requests
        …  GET {vendor.url}/orders?cursor=&limit=&since=  with  Authorization: Bearer secret-token
        assert [one.status for one in vendor.requests] == [429, None, 200]

A collection is a list of records, sorted by (updated_at, id) when it is served: `{"data": […], "next": …}`,
`next` null on the last page. It may change while it is being read. `since` is inclusive,
`until` is not; `limit` is at most 100.
`GET /account` says whose token it is. `POST /login` with `{"user": "ann", "password": "open sesame"}` answers
`{"token": …}`, good until `expire_sessions()`.
"""

import asyncio
import base64
import binascii
import json
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Self

from aiohttp import web

TOKEN = "secret-token"
USER, PASSWORD = "ann", "open sesame"


@dataclass
class Seen:
    """A request that arrived, and the status it was answered with (None: no proper answer)."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    status: int | None = None


Behaviour = Callable[["FakeVendor", web.Request], Awaitable[web.StreamResponse]]
"""What the vendor does with one request."""


def answer(
    status: int = 200,
    body: Any = b"",
    headers: Mapping[str, str] | None = None,
    kind: str = "application/json",
) -> Behaviour:
    """This answer. body: bytes as they are, or a value that becomes JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    all_headers = {"Content-Type": kind, **(headers or {})}

    async def behave(_: "FakeVendor", __: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=data, headers=all_headers)

    return behave


def throttled(retry_after: float | str | None = None, status: int = 429) -> Behaviour:
    """429, with Retry-After when it is given."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return answer(status, {"message": "slow down"}, headers)


def expired() -> Behaviour:
    return answer(401, {"message": "token expired"})


def failing(status: int = 500) -> Behaviour:
    return answer(status, {"message": "internal error"})


def html() -> Behaviour:
    """A web page where JSON was promised, with status 200."""
    return answer(body=b"<!DOCTYPE html><html><body>Please sign in</body></html>", kind="text/html")


def redirected(location: str, status: int = 302) -> Behaviour:
    return answer(status, headers={"Location": location})


def hanging() -> Behaviour:
    """No answer until the vendor closes."""

    async def behave(vendor: "FakeVendor", _: web.Request) -> web.StreamResponse:
        await vendor.closing.wait()
        return web.Response(status=500)

    return behave


def dropped() -> Behaviour:
    """The connection ends before any answer."""

    async def behave(_: "FakeVendor", request: web.Request) -> web.StreamResponse:
        assert request.transport
        request.transport.abort()
        return web.Response()

    return behave


def done_and(then: Behaviour) -> Behaviour:
    """The write is done, and then its answer is this."""

    async def behave(vendor: "FakeVendor", request: web.Request) -> web.StreamResponse:
        name, _, remaining_text = request.path.strip("/").partition("/")
        vendor.write(request.method, name, remaining_text, await request.read())
        return await then(vendor, request)

    return behave


def broken_off(after: bytes = b'{"data": [{"id":') -> Behaviour:
    """The connection ends in the middle of the body."""

    async def behave(_: "FakeVendor", request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000", "Content-Type": "application/json"})
        await response.prepare(request)
        await response.write(after)
        assert request.transport
        request.transport.close()
        return response

    return behave


def meanwhile(act: Callable[[], Awaitable[object]]) -> Behaviour:
    """A page as it is, but first this happens elsewhere."""

    async def behave(vendor: "FakeVendor", request: web.Request) -> web.StreamResponse:
        page = vendor._page(request.path.strip("/"), request.query)
        await act()
        return page

    return behave


def usual() -> Behaviour:
    """A page as it is."""
    return meanwhile(lambda: asyncio.sleep(0))


def huge(size: int) -> Behaviour:
    """A body of this many bytes, its length not announced."""

    async def behave(_: "FakeVendor", request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        for start in range(0, size, 65536):
            await response.write(b" " * min(65536, size - start))
        await response.write_eof()
        return response

    return behave


@dataclass
class FakeVendor:
    """See the top of this file. All members may be changed while it runs."""

    collections: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=lambda: {TOKEN})
    """Bearer tokens that are accepted."""
    password: str = PASSWORD
    """What `POST /login` takes."""
    stuck: set[str] = field(default_factory=set)
    """Collections whose first page is sent for ever, each time with a new cursor."""
    requests: list[Seen] = field(default_factory=list)
    url: str = ""
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    busiest: int = 0
    """The most requests that were under way at a time."""

    def __post_init__(self) -> None:
        self._scripts: dict[str, deque[Behaviour]] = defaultdict(deque)
        self._numbers = count(1)
        self._busy = 0

    def script(self, path: str, behaviours: Iterable[Behaviour]) -> None:
        """The next requests of this path, whatever their method, are dealt with like this, one each."""
        self._scripts[path].extend(behaviours)

    def calm(self) -> None:
        """What is scripted and was not met yet is forgotten."""
        self._scripts.clear()

    def expire_sessions(self) -> None:
        """No token is good any more; those from later logins are."""
        self.tokens.clear()

    @property
    def callers(self) -> set[object]:
        """Who is connected now."""
        assert self._runner.server
        return set(self._runner.server.connections)

    async def settled(self, but: set[object]) -> None:
        """Returns when nobody else is connected: of those that are dead, all requests are noted by then."""
        await asyncio.sleep(0.01)  # what they sent last may still wait to be accepted
        while self.callers - but:  # noqa: ASYNC110 - aiohttp tells nobody when a connection ends
            await asyncio.sleep(0.002)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.closing.set()
        await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        value = Seen(request.method, request.path, request.query, request.headers, await request.read())
        self.requests.append(value)
        self._busy += 1
        self.busiest = max(self.busiest, self._busy)
        try:
            script = self._scripts[request.path]
            response = await (script.popleft()(self, request) if script else self._behave(request, value))
        finally:
            self._busy -= 1
        if request.transport and not request.transport.is_closing():
            value.status = response.status
        return response

    async def _behave(self, request: web.Request, value: Seen) -> web.StreamResponse:
        if request.path == "/login":
            return self._login(value.body)
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return web.json_response({"message": "not signed in"}, status=401)
        if request.path == "/account":
            return web.json_response({"id": "acct-1", "name": "Ann's Warehouse"})
        name, _, remaining_text = request.path.strip("/").partition("/")
        if name == "echo":
            return self._echo(request, value)
        if name in self.collections and (remaining_text or request.method != "GET"):
            return self.write(request.method, name, remaining_text, value.body)
        if name in self.collections and "number" in request.query:
            number = request.query["number"]
            return web.json_response(
                {
                    "data": [entry for entry in self.collections[name] if entry.get("number") == number],
                    "next": None,
                }
            )
        if name not in self.collections:
            return web.json_response({"message": f"no such list: {name}"}, status=404)
        return self._page(name, request.query)

    def write(self, method: str, name: str, remaining_text: str, body: bytes) -> web.Response:
        """Makes or changes a record of a list, or reads one; adds to a list inside of one."""
        record_id, _, below = remaining_text.partition("/")
        document = json.loads(body) if body else {}
        if method == "POST" and not remaining_text:
            fields = {**self.blank(next(self._numbers)), **document}
            self.collections[name].append(fields)
            return web.json_response({"id": fields["id"]})
        record = next((entry for entry in self.collections[name] if entry["id"] == record_id), None)
        if record is None:
            return web.json_response({"message": f"no such record: {record_id}"}, status=404)
        if method == "GET":
            return web.json_response(record)
        if below:
            inner = {
                "id": f"{below}-{next(self._numbers)}",
                "shipped_at": self.blank(0)["updated_at"],
                **document,
            }
            record.setdefault(below, []).append(inner)
            return web.json_response({"id": inner["id"]})
        record.update(document)
        return web.json_response({"id": record_id})

    @staticmethod
    def blank(number: int) -> dict[str, Any]:
        """What a new order has of itself."""
        return {
            "id": f"new-{number}", "updated_at": "2026-02-02T00:00:00Z", "created_at": "2026-02-02T00:00:00Z",
            "state": "NEW", "total": "0.00", "lines": [], "shipments": [],
        }  # fmt: skip

    @staticmethod
    def _echo(request: web.Request, value: Seen) -> web.Response:
        """What arrived, and things that are not to be seen by others."""
        body = {
            "path": request.raw_path, "method": request.method, "headers": dict(request.headers),
            "body": value.body.decode("latin-1"),
        }  # fmt: skip
        return web.json_response(body, headers={"Set-Cookie": "session=secret", "X-Here": "yes"})

    def _login(self, body: bytes) -> web.Response:
        if json.loads(body) != {"user": USER, "password": self.password}:
            return web.json_response({"message": "wrong user or password"}, status=401)
        token = f"session-{next(self._numbers)}"
        self.tokens.add(token)
        return web.json_response({"token": token})

    def _page(self, name: str, query: Mapping[str, str]) -> web.Response:
        limit = min(int(query.get("limit") or 100), 100)
        try:
            after = _after(query.get("cursor"))
        except (ValueError, binascii.Error):
            return web.json_response({"message": "no such cursor"}, status=400)
        rows = sorted(self.collections[name], key=_order)
        since, until = query.get("since", ""), query.get("until", "~")
        rows = [row for row in rows if since <= str(row.get("updated_at", "")) < until]
        if name in self.stuck:
            page, has_more = rows[:limit], True
        else:
            remaining_rows = [row for row in rows if after is None or _order(row) > after]
            page, has_more = remaining_rows[:limit], len(remaining_rows) > limit
        salt = next(self._numbers) if name in self.stuck else 0
        return web.json_response(
            {"data": page, "next": _cursor(page[-1], salt) if has_more and page else None}
        )


def _order(row: Mapping[str, Any]) -> tuple[str, str]:
    return str(row.get("updated_at", "")), str(row.get("id", ""))


def _cursor(row: Mapping[str, Any], salt: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([*_order(row), salt]).encode()).decode()


def _after(cursor: str | None) -> tuple[str, str] | None:
    """The order of the last record of the page before."""
    if not cursor:
        return None
    updated, value, _ = json.loads(base64.urlsafe_b64decode(cursor))
    return updated, value
