"""The loop that does jobs, and stopping it gently."""

import asyncio
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import structlog

from crossdock.errors import Unavailable
from crossdock.jobs.execution import JobHandlers, hold
from crossdock.jobs.queue import MOST_AT_ONCE, Lease, claim
from crossdock.store.database.engine import Database
from crossdock.store.database.ids import Clock
from crossdock.store.jobs.queue import CHANNEL

Found = TypeVar("Found")

Tick = Callable[[], Awaitable[object]]
"""Called between jobs: puts what is due into the queue."""

Next = Callable[[], Awaitable[int | None]]
"""When something is due next, in milliseconds since 1970; None: nothing is."""

LOOK_SECONDS = 1.0
"""How often a worker looks for work where nobody can tell it of any."""
LISTEN_SECONDS = 30.0
"""How long a worker that is told of work sleeps at most."""

log = structlog.get_logger()


def worker_name() -> str:
    """A name that tells workers apart, also those that had the same process id before a restart."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


@dataclass
class PeriodicTask:
    """A task that a worker does now and then, beside its jobs. Several workers may do it at once."""

    name: str
    every_seconds: float
    act: Callable[[], Awaitable[object]]
    due_ms: int = 0


class BackgroundService(Protocol):
    """A service beside a worker, which begins and ends with it and is woken when it is: sending webhooks."""

    async def run(self) -> None:
        """Work until `stop`."""

    async def drain(self) -> None:
        """Work until there is nothing to do."""

    def stop(self) -> None: ...

    def wake(self) -> None: ...


@dataclass(frozen=True)
class Work:
    """The work of a worker: jobs, what comes between them, and what goes on beside them."""

    handling: JobHandlers
    tick: Tick
    next_due: Next
    chores: Sequence[PeriodicTask] = ()
    beside: Sequence[BackgroundService] = ()


@dataclass(frozen=True)
class WorkerLimits:
    """The limits of what a worker does at a time. connection_id: only for this connection."""

    concurrency: int
    most_at_once: int = MOST_AT_ONCE
    connection_id: int | None = None
    patience_seconds: float = 10.0
    """How long a worker that is to stop waits for the pages that are under way."""


class Worker:
    """Does up to `concurrency` jobs at a time, at most `most_at_once` of one connection."""

    def __init__(self, database: Database, work: Work, pace: WorkerLimits, clock: Clock) -> None:
        self.name = worker_name()
        self._database = database
        self._work = work
        self._pace = pace
        self._clock = clock
        self._chores = [replace(periodic_task) for periodic_task in work.chores]
        self._is_told = False
        self._stopping = asyncio.Event()
        self._wake = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()

    def stop(self) -> None:
        """Take no more jobs; jobs that run finish their page and are put back."""
        self._stopping.set()
        self._wake.set()
        for background_service in self._work.beside:
            background_service.stop()

    def wake(self) -> None:
        """Wake the worker and what works beside it: there may be something to do now."""
        self._wake.set()
        for background_service in self._work.beside:
            background_service.wake()

    async def run(self) -> None:
        """Work until `stop`, and until what then still runs has ended or was put back."""
        log.info("worker started", worker=self.name, concurrency=self._pace.concurrency)
        beside = [asyncio.create_task(background_service.run()) for background_service in self._work.beside]
        while not self._stopping.is_set():
            self._wake.clear()
            await self._listen()
            await self._do_chores()
            if not await self._fill():
                await self._sleep()
        await self._wind_up()
        if beside:
            await asyncio.wait(beside)
        log.info("worker stopped", worker=self.name)

    async def drain(self) -> None:
        """Work until nothing is due and nothing runs."""
        while await self._fill() or self._running:
            if self._running:
                await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        for background_service in self._work.beside:
            await background_service.drain()

    async def _fill(self) -> bool:
        """Take what fits; return whether anything was taken."""
        took = False
        await self._safely("looking for due work", self._work.tick(), None)
        while len(self._running) < self._pace.concurrency and not self._stopping.is_set():
            lease = await self._safely("claiming work", self._claim(), None)
            if lease is None:
                break
            took = True
            task = asyncio.create_task(hold(self._database, self._work.handling, lease, self._stopping))
            self._running.add(task)
            task.add_done_callback(self._done)
        return took

    async def _claim(self) -> Lease | None:
        return await claim(
            self._database,
            self.name,
            self._clock,
            kinds=self._work.handling.handlers,
            most_at_once=self._pace.most_at_once,
            connection_id=self._pace.connection_id,
        )

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._wake.set()

    async def _wind_up(self) -> None:
        """Wait for the pages under way; those that take too long are given up and begun again elsewhere."""
        if self._running:
            await asyncio.wait(self._running, timeout=self._pace.patience_seconds)
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)

    async def _listen(self) -> None:
        """Have the database tell of work, where it can; again, when the line to it broke."""
        if not self._is_told:
            listening = self._database.listen(CHANNEL, self.wake, self._lost)
            self._is_told = await self._safely("listening", listening, otherwise=False)

    def _lost(self) -> None:
        """Look for work ourselves: nobody tells us of it any more."""
        self._is_told = False
        self._wake.set()

    async def _do_chores(self) -> None:
        for chore in self._chores:
            every_ms = int(chore.every_seconds * 1000)
            # One that is farther ahead than it can be was set by a clock that was wrong.
            if 0 < chore.due_ms - self._clock() <= every_ms:
                continue
            chore.due_ms = self._clock() + every_ms
            await self._safely(chore.name, chore.act(), None)

    async def _sleep(self) -> None:
        """Until it is woken, or something may be due."""
        try:
            await asyncio.wait_for(self._wake.wait(), await self._idle_seconds())
        except TimeoutError:
            return

    async def _idle_seconds(self) -> float:
        longest = LISTEN_SECONDS if self._is_told else LOOK_SECONDS
        due = await self._safely("looking for the next due work", self._work.next_due(), self._clock())
        chores = [periodic_task.due_ms for periodic_task in self._chores]
        chore = min([*chores, *([] if due is None else [due])], default=None)
        if chore is None:
            return longest
        # What is due and was not taken may not start yet: look again in a while, do not spin.
        seconds = (chore - self._clock()) / 1000
        return min(longest, seconds if seconds > 0 else LOOK_SECONDS)

    async def _safely(self, name: str, act: Awaitable[Found], otherwise: Found) -> Found:
        """The result, or `otherwise`: the loop outlives whatever goes wrong between jobs."""
        try:
            return await act
        except Unavailable:
            return otherwise  # the log has it from the engine, once
        except Exception:
            log.exception("the worker goes on after a failure", what=name)
            return otherwise
