"""Reading records that a vendor sent notices of, one by one, through the same door as a sync.

    notice ─▶ job ─▶ some ids ─▶ read ─▶ commit, and these notices are settled ─▶ … ─▶ none is left: done
                        │          │ there is none: a tombstone
                        └──────────┴ it can't be done: the notices are dropped, and the function's sync is due

**Order.** A record is read after its notice, and no sync of the same function runs meanwhile (the queue sees
to it): between reading and storing no sync stores the record, so what was read earlier never overwrites what
was read later. A notice that comes while its record is read has it read once more. The mark of the function's
syncs stays as it is: whatever notices miss, the next sync finds.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from crossdock.errors import NotFound, RecordHidden
from crossdock.jobs.queue import Lease
from crossdock.kit.contract import RECORD_ID, Client, Page, Raw, Walk
from crossdock.kit.paging import PageGuard
from crossdock.kit.registry import get_integration
from crossdock.store.connections import connections, inbound, runs, schedules
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.inbound import NoticeRow
from crossdock.store.connections.runs import Run
from crossdock.store.database.engine import Transaction
from crossdock.sync.completion import failed, tell_completed
from crossdock.sync.pull import SyncEngine
from crossdock.sync.unscheduled import UnscheduledPull

AT_ONCE = 50
"""Notices that are settled together."""
READS_AT_ONCE = 4

log = structlog.get_logger()


async def read_again(engine: SyncEngine, lease: Lease, stopping: asyncio.Event) -> None:
    """Do one job to its end, or put it back."""
    job = lease.job
    connection = await connections.by_id(engine.database, job.connection_id)
    if connection is None:
        async with engine.database.transaction() as transaction:
            await lease.fail(transaction, "the connection was deleted")
        return
    if await _is_off(engine, connection, job.function):
        async with engine.database.transaction() as transaction:
            await inbound.take_turn(transaction, connection.id)
            await inbound.forget(transaction, connection.id, job.function)
            await lease.finish(transaction)
        return
    integration = get_integration(connection.type, connection.integration)
    resource = integration.resources[job.function]
    await ReadAgain(engine, lease, connection, integration, resource).do(stopping)


async def _is_off(engine: SyncEngine, connection: ConnectionRow, function: str) -> bool:
    """Check whether a function was paused or switched off after the notice: its syncs find what changed."""
    if connection.is_off(function, engine.off):
        return True
    return not await schedules.is_on(engine.database, connection.id, function)


@dataclass(frozen=True)
class NoticePage(Page):
    """Records that were read for notices."""

    ids: tuple[str, ...] = ()
    notices: Sequence[NoticeRow] = field(default=())


class _Unwatched(PageGuard):
    """A guard that lets all pass: a record may be told of again and again, and be the same each time."""

    def see(self, page: Page) -> None:
        pass


@dataclass(frozen=True)
class ReadAgain(UnscheduledPull):
    """A run over the notices of one function. It leaves the schedule's mark as it is."""

    def walk(self, run: Run) -> Walk:  # noqa: ARG002  all begin alike
        return Walk()

    def guard(self, walk: Walk) -> PageGuard:  # noqa: ARG002
        return _Unwatched()

    async def pages(self, client: Client, walk: Walk) -> AsyncIterator[Page]:  # noqa: ARG002
        read = getattr(client, self.resource.reader)
        number = 0
        while notices := await inbound.waiting(self.database, self.connection.id, self.function, AT_ONCE):
            number += 1
            yield await _read(read, notices, cursor=number)
        yield NoticePage([])

    def ids(self, page: Page) -> Sequence[str] | None:
        return page.ids if isinstance(page, NoticePage) else None

    async def settle(self, transaction: Transaction, page: Page) -> None:
        notices = page.notices if isinstance(page, NoticePage) else ()
        await inbound.settle(transaction, self.connection.id, self.function, notices)

    async def complete(self, run: Run) -> None:
        """End the job when none is left; where one came in this moment, the run goes on."""
        async with self.database.transaction() as transaction:
            await inbound.take_turn(transaction, self.connection.id)
            if await inbound.count(transaction, self.connection.id, self.function):
                await self.lease.requeue(transaction, 0, None)
                await runs.reopen(transaction, run.job_id)
            else:
                await self.lease.finish(transaction)
                await tell_completed(transaction, self.connection, self.lease.job, self.engine.clock())

    async def fail(self, error: str) -> None:
        async with self.database.transaction() as transaction:
            await inbound.take_turn(transaction, self.connection.id)
            await self.lease.fail(transaction, error)
            await failed(transaction, self.connection, self.lease.job, self.engine.clock())
        log.warning(
            "notices left to the next sync", connection=self.connection.uid, function=self.function,
            error=error, job=self.lease.job.id,
        )  # fmt: skip


async def _read(read: Any, notices: Sequence[NoticeRow], *, cursor: int) -> NoticePage:
    """The records as they are now; those that the vendor says there are none of are gone."""
    semaphore, hidden = asyncio.Semaphore(READS_AT_ONCE), set[str]()

    async def fetched(record_id: str) -> Raw | None:
        async with semaphore:
            try:
                record: Raw = await read(record_id)
            except NotFound as failure:
                if isinstance(failure, RecordHidden):
                    hidden.add(record_id)
                return None
            return record

    tasks = [asyncio.ensure_future(fetched(notice.id)) for notice in notices]
    try:
        raws = await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    answered = list(zip(notices, raws, strict=True))
    # A vendor may name a record by something else: stock by its item. Two notices may be of one record.
    read_now = {raw.get(RECORD_ID, notice.id): raw for notice, raw in answered if raw is not None}
    gone = [notice.id for notice, raw in answered if raw is None and notice.id not in hidden]
    return NoticePage(
        list(read_now.values()), cursor,
        deleted=tuple(name for name in gone if name not in read_now),
        ids=tuple(read_now), notices=notices,
    )  # fmt: skip
