"""The names of all events that there are. Those of records follow from their resources."""

from collections.abc import Iterator
from functools import cache

from crossdock.resources.catalogue import all_resources

CONNECTION_EVENTS = (
    "connection.created",
    "connection.deleted",
    "connection.historical-sync-completed",
    "connection.force-sync-completed",
    "connection.sync-job-completed",
    "connection.sync-job-stuck",
    "connection.schedule-stuck",
    "connection-error.created",
    "connection-error.updated",
    "connection-error.deleted",
    "install.failed",
)

SYNC_COMPLETED = "sync.completed"
"""A sync has gone to its end. Stored only for organizations that ask for it."""

AUDIT_COMPLETED = "audit.completed"
"""An audit of charges found something new. Stored only for organizations with an endpoint that asks."""

ALIASES = {"cart-order.shipment.created": "cart-order.cart-shipment.created"}
"""Other names that events are asked for by. They are sent, and shown, by the name that they stand for."""


def proper_name(name: str) -> str:
    """The name that an event is sent by."""
    return ALIASES.get(name, name)


@cache
def event_types() -> tuple[str, ...]:
    """Every name, those about connections first."""
    return (*CONNECTION_EVENTS, *_of_records("created", "updated"), *extension_types())


@cache
def extension_types() -> tuple[str, ...]:
    """The types that nobody gets who did not ask for exactly them: a sync is over, a record is gone."""
    return (SYNC_COMPLETED, AUDIT_COMPLETED, *_of_records("deleted", subevents=False))


def _of_records(*texts: str, subevents: bool = True) -> Iterator[str]:
    for resource in all_resources():
        if resource.event is not None:
            # What does not sync comes in by itself, and is never read again.
            changes = texts if resource.every else [text for text in texts if text == "created"]
            yield from (f"{resource.event}.{change}" for change in changes)
            yield from (subevent.name for subevent in resource.subevents if subevents)
