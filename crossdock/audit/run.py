"""One audit of a carrier connection: its charges, by the rules, against the customer's other systems.

    follow line items ─▶ follow shipments of the same customer ─▶ what is known ─▶ rules, batch by batch
        ─▶ what belongs together becomes one ─┬─▶ what was not found again goes
                                              ├─▶ sums by month
                                              └─▶ an event, where something is new

It reads all charges in two orders, some thousand at a time: its memory does not grow with them.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby

import structlog

from crossdock.audit import events
from crossdock.audit.findings import Finding
from crossdock.audit.follow import Follower
from crossdock.audit.grouping import group_findings
from crossdock.audit.judging import Judge
from crossdock.audit.knowledge import knowledge_of
from crossdock.audit.notes import Unknown, not_judged
from crossdock.audit.rules.account import AccountCharges, UsualCost, unreconciled
from crossdock.audit.rules.minimum import minimum_charges
from crossdock.audit.spend import FindingSums, SpendSums
from crossdock.audit.stored import stored
from crossdock.audit.volume import PackageMeasures, package_of
from crossdock.invoices.carriers import vocabulary_of
from crossdock.jobs.queue import Lease, enqueue
from crossdock.kit.registry import get_integration
from crossdock.resources.wms.orders import ORDERS
from crossdock.store.carriers import audit, charges, findings, spend, trackings
from crossdock.store.carriers.audit import KIND
from crossdock.store.carriers.charges import ChargeRow
from crossdock.store.carriers.findings import StoredFinding
from crossdock.store.carriers.trackings import ShippedRow
from crossdock.store.connections import connections, schedules
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.batches import together_or_apart
from crossdock.store.database.engine import Database
from crossdock.store.database.ids import Clock

AT_ONCE = 2000
MOST_OF_A_PARCEL = 1000
"""A tracking number with more charges is no parcel's, and is not judged."""
MOST_DISCOUNTS = 400_000
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
        await findings.forget_findings(transaction, connection.id, lease.job.id, clock())
        await findings.sum_findings(transaction, connection.id, current_audit.finding_sums.rows())
        await events.tell(transaction, connection, began, clock())
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
    finding_sums: FindingSums = field(default_factory=FindingSums)
    judge: Judge = field(default_factory=Judge)
    unknown: Unknown = field(default_factory=Unknown)
    crowded: set[str] = field(default_factory=set)
    """Numbers with so many charges that they are no parcel's: "N/A"."""

    async def do(self, began_ms: int) -> int:
        """Do the audit; return how many findings there are."""
        follower = Follower(self.database, began_ms, self.lease.record_progress)
        await follower.charges(self.connection)
        others = await connections.by_ids(
            self.database, await trackings.same_customer(self.database, self.connection)
        )
        for connection in others.values():
            await follower.shipments(connection.id, connection.type)
        vocabulary = vocabulary_of(get_integration(self.connection.type, self.connection.integration))
        self.judge.knowledge = await knowledge_of(
            self.database, self.connection.id, vocabulary, self.judge.lacking
        )
        warehouses = [connection for connection in others.values() if connection.type == "wms"]
        await self._know_shipments(warehouses)
        count = 0
        async for batch in self._all([connection.id for connection in warehouses], list(others)):
            count += await self._store(batch, began_ms)
        for finding in await group_findings(self.database, self.connection.id, self.lease):
            count += await self._store([finding], began_ms, is_group=True)
        return count

    async def _all(self, warehouses: Sequence[int], others: Sequence[int]) -> AsyncIterator[list[Finding]]:
        async for parcels in self._parcels():
            yield await self._of_parcels(parcels, warehouses, others)
        async for batch in self._of_accounts():
            yield batch
        rows = await charges.discounts(self.database, self.connection.id, MOST_DISCOUNTS)
        yield await asyncio.to_thread(lambda: list(minimum_charges(rows)))
        yield await asyncio.to_thread(lambda: list(self.judge.fuel.end()))
        yield [*self.unknown.findings(), *not_judged(self.judge.lacks)]
        async for batch in self._unreconciled():
            yield batch

    async def _know_shipments(self, warehouses: Sequence[ConnectionRow]) -> None:
        """Find out since when the warehouses tell of all that was shipped, and of how much of each account.

        Only a warehouse knows what was sent: a cart is told of a part of it, after the fact.
        """
        since: list[int] = []
        for connection in warehouses:
            plan = await schedules.get(self.database, connection.id, ORDERS.function)
            first = await trackings.earliest(self.database, connection.id, ORDERS)
            if plan is None or plan.first_done_ms is None or first is None:
                return
            since.append(first)
        if since:
            self.unknown.since = max(since)
            self.unknown.shares = await audit.known_shares(
                self.database, self.connection.id, [connection.id for connection in warehouses], max(since)
            )

    # What belongs to one parcel

    async def _parcels(self) -> AsyncIterator[list[list[ChargeRow]]]:
        """The charges of each parcel, whole parcels at a time."""
        after, kept_charges = ("", "\U0010ffff"), list[ChargeRow]()
        while rows := await charges.by_parcel(self.database, self.connection.id, after, AT_ONCE):
            after = (rows[-1].parcel, rows[-1].item_id)
            parcels = _by_parcel([*kept_charges, *rows])
            # The last one may go on in the next batch.
            kept_charges = parcels.pop()
            if len(kept_charges) > MOST_OF_A_PARCEL:
                self.crowded.add(kept_charges[0].parcel)
                parcels.append(kept_charges)
                kept_charges = []
            if parcels:
                yield parcels
        if kept_charges:
            yield [kept_charges]

    async def _of_parcels(
        self, parcels: Sequence[list[ChargeRow]], warehouses: Sequence[int], others: Sequence[int]
    ) -> list[Finding]:
        known: dict[str, list[ShippedRow]] = {}
        numbers = {rows[0].parcel for rows in parcels}
        for shipped in await trackings.shipped(self.database, others, numbers):
            known.setdefault(shipped.tracking_number, []).append(shipped)
        return await asyncio.to_thread(self._judged_together, parcels, warehouses, known)

    def _judged_together(
        self,
        parcels: Sequence[list[ChargeRow]],
        warehouses: Sequence[int],
        known: Mapping[str, list[ShippedRow]],
    ) -> list[Finding]:
        """The findings of parcels. Beside the event loop: some thousand charges take a tenth of a second."""
        batch: list[Finding] = []
        for rows in parcels:
            self.sums.add(rows)
            if len(rows) > MOST_OF_A_PARCEL or rows[0].parcel in self.crowded:
                self.judge.lacking[rows[0].account_id, "number"] += len(rows)
                continue
            records = known.get(rows[0].parcel, [])
            was_shipped = True if records else self.unknown.was_shipped(rows)
            measured = [row for row in records if row.connection_id in warehouses]
            batch += self._judged(rows, was_shipped, _package(measured))
        return batch

    def _judged(
        self, rows: list[ChargeRow], was_shipped: bool | None, package: PackageMeasures | None
    ) -> list[Finding]:
        """The findings of a parcel; one that the rules can't judge leaves the others alone."""
        try:
            return self.judge.of_number(rows, was_shipped=was_shipped, package=package)
        except Exception:
            log.exception("a parcel can't be judged", connection=self.connection.uid, item=rows[0].item_id)
            return []

    # What is compared with the account's own history, and invoices

    async def _of_accounts(self) -> AsyncIterator[list[Finding]]:
        usual, account, after = UsualCost(), AccountCharges(), ("", "", 0, "")
        while rows := await charges.by_label(self.database, self.connection.id, after, AT_ONCE):
            last = rows[-1]
            batch: list[Finding] = []
            for charge in rows:
                if not charge.parcel:  # those of parcels are added with their parcel
                    self.sums.add([charge])
                batch += usual.see(charge)
                batch += account.see(charge)
            after = (last.label, last.account_id, last.charged_on, last.item_id)
            yield batch
        yield list(account.end())

    async def _unreconciled(self) -> AsyncIterator[list[Finding]]:
        after = ""
        while rows := await audit.unreconciled(self.database, self.connection.id, after, AT_ONCE):
            after = rows[-1][0]
            yield [
                unreconciled(
                    key, account, invoice, None if gap is None else Decimal(gap), currency, str(file_id)
                )
                for key, account, invoice, gap, currency, file_id in rows
                # Where items come to the total, a fault of other rows is none of the invoice's.
                if gap is None or Decimal(gap)
            ]

    async def _store(self, batch: Iterable[Finding], began_ms: int, *, is_group: bool = False) -> int:
        """Store findings; return how many."""
        rows: dict[str, StoredFinding] = {}
        for finding in batch:
            row = stored(finding, began_ms)
            if row.id not in rows and not is_group:
                self.finding_sums.add(finding)
            rows[row.id] = row
        if rows:
            await together_or_apart(list(rows.values()), self._keep, self._leave_out)
        else:
            await self._keep([])
        return len(rows)

    async def _keep(self, rows: Sequence[StoredFinding]) -> None:
        async with self.database.transaction() as transaction:
            await self.lease.record_progress(transaction)
            await findings.put_findings(transaction, self.connection.id, self.lease.job.id, rows)

    async def _leave_out(self, finding: StoredFinding, problem: Exception) -> None:
        log.error(
            "a finding can't be stored", connection=self.connection.uid, finding=finding.id, exc_info=problem
        )


def _by_parcel(rows: Iterable[ChargeRow]) -> list[list[ChargeRow]]:
    return [list(group) for _, group in groupby(rows, key=lambda charge: charge.parcel)]


def _package(records: Iterable[ShippedRow]) -> PackageMeasures | None:
    """The measures of a parcel in a warehouse; None where several differ."""
    texts = {record.measures for record in records if record.measures is not None}
    return package_of(texts.pop()) if len(texts) == 1 else None
