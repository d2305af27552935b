"""Ways that vendors cut a list into pages. Each turns a function that fetches one page into a walk.

    by_cursor    the answer says where the next page begins
    by_number    page 1, 2, 3 …
    by_offset    so many records to skip
    by_link      the answer's Link header names the next page (RFC 8288)
    by_time      from window to window of time, each with pages of its own

A walk yields `Page`s and goes on where `walk.cursor` says. A vendor that goes in circles ends it with
VendorNonsense, see `PageGuard`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from yarl import URL

from crossdock.errors import NotFound, RecordHidden, VendorNonsense, VendorRefused
from crossdock.kit.contract import Json, Page, Raw, Walk
from crossdock.kit.responses import Response

MOST_PAGES = 1_000_000
MOST_EMPTY_PAGES = 1_000

Mark = Callable[[list[Raw], Json], Json]
"""The mark after a page, given the page's records and the mark of this walk so far (None at first)."""


class PageGuard:
    """Watches one walk; raises VendorNonsense when it gets nowhere.

    start: the cursor that the walk goes on from, None at its beginning.
    """

    def __init__(self, start: Json = None, *, most_pages: int = MOST_PAGES) -> None:
        self._most_pages = most_pages
        self._seen = {hash(repr(start))}
        self._last = _rank(start)
        self._direction = 0
        self._pages = self._empty = 0
        self._first: list[Raw] = []
        self._previous: list[Raw] = []

    def see(self, page: Page) -> None:
        """Take note of the next page. Raises VendorNonsense when it should not have come.

        Pages out of files are none of a list: two files may be equal, thousands may be empty, and how far
        one was read is known here, not said by a vendor. A page that waits may be asked for once more.
        """
        if page.file is not None or page.wait_seconds:
            return
        self._pages += 1
        self._see_records(page.records)
        if page.cursor is not None:
            self._see_cursor(page.cursor)
            if self._pages >= self._most_pages:
                raise VendorNonsense(f"the vendor has more to come after {self._pages:,} pages")

    def _see_records(self, records: list[Raw]) -> None:
        self._empty = 0 if records else self._empty + 1
        if self._empty > MOST_EMPTY_PAGES:
            raise VendorNonsense(f"the vendor sent {self._empty:,} empty pages in a row")
        if not records:
            return
        if records == self._previous:
            raise VendorNonsense(f"page {self._pages} is the same as the page before")
        if records == self._first:
            raise VendorNonsense(f"page {self._pages} is the same as the first: the vendor began again")
        self._first = self._first or records
        self._previous = records

    def _see_cursor(self, cursor: Json) -> None:
        spelled = repr(cursor)
        if hash(spelled) in self._seen:
            raise VendorNonsense(f"after page {self._pages} the vendor sends us back to {spelled[:80]}")
        self._seen.add(hash(spelled))
        rank, last = _rank(cursor), self._last
        if rank is not None and last is not None and type(rank) is type(last):
            # Some lists run from new to old, so it is the turn that is wrong, not the direction.
            direction = (rank > last) - (rank < last)
            if direction * self._direction < 0:
                raise VendorNonsense(f"after page {self._pages} the cursor goes back, from {last} to {rank}")
            self._direction = direction or self._direction
        self._last = rank


async def by_cursor(
    walk: Walk,
    fetch: Callable[[Json], Awaitable[tuple[list[Raw], Json]]],
    *,
    mark: Mark | None = None,
    key: str = "id",
    most_pages: int = MOST_PAGES,
) -> AsyncIterator[Page]:
    """Pages until the vendor names no next one.

    fetch: a cursor (None: the first page) → the records, and the cursor of the next page or None.
    mark: see `newest` and `began`; without it the next walk begins where this one did.
    """
    here, so_far = _resumed(walk.cursor)
    guard = PageGuard(here, most_pages=most_pages)
    while True:
        records, following = await fetch(here)
        guard.see(Page(records, following))
        if mark:
            so_far = mark(records, so_far)
        if following is None:
            yield Page(records, mark=walk.mark if so_far is None else so_far, key=key)
            return
        yield Page(records, {"at": following, "mark": so_far}, key=key)
        here = following


