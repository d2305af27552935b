"""What a request is validated against, looked up: in the store, and among the account's own values."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from crossdock.errors import Invalid, NotFound
from crossdock.store.database.engine import Database
from crossdock.store.records import records
from crossdock.wire import decoder
from crossdock.writes.aside import aside
from crossdock.writes.options import KnownOptions, OptionCache
from crossdock.writes.request import WriteRequest
from crossdock.writes.validate import ValidWrite, WriteFacts, validated


async def validate(
    database: Database, cache: OptionCache, client: KnownOptions, request: WriteRequest, begun_ms: int
) -> ValidWrite:
    """Look up what is known, and make the request a command by it. Raises NotFound, Invalid."""
    accepts, connection = request.integration.accepts(request.write.action), request.connection
    stored, names = await _stored(database, request), await _names(database, request)
    facts = WriteFacts(stored, names, await cache.of(connection.uid, client, accepts))
    try:
        return await aside(request, validated, request, facts, begun_ms)
    except Invalid:
        if not accepts.options:
            raise
    # A warehouse may be newer than what is kept of them.
    facts = replace(facts, options=await cache.of(connection.uid, client, accepts, fresh=True))
    return await aside(request, validated, request, facts, begun_ms)


async def _stored(database: Database, request: WriteRequest) -> Mapping[str, Any]:
    """The record that is to be changed, as we hold it. Raises NotFound."""
    if request.record_id is None:
        return {}
    write = request.write
    document = await records.get_document(database, write.resource, request.connection.id, request.record_id)
    record: Mapping[str, Any] | None = None if document is None else decoder.decode(document)
    if record is None or not write.applies_to(record):
        word = str(write.id_name).removesuffix("_id").replace("_", " ")
        raise NotFound(f"there is no {word} {request.record_id!r}", record_id=request.record_id)
    return record


async def _names(database: Database, request: WriteRequest) -> Mapping[str, str]:
    """The names of the records that the body names by an id and by a name; of those that we hold."""
    names: dict[str, str] = {}
    for path, named in request.write.named.items():
        holder = request.body.get(path)
        if not isinstance(holder, Mapping) or named.id not in holder or named.name not in holder:
            continue
        record_id = str(holder[named.id])
        document = await records.get_document(database, named.resource, request.connection.id, record_id)
        name = None if document is None else decoder.decode(document)["name"]
        if name is not None:
            names[path] = name
    return names
