"""Measuring two sides in turn, so that what else the machine does falls on both."""

from collections.abc import Callable
from statistics import median


def interleaved(rounds: int, ours: Callable[[], float], theirs: Callable[[], float]) -> tuple[float, float]:
    """A B A B …: the median of each side."""
    pairs = [(ours(), theirs()) for _ in range(rounds)]
    return median(one for one, _ in pairs), median(other for _, other in pairs)
