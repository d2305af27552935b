"""A file comes in: its bytes are stored, then its row, with its event, in one transaction.

    bytes ─▶ object, named after the arrival ─▶ row + `carrier-file.created`
                                          └ known already: nothing happens

The same content again is the same file, whatever its name, unless another one of that name came since:
then what was corrected is taken back, and it counts as a new arrival.
"""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from crossdock.changes.document import encoder
from crossdock.changes.events import Subject, record_event
from crossdock.errors import BadVendorValue, NotFound
from crossdock.files.links import Links
from crossdock.files.storage import Storage
from crossdock.resources.carrier.files import CARRIER_FILES
from crossdock.store import connections, events, files
from crossdock.store.connections import Connection
from crossdock.store.engine import Database, Transaction
from crossdock.store.events import EventRow
from crossdock.store.files import Received
from crossdock.store.ids import Clock, new_id
from crossdock.store.secrets import Vault

Also = Callable[[Transaction], Awaitable[None]]
"""What a caller writes in the same transaction."""

LONGEST_NAME = 255
"""Bytes of a file's name."""

_UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_TYPE = re.compile(r"[a-z0-9]{1,10}")


@dataclass(frozen=True)
class Note:
    """What came along with a file, used where it is silent itself. invoice_date: as the API shows dates."""

    invoice_id: str | None = None
    invoice_date: str | None = None


def fitting_name(name: str) -> str:
    """The name without folders. Raises BadVendorValue, with the reason, for one that can't be kept."""
    last = PurePosixPath(name.replace("\\", "/")).name
    if not last or last in (".", ".."):
        raise BadVendorValue(f"{name!r:.100} is no name of a file")
    if _UNFIT.search(last):
        raise BadVendorValue(f"the file name {last!r:.100} has a control character")
    if len(last.encode()) > LONGEST_NAME:
        raise BadVendorValue(f"the file name {last[:40]!r}… has more than {LONGEST_NAME} bytes")
    return last


def file_type(name: str) -> str:
    """The extension without its dot, in small letters; "" where there is none."""
    found = PurePosixPath(name).suffix.removeprefix(".").lower()
    return found if _TYPE.fullmatch(found) else ""


def _measured(file: Path) -> tuple[str, int]:
    """Its SHA-256 in hex, and how many bytes it has."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest(), opened.tell()


@dataclass(frozen=True)
class Arrivals:
    """Where files of all connections come in."""

    database: Database
    storage: Storage
    vault: Vault
    links: Links
    clock: Clock

    async def take(
        self,
        connection: Connection,
        name: str,
        file: Path,
        *,
        source: str,
        note: Note | None = None,
        also: Also | None = None,
    ) -> tuple[Received, bool]:
        """Keeps a file; its row, and whether it is new. also: what belongs to a new one.

        Raises BadVendorValue for a name that can't be kept, NotFound when the connection is deleted by now.
        """
        now = self.clock()
        file_id, note = new_id("file", now), note or Note()
        name = fitting_name(name)
        sha256, size = await asyncio.to_thread(_measured, file)
        one = Received(
            seq=0, id=file_id, connection_id=connection.id, name=name, file_type=file_type(name),
            sha256=sha256, size=size, received_ms=now, source=source,
            object=f"{connection.uid}/{file_id}", invoice_id=note.invoice_id, invoice_date=note.invoice_date,
        )  # fmt: skip
        # Before the bytes are stored: most files that are met again are known.
        if known := await _same(self.database, connection.id, name, sha256):
            return known, False
        await self.storage.put(one.object, file)
        event = await self._event(connection, one)
        async with self.database.transaction() as transaction:
            await require_connection(self.database, transaction, connection)
            await files.take_turn(transaction, connection.id)
            if known := await _same(transaction, connection.id, name, sha256):
                return known, False
            await files.add(transaction, one)
            if not await connections.is_muted(transaction, connection.id):
                await events.add(transaction, [event])
            if also is not None:
                await also(transaction)
        return await files.get(self.database, one.id) or one, True

    async def _event(self, connection: Connection, one: Received) -> EventRow:
        """It tells a link that opens without a key, so its body is encrypted."""
        data = encoder.encode(self.links.described(one, one.received_ms))
        subject = Subject(CARRIER_FILES.key, one.id, data)
        event = record_event(connection, f"{CARRIER_FILES.event}.created", subject, one.received_ms)
        body = await self.vault.seal(connection.organization_id, f"event {event.id}", event.body)
        return EventRow(**{**vars(event), "body": body, "sealed": True})


async def require_connection(database: Database, transaction: Transaction, connection: Connection) -> None:
    """Raises NotFound when the connection was deleted: nothing of it is to be stored any more."""
    if not await connections.lock(database, transaction, connection.id):
        raise NotFound("the connection was deleted", record_id=connection.uid)


async def _same(
    database: Database | Transaction, connection_id: int, name: str, sha256: str
) -> Received | None:
    """The file that this would be again."""
    same, last = await files.known(database, connection_id, name, sha256)
    if same is not None and (last is None or last.sha256 == sha256):
        return same
    return None
