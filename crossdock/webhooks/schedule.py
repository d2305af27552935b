"""Pure: when a message that could not be delivered is tried again.

At once, then 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h after the failure before: 8 attempts in all, each
delay give or take a fifth. After a time-out or a 429 at least a minute. What a receiver asks for with
`Retry-After` is waited for where that is longer, up to the delay and two hours: as svix-server does since
March 2026 (svix/svix-webhooks, 2203), but that no jitter shortens what was asked for.
"""

from collections.abc import Callable

DELAYS_SECONDS = (5, 300, 1800, 7200, 18_000, 36_000, 36_000)
ATTEMPTS = len(DELAYS_SECONDS) + 1
JITTER = 0.2
LEAST_WHEN_BUSY_SECONDS = 60
MOST_BEYOND_SECONDS = 7200
"""How much longer than planned a receiver may have us wait."""
FAILING_AFTER = 4
"""Failed attempts until it is told as failing."""


def seconds_to_wait(
    attempts: int, chance: Callable[[], float], *, is_busy: bool = False, retry_after: float | None = None
) -> float | None:
    """Seconds until the next attempt; None: that was the last.

    attempts: made so far, the one that just failed included; chance: a number from 0 to 1;
    is_busy: it timed out, or was answered with 429; retry_after: what the receiver asked for, in seconds.
    """
    if attempts >= ATTEMPTS:
        return None
    planned = float(DELAYS_SECONDS[attempts - 1])
    number = planned * (1 - JITTER + 2 * JITTER * chance())
    if retry_after is not None:
        number = max(number, min(retry_after, planned + MOST_BEYOND_SECONDS))
    return max(number, LEAST_WHEN_BUSY_SECONDS) if is_busy else number
