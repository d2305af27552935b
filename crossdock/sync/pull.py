"""Pulling one resource of one connection: what a scheduled run and a caller's window have in common.

    claimed ─▶ sign in ─▶ page ─▶ commit ─▶ page ─▶ … ─▶ completed
                  │         │ others wait, or the worker stops: put back, to go on at this page
                  │         │ the vendor is slow or down: the same, after a while
                  │         │ the vendor talks nonsense: failed
                  └─────────┴ it refuses us: failed, and noted on the connection

Where it stands is in the store, written with each page: one that died goes on at its last page.
"""

import asyncio
import random
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from crossdock.changes.commit import Outcome, Target, commit
from crossdock.changes.document import encoder
from crossdock.errors import (
    InvalidCredentials,
    MissingPermission,
    VendorError,
    VendorNonsense,
    VendorThrottled,
)
from crossdock.integrations.contract import Client, Page, Walk
from crossdock.integrations.paging import Guard
from crossdock.integrations.registry import Integration
from crossdock.jobs.backoff import seconds_to_wait
from crossdock.jobs.queue import Lease
from crossdock.resources.schema import Resource
from crossdock.store import connections, files, jobs, quarantine, records, runs
from crossdock.store.connections import Connection, Problem
from crossdock.store.engine import Database, Transaction
from crossdock.store.ids import Clock
from crossdock.store.runs import Progress, Run
from crossdock.sync.page import read_changed, refuse, sort_out
from crossdock.sync.troubles import clear_problem, note_problem

MOST_ATTEMPTS = 8
"""How often a run is begun without getting on before it fails."""

