"""The whole of an event that a webhook had no room for: a link to it, which works for 20 minutes."""

import hashlib
import hmac

from starlette.responses import Response

from crossdock.api import replies
from crossdock.api.door import Door, Visit
from crossdock.api.schemas import EventDownload
from crossdock.errors import Forbidden, NotFound
from crossdock.store import feed

MINUTES = 20


async def asked(visit: Visit) -> Response:
    """The link, to whoever has a key of the organization."""
    door, event_id = visit.door, str(visit.arguments()["event_id"])
    if await feed.place(door.database, visit.caller.organization_id, event_id) is None:
        raise NotFound(f"there is no event {event_id}", record_id=event_id)
    expires = door.clock() // 1000 + 60 * MINUTES
    query = f"expires={expires}&signature={_signature(door, event_id, expires)}"
    url = f"{door.settings.url}/events/{event_id}/download?{query}"
    return replies.reply(EventDownload(download_url=url))


async def downloaded(visit: Visit) -> Response:
    """The body, as it would have been sent."""
    door, given = visit.door, visit.arguments()
    event_id, expires = str(given["event_id"]), str(given.get("expires", ""))
    until = int(expires) if expires.isascii() and expires.isdigit() and len(expires) < 12 else 0
    expected = _signature(door, event_id, until)
    if not hmac.compare_digest(expected.encode(), str(given.get("signature", "")).encode()):
        raise Forbidden("this link was not made here")
    if until < door.clock() // 1000:
        raise Forbidden(f"this link worked for {MINUTES} minutes; ask for another at /events/{event_id}/data")
    found = await feed.one(door.database, event_id)
    if found is None:
        raise NotFound(f"there is no event {event_id}", record_id=event_id)
    body = found.body
    if found.sealed:
        body = await door.vault.open(found.organization_id, f"event {found.id}", body)
    return replies.answer(body)


def _signature(door: Door, event_id: str, expires: int) -> str:
    key = door.vault.token_key("event downloads")
    return hmac.new(key, f"{event_id} {expires}".encode(), hashlib.sha256).hexdigest()
