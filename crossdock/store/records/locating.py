"""Where records lie that are known by their id alone: in which connections, among which resources."""

from collections.abc import Sequence
from dataclasses import dataclass

from crossdock.resources.schema import Resource
from crossdock.store.connections import connections
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Database


@dataclass(frozen=True)
class RecordPlace:
    """A resource of a connection that has a record of the id."""

    connection: ConnectionRow
    resource: Resource


async def places(
    database: Database, organization_id: str, resources: Sequence[Resource], record_id: str, limit: int
) -> list[RecordPlace]:
    """The places in an organization where a record has this id, at most so many of each resource and in all.

    The key of a table of records is the connection and the id, so each connection is looked into once.
    """
    if not resources:
        return []
    each = " UNION ALL ".join(
        f"SELECT * FROM (SELECT r.connection_id AS connection_id, {number} AS place FROM connections c "
        f"JOIN {resource.key} r ON r.connection_id = c.id AND r.id = ? "
        "WHERE c.organization_id = ? AND c.type = ? AND c.deleted_ms IS NULL "
        f"ORDER BY c.id LIMIT ?) AS {resource.key}_places"
        for number, resource in enumerate(resources)
    )
    values = [value for resource in resources for value in (record_id, organization_id, resource.type, limit)]
    rows = await database.fetch(each, *values)
    rows = rows[:limit]
    by_id = await connections.by_ids(database, {int(row[0]) for row in rows})
    return [RecordPlace(by_id[row[0]], resources[row[1]]) for row in rows if row[0] in by_id]
