"""Pages in both directions: `iterator` goes on, `prevIterator` (with a minus) goes back."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.responses import Response

from crossdock.store.database.ids import first_id
from crossdock.svix_api.context import AdminContext
from crossdock.web.pagination import paginate
from crossdock.web.responses import reply

Item = TypeVar("Item")

DAY_MS = 86_400_000
WINDOW_MS = 90 * DAY_MS


@dataclass(frozen=True)
class PageTurn:
    """The part of a list that is asked for: from behind a key, in this direction."""

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


def turn(visit: AdminContext, *, descending: bool) -> PageTurn:
    """The part of a list that a query asks for. descending: unless it says otherwise."""
    iterator = visit.text("iterator") or None
    order = visit.choice("order", ("ascending", "descending"))
    if order is not None:
        descending = order == "descending"
    is_back = iterator is not None and iterator.startswith("-")
    after = iterator[1:] if iterator and is_back else iterator
    return PageTurn(after, visit.limit, descending != is_back, is_back)


async def page(
    page_turn: PageTurn,
    fetch: Callable[[int], Awaitable[list[Item]]],
    key: Callable[[Item], str],
    shown: Callable[[list[Item]], Awaitable[list[Any]]],
) -> Response:
    """A page. fetch: so many items, in the direction of the turn."""
    cut = await paginate(page_turn.limit, fetch, key)
    items = list(reversed(cut.items) if page_turn.is_back else cut.items)
    last = key(items[-1]) if items else page_turn.after
    first = f"-{key(items[0])}" if items else None
    return reply(
        {
            "data": await shown(items),
            "iterator": last,
            "prevIterator": first,
            "done": cut.next_token is None,
        }
    )


@dataclass(frozen=True)
class TimeWindow:
    """A time, and whether it is told from its beginning."""

    above: str | None
    below: str | None
    oldest_first: bool


def window(visit: AdminContext, prefix: str) -> TimeWindow:
    """The time that a query is about, as ids; the last 90 days unless it says otherwise."""
    before, after = visit.moment("before"), visit.moment("after")
    if before is None and after is None:
        return TimeWindow(first_id(prefix, max(0, visit.now_ms - WINDOW_MS)), None, oldest_first=False)
    return TimeWindow(
        None if after is None else first_id(prefix, after + 1),
        None if before is None else first_id(prefix, before),
        oldest_first=before is None,
    )
