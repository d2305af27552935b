"""Where a layout writes down what it reads: charges, checks, faults. Amounts are added up per invoice.

A layout calls, for each record: `shipment` (whose charges follow), `charge` for each of them, and `check`
where the record states a sum. `amount` and `date` read cells, and report what does not fit.

Every record of every file comes through here, some hundred thousand a second: what is done for each of them
is kept short, what is rare stands apart. That is why this is a reader of records and does not hold one.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal

from crossdock.invoices import totals
from crossdock.invoices.amounts import NumberStyle, has_decimals
from crossdock.invoices.charge_ids import APART, ChargeIds
from crossdock.invoices.columns import Columns
from crossdock.invoices.contract import ChargeSource, Envelope, LineItem
from crossdock.invoices.invoice_sums import InvoiceSums
from crossdock.invoices.record_reader import AmountStyle, RecordReader
from crossdock.kit.files import Invoice, Parcel, Summary

ZERO = totals.ZERO


class FileCurrencies:
    """The currencies of a file: one, if all is well."""

    def __init__(self, default: str | None) -> None:
        self._default = default
        self.current = default
        self.all: list[str] = []
        self.column = 0

    def turn_to(self, stated: str | None, report: Callable[[int | None, str], None]) -> bool:
        """Take the currency of a record, or the carrier's own; tell whether that was one.

        A second one in the file is reported.
        """
        currency = (stated or self._default or "").upper()
        is_known = not currency or _is_currency(currency)
        if not is_known:
            report(self.column, "is no currency")
            currency = ""
        if currency and currency not in self.all:
            if self.all:
                message = f"the currency is {currency}, after {self.all[0]}: there is no sum of both"
                report(self.column if stated else None, message)
            self.all.append(currency)
        self.current = currency or None
        return is_known


def _is_currency(text: str) -> bool:
    return len(text) == 3 and text.isascii() and text.isalpha()


class InvoiceAccumulator(RecordReader):
    """The book of what is read of one file."""

    def __init__(
        self,
        carrier: str,
        currency: str | None,
        envelope: Envelope,
        find_style: Callable[[set[int]], NumberStyle],
        *,
        is_split: bool = False,
    ) -> None:
        super().__init__(AmountStyle(find_style, has_decimals(currency)))
        self.carrier = carrier
        self.envelope = envelope
        self._is_split = is_split
        self._source = ChargeSource(carrier, (), 0)
        self._at_end: list[Callable[[], None]] = []
        self._ids = ChargeIds(carrier)
        self._sums = InvoiceSums()
        self._currencies = FileCurrencies(currency)
        self._credit_at = 0
        self._head: tuple[str | None, str | None, str | None, str | None] = (None, "", None, "")
        """Account, invoice, its date, and the currency that the record states."""
        self._tracking: str | None = None
        self._native: str | None = None
        self._date: str | None = None

    # What a layout calls once

    def currency_at(self, currency: int) -> None:
        """The column with the currency."""
        self._currencies.column = currency

    def service_at(self, position: int) -> None:
        """The column with what was bought of the carrier."""
        self._source = ChargeSource(self.carrier, self.columns.names, position)

    def at_end(self, act: Callable[[], None]) -> None:
        """Called when all records were read: for checks of the whole file."""
        self._at_end.append(act)

    # What a layout calls for each record

    def shipment(
        self,
        account: str | None,
        invoice: str | None,
        tracking: str | None,
        date: str | None,
        *,
        native: str | None = None,
        invoice_date: str | None = None,
        currency: str | None = None,
    ) -> None:
        """Turn to the shipment of the next charges. Without a date of its own it has that of its invoice.

        A blank text is none. Where the file is silent, what came along with it is taken.
        """
        tracking = tracking or None
        if invoice_date is None:
            invoice_date = self.envelope.invoice_date
        self._date = date if date is not None or self.has_bad_date else invoice_date
        self._tracking = tracking
        self._native = native = native or tracking
        head = (account or None, invoice or self.envelope.invoice_id, invoice_date, currency)
        if head != self._head:
            self._turn_to_invoice(*head)
        self._sums.running.rows += 1
        self._ids.turn_to_shipment(native, tracking)

    def _turn_to_invoice(
        self, account: str | None, invoice: str | None, invoice_date: str | None, currency: str | None
    ) -> None:
        currencies, sums, before = self._currencies, self._sums, self._head
        if currency != before[3] or not currencies.all:
            if not currencies.turn_to(currency, self.fault):
                currency = APART  # looked at again in the next record, whatever that one says
            self.use_decimals(has_decimals(currencies.current))
        if invoice != before[1]:
            sums.turn_to(invoice or "")
        sums.meet(account, invoice_date, currencies.current)
        self._head = account, invoice, invoice_date, currency
        self._ids.turn_to_invoice(account, invoice)

    def charge(
        self, label: str | None, net: Decimal, gross: Decimal | None = None, code: str | None = None
    ) -> None:
        """One charge of the shipment. Without a gross amount it is the net one."""
        if gross is None:
            gross = net
        label, code = label or None, code or None
        item_id, count = self._ids.next_id(code or label)
        running = self._sums.running
        running.net += net
        running.gross += gross
        running.items += 1
        if running.credit_row and net < 0:
            running.has_negatives = True
        account, invoice, invoice_date, _ = self._head
        self.out.append(
            LineItem(
                item_id, self.row, self._date, account, invoice, self._tracking, gross, net,
                self._currencies.current, label, code, invoice_date, self._native, count, self._source,
                self.cells,
            )
        )  # fmt: skip

    def parcel(self, parcel: Parcel) -> None:
        """A parcel of an order whose charges are in another file."""
        self.out.append(parcel)

    def due(self, date: str | None) -> None:
        """The day by which the shipment's invoice is to be paid."""
        if date != self._sums.running.due_date:
            self._sums.running.meet("due_date", date)

    def credit(self, kind: int) -> None:
        """The shipment's invoice is a credit note, as this cell says."""
        self._credit_at = kind
        self._sums.credit(self.row)

    def check(self, stated: Decimal | None, counted: Decimal, *, is_inner: bool = False) -> None:
        """The record states a sum; None: it does not.

        is_inner: the sum is part of another one that is checked too, so the gap is told there.
        """
        if stated is not None:
            self._sums.check(self._ids.digest, stated, counted, is_inner=is_inner)

    def check_file(self, stated: Decimal, counted: Decimal) -> None:
        """The file states a sum that belongs to no single invoice."""
        self._sums.check_file(stated, counted)

    def state(self, stated: Decimal | None, counted: Decimal, part: str | None = None) -> None:
        """The record says what its whole invoice comes to, and adds so much to it.

        part: what the statement is about when the records of an invoice do not agree: then it is checked
        for each part.
        """
        self._sums.state(stated, counted, part)

    # What the reading calls

    def turn_to(self, columns: Columns) -> None:
        """Turn to this header: what follows is below it."""
        self.columns = columns
        self._source = ChargeSource(self.carrier, columns.names, columns.width)

    def settle(self) -> None:
        """The record was read, and not all of it did fit."""
        self._sums.running.errors += self.row_errors
        self.begin_record()

    def conclude(self) -> None:
        """All records were read: makes the checks of the whole file."""
        for act in self._at_end:
            act()
        self.settle()
        self._sums.conclude()
        for invoice, row in self._sums.positive_credits():
            self.row, self.cells = row, []
            self.warn(self._credit_at, f"{invoice or 'the invoice'} is a credit note of positive amounts")

    def close(self) -> None:
        self._ids.close()
        self._sums.close()

    def invoices(self) -> Iterator[Invoice]:
        """Each invoice, once all was read."""
        return self._sums.invoices(is_split=self._is_split)

    def summary(self) -> Summary:
        """All of it, once all was read."""
        checks, failed, gap = self._sums.verdict()
        total, currencies = self._sums.all, self._currencies.all
        has_sum = len(currencies) < 2
        return Summary(
            rows=self.rows,
            line_items=total.items,
            net=total.net if has_sum else None,
            gross=total.gross if has_sum else None,
            currency=currencies[0] if len(currencies) == 1 else None,
            reconciled=totals.reconciled(checks, failed, self.errors),
            gap=gap if checks and has_sum else None,
            checks=checks,
            checks_failed=failed,
            errors=self.errors,
            warnings=self.warnings,
        )
