"""The arithmetic of a vendor's limits: a bucket that drains with each call and fills up with time. Pure.

    calls of one cost, evenly spaced      capacity 1, or whatever one call costs
    bursts, then so much a second         capacity is how much may be used at once

Kept of each limit is the moment when its bucket is full again: each reservation moves it on.
"""

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Pace:
    """The pace at which a limit lets calls through."""

    per_second: float = math.inf
    capacity: float = 1.0
    """How much may be used at once."""

    @property
    def is_limited(self) -> bool:
        return not math.isinf(self.per_second)


UNLIMITED = Pace()
LONGEST_RESET_MS = 86_400_000
"""No hold and no window of a vendor is longer."""


@dataclass(frozen=True)
class BucketState:
    """The state of a limit. Moments are milliseconds."""

    free_ms: int = 0
    """When all that was reserved has been restored."""
    held_ms: int = 0
    """Nothing passes before."""
    per_second: float | None = None
    """As the vendor says of this account, where it differs from what is declared; `capacity` likewise."""
    capacity: float | None = None

    def pace(self, declared: Pace) -> Pace:
        """The pace that holds for this account."""
        return Pace(self.per_second or declared.per_second, self.capacity or declared.capacity)


@dataclass(frozen=True)
class RemainingBudget:
    """The budget that a vendor says a limit has left, in its headers or in a body. None: it does not say."""

    remaining: float | None = None
    reset_seconds: float | None = None
    """From now until the bucket is full again, or the window ends."""
    per_second: float | None = None
    capacity: float | None = None
    unused: float = 0.0
    """How much less than reserved the call has cost: it is given back."""


def reserve(
    state: BucketState, declared: Pace, cost: float, now_ms: int, longest_seconds: float = math.inf
) -> tuple[BucketState, float]:
    """Take the next free moment; give the state after it, and the seconds until then.

    A moment that is farther away than `longest_seconds` is not taken: it stays for others.
    """
    pace = state.pace(declared)
    held_ms = state.held_ms if state.held_ms <= now_ms + LONGEST_RESET_MS else now_ms
    if not pace.is_limited:
        return state, max(0, held_ms - now_ms) / 1000
    burst_ms = _milliseconds(max(pace.capacity, cost), pace)
    # What is so far ahead was set by a clock that was wrong.
    free_ms = state.free_ms if state.free_ms <= now_ms + burst_ms + LONGEST_RESET_MS else now_ms
    # After a hold all that was reserved has come back.
    full_ms = max(free_ms, now_ms, held_ms) + _milliseconds(cost, pace)
    wait_seconds = max(0, full_ms - burst_ms - now_ms, held_ms - now_ms) / 1000
    return (state if wait_seconds > longest_seconds else replace(state, free_ms=full_ms)), wait_seconds


def hold(state: BucketState, seconds: float, now_ms: int) -> BucketState:
    """Let nothing pass for so long; a longer hold stays."""
    return replace(state, held_ms=max(state.held_ms, now_ms + int(seconds * 1000)))


def correct(state: BucketState, declared: Pace, budget: RemainingBudget, now_ms: int) -> BucketState:
    """The state after what the vendor says is left. It only ever slows down, but for what was not used."""
    learned = replace(
        state,
        per_second=budget.per_second or state.per_second,
        capacity=budget.capacity or state.capacity,
    )
    pace = learned.pace(declared)
    if budget.unused > 0 and pace.is_limited:
        learned = replace(learned, free_ms=learned.free_ms - _milliseconds(budget.unused, pace))
    if budget.remaining is None:
        return learned
    if pace.is_limited and pace.capacity > 1:
        missing = max(0.0, pace.capacity - budget.remaining)
        return replace(learned, free_ms=max(learned.free_ms, now_ms + _milliseconds(missing, pace)))
    return _held_until_reset(learned, pace, budget.remaining, budget.reset_seconds, now_ms)


def _held_until_reset(
    state: BucketState, pace: Pace, remaining: float, reset_seconds: float | None, now_ms: int
) -> BucketState:
    """The state for evenly spaced calls: the remaining ones are made at the end of the window."""
    if reset_seconds is None or (remaining > 0 and not pace.is_limited):
        return state
    reset_ms = min(reset_seconds * 1000, LONGEST_RESET_MS)
    needed_ms = remaining * 1000 / pace.per_second if pace.is_limited else 0.0
    return replace(state, held_ms=max(state.held_ms, now_ms + int(reset_ms - needed_ms)))


def _milliseconds(amount: float, pace: Pace) -> int:
    """The milliseconds that it takes to restore an amount."""
    return math.ceil(amount / pace.per_second * 1000 - 1e-6)
