"""The search for messages that stands in the address of the list, as the webhook administration takes it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from crossdock.dashboard.inside_webhooks import part
from crossdock.dashboard.webhooks.visit import WebhookVisit, path_of
from crossdock.errors import Invalid, NotFound
from crossdock.store.webhooks import overview
from crossdock.store.webhooks.messages import CONNECTION, RESOURCE, tagged

FILTERS = (
    "event_type", "status", "endpoint_id", "connection_id", "record_id", "tag", "after", "before", "id",
)  # fmt: skip
STATUSES = {"success": 0, "pending": 1, "fail": 2, "sending": 3, "canceled": 4}
"""States of a message at an endpoint, as the administration numbers them."""
MOST_ENDPOINTS = 20
"""Endpoints that a search by status goes through; where there are more, one has to be chosen."""


class MessageLine(msgspec.Struct, kw_only=True):
    """A message in the list. states: how many endpoints are in each, by name."""

    id: str
    event_id: str | None
    event_type: str
    tags: list[str]
    timestamp: str
    states: dict[str, int]


class MessageResults(msgspec.Struct, kw_only=True):
    """A part of what was found. next_token: where it goes on."""

    lines: list[MessageLine]
    next_token: str | None


def query_of(filters: Mapping[str, str]) -> dict[str, Any]:
    """The parameters of the administration that say the same. Raises Invalid for what none can be."""
    tags = [filters["tag"]] if "tag" in filters else []
    if "connection_id" in filters:
        tags.append(f"{CONNECTION}{tagged(filters['connection_id'])}")
    if "record_id" in filters:
        tags.append(f"{RESOURCE}{tagged(filters['record_id'])}")
    query = {
        "event_types": filters.get("event_type"), "tag": tags, "order": "descending",
        "after": moment(filters, "after"), "before": moment(filters, "before"), "status": _status(filters),
    }  # fmt: skip
    return {name: value for name, value in query.items() if value not in (None, [])}


def moment(filters: Mapping[str, str], name: str) -> str | None:
    """A moment with its zone; what a form sends has none, and is UTC."""
    text = filters.get(name)
    if text is None:
        return None
    try:
        parsed = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        text = f"is {text[:40]!r}; wanted is a moment such as 2026-01-31T12:00"
        raise Invalid({"query": {name: [text]}}) from None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).isoformat()


def _status(filters: Mapping[str, str]) -> int | None:
    text = filters.get("status")
    if text is None:
        return None
    if text not in STATUSES:
        raise Invalid({"query": {"status": [f"is {text[:40]!r}; wanted is {', '.join(STATUSES)}"]}})
    return STATUSES[text]


async def search(
    visit: WebhookVisit, application: Mapping[str, Any], filters: Mapping[str, str], limit: int
) -> MessageResults:
    """The messages that fit, newest first. filters: FILTERS and `page_token`."""
    rows, next_token = await _rows(visit, application, filters, limit)
    ids = [row["id"] for row in rows]
    states = await overview.states_of(visit.door.database, application["id"], ids)
    names = {number: name for name, number in STATUSES.items()}
    lines = [
        MessageLine(
            id=row["id"],
            event_id=row["eventId"],
            event_type=row["eventType"],
            tags=row["tags"] or [],
            timestamp=row["timestamp"],
            states={names[state]: count for state, count in sorted(states.get(row["id"], {}).items())},
        )
        for row in rows
    ]
    return MessageResults(lines=lines, next_token=next_token)


Rows = tuple[list[dict[str, Any]], str | None]


async def _rows(
    visit: WebhookVisit, application: Mapping[str, Any], filters: Mapping[str, str], limit: int
) -> Rows:
    path, query = path_of(application), query_of(filters)
    if "id" in filters:
        return await _single(visit, f"{path}/msg/{part(filters['id'])}"), None
    shared = {"limit": limit, "iterator": filters.get("page_token"), "with_content": "false"}
    if "endpoint_id" not in filters and "status" not in query:
        answer = await visit.hooks.get(f"{path}/msg", query | shared)
        return answer["data"], None if answer["done"] else answer["iterator"]
    shared["expanded_statuses"] = "true"
    ids = await _endpoint_ids(visit, application, filters)
    return await _rows_at(visit, [f"{path}/endpoint/{part(name)}/msg" for name in ids], query | shared)


async def _rows_at(visit: WebhookVisit, paths: list[str], query: Mapping[str, Any]) -> Rows:
    """The messages at several endpoints, each once."""
    merged: dict[str, dict[str, Any]] = {}
    is_more = False
    for path in paths:
        answer = await visit.hooks.get(path, query)
        merged.update({row["id"]: row for row in answer["data"]})
        is_more = is_more or not answer["done"]
    limit = query["limit"]
    rows = [merged[message_id] for message_id in sorted(merged, reverse=True)[:limit]]
    return rows, rows[-1]["id"] if rows and (is_more or len(merged) > limit) else None


async def _single(visit: WebhookVisit, path: str) -> list[dict[str, Any]]:
    try:
        return [await visit.hooks.get(path, {"with_content": "false"})]
    except (NotFound, Invalid):
        return []


async def _endpoint_ids(
    visit: WebhookVisit, application: Mapping[str, Any], filters: Mapping[str, str]
) -> list[str]:
    """The endpoints to look at. Raises Invalid where there are too many."""
    if "endpoint_id" in filters:
        return [filters["endpoint_id"]]
    names = await overview.all_endpoint_names(visit.door.database, application["id"], MOST_ENDPOINTS + 1)
    if len(names) > MOST_ENDPOINTS:
        text = f"there are more than {MOST_ENDPOINTS} endpoints: choose one to search by status"
        raise Invalid({"query": {"endpoint_id": [text]}})
    return [name.id for name in names]
