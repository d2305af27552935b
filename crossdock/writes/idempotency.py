"""The same write twice is one write: what is reserved before anything is sent, and how it is let go.

With an Idempotency-Key callers say themselves what is the same. Without one, only a write that was left
in doubt is: whoever sends it again goes on with that, and makes no second record.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace

from crossdock.errors import BadRequest, Conflict, LeaseLost, Unavailable, Uncertain
from crossdock.store.database.engine import Database
from crossdock.store.database.ids import Clock, new_id
from crossdock.store.jobs import write_log
from crossdock.store.jobs.write_log import WriteRow
from crossdock.store.states import WriteState, WriteStates
from crossdock.writes.request import WriteRequest

LEASE_SECONDS = 15.0
"""How long a write counts as under way without a sign of whoever does it."""
RENEW_SECONDS = 4.0
SHORTEST_LEASE_SECONDS = 7.0
"""What has to be left of a lease for a call of the vendor to begin: two renewals may fail before."""


@dataclass
class Reservation:
    """A write that is reserved, and how it is to be let go."""

    row: WriteRow
    ended_ms: int = 0
    """When the attempt before ended for certain; 0: there was none."""
    is_left: bool = False
    """Whether something may have been done."""
    is_over: bool = False
    record_id: str | None = None
    """What is known to have been made."""
    was_cut_off: bool = False
    """Whether the attempt before ended with its process."""
    until_ms: int = 0
    """Until when the store has said that nobody else goes on with it."""
    has_sent: bool = False
    """Whether this attempt has come to sending. Until then the one before is what is in doubt."""

    @property
    def answer(self) -> bytes | None:
        """The answer from when it was done before."""
        return self.row.answer if self.row.state == WriteStates.DONE else None


@dataclass(frozen=True)
class Reservations:
    """The reservations of all writes of all connections."""

    database: Database
    clock: Clock

    async def reserve(self, request: WriteRequest) -> Reservation:
        """Reserve a write.

        Raises Conflict while it is under way, BadRequest when its key was used for another write.
        """
        now = self.clock()
        fresh = WriteRow(
            connection_id=request.connection.id, id=new_id("write", now), key=request.key,
            fingerprint=request.fingerprint, action=request.write.action, state=WriteStates.RUNNING,
            holder=secrets.token_hex(8), begun_ms=now, until_ms=_lease(now),
        )  # fmt: skip
        doubtful = None if request.key else await write_log.in_doubt(self.database, fresh)
        row = doubtful or await write_log.reserve(self.database, fresh)
        if row is None:
            return Reservation(fresh)
        if row.fingerprint != fresh.fingerprint:
            raise BadRequest("this Idempotency-Key was used with another endpoint or body")
        if row.state == WriteStates.DONE:
            return Reservation(row, is_over=True)
        return await self._taken_over(row, fresh)

    async def _taken_over(self, row: WriteRow, fresh: WriteRow) -> Reservation:
        """A write that was left, to go on with. Raises Conflict while somebody else does."""
        until_ms, holder = fresh.until_ms, fresh.holder
        is_left = row.is_left(fresh.begun_ms)
        if not is_left or not await write_log.take_over(self.database, row, holder, until_ms):
            raise Conflict("the same request is still running")
        running = replace(row, state=WriteStates.RUNNING, holder=holder, until_ms=until_ms)
        if not row.is_in_doubt:
            return Reservation(running)  # its process ended before anything was sent
        return Reservation(
            running,
            ended_ms=row.until_ms,
            is_left=True,
            record_id=row.record_id,
            was_cut_off=row.state == WriteStates.SENDING,
        )

    @asynccontextmanager
    async def leased(self, reservation: Reservation) -> AsyncIterator[None]:
        """Renew the lease of a write for as long as the block takes, then let it go as the block ended.

        A process that dies renews nothing: soon after, whoever asks again settles what became of it.
        """
        renewing = asyncio.create_task(self._renew(reservation))
        try:
            yield
            reservation.is_over = True
        except Uncertain as doubt:
            reservation.is_left = True
            reservation.record_id = doubt.record_id or reservation.record_id
            raise
        except Exception:
            if reservation.has_sent:
                reservation.is_left = False  # the vendor has refused it
            raise
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError):
                await renewing
            await self._release(reservation)

    async def _renew(self, reservation: Reservation) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            with suppress(Unavailable, LeaseLost):  # `hold` sees what became of it
                await self._renew_now(reservation)

    async def _renew_now(self, reservation: Reservation) -> None:
        until_ms = _lease(self.clock())
        await write_log.renew(self.database, reservation.row, until_ms)
        reservation.until_ms = until_ms

    async def hold(self, reservation: Reservation) -> None:
        """Check that nobody else goes on with a write, before a call of the vendor is made for it.

        Raises LeaseLost when somebody may: another process took it over, or this one has not reached the
        database for so long that one could.
        """
        left_ms = reservation.until_ms - self.clock()
        if left_ms >= SHORTEST_LEASE_SECONDS * 1000:
            return
        try:
            await self._renew_now(reservation)
        except Unavailable as problem:
            raise LeaseLost(
                f"whether another request goes on with this write is unknown: {problem}"
            ) from problem

    async def begin_sending(self, reservation: Reservation, record_id: str | None) -> None:
        """Note that something may have been done from now on: whoever is cancelled leaves it in doubt.

        record_id: what an earlier attempt made. Raises Conflict when somebody else goes on with the write.
        """
        until_ms = _lease(self.clock())
        try:
            await write_log.sending(self.database, reservation.row, until_ms)
        except LeaseLost:
            raise Conflict("the same request is still running") from None
        reservation.until_ms = until_ms
        reservation.has_sent, reservation.is_left, reservation.record_id = True, True, record_id

    async def _release(self, reservation: Reservation) -> None:
        """Free the key, or leave the write for others to settle; where the store can't, time does."""
        if reservation.is_over:
            return
        row, record_id = reservation.row, reservation.record_id
        with suppress(Unavailable):
            if not reservation.is_left:
                await write_log.release(self.database, row)
            elif reservation.has_sent:
                await write_log.leave(self.database, row, self.clock(), record_id, WriteStates.UNCERTAIN)
            else:
                state: WriteState = WriteStates.SENDING if reservation.was_cut_off else WriteStates.UNCERTAIN
                await write_log.leave(self.database, row, reservation.ended_ms, record_id, state)


def _lease(now_ms: int) -> int:
    return now_ms + int(LEASE_SECONDS * 1000)
