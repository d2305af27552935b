"""One audit of a carrier connection: its charges, by the rules, against the customer's other systems.

    follow line items ─▶ follow shipments of the same customer ─▶ rules, batch by batch ─▶ what was not
                                                                                      found again goes

It reads all charges in two orders, some thousand at a time: its memory does not grow with them.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

import structlog

from crossdock.audit import rules
from crossdock.audit.follow import ORDER_RESOURCES, Follower
from crossdock.audit.rules import Finding
from crossdock.changes.document import encoder, hashed
from crossdock.jobs.queue import Lease, enqueue
from crossdock.store import audit, connections, schedules
from crossdock.store.audit import KIND, Charge, StoredFinding
from crossdock.store.connections import Connection
from crossdock.store.engine import Database, Transaction
from crossdock.store.ids import Clock

AT_ONCE = 2000
MOST_OF_A_PARCEL = 5000
"""Charges of one tracking number that are looked at together."""
OTHERS_EVERY_MS = 3_600_000
"""How soon an audit is done again because other systems of the customer synced."""

log = structlog.get_logger()


async def enqueue_due(database: Database, now_ms: int) -> int:
    """Queues an audit where something that it looks at has changed; how many."""
    async with database.transaction() as transaction:
        await transaction.in_turn("audits")
        due = await audit.due(transaction, now_ms - OTHERS_EVERY_MS)
        for one in due:
            await enqueue(transaction, kind=KIND, connection_id=one, cause="schedule", now_ms=now_ms)
    return len(due)


async def do_audit(database: Database, clock: Clock, lease: Lease, _stopping: asyncio.Event) -> None:
    """Does one audit. Begun again, it begins anew, but for what it has followed already."""
    connection = await connections.by_id(database, lease.job.connection_id)
    if connection is None:
        async with database.transaction() as transaction:
            await lease.fail(transaction, "the connection was deleted")
        return
    began = clock()
    async with database.transaction() as transaction:
        await lease.extend(transaction)
        await audit.started(transaction, connection.id, began)
    count = await Audit(database, clock, lease, connection).do(began)
    async with database.transaction() as transaction:
        await lease.finish(transaction)
        await audit.forget_findings(transaction, connection.id, lease.job.id)
        await audit.ended(transaction, connection.id, began, clock())
    log.info("audit done", connection=connection.uid, findings=count)


@dataclass(frozen=True)
class Audit:
    """One audit in one worker's hands."""

    database: Database
    clock: Clock
    lease: Lease
    connection: Connection

    async def do(self, began_ms: int) -> int:
        """How many findings there are."""
        follower = Follower(self.database, began_ms, self.lease.get_on)
        await follower.charges(self.connection)
        others = await connections.by_ids(
            self.database, await audit.same_customer(self.database, self.connection)
        )
        for one in others.values():
            await follower.shipments(one.id, one.type)
        known_since = await self._known_since(list(others.values()))
        count = 0
        async for found in self._all(list(others), known_since):
            await self._store(found, began_ms)
            count += len(found)
        return count

    async def _all(self, others: Sequence[int], known_since: int | None) -> AsyncIterator[list[Finding]]:
        async for parcels in self._parcels():
            yield await self._of_parcels(parcels, others, known_since)
        async for found in self._unusual():
            yield found
        async for found in self._unreconciled():
            yield found

    async def _known_since(self, others: Sequence[Connection]) -> int | None:
        """Since when the customer's systems tell of all that was shipped, in seconds; None: none does."""
        known = []
        for one in others:
            for resource in ORDER_RESOURCES:
                if resource.type != one.type:
                    continue
                plan = await schedules.get(self.database, one.id, resource.function)
                if plan is not None and plan.first_done_ms is not None:
                    known.append(await audit.earliest(self.database, one.id, resource))
        return min((one for one in known if one is not None), default=None)

    # What belongs to one parcel

    async def _parcels(self) -> AsyncIterator[list[list[Charge]]]:
        """The charges of each parcel, whole parcels at a time."""
        after, kept = ("", "\U0010ffff"), list[Charge]()
        while found := await audit.by_parcel(self.database, self.connection.id, after, AT_ONCE):
            after = (found[-1].parcel, found[-1].item_id)
            parcels = _by_parcel([*kept, *found])
            # The last one may go on in the next batch.
            kept = parcels.pop() if len(parcels[-1]) < MOST_OF_A_PARCEL else []
            if parcels:
                yield parcels
        if kept:
            yield [kept]

    async def _of_parcels(
        self, parcels: Sequence[list[Charge]], others: Sequence[int], known_since: int | None
    ) -> list[Finding]:
        numbers = {one[0].parcel for one in parcels}
        known = {one.tracking_number for one in await audit.shipped(self.database, others, numbers)}
        found: list[Finding] = []
        for charges in parcels:
            is_known = charges[0].parcel in known
            first = min((one.charged_on for one in charges if one.charged_on), default=0)
            can_know = known_since is not None and first >= known_since
            found += rules.of_parcel(charges, was_shipped=is_known if is_known or can_know else None)
        return found

    # What is compared with the account's own history, and invoices

    async def _unusual(self) -> AsyncIterator[list[Finding]]:
        usual, after = rules.Usual(), ("", "", 0, "")
        while found := await audit.by_label(self.database, self.connection.id, after, AT_ONCE):
            last = found[-1]
            after = (last.label, last.account_id, last.charged_on, last.item_id)
            yield [finding for one in found for finding in usual.see(one)]

    async def _unreconciled(self) -> AsyncIterator[list[Finding]]:
        after = ""
        while rows := await audit.unreconciled(self.database, self.connection.id, after, AT_ONCE):
            after = rows[-1][0]
            yield [
                rules.unreconciled(
                    key, account, invoice, None if gap is None else Decimal(gap), currency, str(file_id)
                )
                for key, account, invoice, gap, currency, file_id in rows
            ]

    async def _store(self, found: Iterable[Finding], began_ms: int) -> None:
        stored = {one.id: one for one in (_stored(finding, began_ms) for finding in found)}

        async with self.database.transaction() as transaction:
            await self._keep(transaction, stored.values())

    async def _keep(self, transaction: Transaction, stored: Iterable[StoredFinding]) -> None:
        await self.lease.get_on(transaction)
        await audit.put_findings(transaction, self.connection.id, self.lease.job.id, stored)


def _by_parcel(charges: Iterable[Charge]) -> list[list[Charge]]:
    return [list(group) for _, group in groupby(charges, key=lambda one: one.parcel)]


def _stored(one: Finding, now_ms: int) -> StoredFinding:
    key = hashed(one.rule.encode(), *(part.encode() for part in one.key))
    return StoredFinding(
        id=f"find_{key.hex()}", rule=one.rule, amount=format(one.amount, "f"), currency=one.currency,
        tracking_number=one.tracking_number, account_id=one.account_id, invoice_id=one.invoice_id,
        message=one.message, detail=encoder.encode(one.detail).decode(), first_ms=now_ms,
    )  # fmt: skip
