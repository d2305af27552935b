"""Where a walk of purchase orders stands. Pure. There are two lists, oldest first, and no cursor but a date.

answered   which of the lists it is in: first that of orders that nobody answered
from       the date that is asked for; null: from the beginning
limit      how many are asked for at once
begin      where the second list begins
mark       the newest date of all that was seen
page       how many pages came before
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from crossdock.errors import VendorNonsense
from crossdock.integrations.wayfair.dates import moment, written
from crossdock.kit.contract import Json, Raw, Walk

PAGE_SIZE = 25
"""The most that Wayfair sends at once, as one client of it has it; others ask for thousands."""
MOST = 3200
"""So many orders are asked for when those of one moment fill a page."""
RECENT = timedelta(days=7)
"""Orders placed since are read again each time: no date tells when they were answered or cancelled."""
STEP_BACK = timedelta(seconds=1)
"""Nobody says whether a date that is asked for is included."""


def first_position(walk: Walk, now: datetime) -> Json:
    """The beginning: all orders that nobody answered, unless a window is asked for.

    A date that is still to come would hide what is placed until then: the week is one of the past.
    """
    begin = walk.start if walk.mark is None else min(moment(walk.mark), now) - RECENT
    since = written(begin) if begin else None
    place = {"answered": False, "from": since if walk.end else None, "limit": PAGE_SIZE}
    return {**place, "begin": since, "mark": walk.mark, "page": 0}


def next_position(position: Json, page: list[Raw], *, has_fresh: bool, end: datetime | None) -> Json:
    """The position after a page; None: at the end. Raises VendorNonsense where there is no way on."""
    limit = position["limit"]
    here = {**position, "mark": newest(position["mark"], page), "page": position["page"] + 1}
    if _is_last(len(page), limit) or not all(is_before(order, end) for order in page):
        second = {**here, "answered": True, "from": here["begin"], "limit": PAGE_SIZE}
        return None if position["answered"] else second
    if has_fresh:
        latest = newest(None, page)
        return {**here, "from": written(moment(latest) - STEP_BACK) if latest else here["from"]}
    # All of the page was there before: more orders than it holds are of one moment, or of one day.
    if limit >= MOST or (limit > PAGE_SIZE and len(page) <= limit // 2):
        raise VendorNonsense(f"more than {len(page)} orders are of one date, and no more come at once")
    return {**here, "limit": limit * 2}


def _is_last(count: int, limit: int) -> bool:
    """Check whether a page has fewer orders than it may. One of just half of them may be all that is sent."""
    return count < PAGE_SIZE or limit // 2 < count < limit


def newest(mark: str | None, orders: Iterable[Raw]) -> str | None:
    """The latest date of orders, or the one before; what is no date is for whoever reads it to set aside."""
    moments = [] if mark is None else [moment(mark)]
    moments += [placed for placed in map(_placed, orders) if placed is not None]
    return written(max(moments)) if moments else None


def is_before(order: Raw, end: datetime | None) -> bool:
    """Check whether an order was placed before the end of a window, if there is one."""
    placed = _placed(order)
    return end is None or placed is None or placed < end


def _placed(order: Raw) -> datetime | None:
    try:
        return moment(order["poDate"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