SignIn = Callable[[Connection, Integration], AbstractAsyncContextManager[Client]]
"""A client for a connection, closed at the end of the block."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Engine:
    """What pulling needs."""

    database: Database
    sign_in: SignIn
    clock: Clock
    lookback: timedelta
    most_record_bytes: int
    slice_ms: int = 20_000
    """How long a run goes on while other connections wait; then it goes to the end of the line."""
    chance: Callable[[], float] = random.random


@dataclass(frozen=True)
class Pull(ABC):
    """One job in one worker's hands."""

    engine: Engine
    lease: Lease
    connection: Connection
    integration: Integration
    resource: Resource

    @abstractmethod
    async def begin(self) -> Run:
        """Notes the run, and what it is about to walk."""

    @abstractmethod
    def walk(self, run: Run) -> Walk:
        """The walk as it stands."""

    @abstractmethod
    async def complete(self, run: Run) -> None:
        """The walk went to its end."""

    @abstractmethod
    async def fail(self, error: str) -> None:
        """Ends the job; nothing more comes of it."""

    @abstractmethod
    async def should_pause(self) -> bool:
        """Whether something else goes first now: the job is put back, and goes on when it may."""

    @property
    @abstractmethod
    def sweeps(self) -> bool:
        """Whether the walk shows all there is, so that what it did not meet is gone."""

    @property
    def database(self) -> Database:
        return self.engine.database

    @property
    def function(self) -> str:
        return self.resource.function

    def target(self, run: Run) -> Target:
        return Target(self.connection, self.resource, cause="sync", job_id=self.lease.job.id, quiet=run.first)

    async def do(self, stopping: asyncio.Event) -> None:
        """Does the job to its end, or puts it back."""
        if self.lease.job.attempts > MOST_ATTEMPTS:
            # Whoever took it did not live to say why: what it does to them it would do for ever.
            await self.fail(f"begun {MOST_ATTEMPTS} times without getting on")
            return
        try:
            await self._pull(stopping)
        except InvalidCredentials as problem:
            await self._refused(problem, "")
        except MissingPermission as problem:
            await self._refused(problem, self.function)
        except VendorError as problem:
            await self._troubled(problem)

    async def _pull(self, stopping: asyncio.Event) -> None:
        began = self.engine.clock()
        run = await runs.get(self.database, self.lease.job.id) or await self.begin()
        walk = self.walk(run)
        guard = Guard(walk.cursor)
        waiting = await quarantine.keys(self.database, self.connection.id, self.function)
        if run.pages and run.cursor is None:
            # The walk was over when an earlier attempt died.
            await self.complete(run)
            return
        async with self.engine.sign_in(self.connection, self.integration) as client:
            await self._check_again(client)
            pages: AsyncIterator[Page] = getattr(client, self.resource.name)(walk)
            async for page in pages:
                guard.see(page)
                await self._store(run, page, waiting)
                if page.cursor is None:
                    await self.complete(run)
                    return
                if stopping.is_set() or await self._is_over(began) or await self.should_pause():
                    await self.put_back(0, None)
                    return
        raise VendorNonsense("the walk broke off before its last page")

    async def _is_over(self, began_ms: int) -> bool:
        """Whether this run had its slice of the worker's time, and others wait for theirs."""
        now = self.engine.clock()
        if now - began_ms < self.engine.slice_ms:
            return False
        return await jobs.others_wait(self.database, self.connection.id, now)

    async def _check_again(self, client: Client) -> None:
        """Where the credentials were refused before: whether they work now. Raises InvalidCredentials."""
        problems = (await connections.problems(self.database, [self.connection.id]))[self.connection.id]
        if any(one.function == "" for one in problems):
            await client.check()
            await clear_problem(self.database, self.connection, "", self.engine.clock())

    async def _store(self, run: Run, page: Page, waiting: set[str]) -> None:
        """Commits one page with its cursor."""
        found = sort_out(page, self.integration.read_version(self.resource), self.engine.most_record_bytes)
        known = await records.raw_hashes(
            self.database, self.resource, self.connection.id, [one.id for one in found.fine]
        )
        read = self.integration.reader(self.resource)
        incoming, misread, unchanged = read_changed(found.fine, known, read)
        by_id = {one.id: one for one in found.fine}
        refused = [*found.refused, *misread]

        async def also(transaction: Transaction, outcome: Outcome) -> None:
            await self.lease.get_on(transaction)
            aside = [*refused, *(refuse(by_id[one], why) for one, why in outcome.refused.items())]
            if aside:
                await quarantine.put(
                    transaction, self.connection.id, self.function, run.job_id, aside, self.engine.clock()
                )
            released = waiting & by_id.keys() - {one.key for one in aside}
            if released:
                await quarantine.release(transaction, self.connection.id, self.function, released)
                waiting.difference_update(released)
            # One that is set aside now may come again, fitting, before the walk ends.
            waiting.update(one.key for one in aside)
            if page.file is not None:
                await files.note_items(transaction, self.connection.id, page.file, by_id)
            if self.sweeps:
                # What does not fit is still there: only what the vendor left out is gone.
                await records.note_seen(transaction, run.job_id, by_id.keys() | found.ids_refused)
            await runs.advance(
                transaction,
                run.job_id,
                self._progress(page, outcome, unchanged, len(aside)),
                self.engine.clock(),
            )

        await commit(self.database, self.target(run), incoming, self.engine.clock(), also)

    @staticmethod
    def _progress(page: Page, outcome: Outcome, unchanged: int, quarantined: int) -> Progress:
        return Progress(
            cursor=_json(page.cursor), mark=_json(page.mark), received=len(page.records),
            created=len(outcome.created), updated=len(outcome.updated),
            unchanged=unchanged + outcome.unchanged, quarantined=quarantined,
            oldest_data=outcome.oldest, newest_data=outcome.newest,
        )  # fmt: skip

    # What goes wrong

    async def _refused(self, problem: VendorError, function: str) -> None:
        """The vendor does not let us in, or not here."""
        kind = "missing_permission" if function else "invalid_credentials"
        name = self.integration.manifest.name
        message = str(problem) if function else f"Invalid {name} credentials"
        now = self.engine.clock()
        noted = Problem(self.connection.id, function, kind, message, problem.url, now, now)
        await note_problem(self.database, self.connection, noted)
        await self.fail(f"{message}: {problem}" if not function else message)

    async def _troubled(self, problem: VendorError) -> None:
        """Anything else: again from this page if that can help, else not before the next schedule."""
        now = await jobs.get(self.database, self.lease.job.id) or self.lease.job
        attempts = max(1, now.attempts)
        if not problem.retryable or attempts >= MOST_ATTEMPTS:
            await self.fail(str(problem))
            return
        wait = seconds_to_wait(attempts, self.engine.chance)
        if isinstance(problem, VendorThrottled):
            wait = max(wait, problem.retry_after)
        await self.put_back(wait, str(problem))
        log.warning(
            "sync put back", connection=self.connection.uid, function=self.function, error=str(problem),
            seconds=round(wait, 1), job=self.lease.job.id,
        )  # fmt: skip

    async def put_back(self, seconds: float, error: str | None) -> None:
        async with self.database.transaction() as transaction:
            await self.lease.put_back(transaction, seconds, error)


def _json(value: Any) -> str | None:
    return None if value is None else encoder.encode(value).decode()
