"""A scheduled run: from where the last one ended to now, then the mark is kept for the next."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import structlog

from crossdock.changes.commit import Changes, UnmetRecords, store_changes
from crossdock.changes.events import connection_event
from crossdock.connections.problems import clear, note_set_aside
from crossdock.jobs.queue import Lease
from crossdock.kit.contract import Walk
from crossdock.kit.registry import get_integration
from crossdock.store.connections import access, connections, inbound, on_demand, runs, schedules
from crossdock.store.connections.runs import Run
from crossdock.store.connections.schedules import Schedule
from crossdock.store.database.engine import Transaction
from crossdock.store.records import events, quarantine, raw_records, records
from crossdock.sync.completion import failed, tell_completed, tell_forced
from crossdock.sync.pull import FunctionPull, SyncEngine
from crossdock.wire import decoder, encoder, stamp_seconds

BURY_AT_ONCE = 500
NAMELESS_KEPT_MS = 7 * 24 * 3_600_000
"""How long a record without an id stays set aside after it was last met."""

log = structlog.get_logger()


async def sync(engine: SyncEngine, lease: Lease, stopping: asyncio.Event) -> None:
    """Do one sync job to its end, or put it back."""
    job = lease.job
    connection = await connections.by_id(engine.database, job.connection_id)
    if connection is None:
        async with engine.database.transaction() as transaction:
            await lease.fail(transaction, "the connection was deleted")
        return
    integration = get_integration(connection.type, connection.integration)
    run = ScheduledSyncs(engine, lease, connection, integration, integration.resources[job.function])
    await run.do(stopping)


@dataclass(frozen=True)
class ScheduledSyncs(FunctionPull):
    """A run on the clock, or one that was asked for without a window."""

    @property
    def sweeps(self) -> bool:
        return self.function in self.integration.manifest.functions.snapshot

    async def should_pause(self) -> bool:
        """A window that a caller asked for goes first, and what the vendor sent notices of.

        This run goes on where it stopped.
        """
        if await on_demand.holds(self.database, self.connection.id, self.function):
            return True
        notifies = self.integration.manifest.inbound is not None
        return notifies and await inbound.is_waiting(self.database, self.connection.id, self.function)

    async def begin(self) -> Run:
        now = self.engine.clock()
        schedule = await schedules.get(self.database, self.connection.id, self.function)
        first = schedule is None or schedule.first_done_ms is None
        mark = None if schedule is None or schedule.mark is None else decoder.decode(schedule.mark)
        start = datetime.fromtimestamp(now / 1000, UTC) - await self._lookback()
        walk = {} if first or schedule is None else await self._open_ids(schedule, now)
        walk |= {"start": start, "mark": mark, "quantities": self.connection.quantities}
        if self.connection.custom_fields or self.connection.keep_raw:
            walk["additions"] = [self.connection.custom_fields, self.connection.keep_raw]
        run = Run(
            job_id=self.lease.job.id, connection_id=self.connection.id, function=self.function, first=first,
            walk=encoder.encode(walk).decode(), cursor=None, mark=None,
            pages=0, received=0, created=0, updated=0, unchanged=0, gone=0, quarantined=0,
            oldest_data=None, newest_data=None, started_ms=now, progress_ms=now,
        )  # fmt: skip
        async with self.database.transaction() as transaction:
            await self.lease.extend(transaction)
            await runs.create(transaction, run)
            await schedules.started(transaction, self.connection.id, self.function, now)
        return run

    async def _lookback(self) -> timedelta:
        """The span that first syncs read back: of the connection, else its organization, or the operator."""
        connection = await connections.by_id(self.database, self.connection.id)
        if connection is not None and connection.lookback_days is not None:
            return timedelta(days=connection.lookback_days)
        owner = await access.organization(self.database, self.connection.organization_id)
        if owner is None or owner.lookback_days is None:
            return self.engine.lookback
        return timedelta(days=owner.lookback_days)

    def walk(self, run: Run) -> Walk:
        begun: Mapping[str, Any] = decoder.decode(run.walk)
        cursor = None if run.cursor is None else decoder.decode(run.cursor)
        start = msgspec.convert(begun["start"], datetime)
        return Walk(start=start, mark=begun["mark"], cursor=cursor, open_ids=tuple(begun.get("open_ids", ())))

    async def _open_ids(self, schedule: Schedule, now: int) -> dict[str, Any]:
        """The next of the records that are open with us, when it is time to read these again.

        They come in portions, in the order of their ids; a new round begins `every_hours` after the last one.
        """
        plan = self.integration.manifest.reread.get(self.function)
        position: dict[str, Any] = {"after": "", "begun_ms": 0}
        position |= decoder.decode(schedule.reread or "{}")
        if plan is None or (
            not position["after"] and now - position["begun_ms"] < plan.every_hours * 3_600_000
        ):
            return {}
        if not position["after"]:
            position["begun_ms"] = now
        ids = await records.ids_where(
            self.database, self.resource, self.connection.id, plan.where, position["after"], plan.at_most
        )
        position["after"] = ids[-1] if len(ids) == plan.at_most else ""
        return {"open_ids": ids, "reread": position}

    async def _keep_place(self, transaction: Transaction, run: Run) -> None:
        """The open records of this walk were read again."""
        reread = decoder.decode(run.walk).get("reread")
        if reread is not None:
            kept_encoder = encoder.encode(reread).decode()
            await schedules.set_reread(transaction, self.connection.id, self.function, kept_encoder)

    async def complete(self, run: Run) -> None:
        """The walk went to its end: bury what is gone, keep the mark, tell."""
        if self.sweeps:
            await self._bury(run)
        now = self.engine.clock()
        async with self.database.transaction() as transaction:
            await self.lease.finish(transaction)
            # Not before: a run that died here would bury everything when it goes on.
            await records.clear_snapshot(transaction, run.job_id)
            ended = await runs.get(transaction, run.job_id) or run
            await schedules.completed(
                transaction,
                self.connection.id,
                self.function,
                now,
                mark=await self._mark(transaction, ended),
                latest_data=ended.newest_data,
            )
            await self._keep_place(transaction, run)
            await clear(transaction, self.connection, self.function, now)
            await self._release(transaction, run, now)
            await note_set_aside(transaction, self.connection, self.function, now)
            if run.first:
                await self._tell_first(transaction, ended, now)
            await tell_forced(transaction, self.connection, self.lease.job, now)
            await tell_completed(transaction, self.connection, self.lease.job, now)
        log.info(
            "sync completed", connection=self.connection.uid, function=self.function, job=run.job_id,
            integration=self.connection.integration,
        )  # fmt: skip

    async def _release(self, transaction: Transaction, run: Run, now: int) -> None:
        """Forget what was set aside and can't be met again."""
        connection_id, function = self.connection.id, self.function
        if self.sweeps:
            await quarantine.release_unmet(transaction, connection_id, function, run.job_id)
        await quarantine.release_nameless(transaction, connection_id, function, now - NAMELESS_KEPT_MS)

    async def _mark(self, transaction: Transaction, run: Run) -> str | None:
        """The mark that is kept; none when records are to be read otherwise since: all is read again."""
        begun = decoder.decode(run.walk)
        before = begun.get("quantities", "rounded"), tuple(begun.get("additions", ("", False)))
        now = (
            await connections.quantities(transaction, self.connection.id),
            await connections.additions(transaction, self.connection.id),
        )
        return run.mark if before == now else None

    async def _bury(self, run: Run) -> None:
        """Turn what the snapshot did not meet into tombstones, some at a time."""
        changes = Changes(unmet=UnmetRecords(before_ms=run.started_ms, at_most=BURY_AT_ONCE))
        is_over = False
        while not is_over:
            now = self.engine.clock()
            async with self.database.transaction() as transaction:
                outcome = await store_changes(transaction, self.target(run), changes, now)
                await self.lease.extend(transaction)
                await raw_records.forget(transaction, self.connection.id, self.resource.key, outcome.gone)
                await runs.add_deleted(transaction, run.job_id, len(outcome.gone), now)
            is_over = not outcome.gone

    async def _tell_first(self, transaction: Transaction, run: Run, now: int) -> None:
        """The first sync of this function is complete: its records can be relied on."""
        moment, oldest, newest = now // 1000, run.oldest_data, run.newest_data
        data = {
            "oldest_data_date": stamp_seconds(oldest if oldest is not None else moment),
            "newest_data_date": stamp_seconds(newest if newest is not None else moment),
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
