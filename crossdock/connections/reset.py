"""Beginning anew: a connection forgets its records, and syncs as if for the first time."""

from collections.abc import Mapping

from crossdock.changes.events import force_sync_event
from crossdock.connections.capabilities import integration_of
from crossdock.jobs.queue import enqueue
from crossdock.resources.catalogue import by_function
from crossdock.store.connections import connections, schedules
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.secrets import Vault
from crossdock.store.jobs import queue
from crossdock.store.records import events, records


async def reset_connection(
    database: Database,
    vault: Vault,
    connection: ConnectionRow,
    credentials: Mapping[str, str],
    now_ms: int,
) -> None:
    """Forget all records of a connection and sync everything as if for the first time, signed in anew."""
    sealed = await connections.seal_credentials(vault, connection, credentials)
    tables = [*(resource.key for resource in by_function(connection.type).values()), *records.BELONGINGS]

    async def work(transaction: Transaction) -> None:
        forced = await queue.open_forced(transaction, connection.id)
        await events.add(transaction, [force_sync_event(connection, function, now_ms) for function in forced])
        # A run that is under way loses its lease: nothing it read before is stored after.
        await queue.fail_open_reads(transaction, connection.id, "the connection was reset", now_ms)
        await connections.change(transaction, connection.id, {"credentials": sealed})
        for table in tables:
            await records.purge(transaction, table, connection.id, limit=1_000_000_000)
        await schedules.start_over(transaction, connection.id, now_ms)
        if integration_of(connection).manifest.inbound is not None:
            # Its session is gone, too: whether the vendor still tells of changes is looked at.
            await enqueue(
                transaction, kind="subscribe", connection_id=connection.id, cause="schedule", now_ms=now_ms
            )

    await database.transact(work)
