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


@cache
def event_types() -> tuple[str, ...]:
    """Every name, those about connections first."""
    return (*CONNECTION_EVENTS, *_of_records("created", "updated"), *extension_types())


@cache
def extension_types() -> tuple[str, ...]:
    """Those that nobody gets who did not ask for exactly them: a record is gone."""
    return tuple(_of_records("deleted", subevents=False))


def _of_records(*what: str, subevents: bool = True) -> Iterator[str]:
    for one in all_resources():
        if one.event is not None:
            # What does not sync comes in by itself, and is never read again.
            changes = what if one.every else [each for each in what if each == "created"]
            yield from (f"{one.event}.{each}" for each in changes)
            yield from (each.name for each in one.subevents if subevents)
