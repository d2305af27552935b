"""Where records lie that are known by an id or a number alone: in which connections, of which resources."""

from collections.abc import Sequence
from dataclasses import dataclass

from crossdock.resources.schema import Resource
from crossdock.store.connections import connections
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Database


@dataclass(frozen=True)
class RecordPlace:
    """A record: the connection and the resource that have it."""

    connection: ConnectionRow
    resource: Resource
    record_id: str


async def places(
    database: Database,
    organization_id: str,
    resources: Sequence[Resource],
    text: str,
    limit: int,
    column: str = "id",
) -> list[RecordPlace]:
    """The places in an organization where a record has this id, at most so many of each resource and in all.

    column: what the text is looked for in; a filter that all the resources have. The key of a table of
    records is the connection and the id, and its indexes begin with the connection: each is looked into once.
    """
    if not resources:
        return []
    each = " UNION ALL ".join(
        f"SELECT * FROM (SELECT r.connection_id AS connection_id, {number} AS place, r.id AS id "
        f"FROM connections c JOIN {resource.key} r ON r.connection_id = c.id AND r.{column} = ? "
        "WHERE c.organization_id = ? AND c.type = ? AND c.deleted_ms IS NULL "
        f"ORDER BY c.id, r.id LIMIT ?) AS {resource.key}_places"
        for number, resource in enumerate(resources)
    )
    values = [value for resource in resources for value in (text, organization_id, resource.type, limit)]
    rows = await database.fetch(each, *values)
    rows = rows[:limit]
    by_id = await connections.by_ids(database, {int(row[0]) for row in rows})
    return [RecordPlace(by_id[row[0]], resources[row[1]], row[2]) for row in rows if row[0] in by_id]
