"""Sending many messages again: those that were ticked, or all that match; how many is shown first."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.dashboard.inside_webhooks import part
from crossdock.dashboard.webhooks.bulk_request import (
    ACTS,
    ASKED,
    KINDS,
    BulkTarget,
    chosen_targets,
    request_of,
    targets,
    task_body,
)
from crossdock.dashboard.webhooks.messages import endpoint_choices
from crossdock.dashboard.webhooks.visit import WebhookVisit, application_of, page_path, path_of
from crossdock.errors import CrossdockError, Invalid

MOST_TICKED = 50
"""Messages that can be ticked: those of one page."""
TASKS = 50


class ResendPage(msgspec.Struct, kw_only=True):
    """Messages that are to be sent again. endpoint_id: where to; empty: not chosen yet."""

    app_id: str
    message_ids: list[str]
    endpoints: list[dict[str, Any]]
    endpoint_id: str


async def confirm_resend(visit: WebhookVisit) -> Response:
    """The question whether the messages that were ticked are to be sent again."""
    application = await application_of(visit)
    visit.hooks.require("message-attempt.resend")
    ids = list(dict.fromkeys(visit.request.query_params.getlist("message")))[:MOST_TICKED]
    page = ResendPage(
        app_id=application["id"],
        message_ids=ids,
        endpoints=await endpoint_choices(visit, application),
        endpoint_id=visit.query("endpoint_id").get("endpoint_id", ""),
    )
    return visit.view("webhooks/resend.html", page, title="Send again?")


class ResentPage(msgspec.Struct, kw_only=True):
    """Outcome of sending messages again. refused: why, by the id of the message."""

    app_id: str
    endpoint_id: str
    sent: list[str]
    refused: dict[str, str]


async def resent(visit: WebhookVisit) -> Response:
    """Send the messages again, each by itself, and say which could not be."""
    application = await application_of(visit)
    path = path_of(application)
    ids, endpoint_id = visit.text("messages").split(), visit.text("endpoint_id")
    if not 1 <= len(ids) <= MOST_TICKED:
        raise Invalid({"form": {"messages": [f"are {len(ids)}; wanted are 1 to {MOST_TICKED}"]}})
    await visit.hooks.get(f"{path}/endpoint/{part(endpoint_id)}")
    sent, refused = [], {}
    for message_id in dict.fromkeys(ids):
        try:
            await visit.hooks.send(
                "POST", f"{path}/msg/{part(message_id)}/endpoint/{part(endpoint_id)}/resend"
            )
            sent.append(message_id)
        except CrossdockError as problem:
            if problem.http_status >= 500:
                raise
            refused[message_id] = str(problem)
    page = ResentPage(app_id=application["id"], endpoint_id=endpoint_id, sent=sent, refused=refused)
    return visit.view("webhooks/resent.html", page, title="Sent again")


# All that match


class BulkPage(msgspec.Struct, kw_only=True):
    """Bulk work that may be begun. targets: endpoints, and how much each would get; asked: as sent."""

    app_id: str
    kind: str
    acts: list[str]
    targets: list[BulkTarget]
    total: int
    is_more: bool
    asked: dict[str, str]


async def confirm(visit: WebhookVisit) -> Response:
    """The question whether all that match are to be sent again, with their number at each endpoint."""
    application = await application_of(visit)
    asked = visit.query(*ASKED)
    kind = asked.get("kind", "recover")
    if kind not in KINDS:
        raise Invalid({"query": {"kind": [f"is {kind[:40]!r}; wanted is {', '.join(KINDS)}"]}})
    visit.hooks.require(KINDS[kind])
    counted = await targets(visit, application, kind, asked)
    page = BulkPage(
        app_id=application["id"],
        kind=kind,
        acts=list(KINDS),
        targets=counted,
        total=sum(target.messages for target in counted if not target.disabled),
        is_more=any(target.is_more for target in counted),
        asked=asked | {"kind": kind},
    )
    return visit.view("webhooks/bulk.html", page, title=TITLES[kind])


TITLES = {
    "recover": "Recover what failed?", "replay_missing": "Replay what is missing?",
    "replay": "Send all that match again?",
}  # fmt: skip


async def begun(visit: WebhookVisit) -> Response:
    """Begin the work at each endpoint that was chosen, then show how it goes."""
    application = await application_of(visit)
    kind = visit.text("do")
    asked = {name: visit.text(name) for name in ASKED if visit.text(name)}
    body = task_body(kind, request_of(visit, kind, asked), asked)
    path, ids = path_of(application), []
    for endpoint_id in chosen_targets(visit.fields):
        task = await visit.hooks.send("POST", f"{path}/endpoint/{part(endpoint_id)}/{ACTS[kind]}", body)
        ids.append(task["id"])
    if not ids:
        raise Invalid({"form": {"endpoint": ["none is chosen"]}})
    return visit.onward(f"{page_path(application)}/tasks", begun=",".join(ids))


class TasksPage(msgspec.Struct, kw_only=True):
    """Bulk work. is_running: some of it goes on; only_begun: only what was begun just now is shown."""

    app_id: str
    tasks: list[dict[str, Any]]
    is_running: bool
    only_begun: bool
    next_token: str | None


async def tasks(visit: WebhookVisit) -> Response:
    """Bulk work, newest first, with how many messages it has sent so far."""
    application = await application_of(visit)
    query = visit.query("begun", "page_token")
    next_token = None
    if "begun" in query:
        rows = [
            await visit.hooks.get(f"/background-task/{part(task_id)}")
            for task_id in query["begun"].split(",")[:TASKS]
        ]
    else:
        answer = await visit.hooks.get(
            "/background-task", {"limit": TASKS, "iterator": query.get("page_token")}
        )
        rows = answer["data"]
        next_token = None if answer["done"] else answer["iterator"]
    page = TasksPage(
        app_id=application["id"],
        tasks=rows,
        is_running=any(is_running(row) for row in rows),
        only_begun="begun" in query,
        next_token=next_token,
    )
    return visit.view("webhooks/tasks.html", page, title="Bulk work")


def is_running(task: Mapping[str, Any]) -> bool:
    """Check whether a task still goes on."""
    return bool(task["status"] == "running")
