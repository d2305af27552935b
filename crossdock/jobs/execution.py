"""One job while a worker holds it: its heartbeat, and what becomes of it when something goes wrong.

the handler returns                        it ended the job, or put it back, itself
it breaks, or stores nothing for too long  the job is given up, and whoever waits for it is told
the database is away                       the job is put back, to be tried again in a while
the worker must stop now                   the job is put back, to go on elsewhere
the job is no longer ours                  the handler is stopped; nothing it still does is stored
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog

from crossdock.errors import LeaseLost, Unavailable
from crossdock.jobs.backoff import seconds_to_wait
from crossdock.jobs.queue import LEASE_MS, Lease
from crossdock.store.database.engine import Database

Handler = Callable[[Lease, asyncio.Event], Awaitable[None]]
"""Does a job and ends it. The event is set when the worker is to stop: finish the step, put the job back."""

log = structlog.get_logger()


@dataclass(frozen=True)
class JobHandlers:
    """The handlers of jobs, and of those that break or get stuck."""

    handlers: Mapping[str, Handler]
    """By the kind of job."""
    broken: Callable[[Lease, str], Awaitable[None]]
    """Ends a job whose handler broke, with the reason."""
    stuck: Callable[[Lease], Awaitable[None]]
    """Ends a job whose handler stores nothing."""
    stuck_seconds: float = 3600.0
    beat_seconds: float = LEASE_MS / 3000


async def hold(database: Database, handling: JobHandlers, lease: Lease, stopping: asyncio.Event) -> None:
    """Do a job. Whatever goes wrong is logged and marked; who cancels this has the job put back."""
    job = lease.job
    about = {"job": job.id, "kind": job.kind, "connection": job.connection_id, "function": job.function}
    doing = asyncio.ensure_future(handling.handlers[job.kind](lease, stopping))
    beating = asyncio.ensure_future(_beat(database, handling, lease))
    try:
        done, _ = await asyncio.wait({doing, beating}, return_when=asyncio.FIRST_COMPLETED)
        if doing in done:
            await doing
        else:
            await beating
            await _try(handling.stuck(lease), about)
    except LeaseLost:
        log.warning("this job is no longer ours; nothing of its last step was stored", **about)
    except Unavailable as problem:
        wait = seconds_to_wait(max(1, job.attempts), random.random)
        await _try(_requeue(database, lease, wait, str(problem)), about)
    except asyncio.CancelledError:
        await _end(doing)
        await _try(_requeue(database, lease, 0, None), about)
    except Exception:
        log.exception("job failed", **about)
        await _try(handling.broken(lease, "internal error; see the log for this job's id"), about)
    finally:
        await _end(beating)
        await _end(doing)


async def _beat(database: Database, handling: JobHandlers, lease: Lease) -> None:
    """Keep the lease while one step takes long; return when that was too long. Raises LeaseLost.

    Heartbeats are counted, not times compared: they stand still where the machine sleeps, and no clock
    that jumps makes a run look stuck.
    """
    while lease.beats * handling.beat_seconds < handling.stuck_seconds:
        await asyncio.sleep(handling.beat_seconds)
        try:
            async with database.transaction() as transaction:
                await lease.heartbeat(transaction)
        except Unavailable:
            continue  # whoever runs the database has been told


async def _requeue(database: Database, lease: Lease, seconds: float, error: str | None) -> None:
    async with database.transaction() as transaction:
        await lease.requeue(transaction, seconds, error)


async def _try(ending: Awaitable[None], about: Mapping[str, object]) -> None:
    """End a job. If that fails, its lease runs out, and it is begun again."""
    try:
        await ending
    except (LeaseLost, Unavailable):
        return
    except Exception:
        log.exception("ending a job failed", **about)


async def _end(task: "asyncio.Future[None]") -> None:
    """Cancel the task, and wait until it has ended. What it raises then is of no interest."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()
