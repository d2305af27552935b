"""Activity by the hour: an hour that is over is counted once by each process, as nothing is added to it."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from crossdock.store.connections.activity import SpanActivity
from crossdock.store.database.engine import Database

HOUR_MS = 3_600_000
HOURS = 24
SETTLED_MS = 60_000
"""What is noted in memory first is stored within so long."""
MOST_KEPT = 20_000

Count = Callable[[Database, str, int, int], Awaitable[SpanActivity]]
"""Counts an organization's activity from one moment until another."""

_KEPT: OrderedDict[tuple[int, Count, str, int], SpanActivity] = OrderedDict()


async def last_hours(
    database: Database, organization_id: str, count: Count, now_ms: int
) -> list[tuple[int, SpanActivity]]:
    """The activity of each of the last hours with the hour's start, oldest first; the last is under way."""
    this_hour = now_ms // HOUR_MS * HOUR_MS
    hours = []
    for start in range(this_hour - (HOURS - 1) * HOUR_MS, this_hour + 1, HOUR_MS):
        hours.append((start, await _hour(database, organization_id, count, start, now_ms)))
    return hours


async def _hour(
    database: Database, organization_id: str, count: Count, start_ms: int, now_ms: int
) -> SpanActivity:
    key = (id(database), count, organization_id, start_ms)
    if key in _KEPT:
        return _KEPT[key]
    activity = await count(database, organization_id, start_ms, start_ms + HOUR_MS)
    if start_ms + HOUR_MS + SETTLED_MS < now_ms:
        _KEPT[key] = activity
        while len(_KEPT) > MOST_KEPT:
            _KEPT.popitem(last=False)
    return activity
