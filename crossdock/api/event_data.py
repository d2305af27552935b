"""The whole of an event that a webhook had no room for: a link to it, which works for 20 minutes."""

import hashlib
import hmac

from starlette.responses import Response

from crossdock.api.context import RequestContext
from crossdock.api.extension_schemas import EventDownload
from crossdock.errors import Forbidden, NotFound
from crossdock.store.connections.access import withheld
from crossdock.store.database.secrets import is_signed
from crossdock.store.records import feed
from crossdock.web import responses
from crossdock.web.dependencies import Dependencies

MINUTES = 20


async def get_link(visit: RequestContext) -> Response:
    """The link, to whoever has a key of the organization."""
    door, event_id = visit.door, str(visit.arguments()["event_id"])
    if await feed.position(door.database, visit.caller.organization_id, event_id) is None:
        raise NotFound(f"there is no event {event_id}", record_id=event_id)
    expires = door.clock() // 1000 + 60 * MINUTES
    query = f"expires={expires}&signature={_signature(_key(door), event_id, expires)}"
    url = f"{door.settings.url}/events/{event_id}/download?{query}"
    return responses.reply(EventDownload(download_url=url))


async def downloaded(visit: RequestContext) -> Response:
    """The body as it would have been sent, but for access tokens."""
    door, arguments = visit.door, visit.arguments()
    event_id, expires = str(arguments["event_id"]), str(arguments.get("expires", ""))
    until = int(expires) if expires.isascii() and expires.isdigit() and len(expires) < 12 else 0
    signature = str(arguments.get("signature", ""))
    if not is_signed(lambda key: _signature(key, event_id, until), signature, _key(door)):
        raise Forbidden("this link was not made here")
    if until < door.clock() // 1000:
        raise Forbidden(f"this link worked for {MINUTES} minutes; ask for another at /events/{event_id}/data")
    feed_entry = await feed.get(door.database, event_id)
    if feed_entry is None:
        raise NotFound(f"there is no event {event_id}", record_id=event_id)
    body = feed_entry.body
    if feed_entry.sealed:
        body = withheld(await door.vault.open(feed_entry.organization_id, f"event {feed_entry.id}", body))
    return responses.answer(body)


def _key(door: Dependencies) -> bytes:
    return door.vault.token_key("event downloads")


def _signature(key: bytes, event_id: str, expires: int) -> str:
    return hmac.new(key, f"{event_id} {expires}".encode(), hashlib.sha256).hexdigest()
