"""Disconnecting a customer's system: closed at once, its records follow in the background."""

from collections.abc import Awaitable, Callable

from crossdock.changes.events import connection_event
from crossdock.jobs.queue import enqueue
from crossdock.store.connections import connections
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.people import audit_log
from crossdock.store.people.audit_log import SYSTEM, Actor, AuditEntry
from crossdock.store.records import events
from crossdock.wire import stamp

Leave = Callable[[ConnectionRow], Awaitable[None]]
"""Has the system send no more webhooks about a connection."""


async def disconnect(
    database: Database,
    connection: ConnectionRow,
    now_ms: int,
    leave: Leave | None = None,
    *,
    actor: Actor = SYSTEM,
) -> bool:
    """Delete a connection; its records follow in the background. False when it was gone already."""
    if leave is not None:
        await leave(connection)  # while there are credentials to do it with
    event = connection_event(connection, "connection.deleted", {"deleted_date": stamp(now_ms)}, now_ms)
    detail = {"integration": f"{connection.type}/{connection.integration}"}
    entry = AuditEntry(connection.organization_id, actor, "connection.deleted", connection.uid, detail)

    async def work(transaction: Transaction) -> bool:
        if not await connections.delete(transaction, connection.id, now_ms):
            return False
        await audit_log.note(transaction, entry, now_ms)
        await events.add(transaction, [event])
        await enqueue(transaction, kind="purge", connection_id=connection.id, cause="delete", now_ms=now_ms)
        return True

    return await database.transact(work)
