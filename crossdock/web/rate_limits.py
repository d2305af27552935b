"""How many requests an access token may make in a second; counted in memory, or in Redis."""

import math
from dataclasses import dataclass
from typing import Any

from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.storage import storage_from_string


@dataclass(frozen=True)
class RateLimitStatus:
    """The rest of a token's second. `reset`: seconds since 1970; `retry_after`: seconds, 0 with room."""

    limit: int
    remaining: int
    reset: int
    retry_after: int

    @property
    def is_full(self) -> bool:
        return self.retry_after > 0


class Limiter:
    """Counts reads and writes apart."""

    def __init__(self, reads_per_second: int, writes_per_second: int, redis_url: str = "") -> None:
        self._strategy = FixedWindowRateLimiter(counter_storage(redis_url))
        self._reads = _item(reads_per_second)
        self._writes = _item(writes_per_second)

    async def take(self, token_of: int, *, writes: bool) -> RateLimitStatus | None:
        """Count a request of this connection's token; None where there is no limit."""
        item = self._writes if writes else self._reads
        if item is None:
            return None
        kind = "writes" if writes else "reads"
        allowed = await self._strategy.hit(item, kind, str(token_of))
        stats = await self._strategy.get_window_stats(item, kind, str(token_of))
        return RateLimitStatus(
            limit=item.amount,
            remaining=max(0, stats.remaining),
            reset=math.ceil(stats.reset_time),
            retry_after=0 if allowed else 1,
        )


def _item(per_second: int) -> RateLimitItemPerSecond | None:
    return RateLimitItemPerSecond(per_second) if per_second > 0 else None


def counter_storage(redis_url: str) -> Storage:
    """Where counters are: in Redis, or with "" in memory."""
    if not redis_url:
        return MemoryStorage()
    storage: Any = storage_from_string(f"async+{redis_url}")
    if not isinstance(storage, Storage):
        raise TypeError(f"not a storage for counters: {type(storage).__name__}")
    return storage
