"""Plays a vendor's answers below the HTTP client, and holds each request to what was expected.

`ReplayedSession` stands where the client session of aiohttp stands, so that all of `kit.http` runs: signing,
retries, waits and time-outs. A request that was not expected fails the case and shows the difference; nothing
of the integration can swallow that failure.
"""

import difflib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import parse_qsl

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from crossdock.kit.http import Http
from crossdock.kit.limits import LocalSlots
from crossdock.kit.manifest import Manifest
from crossdock.wire import encode
from tests.contracts.case_files import NOTHING, CannedAnswer, Exchange, ExpectedRequest

BEGIN = datetime(2026, 11, 30, 12, tzinfo=UTC)
"""What the clock shows when a case begins."""
SECONDS_APART = 3600.0
"""Between two requests, so that no limit of the vendor's bears on them: waits are those it asks for."""


class UnexpectedRequest(BaseException):
    """A request differs from the one that was expected. No `except Exception` stops it."""


@dataclass
class ReplayClock:
    """Time that passes with each request, and while somebody waits."""

    seconds: float = 0
    waits: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.seconds)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds


class ReplayedBody:
    """The content of an answer, as aiohttp streams it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def iter_any(self) -> AsyncIterator[bytes]:
        """The body in two parts, since none may be taken for whole."""
        middle = len(self._content) // 2
        for part in (self._content[:middle], self._content[middle:]):
            if part:
                yield part


@dataclass
class ReplayedResponse:
    """What of aiohttp's answers the HTTP client uses."""

    status: int
    headers: CIMultiDict[str]
    content: ReplayedBody

    def close(self) -> None:
        """Closes nothing."""


class ReplayedSession:
    """Answers requests in the order of a case."""

    def __init__(self, exchanges: Sequence[Exchange], clock: ReplayClock, timeout_seconds: float) -> None:
        self._exchanges = exchanges
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._next = 0
        self._difference: UnexpectedRequest | None = None

    @asynccontextmanager
    async def request(
        self, method: str, url: URL, *, allow_redirects: bool, **options: Any
    ) -> AsyncIterator[ReplayedResponse]:
        """The next answer, when the request is the one that was expected."""
        assert not allow_redirects, "credentials must not follow a redirect"
        assert options["timeout"].total == self._timeout_seconds, "another time-out than the manifest's"
        answer = self._answer_to(shown_request(method, url, options["headers"], options["data"]))
        self._clock.seconds += SECONDS_APART
        if answer.failure == "timeout":
            raise TimeoutError
        if answer.failure == "broken":
            raise aiohttp.ServerDisconnectedError
        content = (answer.text or "").encode() or bytes(answer.body)
        kind = {} if answer.body == NOTHING else {"Content-Type": "application/json"}
        yield ReplayedResponse(answer.status, CIMultiDict(kind | answer.headers), ReplayedBody(content))

    def check_end(self) -> None:
        """Fails when a request differed, or when one is missing."""
        if self._difference:
            raise self._difference
        missing = self._exchanges[self._next :]
        assert not missing, f"{len(missing)} requests were not made; the first is {missing[0].request}"

    def _answer_to(self, request: dict[str, Any]) -> CannedAnswer:
        number = self._next + 1
        if number > len(self._exchanges):
            self._fail(f"request {number} is one too many:\n{spelt(request)}")
        exchange = self._exchanges[self._next]
        difference = difference_of(exchange.request, request)
        if difference:
            self._fail(f"request {number} differs:\n{difference}")
        self._next = number
        return exchange.answer

    def _fail(self, message: str) -> None:
        self._difference = UnexpectedRequest(message)
        raise self._difference


def shown_request(method: str, url: URL, headers: Mapping[str, str], body: bytes | None) -> dict[str, Any]:
    """A request, with the names that case files have."""
    request: dict[str, Any] = {
        "method": method,
        "url": str(url.with_query(None)),
        "params": {name: _unlisted(url.query.getall(name)) for name in url.query},
        "headers": {name.lower(): text for name, text in headers.items()},
    }
    return request if body is None else request | _shown_body(body, request["headers"])


def _unlisted(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values


def _shown_body(body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    kind = headers.get("content-type", "").partition(";")[0]
    text = body.decode()
    if kind == "application/x-www-form-urlencoded":
        return {"form": dict(parse_qsl(text, keep_blank_values=True))}
    return {"body": json.loads(text)} if kind == "application/json" else {"text": text}


def difference_of(expected: ExpectedRequest, request: Mapping[str, Any]) -> str:
    """How a request differs from the expected one, line by line; empty when it does not."""
    headers = {name.lower(): text for name, text in expected.headers.items()}
    plan: dict[str, Any] = {
        "method": expected.method,
        "url": expected.url,
        "params": expected.params,
        "headers": headers,
    }
    if expected.body != NOTHING:
        plan["body"] = json.loads(bytes(expected.body))
    plan |= {
        name: getattr(expected, name) for name in ("form", "text") if getattr(expected, name) is not None
    }
    shown = {name: text for name, text in request["headers"].items() if name in headers}
    before, after = spelt(plan), spelt({**request, "headers": shown})
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "expected", "sent", lineterm="")
    return "\n".join(lines)


def spelt(value: Any) -> str:
    """A value as a text that is the same for equal values only: 1 and true, 1 and 1.0 are not equal."""
    return json.dumps(json.loads(encode(value)), sort_keys=True, indent=1, ensure_ascii=False)


def replayed_http(
    manifest: Manifest, exchanges: Sequence[Exchange]
) -> tuple[Http, ReplayedSession, ReplayClock]:
    """An HTTP client on top of these exchanges; waits are as long as they can be."""
    clock = ReplayClock()
    session = ReplayedSession(exchanges, clock, manifest.limits.timeout_seconds)
    http = Http(
        session=cast(aiohttp.ClientSession, session),
        account="replayed",
        slots=LocalSlots(clock.monotonic),
        limits=manifest.limits,
        sleep=clock.sleep,
        clock=clock.now,
        random=lambda: 1.0,
    )
    return http, session, clock
