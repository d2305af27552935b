"""Every way of paging yields each record once, goes on where it was cut off, and notices circles."""

import itertools
import json
from datetime import UTC, datetime, timedelta

import pytest
from multidict import CIMultiDict

from crossdock.errors import NotFound, RecordHidden, VendorNonsense
from crossdock.kit import paging
from crossdock.kit.contract import Page, Walk
from crossdock.kit.paging import PageGuard
from crossdock.kit.responses import Redaction, Response

ROWS = [{"id": str(n), "updated_at": f"2026-01-{n:02}T00:00:00Z"} for n in range(1, 8)]
DAY = timedelta(days=1)
FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def _cursor(walk: Walk):
    async def fetch(cursor):
        start = int(cursor.removeprefix("c")) if cursor else 0
        following = f"c{start + 3}" if start + 3 < len(ROWS) else None
        return ROWS[start : start + 3], following

    return paging.by_cursor(walk, fetch)


def _number(walk: Walk):
    async def fetch(number):
        rows = ROWS[(number - 1) * 3 : number * 3]
        return rows, bool(rows)

    return paging.by_number(walk, fetch)


def _offset(walk: Walk):
    async def fetch(offset):
        # The vendor gives three although ten were asked for.
        rows = ROWS[offset : offset + 3]
        return rows, offset + 3 < len(ROWS)

    return paging.by_offset(walk, fetch)


def _link(walk: Walk):
    async def fetch(url):
        start = int(url.partition("from=")[2]) if url else 0
        has_more = start + 3 < len(ROWS)
        headers = {"Link": f'<https://v.example/orders?from={start + 3}>; rel="next"'} if has_more else {}
        return _response(headers, ROWS[start : start + 3])

    return paging.by_link(walk, fetch)


def _time(walk: Walk):
    async def fetch(since, until, cursor):
        rows = [row for row in ROWS if since <= datetime.fromisoformat(row["updated_at"]) < until]
        start = cursor or 0
        return rows[start : start + 2], start + 2 if start + 2 < len(rows) else None

    return paging.by_time(walk, fetch, start=FIRST, end=FIRST + 9 * DAY, step=3 * DAY)


STYLES = [_cursor, _number, _offset, _link, _time]


def _response(headers, rows=(), secrets=()) -> Response:
    body = json.dumps(rows).encode()
    return Response(200, CIMultiDict(headers), body, "https://v.example/orders", Redaction.of(secrets))


async def _collect(walk) -> list[Page]:
    return [page async for page in walk]


def _ids(pages) -> list[str]:
    return [row["id"] for page in pages for row in page.records]


@pytest.mark.parametrize("style", STYLES)
async def test_every_record_comes_once_and_in_order(style):
    pages = await _collect(style(Walk()))
    assert _ids(pages) == ["1", "2", "3", "4", "5", "6", "7"]
    assert [page.cursor is None for page in pages] == [False] * (len(pages) - 1) + [True]


@pytest.mark.parametrize("style", STYLES)
async def test_a_walk_that_was_cut_off_after_any_page_goes_on_there(style):
    whole_pages = await _collect(style(Walk()))
    for page, following in itertools.pairwise(whole_pages):
        remaining_pages = await _collect(style(Walk(cursor=page.cursor)))
        assert remaining_pages[0] == following
        assert remaining_pages[-1] == whole_pages[-1]


@pytest.mark.parametrize("style", STYLES)
async def test_cursors_survive_json_and_never_repeat(style):
    cursors = [page.cursor for page in await _collect(style(Walk()))]
    assert json.loads(json.dumps(cursors)) == cursors
    assert len({json.dumps(cursor) for cursor in cursors}) == len(cursors)


async def test_an_empty_list_is_one_empty_page():
    async def fetch(_):
        return [], None

    assert await _collect(paging.by_cursor(Walk(mark="m"), fetch)) == [Page([], mark="m")]


async def test_the_key_of_the_records_is_told_on_each_page():
    async def fetch(cursor):
        return [{"uuid": cursor or "a"}], None if cursor else "b"

    assert [page.key async for page in paging.by_cursor(Walk(), fetch, key="uuid")] == ["uuid", "uuid"]


# Marks


async def _mark(pages, **options):
    async def fetch(cursor):
        number = cursor or 0
        return pages[number], number + 1 if number + 1 < len(pages) else None

    return [page.mark async for page in paging.by_cursor(fetch=fetch, **options)]


def _rows(*times):
    return [{"id": str(number), "at": at} for number, at in enumerate(times)]


