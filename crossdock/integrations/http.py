"""The one HTTP client that integrations call vendors with.

    send ─ sign ─ wait for a place and a slot ─ call ─ read the answer, at most so much of it
      ├── 2xx                                 → Response
      ├── 401, and the sign-in can be renewed → once more, signed anew
      ├── time-out, broken, 5xx, 429          → wait (Retry-After, or back-off with jitter), then again
      └── all else                            → the VendorError that it is

Redirects are never followed: credentials go to the host they were given for and to no other. Errors and
logs carry no query, no user name and none of the account's secrets.
"""

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol

import aiohttp
import msgspec
import structlog
from aiohttp.abc import AbstractResolver
from yarl import URL

from crossdock.errors import (
    AddressRefused,
    InvalidCredentials,
    VendorError,
    VendorNonsense,
    VendorThrottled,
    VendorUnavailable,
)
from crossdock.integrations.addresses import AddressPolicy, checked_connector, parsed_url
from crossdock.integrations.answers import Redaction, Response, judged, one_line, shown
from crossdock.integrations.auth import Auth
from crossdock.integrations.registry import Limits

__all__ = ["Http", "LocalSlots", "Patience", "Response", "Slots", "new_session"]

REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
LONGEST_HOLD_SECONDS = 86_400.0
UNAUTHORIZED = 401

log = structlog.get_logger(__name__)
_to_json = msgspec.json.Encoder(decimal_format="number").encode


class Slots(Protocol):
    """Shares a vendor's limit between all runs and workers. Implemented in the store, injected by `app`."""

    async def reserve(self, account: str, per_minute: float) -> float:
        """Takes the next free moment for one request of this account; how many seconds to wait for it.

        per_minute: infinite when the vendor names no limit; a hold counts even then.
        """
        ...

    async def hold(self, account: str, seconds: float) -> None:
        """Nobody calls this account for so long: the vendor said so."""
        ...


