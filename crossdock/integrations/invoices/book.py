"""Where a layout writes down what it reads: charges, checks, faults. Amounts are added up per invoice.

A layout calls, for each record: `shipment` (whose charges follow), `charge` for each of them, and `check`
where the record states a sum. `amount` and `date` read cells, and report what does not fit.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from hashlib import blake2b
from typing import TypeVar

import msgspec

from crossdock.integrations.invoices.amounts import Ambiguous, Style, amount
from crossdock.integrations.invoices.columns import Columns
from crossdock.integrations.invoices.contract import Cells, Envelope, Fault, Invoice, LineItem, Summary
from crossdock.integrations.invoices.dates import date
from crossdock.integrations.invoices.spill import Occurrences, Sums

ZERO = Decimal(0)
LONGEST_SHOWN = 200
_REMEMBERED = 20_000
"""Cells whose meaning is kept: amounts and dates repeat."""
T = TypeVar("T")


class Running(msgspec.Struct):
    """What of one invoice was read so far. In lists: the different values that were seen, two at most."""

    accounts: list[str] = []
    currencies: list[str] = []
    dates: list[str] = []
    due_dates: list[str] = []
    net: Decimal = ZERO
    gross: Decimal = ZERO
    rows: int = 0
    items: int = 0
    errors: int = 0
    checks: int = 0
    failed: int = 0
    gap: Decimal = ZERO
    """Of the checks of its records."""
    stated: list[Decimal] = []
    """What records say the whole invoice comes to."""
    counted: Decimal = ZERO
    """What is to come to it."""
    has_parts: bool = False

    @property
    def is_by_part(self) -> bool:
        return self.has_parts and len(self.stated) > 1

    def concluded(self) -> "Running":
        """With the check of the whole, where its records state what it comes to."""
        if not self.stated or self.is_by_part:
            return self
        is_right = self.stated == [self.counted]
        gap = self.gap if is_right else self.stated[0] - self.counted
        return msgspec.structs.replace(
            self, checks=self.checks + 1, failed=self.failed + (not is_right), gap=gap
        )


class Part(msgspec.Struct):
    """A part of an invoice: what records state for it, and what it comes to."""

    stated: list[Decimal] = []
    counted: Decimal = ZERO


def _add(written: msgspec.Struct, later: msgspec.Struct) -> None:
    for name in later.__struct_fields__:
        before, more = getattr(written, name), getattr(later, name)
        if isinstance(more, list):
            for value in more:
                note(before, value)
        else:
            setattr(written, name, before or more if isinstance(more, bool) else before + more)


def note(seen: list[T], value: T) -> None:
    """Keeps a value that is new, if there is but one so far."""
    if value not in seen and len(seen) < 2:
        seen.append(value)


class Book:
    """What is read of one file."""

    def __init__(
        self, carrier: str, currency: str | None, envelope: Envelope, find_style: Callable[[set[int]], Style]
    ) -> None:
        self.carrier = carrier
        self.envelope = envelope
        self.columns = Columns([])
        self.out: list[LineItem | Fault] = []
        """What was read and not handed on yet."""
        self.row = 0
        self.cells: Cells = []
        self.has_bad_amount = False
        """Whether an amount of this record did not fit: it may be no charge at all, but a header."""
        self.is_odd = False
        """Whether the layout does not know this kind of record."""
        self.rows = self.items = self.errors = self.warnings = self.checks = self.failed = 0
        self.gap = ZERO
        """Of the checks that belong to no single invoice."""
        self._default_currency = currency
        self._find_style = find_style
        self._style = Style.UNKNOWN
        self._money: set[int] = set()
        self._amounts: dict[str, Decimal | None] = {}
        self._dates: dict[str, str | None] = {}
        self._at_end: list[Callable[[], None]] = []
        self._occurrences = Occurrences()
        self._invoices: Sums[Running] = Sums(Running, _add)
        self._parts: Sums[Part] = Sums(Part, _add)
        self.row_errors = 0
        self._currencies: list[str] = []
        self._currency_at = 0
        self._given_currency: str | None = None
        self._invoice_key: str | None = None
        self._running = Running()
        self._account: str | None = None
        self._invoice: str | None = None
        self._tracking: str | None = None
        self._native: str | None = None
        self._date: str | None = None
        self._invoice_date: str | None = None
        self._currency = currency
        self._prefix = ""

    # What a layout calls once

    def money_at(self, *places: int) -> None:
        """The columns that hold amounts: together they tell the decimal mark where a cell leaves it open."""
        self._money.update(places)

    def currency_at(self, place: int) -> None:
        """The column with the currency."""
        self._currency_at = place

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
        *,
        account: str | None,
        invoice: str | None,
        tracking: str | None,
        date: str | None,
        native: str | None = None,
        invoice_date: str | None = None,
        currency: str | None = None,
    ) -> None:
        """Whose the next charges are. Where the file is silent, what came along with it is taken."""
        self._account, self._tracking, self._native = account, tracking, native or tracking
        self._invoice = invoice or self.envelope.invoice_id
        self._invoice_date = invoice_date or self.envelope.invoice_date
        self._date = date or self._invoice_date
        self._prefix = "\x1f".join(
            (self.carrier, account or "", self._invoice or "", self._native or "", tracking or "", "")
        )
        if currency != self._given_currency or not self._currencies:
            self._new_currency(currency)
        if self._invoice != self._invoice_key or not self.items:
            self._invoice_key = self._invoice
            self._running = self._invoices.of(self._invoice or "")
        running = self._running
        running.rows += 1
        if self._currency is not None and self._currency not in running.currencies:
            note(running.currencies, self._currency)
        if account is not None and account not in running.accounts:
            note(running.accounts, account)
        if self._invoice_date is not None and self._invoice_date not in running.dates:
            note(running.dates, self._invoice_date)

    def charge(
        self, label: str | None, net: Decimal, gross: Decimal | None = None, code: str | None = None
    ) -> None:
        """One charge of the shipment. Without a gross amount it is the net one."""
        gross = net if gross is None else gross
        key = self._prefix + (code or label or "")
        digest = blake2b(key.encode(), digest_size=16)
        count = self._occurrences.next(digest.digest())
        if count > 1:
            digest = blake2b(f"{key}\x1f{count}".encode(), digest_size=16)
        running = self._running
        running.net += net
        running.gross += gross
        running.items += 1
        self.items += 1
        self.out.append(
            LineItem(
                digest.hexdigest(), self.row, self._date, self._account, self._invoice, self._tracking, gross,
                net, self._currency, label, code, self._invoice_date, self._native, count, self.carrier,
                self.columns.names, self.cells,
            )
        )  # fmt: skip

    def due(self, date: str | None) -> None:
        """The day by which the shipment's invoice is to be paid."""
        if date is not None:
            note(self._running.due_dates, date)

    def check(self, stated: Decimal | None, found: Decimal) -> None:
        """The record states a sum; None: it does not."""
        if stated is None:
            return
        running = self._running
        running.checks += 1
        if stated != found:
            running.failed += 1
            running.gap += stated - found

    def check_file(self, stated: Decimal, found: Decimal) -> None:
        """The file states a sum that belongs to no single invoice."""
        self.checks += 1
        if stated != found:
            self.failed += 1
            self.gap += stated - found

    def state(self, stated: Decimal | None, counted: Decimal, part: str | None = None) -> None:
        """The record says what its whole invoice comes to, and adds so much to it.

        part: what the statement is about when the records of an invoice do not agree: then it is checked
        for each part.
        """
        running = self._running
        if stated is not None and stated not in running.stated:
            note(running.stated, stated)
        running.counted += counted
        if part is not None:
            running.has_parts = True
            one = self._parts.of(f"{self._invoice or ''}\x1f{part}")
            one.counted += counted
            if stated is not None and stated not in one.stated:
                note(one.stated, stated)

    def fault(self, place: int | None, message: str) -> None:
        """Reports what does not fit in the record, or in one cell of it."""
        self.errors += 1
        self.row_errors += 1
        self._tell(place, message, is_warning=False)

    def warn(self, place: int | None, message: str) -> None:
        """Reports what is odd, and has been taken as it is."""
        self.warnings += 1
        self._tell(place, message, is_warning=True)

    def _tell(self, place: int | None, message: str, *, is_warning: bool) -> None:
        column = None if place is None else self.columns.label(place)
        cell = "" if place is None else self.cells[place].strip()[:LONGEST_SHOWN]
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
            self.fault(place, "is no date")
            return None
        if len(self._dates) >= _REMEMBERED:
            self._dates.clear()
        self._dates[cell] = found
        return found

    def _new_currency(self, given: str | None) -> None:
        """Takes the currency of the record, or the carrier's own. A second one in the file is reported."""
        currency = (given or self._default_currency or "").upper() or None
        if currency and not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
            self.fault(self._currency_at, "is no currency")
            currency = None
        if currency and currency not in self._currencies:
            if self._currencies:
                self.fault(
                    self._currency_at if given else None,
                    f"the currency is {currency}, after {self._currencies[0]}: there is no sum of both",
                )
            note(self._currencies, currency)
        self._currency = currency
        self._given_currency = given

    # What the reading calls

    def begin(self, row: int, cells: Cells) -> None:
        """The next record."""
        self.row, self.cells = row, cells
        self.row_errors = 0
        self.has_bad_amount = self.is_odd = False

    def end(self) -> None:
        """The record was read."""
        if self.row_errors:
            self._running.errors += self.row_errors
            self.row_errors = 0

    def take_back(self, errors: int) -> None:
        """The record was none: the first faults that were found in it are forgotten."""
        for place, one in enumerate(self.out):
            if errors and one.row == self.row:
                del self.out[place : place + errors]
                break
        self.errors -= errors
        self.row_errors -= errors

    def conclude(self) -> None:
        """All records were read: makes the checks of the whole file."""
        for act in self._at_end:
            act()
        self.end()
        for key, part in self._parts.items():
            whole = self._invoices.get(key.partition("\x1f")[0])
            if part.stated and whole is not None and whole.is_by_part:
                _check_part(self._invoices.of(key.partition("\x1f")[0]), part)

    def close(self) -> None:
        for one in (self._occurrences, self._invoices, self._parts):
            one.close()

    def invoices(self) -> Iterator[Invoice]:
        """Each invoice, in the order of the file. Once all was read."""
        for key, one in self._invoices.items():
            yield _invoice(key or None, one.concluded())

    def summary(self) -> Summary:
        """All of it. Once all was read."""
        net = gross = ZERO
        checks, failed, gap = self.checks, self.failed, self.gap
        for _, one in self._invoices.items():
            whole = one.concluded()
            checks, failed, gap = checks + whole.checks, failed + whole.failed, gap + whole.gap
            net, gross = net + one.net, gross + one.gross
        is_one = len(self._currencies) < 2
        return Summary(
            rows=self.rows,
            line_items=self.items,
            net=net if is_one else None,
            gross=gross if is_one else None,
            currency=self._currencies[0] if len(self._currencies) == 1 else None,
            reconciled=_verdict(checks, failed, self.errors),
            gap=gap if checks and is_one else None,
            checks=checks,
            checks_failed=failed,
            errors=self.errors,
            warnings=self.warnings,
        )


def _check_part(whole: Running, part: Part) -> None:
    whole.checks += 1
    if part.stated != [part.counted]:
        whole.failed += 1
        whole.gap += part.stated[0] - part.counted


def _invoice(key: str | None, one: Running) -> Invoice:
    return Invoice(
        invoice_id=key,
        account_id=_only(one.accounts),
        invoice_date=_only(one.dates),
        due_date=_only(one.due_dates),
        currency=_only(one.currencies),
        net=one.net,
        gross=one.gross,
        stated_total=_only(one.stated),
        reconciled=_verdict(one.checks, one.failed, one.errors),
        gap=one.gap if one.checks else None,
        rows=one.rows,
        line_items=one.items,
        errors=one.errors,
    )


def _only(values: list[T]) -> T | None:
    return values[0] if len(values) == 1 else None


def _verdict(checks: int, failed: int, errors: int) -> bool | None:
    """Whether it is reconciled; None: there was nothing to check."""
    if errors or failed:
        return False
    return True if checks else None
