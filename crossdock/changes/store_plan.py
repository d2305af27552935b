"""A plan → the rows of its transaction."""

from crossdock.changes import numbered_events
from crossdock.changes.plan import CommitPlan
from crossdock.store.database.engine import Transaction
from crossdock.store.records import events, history, records


async def store_plan(transaction: Transaction, plan: CommitPlan) -> None:
    """Write all that the plan decided, or raise what the database says."""
    resource, connection_id = plan.target.resource, plan.target.connection.id
    if plan.restored:
        await records.restore(transaction, resource, connection_id, plan.restored)
    if plan.rows:
        await records.put(transaction, resource, connection_id, plan.rows)
    if plan.tags:
        await records.set_tags(transaction, resource, connection_id, plan.tags)
    if plan.hashes:
        await records.keep_hashes(transaction, resource, connection_id, plan.hashes)
    if plan.tombstones:
        await records.delete(transaction, resource, connection_id, plan.tombstones, plan.now_ms)
    await numbered_events.follow(transaction, plan)
    if plan.history:
        await history.add(transaction, plan.history)
    if plan.events:
        await events.add(transaction, plan.events)
