"""Pure: attempt number → how long to wait before the next."""

from collections.abc import Callable

FIRST_SECONDS = 5.0
LONGEST_SECONDS = 900.0


def seconds_to_wait(attempt: int, chance: Callable[[], float]) -> float:
    """The wait, doubled with each attempt up to 15 minutes, give or take a fifth to spread failures out.

    attempt: 1 after the first failure; chance: a number from 0 to 1.
    """
    planned = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** (attempt - 1))
    return planned * (0.8 + 0.4 * chance())
