"""One look at a source: what is new there and complete comes in.

    lies there ─▶ seen ── as large and as old at a second look, 10 s later ─▶ fetched ─▶ came in
                   └ changed between: looked at again by the next run

A file whose name is known but which was changed is a new one. What was fetched in part goes on there.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from crossdock.errors import BadVendorValue, LeaseLost, MissingPermission, NotFound
from crossdock.files.arrive import Arrivals, fitting_name, require_connection
from crossdock.files.sources import Vanished
from crossdock.integrations.deliveries import Lying, Source
from crossdock.resources.carrier.invoice_line_items import INVOICE_LINE_ITEMS
from crossdock.store import files, quarantine
from crossdock.store.connections import Connection
from crossdock.store.files import Seen
from crossdock.store.quarantine import Refused

SETTLE_SECONDS = 10
"""A file that was not touched for so long is taken for complete."""

NEWS_MS = 3_600_000
"""How long a file that is there and was not taken counts as news."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Look:
    """Looks at sources. folder: for what was fetched in part; most_bytes: a larger file is set aside."""

    arrivals: Arrivals
    folder: Path
    most_bytes: int
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def at(self, connection: Connection, source: Source) -> int:
        """Takes what is complete; how many files are new. Raises LeaseLost when the connection is deleted."""
        try:
            return await self._at(connection, source)
        except NotFound as problem:
            raise LeaseLost(str(problem)) from None

    async def _at(self, connection: Connection, source: Source) -> int:
        known = await files.seen(self.arrivals.database, connection.id)
        lying = await self._note(connection, source, known)
        if source.settles and any(not self._is_settled(one) for one in known.values() if not one.is_taken):
            await self.sleep(SETTLE_SECONDS)
            lying = await self._note(connection, source, known)
        came = 0
        for one in lying:
            seen = known[one.place]
            if not seen.is_taken and (not source.settles or self._is_settled(seen)):
                came += await self._take(connection, source, one, seen)
        return came

    async def has_news(self, connection: Connection, source: Source) -> bool:
        """Whether a look would find something that did not come in yet."""
        known = await files.seen(self.arrivals.database, connection.id)
        async for one in source.files():
            before = known.get(one.place)
            if before is None or _differs(one, before):
                return True
            # One that can't be taken is left to the schedule after a while.
            if not before.is_taken and self.arrivals.clock() - before.since_ms < NEWS_MS:
                return True
        return False

    def _is_settled(self, one: Seen) -> bool:
        return self.arrivals.clock() - one.since_ms >= SETTLE_SECONDS * 1000

    async def _note(self, connection: Connection, source: Source, known: dict[str, Seen]) -> list[Lying]:
        """What lies there; `known` says how long it has been as it is."""
        now = self.arrivals.clock()
        lying = {one.place: one for one in await self._fitting(connection, source)}
        fresh = {
            place: Seen(one.size, one.changed_ms, now, is_taken=False)
            for place, one in lying.items()
            if place not in known or _differs(one, known[place])
        }
        gone = known.keys() - lying.keys()
        if fresh or gone:
            async with self.arrivals.database.transaction() as transaction:
                await require_connection(self.arrivals.database, transaction, connection)
                await files.note_seen(transaction, connection.id, fresh)
                await files.forget_seen(transaction, connection.id, gone)
        known.update(fresh)
        for place in gone:
            del known[place]
        return list(lying.values())

    async def _fitting(self, connection: Connection, source: Source) -> list[Lying]:
        """What lies there under a name that can be kept."""
        found = []
        async for one in source.files():
            try:
                fitting_name(one.place)
            except BadVendorValue as problem:
                await self._set_aside(connection, one, str(problem))
            else:
                found.append(one)
        return found

    async def _take(self, connection: Connection, source: Source, one: Lying, seen: Seen) -> bool:
        """Whether a file came in that was not known."""
        try:
            if one.size > self.most_bytes:
                raise BadVendorValue(
                    f"has {one.size:,} bytes; CROSSDOCK_MAX_FILE_BYTES allows {self.most_bytes:,}"
                )
            part = await asyncio.to_thread(self._part, connection, one)
            await source.fetch(one, part)
            if await asyncio.to_thread(_size, part) != one.size:
                await asyncio.to_thread(part.unlink)
                return False  # it is being written again: the next look sees when it changed
            _, is_new = await self.arrivals.take(connection, one.place, part, source=source.kind)
            await self._release(connection, one)
            await asyncio.to_thread(part.unlink)
        except Vanished:
            return False
        except MissingPermission as problem:
            await self._set_aside(connection, one, str(problem))
            return False  # tried again at the next look
        except BadVendorValue as problem:
            await self._set_aside(connection, one, str(problem))
            await self._note_taken(connection, one, seen)
            return False
        await self._note_taken(connection, one, seen)
        return is_new

    async def _note_taken(self, connection: Connection, one: Lying, seen: Seen) -> None:
        async with self.arrivals.database.transaction() as transaction:
            await require_connection(self.arrivals.database, transaction, connection)
            await files.note_seen(transaction, connection.id, {one.place: replace(seen, is_taken=True)})

    def _part(self, connection: Connection, one: Lying) -> Path:
        """Where a file is fetched to: the same place for the same file, so that it goes on there."""
        folder = self.folder / connection.uid
        folder.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(f"{one.place}\0{one.size}\0{one.changed_ms}".encode()).hexdigest()[:32]
        return folder / f"{name}.part"

    async def _release(self, connection: Connection, one: Lying) -> None:
        """It was set aside before, perhaps: it fits now."""
        async with self.arrivals.database.transaction() as transaction:
            await quarantine.release(transaction, connection.id, INVOICE_LINE_ITEMS.function, [_key(one)])

    async def _set_aside(self, connection: Connection, one: Lying, reason: str) -> None:
        log.warning("a file was set aside", connection=connection.uid, file=one.place[:100], reason=reason)
        refused = Refused(_key(one), reason, b"", one.size)
        now = self.arrivals.clock()
        async with self.arrivals.database.transaction() as transaction:
            await quarantine.put(
                transaction, connection.id, INVOICE_LINE_ITEMS.function, "", [refused], now
            )  # fmt: skip


def _key(one: Lying) -> str:
    """What a file is called in quarantine."""
    return "file " + one.place[:200].encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")


def _differs(one: Lying, before: Seen) -> bool:
    return (one.size, one.changed_ms) != (before.size, before.changed_ms)


def _size(path: Path) -> int:
    return path.stat().st_size
