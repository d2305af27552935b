"""Runs beside the schedule of a function: over a caller's window, or over what a vendor sent notices of."""

from dataclasses import dataclass

from crossdock.store.connections import runs, schedules
from crossdock.store.connections.runs import Run
from crossdock.sync.pull import FunctionPull


@dataclass(frozen=True)
class UnscheduledPull(FunctionPull):
    """A run that sees a part of what there is. It leaves the schedule's mark as it is."""

    @property
    def sweeps(self) -> bool:
        return False  # what it does not meet may be there all the same

    async def should_pause(self) -> bool:
        return False

    async def begin(self) -> Run:
        now = self.engine.clock()
        schedule = await schedules.get(self.database, self.connection.id, self.function)
        run = Run(
            job_id=self.lease.job.id, connection_id=self.connection.id, function=self.function,
            # While its first sync has not come to its end, a function's records send no events.
            first=schedule is None or schedule.first_done_ms is None,
            walk="{}", cursor=None, mark=None, pages=0, received=0, created=0, updated=0, unchanged=0,
            gone=0, quarantined=0, oldest_data=None, newest_data=None, started_ms=now, progress_ms=now,
        )  # fmt: skip
        async with self.database.transaction() as transaction:
            await self.lease.extend(transaction)
            await runs.create(transaction, run)
        return run
