"""Measuring two sides in turn, so that what else the machine does falls on both."""

from collections.abc import Callable


def interleaved(rounds: int, ours: Callable[[], float], theirs: Callable[[], float]) -> tuple[float, float]:
    """A B A B …: of these pairs the one whose ratio is in the middle.

    Not the middle of each side: a machine that is slow for a while is slow for both of a pair.
    """
    pairs = sorted(((ours(), theirs()) for _ in range(rounds)), key=lambda pair: pair[0] / pair[1])
    return pairs[len(pairs) // 2]
