"""What invoices come to over all files that they came in, whatever their order.

    what each file says ┐
    line items there are┴─▶ sums, total, verdict ─▶ carrier_invoices

A file whose line items of an invoice are all in a later one says nothing more of it; nor does one that holds
some of what an earlier one has, and states nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Context, Decimal, localcontext
from itertools import combinations

import msgspec

from crossdock.kit.files import Statement
from crossdock.resources.carrier.invoice_line_items import INVOICE_LINE_ITEMS
from crossdock.store.carriers import files, invoices
from crossdock.store.carriers.invoices import StatedInvoice, StoredInvoice
from crossdock.store.database.engine import Database
from crossdock.store.records import records

ZERO = Decimal(0)
AT_ONCE = 1000
_EXACT = Context(prec=80)
_encode = msgspec.json.Encoder(decimal_format="string").encode


class _InvoiceItem(msgspec.Struct):
    """The fields of a line item that count here."""

    account_id: str | None = None
    invoice_id: str | None = None
    tracking_number: str | None = None
    net_cost: Decimal | None = None
    gross_cost: Decimal | None = None


_item = msgspec.json.Decoder(_InvoiceItem).decode
_statement = msgspec.json.Decoder(Statement).decode


@dataclass
class Tally:
    """The line items of an invoice that there are, each once."""

    net: Decimal = ZERO
    gross: Decimal = ZERO
    count: int = 0
    parts: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    """Net by tracking number."""
    held: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """How many each file holds."""
    parts_in: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The tracking numbers in each file."""
    shared: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    """How many two files both hold."""

    def add(self, item: _InvoiceItem, holders: Sequence[str]) -> None:
        self.net += item.net_cost or ZERO
        self.gross += item.gross_cost or ZERO
        self.count += 1
        self.parts[item.tracking_number or ""] += item.net_cost or ZERO
        for file_id in holders:
            self.held[file_id] += 1
            self.parts_in[file_id].add(item.tracking_number or "")
        for pair in combinations(holders, 2):
            self.shared[pair] += 1

    def is_within(self, inner: str, outer: str) -> bool:
        """Check whether one file holds nothing that the other one does not."""
        both = self.shared.get((inner, outer)) or self.shared.get((outer, inner)) or 0
        return 0 < self.held.get(inner, 0) == both


def encoded(statement: Statement) -> str:
    """A statement as it is stored."""
    return _encode(statement).decode()


async def restate(database: Database, connection_id: int, ids: Iterable[str], now_ms: int) -> None:
    """Sum up these invoices over all files that say something of them. Done twice, it changes nothing."""
    for batches in _batches(sorted(ids)):
        by_invoice = await invoices.stated(database, connection_id, batches)
        tallies = await _tallies(database, connection_id, by_invoice)
        stored = await invoices.by_ids(database, connection_id, batches)
        changed: list[StoredInvoice] = []
        needless: list[tuple[str, str]] = []
        for invoice_id, stated in by_invoice.items():
            tally = tallies.get(invoice_id)
            telling, dropped = (stated, []) if tally is None else _telling(stated, tally)
            needless += ((invoice_id, file_id) for file_id in dropped)
            invoice = _summed(telling, tally)
            if _differs(invoice, stored.get(invoice_id)):
                changed.append(replace(invoice, updated_ms=now_ms))
        async with database.transaction() as transaction:
            await invoices.forget_stated(transaction, connection_id, needless)
            await invoices.put(transaction, connection_id, changed)
            await invoices.remove(
                transaction, connection_id, [batch for batch in batches if batch not in by_invoice]
            )


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))


def is_alone(stated: Sequence[StatedInvoice]) -> bool:
    """Check whether what a file says of itself is all there is to say."""
    return len(stated) == 1 and not _statement_of(stated[0]).is_split


async def _tallies(
    database: Database, connection_id: int, by_invoice: Mapping[str, Sequence[StatedInvoice]]
) -> dict[str, Tally]:
    """The line items of those invoices that are in more than one file, or are divided."""
    together = {invoice_id: stated for invoice_id, stated in by_invoice.items() if not is_alone(stated)}
    if not together:
        return {}
    positions = _InvoicePlaces(stated[0].invoice for stated in together.values())
    order = dict.fromkeys(
        stated_invoice.invoice.file_id for stated in together.values() for stated_invoice in stated
    )
    holders = await _holders(database, connection_id, order)
    tallies: dict[str, Tally] = {invoice_id: Tally() for invoice_id in together}
    with localcontext(_EXACT):
        for batches in _batches(list(holders)):
            documents = await records.documents(database, INVOICE_LINE_ITEMS, connection_id, batches)
            for item_id, document in documents.items():
                item = _item(document)
                position = positions.of(item)
                if position is not None:
                    tallies[position].add(item, holders[item_id])
    return tallies


