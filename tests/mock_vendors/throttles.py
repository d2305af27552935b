"""How vendors throttle: buckets that leak, points that come back, windows that slide or stand.

    throttle = TokenBucket(capacity=40, per_second=2)
    throttle.take(now)            → 0.0, or after how many seconds there is room

Times are seconds on the clock of the vendor, which may be set to the world's.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Protocol


class Throttle(Protocol):
    """What an account may do in a time."""

    def take(self, now: float, cost: float = 1.0) -> float:
        """Take what a call costs; or take nothing, and return the seconds after which there is room."""
        ...


@dataclass
class TokenBucket:
    """So much at once, restored at a steady rate: Shopify's and ShipHero's points, most leaky buckets."""

    capacity: float
    per_second: float
    level: float | None = None
    """What is left; None: all."""
    _at: float = 0.0

    def available(self, now: float) -> float:
        """What is left now."""
        level = self.capacity if self.level is None else self.level
        self.level = min(self.capacity, level + max(0.0, now - self._at) * self.per_second)
        self._at = now
        return self.level

    def take(self, now: float, cost: float = 1.0) -> float:
        available = self.available(now)
        if available < cost:
            return (cost - available) / self.per_second
        self.level = available - cost
        return 0.0


@dataclass
class SlidingWindow:
    """So many calls in any window of so many seconds: ShipBob."""

    calls: int
    seconds: float
    _taken: deque[float] = field(default_factory=deque)

    def take(self, now: float, cost: float = 1.0) -> float:
        while self._taken and self._taken[0] <= now - self.seconds:
            self._taken.popleft()
        if len(self._taken) + cost > self.calls:
            return self._taken[0] + self.seconds - now if self._taken else self.seconds
        self._taken.extend([now] * int(cost))
        return 0.0

    def remaining(self, now: float) -> int:
        """How many calls are left in the window that ends now."""
        return self.calls - sum(1 for at in self._taken if at > now - self.seconds)


@dataclass
class FixedWindow:
    """So many calls in each window by the vendor's clock: most that say "100 a minute"."""

    calls: int
    seconds: float
    _window: int = -1
    _count: float = 0

    def take(self, now: float, cost: float = 1.0) -> float:
        window = int(now // self.seconds)
        if window != self._window:
            self._window, self._count = window, 0
        if self._count + cost > self.calls:
            return (window + 1) * self.seconds - now
        self._count += cost
        return 0.0
