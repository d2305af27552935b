"""A wish, checked: what the integration is told to do. Everything that is wrong with it is told at once."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from crossdock.changes.document import decoder
from crossdock.errors import Invalid, NotFound
from crossdock.integrations.contract import Command
from crossdock.resources.writes import TAGS
from crossdock.store import records
from crossdock.store.engine import Database
from crossdock.writes import bodies
from crossdock.writes.check import Faults, faults, validator
from crossdock.writes.options import OptionCache
from crossdock.writes.tags import too_much
from crossdock.writes.wish import Wish


async def command_of(
    database: Database, options: OptionCache, client: Any, wish: Wish, begun_ms: int
) -> tuple[Command, list[str]]:
    """What is to be done, and the paths of what is not carried over. Raises NotFound, Invalid."""
    stored = await _record(database, wish)
    found = await _faults(options, client, wish)
    if found:
        raise Invalid({"form" if wish.write.takes_file else "json": found})
    unused = bodies.unused(wish.body, wish.write, wish.integration.accepts(wish.write.action))
    command = Command(
        action=wish.write.action,
        body=bodies.carried(wish.body, unused),
        record_id=wish.record_id,
        stored=stored,
        upload=wish.upload,
        begun=datetime.fromtimestamp(begun_ms / 1000, UTC),
    )
    return command, unused


async def _faults(options: OptionCache, client: Any, wish: Wish) -> Faults:
    write, accepts = wish.write, wish.integration.accepts(wish.write.action)

    async def found(*, fresh: bool) -> Faults:
        known = await options.of(wish.connection.uid, client, accepts, fresh=fresh)
        told = faults(wish.body, validator(bodies.checked_by(write, accepts, known)))
        return told or too_much(wish.body.get(TAGS, ()))

    first = await found(fresh=False)
    # A warehouse may be newer than what is kept of them.
    return await found(fresh=True) if first and accepts.options else first


async def _record(database: Database, wish: Wish) -> Mapping[str, Any]:
    """The record that is to be changed, as we hold it. Raises NotFound."""
    if wish.record_id is None:
        return {}
    resource = wish.write.resource
    document = await records.one(database, resource, wish.connection.id, wish.record_id)
    found: Mapping[str, Any] | None = None if document is None else decoder.decode(document)
    if found is None or (wish.write.id_name == "kit_id" and not found["is_kit"]):
        word = str(wish.write.id_name).removesuffix("_id").replace("_", " ")
        raise NotFound(f"there is no {word} {wish.record_id!r}", record_id=wish.record_id)
    return found