def by_number(
    walk: Walk,
    fetch: Callable[[int], Awaitable[tuple[list[Raw], bool]]],
    *,
    first: int = 1,
    **options: Any,
) -> AsyncIterator[Page]:
    """Numbered pages.

    fetch: a page number → the records, and whether more follow. Where the vendor does not say, take
    `bool(records)`: a page that is merely short proves nothing, as vendors lower the size that was asked for.
    """

    async def at(number: Json) -> tuple[list[Raw], Json]:
        number = first if number is None else number
        records, has_more = await fetch(number)
        return records, number + 1 if has_more else None

    return by_cursor(walk, at, **options)


def by_offset(
    walk: Walk, fetch: Callable[[int], Awaitable[tuple[list[Raw], bool]]], **options: Any
) -> AsyncIterator[Page]:
    """Pages by how many records come before. fetch: an offset → as for `by_number`."""

    async def at(offset: Json) -> tuple[list[Raw], Json]:
        records, has_more = await fetch(offset or 0)
        return records, (offset or 0) + len(records) if has_more else None

    return by_cursor(walk, at, **options)


def by_link(
    walk: Walk,
    fetch: Callable[[str | None], Awaitable[Response]],
    *,
    records: Callable[[Response], list[Raw]] = Response.json,
    **options: Any,
) -> AsyncIterator[Page]:
    """Pages by the Link header. fetch: a URL (None: the first page) → the answer."""

    async def at(url: Json) -> tuple[list[Raw], Json]:
        answer = await fetch(url)
        return records(answer), next_link(answer)

    return by_cursor(walk, at, **options)


def by_time(
    walk: Walk,
    fetch: Callable[[datetime, datetime, Json], Awaitable[tuple[list[Raw], Json]]],
    *,
    start: datetime,
    end: datetime,
    step: timedelta,
    **options: Any,
) -> AsyncIterator[Page]:
    """Windows of at most `step` from start to end, the pages of each by a cursor of its own.

    fetch: (from, until, cursor), until not included → as for `by_cursor`.
    end: now by the vendor's clock, from its Date header; the mark of the walk unless another is given. A walk
    that goes on keeps the end that it began with.
    """

    async def at(position: Json) -> tuple[list[Raw], Json]:
        since, last, inner = position or [min(start, end).isoformat(), end.isoformat(), None]
        begin, stop = datetime.fromisoformat(since), datetime.fromisoformat(last)
        until = min(begin + step, stop)
        records, following = await fetch(begin, until, inner)
        if following is not None:
            return records, [since, last, following]
        return records, None if until >= stop else [until.isoformat(), last, None]

    return by_cursor(walk, at, **({"mark": began(end.isoformat())} | options))


async def with_details(
    page: Page,
    fetch: Callable[[Raw], Awaitable[Raw]],
    *,
    at_once: int = 4,
    gone: Literal["deleted", "left out"] = "deleted",
) -> Page:
    """The page with each record as `fetch` makes it whole, in the same order.

        async for page in self._pages(walk):
            yield await with_details(page, self._with_boxes)

    at_once: how many are fetched at a time; the limits of the account count besides. A record of which the
    vendor says meanwhile that there is none (404) is no error: it is named in `Page.deleted`, or left out.
    One that it merely does not show (`RecordHidden`) is left out. Any other failure fails the page.
    """
    semaphore, hidden = asyncio.Semaphore(at_once), set[str]()

    async def fetched(raw: Raw) -> Raw | None:
        async with semaphore:
            try:
                return await fetch(raw)
            except (NotFound, VendorRefused) as failure:
                if isinstance(failure, VendorRefused) and failure.status != 404:
                    raise
                if isinstance(failure, RecordHidden):
                    hidden.add(str(raw[page.key]))
                return None

    tasks = [asyncio.ensure_future(fetched(raw)) for raw in page.records]
    try:
        details = await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    missing = [raw for raw, detail in zip(page.records, details, strict=True) if detail is None]
    missing_ids = (str(raw[page.key]) for raw in missing) if gone == "deleted" else ()
    ids = tuple(record_id for record_id in missing_ids if record_id not in hidden)
    records = [detail for detail in details if detail is not None]
    return replace(page, records=records, deleted=(*page.deleted, *ids))


