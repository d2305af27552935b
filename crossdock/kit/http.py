"""The one HTTP client that integrations call vendors with.

    send ─ have a token ─ wait for a place and a slot ─ sign ─ call ─ read the answer, at most so much of it
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
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypedDict, Unpack
from urllib.parse import urlencode

import aiohttp
import structlog
from aiohttp.abc import AbstractResolver
from multidict import CIMultiDict
from yarl import URL

from crossdock.errors import (
    AddressRefused,
    InvalidCredentials,
    VendorError,
    VendorNonsense,
    VendorRefused,
    VendorThrottled,
    VendorUnavailable,
)
from crossdock.kit.auth.base import Auth, Renewal, VendorRequest
from crossdock.kit.gate import OpenSignInGate, SignInGate, is_logging_in, log_in
from crossdock.kit.limits import (
    CallLimit,
    RateLimits,
    Slots,
    budget_in_headers,
    locally_placed,
    seconds_left_of_window,
)
from crossdock.kit.responses import Redaction, Response, header_text, judged, one_line, shown
from crossdock.net.addresses import AddressPolicy, checked_connector, parsed_url
from crossdock.net.pacing import RemainingBudget
from crossdock.wire import encode

__all__ = ["Http", "Patience", "Response", "new_session"]

REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
MOST_HEADER_BYTES, MOST_HEADERS = 2**17, 1024
"""Of one header of an answer, or its first line; and how many there may be."""
LONGEST_HOLD_SECONDS = 86_400.0
UNAUTHORIZED = 401
TOO_MANY = 429

log = structlog.get_logger(__name__)


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
        max_line_size=MOST_HEADER_BYTES,
        max_field_size=MOST_HEADER_BYTES,
        max_headers=MOST_HEADERS,
    )
    # aiohttp repeats a PUT or DELETE by itself when the connection breaks, past our slots and our count.
    session._retry_connection = False
    return session


@dataclass(frozen=True)
class Patience:
    """The limits on how often and how long a vendor is asked for one answer."""

    retries: int = 4
    first_wait_seconds: float = 1.0
    """Doubles with each retry; the wait is anything between nothing and this."""
    longest_wait_seconds: float = 120.0
    """A vendor that wants more time than this ends the run, which is put back for that long."""
    largest_body_bytes: int = 64 * 2**20


Refusal = Callable[[Response], VendorError | None]
"""What an answer means where its status does not say it: the error, or None to judge it by its status."""


class CallOptions(TypedDict, total=False):
    """The options of how a call is made and judged, besides what is sent."""

    repeatable: bool | None
    """Whether a call that failed may be made again. None: by the method, all but POST and PATCH."""
    refusal: Refusal | None
    """For vendors whose errors are not in the status: `{"success": false}` with 200, 403 for "slow down"."""
    limit: str | None
    """A limit of the manifest that it counts to besides the account's own, `[limits.orders]`."""
    cost: float
    """How much of that limit it takes (without one, of the account's): points, credits."""


class SendOptions(CallOptions, total=False):
    """All that `Http.send` takes by name but headers, for those who hand it on."""

    params: Mapping[str, Any] | None
    json: Any
    form: Mapping[str, Any] | None
    body: bytes | None


@dataclass(frozen=True)
class _Sending:
    """A request and how it is sent."""

    request: VendorRequest
    repeatable: bool
    limit: str | None = None
    cost: float = 1.0
    takes_any: bool = False
    """Whether an answer is an answer, whatever its status."""
    refusal: Refusal | None = None


@dataclass
class _SharedSession:
    """The state that the signed and the unsigned calls of an account have in common."""

    failures: int = 0
    holds: Counter[str] = field(default_factory=Counter)
    """By account or named limit."""
    is_proven: bool = False
    """Whether the vendor took the credentials in one of these calls."""


