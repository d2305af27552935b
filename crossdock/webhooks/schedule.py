"""Pure: when a message that could not be delivered is tried again.

At once, then 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h after the failure before: 8 attempts in all, each
delay give or take a fifth. After a time-out or a 429 at least a minute; `Retry-After` is honoured between
once and twice the planned delay.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

DELAYS_SECONDS = (5, 300, 1800, 7200, 18_000, 36_000, 36_000)
ATTEMPTS = len(DELAYS_SECONDS) + 1
JITTER = 0.2
LEAST_WHEN_BUSY_SECONDS = 60
FAILING_AFTER = 4
"""Failed attempts until it is told as failing."""


def seconds_to_wait(
    attempts: int, chance: Callable[[], float], *, is_busy: bool = False, retry_after: float | None = None
) -> float | None:
    """How long to wait for the next attempt; None: that was the last.

    attempts: made so far, the one that just failed included; chance: a number from 0 to 1;
    is_busy: it timed out, or was answered with 429; retry_after: what the receiver asked for, in seconds.
    """
    if attempts >= ATTEMPTS:
        return None
    planned = float(DELAYS_SECONDS[attempts - 1])
    wanted = planned * (1 - JITTER + 2 * JITTER * chance())
    if retry_after is not None:
        wanted = min(max(retry_after, planned), 2 * planned)
    return max(wanted, LEAST_WHEN_BUSY_SECONDS) if is_busy else wanted


def retry_after(value: str | None, now: datetime) -> float | None:
    """The header as seconds from now; None when it is not there or says nothing usable."""
    text = (value or "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return float(text) if len(text) < 10 else None
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
