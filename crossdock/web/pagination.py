"""Cutting a page: one item more than it holds is asked for, which tells whether there is a next one."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True)
class ItemPage(Generic[Item]):
    """Some items of a list. next_token: where the page behind it begins; None: this is the last."""

    items: Sequence[Item]
    next_token: str | None


async def paginate(
    limit: int,
    fetch: Callable[[int], Awaitable[Sequence[Item]]],
    token: Callable[[Item], str],
) -> ItemPage[Item]:
    """A page of up to `limit` items. fetch: so many items, in order; token: where what follows one begins."""
    items = await fetch(limit + 1)
    has_more = len(items) > limit
    return ItemPage(items[:limit], token(items[limit - 1]) if has_more else None)
