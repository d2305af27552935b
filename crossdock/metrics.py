"""What this process counts, for Prometheus: answers, calls to vendors, runs.

Labels are few and bounded: operations, statuses, integrations, functions. Never a tenant, a connection, an
address or a value, so nothing of a customer can be read here.
"""

from functools import cache

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

disable_created_metrics()  # type: ignore[no-untyped-call]  # a line for each count that says since when it counts: nobody asks
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

_API = Histogram(
    "crossdock_api_seconds",
    "From a request's first byte to its answer's last.",
    ["operation", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    registry=REGISTRY,
)
_VENDOR = Histogram(
    "crossdock_vendor_seconds",
    "Calls to connected systems; status 0: no answer.",
    ["integration", "status"],
    buckets=(0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
    registry=REGISTRY,
)
_THROTTLES = Counter(
    "crossdock_vendor_throttles",
    "How often a connected system asked us to slow down.",
    ["integration"],
    registry=REGISTRY,
)
_WAITED = Counter(
    "crossdock_vendor_waited_seconds",
    "How long calls waited for their turn, by the limits of connected systems.",
    ["integration"],
    registry=REGISTRY,
)
_RUNS = Counter(
    "crossdock_runs",
    "Syncs that a worker laid down: done, failed, put back (queued), crashed, or lost to another worker.",
    ["integration", "function", "outcome"],
    registry=REGISTRY,
)
_RUN_SECONDS = Histogram(
    "crossdock_run_seconds",
    "From the start of a sync to its end.",
    ["integration", "function"],
    buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 1800, 7200, 43200),
    registry=REGISTRY,
)
_RECORDS = Counter(
    "crossdock_run_records",
    "Records of syncs that ended, by what became of them.",
    ["integration", "function", "what"],
    registry=REGISTRY,
)


_ATTEMPTS = Histogram(
    "crossdock_webhook_seconds",
    "Attempts to deliver a webhook, by how they ended and what they were answered with; status 0: no answer.",
    ["outcome", "status"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15),
    registry=REGISTRY,
)
_OUTCOMES = {0: "success", 2: "fail", 4: "canceled"}


def attempted(outcome: int, code: int, seconds: float) -> None:
    """A webhook was tried. outcome: as the log of attempts has it."""
    _attempts(outcome, code).observe(seconds)


@cache
def _attempts(outcome: int, code: int) -> Histogram:
    return _ATTEMPTS.labels(_OUTCOMES.get(outcome, "other"), code)


def answered(operation: str, status: int, seconds: float) -> None:
    """A request was answered. operation: its id in the OpenAPI document, or "none"."""
    _answers(operation, status).observe(seconds)


@cache
def _answers(operation: str, status: int) -> Histogram:
    return _API.labels(operation, status)


def vendor_answered(integration: str, status: int | None, seconds: float) -> None:
    """A connected system was called. status None: it did not answer."""
    _VENDOR.labels(integration, status or 0).observe(seconds)


def run_laid_down(integration: str, function: str, outcome: str) -> None:
    _RUNS.labels(integration, function, outcome).inc()


def run_ended(integration: str, function: str, seconds: float, records: dict[str, int]) -> None:
    """A sync ended. records: how many by what became of them."""
    _RUN_SECONDS.labels(integration, function).observe(seconds)
    for key, count in records.items():
        _RECORDS.labels(integration, function, key).inc(count)


def throttled(integration: str) -> None:
    """A connected system asked us to slow down."""
    _THROTTLES.labels(integration).inc()


def waited(integration: str, seconds: float) -> None:
    """A call was held back by the limits of a connected system."""
    _WAITED.labels(integration).inc(seconds)
