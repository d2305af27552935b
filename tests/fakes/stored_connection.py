"""A connection in a database, for tests of what is kept beside it."""

from crossdock.store.connections import access, connections
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Database
from crossdock.store.database.secrets import Vault
from tests.conftest import Clock


async def stored_connection(
    database: Database, vault: Vault, clock: Clock, *, uid: str = "4f0c", integration: str = "sandbox"
) -> ConnectionRow:
    """A connection of an organization of its own."""
    organization = await access.create_organization(database, "Test", clock())
    connection = ConnectionRow(
        id=0, uid=uid, organization_id=organization, type="wms", integration=integration, customer_id=None,
        me=None, disabled_functions=frozenset(), webhooks_disabled=False, times_used=0, last_used_ms=None,
        created_ms=clock(),
    )  # fmt: skip
    sealed = await connections.seal(vault, connection, {})
    async with database.transaction() as transaction:
        return await connections.create(transaction, connection, sealed)