async def test_the_mark_is_the_newest_change_of_the_walk_and_comes_with_its_last_page():
    pages = [_rows("2026-01-02T00:00:00Z", "2026-01-03T00:00:00+02:00"), _rows("2026-01-02T23:00:00Z", None)]
    marks = await _mark(pages, walk=Walk(), mark=paging.newest("at"))
    assert marks == [None, "2026-01-02T23:00:00Z"]


async def test_a_walk_that_found_nothing_new_keeps_its_mark():
    assert await _mark([[]], walk=Walk(mark="2026-01-01"), mark=paging.newest("at")) == ["2026-01-01"]


async def test_a_walk_that_goes_on_remembers_the_newest_change_before_the_cut():
    async def fetch(cursor):
        return (
            (_rows("2026-01-09T00:00:00Z"), "b") if cursor is None else (_rows("2026-01-05T00:00:00Z"), None)
        )

    first = await anext(paging.by_cursor(Walk(), fetch, mark=paging.newest("at")))
    remaining_pages = await _collect(
        paging.by_cursor(Walk(cursor=first.cursor), fetch, mark=paging.newest("at"))
    )
    assert remaining_pages[-1].mark == "2026-01-09T00:00:00Z"


async def test_a_time_in_the_far_future_does_not_become_the_mark():
    """Else every change until that day would be missed."""

    def clock() -> datetime:
        return datetime(2026, 1, 3, tzinfo=UTC)

    pages = [_rows("2026-01-02T00:00:00Z", "2999-01-01T00:00:00Z", "not a time", "2026-01-01T00:00:00")]
    assert await _mark(pages, walk=Walk(), mark=paging.newest("at", clock)) == ["2026-01-02T00:00:00Z"]


async def test_a_list_in_another_order_is_marked_with_the_time_its_walk_began():
    async def fetch(cursor):
        return [{"id": cursor or "a"}], None if cursor else "b"

    first = await anext(paging.by_cursor(Walk(), fetch, mark=paging.began("10:00")))
    remaining_pages = await _collect(
        paging.by_cursor(Walk(cursor=first.cursor), fetch, mark=paging.began("11:00"))
    )
    assert remaining_pages[-1].mark == "10:00"


async def test_windows_of_time_touch_each_other_and_end_at_the_end_the_walk_began_with():
    items = []

    async def fetch(since, until, _):
        items.append((since.day, until.day))
        return [], None

    def walk(cursor, end):
        return paging.by_time(Walk(cursor=cursor), fetch, start=FIRST, end=end, step=3 * DAY)

    first = await anext(walk(None, FIRST + 7 * DAY))
    remaining_pages = await _collect(walk(first.cursor, FIRST + 20 * DAY))
    assert items == [(1, 4), (4, 7), (7, 8)]
    assert remaining_pages[-1].mark == (FIRST + 7 * DAY).isoformat()


# Links


@pytest.mark.parametrize(
    ("header", "following"),
    [
        ('<https://v.example/orders?page=2>; rel="next"', "https://v.example/orders?page=2"),
        ("</orders?page=2>; rel=next", "https://v.example/orders?page=2"),
        ("<?a=1,2>; rel='next'", "https://v.example/orders?a=1,2"),
        ('<https://v.example/a>; rel="prev", <https://v.example/b>; rel="next"', "https://v.example/b"),
        (
            '<https://v.example/a>; rel="prev",<https://v.example/b>; title="x"; rel="next"',
            "https://v.example/b",
        ),
        ('<https://v.example/a>; rel="last"', None),
        ("", None),
    ],
)
def test_the_link_header_names_the_next_page(header, following):
    assert paging.next_link(_response({"Link": header})) == following


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/orders", "http://v.example/orders", "//evil.example/", "https://v.example:8443/"],
)
def test_a_next_page_on_another_host_is_nonsense_since_the_credentials_would_go_there(target):
    with pytest.raises(VendorNonsense, match="another host"):
        paging.next_link(_response({"Link": f'<{target}>; rel="next"'}))


def test_p20_a_next_page_is_remembered_without_the_key_in_it():
    header = '<https://v.example/orders?page=2&api_key=s3%2Fcret>; rel="next"'
    link = paging.next_link(_response({"Link": header}, secrets=["s3/cret"]))
    assert link == "https://v.example/orders?page=2"


# Circles


