"""The feed of events, for consumers that ask instead of being told: the same ids and bodies as webhooks.

A reader's place is the id of an event, so a consumer that gets webhooks can go on from the last one it
saw. An organization that nothing happened in yet has a place too: `start_…`, with the time in it. Who wants
only what happens from now on asks for the place of the `latest`.
"""

import re

import structlog
from starlette.responses import Response

from crossdock.api.context import RequestContext
from crossdock.api.records import query
from crossdock.errors import Gone, Invalid, SettingsError
from crossdock.resources.event_types import event_types
from crossdock.store.connections.access import withheld
from crossdock.store.database import retention
from crossdock.store.database.ids import moment_ms, new_id
from crossdock.store.records import feed
from crossdock.store.records.feed import FeedEntry, FeedFilter
from crossdock.web import responses
from crossdock.web.dependencies import Dependencies
from crossdock.wire import encode, stamp

START = "start"
LATEST = "latest"
UNREADABLE = b'{"unreadable":true}'
"""The body of an event that can't be opened."""

log = structlog.get_logger()

_PLACE = re.compile("[a-z]+_[0-9A-Za-z]+")


async def get_list(visit: RequestContext) -> Response:
    """The next events of the organization, or of the connection whose token was sent."""
    door, organization = visit.door, visit.caller.organization_id
    feed_query = query.feed(visit.pairs, event_types())
    if feed_query.after == LATEST:
        end = await feed.last(door.database, organization)
        return _page(door, [], end)
    after = await _feed_position(door, organization, feed_query.after)
    connection_id = visit.with_token.id if visit.with_token else None
    feed_filter = FeedFilter(organization, connection_id, feed_query.types, feed_query.limit)
    feed_entries, last = await feed.page(door.database, feed_filter, after)
    items = [_item(feed_entry, await _body(door, feed_entry)) for feed_entry in feed_entries]
    return _page(door, items, last or feed_query.after)


def _page(door: Dependencies, items: list[bytes], last: str | None) -> Response:
    going_on = last or new_id(START, door.clock())
    return responses.answer(
        b'{"data":[%b],"next":"%b","total_count":%d}' % (b",".join(items), going_on.encode(), len(items))
    )


async def _feed_position(door: Dependencies, organization: str, after: str | None) -> int:
    """The reader's place. Raises Invalid for what is no place, Gone for one that is not there any more."""
    if after is None:
        return 0
    moment = moment_ms(after) if _PLACE.fullmatch(after) else None
    if moment is None:
        raise Invalid({"query": {"after": [f"{after[:100]!r} is neither the id of an event nor a `next`"]}})
    if after.startswith(f"{START}_"):
        if moment >= await retention.events_since(door.database):
            return 0
    elif (position := await feed.position(door.database, organization, after)) is not None:
        return position
    raise Gone(
        f"there is no event {after} to go on from: {_retention_text(door)}, and a database that was restored "
        "has none from after its backup. Read what you hold anew, then begin without `after`"
    )


def _retention_text(door: Dependencies) -> str:
    days = door.settings.events_days
    return f"events are kept for {days} days" if days else "events are kept for ever"


async def _body(door: Dependencies, feed_entry: FeedEntry) -> bytes:
    """The webhook's body. One that tells a secret is opened; an access token stays the webhook's alone.

    Readers must get past one that can't be opened.
    """
    if not feed_entry.sealed:
        return feed_entry.body
    try:
        return withheld(
            await door.vault.open(feed_entry.organization_id, f"event {feed_entry.id}", feed_entry.body)
        )
    except SettingsError as problem:
        log.error("an event can't be opened", id=feed_entry.id, error=str(problem))
        return UNREADABLE


def _item(feed_entry: FeedEntry, body: bytes) -> bytes:
    head = {
        "id": feed_entry.id,
        "type": feed_entry.type,
        "connection_id": feed_entry.connection,
        "created_at": stamp(feed_entry.at_ms),
    }
    return encode(head)[:-1] + b',"body":' + body + b"}"
