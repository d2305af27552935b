"""Undoing what a clock that ran ahead did to webhooks, by what sending plans."""

from crossdock.store.engine import Database
from crossdock.store.webhooks import clocks
from crossdock.webhooks.schedule import DELAYS_SECONDS
from crossdock.webhooks.sender import LEASE_MS


async def bring_back(database: Database, now_ms: int) -> int:
    """What waits longer than sending ever plans is due when it would be by this clock; how much."""
    delays = [1000 * seconds for seconds in DELAYS_SECONDS]
    return await clocks.bring_back(database, now_ms, LEASE_MS, delays)
