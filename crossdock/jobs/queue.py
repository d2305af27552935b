"""Work that survives a crash.

    enqueue ─▶ queued ──claim──▶ running ──finish──▶ done
                  ▲                 │ ├────fail────▶ failed
                  └────put back─────┘ │
                  ▲                   │ the lease ran out: any worker may claim it
                  └───────────────────┘

A running job is leased to one worker. Every transaction of its work extends the lease first; a worker
that lost it (it was paused, its clock jumped) finds out there, and nothing of that transaction is
stored. So a job may be begun twice, but no step of it is stored twice.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from crossdock.errors import LeaseLost
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.ids import Clock, new_id
from crossdock.store.jobs import queue
from crossdock.store.jobs.queue import JobClaim, JobRow
from crossdock.store.states import JobCause, JobCauses, JobKind, JobKinds, JobState, JobStates

LEASE_MS = 60_000
KINDS = (
    JobKinds.SYNC, JobKinds.ON_DEMAND, JobKinds.PURGE, JobKinds.READ_AGAIN, JobKinds.SUBSCRIBE,
    JobKinds.ERASE,
)  # fmt: skip
MOST_AT_ONCE = 4
"""Syncs of one connection that run at a time, over all workers, where nothing else is said."""


@dataclass
class Lease:
    """A job in the hands of one worker. Whatever it does raises LeaseLost when they hold it no longer."""

    job: JobRow
    worker: str
    clock: Clock
    beats: int = 0
    """Heartbeats since a step of the job was stored."""

    async def extend(self, transaction: Transaction) -> None:
        """Keep the job, in the same transaction as what is done for it."""
        self._require(await queue.extend(transaction, self.job.id, self.worker, self.clock() + LEASE_MS))
        self.beats = 0

    async def record_progress(self, transaction: Transaction) -> None:
        """Keep the job, in the transaction that stores a step of it; attempts count from here anew."""
        self._require(
            await queue.record_progress(transaction, self.job.id, self.worker, self.clock() + LEASE_MS)
        )
        self.beats = 0

    async def heartbeat(self, transaction: Transaction) -> None:
        """Keep the job while one step of it takes long."""
        self._require(await queue.extend(transaction, self.job.id, self.worker, self.clock() + LEASE_MS))
        self.beats += 1

    async def finish(self, transaction: Transaction) -> None:
        await self._end(transaction, JobStates.DONE, None)

    async def fail(self, transaction: Transaction, error: str) -> None:
        await self._end(transaction, JobStates.FAILED, error)

    async def _end(self, transaction: Transaction, state: JobState, error: str | None) -> None:
        self._require(await queue.end(transaction, self.job.id, self.worker, state, self.clock(), error))

    async def requeue(self, transaction: Transaction, seconds: float, error: str | None) -> None:
        """Queue the job again; it goes on where it stopped."""
        now, wait = self.clock(), int(seconds * 1000)
        back = queue.requeue(transaction, self.job.id, self.worker, now, wait_ms=wait, error=error)
        self._require(await back)

    def _require(self, is_ours: bool) -> None:
        if not is_ours:
            raise LeaseLost(f"job {self.job.id} is no longer held by {self.worker}")


async def enqueue(
    transaction: Transaction,
    *,
    kind: JobKind,
    connection_id: int,
    cause: JobCause,
    now_ms: int,
    function: str = "",
) -> str | None:
    """Add a job; return its id, or None when the same work is open already."""
    job = _job(kind, connection_id, function, cause, now_ms)
    return job.id if await queue.add(transaction, job) else None


async def enqueue_due_syncs(
    transaction: Transaction, alreadies: Iterable[tuple[int, str]], now_ms: int
) -> None:
    """Add a sync for each (connection, function) that has none open."""
    await queue.add_all(
        transaction, [_job(JobKinds.SYNC, *already, JobCauses.SCHEDULE, now_ms) for already in alreadies]
    )


def _job(kind: JobKind, connection_id: int, function: str, cause: JobCause, now_ms: int) -> JobRow:
    return JobRow(
        id=new_id("job", now_ms),
        kind=kind,
        connection_id=connection_id,
        function=function,
        cause=cause,
        state=JobStates.QUEUED,
        due_ms=now_ms,
        lease_ms=None,
        worker=None,
        attempts=0,
        created_ms=now_ms,
        ended_ms=None,
        error=None,
    )


async def claim(
    database: Database,
    worker: str,
    clock: Clock,
    *,
    kinds: Iterable[str] = KINDS,
    most_at_once: int = MOST_AT_ONCE,
    connection_id: int | None = None,
) -> Lease | None:
    """The next job for this worker, or None when none is due.

    kinds: what the worker knows to do; during an upgrade there may be others in the queue.
    most_at_once: how many syncs of one connection may run at a time, over all workers.
    """
    # Each claim has a name of its own: a worker that slept through its lease may claim the same job again,
    # and what it was doing before must find the first lease lost.
    holder = f"{worker}/{secrets.token_hex(4)}"
    job_claim = JobClaim(holder, clock(), LEASE_MS, most_at_once, tuple(kinds), connection_id)
    job = await queue.claim(database, job_claim)
    return None if job is None else Lease(job, holder, clock)
