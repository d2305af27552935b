"""Forgetting what is older than it is kept, some rows at a time. How long that is: `jobs/cleaning.py`."""

from crossdock.store.database.engine import Database, Transaction
from crossdock.store.webhooks import handovers

EVENTS = "events"


async def forget_events(database: Database, before_ms: int, at_most: int) -> int:
    """Remove events from before a moment, some at a time; return how many: none at the end.

    Of each organization its oldest without a gap, and never its last: so a place in the feed that is still
    there has everything behind it, and a reader who is up to date keeps its place however quiet it is.
    None that is still to be handed to another server.
    """
    async with database.transaction() as transaction:
        await _move_horizon(transaction, EVENTS, before_ms)
        removed = 0
        for organization_id in await _with_old_events(transaction, before_ms, at_most):
            if removed < at_most:
                removed += await _forget_oldest(transaction, organization_id, before_ms, at_most - removed)
    return removed


async def _move_horizon(transaction: Transaction, name: str, before_ms: int) -> None:
    """Note since when a table is complete; whoever else forgets waits here."""
    await transaction.execute(
        "INSERT INTO horizons (name, at_ms) VALUES (?, ?) ON CONFLICT (name) DO UPDATE "
        "SET at_ms = CASE WHEN horizons.at_ms < excluded.at_ms THEN excluded.at_ms ELSE horizons.at_ms END",
        name,
        before_ms,
    )


async def _with_old_events(transaction: Transaction, before_ms: int, at_most: int) -> list[str]:
    """Organizations whose first event is old, and not their last."""
    rows = await transaction.fetch(
        "SELECT o.id FROM organizations o WHERE (SELECT e.at_ms FROM events e "
        f"WHERE e.organization_id = o.id AND e.seq <= ({handovers.REACHED}) ORDER BY e.seq LIMIT 1) < ? "
        "AND EXISTS (SELECT 1 FROM events e "
        "WHERE e.organization_id = o.id ORDER BY e.seq LIMIT 1 OFFSET 1) ORDER BY o.id LIMIT ?",
        before_ms,
        at_most,
    )
    return [str(row[0]) for row in rows]


async def _forget_oldest(transaction: Transaction, organization_id: str, before_ms: int, at_most: int) -> int:
    """Remove an organization's first events up to one that is not old, or is the last."""
    rows = await transaction.fetch(
        f"SELECT e.seq, e.at_ms, ({handovers.REACHED}) FROM organizations o JOIN events e "
        "ON e.organization_id = o.id WHERE o.id = ? ORDER BY e.seq LIMIT ?",
        organization_id,
        at_most + 1,
    )
    until = 0
    for seq, at_ms, reached in rows[:-1]:
        if at_ms >= before_ms or seq > reached:
            break
        until = seq
    return await transaction.execute(
        "DELETE FROM events WHERE organization_id = ? AND seq <= ?", organization_id, until
    )


async def events_since(database: Database) -> int:
    """Since when events are complete, in milliseconds; 0: from the beginning."""
    row = await database.fetch_one("SELECT at_ms FROM horizons WHERE name = ?", EVENTS)
    return 0 if row is None else int(row[0])


async def forget_jobs(database: Database, before_ms: int, at_most: int) -> int:
    """Remove jobs that ended before a moment, with runs and windows, some at a time; return how many."""
    async with database.transaction() as transaction:
        await transaction.in_turn("forgetting jobs")
        rows = await transaction.fetch(
            "SELECT id FROM jobs WHERE ended_ms < ? ORDER BY ended_ms LIMIT ?", before_ms, at_most
        )
        if rows:
            of_jobs, bound = database.one_of("job_id", [row[0] for row in rows])
            for table in ("runs", "seen", "on_demand"):
                await transaction.execute(f"DELETE FROM {table} WHERE {of_jobs}", bound)
            condition, bound = database.one_of("id", [row[0] for row in rows])
            await transaction.execute(f"DELETE FROM jobs WHERE {condition}", bound)
    return len(rows)
