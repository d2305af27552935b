"""What the pages of one carrier connection have in common: which it is, and what it can do."""

import msgspec

from crossdock.connections.lookup import get_connection, no_connection
from crossdock.dashboard.context import DashboardContext
from crossdock.kit.registry import find_integration
from crossdock.store.carriers import audit
from crossdock.store.connections.connections import ConnectionRow
from crossdock.wire import stamp


class CarrierHead(msgspec.Struct, kw_only=True):
    """A carrier connection. audited_at: when the last audit of its charges began."""

    connection_id: str
    customer_id: str | None
    system: str
    has_files: bool
    audited_at: str | None


async def carrier_of(visit: DashboardContext) -> ConnectionRow:
    """The carrier connection that the path names. Raises NotFound, also for one of another type."""
    uid = visit.part("connection_id")
    connection = await get_connection(visit.door.database, uid, visit.organization_id)
    if connection.type != "carrier":
        raise no_connection(uid)
    return connection


async def head_of(visit: DashboardContext, connection: ConnectionRow) -> CarrierHead:
    """Facts about the connection that every page says."""
    integration = find_integration(connection.type, connection.integration)
    last = await audit.last(visit.door.database, connection.id)
    return CarrierHead(
        connection_id=connection.uid,
        customer_id=connection.customer_id,
        system=integration.manifest.name if integration else connection.integration,
        has_files=integration is not None and integration.manifest.files is not None,
        audited_at=None if last is None else stamp(last),
    )


def title_of(head: CarrierHead, part: str = "") -> str:
    """The name of the connection, as people tell it from others, and of the part of its pages."""
    name = f"{head.system} of {head.customer_id}" if head.customer_id else head.system
    return f"{name}: {part}" if part else name
