"""Event types as pages list them: by group, each with what it says."""

from typing import Any

import msgspec

from crossdock.dashboard.webhooks.visit import WebhookVisit

AT_ONCE = 250


class EventGroup(msgspec.Struct, kw_only=True):
    """Event types of one group, as `GET /event-type` has them."""

    name: str
    types: list[dict[str, Any]]


async def all_event_types(visit: WebhookVisit, *, archived: bool = False) -> list[dict[str, Any]]:
    """All event types, without their schemas."""
    types: list[dict[str, Any]] = []
    iterator: str | None = None
    while True:
        query = {
            "limit": AT_ONCE, "with_content": "false", "iterator": iterator,
            "include_archived": "true" if archived else "false",
        }  # fmt: skip
        answer = await visit.hooks.get("/event-type", query)
        types += answer["data"]
        iterator = answer["iterator"]
        if answer["done"]:
            return types


async def event_groups(visit: WebhookVisit, *, archived: bool = False) -> list[EventGroup]:
    """All event types by group; those of no group come last."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for event_type in await all_event_types(visit, archived=archived):
        groups.setdefault(event_type["groupName"] or "", []).append(event_type)
    names = sorted(groups, key=lambda name: (not name, name))
    return [EventGroup(name=name or "other", types=groups[name]) for name in names]
