"""What a vendor allows, and how all runs and workers share it.

A call passes the limits of its account, and those of the limit that it names (`Http.send(limit="orders")`):

    place of the named limit ─ its moment ─ place of the account ─ its moment ─ call ─ what is left

so that whoever waits for one limit takes no place from calls that need another.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal, Protocol

import msgspec

from crossdock import metrics
from crossdock.errors import VendorThrottled
from crossdock.net import pacing
from crossdock.net.pacing import BucketState, Pace, RemainingBudget

SPARE = 61 / 60
"""Vendors count on arrival, in any window: a second to spare in each minute absorbs the way there."""
POLITE = 2
"""Calls at a time where a manifest names no number."""
RETRY_SECONDS = 5.0
"""When to come again for a place that did not become free."""

ResetUnit = Literal["seconds", "milliseconds", "epoch", "epoch_milliseconds", "date"]


class CallLimit(msgspec.Struct, forbid_unknown_fields=True):
    """One limit of an account, `[limits.orders]`. Each number with its source in the manifest, as a comment.

    requests_per_minute                      evenly spaced
    cost_per_minute                          the same for calls that cost differently
    capacity, restore_per_second             a bucket: so much at once, then what is restored
    concurrent_requests                      at a time, over all workers
    """

    requests_per_minute: float | None = None
    cost_per_minute: float | None = None
    capacity: float | None = None
    restore_per_second: float | None = None
    concurrent_requests: int | None = None
    """None: two at a time for each worker."""
    shared: bool = False
    """Whether all connections of this integration have it together, as with limits of an application."""
    remaining_header: str | None = None
    """The header that says how much is left; with `limit_header`, how much there is at most."""
    limit_header: str | None = None
    reset_header: str | None = None
    """The header that says when it is full again, in `reset_unit`."""
    reset_unit: ResetUnit = "seconds"

    @property
    def pace(self) -> Pace:
        """The pace at which it lets calls through."""
        if self.restore_per_second:
            return Pace(self.restore_per_second / SPARE, self.capacity or 1.0)
        per_minute = self.requests_per_minute or self.cost_per_minute
        return Pace(per_minute / 60 / SPARE, self.capacity or 1.0) if per_minute else Pace()

    @property
    def places(self) -> int:
        """The number of calls at a time in one process."""
        return self.concurrent_requests or POLITE


class RateLimits(CallLimit, kw_only=True):
    """The limits that the vendor sets one account: `[limits]`, and the named ones below it."""

    timeout_seconds: float = 30.0
    acts_after_seconds: float | None = None
    """How long it may still act on a write after the process that sent it has died. None: as
    CROSSDOCK_WRITE_SETTLE_SECONDS says."""
    named: dict[str, CallLimit] = {}


class Slots(Protocol):
    """Shares a vendor's limits between all runs and workers. Implemented in the store, injected by `app`.

    account: names the limit, "wms/acme/4f…" or "wms/acme/4f…#orders".
    """

    async def reserve(
        self, account: str, pace: Pace, cost: float = 1.0, longest_seconds: float = math.inf
    ) -> float:
        """Take the next free moment for one call; give the seconds to wait for it. A hold counts always.

        A moment that is farther away than `longest_seconds` is not taken: it stays for others.
        """
        ...

    async def hold(self, account: str, seconds: float) -> None:
        """Keep everybody from calling for so long: the vendor said so."""
        ...

    async def correct(self, account: str, pace: Pace, budget: RemainingBudget) -> None:
        """Keep what the vendor says is left."""
        ...

    def place(self, account: str, at_most: int, longest_seconds: float) -> AbstractAsyncContextManager[None]:
        """Around a call: one of so many at a time. VendorThrottled when none gets free within so long."""
        ...


class LocalSlots:
    """Slots of one process, in memory: for checks from the command line, and for tests."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._states: dict[str, BucketState] = {}
        self._places: dict[str, asyncio.Semaphore] = {}

    def _now_ms(self) -> int:
        return math.ceil(self._clock() * 1000)

    def _state(self, account: str) -> BucketState:
        return self._states.get(account, BucketState())

    async def reserve(
        self, account: str, pace: Pace, cost: float = 1.0, longest_seconds: float = math.inf
    ) -> float:
        state, seconds = pacing.reserve(self._state(account), pace, cost, self._now_ms(), longest_seconds)
        self._states[account] = state
        return seconds

    async def hold(self, account: str, seconds: float) -> None:
        self._states[account] = pacing.hold(self._state(account), seconds, self._now_ms())

    async def correct(self, account: str, pace: Pace, budget: RemainingBudget) -> None:
        self._states[account] = pacing.correct(self._state(account), pace, budget, self._now_ms())

    @asynccontextmanager
    async def place(self, account: str, at_most: int, longest_seconds: float) -> AsyncIterator[None]:
        semaphore = self._places.setdefault(account, asyncio.Semaphore(at_most))
        async with locally_placed(semaphore, longest_seconds):
            yield


