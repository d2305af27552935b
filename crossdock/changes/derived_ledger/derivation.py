"""What changes of one resource bring about in another that is derived from it, in the same transaction."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from crossdock.changes.derived_ledger import ledger
from crossdock.changes.plan import CommitPlan, Incoming, Target
from crossdock.changes.store_plan import store_plan
from crossdock.kit.contract import Fields
from crossdock.resources.catalogue import derived_resources
from crossdock.resources.schema import Resource
from crossdock.store.database.engine import Transaction
from crossdock.store.records import ledger as balances

WITHDRAWN_AT_ONCE = 500


@dataclass(frozen=True)
class Derivation:
    """A ledger that is kept while the records of `target` change."""

    transaction: Transaction
    target: Target
    ledger: Resource
    now_ms: int

    async def follow(self, plan: CommitPlan) -> None:
        """Enter what a plan changes."""
        items = ledger.of_rows((row.id, row.document) for row in plan.rows)
        items |= ledger.of_rows(plan.tombstones.items(), is_deleted=True)
        if items:
            connection = self.target.connection
            entries = await ledger.derived(self.transaction, connection, items, self.now_ms)
            target = replace(self.target, resource=self.ledger)
            entered = await enter(self.transaction, target, entries, self.now_ms)
            plan.outcome.last_event = entered or plan.outcome.last_event


async def derivation_for(transaction: Transaction, target: Target, now_ms: int) -> Derivation | None:
    """The ledger that is to be kept while records of this target change; None: there is none to keep.

    Where the target is such a ledger itself, the system has one of its own now: what was derived is taken
    away, as it is not shown beside it.
    """
    derived = target.resource.derives
    if derived is not None and await ledger.is_wanted(transaction, target.connection):
        return Derivation(transaction, target, derived, now_ms)
    if target.resource in derived_resources() and await balances.close(transaction, target.connection.id):
        await _withdraw(transaction, target, now_ms)
    return None


async def enter(
    transaction: Transaction, target: Target, entries: Iterable[Fields], now_ms: int
) -> str | None:
    """Store new entries of the ledger that is the target's resource; the last event that tells of them."""
    plan = CommitPlan(target, now_ms)
    for fields in entries:
        plan.add(Incoming(fields["id"], fields, None), None, None)
    if unfit := plan.outcome.refused or plan.outcome.misfits:
        raise RuntimeError(f"derived entries do not fit: {unfit}")
    await store_plan(transaction, plan)
    return plan.outcome.last_event


async def _withdraw(transaction: Transaction, target: Target, now_ms: int) -> None:
    """Take all derived entries away, with no event."""
    connection_id, prefix = target.connection.id, ledger.PREFIX
    while documents := await balances.some_entries(
        transaction, connection_id, prefix, limit=WITHDRAWN_AT_ONCE
    ):
        plan = CommitPlan(replace(target, quiet=True), now_ms)
        for entry_id, document in documents.items():
            plan.delete(entry_id, document)
        await store_plan(transaction, plan)
