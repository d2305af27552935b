"""Finding a connection by what people and programs call it."""

from collections.abc import Sequence

from crossdock.errors import NotFound
from crossdock.store.connections import connections
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Database


async def get_connection(database: Database, uid: str, organization_id: str | None = None) -> ConnectionRow:
    """The connection with this id, of this organization if any is named. Raises NotFound."""
    connection = await connections.by_uid(database, uid, organization_id)
    if connection is None:
        raise no_connection(uid)
    return connection


def no_connection(uid: str) -> NotFound:
    """The answer about an id that no connection of the caller has."""
    return NotFound(f"there is no connection {uid!r}", record_id=uid)


async def get_by_prefix(database: Database, prefix: str) -> ConnectionRow:
    """The only connection whose id begins so. Raises NotFound."""
    everybody = await connections.page(database, None, limit=1_000_000)
    by_uid = {connection.uid: connection for connection in everybody}
    return by_uid[only_with_prefix(prefix, [uid for uid in by_uid if uid.startswith(prefix)])]


def only_with_prefix(prefix: str, uids: Sequence[str]) -> str:
    """The id among those that begin with a prefix. Raises NotFound unless there is exactly one."""
    if len(uids) != 1:
        problem = "several connections begin with" if uids else "there is no connection"
        raise NotFound(f"{problem} {prefix!r}; `crossdock connections` lists them", record_id=prefix)
    return uids[0]


async def oldest_of(
    database: Database, organization_id: str, kind: str, integration: str
) -> ConnectionRow | None:
    """The first connection that an organization made of an integration; None when it made none."""
    for connection in await connections.page(database, organization_id):
        if (connection.type, connection.integration) == (kind, integration):
            return connection
    return None
