"""The catalogue of event types: what each says, its schema and examples, and sending one to an endpoint."""

from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.dashboard.formats import pretty
from crossdock.dashboard.inside_webhooks import part
from crossdock.dashboard.webhooks.event_groups import EventGroup, event_groups
from crossdock.dashboard.webhooks.messages import endpoint_choices
from crossdock.dashboard.webhooks.visit import WebhookVisit, application_of, page_path, path_of
from crossdock.errors import CrossdockError, Invalid, NotFound, RequestError


class EventsPage(msgspec.Struct, kw_only=True):
    """All event types by group. text: what they were searched for."""

    app_id: str
    groups: list[EventGroup]
    text: str
    total: int


async def listed(visit: WebhookVisit) -> Response:
    """The event types whose name or description has a text."""
    application = await application_of(visit)
    text = visit.query("text").get("text", "")
    groups = [
        EventGroup(name=group.name, types=[row for row in group.types if _has(row, text.lower())])
        for group in await event_groups(visit, archived=True)
    ]
    groups = [group for group in groups if group.types]
    total = sum(len(group.types) for group in groups)
    page = EventsPage(app_id=application["id"], groups=groups, text=text, total=total)
    return visit.view("webhooks/events.html", page, title="Event types")


def _has(row: dict[str, Any], text: str) -> bool:
    return text in row["name"].lower() or text in row["description"].lower()


class EventTypeOut(msgspec.Struct, kw_only=True, rename="camel"):
    """An event type as the administration shows it, its schemas as they were written."""

    name: str
    description: str
    archived: bool
    deprecated: bool
    group_name: str | None
    schemas: dict[str, msgspec.Raw] | None


class _Examples(msgspec.Struct):
    """The examples of a schema, as they were written."""

    examples: list[msgspec.Raw] = []


class EventTypePage(msgspec.Struct, kw_only=True):
    """An event type. schema: the newest; payload: what is sent as a test; fault: why it was not."""

    app_id: str
    event_type: EventTypeOut
    version: str
    schema: msgspec.Raw | None
    example: msgspec.Raw | None
    endpoints: list[dict[str, Any]]
    endpoint_id: str
    payload: str
    fault: str


async def shown(visit: WebhookVisit) -> Response:
    """An event type: its schema, an example, and the form of a test."""
    application = await application_of(visit)
    return await _page(visit, application, endpoint_id=visit.query("endpoint_id").get("endpoint_id", ""))


async def _page(
    visit: WebhookVisit,
    application: dict[str, Any],
    *,
    endpoint_id: str = "",
    payload: str | None = None,
    fault: str = "",
) -> Response:
    event_type = await visit.hooks.read(f"/event-type/{part(visit.part('name'))}", EventTypeOut)
    version, schema = _newest(event_type.schemas or {})
    example = _example(schema)
    shown_payload = "" if example is None else pretty(example)
    page = EventTypePage(
        app_id=application["id"],
        event_type=event_type,
        version=version,
        schema=schema,
        example=example,
        endpoints=await endpoint_choices(visit, application),
        endpoint_id=endpoint_id,
        payload=shown_payload if payload is None else payload,
        fault=fault,
    )
    status = 422 if fault else 200
    return visit.view("webhooks/event.html", page, title=event_type.name, status=status)


def _newest(schemas: dict[str, msgspec.Raw]) -> tuple[str, msgspec.Raw | None]:
    """The newest version of a schema, with its name."""
    if not schemas:
        return "", None
    version = max(schemas, key=lambda name: (len(name), name))
    return version, schemas[version]


def _example(schema: msgspec.Raw | None) -> msgspec.Raw | None:
    if schema is None:
        return None
    try:
        examples = msgspec.json.decode(schema, type=_Examples).examples
    except msgspec.MsgspecError:
        return None
    return examples[0] if examples else None


async def sent(visit: WebhookVisit) -> Response:
    """Send a test to an endpoint, then show its message; or the form again, with what is wrong."""
    application = await application_of(visit)
    endpoint_id, text = visit.text("endpoint_id"), visit.text("payload")
    name, path = visit.part("name"), path_of(application)
    body: dict[str, Any] = {"eventType": name}
    try:
        await visit.hooks.get(f"/event-type/{part(name)}")
        if text.strip():
            body["payload"] = _object(text)
        message = await visit.hooks.send("POST", f"{path}/endpoint/{part(endpoint_id)}/send-example", body)
    except NotFound:
        raise
    except (RequestError, Invalid) as problem:
        return await _page(visit, application, endpoint_id=endpoint_id, payload=text, fault=said(problem))
    return visit.onward(f"{page_path(application)}/messages/{message['id']}", done="event_sent")


def _object(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text.encode(), type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as problem:
        raise Invalid({"body": {"payload": [f"is no JSON object: {problem}"]}}) from None


def said(problem: CrossdockError) -> str:
    """The text of an error, with each fault of an Invalid."""
    if not isinstance(problem, Invalid):
        return str(problem)
    return "; ".join(
        f"{name} {text}".strip()
        for members in problem.detail.values()
        for name, texts in members.items()
        for text in texts
    )
