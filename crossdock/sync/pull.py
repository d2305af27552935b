"""Pulling one resource of one connection: what a scheduled run and a caller's window have in common.

    claimed ─▶ sign in ─▶ page ─▶ commit ─▶ page ─▶ … ─▶ completed
                  │         │ the vendor prepares what comes next: put back for as long as the page says
                  │         │ others wait, or the worker stops: put back, to go on at this page
                  │         │ the vendor is slow or down: the same, after a while
                  │         │ the vendor talks nonsense, or its folder has a fault: failed, and noted
                  └─────────┴ it refuses us: failed, and noted on the connection

Where it stands is in the store, written with each page: one that died goes on at its last page.
"""

import asyncio
import random
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from crossdock.changes.commit import Changes, store_changes, take_turn
from crossdock.changes.masking.memory import ErasedPeople, StaleMemory, masked_incoming
from crossdock.changes.masking.recognizer import Recognizer
from crossdock.changes.plan import Target
from crossdock.connections.capabilities import is_disabled
from crossdock.connections.problems import (
    clear,
    clear_problem,
    function_problem,
    note_problem,
    note_set_aside,
    problem_of,
)
from crossdock.errors import (
    InvalidCredentials,
    LeaseLost,
    LoginThrottled,
    SignInOnHold,
    Unavailable,
    VendorError,
    VendorNonsense,
    VendorThrottled,
)
from crossdock.jobs.backoff import seconds_to_wait
from crossdock.jobs.queue import Lease
from crossdock.kit.additional import decode_custom_fields, encode_custom_fields, overlaid
from crossdock.kit.contract import Client, Page, Walk
from crossdock.kit.paging import PageGuard
from crossdock.kit.registry import Integration
from crossdock.resources.schema import Resource
from crossdock.store.carriers import files
from crossdock.store.connections import connections, problems, runs
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.problems import TRANSIENT
from crossdock.store.connections.runs import Run
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.ids import Clock
from crossdock.store.database.secrets import Vault
from crossdock.store.jobs import queue
from crossdock.store.records import quarantine, raw_records, records
from crossdock.store.states import JobCauses
from crossdock.sync.effects import PageEffects, effects_of, without_people
from crossdock.sync.gate import ConnectionGate, SignInGates
from crossdock.sync.page import (
    SAME_ID,
    IdentifiedRecord,
    ReadRecords,
    SortedRecords,
    read_changed,
    sort_out,
)

MOST_ATTEMPTS = 8
"""How often a run is begun without getting on before it fails."""
TOLD_FROM_ATTEMPT = 5
"""A vendor that is slow or down is a problem of the connection after so many: not each hiccup is."""
PATIENT = (JobCauses.SCHEDULE, JobCauses.NOTICE)
"""Causes of jobs that nobody waits for."""
LONGEST_WAIT_SECONDS = 86_400
"""How long a run waits for what its vendor prepares, together, without a record in between."""

SignIn = Callable[[ConnectionRow, Integration, ConnectionGate], AbstractAsyncContextManager[Client]]
"""A client for a connection, whose calls pass its gate; closed at the end of the block."""

log = structlog.get_logger()


@dataclass(frozen=True)
class SyncEngine:
    """The means of pulling."""

    database: Database
    sign_in: SignIn
    clock: Clock
    lookback: timedelta
    most_record_bytes: int
    gates: SignInGates
    slice_ms: int = 20_000
    """How long a run goes on while other connections wait; then it goes to the end of the line."""
    chance: Callable[[], float] = random.random
    vault: Vault | None = None
    """Seals raw records, where connections keep them."""
    off: frozenset[str] = frozenset()
    """Functions that the operator's settings switch off."""
    erased: ErasedPeople | None = None
    """Masks those who were erased, where a system still sends them."""


