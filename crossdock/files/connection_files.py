"""The files of one connection, as its client sees them (`kit.files.Files`).

again, after ─▶ begin, open ─▶ pages are read and stored ─▶ note_read: sums, invoices, faults
                   │                                           └ a corrected file: what it no longer holds
                   │                                             is gone
                   └ begun again and again without a page: whoever reads it dies of it, and it is refused
"""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from crossdock.changes.commit import Changes, store_changes
from crossdock.changes.plan import Target
from crossdock.errors import NotFound
from crossdock.files.accounts import invoice_key, take_accounts
from crossdock.files.intake import FileIntake
from crossdock.files.invoicing import encoded, restate
from crossdock.files.lookup import get_file
from crossdock.files.orders import OrderRows
from crossdock.files.storage import StoredFileMissing
from crossdock.kit.files import Fault, FileOutcome, FileRef, Invoice
from crossdock.resources.carrier.invoice_line_items import INVOICE_LINE_ITEMS
from crossdock.store.carriers import files, invoices
from crossdock.store.carriers import orders as carrier_orders
from crossdock.store.carriers.files import FileRow
from crossdock.store.carriers.invoices import StatedInvoice, StoredInvoice
from crossdock.store.connections import schedules
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Transaction
from crossdock.store.database.ids import moment_ms
from crossdock.store.records import quarantine, records
from crossdock.store.records.quarantine import QuarantinedRecord
from crossdock.wire import decoder, encoder

AT_ONCE = 100
BURY_AT_ONCE = 500

FUNCTION = INVOICE_LINE_ITEMS.function

log = structlog.get_logger()


