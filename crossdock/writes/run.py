"""One write: checked, sent, read back, stored and answered, never twice.

    asked ─▶ reserved ─▶ checked ─▶ sent ─▶ read back ─▶ stored, told and answered in one transaction
                │           │         │ the vendor refused: freed, its words are the answer
                │           │         └ nobody knows: asked for; else left, for a retry or a sync to settle
                │           └ it does not fit: freed
                └ done before: the answer of then; under way: 409; left in doubt: settled first

What is reserved is in the store before anything is sent. A process that dies leaves it, and whoever asks
again settles what became of it before doing anything.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from crossdock.changes.commit import Incoming, Outcome, Target, commit
from crossdock.errors import CrossdockError, Uncertain, VendorError, VendorNonsense, VendorUnavailable
from crossdock.integrations.contract import Command, Shown
from crossdock.integrations.registry import Integration
from crossdock.resources.writes import TAGS
from crossdock.store import records, write_log
from crossdock.store.connections import Connection
from crossdock.store.engine import Database, Transaction
from crossdock.store.ids import Clock
from crossdock.store.write_log import WriteRow
from crossdock.writes import settling, tags
from crossdock.writes.answers import answer
from crossdock.writes.commands import command_of
from crossdock.writes.idempotency import Held, Reservations
from crossdock.writes.options import OptionCache
from crossdock.writes.steps import Progress, carried_out, rehearsed, spelt_out
from crossdock.writes.wish import Done, Rehearsed, Wish

GATEWAY_STATUSES = frozenset({502, 504})
"""Said by something in front of the vendor, which does not know what the vendor did."""

SignIn = Callable[[Connection, Integration], AbstractAsyncContextManager[Any]]

log = structlog.get_logger()


@dataclass(frozen=True)
class Writer:
    """Does writes."""

    database: Database
    sign_in: SignIn
    clock: Clock
    options: OptionCache
    seconds: float = 90.0
    """How long one may take in all."""
    settle_seconds: float = 120.0
    """How long after a broken call a vendor may still be acting on it."""
    _running: set[asyncio.Task[Done]] = field(default_factory=set)

    async def write(self, wish: Wish) -> Done:
        """Has it done. A caller who goes away does not stop it."""
        task = asyncio.create_task(self._write(wish))
        self._running.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Task[Done]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waited has it; if nobody did, the log has

    async def rehearse(self, wish: Wish) -> Rehearsed:
        """What would be sent, secrets left out. Sends nothing of it."""
        async with self.sign_in(wish.connection, wish.integration) as client:
            command, unused = await command_of(self.database, self.options, client, wish, self.clock())
            found = rehearsed(wish.integration.steps(command))
            requests = [_without_answers(client.shown(one)) for one in found.calls]
        return Rehearsed(requests, unused, found.is_complete)

    async def _write(self, wish: Wish) -> Done:
        reservations = Reservations(self.database, self.clock, self.seconds)
        held = await reservations.take(wish)
        if held.answer is not None:
            return Done(held.answer, is_replayed=True)
        told = log.bind(connection=wish.connection.uid, action=wish.write.action, write=held.row.id)
        try:
            done = await self._in_time(wish, held)
            held.is_over = True
        except Uncertain as doubt:
            held.is_left, held.record_id = True, doubt.record_id or held.record_id
            told.warning("write in doubt", error=str(doubt), outcome=doubt.outcome)
            raise
        except CrossdockError as failure:
            told.info("write refused", error=str(failure))
            raise
        finally:
            await reservations.let_go(held)
        told.info("write done")
        return done

    async def _in_time(self, wish: Wish, held: Held) -> Done:
        try:
            async with asyncio.timeout(self.seconds):
                if wish.write.action == "":
                    return await tags.set_tags(self.database, wish, held.row, self.clock())
                async with self.sign_in(wish.connection, wish.integration) as client:
                    return await self._attempt(client, wish, held)
        except TimeoutError:
            doubt = f"it took more than {self.seconds:g} s; whether it was done is unknown"
            raise Uncertain(doubt) from None

    async def _attempt(self, client: Any, wish: Wish, held: Held) -> Done:
        command, unused = await command_of(self.database, self.options, client, wish, held.row.begun_ms)
        if held.is_left:
            is_past = self.clock() >= held.ended_ms + self.settle_seconds * 1000
            earlier = settling.Earlier(held.record_id, held.row.begun_ms, held.ended_ms, is_past)
            found = await settling.settled(self.database, client, wish, command, earlier)
            command = replace(command, found=found)
        # From here on only the vendor's word says that nothing was done: whoever is cancelled leaves it.
        held.is_left, held.record_id = True, command.found
        try:
            ids = await self._sent(client, wish, command)
        except Uncertain:
            raise
        except Exception:
            held.is_left = False
            raise
        return await self._stored(client, wish, held.row, ids, unused)

    # Sending

    async def _sent(self, client: Any, wish: Wish, command: Command) -> Sequence[str]:
        """Has the vendor do it; the ids of what it is about."""
        progress = Progress()
        try:
            found = await carried_out(client, wish.integration.steps(command), progress)
        except VendorError as failure:
            found = await self._after(client, wish, command, failure, progress)
        except Exception as failure:
            if progress.done or progress.is_open:
                doubt = "the answer could not be made out; whether it was done is unknown"
                raise Uncertain(doubt) from failure
            raise
        return [found] if isinstance(found, str) else found

    async def _after(
        self, client: Any, wish: Wish, command: Command, failure: VendorError, progress: Progress
    ) -> str | Sequence[str]:
        """What a failed call means: refused, done all the same, or nobody knows."""
        if wish.write.repeatable:
            raise failure
        if command.found is not None:
            raise _partial(failure, command.found)
        may_be_done = progress.is_open and _may_be_done(failure)
        if not (may_be_done or progress.done):
            raise failure
        found = await settling.searched(client, wish, command)
        if may_be_done and found is not None:
            return await self._sent(client, wish, replace(command, found=found))
        if progress.done:
            raise _partial(failure, found)
        if _says_it_failed(failure):
            raise failure
        raise Uncertain(f"{failure}; whether it was done is unknown")

    # Reading back

    async def _stored(
        self, client: Any, wish: Wish, row: WriteRow, ids: Sequence[str], unused: Sequence[str]
    ) -> Done:
        """What was written, through the same door as a sync; told and answered in the same transaction."""
        write, resource = wish.write, wish.write.resource
        if write.answers == "word":
            made = answer(write, ids, [], unused)
            async with _known_to_be_done(ids[0]), self.database.transaction() as transaction:
                await write_log.finish(transaction, row, ids[0], made)
            return Done(made)
        made = b""

        async def also(transaction: Transaction, outcome: Outcome) -> None:
            nonlocal made
            if outcome.refused:
                raise VendorNonsense("; ".join(outcome.refused.values()))
            documents = [
                await records.within(transaction, resource, wish.connection.id, one.id) for one in incoming
            ]
            made = answer(write, [one.id for one in incoming], [one or b"{}" for one in documents], unused)
            await write_log.finish(transaction, row, incoming[0].id, made)

        async with _known_to_be_done(ids[0]):
            incoming = [await self._incoming(client, wish, one) for one in dict.fromkeys(ids)]
            target = Target(wish.connection, resource, cause="write")
            await commit(self.database, target, incoming, self.clock(), also)
        return Done(made)

    async def _incoming(self, client: Any, wish: Wish, record_id: str) -> Incoming:
        resource = wish.write.resource
        raw = await getattr(client, resource.singular)(record_id)
        fields = dict(wish.integration.reader(resource)(raw))
        if TAGS in wish.body:
            fields[TAGS] = wish.body[TAGS]
        return Incoming(str(fields["id"]), fields, None)


def _without_answers(shown: Shown) -> Shown:
    return replace(shown, url=str(shown.url), body=spelt_out(shown.body))


@asynccontextmanager
async def _known_to_be_done(record_id: str) -> AsyncIterator[None]:
    """What goes wrong in here goes wrong after the vendor has done it."""
    try:
        yield
    except Exception as failure:
        doubt = f"it was done (record {record_id}), but could not be read back and stored: {failure}"
        raise Uncertain(doubt, outcome="done", record_id=record_id) from failure


def _partial(failure: VendorError, record_id: str | None) -> Uncertain:
    return Uncertain(f"{failure}; some of it was done", outcome="partial", record_id=record_id)


def _may_be_done(failure: VendorError) -> bool:
    """Whether the vendor may have acted on a call that failed like this."""
    if isinstance(failure, VendorUnavailable):
        return failure.may_have_arrived
    # An answer that is none: a page of something in front, or of the vendor after it has done it.
    return isinstance(failure, VendorNonsense) and not (300 <= (failure.status or 200) < 400)


def _says_it_failed(failure: VendorError) -> bool:
    """Whether the vendor itself, and not something in front of it, says that it did not do it."""
    return isinstance(failure, VendorUnavailable) and failure.status not in (None, *GATEWAY_STATUSES)
