"""A made-up server that keeps state, and answers or refuses as a vendor's description says.

    class Mock(MockVendor):
        def description(self): return load([needs_shared("vendor-specs", "acme", "openapi.yaml")])
        def is_signed_in(self, call): return call.headers.get("authorization") == "Bearer good"
        async def handle(self, call): …                  the state, and the answer

    async with Mock() as acme:
        acme.script("/orders", [throttled(2), html()])   the next requests to this path
        acme.calls                                       what was asked, in order
        acme.violations                                  what the description does not know: [] at the end

Every request is held to the description: what that would reject is answered with 400 and kept in
`violations`, which fails the test when the vendor is closed. So is every usual answer: no mock drifts away.
Order of things: script → sign-in → throttle → description → handler → description.
"""

import asyncio
import json
import math
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from typing import Any, ClassVar, Protocol, Self
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from tests.contracts.case_files import NOTHING, CannedAnswer, Exchange, ExpectedRequest
from tests.contracts.vendor_specs import Description
from tests.mock_vendors.faults import Fault
from tests.mock_vendors.throttles import Throttle


@dataclass(frozen=True)
class MockCall:
    """A request as the vendor sees it."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in small letters."""
    body: bytes
    params: Mapping[str, str | list[str]] = field(default_factory=dict)
    """The query with all values of a repeated parameter."""

    def json(self) -> Any:
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass(frozen=True)
class MockAnswer:
    """What the vendor answers. body: bytes as they are, or a value that becomes JSON."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str = "application/json"

    def encoded(self) -> bytes:
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class Pages(Protocol):
    """Pages of a vendor beside its API, such as those of a consent; they answer for themselves."""

    faults: list[str]

    def answer(self, call: MockCall) -> MockAnswer | None:
        """The answer to a call of one of the pages; None: it is none of them."""
        ...


class MockVendor:
    """See the top of this file. Members may be changed while it runs."""

    base_path: ClassVar[str] = ""
    """What stands before the paths of the description, where that names a server."""

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[MockCall] = []
        self.violations: list[str] = []
        self.allows_violations = False
        """Set by a test that sends what is not described on purpose."""
        self.throttles: list[Throttle] = []
        self.clock: Callable[[], float] = time.monotonic
        """The vendor's clock, in seconds; throttles go by it."""
        self.closing = asyncio.Event()
        self.pages: Pages | None = None
        self.zone: tzinfo = UTC
        """What the vendor writes its dates in, where they have a zone."""
        self._scripts: dict[str, deque[Fault]] = defaultdict(deque)
        self._answers: dict[str, MockAnswer] = {}
        """The last usual answers, by the last name of the call."""

    # What a vendor's mock says for itself

    def description(self) -> Description | None:
        """The vendor's own description of its API; None: there is none."""
        return None

    def is_signed_in(self, call: MockCall) -> bool:
        """Check the credentials of a call."""
        raise NotImplementedError

    def is_open(self, call: MockCall) -> bool:
        """Check whether a call needs no sign-in and counts towards no limit, as that for a token."""
        return False

    async def handle(self, call: MockCall) -> MockAnswer:
        """Carry out a call that is signed in, described and within the limits."""
        raise NotImplementedError

    def unauthorized(self, _call: MockCall) -> MockAnswer:
        return MockAnswer(401, {"message": "Unauthorized"})

    def too_many(self, _call: MockCall, seconds: float) -> MockAnswer:
        """The refusal of a call for which there is room in so many seconds."""
        return MockAnswer(429, {"message": "Too Many Requests"}, {"Retry-After": str(math.ceil(seconds))})

    def undescribed(self, _call: MockCall, faults: list[str]) -> MockAnswer:
        """The refusal of a call that is not as described."""
        return MockAnswer(400, {"message": "; ".join(faults)})

    def cost(self, _call: MockCall) -> float:
        """What a call takes of each throttle."""
        return 1.0

    def names(self, call: MockCall) -> Sequence[str]:
        """The names that scripts know a call by: its path."""
        return [call.path]

    # What tests do with it

    def script(self, path: str, faults: Iterable[Fault]) -> None:
        """The next requests with a name that ends so are dealt with like this, one each."""
        self._scripts[path].extend(faults)

    def calm(self) -> None:
        """Forget what is scripted and was not met yet."""
        self._scripts.clear()

    def asked(self, path: str, method: str | None = None) -> list[MockCall]:
        """The calls with a name that ends so."""
        return [call for call in self.calls if self._is_named(call, path) and method in (None, call.method)]

    def _is_named(self, call: MockCall, path: str) -> bool:
        return any(name.endswith(path) for name in self.names(call))

    def look_up(self) -> None:
        """Look the description up before anybody calls: where the specification is absent, a test skips."""
        _ = self._known

    async def __aenter__(self) -> Self:
        self.look_up()
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.closing.set()
        await self._runner.cleanup()
        if kind is None and not self.allows_violations:
            assert not self.violations, "\n".join(self.violations[:20])

    # How it serves

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        await request.read()
        call = await _call(request)
        self.calls.append(call)
        for path, faults in self._scripts.items():
            if faults and self._is_named(call, path):
                return await faults.popleft()(self, request)
        return await self.usual(request)

    async def usual(self, request: web.Request) -> web.StreamResponse:
        """The answer without any script."""
        call = await _call(request)
        answer = await self._answered(call)
        self._answers[self.names(call)[-1]] = answer
        return _sent(answer)

    async def seen(self, request: web.Request) -> MockCall:
        """A request as the vendor sees it."""
        return await _call(request)

    def answer_before(self, call: MockCall) -> web.StreamResponse | None:
        """The last usual answer to a call of this name; None: there was none."""
        answer = self._answers.get(self.names(call)[-1])
        return None if answer is None else _sent(answer)

    def moment(self) -> datetime:
        """Now, by the vendor's clock and in its zone."""
        return datetime.fromtimestamp(self.clock(), self.zone)

    async def _answered(self, call: MockCall) -> MockAnswer:
        if self.pages is not None and (answer := self.pages.answer(call)) is not None:
            self.violations += [f"page: {fault}" for fault in self.pages.faults]
            return answer
        if not self.is_open(call):
            if not self.is_signed_in(call):
                return self.unauthorized(call)
            now, cost = self.clock(), self.cost(call)
            for throttle in self.throttles:
                if (seconds := throttle.take(now, cost)) > 0:
                    return self.too_many(call, seconds)
        if faults := self._faults(call, MockAnswer(599)):
            self.violations += [f"request: {fault}" for fault in faults]
            return self.undescribed(call, faults)
        answer = await self.handle(call)
        if answer.status < 400:
            self.violations += [f"answer of the mock: {fault}" for fault in self._faults(call, answer)]
        return answer

    def _faults(self, call: MockCall, answer: MockAnswer) -> list[str]:
        """What of a call and its answer is not as described. An answer of 599 is described nowhere."""
        return [] if self._known is None else self._known.faults(_exchange(call, answer, self.base_path))

    @cached_property
    def _known(self) -> Description | None:
        return self.description()


