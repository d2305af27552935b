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
from crossdock.store import jobs
from crossdock.store.engine import Database, Transaction
from crossdock.store.ids import Clock, new_id
from crossdock.store.jobs import Claim, Job

LEASE_MS = 60_000
KINDS = ("sync", "on_demand", "purge")
MOST_AT_ONCE = 4
"""Syncs of one connection that run at a time, over all workers, where nothing else is said."""


@dataclass
class Lease:
    """A job in the hands of one worker. Whatever it does raises LeaseLost when they hold it no longer."""

    job: Job
    worker: str
    clock: Clock
    beats: int = 0
    """Heartbeats since a step of the job was stored."""

    async def extend(self, transaction: Transaction) -> None:
        """Keeps the job, in the same transaction as what is done for it."""
        self._require(await jobs.extend(transaction, self.job.id, self.worker, self.clock() + LEASE_MS))
        self.beats = 0

    async def get_on(self, transaction: Transaction) -> None:
        """Keeps the job, in the transaction that stores a step of it; attempts count from here anew."""
        self._require(await jobs.get_on(transaction, self.job.id, self.worker, self.clock() + LEASE_MS))
        self.beats = 0

    async def beat(self, transaction: Transaction) -> None:
        """Keeps the job while one step of it takes long."""
        self._require(await jobs.extend(transaction, self.job.id, self.worker, self.clock() + LEASE_MS))
        self.beats += 1

    async def finish(self, transaction: Transaction) -> None:
        await self._end(transaction, "done", None)

    async def fail(self, transaction: Transaction, error: str) -> None:
        await self._end(transaction, "failed", error)

    async def _end(self, transaction: Transaction, state: str, error: str | None) -> None:
        self._require(await jobs.end(transaction, self.job.id, self.worker, state, self.clock(), error))

    async def put_back(self, transaction: Transaction, seconds: float, error: str | None) -> None:
        """Queues the job again; it goes on where it stopped."""
        now, wait = self.clock(), int(seconds * 1000)
        back = jobs.put_back(transaction, self.job.id, self.worker, now, wait_ms=wait, error=error)
        self._require(await back)

    def _require(self, is_ours: bool) -> None:
        if not is_ours:
            raise LeaseLost(f"job {self.job.id} is no longer held by {self.worker}")


async def enqueue(
    transaction: Transaction,
    *,
    kind: str,
    connection_id: int,
    cause: str,
    now_ms: int,
    function: str = "",
) -> str | None:
    """Adds a job; its id, or None when the same work is open already."""
    job = _job(kind, connection_id, function, cause, now_ms)
    return job.id if await jobs.add(transaction, job) else None


async def enqueue_due_syncs(transaction: Transaction, wanted: Iterable[tuple[int, str]], now_ms: int) -> None:
    """Adds a sync for each (connection, function) that has none open."""
    await jobs.add_all(transaction, [_job("sync", *one, "schedule", now_ms) for one in wanted])


def _job(kind: str, connection_id: int, function: str, cause: str, now_ms: int) -> Job:
    return Job(
        id=new_id("job", now_ms),
        kind=kind,
        connection_id=connection_id,
        function=function,
        cause=cause,
        state="queued",
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
    asked = Claim(holder, clock(), LEASE_MS, most_at_once, tuple(kinds), connection_id)
    job = await jobs.claim(database, asked)
    return None if job is None else Lease(job, holder, clock)
