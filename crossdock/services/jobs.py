"""What a worker does: which function does which kind of job, and what it does now and then beside them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from crossdock.audit.run import do_audit
from crossdock.audit.run import enqueue_due as enqueue_audits
from crossdock.config import Settings
from crossdock.connections.purge import purge
from crossdock.erasing.job import ErasureEngine
from crossdock.files.cleaning import clean_files, clean_parts
from crossdock.files.storage import Storage
from crossdock.jobs.cleaning import clean
from crossdock.jobs.counting import counted
from crossdock.jobs.execution import JobHandlers
from crossdock.jobs.worker import BackgroundService, PeriodicTask, Work, Worker, WorkerLimits
from crossdock.services.clients import ClientFactory
from crossdock.services.clock import now_ms
from crossdock.store.connections import schedules
from crossdock.store.database.engine import Database
from crossdock.store.database.ids import Clock
from crossdock.store.jobs import queue
from crossdock.sync.files import enqueue_waiting, enqueue_watched
from crossdock.sync.on_demand import pull_window
from crossdock.sync.pull import SyncEngine
from crossdock.sync.read_again import read_again
from crossdock.sync.run import sync
from crossdock.sync.schedule import enqueue_due, repair_future_times
from crossdock.sync.subscriptions import SubscriptionKeeper
from crossdock.sync.watchdog import end_broken, end_stuck
from crossdock.webhooks import clock_skew


@dataclass(frozen=True)
class BackgroundJobs:
    """The jobs of all connections, and the tasks that keep them going."""

    settings: Settings
    database: Database
    clock: Clock
    storage: Storage
    engine: SyncEngine
    clients: ClientFactory
    subscriptions: SubscriptionKeeper
    eraser: ErasureEngine

    def worker(
        self,
        companions: Sequence[BackgroundService],
        *,
        concurrency: int | None = None,
        connection_id: int | None = None,
    ) -> Worker:
        """A worker for all connections, or for one. companions: what runs beside it."""
        work = Work(
            handling=self._handlers(),
            tick=self.enqueue_due,
            next_due=self.next_due_ms,
            chores=[
                PeriodicTask("undoing what a wrong clock set", 60, self.repair_future_times),
                PeriodicTask("forgetting what is old", 600, self._clean),
                PeriodicTask("looking at watched folders", 30, self.watch_folders),
                PeriodicTask("finding charges to audit", 60, self.find_audits),
                PeriodicTask("looking after subscriptions", 60, self.subscriptions.enqueue_due),
                PeriodicTask("taking away files that nobody names", 3600, self._clean_files),
            ],
            beside=companions,
        )
        limits = WorkerLimits(
            concurrency=concurrency or self.settings.concurrency,
            most_at_once=self.settings.connection_concurrency,
            connection_id=connection_id,
        )
        return Worker(self.database, work, limits, self.clock)

    def _handlers(self) -> JobHandlers:
        return JobHandlers(
            handlers={
                "sync": counted(self.database, partial(sync, self.engine)),
                "on_demand": counted(self.database, partial(pull_window, self.engine)),
                "purge": partial(purge, self.database),
                "audit": partial(do_audit, self.database, self.clock),
                "read_again": partial(read_again, self.engine),
                "subscribe": self.subscriptions.subscribe,
                "erase": self.eraser.erase,
            },
            broken=partial(end_broken, self.database),
            stuck=partial(end_stuck, self.database),
            stuck_seconds=self.settings.stuck_minutes * 60,
        )

    async def enqueue_due(self) -> int:
        """Queue the syncs whose time has come; how many."""
        return await enqueue_due(self.database, self.clock(), self.settings.off)

    async def next_due_ms(self) -> int | None:
        """The moment when the next job or schedule is due; None when there is none."""
        moments = (await queue.next_ms(self.database), await schedules.next_ms(self.database))
        return min((moment for moment in moments if moment is not None), default=None)

    async def watch_folders(self) -> int:
        """Queue the reading of what came in or lies in a watched folder; how many connections."""
        off = self.settings.off
        queued = await enqueue_waiting(self.database, self.clock(), off)
        if not self.settings.watched_root:
            return queued
        return queued + await enqueue_watched(self.database, self.clients.has_news, self.clock(), off)

    async def find_audits(self) -> int:
        """Queue the audit of connections with charges that were not looked at yet; how many."""
        return await enqueue_audits(self.database, self.clock())

    async def repair_future_times(self) -> int:
        now = self.clock()
        return await repair_future_times(self.database, now) + await clock_skew.repair_future_times(
            self.database, now
        )

    async def _clean(self) -> dict[str, int]:
        return await clean(self.database, self.settings, self.clock())

    async def _clean_files(self) -> int:
        await asyncio.to_thread(clean_parts, self.settings.folder / "incoming")
        return await clean_files(self.database, self.storage, now_ms())