def _sent(answer: MockAnswer) -> web.StreamResponse:
    headers = {"Content-Type": answer.kind, **answer.headers}
    return web.Response(status=answer.status, body=answer.encoded(), headers=headers)


async def _call(request: web.Request) -> MockCall:
    params: dict[str, str | list[str]] = {}
    for name in request.query:
        values = request.query.getall(name)
        params[name] = values[0] if len(values) == 1 else values
    headers = {name.lower(): value for name, value in request.headers.items()}
    return MockCall(request.method, request.path, dict(request.query), headers, await request.read(), params)


def _exchange(call: MockCall, answer: MockAnswer, base_path: str) -> Exchange:
    """The call as the contract suite has those of cases."""
    kind = call.headers.get("content-type", "").partition(";")[0]
    is_json = kind.endswith("json") and call.body
    request = ExpectedRequest(
        method=call.method,
        url=f"https://vendor.example{call.path.removeprefix(base_path)}",
        params=dict(call.params),
        body=msgspec.Raw(call.body) if is_json else NOTHING,
        form=call.form() if kind == "application/x-www-form-urlencoded" else None,
        text=None if is_json or not call.body else "",
    )
    has_json = "json" in answer.kind and answer.body is not None
    canned = CannedAnswer(status=answer.status, body=msgspec.Raw(answer.encoded()) if has_json else NOTHING)
    return Exchange(request, canned)
