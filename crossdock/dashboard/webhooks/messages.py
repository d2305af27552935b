"""Messages: the list, the page of each with what was sent and answered, and sending one again."""

from typing import Any
from urllib.parse import quote

import msgspec
from starlette.responses import Response

from crossdock.dashboard.inside_webhooks import part
from crossdock.dashboard.webhooks.message_search import FILTERS, STATUSES, MessageLine, search
from crossdock.dashboard.webhooks.visit import WebhookVisit, application_of, page_path, path_of
from crossdock.resources.catalogue import all_resources

PAGE = 50
ATTEMPTS = 50
ENDPOINTS = 250


class MessagesPage(msgspec.Struct, kw_only=True):
    """A page of messages. filters: as sent; endpoints: to choose from."""

    app_id: str
    messages: list[MessageLine]
    endpoints: list[dict[str, Any]]
    statuses: list[str]
    filters: dict[str, str]
    next_token: str | None


async def listed(visit: WebhookVisit) -> Response:
    """The messages that fit, newest first."""
    application = await application_of(visit)
    filters = visit.query(*FILTERS, "page_token")
    results = await search(visit, application, filters, PAGE)
    filters.pop("page_token", None)
    page = MessagesPage(
        app_id=application["id"],
        messages=results.lines,
        endpoints=await endpoint_choices(visit, application),
        statuses=list(STATUSES),
        filters=filters,
        next_token=results.next_token,
    )
    return visit.view("webhooks/messages.html", page, title="Messages")


async def endpoint_choices(visit: WebhookVisit, application: dict[str, Any]) -> list[dict[str, Any]]:
    """The first endpoints of an application, to choose from."""
    answer = await visit.hooks.get(f"{path_of(application)}/endpoint", {"limit": ENDPOINTS})
    return [{name: row[name] for name in ("id", "url", "description", "disabled")} for row in answer["data"]]


class MessageOut(msgspec.Struct, kw_only=True, rename="camel"):
    """A message as the administration shows it, its payload as it was written."""

    id: str
    event_id: str | None
    event_type: str
    payload: msgspec.Raw
    channels: list[str] | None
    tags: list[str] | None
    timestamp: str
    deliver_at: str | None


class MessageLink(msgspec.Struct, kw_only=True):
    """A thing that a message is about. path: of its page, below the dashboard."""

    title: str
    path: str


class MessagePage(msgspec.Struct, kw_only=True):
    """A message. endpoints: each with where it stands there; attempts: newest first.

    links: to what it is about, for who is signed in; guests of the portal have none of these pages.
    """

    app_id: str
    message: MessageOut
    links: list[MessageLink]
    endpoints: list[dict[str, Any]]
    attempts: list[dict[str, Any]]
    urls: dict[str, str]
    next_token: str | None


class _About(msgspec.Struct):
    """The members of a payload that say what it is about, where it has them."""

    connection_id: str = ""
    integration_type: str = ""
    data: Any = None


def links_of(event_type: str, payload: msgspec.Raw) -> list[MessageLink]:
    """Links to the connection and the record that a payload of Crossdock's own names."""
    try:
        about = msgspec.json.decode(payload, type=_About)
    except msgspec.ValidationError:  # a payload that somebody else has written
        return []
    if not about.connection_id:
        return []
    links = [MessageLink(title="the connection", path=f"/connections/{quote(about.connection_id, safe='')}")]
    event, _, what = event_type.rpartition(".")
    record_id = about.data.get("id") if isinstance(about.data, dict) else None
    for resource in all_resources():
        is_told = resource.event == event and resource.type == about.integration_type
        if (
            is_told
            and what in ("created", "updated")
            and isinstance(record_id, str)
            and resource.one_path
            and not resource.parent
        ):
            path = (
                f"/explorer/{quote(about.connection_id, safe='')}/record/{resource.name}/{quote(record_id)}"
            )
            links.append(MessageLink(title=f"the {resource.singular.replace('_', ' ')}", path=path))
    return links


async def shown(visit: WebhookVisit) -> Response:
    """A message: its payload, where it stands at each endpoint, and what was tried."""
    application = await application_of(visit)
    path, message_id = path_of(application), part(visit.part("msg_id"))
    message = await visit.hooks.read(f"{path}/msg/{message_id}", MessageOut)
    endpoints = (
        await visit.hooks.get(
            f"{path}/msg/{message_id}/endpoint", {"limit": ENDPOINTS, "expanded_statuses": "true"}
        )
    )["data"]
    query = {
        "limit": ATTEMPTS, "order": "descending", "expanded_statuses": "true", "with_content": "false",
        "after": "1970-01-01T00:00:00Z", "iterator": visit.query("page_token").get("page_token"),
    }  # fmt: skip
    attempts = await visit.hooks.get(f"{path}/attempt/msg/{message_id}", query)
    page = MessagePage(
        app_id=application["id"],
        message=message,
        links=[] if visit.hooks.caller.portal else links_of(message.event_type, message.payload),
        endpoints=endpoints,
        attempts=attempts["data"],
        urls={endpoint["id"]: endpoint["url"] for endpoint in endpoints},
        next_token=None if attempts["done"] else attempts["iterator"],
    )
    return visit.view("webhooks/message.html", page, title=message.event_type)


async def resent(visit: WebhookVisit) -> Response:
    """Send a message to an endpoint again, then show it."""
    application = await application_of(visit)
    path, message_id = path_of(application), part(visit.part("msg_id"))
    message = await visit.hooks.get(f"{path}/msg/{message_id}", {"with_content": "false"})
    endpoint_id = part(visit.text("endpoint_id"))
    await visit.hooks.send("POST", f"{path}/msg/{message['id']}/endpoint/{endpoint_id}/resend")
    return visit.onward(f"{page_path(application)}/messages/{message['id']}", done="resent")


class AttemptPage(msgspec.Struct, kw_only=True):
    """An attempt with what both sides said. message: whose payload a transformation may have changed."""

    app_id: str
    message: MessageOut
    attempt: dict[str, Any]
    headers: dict[str, Any]


async def attempt(visit: WebhookVisit) -> Response:
    """An attempt: the request with its headers, and the answer."""
    application = await application_of(visit)
    path = f"{path_of(application)}/msg/{part(visit.part('msg_id'))}"
    message = await visit.hooks.read(path, MessageOut)
    attempt_path = f"{path}/attempt/{part(visit.part('attempt_id'))}"
    page = AttemptPage(
        app_id=application["id"],
        message=message,
        attempt=await visit.hooks.get(attempt_path, {"expanded_statuses": "true"}),
        headers=await visit.hooks.get(f"{attempt_path}/headers"),
    )
    return visit.view("webhooks/attempt.html", page, title="Attempt")
