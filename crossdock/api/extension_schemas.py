"""Answers that the contract does not have: freshness, the feed of events, the history of records."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from crossdock.api.schemas import Quantities, Reply
from crossdock.connections.freshness import FunctionFreshness
from crossdock.resources.common import Timestamp

# Freshness


class ConnectionFreshness(Reply, kw_only=True):
    connection_id: str
    quantities: Annotated[Quantities, Meta(description="How quantities that are no whole numbers are sent.")]
    data: list[FunctionFreshness]


# Events


class FeedEvent(Reply, kw_only=True):
    """Something that happened."""

    id: Annotated[str, Meta(description="The same as the id of its webhook.")]
    type: str
    connection_id: Annotated[
        str | None, Meta(description="Null: a connection that never came to be (`install.failed`).")
    ]
    created_at: Timestamp
    body: Annotated[dict[str, Any], Meta(description="The webhook's body, byte for byte.")]


class EventPage(Reply, kw_only=True):
    data: list[FeedEvent]
    next: Annotated[
        str,
        Meta(description="Send it as `after` to go on. The same as `after`: there is nothing newer yet."),
    ]
    total_count: Annotated[int, Meta(description="How many there are on this page.")]


class EventDownload(Reply, kw_only=True):
    """Where the whole of an event is."""

    download_url: Annotated[str, Meta(description="Works for 20 minutes, without a key.")]


# History


class FieldChange(Reply, kw_only=True):
    field: Annotated[str, Meta(description="Dotted path; numbers are places in a list.")]
    old: Any
    new: Any


class RecordChange(Reply, kw_only=True):
    """One change of a record."""

    at: Annotated[Timestamp, Meta(description="When this server stored it.")]
    cause: Annotated[str, Meta(description="sync, or sandbox.")]
    run_id: Annotated[str | None, Meta(description="The sync run that found it.")]
    event_id: Annotated[str | None, Meta(description="The event that told of it.")]
    kind: Annotated[
        Literal["created", "updated", "gone", "back"],
        Meta(
            description="gone: the connected system no longer had it; back: it had it again. created: only "
            "told of what does not say itself since when it is."
        ),
    ]
    changes: list[FieldChange]


class HistoryPage(Reply, kw_only=True):
    data: list[RecordChange]
    next_token: Annotated[str | None, Meta(description="Null on the last page.")]
    total_count: Annotated[int, Meta(description="How many there are on this page.")]
