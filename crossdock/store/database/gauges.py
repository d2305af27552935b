"""How things stand over all connections: the queue, the age of data, what was set aside, what is wrong."""

from dataclasses import dataclass, field

from crossdock.resources import switches
from crossdock.resources.catalogue import TYPES
from crossdock.store.database.engine import Database
from crossdock.store.states import JOB_IS_OPEN, JOB_IS_QUEUED, JOB_IS_RUNNING
from crossdock.store.webhooks import deliveries, handovers
from crossdock.store.webhooks.handovers import HandoverState

QUANTILES = (0.5, 0.9, 0.99, 1.0)


@dataclass
class StoreGauges:
    """Numbers of one moment."""

    jobs: dict[tuple[str, str], int] = field(default_factory=dict)
    """By kind and state: queued, running."""
    waiting_seconds: float = 0.0
    """How long the job that is due longest has waited for a worker."""
    expired_leases: int = 0
    """Jobs whose worker is gone, or sleeps."""
    overdue_seconds: float = 0.0
    """How long the schedule that is due longest was not queued."""
    connections: int = 0
    problems: dict[str, int] = field(default_factory=dict)
    quarantined: dict[str, int] = field(default_factory=dict)
    ages: dict[tuple[str, float], float] = field(default_factory=dict)
    """Seconds since the data of a function are fresh, by function and quantile over connections."""
    never_synced: dict[str, int] = field(default_factory=dict)
    webhook_backlog_seconds: float = 0.0
    """How long the webhook that is due longest has waited to be tried, or to be handed over."""
    handover: HandoverState | None = None
    """How handing webhooks to another server stands; None: it is off."""
    webhook_endpoints: dict[str, int] = field(default_factory=dict)
    """How many are on, off, and failing."""


async def read(database: Database, now_ms: int, disabled: str) -> StoreGauges:
    """The gauges of this moment. disabled: the functions that are off for everybody, separated by commas."""
    store_gauges = StoreGauges()
    await _read_queue(database, now_ms, store_gauges)
    store_gauges.connections = await _number(
        database, "SELECT count(*) FROM connections WHERE deleted_ms IS NULL"
    )
    store_gauges.problems = await _counts(
        database, "SELECT kind, count(*) FROM connection_errors GROUP BY kind"
    )
    store_gauges.quarantined = await _counts(
        database, "SELECT function, count(*) FROM quarantine GROUP BY function"
    )
    store_gauges.ages = await ages(database, now_ms, disabled)
    store_gauges.never_synced = await _counts(
        database,
        f"SELECT s.function, count(*) FROM {ACTIVE} AND s.fresh_ms IS NULL GROUP BY s.function",
        everywhere(disabled),
    )
    await _read_webhooks(database, now_ms, store_gauges)
    return store_gauges


async def read_backlog(database: Database, now_ms: int) -> StoreGauges:
    """The gauges of what waits, and of what is wrong: those that cost next to nothing."""
    store_gauges = StoreGauges()
    await _read_queue(database, now_ms, store_gauges)
    await _read_webhooks(database, now_ms, store_gauges)
    store_gauges.problems = await _counts(
        database, "SELECT kind, count(*) FROM connection_errors GROUP BY kind"
    )
    return store_gauges


async def _read_webhooks(database: Database, now_ms: int, store_gauges: StoreGauges) -> None:
    due = [due_delivery.at_ms for due_delivery in await deliveries.due(database) if not due_delivery.is_off]
    store_gauges.handover = await handovers.state(database)
    if store_gauges.handover is not None and store_gauges.handover.oldest_ms is not None:
        due.append(store_gauges.handover.oldest_ms)
    store_gauges.webhook_backlog_seconds = max(0, now_ms - min(due, default=now_ms)) / 1000
    store_gauges.webhook_endpoints = dict.fromkeys(("enabled", "failing", "disabled"), 0)
    store_gauges.webhook_endpoints |= await _counts(
        database,
        "SELECT CASE WHEN disabled THEN 'disabled' WHEN failing_since_ms IS NOT NULL THEN 'failing' "
        "ELSE 'enabled' END AS state, count(*) FROM webhook_endpoints WHERE deleted_ms IS NULL GROUP BY 1",
    )


