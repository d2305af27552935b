"""A file comes in: its bytes are stored, then its row, with its event, in one transaction.

    bytes ─▶ object, named after the arrival ─▶ row + `carrier-file.created`
                                          └ known already: nothing happens

The same content again is the same file, whatever its name, unless another one of that name came since:
then what was corrected is taken back, and it counts as a new arrival.

A PDF is kept for whoever wants to look at it. It is no table: nobody reads it.
"""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from crossdock.changes.events import Subject, record_event
from crossdock.errors import BadVendorValue, NotFound
from crossdock.files.links import FileLinks
from crossdock.files.storage import Storage
from crossdock.resources.carrier.announced import FileAnnounced
from crossdock.resources.carrier.files import CARRIER_FILES
from crossdock.store.carriers import files
from crossdock.store.carriers.files import FileRow
from crossdock.store.connections import connections
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.ids import Clock, new_id
from crossdock.store.records import events
from crossdock.store.records.events import EventRow
from crossdock.store.states import FileState
from crossdock.wire import encoder, stamp

Also = Callable[[Transaction], Awaitable[None]]
"""What a caller writes in the same transaction."""

LONGEST_NAME = 255
"""Bytes of a file's name."""

_UNFIT = re.compile(r"[\x00-\x1f\x7f]")
_PDF = b"%PDF-"
_TYPE = re.compile(r"[a-z0-9]{1,10}")


@dataclass(frozen=True)
class FileNote:
    """Facts that came with a file, used where it is silent itself. invoice_date: as the API shows dates."""

    invoice_id: str | None = None
    invoice_date: str | None = None


def fitting_name(name: str) -> str:
    """The name without folders. Raises BadVendorValue, with the reason, for one that can't be kept."""
    last = PurePosixPath(name.replace("\\", "/")).name
    if not last or last in (".", ".."):
        raise BadVendorValue(f"{name!r:.100} is no name of a file")
    if any("\ud800" <= character <= "\udfff" for character in last):
        shown = repr(shown_name(last)).replace("\\\\", "\\")
        raise BadVendorValue(f"the name {shown:.300} is not UTF-8: give the file another one")
    if _UNFIT.search(last):
        raise BadVendorValue(f"the file name {last!r:.100} has a control character")
    if len(last.encode()) > LONGEST_NAME:
        raise BadVendorValue(f"the file name {last[:40]!r}… has more than {LONGEST_NAME} bytes")
    return last


def shown_name(name: str) -> str:
    """The name as a text that can be stored: bytes of it that are not UTF-8 are escaped."""
    try:
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:
        return name.encode("utf-8", "backslashreplace").decode()


def file_type(name: str) -> str:
    """The extension without its dot, in small letters; "" where there is none."""
    suffix = PurePosixPath(name).suffix.removeprefix(".").lower()
    return suffix if _TYPE.fullmatch(suffix) else ""


def first_state(file: Path) -> FileState:
    """The state of a new file: `received`, to be read, or `kept` as it is. By its content alone."""
    with file.open("rb") as opened:
        return "kept" if opened.read(len(_PDF)) == _PDF else "received"


def _measured(file: Path) -> tuple[str, int]:
    """The SHA-256 of a file in hex, and how many bytes it has."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest(), opened.tell()


@dataclass(frozen=True)
class FileIntake:
    """The place where files of all connections come in."""

    database: Database
    storage: Storage
    links: FileLinks
    clock: Clock

    async def take(
        self,
        connection: ConnectionRow,
        name: str,
        file: Path,
        *,
        source: str,
        note: FileNote | None = None,
        extra_function: Also | None = None,
    ) -> tuple[FileRow, bool]:
        """Keep a file; its row, and whether it is new. extra_function: what belongs to a new one.

        Raises BadVendorValue for a name that can't be kept, NotFound when the connection is deleted by now.
        """
        now = self.clock()
        file_id, note = new_id("file", now), note or FileNote()
        name = fitting_name(name)
        sha256, size = await asyncio.to_thread(_measured, file)
        current_file = FileRow(
            seq=0, id=file_id, connection_id=connection.id, name=name, file_type=file_type(name),
            sha256=sha256, size=size, received_ms=now, source=source,
            object=f"{connection.uid}/{file_id}", state=await asyncio.to_thread(first_state, file),
            invoice_id=note.invoice_id, invoice_date=note.invoice_date,
        )  # fmt: skip
        # Before the bytes are stored: most files that are met again are known.
        if known_file := await _duplicate_of(self.database, connection.id, name, sha256):
            return known_file, False
        await self.storage.put(current_file.object, file)
        async with self.database.transaction() as transaction:
            await require_connection(transaction, connection)
            await files.take_turn(transaction, connection.id)
            if known_file := await _duplicate_of(transaction, connection.id, name, sha256):
                return known_file, False
            # A sync that began while the bytes were stored has not seen it: it came after that.
            current_file = replace(current_file, received_ms=self.clock())
            await files.add(transaction, current_file)
            if not await connections.is_muted(transaction, connection.id):
                await events.add(transaction, [_event(connection, current_file)])
            if extra_function is not None:
                await extra_function(transaction)
        return await files.get(self.database, current_file.id) or current_file, True


def _event(connection: ConnectionRow, file: FileRow) -> EventRow:
    """The event of a file, without a link: that would have expired before a second try to deliver it."""
    received = stamp(file.received_ms)
    data = FileAnnounced(
        id=file.id,
        file_name=file.name,
        created_date=received,
        generated_time=received,
        file_type=file.file_type,
    )
    subject = Subject(CARRIER_FILES.key, file.id, encoder.encode(data))
    return record_event(connection, f"{CARRIER_FILES.event}.created", subject, file.received_ms)


async def require_connection(transaction: Transaction, connection: ConnectionRow) -> None:
    """Raise NotFound when the connection was deleted: nothing of it is to be stored any more."""
    if not await connections.lock(transaction, connection.id):
        raise NotFound("the connection was deleted", record_id=connection.uid)


async def _duplicate_of(
    database: Database | Transaction, connection_id: int, name: str, sha256: str
) -> FileRow | None:
    """The file that this would be again."""
    same_file, last = await files.last_arrivals(database, connection_id, name, sha256)
    if same_file is not None and (last is None or last.sha256 == sha256):
        return same_file
    return None
