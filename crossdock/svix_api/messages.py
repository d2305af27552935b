"""Messages: what was told, and telling something oneself."""

from datetime import datetime
from functools import partial
from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.errors import BadRequest, Conflict, Invalid, NotFound, TooLarge
from crossdock.resources.event_types import proper_name
from crossdock.store.database.engine import Transaction
from crossdock.store.database.ids import new_id
from crossdock.store.people import audit_log
from crossdock.store.webhooks import deliveries, messages
from crossdock.store.webhooks.deliveries import NewMessage
from crossdock.store.webhooks.messages import Message, MessageSearch
from crossdock.svix_api import answers, bodies
from crossdock.svix_api.applications import brought
from crossdock.svix_api.context import AdminContext
from crossdock.svix_api.paging import DAY_MS, page, turn, window
from crossdock.web.responses import no_content, reply
from crossdock.webhooks import event_types, headers

MOST_BYTES = 1_048_576
MOST_PARAMS_BYTES = 65_536
MOST_TAGS_SOUGHT = 5


async def get_list(visit: AdminContext) -> Response:
    app = await visit.app()
    time_window = window(visit, "msg")
    page_turn = turn(visit, descending=not time_window.oldest_first)
    above, below = page_turn.bounds(time_window.above, time_window.below)
    search = MessageSearch(
        app.id, above=above, below=below, types=visit.event_types(),
        channel=visit.text("channel"), tags=tags_of(visit),
    )  # fmt: skip
    with_content = visit.flag("with_content", otherwise=True)

    async def fetch(limit: int) -> list[Message]:
        return await messages.search(
            visit.door.database, visit.door.vault, search, limit, descending=page_turn.descending,
            with_body=with_content,
        )  # fmt: skip

    async def shown(found_messages: list[Message]) -> list[answers.Shown]:
        return [answers.message(message, with_content=with_content) for message in found_messages]

    return await page(page_turn, fetch, lambda message: message.id, shown)


def tags_of(visit: AdminContext) -> tuple[str, ...]:
    """The tags of a query, all of which are wanted."""
    many = visit.many("tag")
    if len(many) > MOST_TAGS_SOUGHT:
        raise visit.fault("tag", f"at most {MOST_TAGS_SOUGHT} at a time")
    return many


async def created(visit: AdminContext) -> Response:
    body = await visit.body(bodies.MessageIn)
    app = await brought(visit, body.application)
    message = _message(visit, body, app.id)

    async def work(transaction: Transaction) -> None:
        if message.event_id is not None and await messages.is_repeated(
            transaction, app.id, message.event_id, visit.now_ms - DAY_MS
        ):
            raise Conflict(f"there was a message with eventId {message.event_id} within 24 hours")
        await messages.add(transaction, message)
        new_message = NewMessage(message.id, message.type, message.channels)
        due = max(message.deliver_ms or 0, visit.now_ms)
        await deliveries.fan_out(transaction, app.id, [new_message], due)

    await visit.door.database.transact(work)
    visit.door.wake()
    with_content = visit.flag("with_content", otherwise=True)
    return reply(answers.message(message, with_content=with_content), 202)


def _message(visit: AdminContext, body: bodies.MessageIn, application_id: str) -> Message:
    now = visit.now_ms
    expires = now + _retention_hours(body) * 3_600_000
    if body.event_id is not None and body.event_id.startswith("msg_"):
        raise Invalid({"body": {"eventId": ["must not begin with msg_: ids of ours do"]}})
    content, kind = _raw(body)
    for name, values in (("channels", body.channels), ("tags", body.tags)):
        if values is not None and len(set(values)) != len(values):
            raise Invalid({"body": {name: ["holds the same value twice"]}})
    return Message(
        id=new_id("msg", now), application_id=application_id, type=body.event_type, at_ms=now, body=content,
        event_id=body.event_id, channels=tuple(body.channels) if body.channels else None,
        tags=tuple(body.tags) if body.tags else None, expires_ms=expires,
        deliver_ms=None if body.deliver_at is None else _deliver_ms(body.deliver_at, expires),
        content_type=kind, params=_params(body),
    )  # fmt: skip


def _retention_hours(body: bodies.MessageIn) -> int:
    if body.payload_retention_hours is not None and body.payload_retention_period is not None:
        text = "say either days (payloadRetentionPeriod) or hours, not both"
        raise Invalid({"body": {"payloadRetentionHours": [text]}})
    return body.payload_retention_hours or (body.payload_retention_period or 90) * 24


def _deliver_ms(at: datetime, expires_ms: int) -> int:
    """The time to send. A past one means at once; nothing is left to send once the payload is erased."""
    number = int(at.timestamp() * 1000)
    if number < answers.EARLIEST_MS:
        raise Invalid({"body": {"deliverAt": ["lies before the year 1, in UTC"]}})
    if number >= expires_ms:
        text = f"lies behind the end of the payload's retention ({answers.time(expires_ms)})"
        raise Invalid({"body": {"deliverAt": [text]}})
    return number


