"""An audit of invoice files, without a server: the same rules over a database that is thrown away.

async with open_file_audit(choices, clock) as audit:
    await audit.add(carrier, batch)                 the charges of a file, batch by batch
    await audit.add_invoices(carrier, file, …)      its invoices, with their totals
    await audit.audit()
    async for finding in audit.findings(search): …
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from crossdock.audit.claiming import way_to_claim
from crossdock.audit.follow import charge
from crossdock.audit.run import do_audit
from crossdock.files.accounts import invoice_key
from crossdock.invoices.carriers import claim_desk_of, vocabulary_of
from crossdock.invoices.contract import LineItem
from crossdock.invoices.read import invoice_line_item
from crossdock.jobs.queue import claim, enqueue
from crossdock.kit.files import Invoice
from crossdock.kit.registry import get_integration
from crossdock.store.carriers import audit as stored_audit
from crossdock.store.carriers import charges, findings, invoices
from crossdock.store.carriers.audit import AuditSettings, StoredRateCard
from crossdock.store.carriers.findings import FindingSearch, StoredFinding
from crossdock.store.carriers.invoices import StoredInvoice
from crossdock.store.connections import access, connections
from crossdock.store.connections.connections import ConnectionRow, SealedCredentials
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.factory import connect
from crossdock.store.database.ids import Clock
from crossdock.store.database.migrate import migrate
from crossdock.wire import decoder, encoder, stamp, stamp_seconds

KIND: Final = "carrier"


@dataclass(frozen=True)
class Choices:
    """The settings that charges are judged by. rate_card: CSV that was read already."""

    dim_divisor: Decimal | None = None
    rate_card: str | None = None


@dataclass
class FileAudit:
    """The charges of files in a database of their own, by carrier."""

    database: Database
    clock: Clock
    organization_id: str
    choices: Choices
    connections: dict[str, ConnectionRow] = field(default_factory=dict)
    """By the carrier's slug."""

    async def add(self, carrier: str, items: Iterable[LineItem]) -> None:
        """Take charges in; one that comes again, in another file, counts once."""
        vocabulary = vocabulary_of(get_integration(KIND, carrier))
        received = stamp(self.clock())
        rows = [
            charge(vocabulary, encoder.encode(invoice_line_item({**item.record, "received": received})))
            for item in items
        ]
        async with self.database.transaction() as transaction:
            connection = await self._connection(transaction, carrier)
            await charges.put_charges(transaction, connection.id, rows)

    async def add_invoices(self, carrier: str, file: str, of_file: Iterable[Invoice]) -> None:
        """Take in the invoices of a file, with their totals."""
        rows = [_invoice(invoice, file) for invoice in of_file]
        async with self.database.transaction() as transaction:
            connection = await self._connection(transaction, carrier)
            await invoices.put(transaction, connection.id, rows)

    async def _connection(self, transaction: Transaction, carrier: str) -> ConnectionRow:
        if carrier not in self.connections:
            now, nothing = self.clock(), SealedCredentials(carrier, b"", b"")
            row = ConnectionRow(
                0, carrier, self.organization_id, KIND, carrier, None, None, frozenset(), False, 0, None, now
            )
            connection = await connections.create(transaction, row, nothing)
            settings = AuditSettings("", self.choices.dim_divisor)
            await stored_audit.put_settings(transaction, connection.id, [settings])
            if self.choices.rate_card is not None:
                card = StoredRateCard("", "rate card", self.choices.rate_card, now)
                await stored_audit.put_rate_card(transaction, connection.id, card)
            self.connections[carrier] = connection
        return self.connections[carrier]

    async def audit(self) -> None:
        """Audit the charges of every carrier."""
        for connection in self.connections.values():
            async with self.database.transaction() as transaction:
                await enqueue(
                    transaction, kind=stored_audit.KIND, connection_id=connection.id, cause="force",
                    now_ms=self.clock(),
                )  # fmt: skip
            lease = await claim(self.database, "files", self.clock, kinds=(stored_audit.KIND,))
            if lease is None:
                raise RuntimeError(f"the audit of {connection.integration} is not in the queue")
            await do_audit(self.database, self.clock, lease, asyncio.Event())

    async def findings(self, search: FindingSearch, at_once: int = 1000) -> AsyncIterator[dict[str, Any]]:
        """Findings as the API has them, of each carrier the largest amount first."""
        for carrier, connection in self.connections.items():
            before: tuple[int, str] | None = None
            while rows := await findings.findings(self.database, connection.id, search, before, at_once):
                before = rows[-1][0], rows[-1][1].id
                for _, row in rows:
                    yield _shown(carrier, row)


@asynccontextmanager
async def open_file_audit(choices: Choices, clock: Clock) -> AsyncIterator[FileAudit]:
    """An empty audit; its database is gone after the block."""
    with TemporaryDirectory(prefix="crossdock-audit-") as folder:
        url = f"sqlite:///{Path(folder) / 'audit.db'}"
        await migrate(url)
        database = await connect(url)
        try:
            organization_id = await access.create_organization(database, "files", clock())
            yield FileAudit(database, clock, organization_id, choices)
        finally:
            await database.close()


def _invoice(invoice: Invoice, file: str) -> StoredInvoice:
    return StoredInvoice(
        id=invoice_key(invoice.account_id, invoice.invoice_id), file_id=file, account_id=invoice.account_id,
        invoice_id=invoice.invoice_id, invoice_date=invoice.invoice_date, due_date=invoice.due_date,
        currency=invoice.currency, total=_text(invoice.stated_total), net=_text(invoice.net),
        gross=_text(invoice.gross), reconciled=invoice.reconciled, gap=_text(invoice.gap),
        line_items=invoice.line_items, errors=invoice.errors, updated_ms=0,
    )  # fmt: skip


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")


def _shown(carrier: str, row: StoredFinding) -> dict[str, Any]:
    """A finding with the names of the API, and whose it is."""
    desk = claim_desk_of(get_integration(KIND, carrier))
    how, until = way_to_claim(row, desk)
    details: Mapping[str, Any] = decoder.decode(row.detail)
    return {
        "carrier": carrier, "id": row.id, "rule": row.rule, "direction": row.direction,
        "certainty": row.certainty, "amount": Decimal(row.amount), "currency": row.currency,
        "tracking_number": row.tracking_number, "account_id": row.account_id, "invoice_id": row.invoice_id,
        "service": row.service, "zone": row.zone, "charged_date": _date(row.charged_on),
        "invoice_date": _date(row.invoiced_on), "message": row.message, "details": details,
        "how_to_claim": how, "claim_until": until, "part_of": row.part_of,
        "orders": [], "claim": None,
    }  # fmt: skip


def _date(seconds: int) -> str | None:
    return stamp_seconds(seconds) if seconds else None
