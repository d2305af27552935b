"""What bulk work is asked for: of which messages, at which endpoints, and how many that would be."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from crossdock.dashboard.inside_webhooks import part
from crossdock.dashboard.webhooks import message_search
from crossdock.dashboard.webhooks.visit import WebhookVisit, path_of
from crossdock.errors import Invalid
from crossdock.resources.event_types import proper_name
from crossdock.store.webhooks import overview
from crossdock.svix_api import answers
from crossdock.webhooks import bulk_counts
from crossdock.webhooks.tasks import BULK, RECOVER, REPLAY, BulkTaskRequest

DAY_MS = 86_400_000
LONGEST_DAYS = {"recover": 14, "replay_missing": 90, "replay": 90}
"""How far back the work goes at most, in days; as far as it goes where nobody says, too."""
KINDS = {
    "recover": "endpoint.recover", "replay_missing": "endpoint.replay-missing",
    "replay": "endpoint.bulk-replay",
}  # fmt: skip
"""The operation of the administration, by the word of the form."""
ACTS = {name: operation.partition(".")[2] for name, operation in KINDS.items()}
"""The end of the path of each."""
TASKS = {"recover": RECOVER, "replay_missing": REPLAY, "replay": BULK}
ASKED = (
    "kind", "after", "before", "event_type", "status", "connection_id", "record_id", "tag", "endpoint_id",
)  # fmt: skip
CHOSEN = "endpoint:"
"""The beginning of the names of fields that choose an endpoint."""
MOST_TARGETS = 50


class BulkTarget(msgspec.Struct, kw_only=True):
    """An endpoint, and how many messages it would get. is_more: there are others, which were not counted."""

    id: str
    url: str
    description: str
    disabled: bool
    messages: int
    is_more: bool


def request_of(visit: WebhookVisit, kind: str, asked: Mapping[str, str]) -> BulkTaskRequest:
    """The request that the address or the form makes. Raises Invalid for what the work can't be told."""
    query = message_search.query_of(asked)
    tags = query.get("tag", [])
    if len(tags) > 1:
        text = "bulk work takes one of connection, record and tag; take the others away"
        raise Invalid({"query": {"tag": [text]}})
    # A second less: until the work is begun the clock goes on, and there is a limit to how far back it goes.
    since_ms = visit.now_ms - LONGEST_DAYS[kind] * DAY_MS + 1000
    if "after" in query:
        since_ms = max(since_ms, _ms(query["after"]))
    until_ms = _ms(query["before"]) if "before" in query else visit.now_ms + 1
    request = BulkTaskRequest(since_ms=since_ms, until_ms=until_ms)
    if kind == "replay":
        request.types = [proper_name(asked["event_type"])] if "event_type" in asked else None
        request.tag = tags[0] if tags else None
        request.status = query.get("status")
    return request


def _ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def task_body(kind: str, request: BulkTaskRequest, asked: Mapping[str, str]) -> dict[str, Any]:
    """The body that the administration takes for it."""
    body: dict[str, Any] = {"since": answers.time(request.since_ms)}
    if "before" in asked:
        body["until"] = answers.time(request.until_ms)
    if kind == "replay":
        fields = {"eventTypes": request.types, "tag": request.tag, "status": request.status}
        body |= {name: value for name, value in fields.items() if value is not None}
    return body


async def targets(
    visit: WebhookVisit, application: Mapping[str, Any], kind: str, asked: Mapping[str, str]
) -> list[BulkTarget]:
    """The endpoints that the work may be done at, with the number of messages for each."""
    request = request_of(visit, kind, asked)
    rows = await _endpoints(visit, application, asked)
    names = await overview.endpoint_names(visit.door.database, application["id"], [row["id"] for row in rows])
    counted = []
    for row in rows:
        number = names[row["id"]].number
        count = await bulk_counts.count(visit.door.database, visit.door.vault, number, TASKS[kind], request)
        counted.append(
            BulkTarget(
                id=row["id"], url=row["url"], description=row["description"], disabled=row["disabled"],
                messages=count.messages, is_more=count.is_more,
            )
        )  # fmt: skip
    return counted


async def _endpoints(
    visit: WebhookVisit, application: Mapping[str, Any], asked: Mapping[str, str]
) -> list[dict[str, Any]]:
    path = f"{path_of(application)}/endpoint"
    if "endpoint_id" in asked:
        return [await visit.hooks.get(f"{path}/{part(asked['endpoint_id'])}")]
    answer = await visit.hooks.get(path, {"limit": MOST_TARGETS})
    if not answer["done"]:
        text = f"there are more than {MOST_TARGETS} endpoints: choose one"
        raise Invalid({"query": {"endpoint_id": [text]}})
    rows: list[dict[str, Any]] = answer["data"]
    return rows


def chosen_targets(fields: Mapping[str, str]) -> list[str]:
    """The endpoints that a form has chosen."""
    return [name.removeprefix(CHOSEN) for name in fields if name.startswith(CHOSEN)]
