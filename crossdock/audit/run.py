"""One audit of a carrier connection: its charges, by the rules, against the customer's other systems.

    follow line items ─▶ follow shipments of the same customer ─▶ rules, batch by batch ─┬─▶ what was not
                                                                                         │  found again goes
                                                                                         └─▶ sums by month

It reads all charges in two orders, some thousand at a time: its memory does not grow with them.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby

import structlog

from crossdock.audit import rules
from crossdock.audit.follow import ORDER_RESOURCES, Follower
from crossdock.audit.rules import Finding
from crossdock.audit.spend import SpendSums
from crossdock.jobs.queue import Lease, enqueue
from crossdock.store.carriers import audit, spend
from crossdock.store.carriers.audit import KIND, ChargeRow, StoredFinding
from crossdock.store.connections import connections, schedules
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.batches import together_or_apart
from crossdock.store.database.engine import Database
from crossdock.store.database.ids import Clock
from crossdock.wire import encoder, hashed

AT_ONCE = 2000
MOST_OF_A_PARCEL = 5000
"""Charges of one tracking number that are looked at together."""
OTHERS_EVERY_MS = 3_600_000
"""How soon an audit is done again because other systems of the customer synced."""

log = structlog.get_logger()


async def enqueue_due(database: Database, now_ms: int) -> int:
    """Queue an audit where something that it looks at has changed; return how many."""
    async with database.transaction() as transaction:
        await transaction.in_turn("audits")
        due = await audit.due(transaction, now_ms - OTHERS_EVERY_MS)
        for number in due:
            await enqueue(transaction, kind=KIND, connection_id=number, cause="schedule", now_ms=now_ms)
    return len(due)


async def do_audit(database: Database, clock: Clock, lease: Lease, _stopping: asyncio.Event) -> None:
    """Do one audit. Begun again, it begins anew, but for what it has followed already."""
    connection = await connections.by_id(database, lease.job.connection_id)
    if connection is None:
        async with database.transaction() as transaction:
            await lease.fail(transaction, "the connection was deleted")
        return
    began = clock()
    async with database.transaction() as transaction:
        await lease.extend(transaction)
        await audit.started(transaction, connection.id, began)
    current_audit = Audit(database, clock, lease, connection)
    count = await current_audit.do(began)
    async with database.transaction() as transaction:
        await lease.finish(transaction)
        await spend.replace(transaction, connection.id, current_audit.sums.rows())
        await audit.forget_findings(transaction, connection.id, lease.job.id)
        await spend.sum_findings(transaction, connection.id)
        await audit.ended(transaction, connection.id, began, clock())
    log.info("audit done", connection=connection.uid, findings=count)


@dataclass(frozen=True)
class Audit:
    """One audit in one worker's hands."""

    database: Database
    clock: Clock
    lease: Lease
    connection: ConnectionRow
    sums: SpendSums = field(default_factory=SpendSums)

    async def do(self, began_ms: int) -> int:
        """Do the audit; return how many findings there are."""
        follower = Follower(self.database, began_ms, self.lease.record_progress)
        await follower.charges(self.connection)
        other_connections = await connections.by_ids(
            self.database, await audit.same_customer(self.database, self.connection)
        )
        for connection in other_connections.values():
            await follower.shipments(connection.id, connection.type)
        known_since = await self._known_since(list(other_connections.values()))
        count = 0
        async for findings in self._all(list(other_connections), known_since):
            await self._store(findings, began_ms)
            count += len(findings)
        return count

    async def _all(
        self, other_connections: Sequence[int], known_since: int | None
    ) -> AsyncIterator[list[Finding]]:
        async for parcels in self._parcels():
            yield await self._of_parcels(parcels, other_connections, known_since)
        async for findings in self._unusual():
            yield findings
        async for findings in self._unreconciled():
            yield findings

    async def _known_since(self, other_connections: Sequence[ConnectionRow]) -> int | None:
        """Since when the customer's systems tell of all that was shipped, in seconds; None: none does."""
        known_numbers = []
        for connection in other_connections:
            for resource in ORDER_RESOURCES:
                if resource.type != connection.type:
                    continue
                plan = await schedules.get(self.database, connection.id, resource.function)
                if plan is not None and plan.first_done_ms is not None:
                    known_numbers.append(await audit.earliest(self.database, connection.id, resource))
        return min((number for number in known_numbers if number is not None), default=None)

    # What belongs to one parcel

    async def _parcels(self) -> AsyncIterator[list[list[ChargeRow]]]:
        """The charges of each parcel, whole parcels at a time."""
        after, kept_charges = ("", "\U0010ffff"), list[ChargeRow]()
        while charges := await audit.by_parcel(self.database, self.connection.id, after, AT_ONCE):
            after = (charges[-1].parcel, charges[-1].item_id)
            parcels = _by_parcel([*kept_charges, *charges])
            # The last one may go on in the next batch.
            kept_charges = parcels.pop() if len(parcels[-1]) < MOST_OF_A_PARCEL else []
            if parcels:
                yield parcels
        if kept_charges:
            yield [kept_charges]

    async def _of_parcels(
        self, parcels: Sequence[list[ChargeRow]], other_connections: Sequence[int], known_since: int | None
    ) -> list[Finding]:
        numbers = {charges[0].parcel for charges in parcels}
        known_tracking_numbers = {
            shipped.tracking_number
            for shipped in await audit.shipped(self.database, other_connections, numbers)
        }
        findings: list[Finding] = []
        for charges in parcels:
            self.sums.add(charges)
            is_known = charges[0].parcel in known_tracking_numbers
            first = min((charge.charged_on for charge in charges if charge.charged_on), default=0)
            can_know = known_since is not None and first >= known_since
            findings += self._judged(charges, was_shipped=is_known if is_known or can_know else None)
        return findings

    def _judged(self, charges: list[ChargeRow], *, was_shipped: bool | None) -> list[Finding]:
        """The findings of a parcel; one that the rules can't judge leaves the others alone."""
        try:
            return list(rules.of_parcel(charges, was_shipped=was_shipped))
        except Exception:
            log.exception("a parcel can't be judged", connection=self.connection.uid, item=charges[0].item_id)
            return []

    # What is compared with the account's own history, and invoices

    async def _unusual(self) -> AsyncIterator[list[Finding]]:
        usual, after = rules.UsualCost(), ("", "", 0, "")
        while charges := await audit.by_label(self.database, self.connection.id, after, AT_ONCE):
            last = charges[-1]
            for charge in charges:
                if not charge.parcel:  # those of parcels are added with their parcel
                    self.sums.add([charge])
            after = (last.label, last.account_id, last.charged_on, last.item_id)
            yield [finding for charge in charges for finding in usual.see(charge)]

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

    async def _store(self, findings: Iterable[Finding], began_ms: int) -> None:
        stored = {
            stored_finding.id: stored_finding
            for stored_finding in (_stored(finding, began_ms) for finding in findings)
        }
        if stored:
            await together_or_apart(list(stored.values()), self._keep, self._leave_out)
        else:
            await self._keep([])

    async def _keep(self, stored: Sequence[StoredFinding]) -> None:
        async with self.database.transaction() as transaction:
            await self.lease.record_progress(transaction)
            await audit.put_findings(transaction, self.connection.id, self.lease.job.id, stored)

    async def _leave_out(self, finding: StoredFinding, problem: Exception) -> None:
        log.error(
            "a finding can't be stored", connection=self.connection.uid, finding=finding.id, exc_info=problem
        )


def _by_parcel(charges: Iterable[ChargeRow]) -> list[list[ChargeRow]]:
    return [list(group) for _, group in groupby(charges, key=lambda charge: charge.parcel)]


def _stored(finding: Finding, now_ms: int) -> StoredFinding:
    key = hashed(finding.rule.encode(), *(part.encode() for part in finding.key))
    return StoredFinding(
        id=f"find_{key.hex()}",
        rule=finding.rule,
        amount=format(finding.amount, "f"),
        currency=finding.currency,
        tracking_number=finding.tracking_number,
        account_id=finding.account_id,
        invoice_id=finding.invoice_id,
        message=finding.message,
        detail=encoder.encode(finding.detail).decode(),
        first_ms=now_ms,
    )
