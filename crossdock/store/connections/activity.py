"""An organization's activity in a span of time, for charts: events, calls, attempts; and its first steps.

Ids begin with their time and lead the indexes, so that a span is read without looking at others. Of more than
`MOST` in a span no more is counted.
"""

from dataclasses import dataclass

from crossdock.store.connections.api_calls import call_id
from crossdock.store.database.engine import Database, Row
from crossdock.store.database.ids import first_id
from crossdock.store.webhooks.endpoints import ALERTS, OPERATIONAL

MOST = 50_000
LATE_PERIODS = 3
"""A function is late when its data are older than so many times its frequency."""

_CUSTOMERS = f"e.application_id NOT LIKE '{OPERATIONAL}:%' AND e.application_id NOT LIKE '{ALERTS}:%'"
"""Endpoints `e` of customers' applications, not those of ours that tell of failures."""


@dataclass(frozen=True)
class SpanActivity:
    """Counts of a span. failed: of the count; total_us: how long it took in all, where that is known."""

    count: int = 0
    failed: int = 0
    total_us: int = 0


async def events(database: Database, organization_id: str, start_ms: int, end_ms: int) -> SpanActivity:
    """Events that were made from a moment until before another."""
    row = await database.fetch_one(
        "SELECT count(*) FROM (SELECT 1 FROM events WHERE organization_id = ? AND id >= ? AND id < ? "
        f"LIMIT {MOST}) e",
        organization_id,
        first_id("msg", start_ms),
        first_id("msg", end_ms),
    )
    return SpanActivity(int(row[0]) if row else 0)


async def calls(database: Database, organization_id: str, start_ms: int, end_ms: int) -> SpanActivity:
    """Calls of the API from a moment until before another; failed: answered with 400 or more."""
    row = await database.fetch_one(
        "SELECT count(*), sum(CASE WHEN status >= 400 THEN 1 ELSE 0 END), sum(duration_us) FROM "
        "(SELECT status, duration_us FROM api_calls WHERE organization_id = ? AND id >= ? AND id < ? "
        f"LIMIT {MOST}) c",
        organization_id,
        call_id(start_ms, ""),
        call_id(end_ms, ""),
    )
    return _activity(row)


async def attempts(database: Database, organization_id: str, start_ms: int, end_ms: int) -> SpanActivity:
    """Attempts to send to the organization's endpoints from a moment until before another."""
    row = await database.fetch_one(
        "SELECT count(*), sum(CASE WHEN status = 0 THEN 0 ELSE 1 END), sum(duration_ms) * 1000 FROM "
        "(SELECT a.status, a.duration_ms FROM webhook_endpoints e JOIN webhook_attempts a "
        "ON a.endpoint = e.number AND a.id >= ? AND a.id < ? "
        f"WHERE e.organization_id = ? AND {_CUSTOMERS} LIMIT {MOST}) c",
        first_id("atmpt", start_ms),
        first_id("atmpt", end_ms),
        organization_id,
    )
    return _activity(row)


def _activity(row: Row | None) -> SpanActivity:
    return SpanActivity() if row is None else SpanActivity(*(int(value or 0) for value in tuple(row)))


async def punctuality(database: Database, organization_id: str, now_ms: int) -> tuple[int, int]:
    """The number of functions that are synced, paused ones aside, and of those whose data are late."""
    row = await database.fetch_one(
        "SELECT count(*), sum(CASE WHEN s.fresh_ms IS NOT NULL AND "
        f"s.fresh_ms + CAST(s.every_seconds AS BIGINT) * {1000 * LATE_PERIODS} >= ? THEN 0 ELSE 1 END) "
        "FROM connections c JOIN schedules s ON s.connection_id = c.id "
        "WHERE c.organization_id = ? AND c.deleted_ms IS NULL AND NOT s.paused",
        now_ms,
        organization_id,
    )
    return (0, 0) if row is None else (int(row[0]), int(row[1] or 0))


async def is_synced(database: Database, organization_id: str) -> bool:
    """Check whether a first sync of any function has come to its end."""
    return await _is_there(
        database,
        "SELECT 1 FROM connections c JOIN schedules s ON s.connection_id = c.id "
        "WHERE c.organization_id = ? AND s.first_done_ms IS NOT NULL LIMIT 1",
        organization_id,
    )


async def has_endpoint(database: Database, organization_id: str) -> bool:
    """Check whether there is a webhook endpoint."""
    return await _is_there(
        database,
        f"SELECT 1 FROM webhook_endpoints e WHERE e.organization_id = ? AND e.deleted_ms IS NULL "
        f"AND {_CUSTOMERS} LIMIT 1",
        organization_id,
    )


async def was_delivered(database: Database, organization_id: str) -> bool:
    """Check whether a message has ever arrived at an endpoint, as far as attempts are kept."""
    return await _is_there(
        database,
        "SELECT 1 FROM webhook_endpoints e JOIN webhook_attempts a ON a.endpoint = e.number "
        f"WHERE e.organization_id = ? AND {_CUSTOMERS} AND a.status = 0 LIMIT 1",
        organization_id,
    )


async def was_called(database: Database, organization_id: str) -> bool:
    """Check whether the API was ever called, as far as calls are kept."""
    sql = "SELECT 1 FROM api_calls WHERE organization_id = ? LIMIT 1"
    return await _is_there(database, sql, organization_id)


async def _is_there(database: Database, sql: str, organization_id: str) -> bool:
    return await database.fetch_one(sql, organization_id) is not None
