"""Undoing what a clock that ran ahead did to webhooks, by what sending plans."""

from crossdock.store.database.engine import Database
from crossdock.store.webhooks import clock_skew
from crossdock.webhooks.claiming import LEASE_MS
from crossdock.webhooks.schedule import DELAYS_SECONDS


async def repair_future_times(database: Database, now_ms: int) -> int:
    """Make what waits longer than sending ever plans due when it would be by this clock, and count it."""
    delays = [1000 * seconds for seconds in DELAYS_SECONDS]
    return await clock_skew.repair_future_times(database, now_ms, LEASE_MS, delays)
