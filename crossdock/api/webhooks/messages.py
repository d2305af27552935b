"""Messages: what was told, and telling something oneself."""

from datetime import datetime
from typing import Any

import msgspec

from crossdock.api.webhooks import answers, bodies
from crossdock.api.webhooks.applications import brought
from crossdock.api.webhooks.paging import DAY_MS, page, turn, window
from crossdock.api.webhooks.visit import Answer, Visit
from crossdock.errors import BadRequest, Conflict, Invalid, NotFound, TooLarge
from crossdock.store.ids import new_id
from crossdock.store.webhooks import deliveries, messages
from crossdock.store.webhooks.deliveries import New
from crossdock.store.webhooks.messages import Message, Search
from crossdock.webhooks import event_types, headers

MOST_BYTES = 1_048_576
MOST_TAGS_SOUGHT = 5


async def listed(visit: Visit) -> Answer:
    app = await visit.app()
    seen = window(visit, "msg")
    asked = turn(visit, descending=not seen.oldest_first)
    above, below = asked.bounds(seen.above, seen.below)
    search = Search(
        app.id, above=above, below=below, types=visit.many("event_types"),
        channel=visit.text("channel"), tags=tags_of(visit),
    )  # fmt: skip
    with_content = visit.flag("with_content", otherwise=True)

    async def fetch(limit: int) -> list[Message]:
        return await messages.search(
            visit.door.database, visit.door.vault, search, limit, descending=asked.descending,
            with_body=with_content,
        )  # fmt: skip

    async def shown(found: list[Message]) -> list[answers.Shown]:
        return [answers.message(one, with_content=with_content) for one in found]

    return await page(asked, fetch, lambda one: one.id, shown)


def tags_of(visit: Visit) -> tuple[str, ...]:
    """The tags of a query, all of which are wanted."""
    found = visit.many("tag")
    if len(found) > MOST_TAGS_SOUGHT:
        raise visit.fault("tag", f"at most {MOST_TAGS_SOUGHT} at a time")
    return found


async def created(visit: Visit) -> Answer:
    body = await visit.body(bodies.MessageIn)
    app = await brought(visit, body.application)
    message = _message(visit, body, app.id)
    async with visit.door.database.transaction() as transaction:
        if message.event_id is not None and await messages.is_repeated(
            transaction, app.id, message.event_id, visit.now_ms - DAY_MS
        ):
            raise Conflict(f"there was a message with eventId {message.event_id} within 24 hours")
        await messages.add(transaction, message)
        told = New(message.id, message.type, message.channels)
        due = max(message.deliver_ms or 0, visit.now_ms)
        await deliveries.fan_out(transaction, app.id, [told], due)
    visit.door.wake()
    with_content = visit.flag("with_content", otherwise=True)
    return Answer(202, answers.message(message, with_content=with_content))


def _message(visit: Visit, body: bodies.MessageIn, application_id: str) -> Message:
    now = visit.now_ms
    if body.payload_retention_hours is not None and body.payload_retention_period is not None:
        text = "say either days (payloadRetentionPeriod) or hours, not both"
        raise Invalid({"body": {"payloadRetentionHours": [text]}})
    if body.event_id is not None and body.event_id.startswith("msg_"):
        raise Invalid({"body": {"eventId": ["must not begin with msg_: ids of ours do"]}})
    hours = body.payload_retention_hours or (body.payload_retention_period or 90) * 24
    expires = now + hours * 3_600_000
    content, kind = _raw(body)
    for name, values in (("channels", body.channels), ("tags", body.tags)):
        if values is not None and len(set(values)) != len(values):
            raise Invalid({"body": {name: ["holds the same value twice"]}})
    return Message(
        id=new_id("msg", now), application_id=application_id, type=body.event_type, at_ms=now, body=content,
        event_id=body.event_id, channels=tuple(body.channels) if body.channels else None,
        tags=tuple(body.tags) if body.tags else None, expires_ms=expires,
        deliver_ms=None if body.deliver_at is None else _deliver_ms(body.deliver_at, expires),
        content_type=kind,
    )  # fmt: skip


def _deliver_ms(at: datetime, expires_ms: int) -> int:
    """When to send. A time that is over means at once; nothing is left to send when the payload is erased."""
    found = int(at.timestamp() * 1000)
    if found < answers.EARLIEST_MS:
        raise Invalid({"body": {"deliverAt": ["lies before the year 1, in UTC"]}})
    if found >= expires_ms:
        text = f"lies behind the end of the payload's retention ({answers.time(expires_ms)})"
        raise Invalid({"body": {"deliverAt": [text]}})
    return found