class _InvoicePlaces:
    """The invoice that each line item counts in."""

    def __init__(self, of: Iterable[StoredInvoice]) -> None:
        self._exact: dict[tuple[str | None, str | None], str] = {}
        self._by_number: dict[str | None, set[str]] = defaultdict(set)
        for invoice in of:
            self._exact[(invoice.invoice_id, invoice.account_id)] = invoice.id
            self._by_number[invoice.invoice_id].add(invoice.id)

    def of(self, item: _InvoiceItem) -> str | None:
        """The invoice of its number and account; else of its number alone, or the only one of that number."""
        number = item.invoice_id
        position = self._exact.get((number, item.account_id)) or self._exact.get((number, None))
        if position is None and len(alike := self._by_number.get(number, set())) == 1:
            return next(iter(alike))
        return position


async def _holders(database: Database, connection_id: int, file_ids: Iterable[str]) -> dict[str, list[str]]:
    """The files that hold each line item."""
    holders: dict[str, list[str]] = {}
    for file_id in file_ids:
        after = ""
        while ids := await files.item_ids(database, connection_id, file_id, after, AT_ONCE):
            after = ids[-1]
            for item_id in ids:
                holders.setdefault(item_id, []).append(file_id)
    return holders


def _telling(stated: Sequence[StatedInvoice], tally: Tally) -> tuple[list[StatedInvoice], list[str]]:
    """The statements that count, and the files of which none does."""
    ids = [stated_invoice.invoice.file_id for stated_invoice in stated]
    covered = _repeated_later(ids, tally)
    for position, stated_invoice in enumerate(stated):
        earlier = [file_id for file_id in ids[:position] if file_id not in covered]
        if _states_nothing(stated_invoice) and any(
            tally.is_within(ids[position], file_id) for file_id in earlier
        ):
            covered.add(ids[position])
    return [
        stated_invoice for stated_invoice in stated if stated_invoice.invoice.file_id not in covered
    ], sorted(covered)


def _repeated_later(file_ids: Sequence[str], tally: Tally) -> set[str]:
    """Files whose line items a later one has all."""
    return {
        file_id
        for position, file_id in enumerate(file_ids)
        if any(tally.is_within(file_id, later) for later in file_ids[position + 1 :])
    }


def _states_nothing(stated_invoice: StatedInvoice) -> bool:
    statement = _statement_of(stated_invoice)
    return stated_invoice.invoice.total is None and not (
        stated_invoice.invoice.errors or statement.failed or statement.parts
    )


def _statement_of(stated_invoice: StatedInvoice) -> Statement:
    if stated_invoice.statement is not None:
        return _statement(stated_invoice.statement)
    invoice = stated_invoice.invoice
    has_failed = invoice.reconciled is False and not invoice.errors and invoice.total is None
    gap = Decimal(invoice.gap or 0) if has_failed else ZERO
    checks = int(invoice.reconciled is not None and invoice.total is None)
    return Statement(checks=checks, failed=int(has_failed), gap=gap, misses={"": gap} if gap else {})


def _differs(new: StoredInvoice, old: StoredInvoice | None) -> bool:
    return old is None or replace(new, updated_ms=0) != replace(old, updated_ms=0)


def _summed(stated: Sequence[StatedInvoice], tally: Tally | None) -> StoredInvoice:
    """The invoice out of what its files say. tally: its line items, where no file has all that counts."""
    stated_invoices = _uncorrected(stated)
    last = stated_invoices[-1].invoice
    if tally is None:
        return last
    with localcontext(_EXACT):
        statements = [_statement_of(invoice) for invoice in stated_invoices]
        total, verdict, gap = _verdict(stated_invoices, statements, tally)
    invoices_said = [invoice.invoice for invoice in stated_invoices]
    errors = sum(invoice.errors for invoice in invoices_said)
    summed = replace(
        last,
        invoice_date=_latest(invoice.invoice_date for invoice in invoices_said),
        due_date=_latest(invoice.due_date for invoice in invoices_said),
        total=_text(total),
        currency=None,
        net=None,
        gross=None,
        reconciled=False if errors else verdict,
        gap=None,
        line_items=tally.count,
        errors=errors,
    )
    if len({invoice.currency for invoice in invoices_said}) > 1:
        return summed
    return replace(
        summed, currency=last.currency, net=_text(tally.net), gross=_text(tally.gross), gap=_text(gap)
    )


