"""The job that erases: all is gone through, what was under way ends, all is gone through again.

    records of each connection ─▶ tables ─▶ files ─▶ a pause ─▶ all again, until nothing is learned

Each step is a transaction, with how far it came and what it counted; a worker that dies repeats none of it.
What was searched for is forgotten with the last step: the proof holds digests and counts.
"""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import structlog

from crossdock.changes.masking.mask import Search
from crossdock.changes.masking.recognizer import identities_of, record_key
from crossdock.erasing.files import FileMask
from crossdock.erasing.findings import MOST_EXAMPLES, Findings
from crossdock.erasing.records import RecordEraser
from crossdock.erasing.request import SavedSearch
from crossdock.erasing.rows import RowEraser
from crossdock.files.storage import Storage, StoredFileMissing
from crossdock.jobs.queue import Lease
from crossdock.resources.catalogue import by_function
from crossdock.store.connections import connections
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.ids import Clock, new_id
from crossdock.store.database.secrets import Vault
from crossdock.store.erasing import erasures, identities, rows, stored_files
from crossdock.store.erasing.erasures import ErasureRow
from crossdock.store.erasing.identities import ErasedIdentity, digest
from crossdock.store.erasing.places import places
from crossdock.store.erasing.record_copies import Scope
from crossdock.store.erasing.rows import PlaceScope
from crossdock.store.erasing.stored_files import StoredObject
from crossdock.store.states import ErasureStates

SETTLE_SECONDS = 150.0
"""After so long nothing runs any more that began before people were remembered: a write, an attempt."""
MOST_LOOKS = 8
AT_ONCE_ANSWERS = 500

log = structlog.get_logger()

Task = tuple[str, ...]
"""What is gone through: ("records", connection, resource, "live"), ("rows", table) and the like."""


@dataclass(frozen=True)
class ErasureEngine:
    """The means of erasing."""

    database: Database
    vault: Vault
    storage: Storage
    clock: Clock

    async def erase(self, lease: Lease, stopping: asyncio.Event) -> None:
        """Do the job of an erasure; begun again, it goes on where it was."""
        erasure = await erasures.get(self.database, lease.job.function)
        request = None if erasure is None else await erasures.opened(self.database, self.vault, erasure)
        if erasure is None or request is None:
            async with self.database.transaction() as transaction:
                await lease.finish(transaction)
            return
        await self.vault.prepare(erasure.organization_id)
        saved = msgspec.json.decode(request, type=SavedSearch)
        secret = await identities.digest_secret(self.database, self.vault, erasure.organization_id)
        await ErasureRun(self, lease, erasure, saved, secret).do(stopping)