async def test_a_vendor_that_sends_the_same_page_for_ever_is_nonsense():
    numbers = itertools.count(1)

    async def fetch(_):
        return ROWS[:3], f"new-{next(numbers)}"

    with pytest.raises(VendorNonsense, match="page 2 is the same as the page before"):
        await _collect(paging.by_cursor(Walk(), fetch))


async def test_a_vendor_that_begins_again_is_nonsense():
    async def fetch(number):
        return ROWS[number % 3 : number % 3 + 1], True

    with pytest.raises(VendorNonsense, match="page 4 is the same as the first"):
        await _collect(paging.by_number(Walk(), fetch, first=0))


async def test_a_cursor_that_comes_again_is_nonsense():
    numbers = itertools.count(1)

    async def fetch(cursor):
        return [{"id": next(numbers)}], {"a": "b", "b": "c", "c": "a"}[cursor or "a"]

    with pytest.raises(VendorNonsense, match="sends us back to 'b'"):
        await _collect(paging.by_cursor(Walk(), fetch))


async def test_a_cursor_that_leads_back_to_where_the_walk_went_on_is_nonsense():
    async def fetch(cursor):
        return [{"id": cursor}], cursor

    walk = paging.by_cursor(Walk(cursor={"at": "c", "mark": None}), fetch)
    with pytest.raises(VendorNonsense, match="sends us back to 'c'"):
        await _collect(walk)


async def test_an_offset_that_does_not_move_is_nonsense():
    async def fetch(_):
        return [], True

    with pytest.raises(VendorNonsense, match="sends us back to 0"):
        await _collect(paging.by_offset(Walk(cursor={"at": 0, "mark": None}), fetch))


async def test_a_list_without_end_is_nonsense():
    async def fetch(number):
        return [{"id": number}], True

    with pytest.raises(VendorNonsense, match="more to come after 50 pages"):
        await _collect(paging.by_number(Walk(), fetch, most_pages=50))


async def test_empty_pages_without_end_are_nonsense():
    async def fetch(_):
        return [], True

    with pytest.raises(VendorNonsense, match="1,001 empty pages in a row"):
        await _collect(paging.by_number(Walk(), fetch))


@pytest.mark.parametrize(
    "cursors",
    [
        [1, 2, 3, 2.5],
        [900, 800, 850],
        ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-01T12:00:00Z"],
        [{"at": 1, "mark": "x"}, {"at": 5, "mark": "y"}, {"at": 4, "mark": "z"}],
        [{"at": 1, "mark": "x"}, {"at": 2, "mark": "x"}, {"at": 2, "mark": "y"}, {"at": 1, "mark": "y"}],
    ],
)
def test_a_cursor_that_turns_round_is_nonsense(cursors):
    guard = PageGuard()
    for number, cursor in enumerate(cursors[:-1]):
        guard.see(Page([{"id": number}], cursor))
    with pytest.raises(VendorNonsense, match="goes back"):
        guard.see(Page([{"id": 99}], cursors[-1]))


@pytest.mark.parametrize(
    "cursors",
    [
        [1, 2, 3],
        [900, 800, 700],
        ["b", "a", "c"],
        ["20260102", "20260101", "20260103"],
        [["orders", 100], ["orders", 200], ["returns", 0]],
        [{"at": 1}, "x", 3],
    ],
)
def test_a_walk_that_gets_on_is_left_alone(cursors):
    guard = PageGuard()
    for number, cursor in enumerate(cursors):
        guard.see(Page([{"id": number}], cursor))
    guard.see(Page([], None))


def test_pages_that_overlap_are_left_alone():
    """While rows are inserted, an offset shows some twice. The diff sees that they are unchanged."""
    guard = PageGuard()
    guard.see(Page(ROWS[0:3], 3))
    guard.see(Page(ROWS[2:5], 6))


async def test_open_records_come_with_the_last_page_each_once_as_they_are_now():
    shown = {"2": {"id": "2", "now": True}}

    async def read(record_id: str) -> dict[str, object]:
        if record_id == "3":
            raise NotFound("no longer there")
        if record_id == "4":
            raise RecordHidden("too old to be shown")
        return shown[record_id]

    walk = Walk(open_ids=("1", "2", "3", "4"))
    earlier = Page([{"id": "0"}], cursor="more")
    assert await paging.with_open(earlier, walk, read) == earlier
    last = await paging.with_open(Page([{"id": "1"}]), walk, read)
    assert last.records == [{"id": "1"}, {"id": "2", "now": True}]
    assert last.deleted == ("3",), "what is merely not shown may be there"