def _uncorrected(stated: Sequence[StatedInvoice]) -> list[StatedInvoice]:
    """The statements that still count as a whole; the last, if none does."""
    return [stated_invoice for stated_invoice in stated if not stated_invoice.is_corrected] or [stated[-1]]


def _verdict(
    stated_invoices: Sequence[StatedInvoice], statements: Sequence[Statement], tally: Tally
) -> tuple[Decimal | None, bool | None, Decimal | None]:
    """The stated total, whether all adds up, and the gap."""
    misses: dict[str, Decimal] = {}
    failed, row_gap = 0, ZERO
    for statement in statements:
        misses |= statement.misses
        failed += statement.failed
        row_gap += statement.gap - sum(statement.misses.values(), ZERO)
    row_gap += sum(misses.values(), ZERO)
    checks = sum(statement.checks for statement in statements)
    total, gap = _stated_sums(stated_invoices, statements, tally)
    if gap is None:
        return None, (not failed if checks else None), (row_gap if checks else None)
    return total, not gap and not failed, gap or row_gap


def _totals(invoices: Sequence[StatedInvoice]) -> list[Decimal]:
    """The totals that files state."""
    return [Decimal(stated.invoice.total) for stated in invoices if stated.invoice.total is not None]


def _stated_sums(
    stated_invoices: Sequence[StatedInvoice], statements: Sequence[Statement], tally: Tally
) -> tuple[Decimal | None, Decimal | None]:
    """The stated total and its gap; (None, None): no file states one."""
    totals = _totals(stated_invoices)
    has_parts = any(statement.parts for statement in statements)
    if len(set(totals)) == 1 and not has_parts:
        return totals[0], totals[0] - tally.net
    gaps = list(_part_gaps(stated_invoices, statements, tally))
    if gaps and not any(gaps):
        return None, ZERO
    if _state_what_they_hold(stated_invoices, totals, tally):
        return tally.net, ZERO
    if not totals:
        return None, _gap_of_parts(gaps)
    return (None, _gap_of_parts(gaps)) if gaps and has_parts else (totals[-1], totals[-1] - tally.net)


def _gap_of_parts(gaps: Sequence[Decimal]) -> Decimal | None:
    """All of them together; where they cancel each other out, the first. None: there are no parts."""
    return sum(gaps, ZERO) or next(filter(None, gaps), None)


def _state_what_they_hold(
    stated_invoices: Sequence[StatedInvoice], totals: Sequence[Decimal], tally: Tally
) -> bool:
    """Check whether each file states what it holds itself."""
    return (
        bool(totals)
        and sum(totals) == tally.net
        and all(invoice.invoice.reconciled for invoice in stated_invoices)
    )


def _part_gaps(
    stated_invoices: Sequence[StatedInvoice], statements: Sequence[Statement], tally: Tally
) -> Iterator[Decimal]:
    """The gap of each shipment for which a total is stated; of all, where totals are of something else."""
    parts: dict[str, Decimal] = {}
    for invoice, statement in zip(stated_invoices, statements, strict=True):
        parts |= statement.parts
        if statement.has_parts and not statement.parts and invoice.invoice.total is not None:
            # All of its shipments state the same.
            parts |= dict.fromkeys(
                tally.parts_in.get(invoice.invoice.file_id, ()), Decimal(invoice.invoice.total)
            )
    if parts and not parts.keys() & tally.parts.keys():
        yield sum(parts.values(), ZERO) - tally.net
        return
    for part, stated in parts.items():
        yield stated - tally.parts.get(part, ZERO)


def _latest(texts: Iterable[str | None]) -> str | None:
    return next((text for text in reversed(list(texts)) if text is not None), None)


def _text(amount: Decimal | None) -> str | None:
    """The amount, without zeros behind its second decimal: sums of shares have many."""
    if amount is None:
        return None
    whole_text, mark, fraction = format(amount, "f").partition(".")
    return f"{whole_text}{mark}{fraction[:2]}{fraction[2:].rstrip('0')}"
