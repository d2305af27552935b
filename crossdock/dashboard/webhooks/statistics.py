"""Statistics: attempts over time, how each endpoint does, and failures by kind and endpoint."""

from collections import Counter
from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.dashboard.bars import Bar, BarChart
from crossdock.dashboard.webhooks.failure_kinds import FailureKind, kind_of
from crossdock.dashboard.webhooks.messages import endpoint_choices
from crossdock.dashboard.webhooks.visit import WebhookVisit, application_of
from crossdock.errors import Invalid
from crossdock.store.database.ids import moment_ms
from crossdock.store.webhooks import overview
from crossdock.store.webhooks.deliveries import FAIL
from crossdock.store.webhooks.overview import AttemptSpan, AttemptSum, EndpointName
from crossdock.wire import stamp

HOUR_MS = 3_600_000
PERIODS = {
    "day": (24, HOUR_MS, "hour"),
    "week": (7 * 4, 6 * HOUR_MS, "six hours"),
    "month": (30, 24 * HOUR_MS, "day"),
}
"""How many bars, of how long each, and what that is called."""
MOST_ENDPOINTS = 250
MOST_GROUPS = 50


class EndpointStatistics(msgspec.Struct, kw_only=True):
    """An endpoint with its sums. mean_ms: of an attempt; None: there was none."""

    id: str
    url: str
    description: str
    attempts: int
    failed: int
    mean_ms: int | None


class FailureLine(msgspec.Struct, kw_only=True):
    """Failures of one kind at an endpoint. code: of the answers, 0: none came."""

    endpoint_id: str
    url: str
    kind: str
    advice: str
    code: int
    reason: str
    count: int
    latest: str | None


class StatisticsPage(msgspec.Struct, kw_only=True):
    """The sums of a period. endpoints: those with most failures first."""

    app_id: str
    period: str
    periods: list[str]
    attempts: int
    failed: int
    chart: BarChart
    endpoints: list[EndpointStatistics]
    failures: list[FailureLine]


async def shown(visit: WebhookVisit) -> Response:
    """The statistics of an application."""
    application = await application_of(visit)
    visit.hooks.require("endpoint.get-stats")
    period = visit.query("period").get("period", "day")
    if period not in PERIODS:
        raise Invalid({"query": {"period": [f"is {period[:40]!r}; wanted is {', '.join(PERIODS)}"]}})
    number, length_ms, word = PERIODS[period]
    last = visit.now_ms // length_ms * length_ms
    names = await overview.all_endpoint_names(visit.door.database, application["id"], MOST_ENDPOINTS)
    span = AttemptSpan([name.number for name in names], last - (number - 1) * length_ms, length_ms)
    sums = await overview.attempt_sums(visit.door.database, span)
    chart = _chart(sums, span, last, f"Attempts by {word}, the last {period}")
    rows = {row["id"]: row for row in await endpoint_choices(visit, application)}
    page = StatisticsPage(
        app_id=application["id"],
        period=period,
        periods=list(PERIODS),
        attempts=sum(bar.count for bar in chart.bars),
        failed=sum(bar.failed for bar in chart.bars),
        chart=chart,
        endpoints=_endpoints(sums, names, rows),
        failures=_failures(sums, names, rows),
    )
    return visit.view("webhooks/statistics.html", page, title="Statistics")


def _chart(sums: list[AttemptSum], span: AttemptSpan, last: int, title: str) -> BarChart:
    counts, failed = Counter[int](), Counter[int]()
    for attempts in sums:
        counts[attempts.start_ms] += attempts.count
        failed[attempts.start_ms] += attempts.count if attempts.status == FAIL else 0
    starts = range(span.since_ms, last + 1, span.period_ms)
    bars = [Bar(at=stamp(start), count=counts[start], failed=failed[start]) for start in starts]
    return BarChart(title=title, bars=bars, unit="attempts")


def _endpoints(
    sums: list[AttemptSum], names: list[EndpointName], rows: dict[str, Any]
) -> list[EndpointStatistics]:
    counts, failed, times = Counter[int](), Counter[int](), Counter[int]()
    for attempts in sums:
        counts[attempts.endpoint] += attempts.count
        times[attempts.endpoint] += attempts.duration_ms
        failed[attempts.endpoint] += attempts.count if attempts.status == FAIL else 0
    lines = [
        EndpointStatistics(
            id=name.id,
            url=rows.get(name.id, {}).get("url", name.id),
            description=rows.get(name.id, {}).get("description", ""),
            attempts=counts[name.number],
            failed=failed[name.number],
            mean_ms=times[name.number] // counts[name.number] if counts[name.number] else None,
        )
        for name in names
    ]
    return sorted(lines, key=lambda line: (-line.failed, -line.attempts))


def _failures(sums: list[AttemptSum], names: list[EndpointName], rows: dict[str, Any]) -> list[FailureLine]:
    """The failures, those first that there are most of; of one kind at an endpoint together."""
    groups: dict[tuple[int, int, FailureKind], list[AttemptSum]] = {}
    for attempts in sums:
        if attempts.status == FAIL:
            key = (attempts.endpoint, attempts.code, kind_of(attempts.code, attempts.reason))
            groups.setdefault(key, []).append(attempts)
    ids = {name.number: name.id for name in names}
    lines = []
    for (number, code, kind), group in groups.items():
        newest = max(group, key=lambda attempts: attempts.last_id)
        latest = moment_ms(newest.last_id)
        lines.append(
            FailureLine(
                endpoint_id=ids[number],
                url=rows.get(ids[number], {}).get("url", ids[number]),
                kind=kind.name,
                advice=kind.advice,
                code=code,
                reason=newest.reason,
                count=sum(attempts.count for attempts in group),
                latest=None if latest is None else stamp(latest),
            )
        )
    return sorted(lines, key=lambda line: -line.count)[:MOST_GROUPS]
