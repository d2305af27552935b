"""The single door into the store for vendor data.

    changes ─▶ their turn ─▶ what is stored of them, locked ─▶ a plan, pure ─▶ stored, and what is derived

One transaction holds the records of a page, a history row and the events for each change, and what
the caller stores after them (the cursor of its run, its lease). A crash therefore repeats at most one
page, and repeating a page changes nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import structlog

from crossdock.changes.derived_ledger.derivation import Derivation, derivation_for
from crossdock.changes.plan import CommitOutcome, CommitPlan, Incoming, Target
from crossdock.changes.store_plan import store_plan
from crossdock.errors import printable
from crossdock.resources.schema import Resource
from crossdock.store.connections import connections
from crossdock.store.database.batches import together_or_apart
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.records import records
from crossdock.store.records.records import StoredRecord

MOST_SAID = 500
"""Characters of why the database does not take a record."""

log = structlog.get_logger()


@dataclass(frozen=True)
class UnmetRecords:
    """Records that a complete snapshot did not meet, some at a time: while there are any there may be more.

    The snapshot is the run that `Target.job_id` names.
    """

    before_ms: int
    """When it began. Records that changed since are left alone."""
    at_most: int


@dataclass(frozen=True)
class Changes:
    """The changes to make among the records of a target."""

    incoming: Sequence[Incoming] = ()
    """Of several with one id the last counts."""
    deleted: Collection[str] = ()
    """Ids of records that are gone; those that we have become tombstones."""
    unmet: UnmetRecords | None = None

    @property
    def is_empty(self) -> bool:
        """Check whether nothing is to change."""
        return not self.incoming and not self.deleted and self.unmet is None


async def commit(database: Database, target: Target, changes: Changes, now_ms: int) -> CommitOutcome:
    """Store changes, and nothing else, in a transaction of their own."""
    async with database.transaction() as transaction:
        return await store_changes(transaction, target, changes, now_ms)


async def store_changes(
    transaction: Transaction, target: Target, changes: Changes, now_ms: int
) -> CommitOutcome:
    """Store what changed, with its events and history.

    A record that the database does not take is refused like one that does not fit; the others are stored.
    """
    if changes.is_empty:
        return CommitOutcome()
    target = await _muted_as_now(transaction, target)
    await take_turn(transaction, target.resource, target.connection.id)
    derivation = await derivation_for(transaction, target, now_ms)
    storing = _Storing(transaction, target, now_ms, derivation)
    incoming = {record.id: record for record in changes.incoming}
    stored = await storing.locked({*incoming, *changes.deleted})
    await storing.store_incoming(incoming, stored)
    await storing.store_tombstones(
        {record_id: stored[record_id].document for record_id in sorted({*changes.deleted} & stored.keys())}
    )
    if changes.unmet is not None:
        await storing.store_tombstones(await storing.unmet(changes.unmet))
    return storing.outcome


async def take_turn(transaction: Transaction, resource: Resource, connection_id: int) -> None:
    """Wait until this transaction is the only one that changes these records.

    Those that are there are locked when they are read; this is for those that are not: two transactions
    that bring the same one would both make it, and both emit its event.
    """
    await transaction.in_turn(f"{resource.key} of {connection_id}")


async def _muted_as_now(transaction: Transaction, target: Target) -> Target:
    """The target, muted as its connection is now: it was read before, by a run that takes hours perhaps."""
    connection = target.connection
    muted = await connections.is_muted(transaction, connection.id)
    if muted == connection.webhooks_disabled:
        return target
    return replace(target, connection=replace(connection, webhooks_disabled=muted))


@dataclass
class _Storing:
    """One transaction's changes to the records of a target."""

    transaction: Transaction
    target: Target
    now_ms: int
    derivation: Derivation | None
    outcome: CommitOutcome = field(default_factory=CommitOutcome)

    async def locked(self, ids: Collection[str]) -> Mapping[str, StoredRecord]:
        """The records among these that are stored, held by this transaction."""
        if not ids:
            return {}
        resource, connection_id = self.target.resource, self.target.connection.id
        return await records.locked(self.transaction, resource, connection_id, ids)

    async def unmet(self, records_unmet: UnmetRecords) -> Mapping[str, bytes]:
        """The documents of records that a snapshot did not meet, held by this transaction."""
        rows = await records.missing_from_snapshot(
            self.transaction, self.target.resource, self.target.connection.id,
            job_id=self.target.job_id or "", before_ms=records_unmet.before_ms, limit=records_unmet.at_most,
        )  # fmt: skip
        return dict(rows)

    async def store_incoming(
        self, incoming: Mapping[str, Incoming], stored: Mapping[str, StoredRecord]
    ) -> None:
        """Store records together, and each for itself where one of them can't be stored."""
        if not incoming:
            return
        resource, connection_id = self.target.resource, self.target.connection.id
        fresh = [record_id for record_id in incoming if record_id not in stored]
        tombstones = await records.tombstones(self.transaction, resource, connection_id, fresh)

        async def store(batch: Sequence[Incoming]) -> None:
            plan = CommitPlan(self.target, self.now_ms)
            async with self.transaction.savepoint():
                for record in batch:
                    plan.add(record, stored.get(record.id), tombstones.get(record.id))
                await self._store(plan)
            self.outcome.add(plan.outcome)

        await together_or_apart(list(incoming.values()), store, self._refuse)

    async def store_tombstones(self, documents: Mapping[str, bytes]) -> None:
        """Turn records into tombstones."""
        if not documents:
            return
        plan = CommitPlan(self.target, self.now_ms)
        for record_id, document in documents.items():
            plan.delete(record_id, document)
        await self._store(plan)
        self.outcome.add(plan.outcome)

    async def _store(self, plan: CommitPlan) -> None:
        await store_plan(self.transaction, plan)
        if self.derivation is not None:
            await self.derivation.follow(plan)

    async def _refuse(self, record: Incoming, problem: Exception) -> None:
        reason = printable(f"{type(problem).__name__}: {problem}")[:MOST_SAID]
        self.outcome.refused[record.id] = f"can't be stored: {reason}"
        log.warning(
            "a record can't be stored", connection=self.target.connection.uid,
            function=self.target.resource.function, record=record.id, error=reason,
        )  # fmt: skip
