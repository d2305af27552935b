"""Setting the tags of a record: the caller's own labels, which no connected system ever sees."""

from collections.abc import Sequence
from typing import Any

from crossdock.changes.commit import Incoming, Outcome, Target, commit
from crossdock.changes.document import tags as names_of
from crossdock.errors import Invalid, NotFound
from crossdock.resources.writes import TAGS
from crossdock.store import records, write_log
from crossdock.store.engine import Database, Transaction
from crossdock.store.write_log import WriteRow
from crossdock.writes import bodies
from crossdock.writes.answers import answer
from crossdock.writes.check import faults, validator
from crossdock.writes.wish import Done, Wish

LONGEST_BYTES = 512
"""Of a tag as filters name it: an index entry of either database holds it beside the longest id."""
MOST = 100


async def set_tags(database: Database, wish: Wish, row: WriteRow, now_ms: int) -> Done:
    """Replaces a record's tags. Raises NotFound and Invalid."""
    resource, connection, record_id = wish.write.resource, wish.connection, str(wish.record_id)
    found = faults(wish.body, validator({**bodies.base(wish.write), "required": [TAGS]}))
    found = found or too_much(wish.body[TAGS])
    if found:
        raise Invalid({"json": found})
    made = b""

    async def also(transaction: Transaction, outcome: Outcome) -> None:
        nonlocal made
        if outcome.refused:
            word = resource.singular.replace("_", " ")
            raise NotFound(f"there is no {word} {record_id!r}", record_id=record_id)
        document = await records.within(transaction, resource, connection.id, record_id)
        made = answer(
            wish.write, [record_id], [document or b"{}"], [name for name in wish.body if name != TAGS]
        )
        await write_log.finish(transaction, row, record_id, made)

    incoming = Incoming(record_id, {"id": record_id, TAGS: wish.body[TAGS]}, None, must_be_there=True)
    await commit(database, Target(connection, resource, cause="tags"), [incoming], now_ms, also)
    return Done(made)


def too_much(tags: Sequence[Any]) -> dict[str, list[str]]:
    """What of a list of tags is more than a tag can be."""
    found: dict[str, list[str]] = {}
    if len(tags) > MOST:
        found[TAGS] = [f"must list at most {MOST}, not {len(tags)}"]
    for number, one in enumerate(tags):
        size = max(len(name.encode()) for name in names_of({TAGS: [one]}))
        if size > LONGEST_BYTES:
            found[f"{TAGS}.{number}"] = [f"must have at most {LONGEST_BYTES} bytes, not {size}"]
    return found
