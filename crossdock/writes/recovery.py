"""What became of a write whose answer was lost: asked of the vendor, or seen by a sync since."""

from dataclasses import dataclass
from typing import Any

from crossdock.errors import Uncertain, VendorError, VendorNonsense, VendorUnavailable
from crossdock.kit.contract import Command
from crossdock.store.connections import schedules
from crossdock.store.connections.schedules import Schedule
from crossdock.store.database.engine import Database
from crossdock.store.records import records
from crossdock.wire import decoder, seconds
from crossdock.writes.request import WriteRequest
from crossdock.writes.send import Interrupted
from crossdock.writes.steps import execute

GATEWAY_STATUSES = frozenset({502, 504})
"""What something in front of the vendor says, which does not know what the vendor did."""


async def recovered(client: Any, request: WriteRequest, command: Command, interrupted: Interrupted) -> str:
    """The record that an interrupted command made all the same.

    Raises the vendor's failure where nothing was done, and Uncertain where nobody knows, or not all was.
    """
    failure, progress = interrupted.failure, interrupted.progress
    if request.write.repeatable:
        raise failure
    if command.found is not None:
        raise _partial(failure, command.found)
    may_be_done = progress.is_open and _may_be_done(failure)
    if not (may_be_done or progress.done):
        raise failure
    record_id = await _searched(client, request, command)
    if may_be_done and record_id is not None:
        return record_id
    if progress.done:
        raise _partial(failure, record_id)
    if _says_it_failed(failure):
        raise failure
    raise Uncertain(f"{failure}; whether it was done is unknown")


async def _searched(client: Any, request: WriteRequest, command: Command) -> str | None:
    """The id of the vendor's record of this write; None: it has none, can't be asked or does not answer."""
    search = request.integration.search(command)
    if search is None:
        return None
    try:
        record_id: str | None = await execute(client, search)
    except VendorError:
        return None
    return record_id


def _partial(failure: VendorError, record_id: str | None) -> Uncertain:
    return Uncertain(f"{failure}; some of it was done", outcome="partial", record_id=record_id)


def _may_be_done(failure: VendorError) -> bool:
    """Check whether the vendor may have acted on a call that failed like this."""
    if isinstance(failure, VendorUnavailable):
        return failure.may_have_arrived
    # An answer that is none: a page of something in front, or of the vendor after it has done it.
    return isinstance(failure, VendorNonsense) and not (300 <= (failure.status or 200) < 400)


def _says_it_failed(failure: VendorError) -> bool:
    """Check whether the vendor itself, and not something in front of it, says that it did not do it."""
    return isinstance(failure, VendorUnavailable) and failure.status not in (None, *GATEWAY_STATUSES)


@dataclass(frozen=True)
class EarlierAttempt:
    """An attempt of which nobody knows what became."""

    record_id: str | None
    """What it made, if that is known."""
    begun_ms: int
    ended_ms: int
    acts_until_ms: int
    """From then on no vendor can be acting on it any more."""
    now_ms: int


async def settled(
    database: Database, client: Any, request: WriteRequest, command: Command, earlier: EarlierAttempt
) -> str | None:
    """The record that an earlier attempt made; None: it made none, and the write may be done now.

    Raises Uncertain when neither is known yet.
    """
    if request.write.repeatable:
        return None  # doing it once more does no harm
    if earlier.record_id is not None:
        return earlier.record_id
    search = request.integration.search(command)
    if search is not None:
        record_id: str | None = await execute(client, search)
        if record_id is not None or earlier.now_ms >= earlier.acts_until_ms:
            return record_id
        raise Uncertain(
            "an earlier attempt got no answer, and the connected system has nothing of it yet; try again in "
            "some minutes"
        )
    return await _seen_by_a_sync(database, request, earlier)


async def _seen_by_a_sync(database: Database, request: WriteRequest, earlier: EarlierAttempt) -> str | None:
    """The id of the record that a sync that began since has met; None: it was not done."""
    write, connection = request.write, request.connection
    schedule = await schedules.get(database, connection.id, write.resource.function)
    names = [name for name in write.known_by if name in request.body]
    if not names:
        raise Uncertain(
            "an earlier attempt got no answer, and nothing tells whether it was done; look at the connected "
            "system, then send the write with another Idempotency-Key"
        )
    if schedule is None or not _has_run_since(schedule, earlier.ended_ms):
        raise Uncertain("an earlier attempt got no answer; the next sync shows whether it was done")
    record_id = await _met_record(database, request, names, earlier.begun_ms)
    if record_id is not None:
        return record_id
    if not _has_run_since(schedule, earlier.acts_until_ms):
        raise Uncertain(
            "an earlier attempt got no answer, and the connected system may have done it after the last sync "
            "began; the next one shows whether it was done"
        )
    return None


async def _met_record(
    database: Database, request: WriteRequest, names: list[str], since_ms: int
) -> str | None:
    """The record that is stored since then, and has what the body says in these members."""
    written = {name: request.body[name] for name in names}
    column, text = names[0], str(request.body[names[0]])
    resource, connection_id = request.write.resource, request.connection.id
    for document in await records.with_value(database, resource, connection_id, column, text):
        record = decoder.decode(document)
        is_new = seconds(record["trackstar_created_date"]) >= since_ms // 1000
        if is_new and all(record.get(name) == value for name, value in written.items()):
            return str(record["id"])
    return None


def _has_run_since(schedule: Schedule, moment_ms: int) -> bool:
    """Check whether a sync that began after a moment has gone to its end."""
    return schedule.fresh_ms is not None and schedule.fresh_ms > moment_ms