@dataclass(kw_only=True, eq=False, repr=False)
class Http:
    """Calls of one vendor account."""

    session: aiohttp.ClientSession
    account: str
    """Names the account in slots and logs; the same for all runs of a connection. Not a secret."""
    slots: Slots
    limits: RateLimits = field(default_factory=RateLimits)
    auth: Auth | None = None
    secrets: frozenset[str] = frozenset()
    """What no message may show. Those of `auth` come on top."""
    patience: Patience = field(default_factory=Patience)
    semaphores: dict[str, asyncio.Semaphore] = field(default_factory=dict)
    """Bounds the calls at a time in this process, by account and limit. Given: shared with other runs."""
    observe: Callable[[int | None, float], None] | None = None
    """Told the status (None: no answer) and the seconds of each call."""
    gate: SignInGate = field(default_factory=OpenSignInGate)
    """Asked before each call; signing in passes there."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    random: Callable[[], float] = random.random

    def __post_init__(self) -> None:
        self._shared = _SharedSession()

    def signed(self, auth: Auth) -> "Http":
        """The same account, its calls signed. The sign-in itself is called through the unsigned one."""
        auth.pass_through(self.gate)
        signed = replace(self, auth=auth)
        signed._shared = self._shared
        return signed

    def signing_in(self) -> AbstractAsyncContextManager[None]:
        """Around a log-in that an integration makes itself; `RenewedAuth` has it built in.

        Others of the connection wait until it ends. What leaves the block says what came of it:
        InvalidCredentials, LoginThrottled (also in place of a 429), or nothing when it went well.
        """
        return log_in(self.gate)

    async def send(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        form: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        **options: Unpack[CallOptions],
    ) -> Response:
        """The vendor's answer, whatever 2xx it is. Raises the VendorError that describes anything else.

        params: None is left out, true and false are written so, a list repeats its name.
        form: like params, sent as the body of a web form.
        """
        all_headers = dict(headers or {})
        if json is not None:
            body = encode(json)
            all_headers.setdefault("Content-Type", "application/json")
        elif form is not None:
            body = urlencode(_query(form)).encode()
            all_headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        repeatable = options.get("repeatable")
        if repeatable is None:
            repeatable = method.upper() in REPEATABLE
        request = VendorRequest(method.upper(), _url(url, params or {}), all_headers, body)
        sending = _Sending(
            request,
            repeatable,
            options.get("limit"),
            options.get("cost", 1.0),
            refusal=options.get("refusal"),
        )
        self._check_cost(sending)
        tries = 0
        while isinstance(outcome := await self._signed_call(sending), VendorError):
            await self._wait_or_raise(outcome, sending, tries)
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
        request = VendorRequest(method, _url(url, params), all_headers, body)
        outcome = await self._signed_call(_Sending(request, repeatable=False, takes_any=True))
        if isinstance(outcome, VendorError):
            raise outcome
        return outcome

    async def correct(
        self,
        limit: str | None = None,
        *,
        remaining: float | None = None,
        reset_seconds: float | None = None,
        per_second: float | None = None,
        capacity: float | None = None,
        unused: float = 0.0,
    ) -> None:
        """Keep what a body says is left of a limit, for all workers. limit: its name; None: the account's.

        per_second, capacity: what this account is allowed, where that is not what the manifest says.
        unused: how much less than its `cost` the call has cost.
        """
        budget = RemainingBudget(remaining, reset_seconds, per_second, capacity, unused)
        await self.slots.correct(self._key(limit), self._limit(limit).pace, budget)

    async def _signed_call(self, sending: _Sending) -> Response | VendorError:
        """One call, if the credentials may be used now; what the vendor says of them is noted."""
        await self.gate.check()
        if self._shared.is_proven or sending.takes_any or self.auth is None or not self.auth.is_fixed:
            outcome = await self._renewed_call(sending)
            if self.auth and isinstance(outcome, InvalidCredentials):
                await self.gate.refused(outcome)
            return outcome
        # With a fixed key the first call is the log-in: if it is refused, others need not find that out, too.
        try:
            async with self.gate.signing_in():
                outcome = await self._renewed_call(sending)
                if isinstance(outcome, VendorError):
                    raise outcome
        except VendorError as failure:
            outcome = failure
        self._shared.is_proven = not (isinstance(outcome, InvalidCredentials | VendorUnavailable))
        return outcome

    async def _renewed_call(self, sending: _Sending) -> Response | VendorError:
        """One call; another one when the vendor no longer took the sign-in and it could be renewed."""
        outcome, sent = await self._call(sending)
        renewal: Renewal = "shared"
        while renewal == "shared" and self.auth and _is_refused(outcome):
            renewal = await self.auth.refresh(sent)
            if renewal != "none":
                outcome, sent = await self._call(sending)
        return outcome

    async def _call(self, sending: _Sending) -> tuple[Response | VendorError, VendorRequest]:
        """One call, and the request as it was sent."""
        if self.auth:
            await self.auth.ready()
        async with AsyncExitStack() as turn:
            if sending.limit is not None:
                await self._turn(turn, sending, sending.limit, sending.cost)
            await self._turn(turn, sending, None, 1.0 if sending.limit else sending.cost)
            # Signed last: vendors take a timestamp for some minutes only.
            request = self.auth.sign(sending.request) if self.auth else sending.request
            started = time.perf_counter()
            answer = await self._exchange(request)
            if self.observe:
                self.observe(answer.status, time.perf_counter() - started)
            if isinstance(answer, Response):
                await self._learn(sending, answer)
        if isinstance(answer, VendorError) or sending.takes_any:
            return answer, request
        return self._judged(sending, answer), request

    def _judged(self, sending: _Sending, answer: Response) -> Response | VendorError:
        """The answer, or the error that it is."""
        refused = sending.refusal(answer) if sending.refusal else None
        outcome = refused or judged(answer, self.clock())
        if isinstance(outcome, VendorThrottled) and not outcome.retry_after:
            # Where only the header of the limit says for how long.
            limit = self._limit(sending.limit)
            outcome.retry_after = seconds_left_of_window(limit, answer.headers, self.clock()) or 0
        return outcome

    async def _turn(self, turn: AsyncExitStack, sending: _Sending, name: str | None, cost: float) -> None:
        """Wait until it is our turn by one limit. Raises VendorThrottled when that is too far away."""
        # The place comes before the slot: calls that wait for a place must not save up slots for a burst.
        limit, key = self._limit(name), self._key(name)
        longest = self.patience.longest_wait_seconds + self.limits.timeout_seconds
        try:
            semaphore = self.semaphores.setdefault(key, asyncio.Semaphore(limit.places))
            await turn.enter_async_context(locally_placed(semaphore, longest))
            if limit.concurrent_requests is not None:
                stored = self.slots.place(key, limit.concurrent_requests, longest)
                await turn.enter_async_context(stored)
        except VendorThrottled as failure:
            failure.url = shown(sending.request.url, self._redaction)
            raise
        await self._wait_for_slot(sending.request.url, name, cost)

    async def _wait_for_slot(self, url: URL, name: str | None, cost: float) -> None:
        pace, key = self._limit(name).pace, self._key(name)
        longest = self.patience.longest_wait_seconds + (cost / pace.per_second if pace.is_limited else 0)
        while True:
            holds = self._shared.holds[key]
            seconds = await self.slots.reserve(key, pace, cost, longest)
            if seconds > longest:
                raise VendorThrottled(math.ceil(seconds), url=shown(url, self._redaction), status=None)
            if seconds > 0:
                await self.sleep(seconds)
            if holds == self._shared.holds[key]:
                return

    def _limit(self, name: str | None) -> CallLimit:
        if name is not None and name not in self.limits.named:
            raise LookupError(f"the manifest has no [limits.{name}]")
        return self.limits if name is None else self.limits.named[name]

    def _key(self, name: str | None) -> str:
        """The key that slots know a limit by."""
        account = self.account
        if self._limit(name).shared:
            account = account.rpartition("/")[0]
        return account if name is None else f"{account}#{name}"

    def _check_cost(self, sending: _Sending) -> None:
        """Raise VendorRefused for a call that costs more than the limit ever has."""
        limit = self._limit(sending.limit)
        if limit.capacity is not None and sending.cost > limit.capacity:
            raise VendorRefused(
                f"a call that costs {sending.cost:g} is more than the {limit.capacity:g} that the limit has",
                url=shown(sending.request.url, self._redaction),
            )

    async def _learn(self, sending: _Sending, answer: Response) -> None:
        """Keep what the headers say is left."""
        for name in (None,) if sending.limit is None else (None, sending.limit):
            limit = self._limit(name)
            budget = budget_in_headers(limit, answer.headers, self.clock())
            if budget is not None:
                await self.slots.correct(self._key(name), limit.pace, budget)

    async def _exchange(self, request: VendorRequest) -> Response | VendorError:
        """The answer, or why there is none. Returned, not raised: aiohttp's errors show the whole URL."""
        url, redaction = request.url, self._redaction
        position = shown(url, redaction)
        timeout = aiohttp.ClientTimeout(total=self.limits.timeout_seconds)
        options: Any = {"headers": request.headers, "data": request.body, "timeout": timeout}
        try:
            async with self.session.request(request.method, url, allow_redirects=False, **options) as answer:
                body = await _read(answer, self.patience.largest_body_bytes)
                received = CIMultiDict(
                    (header_text(name), header_text(text)) for name, text in answer.headers.items()
                )
            return Response(answer.status, received, body, position, redaction)
        except VendorError as failure:
            failure.url = position
            return failure
        except TimeoutError:
            return VendorUnavailable(f"no answer within {self.limits.timeout_seconds:g} s", url=position)
        except aiohttp.InvalidURL:
            return AddressRefused(f"{url.host} is not an address that can be called", url=position)
        except aiohttp.ClientResponseError as failure:
            return VendorNonsense(redaction(f"not an HTTP answer: {one_line(failure.message)}"), url=position)
        except (aiohttp.ClientError, OSError) as failure:
            line = one_line(str(failure)) or type(failure).__name__
            return VendorUnavailable(
                redaction(f"the connection failed: {line}"),
                url=position,
                may_have_arrived=not isinstance(failure, aiohttp.ClientConnectorError),
            )

    async def _wait_or_raise(self, failure: VendorError, sending: _Sending, tries: int) -> None:
        """Wait until it is time to call again. Raises the failure when that would not help."""
        if not failure.retryable or (is_logging_in() and failure.status == TOO_MANY):
            raise failure
        self._log_failure(failure)
        back_off = self.random() * self.patience.first_wait_seconds * 2**tries
        last = tries >= self.patience.retries or not sending.repeatable
        if isinstance(failure, VendorThrottled):
            await self._hold(failure, back_off, self._key(sending.limit), last=last)
        elif last:
            raise failure
        else:
            await self.sleep(back_off)

    async def _hold(self, failure: VendorThrottled, back_off: float, key: str, *, last: bool) -> None:
        """Keep everybody from calling. The next slot comes after it, so that is all the waiting there is."""
        seconds = min(max(failure.retry_after, back_off), LONGEST_HOLD_SECONDS)
        self._shared.holds[key] += 1
        await self.slots.hold(key, seconds)
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


def _is_refused(outcome: Response | VendorError) -> bool:
    return isinstance(outcome, InvalidCredentials) or outcome.status == UNAUTHORIZED


def _url(text: str, params: Mapping[str, Any]) -> URL:
    """The URL with its parameters. Raises AddressRefused when it is none, or carries a user name."""
    url = parsed_url(text)
    if url.user or url.password:
        raise AddressRefused(f"the URL of {url.host} carries a user name; it belongs in the sign-in fields")
    return url.extend_query(_query(params))


def _query(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [pair for name, value in params.items() for pair in _pairs(name, value)]


def _pairs(name: str, value: Any) -> list[tuple[str, str]]:
    if value is None:
        return []
    if isinstance(value, list | tuple):
        return [pair for item in value for pair in _pairs(name, item)]
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
