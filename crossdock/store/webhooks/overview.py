"""Sums over an application's webhooks, for people who look at them: states, counts by time, and failures."""

from collections.abc import Sequence
from dataclasses import dataclass

from crossdock.store.database.engine import Database, Row
from crossdock.store.database.ids import first_id
from crossdock.store.webhooks.attempts import AttemptCondition


@dataclass(frozen=True)
class EndpointName:
    """An endpoint as sums name it."""

    number: int
    id: str
    disabled: bool
    failing_since_ms: int | None


_NAMES = (
    "SELECT number, id, disabled, failing_since_ms FROM webhook_endpoints "
    "WHERE application_id = ? AND deleted_ms IS NULL"
)


async def endpoint_names(
    database: Database, application_id: str, ids: Sequence[str]
) -> dict[str, EndpointName]:
    """Those of these endpoints that the application has, by id."""
    if not ids:
        return {}
    condition, bound = database.one_of("id", ids)
    rows = await database.fetch(f"{_NAMES} AND {condition}", application_id, bound)
    return {row[1]: _name(row) for row in rows}


async def all_endpoint_names(database: Database, application_id: str, limit: int) -> list[EndpointName]:
    """The endpoints of an application, in the order of their ids."""
    rows = await database.fetch(f"{_NAMES} ORDER BY id LIMIT ?", application_id, limit)
    return [_name(row) for row in rows]


def _name(row: Row) -> EndpointName:
    return EndpointName(row[0], row[1], bool(row[2]), row[3])


async def states_of(
    database: Database, application_id: str, message_ids: Sequence[str]
) -> dict[str, dict[int, int]]:
    """The number of endpoints in each state, of each of these messages."""
    if not message_ids:
        return {}
    condition, bound = database.one_of("d.message_id", message_ids)
    rows = await database.fetch(
        "SELECT d.message_id, d.state, count(*) FROM webhook_endpoints e JOIN webhook_deliveries d "
        f"ON d.endpoint = e.number AND d.manual = 0 AND {condition} "
        "WHERE e.application_id = ? AND e.deleted_ms IS NULL GROUP BY d.message_id, d.state",
        bound, application_id,
    )  # fmt: skip
    states: dict[str, dict[int, int]] = {}
    for message_id, state, count in rows:
        states.setdefault(message_id, {})[state] = count
    return states


async def count_deliveries(database: Database, condition: AttemptCondition) -> int:
    """The number of messages at an endpoint that fit. condition: of deliveries, `a`."""
    row = await database.fetch_one(
        f"SELECT count(*) FROM webhook_deliveries a WHERE {condition.sql}", *condition.values
    )
    return 0 if row is None else int(row[0])


async def count_failed(database: Database, endpoint: int, since_ms: int, until_ms: int) -> int:
    """The number of messages that failed there in a time, and of which nothing arrived in it."""
    row = await database.fetch_one(
        "SELECT count(*) FROM (SELECT 1 FROM webhook_attempts WHERE endpoint = ? AND id > ? AND id < ? "
        "GROUP BY message_id "
        "HAVING min(status) > 0 AND max(CASE WHEN status = 2 THEN 1 ELSE 0 END) = 1) AS failed",
        endpoint, first_id("atmpt", since_ms), first_id("atmpt", until_ms),
    )  # fmt: skip
    return 0 if row is None else int(row[0])


@dataclass(frozen=True)
class AttemptSpan:
    """Attempts at some endpoints since a moment, summed up by periods of so many milliseconds."""

    endpoints: Sequence[int]
    since_ms: int
    period_ms: int


def _among(endpoints: Sequence[int]) -> str:
    return f"endpoint IN ({', '.join('?' * len(endpoints))})"


async def attempts_by_period(database: Database, span: AttemptSpan) -> dict[int, tuple[int, int]]:
    """(attempts, those that failed) by the beginning of each period that has any."""
    if not span.endpoints:
        return {}
    condition = _among(span.endpoints)
    rows = await database.fetch(
        "SELECT at_ms / CAST(? AS BIGINT), count(*), sum(CASE WHEN status = 2 THEN 1 ELSE 0 END) "
        f"FROM webhook_attempts WHERE {condition} AND id >= ? GROUP BY 1",
        span.period_ms, *span.endpoints, first_id("atmpt", span.since_ms),
    )  # fmt: skip
    return {int(row[0]) * span.period_ms: (int(row[1]), int(row[2])) for row in rows}


@dataclass(frozen=True)
class EndpointTotals:
    """Sums of an endpoint. duration_ms: of all attempts together."""

    attempts: int
    failed: int
    duration_ms: int


async def totals(database: Database, span: AttemptSpan) -> dict[int, EndpointTotals]:
    """The sums of each endpoint that has attempts since then."""
    if not span.endpoints:
        return {}
    condition = _among(span.endpoints)
    rows = await database.fetch(
        "SELECT endpoint, count(*), sum(CASE WHEN status = 2 THEN 1 ELSE 0 END), sum(duration_ms) "
        f"FROM webhook_attempts WHERE {condition} AND id >= ? GROUP BY endpoint",
        *span.endpoints, first_id("atmpt", span.since_ms),
    )  # fmt: skip
    return {row[0]: EndpointTotals(int(row[1]), int(row[2]), int(row[3] or 0)) for row in rows}


@dataclass(frozen=True)
class AttemptSum:
    """Attempts at an endpoint in a period that ended alike. reason: the beginning of why no answer came."""

    endpoint: int
    start_ms: int
    status: int
    code: int
    reason: str
    count: int
    duration_ms: int
    last_id: str


LONGEST_REASON = 80


async def attempt_sums(database: Database, span: AttemptSpan) -> list[AttemptSum]:
    """All attempts since then, summed up in one pass by endpoint, period and how they ended."""
    if not span.endpoints:
        return []
    rows = await database.fetch(
        "SELECT endpoint, at_ms / CAST(? AS BIGINT), status, code, "
        f"CASE WHEN code = 0 AND status = 2 THEN substr(response, 1, {LONGEST_REASON}) END, "
        f"count(*), sum(duration_ms), max(id) FROM webhook_attempts WHERE {_among(span.endpoints)} "
        "AND id >= ? GROUP BY 1, 2, 3, 4, 5",
        span.period_ms, *span.endpoints, first_id("atmpt", span.since_ms),
    )  # fmt: skip
    return [
        AttemptSum(
            row[0], int(row[1]) * span.period_ms, row[2], row[3],
            bytes(row[4] or b"").decode(errors="replace"), int(row[5]), int(row[6] or 0), row[7],
        )
        for row in rows
    ]  # fmt: skip
