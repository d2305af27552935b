"""The same write twice is one write: what is reserved before anything is sent, and how it is let go.

With an Idempotency-Key callers say themselves what is the same. Without one, only a write that was left
in doubt is: whoever sends it again goes on with that, and makes no second record.
"""

import secrets
from contextlib import suppress
from dataclasses import dataclass, replace

from crossdock.errors import BadRequest, Conflict, Unavailable
from crossdock.store import write_log
from crossdock.store.engine import Database
from crossdock.store.ids import Clock, new_id
from crossdock.store.write_log import WriteRow
from crossdock.writes.wish import Wish

GRACE_SECONDS = 30
"""After its time a write is not given up at once: it may still be noting how it ended."""


@dataclass
class Held:
    """A write that is reserved, and how it is to be let go."""

    row: WriteRow
    ended_ms: int = 0
    """When the attempt before ended for certain; 0: there was none."""
    is_left: bool = False
    """Whether something may have been done."""
    is_over: bool = False
    record_id: str | None = None
    """What is known to have been made."""

    @property
    def answer(self) -> bytes | None:
        """What was answered when it was done before."""
        return self.row.answer if self.row.state == "done" else None


@dataclass(frozen=True)
class Reservations:
    """Of all writes of all connections. seconds: how long one may take."""

    database: Database
    clock: Clock
    seconds: float

    async def take(self, wish: Wish) -> Held:
        """The write's place. Raises Conflict while it is under way, BadRequest when its key was another's."""
        now = self.clock()
        until = now + int((self.seconds + GRACE_SECONDS) * 1000)
        fresh = WriteRow(
            connection_id=wish.connection.id, id=new_id("write", now), key=wish.key,
            fingerprint=wish.fingerprint, action=wish.write.action, state="running",
            holder=secrets.token_hex(8), begun_ms=now, until_ms=until,
        )  # fmt: skip
        left = None if wish.key else await write_log.in_doubt(self.database, fresh)
        found = left or await write_log.reserve(self.database, fresh)
        if found is None:
            return Held(fresh)
        if found.fingerprint != fresh.fingerprint:
            raise BadRequest("this Idempotency-Key was used with another endpoint or body")
        if found.state == "done":
            return Held(found, is_over=True)
        taken = found.is_left(now) and await write_log.take_over(
            self.database, found, fresh.holder, fresh.until_ms
        )
        if not taken:
            raise Conflict("the same request is still running")
        row = replace(found, state="running", holder=fresh.holder, until_ms=fresh.until_ms)
        return Held(row, found.until_ms, is_left=True, record_id=found.record_id)

    async def let_go(self, held: Held) -> None:
        """Frees the key, or leaves the write for others to settle; where the store can't, time does."""
        if held.is_over:
            return
        with suppress(Unavailable):
            if held.is_left:
                await write_log.leave(self.database, held.row, self.clock(), held.record_id)
            else:
                await write_log.release(self.database, held.row)
