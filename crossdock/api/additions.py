"""What no field of ours holds: custom fields of a connection, and records as they were sent to us."""

import msgspec
from starlette.responses import Response

from crossdock.api import addition_schemas as schemas
from crossdock.api.connections.connections import of_path
from crossdock.api.context import RequestContext
from crossdock.api.records.reads import missing, offered
from crossdock.connections.additions import set_custom_fields
from crossdock.errors import NotFound
from crossdock.kit.additional import decode_custom_fields
from crossdock.store.people import audit_log
from crossdock.store.people.audit_log import AuditEntry, acting
from crossdock.store.records import raw_records, records
from crossdock.web.responses import reply
from crossdock.wire import decoder


async def custom_fields(visit: RequestContext) -> Response:
    """The custom fields that the connection of the path declares."""
    connection = await of_path(visit)
    declared = decode_custom_fields(connection.custom_fields)
    shown = {name: fields for name, fields in declared.items() if fields}
    return reply(schemas.DeclaredCustomFields(custom_fields=shown))


async def custom_fields_set(visit: RequestContext) -> Response:
    """Declare custom fields, in place of those before."""
    connection = await of_path(visit)
    body = await visit.body(schemas.DeclaredCustomFields)
    declared = {name: sorted(fields) for name, fields in body.custom_fields.items()}
    entry = AuditEntry(
        connection.organization_id, acting(), "connection.custom_fields_changed", connection.uid,
        detail={"custom_fields": declared},
    )  # fmt: skip
    async with visit.door.database.transaction() as transaction:
        if await set_custom_fields(transaction, connection, body.custom_fields, visit.door.clock()):
            await audit_log.note(transaction, entry, visit.door.clock())
    visit.door.wake()
    return reply(body)


async def raw(visit: RequestContext) -> Response:
    """A record as the connected system sent it, where the connection keeps that."""
    resource, connection, door = offered(visit), visit.connection, visit.door
    arguments = visit.arguments()
    record_id = str(arguments[resource.id_name])
    parent = str(arguments[resource.parent]) if resource.parent else None
    if await records.get_document(door.database, resource, connection.id, record_id, parent) is None:
        raise missing(resource, record_id)
    kept_raw_record = await raw_records.get(door.database, door.vault, connection, resource.key, record_id)
    if kept_raw_record is None:
        why = "was not read again since it is kept" if connection.keep_raw else "is not kept (keep_raw)"
        raise NotFound(f"the raw record {why}", record_id=record_id)
    try:
        return reply(schemas.RawRecord(data=decoder.decode(kept_raw_record)))
    except msgspec.DecodeError:
        raise NotFound("the raw record holds what JSON has no words for", record_id=record_id) from None