async def _read_queue(database: Database, now_ms: int, store_gauges: StoreGauges) -> None:
    for kind, state, count in await database.fetch(
        f"SELECT kind, state, count(*) FROM jobs WHERE {JOB_IS_OPEN} GROUP BY kind, state"
    ):
        store_gauges.jobs[kind, state] = count
    waiting = await _number(database, f"SELECT min(due_ms) FROM jobs WHERE {JOB_IS_QUEUED}", none=now_ms)
    store_gauges.waiting_seconds = max(0, now_ms - waiting) / 1000
    store_gauges.expired_leases = await _number(
        database, f"SELECT count(*) FROM jobs WHERE {JOB_IS_RUNNING} AND lease_ms < ?", now_ms
    )
    overdue = await _number(database, "SELECT min(due_ms) FROM schedules WHERE NOT paused", none=now_ms)
    store_gauges.overdue_seconds = max(0, now_ms - overdue) / 1000


ACTIVE = (
    "schedules s JOIN connections c ON c.id = s.connection_id "
    "JOIN organizations o ON o.id = c.organization_id WHERE NOT s.paused "
    # As Connection.is_off has it.
    "AND ',' || c.disabled_functions || ',' NOT LIKE '%,' || s.function || ',%' "
    "AND (',' || c.enabled_functions || ',' LIKE '%,*,%' "
    "OR ',' || c.enabled_functions || ',' LIKE '%,' || s.function || ',%' "
    "OR ',' || CASE WHEN ',' || COALESCE(o.disabled_functions, '') LIKE '%,' || c.type || ':%' "
    "THEN o.disabled_functions "
    "ELSE CAST(? AS TEXT) END || ',' "
    "NOT LIKE '%,' || c.type || ':' || s.function || ',%')"
)
"""Schedules that are neither paused nor of a function that is off; the value: `everywhere(…)`."""


def everywhere(disabled: str) -> str:
    """Functions that the settings switch off, `get_orders,cart:get_products`, by type: `wms:get_orders,…`."""
    names = disabled.split(",")
    return switches.to_store({kind: switches.named(names, kind) for kind in TYPES}) or ""


async def ages(database: Database, now_ms: int, disabled: str) -> dict[tuple[str, float], float]:
    """The age of data in seconds, by function and quantile over connections; of those that ever synced."""
    # The nearest rank: an age that is really there, not one between two. In whole numbers.
    shares = {round(quantile * 1000): quantile for quantile in QUANTILES}
    is_rank = "place * 1000 >= number * {0} AND (place - 1) * 1000 < number * {0}"
    rows = await database.fetch(
        "SELECT function, fresh_ms, place, number FROM (SELECT s.function AS function, "
        "s.fresh_ms AS fresh_ms, count(*) OVER (PARTITION BY s.function) AS number, "
        "row_number() OVER (PARTITION BY s.function ORDER BY s.fresh_ms DESC) AS place "
        f"FROM {ACTIVE} AND s.fresh_ms IS NOT NULL) ranked WHERE "
        + " OR ".join(f"({is_rank.format(share)})" for share in shares),
        everywhere(disabled),
    )
    return {
        (function, quantile): max(0, now_ms - fresh_ms) / 1000
        for function, fresh_ms, item, number in rows
        for share, quantile in shares.items()
        if item * 1000 >= number * share and (item - 1) * 1000 < number * share
    }


async def _counts(database: Database, sql: str, *values: object) -> dict[str, int]:
    return {row[0]: row[1] for row in await database.fetch(sql, *values)}


async def _number(database: Database, sql: str, *values: object, none: int = 0) -> int:
    [row] = await database.fetch(sql, *values)
    return none if row[0] is None else int(row[0])