def _raw(body: bodies.MessageIn) -> tuple[bytes, str | None]:
    """What is sent, and what it says it is: the payload, or a text that stands for it byte for byte."""
    params = body.transformations_params or {}
    kind = _content_type(params)
    if "rawPayload" not in params:
        return checked_payload(body.payload), kind
    raw = params["rawPayload"]
    if not isinstance(raw, str):
        raise Invalid({"body": {"transformationsParams.rawPayload": ["has to be a text"]}})
    return _small(raw.encode()), kind


def _content_type(params: dict[str, Any]) -> str | None:
    found = params.get("headers")
    if found is None:
        return None
    if not isinstance(found, dict):
        raise Invalid({"body": {"transformationsParams.headers": ["has to be an object"]}})
    kind = next((value for name, value in found.items() if name.lower() == "content-type"), None)
    # Checked as the value of any header is; this one may be set here.
    fault = None if kind is None else headers.fault("x-content-type", kind)
    if fault is not None:
        raise Invalid({"body": {"transformationsParams.headers": [fault]}})
    return kind


def checked_payload(payload: msgspec.Raw) -> bytes:
    """The payload as it is sent: minified, its numbers as they were written."""
    raw = bytes(payload)
    try:
        raw.decode()
        msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Invalid({"body": {"payload": ["has to be a JSON object"]}}) from None
    return _small(msgspec.json.format(raw, indent=-1))


def _small(content: bytes) -> bytes:
    if len(content) > MOST_BYTES:
        raise TooLarge(f"the payload has {len(content):,} bytes; at most {MOST_BYTES:,} are sent")
    return content


async def prechecked(visit: Visit) -> Answer:
    body, app = await visit.body(bodies.PrecheckIn), await visit.app()
    message = New("", body.event_type, tuple(body.channels) if body.channels else None)
    async with visit.door.database.transaction() as transaction:
        wishes = await deliveries.wishes(transaction, app.id)
    return Answer(200, {"active": any(one.takes(message) for one in wishes)})


async def found_message(visit: Visit) -> Message:
    """The message of the path. Raises NotFound."""
    app, reference = await visit.app(), visit.part("msg_id")
    found = await messages.get(visit.door.database, visit.door.vault, app.id, reference)
    if found is None:
        raise NotFound(f"there is no message {reference}")
    return found


async def one(visit: Visit) -> Answer:
    with_content = visit.flag("with_content", otherwise=True)
    return Answer(200, answers.message(await found_message(visit), with_content=with_content))


async def expunged(visit: Visit) -> Answer:
    await messages.expunge(visit.door.database, (await found_message(visit)).id)
    return Answer(204)


async def example_sent(visit: Visit) -> Answer:
    """A sample of an event, to this endpoint only, whatever its filters say."""
    body, endpoint = await visit.body(bodies.ExampleIn), await visit.endpoint()
    if endpoint.disabled:
        raise BadRequest("the endpoint is disabled: nothing is sent there", code="endpoint_disabled")
    payload = await _example(visit, body) if body.payload is None else body.payload
    now = visit.now_ms
    message = Message(
        id=new_id("msg", now), application_id=endpoint.application_id, type=body.event_type, at_ms=now,
        body=_small(msgspec.json.encode(payload)), expires_ms=now + 90 * DAY_MS,
        only_endpoint=endpoint.number,
    )  # fmt: skip
    async with visit.door.database.transaction() as transaction:
        await messages.add(transaction, message)
        await deliveries.put(transaction, endpoint.number, [message.id], now)
        await transaction.notify(deliveries.CHANNEL)
    visit.door.wake()
    return Answer(202, answers.message(message, with_content=True))


async def _example(visit: Visit, body: bodies.ExampleIn) -> Any:
    """The example that the event type's schema has."""
    known = await event_types.get(visit.door.database, visit.who.organization_id, body.event_type)
    examples = [] if known is None else event_types.examples(known)
    index = body.example_index or 0
    if index >= len(examples):
        text = (
            f"the schema of {body.event_type} has {len(examples)} examples; number {index} is not among them"
        )
        raise BadRequest(text, code="invalid_scheme")
    return examples[index]
