"""Erasing what a connection's events said, to whom it was sent, and what was answered.

The events stay, emptied: a reader of the feed keeps its place, whichever of them that is. Only that the
connection was deleted is still told.
"""

from crossdock.store.database.engine import Transaction
from crossdock.store.webhooks.messages import EXPIRED

KEPT = "connection.deleted"


async def erase_events(transaction: Transaction, connection_id: int, after: int, at_most: int) -> int | None:
    """Erase a connection's next events behind a place; the place of the last, or None: there are no more."""
    rows = await transaction.fetch(
        "SELECT seq, id FROM events WHERE connection_id = ? AND seq > ? AND type <> ? ORDER BY seq LIMIT ?",
        connection_id,
        after,
        KEPT,
        at_most,
    )
    if not rows:
        await transaction.execute("UPDATE events SET customer = NULL WHERE connection_id = ?", connection_id)
        return None
    of_messages, bound = transaction.one_of("message_id", [row[1] for row in rows])
    await transaction.execute(f"DELETE FROM webhook_attempts WHERE {of_messages}", bound)
    for endpoint in await transaction.fetch("SELECT number FROM webhook_endpoints ORDER BY number"):
        await transaction.execute(
            f"DELETE FROM webhook_deliveries WHERE endpoint = ? AND {of_messages}", endpoint[0], bound
        )
    of_events, bound = transaction.one_of("id", [row[1] for row in rows])
    await transaction.execute(
        f"UPDATE events SET body = ?, sealed = FALSE, record_id = NULL, customer = NULL WHERE {of_events}",
        EXPIRED,
        bound,
    )
    return int(rows[-1][0])
