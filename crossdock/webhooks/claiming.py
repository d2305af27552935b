"""Claiming deliveries for a sender: as many as lanes have room for, and as endpoints' limits let through."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from crossdock.store.database.engine import Database, Transaction
from crossdock.store.webhooks import deliveries, throttles
from crossdock.store.webhooks.deliveries import ClaimedDelivery, DeliveryClaim
from crossdock.webhooks.concurrency import EndpointLane
from crossdock.webhooks.endpoint_cache import EndpointCache

LEASE_MS = 120_000
AHEAD_MS = 250
"""How far ahead a throttled endpoint's messages are claimed."""
DROP_AT_ONCE = 1000

TimedDelivery = tuple[EndpointLane, ClaimedDelivery, int]
"""A delivery, its lane, and the moment in microseconds that it may go."""


@dataclass(frozen=True)
class DeliveryClaimer:
    """The deliveries that one sender takes, gives back and drops."""

    database: Database
    cache: EndpointCache

    async def claim(self, plan: Sequence[tuple[EndpointLane, int]], now_ms: int) -> list[TimedDelivery]:
        """Deliveries of these lanes, each with the moment it may go."""
        if not plan:
            return []
        claimed: list[TimedDelivery] = []
        holder = secrets.token_hex(8)
        async with self.database.transaction() as transaction:
            # A claim that a power cut undoes is made again: at worst a message arrives twice.
            await transaction.seek_first(lasting=False)
            for lane, room in plan:
                request = DeliveryClaim(lane.endpoint, room, now_ms, now_ms + LEASE_MS, holder)
                claimed += await self._claim_for(transaction, lane, request)
        return claimed

    async def release(self, claimed: Sequence[ClaimedDelivery], now_ms: int) -> None:
        """Make due again the deliveries that were claimed and not tried."""
        async with self.database.transaction() as transaction:
            await deliveries.release(transaction, claimed, now_ms)

    async def drop(self, endpoints: Sequence[int], now_ms: int) -> int:
        """Drop the deliveries that are due at endpoints that are off, and count them."""
        dropped = 0
        for number in endpoints:
            dropped += await deliveries.drop_if_off(self.database, number, now_ms, DROP_AT_ONCE)
        return dropped

    async def _claim_for(
        self, transaction: Transaction, lane: EndpointLane, request: DeliveryClaim
    ) -> list[TimedDelivery]:
        rate = self.cache.rate(lane.endpoint)
        if rate is None:
            claimed = await deliveries.claim(transaction, request)
            return [(lane, delivery, 0) for delivery in claimed]
        # The next moments that are free lie 1/rate apart, so no second sees more than the limit.
        apart_us, ahead_us = -(-1_000_000 // rate), (request.now_ms + AHEAD_MS) * 1000
        free_us = await throttles.free_us(transaction, lane.endpoint)
        first_us = max(request.now_ms * 1000, free_us)
        if first_us > ahead_us:
            return []
        limit = min(request.limit, (ahead_us - first_us) // apart_us + 1)
        claimed = await deliveries.claim(transaction, replace(request, limit=limit))
        if claimed:
            await throttles.reserve(transaction, lane.endpoint, first_us + len(claimed) * apart_us)
        return [(lane, delivery, first_us + n * apart_us) for n, delivery in enumerate(claimed)]
