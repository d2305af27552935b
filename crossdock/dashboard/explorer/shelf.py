"""What a connection holds: its resources with the number of their records, and what can be done to them."""

from collections.abc import Sequence

import msgspec

from crossdock.connections.capabilities import available_actions, check_read, integration_of
from crossdock.connections.link.options import SANDBOX
from crossdock.connections.lookup import get_connection
from crossdock.dashboard.context import DashboardContext
from crossdock.errors import Forbidden, NotFound, NotOffered
from crossdock.kit.registry import find_integration
from crossdock.resources.catalogue import all_resources
from crossdock.resources.schema import Resource
from crossdock.resources.writes import Write
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.people import audit_log
from crossdock.store.records import records

MOST_COUNTED = 10_000
"""More records than this are counted as so many and more: what is counted costs no more than these."""


class ShelfConnection(msgspec.Struct, kw_only=True):
    """The connection whose records are looked at."""

    connection_id: str
    customer_id: str | None
    system: str
    integration_name: str
    integration_type: str
    is_sandbox: bool


class ShelfResource(msgspec.Struct, kw_only=True):
    """A resource of a connection. record_count: None where it is off; is_more: there are more than that."""

    name: str
    is_listed: bool
    is_off: bool
    record_count: int | None = None
    is_more: bool = False


async def connection_of(visit: DashboardContext) -> ConnectionRow:
    """The connection that the path names. Raises NotFound."""
    return await get_connection(visit.door.database, visit.part("connection_id"), visit.organization_id)


def shelf_connection(row: ConnectionRow) -> ShelfConnection:
    integration = find_integration(row.type, row.integration)
    return ShelfConnection(
        connection_id=row.uid,
        customer_id=row.customer_id,
        system=integration.manifest.name if integration else row.integration,
        integration_name=row.integration,
        integration_type=row.type,
        is_sandbox=row.integration == SANDBOX,
    )


def is_browsed(resource: Resource) -> bool:
    """Check whether its records can be looked at by the calls that all resources have."""
    return resource.listed or resource.one_path is not None


def resource_of(visit: DashboardContext, row: ConnectionRow) -> Resource:
    """The resource that the path names. Raises NotFound, NotOffered, Forbidden."""
    return offered_resource(visit, row, visit.part("resource"))


def offered_resource(visit: DashboardContext, row: ConnectionRow, name: str) -> Resource:
    """A resource of the connection by its name. Raises NotFound, NotOffered, Forbidden."""
    resources = {
        resource.name: resource
        for resource in all_resources()
        if resource.type == row.type and is_browsed(resource)
    }
    if name not in resources:
        raise NotFound("There is no such resource.")
    check_read(row, resources[name], visit.door.settings.off)
    return resources[name]


async def shelf(visit: DashboardContext, row: ConnectionRow) -> list[ShelfResource]:
    """The resources that the connection has, with the number of their records."""
    states = {
        resource: _state(visit, row, resource) for resource in all_resources() if resource.type == row.type
    }
    offered = [resource for resource, state in states.items() if state == "offered"]
    counts = await records.counts(visit.door.database, offered, row.id, MOST_COUNTED + 1)
    return [
        ShelfResource(
            name=resource.name,
            is_listed=resource.listed,
            is_off=state == "off",
            record_count=min(counts[resource.key], MOST_COUNTED) if resource.key in counts else None,
            is_more=counts.get(resource.key, 0) > MOST_COUNTED,
        )
        for resource, state in states.items()
        if state and is_browsed(resource)
    ]


def _state(visit: DashboardContext, row: ConnectionRow, resource: Resource) -> str:
    """ "offered", "off", or "" where the system has no such records."""
    try:
        check_read(row, resource, visit.door.settings.off)
    except Forbidden:
        return "off"
    except (NotOffered, NotFound):
        return ""
    return "offered"


# What can be done


class ShelfAction(msgspec.Struct, kw_only=True):
    """A write that a page offers. has_record: it is done to a record, not to make or change several."""

    action: str
    method: str
    path: str
    summary: str
    has_record: bool


def writes_of(visit: DashboardContext, row: ConnectionRow) -> Sequence[Write]:
    """The writes of a connection that are not switched off."""
    integration = find_integration(row.type, row.integration)
    if integration is None:
        return ()
    actions = available_actions(row, integration_of(row), visit.door.settings.off)
    return [write for action, write in integration.writes.items() if action in actions]


def write_of(visit: DashboardContext, row: ConnectionRow, action: str) -> Write:
    """A write of a connection by its action. Raises NotFound."""
    for write in writes_of(visit, row):
        if write.action == action:
            return write
    raise NotFound("This connection has no such action.")


def actions_of(
    visit: DashboardContext, row: ConnectionRow, resource: Resource, record: dict[str, object] | None = None
) -> list[ShelfAction]:
    """The writes about a resource: those that are done to this record, or, without one, to none."""
    if not visit.may("records.write"):
        return []
    return [
        ShelfAction(
            action=write.action, method=write.method, path=write.path, summary=write.summary,
            has_record=write.id_name is not None,
        )
        for write in writes_of(visit, row)
        if write.resource is resource and (write.id_name is None) == (record is None)
        and (record is None or write.applies_to(record))
    ]  # fmt: skip


def is_importable(write: Write) -> bool:
    """Check whether the line of a table can say all that a write takes."""
    return write.body is not None and not write.takes_file and write.answers == "record"


def imports_of(visit: DashboardContext, row: ConnectionRow, resource: Resource) -> list[str]:
    """The actions of a resource that a table can ask for, line by line."""
    if not visit.may("records.write"):
        return []
    writes = [write for write in writes_of(visit, row) if write.resource is resource]
    return [write.action for write in writes if is_importable(write)]


async def note_write(visit: DashboardContext, row: ConnectionRow, write: Write, record_id: str) -> None:
    """Have the audit log say who writes what: before it is sent, as nobody knows what comes of it."""
    await audit_log.note_look(
        visit.door.database, row.organization_id, "record.write_sent", row.uid, visit.now_ms,
        write=write.action or write.id, resource=write.resource.name, record_id=record_id,
    )  # fmt: skip