class CountedSlots:
    """Slots whose waits and holds are counted for the operator."""

    def __init__(self, slots: Slots, integration: str) -> None:
        self._slots = slots
        self._integration = integration

    async def reserve(
        self, account: str, pace: Pace, cost: float = 1.0, longest_seconds: float = math.inf
    ) -> float:
        seconds = await self._slots.reserve(account, pace, cost, longest_seconds)
        metrics.waited(self._integration, seconds)
        return seconds

    async def hold(self, account: str, seconds: float) -> None:
        metrics.throttled(self._integration)
        await self._slots.hold(account, seconds)

    async def correct(self, account: str, pace: Pace, budget: RemainingBudget) -> None:
        await self._slots.correct(account, pace, budget)

    def place(self, account: str, at_most: int, longest_seconds: float) -> AbstractAsyncContextManager[None]:
        return self._slots.place(account, at_most, longest_seconds)


@asynccontextmanager
async def locally_placed(semaphore: asyncio.Semaphore, longest_seconds: float) -> AsyncIterator[None]:
    """Hold one of the places. Raises VendorThrottled when none gets free within so long."""
    try:
        async with asyncio.timeout(longest_seconds):
            await semaphore.acquire()
    except TimeoutError:
        raise VendorThrottled(RETRY_SECONDS, status=None) from None
    try:
        yield
    finally:
        semaphore.release()


def budget_in_headers(limit: CallLimit, headers: Mapping[str, str], now: datetime) -> RemainingBudget | None:
    """The budget that is left, by the headers that the manifest names; None when they say nothing."""
    if limit.remaining_header is None and limit.limit_header is None:
        return None
    maximum = _number(headers, limit.limit_header)
    budget = RemainingBudget(
        remaining=_number(headers, limit.remaining_header),
        reset_seconds=_reset_seconds(limit, headers, now),
        per_second=_per_second(limit, maximum),
        capacity=maximum if limit.restore_per_second and maximum else None,
    )
    return None if budget == RemainingBudget() else budget


def seconds_left_of_window(limit: CallLimit, headers: Mapping[str, str], now: datetime) -> float | None:
    """The seconds until the vendor's window ends; None where it does not say, or the limit is a bucket.

    A bucket lets calls through long before it is full.
    """
    return None if limit.pace.capacity > 1 else _reset_seconds(limit, headers, now)


def _number(headers: Mapping[str, str], name: str | None) -> float | None:
    """The number that a header begins with: "38", "38/40", "38;w=60"; None when there is none."""
    text = headers.get(name, "") if name else ""
    try:
        number = float(text.strip().split(";")[0].split("/")[0].split(",")[0])
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _per_second(limit: CallLimit, maximum: float | None) -> float | None:
    """The pace by what the vendor says it allows a minute, where that is what the limit counts."""
    declared = limit.requests_per_minute or limit.cost_per_minute
    return maximum / 60 / SPARE if maximum and declared and maximum != declared else None


def _reset_seconds(limit: CallLimit, headers: Mapping[str, str], now: datetime) -> float | None:
    if limit.reset_header is None:
        return None
    if limit.reset_unit == "date":
        return _seconds_until(headers.get(limit.reset_header, ""), now)
    number = _number(headers, limit.reset_header)
    if number is None:
        return None
    if limit.reset_unit.endswith("milliseconds"):
        number /= 1000
    return max(0.0, number - now.timestamp()) if limit.reset_unit.startswith("epoch") else number


def _seconds_until(text: str, now: datetime) -> float | None:
    """From now to a moment as HTTP or ISO 8601 writes it."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError):
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())