async def with_open(page: Page, walk: Walk, read: Callable[[str], Awaitable[Raw]]) -> Page:
    """The page; where it is the last of its walk with the records that are open with us, as they are now.

    read: reads one record, by its id. One that stands in the page is not read again.
    """
    if page.cursor is not None or not walk.open_ids:
        return page
    known_ids = {str(raw.get(page.key)) for raw in page.records if isinstance(raw, dict)}
    ids = Page([{"id": record_id} for record_id in walk.open_ids if record_id not in known_ids])
    again = await with_details(ids, lambda raw: read(raw["id"]))
    return replace(page, records=[*page.records, *again.records], deleted=(*page.deleted, *again.deleted))


def newest(name: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Mark:
    """The latest time in this member of the records; for lists that the vendor sorts by it, oldest first.

    A time more than a day ahead does not count: a mark in the future would hide every change until then.
    """

    def mark(records: list[Raw], so_far: Json) -> Json:
        latest = clock() + timedelta(days=1)
        # A record that is no object is for whoever reads it to set aside.
        named = (record.get(name) for record in records if isinstance(record, dict))
        texts = [text for text in (so_far, *named) if _moment(text)]
        return max((text for text in texts if _moment(text) <= latest), key=_moment, default=so_far)

    return mark


def began(now: str) -> Mark:
    """The time when the walk began, by the vendor's clock; for lists in any other order."""
    return lambda _, so_far: so_far or now


def next_link(answer: Response) -> str | None:
    """The URL that the Link header calls next; None when there is none.

    It must stay on the host that answered, since the credentials go with it. Secrets in its query are left
    out: the next request is signed anew, and cursors are stored.
    """
    for link in _links(answer.headers.get("Link", "")):
        target, _, parameters = link.partition(">")
        if 'rel="next"' not in parameters.replace("'", '"').replace("rel=next", 'rel="next"').lower():
            continue
        here = URL(answer.url)
        there = here.join(URL(target.strip().removeprefix("<")))
        if there.origin() != here.origin():
            raise VendorNonsense(f"the next page is on another host, {there.host}", url=answer.url)
        spellings = answer.redaction.spellings
        return str(there.with_query([pair for pair in there.query.items() if pair[1] not in spellings]))
    return None


def _links(header: str) -> list[str]:
    """The links of a header. A comma separates them only before `<`: URLs have commas of their own."""
    return [part for part in header.replace(", <", ",<").split(",<") if part]


def _resumed(cursor: Json) -> tuple[Json, Json]:
    """The place where a walk goes on, and the mark that it had there."""
    return (cursor["at"], cursor["mark"]) if isinstance(cursor, dict) else (None, None)


def _rank(cursor: Json) -> Any:
    """The position of a cursor, a float or a datetime; None when that cannot be told."""
    position = cursor.get("at") if isinstance(cursor, dict) else cursor
    if isinstance(position, int | float):
        return float(position)
    return _moment(position) if isinstance(position, str) and "T" in position else None


def _moment(text: Any) -> Any:
    """The moment that a text names, for comparison; None when it names none."""
    try:
        fromisoformat = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return fromisoformat if fromisoformat.tzinfo else fromisoformat.replace(tzinfo=UTC)