def _raw(body: bodies.MessageIn) -> tuple[bytes, str | None]:
    """The body to send, and what it says it is: the payload, or a text that stands for it byte for byte."""
    params = body.transformations_params or {}
    kind = _content_type(params)
    if "rawPayload" not in params:
        return checked_payload(body.payload), kind
    raw = params["rawPayload"]
    if not isinstance(raw, str):
        raise Invalid({"body": {"transformationsParams.rawPayload": ["has to be a text"]}})
    return _small(raw.encode()), kind


def _params(body: bodies.MessageIn) -> dict[str, Any] | None:
    """The parameters for transformations of the message; not the text that is its body already."""
    params = {
        name: transformations_param
        for name, transformations_param in (body.transformations_params or {}).items()
        if name != "rawPayload"
    }
    size = len(msgspec.json.encode(params))
    if size > MOST_PARAMS_BYTES:
        text = f"has {size:,} bytes as JSON; at most {MOST_PARAMS_BYTES:,} are taken"
        raise Invalid({"body": {"transformationsParams": [text]}})
    return params or None


def _content_type(params: dict[str, Any]) -> str | None:
    found_headers = params.get("headers")
    if found_headers is None:
        return None
    if not isinstance(found_headers, dict):
        raise Invalid({"body": {"transformationsParams.headers": ["has to be an object"]}})
    kind = next((value for name, value in found_headers.items() if name.lower() == "content-type"), None)
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
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Invalid({"body": {"payload": ["has to be a JSON object"]}}) from None
    return _small(msgspec.json.format(raw, indent=-1))


def _small(content: bytes) -> bytes:
    if len(content) > MOST_BYTES:
        raise TooLarge(f"the payload has {len(content):,} bytes; at most {MOST_BYTES:,} are sent")
    return content


async def prechecked(visit: AdminContext) -> Response:
    body, app = await visit.body(bodies.PrecheckIn), await visit.app()
    message = NewMessage("", body.event_type, tuple(body.channels) if body.channels else None)
    wishes = await visit.door.database.transact(partial(deliveries.subscriptions, application_id=app.id))
    return reply({"active": any(endpoint_subscription.takes(message) for endpoint_subscription in wishes)})


async def found_message(visit: AdminContext) -> Message:
    """The message of the path. Raises NotFound."""
    app, reference = await visit.app(), visit.part("msg_id")
    message = await messages.get(visit.door.database, visit.door.vault, app.id, reference)
    if message is None:
        raise NotFound(f"there is no message {reference}")
    return message


async def get_item(visit: AdminContext) -> Response:
    with_content = visit.flag("with_content", otherwise=True)
    return reply(answers.message(await found_message(visit), with_content=with_content))


async def expunged(visit: AdminContext) -> Response:
    message_id = (await found_message(visit)).id
    await audit_log.note_look(
        visit.door.database,
        visit.who.organization_id,
        "webhook_message.content_removed",
        message_id,
        visit.now_ms,
    )
    await messages.expunge(visit.door.database, message_id)
    return no_content()


async def example_sent(visit: AdminContext) -> Response:
    """A sample of an event, to this endpoint only, whatever its filters say."""
    body, endpoint = await visit.body(bodies.ExampleIn), await visit.endpoint()
    if endpoint.disabled:
        raise BadRequest("the endpoint is disabled: nothing is sent there", code="endpoint_disabled")
    payload = await _example(visit, body) if body.payload is None else body.payload
    now, raw = visit.now_ms, msgspec.json.format(msgspec.json.encode(payload), indent=-1)
    message = Message(
        id=new_id("msg", now), application_id=endpoint.application_id, type=proper_name(body.event_type),
        at_ms=now, body=_small(raw), expires_ms=now + 90 * DAY_MS,
        only_endpoint=endpoint.number,
    )  # fmt: skip

    async def work(transaction: Transaction) -> None:
        await messages.add(transaction, message)
        await deliveries.put(transaction, endpoint.number, [message.id], now)
        await transaction.notify(deliveries.CHANNEL)

    await visit.door.database.transact(work)
    visit.door.wake()
    return reply(answers.message(message, with_content=True), 202)


async def _example(visit: AdminContext, body: bodies.ExampleIn) -> Any:
    """The example that the event type's schema has."""
    name = proper_name(body.event_type)
    known_event_type = await event_types.get(visit.door.database, visit.who.organization_id, name)
    examples = [] if known_event_type is None else event_types.examples(known_event_type)
    index = body.example_index or 0
    if index >= len(examples):
        text = (
            f"the schema of {body.event_type} has {len(examples)} examples; number {index} is not among them"
        )
        raise BadRequest(text, code="invalid_scheme")
    return examples[index]
