"""Reading records: generic over all resources. Stored bytes go out as they are."""

from dataclasses import dataclass, replace

from starlette.responses import Response

from crossdock.api.context import RequestContext
from crossdock.api.records.as_of import check_kept, end_ms
from crossdock.api.records.query import AS_OF, listing, moment, pages_as_of
from crossdock.api.records.responses import record_page, single_record
from crossdock.changes.history import as_of
from crossdock.connections.capabilities import check_read
from crossdock.errors import NotFound
from crossdock.kit.responses import one_line
from crossdock.resources.catalogue import by_function
from crossdock.resources.schema import Resource
from crossdock.store.records import lists, quarantine, records
from crossdock.web import responses
from crossdock.web.page_tokens import PageTokens
from crossdock.wire import decoder, encoder

LONGEST_REASON = 1000
"""Of a header, in bytes."""


async def get_list(visit: RequestContext) -> Response:
    """A page of a resource, as it is or as it was."""
    resource = offered(visit)
    parent = visit.request.path_params[resource.parent] if resource.parent else None
    pages = PageTokens(visit.door.page_key, visit.connection.id, resource.key, parent)
    query = listing(resource, visit.pairs, pages)
    if query.as_of is not None:
        end_ms(query.as_of, visit.door.clock())
    if parent is not None:
        await _check_parent(visit, resource, parent, query.as_of)
    if query.as_of is None:
        page = await lists.page(visit.door.database, resource, visit.connection.id, query)
    else:
        page = await as_of.page(visit.door.database, resource, visit.connection.id, query)
        await check_kept(visit.door, query.as_of)
    issued = pages_as_of(pages, query.as_of)
    token = None if page.after is None else issued.token(page.after, query.order)
    return record_page(page.spliced, page.count, token)


async def get_item(visit: RequestContext) -> Response:
    """One record, as it is or as it was."""
    resource = offered(visit)
    arguments = visit.arguments()
    record_query = _RecordQuery(
        resource=resource,
        id=str(arguments[resource.id_name]),
        parent=str(arguments[resource.parent]) if resource.parent else None,
        as_of=moment(str(arguments[AS_OF])) if AS_OF in arguments else None,
        include_deleted=bool(arguments["include_deleted"]),
    )
    document = await _get_document(visit, record_query)
    if document is None and resource.of is not None:
        document = await _empty(visit, record_query, by_function(resource.type)[resource.of])
    if document is None:
        raise missing(resource, record_query.id)
    response = single_record(document)
    if record_query.as_of is None and (flaw := await _flaw(visit, resource, record_query.id)):
        response.raw_headers.append(flaw)
    return response


async def _flaw(visit: RequestContext, resource: Resource, record_id: str) -> responses.Header | None:
    """The header that says what of a record is not as the connected system has it; None: all is."""
    quarantined = await quarantine.get(visit.door.database, visit.connection.id, resource.function, record_id)
    if quarantined is None:
        return None
    name = b"x-crossdock-stale" if quarantined.kind == "whole" else b"x-crossdock-partial"
    return name, one_line(quarantined.reason).encode("ascii", "backslashreplace")[:LONGEST_REASON]


@dataclass(frozen=True)
class _RecordQuery:
    """One record, and as of when."""

    resource: Resource
    id: str
    parent: str | None = None
    as_of: int | None = None
    include_deleted: bool = False

    def is_below(self, document: bytes) -> bool:
        """Check whether the record is one of those below the parent that the path names."""
        parent = self.resource.parent
        return parent is None or decoder.decode(document)[parent] == self.parent


async def _get_document(visit: RequestContext, record_query: _RecordQuery) -> bytes | None:
    database, connection_id = visit.door.database, visit.connection.id
    if record_query.as_of is not None:
        return await _then(visit, record_query, record_query.as_of)
    document = await records.get_document(
        database, record_query.resource, connection_id, record_query.id, record_query.parent
    )
    if document is not None or not record_query.include_deleted:
        return document
    tombstone = await records.get_tombstone(database, record_query.resource, connection_id, record_query.id)
    return tombstone if tombstone is not None and record_query.is_below(tombstone) else None


async def _empty(visit: RequestContext, record_query: _RecordQuery, owner: Resource) -> bytes | None:
    """The record of an order without packs; None when there is no such order, or not as of then."""
    content = await _get_document(visit, replace(record_query, resource=owner, parent=None))
    return None if content is None else encoder.encode(record_query.resource.record())


async def _then(visit: RequestContext, record_query: _RecordQuery, number: int) -> bytes | None:
    """The record as it was at the end of a second."""
    end = end_ms(number, visit.door.clock())
    state = await as_of.one(
        visit.door.database, record_query.resource, visit.connection.id, record_query.id, end
    )
    await check_kept(visit.door, number)
    if state is None or (state.is_gone and not record_query.include_deleted):
        return None
    return state.document if record_query.is_below(state.document) else None


def missing(resource: Resource, record_id: str) -> NotFound:
    return NotFound(f"there is no {_called(resource)} {record_id!r}", record_id=record_id)


def offered(visit: RequestContext) -> Resource:
    """The operation's resource, if this connection has it: NotOffered or Forbidden otherwise."""
    resource, connection = visit.operation.resource, visit.connection
    if resource is None:
        raise NotFound(f"there is no {visit.request.scope['path']}")
    check_read(connection, resource, visit.door.settings.off)
    return resource


async def _check_parent(
    visit: RequestContext, resource: Resource, parent_id: str, number: int | None
) -> None:
    """The record that the path names above the list must be there, or have been."""
    above = by_function(resource.type)[f"get_{str(resource.parent).removesuffix('_id')}s"]
    content = await _get_document(visit, _RecordQuery(above, parent_id, as_of=number))
    if content is None:
        raise missing(above, parent_id)


def _called(resource: Resource) -> str:
    return resource.singular.replace("_", " ")
