"""The files of one connection, as its client sees them (`integrations.contract.Files`).

after ─▶ open ─▶ pages are read and stored ─▶ note_read: sums, invoices, faults
                                                 └ a corrected file: what it no longer holds is gone
"""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from crossdock.changes.commit import Outcome as Committed
from crossdock.changes.commit import Target, bury_these
from crossdock.changes.document import decoder, encoder, hashed
from crossdock.errors import NotFound
from crossdock.files.arrive import Arrivals
from crossdock.files.storage import Missing
from crossdock.integrations.contract import FileRef, Outcome
from crossdock.integrations.invoices.contract import Fault, Invoice
from crossdock.resources.carrier.invoice_line_items import INVOICE_LINE_ITEMS
from crossdock.store import files, invoices, quarantine, records, schedules
from crossdock.store.connections import Connection
from crossdock.store.engine import Transaction
from crossdock.store.files import Received
from crossdock.store.ids import moment_ms
from crossdock.store.invoices import StoredInvoice
from crossdock.store.quarantine import Refused

AT_ONCE = 100
BURY_AT_ONCE = 500

FUNCTION = INVOICE_LINE_ITEMS.function

log = structlog.get_logger()


@dataclass(frozen=True)
class Delivered:
    """What was delivered to a connection, oldest first."""

    arrivals: Arrivals
    connection: Connection

    async def after(self, last: str | None, *, start: datetime | None = None) -> list[FileRef]:
        """The next files. start: only those received since."""
        place = 0 if last is None else await self._place(last)
        since = 0 if start is None else int(start.timestamp() * 1000)
        found = await files.after(self.arrivals.database, self.connection.id, place, since, AT_ONCE)
        return [_ref(one) for one in found]

    async def _place(self, last: str) -> int:
        """The number of an arrival; of one that is not kept, that of the last before it."""
        found = await files.get(self.arrivals.database, last)
        if found is not None and found.connection_id == self.connection.id:
            return found.seq
        before_ms = moment_ms(last) or 0
        return await files.last_before(self.arrivals.database, self.connection.id, before_ms)

    async def one(self, id: str) -> FileRef | None:
        found = await self._own(id)
        return None if found is None else _ref(found)

    async def _own(self, file_id: str) -> Received | None:
        found = await files.get(self.arrivals.database, file_id)
        return found if found is not None and found.connection_id == self.connection.id else None

    @asynccontextmanager
    async def open(self, id: str) -> AsyncIterator[Path]:
        """The file on this machine. Raises NotFound when it is gone."""
        found = await self._own(id)
        if found is None:
            raise NotFound(f"there is no file {id!r}", record_id=id)
        try:
            async with self.arrivals.storage.on_disk(found.object) as path:
                yield path
        except Missing:
            raise NotFound(f"the content of {id!r} is gone from the storage", record_id=id) from None

    async def note_read(self, id: str, outcome: Outcome) -> None:
        """Keeps what came of reading a file. Told twice, it changes nothing."""
        found = await self._own(id)
        if found is None:
            return
        older = await files.older_of_name(self.arrivals.database, found)
        now = self.arrivals.clock()
        async with self.arrivals.database.transaction() as transaction:
            await self._keep(transaction, found, outcome, now)
        if _is_whole(outcome):
            await self._correct(found, older, outcome)
        self._tell(found, outcome)

    async def _keep(self, transaction: Transaction, found: Received, outcome: Outcome, now_ms: int) -> None:
        await invoices.forget(transaction, self.connection.id, [found.id])
        await quarantine.release_of(transaction, self.connection.id, FUNCTION, [found.id])
        if outcome.refused is not None:
            await files.note_read(
                transaction, found.id, "refused", error=outcome.refused[:1000], read_ms=now_ms
            )
            return
        summary = outcome.summary
        await files.note_read(
            transaction, found.id, "read", carrier=outcome.carrier, variant=outcome.variant, error=None,
            reconciled=None if summary is None else summary.reconciled,
            summary=_summary(outcome), read_ms=now_ms,
        )  # fmt: skip
        stored = [_invoice(one, found, now_ms) for one in outcome.invoices]
        await invoices.put(transaction, self.connection.id, stored)
        refused = [_refused(found, one) for one in outcome.faults if not one.is_warning]
        await quarantine.put(transaction, self.connection.id, FUNCTION, found.id, refused, now_ms)

    async def _correct(self, found: Received, older: list[Received], outcome: Outcome) -> None:
        """What earlier files of the name say of the same invoices, and this one does not, holds no longer.

        Of the same invoices only: a name that is used for next week's invoices too corrects nothing.
        """
        covered = {one.invoice_id for one in outcome.invoices}
        quiet = older and await self._is_first()
        target = Target(
            self.connection, INVOICE_LINE_ITEMS, cause="file", job_id=found.id, quiet=bool(quiet)
        )  # fmt: skip
        for one in older:
            if await self._bury_missing(target, one, found, covered):
                async with self.arrivals.database.transaction() as transaction:
                    await quarantine.release_of(transaction, self.connection.id, FUNCTION, [one.id])

    async def _is_first(self) -> bool:
        schedule = await schedules.get(self.arrivals.database, self.connection.id, FUNCTION)
        return schedule is None or schedule.first_done_ms is None

    async def _bury_missing(
        self, target: Target, old: Received, new: Received, covered: Collection[str | None]
    ) -> bool:
        """Whether both files are about the same invoices, in part at least."""
        database, after = self.arrivals.database, ""
        is_about_same = await files.shares_items(database, old, new)
        while ids := await files.items_only_in(database, old, new, after, BURY_AT_ONCE):
            after = ids[-1]
            documents = await records.documents(database, INVOICE_LINE_ITEMS, self.connection.id, ids)
            stale = [one for one in ids if one in documents and _invoice_of(documents[one]) in covered]
            is_about_same = is_about_same or bool(stale)
            also = partial(self._forget_items, old, stale)
            await bury_these(database, target, stale, self.arrivals.clock(), also)
        return is_about_same

    async def _forget_items(
        self, file: Received, ids: list[str], transaction: Transaction, _: Committed
    ) -> None:
        await files.forget_items(transaction, self.connection.id, file.id, ids)

    def _tell(self, found: Received, outcome: Outcome) -> None:
        about = {"connection": self.connection.uid, "file": found.id}
        if outcome.refused is not None:
            log.warning("a file was refused", reason=outcome.refused[:300], **about)
        elif outcome.summary is not None and outcome.summary.errors:
            log.warning("a file has faults", errors=outcome.summary.errors, **about)


