"""Storing many members together, and each for itself where one of them can't be stored."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from crossdock.errors import LeaseLost, Unavailable

Member = TypeVar("Member")


async def together_or_apart(
    members: Sequence[Member],
    store: Callable[[Sequence[Member]], Awaitable[None]],
    set_aside: Callable[[Member, Exception], Awaitable[None]],
) -> None:
    """Store members together; where that fails for what they hold, each half for itself, down to one.

    store: stores some, or nothing of them. set_aside: gets each that can't be stored even alone, and why.
    Raises Unavailable and LeaseLost: these are about the database and the job, and no member's fault.
    """
    if not members:
        return
    try:
        await store(members)
    except (Unavailable, LeaseLost):
        raise
    except Exception as problem:  # noqa: BLE001  whatever it is, it is told to who sets aside
        if len(members) == 1:
            await set_aside(members[0], problem)
            return
        half = len(members) // 2
        await together_or_apart(members[:half], store, set_aside)
        await together_or_apart(members[half:], store, set_aside)
