"""DHL Express invoices: a row of the invoice (I), then a row for each shipment (S) with its charges. Pure.

Rows of other types, such as M, are not read; one that holds money is told.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from operator import itemgetter

from crossdock.invoices.accumulator import ZERO, InvoiceAccumulator
from crossdock.invoices.columns import Columns, TableHead
from crossdock.invoices.contract import Cells, ReadRecord
from crossdock.invoices.layout import Layout

INVOICE, SHIPMENT, TOTALS = "I", "S", "T"
WEIGHT = "Weight Charge"
MOST_SLOTS = 11
"""Of extra charges: nine in files of shipments, two more in files of customs."""


def recognises(head: TableHead) -> bool:
    return head.has("Line Type", "Shipment Number", "XC1 Name")


def reads(columns: Columns, book: InvoiceAccumulator) -> ReadRecord:
    """Make the reader of rows. What a shipment leaves blank is as the invoice row above it has it."""
    at = columns.at
    line_type, kind, due = at("Line Type"), at("Invoice Type"), at("Due Date")
    account, invoice, currency = at("Billing Account"), at("Invoice Number"), at("Currency")
    invoice_date, shipped, tracking = at("Invoice Date"), at("Shipment Date"), at("Shipment Number")
    charges = _Charges(columns, book)
    total, extra_total = at("Total amount (excl. VAT)"), at("Total Extra Charges (XC)")
    book.money_at(total, extra_total)
    book.currency_at(currency)
    book.service_at(at("Product Name"))
    pick = itemgetter(account, invoice, tracking, currency)
    amount = book.amount
    above = _PrecedingShipment(columns, book)

    def tell_money(line: str) -> None:
        """Report a row that is neither an invoice nor a shipment, when it holds money of its own."""
        book.odd()
        money = charges.money(total, extra_total)
        position = next((position for position in money if book.likely_amount(position)), None)
        is_total = (
            line == TOTALS and position is not None and book.likely_amount(position) == charges.net_so_far
        )
        if position is not None and not is_total:
            book.fault(position, f"is charged in a row of type {line!r}: it is no shipment, and no line item")

    def read(cells: Cells) -> None:
        line = cells[line_type].strip()
        if line == INVOICE:
            above.open()
            book.state(amount(total), ZERO)
            return
        if line != SHIPMENT:
            tell_money(line)
            return
        text, bill, parcel, unit = map(str.strip, pick(cells))
        book.shipment(
            text or above.of(account),
            bill or above.of(invoice),
            parcel,
            book.date(shipped),
            invoice_date=book.date(invoice_date) or above.of(invoice_date),
            currency=unit or above.of(currency),
        )
        book.due(book.date(due) or above.of(due))
        if "credit" in (cells[kind] or above.of(kind) or "").casefold():
            book.credit(kind)
        net = charges.basic() + charges.extra()
        book.check(amount(total), net)
        book.state(None, net)
        stated = amount(extra_total)
        if stated is not None:
            # Whether discounts are in it differs from country to country.
            is_gross = stated == charges.extra_gross
            book.check(stated, stated if is_gross else charges.extra_net, is_inner=True)

    return read


class _PrecedingShipment:
    """The values in the row of the invoice that hold for all shipments below it."""

    def __init__(self, columns: Columns, book: InvoiceAccumulator) -> None:
        at = columns.at
        self._book = book
        self._account, self._invoice = at("Billing Account"), at("Invoice Number")
        self._currency, self._kind = at("Currency"), at("Invoice Type")
        self._date, self._due = at("Invoice Date"), at("Due Date")
        self._cells: dict[int, str | None] = {}

    def of(self, position: int) -> str | None:
        """The cell of the invoice's row at the place of a column; None before there is one."""
        return self._cells.get(position)

    def open(self) -> None:
        """Keep what the row at hand says."""
        book = self._book
        for position in (self._account, self._invoice, self._currency, self._kind):
            self._cells[position] = book.text(position)
        for position in (self._date, self._due):
            self._cells[position] = book.date(position)
        book.shipment(
            self.of(self._account), self.of(self._invoice), None, None,
            invoice_date=self.of(self._date), currency=self.of(self._currency),
        )  # fmt: skip
        book.due(self.of(self._due))


class _Charges:
    """Enters the charges of a shipment, and adds them up."""

    def __init__(self, columns: Columns, book: InvoiceAccumulator) -> None:
        at = columns.at
        self._book = book
        self._weight = at(WEIGHT)
        self._discounts = tuple(at(f"Discount {n} Amount") for n in (1, 2, 3))
        self._others = [(at(f"Other Charges {n}"), at(f"Other Charges {n} Amount")) for n in (1, 2)]
        self._slots = [
            (at(f"XC{n} Name"), at(f"XC{n} Code"), at(f"XC{n} Charge"), (at(f"XC{n} Discount"),))
            for n in range(1, MOST_SLOTS + 1)
        ]
        self._pick = itemgetter(*(charge for _, _, charge, _ in self._slots))
        self.extra_gross = self.extra_net = self.net_so_far = ZERO
        amounts = (discount for _, _, charge, discounts in self._slots for discount in (charge, *discounts))
        book.money_at(self._weight, *self._discounts, *(number for _, number in self._others), *amounts)

    def money(self, *totals: int) -> tuple[int, ...]:
        """The positions where a row may hold money: these totals, and then the charges."""
        return (
            *totals,
            self._weight,
            *(number for _, number in self._others),
            *(slot[2] for slot in self._slots),
        )

    def basic(self) -> Decimal:
        """The freight and the two other charges: their net sum."""
        return sum(self._basic(), ZERO)

    def _basic(self) -> Iterator[Decimal]:
        book = self._book
        off = self._sum_of(self._discounts)
        gross = book.amount(self._weight)
        if off is not None and (gross or off) and not (gross is None and book.cells[self._weight].strip()):
            yield self._enter(WEIGHT, None, ZERO if gross is None else gross, off)
        for label_at, amount_at in self._others:
            if charged := book.amount(amount_at):
                yield self._enter(book.text(label_at), None, charged, ZERO)

    def extra(self) -> Decimal:
        """The extra charges: their net sum. Slots may have gaps, and names may repeat."""
        book, cells = self._book, self._book.cells
        self.extra_gross = self.extra_net = ZERO
        for cell, (name_at, code_at, charge_at, discounts) in zip(
            self._pick(cells), self._slots, strict=True
        ):
            if cell and (charged := book.amount(charge_at)):
                off = self._sum_of(discounts)
                if off is not None and (name := cells[name_at].strip()):
                    self.extra_net += self._enter(name, cells[code_at].strip(), charged, off)
                    self.extra_gross += charged
        return self.extra_net

    def _enter(self, label: str | None, code: str | None, gross: Decimal, off: Decimal) -> Decimal:
        """One charge; its net amount. A discount moves it towards zero."""
        net = gross + off if gross < 0 else gross - off
        self._book.charge(label, net, gross, code)
        self.net_so_far += net
        return net

    def _sum_of(self, discounts: Iterable[int]) -> Decimal | None:
        """Discounts come with either sign: only how large they are counts. None: one is no amount."""
        total = ZERO
        for discount in discounts:
            if self._book.cells[discount]:
                off = self._book.amount(discount)
                if off is None and self._book.cells[discount].strip():
                    return None
                total += abs(off or ZERO)
        return total


LAYOUTS = (Layout(recognises=recognises, reads=reads),)