@dataclass
class ErasureRun:
    """One erasure in one worker's hands."""

    engine: ErasureEngine
    lease: Lease
    erasure: ErasureRow
    saved: SavedSearch
    secret: bytes
    look: int = 1
    has_learned: bool = False
    """Whether this look found further ways to recognise the person."""
    counts: dict[str, int] = field(default_factory=dict)
    examples: list[dict[str, Any]] = field(default_factory=list)
    _connections: dict[int, ConnectionRow] = field(default_factory=dict)
    _search: Search | None = None

    @property
    def search(self) -> Search:
        """The search as it is by now."""
        if self._search is None:
            self._search = self.saved.search
        return self._search

    @property
    def erases(self) -> bool:
        return self.erasure.mode == "erase"

    async def do(self, stopping: asyncio.Event) -> None:
        progress = self.erasure.progress
        self.look, self.has_learned = int(progress.get("look", 1)), bool(progress.get("learned", False))
        self.counts, self.examples = dict(self.erasure.counts), list(self.erasure.examples)
        while self.look <= MOST_LOOKS:
            if not await self._look(stopping, progress):
                return
            progress = {}
            is_last = not self.has_learned and (self.look > 1 or not self.erases)
            if is_last:
                break
            self.look, self.has_learned = self.look + 1, False
            if not self.erases:
                self.counts, self.examples = {}, []
            if await self._pause():
                return
        await self._end()

    async def _look(self, stopping: asyncio.Event, progress: dict[str, Any]) -> bool:
        """Go through everything from where it was; False: the worker stops, and the job was put back."""
        tasks, after = await self._tasks(), None
        begun = tuple(progress.get("task") or ())
        if begun in tasks:
            is_over = bool(progress.get("is_over"))
            tasks = tasks[tasks.index(begun) + is_over :]
            after = None if is_over else progress.get("after")
        for task in tasks:
            place, after = after, None
            while True:
                if stopping.is_set():
                    await self._requeue(0)
                    return False
                place = await self._step(task, place)
                if place is None:
                    break
        return True

    async def _tasks(self) -> list[Task]:
        """All there is to go through, in an order that stays."""
        self._connections = await self._all_connections()
        tasks: list[Task] = []
        for connection in self._connections.values():
            for function in sorted(by_function(connection.type)):
                for part in ("live", "gone"):
                    tasks.append(("records", str(connection.id), function, part))
        limited = self.saved.connection_id
        for place in places():
            if PlaceScope(place, self.erasure.organization_id, limited).has_rows:
                tasks.append(("rows", place.table))
        if self.saved.everyone:
            tasks.append(("answers",))
        return [*tasks, ("files",)]

    async def _all_connections(self) -> dict[int, ConnectionRow]:
        found = dict[int, ConnectionRow]()
        after = 0
        while page := await connections.page(
            self.engine.database, self.erasure.organization_id, after, limit=1000
        ):
            found |= {connection.id: connection for connection in page}
            after = page[-1].id
        limited = self.saved.connection_id
        return found if limited is None else {key: row for key, row in found.items() if key == limited}

    # Steps

    async def _step(self, task: Task, after: Any) -> Any:
        """Do the next part of a task; where it goes on, None at its end."""
        if task[0] == "files":
            return await self._file_step(task, int(after or 0))
        findings = Findings()
        async with self.engine.database.transaction() as transaction:
            await self.lease.record_progress(transaction)
            place = await self._within(transaction, task, after, findings)
            await self._note(transaction, task, place, findings)
        self._take(findings)
        return place

    async def _within(self, transaction: Transaction, task: Task, after: Any, findings: Findings) -> Any:
        if task[0] == "records":
            connection = self._connections[int(task[1])]
            resource = by_function(connection.type)[task[2]]
            scope = Scope(connection.id, resource, is_gone=task[3] == "gone")
            eraser = RecordEraser(
                self.search, connection, scope, self.erases, self.lease.job.id, self.engine.clock()
            )
            return await eraser.step(transaction, str(after or ""), findings)
        if task[0] == "answers":
            return await self._answers(transaction, str(after or ""), findings)
        place = next(place for place in places() if place.table == task[1])
        place_scope = PlaceScope(place, self.erasure.organization_id, self.saved.connection_id)
        row_eraser = RowEraser(self.search, self.engine.vault, place_scope, self.erases)
        key = await row_eraser.step(transaction, _key(after), findings)
        return None if key is None else _shown_key(key)

    async def _answers(self, transaction: Transaction, after: str, findings: Findings) -> str | None:
        """Empty what receivers answered to events about a shop's records."""
        if not self.erases or self.saved.connection_id is None:
            return None
        ids = await rows.expunge_answers_about(transaction, self.saved.connection_id, after, AT_ONCE_ANSWERS)
        findings.add("webhook_attempts", len(ids))
        return ids[-1] if len(ids) == AT_ONCE_ANSWERS else None

    async def _file_step(self, task: Task, seq: int) -> int | None:
        """Put a copy without the person in the place of the next file."""
        engine, findings = self.engine, Findings()
        file = await stored_files.after(
            engine.database, self.erasure.organization_id, self.saved.connection_id, seq
        )
        key = None
        if file is not None:
            with TemporaryDirectory(prefix="crossdock-") as folder:
                key = await self._masked_copy(file, Path(folder) / "copy", findings)
        async with engine.database.transaction() as transaction:
            await self.lease.record_progress(transaction)
            if (
                file is not None
                and key is not None
                and not await stored_files.replace_object(transaction, file, key[0], key[1])
            ):
                findings.counts.clear()
            await self._note(transaction, task, None if file is None else file.seq, findings)
        self._take(findings)
        if file is not None and key is not None:
            # Who dies before this leaves an object that no row names: `cleaning` takes it away.
            await engine.storage.delete([file.object])
        return None if file is None else file.seq

    async def _masked_copy(
        self, file: StoredObject, target: Path, findings: Findings
    ) -> tuple[str, int] | None:
        """Store a copy of a file without the person: its key and bytes; None: there is none to be stored."""
        engine = self.engine
        try:
            async with engine.storage.on_disk(file.object) as source:
                mask = FileMask(self.search)
                outcome = await asyncio.to_thread(mask.write, source, target)
        except StoredFileMissing:
            return None
        if outcome == "unsearched":
            findings.add("files_not_searched", int(self.look == 1 or not self.erases))
            return None
        if outcome == "same":
            return None
        findings.add("files")
        if not self.erases:
            findings.show("files", file.uid, file.id, [])
            return None
        key = f"{file.uid}/{new_id('file', engine.clock())}"
        await engine.storage.put(key, target)
        return key, await asyncio.to_thread(lambda: target.stat().st_size)

    # Keeping track

    async def _note(self, transaction: Transaction, task: Task, place: Any, findings: Findings) -> None:
        """Store how far it is, and whom else it is about."""
        organization, now = self.erasure.organization_id, self.engine.clock()
        saved = self.saved.with_learned(findings.learned, findings.linked)
        if saved is not self.saved:
            encoded = msgspec.json.encode(saved)
            sealed = await erasures.seal(self.engine.vault, organization, self.erasure.id, encoded)
            await erasures.keep_request(transaction, self.erasure.id, sealed)
        if self.erases:
            known = identities_of(self.secret, findings.learned, self.erasure.created_ms) + [
                ErasedIdentity("record", digest(self.secret, "record", record_key(*key)), 0, now)
                for key in findings.records
            ]
            await identities.add(transaction, organization, self.erasure.id, known)
        progress = {
            "look": self.look, "task": list(task), "after": place, "is_over": place is None,
            "learned": self.has_learned or saved is not self.saved, "of": len(self._connections),
        }  # fmt: skip
        counts = self._counted(findings)
        examples = (self.examples + findings.examples)[:MOST_EXAMPLES]
        await erasures.advance(transaction, self.erasure, progress, counts, examples, now)

    def _counted(self, findings: Findings) -> dict[str, int]:
        counts = dict(self.counts)
        for place, count in findings.counts.items():
            counts[place] = counts.get(place, 0) + count
        return counts

    def _take(self, findings: Findings) -> None:
        """Go on with what a step found, once it is stored."""
        saved = self.saved.with_learned(findings.learned, findings.linked)
        if saved is not self.saved:
            self.saved, self.has_learned = saved, True
            self._search = None
        self.counts = self._counted(findings)
        self.examples = (self.examples + findings.examples)[:MOST_EXAMPLES]

    async def _pause(self) -> bool:
        """Note that a look is over. After the first of an erasure the job waits; True: it was put back."""
        waits = self.erases and self.look == 2
        async with self.engine.database.transaction() as transaction:
            await self.lease.record_progress(transaction)
            now = self.engine.clock()
            progress = {"look": self.look, "task": None, "after": None, "learned": False}
            await erasures.advance(transaction, self.erasure, progress, self.counts, self.examples, now)
            if waits:
                await erasures.set_state(transaction, self.erasure.id, ErasureStates.SETTLING, now)
                await self.lease.requeue(transaction, SETTLE_SECONDS, None)
        return waits

    async def _requeue(self, seconds: float) -> None:
        async with self.engine.database.transaction() as transaction:
            await self.lease.requeue(transaction, seconds, None)

    async def _end(self) -> None:
        async with self.engine.database.transaction() as transaction:
            await self.lease.finish(transaction)
            await erasures.end(transaction, self.erasure.id, self.engine.clock())
        log.info("erasure done", erasure=self.erasure.id, mode=self.erasure.mode, looks=self.look)


def _key(after: Any) -> tuple[Any, ...] | None:
    """A key as it was stored with the progress: bytes are in hex there."""
    if after is None:
        return None
    return tuple(bytes.fromhex(part["hex"]) if isinstance(part, dict) else part for part in after)


def _shown_key(key: tuple[Any, ...]) -> list[Any]:
    return [{"hex": bytes(part).hex()} if isinstance(part, bytes | memoryview) else part for part in key]
