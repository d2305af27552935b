"""What became of a write whose answer was lost: asked of the vendor, or seen by a sync since."""

from dataclasses import dataclass
from typing import Any

from crossdock.changes.document import decoder, seconds
from crossdock.errors import Uncertain, VendorError
from crossdock.integrations.contract import Command
from crossdock.store import records, schedules
from crossdock.store.engine import Database
from crossdock.store.schedules import Schedule
from crossdock.writes.steps import carried_out
from crossdock.writes.wish import Wish


async def searched(client: Any, wish: Wish, command: Command) -> str | None:
    """What the vendor has of this write; None when it has nothing, can't be asked, or does not answer."""
    search = wish.integration.search(command)
    if search is None:
        return None
    try:
        found: str | None = await carried_out(client, search)
    except VendorError:
        return None
    return found


@dataclass(frozen=True)
class Earlier:
    """An attempt of which nobody knows what became."""

    record_id: str | None
    """What it made, if that is known."""
    begun_ms: int
    ended_ms: int
    is_past: bool
    """Whether no vendor can be acting on it any more."""


async def settled(
    database: Database, client: Any, wish: Wish, command: Command, earlier: Earlier
) -> str | None:
    """The record that an earlier attempt made; None: it made none, and the write may be done now.

    Raises Uncertain when neither is known yet.
    """
    if wish.write.repeatable:
        return None  # doing it once more does no harm
    if earlier.record_id is not None:
        return earlier.record_id
    search = wish.integration.search(command)
    if search is not None:
        found: str | None = await carried_out(client, search)
        if found is not None or earlier.is_past:
            return found
        raise Uncertain(
            "an earlier attempt got no answer, and the connected system has nothing of it yet; try again in "
            "some minutes"
        )
    return await _seen_by_a_sync(database, wish, earlier)


async def _seen_by_a_sync(database: Database, wish: Wish, earlier: Earlier) -> str | None:
    """Whether a sync that began since has met the record."""
    write, connection = wish.write, wish.connection
    schedule = await schedules.get(database, connection.id, write.resource.function)
    names = [name for name in write.known_by if name in wish.body]
    if not names:
        raise Uncertain(
            "an earlier attempt got no answer, and nothing tells whether it was done; look at the connected "
            "system, then send the write with another Idempotency-Key"
        )
    if schedule is None or not _has_run_since(schedule, earlier.ended_ms):
        raise Uncertain("an earlier attempt got no answer; the next sync shows whether it was done")
    for document in await records.with_value(
        database, write.resource, connection.id, names[0], str(wish.body[names[0]])
    ):
        record = decoder.decode(document)
        is_new = seconds(record["trackstar_created_date"]) >= earlier.begun_ms // 1000
        if is_new and all(record.get(name) == wish.body[name] for name in names):
            return str(record["id"])
    return None


def _has_run_since(schedule: Schedule, moment_ms: int) -> bool:
    """Whether a sync that began after a moment has gone to its end."""
    return schedule.fresh_ms is not None and schedule.fresh_ms > moment_ms
