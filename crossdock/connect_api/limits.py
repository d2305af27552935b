"""How often the bearer of a link token may ask, and sign in: nobody guesses passwords at a vendor through us.

Counted like calls of access tokens: in memory, or in Redis for several processes together.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.aio.strategies import FixedWindowRateLimiter

from crossdock.errors import TooManyRequests
from crossdock.store.connections.link_tokens import LinkToken
from crossdock.web.rate_limits import counter_storage

REQUESTS_PER_SECOND = 20
SIGN_INS_PER_MINUTE = 10
"""Of a link token, or of all tokens of a magic link together."""
SIGN_INS_AT_ONCE = 3
"""Of an organization, in this process."""
LONGEST_WAIT_SECONDS = 20.0


class LinkLimits:
    """Counts requests and sign-ins."""

    def __init__(
        self,
        redis_url: str = "",
        *,
        requests_per_second: int = REQUESTS_PER_SECOND,
        sign_ins_per_minute: int = SIGN_INS_PER_MINUTE,
    ) -> None:
        self._strategy = FixedWindowRateLimiter(counter_storage(redis_url))
        self._requests = RateLimitItemPerSecond(requests_per_second)
        self._sign_ins = RateLimitItemPerMinute(sign_ins_per_minute)
        self._turns: dict[str, asyncio.Semaphore] = {}
        self._waiting: dict[str, int] = {}

    async def count_request(self, bearer: LinkToken) -> None:
        """Raise TooManyRequests for a token that has used up its second."""
        await self._count(self._requests, bearer.id, 1, "requests a second")

    @asynccontextmanager
    async def signing_in(self, bearer: LinkToken) -> AsyncIterator[None]:
        """Around a sign-in at a vendor. Raises TooManyRequests for one too many."""
        guesser = bearer.id if bearer.magic_link_id is None else bearer.subject
        await self._count(self._sign_ins, f"sign-ins {guesser}", 60, "sign-ins a minute")
        async with self._turn(bearer.organization_id):
            yield

    async def _count(self, item: RateLimitItem, key: str, seconds: int, unit: str) -> None:
        if not await self._strategy.hit(item, "link", key):
            raise TooManyRequests(f"{item.amount} {unit} are allowed here", retry_after_seconds=seconds)

    @asynccontextmanager
    async def _turn(self, organization_id: str) -> AsyncIterator[None]:
        """A place among those of the organization that sign in at a time."""
        turns = self._turns.setdefault(organization_id, asyncio.Semaphore(SIGN_INS_AT_ONCE))
        self._waiting[organization_id] = self._waiting.get(organization_id, 0) + 1
        try:
            try:
                await asyncio.wait_for(turns.acquire(), LONGEST_WAIT_SECONDS)
            except TimeoutError:
                raise TooManyRequests(
                    "others of this organization sign in just now", retry_after_seconds=10
                ) from None
            try:
                yield
            finally:
                turns.release()
        finally:
            self._waiting[organization_id] -= 1
            if not self._waiting[organization_id]:
                del self._waiting[organization_id], self._turns[organization_id]
