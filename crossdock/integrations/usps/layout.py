"""USPS Enterprise Payment System transactions: one row is one charge, those of nothing included. Pure."""

from operator import itemgetter

from crossdock.invoices.accumulator import ZERO, InvoiceAccumulator
from crossdock.invoices.columns import Columns, TableHead
from crossdock.invoices.contract import Cells, ReadRecord
from crossdock.invoices.layout import Layout


def recognises(head: TableHead) -> bool:
    return head.has("EPS Transaction ID", "Package Identification Code (PIC)")


def reads(columns: Columns, book: InvoiceAccumulator) -> ReadRecord:
    """Make the reader of rows. The amount is the postage, with the sign of the transaction."""
    at = columns.at
    account, invoice, kind = at("EPS Account #"), at("EPS Transaction ID"), at("Transaction Type")
    moment, tracking = at("Transaction Date/Time"), at("Package Identification Code (PIC)")
    postage, paid = at("Postage"), at("Transaction Amount")
    book.money_at(postage, paid)
    book.service_at(at("Mail Class"))
    pick = itemgetter(account, invoice, kind, tracking)
    amount = book.amount
    charged_in_all = paid_in_all = ZERO
    is_paid = False

    def read(cells: Cells) -> None:
        nonlocal charged_in_all, paid_in_all, is_paid
        text, transaction, label, number = map(str.strip, pick(cells))
        book.shipment(
            text, transaction, number, book.date(moment, is_american=True), native=number or transaction
        )
        total = amount(paid)
        if total is not None:
            paid_in_all += total
            is_paid = True
        charged = amount(postage) if cells[postage].strip() else total
        if charged is None:
            if not book.has_bad_amount:
                book.fault(postage, "is blank, and so is the amount of the transaction")
            return
        if total is not None and total < 0 < charged:
            charged = -charged
        if "refund" in label.casefold() and charged > 0:
            book.warn(postage, "is a refund of a positive amount")
        charged_in_all += charged
        book.charge(label, charged)

    def compare() -> None:
        if is_paid:
            book.check_file(paid_in_all, charged_in_all)

    book.at_end(compare)
    return read


LAYOUTS = (Layout(recognises=recognises, reads=reads, currency="USD"),)