def _is_whole(outcome: Outcome) -> bool:
    """Whether a file says all there is: one with faults, or cut off, can't show that anything is gone."""
    summary = outcome.summary
    return summary is not None and summary.errors == 0 and summary.reconciled is not False


def _invoice_of(document: bytes) -> str | None:
    found: str | None = decoder.decode(document).get("invoice_id")
    return found


def _ref(one: Received) -> FileRef:
    received = datetime.fromtimestamp(one.received_ms / 1000, UTC)
    return FileRef(one.id, one.name, received, one.invoice_id, one.invoice_date)


def _summary(outcome: Outcome) -> str | None:
    summary = outcome.summary
    if summary is None:
        return None
    values: dict[str, Any] = {
        name: getattr(summary, name)
        for name in ("rows", "line_items", "net", "gross", "currency", "gap", "errors", "warnings")
    }
    values["faults"] = [
        {
            "row": one.row,
            "column": one.column,
            "value": one.value,
            "message": one.message,
            "is_warning": one.is_warning,
        }
        for one in outcome.faults
    ]
    return encoder.encode(values).decode()


def _invoice(one: Invoice, file: Received, now_ms: int) -> StoredInvoice:
    key = hashed(
        *(("" if part is None else f"={part}").encode() for part in (one.account_id, one.invoice_id))
    )
    return StoredInvoice(
        id=f"inv_{key.hex()}", file_id=file.id, account_id=one.account_id, invoice_id=one.invoice_id,
        invoice_date=one.invoice_date, due_date=one.due_date, currency=one.currency,
        total=_text(one.stated_total), net=_text(one.net), gross=_text(one.gross),
        reconciled=one.reconciled, gap=_text(one.gap), line_items=one.line_items, errors=one.errors,
        updated_ms=now_ms,
    )  # fmt: skip


def _text(amount: Any) -> str | None:
    return None if amount is None else format(amount, "f")


def _refused(file: Received, fault: Fault) -> Refused:
    column = "" if fault.column is None else f", {fault.column}"
    key = f"{file.id}, row {fault.row}{column}"
    raw = fault.value.encode("utf-8", "backslashreplace")
    reason = f"{file.name}, row {fault.row}{column}: {fault.message}"[:500]
    return Refused(key[:500], reason.replace("\x00", "\\x00"), raw, len(raw))