@dataclass(frozen=True)
class FunctionPull(ABC):
    """One job in one worker's hands."""

    engine: SyncEngine
    lease: Lease
    connection: ConnectionRow
    integration: Integration
    resource: Resource

    @abstractmethod
    async def begin(self) -> Run:
        """Note the run, and what it is about to walk."""

    @abstractmethod
    def walk(self, run: Run) -> Walk:
        """The walk as it stands."""

    @abstractmethod
    async def complete(self, run: Run) -> None:
        """The walk went to its end."""

    @abstractmethod
    async def fail(self, error: str) -> None:
        """End the job; nothing more comes of it."""

    @abstractmethod
    async def should_pause(self) -> bool:
        """Check whether something else goes first now: the job is put back, and goes on when it may."""

    @property
    @abstractmethod
    def sweeps(self) -> bool:
        """Check whether the walk shows all there is, so that what it did not meet is gone."""

    def pages(self, client: Client, walk: Walk) -> AsyncIterator[Page]:
        """The pages of the walk."""
        pages: AsyncIterator[Page] = getattr(client, self.resource.name)(walk)
        return pages

    def guard(self, walk: Walk) -> PageGuard:
        """The guard that notices a vendor that goes in circles."""
        return PageGuard(walk.cursor)

    def ids(self, page: Page) -> Sequence[str] | None:  # noqa: ARG002  see `ReadAgain`
        """The ids of the page's records, where it does not have them in its key."""
        return None

    async def settle(self, transaction: Transaction, page: Page) -> None:  # noqa: B027  most have nothing
        """End what else ends when a page is stored, in the same transaction."""

    @property
    def database(self) -> Database:
        return self.engine.database

    @property
    def function(self) -> str:
        return self.resource.function

    def target(self, run: Run) -> Target:
        return Target(self.connection, self.resource, cause="sync", job_id=self.lease.job.id, quiet=run.first)

    async def do(self, stopping: asyncio.Event) -> None:
        """Do the job to its end, or put it back."""
        if self.lease.job.attempts > MOST_ATTEMPTS:
            # Whoever took it did not live to say why: what it does to them it would do for ever.
            await self.fail(f"begun {MOST_ATTEMPTS} times without getting on")
            return
        if self.connection.is_off(self.function, self.engine.off):
            await self.fail(is_disabled(self.function))  # it was queued before
            return
        gate = self.engine.gates.of(
            self.connection, self.function, urgent=self.lease.job.cause not in PATIENT
        )
        try:
            await self._pull(gate, stopping)
        except SignInOnHold as problem:
            await self.fail(str(problem))
            await gate.stay_due()
        except (InvalidCredentials, LoginThrottled) as problem:
            await gate.refused(problem)
            await self.fail(f"{self.integration.manifest.name} refused the sign-in: {problem}")
        except VendorError as problem:
            await self._troubled(problem)
        except (LeaseLost, Unavailable):
            raise
        except Exception as problem:
            log.exception("sync broke", function=self.function, job=self.lease.job.id)
            await self._broke(problem)
        finally:
            await self._release_gate(gate)

    async def _pull(self, gate: ConnectionGate, stopping: asyncio.Event) -> None:
        await gate.check()
        began = self.engine.clock()
        run = await runs.get(self.database, self.lease.job.id) or await self.begin()
        walk = self.walk(run)
        guard = self.guard(walk)
        waiting = await quarantine.keys(self.database, self.connection.id, self.function)
        if run.pages and run.cursor is None:
            # The walk was over when an earlier attempt died.
            await self.complete(run)
            return
        async with self.engine.sign_in(self.connection, self.integration, gate) as client:
            await self._check_again(client)
            async for page in self.pages(client, walk):
                guard.see(page)
                if page.wait_seconds:
                    check_wait(run, page)
                await self._store(run, page, waiting)
                if page.cursor is None:
                    await self.complete(run)
                    return
                if page.wait_seconds:
                    return
                if stopping.is_set() or await self._makes_way(began):
                    await self.requeue(0, None)
                    return
        raise VendorNonsense("the walk broke off before its last page")

    @staticmethod
    async def _release_gate(gate: ConnectionGate) -> None:
        with suppress(Unavailable):  # its lease runs out
            await gate.release()

    async def _makes_way(self, began_ms: int) -> bool:
        """Check whether this run is put back now: for others, or as its function was switched off."""
        if await self._is_over(began_ms) or await self.should_pause():
            return True
        now = await connections.by_id(self.database, self.connection.id)
        return now is None or now.is_off(self.function, self.engine.off)

    async def _is_over(self, began_ms: int) -> bool:
        """Check whether this run had its slice of the worker's time, and others wait for theirs."""
        now = self.engine.clock()
        if now - began_ms < self.engine.slice_ms:
            return False
        return await queue.is_due_elsewhere(self.database, self.connection.id, now)

    async def _check_again(self, client: Client) -> None:
        """Check whether credentials that were refused before work now. Raises InvalidCredentials."""
        if await problems.get(self.database, self.connection.id, "") is not None:
            await client.check()
            await clear_problem(self.database, self.connection, "", self.engine.clock())

    async def _store(self, run: Run, page: Page, waiting: set[str]) -> None:
        """Store one page with its cursor. waiting: the keys in quarantine, brought up to date."""
        by_key = sort_out(page, self._read_version, self.engine.most_record_bytes, self.ids(page))
        read = await self._read(by_key.fine, waiting)
        if self.connection.keep_raw and self.engine.vault is not None:
            await self.engine.vault.prepare(self.connection.organization_id)
        while True:
            recognizer = await self._recognizer()
            try:
                effects = await self._store_masked(run, page, by_key, read, waiting, recognizer)
            except StaleMemory:
                continue
            break
        still_waiting = effects.still_waiting(waiting)
        waiting.clear()
        waiting.update(still_waiting)

    async def _recognizer(self) -> Recognizer | None:
        erased = self.engine.erased
        return None if erased is None else await erased.recognizer(self.connection.organization_id)

    async def _store_masked(
        self,
        run: Run,
        page: Page,
        by_key: SortedRecords,
        read: ReadRecords,
        waiting: set[str],
        recognizer: Recognizer | None,
    ) -> PageEffects:
        """Store a page without those who were erased. Raises StaleMemory when these are others by then."""
        incoming, masked = masked_incoming(recognizer, self.connection, self.resource, read.incoming)
        read = replace(read, incoming=incoming)
        deleted = {*page.deleted} - {record.id for record in by_key.fine}
        async with self.database.transaction() as transaction:
            if page.is_prepared:
                read = await self._without_newer(transaction, run, read)
            changes, now = Changes(read.incoming, deleted), self.engine.clock()
            outcome = await store_changes(transaction, self.target(run), changes, now)
            if self.engine.erased is not None:
                organization = self.connection.organization_id
                await self.engine.erased.check(transaction, organization, recognizer)
            effects = effects_of(page, by_key, read, outcome, waiting)
            if recognizer is not None:
                effects = without_people(effects, masked, recognizer)
            await self._store_effects(transaction, run, effects)
            await self.settle(transaction, page)
            if page.wait_seconds:
                # With the page: whoever dies here does not ask the vendor again at once.
                await self.lease.requeue(transaction, page.whole_wait, None)
        return effects

    async def _without_newer(self, transaction: Transaction, run: Run, read: ReadRecords) -> ReadRecords:
        """The records read, but for those that were changed behind the back of a run that waited for them."""
        await take_turn(transaction, self.resource, self.connection.id)
        ids = [record.id for record in read.incoming]
        newer = await records.changed_since(
            transaction, self.resource, self.connection.id, ids, run.started_ms
        )
        incoming = [record for record in read.incoming if record.id not in newer]
        return replace(read, incoming=incoming, unchanged=read.unchanged + len(newer))

    async def _store_effects(self, transaction: Transaction, run: Run, effects: PageEffects) -> None:
        """Store what belongs to a page besides its records."""
        await self.lease.record_progress(transaction)
        await self._set_aside(transaction, run, effects)
        if effects.file is not None:
            await files.note_items(transaction, self.connection.id, effects.file, effects.ids)
        if self.sweeps:
            await records.add_to_snapshot(transaction, run.job_id, effects.seen)
        if effects.gone:
            await runs.add_deleted(transaction, run.job_id, len(effects.gone), self.engine.clock())
        await self._keep_raw(transaction, effects)
        await self._got_over(transaction, run)
        await runs.advance(transaction, run.job_id, effects.progress, self.engine.clock())

    @property
    def _read_version(self) -> bytes:
        """Part of what a record is known by: one that would be read otherwise now is read again."""
        version = self.integration.read_version(self.resource)
        declared = decode_custom_fields(self.connection.custom_fields).get(self.resource.name)
        return b"".join((
            version,
            b"exact" if self._is_exact else b"",
            b"raw" if self.connection.keep_raw else b"",
            encode_custom_fields({"": declared}).encode() if declared else b"",
        ))  # fmt: skip

    @property
    def _is_exact(self) -> bool:
        return self.connection.quantities == "exact"

    async def _read(self, fine: list[IdentifiedRecord], waiting: set[str]) -> ReadRecords:
        """Map what is new; what was set aside before is read in any case."""
        ids = [identified_record.id for identified_record in fine if identified_record.id not in waiting]
        stored = await records.raw_hashes(self.database, self.resource, self.connection.id, ids)
        reader = self.integration.reader(self.resource)
        overlay = overlaid(reader, self.connection.custom_fields, self.resource)
        return read_changed(fine, stored, overlay, exact=self._is_exact)

    async def _keep_raw(self, transaction: Transaction, effects: PageEffects) -> None:
        """Keep the records as they came, where the connection wants that."""
        if not self.connection.keep_raw or self.engine.vault is None:
            return
        if not (await connections.additions(transaction, self.connection.id))[1]:
            return  # it does not any more
        key = self.resource.key
        if effects.raw:
            await raw_records.put(transaction, self.engine.vault, self.connection, key, effects.raw)
        await raw_records.forget(transaction, self.connection.id, key, effects.gone)

    async def _set_aside(self, transaction: Transaction, run: Run, effects: PageEffects) -> None:
        """Keep what did not fit, and forget what fits now. The first becomes a problem at once."""
        now, connection_id = self.engine.clock(), self.connection.id
        if effects.quarantined:
            await quarantine.put(
                transaction, connection_id, self.function, run.job_id, effects.quarantined, now
            )
        if effects.released:
            await quarantine.release(transaction, connection_id, self.function, effects.released)
        if effects.twins:
            await quarantine.release_twins(transaction, connection_id, self.function, effects.twins, SAME_ID)
        if not effects.quarantined:
            return
        if await problems.get(transaction, connection_id, self.function, "records") is None:
            await note_set_aside(transaction, self.connection, self.function, now)

    async def _got_over(self, transaction: Transaction, run: Run) -> None:
        """A page came where this run could not go on for a while: that is over."""
        problem = await problems.get(transaction, self.connection.id, self.function)
        if problem is not None and problem.kind in TRANSIENT and problem.last_ms >= run.started_ms:
            await clear(transaction, self.connection, self.function, self.engine.clock())

    # What goes wrong

    async def _troubled(self, problem: VendorError) -> None:
        """Anything else: again from this page if that can help, else not before the next schedule."""
        now = await queue.get(self.database, self.lease.job.id) or self.lease.job
        attempts = max(1, now.attempts)
        is_over = not problem.retryable or attempts >= MOST_ATTEMPTS
        if is_over or attempts >= TOLD_FROM_ATTEMPT:
            noted = problem_of(self.connection, self.function, problem, self.engine.clock())
            await note_problem(self.database, self.connection, noted)
        if is_over:
            await self.fail(str(problem))
            return
        wait = seconds_to_wait(attempts, self.engine.chance)
        if isinstance(problem, VendorThrottled):
            wait = max(wait, problem.retry_after)
        await self.requeue(wait, str(problem))
        log.warning(
            "sync put back", connection=self.connection.uid, function=self.function, error=str(problem),
            seconds=round(wait, 1), job=self.lease.job.id,
        )  # fmt: skip

    async def _broke(self, problem: Exception) -> None:
        """A fault in the integration's code, or in ours: the log has its trace, and nobody else."""
        noted = function_problem(
            self.connection, self.function, "internal_error", self.engine.clock(),
            why=type(problem).__name__, job=self.lease.job.id,
        )  # fmt: skip
        await note_problem(self.database, self.connection, noted)
        await self.fail("internal error; see the log for this job's id")

    async def requeue(self, seconds: float, error: str | None) -> None:
        async with self.database.transaction() as transaction:
            await self.lease.requeue(transaction, seconds, error)


def check_wait(run: Run, page: Page) -> None:
    """Raise VendorNonsense when a run would wait for more than 24 hours without a record in between."""
    waited = 0 if page.records else run.waited_seconds
    if waited + page.whole_wait > LONGEST_WAIT_SECONDS:
        raise VendorNonsense(
            f"the vendor has had this run wait for {waited / 3600:g} hours, and wants {page.whole_wait} s "
            f"more; {LONGEST_WAIT_SECONDS // 3600} hours together are the most"
        )
