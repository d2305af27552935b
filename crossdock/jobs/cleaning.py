"""What is forgotten when it gets old: old values, events, and the jobs and runs that ended.

A worker does this now and then, so much at a time that nothing else waits for it. Nothing depends on
when it is done: what is gone by age is not shown before, and no row is half gone.
"""

from collections.abc import Awaitable, Callable

import structlog

from crossdock.config import Settings
from crossdock.errors import Unavailable
from crossdock.store.alerts import outbox
from crossdock.store.alerts import problems as alert_problems
from crossdock.store.connections import (
    api_calls,
    auth_codes,
    link_flows,
    link_tokens,
    magic_links,
    retired_tokens,
    slots,
)
from crossdock.store.database import retention
from crossdock.store.database.engine import Database
from crossdock.store.erasing import erasures
from crossdock.store.jobs import write_log
from crossdock.store.people import user_sessions
from crossdock.store.records import history
from crossdock.store.webhooks import forgetting, messages, portal

DAY_MS = 86_400_000
IDLE_DAYS = 7
"""How long the limits of a vendor's account are kept while nobody calls it."""
MAGIC_LINK_DAYS = 30
"""So long after its time was over a magic link still says so, in place of not being known."""
AT_ONCE = 1000
"""Rows in one transaction."""
MOST = 50
"""Transactions of a kind in one go; what is left waits for the next."""

Forget = Callable[[Database, int, int], Awaitable[int]]

log = structlog.get_logger()


async def clean(database: Database, settings: Settings, now_ms: int) -> dict[str, int]:
    """Remove what is older than the settings say, a part where there is much; return how many of each."""
    kinds: dict[str, tuple[int, Forget]] = {
        "api_calls": (settings.api_log_days, api_calls.forget),
        "history": (settings.history_days, history.forget),
        "events": (settings.events_days, retention.forget_events),
        "jobs": (settings.runs_days, retention.forget_jobs),
        "shown_erasures": (settings.runs_days, erasures.forget_shown),
        "webhook_attempts": (settings.attempts_days, forgetting.forget_attempts),
        "webhook_deliveries": (settings.attempts_days, forgetting.forget_deliveries),
        "webhook_messages": (settings.attempts_days, forgetting.forget_messages),
        "alerts": (settings.attempts_days, outbox.forget),
        "alert_problems": (7, alert_problems.forget),
        "magic_links": (MAGIC_LINK_DAYS, magic_links.forget),
        "vendor_slots": (IDLE_DAYS, slots.forget_idle),
        "writes": (write_log.KEPT_MS // DAY_MS, write_log.forget),
    }
    ended: dict[str, Forget] = {
        "webhook_payloads": messages.expire,
        "webhook_answers": portal.clean,
        "user_sessions": user_sessions.forget,
        "link_tokens": link_tokens.forget,
        "link_flows": link_flows.forget,
        "retired_tokens": retired_tokens.forget,
    }
    due_codes = {"auth_codes": (auth_codes.forget, now_ms - DAY_MS)}
    due = {name: (forget, now_ms - days * DAY_MS) for name, (days, forget) in kinds.items() if days}
    due |= {name: (forget, now_ms) for name, forget in ended.items()} | due_codes
    removed = {
        name: await _safely(name, _forget(forget, database, before)) for name, (forget, before) in due.items()
    }
    if any(removed.values()):
        log.info("old rows removed", **removed)
    return removed


async def _safely(name: str, forgetting: Awaitable[int]) -> int:
    """The number of rows that were removed; a kind that can't be leaves the others alone."""
    try:
        return await forgetting
    except Unavailable:
        raise
    except Exception:
        log.exception("old rows can't be removed", kind=name)
        return 0


async def _forget(forget: Forget, database: Database, before_ms: int) -> int:
    removed = 0
    for _ in range(MOST):
        now = await forget(database, before_ms, AT_ONCE)
        removed += now
        if now < AT_ONCE:
            break
    return removed
