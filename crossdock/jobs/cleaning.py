"""What is forgotten when it gets old: old values, events, and the jobs and runs that ended.

A worker does this now and then, so much at a time that nothing else waits for it. Nothing depends on
when it is done: what is gone by age is not shown before, and no row is half gone.
"""

from collections.abc import Awaitable, Callable

import structlog

from crossdock.config import Settings
from crossdock.store import history, retention, write_log
from crossdock.store.engine import Database
from crossdock.store.webhooks import forgetting, messages, portal

DAY_MS = 86_400_000
AT_ONCE = 1000
"""Rows in one transaction."""
MOST = 50
"""Transactions of a kind in one go; what is left waits for the next."""

Forget = Callable[[Database, int, int], Awaitable[int]]

log = structlog.get_logger()


async def clean(database: Database, settings: Settings, now_ms: int) -> dict[str, int]:
    """Removes what is older than the settings say, a part of it where there is much; how many of each."""
    kinds: dict[str, tuple[int, Forget]] = {
        "history": (settings.history_days, history.forget),
        "events": (settings.events_days, retention.forget_events),
        "jobs": (settings.runs_days, retention.forget_jobs),
        "webhook_attempts": (settings.attempts_days, forgetting.forget_attempts),
        "webhook_deliveries": (settings.attempts_days, forgetting.forget_deliveries),
        "webhook_messages": (settings.attempts_days, forgetting.forget_messages),
        "writes": (write_log.KEPT_MS // DAY_MS, write_log.forget),
    }
    removed = {
        name: await _forget(forget, database, now_ms - days * DAY_MS)
        for name, (days, forget) in kinds.items()
        if days
    }
    ended: dict[str, Forget] = {"webhook_payloads": messages.expire, "webhook_answers": portal.clean}
    for name, forget in ended.items():
        removed[name] = await _forget(forget, database, now_ms)
    if any(removed.values()):
        log.info("old rows removed", **removed)
    return removed


async def _forget(forget: Forget, database: Database, before_ms: int) -> int:
    removed = 0
    for _ in range(MOST):
        now = await forget(database, before_ms, AT_ONCE)
        removed += now
        if now < AT_ONCE:
            break
    return removed