class LocalSlots:
    """Slots of one process, in memory: for checks from the command line, and for tests."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._free_at: dict[str, float] = {}

    async def reserve(self, account: str, per_minute: float) -> float:
        now = self._clock()
        at = max(now, self._free_at.get(account, now))
        self._free_at[account] = at + spacing_seconds(per_minute)
        return at - now

    async def hold(self, account: str, seconds: float) -> None:
        until = self._clock() + seconds
        self._free_at[account] = max(until, self._free_at.get(account, until))


def spacing_seconds(per_minute: float) -> float:
    """From one request to the next.

    Vendors count on arrival, in any window: a second to spare in each minute absorbs the way there.
    """
    return 61 / per_minute


def new_session(policy: AddressPolicy, *, resolver: AbstractResolver | None = None) -> aiohttp.ClientSession:
    """A session for all our outgoing calls; whoever makes it closes it. Made while the event loop runs.

    It reaches only addresses that the policy lets through, knows no proxy, and keeps no cookies, since
    accounts share it. Calls other than through `Http` say `allow_redirects=False`.
    """
    session = aiohttp.ClientSession(
        connector=checked_connector(policy, resolver),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "crossdock"},
        trust_env=False,
    )
    # aiohttp repeats a PUT or DELETE by itself when the connection breaks, past our slots and our count.
    session._retry_connection = False
    return session


@dataclass(frozen=True)
class Patience:
    """How often and how long a vendor is asked for one answer."""

    retries: int = 4
    first_wait_seconds: float = 1.0
    """Doubles with each retry; the wait is anything between nothing and this."""
    longest_wait_seconds: float = 120.0
    """A vendor that wants more time than this ends the run, which is put back for that long."""
    largest_body_bytes: int = 64 * 2**20


@dataclass(frozen=True)
class _Request:
    method: str
    url: URL
    headers: Mapping[str, str]
    body: bytes | None
    repeatable: bool
    takes_any: bool = False
    """Whether an answer is an answer, whatever its status."""


@dataclass
class _Shared:
    """What the signed and the unsigned calls of an account have in common."""

    places: asyncio.Semaphore
    failures: int = 0
    holds: int = 0


@dataclass(kw_only=True, eq=False, repr=False)
class Http:
    """Calls of one vendor account."""

    session: aiohttp.ClientSession
    account: str
    """Names the account in slots and logs; the same for all runs of a connection. Not a secret."""
    slots: Slots
    limits: Limits = field(default_factory=Limits)
    auth: Auth | None = None
    secrets: frozenset[str] = frozenset()
    """What no message may show. Those of `auth` come on top."""
    patience: Patience = field(default_factory=Patience)
    places: asyncio.Semaphore | None = None
    """Bounds the calls at a time. Given: shared with other runs of the account. None: of `limits`."""
    observe: Callable[[int | None, float], None] | None = None
    """Told the status (None: no answer) and the seconds of each call."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    random: Callable[[], float] = random.random

    def __post_init__(self) -> None:
        self._shared = _Shared(self.places or asyncio.Semaphore(self.limits.concurrent_requests))

    def signed(self, auth: Auth) -> "Http":
        """The same account, its calls signed. The sign-in itself is called through the unsigned one."""
        other = replace(self, auth=auth)
        other._shared = self._shared
        return other

    async def send(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        body: bytes | None = None,
        repeatable: bool | None = None,
    ) -> Response:
        """The vendor's answer, whatever 2xx it is. Raises the VendorError that describes anything else.

        params: None is left out, true and false are written so, a list repeats its name.
        repeatable: whether a call that failed may be made again. None: by the method, all but POST and PATCH.
        """
        all_headers = dict(headers or {})
        if json is not None:
            body = _to_json(json)
            all_headers.setdefault("Content-Type", "application/json")
        if repeatable is None:
            repeatable = method.upper() in REPEATABLE
        request = _Request(method.upper(), _url(url, params or {}), all_headers, body, repeatable)
        tries = 0
        while isinstance(outcome := await self._signed_call(request), VendorError):
            await self._wait_or_raise(outcome, request, tries)
            tries += 1
        self._log_recovery()
        return outcome

    async def pass_on(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any],
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> Response:
        """The vendor's answer to one call, whatever its status. Raises VendorError when there is none.

        headers: those that sign the call win over them.
        """
        all_headers = dict(headers)
        if body is not None and not any(name.lower() == "content-type" for name in headers):
            all_headers["Content-Type"] = "application/json"
        request = _Request(method, _url(url, params), all_headers, body, repeatable=False, takes_any=True)
        outcome = await self._signed_call(request)
        if isinstance(outcome, VendorError):
            raise outcome
        return outcome

    async def _signed_call(self, request: _Request) -> Response | VendorError:
        """One call; a second one when the vendor no longer took the sign-in and it could be renewed."""
        outcome, used = await self._call(request)
        is_refused = isinstance(outcome, InvalidCredentials) or outcome.status == UNAUTHORIZED
        if is_refused and self.auth and await self.auth.refresh(used):
            outcome, _ = await self._call(request)
        return outcome

    async def _call(self, request: _Request) -> tuple[Response | VendorError, str]:
        """One call, and the sign-in that it was made with."""
        signature, query = dict[str, str](), dict[str, str]()
        used = await self.auth.apply(signature, query) if self.auth else ""
        taken = {name.lower() for name in signature}
        headers = {name: text for name, text in request.headers.items() if name.lower() not in taken}
        headers |= signature
        url = request.url.extend_query(query)
        # The place comes before the slot: calls that wait for a place must not save up slots for a burst.
        async with self._shared.places:
            await self._wait_for_slot(url)
            started = time.perf_counter()
            outcome = await self._exchange(request, url, headers)
            if self.observe:
                self.observe(outcome.status, time.perf_counter() - started)
        return outcome, used

    async def _wait_for_slot(self, url: URL) -> None:
        """Returns when it is our turn. Raises VendorThrottled when that is too far away."""
        per_minute = self.limits.requests_per_minute or math.inf
        # A slot that is merely far away is worth waiting for: giving it up would lose it for everybody.
        longest = self.patience.longest_wait_seconds + spacing_seconds(per_minute)
        while True:
            holds = self._shared.holds
            seconds = await self.slots.reserve(self.account, per_minute)
            if seconds > longest:
                raise VendorThrottled(math.ceil(seconds), url=shown(url, self._redaction), status=None)
            if seconds > 0:
                await self.sleep(seconds)
            if holds == self._shared.holds:
                return

    async def _exchange(self, request: _Request, url: URL, headers: dict[str, str]) -> Response | VendorError:
        """The answer, or what went wrong. Returned, not raised: aiohttp's errors show the whole URL."""
        redaction = self._redaction
        place = shown(url, redaction)
        timeout = aiohttp.ClientTimeout(total=self.limits.timeout_seconds)
        options: Any = {"headers": headers, "data": request.body, "timeout": timeout}
        try:
            async with self.session.request(request.method, url, allow_redirects=False, **options) as answer:
                body = await _read(answer, self.patience.largest_body_bytes)
            found = Response(answer.status, answer.headers, body, place, redaction)
            return found if request.takes_any else judged(found, self.clock())
        except VendorError as failure:
            failure.url = place
            return failure
        except TimeoutError:
            return VendorUnavailable(f"no answer within {self.limits.timeout_seconds:g} s", url=place)
        except aiohttp.InvalidURL:
            return AddressRefused(f"{url.host} is not an address that can be called", url=place)
        except aiohttp.ClientResponseError as failure:
            return VendorNonsense(redaction(f"not an HTTP answer: {one_line(failure.message)}"), url=place)
        except (aiohttp.ClientError, OSError) as failure:
            what = one_line(str(failure)) or type(failure).__name__
            return VendorUnavailable(
                redaction(f"the connection failed: {what}"),
                url=place,
                may_have_arrived=not isinstance(failure, aiohttp.ClientConnectorError),
            )

    async def _wait_or_raise(self, failure: VendorError, request: _Request, tries: int) -> None:
        """Waits until it is time to call again. Raises the failure when that would not help."""
        if not failure.retryable:
            raise failure
        self._log_failure(failure)
        back_off = self.random() * self.patience.first_wait_seconds * 2**tries
        last = tries >= self.patience.retries or not request.repeatable
        if isinstance(failure, VendorThrottled):
            await self._hold(failure, back_off, last=last)
        elif last:
            raise failure
        else:
            await self.sleep(back_off)

    async def _hold(self, failure: VendorThrottled, back_off: float, *, last: bool) -> None:
        """Keeps everybody from calling. The next slot comes after it, so that is all the waiting there is."""
        seconds = min(max(failure.retry_after, back_off), LONGEST_HOLD_SECONDS)
        self._shared.holds += 1
        await self.slots.hold(self.account, seconds)
        if last or seconds > self.patience.longest_wait_seconds:
            raise VendorThrottled(seconds, url=failure.url, status=failure.status)

    @property
    def _redaction(self) -> Redaction:
        return Redaction.of((*self.secrets, *(self.auth.secrets if self.auth else ())))

    def _log_failure(self, failure: VendorError) -> None:
        self._shared.failures += 1
        if self._shared.failures == 1:
            log.warning("vendor_failing", account=self.account, url=failure.url, error=str(failure))

    def _log_recovery(self) -> None:
        if self._shared.failures:
            log.info("vendor_recovered", account=self.account, failures=self._shared.failures)
            self._shared.failures = 0


def _url(text: str, params: Mapping[str, Any]) -> URL:
    """The URL with its parameters. Raises AddressRefused when it is none, or carries a user name."""
    url = parsed_url(text)
    if url.user or url.password:
        raise AddressRefused(f"the URL of {url.host} carries a user name; it belongs in the sign-in fields")
    return url.extend_query([pair for name, value in params.items() for pair in _pairs(name, value)])


def _pairs(name: str, value: Any) -> list[tuple[str, str]]:
    if value is None:
        return []
    if isinstance(value, list | tuple):
        return [pair for one in value for pair in _pairs(name, one)]
    return [(name, str(value).lower() if isinstance(value, bool) else str(value))]


async def _read(answer: aiohttp.ClientResponse, at_most: int) -> bytes:
    """The whole body. Raises VendorNonsense when it is larger than `at_most` bytes, unpacked."""
    parts: list[bytes] = []
    size = 0
    async for part in answer.content.iter_any():
        size += len(part)
        if size > at_most:
            answer.close()
            raise VendorNonsense(f"the answer is larger than {at_most:,} bytes", status=answer.status)
        parts.append(part)
    return b"".join(parts)
