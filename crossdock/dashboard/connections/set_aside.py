"""Records of a connection that did not fit, wholly or in part: which, why, and how they begin."""

import msgspec
from starlette.responses import Response

from crossdock.dashboard.connections.head import ConnectionHead, opened_connection
from crossdock.dashboard.context import DashboardContext
from crossdock.store.records import quarantine
from crossdock.store.records.quarantine import QuarantineRow
from crossdock.web.page_tokens import PageTokens
from crossdock.web.pagination import paginate
from crossdock.wire import stamp

PAGE = 50
SHOWN_CHARACTERS = 4000
"""Of the beginning of a record."""


class SetAsideLine(msgspec.Struct, kw_only=True):
    """A record that was set aside. kind: "whole", or "partial": stored but for what the reason says."""

    function_name: str
    key: str
    kind: str
    reason: str
    begins: str
    size: int
    first_seen: str
    last_seen: str


class SetAsidePage(msgspec.Struct, kw_only=True):
    """A page of records that were set aside. counts: of all, by function."""

    head: ConnectionHead
    records: list[SetAsideLine]
    counts: dict[str, int]
    filters: dict[str, str]
    next_token: str | None


async def listed(visit: DashboardContext) -> Response:
    """The records that are set aside, by function and id."""
    opened, database = await opened_connection(visit), visit.door.database
    filters = visit.query("function")
    tokens = PageTokens(visit.door.page_key, opened.row.id, "dashboard records set aside")
    place = tokens.key_or_none(visit.query("page_token").get("page_token"))
    after = None if place is None else _place(str(place[0]))
    current_page = await paginate(
        PAGE,
        lambda limit: quarantine.page(database, opened.row.id, filters.get("function", ""), after, limit),
        lambda row: tokens.token((f"{row.function} {row.key}",), None),
    )
    page = SetAsidePage(
        head=opened.head,
        records=[_line(row) for row in current_page.items],
        counts=await quarantine.counts(database, opened.row.id),
        filters=filters,
        next_token=current_page.next_token,
    )
    return visit.view("connections/set_aside.html", page, title=opened.head.title)


def _place(text: str) -> tuple[str, str]:
    function, _, key = text.partition(" ")
    return function, key


def _line(row: QuarantineRow) -> SetAsideLine:
    return SetAsideLine(
        function_name=row.function,
        key=row.key,
        kind=row.kind,
        reason=row.reason,
        begins=row.raw.decode("utf-8", "replace")[:SHOWN_CHARACTERS],
        size=row.size,
        first_seen=stamp(row.first_ms),
        last_seen=stamp(row.last_ms),
    )
