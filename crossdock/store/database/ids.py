"""Ids that sort by the time they were made."""

import secrets
from collections.abc import Callable

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PAIRS = [high + low for high in _DIGITS for low in _DIGITS]
_LENGTH = 27  # of base 62: room for 20 bytes

Clock = Callable[[], int]
"""Milliseconds since 1970."""

CLOCKS_APART_MS = 15 * 60_000
"""What the clocks of two machines may differ by; a time farther ahead was set by one that was wrong."""


def new_id(prefix: str, now_ms: int) -> str:
    """`prefix_` and 27 letters: the time in milliseconds, then 14 random bytes."""
    return _written(prefix, int.from_bytes(now_ms.to_bytes(6, "big") + secrets.token_bytes(14), "big"))


def first_id(prefix: str, moment_ms: int) -> str:
    """A bound before every id that is made at this moment or later, and behind all from before it."""
    return _written(prefix, max(0, min(moment_ms, (1 << 48) - 1)) << 112)


def _written(prefix: str, number: int) -> str:
    pairs = []
    for _ in range(_LENGTH // 2 + 1):
        number, pair = divmod(number, 62 * 62)
        pairs.append(_PAIRS[pair])
    return f"{prefix}_{''.join(reversed(pairs))[1:]}"


def moment_ms(made_id: str) -> int | None:
    """The time when an id was made, in milliseconds since 1970; None when it is no id."""
    letters = made_id.rpartition("_")[2]
    if len(letters) != _LENGTH or not all(character in _DIGITS for character in letters):
        return None
    number = 0
    for character in letters:
        number = number * 62 + _DIGITS.index(character)
    return number >> 112 if number < 1 << 160 else None
