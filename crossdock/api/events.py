"""The feed of events, for consumers that ask instead of being told: the same ids and bodies as webhooks.

A reader's place is the id of an event, so a consumer that gets webhooks can go on from the last one it
saw. An organization that nothing happened in yet has a place too: `start_…`, with the time in it. Who wants
only what happens from now on asks for the place of the `latest`.
"""

import re

from starlette.responses import Response

from crossdock.api import query, replies
from crossdock.api.door import Door, Visit
from crossdock.changes.document import stamp
from crossdock.errors import Gone, Invalid
from crossdock.resources.event_types import event_types
from crossdock.store import feed, retention
from crossdock.store.feed import Told, Wanted
from crossdock.store.ids import moment_ms, new_id

START = "start"
LATEST = "latest"

_PLACE = re.compile("[a-z]+_[0-9A-Za-z]+")


async def listed(visit: Visit) -> Response:
    """The next events of the organization, or of the connection whose token was sent."""
    door, organization = visit.door, visit.caller.organization_id
    asked = query.feed(visit.pairs, event_types())
    if asked.after == LATEST:
        end = await feed.last(door.database, organization)
        return _page(door, [], end)
    after = await _place(door, organization, asked.after)
    connection_id = visit.with_token.id if visit.with_token else None
    wanted = Wanted(organization, connection_id, asked.types, asked.limit)
    found, last = await feed.page(door.database, wanted, after)
    items = [_item(one, await _body(door, one)) for one in found]
    return _page(door, items, last or asked.after)


def _page(door: Door, items: list[bytes], last: str | None) -> Response:
    going_on = last or new_id(START, door.clock())
    return replies.answer(
        b'{"data":[%b],"next":"%b","total_count":%d}' % (b",".join(items), going_on.encode(), len(items))
    )


async def _place(door: Door, organization: str, after: str | None) -> int:
    """Where a reader stands. Raises Invalid for what is no place, Gone for one that is not there any more."""
    if after is None:
        return 0
    moment = moment_ms(after) if _PLACE.fullmatch(after) else None
    if moment is None:
        raise Invalid({"query": {"after": [f"{after[:100]!r} is neither the id of an event nor a `next`"]}})
    if after.startswith(f"{START}_"):
        if moment >= await retention.events_since(door.database):
            return 0
    elif (place := await feed.place(door.database, organization, after)) is not None:
        return place
    raise Gone(
        f"there is no event {after} to go on from: {_kept(door)}, and a database that was restored has none "
        "from after its backup. Read what you hold anew, then begin without `after`"
    )


def _kept(door: Door) -> str:
    days = door.settings.events_days
    return f"events are kept for {days} days" if days else "events are kept for ever"


async def _body(door: Door, one: Told) -> bytes:
    """The webhook's body; one that tells a secret is opened."""
    if not one.sealed:
        return one.body
    return await door.vault.open(one.organization_id, f"event {one.id}", one.body)


def _item(one: Told, body: bytes) -> bytes:
    head = {"id": one.id, "type": one.type, "connection_id": one.connection, "created_at": stamp(one.at_ms)}
    return replies.encode(head)[:-1] + b',"body":' + body + b"}"