@dataclass(frozen=True)
class ConnectionFiles:
    """The files that were delivered to a connection, oldest first."""

    arrivals: FileIntake
    connection: ConnectionRow

    async def after(self, last: str | None, *, start: datetime | None = None) -> list[FileRef]:
        """The next files. start: only those received since."""
        position = 0 if last is None else await self._place(last)
        since = 0 if start is None else int(start.timestamp() * 1000)
        found_files = await files.after(self.arrivals.database, self.connection.id, position, since, AT_ONCE)
        return [_ref(file) for file in found_files]

    async def _place(self, last: str) -> int:
        """The number of an arrival; of one that is not kept, that of the last before it."""
        file = await files.get(self.arrivals.database, last)
        if file is not None and file.connection_id == self.connection.id:
            return file.seq
        before_ms = moment_ms(last) or 0
        return await files.last_before(self.arrivals.database, self.connection.id, before_ms)

    @property
    def orders(self) -> OrderRows:
        """The statements of files on orders that are charged in one of them, and listed in another."""
        return OrderRows(self.arrivals.database, self.connection, self.arrivals.clock)

    async def again(self) -> list[FileRef]:
        """Files that are to be read again."""
        return [_ref(file) for file in await files.again(self.arrivals.database, self.connection.id, AT_ONCE)]

    async def begin(self, id: str) -> int:
        """Count a reading, before it begins."""
        async with self.arrivals.database.transaction() as transaction:
            return await files.begin(transaction, id)

    async def give_up(self, id: str) -> None:
        """Take back what `begin` counted."""
        async with self.arrivals.database.transaction() as transaction:
            await files.forget_begun(transaction, id)

    async def one(self, id: str) -> FileRef | None:
        file = await self._own(id)
        return None if file is None else _ref(file)

    async def _own(self, file_id: str) -> FileRow | None:
        file = await files.get(self.arrivals.database, file_id)
        return file if file is not None and file.connection_id == self.connection.id else None

    @asynccontextmanager
    async def open(self, id: str) -> AsyncIterator[Path]:
        """The file on this machine. Raises NotFound when it is gone."""
        file = await get_file(self.arrivals.database, id, self.connection.id)
        try:
            async with self.arrivals.storage.on_disk(file.object) as path:
                yield path
        except StoredFileMissing:
            raise NotFound(f"the content of {id!r} is gone from the storage", record_id=id) from None

    async def note_read(self, id: str, outcome: FileOutcome) -> None:
        """Keep what came of reading a file. Told twice, it changes nothing."""
        file = await self._own(id)
        if file is None:
            return
        database, now = self.arrivals.database, self.arrivals.clock()
        older = await files.older_of_name(database, file)
        before = await invoices.ids_of_file(database, self.connection.id, file.id)
        async with database.transaction() as transaction:
            if not await self._keep(transaction, file, outcome, now):
                return
        if _is_whole(outcome):
            await self._correct(file, older, outcome)
        await self._restate(file, older, before, _is_whole(outcome), now)
        self._log_outcome(file, outcome)

    async def _restate(
        self, file: FileRow, older: list[FileRow], before: set[str], is_whole: bool, now_ms: int
    ) -> None:
        """Sum up what the file says something of, and read again what it says more of."""
        database, connection_id = self.arrivals.database, self.connection.id
        async with database.transaction() as transaction:
            before |= await take_accounts(transaction, connection_id, file.id)
        ids = await invoices.ids_of_file(database, connection_id, file.id)
        async with database.transaction() as transaction:
            earlier = [file.id for file in older]
            if is_whole:
                await invoices.forget_stated(
                    transaction,
                    connection_id,
                    [(identifier, file_id) for identifier in ids for file_id in earlier],
                )
            else:
                await invoices.note_corrected(transaction, connection_id, ids, earlier)
            if await carrier_orders.has_parcels(transaction, connection_id, file.id):
                if is_whole:
                    await carrier_orders.replace_parcels(transaction, connection_id, file.id, earlier)
                await carrier_orders.have_charged_again(transaction, connection_id, file.id, now_ms)
        await restate(database, connection_id, ids | before, now_ms)

    async def _keep(self, transaction: Transaction, file: FileRow, outcome: FileOutcome, now_ms: int) -> bool:
        """Store what came of a file. False: it was removed meanwhile."""
        await invoices.forget_file(transaction, self.connection.id, file.id)
        await quarantine.release_of(transaction, self.connection.id, FUNCTION, [file.id])
        if outcome.refused is not None:
            reason = plain(outcome.refused)[:1000]
            aside = QuarantinedRecord(file.id, f"{file.name}: {reason}"[:500], b"", file.size)
            await quarantine.put(transaction, self.connection.id, FUNCTION, file.id, [aside], now_ms)
            return await files.note_read(
                transaction, file.id, "refused", error=reason, reconciled=None, summary=None, read_ms=now_ms
            )
        summary = outcome.summary
        is_there = await files.note_read(
            transaction, file.id, "read", carrier=outcome.carrier, variant=outcome.variant, error=None,
            reconciled=None if summary is None else summary.reconciled,
            summary=_summary(outcome), read_ms=now_ms,
        )  # fmt: skip
        stated = [_invoice(invoice, file, now_ms) for invoice in outcome.invoices]
        await invoices.put_stated(transaction, self.connection.id, stated)
        refused = [_refused(file, fault) for fault in outcome.faults if not fault.is_warning]
        await quarantine.put(transaction, self.connection.id, FUNCTION, file.id, refused, now_ms)
        return is_there

    async def _correct(self, file: FileRow, older: list[FileRow], outcome: FileOutcome) -> None:
        """Drop what earlier files of the name say of the same invoices, and this one does not.

        Of the same invoices only: a name that is used for next week's invoices too corrects nothing.
        """
        covered = {invoice.invoice_id for invoice in outcome.invoices}
        quiet = older and await self._is_first()
        target = Target(
            self.connection, INVOICE_LINE_ITEMS, cause="file", job_id=file.id, quiet=bool(quiet)
        )  # fmt: skip
        for current_file in older:
            is_about_same = await self._bury_missing(target, current_file, file, covered)
            if is_about_same or current_file.state == "refused":
                async with self.arrivals.database.transaction() as transaction:
                    await quarantine.release_of(transaction, self.connection.id, FUNCTION, [current_file.id])

    async def _is_first(self) -> bool:
        schedule = await schedules.get(self.arrivals.database, self.connection.id, FUNCTION)
        return schedule is None or schedule.first_done_ms is None

    async def _bury_missing(
        self, target: Target, old: FileRow, new: FileRow, covered: Collection[str | None]
    ) -> bool:
        """Delete covered items that only the old file has; True if both share invoices, in part at least."""
        database, after = self.arrivals.database, ""
        is_about_same = await files.shares_items(database, old, new)
        while ids := await files.items_only_in(database, old, new, after, BURY_AT_ONCE):
            after = ids[-1]
            documents = await records.documents(database, INVOICE_LINE_ITEMS, self.connection.id, ids)
            stale = [
                identifier
                for identifier in ids
                if identifier in documents and _invoice_of(documents[identifier]) in covered
            ]
            is_about_same = is_about_same or bool(stale)
            async with database.transaction() as transaction:
                changes, now = Changes(deleted=stale), self.arrivals.clock()
                await store_changes(transaction, target, changes, now)
                await files.forget_items(transaction, self.connection.id, old.id, stale)
        return is_about_same

    def _log_outcome(self, file: FileRow, outcome: FileOutcome) -> None:
        about = {"connection": self.connection.uid, "file": file.id}
        if outcome.refused is not None:
            log.warning("a file was refused", reason=outcome.refused[:300], **about)
        elif outcome.summary is not None and outcome.summary.errors:
            log.warning("a file has faults", errors=outcome.summary.errors, **about)


