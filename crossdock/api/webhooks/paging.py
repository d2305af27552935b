"""Pages in both directions: `iterator` goes on, `prevIterator` (with a minus) goes back."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from crossdock.api.webhooks.visit import Answer, Visit
from crossdock.store.ids import first_id

Item = TypeVar("Item")

DAY_MS = 86_400_000
WINDOW_MS = 90 * DAY_MS


@dataclass(frozen=True)
class Turn:
    """Which part of a list is asked for: from behind a key, in this direction."""

    after: str | None
    limit: int
    descending: bool
    is_back: bool

    def bounds(self, above: str | None, below: str | None) -> tuple[str | None, str | None]:
        """The same with further bounds, as (above, below)."""
        if self.after is not None and self.descending:
            below = self.after if below is None else min(below, self.after)
        elif self.after is not None:
            above = self.after if above is None else max(above, self.after)
        return above, below


def turn(visit: Visit, *, descending: bool) -> Turn:
    """What a query asks for. descending: unless it says otherwise."""
    iterator = visit.text("iterator") or None
    order = visit.choice("order", ("ascending", "descending"))
    if order is not None:
        descending = order == "descending"
    is_back = iterator is not None and iterator.startswith("-")
    after = iterator[1:] if iterator and is_back else iterator
    return Turn(after, visit.limit, descending != is_back, is_back)


async def page(
    asked: Turn,
    fetch: Callable[[int], Awaitable[list[Item]]],
    key: Callable[[Item], str],
    shown: Callable[[list[Item]], Awaitable[list[Any]]],
) -> Answer:
    """A page. fetch: so many items, in the direction of the turn."""
    found = await fetch(asked.limit + 1)
    items = found[: asked.limit]
    if asked.is_back:
        items.reverse()
    last = key(items[-1]) if items else asked.after
    first = f"-{key(items[0])}" if items else None
    return Answer(
        200,
        {
            "data": await shown(items),
            "iterator": last,
            "prevIterator": first,
            "done": len(found) <= asked.limit,
        },
    )


@dataclass(frozen=True)
class Window:
    """A time, and whether it is told from its beginning."""

    above: str | None
    below: str | None
    oldest_first: bool


def window(visit: Visit, prefix: str) -> Window:
    """The time that a query is about, as ids; the last 90 days unless it says otherwise."""
    before, after = visit.moment("before"), visit.moment("after")
    if before is None and after is None:
        return Window(first_id(prefix, max(0, visit.now_ms - WINDOW_MS)), None, oldest_first=False)
    return Window(
        None if after is None else first_id(prefix, after + 1),
        None if before is None else first_id(prefix, before),
        oldest_first=before is None,
    )
