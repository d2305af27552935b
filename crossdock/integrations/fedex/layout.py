"""FedEx invoices: one row is one shipment, with pairs of a label and an amount for its charges. Pure.

The pairs have repeated names, so the n-th label belongs to the n-th amount, wherever they stand.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from operator import itemgetter

from crossdock.invoices.accumulator import ZERO, InvoiceAccumulator
from crossdock.invoices.columns import Columns, TableHead, normalized
from crossdock.invoices.contract import Cells, ReadRecord
from crossdock.invoices.layout import Layout

SUBTOTALS = frozenset(
    normalized(label)
    for label in (
        "Net Transportation Charges", "Subtotal", "Import/Export Subtotal", "Tax Subtotal",
        "Non-Trans Charges",
    )
)  # fmt: skip
UNSPECIFIED = "Unspecified charge"
BASE = "Transportation Charge"


@dataclass(frozen=True)
class FedexColumns:
    """The names of the columns."""

    invoice: str
    tracking: str
    label: str
    amount: str
    row_total: str
    base: str = ""
    """The basic charge, where it has a column of its own besides the pairs."""


US = FedexColumns(
    invoice="Invoice Number",
    tracking="Express or Ground Tracking ID",
    label="Tracking ID Charge Description",
    amount="Tracking ID Charge Amount",
    row_total="Net Charge Amount",
    base="Transportation Charge Amount",
)
INTERNATIONAL = FedexColumns(
    invoice="FedEx Invoice Number",
    tracking="Air Waybill Number",
    label="Air Waybill Charge Label",
    amount="Air Waybill Charge Amount",
    row_total="Air Waybill Total Amount",
)


def is_us(head: TableHead) -> bool:
    return head.has("Express or Ground Tracking ID", "Tracking ID Charge Description")


def is_international(head: TableHead) -> bool:
    return head.has("Air Waybill Number", "Air Waybill Charge Label")


def reads_as(names: FedexColumns) -> Callable[[Columns, InvoiceAccumulator], ReadRecord]:
    """Make the function that makes the reader of rows with these names."""

    def reads(columns: Columns, book: InvoiceAccumulator) -> ReadRecord:
        return _reads(names, columns, book)

    return reads


def _reads(names: FedexColumns, columns: Columns, book: InvoiceAccumulator) -> ReadRecord:
    at = columns.at
    account, invoice, tracking = at("Bill to Account Number"), at(names.invoice), at(names.tracking)
    invoice_date, due, kind = at("Invoice Date"), at("Due Date"), at("Invoice Type")
    base, row_total, invoice_total = at(names.base), at(names.row_total), at("Original Amount Due")
    currency = at("Bill to Currency")
    pairs = list(zip(columns.all(names.label), columns.all(names.amount), strict=False))
    book.money_at(base, row_total, invoice_total, *(number for _, number in pairs))
    book.currency_at(currency)
    book.service_at(at("Service Type", "Service"))
    pick = itemgetter(account, invoice, tracking, currency)
    amount = book.amount

    def read(cells: Cells) -> None:
        text, bill, parcel, unit = map(str.strip, pick(cells))
        on = book.date(invoice_date, is_american=True)
        book.shipment(text, bill, parcel, None, invoice_date=on, currency=unit)
        book.due(book.date(due, is_american=True))
        if "credit" in cells[kind].casefold():
            book.credit(kind)
        charges = list(_charges(pairs, cells, book))
        stated = amount(row_total)
        total = sum((charged for _, charged in charges), ZERO)
        standalone = amount(base)
        if standalone and stated is not None and stated - total == standalone and not book.has_bad_amount:
            book.charge(BASE, standalone)
            total += standalone
        for label, charged in charges:
            book.charge(label, charged)
        book.check(stated, total)
        book.state(amount(invoice_total), stated or ZERO)

    return read


def _charges(
    pairs: list[tuple[int, int]], cells: Cells, book: InvoiceAccumulator
) -> Iterator[tuple[str, Decimal]]:
    """The pairs that are charges: with an amount, and no subtotal of others."""
    for label_at, amount_at in pairs:
        if cells[amount_at]:
            label = cells[label_at].strip()
            if normalized(label) not in SUBTOTALS and (charged := book.amount(amount_at)):
                yield label or UNSPECIFIED, charged


LAYOUTS = (
    Layout(variant="us", recognises=is_us, reads=reads_as(US), currency="USD"),
    Layout(variant="international", recognises=is_international, reads=reads_as(INTERNATIONAL)),
)
