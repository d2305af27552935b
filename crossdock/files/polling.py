"""One look at a source: what is new there and complete comes in.

    lies there ─▶ seen ── as large and as old at a second look, 10 s later ─▶ fetched ─▶ came in
                   └ changed between: looked at again by the next run

A file whose name is known but which was changed is a new one. What was fetched in part goes on there.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from crossdock.errors import BadVendorValue, LeaseLost, MissingPermission, NotFound
from crossdock.files.intake import FileIntake, fitting_name, require_connection, shown_name
from crossdock.files.sources import SourceFileVanished
from crossdock.kit.file_sources import FileSource, SourceFile
from crossdock.private import new_folder
from crossdock.resources.carrier.invoice_line_items import INVOICE_LINE_ITEMS
from crossdock.store.carriers import files
from crossdock.store.carriers.files import SeenFile
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.records import quarantine
from crossdock.store.records.quarantine import QuarantinedRecord

SETTLE_SECONDS = 10
"""A file that was not touched for so long is taken for complete."""

NEWS_MS = 3_600_000
"""How long a file that is there and was not taken counts as news."""

log = structlog.get_logger()


@dataclass(frozen=True)
class SourcePoller:
    """Looks at sources. folder: for what was fetched in part; most_bytes: a larger file is set aside."""

    arrivals: FileIntake
    folder: Path
    most_bytes: int
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def at(self, connection: ConnectionRow, source: FileSource) -> int:
        """Take what is complete; how many files are new. Raises LeaseLost when the connection is deleted."""
        try:
            return await self._at(connection, source)
        except NotFound as problem:
            raise LeaseLost(str(problem)) from None

    async def _at(self, connection: ConnectionRow, source: FileSource) -> int:
        known_files = await files.list_seen(self.arrivals.database, connection.id)
        lying = await self._note(connection, source, known_files)
        if source.settles and any(
            not self._is_settled(file) for file in known_files.values() if not file.is_taken
        ):
            await self.sleep(SETTLE_SECONDS)
            lying = await self._note(connection, source, known_files)
        came = 0
        for source_file in lying:
            file = known_files[source_file.place]
            if not file.is_taken and (not source.settles or self._is_settled(file)):
                came += await self._take(connection, source, source_file, file)
        return came

    async def has_news(self, connection: ConnectionRow, source: FileSource) -> bool:
        """Check whether a look would find something that did not come in yet."""
        known_files = await files.list_seen(self.arrivals.database, connection.id)
        async for file in source.files():
            before = known_files.get(file.place)
            if before is None or _differs(file, before):
                if before is None and await self._is_known_misfit(connection, file):
                    continue
                return True
            # One that can't be taken is left to the schedule after a while.
            if not before.is_taken and self.arrivals.clock() - before.since_ms < NEWS_MS:
                return True
        return False

    async def _is_known_misfit(self, connection: ConnectionRow, source_file: SourceFile) -> bool:
        """Check whether a file's name can't be kept, and this was told before."""
        try:
            fitting_name(source_file.place)
        except BadVendorValue:
            return _key(source_file) in await self._set_aside_so_far(connection)
        return False

    async def _set_aside_so_far(self, connection: ConnectionRow) -> set[str]:
        return await quarantine.keys(self.arrivals.database, connection.id, INVOICE_LINE_ITEMS.function)

    def _is_settled(self, file: SeenFile) -> bool:
        return self.arrivals.clock() - file.since_ms >= SETTLE_SECONDS * 1000

    async def _note(
        self, connection: ConnectionRow, source: FileSource, known_files: dict[str, SeenFile]
    ) -> list[SourceFile]:
        """Note what lies there; `known_files` says how long it has been as it is."""
        now = self.arrivals.clock()
        lying = {source_file.place: source_file for source_file in await self._fitting(connection, source)}
        fresh = {
            key: SeenFile(source_file.size, source_file.changed_ms, now, is_taken=False)
            for key, source_file in lying.items()
            if key not in known_files or _differs(source_file, known_files[key])
        }
        texts = known_files.keys() - lying.keys()
        if fresh or texts:
            async with self.arrivals.database.transaction() as transaction:
                await require_connection(transaction, connection)
                await files.put_seen(transaction, connection.id, fresh)
                await files.delete_seen(transaction, connection.id, texts)
        known_files.update(fresh)
        for position in texts:
            del known_files[position]
        return list(lying.values())

    async def _fitting(self, connection: ConnectionRow, source: FileSource) -> list[SourceFile]:
        """The files there whose names can be kept. What was set aside and is gone is forgotten."""
        source_files, vanished = [], set[str]()
        misfits = await self._set_aside_so_far(connection)
        vanished.update(key for key in misfits if key.startswith(_OF_A_NAME))
        async for file in source.files():
            vanished.discard(_key(file))
            try:
                fitting_name(file.place)
            except BadVendorValue as problem:
                # It lies there until somebody renames it: this is told once.
                if _key(file) not in misfits:
                    await self._set_aside(connection, file, str(problem))
            else:
                source_files.append(file)
        await self._release(connection, vanished)
        return source_files

    async def _take(
        self, connection: ConnectionRow, source: FileSource, source_file: SourceFile, file: SeenFile
    ) -> bool:
        """Take a file in; True if it was not known."""
        try:
            if source_file.size > self.most_bytes:
                raise BadVendorValue(
                    f"has {source_file.size:,} bytes; CROSSDOCK_MAX_FILE_BYTES allows {self.most_bytes:,}"
                )
            part = await asyncio.to_thread(self._part, connection, source_file)
            await source.fetch(source_file, part)
            if await asyncio.to_thread(_size, part) != source_file.size:
                await asyncio.to_thread(part.unlink)
                return False  # it is being written again: the next look sees when it changed
            _, is_new = await self.arrivals.take(connection, source_file.place, part, source=source.kind)
            await self._release(connection, [_key(source_file)])
            await asyncio.to_thread(part.unlink)
        except SourceFileVanished:
            return False
        except MissingPermission as problem:
            await self._set_aside(connection, source_file, str(problem))
            return False  # tried again at the next look
        except BadVendorValue as problem:
            await self._set_aside(connection, source_file, str(problem))
            await self._note_taken(connection, source_file, file)
            return False
        await self._note_taken(connection, source_file, file)
        return is_new

    async def _note_taken(self, connection: ConnectionRow, source_file: SourceFile, file: SeenFile) -> None:
        async with self.arrivals.database.transaction() as transaction:
            await require_connection(transaction, connection)
            await files.put_seen(
                transaction, connection.id, {source_file.place: replace(file, is_taken=True)}
            )

    def _part(self, connection: ConnectionRow, source_file: SourceFile) -> Path:
        """The place where a file is fetched to: the same for the same file, so that it goes on there."""
        folder = self.folder / connection.uid
        new_folder(folder)
        name = hashlib.sha256(
            f"{source_file.place}\0{source_file.size}\0{source_file.changed_ms}".encode()
        ).hexdigest()[:32]
        return folder / f"{name}.part"

    async def _release(self, connection: ConnectionRow, keys: Collection[str]) -> None:
        """Release what was set aside before, perhaps: it fits now, or is gone."""
        if not keys:
            return
        async with self.arrivals.database.transaction() as transaction:
            await quarantine.release(transaction, connection.id, INVOICE_LINE_ITEMS.function, keys)

    async def _set_aside(self, connection: ConnectionRow, source_file: SourceFile, reason: str) -> None:
        log.warning(
            "a file was set aside",
            connection=connection.uid,
            file=shown_name(source_file.place)[:100],
            reason=reason,
        )
        refused = QuarantinedRecord(_key(source_file), reason, b"", source_file.size)
        now = self.arrivals.clock()
        async with self.arrivals.database.transaction() as transaction:
            await quarantine.put(
                transaction, connection.id, INVOICE_LINE_ITEMS.function, "", [refused], now
            )  # fmt: skip


_OF_A_NAME = "file "
"""Begins what files are called in quarantine that did not come in."""


def _key(source_file: SourceFile) -> str:
    """The key of a file in quarantine."""
    return _OF_A_NAME + shown_name(source_file.place)[:200].replace("\x00", "\\x00")


def _differs(source_file: SourceFile, before: SeenFile) -> bool:
    return (source_file.size, source_file.changed_ms) != (before.size, before.changed_ms)


def _size(path: Path) -> int:
    return path.stat().st_size