def _is_whole(outcome: FileOutcome) -> bool:
    """Check whether a file says all there is: one with faults, or cut off, can't show what is gone."""
    summary = outcome.summary
    return summary is not None and summary.errors == 0 and summary.reconciled is not False


def _invoice_of(document: bytes) -> str | None:
    invoice_id: str | None = decoder.decode(document).get("invoice_id")
    return invoice_id


def _ref(file: FileRow) -> FileRef:
    received = datetime.fromtimestamp(file.received_ms / 1000, UTC)
    return FileRef(file.id, file.name, received, file.invoice_id, file.invoice_date)


def _summary(outcome: FileOutcome) -> str | None:
    summary = outcome.summary
    if summary is None:
        return None
    values: dict[str, Any] = {
        name: getattr(summary, name)
        for name in ("rows", "line_items", "net", "gross", "currency", "gap", "errors", "warnings")
    }
    values["faults"] = [
        {
            "row": fault.row,
            "column": fault.column,
            "value": fault.value,
            "message": fault.message,
            "is_warning": fault.is_warning,
        }
        for fault in outcome.faults
    ]
    return encoder.encode(values).decode()


def _invoice(current_invoice: Invoice, file: FileRow, now_ms: int) -> StatedInvoice:
    invoice = StoredInvoice(
        id=invoice_key(current_invoice.account_id, current_invoice.invoice_id),
        file_id=file.id,
        account_id=current_invoice.account_id,
        invoice_id=current_invoice.invoice_id,
        invoice_date=current_invoice.invoice_date,
        due_date=current_invoice.due_date,
        currency=current_invoice.currency,
        total=_text(current_invoice.stated_total),
        net=_text(current_invoice.net),
        gross=_text(current_invoice.gross),
        reconciled=current_invoice.reconciled,
        gap=_text(current_invoice.gap),
        line_items=current_invoice.line_items,
        errors=current_invoice.errors,
        updated_ms=now_ms,
    )
    return StatedInvoice(invoice, encoded(current_invoice.statement))


def _text(amount: Any) -> str | None:
    return None if amount is None else format(amount, "f")


def _refused(file: FileRow, fault: Fault) -> QuarantinedRecord:
    column = "" if fault.column is None else f", {fault.column}"
    key = f"{file.id}, row {fault.row}{column}"
    raw = fault.value.encode("utf-8", "backslashreplace")
    reason = f"{file.name}, row {fault.row}{column}: {fault.message}"[:500]
    return QuarantinedRecord(key[:500], plain(reason), raw, len(raw))


def plain(text: str) -> str:
    """A text that any database can hold: what is none of Unicode, and zeros, are shown escaped."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")
