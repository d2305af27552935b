"""Where a layout writes down what it reads: charges, checks, faults. Amounts are added up per invoice.

A layout calls, for each record: `shipment` (whose charges follow), `charge` for each of them, and `check`
where the record states a sum. `amount` and `date` read cells, and report what does not fit.

Every record of every file comes through here, some hundred thousand a second: what is done for each of them
is kept short, what is rare stands apart.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from hashlib import blake2b

from crossdock.integrations.invoices import totals
from crossdock.integrations.invoices.amounts import Ambiguous, Style, amount
from crossdock.integrations.invoices.columns import Columns
from crossdock.integrations.invoices.contract import (
    Cells,
    Envelope,
    Fault,
    Invoice,
    LineItem,
    Source,
    Summary,
)
from crossdock.integrations.invoices.dates import date
from crossdock.integrations.invoices.spill import Occurrences, Seen, Sums, counted
from crossdock.integrations.invoices.totals import Part, Running

ZERO = totals.ZERO
_LONGEST_SHOWN = 200
_REMEMBERED = 10_000
"""Cells whose meaning is kept: amounts and dates repeat."""
_MOST_LABELS = 5000
"""Real files have dozens."""
_FIRST_MARK = 33
_APART = "\x1f"
"""Between the parts of a key: no cell has it."""


class Book:
    """What is read of one file."""

    def __init__(
        self, carrier: str, currency: str | None, envelope: Envelope, find_style: Callable[[set[int]], Style]
    ) -> None:
        self.carrier = carrier
        self.envelope = envelope
        self.columns = Columns([])
        self._source = Source(carrier, (), 0)
        self.out: list[LineItem | Fault] = []
        """What was read and not handed on yet."""
        self.row = 0
        self.cells: Cells = []
        self.is_troubled = False
        """Whether anything of this record did not fit."""
        self.has_bad_amount = self.has_bad_date = False
        self.is_odd = False
        self.row_errors = 0
        self.rows = self.errors = self.warnings = 0
        self._default_currency = currency
        self._find_style = find_style
        self._style = Style.UNKNOWN
        self._money: set[int] = set()
        self._amounts: dict[str, Decimal | None] = {}
        self._dates: dict[str, str | None] = {}
        self._labels: dict[str | None, tuple[str, str]] = {}
        self._at_end: list[Callable[[], None]] = []
        self._occurrences = Occurrences()
        self._seen: Seen = ""
        self._all = Running()
        """What all invoices come to, once it is concluded; before that those that were written out."""
        self._invoices: Sums[Running] = Sums(Running, leaving=self._all.count_in)
        self._parts: Sums[Part] = Sums(Part)
        self._has_statements = self._has_credits = False
        self._currencies: list[str] = []
        self._currency_at = self._credit_at = 0
        self._given_currency: str | None = ""
        self._currency = currency
        self._running = Running()
        self._of_file = (0, 0, totals.NO_GAP)
        """Checks of no single invoice: how many, failed, their gap."""
        self._account: str | None = None
        self._invoice: str | None = ""
        self._tracking: str | None = None
        self._native: str | None = None
        self._date: str | None = None
        self._invoice_date: str | None = None
        self._invoice_prefix = self._shipment = self._digest = ""

    # What a layout calls once

    def money_at(self, *places: int) -> None:
        """The columns that hold amounts: together they tell the decimal mark where a cell leaves it open."""
        self._money.update(places)

    def currency_at(self, place: int) -> None:
        """The column with the currency."""
        self._currency_at = place

    def service_at(self, place: int) -> None:
        """The column with what was bought of the carrier."""
        self._source = Source(self.carrier, self.columns.names, place)

    def at_end(self, act: Callable[[], None]) -> None:
        """Called when all records were read: for checks of the whole file."""
        self._at_end.append(act)

    # What a layout calls for each record

    def text(self, place: int) -> str | None:
        """The cell, trimmed; None when it is blank."""
        return self.cells[place].strip() or None

    def amount(self, place: int) -> Decimal | None:
        """The amount in a cell; None when it is blank, or no amount, which is reported."""
        cell = self.cells[place]
        if not cell:
            return None
        try:
            return self._amounts[cell]
        except KeyError:
            return self._new_amount(place, cell)

    def date(self, place: int, *, is_american: bool = False) -> str | None:
        """The moment in a cell; None when it is blank, or no date, which is reported."""
        cell = self.cells[place]
        if not cell:
            return None
        try:
            return self._dates[cell]
        except KeyError:
            return self._new_date(place, cell, is_american)

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
        """Whose the next charges are. Without a date of its own it has that of its invoice.

        A blank text is none. Where the file is silent, what came along with it is taken.
        """
        account, tracking = account or None, tracking or None
        invoice = invoice or self.envelope.invoice_id
        if invoice_date is None:
            invoice_date = self.envelope.invoice_date
        self._date = date if date is not None or self.has_bad_date else invoice_date
        self._tracking = tracking
        self._native = native = native or tracking
        if (
            invoice != self._invoice
            or account != self._account
            or invoice_date != self._invoice_date
            or currency != self._given_currency
        ):
            self._turn_to_invoice(account, invoice, invoice_date, currency)
        self._running.rows += 1
        shipment = f"{self._invoice_prefix}{native or ''}{_APART}{tracking or ''}"
        if shipment != self._shipment:
            self._shipment = shipment
            self._digest = digest = blake2b(shipment.encode(), digest_size=12).hexdigest()
            self._seen = self._occurrences.turn_to(digest, self._seen)

    def _turn_to_invoice(
        self, account: str | None, invoice: str | None, invoice_date: str | None, currency: str | None
    ) -> None:
        if currency != self._given_currency or not self._currencies:
            self._new_currency(currency)
        if invoice != self._invoice:
            self._running = self._invoices.of(invoice or "")
        running = self._running
        if not running.rows:
            running.account, running.date, running.currency = account, invoice_date, self._currency
        else:
            running.meet("account", account)
            running.meet("date", invoice_date)
            running.meet("currency", self._currency)
        self._account, self._invoice, self._invoice_date = account, invoice, invoice_date
        self._invoice_prefix = f"{self.carrier}{_APART}{account or ''}{_APART}{invoice or ''}{_APART}"

    def charge(
        self, label: str | None, net: Decimal, gross: Decimal | None = None, code: str | None = None
    ) -> None:
        """One charge of the shipment. Without a gross amount it is the net one."""
        if gross is None:
            gross = net
        label, code = label or None, code or None
        known, seen = self._labels.get(code or label), self._seen
        if known is not None and isinstance(seen, str) and known[0] not in seen:
            # As nearly always: the first of its kind in the shipment.
            self._seen, count = seen + known[0], 1
            item_id = self._digest + known[1]
        else:
            mark, digest = known or self._new_label(code or label)
            self._seen, count = counted(seen, mark)
            item_id = self._digest + digest if count == 1 else f"{self._digest}{digest}-{count}"
        running = self._running
        running.net += net
        running.gross += gross
        running.items += 1
        if running.credit_row and net < 0:
            running.has_negatives = True
        self.out.append(
            LineItem(
                item_id, self.row, self._date, self._account, self._invoice, self._tracking, gross, net,
                self._currency, label, code, self._invoice_date, self._native, count, self._source,
                self.cells,
            )
        )  # fmt: skip

    def due(self, date: str | None) -> None:
        """The day by which the shipment's invoice is to be paid."""
        if date != self._running.due_date:
            self._running.meet("due_date", date)

    def credit(self, place: int) -> None:
        """The shipment's invoice is a credit note, as this cell says."""
        self._credit_at, self._has_credits = place, True
        self._running.credit_row = self._running.credit_row or self.row

    def check(self, stated: Decimal | None, found: Decimal, *, is_inner: bool = False) -> None:
        """The record states a sum; None: it does not.

        is_inner: the sum is part of another one that is checked too, so the gap is told there.
        """
        if stated is None:
            return
        running = self._running
        running.checks += 1
        if stated != found:
            running.failed += 1
            running.gap += ZERO if is_inner else stated - found

    def check_file(self, stated: Decimal, found: Decimal) -> None:
        """The file states a sum that belongs to no single invoice."""
        checks, failed, gap = self._of_file
        self._of_file = checks + 1, failed + (stated != found), gap + stated - found

    def state(self, stated: Decimal | None, counted: Decimal, part: str | None = None) -> None:
        """The record says what its whole invoice comes to, and adds so much to it.

        part: what the statement is about when the records of an invoice do not agree: then it is checked
        for each part.
        """
        self._has_statements = True
        running = self._running
        if stated != running.stated:
            running.meet("stated", stated)
        running.counted += counted
        if part is not None:
            running.has_parts = True
            self._parts.of(f"{self._invoice or ''}{_APART}{part}").state(stated, counted)

    def fault(self, place: int | None, message: str) -> None:
        """Reports what does not fit in the record, or in one cell of it."""
        self.errors += 1
        self.row_errors += 1
        self.is_troubled = True
        self._tell(place, message, is_warning=False)

    def warn(self, place: int | None, message: str) -> None:
        """Reports what is odd, and has been taken as it is."""
        self.warnings += 1
        self._tell(place, message, is_warning=True)

    def odd(self) -> None:
        """The layout does not know this kind of record: it may be a header."""
        self.is_odd = self.is_troubled = True

    def _tell(self, place: int | None, message: str, *, is_warning: bool) -> None:
        column, cell = None, ""
        if place is not None:
            column = self.columns.label(place)
            cell = self.cells[place].strip()[:_LONGEST_SHOWN] if place < len(self.cells) else ""
        self.out.append(Fault(self.row, column, cell, message, is_warning))

    def _new_amount(self, place: int, cell: str) -> Decimal | None:
        try:
            found = amount(cell, self._style)
        except Ambiguous:
            self._style = self._find_style(self._money)
            found = amount(cell, self._style)
        except ValueError:
            self.has_bad_amount = True
            self.fault(place, "is no amount")
            return None
        if len(self._amounts) >= _REMEMBERED:
            self._amounts.clear()
        self._amounts[cell] = found
        return found

    def _new_date(self, place: int, cell: str, is_american: bool) -> str | None:
        try:
            found = date(cell, is_american=is_american)
        except ValueError:
            self.has_bad_date = True
            self.fault(place, "is no date")
            return None
        if len(self._dates) >= _REMEMBERED:
            self._dates.clear()
        self._dates[cell] = found
        return found

    def _new_label(self, kind: str | None) -> tuple[str, str]:
        """A mark for counting, and the end of ids: of a charge of this kind."""
        digest = blake2b((kind or "").encode(), digest_size=6).hexdigest()
        if len(self._labels) >= _MOST_LABELS:
            return digest, digest
        made = self._labels[kind] = chr(_FIRST_MARK + len(self._labels)), digest
        return made

    def _new_currency(self, given: str | None) -> None:
        """Takes the currency of the record, or the carrier's own. A second one in the file is reported."""
        currency = (given or self._default_currency or "").upper() or None
        if currency and not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
            self.fault(self._currency_at, "is no currency")
            # Looked at again in the next record, whatever that one says.
            currency, given = None, _APART
        if currency and currency not in self._currencies:
            if self._currencies:
                message = f"the currency is {currency}, after {self._currencies[0]}: there is no sum of both"
                self.fault(self._currency_at if given else None, message)
            self._currencies.append(currency)
        self._currency, self._given_currency = currency, given

    # What the reading calls

    def turn_to(self, columns: Columns) -> None:
        """What follows is below this header."""
        self.columns = columns
        self._source = Source(self.carrier, columns.names, columns.width)

    def settle(self) -> None:
        """The record was read, and not all of it did fit."""
        self._running.errors += self.row_errors
        self.row_errors = 0
        self.is_troubled = self.has_bad_amount = self.has_bad_date = self.is_odd = False

    def take_back(self, errors: int) -> None:
        """The record was none: the first faults that were found in it are forgotten."""
        place = next((place for place, one in enumerate(self.out) if one.row == self.row), None)
        if place is not None:
            del self.out[place : place + errors]
        self.errors -= errors
        self.row_errors -= errors

    def conclude(self) -> None:
        """All records were read: makes the checks of the whole file."""
        for act in self._at_end:
            act()
        self.settle()
        whole = Running()
        whole.count_in(self._all)
        for one in self._invoices.fresh():
            whole.count_in(one)
        self._all = whole
        if self._has_credits:
            for key, one in self._invoices.items():
                if one.credit_row and not one.has_negatives:
                    self.row, self.cells = one.credit_row, []
                    self.warn(self._credit_at, f"{key or 'the invoice'} is a credit note of positive amounts")
        for key, part in self._parts.items():
            invoice = key.partition(_APART)[0]
            if self._invoices.get(invoice).is_by_part:
                self._invoices.of(invoice).check_part(part)

    def close(self) -> None:
        for one in (self._occurrences, self._invoices, self._parts):
            one.close()

    def invoices(self) -> Iterator[Invoice]:
        """Each invoice, once all was read."""
        return (totals.invoice(key, one) for key, one in self._invoices.items())

    def summary(self) -> Summary:
        """All of it, once all was read."""
        checks, failed, gap = self._of_file
        invoices = (one for _, one in self._invoices.items()) if self._has_statements else (self._all,)
        for one in invoices:
            more = one.verdict()
            checks, failed, gap = checks + more[0], failed + more[1], gap + more[2]
        is_one = len(self._currencies) < 2
        return Summary(
            rows=self.rows,
            line_items=self._all.items,
            net=self._all.net if is_one else None,
            gross=self._all.gross if is_one else None,
            currency=self._currencies[0] if len(self._currencies) == 1 else None,
            reconciled=totals.reconciled(checks, failed, self.errors),
            gap=gap if checks and is_one else None,
            checks=checks,
            checks_failed=failed,
            errors=self.errors,
            warnings=self.warnings,
        )
