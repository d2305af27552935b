"""Reading records: generic over all resources. Stored bytes go out as they are."""

from dataclasses import dataclass

from starlette.responses import Response

from crossdock.api import replies
from crossdock.api.door import Visit
from crossdock.api.moments import check_kept, end_ms
from crossdock.api.query import AS_OF, listing, moment, pages_as_of
from crossdock.api.tokens import Pages
from crossdock.changes import as_of
from crossdock.changes.document import decoder
from crossdock.changes.ledger import is_derived
from crossdock.errors import Forbidden, NotFound, NotOffered
from crossdock.integrations.registry import integration
from crossdock.resources.catalogue import by_function
from crossdock.resources.schema import Resource
from crossdock.resources.wms.inventory_ledger import INVENTORY_LEDGER
from crossdock.store import lists, records


async def listed(visit: Visit) -> Response:
    """A page of a resource, as it is or as it was."""
    resource = offered(visit)
    parent = visit.request.path_params[resource.parent] if resource.parent else None
    pages = Pages(visit.door.page_key, visit.connection.id, resource.key, parent)
    query = listing(resource, visit.pairs, pages)
    if query.as_of is not None:
        end_ms(query.as_of, visit.door.clock())
    if parent is not None:
        await _check_parent(visit, resource, parent, query.as_of)
    if query.as_of is None:
        found = await lists.page(visit.door.database, resource, visit.connection.id, query)
    else:
        found = await as_of.page(visit.door.database, resource, visit.connection.id, query)
        await check_kept(visit.door, query.as_of)
    issued = pages_as_of(pages, query.as_of)
    token = None if found.after is None else issued.token(found.after, query.order)
    return replies.page(found.spliced, found.count, token)


async def one(visit: Visit) -> Response:
    """One record, as it is or as it was."""
    resource = offered(visit)
    given = visit.arguments()
    wanted = _Wanted(
        resource=resource,
        id=str(given[resource.id_name]),
        parent=str(given[resource.parent]) if resource.parent else None,
        as_of=moment(str(given[AS_OF])) if AS_OF in given else None,
        include_deleted=bool(given["include_deleted"]),
    )
    document = await _found(visit, wanted)
    if document is None:
        raise missing(resource, wanted.id)
    return replies.one(document)


@dataclass(frozen=True)
class _Wanted:
    """One record, and as of when."""

    resource: Resource
    id: str
    parent: str | None = None
    as_of: int | None = None
    include_deleted: bool = False

    def is_below(self, document: bytes) -> bool:
        """Whether the record is one of those below the parent that the path names."""
        parent = self.resource.parent
        return parent is None or decoder.decode(document)[parent] == self.parent


async def _found(visit: Visit, wanted: _Wanted) -> bytes | None:
    database, connection_id = visit.door.database, visit.connection.id
    if wanted.as_of is not None:
        return await _then(visit, wanted, wanted.as_of)
    document = await records.one(database, wanted.resource, connection_id, wanted.id, wanted.parent)
    if document is not None or not wanted.include_deleted:
        return document
    buried = await records.one_gone(database, wanted.resource, connection_id, wanted.id)
    return buried if buried is not None and wanted.is_below(buried) else None


async def _then(visit: Visit, wanted: _Wanted, asked: int) -> bytes | None:
    """What was there at the end of a second."""
    end = end_ms(asked, visit.door.clock())
    state = await as_of.one(visit.door.database, wanted.resource, visit.connection.id, wanted.id, end)
    await check_kept(visit.door, asked)
    if state is None or (state.is_gone and not wanted.include_deleted):
        return None
    return state.document if wanted.is_below(state.document) else None


def missing(resource: Resource, record_id: str) -> NotFound:
    return NotFound(f"there is no {_called(resource)} {record_id!r}", record_id=record_id)


def offered(visit: Visit) -> Resource:
    """The operation's resource, if this connection has it: NotOffered or Forbidden otherwise."""
    resource, connection = visit.operation.resource, visit.connection
    if resource is None:
        raise NotFound(f"there is no {visit.request.url.path}")
    behind = integration(connection.type, connection.integration)
    is_read = resource.function in behind.manifest.functions.read
    if resource is INVENTORY_LEDGER:
        is_read = is_read or is_derived(connection, behind)
    if connection.type != resource.type or not is_read:
        name = behind.manifest.name
        raise NotOffered(f"Endpoint {resource.function} is not implemented for {name}")
    if visit.door.is_off(connection, resource.function):
        raise Forbidden(f"{resource.function} is disabled for this connection")
    return resource


async def _check_parent(visit: Visit, resource: Resource, parent_id: str, asked: int | None) -> None:
    """The record that the path names above the list must be there, or have been."""
    above = by_function(resource.type)[f"get_{str(resource.parent).removesuffix('_id')}s"]
    found = await _found(visit, _Wanted(above, parent_id, as_of=asked))
    if found is None:
        raise missing(above, parent_id)


def _called(resource: Resource) -> str:
    return resource.singular.replace("_", " ")
