"""A scheduled run: from where the last one ended to now, then the mark is kept for the next."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import msgspec
import structlog

from crossdock.changes.commit import Outcome, bury_unseen
from crossdock.changes.document import decoder, encoder
from crossdock.changes.events import connection_event
from crossdock.integrations.contract import Walk
from crossdock.integrations.registry import integration
from crossdock.jobs.queue import Lease
from crossdock.store import access, connections, events, on_demand, records, runs, schedules
from crossdock.store.engine import Transaction
from crossdock.store.runs import Run
from crossdock.sync.endings import failed, tell_forced
from crossdock.sync.pull import Engine, Pull
from crossdock.sync.troubles import clear_problem, should_wait

BURY_AT_ONCE = 500

log = structlog.get_logger()


async def sync(engine: Engine, lease: Lease, stopping: asyncio.Event) -> None:
    """Does one sync job to its end, or puts it back."""
    job = lease.job
    connection = await connections.by_id(engine.database, job.connection_id)
    if connection is None:
        async with engine.database.transaction() as transaction:
            await lease.fail(transaction, "the connection was deleted")
        return
    one = integration(connection.type, connection.integration)
    run = Scheduled(engine, lease, connection, one, one.resources[job.function])
    if await should_wait(engine.database, connection, job, engine.clock()):
        await run.fail("the credentials do not work; they are tried again in a while, or when they change")
        return
    await run.do(stopping)


@dataclass(frozen=True)
class Scheduled(Pull):
    """A run on the clock, or one that was asked for without a window."""

    @property
    def sweeps(self) -> bool:
        return self.function in self.integration.manifest.functions.snapshot

    async def should_pause(self) -> bool:
        """A window that a caller asked for goes first; this run goes on where it stopped."""
        return await on_demand.is_open(self.database, self.connection.id)

    async def begin(self) -> Run:
        now = self.engine.clock()
        schedule = await schedules.get(self.database, self.connection.id, self.function)
        first = schedule is None or schedule.first_done_ms is None
        mark = None if schedule is None or schedule.mark is None else decoder.decode(schedule.mark)
        start = datetime.fromtimestamp(now / 1000, UTC) - await self._lookback()
        run = Run(
            job_id=self.lease.job.id, connection_id=self.connection.id, function=self.function, first=first,
            walk=encoder.encode({"start": start, "mark": mark}).decode(), cursor=None, mark=None,
            pages=0, received=0, created=0, updated=0, unchanged=0, gone=0, quarantined=0,
            oldest_data=None, newest_data=None, started_ms=now, progress_ms=now,
        )  # fmt: skip
        async with self.database.transaction() as transaction:
            await self.lease.extend(transaction)
            await runs.create(transaction, run)
            await schedules.started(transaction, self.connection.id, self.function, now)
        return run

    async def _lookback(self) -> timedelta:
        """How far back a first sync reads: the organization's own, or the operator's."""
        owner = await access.organization(self.database, self.connection.organization_id)
        if owner is None or owner.lookback_days is None:
            return self.engine.lookback
        return timedelta(days=owner.lookback_days)

    def walk(self, run: Run) -> Walk:
        begun: Mapping[str, Any] = decoder.decode(run.walk)
        cursor = None if run.cursor is None else decoder.decode(run.cursor)
        start = msgspec.convert(begun["start"], datetime)
        return Walk(start=start, mark=begun["mark"], cursor=cursor)

    async def complete(self, run: Run) -> None:
        """The walk went to its end: bury what is gone, keep the mark, tell."""
        if self.sweeps:
            await self._bury(run)
        await clear_problem(self.database, self.connection, self.function, self.engine.clock())
        now = self.engine.clock()
        async with self.database.transaction() as transaction:
            await self.lease.finish(transaction)
            # Not before: a run that died here would bury everything when it goes on.
            await records.forget_seen(transaction, run.job_id)
            ended = await runs.get(transaction, run.job_id) or run
            await schedules.completed(
                transaction,
                self.connection.id,
                self.function,
                now,
                mark=ended.mark,
                latest_data=ended.newest_data,
            )
            if run.first:
                await self._tell_first(transaction, ended, now)
            await tell_forced(transaction, self.connection, self.lease.job, now)
        log.info(
            "sync completed", connection=self.connection.uid, function=self.function, job=run.job_id,
            integration=self.connection.integration,
        )  # fmt: skip

    async def _bury(self, run: Run) -> None:
        async def also(transaction: Transaction, outcome: Outcome) -> None:
            await self.lease.extend(transaction)
            await runs.add_gone(transaction, run.job_id, len(outcome.gone), self.engine.clock())

        bury = partial(bury_unseen, before_ms=run.started_ms, at_most=BURY_AT_ONCE, also=also)
        while (await bury(self.database, self.target(run), self.engine.clock())).gone:
            pass

    async def _tell_first(self, transaction: Transaction, run: Run, now: int) -> None:
        """The first sync of this function is complete: its records can be relied on."""
        moment, oldest, newest = now // 1000, run.oldest_data, run.newest_data
        data = {
            "oldest_data_date": _wire(oldest if oldest is not None else moment),
            "newest_data_date": _wire(newest if newest is not None else moment),
            "resource": self.resource.name,
        }
        name = "connection.historical-sync-completed"
        event = connection_event(self.connection, name, data, now, vertical=self.connection.type)
        await events.add(transaction, [event])

    async def fail(self, error: str) -> None:
        now = self.engine.clock()
        async with self.database.transaction() as transaction:
            await self.lease.fail(transaction, error)
            await failed(transaction, self.connection, self.lease.job, now)
        log.warning(
            "sync failed", connection=self.connection.uid, function=self.function, error=error,
            integration=self.connection.integration, job=self.lease.job.id,
        )  # fmt: skip


def _wire(seconds: int) -> str:
    # Not strftime: it writes the year 1, which is how some vendors say "never", without its zeros.
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat() + "Z"
