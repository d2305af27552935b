"""DHL Express invoices: a row of the invoice (I), then a row for each shipment (S) with its charges. Pure."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from operator import itemgetter

from crossdock.integrations.invoices.book import ZERO, Book
from crossdock.integrations.invoices.columns import Columns, Head
from crossdock.integrations.invoices.contract import Cells, Layout, ReadRecord

INVOICE, SHIPMENT = "I", "S"
WEIGHT = "Weight Charge"
MOST_SLOTS = 11
"""Of extra charges: nine in files of shipments, two more in files of customs."""


def recognises(head: Head) -> bool:
    return head.has("Line Type", "Shipment Number", "XC1 Name")


def reads(columns: Columns, book: Book) -> ReadRecord:
    """What reads a row. What a shipment leaves blank is as the invoice row above it has it."""
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
    text, amount = book.text, book.amount
    above: dict[int, str | None] = {}

    def read(cells: Cells) -> None:
        line = cells[line_type].strip()
        if line == INVOICE:
            above.update((one, text(one)) for one in (account, invoice, currency, kind))
            above.update((one, book.date(one)) for one in (invoice_date, due))
            return
        if line != SHIPMENT:
            book.odd()
            return
        who, bill, parcel, unit = map(str.strip, pick(cells))
        book.shipment(
            who or above.get(account),
            bill or above.get(invoice),
            parcel,
            book.date(shipped),
            invoice_date=book.date(invoice_date) or above.get(invoice_date),
            currency=unit or above.get(currency),
        )
        book.due(book.date(due) or above.get(due))
        if "credit" in (cells[kind] or above.get(kind) or "").casefold():
            book.credit(kind)
        book.check(amount(total), charges.basic() + charges.extra())
        stated = amount(extra_total)
        if stated is not None:
            # Whether discounts are in it differs from country to country.
            is_gross = stated == charges.extra_gross
            book.check(stated, stated if is_gross else charges.extra_net, is_inner=True)

    return read


class _Charges:
    """Enters the charges of a shipment, and adds them up."""

    def __init__(self, columns: Columns, book: Book) -> None:
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
        self.extra_gross = self.extra_net = ZERO
        amounts = (place for _, _, charge, discounts in self._slots for place in (charge, *discounts))
        book.money_at(self._weight, *self._discounts, *(one for _, one in self._others), *amounts)

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
        return net

    def _sum_of(self, discounts: Iterable[int]) -> Decimal | None:
        """Discounts come with either sign: only how large they are counts. None: one is no amount."""
        total = ZERO
        for place in discounts:
            if self._book.cells[place]:
                off = self._book.amount(place)
                if off is None and self._book.cells[place].strip():
                    return None
                total += abs(off or ZERO)
        return total


LAYOUTS = (Layout(recognises=recognises, reads=reads),)
