"""GET /metrics: what this process counted, and how things stand in the database."""

import hmac
from collections.abc import Iterable, Iterator
from importlib.metadata import version

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from starlette.requests import Request
from starlette.responses import Response

from crossdock import metrics
from crossdock.api.context import RequestContext
from crossdock.config import Settings
from crossdock.errors import NotFound, Unauthorized, Unavailable
from crossdock.store.database import gauges
from crossdock.store.database.engine import Database
from crossdock.store.database.gauges import StoreGauges
from crossdock.store.database.ids import Clock

ANYBODY = "open"
TEXT = "text/plain; version=0.0.4; charset=utf-8"


async def shown(visit: RequestContext) -> Response:
    """The metrics, to whoever has the operator's token."""
    door = visit.door
    visit.arguments()
    return await answer(visit.request, door.settings, door.database, door.clock)


async def answer(request: Request, settings: Settings, database: Database, clock: Clock) -> Response:
    """The metrics. Raises NotFound where they are off, and Unauthorized without the token."""
    _check(settings.metrics_token, request.headers.get("authorization", ""))
    return Response(await text(database, settings, clock()), media_type=TEXT)


def _check(token: str, sent: str) -> None:
    if not token:
        raise NotFound("there is no /metrics: CROSSDOCK_METRICS_TOKEN is not set")
    if token != ANYBODY and not hmac.compare_digest(f"Bearer {token}".encode(), sent.encode()):
        raise Unauthorized("the bearer token is missing or wrong")


async def text(database: Database, settings: Settings, now_ms: int) -> bytes:
    """All metrics in Prometheus's text form. When the database does not answer, those of the process."""
    try:
        stand: StoreGauges | None = await gauges.read(database, now_ms, ",".join(sorted(settings.off)))
    except Unavailable:
        stand = None
    moment = CollectorRegistry()
    moment.register(_Moment(stand))
    return generate_latest(metrics.REGISTRY) + generate_latest(moment)


class _Moment:
    """A collector of how things stand."""

    def __init__(self, stand: StoreGauges | None) -> None:
        self._stand = stand

    def collect(self) -> Iterator[Metric]:
        yield _gauge("info", "What runs here.", ("version",), [((version("crossdock"),), 1)])
        up = self._stand is not None
        yield _gauge("database_up", "Whether the database answers.", (), [((), int(up))])
        if self._stand is not None:
            yield from _families(self._stand)


def _families(stand: StoreGauges) -> Iterator[Metric]:
    yield _gauge("jobs", "Open jobs.", ("kind", "state"), stand.jobs.items())
    yield _gauge(
        "job_waiting_seconds", "How long the job that is due longest has waited for a worker.", (),
        [((), stand.waiting_seconds)],
    )  # fmt: skip
    yield _gauge("expired_leases", "Jobs whose worker is gone, or sleeps.", (), [((), stand.expired_leases)])
    yield _gauge(
        "schedule_overdue_seconds", "How long the schedule that is due longest was not queued.", (),
        [((), stand.overdue_seconds)],
    )  # fmt: skip
    yield _gauge("connections", "Connected systems.", (), [((), stand.connections)])
    yield _gauge(
        "connection_problems", "What keeps connections from syncing.", ("kind",), _one(stand.problems)
    )
    yield _gauge("quarantine", "Records that did not fit.", ("function",), _one(stand.quarantined))
    yield _gauge(
        "data_age_seconds", "How old data are, by the share of connections whose data are not older.",
        ("function", "quantile"), [((name, f"{share:g}"), age) for (name, share), age in stand.ages.items()],
    )  # fmt: skip
    yield _gauge(
        "webhook_backlog_seconds", "How long the webhook that is due longest has waited.", (),
        [((), stand.webhook_backlog_seconds)],
    )  # fmt: skip
    yield _gauge(
        "webhook_handovers_failing", "Organizations whose events another server does not take.", (),
        [((), 0 if stand.handover is None else stand.handover.failing)],
    )  # fmt: skip
    yield _gauge(
        "webhook_endpoints", "Endpoints of webhooks: enabled, failing, disabled.", ("state",),
        _one(stand.webhook_endpoints),
    )  # fmt: skip
    yield _gauge(
        "never_synced", "Connections whose first sync has not come to its end.", ("function",),
        _one(stand.never_synced),
    )  # fmt: skip


def _one(counts: dict[str, int]) -> list[tuple[tuple[str, ...], float]]:
    return [((name,), count) for name, count in counts.items()]


def _gauge(
    name: str, meaning: str, labels: tuple[str, ...], values: Iterable[tuple[tuple[str, ...], float]]
) -> Metric:
    family = GaugeMetricFamily(f"crossdock_{name}", meaning, labels=labels)
    for of, value in values:
        family.add_metric(of, value)
    return family
