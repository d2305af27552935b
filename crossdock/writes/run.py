"""One write: checked, sent, read back, stored and answered, never twice.

    WriteRequest ─▶ Reservation ─▶ ValidWrite ─▶ Sent ─▶ Stored: records, events and answer in one transaction
                       │              │            │ the vendor refused: freed, its words are the answer
                       │              │            └ nobody knows: asked for; else left, for a retry or a sync
                       │              └ it does not fit: freed
                       └ done before: the answer of then; under way: 409; left in doubt: settled first

What is reserved is in the store before anything is sent. A process that dies leaves it, and whoever asks
again settles what became of it before doing anything.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import structlog

from crossdock.changes.masking.memory import ErasedPeople
from crossdock.connections.problems import clear_problem, note_problem, write_problem
from crossdock.errors import CrossdockError, MissingPermission, Unavailable, Uncertain, VendorError
from crossdock.kit.contract import Command, WireRequest
from crossdock.kit.registry import Integration
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.problems import WRITES
from crossdock.store.database.engine import Database
from crossdock.store.database.ids import Clock
from crossdock.writes import recovery
from crossdock.writes.aside import aside
from crossdock.writes.facts import validate
from crossdock.writes.idempotency import Reservation, Reservations
from crossdock.writes.options import OptionCache
from crossdock.writes.request import DryRunResult, WriteRequest, WriteResult
from crossdock.writes.send import HeldCaller, Interrupted, Sent, send
from crossdock.writes.steps import dry_run, spelt_out
from crossdock.writes.storing import Stored, WriteStoring, store_tags

SignIn = Callable[[ConnectionRow, Integration], AbstractAsyncContextManager[Any]]

log = structlog.get_logger()


@dataclass(frozen=True)
class WriteRunner:
    """Does writes."""

    database: Database
    sign_in: SignIn
    clock: Clock
    options: OptionCache
    seconds: float = 90.0
    """How long one may take in all."""
    settle_seconds: float = 120.0
    """How long after a broken call a vendor may still be acting on it."""
    erased: ErasedPeople | None = None
    """Masks those who were erased, where a system still says them."""
    _running: set[asyncio.Task[WriteResult]] = field(default_factory=set)

    async def write(self, request: WriteRequest) -> WriteResult:
        """Do a write. A caller who goes away does not stop it."""
        task = asyncio.create_task(self._write(request))
        self._running.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Task[WriteResult]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waited has it; if nobody did, the log has

    async def dry_run(self, request: WriteRequest) -> DryRunResult:
        """The requests that would be sent, secrets left out. None of them is sent."""
        async with self.sign_in(request.connection, request.integration) as client:
            valid = await validate(self.database, self.options, client, request, self.clock())
            steps = await aside(request, lambda: dry_run(request.integration.steps(valid.command)))
            requests = [_without_answers(client.shown(call)) for call in steps.calls]
        return DryRunResult(requests, valid.unused, steps.is_complete)

    async def _write(self, request: WriteRequest) -> WriteResult:
        reservations = Reservations(self.database, self.clock)
        await aside(request, lambda: request.fingerprint)
        reservation = await reservations.reserve(request)
        if reservation.answer is not None:
            return WriteResult(reservation.answer, is_replayed=True)
        with _logged(request, reservation):
            async with reservations.leased(reservation), self._time_limit():
                if request.write.action == "":
                    stored = await store_tags(self.database, self.clock, request, reservation.row)
                else:
                    async with self.noting(request.connection, request.write.action):
                        stored = await self._stored(request, reservations, reservation)
        return WriteResult(stored.answer)

    @asynccontextmanager
    async def noting(self, connection: ConnectionRow, action: str) -> AsyncIterator[None]:
        """Note a right that the credentials lack for a write as a problem; clear that when it is done."""
        try:
            yield
        except VendorError as failure:
            if missing := _missing_right(failure):
                problem = write_problem(connection, action, missing, self.clock())
                with suppress(Unavailable):  # what the vendor says goes first
                    await note_problem(self.database, connection, problem)
            raise
        await clear_problem(self.database, connection, action, self.clock(), WRITES)

    async def _stored(
        self, request: WriteRequest, reservations: Reservations, reservation: Reservation
    ) -> Stored:
        """The whole way of a write that a connected system does."""
        row = reservation.row
        async with self.sign_in(request.connection, request.integration) as client:
            valid = await validate(self.database, self.options, client, request, row.begun_ms)
            command = await self._settled(client, request, valid.command, reservation)
            await reservations.begin_sending(reservation, command.found)
            caller = HeldCaller(client, partial(reservations.hold, reservation))
            sent = await _sent(caller, request, command)
            storing = WriteStoring(self.database, self.clock, client, request, self.erased)
            stored = await storing.store_sent(row, sent, valid.unused)
            reservation.is_over = True
            await storing.store_side_effects(stored)
        return stored

    async def _settled(
        self, client: Any, request: WriteRequest, command: Command, reservation: Reservation
    ) -> Command:
        """The command, with what an earlier attempt made. Raises Uncertain while that can't be known."""
        if not reservation.is_left:
            return command
        acts_ms = int(self._acts_after_seconds(request, reservation) * 1000)
        earlier = recovery.EarlierAttempt(
            record_id=reservation.record_id,
            begun_ms=reservation.row.begun_ms,
            ended_ms=reservation.ended_ms,
            acts_until_ms=reservation.ended_ms + acts_ms,
            now_ms=self.clock(),
        )
        return replace(
            command, found=await recovery.settled(self.database, client, request, command, earlier)
        )

    def _acts_after_seconds(self, request: WriteRequest, reservation: Reservation) -> float:
        """Seconds after the end of the attempt before in which the vendor may still be acting on it."""
        declared = request.integration.manifest.limits.acts_after_seconds
        return declared if reservation.was_cut_off and declared is not None else self.settle_seconds

    @asynccontextmanager
    async def _time_limit(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self.seconds):
                yield
        except TimeoutError:
            doubt = f"it took more than {self.seconds:g} s; whether it was done is unknown"
            raise Uncertain(doubt) from None


async def _sent(client: HeldCaller, request: WriteRequest, command: Command) -> Sent:
    """A command, done: where its answer was lost and the vendor has done it all the same, to its end."""
    sent = await send(client, request, command)
    while isinstance(sent, Interrupted):
        # At most once: what is interrupted again is done in part.
        command = replace(command, found=await recovery.recovered(client.client, request, command, sent))
        sent = await send(client, request, command)
    return sent


@contextmanager
def _logged(request: WriteRequest, reservation: Reservation) -> Iterator[None]:
    """Log how a write ends."""
    entry = log.bind(connection=request.connection.uid, action=request.write.action, write=reservation.row.id)
    try:
        yield
    except Uncertain as doubt:
        entry.warning("write in doubt", error=str(doubt), outcome=doubt.outcome)
        raise
    except CrossdockError as failure:
        entry.info("write refused", error=str(failure))
        raise
    entry.info("write done")


def _missing_right(failure: BaseException | None) -> MissingPermission | None:
    """The lack of a right that a failure is, or came of."""
    while failure is not None and not isinstance(failure, MissingPermission):
        failure = failure.__cause__
    return failure


def _without_answers(shown: WireRequest) -> WireRequest:
    return replace(shown, url=str(shown.url), body=spelt_out(shown.body))
