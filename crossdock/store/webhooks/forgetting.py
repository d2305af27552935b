"""Forgetting old attempts, deliveries and messages, some rows at a time."""

from crossdock.store.database.engine import Database
from crossdock.store.database.ids import first_id


async def forget_attempts(database: Database, before_ms: int, at_most: int) -> int:
    """Remove attempts from before a moment; return how many."""
    async with database.transaction() as transaction:
        return await transaction.execute(
            "DELETE FROM webhook_attempts WHERE id IN "
            "(SELECT id FROM webhook_attempts WHERE id < ? ORDER BY id LIMIT ?)",
            first_id("atmpt", before_ms),
            at_most,
        )


async def forget_deliveries(database: Database, before_ms: int, at_most: int) -> int:
    """Remove deliveries with nothing more to send, of messages from before a moment; return how many."""
    removed = 0
    async with database.transaction() as transaction:
        for row in await transaction.fetch("SELECT number FROM webhook_endpoints ORDER BY number"):
            if removed >= at_most:
                break
            removed += await transaction.execute(
                "DELETE FROM webhook_deliveries WHERE endpoint = ? AND due_ms IS NULL AND message_id IN "
                "(SELECT message_id FROM webhook_deliveries WHERE endpoint = ? AND message_id < ? "
                "AND due_ms IS NULL ORDER BY message_id LIMIT ?)",
                row[0], row[0], first_id("msg", before_ms), at_most - removed,
            )  # fmt: skip
    return removed


async def forget_messages(database: Database, before_ms: int, at_most: int) -> int:
    """Remove messages of the admin API from before a moment; return how many."""
    async with database.transaction() as transaction:
        rows = await transaction.fetch(
            "SELECT id FROM webhook_messages WHERE id < ? ORDER BY id LIMIT ?",
            first_id("msg", before_ms),
            at_most,
        )
        text, bound = transaction.text_table([row[0] for row in rows])
        for table, column in (("webhook_message_tags", "message_id"), ("webhook_messages", "id")):
            await transaction.execute(
                f"DELETE FROM {table} WHERE {column} IN (SELECT value FROM {text})", bound
            )
    return len(rows)
